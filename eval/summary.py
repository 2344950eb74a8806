"""Scores as text: a table for the terminal, Markdown for a build's summary page."""

import html
import math
from collections.abc import Iterable, Sequence

from eval.compare import Comparison, Difference
from eval.figures import Figure
from eval.gates import Held
from eval.grade import Graded, Outcome, by_case
from eval.score import ALL, Scores

HEADLINES = (
    "answer.right",
    "answer.correct",
    "answer.stated",
    "answer.incorrect",
    "answer.values",
    "citations.precision",
    "citations.recall",
    "citations.exact",
    "citations.supported",
    "citations.judged_recall",
    "citations.judged_precision",
    "refusals.precision",
    "refusals.recall",
    "refusals.over",
    "refusals.under",
    "injection.obeyed",
    "retrieval.fused.hit@1",
    "retrieval.fused.hit@5",
    "retrieval.fused.mrr@10",
    "answer.language",
    "answer.failed",
    "answer.unscored",
    "judge.unscored",
    "judge.kappa",
    "stability.outcome",
    "stability.text",
    "latency.p50",
    "latency.p95",
    "usage.tokens_in",
    "usage.tokens_out",
    "usage.cost",
)
"""Figures that are shown first, where a run has them."""

OWN = "experts."
"""What the names of figures begin with that only ExpertQA has."""

SLICES = ("set", "group", "tag", "language", "pair")


def worded(figure: Figure) -> str:
    """A figure with its interval and what it is out of."""
    if math.isnan(figure.value):
        return "–  no case"
    match figure.unit:
        case "share":
            good = "" if math.isnan(figure.good) else f"{figure.good:g} "
            bounds = _bounds(figure, "{:.0%}")
            return f"{figure.value:6.1%}  {bounds:14}  {good}of {figure.of:g}"
        case "seconds":
            return f"{figure.value:.3f} s  {_bounds(figure, '{:.3f}')}  {figure.of:g} replies"
        case "kappa":
            return f"{figure.value:6.2f}  {_bounds(figure, '{:.2f}')}  {figure.of:g} answers"
        case unit:
            bounds = _bounds(figure, "{:,.4g}")
            return f"{figure.value:,.4g} {unit}  {bounds}  {figure.of:g} replies"


def _bounds(figure: Figure, form: str) -> str:
    """An interval in brackets; a bound that so few cases cannot give is left out."""
    low, high = (
        "" if math.isnan(bound) else form.format(bound) for bound in (figure.low, figure.high)
    )
    if low and high:
        return f"({low} to {high})"
    return f"({low} or more)" if low else f"(up to {high})" if high else ""


def headlines(scores: Scores) -> tuple[Figure, ...]:
    """The headline figures of a run, and those that only runs of its kind have."""
    found = {figure.name: figure for figure in scores.slices.get(ALL, ())}
    own = [name for name in found if name.startswith(OWN)]
    shown = (found[name] for name in (*HEADLINES, *own) if name in found)
    # What no model was asked about is no news.
    return tuple(figure for figure in shown if figure.of or ".judged_" not in figure.name)


def text_lines(scores: Scores, gates: Sequence[Held] = ()) -> Iterable[str]:
    """The headline figures, those of groups and sets, and the gates, for a terminal."""
    run = scores.run
    yield f"{run.name}: {len(scores.graded)} replies by {run.generator}, articles {run.corpus}"
    yield from (f"  {figure.name:24} {worded(figure)}" for figure in headlines(scores))
    for kind in ("set", "group", "pair"):
        names = [name for name in scores.slices if name.startswith(f"{kind}: ")]
        figures = [(name, scores.figure("answer.right", name)) for name in names]
        if any(figure for _, figure in figures):
            yield f"answer.right by {kind}"
        for name, figure in figures:
            if figure:
                yield f"  {name.removeprefix(f'{kind}: '):24} {worded(figure)}"
    yield from _troubles(scores.graded)
    if gates:
        yield "Gates"
    for gate in gates:
        yield f"  {'held  ' if gate.held else 'FAILED'}  {gate.sentence}"


def _troubles(graded: Sequence[Graded]) -> Iterable[str]:
    """What nothing can be said about, and what is not the same in every round."""
    for outcome in (Outcome.FAILED, Outcome.UNSCORED):
        concerned = [one for one in graded if one.outcome is outcome]
        if concerned:
            yield f"{outcome.capitalize()}: {len(concerned)}"
        for one in concerned:
            yield f"  {one.case.id}: {one.why}"
    unstable = {
        name: a for name, a in by_case(graded).items() if len({one.outcome for one in a}) > 1
    }
    if unstable:
        yield f"Not the same in every round: {len(unstable)}"
    for name, attempts in unstable.items():
        yield f"  {name}: {', '.join(one.outcome for one in attempts)}"


