"""Which updates are in work at once, and which wait for which.

    update -> lane -> wait behind what came before it in the lane -> place -> handlers

The messages of a chat are one lane, so that they are answered in the order in which they came. What
presses of buttons and inline queries do is in no such order: those of a person are a lane by
themselves, beside that of the chat. Only what is first in its lane takes one of the places, so that
a person who sends a hundred messages holds up nobody else.

python-telegram-bot gives out places before it asks for anything else (`process_update` is final),
so the places it knows of are as good as endless, and the real ones are here.
"""

import asyncio
import inspect
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from telegram import Update
from telegram.ext import BaseUpdateProcessor

from bot.health import Metrics

ENDLESS = 2**31
"""More updates than there ever are at once."""

SPARE = 8
"""One place in so many is kept for presses of buttons: they work while every model is slow."""

GRACE = 2.0
"""Seconds for what was cancelled to come to an end."""

_COMMAND = re.compile(r"/([A-Za-z0-9_]+)")
_log = logging.getLogger(__name__)


class Kind(StrEnum):
    """What is in a lane."""

    CHAT = "chat"
    """Messages of a chat, and what happens to it."""
    PRESSES = "presses"
    """What a person presses, and commands that wait for nothing."""
    INLINE = "inline"
    """Inline queries of a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Updates that are handled one after the other."""

    kind: Kind
    id: int
    """Of the chat or the person."""


def lane_of(update: object, passing: Collection[str] = ()) -> Lane | None:
    """The lane of an update; None for one that waits for no other.

    `passing` are the names of commands that pass by what is in work in their chat.
    """
    if not isinstance(update, Update):
        return None
    user, chat = update.effective_user, update.effective_chat
    if user and (update.inline_query or update.chosen_inline_result):
        return Lane(kind=Kind.INLINE, id=user.id)
    if user and (update.callback_query or _command(update) in passing):
        return Lane(kind=Kind.PRESSES, id=user.id)
    return Lane(kind=Kind.CHAT, id=chat.id) if chat else None


def _command(update: Update) -> str | None:
    found = _COMMAND.match(update.message.text or "") if update.message else None
    return found.group(1).lower() if found else None


@dataclass(slots=True)
class _Turn:
    """The lock of a lane, as long as somebody is in it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0


class Processor(BaseUpdateProcessor):
    """For `ApplicationBuilder.concurrent_updates`: so many updates at once, in order per lane."""

    def __init__(self, at_once: int, metrics: Metrics, passing: Collection[str] = ()) -> None:
        super().__init__(ENDLESS)
        self._metrics = metrics
        self._passing = frozenset(passing)
        self._places = asyncio.Semaphore(at_once)
        self._slow = asyncio.Semaphore(at_once - at_once // SPARE)
        self._turns: dict[Lane, _Turn] = {}
        self._work: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    @property
    def working(self) -> int:
        """How many updates are in work."""
        return len(self._work)

    @property
    def lanes(self) -> int:
        """In how many lanes something is in work or waits."""
        return len(self._turns)

    async def initialize(self) -> None:
        """Begin, or begin again."""
        self._is_closed = False

    async def shutdown(self) -> None:
        """End at once."""
        await self.close(0.0)

    async def close(self, seconds: float) -> None:
        """Begin no update any more, and wait so many seconds for those in work to end.

        Then they are cancelled. What was cancelled or not begun is open in the inbox, for the next
        start. Call it before `Application.stop`, which waits for all of them without an end.
        """
        self._is_closed = True
        work = self._work - {asyncio.current_task()}
        if work and seconds:
            _, work = await asyncio.wait(work, timeout=seconds)
        for task in work:
            task.cancel()
            self._metrics.handed_over()
        if work:
            _log.warning("%d updates were not done in time: the next start takes them", len(work))
            await asyncio.wait(work, timeout=GRACE)

    async def do_process_update(self, update: object, coroutine: Awaitable[Any]) -> None:
        """Handle an update when it is its turn."""
        lane = lane_of(update, self._passing)
        try:
            async with self._turn(lane), self._place(lane):
                await self._handle(coroutine)
        finally:
            if inspect.iscoroutine(coroutine):
                coroutine.close()  # Of one that was not begun Python would complain.

    async def _handle(self, coroutine: Awaitable[Any]) -> None:
        if self._is_closed:
            self._metrics.handed_over()
            return
        task = asyncio.current_task()
        assert task  # noqa: S101 - there is one in a coroutine
        self._work.add(task)
        try:
            await coroutine
        finally:
            self._work.discard(task)

    @asynccontextmanager
    async def _turn(self, lane: Lane | None) -> AsyncIterator[None]:
        """Behind what came before in the lane; asyncio's locks keep the order of who waits."""
        if lane is None:
            yield
            return
        turn = self._turns.setdefault(lane, _Turn())
        turn.users += 1
        try:
            async with turn.lock:
                yield
        finally:
            turn.users -= 1
            if not turn.users:
                del self._turns[lane]

    @asynccontextmanager
    async def _place(self, lane: Lane | None) -> AsyncIterator[None]:
        is_quick = lane is not None and lane.kind is Kind.PRESSES
        async with nullcontext() if is_quick else self._slow, self._places:
            yield
