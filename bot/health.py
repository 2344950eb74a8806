"""How the bot is, for whoever watches it: counts, and whether it lives and can work.

    GET /healthz   200 as long as the event loop turns
    GET /readyz    200 if every check holds, else 503; which, as JSON
    GET /metrics   the counts, for Prometheus

On 127.0.0.1 only. No label says who somebody is or what they wrote.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    generate_latest,
)

from bot.domain import Verdict
from rag.errors import SettingsError

if TYPE_CHECKING:
    from aiohttp import web

Check = Callable[[], Awaitable[bool]]
"""Whether something works; what it raises means that it does not."""

PATIENCE = 5.0
"""Seconds after which a check has failed."""

SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0, 120.0)
"""Upper ends of the histogram of the time to answer."""

_log = logging.getLogger(__name__)


class Outcome(StrEnum):
    """What became of a question."""

    ANSWERED = "answered"
    REFUSED = "refused"
    DEGRADED = "degraded"
    """Answered without the language model that was to write."""
    FAILED = "failed"
    """Apologised for."""
    LIMITED = "limited"
    """Not asked: the person has asked enough for a while."""


class Metrics:
    """Counts what happens, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._questions = self._counter("questions", "Questions.", "outcome")
        self._seconds = Histogram(
            "citebot_answer_seconds",
            "Seconds from a question's coming in to the end of its answer.",
            registry=self.registry,
            buckets=SECONDS,
        )
        self._updates = self._counter("updates", "Updates from Telegram.", "kind")
        self._calls = self._counter("calls", "Calls of Telegram.", "method", "fate")
        self._copies = self._counter("copies", "Messages that may have been sent twice.")
        self._feedback = self._counter("feedback", "Thumbs under answers.", "verdict")
        self._tokens = self._counter("tokens", "Tokens of language models.", "direction")
        self._cost = self._counter("cost", "What they cost, in the currency of the price table.")
        self._conflicts = self._counter("conflicts", "Polls that another poller ended.")
        self._open = self._gauge("inbox_open", "Updates that are not done yet.")
        self._polled = self._gauge("polled_timestamp_seconds", "When a poll last worked.")
        for outcome in Outcome:
            # A count that begins at 1 has not risen.
            self._questions.labels(outcome.value)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"citebot_{name}", says, labels, registry=self.registry)

    def _gauge(self, name: str, says: str) -> Gauge:
        return Gauge(f"citebot_{name}", says, registry=self.registry)

    def asked(self, outcome: Outcome, seconds: float | None = None) -> None:
        """A question has come to its end; `seconds` of those that were worked on."""
        self._questions.labels(outcome.value).inc()
        if seconds is not None:
            self._seconds.observe(seconds)

    def received(self) -> None:
        """An update came and was written down."""
        self._updates.labels("received").inc()

    def repeated(self) -> None:
        """An update came that was written down before."""
        self._updates.labels("duplicate").inc()

    def unreadable(self) -> None:
        """An update came that the library cannot read."""
        self._updates.labels("unreadable").inc()

    def unkept(self) -> None:
        """An update came and could not be written down: Telegram sends it again."""
        self._updates.labels("unkept").inc()

    def handed_over(self) -> None:
        """An update was left for the next start."""
        self._updates.labels("handed_over").inc()

    def sent(self, method: str) -> None:
        """Telegram did what was called, such as `sendMessage`."""
        self._calls.labels(method, "sent").inc()

    def dropped(self, method: str) -> None:
        """A passing call was not made, or not made again."""
        self._calls.labels(method, "dropped").inc()

    def retried(self, method: str) -> None:
        """Telegram wanted a call later."""
        self._calls.labels(method, "retried").inc()

    def copied(self) -> None:
        """A message was sent that may have been sent before."""
        self._copies.inc()

    def judged(self, verdict: Verdict) -> None:
        """Somebody pressed a thumb."""
        self._feedback.labels(verdict.value).inc()

    def spent(self, *, tokens_in: int, tokens_out: int, cost: float | None = None) -> None:
        """Language models were asked."""
        self._tokens.labels("in").inc(tokens_in)
        self._tokens.labels("out").inc(tokens_out)
        self._cost.inc(cost or 0.0)

    def conflicted(self) -> None:
        """Somebody else polls with the same token."""
        self._conflicts.inc()

    def polled(self) -> None:
        """Telegram answered a poll."""
        self._polled.set_to_current_time()

    def waiting(self, count: int) -> None:
        """So many updates are not done yet."""
        self._open.set(count)


@asynccontextmanager
async def serving(
    metrics: Metrics, checks: Mapping[str, Check], port: int, patience: float = PATIENCE
) -> AsyncIterator[int]:
    """Serve on a port of 127.0.0.1, any if it is 0, and hand it out.

    Raises `SettingsError` where the port is taken.
    """
    from aiohttp import web

    app = _application(metrics, checks, patience)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await _listen(web.TCPSite(runner, "127.0.0.1", port), port)
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def _listen(site: "web.TCPSite", port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        raise SettingsError(
            f"The setting CITEBOT_TELEGRAM_HEALTH_PORT cannot be used: port {port} is not to be "
            f"had ({error.strerror or error}); set another, or 0 for none."
        ) from None


def _application(
    metrics: Metrics, checks: Mapping[str, Check], patience: float
) -> "web.Application":
    from aiohttp import web
    from prometheus_client import CONTENT_TYPE_LATEST

    async def healthy(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def ready(_: web.Request) -> web.Response:
        held = await asyncio.gather(*(_holds(*check, patience) for check in checks.items()))
        told = dict(zip(checks, held, strict=True))
        return web.json_response(told, status=200 if all(held) else 503)

    async def counted(_: web.Request) -> web.Response:
        body = generate_latest(metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application()
    application.router.add_get("/healthz", healthy)
    application.router.add_get("/readyz", ready)
    application.router.add_get("/metrics", counted)
    return application


async def _holds(name: str, check: Check, patience: float) -> bool:
    try:
        async with asyncio.timeout(patience):
            return await check()
    except Exception as error:  # noqa: BLE001 - whatever it is, the bot is not ready
        _log.warning("The check of %s failed: %s", name, type(error).__name__)
        return False
