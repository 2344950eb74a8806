"""A whole bot at work in a thread of its own: `bot.app.run`, as the command line starts it.

    with telegram() as server, at_work(server, library):
        anna.says("/start")
        server.wait(lambda: server.messages(anna))

It sends without waiting for its turn: how fast a bot may be is for the limiter's tests.
"""

import asyncio
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bot import app
from bot.database import Database
from bot.limiter import Limiter
from bot.settings import BotSettings
from bot.tables import METADATA
from rag.settings import Settings
from tests.bots import FAST
from tests.telegram_server import Telegram

PATIENCE = 60.0
"""Seconds for a start that builds an index."""

QUICK = partial(Limiter, private=(FAST,), group=(FAST,), overall=FAST)

Rows = dict[str, list[tuple[object, ...]]]
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
    with patch.dict(os.environ, {"PTB_TIMEDELTA": "1"}), patch.object(app, "Limiter", QUICK):
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


def settle(server: Telegram, settings: BotSettings, library: Settings) -> None:
    """Wait until the bot has done all that it was told."""
    where = settings.database(library.data)
    server.wait(lambda: not server.pending() and not _open(where), 15.0)


def _open(where: str | Path) -> list[object]:
    states = [row[5] for row in rows(where)["inbox"]]
    return [state for state in states if state in {"new", "working"}]


def rows(where: str | Path) -> Rows:
    """All that the tables of a bot's database hold, as another process sees it."""

    async def read() -> Rows:
        database = await Database.open(where)
        try:
            return {
                table.name: [tuple(row) for row in await database.read(table.select())]
                for table in METADATA.sorted_tables
            }
        finally:
            await database.close()

    return asyncio.run(read())
