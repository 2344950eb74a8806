"""How a verb ends: what it says to the person who made it work, and what it says of errors."""

import logging

from bot import pages
from bot.domain import Trouble
from bot.hearing import Heard
from bot.markup import Page
from bot.parts import Parts
from rag.errors import CitebotError

_log = logging.getLogger(__name__)


async def tell(parts: Parts, heard: Heard, page: Page, *, replaces: int | None = None) -> None:
    """Say a page as the end of an update; in groups as a reply. Raises `UndeliveredError`.

    `replaces` is the message whose place it takes.
    """
    reply_to = None if heard.place.is_private else heard.message_id
    await parts.outbox.say(heard.update_id, heard.place, page, reply_to=reply_to, replaces=replaces)


async def fail(
    parts: Parts, heard: Heard, error: CitebotError, *, replaces: int | None = None
) -> None:
    """Say that the articles cannot be used; administrators are told what to do about it.

    Raises `UndeliveredError`.
    """
    _log.error("The articles cannot be used: %s", error)
    detail = str(error) if heard.is_admin else ""
    page = pages.trouble(heard.phrases, Trouble.ARTICLES, detail=detail)
    await tell(parts, heard, page, replaces=replaces)
