"""What intervals and tests promise: published values, repeatable draws, the coverage they say."""

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from itertools import product

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import intervals
from eval.intervals import (
    ANYTHING,
    Array,
    Interval,
    Z,
    bootstrap,
    kappa,
    mcnemar,
    paired_bootstrap,
    quantile,
    wilson,
)

NOISE = 1e-12
"""What the last bits of a float may add."""


def column(*values: float) -> Array:
    """One figure of some cases."""
    return numpy.array(values, dtype=float)[:, None]


def ones(count: int) -> Array:
    return numpy.ones((count, 1))


def bounds(interval: Interval) -> tuple[float, float]:
    return interval.low, interval.high


# --- Wilson ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("good", "of", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_is_as_published(good: int, of: int, low: float, high: float) -> None:
    """The four examples of Newcombe (1998), score method without a correction."""
    assert bounds(wilson(good, of)) == pytest.approx((low, high), abs=5.1e-5)


shares = st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of)))


@given(shares)
def test_wilson_holds_the_share(pair: tuple[int, int]) -> None:
    """The share lies in its interval, that in 0..1, and it is never without width."""
    good, of = pair
    low, high = bounds(wilson(good, of))
    assert 0 <= low <= good / of + NOISE
    assert good / of - NOISE <= high <= 1
    assert high - low > 1 / (of + 4)


@given(shares)
def test_wilson_is_where_the_score_test_ends(pair: tuple[int, int]) -> None:
    """Each bound is a share from which what was seen is exactly `Z` deviations away."""
    good, of = pair
    for bound in bounds(wilson(good, of)):
        if NOISE < bound < 1 - NOISE:
            deviation = math.sqrt(bound * (1 - bound) / of)
            assert abs(good / of - bound) == pytest.approx(Z * deviation, rel=1e-6)


@given(shares)
def test_wilson_is_the_same_from_either_end(pair: tuple[int, int]) -> None:
    """Counting what is bad instead of what is good turns the interval round."""
    good, of = pair
    low, high = bounds(wilson(good, of))
    assert bounds(wilson(of - good, of)) == pytest.approx((1 - high, 1 - low), abs=NOISE)


