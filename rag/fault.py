"""Why one try at a language model came to nothing, and what a person is told of it.

    the server's words -> Fault -> is another try worth it? -> ModelError: what to set or to do

Codes and statuses are OpenAI's
(https://platform.openai.com/docs/guides/error-codes), and those of servers of its kind.
"""

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from rag.errors import ModelError, ModelSettingsError

SHORT = 160
"""Characters of a server's words that are shown."""

LONG = 5_000
"""Characters of a server's words that are read."""

SECRET = 8
"""A shorter key is a placeholder for a server that asks for none, and may be any word."""

_TOO_LONG = re.compile(
    r"context.{0,3}(length|window|size)|maximum context|too many tokens"
    r"|(prompt|input|request)\w* (is|are) too long",
    re.IGNORECASE,
)


class Fault(Exception):  # noqa: N818 - never leaves the adapter: `error` is what does.
    """One try that came to nothing.

    `said` are the server's words, `cleaned`, or ours. `status` is 0 where no status came: no
    connection, no reply in time, or a reply that broke off. `after` is how many seconds the server
    wants to be left alone, if it says so.
    """

    def __init__(
        self,
        said: str,
        *,
        status: int = 0,
        code: str = "",
        param: str = "",
        after: float | None = None,
    ) -> None:
        super().__init__(said)
        self.said = said
        self.status = status
        self.code = code
        self.param = param
        self.after = after

    @property
    def is_broke(self) -> bool:
        """Whether there is no money left."""
        return self.status == 402 or self.code == "insufficient_quota"

    @property
    def is_too_long(self) -> bool:
        """Whether the request holds more than the model can read."""
        if self.status not in {0, 400, 413, 422}:
            return False
        coded = self.code in {"context_length_exceeded", "exceed_context_size_error"}
        return coded or self.status == 413 or bool(_TOO_LONG.search(self.said))

    @property
    def passes(self) -> bool:
        """Whether another try may do better."""
        if self.is_broke or self.is_too_long or self.code == "content_filter":
            return False
        return self.status in {0, 408, 409, 429} or self.status >= 500

    @property
    def lasts(self) -> bool:
        """Whether every request would fail like this one, until something is set anew."""
        unknown = self.code == "model_not_found"
        return self.is_broke or unknown or self.status in {401, 403, 404, 405}

    def error(self, model: str, setting: str) -> ModelError:
        """What a person is told. `setting` is what the model's name is set by."""
        if self.is_broke:
            return ModelSettingsError(
                "The account of the model's key is used up: top it up, or set another "
                "OPENAI_API_KEY."
            )
        if self.is_too_long:
            return ModelError(f"The request is too long for {model}: lower CITEBOT_CONTEXT_TOKENS.")
        if self.lasts:
            return ModelSettingsError(self._to_be_set(model, setting))
        if self.passes:
            return ModelError(f"The model {model} did not reply: {short(self.said)}")
        return ModelError(f"The model's server does not take the request: {short(self.said)}")

    def _to_be_set(self, model: str, setting: str) -> str:
        match self.status:
            case 401:
                return "The model's key is not accepted: set OPENAI_API_KEY to a valid one."
            case 403:
                return (
                    f"The model's key may not use {model}: set another OPENAI_API_KEY or {setting}."
                )
            case _:
                return (
                    f"The model's server has no {model}, or is no such server: check {setting}, "
                    "and OPENAI_BASE_URL, which mostly ends in /v1."
                )


def cleaned(words: str, key: str) -> str:
    """Somebody's words on one line, without the key and without control characters."""
    words = words.replace(key, "…") if len(key) >= SECRET else words
    return " ".join("".join(sign if sign.isprintable() else " " for sign in words[:LONG]).split())


def short(words: str) -> str:
    """Words of one line, cut."""
    return words if len(words) <= SHORT else f"{words[:SHORT]}…"


def seconds_of(retry_after: str) -> float | None:
    """The seconds from now on, at least 0, that the value of a `Retry-After` names, or its date.

    Nothing where it names none (RFC 9110, 10.2.3).
    """
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            then = parsedate_to_datetime(retry_after).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
        seconds = (then - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None