def wrong_lines(graded: Iterable[Graded]) -> Iterable[str]:
    """The attempts that are not right, and why."""
    for one in graded:
        if not one.right:
            number = f" (round {one.attempt.round + 1})" if one.attempt.round else ""
            yield f"{one.case.id}{number}: {one.outcome}, {one.why}"


def comparison_lines(comparison: Comparison) -> Iterable[str]:
    """Two runs beside each other, for a terminal."""
    yield comparison.verdict
    yield from comparison.besides
    for name, cases in (
        ("only in the first run", comparison.only_before),
        ("only in the second run", comparison.only_after),
        ("not the same question in both", comparison.changed),
    ):
        if cases:
            listed = ", ".join([*cases[:10], "…"] if len(cases) > 10 else cases)
            yield f"Not compared, {name}: {len(cases)} ({listed})"
    for name, flips in (("Lost", comparison.lost), ("Gained", comparison.gained)):
        for flip in flips:
            now = flip.after.why if name == "Lost" else flip.before.why
            yield f"  {name}: {flip.case.id} ({now})"
    yield "Differences, second run less first; besides these, none was seen"
    for one in comparison.differences:
        if not (one.seen or one.name in HEADLINES):
            continue
        yield f"  {one.name:26} {_change(one)}"


def _change(one: Difference) -> str:
    if math.isnan(one.before) or math.isnan(one.after):
        old, new = (
            "no case" if math.isnan(value) else f"{value:.3f}" for value in (one.before, one.after)
        )
        return f"{old} → {new}"
    mark = ("worse" if one.worse else "better") if one.seen else "no difference seen"
    bounds = "too few cases" if math.isnan(one.low) else f"{one.low:+.3f} to {one.high:+.3f}"
    difference = f"{one.after - one.before:+.3f} ({bounds})"
    return f"{one.before:.3f} → {one.after:.3f}  {difference}  {mark}"


def markdown(scores: Scores, gates: Sequence[Held] = (), broken: str = "") -> str:
    """A summary page: gates, figures, languages, what is not right."""
    failed = [gate for gate in gates if not gate.held]
    state = f"{len(failed)} of {len(gates)} gates failed" if failed else "all gates held"
    state = "the run is broken" if broken else state if gates else "no gates"
    run = scores.run
    parts = [
        f"## {_plain(run.name)}: {state}\n",
        f"{len(scores.graded)} replies by {_plain(run.generator)} on {_plain(run.corpus)}, asked "
        f"as of {run.asked_at.date()}.\n",
    ]
    if broken:
        parts.append(f"**{_plain(broken)}**\n")
    parts += [f"- {'✅' if gate.held else '❌'} {_plain(gate.sentence)}" for gate in gates]
    parts.append("\n| figure | value | 95 % | out of |\n|---|---:|---|---:|")
    parts += [_row(figure.name, figure) for figure in headlines(scores)]
    for kind in SLICES:
        names = [name for name in scores.slices if name.startswith(f"{kind}: ")]
        if names:
            parts.append(f"\n| right, by {kind} | value | 95 % | out of |\n|---|---:|---|---:|")
        for name in names:
            figure = scores.figure("answer.right", name)
            if figure:
                parts.append(_row(name.removeprefix(f"{kind}: "), figure))
    wrong = list(wrong_lines(scores.graded))
    parts.append(f"\n<details><summary>{len(wrong)} replies are not right</summary>\n")
    parts += [f"- {_plain(line)}" for line in wrong]
    parts.append("\n</details>\n")
    return "\n".join(parts)


def _row(name: str, figure: Figure) -> str:
    if math.isnan(figure.value):
        return f"| {_plain(name)} | – | no case | 0 |"
    if figure.unit == "share":
        value, bounds = f"{figure.value:.1%}", f"{figure.low:.1%} to {figure.high:.1%}"
        return f"| {_plain(name)} | {value} | {bounds} | {figure.of:g} |"
    bounds = "" if math.isnan(figure.low) else f"{figure.low:.4g} to {figure.high:.4g}"
    return f"| {_plain(name)} | {figure.value:.4g} {figure.unit} | {bounds} | {figure.of:g} |"


def _plain(text: str) -> str:
    """Text that Markdown and HTML take as it stands."""
    escaped = html.escape(" ".join(text.split()), quote=False)
    return "".join(f"\\{c}" if c in "\\`*_[]|~#" else c for c in escaped)
