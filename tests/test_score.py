"""What a score promises: figures per slice, as sure as the cases allow and never surer."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import Case
from eval.figures import Figure, Table, share_of
from eval.grade import Graded, Outcome
from eval.intervals import SEED, bootstrap, quantile, wilson
from eval.metrics import Better, Metric, fixed_metrics
from eval.records import Answers, Attempt, Found, Judgement, Quote, Run, Shown
from eval.score import ALL, POINTS, Point, Scores, _curve, grade_all, score
from rag.domain import Article, Usage

RUN = Run(
    name="test",
    started=datetime(2025, 4, 3, tzinfo=UTC),
    asked_at=datetime(2025, 4, 3, tzinfo=UTC),
    generator="fake",
    settings={},
)
TEXTS = {
    "mill.txt": ("en", "The mill was sold to Anna Keller."),
    "kiln.txt": ("de", "Der Ofen wurde an Peter Brandt verkauft."),
}
ARTICLES = {
    name: Article(id=name, title=name, language=language, text=text, sha256="0" * 64)
    for name, (language, text) in TEXTS.items()
}


def quote(name: str, number: int = 1) -> Quote:
    """The whole article, as it stands."""
    text = TEXTS[name][1]
    return Quote(number=number, article=name, start=0, end=len(text), quote=text)


def showing(case: str, name: str, **more: object) -> Attempt:
    """An answer of one statement: an article, word for word."""
    shown = Shown(text=TEXTS[name][1], quotes=(quote(name),))
    return Attempt(case=case, statements=(shown,), **more)  # type: ignore[arg-type]


MILL = Case(
    id="mill", set="one", language="en", question="Who has it?", expect=("keller",),
    sources=("mill.txt",), tags=("lookup",),
)  # fmt: skip
KILN = replace(
    MILL, id="kiln", language="ru", question="Кто?", expect=("brandt",), sources=("kiln.txt",),
    tags=("crosslingual", "lookup"),
)  # fmt: skip
BOTH = replace(
    MILL, id="both", set="two", sources=("mill.txt", "kiln.txt"), tags=("crosslingual", "list")
)
LATER = replace(MILL, id="later", set="two", tags=("follow_up",))
NONE = replace(MILL, id="none", set="two", expect=(), sources=(), answerable=False, tags=())
CASES = (MILL, KILN, BOTH, LATER, NONE)
ATTEMPTS = (
    showing("mill", "mill.txt"),
    showing("kiln", "mill.txt"),
    showing("both", "mill.txt"),
    Attempt(case="later", error="away"),
    Attempt(case="none", reason="off_topic"),
)


def scored(
    attempts: Sequence[Attempt],
    cases: Sequence[Case] = CASES,
    judgements: Sequence[Judgement] = (),
    repeat: int = 1,
) -> Scores:
    answers = Answers(
        run=replace(RUN, repeat=repeat),
        cases=tuple(cases),
        articles=ARTICLES,
        attempts=tuple(attempts),
        judgements=tuple(judgements),
    )
    return score(answers)


def figure(scores: Scores, name: str, among: str = ALL) -> Figure:
    found = scores.figure(name, among)
    assert found is not None, name
    return found


def again(attempts: Sequence[Attempt], rounds: int) -> tuple[Attempt, ...]:
    """The same attempts in several rounds."""
    return tuple(replace(one, round=n) for one in attempts for n in range(rounds))


def bounds(one: Figure | Point) -> tuple[float, float]:
    return one.low, one.high


# --- Slices ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def plain() -> Scores:
    return scored(ATTEMPTS)


def test_every_slice_has_its_cases(plain: Scores) -> None:
    """All, then sets, groups, tags, languages and pairs: each of the cases that belong to it."""
    rights = {name: figure(plain, "answer.right", name) for name in plain.slices}
    assert [(name, one.good, one.of) for name, one in rights.items()] == [
        ("all", 2, 5),
        ("set: one", 1, 2),
        ("set: two", 1, 3),
        ("group: across languages", 0, 2),
        ("group: follow-ups", 0, 1),
        ("group: same language", 1, 1),
        ("group: unanswerable", 1, 1),
        ("tag: crosslingual", 0, 2),
        ("tag: follow_up", 0, 1),
        ("tag: list", 0, 1),
        ("tag: lookup", 1, 2),
        ("language: en", 2, 4),
        ("language: ru", 0, 1),
        ("pair: en→de+en", 0, 1),
        ("pair: en→en", 1, 2),
        ("pair: ru→de", 0, 1),
    ]


def test_every_slice_has_every_metric(plain: Scores) -> None:
    """A slice has the figures of all metrics in one order, and `all` has more of them."""
    names = [one.name for one in plain.slices["set: one"]]
    assert len(set(names)) == len(names)
    for found in plain.slices.values():
        assert [one.name for one in found][: len(names)] == names
        assert {one.name for one in found} >= {one.name for one in fixed_metrics()}
    more = [one.name for one in plain.slices[ALL]][len(names) :]
    assert more == ["latency.p50", "latency.p95"]


def test_figure_is_found_by_name_and_slice(plain: Scores) -> None:
    """What there is not is nothing, rather than an error."""
    assert plain.figure("answer.right") is plain.slices[ALL][0]
    assert plain.figure("answer.left") is None
    assert plain.figure("answer.right", "set: three") is None


def test_attempts_are_graded_in_their_order(plain: Scores) -> None:
    """Every attempt has its verdict, in the order of the file, with the judgements about it."""
    assert [one.attempt for one in plain.graded] == list(ATTEMPTS)
    assert [one.case for one in plain.graded] == list(CASES)
    assert [one.outcome for one in plain.graded] == [
        Outcome.CORRECT, Outcome.INCORRECT, Outcome.CORRECT, Outcome.FAILED, Outcome.ABSTAINED,
    ]  # fmt: skip


def test_order_of_attempts_does_not_matter(plain: Scores) -> None:
    """The same attempts in another order have the same figures."""
    turned = scored(ATTEMPTS[::-1])
    assert turned.slices.keys() == plain.slices.keys()
    for name, figures in plain.slices.items():
        for one, other in zip(figures, turned.slices[name], strict=True):
            assert (one.name, one.of) == (other.name, other.of)
            assert one.value == pytest.approx(other.value, nan_ok=True)


def test_run_without_attempts_has_no_figures() -> None:
    """Of an empty run every figure is NaN out of 0, there is no curve, and all is missing."""
    scores = scored(())
    assert list(scores.slices) == [ALL]
    for one in scores.slices[ALL]:
        assert math.isnan(one.value)
        assert math.isnan(one.low)
        assert math.isnan(one.high)
        assert one.of == 0
    assert scores.curve == ()
    assert scores.missing == 5


@pytest.mark.parametrize(
    ("attempts", "repeat", "missing"),
    [(ATTEMPTS, 1, 0), (ATTEMPTS[:3], 1, 2), (ATTEMPTS, 3, 10), (again(ATTEMPTS, 3)[:-1], 3, 1)],
)
def test_unfinished_run_says_what_it_lacks(
    attempts: Sequence[Attempt], repeat: int, missing: int
) -> None:
    """A run is scored as far as it goes, out of the attempts it has, and the rest is counted."""
    scores = scored(attempts, repeat=repeat)
    assert scores.missing == missing
    assert figure(scores, "answer.right").of == len(attempts)


# --- How sure a figure is ----------------------------------------------------------------------

QUOTE = quote("mill.txt")


def verdict(name: str, *, right: bool = True, exact: Sequence[bool] = ()) -> Graded:
    """A verdict with what some figures count."""
    case = replace(MILL, id=name)
    return Graded(
        case=case,
        attempt=showing(name, "mill.txt"),
        outcome=Outcome.CORRECT if right else Outcome.INCORRECT,
        why="",
        right=right,
        exact=dict(enumerate(exact)),
        supported=(),
        cited=(),
    )


def table(graded: Sequence[Graded], seed: int = SEED) -> Mapping[str, Figure]:
    made = Table(graded, fixed_metrics(), seed).figures(one.case.id for one in graded)
    return {one.name: one for one in made}


random = numpy.random.default_rng(3)
MANY = [
    verdict(
        f"c{n}",
        right=bool(random.random() < 0.7),
        exact=list(random.random(int(random.integers(1, 5))) < 0.8),
    )
    for n in range(60)
]


def test_binary_figures_have_wilsons_bounds() -> None:
    """What counts attempts, each once, has the bounds of so many out of so many."""
    found = table(MANY)
    binary = [one.name for one in fixed_metrics() if one.binary and found[one.name].of]
    assert "answer.right" in binary
    for name in binary:
        one = found[name]
        expected = wilson(one.good, one.of)
        assert bounds(one) == pytest.approx((expected.low, expected.high))


def test_other_figures_are_drawn_by_case() -> None:
    """What counts parts of attempts is drawn case by case, all parts of one together."""
    one = table(MANY)["citations.exact"]
    good = numpy.array([[float(sum(v.exact.values()))] for v in MANY])
    of = numpy.array([[float(len(v.exact))] for v in MANY])
    (expected,) = bootstrap(good, of)
    assert (one.good, one.of) == (good.sum(), of.sum())
    assert one.value == pytest.approx(good.sum() / of.sum())
    assert bounds(one) == pytest.approx((expected.low, expected.high))
    other = table(MANY, seed=1)["citations.exact"]
    assert bounds(other) != bounds(one)
    assert bounds(other) == pytest.approx(bounds(one), abs=0.03)


def test_binary_figures_of_rounds_are_drawn_by_case() -> None:
    """What is not the same in every round is drawn case by case, all rounds of one together."""
    rounds = [*MANY, *(replace(one, right=not one.right) for one in MANY[:20])]
    good = numpy.array([[1.0 if n < 20 else float(one.right)] for n, one in enumerate(MANY)])
    of = numpy.array([[2.0 if n < 20 else 1.0] for n in range(len(MANY))])
    one, (expected,) = table(rounds)["answer.right"], bootstrap(good, of)
    assert (one.good, one.of) == (good.sum(), 80)
    assert bounds(one) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("name", ["answer.right", "citations.exact"])
def test_asking_the_same_twice_makes_nothing_surer(name: str) -> None:
    """Rounds of a case are not independent: the same data twice are no more than once."""
    once, twice = table(MANY)[name], table([*MANY, *MANY])[name]
    assert twice.value == pytest.approx(once.value)
    assert twice.of == 2 * once.of
    assert twice.high - twice.low > 0.93 * (once.high - once.low)
    thrice = table([*MANY, *MANY, *MANY])[name]
    assert bounds(thrice) == pytest.approx(bounds(twice))


@pytest.mark.parametrize("name", ["answer.right", "citations.exact"])
@pytest.mark.parametrize("rounds", [1, 4])
@pytest.mark.parametrize("good", [True, False])
def test_all_or_nothing_is_not_sure(name: str, rounds: int, good: bool) -> None:
    """Where all is good, or nothing, the bounds are Wilson's of so many cases, not of attempts."""
    graded = [verdict(f"c{n}", right=good, exact=[good] * 3) for n in range(9)] * rounds
    one, expected = table(graded)[name], wilson(9 if good else 0, 9)
    assert one.value == good
    assert bounds(one) == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize(
    ("graded", "name"),
    [
        ([verdict("a", exact=[True, True, False])], "citations.exact"),
        ([verdict(n, exact=[True, False] * k) for k, n in enumerate("abc", 1)], "citations.exact"),
        ([verdict("a", right=True), verdict("a", right=False)], "answer.right"),
        ([verdict(n, right=r) for n in "abcde" for r in (True, True, False)], "answer.right"),
    ],
)
def test_cases_that_are_all_alike_are_not_sure_either(graded: Sequence[Graded], name: str) -> None:
    """One case, or several that are good in the same part, are not all there is to know."""
    one = table(graded)[name]
    cases = len({v.case.id for v in graded})
    expected = wilson(one.value * cases, cases)
    assert 0 < one.value < 1
    assert bounds(one) == pytest.approx((expected.low, expected.high))


