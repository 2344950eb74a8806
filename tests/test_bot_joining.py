"""One question from several messages: `bot.joining` by itself, and in the whole bot."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.domain import Place, Thread
from bot.joining import FULL, GAP, Joined, Joiner
from bot.tables import ANSWERS, INBOX
from tests.telegram_people import Person
from tests.telegram_server import Telegram, telegram
from tests.whole import MOMENT, Work, library_of, working

NOW = datetime(2026, 5, 1, tzinfo=UTC)
ANNA = Thread(place=Place(chat_id=5), user_id=5)
BEN = Thread(place=Place(chat_id=6), user_id=6)
PART = "x" * FULL
QUESTION = "Who bought the mill by the river?"


@dataclass
class Held:
    """A joiner whose moments end when the test says so."""

    again: list[int] = field(default_factory=list)
    let_on: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.joiner = Joiner(again=self.again.append, sleep=self._wait)

    async def _wait(self, seconds: float) -> None:
        await self.let_on.wait()

    def take(
        self, number: int, text: str, thread: Thread = ANNA, at: datetime = NOW
    ) -> Joined | None:
        return self.joiner.take(thread, number, text, at)

    async def end(self) -> None:
        """The moment is over."""
        self.let_on.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        self.let_on.clear()


@pytest.fixture
async def held() -> AsyncIterator[Held]:
    made = Held()
    yield made
    made.joiner.close()
    await asyncio.sleep(0)
    assert len(asyncio.all_tasks()) == 1


async def test_short_text_is_a_question_at_once(held: Held) -> None:
    """What is not nearly as long as a message can be does not wait."""
    text = "x" * (FULL - 1)
    assert held.take(1, text) == Joined(text=text, update_ids=(1,))
    assert not held.joiner.is_waiting(ANNA)


async def test_length_counts_utf_16(held: Held) -> None:
    """A message is full by Telegram's count, in which a wave is two."""
    assert held.take(1, "\N{WATER WAVE}" * (FULL // 2)) is None


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_parts_are_joined_in_order(count: int, held: Held) -> None:
    """Full messages and the one behind them are one question, in the order in which they came."""
    for number in range(count):
        assert held.take(number, f"{PART}{number}") is None
    texts = [*(f"{PART}{number}" for number in range(count)), "end"]
    joined = held.take(count, "end")
    assert joined == Joined(text="\n".join(texts), update_ids=tuple(range(count + 1)))
    await held.end()
    assert held.again == []


async def test_full_message_alone_is_a_question_when_its_moment_is_over(held: Held) -> None:
    """Nothing follows: the last update comes again, and is the whole question then."""
    assert held.take(1, PART) is None
    assert held.take(2, PART) is None
    await held.end()
    assert held.again == [2]
    assert held.take(2, PART) == Joined(text=f"{PART}\n{PART}", update_ids=(1, 2))


async def test_next_question_does_not_slip_into_one_that_is_over(held: Held) -> None:
    """What comes between the end of the moment and the question's turn waits behind it."""
    assert held.take(1, PART) is None
    await held.end()
    assert held.take(2, "And the bridge?") is None
    assert held.again == [1, 2]
    assert held.take(1, PART) == Joined(text=PART, update_ids=(1,))
    assert held.take(2, "And the bridge?") == Joined(text="And the bridge?", update_ids=(2,))


async def test_messages_that_were_sent_apart_are_no_parts(held: Held) -> None:
    """After a stop everything comes at once: what was sent much later is a question of its own."""
    assert held.take(1, PART) is None
    later = NOW + GAP + timedelta(seconds=1)
    assert held.take(2, "And the bridge?", at=later) is None
    assert held.again == [1, 2]
    assert held.take(1, PART) == Joined(text=PART, update_ids=(1,))
    assert held.take(2, "And the bridge?", at=later) is not None
    await held.end()
    assert held.again == [1, 2]


async def test_threads_do_not_mix(held: Held) -> None:
    """What somebody else writes meanwhile is theirs."""
    assert held.take(1, PART) is None
    assert held.take(2, "Mine", BEN) == Joined(text="Mine", update_ids=(2,))
    assert held.take(3, "end") == Joined(text=f"{PART}\nend", update_ids=(1, 3))


async def test_what_is_done_leaves_nothing_behind(held: Held) -> None:
    """A part that is closed otherwise joins nothing; those beside it come again."""
    assert held.take(1, PART) is None
    assert held.take(2, PART) is None
    held.joiner.drop(2)
    assert held.again == [1]
    assert held.take(3, "end") == Joined(text="end", update_ids=(3,))
    await held.end()
    assert held.again == [1]


# --- In the whole bot ----------------------------------------------------------------------------


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def anna(server: Telegram) -> Person:
    return server.person("Anna")


def filled(units: int) -> str:
    """A question of so many characters, or one less."""
    filler = "by the river " * (units // 13 + 1)
    return f"{QUESTION} {filler}"[:units].strip()


def letters(text: str) -> str:
    """A text without what stands between words: Telegram trims a message where it is cut."""
    return "".join(text.split())


async def questions(work: Work) -> list[str]:
    rows = await work.running.parts.database.read(select(ANSWERS.c.question).order_by(ANSWERS.c.id))
    return [question for (question,) in rows]


async def states(work: Work) -> list[str]:
    rows = await work.running.parts.database.read(select(INBOX.c.state))
    return [state for (state,) in rows]


@pytest.mark.parametrize("length", [4_500, 9_000])
async def test_pasted_question_gets_one_answer(
    length: int, server: Telegram, anna: Person, corpus: Path
) -> None:
    """A pasted question of two or three messages is asked as one, and answered once, in order."""
    text = filled(length)
    async with working(server, library_of(corpus)) as work:
        sent = anna.pastes(text)
        anna.says("/reset")
        await work.until(lambda: len(server.messages(anna)) == 2)
        await work.settled()
        assert len(sent) == -(-length // 4_096)
        (asked,) = await questions(work)
        assert letters(asked) == letters(text)
        first, last = server.messages(anna)
        assert first.text.startswith("The mill by the river was sold")
        assert last.text.startswith("Done.")
        assert set(await states(work)) == {"done"}


async def test_full_message_is_answered_after_a_moment(
    server: Telegram, anna: Person, corpus: Path
) -> None:
    """A message that is full and goes on nowhere is answered all the same."""
    text = filled(4_000)
    async with working(server, library_of(corpus)) as work:
        anna.says(text)
        await work.until(lambda: server.messages(anna))
        await work.settled()
        assert await questions(work) == [text]


async def test_question_whose_parts_a_stop_divides_is_still_one(
    server: Telegram, anna: Person, corpus: Path
) -> None:
    """The first part is taken before a stop, the second after it: there is one answer."""
    text = filled(5_000)
    async with working(server, library_of(corpus), stop_seconds=0) as work:
        anna.says(text[:4_096])
        await work.until(lambda: not server.pending())
        assert not server.messages(anna)
    anna.says(text[4_096:])
    async with working(server, library_of(corpus)) as work:
        await work.until(lambda: server.messages(anna))
        await work.settled()
        assert len(server.messages(anna)) == 1
        assert [letters(one) for one in await questions(work)] == [letters(text)]
        assert set(await states(work)) == {"done"}


async def test_joined_question_that_could_not_be_answered_stays_whole(
    server: Telegram, anna: Person, corpus: Path
) -> None:
    """A stop between the joining and the answer loses none of it, and doubles nothing."""
    text = filled(5_000)
    async with working(server, library_of(corpus), stop_seconds=0, sweep=60.0) as work:
        server.fail_next("sendMessage", times=-1, status=429, retry_after=1_000)
        anna.pastes(text)
        await work.until(lambda: server.calls("sendMessage"))
    server.heal()
    async with working(server, library_of(corpus)) as work:
        await work.until(lambda: server.messages(anna))
        await work.settled()
        assert len(server.messages(anna)) == 1
        assert [letters(one) for one in await questions(work)] == [letters(text)]


async def test_part_of_somebody_who_is_forgotten_is_not_joined(
    server: Telegram, anna: Person, corpus: Path
) -> None:
    """A person who asks to be forgotten takes back what they had begun to ask."""
    async with working(server, library_of(corpus)) as work:
        anna.says(filled(4_000))
        await work.until(lambda: not server.pending())
        await work.running.parts.people.forget(anna.id)
        await asyncio.sleep(2 * MOMENT)
        assert not server.messages(anna)
        anna.says(QUESTION)
        await work.until(lambda: server.messages(anna))
        await work.settled()
        assert await questions(work) == [QUESTION]


async def test_rest_of_a_pasted_question_in_a_group_is_a_part(corpus: Path) -> None:
    """Only the first part names the bot; what follows at once is of the question, later is not."""
    text = filled(5_000)
    with telegram(privacy=False) as server:
        anna = server.person("Anna")
        group = server.group("Town", [anna])
        async with working(server, library_of(corpus)) as work:
            anna.pastes(f"/ask {text}", chat=group)
            await work.until(lambda: server.messages(group))
            anna.says("And the bridge?", chat=group)
            await work.settled()
            assert [letters(one) for one in await questions(work)] == [letters(text)]
            assert len(server.messages(group)) == 1
