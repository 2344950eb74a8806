"""What a comparison promises: the same cases beside each other, and no word on mere chance."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.compare import Comparison, Difference, compare
from eval.metrics import Better
from eval.records import AnswersError, Attempt
from eval.score import Scores
from eval.summary import comparison_lines
from rag.domain import Exchange
from tests.library import ANALYSER
from tests.trial import SOLD, attempt, case, earlier, everything, refusal, scored


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of countries and months are read once, not for every run that is scored."""
    monkeypatch.setattr("eval.score.Names", lambda _languages: ANALYSER.names)


def run_of(right: str, wrong: str = "", **more: Any) -> Scores:
    """A run over cases of one letter each, some of them right and the others refused."""
    names = sorted(right + wrong)
    attempts = [attempt(name, SOLD) if name in right else refusal(name) for name in names]
    return scored([case(name) for name in names], attempts, **more)


def rounds_of(**outcomes: Sequence[bool]) -> Scores:
    """A run that asked each case several times; whether each round was right."""
    attempts: list[Attempt] = [
        (attempt(name, SOLD, round=number) if right else refusal(name, round=number))
        for name, rounds in outcomes.items()
        for number, right in enumerate(rounds)
    ]
    return scored([case(name) for name in outcomes], attempts, repeat=3)


def ids(comparison: Comparison) -> tuple[str, str]:
    """The cases lost, and those gained."""
    lost = "".join(flip.case.id for flip in comparison.lost)
    return lost, "".join(flip.case.id for flip in comparison.gained)


# --- Which cases -------------------------------------------------------------------------------


def test_only_cases_of_both_runs_are_compared() -> None:
    """What is in one run alone is told, and counts neither as lost nor as gained."""
    comparison = compare(run_of("abc", "d"), run_of("bcx", "dy"))
    assert comparison.shared == ("b", "c", "d")
    assert (comparison.only_before, comparison.only_after) == (("a",), ("x", "y"))
    assert (comparison.changed, ids(comparison)) == ((), ("", ""))
    (right,) = (one for one in comparison.differences if one.name == "answer.right")
    assert (right.before, right.after) == pytest.approx((2 / 3, 2 / 3))


@pytest.mark.parametrize(
    "change",
    [
        {"question": "Who sold the mill?"},
        {"history": (Exchange(question="Is there a mill?", reply="Yes."),)},
        {"answer": "Brandt"},
        {"accepted": ("Keller",)},
        {"expect": ("Anna",)},
        {"forbid": ("Brandt",)},
        {"sources": ("fluss.txt",)},
        {"any_source": True},
        {"answerable": False},
    ],
)
def test_rewritten_case_is_not_compared(change: dict[str, Any]) -> None:
    """A case of the same name that asks or wants something else is another case."""
    before = scored([case("a"), case("b")], [attempt("a", SOLD), attempt("b", SOLD)])
    after = scored([case("a", **change), case("b")], [refusal("a"), attempt("b", SOLD)])
    comparison = compare(before, after)
    assert (comparison.changed, comparison.shared) == (("a",), ("b",))
    assert ids(comparison) == ("", "")


@pytest.mark.parametrize("change", [{"tags": ("date",)}, {"set": "city"}, {"language": "de"}])
def test_case_may_be_counted_elsewhere(change: dict[str, Any]) -> None:
    """Tags and files say where a case is counted, not what it asks."""
    after = scored([case("a", **change)], [refusal("a")])
    assert ids(compare(run_of("a"), after)) == ("a", "")


@pytest.mark.parametrize(
    "after",
    [
        run_of("x"),
        scored([case("a", question="Who sold it?")], [attempt("a", SOLD)]),
        scored([case("a")], []),
    ],
)
def test_runs_that_share_no_case_are_told(after: Scores) -> None:
    """There is nothing to compare: one sentence with what to do."""
    with pytest.raises(AnswersError, match=r"^The two runs share no case: [^.]*\.$"):
        compare(run_of("a"), after)


# --- Flips -------------------------------------------------------------------------------------


def test_flips_are_lost_or_gained() -> None:
    """A case that was right and is not is lost, the other way round gained; with both replies."""
    comparison = compare(run_of("abc", "def"), run_of("ade", "bcf"))
    assert ids(comparison) == ("bc", "de")
    (flip, _) = comparison.lost
    assert (flip.before.right, flip.after.right) == (True, False)
    assert flip.after.why == "refused: not_supported"


