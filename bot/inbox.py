"""Updates that came, and what is sent for them: both written down before anything is done.

    add ── begin ── plan ── sending ── sent ── done
     │      │        │        │  └── refused ── sending …
     └──────┴────────┴────────┴── killed here: `open` has it at the next start

A question that came in several updates becomes one of them (`join`), and the others are closed.
An update is closed by `done` or `apologised`; what it said and who said it is blanked then. A
message is sent twice only if the kill falls between Telegram's taking it and `sent`; it is found
in doubt then (`Delivery.is_doubtful`), and sending it again is counted.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import (
    BindParameter,
    Connection,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    update,
)

from bot.domain import Delivery, Received
from bot.tables import COUNTERS, DELIVERIES, INBOX

if TYPE_CHECKING:
    from bot.database import Database

COPIES = "copies"
"""The counter of messages that may have been sent twice."""

# To make a statement takes longer than to carry it out, so they are made once.
_IS_OPEN = INBOX.c.state.in_(("new", "working"))
_THIS = and_(INBOX.c.update_id == bindparam("this"), _IS_OPEN)
_ITS = DELIVERIES.c.update_id == bindparam("this")
_IS_UNSENT = DELIVERIES.c.state != "sent"
_ONE = DELIVERIES.c.id == bindparam("this")

_BEGIN = (
    update(INBOX)
    .where(_THIS)
    .values(state="working", tries=INBOX.c.tries + 1)
    .returning(INBOX.c.tries)
)
_OPEN = (
    select(INBOX, exists().where(DELIVERIES.c.update_id == INBOX.c.update_id).label("is_planned"))
    .where(_IS_OPEN)
    .order_by(INBOX.c.update_id)
)
_WAITING = select(func.count()).select_from(INBOX).where(_IS_OPEN)
_IS_THERE = select(INBOX.c.update_id).where(_THIS)
_JOIN = update(INBOX).where(_THIS).values(body=bindparam("whole")).returning(INBOX.c.update_id)
_INTERIM = update(INBOX).where(_THIS).values(interim_message_id=bindparam("message"))
# How many parts were sent, and whether others wait. Nobody closes it until the transaction ends.
_STAND = (
    select(
        select(func.count()).where(_ITS, ~_IS_UNSENT).scalar_subquery().label("sent"),
        exists().where(_ITS, _IS_UNSENT).label("has_more"),
    )
    .select_from(INBOX)
    .where(_THIS)
    .with_for_update()
)
_TAKE_BACK = delete(DELIVERIES).where(_ITS, _IS_UNSENT)
_PLAN = insert(DELIVERIES).returning(DELIVERIES.c.id, DELIVERIES.c.part)
_UNSENT = select(DELIVERIES).where(_ITS, _IS_UNSENT).order_by(DELIVERIES.c.part)
_SENDING = (
    update(DELIVERIES)
    .where(_ONE, DELIVERIES.c.state == "planned")
    .values(state="sending")
    .returning(DELIVERIES.c.id)
)
_REFUSED = update(DELIVERIES).where(_ONE, DELIVERIES.c.state == "sending").values(state="planned")
_SENT = (
    update(DELIVERIES).where(_ONE).values(state="sent", message_id=bindparam("message"), body="")
)
_THESE: BindParameter[int] = bindparam("these", expanding=True)
_CLOSE = (
    update(INBOX)
    .where(INBOX.c.update_id.in_(_THESE), _IS_OPEN)
    .values(state=bindparam("closed"), body="", chat_id=None, user_id=None, interim_message_id=None)
    .returning(exists().where(DELIVERIES.c.update_id == INBOX.c.update_id, _IS_UNSENT))
)
_STILL = select(INBOX.c.update_id).where(INBOX.c.update_id.in_(_THESE), _IS_OPEN).with_for_update()
_BLANK = update(DELIVERIES).where(DELIVERIES.c.update_id.in_(_THESE)).values(body="")


class Inbox:
    """The tables of updates and deliveries."""

    def __init__(self, database: "Database") -> None:
        self._database = database
        known = database.insert(INBOX).on_conflict_do_nothing()
        self._add = known.returning(INBOX.c.update_id)

    async def add(
        self, update_id: int, chat_id: int | None, user_id: int | None, body: str, at: datetime
    ) -> bool:
        """Write an update down: before Telegram is told that it came. False if it is known."""
        made = await self._database.write(
            self._add,
            update_id=update_id,
            chat_id=chat_id,
            user_id=user_id,
            received_at=at,
            body=body,
            state="new",
            tries=0,
        )
        return bool(made)

    async def begin(self, update_id: int) -> int:
        """Begin to handle an update: the number of this try, from 1; 0 if it is not open."""
        return sum(tries for (tries,) in await self._database.write(_BEGIN, this=update_id))

    async def open(self) -> tuple[Received, ...]:
        """What is not closed yet, in the order of `update_id`: to go on with after a start."""
        return tuple(
            Received(
                update_id=row.update_id,
                chat_id=row.chat_id,
                user_id=row.user_id,
                received_at=row.received_at,
                body=row.body,
                tries=row.tries,
                is_planned=row.is_planned,
                interim_message_id=row.interim_message_id,
            )
            for row in await self._database.read(_OPEN)
        )

    async def waiting(self) -> int:
        """How many updates are not closed yet."""
        ((count,),) = await self._database.read(_WAITING)
        return int(count)

    async def is_open(self, update_id: int) -> bool:
        """Whether an update is still to be handled: not where somebody asked to be forgotten."""
        return bool(await self._database.read(_IS_THERE, this=update_id))

    async def join(self, update_id: int, body: str, earlier: Sequence[int]) -> bool:
        """Make one update of several: from now on this one says what all of them said.

        False, and nothing is done, where one of them is closed already.
        """

        def work(connection: Connection) -> bool:
            others = connection.execute(_STILL, {"these": earlier}).all()
            if len(others) < len(earlier):
                return False
            if not connection.execute(_JOIN, {"this": update_id, "whole": body}).all():
                return False
            close(connection, earlier, "done")
            return True

        return await self._database.transaction(work)

    async def interim(self, update_id: int, message_id: int | None) -> None:
        """Write down the message that shows a group how far its answer is."""
        await self._database.write(_INTERIM, this=update_id, message=message_id)

    async def plan(self, update_id: int, parts: Sequence[str]) -> tuple[Delivery, ...]:
        """Write down what is to be sent: in place of what was planned and is not sent yet.

        An update that is not open gets nothing. After a kill look at `Received.is_planned`
        first: what is written down already is `unsent`.
        """

        def work(connection: Connection) -> tuple[Delivery, ...]:
            stand = connection.execute(_STAND, {"this": update_id}).first()
            if stand is None:
                return ()
            if stand.has_more:
                connection.execute(_TAKE_BACK, {"this": update_id})
            return _planned(connection, update_id, stand.sent, parts)

        return await self._database.transaction(work)

    async def unsent(self, update_id: int) -> tuple[Delivery, ...]:
        """What is still to be sent, in order; in doubt where a try's end is unknown."""
        return tuple(
            Delivery(
                id=row.id,
                update_id=row.update_id,
                part=row.part,
                body=row.body,
                is_doubtful=row.state == "sending",
            )
            for row in await self._database.read(_UNSENT, this=update_id)
        )

    async def sending(self, delivery: Delivery) -> bool:
        """Say that a message goes out now. True, and counted, if it may be a second copy."""
        if await self._database.write(_SENDING, this=delivery.id):
            return False
        # Planned no longer, or not there: somebody may have asked to be forgotten.
        is_there = exists().where(DELIVERIES.c.id == delivery.id)
        counted = (
            self._database.insert(COUNTERS)
            .from_select(["name", "value"], select(literal(COPIES), literal(1)).where(is_there))
            .on_conflict_do_update(
                index_elements=[COUNTERS.c.name], set_={"value": COUNTERS.c.value + 1}
            )
        )
        return bool(await self._database.write(counted.returning(COUNTERS.c.value)))

    async def refused(self, delivery: Delivery) -> None:
        """Say that Telegram did not take a message: the next try is no second copy."""
        await self._database.write(_REFUSED, this=delivery.id)

    async def sent(self, delivery: Delivery, message_id: int | None) -> None:
        """Say that Telegram took a message, and what it calls it; its text is blanked."""
        await self._database.write(_SENT, this=delivery.id, message=message_id)

    async def copies(self) -> int:
        """How many messages may have been sent twice, ever."""
        statement = select(COUNTERS.c.value).where(COUNTERS.c.name == COPIES)
        return sum(int(value) for (value,) in await self._database.read(statement))

    async def done(self, *update_ids: int) -> None:
        """Close updates, together: nothing is left in them but their numbers."""
        await self._close(update_ids, "done")

    async def apologised(self, *update_ids: int) -> None:
        """Close updates that got an apology in place of an answer."""
        await self._close(update_ids, "apologised")

    async def _close(self, update_ids: Sequence[int], state: str) -> None:
        await self._database.transaction(lambda connection: close(connection, update_ids, state))

    async def prune(self, before: datetime) -> int:
        """Delete closed updates that came before a time, and say how many."""
        statement = delete(INBOX).where(INBOX.c.received_at < before, ~_IS_OPEN)
        return len(await self._database.write(statement.returning(INBOX.c.update_id)))


def close(connection: Connection, update_ids: Sequence[int], state: str) -> None:
    """Close updates as part of a transaction."""
    closed = connection.execute(_CLOSE, {"these": update_ids, "closed": state})
    # What was sent is blank already.
    if any(has_more for (has_more,) in closed):
        connection.execute(_BLANK, {"these": update_ids})


def _planned(
    connection: Connection, update_id: int, start: int, parts: Sequence[str]
) -> tuple[Delivery, ...]:
    if not parts:
        return ()
    rows = [
        {"update_id": update_id, "part": part, "body": body, "state": "planned"}
        for part, body in enumerate(parts, start)
    ]
    ids = {row.part: row.id for row in connection.execute(_PLAN, rows)}
    return tuple(
        Delivery(id=ids[part], update_id=update_id, part=part, body=body)
        for part, body in enumerate(parts, start)
    )
