"""A language model behind a server of OpenAI's kind; the only file of `rag` that knows its client.

    messages, shape -> Manner -> request -> events -> text, piece by piece -> Ending
                         ^                    |
                         └── refused: Fault <─┴─> Patience: once more; Breaker: not for now

Replies are streamed wherever the server can, so that there is one way to read them. Once a piece
was handed out, nothing is tried again.
"""

import asyncio
import json
import os
import re
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from pydantic import HttpUrl, SecretStr, TypeAdapter, ValidationError

from rag.delta import Delta, delta_of, whole_of
from rag.domain import Usage
from rag.errors import ModelError, ModelSettingsError
from rag.fault import Fault, cleaned, seconds_of, short
from rag.manner import Manner
from rag.patience import Breaker, Patience
from rag.ports import Ending, Message, Shape
from rag.threads import aside

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream, OpenAIError

OPENAI = "https://api.openai.com/v1"
"""Said to the client, which would take an empty `OPENAI_BASE_URL` for an address."""

MOST = 200_000
"""Characters of a reply; the stream is closed behind them."""

LINGER = 2.0
"""Seconds that are waited for what a server counted, after it said that the reply is whole."""

UNASKED = frozenset({"refusal", "tool_calls"})
"""Ways to end that the server's own word for the end does not change."""

