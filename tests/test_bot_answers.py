"""What `bot.answers` promises: an answer comes back as it was, and a thread keeps to itself."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from bot import answers as module
from bot.answers import Answers
from bot.database import Database
from bot.domain import Kept, Place, Said, Source, Stats, Thread, Verdict
from bot.people import People
from bot.quota import Quota
from bot.tables import FEEDBACK
from rag.domain import Exchange

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ANNA, BERT = 111, 222
PRIVATE = Thread(place=Place(chat_id=ANNA), user_id=ANNA)
TOPIC = Thread(place=Place(chat_id=-5, topic_id=7, is_private=False), user_id=ANNA)
GROUP = Thread(place=Place(chat_id=-5, is_private=False), user_id=ANNA)


@pytest.fixture
def answers(database: Database) -> Answers:
    return Answers(database)


def kept(
    question: str = "Who?", *, thread: Thread = PRIVATE, at: datetime = NOW, refusal: str = ""
) -> Kept:
    source = Source(
        number=1,
        article_id="folder/mill.txt",
        title="Die Mühle",
        published_on=date(2021, 3, 1),
        quote="«The mill»\nwas sold.",
        before="Before.",
        after="",
    )
    said = (
        () if refusal else (Said(text="It was sold.", numbers=(1, 2)), Said(text="Ja.", numbers=()))
    )
    return Kept(
        id=0,
        thread=thread,
        question=question,
        language="de",
        asked_at=at,
        statements=said,
        sources=(source, replace(source, number=2, published_on=None)),
        refusal=refusal,
    )


@pytest.mark.parametrize("thread", [PRIVATE, TOPIC, GROUP])
@pytest.mark.parametrize("refusal", ["", "Das steht nirgends."])
async def test_answers_come_back_as_they_were(
    answers: Answers, thread: Thread, refusal: str
) -> None:
    """What is kept is found by its number, equal in everything."""
    stored = await answers.keep(kept(thread=thread, refusal=refusal))
    assert await answers.find(stored.id) == stored
    assert replace(stored, id=0) == kept(thread=thread, refusal=refusal)


async def test_unknown_number_is_nothing(answers: Answers) -> None:
    """There is no answer where none was kept, however high the number."""
    assert await answers.find(2**63 - 1) is None


@given(words=st.text(st.characters(codec=None)), day=st.none() | st.dates())
def test_any_words_come_back(words: str, day: date | None) -> None:
    """Whatever an article or a model says, its source is read as it was written."""
    source = replace(kept().sources[0], quote=words, title=words, published_on=day)
    one = replace(kept(), sources=(source,), statements=(Said(text=words, numbers=(1,)),))

    class Row:
        id, topic_id, chat_id, user_id = 0, 0, ANNA, ANNA
        question, language, asked_at = one.question, one.language, one.asked_at
        body = module._written(one)  # noqa: SLF001

    assert Row.body.isascii()
    assert module._kept(Row) == one  # noqa: SLF001


async def test_numbers_are_never_given_twice(answers: Answers) -> None:
    """An old button shows no new answer: a number that was deleted does not come back."""
    stored = await answers.keep(kept())
    assert await answers.prune(NOW + timedelta(days=1)) == 1
    assert (await answers.keep(kept())).id > stored.id


async def test_question_asked_again_after_a_kill_is_kept_once(answers: Answers) -> None:
    """The second answer to an update takes the place of the first, and its number."""
    first = await answers.keep(kept("One?"), update_id=9)
    second = await answers.keep(kept("Two?"), update_id=9)
    assert second.id == first.id
    assert await answers.find(first.id) == second


# ── threads


async def asked(answers: Answers, thread: Thread, at: datetime = NOW, **more: int) -> list[str]:
    """The questions that a follow-up may go back to."""
    found = await answers.exchanges(thread, at, **more)  # type: ignore[arg-type]
    return [one.question for one in found]


async def test_exchanges_are_what_was_said(answers: Answers) -> None:
    """An earlier question comes with its reply, with marks; a refusal with its words."""
    await answers.keep(kept("One?", at=NOW - timedelta(minutes=2)))
    await answers.keep(kept("Two?", at=NOW - timedelta(minutes=1), refusal="Unknown."))
    assert await answers.exchanges(PRIVATE, NOW) == (
        Exchange(question="One?", reply="It was sold. [1][2] Ja. "),
        Exchange(question="Two?", reply="Unknown."),
    )


async def test_own_answer_is_no_exchange(answers: Answers) -> None:
    """What an update was answered with before a kill is no part of what came before it."""
    for number, question in ((1, "Who?"), (2, "When?")):
        await answers.keep(kept(question), update_id=number)
    later = NOW + timedelta(seconds=1)
    found = await answers.exchanges(PRIVATE, later, besides=2)
    assert [one.question for one in found] == ["Who?"]
    assert len(await answers.exchanges(PRIVATE, later)) == 2


async def test_exchanges_are_the_last_and_fresh(answers: Answers) -> None:
    """Only so many, only of so many hours, oldest first, and only of before the question."""
    for hours in range(30):
        await answers.keep(kept(f"{hours}", at=NOW - timedelta(hours=hours)))
    assert await asked(answers, PRIVATE) == ["6", "5", "4", "3", "2", "1"]
    assert await asked(answers, PRIVATE, last=2) == ["2", "1"]
    assert len(await asked(answers, PRIVATE, last=99)) == 24
    assert await asked(answers, PRIVATE, NOW - timedelta(hours=27)) == ["29", "28"]


async def test_threads_keep_to_themselves(answers: Answers) -> None:
    """Chat, topic and person are one thread; nobody's follow-up goes back to another's."""
    other = replace(TOPIC, user_id=BERT)
    for thread in (PRIVATE, TOPIC, GROUP, other):
        await answers.keep(kept(str(thread), thread=thread, at=NOW - timedelta(minutes=1)))
    for thread in (PRIVATE, TOPIC, GROUP, other):
        assert await asked(answers, thread) == [str(thread)]


async def test_reset_begins_one_thread_anew(answers: Answers) -> None:
    """Nothing goes back behind a reset; buttons work on, and other threads are as they were."""
    stored = await answers.keep(kept("Old?", at=NOW - timedelta(minutes=3)))
    await answers.keep(kept("Other?", thread=GROUP, at=NOW - timedelta(minutes=3)))
    await answers.reset(PRIVATE)
    await answers.keep(kept("New?", at=NOW - timedelta(minutes=1)))
    assert await asked(answers, PRIVATE) == ["New?"]
    assert await asked(answers, GROUP) == ["Other?"]
    assert await answers.find(stored.id) == stored


# ── feedback


async def feedback(database: Database) -> list[tuple[object, ...]]:
    columns = (FEEDBACK.c.user_id, FEEDBACK.c.verdict, FEEDBACK.c.reason)
    rows = await database.read(select(*columns).order_by(FEEDBACK.c.user_id))
    return [tuple(row) for row in rows]


async def test_second_press_replaces_the_first(answers: Answers, database: Database) -> None:
    """A person has one opinion of an answer, their last."""
    stored = await answers.keep(kept())
    assert await answers.judge(stored.id, ANNA, Verdict.GOOD)
    assert await answers.judge(stored.id, BERT, Verdict.GOOD)
    assert await answers.judge(stored.id, ANNA, Verdict.BAD, "wrong")
    assert await feedback(database) == [(ANNA, "bad", "wrong"), (BERT, "good", "")]


async def test_opinion_of_nothing_is_not_kept(answers: Answers, database: Database) -> None:
    """An answer that is gone cannot be judged."""
    assert not await answers.judge(404, ANNA, Verdict.GOOD)
    assert await feedback(database) == []


# ── numbers


async def test_stats_count_days_of_utc(answers: Answers, database: Database) -> None:
    """Answers, refusals, people, verdicts and cost of the last days, each once."""
    quota = Quota(database, per_minute=9, per_day=9, daily_cost=None)
    one = await answers.keep(kept())
    two = await answers.keep(kept(thread=replace(TOPIC, user_id=BERT), refusal="No."))
    await answers.keep(kept(at=NOW.replace(hour=0) - timedelta(days=1)))
    old = await answers.keep(kept(at=NOW.replace(hour=0) - timedelta(days=1, microseconds=1)))
    for stored, verdict in ((one, Verdict.GOOD), (two, Verdict.BAD), (old, Verdict.BAD)):
        await answers.judge(stored.id, ANNA, verdict)
    for days in range(3):
        await quota.spend(ANNA, NOW - timedelta(days=days), 0.25)
    assert await answers.stats(2, NOW) == Stats(
        days=2, people=2, answers=2, refusals=1, good=1, bad=1, cost=0.5
    )


async def test_stats_of_nothing(answers: Answers) -> None:
    """Where nothing was asked all is 0, and no money is spoken of."""
    assert await answers.stats(7, NOW) == Stats(
        days=7, people=0, answers=0, refusals=0, good=0, bad=0
    )


async def test_prune_takes_old_answers_with_their_feedback(
    answers: Answers, database: Database
) -> None:
    """What was asked long ago is deleted, and what was thought of it."""
    old = await answers.keep(kept(at=NOW - timedelta(days=31)))
    new = await answers.keep(kept())
    for stored in (old, new):
        await answers.judge(stored.id, ANNA, Verdict.GOOD)
    assert await answers.prune(NOW - timedelta(days=30)) == 1
    assert await answers.find(old.id) is None
    assert await answers.find(new.id) == new
    ((left,),) = await database.read(select(func.count()).select_from(FEEDBACK))
    assert left == 1


async def test_forgotten_answers_are_gone(answers: Answers, database: Database) -> None:
    """A button under an answer of somebody who was forgotten shows nothing."""
    stored = await answers.keep(kept())
    await People(database).forget(ANNA)
    assert await answers.find(stored.id) is None
    assert await asked(answers, PRIVATE, NOW + timedelta(minutes=1)) == []
