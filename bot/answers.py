"""Answers as they were given: for their buttons, for follow-ups, for what people think of them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, and_, bindparam, delete, func, literal, select, update

from bot.domain import Kept, Place, Said, Source, Stats, Thread, Verdict
from bot.tables import ANSWERS, FEEDBACK, SPENDING
from rag.domain import Exchange

if TYPE_CHECKING:
    from bot.database import Database

LAST = 6
"""Exchanges that a follow-up may go back to."""

FRESH = timedelta(hours=24)
"""How old they may be."""

_ONE = select(ANSWERS).where(ANSWERS.c.id == bindparam("this"))
_THREAD = and_(
    ANSWERS.c.user_id == bindparam("person"),
    ANSWERS.c.chat_id == bindparam("chat"),
    ANSWERS.c.topic_id == bindparam("topic"),
    ANSWERS.c.is_past.is_(False),
)
_EXCHANGES = (
    select(ANSWERS)
    .where(_THREAD, ANSWERS.c.asked_at < bindparam("now"), ANSWERS.c.asked_at >= bindparam("since"))
    .where(ANSWERS.c.update_id.is_distinct_from(bindparam("besides", type_=BigInteger)))
    .order_by(ANSWERS.c.asked_at.desc(), ANSWERS.c.id.desc())
    .limit(bindparam("most"))
)
_RESET = update(ANSWERS).where(_THREAD).values(is_past=True)


class Answers:
    """The tables of answers and of feedback."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        keep = database.insert(ANSWERS)
        self._keep = keep.on_conflict_do_update(
            index_elements=[ANSWERS.c.update_id],
            set_={
                column.name: keep.excluded[column.name]
                for column in ANSWERS.c
                if column.name not in {"id", "update_id"}
            },
        ).returning(ANSWERS.c.id)

    async def keep(self, kept: Kept, *, update_id: int | None = None) -> Kept:
        """Store an answer, and give it a number in place of the one that it has.

        An update's second answer takes the place and the number of the first: after a kill the
        question is asked again.
        """
        ((number,),) = await self._database.write(
            self._keep,
            update_id=update_id,
            **_thread(kept.thread),
            question=kept.question,
            asked_at=kept.asked_at,
            language=kept.language,
            is_refusal=bool(kept.refusal),
            is_past=False,
            body=_written(kept),
        )
        return replace(kept, id=number)

    async def find(self, answer_id: int) -> Kept | None:
        """An answer, if it is still stored."""
        rows = await self._database.read(_ONE, this=answer_id)
        return _kept(rows[0]) if rows else None

    async def exchanges(
        self,
        thread: Thread,
        at: datetime,
        *,
        besides: int = 0,
        last: int = LAST,
        fresh: timedelta = FRESH,
    ) -> tuple[Exchange, ...]:
        """What was said in a thread before a question at `at`: the last of it, oldest first.

        `besides` is the question's own update: after a kill its answer may be stored already.
        """
        rows = await self._database.read(
            _EXCHANGES, **_named(thread), now=at, since=at - fresh, besides=besides, most=last
        )
        kept = (_kept(row) for row in reversed(rows))
        return tuple(Exchange(question=one.question, reply=one.text) for one in kept)

    async def reset(self, thread: Thread) -> None:
        """Begin a thread anew: no follow-up goes back behind this."""
        await self._database.write(_RESET, **_named(thread))

    async def judge(self, answer_id: int, user_id: int, verdict: Verdict, reason: str = "") -> bool:
        """Write down what somebody thinks of an answer, in place of what they thought before.

        False if the answer is not stored any more.
        """
        there = select(ANSWERS.c.id, literal(user_id), literal(verdict.value), literal(reason))
        statement = self._database.insert(FEEDBACK).from_select(
            ["answer_id", "user_id", "verdict", "reason"], there.where(ANSWERS.c.id == answer_id)
        )
        statement = statement.on_conflict_do_update(
            index_elements=[FEEDBACK.c.answer_id, FEEDBACK.c.user_id],
            set_={"verdict": verdict.value, "reason": reason},
        )
        return bool(await self._database.write(statement.returning(FEEDBACK.c.answer_id)))

    async def stats(self, days: int, at: datetime) -> Stats:
        """What was asked and thought in the last days of UTC, this one included."""
        first = at.astimezone(UTC).date() - timedelta(days=days - 1)
        since = ANSWERS.c.asked_at >= datetime.combine(first, time(), UTC)
        ((answers, refusals, people),) = await self._database.read(
            select(
                func.count().filter(ANSWERS.c.is_refusal.is_(False)),
                func.count().filter(ANSWERS.c.is_refusal),
                func.count(ANSWERS.c.user_id.distinct()),
            ).where(since)
        )
        verdicts = select(FEEDBACK.c.verdict, func.count()).join(ANSWERS).where(since)
        judged = dict(await self._database.read(verdicts.group_by(FEEDBACK.c.verdict)))
        ((cost,),) = await self._database.read(
            select(func.sum(SPENDING.c.cost)).where(SPENDING.c.day >= first)
        )
        return Stats(
            days=days,
            people=people,
            answers=answers,
            refusals=refusals,
            good=judged.get(Verdict.GOOD, 0),
            bad=judged.get(Verdict.BAD, 0),
            cost=cost or None,
        )

    async def prune(self, before: datetime) -> int:
        """Delete answers to what was asked before a time, and say how many."""
        statement = delete(ANSWERS).where(ANSWERS.c.asked_at < before)
        return len(await self._database.write(statement.returning(ANSWERS.c.id)))


def _thread(thread: Thread) -> Mapping[str, int]:
    place = thread.place
    return {
        "chat_id": place.chat_id,
        "topic_id": place.topic_id or 0,
        "user_id": thread.user_id,
    }


def _named(thread: Thread) -> Mapping[str, int]:
    """As the statements call it."""
    place = thread.place
    return {"person": thread.user_id, "chat": place.chat_id, "topic": place.topic_id or 0}


def _written(kept: Kept) -> str:
    body = {
        "statements": [asdict(one) for one in kept.statements],
        "sources": [asdict(one) for one in kept.sources],
        "refusal": kept.refusal,
    }
    return json.dumps(body, default=date.isoformat)


def _kept(row: Any) -> Kept:
    body = json.loads(row.body)
    place = Place(
        chat_id=row.chat_id,
        topic_id=row.topic_id or None,
        # Telegram's groups and channels have numbers below 0.
        is_private=row.chat_id > 0,
    )
    return Kept(
        id=row.id,
        thread=Thread(place=place, user_id=row.user_id),
        question=row.question,
        language=row.language,
        asked_at=row.asked_at,
        statements=tuple(
            Said(text=one["text"], numbers=tuple(one["numbers"])) for one in body["statements"]
        ),
        sources=tuple(_source(one) for one in body["sources"]),
        refusal=body["refusal"],
    )


def _source(written: Mapping[str, Any]) -> Source:
    day = written["published_on"]
    return Source(**{**written, "published_on": date.fromisoformat(day) if day else None})