LATE = "no reply in time"
CUT = "no connection to its server, or it broke off"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What belongs to one event loop: connections, and the places for requests."""

    client: "AsyncOpenAI"
    places: asyncio.Semaphore


@dataclass(kw_only=True, eq=False)
class LanguageModel:
    """A model and its server. To be used from any event loop; see `close`.

    Key and address come from `OPENAI_API_KEY` and `OPENAI_BASE_URL` where they are not given.
    Raises `ModelSettingsError` without a key, and for a key or an address that cannot be one.
    """

    name: str
    base_url: str | None = field(default=None, repr=False)
    key: SecretStr | None = field(default=None, repr=False)
    concurrency: int = 4
    """At most so many requests are under way at once, in each event loop."""
    max_tokens: int | None = 2_000
    """Of a reply; not sent where there is none."""
    temperature: float | None = None
    """Not sent where it is not given."""
    patience: Patience = field(default_factory=Patience)
    breaker: Breaker = field(default_factory=Breaker)
    setting: str = "CITEBOT_MODEL"
    """What the name is set by, for errors."""

    def __post_init__(self) -> None:
        self.base_url = _usable_address(self.base_url)
        self._key = _usable_key(self.key, needed=not self.base_url)
        # OpenAI's newer models know only the newer name, most other servers the older.
        newer, older = Manner().limits
        limits = (older, newer) if self.base_url else (newer, older)
        self._manner = Manner(
            limits=limits if self.max_tokens else (), temperature=self.temperature
        )
        self._keepers: dict[asyncio.AbstractEventLoop, AsyncGenerator[_Line, None]] = {}
        self._lines: dict[asyncio.AbstractEventLoop, _Line] = {}

    @staticmethod
    def load() -> None:
        """Import the client, which takes about a second, before it is needed."""
        import openai  # noqa: F401 - for its effect

    async def reply(
        self, messages: Sequence[Message], shape: Shape, until: float
    ) -> AsyncGenerator[str | Ending, None]:
        """The text of one reply piece by piece as it comes, and last how it ended.

        Nothing is tried or waited for any more when the clock has reached `until`. Raises
        `ModelError` if nothing came, `ModelSettingsError` where something has to be set.
        """
        self.breaker.check()
        async with self._place(until) as client:
            reading = await self._begun(client, messages, shape, until)
            try:
                while reading.text:
                    yield reading.text
                    await reading.go_on()
            finally:
                await reading.close()
        yield reading.ending

    def shown(self, words: str) -> str:
        """Somebody's words on one line, cut, without the key."""
        return short(cleaned(words, self._key.get_secret_value()))

    async def close(self) -> None:
        """Close the connections of this event loop.

        Those of any other are closed with it: by `asyncio.run`, and whatever else calls
        `shutdown_asyncgens`.
        """
        keeper = self._keepers.get(asyncio.get_running_loop())
        if keeper:
            await keeper.aclose()

    @asynccontextmanager
    async def _place(self, until: float) -> AsyncIterator["AsyncOpenAI"]:
        """One of the places for requests, as soon as one is free."""
        if until <= self.patience.clock():
            raise ModelError(f"There is no time left to ask the model {self.name}: ask again.")
        line = await self._line()
        try:
            async with asyncio.timeout(until - self.patience.clock()):
                await line.places.acquire()
        except TimeoutError:
            raise ModelError(
                f"The model {self.name} is still busy with other questions: ask again later."
            ) from None
        try:
            yield line.client
        finally:
            line.places.release()

    async def _line(self) -> _Line:
        """What there is for the running loop: a connection cannot be used by another."""
        loop = asyncio.get_running_loop()
        for other in [one for one in list(self._lines) if one.is_closed()]:
            self._forget(other)
        if loop not in self._lines:
            await aside(self.load)
        if loop not in self._lines:
            self._keepers[loop] = keeper = self._keeping(loop)
            self._lines[loop] = await anext(keeper)
        return self._lines[loop]

    async def _keeping(self, loop: asyncio.AbstractEventLoop) -> AsyncGenerator[_Line, None]:
        """Yields once. A loop that is shut down closes its generators, and so the connections."""
        from openai import AsyncOpenAI

        try:
            client = AsyncOpenAI(
                api_key=self._key.get_secret_value(),
                base_url=self.base_url or OPENAI,
                timeout=None,  # Ours are around every wait.
                max_retries=0,  # They would multiply with ours.
            )
        except Exception as error:  # noqa: BLE001 - of proxies, certificates, and what else it reads
            self._forget(loop)
            raise ModelSettingsError(
                f"The client for language models cannot be made ({type(error).__name__}): check "
                "HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE."
            ) from None
        try:
            yield _Line(client=client, places=asyncio.Semaphore(self.concurrency))
        finally:
            self._forget(loop)
            await client.close()

    def _forget(self, loop: asyncio.AbstractEventLoop) -> None:
        self._lines.pop(loop, None)
        self._keepers.pop(loop, None)

    async def _begun(
        self, client: "AsyncOpenAI", messages: Sequence[Message], shape: Shape, until: float
    ) -> "_Reading":
        """A reply whose first piece has come, or that ended without any."""
        try:
            with self.breaker.watching():
                return await self._asked(client, messages, shape, until)
        except Fault as fault:
            raise fault.error(self.name, self.setting) from None

    async def _asked(
        self, client: "AsyncOpenAI", messages: Sequence[Message], shape: Shape, until: float
    ) -> "_Reading":
        """The same, asked for as richly as the server lets us. Raises `Fault`."""
        manner = first = self._manner
        while True:
            body = manner.body(self.name, messages, shape, self.max_tokens)
            try:
                reading = await self.patience.insist(
                    partial(self._opened, client, body, until), until
                )
            except Fault as fault:
                plainer = manner.plainer(fault)
                if not plainer:
                    raise
                manner = plainer
            else:
                if manner != first:
                    self._manner = manner
                return reading

    async def _opened(
        self, client: "AsyncOpenAI", body: Mapping[str, object], until: float
    ) -> "_Reading":
        """One request. Raises `Fault`."""
        from openai import AsyncStream, OpenAIError

        try:
            async with asyncio.timeout(self.patience.left(until)):
                # Not by the method for completions: it takes any JSON for one.
                stream = await client.post(
                    "/chat/completions",
                    body=body,
                    cast_to=object,
                    stream=True,
                    stream_cls=AsyncStream[object],
                )
        except TimeoutError:
            raise Fault(LATE) from None
        except OpenAIError as error:
            raise _fault(error, self._key) from None
        reading = _Reading(stream, self.patience, until, self._key)
        try:
            await reading.begin()
        except BaseException:
            await reading.close()
            raise
        return reading


