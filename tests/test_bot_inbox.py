"""What `bot.inbox` promises: nothing is lost by a kill at any moment, nothing is kept for long."""

import asyncio
import random
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Table, select

from bot.database import Database
from bot.domain import Delivery, Received
from bot.inbox import Inbox
from bot.tables import COUNTERS, DELIVERIES, INBOX

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def inbox(database: Database) -> Inbox:
    return Inbox(database)


async def texts(database: Database, table: Table) -> set[str]:
    """What a table says, all rows together."""
    return {body for (body,) in await database.read(select(table.c.body))}


async def planned(inbox: Inbox, *parts: str) -> tuple[Delivery, ...]:
    """Deliveries of update 1."""
    await inbox.add(1, 10, 20, "asked", NOW)
    await inbox.begin(1)
    return await inbox.plan(1, parts)


async def test_known_updates_are_ignored(inbox: Inbox) -> None:
    """An update that comes twice is written down once, as it came first."""
    assert await inbox.add(1, 10, 20, "first", NOW)
    assert not await inbox.add(1, 11, 21, "second", NOW)
    assert [one.body for one in await inbox.open()] == ["first"]


async def test_closed_updates_are_known(inbox: Inbox) -> None:
    """An update that is done is not taken again."""
    await inbox.add(1, 10, 20, "first", NOW)
    await inbox.done(1)
    assert not await inbox.add(1, 10, 20, "first", NOW)
    assert await inbox.open() == ()


async def test_one_of_many_adds_wins(inbox: Inbox) -> None:
    """Of many that bring the same update at once, one is told that it is new."""
    new = await asyncio.gather(*(inbox.add(1, 10, 20, "asked", NOW) for _ in range(20)))
    assert sum(new) == 1


async def test_open_is_in_order_and_whole(inbox: Inbox) -> None:
    """After a start everything that is not closed is there, in order, as it came."""
    await inbox.add(3, None, 20, "inline", NOW)
    await inbox.add(2, -10, None, "channel", NOW)
    await inbox.add(1, 10, 20, "done", NOW)
    await inbox.begin(3)
    await inbox.plan(3, ["part"])
    await inbox.interim(3, 77)
    await inbox.done(1)
    assert await inbox.open() == (
        Received(
            update_id=2,
            chat_id=-10,
            user_id=None,
            received_at=NOW,
            body="channel",
            tries=0,
            is_planned=False,
        ),
        Received(
            update_id=3,
            chat_id=None,
            user_id=20,
            received_at=NOW,
            body="inline",
            tries=1,
            is_planned=True,
            interim_message_id=77,
        ),
    )
    assert await inbox.waiting() == 2


async def test_tries_are_counted(inbox: Inbox) -> None:
    """Who begins an update again knows how often that was done; a closed one is not begun."""
    await inbox.add(1, 10, 20, "asked", NOW)
    assert [await inbox.begin(1), await inbox.begin(1)] == [1, 2]
    await inbox.done(1)
    assert [await inbox.begin(1), await inbox.begin(404)] == [0, 0]


async def test_deliveries_are_in_order(inbox: Inbox) -> None:
    """What was planned is what is unsent, part by part."""
    made = await planned(inbox, "one", "two", "three")
    assert [one.part for one in made] == [0, 1, 2]
    assert await inbox.unsent(1) == made


async def test_plan_replaces_what_is_unsent(inbox: Inbox) -> None:
    """A new plan takes the place of what is left of the old one; what was sent stays."""
    first, second, _ = await planned(inbox, "one", "two", "three")
    await inbox.sending(first)
    await inbox.sent(first, 5)
    await inbox.sending(second)
    (sorry,) = await inbox.plan(1, ["sorry"])
    assert sorry.part == 1
    assert await inbox.unsent(1) == (sorry,)


@pytest.mark.parametrize("is_known", [True, False])
async def test_closed_updates_get_no_plan(inbox: Inbox, *, is_known: bool) -> None:
    """Nothing is planned for an update that is closed, or that nobody knows."""
    if is_known:
        await inbox.add(1, 10, 20, "asked", NOW)
        await inbox.done(1)
    assert await inbox.plan(1, ["late"]) == ()
    assert await inbox.unsent(1) == ()


