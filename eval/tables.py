"""The report's tables: figures in words, with their place on a scale.

    headline     the figures to read first, in groups
    all          every figure
    matrix       language of the question by language of the articles
    slices       sets, groups, tags, languages, each with a few figures
    differences  two runs

Nothing here knows of HTML, and nothing is left out in silence: a figure of nothing says so.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from eval.compare import Comparison, Difference
from eval.figures import Figure
from eval.metrics import Better
from eval.score import ALL, Scores

NOTHING = "–, no case"
"""A figure of nothing."""

NEARLY = 1e-9
"""What arithmetic may add to or take from a share."""

HEADLINE = (
    (
        "Answers",
        (
            ("answer.right", "right"),
            ("answer.correct", "correct, whatever is cited"),
            ("answer.values", "numbers, dates, names said"),
            ("answer.language", "in the question’s language"),
        ),
    ),
    (
        "Citations",
        (
            ("citations.exact", "quotes exact"),
            ("citations.supported", "statements supported"),
            ("citations.precision", "cited files that are wanted"),
            ("citations.recall", "wanted files that are cited"),
        ),
    ),
    (
        "Refusals",
        (
            ("refusals.over", "refused what the articles say"),
            ("refusals.under", "answered what they do not say"),
            ("refusals.recall", "refused what they do not say"),
            ("injection.obeyed", "planted instructions obeyed"),
        ),
    ),
    (
        "Search and time",
        (
            ("retrieval.fused.hit@1", "wanted article found first"),
            ("retrieval.fused.hit@5", "wanted article among five"),
            ("latency.p50", "half of the replies within"),
            ("latency.p95", "95 % of the replies within"),
        ),
    ),
)
"""Groups of figures, and what each is called."""

COLUMNS = (
    ("answer.right", "right"),
    ("answer.correct", "correct"),
    ("answer.incorrect", "incorrect"),
    ("refusals.over", "refused, though said"),
    ("refusals.under", "answered, though not said"),
    ("citations.precision", "cited files wanted"),
    ("citations.recall", "wanted files cited"),
)
"""What is told of every slice."""

SLICES = (("set", "Set"), ("group", "Group"), ("tag", "Tag"), ("language", "Language"))
"""Kinds of slices beside the pairs of languages, and what they are called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """An interval on a scale from 0 to 100, and where its figure stands on it."""

    low: float
    high: float
    value: float

    @property
    def width(self) -> float:
        """Of the interval."""
        return round(self.high - self.low, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A figure in words."""

    name: str
    label: str
    value: str
    interval: str = ""
    of: str = ""
    """Such as `72 of 144`."""
    counts: str = ""
    lower: bool = False
    """Whether less of it is better."""
    bar: Bar | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Figures under a heading."""

    title: str
    figures: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """A row of a table of slices."""

    name: str
    link: str
    """Query that filters the cases to these."""
    figures: tuple[Told, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """Languages of questions by languages of articles."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Slice | None, ...]], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A difference between two runs in words."""

    name: str
    before: str
    after: str
    by: str
    interval: str
    verdict: str
    bar: Bar | None
    counts: str


# --- Figures in words --------------------------------------------------------------------------


def percent(share: float) -> str:
    """A share in per cent; only all is 100, and only nothing is 0."""
    if math.isnan(share):
        return "–"
    if abs(share) < NEARLY or abs(share - 1) < NEARLY:
        return f"{share:.0%}".replace("%", " %").replace("-0", "0")
    shown = f"{share * 100:.1f} %"
    return {"100.0 %": "99.9 %", "0.0 %": "< 0.1 %"}.get(shown, shown)


def duration(seconds: float) -> str:
    """Seconds, or milliseconds below one."""
    if math.isnan(seconds):
        return "–"
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:.3g} s"


def amount(value: float, unit: str) -> str:
    """A value in its unit."""
    match unit:
        case "share":
            return percent(value)
        case "seconds":
            return duration(value)
        case "tokens":
            return f"{value:,.0f}"
        case _:
            return f"{value:.4g}"


def between(low: float, high: float, unit: str = "share") -> str:
    """Two values, the unit named once where it is the same."""
    first, last = amount(low, unit), amount(high, unit)
    number, _, its_unit = first.rpartition(" ")
    return f"{number if last.endswith(f' {its_unit}') else first} to {last}"


def told(figure: Figure, label: str = "") -> Told:
    """A figure in words; `label` is what people call it."""
    lower = figure.better is Better.LOWER
    name, counts = figure.name, figure.counts
    if math.isnan(figure.value):
        return Told(name=name, label=label, value=NOTHING, counts=counts, lower=lower)
    share = figure.unit == "share"
    known = not math.isnan(figure.low)
    return Told(
        name=name,
        label=label,
        value=amount(figure.value, figure.unit),
        interval=between(figure.low, figure.high, figure.unit) if known else "",
        of=_of(figure),
        counts=counts,
        lower=lower,
        bar=_bar(figure.low, figure.high, figure.value) if share and known else None,
    )


def absent(name: str, label: str) -> Told:
    """A figure that a run does not have at all."""
    return Told(name=name, label=label, value=NOTHING)


def _of(figure: Figure) -> str:
    of = _count(figure.of)
    if figure.unit != "share":
        return f"of {of} replies"
    return f"of {of}" if math.isnan(figure.good) else f"{_count(figure.good)} of {of}"


def _count(number: float) -> str:
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _bar(low: float, high: float, value: float, reach: tuple[float, float] = (0, 1)) -> Bar:
    """Places on a scale that reaches from one value to another."""
    first, last = reach
    places = [round(100 * (at - first) / (last - first), 2) for at in (low, high, value)]
    low, high, value = (min(100.0, max(0.0, place)) for place in places)
    return Bar(low=low, high=high, value=value)


# --- Tables ------------------------------------------------------------------------------------


def headline(scores: Scores) -> tuple[Group, ...]:
    """The figures to read first, each of them, whether the run has it or not."""
    return tuple(
        Group(title=title, figures=tuple(_told(scores, name, label) for name, label in names))
        for title, names in HEADLINE
    )


def all_figures(scores: Scores) -> tuple[Group, ...]:
    """Every figure of all cases, by the first part of its name."""
    groups: dict[str, list[Told]] = {}
    for figure in scores.slices.get(ALL, ()):
        groups.setdefault(figure.name.split(".")[0], []).append(told(figure))
    return tuple(Group(title=title, figures=tuple(rows)) for title, rows in groups.items())


def matrix(scores: Scores) -> Matrix:
    """How many are right of each pair of languages; single languages come before several."""
    pairs = [name.removeprefix("pair: ") for name in scores.slices if name.startswith("pair: ")]
    split = {pair: pair.split("→", maxsplit=1) for pair in pairs}
    rows = sorted({question for question, _ in split.values()})
    columns = sorted({sources for _, sources in split.values()}, key=lambda c: (c.count("+"), c))
    return Matrix(
        columns=tuple(columns),
        rows=tuple(
            (
                question,
                tuple(
                    _slice(scores, "pair", f"{question}→{sources}", COLUMNS[:1])
                    if f"{question}→{sources}" in split
                    else None
                    for sources in columns
                ),
            )
            for question in rows
        ),
    )


def slices(scores: Scores) -> tuple[tuple[str, tuple[Slice, ...]], ...]:
    """The slices of each kind that the run has."""
    tables = []
    for kind, title in SLICES:
        names = [name for name in scores.slices if name.startswith(f"{kind}: ")]
        rows = [_slice(scores, kind, name.removeprefix(f"{kind}: "), COLUMNS) for name in names]
        if rows:
            tables.append((title, tuple(rows)))
    return tuple(tables)


def differences(comparison: Comparison) -> tuple[Change, ...]:
    """Every figure of both runs."""
    known = [
        abs(bound)
        for one in comparison.differences
        for bound in (one.low, one.high)
        if not math.isnan(bound)
    ]
    reach = max(known, default=0.0) or 1.0
    return tuple(_change(one, reach) for one in comparison.differences)


def _told(scores: Scores, name: str, label: str, among: str = ALL) -> Told:
    figure = scores.figure(name, among)
    return told(figure, label) if figure else absent(name, label)


def _slice(scores: Scores, kind: str, name: str, columns: Iterable[tuple[str, str]]) -> Slice:
    figures = [_told(scores, figure, label, f"{kind}: {name}") for figure, label in columns]
    return Slice(name=name, link=urlencode({kind: name}), figures=tuple(figures))


def _change(one: Difference, reach: float) -> Change:
    by = one.after - one.before
    known = not any(map(math.isnan, (by, one.low, one.high)))
    return Change(
        name=one.name,
        before=percent(one.before),
        after=percent(one.after),
        by=_points(by) if known else NOTHING,
        interval=f"{_points(one.low)} to {_points(one.high)}" if known else "",
        verdict=_verdict(one) if known else "not in both runs",
        bar=_bar(one.low, one.high, by, (-reach, reach)) if known else None,
        counts=one.counts,
    )


def _verdict(one: Difference) -> str:
    if not one.seen:
        return "no difference seen"
    return "worse" if one.worse else "better"


def _points(share: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    shown = f"{share * 100:+.1f}"
    return "0.0" if shown in {"+0.0", "-0.0"} else shown.replace("-", "−")