def test_flip_shows_a_round_like_most() -> None:
    """The replies of a flip are such as made it one, not those of a round that was otherwise."""
    before = rounds_of(a=[False, True, True])
    (flip,) = compare(before, rounds_of(a=[True, False, False])).lost
    assert (flip.before.attempt.round, flip.after.attempt.round) == (1, 1)
    assert (flip.before.right, flip.after.right) == (True, False)


def test_what_else_is_not_the_same_is_told() -> None:
    """Other settings or articles may be why cases flipped."""
    other = run_of("a", index="other", settings={"hits": 3})
    comparison = compare(run_of("a"), other)
    told = ("The articles are not the same.", "The setting hits was 12, and is 3.")
    assert comparison.besides == told
    assert tuple(comparison_lines(comparison))[1:3] == told
    assert compare(other, other).besides == ()


NAMES = "abcdefghij"


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ("", "", "No difference seen: 0 of 10 shared cases gained, 0 lost (p = 1.000)."),
        ("abc", "d", "No difference seen: 1 of 10 shared cases gained, 3 lost (p = 0.625)."),
        ("abcdef", "", "Worse: 0 of 10 shared cases gained, 6 lost (p = 0.031)."),
        ("", "abcdef", "Better: 6 of 10 shared cases gained, 0 lost (p = 0.031)."),
        ("a", "bcdefghi", "Better: 8 of 10 shared cases gained, 1 lost (p = 0.039)."),
        ("ab", "cdefghij", "No difference seen: 8 of 10 shared cases gained, 2 lost (p = 0.109)."),
    ],
)
def test_verdict_says_no_more_than_chance_allows(before: str, after: str, verdict: str) -> None:
    """Only what chance brings about less often than one time in twenty is a difference."""
    first, second = (run_of(right, "".join(set(NAMES) - set(right))) for right in (before, after))
    assert compare(first, second).verdict == verdict


@pytest.mark.parametrize(
    ("before", "after", "flips"),
    [
        ([True, True, True], [True, True, False], ("", "")),
        ([True, True, False], [True, False, False], ("a", "")),
        ([False, False, True], [True, False, True], ("", "a")),
        ([True], [True, False], ("a", "")),
        ([True, False], [False, False], ("", "")),
        ([False], [True, True, False, True], ("", "a")),
    ],
)
def test_rounds_of_a_case_count_by_majority(
    before: list[bool], after: list[bool], flips: tuple[str, str]
) -> None:
    """A case is right where most of its rounds are; half of them are not most."""
    comparison = compare(rounds_of(a=before, b=[True]), rounds_of(a=after, b=[True]))
    assert ids(comparison) == flips
    (right,) = (one for one in comparison.differences if one.name == "answer.right")
    shares = [(sum(rounds) + 1) / (len(rounds) + 1) for rounds in (before, after)]
    assert (right.before, right.after) == pytest.approx(tuple(shares))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=10))
def test_order_of_the_runs_only_turns_the_signs(outcomes: list[tuple[bool, bool]]) -> None:
    """Comparing the other way round loses what was gained, as probable as before."""
    runs = []
    for side in (0, 1):
        right = "".join(n for n, one in zip(NAMES, outcomes, strict=False) if one[side])
        wrong = "".join(n for n, one in zip(NAMES, outcomes, strict=False) if not one[side])
        runs.append(run_of(right, wrong))
    forth, back = compare(*runs), compare(*reversed(runs))
    assert ids(forth) == ids(back)[::-1]
    assert forth.p == back.p
    signs = {one.name: one.low for one in forth.differences}
    assert all(
        math.isnan(one.high) or one.high == pytest.approx(-signs[one.name])
        for one in back.differences
    )


def test_verdict_is_not_clear_where_two_tests_do_not_agree() -> None:
    """Five flips one way: McNemar sees no difference, the bootstrap does, and both are told."""
    comparison = compare(run_of("abcde", "fghij"), run_of("", NAMES))
    assert comparison.verdict == (
        "Not clear: 0 of 10 shared cases gained, 5 lost (p = 0.062), "
        "though the paired bootstrap leaves 0 out."
    )


# --- Differences -------------------------------------------------------------------------------


def difference(low: float, high: float, better: Better, **more: float) -> Difference:
    middle = (low + high) / 2
    return Difference(
        name="x",
        before=more.get("before", 0.5),
        after=more.get("after", 0.5 + middle),
        low=low,
        high=high,
        better=better,
        counts="",
    )


