"""What is said: `bot.outbox`, through everything that Telegram and the network do to a message."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select

from bot.domain import Place
from bot.markup import Block, Bold, Button, Page, Text
from bot.outbox import TRIES, Outbox, UndeliveredError
from bot.parts import Parts
from bot.tables import DELIVERIES
from tests.bots import bot_parts
from tests.telegram_people import Person
from tests.telegram_server import Telegram, telegram

NOW = datetime(2026, 5, 1, tzinfo=UTC)
UPDATE = 70

PAGE = Page(
    blocks=(Block((Text("The mill & "), Bold("its wheel"))),),
    buttons=((Button(text="[1]", data="s:1:1"),),),
)
TEXT = "The mill & its wheel"
LONG = Page(blocks=tuple(Block((Text(f"{number} " + "x" * 3_000),)) for number in range(3)))


@pytest.fixture(autouse=True)
def spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def anna(server: Telegram) -> Person:
    return server.person("Anna")


@pytest.fixture
async def parts(server: Telegram, corpus: Path) -> AsyncIterator[Parts]:
    async with bot_parts(server, corpus.parent) as made:
        yield made


@dataclass(kw_only=True)
class Box:
    """An outbox that waits for nobody, and an update that is to be answered."""

    parts: Parts
    person: Person
    pauses: list[float] = field(default_factory=list)

    @property
    def place(self) -> Place:
        return Place(chat_id=self.person.id)

    @property
    def outbox(self) -> Outbox:
        async def sleep(seconds: float) -> None:
            self.pauses.append(seconds)

        return replace(self.parts.outbox, sleep=sleep)

    async def say(self, page: Page = PAGE, **more: Any) -> bool:
        """Whether it could be said."""
        try:
            await self.outbox.say(UPDATE, self.place, page, **more)
        except UndeliveredError:
            return False
        return True

    async def resume(self) -> bool:
        try:
            await self.outbox.resume(UPDATE)
        except UndeliveredError:
            return False
        return True

    async def states(self) -> list[str]:
        rows = await self.parts.database.read(
            select(DELIVERIES.c.state).order_by(DELIVERIES.c.part)
        )
        return [state for (state,) in rows]

    async def copies(self) -> int:
        """As they are written down, and as they are measured: the same."""
        measured = self.parts.metrics.registry.get_sample_value("citebot_copies_total") or 0.0
        written = await self.parts.inbox.copies()
        assert measured == written
        return written


@pytest.fixture
async def box(parts: Parts, anna: Person) -> Box:
    await parts.inbox.add(UPDATE, anna.id, anna.id, "{}", NOW)
    await parts.inbox.begin(UPDATE)
    return Box(parts=parts, person=anna)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A fault, and what comes of a message that meets it."""

    name: str
    fault: dict[str, Any]
    is_said: bool = True
    messages: int = 1
    calls: int = 2
    state: str = "sent"
    copies: int = 0