async def test_second_copy_is_told_and_counted(inbox: Inbox) -> None:
    """Who sends what is in doubt is told so, and it is counted."""
    (one,) = await planned(inbox, "one")
    assert not await inbox.sending(one)
    assert [found.is_doubtful for found in await inbox.unsent(1)] == [True]
    assert await inbox.sending(one)
    assert await inbox.sending(one)
    assert await inbox.copies() == 2


async def test_refused_message_is_no_copy(inbox: Inbox) -> None:
    """What Telegram did not take may be sent again without a doubt."""
    (one,) = await planned(inbox, "one")
    await inbox.sending(one)
    await inbox.refused(one)
    assert await inbox.unsent(1) == (one,)
    assert not await inbox.sending(one)
    assert await inbox.copies() == 0


async def test_count_of_copies_outlives_its_messages(inbox: Inbox) -> None:
    """Copies are counted for ever."""
    (one,) = await planned(inbox, "one")
    await inbox.sending(one)
    await inbox.sending(one)
    await inbox.done(1)
    assert await inbox.prune(NOW + timedelta(days=1)) == 1
    assert await inbox.unsent(1) == ()
    assert await inbox.copies() == 1


async def test_message_that_is_gone_is_not_counted(inbox: Inbox) -> None:
    """What was pruned meanwhile is neither there nor a copy."""
    (one,) = await planned(inbox, "one")
    await inbox.plan(1, [])
    assert not await inbox.sending(one)
    assert await inbox.copies() == 0


@pytest.mark.parametrize("verb", ["done", "apologised"])
async def test_closing_blanks_everything(inbox: Inbox, database: Database, verb: str) -> None:
    """A closed update says nothing any more, and not whose it was."""
    first, _ = await planned(inbox, "one", "given up")
    await inbox.interim(1, 77)
    await inbox.sending(first)
    await inbox.sent(first, 5)
    await getattr(inbox, verb)(1)
    (row,) = await database.read(select(INBOX))
    assert (row.state, row.body) == (verb, "")
    assert (row.chat_id, row.user_id, row.interim_message_id) == (None, None, None)
    assert await texts(database, DELIVERIES) == {""}


async def test_sent_text_is_blanked(inbox: Inbox, database: Database) -> None:
    """What was sent is not kept."""
    (one,) = await planned(inbox, "one")
    await inbox.sending(one)
    await inbox.sent(one, None)
    assert await texts(database, DELIVERIES) == {""}


async def test_several_are_closed_together(inbox: Inbox) -> None:
    """The parts of a long question end as one; others stay."""
    for number in (1, 2, 3):
        await inbox.add(number, 10, 20, "part", NOW)
    await inbox.done(1, 3)
    assert [one.update_id for one in await inbox.open()] == [2]


async def test_several_become_one(inbox: Inbox, database: Database) -> None:
    """The last of them says it all from then on; of the others nothing is left."""
    for number in (1, 2, 3):
        await inbox.add(number, 10, 20, f"part {number}", NOW)
        await inbox.begin(number)
    assert await inbox.join(3, "whole", (1, 2))
    assert [(one.update_id, one.body) for one in await inbox.open()] == [(3, "whole")]
    assert await texts(database, INBOX) == {"", "whole"}
    assert [await inbox.is_open(number) for number in (1, 2, 3, 4)] == [False, False, True, False]


@pytest.mark.parametrize("closed", [1, 3])
async def test_what_is_closed_already_joins_nothing(inbox: Inbox, closed: int) -> None:
    """Where one of them is done, or is to be forgotten, all stay as they are."""
    for number in (1, 2, 3):
        await inbox.add(number, 10, 20, f"part {number}", NOW)
    await inbox.done(closed)
    before = await inbox.open()
    assert not await inbox.join(3, "whole", (1, 2))
    assert await inbox.open() == before


async def test_prune_keeps_what_is_open(inbox: Inbox, database: Database) -> None:
    """Old updates go, but for those that are not closed, however old."""
    for number, days in ((1, 3), (2, 3), (3, 1)):
        await inbox.add(number, 10, 20, "asked", NOW - timedelta(days=days))
    await inbox.done(1, 3)
    assert await inbox.prune(NOW - timedelta(days=2)) == 1
    rows = await database.read(select(INBOX.c.update_id).order_by(INBOX.c.update_id))
    assert [number for (number,) in rows] == [2, 3]


