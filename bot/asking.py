"""A question and its answer: shown while it is made, kept, and said."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot import pages, quoting, replies
from bot.account import limited, outcome, paid
from bot.domain import Lapse, Place, Said, Trouble
from bot.health import Outcome
from bot.hearing import Heard
from bot.limiter import Urgency
from bot.markup import Page
from bot.parts import Parts
from bot.people import NOBODY
from bot.redact import where
from bot.telling import tell
from rag.domain import Answer, Exchange, Reply, Statement
from rag.errors import CitebotError, QuestionError
from rag.threads import aside

QUIET = 0.5
"""Seconds before anything is shown: most answers without a model are there by then."""

TYPING = 4.5
"""Seconds between two typing actions; Telegram shows each for five."""

DRAFTS = 1.0
"""Seconds between two drafts in a private chat."""

EDITS = 5.0
"""Seconds between two edits in a group: Telegram counts these."""

MOST_TRIES = 2
"""Times that an interim message is begun in a group: one whose fate is unknown stays as it is."""

_log = logging.getLogger(__name__)


async def ask(parts: Parts, heard: Heard, *, interim: int | None = None) -> bool:
    """Answer a question, or say why not; whether that was an apology. Raises `UndeliveredError`.

    `interim` is the message that showed the answer in the making before the bot was killed. Raises
    `StorageError`, too, where the bot's database cannot be used; nothing is said then.
    """
    begun = time.perf_counter()
    wait = await parts.quota.allowed(heard.update_id, heard.thread.user_id, parts.now())
    if wait:
        parts.metrics.asked(Outcome.LIMITED)
        await tell(parts, heard, limited(parts, heard.phrases, wait), replaces=interim)
        return False
    showing = Showing(parts=parts, heard=heard, message_id=interim)
    is_lapsed = False
    try:
        async with typing(parts, heard.place):
            page, ended = await _page(parts, heard, showing)
    except CitebotError as error:
        page, ended = _failed(parts, heard, error), Outcome.FAILED
    except Exception as error:  # noqa: BLE001 - whatever it is, the person gets to know
        _log.error("A question could not be answered: %s", where(error))
        page, ended = pages.apology(heard.phrases, Lapse.INTERRUPTED, heard.text), Outcome.FAILED
        is_lapsed = True
    await tell(parts, heard, page, replaces=showing.message_id)
    parts.metrics.asked(ended, time.perf_counter() - begun)
    return is_lapsed


async def _page(parts: Parts, heard: Heard, showing: "Showing") -> tuple[Page, Outcome]:
    """What a question is answered with; the answer is kept."""
    asked_at = parts.now()
    history = await parts.answers.exchanges(heard.thread, asked_at, besides=heard.update_id)
    reply = await _reply(parts, heard, history, showing)
    kept = await aside(quoting.kept, reply, heard.thread, parts.answerer, asked_at)
    # Who asked to be forgotten meanwhile is not answered, and nothing is kept of them.
    is_open = await parts.inbox.is_open(heard.update_id)
    if is_open:
        kept = await parts.answers.keep(kept, update_id=heard.update_id)
    await paid(parts, heard.thread.user_id if is_open else NOBODY, reply)
    if isinstance(reply, Answer):
        page = replies.answer(
            heard.phrases, kept, is_degraded=bool(reply.degraded), is_stale=bool(reply.stale)
        )
    else:
        near = await aside(quoting.nearest, reply.nearest, parts.answerer)
        page = replies.refusal(heard.phrases, reply, near)
    return page, outcome(reply)


async def _reply(
    parts: Parts, heard: Heard, history: Sequence[Exchange], showing: "Showing"
) -> Reply:
    async with aclosing(parts.answerer.stream(heard.text, history=history)) as stream:
        async for one in stream:
            if not isinstance(one, Statement):
                return one
            await showing.add(one)
    raise AssertionError("a stream ends with its reply")


def _failed(parts: Parts, heard: Heard, error: CitebotError) -> Page:
    """What a person is told of an error; administrators, also what to do about it."""
    if isinstance(error, QuestionError):
        is_long = len(heard.text) > parts.library.max_question_characters
        return pages.trouble(heard.phrases, Trouble.LONG if is_long else Trouble.UNREADABLE)
    _log.error("A question could not be answered: %s", error)
    detail = str(error) if heard.is_admin else ""
    return pages.trouble(heard.phrases, Trouble.ARTICLES, detail=detail)


@dataclass(slots=True, kw_only=True)
class Showing:
    """An answer in the making, as the person sees it."""

    parts: Parts
    heard: Heard
    message_id: int | None = None
    """In groups, the message that is edited."""
    _said: list[Said] = field(default_factory=list)
    _shown_at: float = field(default_factory=time.perf_counter)
    _tries: int = 0

    async def add(self, statement: Statement) -> None:
        """Show one statement more, if there has been time enough since the last."""
        numbers = tuple(citation.number for citation in statement.citations)
        self._said.append(Said(text=statement.text, numbers=numbers))
        now = time.perf_counter()
        pause = DRAFTS if self.heard.place.is_private else EDITS
        if now - self._shown_at < (pause if len(self._said) > 1 else QUIET):
            return
        self._shown_at = now
        await self._show(replies.making(self.heard.phrases, self._said))

    async def _show(self, page: Page) -> None:
        outbox, heard = self.parts.outbox, self.heard
        if heard.place.is_private:
            await outbox.draft(heard.place, heard.update_id, page)
        elif self.message_id is None:
            if self._tries == MOST_TRIES:
                return
            self._tries += 1
            self.message_id = await outbox.begin(heard.place, page, heard.message_id)
            if self.message_id is not None:
                await self.parts.inbox.interim(heard.update_id, self.message_id)
        else:
            await outbox.go_on(heard.place, self.message_id, page)


@asynccontextmanager
async def typing(parts: Parts, place: Place) -> AsyncIterator[None]:
    """Show that somebody is at work, as long as the block runs."""
    task = asyncio.create_task(_type(parts, place))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def _type(parts: Parts, place: Place) -> None:
    await asyncio.sleep(QUIET)
    while True:
        try:
            await parts.bot.send_chat_action(
                place.chat_id,
                ChatAction.TYPING,
                message_thread_id=place.topic_id,
                rate_limit_args=Urgency.PASSING,
            )
        except TelegramError as error:
            _log.debug("Typing was not shown: %s", type(error).__name__)
        await asyncio.sleep(TYPING)
