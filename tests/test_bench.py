"""The benchmarks with small numbers: what they measure is what they say."""

import pytest

from eval.bench import answers
from eval.bench.answers import ENGLISH, SHOWN, apart, crowd, own, questions, shown


def test_a_question_is_asked_in_three_ways() -> None:
    """Ours, theirs and the bare client ask the same server, and our stages are all of our time."""
    found = apart(own, ENGLISH, 2, 0)

    assert len(found.rounds) == 2
    for one in found.rounds:
        assert one.calls == (1, 1, 1)
        assert min(one.seconds) > 0
        assert sum(one.stages.values()) == pytest.approx(one.seconds[0])
        assert one.stages.keys() >= {"understand", "retrieve", "generate", "verify"}
    assert min(found.firsts) > max(one.seconds[2] for one in found.rounds)


def test_a_crowd_is_served_in_turn() -> None:
    """The server sees no more at once than allowed, and nobody waits longer than needed."""
    found = crowd(ENGLISH, 5, 3)

    assert found.calls == 5
    assert found.most == 3
    assert 2.0 < found.seconds < 4.0
    assert 0 < found.before <= found.peak


def test_the_first_statement_does_not_wait_for_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is out long before the server goes on, and behind its own last byte."""
    monkeypatch.setattr(answers, "WARMING", 1)

    (seconds,) = shown(1)

    assert 0 < seconds < 10 * SHOWN


def test_no_question_is_asked_twice() -> None:
    """There are enough distinct questions, and no more are promised."""
    asked = questions(120)

    assert len(set(asked)) == 120
    with pytest.raises(ValueError, match="not 1000"):
        questions(1_000)