def test_nothing_says_nothing_about_a_share() -> None:
    """Of no case every share may be the right one; more of the same make it surer."""
    assert wilson(0, 0) == ANYTHING == Interval(low=0.0, high=1.0)
    widths = [wilson(n // 2, n).high - wilson(n // 2, n).low for n in (2, 20, 200, 2000)]
    assert widths == sorted(widths, reverse=True)


# --- Bootstrap ---------------------------------------------------------------------------------

RANDOM = numpy.random.default_rng(7)
OF = RANDOM.integers(1, 5, size=(80, 3)).astype(float)
GOOD = RANDOM.binomial(OF.astype(int), 0.7).astype(float)


def test_bootstrap_repeats_itself() -> None:
    """The same numbers have the same bounds each time, and slightly others by another seed."""
    assert bootstrap(GOOD, OF) == bootstrap(GOOD.copy(), OF.copy())
    one, other = bootstrap(GOOD, OF)[0], bootstrap(GOOD, OF, seed=1)[0]
    assert one != other
    assert bounds(one) == pytest.approx(bounds(other), abs=0.02)


def test_bootstrap_does_not_depend_on_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """However few random numbers are held at once, the bounds are the same."""
    pair = (GOOD, OF), (GOOD[::-1], OF[::-1])
    whole, paired = bootstrap(GOOD, OF, resamples=99), paired_bootstrap(*pair, resamples=99)
    for batch in (1, 81, 5000):
        monkeypatch.setattr(intervals, "BATCH", batch)
        for one, other in zip(bootstrap(GOOD, OF, resamples=99), whole, strict=True):
            assert bounds(one) == pytest.approx(bounds(other), abs=NOISE)
        for one, other in zip(paired_bootstrap(*pair, resamples=99), paired, strict=True):
            assert bounds(one) == pytest.approx(bounds(other), abs=NOISE)


def test_a_figure_does_not_depend_on_the_others() -> None:
    """A figure drawn alone has the bounds that it has among others."""
    alone = [bootstrap(GOOD[:, [n]], OF[:, [n]])[0] for n in range(3)]
    for one, other in zip(alone, bootstrap(GOOD, OF), strict=True):
        assert bounds(one) == pytest.approx(bounds(other), abs=NOISE)


@pytest.mark.parametrize("seed", range(3))
def test_order_of_cases_does_not_matter(seed: int) -> None:
    """Cases in another order have the same bounds, but for chance."""
    order = numpy.random.default_rng(seed).permutation(len(GOOD))
    for one, other in zip(bootstrap(GOOD, OF), bootstrap(GOOD[order], OF[order]), strict=True):
        assert bounds(one) == pytest.approx(bounds(other), abs=0.02)


def test_bootstrap_draws_ratios_of_sums() -> None:
    """The bounds are quantiles of what all draws of three cases, equally likely, come to."""
    good, of = (2.0, 1.0, 3.0), (2.0, 4.0, 9.0)
    every = sorted(
        sum(good[case] for case in draw) / sum(of[case] for case in draw)
        for draw in product(range(3), repeat=3)
    )
    assert every[0] == pytest.approx(0.25)
    assert every[-1] == 1.0
    # Each of the two at the ends is drawn in one of 27, more than the 2.5 % that are cut off.
    (drawn,) = bootstrap(column(*good), column(*of))
    assert bounds(drawn) == pytest.approx((every[0], every[-1]))


@pytest.mark.parametrize(
    ("good", "of", "low", "high"),
    [
        ((), (), math.nan, math.nan),
        ((0, 0), (0, 0), math.nan, math.nan),
        ((1, 1, 1), (1, 1, 1), 1.0, 1.0),
        ((0, 0, 0), (1, 1, 1), 0.0, 0.0),
        ((0.4,), (1,), 0.4, 0.4),
        ((1, 2, 3), (2, 4, 6), 0.5, 0.5),
        ((1, 0, 0), (1, 1, 0), 0.0, 1.0),
        ((1,) + (0,) * 40, (2,) + (0,) * 40, 0.5, 0.5),
    ],
)
def test_bootstrap_of_hardly_anything(
    good: Sequence[float], of: Sequence[float], low: float, high: float
) -> None:
    """Nothing has no bounds, what never varies has none apart, and empty cases are no zeros."""
    (interval,) = bootstrap(column(*good), column(*of))
    assert bounds(interval) == pytest.approx((low, high), nan_ok=True)


def test_bootstrap_of_no_figures() -> None:
    """Cases without figures have no bounds, and figures without cases NaN each."""
    assert bootstrap(numpy.ones((3, 0)), numpy.ones((3, 0))) == ()
    assert len(bootstrap(numpy.ones((0, 3)), numpy.ones((0, 3)))) == 3


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_bootstrap_stays_between_the_extremes(pairs: list[tuple[int, int]]) -> None:
    """The bounds are in order, and no further apart than the ratios of the cases."""
    kept = [(min(one, other), max(one, other)) for one, other in pairs]
    (drawn,) = bootstrap(
        column(*(good for good, _ in kept)), column(*(of for _, of in kept)), resamples=100
    )
    ratios = [good / of for good, of in kept if of]
    if ratios:
        assert min(ratios) - NOISE <= drawn.low <= drawn.high <= max(ratios) + NOISE
    else:
        assert math.isnan(drawn.low)


def test_bootstrap_agrees_with_wilson() -> None:
    """Where both hold, for many cases of one each, they say the same."""
    drawn = bootstrap(column(*([1] * 280 + [0] * 120)), ones(400))[0]
    assert bounds(drawn) == pytest.approx(bounds(wilson(280, 400)), abs=0.01)


def test_bootstrap_covers_what_it_says() -> None:
    """Of 300 simulated runs of 60 cases, about 95 % have the true ratio in their bounds.

    Cases differ in size and in how hard they are, so that what belongs to one goes together.
    """
    random = numpy.random.default_rng(20)
    runs, cases = 300, 60
    of = random.integers(1, 5, size=(runs, cases))
    good = random.binomial(of, random.beta(3, 1, size=(runs, cases)))
    truth = 0.75
    drawn = [
        bootstrap(column(*good[run]), column(*of[run]), resamples=400, seed=run)[0]
        for run in range(runs)
    ]
    covered = sum(one.low <= truth <= one.high for one in drawn) / runs
    assert 0.91 <= covered <= 0.98
    # Taking what belongs to one case for independent would be too sure of it.
    sums = zip(good.sum(axis=1), of.sum(axis=1), strict=True)
    naive = [wilson(float(hits), float(total)) for hits, total in sums]
    assert sum(one.low <= truth <= one.high for one in naive) / runs < covered - 0.02


# --- Paired ------------------------------------------------------------------------------------


def test_a_run_does_not_differ_from_itself() -> None:
    """The difference of a run and itself is 0, without any width."""
    for interval in paired_bootstrap((GOOD, OF), (GOOD, OF)):
        assert bounds(interval) == (0.0, 0.0)


def test_pairing_makes_a_difference_surer() -> None:
    """A run that gains a little in every case is surely better, though both vary much."""
    before = numpy.random.default_rng(1).uniform(0, 0.8, size=(50, 1))
    gained = before + 0.05 + numpy.random.default_rng(2).uniform(0, 0.1, size=(50, 1))
    (between,) = paired_bootstrap((before, ones(50)), (gained, ones(50)))
    assert 0.05 < between.low < float((gained - before).mean()) < between.high < 0.15
    (alone,) = bootstrap(before, ones(50))
    assert between.high - between.low < (alone.high - alone.low) / 3


def test_difference_turns_with_the_runs() -> None:
    """It is `after` less `before`: the other way round the signs change, and the bounds places."""
    other = (GOOD[::-1] / 2, OF[::-1])
    forth, back = (
        paired_bootstrap((GOOD, OF), other),
        paired_bootstrap(other, (GOOD, OF)),
    )
    for one, turned in zip(forth, back, strict=True):
        assert one.high < 0
        assert bounds(one) == pytest.approx((-turned.high, -turned.low), abs=1e-9)


def test_paired_bootstrap_repeats_itself() -> None:
    """The same runs have the same bounds, each figure by itself."""
    pair = (GOOD, OF), (GOOD[::-1], OF[::-1])
    assert paired_bootstrap(*pair) == paired_bootstrap(*pair)
    assert paired_bootstrap(*pair) != paired_bootstrap(*pair, seed=1)
    first = [(good[:, :1], of[:, :1]) for good, of in pair]
    assert bounds(paired_bootstrap(first[0], first[1])[0]) == pytest.approx(
        bounds(paired_bootstrap(*pair)[0]), abs=NOISE
    )


def test_nothing_is_no_difference() -> None:
    """Where one run counts nothing there is nothing to compare."""
    nothing = (numpy.zeros((80, 3)), numpy.zeros((80, 3)))
    none = (numpy.zeros((0, 3)), numpy.zeros((0, 3)))
    for pair in (((GOOD, OF), nothing), (nothing, (GOOD, OF)), (none, none)):
        assert all(math.isnan(one.low) and math.isnan(one.high) for one in paired_bootstrap(*pair))


def test_paired_bootstrap_covers_what_it_says() -> None:
    """Of 300 simulated pairs of runs, about 95 % have the true difference in their bounds."""
    random = numpy.random.default_rng(21)
    runs, cases, covered = 300, 60, 0
    for run in range(runs):
        hard = random.beta(2, 2, size=(cases, 1))
        before = random.binomial(1, hard).astype(float)
        after = random.binomial(1, hard * 0.8 + 0.2).astype(float)  # 0.1 more in the mean
        (between,) = paired_bootstrap(
            (before, ones(cases)), (after, ones(cases)), resamples=400, seed=run
        )
        covered += between.low <= 0.1 <= between.high
    assert 0.91 <= covered / runs <= 0.98


# --- Quantiles ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "share", "rank", "low", "high"),
    [
        # Textbook ranks for a median; five values are too few for 95 %.
        (1, 0.5, 1, math.nan, math.nan),
        (5, 0.5, 3, math.nan, math.nan),
        (6, 0.5, 3, 1, 6),
        (10, 0.5, 5, 2, 9),
        (20, 0.5, 10, 6, 15),
        (50, 0.5, 25, 18, 33),
        (100, 0.5, 50, 40, 61),
        (20, 0.95, 19, 17, math.nan),
        (100, 0.95, 95, 90, 100),
        (400, 0.95, 380, 371, 389),
    ],
)
def test_quantile_is_an_order_statistic(
    count: int, share: float, rank: int, low: float, high: float
) -> None:
    """Value and bounds are values that were seen, of these ranks, in whatever order they came."""
    values = [float(value) for value in range(count, 0, -1)]
    value, interval = quantile(values, share)
    assert (value, *bounds(interval)) == pytest.approx((rank, low, high), nan_ok=True)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.sampled_from([0.05, 0.25, 0.5, 0.75, 0.95]))
