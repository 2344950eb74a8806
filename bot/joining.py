"""One question from the messages that Telegram cut a long pasted one into.

An app sends what is longer than a message as several, right behind each other, the first ones full.
So a message that is nearly full waits a moment for what may follow.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.domain import Thread
from bot.markup import units

FULL = 3_900
"""UTF-16 code units of a message that may go on in the next one: apps cut at words below 4,096."""

MOMENT = 1.5
"""Seconds that the next part is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A question and all the updates that it came in, the one that ends it last."""

    text: str
    update_ids: tuple[int, ...]


@dataclass(slots=True)
class _Pending:
    texts: list[str]
    update_ids: list[int]
    timer: asyncio.Task[None] | None = None


@dataclass(slots=True)
class Joiner:
    """Holds parts back until the whole is there.

    `again` is given the number of an update whose time is up: it has to come once more, in its
    turn, and is a whole question then.
    """

    again: Callable[[int], None]
    moment: float = MOMENT
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _pending: dict[Thread, _Pending] = field(default_factory=dict)

    def take(self, thread: Thread, update_id: int, text: str) -> Joined | None:
        """The question that a message ends; nothing while more may follow."""
        pending = self._pending.setdefault(thread, _Pending(texts=[], update_ids=[]))
        is_over = update_id in pending.update_ids
        if pending.timer:
            pending.timer.cancel()
        if not is_over:
            pending.texts.append(text)
            pending.update_ids.append(update_id)
        if not is_over and units(text) >= FULL:
            pending.timer = asyncio.create_task(self._wait(update_id))
            return None
        del self._pending[thread]
        return Joined(text="\n".join(pending.texts), update_ids=tuple(pending.update_ids))

    def forget(self, user_id: int) -> None:
        """Drop what somebody has not finished."""
        for thread in [one for one in self._pending if one.user_id == user_id]:
            timer = self._pending.pop(thread).timer
            if timer:
                timer.cancel()

    def close(self) -> None:
        """Wait for nothing any more; what is open is in the inbox."""
        for pending in self._pending.values():
            if pending.timer:
                pending.timer.cancel()
        self._pending.clear()

    async def _wait(self, update_id: int) -> None:
        await self.sleep(self.moment)
        self.again(update_id)
