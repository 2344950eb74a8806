"""A whole bot at work in the test's own event loop: `bot.app.run`, until the block is left.

    async with working(server, library) as work:
        anna.says("Who bought the mill?")
        await work.until(lambda: server.messages(anna))

What takes long without being of use here is left out: certificates, waiting for a turn to send,
pauses. At the end no task of the bot's may be left.
"""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

from telegram.request import HTTPXRequest

from bot import app, outbox, routes
from bot.fetch import Fetch
from bot.joining import Joiner
from bot.limiter import Limiter
from bot.settings import BotSettings
from prompts import load
from rag.build import Parts
from rag.settings import Settings
from tests.adversary_row import Sight
from tests.bots import FAST
from tests.library import ANALYSER
from tests.openai_server import KEY, MODEL, Reply, Request, completes, serving
from tests.telegram_server import Telegram

T = TypeVar("T")

MOMENT = 0.15
"""Seconds that the next part of a long question is waited for."""

QUICK = partial(Limiter, private=(FAST,), group=(FAST,), overall=FAST)

_ANSWERING = load("answer").body.partition("\n")[0]
_UNVERIFIED: Mapping[str, Any] = {"httpx_kwargs": {"verify": False}}


class _Library(Parts):
    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        # It takes long to read, and is the same for all.
        self.analyser = ANALYSER


@dataclass(kw_only=True)
class Work:
    """A bot at work, as a test sees it."""

    server: Telegram
    settings: BotSettings
    library: Settings
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    task: "asyncio.Task[None] | None" = None
    made: list[app.Running] = field(default_factory=list)

    @property
    def running(self) -> app.Running:
        return self.made[-1]

    async def until(self, holds: Callable[[], T], patience: float = 5.0) -> T:
        """Wait until something is true of the server; what ended the bot before is raised."""

        def look() -> tuple[T] | None:
            if self.task and self.task.done():
                self.task.result()
            return (value,) if (value := holds()) else None

        (value,) = await asyncio.to_thread(self.server.wait, look, patience)  # type: ignore[misc]
        return value

    async def settled(self) -> None:
        """Wait until all that came is done."""
        async with asyncio.timeout(10):
            while self.server.pending() or await self.running.parts.inbox.waiting():  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@asynccontextmanager
async def working(
    server: Telegram, library: Settings, *, sweep: float = 0.1, is_slow: bool = False, **given: Any
) -> AsyncIterator[Work]:
    """A bot that takes updates; `is_slow` if it is to wait for its turn to send.

    `given` are the bot's settings, without the token and the server.
    """
    own = {"token": server.token, "base_url": server.url, "_env_file": None} | given
    work = Work(server=server, settings=BotSettings(**own), library=library)
    before = asyncio.all_tasks()
    async with AsyncExitStack() as stack:
        stack.enter_context(_patched(work, sweep))
        limited = Limiter if is_slow else QUICK
        run = app.run(work.settings, library, work.stop, limited=limited)
        work.task = asyncio.create_task(run)
        try:
            asked = "setWebhook" if work.settings.webhook_url else "getUpdates"
            known = len(server.calls(asked))
            await work.until(lambda: len(server.calls(asked)) > known and work.made, 20.0)
            yield work
        finally:
            work.stop.set()
            async with asyncio.timeout(30):
                await asyncio.wait([work.task])
    work.task.result()
    left = asyncio.all_tasks() - before
    assert not left, f"Tasks that the bot left: {left}"


@contextmanager
def _patched(work: Work, sweep: float) -> Iterator[None]:
    init = app.Running.__init__

    def running(self: app.Running, **parts: Any) -> None:
        init(self, **parts)
        work.made.append(self)

    with ExitStack() as stack:
        for where, name, value in (
            (app, "HTTPXRequest", partial(HTTPXRequest, **_UNVERIFIED)),
            (app, "Fetch", partial(Fetch, **_UNVERIFIED)),
            (app, "Library", _Library),
            (app, "SWEEP", sweep),
            (app.Running, "__init__", running),
            (outbox, "PAUSE", 0.02),
            (routes, "Joiner", partial(Joiner, moment=MOMENT)),
        ):
            stack.enter_context(patch.object(where, name, value))
        stack.enter_context(patch.dict(os.environ, {"PTB_TIMEDELTA": "1"}))
        yield


def library_of(corpus: Path, **more: Any) -> Settings:
    """The settings of the fixture `corpus`."""
    given = {"data": corpus.parent / "data", "threshold": 0.0, "model": None, "_env_file": None}
    return Settings(**{"corpus": corpus} | given | more)


def repeating(
    *words: str, delay: float = 0.0, pause: float = 0.0, parts: int = 1
) -> Callable[[Request], Reply]:
    """A script for a model that says every sentence with one of these words, in their order.

    The text comes in so many parts, with a pause before each further one.
    """

    def script(request: Request) -> Reply:
        if not request.message("system").startswith(_ANSWERING):
            return completes("{}")  # The question needs no other words.
        found = Sight(request=request).sentences.items()
        claims = [
            {"text": text, "keys": [key]} for one in words for key, text in found if one in text
        ]
        said = json.dumps({"claims": claims}, ensure_ascii=False)
        return replace(completes(said, parts=parts), delay=delay, pause=pause)

    return script


@contextmanager
def written(corpus: Path, script: Callable[[Request], Reply], **more: Any) -> Iterator[Settings]:
    """The settings of a library whose answers a scripted model writes."""
    with serving(script) as model:
        told = {"model": MODEL, "openai_base_url": model.url, "openai_api_key": KEY}
        yield library_of(corpus, **told | more)


def free_port() -> int:
    """A port of this machine that nobody uses."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
