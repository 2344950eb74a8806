"""What `bot.fetch` promises: no update stops polling, and it ends itself where it is no use."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from prometheus_client import generate_latest
from telegram import Update
from telegram.error import Conflict, NetworkError, TelegramError
from telegram.ext import Application, ApplicationBuilder, ExtBot, TypeHandler

from bot.fetch import CONFLICTS, SPAN, Fetch, TokenRefusedError, TwoPollersError, Watch
from bot.health import Metrics
from tests.telegram_server import Telegram, telegram

CHAT = {"id": 5, "type": "private"}
SENDER = {"id": 5, "is_bot": False, "first_name": "hunter2"}
BAD: dict[str, dict[str, object]] = {
    "no number": {"message": {"date": 1, "chat": CHAT, "text": "hunter2"}},
    "far date": {"message": {"message_id": 1, "date": 10**15, "chat": CHAT, "text": "hunter2"}},
    "words for a date": {"message": {"message_id": 1, "date": "hunter2", "chat": CHAT}},
    "list": {"message": [1, 2, "hunter2"]},
    "query without text": {"inline_query": {"id": "1", "from": SENDER, "offset": ""}},
    "bad entity": {
        "message": {"message_id": 1, "date": 1, "chat": CHAT, "text": "hunter2", "entities": [7]}
    },
}


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(clock: Clock) -> Watch:
    return Watch(Metrics(), clock=clock)


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as server:
        yield server


@asynccontextmanager
async def bot(server: Telegram, watch: Watch) -> AsyncIterator[ExtBot[None]]:
    async with ExtBot(server.token, base_url=server.url, get_updates_request=Fetch(watch)) as one:
        yield one


@pytest.mark.parametrize("name", BAD)
async def test_an_update_that_cannot_be_read_is_skipped(
    server: Telegram, watch: Watch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    """Between others, it becomes an empty one of its number; its words are in no log."""
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Exception):  # noqa: B017, PT011 - what the library raises differs
        Update.de_json({"update_id": 1} | BAD[name], None)
    anna = server.person("Anna")
    async with bot(server, watch) as one:
        anna.says("before")
        server.queue(BAD[name])
        anna.says("after")
        before, bad, after = await one.get_updates()
    assert before.message is not None
    assert after.message is not None
    assert (before.message.text, after.message.text) == ("before", "after")
    assert bad.update_id == before.update_id + 1
    assert bad.effective_chat is None
    assert f"Update {bad.update_id} cannot be read" in caplog.text
    assert "hunter2" not in caplog.text


async def test_good_updates_come_as_telegram_sent_them(server: Telegram, watch: Watch) -> None:
    """Where all is well not a byte is changed."""
    server.person("Anna").says("Žluťoučký kůň 🐎")
    async with Fetch(watch) as request:
        status, payload = await request.do_request(f"{server.url}{server.token}/getUpdates", "GET")
    (update,) = json.loads(payload)["result"]
    assert status == 200
    assert update["message"]["text"] == "Žluťoučký kůň 🐎"
    assert payload.startswith(b'{"ok": true, "result": [{"update_id"')


@pytest.mark.parametrize(
    "body",
    [
        b"<html>hunter2",
        b"{}",
        b"[]",
        b"7",
        b'{"ok": true, "result": {"update_id": "hunter2"}}',
        b'{"ok": true, "result": [{"message": "hunter2"}]}',
        b'{"ok": true, "result": [{"update_id": "hunter2"}]}',
        b'{"ok": true, "result": ["hunter2"]}',
        b'{"ok": true, "result": "hunter2"}',
        b"\xff\xfe",
        b"",
    ],
)
async def test_a_reply_that_is_none_of_telegrams_is_polled_again_later(
    server: Telegram, watch: Watch, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    """A proxy's page is an error after which the library waits, and is not shown."""
    caplog.set_level(logging.DEBUG)
    async with bot(server, watch) as one:
        server.fail_next("getUpdates", status=200, body=body)
        with pytest.raises(TelegramError) as caught:
            await one.get_updates()
    assert "hunter2" not in str(caught.value) + caplog.text
    assert watch.polled is None