def test_bounds_hold_the_value() -> None:
    """Every figure of every kind of run lies in its bounds, and these in 0..1."""
    for graded in (MANY, MANY[:1], MANY[:7], [*MANY, *MANY[:30]]):
        for one in table(graded).values():
            if one.of:
                assert 0 <= one.low <= one.value + 1e-9
                assert one.value - 1e-9 <= one.high <= 1


def test_a_case_of_a_slice_counts_once() -> None:
    """A case that is named twice is in a slice once, with all of its rounds."""
    made = Table([*MANY, *MANY], fixed_metrics(), SEED)
    assert made.figures(["c1", "c2", "c1"]) == made.figures(["c1", "c2"])
    assert made.figures(["c1"])[0].of == 2


def test_share_of_nothing_is_no_number() -> None:
    """So many of so many has Wilson's bounds; none of none has neither value nor bounds."""
    one, expected = share_of("x", 45, 50, "What.", better=Better.LOWER), wilson(45, 50)
    assert (one.value, one.good, one.of, one.better) == (0.9, 45, 50, Better.LOWER)
    assert bounds(one) == (expected.low, expected.high)
    nothing = share_of("x", 0, 0, "What.")
    assert all(map(math.isnan, (nothing.value, nothing.low, nothing.high)))


def test_metric_may_count_nothing_in_some_cases() -> None:
    """Cases in which a metric counts nothing are no zeros, and make its bounds no narrower."""
    half = Metric(name="half", part=lambda g: (1.0, 1.0) if g.right else (0.0, 0.0), counts="")
    (one,) = Table(MANY, (half,), SEED).figures(v.case.id for v in MANY)
    right = sum(v.right for v in MANY)
    assert (one.good, one.of) == (right, right)
    assert one.low == pytest.approx(wilson(right, right).low)