PARSE = "Bad Request: can't parse entities: Unexpected end tag at byte offset 9"
CASES = (
    Case(name="no fault", fault={"times": 0}, calls=1),
    Case(name="502, not taken", fault={"status": 502}, copies=1),
    Case(name="502, taken", fault={"status": 502, "done": True}, messages=2, copies=1),
    Case(name="500, taken", fault={"status": 500, "done": True}, messages=2, copies=1),
    Case(name="cut, not taken", fault={"cut": True}, copies=1),
    Case(name="cut, taken", fault={"cut": True, "done": True}, messages=2, copies=1),
    Case(name="a proxy's page", fault={"status": 200, "body": b"<html>"}, copies=1),
    Case(name="502 twice", fault={"status": 502, "times": 2}, calls=3, copies=2),
    Case(name="502 for good", fault={"status": 502, "times": -1}, is_said=False, messages=0,
         calls=TRIES, state="sending", copies=TRIES - 1),
    Case(name="429", fault={"retry_after": 1}),
    Case(name="429 for long", fault={"retry_after": 600}, is_said=False, messages=0, calls=1,
         state="planned"),
    Case(name="401", fault={"status": 401}, is_said=False, messages=0, calls=1, state="planned"),
    Case(name="403", fault={"status": 403}, messages=0, calls=1),
    Case(name="no such chat", fault={"status": 400}, messages=0, calls=1),
    Case(name="markup", fault={"status": 400, "description": PARSE}),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_message_that_meets_a_fault(case: Case, server: Telegram, box: Box) -> None:
    """It is said once where Telegram says whether it took it; else again, and that is counted."""
    server.fail_next("sendMessage", **case.fault)
    assert await box.say() is case.is_said
    assert [one.text for one in server.messages(box.person)] == [TEXT] * case.messages
    assert len(server.calls("sendMessage")) == case.calls
    assert await box.states() == [case.state]
    assert await box.copies() == case.copies
    assert len(box.pauses) == case.copies


async def test_pauses_grow_and_none_follows_the_last_try(server: Telegram, box: Box) -> None:
    """A network that is away is tried a few times, then left to the next sweep."""
    server.fail_next("sendMessage", status=502, times=-1)
    assert not await box.say()
    assert box.pauses == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("case", [one for one in CASES if not one.is_said], ids=lambda c: c.name)
async def test_what_was_not_said_is_said_by_the_next_start(
    case: Case, server: Telegram, box: Box, corpus: Path
) -> None:
    """The message is still written down; it counts as a copy only where it may be one."""
    server.fail_next("sendMessage", **case.fault)
    assert not await box.say()
    server.heal()
    before = await box.parts.inbox.copies()
    async with bot_parts(server, corpus.parent) as again:
        next_start = Box(parts=again, person=box.person)
        assert await next_start.resume()
        assert await next_start.states() == ["sent"]
        assert await again.inbox.copies() - before == (case.state == "sending")
    assert [one.text for one in server.messages(box.person)] == [TEXT]


async def test_request_that_never_left_is_no_doubtful_one(server: Telegram, box: Box) -> None:
    """Where nobody listens nothing was taken: however often it is tried, no copy is counted."""
    away = f"http://127.0.0.1:9/bot{server.token}"
    with patch.object(box.parts.bot, "_base_url", away):
        assert not await box.say()
    assert len(box.pauses) == TRIES - 1
    assert await box.states() == ["planned"]
    assert await box.resume()
    assert len(server.messages(box.person)) == 1
    assert await box.copies() == 0


async def test_parts_are_said_in_order_and_each_once(server: Telegram, box: Box) -> None:
    """What was said before a fault is not said again after it."""
    server.fail_next("sendMessage", skip=1, times=1, status=401)
    assert not await box.say(LONG)
    assert await box.states() == ["sent", "planned", "planned"]
    assert await box.resume()
    assert [one.text[0] for one in server.messages(box.person)] == ["0", "1", "2"]
    assert await box.states() == ["sent"] * 3
    assert await box.copies() == 0


async def test_said_is_blanked(box: Box) -> None:
    """Of a message that was sent only its number is kept."""
    assert await box.say()
    ((body, number),) = await box.parts.database.read(
        select(DELIVERIES.c.body, DELIVERIES.c.message_id)
    )
    assert (body, number) == ("", 1)


async def test_update_that_is_closed_says_nothing(server: Telegram, box: Box) -> None:
    """Who asked to be forgotten meanwhile hears nothing more of their question."""
    await box.parts.people.forget(box.person.id)
    assert await box.say()
    assert not server.calls("sendMessage")


async def test_blocked_person_and_lost_group_are_known(
    server: Telegram, box: Box, parts: Parts
) -> None:
    """A 403 is written down of whom it is about."""
    group = server.group("Town", [box.person])
    await parts.chats.join(group.id)
    group.removes_bot(box.person)
    await box.outbox.say(UPDATE, Place(chat_id=group.id, is_private=False), PAGE)
    chat = await parts.chats.find(group.id)
    assert chat
    assert not chat.is_active


async def test_migrated_group_gets_all_parts_once(server: Telegram, box: Box, parts: Parts) -> None:
    """Each part goes to the new number at once, without a pause, and none is a copy."""
    group = server.group("Town", [box.person], basic=True)
    moved = group.migrates(box.person)
    await box.outbox.say(UPDATE, Place(chat_id=group.id, is_private=False), LONG, reply_to=1)
    assert [one.text[0] for one in server.messages(moved)] == ["0", "1", "2"]
    chat = await parts.chats.find(group.id)
    assert chat
    assert chat.migrated_to == moved.id
    assert (await box.copies(), box.pauses) == (0, [])


# --- In place of a message -----------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Edit:
    name: str
    fault: dict[str, Any] = field(default_factory=lambda: {"times": 0})
    is_deleted: bool = False
    messages: int = 1
    is_edited: bool = True


EDITS = (
    Edit(name="no fault"),
    Edit(name="502, not taken", fault={"status": 502}),
    Edit(name="502, taken: the second is not modified", fault={"status": 502, "done": True}),
    Edit(name="cut, taken", fault={"cut": True, "done": True}),
    Edit(name="gone", is_deleted=True, is_edited=False),
    Edit(name="not to be edited", fault={
        "status": 400, "description": "Bad Request: message can't be edited"},
        messages=2, is_edited=False),
)  # fmt: skip


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.name)
async def test_page_takes_the_place_of_a_message(edit: Edit, server: Telegram, box: Box) -> None:
    """It is edited into it; where that cannot be it is a message of its own, and there is one."""
    number = await box.outbox.begin(box.place, Page(blocks=(Block((Text("…"),)),)), None)
    (shown,) = server.messages(box.person)
    assert number == shown.id
    shown.is_deleted = edit.is_deleted
    server.fail_next("editMessageText", **edit.fault)
    assert await box.say(replaces=number)
    messages = server.messages(box.person)
    assert len(messages) == edit.messages
    assert messages[-1].text == TEXT
    assert [one.text for one in messages[-1].buttons] == ["[1]"]
    assert (messages[-1] is shown) is edit.is_edited
    assert await box.states() == ["sent"]


