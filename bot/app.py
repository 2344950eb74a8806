"""One bot from its settings: started, kept at work, stopped.

database ── open rows back into the queue ── Telegram ── updates ── until a signal
                                                            └── stop: finish, or leave for
                                                                the next start
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from telegram import BotCommand, BotCommandScopeChat, Update
from telegram.error import BadRequest, InvalidToken, TelegramError
from telegram.ext import Application, ApplicationBuilder, ExtBot, TypeHandler, Updater
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
from bot.redact import where
from bot.routes import Routes
from bot.settings import BotSettings
from bot.tray import Tray
from rag.answerer import Answerer
from rag.build import Parts as Library
from rag.errors import CitebotError, LockedError, StorageError
from rag.paths import reason
from rag.settings import Settings
from rag.threads import aside

UPDATES = ("message", "callback_query", "inline_query", "my_chat_member")
"""What Telegram is asked for. Edited messages and channel posts never come."""

PASSING = ("privacy", "language")
"""Commands that need not wait for the answers of their chat; /reset has to come behind them."""

SWEEP = 15.0
"""Seconds between two looks at what could not be said."""

PRUNE = 3_600.0
"""Seconds between two deletions of what is old."""

LATE = 90.0
"""Seconds without a poll after which the bot is not ready."""

LAST_POLL = 2.0
"""Seconds for telling Telegram at the end which updates have come."""

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
            await self._restore()
            await self.program.start()
            stack.push_async_callback(self._stop)
            await stack.enter_async_context(_beside(_introduce(self.parts)))
            await stack.enter_async_context(_beside(_for_ever(self.prune, PRUNE)))
            await stack.enter_async_context(_beside(_for_ever(self.sweep, SWEEP)))
            # The last to begin is the first to end.
            listening = await stack.enter_async_context(_beside(self._listen()))
            _log.info("@%s is at work", self.parts.me.username)
            await self._until(stop, listening)
            _log.info("Stopping: what is in work has %g s", self.parts.settings.stop_seconds)

    async def _restore(self) -> None:
        """Have what is open come again, before anything new."""
        rows = await self.parts.inbox.open()
        self.routes.restore(rows)
        for row in rows:
            try:
                update = Update.de_json(json.loads(row.body), self.parts.bot)
            except Exception as error:  # noqa: BLE001 - the library raises whatever it runs into
                _log.error("Update %d cannot be read any more: %s", row.update_id, where(error))
                await self.parts.inbox.apologised(row.update_id)
                continue
            if update.inline_query:  # Telegram has forgotten whom the results are for.
                await self.parts.inbox.done(row.update_id)
            else:
                self.queue.restore(update)
        if rows:
            _log.info("%d updates were open and are handled now", len(rows))

    async def _listen(self) -> None:
        """Poll, or have Telegram post, for ever. Raises `CitebotError`."""
        updater = self.program.updater
        try:
            if self.parts.settings.webhook_url or not updater:
                async with posted(self.parts, self.queue, UPDATES):
                    await asyncio.Event().wait()
            else:
                await self._poll(updater)
        except InvalidToken:
            raise TokenRefusedError(UNKNOWN) from None

    async def _poll(self, updater: Updater) -> None:
        try:
            await updater.start_polling(
                allowed_updates=list(UPDATES),
                drop_pending_updates=False,
                bootstrap_retries=-1,
                error_callback=self.watch.failed,
            )
            await asyncio.Event().wait()
        finally:
            # The library sleeps through its pauses, and meets once more what ended the polling.
            if updater.running:
                with suppress(TelegramError, TimeoutError):
                    await asyncio.wait_for(updater.stop(), LAST_POLL)

    async def _until(self, stop: asyncio.Event, listening: "asyncio.Task[None]") -> None:
        """Wait for the end. Raises `CitebotError` where polling makes no sense any more."""
        stopped = asyncio.create_task(stop.wait())
        ended = asyncio.create_task(self.watch.end())
        try:
            await asyncio.wait({stopped, ended, listening}, return_when=asyncio.FIRST_COMPLETED)
            if ended.done():
                raise ended.result()
            if listening.done():
                listening.result()
        finally:
            stopped.cancel()
            ended.cancel()

    async def _stop(self) -> None:
        """Finish what is in work, or leave it to the next start."""
        await self.processor.close(self.parts.settings.stop_seconds)
        while not self.queue.empty():
            self.queue.get_nowait()
            self.queue.task_done()
        await self.program.stop()

    async def sweep(self) -> None:
        """Handle again what could not be said."""
        self.routes.sweep()
        self.parts.metrics.waiting(await self.parts.inbox.waiting())

    async def prune(self) -> None:
        """Delete what is old."""
        now = self.parts.now()
        before = now - timedelta(days=self.parts.settings.retention_days)
        await self.parts.answers.prune(before)
        await self.parts.inbox.prune(before)
        await self.parts.quota.prune(before)
        await aside(Tray.of(self.parts.library).prune, now)


async def run(
    settings: BotSettings,
    library: Settings,
    stop: asyncio.Event,
    *,
    limited: Callable[[Metrics], Limiter] = Limiter,
) -> None:
    """Be a bot until `stop` is set; `limited` makes what keeps it from calling too fast.

    Raises `CitebotError` where it cannot be one, or not any more.
    """
    metrics = Metrics()
    watch = Watch(metrics)
    async with AsyncExitStack() as stack:
        stack.enter_context(_alone(library.data))
        database = await Database.open(settings.database(library.data))
        stack.push_async_callback(database.close)
        answerer = stack.enter_context(Library(library).answerer)
        if settings.health_port:
            checks = _checks(settings, database, answerer, watch)
            await stack.enter_async_context(serving(metrics, checks, settings.health_port))
        await _index(answerer, stop)
        queue = UpdateQueue(Inbox(database), metrics)
        processor = Processor(settings.at_once, metrics, passing=PASSING)
        request = HTTPXRequest(connection_pool_size=settings.at_once + 8, pool_timeout=30.0)
        requests = request, Fetch(watch)
        for one in requests:
            # The library closes only what it has begun, and it may never reach Telegram.
            stack.push_async_callback(one.shutdown)
        program = _program(settings, requests, limited(metrics), queue, processor)
        stack.push_async_callback(program.shutdown)
        me = await _reached(program, settings, stop)
        if me is None:
            return
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


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One bot at a time: what is open in the inbox would be handled by each of them.

    Raises `LockedError`, and `StorageError` where the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / "bot.lock", timeout=0)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise LockedError(
            f"Another bot uses the folder {folder}: stop it, or set CITEBOT_DATA to another folder."
        ) from None
    except OSError as error:
        raise StorageError(
            f"The folder {folder} cannot be written ({reason(error)}): check that CITEBOT_DATA "
            "names a folder that may be written."
        ) from None
    try:
        yield
    finally:
        lock.release()


@asynccontextmanager
async def _beside(work: Coroutine[Any, Any, None]) -> AsyncIterator["asyncio.Task[None]"]:
    """Something that goes on while the block runs, and has come to its end when that is left."""
    task = asyncio.create_task(work)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # Who cares for it has asked for it.


async def _for_ever(work: Callable[[], Awaitable[None]], pause: float) -> None:
    """Do something again and again, whatever comes of it."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the next time it may work
            why = str(error) if isinstance(error, CitebotError) else where(error)
            _log.error("What is done from time to time did not work: %s", why)
        await asyncio.sleep(pause)