def test_quantile_splits_the_values(values: list[float], share: float) -> None:
    """At least its share of the values is no greater, and no smaller value has that."""
    value, interval = quantile(values, share)
    assert value in values
    assert not interval.low > value
    assert not interval.high < value
    exact = Fraction(str(share)) * len(values)
    assert sum(one <= value for one in values) >= exact
    assert sum(one < value for one in values) < exact


def test_rounds_of_a_case_do_not_narrow_a_quantile() -> None:
    """The same values three times over have the bounds that they have once."""
    values = [float(value) for value in range(100)]
    once = quantile(values, 0.5)
    assert quantile(values * 3, 0.5, units=100) == once


def test_quantile_of_nothing_is_no_number() -> None:
    """No value has neither median nor bounds."""
    value, interval = quantile([], 0.5)
    assert math.isnan(value)
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


@pytest.mark.parametrize("share", [0.5, 0.95])
@pytest.mark.parametrize("count", [100, 150, 200, 400])
def test_quantile_covers_what_it_says(count: int, share: float) -> None:
    """So many values have the true quantile in the bounds in about 95 % of runs, and no fewer.

    The quantile lies between two values of ranks `low` and `high` where at least `low`, and
    fewer than `high`, of all values are below it: that many of so many thrown coins.
    """
    _, interval = quantile([float(value) for value in range(1, count + 1)], share)
    covered = sum(
        math.comb(count, below) * share**below * (1 - share) ** (count - below)
        for below in range(int(interval.low), int(interval.high))
    )
    assert 0.95 <= covered <= 0.985


