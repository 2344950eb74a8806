"""How sure a figure is: intervals at 95 %, tests of a difference, agreement.

wilson      so many of so many                       Wilson 1927
bootstrap   ratios of sums over cases, seeded        Efron 1979, percentile
quantile    the median, the 95th percentile          order statistics, binomial
mcnemar     two runs over the same cases             McNemar 1947, exact
kappa       two judges of the same answers           Cohen 1960
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy
from numpy.typing import NDArray

Z = 1.959964
"""Standard normal quantile of 0.975."""

RESAMPLES = 2000
"""Resamples of a bootstrap; the bounds of a share then repeat within about half a point."""

SEED = 20260101
"""Of every bootstrap unless another is given: the same file has the same figures."""

NOISE = 1e-9
"""What a product of floats may be off by."""

EXACT = 500
"""Up to so many values the binomial distribution is summed; beyond, it is normal enough."""

BATCH = 2_000_000
"""Random numbers that are held at once."""

AT_ONCE = 2_000
"""Resamples of more cases than this are counted one by one, which is then the faster way."""

Array = NDArray[numpy.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """Lower and upper bound."""

    low: float
    high: float


ANYTHING = Interval(low=0.0, high=1.0)
"""What nothing says about a share."""


def wilson(good: float, of: float) -> Interval:
    """Bounds of a share, 0..1, from `good` out of `of` independent cases."""
    if of <= 0:
        return ANYTHING
    share = good / of
    middle = (share + Z * Z / (2 * of)) / (1 + Z * Z / of)
    reach = Z * math.sqrt(share * (1 - share) / of + Z * Z / (4 * of * of)) / (1 + Z * Z / of)
    return Interval(low=max(0.0, middle - reach), high=min(1.0, middle + reach))


def bootstrap(
    numerators: Array, denominators: Array, *, seed: int = SEED, resamples: int = RESAMPLES
) -> tuple[Interval, ...]:
    """Bounds of each ratio of sums; cases are drawn, with all that belongs to them.

    Both arrays have the shape (cases, figures). A resample in which a denominator is 0 says
    nothing about that ratio and is left out; where all of them are, the bounds are NaN.
    """
    cases, figures = numerators.shape
    if not cases or not figures:
        return tuple(Interval(low=math.nan, high=math.nan) for _ in range(figures))
    random = numpy.random.default_rng(seed)
    drawn = numpy.empty((resamples, figures))
    step = max(1, BATCH // cases)
    for begin in range(0, resamples, step):
        size = min(step, resamples - begin)
        weights = _weights(random, size, cases)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            drawn[begin : begin + size] = (weights @ numerators) / (weights @ denominators)
    return tuple(map(_percentiles, drawn.T))


def paired_bootstrap(
    before: tuple[Array, Array],
    after: tuple[Array, Array],
    *,
    seed: int = SEED,
    resamples: int = RESAMPLES,
) -> tuple[Interval, ...]:
    """Bounds of each ratio of `after` less that of `before`; a case is drawn for both at once.

    Both are (numerators, denominators) of the shape (cases, figures), in the same order.
    """
    cases, figures = before[0].shape
    random = numpy.random.default_rng(seed)
    drawn = numpy.empty((resamples, figures))
    step = max(1, BATCH // max(1, cases))
    for begin in range(0, resamples, step):
        size = min(step, resamples - begin)
        weights = _weights(random, size, cases)
        with numpy.errstate(divide="ignore", invalid="ignore"):
            old = (weights @ before[0]) / (weights @ before[1])
            new = (weights @ after[0]) / (weights @ after[1])
        drawn[begin : begin + size] = new - old
    return tuple(map(_percentiles, drawn.T))


def _weights(random: numpy.random.Generator, size: int, cases: int) -> Array:
    """How often each case is drawn in each of `size` resamples."""
    rows = random.integers(0, cases, size=(size, cases))
    if cases > AT_ONCE:
        return numpy.array([numpy.bincount(row, minlength=cases) for row in rows], dtype=float)
    rows += numpy.arange(size)[:, None] * cases
    return numpy.bincount(rows.ravel(), minlength=size * cases).reshape(size, cases).astype(float)


def _percentiles(drawn: Array) -> Interval:
    known = drawn[numpy.isfinite(drawn)]
    if not known.size:
        return Interval(low=math.nan, high=math.nan)
    low, high = numpy.quantile(known, (0.025, 0.975))
    return Interval(low=float(low), high=float(high))


def quantile(
    values: Sequence[float], share: float, *, units: int | None = None
) -> tuple[float, Interval]:
    """A quantile and its bounds, in the unit of the values; NaN of nothing.

    The bounds are the order statistics whose ranks the binomial distribution sets around the
    quantile's: no assumption about the distribution of the values. A bound that so few values
    cannot give is NaN. `units` is how many of them are independent, if not all are.
    """
    if not values:
        return math.nan, Interval(low=math.nan, high=math.nan)
    ordered = sorted(values)
    count = units or len(ordered)
    below, above = _ranks(count, share)
    low, high = (_at(ordered, rank, count) for rank in (below, above))
    return _at(ordered, math.ceil(count * share - NOISE), count), Interval(low=low, high=high)


def _ranks(count: int, share: float) -> tuple[int, int]:
    """Ranks, from 1, that the quantile's lies outside of with 2.5 % on either side.

    0, and one more than there are, where no rank is low or high enough.
    """
    spread = math.sqrt(count * share * (1 - share))
    if count > EXACT:
        reach, middle = Z * spread, count * share
        return max(0, math.floor(middle - reach)), min(count + 1, math.ceil(middle + reach) + 1)
    below, low, high = 0.0, 0, count + 1
    for rank in range(count + 1):  # `below`: fewer than `rank` values are below the quantile.
        if below <= 0.025:
            low = rank
        below += math.comb(count, rank) * share**rank * (1 - share) ** (count - rank)
        if below >= 0.975:
            high = rank + 1
            break
    return low, high


def _at(ordered: Sequence[float], rank: int, count: int) -> float:
    """The value at a rank of `count`, from 1; NaN beyond them."""
    if not 1 <= rank <= count:
        return math.nan
    return ordered[math.ceil(rank * len(ordered) / count) - 1]


def mcnemar(lost: int, gained: int) -> float:
    """Two-sided probability of flips at least this uneven if both runs were equally good.

    Exact: a fair coin thrown for every flip.
    """
    flips, fewer = lost + gained, min(lost, gained)
    if not flips:
        return 1.0
    tail = sum(math.comb(flips, k) for k in range(fewer + 1))
    return float(min(1.0, 2 * tail / 2**flips))


def kappa(pairs: Iterable[tuple[str, str]]) -> float:
    """Agreement of two judges beyond chance, -1..1.

    NaN of nothing, and where both always say one and the same, for then chance agrees, too.
    """
    counts = Counter(pairs)
    total = sum(counts.values())
    if not total:
        return math.nan
    first: Counter[str] = Counter()
    second: Counter[str] = Counter()
    for (one, other), count in counts.items():
        first[one] += count
        second[other] += count
    agreed = sum(count for (one, other), count in counts.items() if one == other) / total
    chance = sum(first[name] * second[name] for name in first) / total**2
    return math.nan if chance == 1 else (agreed - chance) / (1 - chance)


def kappa_interval(
    pairs: Iterable[tuple[str, str]], *, seed: int = SEED, resamples: int = RESAMPLES
) -> Interval:
    """Bounds of `kappa`, by bootstrap over the pairs.

    NaN where the resamples say nothing, or all the same, for then they would be sure of it.
    """
    counts = Counter(pairs)
    total = sum(counts.values())
    if not total:
        return Interval(low=math.nan, high=math.nan)
    labels = sorted({label for pair in counts for label in pair})
    cells = [counts[one, other] / total for one in labels for other in labels]
    random = numpy.random.default_rng(seed)
    drawn = random.multinomial(total, cells, size=resamples) / total
    tables = drawn.reshape(resamples, len(labels), len(labels))
    agreed = numpy.trace(tables, axis1=1, axis2=2)
    chance = (tables.sum(axis=2) * tables.sum(axis=1)).sum(axis=1)
    with numpy.errstate(divide="ignore", invalid="ignore"):
        bounds = _percentiles((agreed - chance) / (1 - chance))
    return bounds if bounds.high > bounds.low else Interval(low=math.nan, high=math.nan)
