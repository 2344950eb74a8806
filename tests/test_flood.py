"""What is counted of a flood, and a small one."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.flood import COLUMNS, Figures, Spent, figured, main, verdict
from tests.mills import TOWNS, question

FIRST, SECOND, OTHER = TOWNS[:3]
NOTHING = Spent(processor=0.0, memory=0.0, calls=0, refused=0)


def chat(*said: tuple[str, float]) -> Mapping[str, Any]:
    """A chat that asked about two towns at 0 and at 1, and what it was told."""
    return {"asked": [0.0, 1.0], "said": [[text, at, True] for text, at in said]}


def of(*chats: Mapping[str, Any]) -> Figures:
    return figured("some bot", chats, [[FIRST, SECOND]] * len(chats), NOTHING)


@pytest.mark.parametrize(
    ("said", "counts"),
    [
        ([(FIRST, 2.0), (SECOND, 3.0)], (0, 0, 0, 0)),
        ([(FIRST, 2.0)], (1, 0, 0, 0)),
        ([(SECOND, 2.0), (FIRST, 3.0)], (0, 0, 1, 0)),
        ([(FIRST, 2.0), (SECOND, 3.0), (SECOND, 4.0)], (0, 1, 0, 0)),
        ([(FIRST, 2.0), (OTHER, 3.0), (SECOND, 4.0)], (0, 0, 0, 1)),
        ([("Sorry", 2.0), (SECOND, 3.0)], (1, 0, 0, 1)),
    ],
)
def test_answers_are_counted(
    said: Sequence[tuple[str, float]], counts: tuple[int, int, int, int]
) -> None:
    """What is lost, twice, out of order or no answer is each seen, and each is bad."""
    found = of(chat(*said))

    assert (found.lost, found.doubled, found.disordered, found.strange) == counts
    assert found.bad == sum(counts)


def test_what_does_not_look_like_an_answer_is_none() -> None:
    """A text about the right town is not enough."""
    told = {"asked": [0.0, 1.0], "said": [[FIRST, 2.0, False], [SECOND, 3.0, True]]}

    assert (of(told).lost, of(told).strange) == (1, 1)


def test_times_begin_where_something_was_asked() -> None:
    """The rate counts from the last question to the last answer, a wait from its own question."""
    found = of(chat((FIRST, 3.0), (SECOND, 4.0)), chat((FIRST, 3.0), (SECOND, 5.0)))

    assert found.seconds == 4.0
    assert found.rate == 1.0
    assert found.middle == 3.0
    assert 3.0 < found.slow <= 4.0


def test_verdict_compares_with_the_echo_bot() -> None:
    """It says how many times the echo bot's throughput ours is."""
    quick, slow = of(chat((FIRST, 2.0), (SECOND, 3.0))), of(chat((FIRST, 2.0), (SECOND, 9.0)))

    assert "0.25 some bot" in verdict([quick, slow])


def test_nothing_is_lost_in_a_small_flood(capsys: pytest.CaptureFixture[str]) -> None:
    """Twenty chats, with all bots, and with Telegram's flood control: every answer, in order."""
    assert main(20, 2, 8, 3) == 0, capsys.readouterr().out

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split()[: len(COLUMNS)]
    assert len([line for line in lines if line.startswith(("bare", "ours", "flood"))]) == 5


def test_every_question_is_another(capsys: pytest.CaptureFixture[str]) -> None:
    """No question can be taken for one about another town."""
    assert len({question(town) for town in TOWNS}) == len(TOWNS)
