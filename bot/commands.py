"""What everybody may ask for by a command, besides an answer (`/ask`)."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

from bot import pages, shelf, shelves
from bot.domain import Trouble
from bot.hearing import Heard
from bot.parts import Parts
from bot.telling import fail, tell
from rag.errors import CitebotError
from rag.threads import aside


async def run(parts: Parts, heard: Heard, name: str, rest: str) -> bool:
    """Do what a command asks for; `rest` is what stands behind it. False if it is none of these.

    Raises `UndeliveredError`.
    """
    verb = _VERBS.get(name)
    if verb is None:
        return False
    await verb(parts, heard, rest)
    return True


async def _start(parts: Parts, heard: Heard, _: str) -> None:
    try:
        count = len(await shelves.every(parts.answerer))
    except CitebotError:
        count = 0  # A greeting all the same: the first question says what is wrong.
    page = pages.greeting(heard.phrases, articles=count, is_private=heard.place.is_private)
    await tell(parts, heard, page)


async def _help(parts: Parts, heard: Heard, _: str) -> None:
    me = replace(parts.me, is_inline=parts.me.is_inline and parts.settings.inline)
    is_private = heard.place.is_private
    page = pages.guide(heard.phrases, me, is_private=is_private, is_admin=heard.is_admin)
    await tell(parts, heard, page)


async def _sources(parts: Parts, heard: Heard, _: str) -> None:
    try:
        listed = await shelves.every(parts.answerer)
    except CitebotError as error:
        await fail(parts, heard, error)
        return
    await tell(parts, heard, shelf.articles(heard.phrases, listed))


async def _article(parts: Parts, heard: Heard, rest: str) -> None:
    if not rest:
        await tell(parts, heard, pages.article_missing(heard.phrases))
        return
    try:
        article = await shelves.named(parts.answerer, rest)
    except CitebotError as error:
        await fail(parts, heard, error)
        return
    if article is None:
        await tell(parts, heard, pages.trouble(heard.phrases, Trouble.NO_ARTICLE))
        return
    await tell(parts, heard, await aside(shelf.article, heard.phrases, article))


async def _language(parts: Parts, heard: Heard, _: str) -> None:
    await tell(parts, heard, pages.languages(heard.phrases))


async def _reset(parts: Parts, heard: Heard, _: str) -> None:
    await parts.answers.reset(heard.thread)
    await tell(parts, heard, pages.reset_done(heard.phrases))


async def _privacy(parts: Parts, heard: Heard, _: str) -> None:
    days, model = parts.settings.retention_days, parts.library.model
    await tell(parts, heard, pages.privacy(heard.phrases, days=days, model=model))


async def _forget(parts: Parts, heard: Heard, _: str) -> None:
    await tell(parts, heard, pages.forget_ask(heard.phrases))


_VERBS: Mapping[str, Callable[[Parts, Heard, str], Awaitable[None]]] = MappingProxyType(
    {
        "start": _start,
        "help": _help,
        "sources": _sources,
        "article": _article,
        "language": _language,
        "reset": _reset,
        "privacy": _privacy,
        "forget": _forget,
    }
)
