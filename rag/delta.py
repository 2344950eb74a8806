"""What one event of a model's stream says, or a completion that came whole.

    JSON value of any kind -> Delta

Nothing that a server may send makes this fail: what is not as OpenAI's reference has it
(https://platform.openai.com/docs/api-reference/chat-streaming) is read as if it were not there.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from rag.domain import Usage

FINISHES: Mapping[str, str] = MappingProxyType(
    {
        "length": "length",
        "max_tokens": "length",
        "model_length": "length",
        "content_filter": "content_filter",
        "safety": "content_filter",
        "recitation": "content_filter",
        "refusal": "refusal",
        "tool_calls": "tool_calls",
        "function_call": "tool_calls",
        "error": "broken",
        "insufficient_system_resource": "broken",
    }
)
"""What servers call the ways in which a reply ends; any other word means that it is whole."""

MOST = 1_000_000_000
"""More tokens than that were not counted but made up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What there is to be read in one event."""

    text: str = ""
    finish: str = ""
    """See `rag.ports.Ending`; empty before the end."""
    usage: Usage | None = None
    problem: str = ""
    """The words of an error that came in place of anything else."""
    code: str = ""


def delta_of(event: object) -> Delta:
    """What an event of a stream says."""
    return _delta(_mapping(event), "delta")


def whole_of(body: bytes) -> Delta | None:
    """What a completion says that came whole, whether it says that it is or not.

    Nothing where it is no completion.
    """
    try:
        completion = _mapping(json.loads(body))
        delta = _delta(completion, "message")
    except (ValueError, RecursionError):
        return None
    if delta.problem or delta.finish:
        return delta
    return replace(delta, finish="stop") if _first(completion.get("choices")) else None


def _delta(event: Mapping[str, object], key: str) -> Delta:
    error = event.get("error")
    if error:
        return _problem(error)
    choice = _first(event.get("choices"))
    said = _mapping(choice.get(key))
    finish = _finish(choice.get("finish_reason"))
    # What was not asked for counts more than how it ended.
    if said.get("tool_calls") or said.get("function_call"):
        finish = "tool_calls"
    if _text(said.get("refusal")):
        finish = "refusal"
    return Delta(text=_text(said.get("content")), finish=finish, usage=_usage(event.get("usage")))


def _problem(error: object) -> Delta:
    said = _mapping(error)
    words = _text(said.get("message")) or _text(error) or json.dumps(error)
    return Delta(problem=words, code=str(said.get("code") or ""))


def _finish(word: object) -> str:
    word = _text(word).strip().lower()
    return FINISHES.get(word, "stop") if word else ""


def _usage(value: object) -> Usage | None:
    usage = _mapping(value)
    if not usage:
        return None
    details = _mapping(usage.get("prompt_tokens_details"))
    return Usage(
        tokens_in=_tokens(usage.get("prompt_tokens")),
        tokens_out=_tokens(usage.get("completion_tokens")),
        tokens_cached=_tokens(details.get("cached_tokens")),
    )


def _tokens(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 <= value <= MOST else 0


def _first(choices: object) -> Mapping[str, object]:
    """The choice that was asked for."""
    if not isinstance(choices, list):
        return {}
    indexed = (_mapping(choice) for choice in choices)
    return next((choice for choice in indexed if choice.get("index", 0) in (0, None)), {})


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