# ── kills


@dataclass(kw_only=True)
class Sent:
    """A delivery as it should be."""

    delivery: Delivery
    state: str = "planned"


@dataclass(kw_only=True)
class Update:
    """An update as it should be."""

    is_open: bool = True
    tries: int = 0
    interim: int | None = None
    parts: list[Sent] = field(default_factory=list)


IDS = st.integers(1, 4)


class Killed(RuleBasedStateMachine):
    """Verbs in any order, and a kill after any of them.

    A kill leaves the files as they are at that moment: the database goes on with a copy of them.
    """

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.generation = 0
        self.copies = 0
        self.updates: dict[int, Update] = {}

    @initialize()
    def start(self) -> None:
        self.database = self.runner.run(Database.open(self.path))
        self.inbox = Inbox(self.database)

    @property
    def path(self) -> Path:
        return self.folder / str(self.generation) / "bot.db"

    def teardown(self) -> None:
        self.runner.run(self.database.close())
        self.runner.close()
        shutil.rmtree(self.folder)

    @rule()
    def kill(self) -> None:
        old, before = self.path.parent, self.database
        self.generation += 1
        shutil.copytree(old, self.path.parent)
        self.start()
        self.runner.run(before.close())

    @rule(number=IDS)
    def add(self, number: int) -> None:
        is_new = self.runner.run(self.inbox.add(number, 10, 20, f"asked {number}", NOW))
        assert is_new == (number not in self.updates)
        self.updates.setdefault(number, Update())

    @rule(number=IDS)
    def begin(self, number: int) -> None:
        update = self.updates.get(number)
        if update and update.is_open:
            update.tries += 1
        expected = update.tries if update and update.is_open else 0
        assert self.runner.run(self.inbox.begin(number)) == expected

    @rule(number=IDS, parts=st.lists(st.sampled_from("abc"), max_size=3))
    def plan(self, number: int, parts: list[str]) -> None:
        made = self.runner.run(self.inbox.plan(number, parts))
        update = self.updates.get(number)
        if not (update and update.is_open):
            assert made == ()
            return
        assert [one.body for one in made] == parts
        update.parts = [one for one in update.parts if one.state == "sent"]
        update.parts += [Sent(delivery=one) for one in made]

    @rule(number=IDS, message=st.integers(1, 9))
    def interim(self, number: int, message: int) -> None:
        self.runner.run(self.inbox.interim(number, message))
        update = self.updates.get(number)
        if update and update.is_open:
            update.interim = message

    def parts(self, *states: str) -> list[Sent]:
        every = (part for one in self.updates.values() if one.is_open for part in one.parts)
        return [part for part in every if part.state in states]

    @precondition(lambda self: self.parts("planned", "sending"))
    @rule(data=st.data())
    def sending(self, data: st.DataObject) -> None:
        part = data.draw(st.sampled_from(self.parts("planned", "sending")))
        is_copy = self.runner.run(self.inbox.sending(part.delivery))
        assert is_copy == (part.state == "sending")
        self.copies += is_copy
        part.state = "sending"

    @precondition(lambda self: self.parts("sending"))
    @rule(data=st.data(), is_taken=st.booleans())
    def end(self, data: st.DataObject, *, is_taken: bool) -> None:
        part = data.draw(st.sampled_from(self.parts("sending")))
        verb = self.inbox.sent(part.delivery, 5) if is_taken else self.inbox.refused(part.delivery)
        self.runner.run(verb)
        part.state = "sent" if is_taken else "planned"

    @rule(
        numbers=st.sets(IDS, min_size=1, max_size=2), verb=st.sampled_from(["done", "apologised"])
    )
    def close(self, numbers: set[int], verb: str) -> None:
        self.runner.run(getattr(self.inbox, verb)(*numbers))
        for number in numbers & self.updates.keys():
            self.updates[number].is_open = False

    @invariant()
    def nothing_is_lost(self) -> None:
        known = sorted((number, one) for number, one in self.updates.items() if one.is_open)
        found = self.runner.run(self.inbox.open())
        assert [
            (one.update_id, one.body, one.tries, one.is_planned, one.interim_message_id)
            for one in found
        ] == [
            (number, f"asked {number}", one.tries, bool(one.parts), one.interim)
            for number, one in known
        ]
        for number, one in known:
            waiting = [part for part in one.parts if part.state != "sent"]
            assert [
                (each.id, each.body, each.is_doubtful)
                for each in self.runner.run(self.inbox.unsent(number))
            ] == [
                (part.delivery.id, part.delivery.body, part.state == "sending") for part in waiting
            ]

    @invariant()
    def copies_are_counted(self) -> None:
        assert self.runner.run(self.inbox.copies()) == self.copies

    @invariant()
    def closed_say_nothing(self) -> None:
        closed = [number for number, one in self.updates.items() if not one.is_open]
        for table in (INBOX, DELIVERIES):
            statement = select(table.c.body).where(table.c.update_id.in_(closed))
            rows = self.runner.run(self.database.read(statement))
            assert {body for (body,) in rows} <= {""}