# --- Curve -------------------------------------------------------------------------------------


def curve(pairs: Sequence[tuple[float, bool]], refused: int = 0, rounds: int = 1) -> list[Point]:
    """The curve of answers by their confidence and whether they are right."""
    graded = [
        replace(one, attempt=replace(one.attempt, confidence=confidence))
        for n, (confidence, right) in enumerate(pairs)
        for one in [verdict(f"c{n}", right=right)] * rounds
    ]
    nothing = Attempt(case="r", reason="off_topic")
    graded += [replace(verdict(f"r{n}", right=False), attempt=nothing) for n in range(refused)]
    return list(_curve(graded))


def test_curve_is_of_the_whole_run() -> None:
    """It has the attempts of all cases, also those that failed; the last point is the run."""
    attempts = [replace(one, confidence=0.2 * n) for n, one in enumerate(ATTEMPTS, start=1)]
    made = scored(attempts).curve
    assert [(one.threshold, one.coverage, one.precision) for one in made] == [
        (pytest.approx(0.6), 0.2, 0.0),  # Its words are right, its files are not.
        (0.4, 0.4, 0.0),
        (0.2, 0.6, pytest.approx(1 / 3)),
    ]


def test_curve_by_hand() -> None:
    """From the surest answers on: how many would be answered, and how many of them be right."""
    made = curve([(0.9, True), (0.5, False), (0.7, True), (0.5, True)], refused=1)
    assert [(one.threshold, one.coverage, one.precision) for one in made] == [
        (0.9, 0.2, 1.0),
        (0.7, 0.4, 1.0),
        (0.5, 0.8, 0.75),  # Equally sure answers come together.
    ]
    assert [bounds(one) for one in made] == [
        (wilson(good, of).low, wilson(good, of).high) for good, of in ((1, 1), (2, 2), (3, 4))
    ]


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.3, 0.5, 0.7]), st.booleans()), max_size=8),
    st.integers(0, 2),
)
def test_curve_goes_one_way(pairs: list[tuple[float, bool]], refused: int) -> None:
    """Coverage grows as the threshold falls, once for each confidence, up to the run's own."""
    made = curve(pairs, refused)
    assert [one.threshold for one in made] == sorted({pair[0] for pair in pairs}, reverse=True)
    coverages = [one.coverage for one in made]
    assert coverages == sorted(set(coverages))
    for one in made:
        kept = [right for confidence, right in pairs if confidence >= one.threshold]
        assert one.coverage == pytest.approx(len(kept) / (len(pairs) + refused))
        assert one.precision == pytest.approx(sum(kept) / len(kept))
        assert one.low <= one.precision + 1e-9
        assert one.precision - 1e-9 <= one.high


