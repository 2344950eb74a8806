"""One question from the messages that Telegram cut a long pasted one into.

An app sends what is longer than a message as several, right behind each other, the first ones full.
So a message that is nearly full waits a moment for what may follow.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain import Thread
from bot.markup import units

FULL = 3_900
"""UTF-16 code units of a message that may go on in the next one: apps cut at words below 4,096."""

MOMENT = 1.5
"""Seconds that the next part is waited for."""

GAP = timedelta(seconds=5)
"""What lies between two messages that are no parts of one, though both come at once: after a stop
everything does. Telegram's times are whole seconds, and an app may be slow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A question and all the updates that it came in, the one that ends it last."""

    text: str
    update_ids: tuple[int, ...]


@dataclass(slots=True, kw_only=True)
class _Pending:
    texts: list[str]
    update_ids: list[int]
    at: datetime
    """When the last of them was sent."""
    timer: asyncio.Task[None] | None = None
    is_over: bool = False
    """Whether nothing more is waited for."""


@dataclass(slots=True, kw_only=True)
class Joiner:
    """Holds parts back until the whole is there.

    `again` is given the number of an update that has to come once more, behind those that wait:
    its time is up and it is a whole question then, or it has to let one go before.
    """

    again: Callable[[int], None]
    moment: float = MOMENT
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    _pending: dict[Thread, _Pending] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many questions are not whole yet."""
        return len(self._pending)

    def is_waiting(self, thread: Thread) -> bool:
        """Whether the next message of a thread may be a part of what came before."""
        pending = self._pending.get(thread)
        return pending is not None and not pending.is_over

    def take(self, thread: Thread, update_id: int, text: str, at: datetime) -> Joined | None:
        """The question that a message ends, sent at a time; nothing while it has to wait."""
        pending = self._pending.get(thread)
        if pending and update_id not in pending.update_ids:
            if not pending.is_over and at - pending.at > GAP:
                self._end(pending)
            if pending.is_over:
                self.again(update_id)
                return None
        if pending is None:
            pending = self._pending[thread] = _Pending(texts=[], update_ids=[], at=at)
        return self._added(thread, pending, update_id, text, at)

    def _added(
        self, thread: Thread, pending: _Pending, update_id: int, text: str, at: datetime
    ) -> Joined | None:
        if pending.timer:
            pending.timer.cancel()
        if update_id not in pending.update_ids:
            pending.texts.append(text)
            pending.update_ids.append(update_id)
            pending.at = at
            if units(text) >= FULL:
                pending.timer = asyncio.create_task(self._wait(pending))
                return None
        del self._pending[thread]
        return Joined(text="\n".join(pending.texts), update_ids=tuple(pending.update_ids))

    def drop(self, update_id: int) -> None:
        """An update is done, however it ended: what waited with it waits by itself."""
        for thread, pending in list(self._pending.items()):
            if update_id in pending.update_ids:
                del self._pending[thread]
                if pending.timer:
                    pending.timer.cancel()
                for other in pending.update_ids:
                    if other != update_id:
                        self.again(other)

    def close(self) -> None:
        """Wait for nothing any more; what is open is in the inbox."""
        for pending in self._pending.values():
            if pending.timer:
                pending.timer.cancel()
        self._pending.clear()

    async def _wait(self, pending: _Pending) -> None:
        await self.sleep(self.moment)
        pending.timer = None
        self._end(pending)

    def _end(self, pending: _Pending) -> None:
        if pending.timer:
            pending.timer.cancel()
        pending.is_over = True
        self.again(pending.update_ids[-1])
