"""How much a person may ask: in a minute, in a day, and as long as the day's money lasts."""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from bot.domain import Limit, Wait
from bot.tables import ASKED, SPENDING

if TYPE_CHECKING:
    from bot.database import Database

MINUTE = timedelta(minutes=1)

_KNOWN = select(ASKED.c.update_id).where(ASKED.c.update_id == bindparam("this"))
_RECENT = (
    select(ASKED.c.asked_at)
    .where(
        ASKED.c.user_id == bindparam("person"),
        ASKED.c.asked_at > bindparam("since"),
    )
    .order_by(ASKED.c.asked_at.desc())
    .limit(bindparam("most"))
)
_COST = select(func.sum(SPENDING.c.cost)).where(SPENDING.c.day == bindparam("today"))
_COUNT = (
    update(SPENDING)
    .where(SPENDING.c.day == bindparam("today"), SPENDING.c.user_id == bindparam("person"))
    .values(questions=SPENDING.c.questions + 1)
)


class Quota:
    """The tables of questions that were let through, and of what was spent.

    `per_minute` and `per_day` are a person's questions in the last 60 seconds and in a day of
    UTC; `daily_cost` is everybody's together, in the currency of the price table, and no limit
    where it is none. What an answer costs is known afterwards only: as many as are in work at
    once may go beyond it.
    """

    def __init__(
        self, database: "Database", *, per_minute: int, per_day: int, daily_cost: float | None
    ) -> None:
        self._database = database
        self._per_minute = per_minute
        self._per_day = per_day
        self._daily_cost = daily_cost
        enter = database.insert(SPENDING)
        # Writing nothing new keeps others from this person's row until the transaction ends.
        self._enter = enter.on_conflict_do_update(
            index_elements=[SPENDING.c.day, SPENDING.c.user_id],
            set_={
                "questions": SPENDING.c.questions + enter.excluded.questions,
                "cost": SPENDING.c.cost + enter.excluded.cost,
            },
        ).returning(SPENDING.c.questions)

    async def allowed(self, update_id: int, user_id: int, at: datetime) -> Wait | None:
        """Count a question, or say why it has to wait and is not counted.

        An update that was let through is let through again, uncounted: after a kill it is
        asked again. However many ask at once, no limit is exceeded.
        """

        def work(connection: Connection) -> Wait | None:
            today = at.astimezone(UTC).date()
            new = {"day": today, "user_id": user_id, "questions": 0, "cost": 0.0}
            questions = connection.scalar(self._enter, new) or 0
            if connection.execute(_KNOWN, {"this": update_id}).first():
                return None
            waits = (
                self._minute(connection, user_id, at),
                _tomorrow(Limit.DAY, today) if questions >= self._per_day else None,
                self._money(connection, today),
            )
            longest = max((one for one in waits if one), key=lambda one: one.until, default=None)
            if longest is None:
                asked = {"update_id": update_id, "user_id": user_id, "asked_at": at}
                connection.execute(insert(ASKED), asked)
                connection.execute(_COUNT, {"today": today, "person": user_id})
            return longest

        return await self._database.transaction(work)

    def _minute(self, connection: Connection, user_id: int, at: datetime) -> Wait | None:
        named = {"person": user_id, "since": at - MINUTE, "most": self._per_minute}
        recent = connection.scalars(_RECENT, named).all()
        if len(recent) < self._per_minute:
            return None
        return Wait(limit=Limit.MINUTE, until=(recent[-1] if recent else at) + MINUTE)

    def _money(self, connection: Connection, today: date) -> Wait | None:
        if self._daily_cost is None:
            return None
        spent = connection.scalar(_COST, {"today": today}) or 0.0
        return _tomorrow(Limit.COST, today) if spent >= self._daily_cost else None

    async def spend(self, user_id: int, at: datetime, cost: float) -> None:
        """Add what an answer cost."""
        today = at.astimezone(UTC).date()
        await self._database.write(self._enter, day=today, user_id=user_id, questions=0, cost=cost)

    async def used(self, user_id: int, at: datetime) -> tuple[int, int]:
        """A person's questions in the last 60 seconds, and in this day."""
        asked = select(func.count()).where(
            ASKED.c.user_id == user_id, ASKED.c.asked_at > at - MINUTE
        )
        counted = select(func.coalesce(func.sum(SPENDING.c.questions), 0)).where(
            SPENDING.c.user_id == user_id, SPENDING.c.day == at.astimezone(UTC).date()
        )
        statement = select(asked.scalar_subquery(), counted.scalar_subquery())
        ((in_minute, today),) = await self._database.read(statement)
        return int(in_minute), int(today)

    async def spent(self, at: datetime) -> float:
        """What everybody's answers cost in this day."""
        ((cost,),) = await self._database.read(_COST, today=at.astimezone(UTC).date())
        return float(cost or 0.0)

    async def prune(self, before: datetime) -> None:
        """Delete what was asked and spent before a time; days are deleted when they are over."""

        def work(connection: Connection) -> None:
            connection.execute(delete(ASKED).where(ASKED.c.asked_at < before))
            day = before.astimezone(UTC).date()
            connection.execute(delete(SPENDING).where(SPENDING.c.day < day))

        await self._database.transaction(work)


def _tomorrow(limit: Limit, today: date) -> Wait:
    return Wait(limit=limit, until=datetime.combine(today + timedelta(days=1), time(), UTC))
