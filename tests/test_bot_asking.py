"""A question and its answer in the whole bot: what is shown meanwhile, and how it can end."""

import asyncio
import logging
import shutil
from collections.abc import AsyncGenerator, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import select

from bot import asking
from bot.domain import Interface
from bot.phrases import words
from bot.tables import ANSWERS, ASKED, INBOX, SPENDING
from rag.answerer import Answerer
from rag.domain import Exchange, Reply, Statement
from rag.ledger import Price
from rag.settings import Settings
from tests.conftest import ANSWERED
from tests.conftest import ASKED as QUESTION
from tests.openai_server import MODEL, fails
from tests.telegram_people import Group, Person
from tests.telegram_server import Telegram, telegram
from tests.telegram_values import Message
from tests.whole import Work, library_of, repeating, working, written

ENGLISH = words(Interface.EN)
MAKING = ENGLISH.phrase("answer.going_on")
SOLD = "The mill by the river was sold to Anna Keller in March 2021 for 250,000 euros."
TURNS = "Its wheel still turns."
CLOSED = "The bridge over the Aare was closed in May 2023 after a flood."
BOTH = "What became of the mill and of the bridge?"


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def anna(server: Telegram) -> Person:
    return server.person("Anna")


@pytest.fixture
def group(server: Telegram, anna: Person) -> Group:
    return server.group("Town", [anna])


@pytest.fixture
def quickly() -> Iterator[None]:
    """Everything that is shown meanwhile is shown at once."""
    with (
        patch.object(asking, "QUIET", 0.0),
        patch.object(asking, "DRAFTS", 0.0),
        patch.object(asking, "EDITS", 0.0),
    ):
        yield


@pytest.fixture
def slowly(corpus: Path) -> Iterator[Settings]:
    """A library whose model takes its time over three statements."""
    script = repeating("was sold", "still turns", "was closed", parts=12, pause=0.05)
    with written(corpus, script) as library:
        yield library


async def said(work: Work, where: Any, count: int = 1) -> list[Message]:
    """So many messages of the bot, once all is done."""
    await work.until(lambda: len(work.server.messages(where)) >= count)
    await work.settled()
    messages = work.server.messages(where)
    assert len(messages) == count, work.server.transcript()
    return messages


def statements(text: str) -> list[str]:
    """What of the articles a message says, in order."""
    found = [one for one in (SOLD, TURNS, CLOSED) if one in text]
    return sorted(found, key=text.index)


# --- As it is made -------------------------------------------------------------------------------


@pytest.mark.usefixtures("quickly")
async def test_draft_grows_in_private_and_the_answer_is_whole(
    server: Telegram, anna: Person, slowly: Settings
) -> None:
    """Each statement is seen as soon as it is verified; the message says all of it once more."""
    async with working(server, slowly) as work:
        anna.says(BOTH)
        (answer,) = await said(work, anna)
    (draft,) = server.drafts(anna)
    shown = [version.words.text for version in draft.versions]
    assert [statements(text) for text in shown] == [[SOLD], [SOLD, TURNS], [SOLD, TURNS, CLOSED]]
    assert all(text.endswith(MAKING) for text in shown)
    assert draft.message is answer
    assert statements(answer.text) == [SOLD, TURNS, CLOSED]
    assert MAKING not in answer.text
    assert answer.edits == 0
    assert answer.buttons
    assert {one.name for one in server.actions(anna)} == {"typing"}


@pytest.mark.usefixtures("quickly")
async def test_message_grows_in_a_group_and_the_answer_is_whole(
    server: Telegram, anna: Person, group: Group, slowly: Settings
) -> None:
    """In a group it is one message that is edited, and that ends as the whole answer."""
    async with working(server, slowly) as work:
        asked = anna.says(f"/ask {BOTH}", chat=group)
        (answer,) = await said(work, group)
    shown = [version.words.text for version in answer.versions]
    assert [statements(text) for text in shown] == [
        [SOLD],
        [SOLD, TURNS],
        [SOLD, TURNS, CLOSED],
        [SOLD, TURNS, CLOSED],
    ]
    assert [text.endswith(MAKING) for text in shown] == [True, True, True, False]
    assert answer.reply is asked
    assert answer.buttons
    assert not server.calls("sendMessageDraft")


