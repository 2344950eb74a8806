"""The verdict in a model's reply, as strictly as can be and as kindly as must be.

The whole text as JSON, else the last JSON object in it that holds a verdict. Nothing is ever
told from letters or words.
"""

import json
from dataclasses import dataclass, field
from functools import cache

from pydantic import TypeAdapter, ValidationError

LONGEST = 10_000
"""Characters at the end of a reply that are searched for a verdict."""


class UnreadableError(ValueError):
    """A reply without a verdict; the text says what came instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    content: str | None = None
    refusal: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    message: _Message = field(default_factory=_Message)
    finish_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Completion:
    """As much of a completion as is read; everything may be missing."""

    choices: tuple[_Choice, ...] = ()


@cache
def _adapter() -> TypeAdapter[_Completion]:
    return TypeAdapter(_Completion)


def verdict_of(body: bytes, verdicts: tuple[str, ...]) -> str:
    """The verdict in the body of a completion. Raises `UnreadableError` without one."""
    try:
        completion = _adapter().validate_json(body)
    except ValidationError:
        completion = _Completion()
    if not completion.choices:
        raise UnreadableError(f"no completion: {body.decode('utf-8', 'replace')}")
    choice = completion.choices[0]
    if choice.finish_reason == "content_filter":
        raise UnreadableError("stopped by the content filter")
    if choice.message.refusal:
        raise UnreadableError(f"the model refused: {choice.message.refusal}")
    text = choice.message.content or ""
    if not text.strip():
        raise UnreadableError("an empty reply")
    cut = choice.finish_reason == "length"
    # Of a reply that was cut, what was read may have been about to be taken back.
    verdict = _said(_parsed(text), verdicts) or (None if cut else verdict_in(text, verdicts))
    if verdict is None:
        raise UnreadableError(f"{'the reply was cut off' if cut else 'no verdict'}: {text}")
    return verdict


def verdict_in(text: str, verdicts: tuple[str, ...]) -> str | None:
    """The verdict of the last JSON object in a text that holds one."""
    text = text[-LONGEST:]
    decoder = json.JSONDecoder()
    verdict, start = None, text.find("{")
    while start >= 0:
        end = start + 1
        try:
            value, after = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            value = None
        said = _said(value, verdicts)
        if said:
            # What stands inside of it is not asked.
            verdict, end = said, after
        start = text.find("{", end)
    return verdict


def _parsed(text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _said(value: object, verdicts: tuple[str, ...]) -> str | None:
    """The verdict that a JSON value holds at its top."""
    said = value.get("verdict") if isinstance(value, dict) else None
    said = said.strip().lower() if isinstance(said, str) else None
    return said if said in verdicts else None
