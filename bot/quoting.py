"""From a reply of the library to what is kept of it and shown."""

from collections.abc import Iterable
from datetime import datetime

from bot.domain import Kept, Listed, Said, Source, Thread
from rag.answerer import Answerer
from rag.domain import Answer, Citation, Hit, Refusal, Reply
from rag.errors import CitebotError
from rag.render import refusal_words

AROUND = 300
"""Characters of an article that are kept on each side of a quote."""

MOST_NEAREST = 3
"""Articles that a refusal offers."""


def kept(reply: Reply, thread: Thread, answerer: Answerer, at: datetime) -> Kept:
    """A reply as it is stored; it has no number yet. Reads the files that it cites."""
    answer = reply if isinstance(reply, Answer) else None
    return Kept(
        id=0,
        thread=thread,
        question=reply.question.meant,
        language=reply.question.language,
        asked_at=at,
        statements=tuple(
            Said(text=one.text, numbers=tuple(citation.number for citation in one.citations))
            for one in (answer.statements if answer else ())
        ),
        sources=tuple(_source(one, answerer) for one in (answer.citations if answer else ())),
        refusal=refusal_words(reply) if isinstance(reply, Refusal) else "",
    )


def nearest(hits: Iterable[Hit], answerer: Answerer) -> tuple[Listed, ...]:
    """The best articles among hits. Reads their files."""
    ids = list(dict.fromkeys(hit.passage.article_id for hit in hits))[:MOST_NEAREST]
    return tuple(listed for listed in (_listed(one, answerer) for one in ids) if listed)


def _listed(article_id: str, answerer: Answerer) -> Listed | None:
    try:
        article = answerer.read(article_id)
    except CitebotError:
        return None
    return Listed(
        article_id=article.id,
        title=article.title,
        language=article.language,
        published_on=article.published_on,
    )


def _source(citation: Citation, answerer: Answerer) -> Source:
    before, after = _around(citation, answerer)
    return Source(
        number=citation.number,
        article_id=citation.article_id,
        title=citation.title,
        published_on=citation.published_on,
        quote=citation.quote,
        before=before,
        after=after,
    )


def _around(citation: Citation, answerer: Answerer) -> tuple[str, str]:
    """What stands beside a quote; nothing where the file is not any more as it was a moment ago."""
    try:
        article = answerer.read(citation.article_id)
    except CitebotError:
        return "", ""
    text = article.text
    if text[citation.start : citation.end] != citation.quote:
        return "", ""
    first = max(article.body_start, citation.start - AROUND)
    before = text[first : citation.start]
    after = text[citation.end : citation.end + AROUND]
    if first > article.body_start:
        before = before[before.find(" ") + 1 :]
    if citation.end + AROUND < len(text):
        after = after[: after.rfind(" ")] if " " in after else ""
    return before, after