async def test_only_the_first_part_takes_its_place(server: Telegram, box: Box) -> None:
    """The further parts of a long page come behind it."""
    number = await box.outbox.begin(box.place, PAGE, None)
    assert await box.say(LONG, replaces=number)
    assert [one.text[0] for one in server.messages(box.person)] == ["0", "1", "2"]


# --- For the moment ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fault", [{"status": 400}, {"status": 403}, {"retry_after": 60}, {"cut": True}], ids=str
)
async def test_passing_may_fail(fault: dict[str, Any], server: Telegram, box: Box) -> None:
    """What shows how far an answer has come is tried once; nothing is raised or written down."""
    for method in ("sendMessage", "sendMessageDraft", "editMessageText"):
        server.fail_next(method, times=-1, **fault)
    outbox, place = box.outbox, box.place
    assert await outbox.begin(place, PAGE, None) is None
    await outbox.draft(place, UPDATE, PAGE)
    await outbox.go_on(place, 1, PAGE)
    assert len(server.calls("sendMessage", "sendMessageDraft", "editMessageText")) <= 3
    assert await box.states() == []


async def test_draft_grows_in_private(server: Telegram, box: Box) -> None:
    """A draft shows what there is, and the message that follows ends it."""
    await box.outbox.draft(box.place, UPDATE, Page(blocks=PAGE.blocks))
    await box.outbox.draft(box.place, UPDATE, LONG)
    (draft,) = server.drafts(box.person)
    assert [version.words.text[:9] for version in draft.versions] == [TEXT[:9], "0 xxxxxxx"]
    assert await box.say()
    assert draft.message is server.messages(box.person)[0]
