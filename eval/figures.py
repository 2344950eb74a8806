"""Figures with their intervals, from what every case adds to every metric."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy

from eval.grade import Graded, by_case
from eval.intervals import Array, Interval, bootstrap, wilson
from eval.metrics import Better, Metric

UNKNOWN = Interval(low=math.nan, high=math.nan)

WIDTH = 1e-9
"""An interval that is narrower has no width but that of rounding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with its interval. `value`, `low` and `high` are NaN where nothing was counted."""

    name: str
    value: float
    low: float
    high: float
    good: float = math.nan
    """The numerator, where the figure is a share."""
    of: float
    """What it is out of: the denominator of a share, else the number of attempts."""
    unit: str = "share"
    """`share` lies in 0..1; others are `seconds`, `tokens`, `currency`, `kappa`."""
    better: Better = Better.HIGHER
    counts: str = ""
    """What is counted, in a sentence."""


def share_of(
    name: str, good: int, of: int, counts: str, *, better: Better = Better.HIGHER
) -> Figure:
    """So many of so many."""
    bounds = wilson(good, of) if of else UNKNOWN
    return Figure(
        name=name,
        value=good / of if of else math.nan,
        low=bounds.low,
        high=bounds.high,
        good=good,
        of=of,
        better=better,
        counts=counts,
    )


class Table:
    """What every case adds to every metric; figures of any of them."""

    def __init__(self, graded: Sequence[Graded], metrics: Sequence[Metric], seed: int) -> None:
        self.metrics = tuple(metrics)
        self._seed = seed
        rows = by_case(graded)
        self.rows = {case_id: row for row, case_id in enumerate(rows)}
        self._single = all(len(attempts) == 1 for attempts in rows.values())
        parts = numpy.array(
            [[_summed(m, attempts) for m in self.metrics] for attempts in rows.values()],
            dtype=float,
        ).reshape(len(rows), len(self.metrics), 2)
        self._numerators: Array = parts[:, :, 0]
        self._denominators: Array = parts[:, :, 1]

    def parts(self, cases: Iterable[str]) -> tuple[Array, Array]:
        """Numerators and denominators of some cases, each of the shape (cases, metrics)."""
        rows = [self.rows[case_id] for case_id in cases]
        return self._numerators[rows], self._denominators[rows]

    def figures(self, cases: Iterable[str]) -> tuple[Figure, ...]:
        """The figures of some cases, in the order of the metrics."""
        numerators, denominators = self.parts(dict.fromkeys(cases))
        good, of = numerators.sum(axis=0), denominators.sum(axis=0)
        flat = (good == 0) | (good == of)
        simple = [m.binary and self._single for m in self.metrics] | flat
        drawn = [index for index, plain in enumerate(simple) if not plain]
        bounds = dict(
            zip(
                drawn,
                bootstrap(numerators[:, drawn], denominators[:, drawn], seed=self._seed),
                strict=True,
            )
        )
        counted = (denominators > 0).sum(axis=0)
        return tuple(
            self._figure(index, good[index], of[index], counted[index], bounds.get(index))
            for index in range(len(self.metrics))
        )

    def _figure(
        self, index: int, good: float, of: float, cases: int, bounds: Interval | None
    ) -> Figure:
        metric = self.metrics[index]
        value = float(good / of) if of else math.nan
        if bounds is None or bounds.high - bounds.low < WIDTH:
            # Where no case differs from another, a bootstrap would be sure of it; Wilson is not.
            bounds = wilson(value * cases, cases) if of else UNKNOWN
        return Figure(
            name=metric.name,
            value=value,
            low=bounds.low,
            high=bounds.high,
            good=float(good),
            of=float(of),
            better=metric.better,
            counts=metric.counts,
        )


def _summed(metric: Metric, attempts: Sequence[Graded]) -> tuple[float, float]:
    if len(attempts) == 1:
        return metric.part(attempts[0])
    parts = [metric.part(one) for one in attempts]
    return sum(part[0] for part in parts), sum(part[1] for part in parts)
