"""Questions behind the bot's name, in any chat: one result, which the person may send there."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from sqlalchemy import and_, bindparam, exists, select
from telegram import (
    InlineQuery,
    InlineQueryResultArticle,
    InputTextMessageContent,
    LinkPreviewOptions,
)
from telegram.constants import ParseMode
from telegram.error import TelegramError

from bot import replies
from bot.account import limited, outcome, paid
from bot.health import Outcome
from bot.hearing import Heard
from bot.markup import parts as parts_of
from bot.markup import shortened
from bot.parts import Parts
from bot.quoting import kept, nearest
from bot.replies import PREVIEW, Inline
from bot.tables import INBOX
from rag.domain import Answer, Reply
from rag.errors import CitebotError
from rag.threads import aside

LEAST = 3
"""Characters of a question."""

MOMENT = 0.7
"""Seconds without a further letter after which a question is taken as whole."""

PATIENCE = 8.0
"""Seconds for the answer: Telegram shows nothing that comes much later."""

KEPT = 10
"""Seconds for which Telegram may show the same person the same result."""

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_log = logging.getLogger(__name__)

# What of a person stands in no chat is an inline query.
_NEWER = select(
    exists().where(
        and_(
            INBOX.c.user_id == bindparam("person"),
            INBOX.c.chat_id.is_(None),
            INBOX.c.update_id > bindparam("this"),
        )
    )
)


async def asked(
    parts: Parts,
    heard: Heard,
    query: InlineQuery,
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Answer a question, once the person has stopped typing."""
    text = query.query.strip()
    if not parts.settings.inline or len(text) < LEAST:
        await _show(parts, query, None)
        return
    if await _is_outdated(parts, heard):
        return
    await sleep(MOMENT)
    if await _is_outdated(parts, heard):
        return
    wait = await parts.quota.allowed(heard.update_id, heard.thread.user_id, parts.now())
    if wait:
        parts.metrics.asked(Outcome.LIMITED)
        page = limited(parts, heard.phrases, wait)
        title = shortened(page.text, PREVIEW)
        await _show(parts, query, Inline(title=title, description="", page=page))
        return
    shown = await _answered(parts, heard, text)
    await _show(parts, query, shown, kept=KEPT if shown else 0)


async def _answered(parts: Parts, heard: Heard, text: str) -> Inline | None:
    """A reply as a result; nothing where there is none, or not in time."""
    begun = time.perf_counter()
    try:
        async with asyncio.timeout(PATIENCE):
            reply = await parts.answerer.answer(text)
            await paid(parts, heard.thread.user_id, reply)
            shown = await _inline(parts, heard, reply)
    except (CitebotError, TimeoutError) as error:
        _log.warning("An inline query was not answered: %s", type(error).__name__)
        parts.metrics.asked(Outcome.FAILED, time.perf_counter() - begun)
        return None
    parts.metrics.asked(outcome(reply), time.perf_counter() - begun)
    return shown


async def _inline(parts: Parts, heard: Heard, reply: Reply) -> Inline:
    if isinstance(reply, Answer):
        made = await aside(kept, reply, heard.thread, parts.answerer, heard.at)
        return replies.inline_answer(
            heard.phrases, made, is_degraded=bool(reply.degraded), is_stale=bool(reply.stale)
        )
    near = await aside(nearest, reply.nearest, parts.answerer)
    return replies.inline_refusal(heard.phrases, reply, near)


async def _is_outdated(parts: Parts, heard: Heard) -> bool:
    """Whether the person has typed on: what came since is written down, and waits its turn."""
    values = {"person": heard.thread.user_id, "this": heard.update_id}
    ((is_newer,),) = await parts.database.read(_NEWER, **values)
    return bool(is_newer)


async def _show(parts: Parts, query: InlineQuery, shown: Inline | None, *, kept: int = 0) -> None:
    """Hand over one result, or none; to nobody else but this person."""
    results = [_result(query, shown)] if shown else []
    try:
        await parts.bot.answer_inline_query(query.id, results, cache_time=kept, is_personal=True)
    except TelegramError as error:
        # Mostly "query is too old": the person has typed on, or gone.
        _log.info("An inline query's result was not taken: %s", type(error).__name__)


def _result(query: InlineQuery, shown: Inline) -> InlineQueryResultArticle:
    content = InputTextMessageContent(
        parts_of(shown.page)[0].html,
        parse_mode=ParseMode.HTML,
        link_preview_options=_NO_PREVIEW,
    )
    # A query's number has about 20 digits; Telegram takes 64 bytes.
    return InlineQueryResultArticle(
        query.id[:64], shown.title, content, description=shown.description or None
    )
