"""What answering costs: seconds, tokens, money."""

from collections.abc import Iterable, Sequence

from eval.figures import Figure
from eval.intervals import quantile
from eval.metrics import Better
from eval.records import Attempt


def costs(attempts: Iterable[Attempt]) -> Iterable[Figure]:
    """Times, tokens and cost of the attempts that did not fail."""
    replies = [one for one in attempts if one.error is None]
    stages = sorted({stage for one in replies for stage in one.timings})
    series: dict[str, list[float]] = {"latency": [one.seconds for one in replies]}
    for stage in stages:
        series[f"latency.{stage}"] = [one.timings.get(stage, 0.0) for one in replies]
    for name, seconds in series.items():
        for share, label in ((0.5, "p50"), (0.95, "p95")):
            value, bounds = quantile(seconds, share)
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
    usages = [one.usage for one in replies if one.model]
    if usages:
        yield _total("usage.tokens_in", [u.tokens_in for u in usages], "tokens")
        yield _total("usage.tokens_out", [u.tokens_out for u in usages], "tokens")
        yield _total("usage.cost", [u.cost or 0.0 for u in usages], "currency")


def _total(name: str, values: Sequence[float], unit: str) -> Figure:
    total = float(sum(values))
    return Figure(
        name=name,
        value=total,
        low=total,
        high=total,
        of=len(values),
        unit=unit,
        better=Better.LOWER,
        counts="Sum over the replies that a model wrote.",
    )
