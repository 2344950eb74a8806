"""A whole bot at work in a thread of its own: `bot.app.run`, its log redacted as on the command line.

    with telegram() as server, at_work(server, library):
        anna.says("/start")
        server.wait(lambda: server.messages(anna))

It sends without waiting for its turn: how fast a bot may be is for the limiter's tests.
"""

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bot import app
from bot.limiter import Limiter
from bot.redact import redacting
from bot.settings import BotSettings
from bot.tables import METADATA
from rag.settings import Settings
from tests.bots import FAST
from tests.telegram_people import Place
from tests.telegram_server import Telegram
from tests.telegram_values import Message

PATIENCE = 60.0
"""Seconds for a start that builds an index."""

QUICK = partial(Limiter, private=(FAST,), group=(FAST,), overall=FAST)

Rows = dict[str, list[dict[str, object]]]
"""All that the tables hold, by their names."""

_Up = tuple[asyncio.AbstractEventLoop, asyncio.Event]


@contextmanager
def at_work(server: Telegram, library: Settings, **settings: Any) -> Iterator[BotSettings]:
    """A bot that takes updates; the end of the block stops it, and raises what ended it before.

    `settings` are the bot's, without the token and the server.
    """
    own = BotSettings(
        **{"token": server.token, "base_url": server.url, "_env_file": None} | settings
    )
    up: Future[_Up] = Future()
    ended: list[BaseException] = []

    async def work() -> None:
        stop = asyncio.Event()
        up.set_result((asyncio.get_running_loop(), stop))
        await app.run(own, library, stop)

    def begin() -> None:
        try:
            asyncio.run(work())
        except BaseException as error:  # noqa: BLE001 - it is the test's to raise
            ended.append(error)

    thread = threading.Thread(target=begin, name="bot")
    with (
        patch.dict(os.environ, {"PTB_TIMEDELTA": "1"}),
        patch.object(app, "Limiter", QUICK),
        redacting(server.token),
    ):
        thread.start()
        try:
            server.wait(lambda: ended or _is_listening(server, own), PATIENCE)
            yield own
        finally:
            loop, stop = up.result(PATIENCE)
            if thread.is_alive():
                loop.call_soon_threadsafe(stop.set)
            thread.join()
    if ended:
        raise ended[0]


def _is_listening(server: Telegram, settings: BotSettings) -> bool:
    """Whether the bot has asked for updates, or had them posted."""
    return bool(server.calls("setWebhook" if settings.webhook_url else "getUpdates"))


def upon(server: Telegram, where: Place, does: Callable[[], object]) -> Message:
    """The one message that the bot says somewhere upon something."""
    before = len(server.messages(where))
    does()
    (message,) = server.wait(lambda: server.messages(where)[before:], 30.0)
    return message


def settle(server: Telegram, settings: BotSettings, library: Settings) -> Rows:
    """Wait until the bot has done all that it was told; what its tables hold then."""
    server.wait(lambda: not server.pending(), 30.0)
    return server.wait(lambda: _closed(rows(settings, library)), 30.0)


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