@pytest.mark.parametrize("count", [POINTS - 1, POINTS, POINTS + 1, 2 * POINTS, 2 * POINTS + 1])
def test_curve_is_thinned(count: int) -> None:
    """There are never more points than so many; the first and the last are always there."""
    made = curve([(n / count, n % 3 > 0) for n in range(count)])
    assert POINTS // 2 <= len(made) <= POINTS
    assert made[0].coverage == pytest.approx(1 / count)
    assert made[-1].coverage == 1.0
    assert made[-1].threshold == 0.0


def test_rounds_make_a_curve_no_surer() -> None:
    """A point of a repeated run is as sure as that of a single one."""
    pairs = [(0.9, True), (0.7, False), (0.5, True)]
    for one, other in zip(curve(pairs, rounds=3), curve(pairs), strict=True):
        assert bounds(one) == pytest.approx(bounds(other))
        assert one.coverage == pytest.approx(other.coverage)
        assert one.precision == pytest.approx(other.precision)


def test_run_without_answers_has_no_curve() -> None:
    """Where nothing was shown nothing could be held back."""
    assert curve([], refused=2) == []


# --- Costs -------------------------------------------------------------------------------------


def test_latency_is_of_the_replies() -> None:
    """Times are quantiles over the attempts that did not fail, in seconds, stage by stage."""
    times = [0.1, 0.4, 0.2, 0.3]
    attempts = [
        replace(ATTEMPTS[n], seconds=seconds, timings={"retrieve": seconds / 2} if n else {})
        for n, seconds in zip((0, 1, 2, 4), times, strict=True)
    ]
    failed = replace(ATTEMPTS[3], seconds=60.0, timings={"retrieve": 60.0, "wait": 60.0})
    scores = scored([*attempts, failed])
    for name, seconds in (
        ("latency", times),
        ("latency.retrieve", [0.0, 0.2, 0.1, 0.15]),
    ):
        for label, share in (("p50", 0.5), ("p95", 0.95)):
            one = figure(scores, f"{name}.{label}")
            value, interval = quantile(seconds, share)
            assert (one.value, one.low, one.high) == (value, interval.low, interval.high)
            assert (one.of, one.unit, one.better) == (4, "seconds", Better.LOWER)
            assert math.isnan(one.good)
    assert figure(scores, "latency.p95").counts == "Seconds that 95 % of the replies stay within."
    assert scores.figure("latency.wait.p50") is None