# --- McNemar -----------------------------------------------------------------------------------


@pytest.mark.parametrize("flips", range(11))
def test_mcnemar_counts_all_coins(flips: int) -> None:
    """The probability is the share of all throws of so many coins that are at least as uneven."""
    throws = Counter(sum(coins) for coins in product((0, 1), repeat=flips))
    for lost in range(flips + 1):
        uneven = abs(2 * lost - flips)
        least = sum(n for heads, n in throws.items() if abs(2 * heads - flips) >= uneven)
        assert mcnemar(lost, flips - lost) == pytest.approx(least / 2**flips)
        assert mcnemar(lost, flips - lost) == mcnemar(flips - lost, lost)


def test_mcnemar_of_many_flips() -> None:
    """Thousands of flips are still a probability."""
    assert mcnemar(1200, 1200) == 1.0
    assert mcnemar(0, 5000) == 0.0
    assert 0 < mcnemar(900, 1000) < 0.03


# --- Kappa -------------------------------------------------------------------------------------


def judged(*rows: Sequence[int]) -> list[tuple[str, str]]:
    """Pairs of verdicts by the table of how often each was given."""
    return [
        (str(one), str(other))
        for one, counts in enumerate(rows)
        for other, count in enumerate(counts)
        for _ in range(count)
    ]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        # Three diagnoses of 200 patients: Fleiss, Cohen, Everitt 1969.
        (((88, 14, 18), (10, 40, 10), (2, 6, 12)), 0.492),
        (((20, 5), (10, 15)), 0.4),
        (((45, 15), (25, 15)), 0.1304),
        (((25, 35), (5, 35)), 0.2593),
        (((5, 0), (0, 5)), 1.0),
        (((0, 5), (5, 0)), -1.0),
        (((25, 25), (25, 25)), 0.0),
        (((0, 5), (0, 0)), 0.0),
    ],
)
def test_kappa_is_as_published(rows: Sequence[Sequence[int]], expected: float) -> None:
    """Agreement less what chance would agree, of what chance would not."""
    assert kappa(judged(*rows)) == pytest.approx(expected, abs=5e-4)


@pytest.mark.parametrize("pairs", [[], [("a", "a")], [("a", "a")] * 9])
def test_kappa_of_one_word_is_no_number(pairs: list[tuple[str, str]]) -> None:
    """Where nothing else was ever said, agreement says nothing."""
    assert math.isnan(kappa(pairs))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")), min_size=1))
def test_kappa_lies_between_its_bounds(pairs: list[tuple[str, str]]) -> None:
    """It lies in -1..1, is the same for both judges in any order, and 1 if they always agree."""
    value = kappa(pairs)
    if math.isnan(value):
        assert len({label for pair in pairs for label in pair}) == 1
        return
    assert -1 - NOISE <= value <= 1 + NOISE
    assert kappa([(other, one) for one, other in reversed(pairs)]) == pytest.approx(value)
    assert (value == pytest.approx(1)) is all(one == other for one, other in pairs)
