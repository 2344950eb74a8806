"""What administrators may ask for by a command."""

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from bot import desk, pages
from bot.domain import Status
from bot.hearing import Heard
from bot.parts import Parts
from bot.renewing import renewed
from bot.telling import fail, tell
from rag.changes import Kind
from rag.errors import CitebotError
from rag.threads import aside

DAYS = 7
"""Days that `/stats` looks back if nothing else is said."""

MOST_DAYS = 365

_NUMBER = re.compile(r"-?[1-9][0-9]{0,17}")
_DAYS = re.compile(r"[1-9][0-9]{0,2}")


async def run(
    parts: Parts, heard: Heard, name: str, rest: str, *, answered: int | None = None
) -> bool:
    """Do what a command asks for; `rest` is what stands behind it. False if it is none of these.

    `answered` is who wrote the message that the command replies to. Raises `UndeliveredError`.
    """
    verb = _VERBS.get(name)
    if verb is None:
        return False
    if heard.is_admin:
        await verb(parts, heard, rest, answered)
    else:
        await tell(parts, heard, pages.administrators_only(heard.phrases))
    return True


async def _status(parts: Parts, heard: Heard, _: str, __: int | None) -> None:
    try:
        await parts.answerer.prepare()
        articles, passages, generation, changed = await aside(_index, parts)
    except CitebotError as error:
        await fail(parts, heard, error)
        return
    now = Status(
        articles=articles,
        passages=passages,
        generation=generation,
        changed=changed,
        model=parts.library.model,
        # All but this one.
        waiting=max(await parts.inbox.waiting() - 1, 0),
        copies=await parts.inbox.copies(),
        uptime=parts.now() - parts.started_at,
        polled=_polled(parts),
    )
    await tell(parts, heard, desk.status(heard.phrases, now))


def _index(parts: Parts) -> tuple[int, int, int, int]:
    """How many articles, passages, generations and changed files there are."""
    indexer = parts.answerer.indexer
    with indexer.manifest.reading() as snapshot:
        changes = indexer.pending(snapshot)
        new = [change for change in changes if change.kind is not Kind.SKIPPED]
        return len(snapshot.entries), snapshot.rows.count(), snapshot.generation, len(new)


def _polled(parts: Parts) -> timedelta | None:
    """Since a poll last worked; nothing where none did, as with a webhook."""
    at = parts.metrics.registry.get_sample_value("citebot_polled_timestamp_seconds")
    return max(parts.now() - datetime.fromtimestamp(at, UTC), timedelta()) if at else None


async def _reindex(parts: Parts, heard: Heard, _: str, __: int | None) -> None:
    outbox, place = parts.outbox, heard.place
    reply_to = None if place.is_private else heard.message_id
    shown = await outbox.begin(place, desk.reindexing(heard.phrases, 0, 0), reply_to)

    async def show(done: int, total: int) -> None:
        if shown is not None and total:
            await outbox.go_on(place, shown, desk.reindexing(heard.phrases, done, total))

    try:
        report = await renewed(parts, show)
    except CitebotError as error:
        await fail(parts, heard, error, replaces=shown)
        return
    await tell(parts, heard, desk.reindexed(heard.phrases, report), replaces=shown)


async def _stats(parts: Parts, heard: Heard, rest: str, _: int | None) -> None:
    days = min(int(rest), MOST_DAYS) if _DAYS.fullmatch(rest) else DAYS
    counts = await parts.answers.stats(days, parts.now())
    await tell(parts, heard, desk.stats(heard.phrases, counts))


async def _ban(parts: Parts, heard: Heard, rest: str, answered: int | None) -> None:
    number = _meant(parts, rest, answered)
    if number is None:
        page = desk.person_missing(heard.phrases, "ban")
    elif number in parts.settings.admins:
        page = desk.kept_in(heard.phrases, number)
    else:
        await (parts.people.ban(number) if number > 0 else parts.chats.ban(number))
        page = desk.shut_out(heard.phrases, number)
    await tell(parts, heard, page)


async def _allow(parts: Parts, heard: Heard, rest: str, answered: int | None) -> None:
    number = _meant(parts, rest, answered)
    if number is None and not rest and not heard.place.is_private:
        number = heard.place.chat_id
    if number is None:
        page = desk.person_missing(heard.phrases, "allow")
    else:
        await (parts.people.allow(number) if number > 0 else parts.chats.allow(number))
        page = desk.let_in(heard.phrases, number)
    await tell(parts, heard, page)


def _meant(parts: Parts, rest: str, answered: int | None) -> int | None:
    """Whom a command is about: a person, or a chat where it is below 0; never the bot."""
    if rest:
        return int(rest) if _NUMBER.fullmatch(rest) else None
    return None if answered == parts.bot.id else answered


_VERBS: Mapping[str, Callable[[Parts, Heard, str, int | None], Awaitable[None]]] = MappingProxyType(
    {
        "status": _status,
        "reindex": _reindex,
        "stats": _stats,
        "ban": _ban,
        "allow": _allow,
    }
)
