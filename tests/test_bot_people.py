"""What `bot.people` promises: who is let in is remembered, and who asks to be forgotten is."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Integer,
    Table,
    insert,
    select,
)

from bot.database import Database
from bot.domain import Chat, Interface, Person
from bot.inbox import Inbox
from bot.people import NOBODY, Chats, People
from bot.quota import Quota
from bot.tables import DELIVERIES, INBOX, METADATA, SPENDING, Moment, Words

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANNA, BERT = 111_222_333, 444_555_666
GROUP, SUPERGROUP = -987_654, -100_987_654


@pytest.fixture
def people(database: Database) -> People:
    return People(database)


@pytest.fixture
def chats(database: Database) -> Chats:
    return Chats(database)


# ── people


async def test_strangers_are_unknown(people: People) -> None:
    """Nobody is known who was not seen."""
    assert await people.find(ANNA) is None


async def test_language_follows_telegram_until_it_is_chosen(people: People) -> None:
    """The language is as Telegram says; a chosen one stays."""
    assert await people.see(ANNA, Interface.DE) == Person(user_id=ANNA, language=Interface.DE)
    assert (await people.see(ANNA, Interface.FR)).language is Interface.FR
    chosen = await people.choose(ANNA, Interface.KK)
    assert (chosen.language, chosen.is_chosen) == (Interface.KK, True)
    assert await people.see(ANNA, Interface.DE) == chosen == await people.find(ANNA)


async def test_choice_may_come_first(people: People) -> None:
    """Somebody who was never seen may choose."""
    chosen = await people.choose(ANNA, Interface.RU)
    assert await people.see(ANNA, Interface.DE) == chosen


async def test_who_blocked_the_bot_comes_back_by_writing(people: People) -> None:
    """Somebody is lost until they write again; their language is still theirs."""
    await people.choose(ANNA, Interface.RU)
    await people.lose(ANNA)
    found = await people.find(ANNA)
    assert found
    assert not found.is_active
    assert await people.see(ANNA, Interface.DE) == Person(
        user_id=ANNA, language=Interface.RU, is_chosen=True
    )


async def test_unknown_person_cannot_be_lost(people: People) -> None:
    """Nothing is stored of who never wrote."""
    await people.lose(ANNA)
    assert await people.find(ANNA) is None


async def test_ban_and_permission_end_each_other(people: People) -> None:
    """Whoever is banned is not allowed, and the other way round; seeing them changes nothing."""
    banned = await people.ban(ANNA)
    assert (banned.is_banned, banned.is_allowed) == (True, False)
    seen = await people.see(ANNA, Interface.DE)
    assert (seen.is_banned, seen.language) == (True, Interface.DE)
    allowed = await people.allow(ANNA)
    assert (allowed.is_banned, allowed.is_allowed) == (False, True)
    assert await people.find(ANNA) == allowed


async def test_many_see_one_person_at_once(people: People) -> None:
    """Updates of one person may come at the same time."""
    seen = await asyncio.gather(*(people.see(ANNA, Interface.DE) for _ in range(20)))
    assert set(seen) == {Person(user_id=ANNA, language=Interface.DE)}


# ── chats


async def test_chats_are_joined_and_left(chats: Chats) -> None:
    """What is known of a chat is what was last said."""
    assert await chats.find(GROUP) is None
    assert await chats.join(GROUP) == Chat(chat_id=GROUP)
    assert await chats.leave(GROUP) == Chat(chat_id=GROUP, is_active=False)
    assert await chats.allow(GROUP) == Chat(chat_id=GROUP, is_active=False, is_allowed=True)
    assert await chats.ban(GROUP) == Chat(chat_id=GROUP, is_active=False, is_banned=True)
    assert await chats.find(GROUP) == Chat(chat_id=GROUP, is_active=False, is_banned=True)


async def test_migration_keeps_rights(chats: Chats) -> None:
    """A chat with a new number is let in as before; the old number leads to it."""
    await chats.allow(GROUP)
    await chats.migrate(GROUP, SUPERGROUP)
    assert await chats.find(SUPERGROUP) == Chat(chat_id=SUPERGROUP, is_allowed=True)
    old = await chats.find(GROUP)
    assert old
    assert (old.is_active, old.migrated_to) == (False, SUPERGROUP)


async def test_migration_twice_is_once(chats: Chats) -> None:
    """Telegram says it in two ways: what was set after the first stays after the second."""
    await chats.allow(GROUP)
    await chats.migrate(GROUP, SUPERGROUP)
    await chats.ban(SUPERGROUP)
    await chats.migrate(GROUP, SUPERGROUP)
    assert await chats.find(SUPERGROUP) == Chat(chat_id=SUPERGROUP, is_banned=True)


async def test_migration_of_an_unknown_chat(chats: Chats) -> None:
    """A chat that nothing is known of has a new number all the same."""
    await chats.migrate(GROUP, SUPERGROUP)
    assert await chats.find(SUPERGROUP) == Chat(chat_id=SUPERGROUP)


# ── all tables


def row_of(table: Table, number: int, user: int, chat: int) -> dict[str, Any]:
    """A row about somebody: their numbers where a column is for them, their words elsewhere."""
    return {column.name: value(column, number, user, chat) for column in table.c}


def value(column: Column[Any], number: int, user: int, chat: int) -> Any:
    values: dict[str, Any] = {
        "user_id": user,
        "chat_id": chat,
        "state": "working" if column.table is INBOX else "planned",
        "name": f"counter {number}",
        "language": "en",
        "verdict": "good",
        "migrated_to": None,
        "day": NOW.date(),
    }
    if column.name in values:
        return values[column.name]
    match column.type:
        case Words():
            return f"words of {user}"
        case Moment():
            return NOW
        case Boolean():
            return False
        case BigInteger() | Integer() | Double():
            return number
    raise AssertionError(f"what stands in {column}?")


async def fill(database: Database, number: int, user: int, chat: int) -> None:
    """A row in every table."""

    def work(connection: Connection) -> None:
        for table in METADATA.sorted_tables:
            connection.execute(insert(table).values(row_of(table, number, user, chat)))

    await database.transaction(work)


async def cells(database: Database) -> list[tuple[str, object]]:
    """Everything that is stored, with the name of its column."""
    rows = [
        (table, row)
        for table in METADATA.sorted_tables
        for row in await database.read(select(table))
    ]
    return [
        (f"{table.name}.{column.name}", cell)
        for table, row in rows
        for column, cell in zip(table.c, row, strict=True)
    ]


def about(user: int, stored: list[tuple[str, object]]) -> Iterator[str]:
    """The columns that name somebody, or hold their words."""
    for name, cell in stored:
        if cell == user or str(user) in str(cell):
            yield name


async def test_forgotten_people_are_in_no_table(database: Database, people: People) -> None:
    """Of who asks to be forgotten no table has number or words; of others all is as it was."""
    await fill(database, 1, ANNA, ANNA)
    await fill(database, 2, BERT, GROUP)
    before = await cells(database)
    of_bert = sorted(about(BERT, before))
    named = {name.partition(".")[0] for name in about(ANNA, before)}
    assert named == METADATA.tables.keys() - {"counters"}

    await people.forget(ANNA)

    after = await cells(database)
    assert sorted(about(ANNA, after)) == []
    assert sorted(about(BERT, after)) == of_bert


async def test_forgotten_in_a_group(database: Database, people: People) -> None:
    """What somebody said in a group is forgotten, too; the group is not."""
    await fill(database, 1, ANNA, GROUP)
    await people.forget(ANNA)
    after = await cells(database)
    assert sorted(about(ANNA, after)) == []
    assert [cell for name, cell in after if name == "chats.chat_id"] == [GROUP]


async def test_opinions_go_with_answer_and_person(database: Database, people: People) -> None:
    """With an answer goes what others thought of it, with a person what they thought of others'."""
    await fill(database, 1, ANNA, GROUP)
    await fill(database, 2, BERT, -5)
    feedback = METADATA.tables["feedback"]
    await database.write(insert(feedback).values(row_of(feedback, 1, BERT, GROUP)))
    await database.write(insert(feedback).values(row_of(feedback, 2, ANNA, GROUP)))
    await people.forget(ANNA)
    rows = await database.read(select(feedback.c.answer_id, feedback.c.user_id))
    assert [tuple(row) for row in rows] == [(2, BERT)]


