"""How a server is asked: at first with all that it may understand, then more plainly.

    Manner -> body of a request -> refused: Fault -> the next plainer Manner, or nothing

Each step is made at most once, so that there is an end to it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from rag.fault import Fault
from rag.ports import Message, Shape

Form = Literal["json_schema", "json_object", "text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What a request says besides model and messages."""

    forms: tuple[Form, ...] = ("json_schema", "json_object", "text")
    """Kinds of response that were not refused, the richest first; there is always one left."""
    limits: tuple[str, ...] = ("max_completion_tokens", "max_tokens")
    """Names for the most tokens of a reply that were not refused; the first is used."""
    temperature: float | None = None
    """Nothing where it is not to be sent."""
    is_streamed: bool = True
    is_counted: bool = True
    """Whether a stream is to tell what it took."""

    def body(
        self, model: str, messages: Sequence[Message], shape: Shape, max_tokens: int | None
    ) -> dict[str, object]:
        """The request, as JSON."""
        body: dict[str, object] = {
            "model": _sendable(model),
            "messages": [{"role": one.role, "content": _sendable(one.text)} for one in messages],
        }
        match self.forms[0]:
            case "json_schema":
                schema = {"name": shape.name, "strict": True, "schema": shape.schema}
                body["response_format"] = {"type": "json_schema", "json_schema": schema}
            case "json_object":
                body["response_format"] = {"type": "json_object"}
            case "text":
                pass
        for limit in self.limits[:1]:
            body[limit] = max_tokens
        if self.temperature is not None:
            body["temperature"] = self.temperature
        if self.is_streamed:
            body["stream"] = True
            if self.is_counted:
                body["stream_options"] = {"include_usage": True}
        return body

    def plainer(self, fault: Fault) -> "Manner | None":
        """What to try instead of what was refused; nothing where that would not help.

        The server names what it does not take, best in `param`, else somewhere in its words. Where
        it names nothing, it is likeliest the form that it does not know.
        """
        if fault.status not in {400, 422} or fault.is_too_long or fault.code in _NO_MATTER:
            return None
        steps = self._steps()
        named = next((step for name, step in steps.items() if _names(fault.param, name)), None)
        if named is None:
            named = next((step for name, step in steps.items() if _names(fault.said, name)), None)
        if named is None and len(self.forms) > 1:
            named = replace(self, forms=self.forms[1:])
        return named

    def _steps(self) -> Mapping[str, "Manner"]:
        """By the name of what may be refused: what to do without it."""
        steps: dict[str, Manner] = {}
        if self.is_streamed and self.is_counted:
            steps["stream_options"] = replace(self, is_counted=False)
        for limit in self.limits[:1]:
            steps[limit] = replace(self, limits=self.limits[1:])
        if self.temperature is not None:
            steps["temperature"] = replace(self, temperature=None)
        if len(self.forms) > 1:
            for name in ("response_format", "json_schema", "json_object"):
                steps[name] = replace(self, forms=self.forms[1:])
        if self.is_streamed:
            steps["stream"] = replace(self, is_streamed=False)
        return steps


_NO_MATTER = frozenset({"content_filter", "insufficient_quota", "model_not_found"})
"""Codes of refusals that no other manner can help."""


def _names(words: str, name: str) -> bool:
    return bool(re.search(rf"(?<![A-Za-z0-9_]){name}(?![A-Za-z0-9_])", words))


def _sendable(text: str) -> str:
    """A lone surrogate cannot be sent."""
    return text.encode("utf-8", "replace").decode("utf-8")
