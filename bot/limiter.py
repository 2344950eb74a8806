"""How fast the bot calls Telegram: what matters waits its turn, what passes by is left out.

    final: messages, answers to presses      waits for its turn; is made again after a 429
    passing: typing, drafts, interim edits   is made at once or not at all (`DroppedError`)

Telegram's figures: about one message a second in a chat, twenty a minute in a group, thirty a
second in all (Bots FAQ, "My bot is hitting limits"). What it counts besides messages is not
documented; here every call for a chat counts. A 429 stops the chat that it was said of, no other.
"""

import asyncio
import time
import warnings
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from math import ceil
from typing import Any

from telegram.error import RetryAfter, TelegramError
from telegram.ext import BaseRateLimiter
from telegram.warnings import PTBDeprecationWarning

from bot.health import Metrics

Reply = bool | dict[str, Any] | list[dict[str, Any]]
Call = Callable[[], Awaitable[Reply]]


class Urgency(StrEnum):
    """What `rate_limit_args` of a bot's method says. Without it only typing and drafts pass by."""

    FINAL = "final"
    PASSING = "passing"


class DroppedError(TelegramError):
    """A passing call was not made, or refused for now: nothing is lost, what follows shows more."""

    def __init__(self) -> None:
        super().__init__("Not sent: there is no room for it at the moment")


PASSING = frozenset({"sendChatAction", "sendMessageDraft"})
"""Methods that pass by if nothing else is said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many calls in so many seconds, whenever these begin."""

    count: int
    seconds: float
    kept: int
    """How many of them are for final calls only."""


PRIVATE = (Rate(count=3, seconds=3.0, kept=1),)
"""One a second, three of them at once."""

GROUP = (*PRIVATE, Rate(count=20, seconds=60.0, kept=12))
"""The same, and few enough interim edits that an answer's end finds room."""

OVERALL = Rate(count=30, seconds=1.0, kept=10)

TRIES = 5
"""How often a final call is made that meets a 429 each time."""

LONGEST = 90.0
"""Seconds of the longest pause after a 429 that is waited for."""

MARGIN = 0.1
"""Seconds that are waited longer than Telegram said, which says whole seconds."""


