"""A question and its answer: shown while it is made, kept, and said."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field

from telegram.constants import ChatAction
from telegram.error import TelegramError

from bot import pages, replies
from bot.domain import Limit, Place, Said, Trouble, Wait
from bot.health import Outcome
from bot.hearing import Heard
from bot.limiter import Urgency
from bot.markup import Page
from bot.parts import Parts
from bot.quoting import kept, nearest
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

_log = logging.getLogger(__name__)


async def ask(parts: Parts, heard: Heard, *, interim: int | None = None) -> None:
    """Answer a question, or say why not. Raises `UndeliveredError`.

    `interim` is the message that showed the answer in the making before the bot was killed.
    """
    begun = time.perf_counter()
    asked_at = parts.now()
    wait = await parts.quota.allowed(heard.update_id, heard.thread.user_id, asked_at)
    if wait:
        parts.metrics.asked(Outcome.LIMITED)
        await _say(parts, heard, _limited(parts, heard, wait), interim)
        return
    history = await parts.answers.exchanges(heard.thread, asked_at)
    showing = Showing(parts=parts, heard=heard, message_id=interim)
    try:
        async with typing(parts, heard.place):
            reply = await _reply(parts, heard, history, showing)
            made = await aside(kept, reply, heard.thread, parts.answerer, asked_at)
            stored = await parts.answers.keep(made, update_id=heard.update_id)
    except CitebotError as error:
        parts.metrics.asked(Outcome.FAILED, time.perf_counter() - begun)
        await _say(parts, heard, _failed(heard, error), showing.message_id)
        return
    if isinstance(reply, Answer):
        page = replies.answer(
            heard.phrases,
            stored,
            is_degraded=bool(reply.degraded),
            is_stale=bool(reply.stale),
        )
    else:
        near = await aside(nearest, reply.nearest, parts.answerer)
        page = replies.refusal(heard.phrases, reply, near)
    await _paid(parts, heard, reply)
    await _say(parts, heard, page, showing.message_id)
    parts.metrics.asked(_outcome(reply), time.perf_counter() - begun)


async def _say(parts: Parts, heard: Heard, page: Page, replaces: int | None) -> None:
    reply_to = None if heard.place.is_private else heard.message_id
    await parts.outbox.say(heard.update_id, heard.place, page, reply_to=reply_to, replaces=replaces)


async def _reply(
    parts: Parts, heard: Heard, history: Sequence[Exchange], showing: "Showing"
) -> Reply:
    stream = parts.answerer.stream(heard.text, history=history)
    async with aclosing(stream):
        async for one in stream:
            if not isinstance(one, Statement):
                return one
            await showing.add(one)
    raise AssertionError("a stream ends with its reply")


def _limited(parts: Parts, heard: Heard, wait: Wait) -> Page:
    most = {Limit.MINUTE: parts.settings.per_minute, Limit.DAY: parts.settings.per_day}
    left = wait.until - parts.now()
    return pages.limited(heard.phrases, wait.limit, wait=left, most=most.get(wait.limit, 0))


def _failed(heard: Heard, error: CitebotError) -> Page:
    """What a person is told of an error; administrators, also what to do about it."""
    if isinstance(error, QuestionError):
        is_long = "characters, more than" in str(error)
        return pages.trouble(heard.phrases, Trouble.LONG if is_long else Trouble.UNREADABLE)
    _log.error("A question could not be answered: %s", error)
    detail = str(error) if heard.is_admin else ""
    return pages.trouble(heard.phrases, Trouble.ARTICLES, detail=detail)


async def _paid(parts: Parts, heard: Heard, reply: Reply) -> None:
    usage = reply.provenance.usage
    parts.metrics.spent(tokens_in=usage.tokens_in, tokens_out=usage.tokens_out, cost=usage.cost)
    if usage.cost:
        await parts.quota.spend(heard.thread.user_id, parts.now(), usage.cost)


def _outcome(reply: Reply) -> Outcome:
    if reply.degraded:
        return Outcome.DEGRADED
    return Outcome.ANSWERED if isinstance(reply, Answer) else Outcome.REFUSED


@dataclass(slots=True, kw_only=True)
class Showing:
    """An answer in the making, as the person sees it."""

    parts: Parts
    heard: Heard
    message_id: int | None = None
    """In groups, the message that is edited."""
    _said: list[Said] = field(default_factory=list)
    _shown_at: float = field(default_factory=time.perf_counter)

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