async def test_the_last_poll_that_worked_is_known(
    server: Telegram, watch: Watch, clock: Clock
) -> None:
    """Time since Telegram was heard of begins anew with each poll that works."""
    assert watch.polled is None
    async with bot(server, watch) as one:
        await one.get_updates()
        clock.now += 30
        assert watch.polled == timedelta(seconds=30)
        server.fail_next("getUpdates", status=502)
        with pytest.raises(NetworkError):
            await one.get_updates()
        assert watch.polled == timedelta(seconds=30)
        await one.get_updates()
        assert watch.polled == timedelta(0)


@pytest.mark.parametrize(
    ("pause", "count", "is_over"),
    [
        (1.0, CONFLICTS - 1, False),
        (1.0, CONFLICTS, True),
        (SPAN / (CONFLICTS - 1), CONFLICTS, True),
        (SPAN / (CONFLICTS - 1) + 0.1, 3 * CONFLICTS, False),
    ],
)
async def test_conflicts_end_polling_when_there_are_many_in_a_short_time(
    watch: Watch, clock: Clock, *, pause: float, count: int, is_over: bool
) -> None:
    """Another poller is told from the last poll of an old one by how often it comes."""
    for _ in range(count):
        watch.failed(Conflict("terminated by other getUpdates request"))
        watch.failed(NetworkError("away"))
        watch.worked()
        clock.now += pause
    waiting = asyncio.create_task(watch.end())
    await asyncio.sleep(0)
    assert waiting.done() is is_over
    waiting.cancel()


async def test_other_failures_never_end_polling(
    watch: Watch, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """However long Telegram is away, the bot waits for it, and says so."""
    waiting = asyncio.create_task(watch.end())
    for _ in range(100):
        watch.failed(NetworkError("Bad Gateway"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert "Bad Gateway" in caplog.text
    waiting.cancel()


Bot = Application[Any, Any, Any, Any, Any, Any]


@asynccontextmanager
async def polling(server: Telegram, watch: Watch) -> AsyncIterator[list[str]]:
    """A real application that polls; what its handler has seen."""
    seen: list[str] = []

    async def note(update: Update, _: object) -> None:
        if update.effective_message:
            seen.append(update.effective_message.text or "")

    builder = ApplicationBuilder().token(server.token).base_url(server.url)
    app: Bot = builder.get_updates_request(Fetch(watch)).build()
    app.add_handler(TypeHandler(Update, note))
    assert app.updater
    async with app:
        await app.start()
        await app.updater.start_polling(error_callback=watch.failed)
        try:
            yield seen
        finally:
            await app.updater.stop()
            await app.stop()


async def test_polling_goes_on_behind_an_unreadable_update(server: Telegram, watch: Watch) -> None:
    """The real updater confirms bad updates, polls at its ordinary pace, and stops."""
    anna = server.person("Anna")
    async with polling(server, watch) as seen:
        for bad in BAD.values():
            server.queue(bad)
        anna.says("after")
        await asyncio.to_thread(server.wait, lambda: seen == ["after"])
        await asyncio.to_thread(server.wait, lambda: not server.pending())
        assert len(server.calls("getUpdates")) < 2 * len(BAD) + 4
    assert server.pending() == 0


async def test_a_second_poller_ends_the_bot_with_a_sentence(server: Telegram) -> None:
    """Where Telegram ends poll after poll for another program, the bot can stop and say why."""
    metrics = Metrics()
    watch = Watch(metrics, conflicts=2)
    server.fail_next("getUpdates", status=409, times=2)
    async with polling(server, watch):
        error = await asyncio.wait_for(watch.end(), 5)
    assert isinstance(error, TwoPollersError)
    assert "stop one of the two" in str(error)
    assert "citebot_conflicts_total 2.0" in generate_latest(metrics.registry).decode()


async def test_a_token_that_is_taken_back_ends_the_bot(server: Telegram, watch: Watch) -> None:
    """The library stops polling without a word at 401; the bot says so instead of sitting there."""
    server.fail_next("getUpdates", status=401)
    async with bot(server, watch) as one:
        with pytest.raises(TelegramError):
            await one.get_updates()
        error = await asyncio.wait_for(watch.end(), 5)
    assert isinstance(error, TokenRefusedError)
    assert server.token not in str(error)
