"""What `bot.queue` promises: nothing is confirmed to Telegram that is not written down."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import generate_latest
from telegram import Message, Update
from telegram.error import TelegramError
from telegram.ext import Application, ApplicationBuilder, TypeHandler

from bot.database import Database
from bot.health import Metrics
from bot.inbox import Inbox
from bot.queue import UpdateQueue
from rag.errors import StorageError
from tests.telegram_server import Telegram, telegram

NOW = datetime(2026, 5, 1, tzinfo=UTC)


class Book:
    """An inbox in memory whose disk can be full."""

    def __init__(self) -> None:
        self.rows: dict[int, tuple[int | None, int | None, str, datetime]] = {}
        self.failures: list[BaseException] = []
        """What the next ones meet."""
        self.is_written_all_the_same = False
        self.order: list[str] = []

    async def add(
        self, update_id: int, chat_id: int | None, user_id: int | None, body: str, at: datetime
    ) -> bool:
        await asyncio.sleep(0)
        if self.failures:
            if self.is_written_all_the_same:
                self.rows[update_id] = chat_id, user_id, body, at
            raise self.failures.pop(0)
        self.order.append(f"written {update_id}")
        is_new = update_id not in self.rows
        self.rows.setdefault(update_id, (chat_id, user_id, body, at))
        return is_new


def message(number: int, text: str = "hunter2") -> Update:
    value = {
        "update_id": number,
        "message": {
            "message_id": number,
            "date": 1,
            "chat": {"id": -100, "type": "supergroup", "title": "Mill"},
            "from": {"id": 5, "is_bot": False, "first_name": "Anna"},
            "text": text,
        },
    }
    return Update.de_json(value, None)


def drained(queue: UpdateQueue) -> list[int]:
    found = []
    while not queue.empty():
        update = queue.get_nowait()
        assert isinstance(update, Update)
        found.append(update.update_id)
    return found


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def queue(book: Book) -> UpdateQueue:
    return UpdateQueue(book, Metrics(), lambda: NOW)


async def test_an_update_is_written_down_with_all_that_it_says(
    book: Book, queue: UpdateQueue
) -> None:
    """The row has number, chat, person and the whole update, which can be read again."""
    await queue.put(message(7))
    chat, user, body, at = book.rows[7]
    assert (chat, user, at) == (-100, 5, NOW)
    again = Update.de_json(json.loads(body), None)
    assert again.message is not None
    assert again.message.text == "hunter2"
    assert again.to_json() == body


async def test_what_cannot_be_written_down_is_not_queued(
    book: Book, queue: UpdateQueue, caplog: pytest.LogCaptureFixture
) -> None:
    """Where writing fails the library is told by its own kind of error, without what was said."""
    book.failures = [ValueError("hunter2"), StorageError("The disk is full.")]
    for why in ("ValueError", "The disk is full."):
        with pytest.raises(TelegramError, match=why) as caught:
            await queue.put(message(7))
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
    assert queue.empty()
    assert "hunter2" not in caplog.text
    await queue.put(message(7))
    assert drained(queue) == [7]


async def test_an_update_that_is_known_is_not_queued_again(queue: UpdateQueue) -> None:
    """Telegram may deliver twice; the second copy goes no further."""
    for number in (7, 8, 7, 8, 9):
        await queue.put(message(number))
    assert drained(queue) == [7, 8, 9]


@pytest.mark.parametrize("failure", [ValueError(), asyncio.CancelledError()])
async def test_what_was_written_down_in_doubt_is_queued(
    book: Book, queue: UpdateQueue, failure: BaseException
) -> None:
    """Where only the end of the writing was not heard of, the next delivery is queued, once."""
    book.failures, book.is_written_all_the_same = [failure], True
    with pytest.raises((TelegramError, asyncio.CancelledError)):
        await queue.put(message(7))
    await queue.put(message(7))
    await queue.put(message(7))
    assert drained(queue) == [7]


async def test_what_is_restored_is_not_written_again(book: Book, queue: UpdateQueue) -> None:
    """At the start what was left over is queued from the rows that are there."""
    queue.restore(message(7))
    assert drained(queue) == [7]
    assert not book.rows


async def test_an_update_with_nothing_in_it_goes_nowhere(book: Book, queue: UpdateQueue) -> None:
    """What could not be read is confirmed to Telegram, and that is all."""
    await queue.put(Update(7))
    assert queue.empty()
    assert not book.rows


async def test_signals_of_the_library_pass(book: Book, queue: UpdateQueue) -> None:
    """What is no update is queued as it is: the application is stopped that way."""
    signal = object()
    await queue.put(signal)
    assert queue.get_nowait() is signal
    assert not book.rows


async def test_what_came_is_counted(book: Book) -> None:
    """Updates that are new, known and not writable are counted apart."""
    metrics = Metrics()
    queue = UpdateQueue(book, metrics)
    await queue.put(message(1))
    await queue.put(message(1))
    book.failures = [ValueError()]
    with pytest.raises(TelegramError):
        await queue.put(message(2))
    text = generate_latest(metrics.registry).decode()
    for kind in ("received", "duplicate", "unkept"):
        assert f'citebot_updates_total{{kind="{kind}"}} 1.0' in text


async def test_the_bots_own_inbox_is_such_a_book(tmp_path: Path) -> None:
    """The real table takes updates from the queue, and what it has open is the same update."""
    database = await Database.open(tmp_path / "bot.db")
    inbox = Inbox(database)
    try:
        await UpdateQueue(inbox, Metrics()).put(message(7))
        await UpdateQueue(inbox, Metrics()).put(message(7))
        (row,) = await inbox.open()
    finally:
        await database.close()
    assert Update.de_json(json.loads(row.body), None) == message(7)


Bot = Application[Any, Any, Any, Any, Any, Any]


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as server:
        yield server


@asynccontextmanager
async def running(server: Telegram, book: Book, *, webhook: int = 0) -> AsyncIterator[list[str]]:
    """A real application, by polling or by webhook; what its handler has seen."""
    seen: list[str] = []

    async def note(update: Update, _: object) -> None:
        assert isinstance(update.effective_message, Message)
        assert update.update_id in book.rows
        seen.append(update.effective_message.text or "")

    builder = ApplicationBuilder().token(server.token).base_url(server.url)
    app: Bot = builder.update_queue(UpdateQueue(book, Metrics())).build()
    app.add_handler(TypeHandler(Update, note))
    assert app.updater
    async with app:
        await app.start()
        if webhook:
            await app.updater.start_webhook(
                port=webhook,
                url_path="hook",
                webhook_url=f"http://127.0.0.1:{webhook}/hook",
                secret_token="s",  # noqa: S106
            )
        else:
            await app.updater.start_polling(error_callback=lambda _: None)
        try:
            yield seen
        finally:
            await app.updater.stop()
            await app.stop()


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.mark.parametrize("is_webhook", [False, True], ids=["polling", "webhook"])
async def test_telegram_delivers_again_what_could_not_be_written_down(
    server: Telegram, book: Book, caplog: pytest.LogCaptureFixture, *, is_webhook: bool
) -> None:
    """While the inbox fails nothing is confirmed; once it works all comes, once, in order."""
    caplog.set_level(logging.DEBUG)
    anna = server.person("Anna")
    async with running(server, book, webhook=free_port() if is_webhook else 0) as seen:
        anna.says("one")
        await asyncio.to_thread(server.wait, lambda: seen == ["one"])
        book.failures = [StorageError("The disk is full.")]
        anna.says("two")
        anna.says("three")
        await asyncio.to_thread(server.wait, lambda: not book.failures)
        assert server.pending() >= 2
        assert seen == ["one"]
        await asyncio.to_thread(server.wait, lambda: seen == ["one", "two", "three"])
        await asyncio.to_thread(server.wait, lambda: not server.pending() or not is_webhook)
    assert server.pending() == 0
    assert seen == ["one", "two", "three"]
    assert bool(server.calls("getUpdates")) is not is_webhook


async def test_polling_confirms_only_what_is_written_down(server: Telegram, book: Book) -> None:
    """A poll names an update as done only after its row is there."""
    anna = server.person("Anna")
    async with running(server, book) as seen:
        for text in "abc":
            anna.says(text)
        await asyncio.to_thread(server.wait, lambda: len(seen) == 3)
        offsets = [int(call.params.get("offset") or 0) for call in server.calls("getUpdates")]
    assert max(offsets) <= max(book.rows) + 1
    assert server.pending() == 0
