"""One bot from its settings: started, kept at work, stopped.

database ── open rows back into the queue ── Telegram ── updates ── until a signal
                                                            └── stop: finish, or leave for
                                                                the next start
"""

import asyncio
import json
import logging
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from telegram import BotCommand, BotCommandScopeChat, Update
from telegram.error import BadRequest, InvalidToken, NetworkError, TelegramError
from telegram.ext import Application, ApplicationBuilder, ExtBot, TypeHandler
from telegram.request import HTTPXRequest

from bot.access import Gate
from bot.answers import Answers
from bot.database import Database
from bot.domain import Interface, Me
from bot.fetch import UNKNOWN, Fetch, TokenRefusedError, Watch
from bot.health import Check, Metrics, serving
from bot.hook import posted
from bot.inbox import Inbox
from bot.limiter import Limiter, Urgency
from bot.outbox import Outbox
from bot.pages import commands
from bot.parts import Parts
from bot.people import Chats, People
from bot.phrases import words
from bot.processor import Processor
from bot.queue import UpdateQueue
from bot.quota import Quota
from bot.routes import Routes
from bot.settings import BotSettings
from rag.answerer import Answerer
from rag.build import Parts as Library
from rag.settings import Settings
from rag.threads import aside

UPDATES = ("message", "callback_query", "inline_query", "my_chat_member")
"""What Telegram is asked for. Edited messages and channel posts never come."""

PASSING = ("reset", "privacy", "language")
"""Commands that need not wait for the answers of their chat."""

SWEEP = 15.0
"""Seconds between two looks at what could not be said."""

PRUNE = 3_600.0
"""Seconds between two deletions of what is old."""

LATE = 90.0
"""Seconds without a poll after which the bot is not ready."""