async def test_group_is_not_edited_often(
    server: Telegram, anna: Person, group: Group, slowly: Settings
) -> None:
    """Telegram counts edits: what comes within some seconds is shown together."""
    with patch.object(asking, "QUIET", 0.0):
        async with working(server, slowly) as work:
            anna.says(f"/ask {BOTH}", chat=group)
            (answer,) = await said(work, group)
    assert [statements(version.words.text) for version in answer.versions] == [
        [SOLD],
        [SOLD, TURNS, CLOSED],
    ]


async def test_quick_answer_shows_nothing_before(
    server: Telegram, anna: Person, corpus: Path
) -> None:
    """What is there at once is simply said."""
    async with working(server, library_of(corpus)) as work:
        anna.says(QUESTION)
        (answer,) = await said(work, anna)
    assert ANSWERED in answer.text
    assert not server.calls("sendMessageDraft", "sendChatAction", "editMessageText")


@pytest.mark.usefixtures("quickly")
@pytest.mark.parametrize(
    "fault", [{"retry_after": 60}, {"status": 400}, {"cut": True}], ids=["429", "400", "cut"]
)
async def test_what_cannot_be_shown_costs_no_answer(
    fault: dict[str, Any], server: Telegram, anna: Person, slowly: Settings
) -> None:
    """Drafts and typing may all be refused."""
    for method in ("sendMessageDraft", "sendChatAction"):
        server.fail_next(method, times=-1, **fault)
    with patch("bot.limiter._seconds", lambda _error: 0.05):
        async with working(server, slowly) as work:
            anna.says(BOTH)
            (answer,) = await said(work, anna)
    assert statements(answer.text) == [SOLD, TURNS, CLOSED]


@pytest.mark.usefixtures("quickly")
async def test_stopped_answer_takes_the_place_of_what_was_shown(
    server: Telegram, anna: Person, group: Group, corpus: Path
) -> None:
    """After a stop in the middle the next start finishes in the same message."""
    script = repeating("was sold", "still turns", parts=4, pause=0.3)
    with written(corpus, script) as library:
        async with working(server, library, stop_seconds=0) as work:
            anna.says(f"/ask {BOTH}", chat=group)
            await work.until(lambda: server.messages(group))
        (shown,) = server.messages(group)
        assert shown.text.endswith(MAKING)
        async with working(server, library) as work:
            await work.until(lambda: not shown.text.endswith(MAKING))
            (answer,) = await said(work, group)
    assert answer is shown
    assert statements(answer.text) == [SOLD, TURNS]
    assert answer.buttons


async def test_message_that_may_stand_there_already_is_not_begun_for_ever(
    server: Telegram, anna: Person, group: Group, slowly: Settings
) -> None:
    """Where nobody knows whether the first of it was taken, two tries are enough."""
    server.fail_next("sendMessage", times=2, cut=True, done=True)
    with patch.object(asking, "QUIET", 0.0), patch.object(asking, "EDITS", 0.0):
        async with working(server, slowly) as work:
            anna.says(f"/ask {BOTH}", chat=group)
            messages = await said(work, group, 3)
    assert statements(messages[-1].text) == [SOLD, TURNS, CLOSED]
    assert messages[-1].buttons


# --- How it ends ---------------------------------------------------------------------------------


async def test_refusal_says_what_was_looked_for(
    server: Telegram, anna: Person, corpus: Path
) -> None:
    """It offers the nearest articles, each with a button."""
    async with working(server, library_of(corpus, threshold=1.0)) as work:
        anna.says("Who bought the mill of Grindelwald?")
        (refusal,) = await said(work, anna)
        assert "Who bought the mill of Grindelwald?" in refusal.text
        assert "The mill" in refusal.text
        anna.presses(refusal, refusal.buttons[0])
        *_, article = await said(work, anna, 2)
        assert "mill" in article.text


