"""Who is let in: `bot.access`, and what strangers see and cost in the whole bot."""

import logging
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.access import MOST_TOLD, TOLD, Access, Gate, Told
from bot.database import Database
from bot.people import Chats, People
from bot.settings import BotSettings
from bot.tables import ANSWERS, PEOPLE
from tests.conftest import ASKED
from tests.telegram_server import Telegram, telegram
from tests.telegram_world import TOKEN
from tests.whole import library_of, working

ANNA, BEN, CHIEF = 5, 6, 9
TOWN, VILLAGE = -100, -200


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    users: str = ""
    chats: str = ""
    banned: tuple[int, ...] = ()
    allowed: tuple[int, ...] = ()
    user: int = ANNA
    chat: int | None = ANNA
    access: Access = Access.GRANTED


CASES = (
    Case(name="open"),
    Case(name="open, inline", chat=None),
    Case(name="open, group", chat=TOWN),
    Case(name="open, banned", banned=(ANNA,), access=Access.BANNED),
    Case(name="open, banned, inline", banned=(ANNA,), chat=None, access=Access.BANNED),
    Case(name="open, banned group", banned=(TOWN,), chat=TOWN, access=Access.BANNED),
    Case(name="open, banned elsewhere", banned=(TOWN,)),
    Case(name="listed", users="5"),
    Case(name="listed, inline", users="5", chat=None),
    Case(name="listed, any group", users="5", chat=TOWN),
    Case(name="listed and banned", users="5", banned=(ANNA,), access=Access.BANNED),
    Case(name="stranger", users="6", access=Access.STRANGER),
    Case(name="stranger, inline", users="6", chat=None, access=Access.STRANGER),
    Case(name="stranger who was let in", users="6", allowed=(ANNA,)),
    Case(name="listed group", chats="-100", chat=TOWN),
    Case(name="other group", chats="-100", chat=VILLAGE, access=Access.STRANGER),
    Case(name="private where groups are listed", chats="-100", access=Access.STRANGER),
    Case(name="inline where groups are listed", chats="-100", chat=None, access=Access.STRANGER),
    Case(name="group that was let in", users="6", allowed=(TOWN,), chat=TOWN),
    Case(name="administrator", users="6", user=CHIEF, chat=CHIEF),
    Case(name="banned administrator", banned=(CHIEF, TOWN), user=CHIEF, chat=TOWN),
)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    made = await Database.open(tmp_path / "bot.db")
    yield made
    await made.close()


def gate_of(database: Database, **lists: str) -> Gate:
    settings = BotSettings(token=TOKEN, admins=str(CHIEF), _env_file=None, **lists)
    return Gate(settings=settings, people=People(database), chats=Chats(database))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_who_is_let_in(case: Case, database: Database) -> None:
    """Lists, permissions and bans are the same for messages, presses and inline queries."""
    gate = gate_of(database, users=case.users, chats=case.chats)
    for number in case.banned:
        await (gate.people.ban(number) if number > 0 else gate.chats.ban(number))
    for number in case.allowed:
        await (gate.people.allow(number) if number > 0 else gate.chats.allow(number))
    assert await gate.check(case.user, case.chat) is case.access


async def test_listed_group_stays_listed_with_a_new_number(database: Database) -> None:
    """A group that became another one by Telegram's doing is on the list as before."""
    gate = gate_of(database, chats=f"{TOWN}")
    assert await gate.check(ANNA, VILLAGE) is Access.STRANGER
    await gate.chats.migrate(TOWN, VILLAGE)
    assert await gate.check(ANNA, VILLAGE) is Access.GRANTED


def test_who_was_turned_away_is_not_told_each_time() -> None:
    """Once in a while is enough, and not more people are kept in mind than so many."""
    now = 100.0
    told = Told(clock=lambda: now)
    assert [told.is_new(ANNA), told.is_new(ANNA), told.is_new(BEN)] == [True, False, True]
    now += TOLD
    assert [told.is_new(ANNA), told.is_new(ANNA)] == [True, False]
    for number in range(1_000, 1_000 + MOST_TOLD):
        told.is_new(number)
    assert told.is_new(ANNA)  # Forgotten.
    assert len(told) == MOST_TOLD


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram(privacy=False) as running:
        yield running


async def test_stranger_costs_next_to_nothing(
    server: Telegram, corpus: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A stranger is told once what to do, and neither stored, answered nor quoted in the log."""
    caplog.set_level(logging.INFO)
    eve, chief = server.person("Eve"), server.person("Chief")
    async with working(server, library_of(corpus), users=str(chief.id)) as work:
        for text in (ASKED, "/sources", "hunter2", "/status"):
            eve.says(text)
        eve.sends_file("hunter2.txt", b"hunter2")
        eve.inline("hunter2 hunter2")
        await work.until(lambda: server.messages(eve))
        await work.settled()
        (message,) = server.messages(eve)
        assert str(eve.id) in message.text
        assert not server.calls("sendChatAction", "answerInlineQuery", "getFile")
        database = work.running.parts.database
        for table in (PEOPLE, ANSWERS):
            assert not await database.read(select(table.c.user_id))
    assert "hunter2" not in caplog.text
    assert "Somebody who is not let in was turned away" in caplog.text


async def test_stranger_in_a_group_is_only_told_where_the_bot_was_addressed(
    server: Telegram, corpus: Path
) -> None:
    """What strangers say to each other draws no refusal; what they ask draws one, as a reply."""
    eve, chief = server.person("Eve"), server.person("Chief")
    group = server.group("Town", [eve, chief])
    async with working(server, library_of(corpus), users=str(chief.id)) as work:
        eve.says("The budget is reached!", chat=group)
        await work.until(lambda: not server.pending())
        await work.settled()
        assert not server.messages(group)
        asked = eve.says(f"/ask {ASKED}", chat=group)
        await work.until(lambda: server.messages(group))
        chief.says(f"/ask {ASKED}", chat=group)
        await work.until(lambda: len(server.messages(group)) == 2)
        refused, answered = server.messages(group)
        assert refused.reply is asked
        assert str(group.id) in refused.text
        assert "Anna Keller" in answered.text


async def test_press_of_a_stranger_changes_nothing(server: Telegram, corpus: Path) -> None:
    """A button comes to rest, and that is all."""
    eve, chief = server.person("Eve"), server.person("Chief")
    group = server.group("Town", [eve, chief])
    async with working(server, library_of(corpus), users=str(chief.id)) as work:
        chief.says("/language", chat=group)
        await work.until(lambda: server.messages(group))
        (message,) = server.messages(group)
        presses = [eve.presses(message, button) for button in message.buttons]
        await work.until(lambda: not server.pending())
        await work.settled()
        assert [press.is_answered for press in presses] == [True, *[False] * (len(presses) - 1)]
        assert not presses[0].answer
        people = await work.running.parts.database.read(select(PEOPLE.c.user_id))
        assert [number for (number,) in people] == [chief.id]
