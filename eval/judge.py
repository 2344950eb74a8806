"""What a language model says about the answers of a run; nothing needs it.

    asks -> messages -> model -> verdict -> judgements, as they come

What cannot be read is a judgement without a verdict, never a bad one. Everything quoted to the
model stands in fences that it cannot close.
"""

import asyncio
import math
import os
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from itertools import count, islice
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from pydantic import HttpUrl, SecretStr, TypeAdapter, ValidationError

from eval.asks import VERDICTS, Ask, Kind, Text
from eval.completion import UnreadableError, verdict_of
from eval.records import Judgement
from prompts import Prompt, load
from rag.errors import UsageError

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI, Omit, OpenAIError
    from openai.types.chat import ChatCompletionMessageParam
    from openai.types.chat.completion_create_params import ResponseFormat
    from tenacity import RetryCallState

SHORT = 160
"""Characters of an error; those behind are cut."""

SECRET = 8
"""A shorter key is a placeholder for a server that asks for none, and may be any word."""


class JudgeError(UsageError):
    """There can be no judging as things are set; the text says what to set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on where a server does not reply, or not yet."""

    tries: int = 4
    seconds: float = 60.0
    """For one try."""
    deadline: float = 180.0
    """For all tries of one ask with the waits between them."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits so many seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manner:
    """How a server is asked: at first with all that it may understand."""

    form: Literal["json_schema", "json_object", "text"] = "json_schema"
    temperature: bool = True

    def plainer(self, error: "APIStatusError") -> "_Manner | None":
        """What to try instead; nothing where that would not help."""
        if error.code in {"content_filter", "context_length_exceeded"}:
            return None
        if self.temperature and error.param == "temperature":
            return replace(self, temperature=False)
        match self.form:
            case "json_schema":
                return replace(self, form="json_object")
            case "json_object":
                return replace(self, form="text")
            case "text":
                return None

    def format(self, verdicts: tuple[str, ...]) -> "ResponseFormat | Omit":
        """The response format of a request."""
        from openai import omit

        match self.form:
            case "json_schema":
                schema: dict[str, object] = {
                    "type": "object",
                    "properties": {"verdict": {"type": "string", "enum": list(verdicts)}},
                    "required": ["verdict"],
                    "additionalProperties": False,
                }
                return {
                    "type": "json_schema",
                    "json_schema": {"name": "verdict", "strict": True, "schema": schema},
                }
            case "json_object":
                return {"type": "json_object"}
            case "text":
                return omit


class Judge:
    """A model that judges. Made by `open_judge`; to be closed, best by `async with`."""

    def __init__(self, client: "AsyncOpenAI", model: str, patience: Patience) -> None:
        self.model = model
        self._client = client
        self._patience = patience
        self._prompts: Mapping[Kind, Prompt] = {kind: load(kind) for kind in VERDICTS}
        self._manner = _Manner()

    async def __aenter__(self) -> "Judge":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def judge(self, ask: Ask) -> Judgement:
        """Ask once, with what patience there is. Raises `JudgeError` where no ask can succeed."""
        from openai import APIStatusError, OpenAIError

        verdict, problem = None, ""
        try:
            async with asyncio.timeout(self._patience.deadline):
                verdict = verdict_of(await self._completion(ask), VERDICTS[ask.prompt])
        except UnreadableError as error:
            problem = str(error)
        except TimeoutError:
            problem = f"no reply within {self._patience.deadline:g} seconds"
        except OpenAIError as error:
            final = _final(error, self.model) if isinstance(error, APIStatusError) else None
            if final:
                raise final from None
            problem = _told(error)
        return Judgement(
            case=ask.case,
            round=ask.round,
            about=ask.about,
            verdict=verdict,
            model=self.model,
            prompt=self._prompts[ask.prompt].digest,
            error=self._short(problem),
        )

    async def _completion(self, ask: Ask) -> bytes:
        """The body of a completion, asked for as richly as the server lets us."""
        from openai import BadRequestError, UnprocessableEntityError

        messages = _messages(self._prompts[ask.prompt], ask.texts)
        manner = first = self._manner
        while True:
            try:
                body = await self._patiently(messages, manner.format(VERDICTS[ask.prompt]), manner)
            except (BadRequestError, UnprocessableEntityError) as error:
                plainer = manner.plainer(error)
                if not plainer:
                    raise
                manner = plainer
            else:
                if manner != first:
                    self._manner = manner
                return body

    async def _patiently(
        self,
        messages: "list[ChatCompletionMessageParam]",
        response_format: "ResponseFormat | Omit",
        manner: _Manner,
    ) -> bytes:
        from openai import omit
        from tenacity import (
            AsyncRetrying,
            retry_if_exception,
            stop_after_attempt,
            stop_before_delay,
        )

        async def once() -> bytes:
            # Unparsed: the client takes any JSON for a completion.
            response = await self._client.chat.completions.with_raw_response.create(
                model=self.model,
                messages=messages,
                response_format=response_format,
                temperature=0.0 if manner.temperature else omit,
            )
            return response.content

        retrying = AsyncRetrying(
            retry=retry_if_exception(_passes),
            stop=stop_after_attempt(self._patience.tries)
            | stop_before_delay(self._patience.deadline),
            wait=_wait,
            sleep=self._patience.sleep,
            reraise=True,
        )
        body: bytes = await retrying(once)
        return body

    def _short(self, text: str) -> str:
        """A problem on one line, cut behind so many characters, without the key."""
        key = self._client.api_key
        words = " ".join((text.replace(key, "…") if len(key) >= SECRET else text).split())
        return words if len(words) <= SHORT else f"{words[:SHORT]}…"


def open_judge(
    model: str,
    *,
    base_url: str | None = None,
    api_key: SecretStr | None = None,
    patience: Patience | None = None,
) -> Judge:
    """A judge behind a server of OpenAI's kind.

    Key and address come from `OPENAI_API_KEY` and `OPENAI_BASE_URL` where they are not given.
    Raises `JudgeError` without a key, and for a key or an address that cannot be one.
    """
    from openai import AsyncOpenAI, OpenAIError

    _check_address(os.environ.get("OPENAI_BASE_URL") if base_url is None else base_url)
    patience = patience or Patience()
    try:
        client = AsyncOpenAI(
            api_key=api_key.get_secret_value() if api_key else None,
            base_url=base_url,
            timeout=patience.seconds,
            max_retries=0,  # They would multiply with ours.
        )
    except OpenAIError:
        raise _no_key() from None
    if not client.api_key:
        raise _no_key()
    if not re.fullmatch(r"[!-~]+", client.api_key):
        raise JudgeError("The judge's key holds what no key holds: set OPENAI_API_KEY anew.")
    return Judge(client, model, patience)


def _no_key() -> JudgeError:
    return JudgeError(
        "There is no key for the judge: set OPENAI_API_KEY, to any word if the server needs none."
    )


def _check_address(url: str | None) -> None:
    if url is None:
        return
    try:
        TypeAdapter(HttpUrl).validate_python(url)
    except ValidationError:
        # The address is not repeated: it may hold a password.
        raise JudgeError(
            "The judge's address is no URL: set OPENAI_BASE_URL to one such as "
            "http://127.0.0.1:8080/v1, or unset it."
        ) from None


async def judged(
    judge: Judge, asked: Iterable[Ask], *, concurrency: int
) -> AsyncGenerator[Judgement, None]:
    """The judgement of each ask as it comes, at most so many being asked for at once.

    Asks about the same words are put to the model once. Raises `JudgeError` where no ask can
    succeed, and for a concurrency below 1.
    """
    if concurrency < 1:
        raise JudgeError("Nothing is judged with a concurrency below 1: give a higher one.")
    same: dict[tuple[Kind, tuple[Text, ...]], list[Ask]] = {}
    for ask in asked:
        same.setdefault((ask.prompt, ask.texts), []).append(ask)
    waiting = iter(same.values())
    running: set[asyncio.Task[list[Judgement]]] = set()
    try:
        while True:
            free = concurrency - len(running)
            running |= {asyncio.create_task(_all(judge, one)) for one in islice(waiting, free)}
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            errors = [error for error in (task.exception() for task in done) if error]
            for task in done:
                for judgement in () if task.exception() else task.result():
                    yield judgement
            if errors:
                raise errors[0]
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _all(judge: Judge, same: list[Ask]) -> list[Judgement]:
    judgement = await judge.judge(same[0])
    return [replace(judgement, case=one.case, round=one.round, about=one.about) for one in same]


def _messages(prompt: Prompt, texts: Iterable[Text]) -> "list[ChatCompletionMessageParam]":
    # A lone surrogate cannot be sent.
    clean = [(text.label, text.text.encode("utf-8", "replace").decode("utf-8")) for text in texts]
    boundary = _boundary([text for _, text in clean])
    fenced = [f"begin {boundary} {label}\n{text}\nend {boundary} {label}" for label, text in clean]
    return [
        {"role": "system", "content": prompt.fill(boundary=boundary)},
        {"role": "user", "content": "\n\n".join(fenced)},
    ]


def _boundary(texts: list[str]) -> str:
    """A word that none of the texts holds, the same for the same texts."""
    whole = "\0".join(texts)
    held = whole.lower()
    words = (sha256(f"{number}\0{whole}".encode()).hexdigest()[:16] for number in count())
    return next(word for word in words if word not in held)


def _passes(error: BaseException) -> bool:
    """Whether another try may do better."""
    from openai import APIConnectionError, APIStatusError

    if isinstance(error, APIStatusError):
        passing = error.status_code in {408, 409, 429} or error.status_code >= 500
        return passing and not _is_broke(error)
    return isinstance(error, APIConnectionError)


def _is_broke(error: "APIStatusError") -> bool:
    return error.code == "insufficient_quota"


def _wait(state: "RetryCallState") -> float:
    """Seconds until the next try: what the server wants or more and more, and a bit by chance."""
    from tenacity import wait_exponential, wait_random

    error = state.outcome.exception() if state.outcome else None
    wanted = _retry_after(error)
    seconds = wait_exponential(multiplier=0.5, max=20)(state) if wanted is None else wanted
    return seconds + wait_random(0, 1)(state)


def _retry_after(error: BaseException | None) -> float | None:
    """The seconds, or the date, of a `Retry-After`."""
    from openai import APIStatusError

    value = error.response.headers.get("retry-after") if isinstance(error, APIStatusError) else None
    try:
        seconds = float(value or "")
    except ValueError:
        try:
            then = parsedate_to_datetime(value or "")
        except ValueError:
            return None
        seconds = (then.astimezone(UTC) - datetime.now(UTC)).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _final(error: "APIStatusError", model: str) -> JudgeError | None:
    """What to set where every ask would fail like this one."""
    match error.status_code:
        case 401:
            return JudgeError("The judge's key is not accepted: set OPENAI_API_KEY to a valid one.")
        case 403:
            return JudgeError(
                f"The judge's key may not use {model}: set another OPENAI_API_KEY or model."
            )
        case 404:
            return JudgeError(
                f"The judge's server has no {model}, or is no such server: check the model's name, "
                "and OPENAI_BASE_URL, which mostly ends in /v1."
            )
        case 429 if _is_broke(error):
            return JudgeError(
                "The account of the judge's key is used up: top it up, or set another "
                "OPENAI_API_KEY."
            )
        case _:
            return None


def _told(error: "OpenAIError") -> str:
    """What became of a single ask."""
    from openai import APIStatusError, APITimeoutError

    if isinstance(error, APITimeoutError):
        return "no reply in time"
    if isinstance(error, APIStatusError):
        return error.message
    return "no connection to the server, or it broke off"