async def test_degraded_answer_says_so(server: Telegram, anna: Person, corpus: Path) -> None:
    """A model that does not answer is made up for, and that is told in a line."""
    with written(corpus, lambda _: fails(500), model_tries=1) as library:
        async with working(server, library) as work:
            anna.says(QUESTION)
            (answer,) = await said(work, anna)
            outcomes = work.running.parts.metrics.registry.get_sample_value
            assert outcomes("citebot_questions_total", {"outcome": "degraded"}) == 1
    assert ANSWERED in answer.text
    assert ENGLISH.phrase("answer.degraded") in answer.text


async def test_limits_say_when_one_may_ask_again(
    server: Telegram, anna: Person, corpus: Path
) -> None:
    """The third question in a minute waits, and the person hears how long; another's does not."""
    ben = server.person("Ben")
    async with working(server, library_of(corpus), per_minute=2) as work:
        for _ in range(3):
            anna.says(QUESTION)
        *answers, limited = await said(work, anna, 3)
        ben.says(QUESTION)
        (other,) = await said(work, ben)
    assert all(ANSWERED in one.text for one in [*answers, other])
    assert ANSWERED not in limited.text
    assert "minute" in limited.text


async def test_costs_end_the_day(server: Telegram, anna: Person, corpus: Path) -> None:
    """What answers cost is written down, and a day's money is spent by everybody together."""
    prices = {MODEL: Price(tokens_in=1_000_000.0, tokens_out=0.0)}
    ben = server.person("Ben")
    with written(corpus, repeating("was sold"), prices=prices) as library:
        async with working(server, library, daily_cost=5.0) as work:
            anna.says(QUESTION)
            await said(work, anna)
            ben.says(QUESTION)
            (limited,) = await said(work, ben)
            ((cost,),) = await work.running.parts.database.read(
                select(SPENDING.c.cost).where(SPENDING.c.user_id == anna.id)
            )
    assert cost >= 10.0
    assert SOLD not in limited.text


@pytest.mark.parametrize(
    ("text", "key"),
    [("why? " * 3_000, "trouble.long"), ("?!", "trouble.unreadable")],
    ids=["too long", "no words"],
)
async def test_what_is_no_question(
    text: str, key: str, server: Telegram, anna: Person, corpus: Path
) -> None:
    """It is told what is wrong with it."""
    async with working(server, library_of(corpus)) as work:
        anna.pastes(text)
        (trouble,) = await said(work, anna)
    assert trouble.text == ENGLISH.phrase(key)


async def test_articles_that_cannot_be_used(server: Telegram, corpus: Path) -> None:
    """Everybody hears that they cannot; administrators, also what to do."""
    anna, chief = server.person("Anna"), server.person("Chief")
    library = library_of(corpus)
    async with working(server, library, admins=str(chief.id)) as work:
        work.running.parts.answerer.close()
        shutil.rmtree(
            library.data / next(one.name for one in library.data.iterdir() if one.is_dir())
        )
        shutil.rmtree(corpus)
        for person in (anna, chief):
            person.says(QUESTION)
        (for_anna,), (for_chief,) = await said(work, anna), await said(work, chief)
    assert for_anna.text == ENGLISH.phrase("trouble.articles")
    assert str(corpus) in for_chief.text


