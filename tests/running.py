"""A whole bot at work in a thread of its own, for tests that are not async.

    with telegram() as server, at_work(server, library):
        greeting = upon(server, anna, lambda: anna.says("/start"))

Its log is redacted as that of the command line.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from bot.redact import redacting
from bot.settings import BotSettings
from bot.tables import METADATA
from rag.settings import Settings
from tests.telegram_people import Place
from tests.telegram_server import Telegram
from tests.telegram_values import Message
from tests.whole import Work, working

PATIENCE = 30.0
"""Seconds for anything that is waited for."""

Rows = dict[str, list[dict[str, object]]]
"""All that the tables hold, by their names."""


@contextmanager
def at_work(server: Telegram, library: Settings, **settings: Any) -> Iterator[BotSettings]:
    """A bot that takes updates; the end of the block stops it, and raises what ended it before.

    `settings` are the bot's, without the token and the server.
    """
    up: Future[tuple[asyncio.AbstractEventLoop, Work]] = Future()

    async def work() -> None:
        async with working(server, library, **settings) as begun:
            up.set_result((asyncio.get_running_loop(), begun))
            assert begun.task
            await asyncio.wait({begun.task})

    def begin() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:
            # Whoever waits for it hears of it.
            server.broken.append(f"the bot ended: {error!r}")
            if not up.done():
                up.set_exception(error)
            raise

    thread = threading.Thread(target=begin, name="bot")
    with redacting(server.token):
        thread.start()
        loop, begun = up.result(2 * PATIENCE)
        try:
            yield begun.settings
        finally:
            if thread.is_alive():
                loop.call_soon_threadsafe(begun.stop.set)
            thread.join(PATIENCE)


def upon(server: Telegram, where: Place, does: Callable[[], object]) -> Message:
    """The one message that the bot says somewhere upon something."""
    before = len(server.messages(where))
    does()
    said = server.wait(lambda: server.broken or server.messages(where)[before:], PATIENCE)
    assert not server.broken
    (message,) = said
    assert isinstance(message, Message)
    return message


def settle(server: Telegram, settings: BotSettings, library: Settings) -> Rows:
    """Wait until the bot has done all that it was told; what its tables hold then."""
    server.wait(lambda: server.broken or not server.pending(), PATIENCE)
    assert not server.broken
    held = server.wait(lambda: _closed(rows(settings, library)), PATIENCE)
    assert held
    return held


def _closed(held: Rows) -> Rows | None:
    """The tables, if no update in them is open."""
    return None if {row["state"] for row in held["inbox"]} & {"new", "working"} else held


def rows(settings: BotSettings, library: Settings) -> Rows:
    """All that the tables of a bot hold, as another program sees it."""
    file = settings.database(library.data)
    assert isinstance(file, Path)
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        # Names of tables are ours.
        return {
            name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")]  # noqa: S608
            for name in METADATA.tables
        }