AGAIN = (1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds between tries to reach Telegram at the start; the last for ever."""

Bot = ExtBot[Urgency]
Program = Application[Any, Any, Any, Any, Any, Any]

_log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False)
class Running:
    """A bot at work."""

    parts: Parts
    program: "Program"
    processor: Processor
    queue: UpdateQueue
    routes: Routes
    watch: Watch

    async def serve(self, stop: asyncio.Event) -> None:
        """Take updates until `stop` is set. Raises `CitebotError` where polling makes no sense."""
        async with AsyncExitStack() as stack:
            await _introduce(self.parts)
            rows = await self.parts.inbox.open()
            self.routes.restore(rows)
            for row in rows:
                update = Update.de_json(json.loads(row.body), self.parts.bot)
                self.queue.restore(update)
            if rows:
                _log.info("%d updates were open and are handled now", len(rows))
            await self.program.start()
            stack.push_async_callback(self._stop)
            if self.parts.settings.health_port:
                port = self.parts.settings.health_port
                await stack.enter_async_context(serving(self.parts.metrics, self.checks, port))
            await self._listen(stack)
            for work in (self.sweep(), self.prune()):
                stack.callback(asyncio.create_task(work).cancel)
            _log.info("@%s is at work", self.parts.me.username)
            await self._until(stop)

    async def _listen(self, stack: AsyncExitStack) -> None:
        """Poll, or have Telegram post."""
        settings, updater = self.parts.settings, self.program.updater
        if settings.webhook_url:
            await stack.enter_async_context(posted(self.parts, self.queue, UPDATES))
        elif updater:
            await updater.start_polling(
                allowed_updates=list(UPDATES),
                drop_pending_updates=False,
                bootstrap_retries=-1,
                error_callback=self.watch.failed,
            )
            stack.push_async_callback(updater.stop)

    async def _until(self, stop: asyncio.Event) -> None:
        """Wait for the end. Raises `CitebotError` where polling makes no sense any more."""
        stopped = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(self.watch.end())
        await asyncio.wait({stopped, ended}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if ended.done():
            raise ended.result()
        ended.cancel()
        _log.info("Stopping: what is in work has %g seconds", self.parts.settings.stop_seconds)

    async def _stop(self) -> None:
        """Finish what is in work, or leave it to the next start."""
        await self.processor.close(self.parts.settings.stop_seconds)
        while not self.queue.empty():
            self.queue.get_nowait()
            self.queue.task_done()
        await self.program.stop()

    @property
    def checks(self) -> Mapping[str, Check]:
        """What has to hold for the bot to be ready."""

        async def database() -> bool:
            await self.parts.database.check()
            return True

        async def articles() -> bool:
            return await aside(lambda: self.parts.answerer.indexer.manifest.exists)

        async def telegram() -> bool:
            polled = self.watch.polled
            is_posted = self.parts.settings.webhook_url is not None
            return is_posted or (polled is not None and polled.total_seconds() < LATE)

        return {"database": database, "index": articles, "telegram": telegram}

    async def sweep(self) -> None:
        """Handle again what could not be said, for ever."""
        while True:
            await asyncio.sleep(SWEEP)
            self.routes.sweep()
            self.parts.metrics.waiting(await self.parts.inbox.waiting())

    async def prune(self) -> None:
        """Delete what is old, for ever."""
        while True:
            before = self.parts.now() - timedelta(days=self.parts.settings.retention_days)
            await self.parts.answers.prune(before)
            await self.parts.inbox.prune(before)
            await self.parts.quota.prune(before)
            await asyncio.sleep(PRUNE)


async def run(settings: BotSettings, library: Settings, stop: asyncio.Event) -> None:
    """Be a bot until `stop` is set.

    Raises `CitebotError` where it cannot be one, or not any more.
    """
    metrics = Metrics()
    async with AsyncExitStack() as stack:
        database = await Database.open(settings.database(library.data))
        stack.push_async_callback(database.close)
        answerer = stack.enter_context(Library(library).answerer)
        if report := await answerer.prepare():
            _log.info("The index was built: %d articles", report.articles)
        watch, queue = Watch(metrics), UpdateQueue(Inbox(database), metrics)
        processor = Processor(settings.at_once, metrics, passing=PASSING)
        program = _program(settings, metrics, watch, queue, processor)
        me = await _reached(program, settings, stop)
        if me is None:
            return
        stack.push_async_callback(program.shutdown)
        made = _Made(
            settings=settings, library=library, answerer=answerer, database=database,
            metrics=metrics,
        )  # fmt: skip
        parts = _parts(made, program.bot, me)
        gate = Gate(settings=settings, people=parts.people, chats=parts.chats)
        routes = Routes(parts=parts, gate=gate, again=queue.restore)
        stack.callback(routes.close)
        program.add_handler(TypeHandler(Update, routes.handle))
        running = Running(
            parts=parts, program=program, processor=processor, queue=queue, routes=routes,
            watch=watch,
        )  # fmt: skip
        await running.serve(stop)


def _program(
    settings: BotSettings,
    metrics: Metrics,
    watch: Watch,
    queue: UpdateQueue,
    processor: Processor,
) -> "Program":
    pool = settings.at_once + 8
    builder = (
        ApplicationBuilder()
        .token(settings.token.get_secret_value())
        .base_url(settings.base_url)
        .base_file_url(settings.file_url)
        .request(HTTPXRequest(connection_pool_size=pool, pool_timeout=30.0))
        .get_updates_request(Fetch(watch))
        .rate_limiter(Limiter(metrics))
        .concurrent_updates(processor)
        .update_queue(queue)
    )
    return builder.build()


@dataclass(frozen=True, kw_only=True, eq=False)
class _Made:
    """What there is before Telegram is reached."""

    settings: BotSettings
    library: Settings
    answerer: Answerer
    database: Database
    metrics: Metrics


def _parts(made: _Made, bot: "Bot", me: Me) -> Parts:
    settings, database = made.settings, made.database
    inbox, people, chats = Inbox(database), People(database), Chats(database)
    return Parts(
        settings=settings,
        library=made.library,
        answerer=made.answerer,
        bot=bot,
        me=me,
        database=database,
        inbox=inbox,
        people=people,
        chats=chats,
        answers=Answers(database),
        quota=Quota(
            database,
            per_minute=settings.per_minute,
            per_day=settings.per_day,
            daily_cost=settings.daily_cost,
        ),
        outbox=Outbox(bot=bot, inbox=inbox, people=people, chats=chats, metrics=made.metrics),
        metrics=made.metrics,
        now=_now,
        started_at=_now(),
    )


def _now() -> datetime:
    return datetime.now(UTC)


async def _reached(program: "Program", settings: BotSettings, stop: asyncio.Event) -> Me | None:
    """What the bot is, once Telegram says so; nothing where it is to stop before that.

    Raises `TokenRefusedError`.
    """
    for number in count():
        try:
            await program.initialize()
        except InvalidToken:
            raise TokenRefusedError(UNKNOWN) from None
        except NetworkError as error:
            _log.warning("Telegram cannot be reached and is tried again: %s", error)
            pause = AGAIN[min(number, len(AGAIN) - 1)]
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            if stop.is_set():
                return None
        else:
            break
    me = program.bot.bot
    return Me(
        username=me.username or "",
        reads_groups=bool(me.can_read_all_group_messages),
        is_inline=settings.inline and bool(me.supports_inline_queries),
    )


async def _introduce(parts: Parts) -> None:
    """Tell Telegram the commands, for each language; it is no harm if that does not work."""
    try:
        for code in (None, *Interface):
            phrases = words(code or Interface.EN)
            told = [BotCommand(c.name, c.description) for c in commands(phrases, is_admin=False)]
            await parts.bot.set_my_commands(told, language_code=code.value if code else None)
        for admin in parts.settings.admins:
            phrases = words(Interface.EN)
            told = [BotCommand(c.name, c.description) for c in commands(phrases, is_admin=True)]
            with suppress(BadRequest):  # Who has not written to the bot yet has no chat.
                await parts.bot.set_my_commands(told, scope=BotCommandScopeChat(admin))
    except TelegramError as error:
        _log.warning("The commands could not be set: %s", error)