def test_nothing_is_lost_by_a_kill_between_verbs() -> None:
    """Whatever was done before a kill is so after it: nothing lost, doubled or left behind."""
    quick = settings(max_examples=20, stateful_step_count=20, deadline=None)
    run_state_machine_as_test(Killed, settings=quick)


WORK = """
import asyncio, sys
from datetime import UTC, datetime
from pathlib import Path
from bot.database import Database
from bot.inbox import Inbox

where = sys.argv[1] if "://" in sys.argv[1] else Path(sys.argv[1])

def say(*words):
    print(*words, flush=True)

async def one(inbox, number):
    await inbox.add(number, 10, 20, f"asked {number}", datetime.now(UTC))
    say("add", number)
    await inbox.begin(number)
    parts = await inbox.plan(number, ["a", "b"])
    say("plan", number)
    for part in parts:
        await inbox.sending(part)
        await inbox.sent(part, 5)
        say("sent", number, part.part)
    await inbox.done(number)
    say("done", number)

async def run():
    inbox = Inbox(await Database.open(where))
    say("ready")
    numbers = iter(range(1, 1_000_000))
    async def many():
        for number in numbers:
            await one(inbox, number)
    await asyncio.gather(*(many() for _ in range(8)))

asyncio.run(run())
"""


async def killed(where: str | Path, seconds: float) -> set[tuple[str, ...]]:
    """What a process said that it had done, before it was killed in the midst of its work."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WORK, str(where), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"
    reading = asyncio.create_task(process.stdout.read())
    await asyncio.sleep(seconds)
    process.kill()
    said = (await reading).decode()
    await process.wait()
    # Its last line may have been cut, and is no promise then.
    return {tuple(line.split()) for line in said[: said.rfind("\n") + 1].splitlines()}


@pytest.mark.parametrize("seed", [1, 2])
async def test_nothing_is_lost_by_a_real_kill(ready: str | Path, seed: int) -> None:
    """After SIGKILL in the midst of verbs, all that was said to be done is done."""
    said = await killed(ready, random.Random(seed).uniform(0.2, 0.5))  # noqa: S311
    assert ("done", "1") in said
    database = await Database.open(ready)
    inbox = Inbox(database)
    states = dict(await database.read(select(INBOX.c.update_id, INBOX.c.state)))
    parts = await database.read(select(DELIVERIES))
    opened = {one.update_id: one for one in await inbox.open()}
    for verb, number, *part in said:
        update = int(number)
        assert update in states
        if verb == "done":
            assert states[update] == "done"
        if verb == "plan" and update in opened:
            assert opened[update].is_planned
        if verb == "sent":
            assert (update, int(part[0])) in {
                (row.update_id, row.part) for row in parts if row.state == "sent"
            }
    assert all(one.body == f"asked {number}" for number, one in opened.items())
    assert all(row.body == "" for row in parts if states[row.update_id] == "done")
    # Each of the eight that were at work was in one update at most.
    assert len(opened) <= 8
    assert await database.read(select(COUNTERS)) == []
    await database.close()