@pytest.mark.usefixtures("quickly")
async def test_what_should_not_happen_is_apologised_for(
    server: Telegram, anna: Person, group: Group, corpus: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The apology takes the place of what was shown; the log tells where, and nobody's words."""

    async def stream(
        self: Answerer, text: str, *, history: Sequence[Exchange] = ()
    ) -> AsyncGenerator[Statement | Reply, None]:
        async for one in answers(self, text, history=history):
            yield one
            raise RuntimeError(f"hunter2 {text}")

    answers = Answerer.stream
    caplog.set_level(logging.INFO)
    with patch.object(Answerer, "stream", stream):
        async with working(server, library_of(corpus)) as work:
            anna.says(f"/ask {QUESTION}", chat=group)
            await work.until(lambda: QUESTION in "".join(m.text for m in server.messages(group)))
            (sorry,) = await said(work, group)
            rows = await work.running.parts.database.read(select(INBOX.c.state))
    assert sorry.edits == 1
    assert ENGLISH.phrase("lapse.interrupted").partition("\n")[0] in sorry.text
    assert [state for (state,) in rows] == ["apologised"]
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text
    assert QUESTION not in caplog.text


async def test_who_is_forgotten_meanwhile_is_not_stored(
    server: Telegram, anna: Person, slowly: Settings
) -> None:
    """A question that is in work when somebody asks to be forgotten leaves nothing of them."""
    async with working(server, slowly) as work:
        anna.says(BOTH)
        await work.until(lambda: server.calls("sendChatAction"))
        database = work.running.parts.database
        await work.running.parts.people.forget(anna.id)
        await asyncio.wait_for(idle(work), 5.0)
        assert not server.messages(anna)
        for table in (ANSWERS, ASKED):
            assert not await database.read(select(table))
        spent = await database.read(select(SPENDING.c.user_id))
        assert anna.id not in {number for (number,) in spent}


async def idle(work: Work) -> None:
    while work.running.processor.working:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)


async def stored(work: Work) -> None:
    while not await work.running.parts.database.read(select(ANSWERS.c.id)):  # noqa: ASYNC110
        await asyncio.sleep(0.01)


# --- Follow-ups ----------------------------------------------------------------------------------


Asked = list[tuple[str, tuple[str, ...]]]


@pytest.fixture
def heard() -> Iterator[Asked]:
    """What the library is asked: questions, and those that came before in their thread."""
    asked: Asked = []
    answers = Answerer.stream

    def stream(self: Answerer, text: str, *, history: Sequence[Exchange] = ()) -> Any:
        asked.append((text, tuple(one.question for one in history)))
        return answers(self, text, history=history)

    with patch.object(Answerer, "stream", stream):
        yield asked


BUYER, REPAIRS, FLOOD = QUESTION, "How long did the repairs take?", "When was the flood?"


async def test_follow_up_keeps_to_its_thread(corpus: Path, heard: Asked) -> None:
    """What was said before is that of the same chat, topic and person."""
    with telegram() as server:
        anna, ben = server.person("Anna"), server.person("Ben")
        forum = server.group("Town", [anna, ben], topics=True)
        topic = forum.topic("Mills", anna)
        async with working(server, library_of(corpus)) as work:
            for person, chat, thread in (
                (anna, None, None),
                (anna, forum, None),
                (ben, forum, None),
                (anna, forum, topic),
            ):
                for text in (BUYER, REPAIRS):
                    person.says(f"/ask {text}", chat=chat, topic=thread)
            await said(work, anna, 2)
            await said(work, forum, 6)
    assert sorted(heard) == sorted([(BUYER, ()), (REPAIRS, (BUYER,))] * 4)


async def test_reset_comes_behind_what_was_asked_before(
    server: Telegram, anna: Person, corpus: Path, heard: Asked
) -> None:
    """However quickly it follows, no later question goes back behind it."""
    async with working(server, library_of(corpus)) as work:
        for text in (BUYER, REPAIRS, "/reset", FLOOD):
            anna.says(text)
        await said(work, anna, 4)
    assert heard == [(BUYER, ()), (REPAIRS, (BUYER,)), (FLOOD, ())]


async def test_answer_is_no_follow_up_of_itself(
    server: Telegram, anna: Person, corpus: Path, heard: Asked
) -> None:
    """A question that is asked again after a kill does not find its own answer before it."""
    library = library_of(corpus)

    async def killed(*_: object, **__: object) -> None:
        await asyncio.Event().wait()

    with patch("bot.asking.tell", killed):
        async with working(server, library, stop_seconds=0) as work:
            anna.says(BUYER)
            await work.until(lambda: heard)
            await asyncio.wait_for(stored(work), 5.0)
    async with working(server, library) as work:
        await said(work, anna)
        rows = await work.running.parts.database.read(select(ANSWERS.c.id))
    assert len(rows) == 1
    assert heard == [(BUYER, ()), (BUYER, ())]