class Limiter(BaseRateLimiter[Urgency]):
    """For `ApplicationBuilder.rate_limiter`; `getUpdates` never comes by here.

    A final call raises `RetryAfter` only after `TRIES`, or where Telegram wants a pause of more
    than `LONGEST` seconds. Calls of a chat are under way one by one, so none can overtake another.
    """

    def __init__(
        self,
        metrics: Metrics,
        *,
        private: tuple[Rate, ...] = PRIVATE,
        group: tuple[Rate, ...] = GROUP,
        overall: Rate = OVERALL,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Of a clock of seconds that only rise, and of what waits so many of them."""
        self._metrics = metrics
        self._private = private
        self._group = group
        self._overall = _Window(overall)
        self._clock = clock
        self._sleep = sleep
        self._gate = asyncio.Lock()
        self._chats: dict[int | str, _Chat] = {}
        self._swept_at = clock()

    @property
    def chats(self) -> int:
        """How many chats it keeps in mind: those of the last minute or two."""
        return len(self._chats)

    async def initialize(self) -> None:
        """Nothing."""

    async def shutdown(self) -> None:
        """Nothing."""

    async def process_request(
        self,
        callback: Callable[..., Coroutine[Any, Any, Reply]],
        args: Any,
        kwargs: dict[str, Any],
        endpoint: str,
        data: dict[str, Any],
        rate_limit_args: Urgency | None,
    ) -> Reply:
        """Make a call when it may be made. Raises `DroppedError`, and what the call raises."""

        async def call() -> Reply:
            return await callback(*args, **kwargs)

        is_passing = rate_limit_args is Urgency.PASSING or (
            rate_limit_args is None and endpoint in PASSING
        )
        chat = self._chat(data.get("chat_id"))
        try:
            reply = await (
                self._pass(chat, call) if is_passing else self._insist(chat, call, endpoint)
            )
        except DroppedError:
            self._metrics.dropped(endpoint)
            raise
        self._metrics.sent(endpoint)
        return reply

    async def _pass(self, chat: "_Chat", call: Call) -> Reply:
        """Make a call now. Raises `DroppedError`."""
        now = self._clock()
        windows = (*chat.windows, self._overall)
        # A call that is under way says more, or is about to be answered.
        if chat.users or chat.wait(now) > 0 or any(one.is_short(now) for one in windows):
            raise DroppedError
        async with chat.turn():
            for window in windows:
                window.take(now)
            try:
                return await call()
            except RetryAfter as error:
                chat.closed_until = self._clock() + _seconds(error) + MARGIN
                raise DroppedError from error

    async def _insist(self, chat: "_Chat", call: Call, endpoint: str) -> Reply:
        """Make a call in its turn, and again after every pause that Telegram wants."""
        async with chat.turn():
            for _ in range(TRIES - 1):
                await self._wait(chat)
                try:
                    return await call()
                except RetryAfter as error:
                    chat.closed_until = self._clock() + _seconds(error) + MARGIN
                    self._metrics.retried(endpoint)
            await self._wait(chat)
            return await call()

    async def _wait(self, chat: "_Chat") -> None:
        """Wait until a call fits into every window, and take its place in them."""
        if (pause := chat.closed_until - self._clock()) > LONGEST:
            raise _retry_after(pause)
        while (seconds := chat.wait(self._clock())) > 0:
            await self._sleep(seconds)
        # Who comes first here is served first, whichever chat it is for.
        async with self._gate:
            while (seconds := self._overall.wait(self._clock())) > 0:
                await self._sleep(seconds)
            for window in (*chat.windows, self._overall):
                window.take(self._clock())

    def _chat(self, chat_id: object) -> "_Chat":
        """What is known of a chat; calls for none wait for nothing but the rate of all."""
        self._sweep()
        if chat_id is None:
            return _Chat()
        key = _key(chat_id)
        is_private = isinstance(key, int) and key > 0
        if key not in self._chats:
            rates = self._private if is_private else self._group
            self._chats[key] = _Chat(windows=tuple(_Window(rate) for rate in rates))
        return self._chats[key]

    def _sweep(self) -> None:
        """Forget, now and then, the chats where a call would wait for nothing."""
        now = self._clock()
        longest = max(rate.seconds for rate in (*self._private, *self._group))
        if now - self._swept_at >= longest:
            self._swept_at = now
            self._chats = {key: one for key, one in self._chats.items() if not one.is_idle(now)}


class _Window:
    """The times of the last calls."""

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._times: deque[float] = deque(maxlen=rate.count)

    def wait(self, now: float, kept: int = 0) -> float:
        """Seconds until one more call leaves `kept` of them."""
        most = self._rate.count - kept
        if len(self._times) < most:
            return 0.0
        return self._times[-most] + self._rate.seconds - now

    def is_short(self, now: float) -> bool:
        return self.wait(now, self._rate.kept) > 0

    def is_empty(self, now: float) -> bool:
        return not self._times or self._times[-1] + self._rate.seconds <= now

    def take(self, now: float) -> None:
        self._times.append(now)


@dataclass(slots=True, kw_only=True)
class _Chat:
    windows: tuple[_Window, ...] = ()
    closed_until: float = float("-inf")
    users: int = 0
    """How many calls are under way or wait."""
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Behind the calls that came before; asyncio's locks keep the order of who waits."""
        self.users += 1
        try:
            async with self._lock:
                yield
        finally:
            self.users -= 1

    def wait(self, now: float) -> float:
        """Seconds until a call fits."""
        return max(self.closed_until - now, *(one.wait(now) for one in self.windows), 0.0)

    def is_idle(self, now: float) -> bool:
        is_open = not self.users and self.closed_until <= now
        return is_open and all(window.is_empty(now) for window in self.windows)


def _key(chat_id: object) -> int | str:
    """A chat's id, however it was given, or its `@name`."""
    try:
        return int(str(chat_id))
    except ValueError:
        return str(chat_id)


def _seconds(error: RetryAfter) -> float:
    """How long Telegram wants to be left alone: a number, or a timedelta (`PTB_TIMEDELTA`)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PTBDeprecationWarning)
        wanted = error.retry_after
    return wanted.total_seconds() if isinstance(wanted, timedelta) else float(wanted)


def _retry_after(seconds: float) -> RetryAfter:
    with warnings.catch_warnings():
        # It reads its own attribute.
        warnings.simplefilter("ignore", PTBDeprecationWarning)
        return RetryAfter(ceil(seconds))
