"""Work that keeps a processor or a disk busy, beside the event loop."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def aside(work: Callable[..., T], *args: object) -> T:
    """Run it in a thread: the only place that does."""
    return await asyncio.to_thread(work, *args)
