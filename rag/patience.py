"""How long to go on where a language model does not reply, and when not even to ask.

`Patience` is for one reply: some tries, waits that grow, a deadline. `Breaker` is for all of them:
after some replies in a row that failed, the model is left alone for a while.
"""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from rag.errors import ModelError
from rag.fault import Fault, short

if TYPE_CHECKING:
    from tenacity import RetryCallState

LONGEST = 20.0
"""Seconds of the longest wait between tries that no server asked for, without what chance adds."""

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often, and how long, one reply is tried for."""

    tries: int = 4
    seconds: float = 60.0
    """For a reply to begin, and then for each further event of it."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    """Waits so many seconds."""
    clock: Callable[[], float] = time.monotonic
    """Seconds that only rise."""

    def left(self, until: float) -> float:
        """Seconds to wait for the next thing, if nothing is waited for after `until`."""
        return min(self.seconds, until - self.clock())

    async def insist(self, once: Callable[[], Awaitable[Result]], until: float) -> Result:
        """Try until it works. Raises the last `Fault` where it does not, or never would.

        A wait that would end after `until` is not begun.
        """
        from tenacity import AsyncRetrying, retry_if_exception

        def is_over(state: "RetryCallState") -> bool:
            late = self.clock() + state.upcoming_sleep >= until
            return late or state.attempt_number >= self.tries

        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, Fault) and error.passes),
            stop=is_over,
            wait=_wait,
            sleep=self.sleep,
            reraise=True,
        )
        return await retrying(once)


def _wait(state: "RetryCallState") -> float:
    """Seconds until the next try: what the server wants or more and more, and a bit by chance."""
    from tenacity import wait_exponential, wait_random

    error = state.outcome.exception() if state.outcome else None
    wanted = error.after if isinstance(error, Fault) else None
    seconds = wait_exponential(multiplier=0.5, max=LONGEST)(state) if wanted is None else wanted
    return seconds + wait_random(0, 1)(state)


@dataclass(slots=True, kw_only=True)
class Breaker:
    """Leaves a model alone that failed again and again, and tries it with one request later.

    The circuit breaker of Nygard, Release It! (2007). To be used by several threads.
    """

    failures: int = 3
    """So many in a row, and nothing more is asked."""
    seconds: float = 30.0
    """For so long."""
    clock: Callable[[], float] = time.monotonic
    _failed: int = field(default=0, init=False)
    _why: str = field(default="", init=False)
    _closed_until: float = field(default=0.0, init=False)
    _on_trial: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def check(self) -> None:
        """Raise `ModelError` where nothing is asked for the moment."""
        with self._lock:
            self._check()

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Around a request with all its tries. Raises `ModelError` where it is not to be made.

        A request that was broken off by its caller, or that this very server refused because of
        what it said, speaks neither for the model nor against it.
        """
        with self._lock:
            self._check()
            self._on_trial = self._failed >= self.failures
            trial = self._on_trial
        try:
            yield
        except Fault as fault:
            if fault.passes or fault.lasts:
                self._fail(short(fault.said))
            raise
        else:
            with self._lock:
                self._failed = 0
        finally:
            if trial:
                self._on_trial = False

    def _check(self) -> None:
        if self._failed < self.failures:
            return
        if self._on_trial or self.clock() < self._closed_until:
            raise ModelError(
                f"The language model failed {self._failed} times in a row and is not asked for the "
                f"moment; the last time: {self._why}"
            )

    def _fail(self, why: str) -> None:
        with self._lock:
            self._failed += 1
            self._why = why
            self._closed_until = self.clock() + self.seconds
