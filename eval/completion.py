"""The verdict in a model's reply, as strictly as can be and as kindly as must be.

The whole text as JSON, else the last JSON object in it that holds a verdict. Nothing is ever
told from letters or words.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType

LONGEST = 10_000
"""Characters at the end of a reply that are searched for a verdict."""


class UnreadableError(ValueError):
    """A reply without a verdict; the text says what came instead."""


UNHEARD: Mapping[str, str] = MappingProxyType(
    {
        "content_filter": "stopped by the content filter",
        "refusal": "the model refused",
        "tool_calls": "the model wanted to use a tool",
        "broken": "the reply broke off",
    }
)
"""The endings (see `rag.ports.Ending`) of what is no verdict, whatever it says."""


def verdict_of(text: str, finish: str, verdicts: tuple[str, ...]) -> str:
    """The verdict of a reply that ended so. Raises `UnreadableError` without one."""
    if finish in UNHEARD:
        raise UnreadableError(f"{UNHEARD[finish]}: {text}" if text else UNHEARD[finish])
    if not text.strip():
        raise UnreadableError("an empty reply")
    cut = finish == "length"
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
