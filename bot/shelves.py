"""The articles as the index has them: all of them, or the one that somebody means."""

import unicodedata
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

from bot.domain import Listed
from bot.presses import key_of
from rag.answerer import Answerer
from rag.domain import Article
from rag.errors import ArticleError, UsageError
from rag.threads import aside

_NAMES: tuple[Callable[[Listed], str], ...] = (
    lambda one: one.article_id,
    lambda one: PurePosixPath(one.article_id).name,
    lambda one: PurePosixPath(one.article_id).stem,
    lambda one: one.title,
)
"""What an article may be called, the surest name first."""


async def every(answerer: Answerer) -> tuple[Listed, ...]:
    """The articles, each text once, in the order of their ids; the index is built where needed.

    Raises `CitebotError`.
    """
    await answerer.prepare()
    return await aside(_every, answerer)


async def named(answerer: Answerer, name: str) -> Article | None:
    """The article that a person calls so: by file, by title, or by its number in the list.

    Nothing where there is none, or its file is gone. Raises `CitebotError`.
    """
    found = _named(await every(answerer), name)
    return await _read(answerer, found)


async def keyed(answerer: Answerer, key: str) -> Article | None:
    """The article of a button, by `bot.presses.key_of` its id; else as `named`."""
    found = next((one for one in await every(answerer) if key_of(one.article_id) == key), None)
    return await _read(answerer, found)


def _every(answerer: Answerer) -> tuple[Listed, ...]:
    with answerer.indexer.manifest.reading() as snapshot:
        return tuple(
            Listed(
                article_id=entry.id,
                title=entry.title,
                language=entry.language,
                published_on=entry.published_on,
            )
            for entry in snapshot.entries.values()
            if entry.duplicate_of is None
        )


def _named(listed: Sequence[Listed], name: str) -> Listed | None:
    wanted = _plain(name)
    for called in _NAMES:
        for one in listed:
            if _plain(called(one)) == wanted:
                return one
    number = int(wanted) if wanted.isdecimal() else 0
    return listed[number - 1] if 0 < number <= len(listed) else None


def _plain(name: str) -> str:
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


async def _read(answerer: Answerer, found: Listed | None) -> Article | None:
    try:
        return await aside(answerer.read, found.article_id) if found else None
    except (ArticleError, UsageError):
        return None