def paid(case: str, tokens: int, cost: float | None, **more: object) -> Attempt:
    usage = Usage(tokens_in=tokens, tokens_out=tokens // 10, cost=cost)
    return showing(case, "mill.txt", model="m", usage=usage, **more)


def test_usage_is_of_what_a_model_wrote() -> None:
    """Tokens and cost are means over the replies of a model; unknown prices are no zeros."""
    attempts = [
        paid("mill", 100, 0.5),
        paid("kiln", 200, None),
        paid("both", 600, 1.5),
        replace(paid("later", 9000, 9.0), error="cut", statements=()),
        ATTEMPTS[4],
    ]
    scores = scored(attempts)
    for name, value, total, of, unit in (
        ("usage.tokens_in", 300, 900, 3, "tokens"),
        ("usage.tokens_out", 30, 90, 3, "tokens"),
        ("usage.cost", 1.0, 2.0, 2, "currency"),
    ):
        one = figure(scores, name)
        assert (one.value, one.good, one.of, one.unit) == (value, total, of, unit)
        assert one.low < one.value < one.high
        assert one.better is Better.LOWER
    assert scored(ATTEMPTS).figure("usage.cost") is None
    assert scored([paid("mill", 100, None)]).figure("usage.cost") is None


def test_rounds_make_usage_no_surer() -> None:
    """The same replies in several rounds cost the same, and no more surely so."""
    attempts = [paid(name, n * 100, n / 2) for n, name in enumerate(("mill", "kiln", "both"), 1)]
    once, thrice = scored(attempts), scored(again(attempts, 3))
    for name in ("usage.tokens_in", "usage.cost"):
        assert bounds(figure(thrice, name)) == pytest.approx(bounds(figure(once, name)))
        assert figure(thrice, name).value == pytest.approx(figure(once, name).value)


# --- Judges ------------------------------------------------------------------------------------


def judging(case: str, verdict_: str | None, round_: int = 0) -> Judgement:
    return Judgement(case=case, round=round_, about="answer", verdict=verdict_, model="m")


def test_judge_figures_count_what_could_not_be_read() -> None:
    """A verdict that nobody could read is counted, and left out of the agreement."""
    judgements = [
        judging("mill", "correct"),
        judging("kiln", "incorrect"),
        judging("both", None),
        judging("none", "abstained"),  # Nothing was shown: nothing to be asked about.
    ]
    scores = scored(ATTEMPTS, judgements=judgements)
    lost, expected = figure(scores, "judge.unscored"), wilson(1, 3)
    assert (lost.good, lost.of, lost.better) == (1, 3, Better.LOWER)
    assert bounds(lost) == pytest.approx((expected.low, expected.high))
    agreed = figure(scores, "judge.kappa")
    assert (agreed.value, agreed.of, agreed.unit) == (1.0, 2, "kappa")


@pytest.mark.parametrize(
    ("verdicts", "kappa"),
    [
        (("incorrect", "correct", "incorrect"), -0.8),
        (("correct", "incorrect", "correct"), 1.0),
        (("correct", "correct", "correct"), 0.0),
        (("abstained", "abstained", "abstained"), 0.0),
    ],
)
def test_judge_is_compared_with_our_verdict(verdicts: Sequence[str], kappa: float) -> None:
    """Ours are correct, incorrect, correct: agreement is beyond what chance would make of it."""
    names = ("mill", "kiln", "both")
    judgements = [judging(name, one) for name, one in zip(names, verdicts, strict=True)]
    assert figure(scored(ATTEMPTS, judgements=judgements), "judge.kappa").value == pytest.approx(
        kappa
    )


def test_judgements_belong_to_their_round() -> None:
    """What was said about one round says nothing about another."""
    attempts = again(ATTEMPTS[:2], 2)
    judgements = [judging("mill", "correct", 1), judging("kiln", None, 0)]
    scores = scored(attempts, judgements=judgements)
    assert [one.judged is not None for one in scores.graded] == [False, True, True, False]
    assert (figure(scores, "judge.unscored").good, figure(scores, "judge.unscored").of) == (1, 2)


def test_rounds_make_a_judge_no_surer() -> None:
    """The share of unread verdicts is as sure as the number of cases allows."""
    judgements = [judging("mill", "correct"), judging("kiln", None)]
    once = figure(scored(ATTEMPTS, judgements=judgements), "judge.unscored")
    attempts = again(ATTEMPTS, 3)
    every = [replace(one, round=n) for one in judgements for n in range(3)]
    thrice = figure(scored(attempts, judgements=every), "judge.unscored")
    assert (thrice.good, thrice.of) == (3, 6)
    assert bounds(thrice) == pytest.approx(bounds(once))


def test_unjudged_run_has_no_judge_figures(plain: Scores) -> None:
    """Where no model was asked, and no case twice, there are no such figures."""
    names = {one.name.split(".")[0] for one in plain.slices[ALL]}
    assert not names & {"judge", "stability"}


# --- Stability ---------------------------------------------------------------------------------


def test_stability_counts_cases() -> None:
    """Of the cases asked more than once: how many come out the same, and how many ever right."""
    wrong = showing("mill", "kiln.txt")
    other = replace(ATTEMPTS[0], statements=(Shown(text="Anna Keller!", quotes=(QUOTE,)),))
    attempts = [
        *again(ATTEMPTS[:2], 3),  # mill: right three times; kiln: wrong three times
        replace(ATTEMPTS[2], case="both"),
        replace(wrong, case="both", round=1),  # right words once, and wrong ones
        replace(other, case="later"),
        replace(ATTEMPTS[0], case="later", round=1),  # right twice, in other words
        ATTEMPTS[4],  # once only
    ]
    scores = scored(attempts, repeat=3)
    stability = {
        one.name: (one.good, one.of)
        for one in scores.slices[ALL]
        if one.name.startswith("stability")
    }
    assert stability == {
        "stability.outcome": (3, 4),
        "stability.text": (2, 4),
        "stability.always_right": (2, 4),
        "stability.ever_right": (2, 4),
    }
    expected = wilson(3, 4)
    assert bounds(figure(scores, "stability.outcome")) == (expected.low, expected.high)
    assert figure(scores, "stability.text").counts.startswith("Cases that say the same")


def test_ever_right_is_not_always_right() -> None:
    """A case that is right in one of two rounds is ever right, and not always."""
    attempts = [ATTEMPTS[0], replace(showing("mill", "kiln.txt"), round=1)]
    scores = scored(attempts, repeat=2)
    assert figure(scores, "stability.always_right").value == 0
    assert figure(scores, "stability.ever_right").value == 1
    assert figure(scores, "answer.right").value == 0.5


# --- Grading all -------------------------------------------------------------------------------


def test_hits_are_figures_of_their_arms() -> None:
    """A run whose hits name arms has the figures of these arms, in every slice."""
    hits = tuple(
        Found(article=name, start=0, end=1, score=1 / place, arms={"words": 1 / place})
        for place, name in enumerate(("kiln.txt", "mill.txt"), start=1)
    )
    scores = scored([replace(one, hits=hits) for one in ATTEMPTS])
    assert figure(scores, "retrieval.words.hit@1").good == 2  # kiln, both
    assert figure(scores, "retrieval.fused.mrr@10", "set: one").value == pytest.approx(0.75)
    assert figure(scores, "retrieval.fused.recall@5", "pair: en→de+en").value == 1


def test_grading_needs_nothing_but_the_answers() -> None:
    """Grading the same answers twice gives equal verdicts."""
    answers = Answers(run=RUN, cases=CASES, articles=ARTICLES, attempts=ATTEMPTS)
    assert grade_all(answers) == grade_all(answers)
