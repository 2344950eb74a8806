"""Everything that a bot is made of, for tests of its verbs: only Telegram is a stand-in.

    async with bot_parts(server, corpus.parent) as parts:
        anna.says("/start")
        await handle(parts)

The corpus and its index come from the fixture `corpus`, the database is a new SQLite file.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telegram import Message, Update
from telegram.ext import ExtBot
from telegram.request import HTTPXRequest

from bot import admin, callbacks, commands, inline, uploads
from bot.answers import Answers
from bot.database import Database
from bot.domain import Kept, Me, Place, Said, Source, Thread
from bot.health import Metrics
from bot.hearing import Heard, command_of, place_of
from bot.inbox import Inbox
from bot.limiter import Limiter, Rate, Urgency
from bot.outbox import Outbox
from bot.parts import Parts
from bot.people import Chats, People
from bot.phrases import interface, words
from bot.quota import Quota
from bot.settings import BotSettings
from rag.build import Parts as Making
from rag.settings import Settings
from tests.library import ANALYSER
from tests.telegram_people import Person
from tests.telegram_people import Place as Where
from tests.telegram_server import Telegram

FAST = Rate(count=1_000, seconds=1.0, kept=0)
"""A limit that no test reaches."""


def utc() -> datetime:
    return datetime.now(UTC)


@asynccontextmanager
async def bot_parts(
    server: Telegram,
    folder: Path,
    *,
    now: Callable[[], datetime] = utc,
    library: Settings | None = None,
    **settings: Any,
) -> AsyncIterator[Parts]:
    """The parts of a bot whose corpus is `folder/articles`, and whose data are `folder/data`.

    `settings` are the bot's, without the token and the server; `PTB_TIMEDELTA` has to be set.
    """
    library = library or Settings(
        corpus=folder / "articles", data=folder / "data", threshold=0.0, _env_file=None
    )
    own = BotSettings(token=server.token, base_url=server.url, _env_file=None, **settings)
    async with AsyncExitStack() as stack:
        database = await Database.open(own.database(library.data))
        stack.push_async_callback(database.close)
        making = Making(library)
        # It takes long to read, and is the same for all.
        making.analyser = ANALYSER
        answerer = stack.enter_context(making.answerer)
        metrics = Metrics()
        bot = _bot(server, metrics)
        await stack.enter_async_context(bot)
        user = bot.bot
        inbox, people, chats = Inbox(database), People(database), Chats(database)
        yield Parts(
            settings=own,
            library=library,
            answerer=answerer,
            bot=bot,
            me=Me(
                username=user.username or "",
                reads_groups=bool(user.can_read_all_group_messages),
                is_inline=bool(user.supports_inline_queries),
            ),
            database=database,
            inbox=inbox,
            people=people,
            chats=chats,
            answers=Answers(database),
            quota=Quota(
                database,
                per_minute=own.per_minute,
                per_day=own.per_day,
                daily_cost=own.daily_cost,
            ),
            outbox=Outbox(bot=bot, inbox=inbox, people=people, chats=chats, metrics=metrics),
            metrics=metrics,
            now=now,
            started_at=now(),
        )


def _bot(server: Telegram, metrics: Metrics) -> ExtBot[Urgency]:
    # Certificates take long to load, and nothing here needs them.
    one, other = (HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2))
    return ExtBot[Urgency](
        server.token,
        base_url=server.url,
        base_file_url=server.file_url,
        request=one,
        get_updates_request=other,
        rate_limiter=Limiter(metrics, private=(FAST,), group=(FAST,), overall=FAST),
    )


async def next_update(parts: Parts) -> Update:
    """The oldest update that is not confirmed; it is, and stands in the inbox."""
    (update,) = await parts.bot.get_updates(limit=1)
    await parts.bot.get_updates(offset=update.update_id + 1, limit=1)
    user, chat = update.effective_user, update.effective_chat
    ids = chat.id if chat else None, user.id if user else None
    await parts.inbox.add(update.update_id, *ids, update.to_json(), parts.now())
    return update


async def heard_of(parts: Parts, update: Update) -> Heard:
    """An update as `bot.routes` makes a verb of it."""
    user, message = update.effective_user, update.effective_message
    assert user
    place = place_of(message) if message else Place(chat_id=user.id)
    person = await parts.people.see(user.id, interface(user.language_code))
    return Heard(
        update_id=update.update_id,
        thread=Thread(place=place, user_id=user.id),
        message_id=message.message_id if message else None,
        text="",
        phrases=words(person.language),
        is_admin=user.id in parts.settings.admins,
        at=parts.now(),
    )


async def handle(parts: Parts) -> bool:
    """Hand the next update to its verb and close it; whether there is such a verb."""
    update = await next_update(parts)
    heard = await heard_of(parts, update)
    is_ours = await _verb(parts, heard, update)
    await parts.inbox.done(update.update_id)
    return is_ours


async def _verb(parts: Parts, heard: Heard, update: Update) -> bool:
    if update.inline_query:
        await inline.asked(parts, heard, update.inline_query, sleep=_at_once)
        return True
    if update.callback_query:
        await callbacks.pressed(parts, heard, update.callback_query)
        return True
    message = update.message
    assert message
    if message.document:
        await uploads.offered(parts, heard, message)
        return True
    command = command_of(message, parts.me)
    return command is not None and (
        await commands.run(parts, heard, *command)
        or await admin.run(parts, heard, *command, answered=_answered(message))
    )


def _answered(message: Message) -> int | None:
    author = message.reply_to_message.from_user if message.reply_to_message else None
    return author.id if author else None


async def _at_once(_seconds: float) -> None:
    """No time passes."""


async def keep(
    parts: Parts, person: Person, where: Where | None = None, *, number: int = 1
) -> Kept:
    """An answer that a person was given, with one source."""
    chat = where or person
    place = Place(chat_id=chat.id, is_private=chat.id > 0)
    source = Source(
        number=number,
        article_id="mill.txt",
        title="The mill",
        published_on=None,
        quote="Its wheel still turns.",
        before="The mill by the river was sold. ",
        after="",
    )
    made = Kept(
        id=0,
        thread=Thread(place=place, user_id=person.id),
        question="Does the wheel turn?",
        language="en",
        asked_at=parts.now(),
        statements=(Said(text="Its wheel still turns.", numbers=(number,)),),
        sources=(source,),
    )
    return await parts.answers.keep(made)