@pytest.mark.parametrize(
    ("low", "high", "better", "seen", "worse"),
    [
        (0.1, 0.3, Better.HIGHER, True, False),
        (0.1, 0.3, Better.LOWER, True, True),
        (-0.3, -0.1, Better.HIGHER, True, True),
        (-0.3, -0.1, Better.LOWER, True, False),
        (-0.1, 0.3, Better.LOWER, False, False),
        (-0.3, 0.1, Better.HIGHER, False, False),
        (0.0, 0.3, Better.HIGHER, False, False),
        (-0.3, 0.0, Better.HIGHER, False, False),
        (-1.0, -1.0, Better.HIGHER, True, True),
        (math.nan, math.nan, Better.HIGHER, False, False),
    ],
)
def test_difference_is_worse_by_the_direction_of_its_figure(
    low: float, high: float, better: Better, seen: bool, worse: bool
) -> None:
    """Bounds that hold 0 show nothing; more is worse where less is wanted."""
    one = difference(low, high, better)
    assert (one.seen, one.worse) == (seen, worse)


def test_figures_of_both_runs_stand_beside_each_other() -> None:
    """Over the shared cases, with bounds around the difference; none where neither has one."""
    names = "".join(map(chr, range(ord("a"), ord("a") + 20)))
    comparison = compare(run_of(names), run_of(names[:5], names[5:]))
    found = {one.name: one for one in comparison.differences}
    right, over = found["answer.right"], found["refusals.over"]
    assert (right.before, right.after) == (1.0, 0.25)
    assert -1 < right.low < -0.75 < right.high < -0.4
    assert (right.seen, right.worse) == (True, True)
    assert (over.before, over.after, over.worse) == (0.0, 0.75, True)
    assert over.low == pytest.approx(-right.high)
    assert "refusals.recall" not in found
    assert found["refusals.precision"].after == 0.0
    assert math.isnan(found["refusals.precision"].before)


def test_run_beside_itself_has_no_difference() -> None:
    """Nothing flips, and every difference is nothing, with bounds that say so."""
    comparison = compare(everything(), everything())
    assert comparison.verdict.startswith("No difference seen: 0 of 11 shared")
    bounds = [(one.low, one.high) for one in comparison.differences if not math.isnan(one.low)]
    assert set(bounds) == {(0.0, 0.0)}
    assert not any(one.seen for one in comparison.differences)


def test_comparison_is_repeatable() -> None:
    """The same runs have the same bounds; another seed has others."""
    runs = run_of("abcde", "fgh"), run_of("abf", "cdegh")
    assert compare(*runs) == compare(*runs)
    assert compare(*runs).differences != compare(*runs, seed=1).differences


# --- As text -----------------------------------------------------------------------------------


def test_comparison_is_told() -> None:
    """The verdict first, then what is not compared, the flips with their reasons, the figures."""
    told = list(comparison_lines(compare(earlier(), everything())))
    assert told[0] == "No difference seen: 1 of 4 shared cases gained, 1 lost (p = 1.000)."
    assert "Not compared, only in the first run: 1 (gone)" in told
    assert "Not compared, not the same question in both: 1 (follow)" in told
    assert "  Lost: refused (refused: not_supported)" in told
    assert "  Gained: plain (refused: not_supported)" in told
    (only,) = (line for line in told if "only in the second run" in line)
    assert only.startswith("Not compared, only in the second run: 6 (overlap, inexact, failed, ")


def test_many_cases_are_not_all_listed() -> None:
    """Ten are named, the number says how many there are."""
    told = list(comparison_lines(compare(run_of("abcdefghijklm"), run_of("m"))))
    line = "Not compared, only in the first run: 12 (a, b, c, d, e, f, g, h, i, j, …)"
    assert line in told


@pytest.mark.parametrize(
    ("before", "after", "mark"),
    [("abcdefghij", "", "worse"), ("", "abcdefghij", "better"), ("ab", "bc", "no difference seen")],
)
def test_marks_follow_the_direction(before: str, after: str, mark: str) -> None:
    """Each figure says whether it got better or worse, or that nothing was seen."""
    first, second = (run_of(right, "".join(set(NAMES) - set(right))) for right in (before, after))
    told = list(comparison_lines(compare(first, second)))
    for name in ("answer.right", "refusals.over"):
        (line,) = (line for line in told if line.startswith(f"  {name} "))
        assert line.endswith(f"  {mark}")