class _Reading:
    """A reply that is coming."""

    def __init__(
        self, stream: "AsyncStream[object]", patience: Patience, until: float, key: SecretStr
    ) -> None:
        self.text = ""
        """The last piece that came; empty when there are no more."""
        self._stream = stream
        self._patience = patience
        self._until = until
        self._key = key
        self._kind = stream.response.headers.get("content-type", "").lower()
        self._deltas = self._events()
        self._characters = 0
        self._finish = ""
        self._usage = Usage()

    @property
    def ending(self) -> Ending:
        """How it ended."""
        return Ending(finish=self._finish or "broken", usage=self._usage)

    async def begin(self) -> None:
        """Read until there is text, or none will come. Raises `Fault`."""
        if "html" in self._kind:
            # Whoever sends pages is no such server, or does not know the path.
            raise Fault("a page came in place of a reply", status=404)
        await self._read()

    async def go_on(self) -> None:
        """Read until there is more text, or no more will come."""
        try:
            await self._read()
        except Fault:
            self._finish = "broken"

    async def close(self) -> None:
        """Close the connection unless the reply was read to its end."""
        await self._deltas.aclose()
        await self._stream.close()

    async def _read(self) -> None:
        self.text = ""
        while not self.text and self._characters <= MOST:
            delta = await self._delta()
            if delta is None:
                return
            self._take(delta)

    def _take(self, delta: Delta) -> None:
        self._usage = delta.usage or self._usage
        if self._finish not in UNASKED:
            self._finish = delta.finish or self._finish
        self.text = delta.text[: MOST - self._characters]
        self._characters += len(delta.text)
        if self._characters > MOST:
            self._finish = "length"

    async def _delta(self) -> Delta | None:
        """What comes next; nothing at the end. Raises `Fault` if it ends before its end."""
        from openai import OpenAIError

        seconds = self._patience.left(self._until)
        try:
            async with asyncio.timeout(min(seconds, LINGER) if self._finish else seconds):
                delta = await anext(self._deltas, None)
            fault = None if delta else Fault(CUT)
        except TimeoutError:
            delta, fault = None, Fault(LATE)
        except OpenAIError as error:
            delta, fault = None, _fault(error, self._key)
        except (ValueError, RecursionError):
            delta, fault = None, Fault("what came is not JSON")
        except Fault as error:
            delta, fault = None, error
        # A reply that said how it ends is whole, whatever became of the connection.
        if fault and not self._finish:
            raise fault from None
        return delta

    async def _events(self) -> AsyncGenerator[Delta, None]:
        """The events of a stream, or the one of a reply that is no stream."""
        if "json" not in self._kind:
            async for event in self._stream:
                yield self._sound(delta_of(event))
            return
        try:
            body = await self._stream.response.aread()
        except Exception:  # noqa: BLE001 - the errors below the client have no common name.
            raise Fault(CUT) from None
        words = f"no completion: {body.decode('utf-8', 'replace')}"
        yield self._sound(whole_of(body) or Delta(problem=words))

    def _sound(self, delta: Delta) -> Delta:
        if delta.problem or delta.finish == "broken":
            words = cleaned(delta.problem, self._key.get_secret_value())
            raise Fault(words or CUT, code=delta.code)
        return delta


def _fault(error: "OpenAIError", key: SecretStr) -> Fault:
    """What the client raised, without its request, which holds the key."""
    from openai import APIConnectionError, APIError, APIStatusError, APITimeoutError

    if isinstance(error, APITimeoutError):
        return Fault(LATE)
    if not isinstance(error, APIError) or isinstance(error, APIConnectionError):
        return Fault(CUT)
    words = error.message
    if not isinstance(error.body, dict) or "message" not in error.body:
        words = f"{words} - {json.dumps(error.body, ensure_ascii=False)}"
    status, after = 0, None
    if isinstance(error, APIStatusError):
        status = error.status_code
        after = seconds_of(error.response.headers.get("retry-after", ""))
    return Fault(
        cleaned(words, key.get_secret_value()),
        status=status,
        code=error.code or "",
        param=error.param if isinstance(error.param, str) else "",
        after=after,
    )


def _usable_key(key: SecretStr | None, *, needed: bool) -> SecretStr:
    """The key that was given, or that of the environment. Raises `ModelSettingsError`."""
    words = key.get_secret_value() if key else os.environ.get("OPENAI_API_KEY", "")
    if not words and not needed:
        return SecretStr("none")  # The client does not go without one.
    if not words:
        raise ModelSettingsError(
            "There is no key for the language model: set OPENAI_API_KEY, to any word if the "
            "server needs none."
        )
    if not re.fullmatch(r"[!-~]+", words):
        raise ModelSettingsError(
            "The language model's key holds what no key holds: set OPENAI_API_KEY anew."
        )
    return SecretStr(words)


def _usable_address(url: str | None) -> str | None:
    """The address that was given, or that of the environment. Raises `ModelSettingsError`."""
    # Empty is as good as unset, as everywhere in the environment.
    url = (os.environ.get("OPENAI_BASE_URL") or None) if url is None else url
    if url is None:
        return None
    try:
        TypeAdapter(HttpUrl).validate_python(url)
    except ValidationError:
        # The address is not repeated: it may hold a password.
        raise ModelSettingsError(
            "The language model's address is no URL: set OPENAI_BASE_URL to one such as "
            "http://127.0.0.1:8080/v1, or unset it."
        ) from None
    return url