async def test_update_that_asks_to_forget_is_answered(database: Database, people: People) -> None:
    """It stays open, so that it is confirmed through a kill; what else was open is closed."""
    inbox = Inbox(database)
    for number in (1, 2, 3):
        await inbox.add(number, ANNA, ANNA, "asked", NOW)
    await inbox.plan(1, ["words"])
    await people.forget(ANNA, by=2)
    assert [one.update_id for one in await inbox.open()] == [2]
    assert {body for (body,) in await database.read(select(DELIVERIES.c.body))} == {""}
    assert await inbox.plan(2, ["forgotten"])
    await inbox.done(2)
    assert sorted(about(ANNA, await cells(database))) == []


async def test_spending_of_the_forgotten_counts(database: Database, people: People) -> None:
    """To be forgotten gives nobody money back."""
    quota = Quota(database, per_minute=6, per_day=100, daily_cost=1.0)
    for user in (ANNA, BERT):
        await quota.allowed(user, user, NOW)
        await quota.spend(user, NOW, 0.25)
        await people.forget(user)
    assert await quota.spent(NOW) == pytest.approx(0.5)
    rows = await database.read(select(SPENDING.c.user_id, SPENDING.c.questions))
    assert [tuple(row) for row in rows] == [(NOBODY, 2)]


async def test_migration_renames_in_every_table(database: Database, chats: Chats) -> None:
    """No table but the chats' own knows the old number afterwards."""
    await fill(database, 1, ANNA, GROUP)
    await fill(database, 2, BERT, -5)
    await chats.migrate(GROUP, SUPERGROUP)
    stored = [(name, cell) for name, cell in await cells(database) if name.endswith(".chat_id")]
    assert {name for name, cell in stored if cell == GROUP} == {"chats.chat_id"}
    assert {name for name, cell in stored if cell == SUPERGROUP} == {
        f"{table.name}.chat_id" for table in METADATA.sorted_tables if "chat_id" in table.c
    }
    assert {name for name, cell in stored if cell == -5} == {name for name, _ in stored}
