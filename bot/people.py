"""People and chats: the language they are spoken to in, and whether they are let in.

A private chat has the number of its person. Bans and permissions may be given to people and chats
that the bot has not met.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    Table,
    bindparam,
    case,
    delete,
    or_,
    select,
    update,
)

from bot.domain import Chat, Interface, Person
from bot.inbox import close
from bot.tables import ANSWERS, ASKED, CHATS, FEEDBACK, INBOX, METADATA, PEOPLE, SPENDING

if TYPE_CHECKING:
    from bot.database import Database

UNKNOWN = Interface.EN
"""The language of who has not written yet: what Telegram says replaces it."""

NOBODY = 0
"""Whose spending it is that those had who are forgotten."""

_PERSON = select(PEOPLE).where(PEOPLE.c.user_id == bindparam("this"))
_CHAT = select(CHATS).where(CHATS.c.chat_id == bindparam("this"))

STRANGER = {"is_chosen": False, "is_active": True, "is_banned": False, "is_allowed": False}
NEW = {"is_active": True, "is_banned": False, "is_allowed": False}


class People:
    """The table of people."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    async def find(self, user_id: int) -> Person | None:
        """Somebody, if the bot knows them."""
        rows = await self._database.read(_PERSON, this=user_id)
        return _person(rows[0]) if rows else None

    async def see(self, user_id: int, language: Interface) -> Person:
        """Somebody who writes, and so has not blocked the bot; `language` is as Telegram says.

        A language that they chose stays.
        """
        known = await self.find(user_id)
        if known and known.is_active and (known.is_chosen or known.language == language):
            return known
        kept = case((PEOPLE.c.is_chosen, PEOPLE.c.language), else_=language.value)
        return await self._put(user_id, language, {"language": kept, "is_active": True})

    async def choose(self, user_id: int, language: Interface) -> Person:
        """Speak a language to somebody from now on."""
        chosen = {"language": language.value, "is_chosen": True}
        return await self._put(user_id, language, chosen)

    async def lose(self, user_id: int) -> None:
        """Somebody blocked the bot: no message reaches them, until they write again."""
        mine = PEOPLE.c.user_id == user_id
        await self._database.write(update(PEOPLE).where(mine).values(is_active=False))

    async def ban(self, user_id: int) -> Person:
        """Let somebody in no more."""
        return await self._put(user_id, UNKNOWN, {"is_banned": True, "is_allowed": False})

    async def allow(self, user_id: int) -> Person:
        """Let somebody in, also where few are, or again."""
        return await self._put(user_id, UNKNOWN, {"is_banned": False, "is_allowed": True})

    async def forget(self, user_id: int, *, by: int | None = None) -> None:
        """Delete what is stored about a person, permissions and bans included.

        What they asked and was not done is closed, but for the update `by` in which they ask to
        be forgotten. What they spent goes on counting, as nobody's.
        """

        def work(connection: Connection) -> None:
            theirs = or_(INBOX.c.user_id == user_id, INBOX.c.chat_id == user_id)
            others = select(INBOX.c.update_id).where(theirs, INBOX.c.update_id.is_distinct_from(by))
            close(connection, connection.scalars(others).all(), "done")
            for table in (FEEDBACK, ANSWERS, ASKED, PEOPLE):
                connection.execute(delete(table).where(table.c.user_id == user_id))
            connection.execute(delete(CHATS).where(CHATS.c.chat_id == user_id))
            self._make_nobodys(connection, user_id)

        await self._database.transaction(work)

    def _make_nobodys(self, connection: Connection, user_id: int) -> None:
        spent = delete(SPENDING).where(SPENDING.c.user_id == user_id).returning(SPENDING)
        add = self._database.insert(SPENDING)
        add = add.on_conflict_do_update(
            index_elements=[SPENDING.c.day, SPENDING.c.user_id],
            set_={
                "questions": SPENDING.c.questions + add.excluded.questions,
                "cost": SPENDING.c.cost + add.excluded.cost,
            },
        )
        for row in connection.execute(spent).mappings().all():
            connection.execute(add, {**row, "user_id": NOBODY})

    async def _put(self, user_id: int, language: Interface, changes: Mapping[str, Any]) -> Person:
        new = {**STRANGER, **changes, "user_id": user_id, "language": language.value}
        statement = (
            self._database.insert(PEOPLE)
            .values(new)
            .on_conflict_do_update(index_elements=[PEOPLE.c.user_id], set_=changes)
            .returning(PEOPLE)
        )
        (row,) = await self._database.write(statement)
        return _person(row)


class Chats:
    """The table of chats."""

    def __init__(self, database: "Database") -> None:
        self._database = database

    async def find(self, chat_id: int) -> Chat | None:
        """A chat, if the bot knows it."""
        rows = await self._database.read(_CHAT, this=chat_id)
        return _chat(rows[0]) if rows else None

    async def join(self, chat_id: int) -> Chat:
        """The bot is in a chat."""
        return await self._put(chat_id, is_active=True)

    async def leave(self, chat_id: int) -> Chat:
        """The bot is in a chat no more."""
        return await self._put(chat_id, is_active=False)

    async def ban(self, chat_id: int) -> Chat:
        """Answer in a chat no more."""
        return await self._put(chat_id, is_banned=True, is_allowed=False)

    async def allow(self, chat_id: int) -> Chat:
        """Answer in a chat, also where few are answered in, or again."""
        return await self._put(chat_id, is_banned=False, is_allowed=True)

    async def migrate(self, old: int, new: int) -> None:
        """Give a chat its new number, everywhere; both stay known. Doing it twice is once."""

        def work(connection: Connection) -> None:
            for table in tables_of_chats():
                connection.execute(update(table).where(table.c.chat_id == old).values(chat_id=new))
            row = connection.execute(_CHAT, {"this": old}).first()
            if row is None or row.migrated_to != new:
                rights = {"is_banned": row.is_banned, "is_allowed": row.is_allowed} if row else {}
                connection.execute(self._upsert(new, is_active=True, **rights))
            connection.execute(self._upsert(old, is_active=False, migrated_to=new))

        await self._database.transaction(work)

    async def _put(self, chat_id: int, **values: Any) -> Chat:
        (row,) = await self._database.write(self._upsert(chat_id, **values).returning(CHATS))
        return _chat(row)

    def _upsert(self, chat_id: int, **values: Any) -> Any:
        new = {**NEW, **values, "chat_id": chat_id}
        return (
            self._database.insert(CHATS)
            .values(new)
            .on_conflict_do_update(index_elements=[CHATS.c.chat_id], set_=values)
        )


def tables_of_chats() -> tuple[Table, ...]:
    """The tables that name a chat, but for that of the chats."""
    return tuple(
        table for table in METADATA.sorted_tables if "chat_id" in table.c and table is not CHATS
    )


def _person(row: Any) -> Person:
    return Person(
        user_id=row.user_id,
        language=Interface(row.language),
        is_chosen=row.is_chosen,
        is_active=row.is_active,
        is_banned=row.is_banned,
        is_allowed=row.is_allowed,
    )


def _chat(row: Any) -> Chat:
    return Chat(
        chat_id=row.chat_id,
        is_active=row.is_active,
        is_banned=row.is_banned,
        is_allowed=row.is_allowed,
        migrated_to=row.migrated_to,
    )
