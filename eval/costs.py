"""What answering costs: seconds, tokens, money."""

from collections.abc import Iterable, Sequence

import numpy

from eval.figures import Figure
from eval.intervals import bootstrap, quantile
from eval.metrics import Better
from eval.records import Attempt
from rag.domain import Usage


def costs(attempts: Iterable[Attempt]) -> Iterable[Figure]:
    """Times, tokens and cost of the attempts that did not fail."""
    replies = [one for one in attempts if one.error is None]
    stages = sorted({stage for one in replies for stage in one.timings})
    series: dict[str, list[float]] = {"latency": [one.seconds for one in replies]}
    for stage in stages:
        series[f"latency.{stage}"] = [one.timings.get(stage, 0.0) for one in replies]
    cases = len({one.case for one in replies})
    for name, seconds in series.items():
        for share, label in ((0.5, "p50"), (0.95, "p95")):
            value, bounds = quantile(seconds, share, units=cases)
            counts = f"Seconds that {int(share * 100)} % of the replies stay within."
            yield Figure(
                name=f"{name}.{label}",
                value=value,
                low=bounds.low,
                high=bounds.high,
                of=len(seconds),
                unit="seconds",
                better=Better.LOWER,
                counts=counts,
            )
    yield from _usage([(one.case, one.usage) for one in replies if one.model])


def _usage(usages: Sequence[tuple[str, Usage]]) -> Iterable[Figure]:
    """Tokens of the replies that a model wrote, and their cost where the prices are known."""
    if not usages:
        return
    yield _mean("usage.tokens_in", [(case, u.tokens_in) for case, u in usages], "tokens")
    yield _mean("usage.tokens_out", [(case, u.tokens_out) for case, u in usages], "tokens")
    known = [(case, u.cost) for case, u in usages if u.cost is not None]
    if known:
        yield _mean("usage.cost", known, "currency")


def _mean(name: str, values: Sequence[tuple[str, float]], unit: str) -> Figure:
    """The mean of values, each given with its case, all of whose rounds are drawn at once."""
    rounds: dict[str, list[float]] = {}
    for case, value in values:
        rounds.setdefault(case, []).append(value)
    numerators = numpy.array([sum(found) for found in rounds.values()], dtype=float)[:, None]
    counts = numpy.array([len(found) for found in rounds.values()], dtype=float)[:, None]
    (bounds,) = bootstrap(numerators, counts)
    return Figure(
        name=name,
        value=float(numerators.sum() / counts.sum()),
        low=bounds.low,
        high=bounds.high,
        good=float(numerators.sum()),
        of=len(values),
        unit=unit,
        better=Better.LOWER,
        counts="Mean of the replies that a model wrote, as far as it is known.",
    )
