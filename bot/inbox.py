"""Updates that came, and what is sent for them: both written down before anything is done.

    add ── begin ── plan ── sending ── sent ── done
     │      │        │        │  └── refused ── sending …
     └──────┴────────┴────────┴── killed here: `open` has it at the next start

An update is closed by `done` or `apologised`; what it said and who said it is blanked then. A
message is sent twice only if the kill falls between Telegram's taking it and `sent`; it is found
in doubt then (`Delivery.is_doubtful`), and sending it again is counted.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, exists, func, insert, literal, select, update

from bot.domain import Delivery, Received
from bot.tables import COUNTERS, DELIVERIES, INBOX

if TYPE_CHECKING:
    from bot.database import Database

OPEN = ("new", "working")

COPIES = "copies"
"""The counter of messages that may have been sent twice."""


class Inbox:
    """The tables of updates and deliveries."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    async def add(
        self, update_id: int, chat_id: int | None, user_id: int | None, body: str, at: datetime
    ) -> bool:
        """Write an update down: before Telegram is told that it came. False if it is known."""
        row = {
            "update_id": update_id,
            "chat_id": chat_id,
            "user_id": user_id,
            "received_at": at,
            "body": body,
            "state": "new",
            "tries": 0,
        }
        statement = self._database.insert(INBOX).values(row).on_conflict_do_nothing()
        return bool(await self._database.write(statement.returning(INBOX.c.update_id)))

    async def begin(self, update_id: int) -> int:
        """Begin to handle an update: the how manieth try it is; 0 if it is closed or unknown."""
        statement = (
            update(INBOX)
            .where(INBOX.c.update_id == update_id, INBOX.c.state.in_(OPEN))
            .values(state="working", tries=INBOX.c.tries + 1)
            .returning(INBOX.c.tries)
        )
        return sum(tries for (tries,) in await self._database.write(statement))

    async def open(self) -> tuple[Received, ...]:
        """What is not closed yet, in the order of `update_id`: to go on with after a start."""
        planned = exists().where(DELIVERIES.c.update_id == INBOX.c.update_id)
        rows = await self._database.read(
            select(INBOX, planned.label("is_planned"))
            .where(INBOX.c.state.in_(OPEN))
            .order_by(INBOX.c.update_id)
        )
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
            for row in rows
        )

    async def waiting(self) -> int:
        """How many updates are not closed yet."""
        statement = select(func.count()).select_from(INBOX).where(INBOX.c.state.in_(OPEN))
        ((count,),) = await self._database.read(statement)
        return int(count)

    async def interim(self, update_id: int, message_id: int | None) -> None:
        """Write down the message that shows a group how far its answer is."""
        statement = update(INBOX).where(INBOX.c.update_id == update_id, INBOX.c.state.in_(OPEN))
        await self._database.write(statement.values(interim_message_id=message_id))

    async def plan(self, update_id: int, parts: Sequence[str]) -> tuple[Delivery, ...]:
        """Write down what is to be sent: in place of what was planned and is not sent yet.

        An update that is closed or unknown gets nothing. After a kill look at
        `Received.is_planned` first: what is written down already is `unsent`.
        """
        async with self._database.writing() as connection:
            start = await _replace(connection, update_id)
            if start is None or not parts:
                return ()
            rows = [
                {"update_id": update_id, "part": part, "body": body, "state": "planned"}
                for part, body in enumerate(parts, start)
            ]
            statement = self._database.insert(DELIVERIES).values(rows)
            made = await connection.execute(statement.returning(DELIVERIES.c.id, DELIVERIES.c.part))
            ids = {row.part: row.id for row in made}
        return tuple(
            Delivery(id=ids[part], update_id=update_id, part=part, body=body)
            for part, body in enumerate(parts, start)
        )

    async def unsent(self, update_id: int) -> tuple[Delivery, ...]:
        """What is still to be sent, in order; in doubt where a try's end is unknown."""
        rows = await self._database.read(
            select(DELIVERIES)
            .where(DELIVERIES.c.update_id == update_id, DELIVERIES.c.state != "sent")
            .order_by(DELIVERIES.c.part)
        )
        return tuple(
            Delivery(
                id=row.id,
                update_id=row.update_id,
                part=row.part,
                body=row.body,
                is_doubtful=row.state == "sending",
            )
            for row in rows
        )

    async def sending(self, delivery: Delivery) -> bool:
        """Say that a message goes out now. True, and counted, if it may be a second copy."""
        mine = DELIVERIES.c.id == delivery.id
        statement = update(DELIVERIES).where(mine, DELIVERIES.c.state == "planned")
        if await self._database.write(statement.values(state="sending").returning(DELIVERIES.c.id)):
            return False
        # No longer planned, if it is there at all: somebody may have asked to be forgotten.
        counted = (
            self._database.insert(COUNTERS)
            .from_select(["name", "value"], select(literal(COPIES), literal(1)).where(exists(mine)))
            .on_conflict_do_update(
                index_elements=[COUNTERS.c.name], set_={"value": COUNTERS.c.value + 1}
            )
        )
        return bool(await self._database.write(counted.returning(COUNTERS.c.value)))

    async def refused(self, delivery: Delivery) -> None:
        """Say that Telegram did not take a message: the next try is no second copy."""
        statement = update(DELIVERIES).where(
            DELIVERIES.c.id == delivery.id, DELIVERIES.c.state == "sending"
        )
        await self._database.write(statement.values(state="planned"))

    async def sent(self, delivery: Delivery, message_id: int | None) -> None:
        """Say that Telegram took a message, and what it calls it."""
        statement = update(DELIVERIES).where(DELIVERIES.c.id == delivery.id)
        await self._database.write(statement.values(state="sent", message_id=message_id))

    async def copies(self) -> int:
        """How many messages may have been sent twice, ever."""
        rows = await self._database.read(select(COUNTERS.c.value).where(COUNTERS.c.name == COPIES))
        return sum(int(value) for (value,) in rows)

    async def done(self, *update_ids: int) -> None:
        """Close updates, together: nothing is left in them but their numbers."""
        await self._close(update_ids, "done")

    async def apologised(self, *update_ids: int) -> None:
        """Close updates that got an apology in place of an answer."""
        await self._close(update_ids, "apologised")

    async def _close(self, update_ids: Sequence[int], state: str) -> None:
        await self._database.transaction(lambda connection: close(connection, update_ids, state))

    async def prune(self, before: datetime) -> int:
        """Delete closed updates that came before a time; how many there were."""
        statement = delete(INBOX).where(INBOX.c.received_at < before, INBOX.c.state.not_in(OPEN))
        return len(await self._database.write(statement.returning(INBOX.c.update_id)))


