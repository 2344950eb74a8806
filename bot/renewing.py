"""Bringing the index up to date while somebody watches."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from bot.parts import Parts
from rag.errors import LockedError
from rag.ingest import Report
from rag.threads import aside

PAUSE = 3.0
"""Seconds between two looks at how far it has come."""

AGAIN = 0.5
"""Seconds before the next try, where another process is writing the index."""

Show = Callable[[int, int], Awaitable[None]]
"""Is told how many articles are done, and how many there are to do; 0 and 0 at first."""


class _LeftError(Exception):
    """Nobody waits for it any more."""


@dataclass(slots=True)
class _Stand:
    """How far it has come: written in the thread that works, read by the event loop."""

    done: int = 0
    total: int = 0
    is_left: bool = False

    def note(self, done: int, total: int) -> None:
        """Take note. Raises `_LeftError`, upon which nothing of it stays."""
        self.done, self.total = done, total
        if self.is_left:
            raise _LeftError


async def renewed(parts: Parts, show: Show, *, patience: float = 0.0) -> Report:
    """Run `ingest`. Another process that writes the index is waited for, `patience` seconds.

    Raises `CitebotError`, and what `show` raises; the index is then as it was.
    """
    until = time.monotonic() + patience
    while True:
        try:
            return await _run(parts, show)
        except LockedError:
            if time.monotonic() >= until:
                raise
        await asyncio.sleep(AGAIN)


async def _run(parts: Parts, show: Show) -> Report:
    stand = _Stand()
    run = partial(parts.answerer.indexer.run, progress=stand.note)
    work = asyncio.create_task(aside(run))
    try:
        while not (await asyncio.wait({work}, timeout=PAUSE))[0]:
            await show(stand.done, stand.total)
        return work.result()
    finally:
        stand.is_left = True
        work.cancel()
