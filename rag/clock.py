"""How long the stages of one reply take, and spans of OpenTelemetry for them.

There are spans where the program around has loaded and configured OpenTelemetry; without it
nothing of it is loaded here. They hold counts and times, and no text unless that is asked for.
"""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from rag.domain import Answer, Reply

if TYPE_CHECKING:
    from opentelemetry.trace import Span, Tracer

NAME = "citebot"
"""Of the tracer, and before the names of spans."""


def _tracer() -> "Tracer | None":
    # Who has configured it has loaded it; loading it here would cost everybody else the time.
    if "opentelemetry.trace" not in sys.modules:
        return None
    # Another thread may be loading it just now: only an import waits for that.
    from opentelemetry.trace import get_tracer

    return get_tracer(NAME)


@dataclass(slots=True, kw_only=True)
class Clock:
    """The stages of one reply. To be closed by `finish`."""

    name: str = "answer"
    """Of the work as a whole."""
    texts: bool = False
    """Whether spans hold the question and the reply."""
    _seconds: dict[str, float] = field(default_factory=dict)
    _begun: float = field(default_factory=time.perf_counter)
    _tracer: "Tracer | None" = field(default_factory=_tracer)
    _span: "Span | None" = None

    def __post_init__(self) -> None:
        if self._tracer:
            self._span = self._tracer.start_span(f"{NAME}.{self.name}")

    @property
    def seconds(self) -> Mapping[str, float]:
        """Per stage, so far."""
        return MappingProxyType(dict(self._seconds))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what is done inside as part of a stage; a stage may come back."""
        begun = time.perf_counter()
        span = self._child(name)
        try:
            yield
        except BaseException as error:
            _fail(span, error)
            raise
        finally:
            self._seconds[name] = self._seconds.get(name, 0.0) + time.perf_counter() - begun
            if span:
                span.end()

    def finish(self, reply: Reply | None) -> None:
        """The reply is done, or there is none."""
        if not self._span:
            return
        if reply:
            self._span.set_attributes(_attributes(reply))
            if self.texts:
                said = reply.text if isinstance(reply, Answer) else ""
                asked = {"citebot.question": reply.question.text, "citebot.reply": said}
                self._span.set_attributes(asked)
        self._span.end()

    def _child(self, name: str) -> "Span | None":
        if not self._tracer or not self._span:
            return None
        # Not made the current one: between two pieces of a stream other tasks come to work.
        from opentelemetry.trace import set_span_in_context

        return self._tracer.start_span(f"{NAME}.{name}", context=set_span_in_context(self._span))


def _fail(span: "Span | None", error: BaseException) -> None:
    if span:
        from opentelemetry.trace import StatusCode

        span.set_status(StatusCode.ERROR, type(error).__name__)


def _attributes(reply: Reply) -> Mapping[str, str | int | float | bool]:
    """Names as in OpenTelemetry's conventions for generative models, where there are such."""
    usage = reply.provenance.usage
    answer = reply if isinstance(reply, Answer) else None
    values: dict[str, str | int | float | bool] = {
        "citebot.kind": "answer" if answer else "refusal",
        "citebot.language": reply.question.language,
        "citebot.generator": reply.generator,
        "citebot.statements": len(answer.statements) if answer else 0,
        "citebot.dropped": len(reply.dropped),
        "citebot.degraded": bool(reply.degraded),
        "gen_ai.usage.input_tokens": usage.tokens_in,
        "gen_ai.usage.output_tokens": usage.tokens_out,
    }
    if reply.provenance.model:
        values["gen_ai.request.model"] = reply.provenance.model
    return values