def close(connection: Connection, update_ids: Sequence[int], state: str) -> None:
    """Close updates as part of a transaction."""
    connection.execute(
        update(INBOX)
        .where(INBOX.c.update_id.in_(update_ids), INBOX.c.state.in_(OPEN))
        .values(state=state, body="", chat_id=None, user_id=None, interim_message_id=None)
    )
    connection.execute(
        update(DELIVERIES).where(DELIVERIES.c.update_id.in_(update_ids)).values(body="")
    )


def _replace(connection: Connection, update_id: int) -> int | None:
    """Take back what is not sent yet: the first free part, nothing for what is not open."""
    is_open = select(INBOX.c.update_id).where(
        INBOX.c.update_id == update_id, INBOX.c.state.in_(OPEN)
    )
    # Until the end of the transaction nobody closes it.
    if not connection.execute(is_open.with_for_update()).first():
        return None
    mine = DELIVERIES.c.update_id == update_id
    connection.execute(delete(DELIVERIES).where(mine, DELIVERIES.c.state != "sent"))
    last = connection.scalar(select(func.max(DELIVERIES.c.part)).where(mine))
    return 0 if last is None else last + 1


def _planned(
    connection: Connection, update_id: int, parts: Mapping[int, str]
) -> tuple[Delivery, ...]:
    rows = [
        {"update_id": update_id, "part": part, "body": body, "state": "planned"}
        for part, body in parts.items()
    ]
    statement = insert(DELIVERIES).values(rows).returning(DELIVERIES.c.id, DELIVERIES.c.part)
    ids = {row.part: row.id for row in connection.execute(statement)}
    return tuple(
        Delivery(id=ids[part], update_id=update_id, part=part, body=body)
        for part, body in parts.items()
    )
