"""What is counted of crash runs, and three of them."""

from collections.abc import Sequence

import pytest

from tests import crash
from tests.crash import Counts, Moment, Plan, Shown, judged, main, run
from tests.databases import Server
from tests.mills import TOWNS, Mills, Program

ASKED = TOWNS[:3]


@pytest.fixture(scope="module")
def mills(tmp_path_factory: pytest.TempPathFactory) -> Mills:
    return Mills.built(tmp_path_factory.mktemp("mills"))


def answers(*numbers: int) -> list[Shown]:
    """Answers to these questions, a second apart."""
    return [
        Shown(towns=(ASKED[number],), at=float(at), is_answer=True)
        for at, number in enumerate(numbers)
    ]


@pytest.mark.parametrize(
    ("said", "kills", "possible", "counts"),
    [
        ((0, 1, 2), (), 0, Counts(answered=3)),
        ((0, 2), (), 0, Counts(answered=2, lost=1)),
        ((0, 2, 1), (), 0, Counts(answered=3, disordered=1)),
        ((0, 1, 1, 2), (1.5,), 1, Counts(answered=3, inside=1)),
        ((0, 1, 1, 2), (1.5,), 0, Counts(answered=3, outside=1)),
        ((0, 1, 1, 2), (0.5,), 1, Counts(answered=3, outside=1)),
        ((0, 1, 2, 1), (2.5,), 1, Counts(answered=3, outside=1, disordered=1)),
        ((0, 0, 0, 1, 2), (0.5,), 2, Counts(answered=3, inside=1, outside=1)),
    ],
)
def test_answers_are_counted(
    said: Sequence[int], kills: Sequence[float], possible: int, counts: Counts
) -> None:
    """A second copy is right only where a kill lies between and the bot has counted it."""
    assert judged(ASKED, answers(*said), kills, possible) == counts


def test_what_is_no_answer_is_counted_by_itself() -> None:
    """An apology ends a question; what a kill left unfinished does not; other texts are strange."""
    shown = [
        *answers(0),
        Shown(towns=(ASKED[1],), at=2.0, is_apology=True),
        Shown(towns=(ASKED[2],), at=3.0, is_unfinished=True),
        Shown(towns=(), at=4.0),
        Shown(towns=(TOWNS[-1],), at=5.0, is_answer=True),
    ]

    counts = judged(ASKED, shown, (), 0)

    assert counts == Counts(answered=1, apologised=1, lost=1, strange=2, left=1)
    assert counts.bad == 3


def test_a_seed_is_a_plan() -> None:
    """The same seed is the same plan, and every kind of kill is drawn."""
    plans = [Plan.drawn(str(number)) for number in range(50)]

    assert plans == [Plan.drawn(str(number)) for number in range(50)]
    assert {plan.moment for plan in plans} == set(Moment)
    assert {plan.again is None for plan in plans} == {True, False}


def test_nothing_is_lost_in_crashes(capsys: pytest.CaptureFixture[str]) -> None:
    """Three runs, one of each kind: every question has its end, once and in order."""
    assert {Plan.drawn(f"20.{number}").moment for number in (1, 2, 3)} == set(Moment)

    status = main(3, 20, None)

    said = capsys.readouterr().out
    assert status == 0, said
    assert "3 runs, 4 kills, " in said
    assert " 0 lost, 0 doubled outside " in said


def test_nothing_is_lost_in_crashes_on_a_server(mills: Mills, postgres: Server) -> None:
    """The same where the bot's database is PostgreSQL's."""
    ended = run("postgres", mills, postgres.ready)

    assert ended.counts.bad == 0, ended.log
    assert ended.counts.answered + ended.counts.apologised == len(TOWNS)


def test_a_bot_that_does_not_come_back_is_seen(
    mills: Mills, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is never said is lost, and the run is not clean."""
    start = Program.start
    monkeypatch.setattr(crash, "PATIENCE", 1.0)
    monkeypatch.setattr(Program, "start", lambda bot: None if bot.process else start(bot))

    counts = run("20.3", mills).counts

    assert counts.lost > 0
    assert counts.answered + counts.lost == len(TOWNS)
    assert counts.unclean == 1
