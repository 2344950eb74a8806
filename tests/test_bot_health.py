"""What `bot.health` promises: counts with nobody in them, and whether the bot lives and works."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable

import aiohttp
import prometheus_client
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.domain import Verdict
from bot.health import Check, Metrics, Outcome, serving
from rag.errors import SettingsError


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


def counts(metrics: Metrics) -> dict[str, float]:
    """Every sample that is not nothing, by name and values of labels."""
    text = prometheus_client.generate_latest(metrics.registry).decode()
    return {
        " ".join([one.name.removeprefix("citebot_"), *one.labels.values()]): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
        if one.name.startswith("citebot_") and not one.name.endswith(("_created", "_bucket"))
        if one.value
    }


Happening = Callable[[Metrics], None]


@pytest.mark.parametrize(
    ("happens", "counted"),
    [
        (lambda metrics: metrics.asked(Outcome.REFUSED), {"questions_total refused": 1}),
        (
            lambda metrics: metrics.asked(Outcome.ANSWERED, 1.5),
            {"questions_total answered": 1, "answer_seconds_count": 1, "answer_seconds_sum": 1.5},
        ),
        (lambda metrics: metrics.received(), {"updates_total received": 1}),
        (lambda metrics: metrics.repeated(), {"updates_total duplicate": 1}),
        (lambda metrics: metrics.unreadable(), {"updates_total unreadable": 1}),
        (lambda metrics: metrics.unkept(), {"updates_total unkept": 1}),
        (lambda metrics: metrics.handed_over(), {"updates_total handed_over": 1}),
        (lambda metrics: metrics.sent("sendMessage"), {"calls_total sent sendMessage": 1}),
        (
            lambda metrics: metrics.dropped("sendChatAction"),
            {"calls_total dropped sendChatAction": 1},
        ),
        (lambda metrics: metrics.retried("sendMessage"), {"calls_total retried sendMessage": 1}),
        (lambda metrics: metrics.copied(), {"copies_total": 1}),
        (lambda metrics: metrics.judged(Verdict.BAD), {"feedback_total bad": 1}),
        (lambda metrics: metrics.conflicted(), {"conflicts_total": 1}),
        (lambda metrics: metrics.waiting(7), {"inbox_open": 7}),
        (
            lambda metrics: metrics.spent(tokens_in=300, tokens_out=20, cost=0.25),
            {"tokens_total in": 300, "tokens_total out": 20, "cost_total": 0.25},
        ),
        (
            lambda metrics: metrics.spent(tokens_in=300, tokens_out=20),
            {"tokens_total in": 300, "tokens_total out": 20},
        ),
    ],
)
def test_each_happening_is_counted_as_what_it_is(
    happens: Happening, counted: dict[str, float]
) -> None:
    """What happens moves its own count and no other, and not those of another bot."""
    metrics, other = Metrics(), Metrics()
    happens(metrics)
    assert counts(metrics) == counted
    assert not counts(other)


def test_the_global_registry_is_left_alone() -> None:
    """Two bots in one process do not meet: nothing is in the library's own registry."""
    Metrics().received()
    shared = prometheus_client.generate_latest(prometheus_client.REGISTRY).decode()
    assert "citebot" not in shared


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


async def breaks() -> bool:
    raise OSError("postgresql://anna:hunter2@127.0.0.1")


async def hangs() -> bool:
    await asyncio.Event().wait()
    return True


@pytest.mark.parametrize(
    ("checks", "status", "told"),
    [
        ({}, 200, {}),
        ({"database": yes, "index": yes}, 200, {"database": True, "index": True}),
        ({"database": yes, "index": no}, 503, {"database": True, "index": False}),
        ({"database": breaks, "index": yes}, 503, {"database": False, "index": True}),
        ({"database": yes, "telegram": hangs}, 503, {"database": True, "telegram": False}),
    ],
)
async def test_it_is_ready_when_every_check_holds(
    client: aiohttp.ClientSession,
    caplog: pytest.LogCaptureFixture,
    *,
    checks: dict[str, Check],
    status: int,
    told: dict[str, bool],
) -> None:
    """Ready is who passes all checks: one that says no, breaks or hangs is named, and no more."""
    async with serving(Metrics(), checks, 0, patience=0.05) as port:
        async with client.get(f"http://127.0.0.1:{port}/readyz") as reply:
            assert (reply.status, await reply.json()) == (status, told)
        async with client.get(f"http://127.0.0.1:{port}/healthz") as reply:
            assert (reply.status, await reply.text()) == (200, "ok\n")
    assert "hunter2" not in caplog.text


async def test_prometheus_can_read_the_counts(client: aiohttp.ClientSession) -> None:
    """The counts come in Prometheus's own format, with how much memory the bot has."""
    metrics = Metrics()
    metrics.asked(Outcome.DEGRADED, 2.5)
    metrics.polled()
    async with (
        serving(metrics, {}, 0) as port,
        client.get(f"http://127.0.0.1:{port}/metrics") as reply,
    ):
        text = await reply.text()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert reply.content_type == "text/plain"
    assert {"citebot_questions", "citebot_answer_seconds", "process_resident_memory_bytes"} <= {
        *families
    }
    assert families["citebot_polled_timestamp_seconds"].samples[0].value > 1e9


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("POST", "/healthz", 405), ("GET", "/metrics/x", 404)],
)
async def test_nothing_else_is_there(
    client: aiohttp.ClientSession, method: str, path: str, status: int
) -> None:
    """Three addresses are served, and only read."""
    async with (
        serving(Metrics(), {}, 0) as port,
        client.request(method, f"http://127.0.0.1:{port}{path}") as reply,
    ):
        assert reply.status == status


async def test_it_is_served_on_this_machine_only() -> None:
    """Nobody outside can ask: the port is open on the loopback address alone."""
    async with serving(Metrics(), {}, 0) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        assert writer.get_extra_info("peername")[0] == "127.0.0.1"
        writer.close()
        await writer.wait_closed()
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.2", port)
    with pytest.raises(OSError, match="Connect call failed"):
        await asyncio.open_connection("127.0.0.1", port)


async def test_a_port_that_is_taken_is_told() -> None:
    """Where another program has the port, the setting is named."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SettingsError, match=f"HEALTH_PORT cannot be used: port {port}"):
            async with serving(Metrics(), {}, port):
                pass