def _checks(
    settings: BotSettings, database: Database, answerer: Answerer, watch: Watch
) -> Mapping[str, Check]:
    """What has to hold for the bot to be ready."""

    async def stored() -> bool:
        await database.check()
        return True

    async def indexed() -> bool:
        return await aside(lambda: answerer.indexer.manifest.exists)

    async def heard() -> bool:
        polled = watch.polled
        is_posted = settings.webhook_url is not None
        return is_posted or (polled is not None and polled.total_seconds() < LATE)

    return {"database": stored, "index": indexed, "telegram": heard}


async def _index(answerer: Answerer, stop: asyncio.Event) -> None:
    """Build the index where there is none, unless the bot is to stop meanwhile."""

    def note(_done: int, _total: int) -> None:
        if stop.is_set():
            raise _StoppedError

    with suppress(_StoppedError):
        if report := await answerer.prepare(progress=note):
            _log.info("The index was built: %d articles", report.articles)


class _StoppedError(Exception):
    """The bot is to stop; nothing of the index stays."""


def _program(
    settings: BotSettings,
    requests: tuple[HTTPXRequest, Fetch],
    limiter: Limiter,
    queue: UpdateQueue,
    processor: Processor,
) -> "Program":
    request, fetch = requests
    builder = (
        ApplicationBuilder()
        .token(settings.token.get_secret_value())
        .base_url(settings.base_url)
        .base_file_url(settings.file_url)
        .request(request)
        .get_updates_request(fetch)
        .rate_limiter(limiter)
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
        if stop.is_set():
            return None
        try:
            await program.initialize()
        except InvalidToken:
            raise TokenRefusedError(UNKNOWN) from None
        except TelegramError as error:
            _log.warning("Telegram cannot be reached and is tried again: %s", error)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), AGAIN[min(number, len(AGAIN) - 1)])
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
