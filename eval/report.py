"""The report of a run as one HTML file, which asks nothing of anybody: open it anywhere.

    scores ─ tables ───────────────┐
           ─ plots (matplotlib) ───┼─ page/report.html ─ one file
           ─ payload: every case ──┘   with page/*.css, page/*.js inside

The page's own policy forbids it every request, and every style and script but its own. What
articles and models say reaches it as text only. The same scores make the same bytes.
"""

import base64
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval import plots, tables
from eval.compare import Comparison
from eval.grade import Outcome
from eval.intervals import quantile
from eval.payload import payload
from eval.score import Scores

PAGE = Path(__file__).parent / "page"

SCRIPTS = ("dom.js", "data.js", "filter.js", "article.js", "reply.js", "main.js")
"""In the order in which they build on each other."""

UNPLOTTED = (
    "The plots are left out, because matplotlib is not installed: "
    "`pip install 'citebot[report]'` brings it."
)

SHARES = (0.5, 0.9, 0.95, 0.99)
"""Quantiles of the times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that a reader has to know first; `link` is a query that shows the cases."""

    text: str
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """A plot, the sentence that says it, and its numbers. Without matplotlib `svg` is empty."""

    title: str
    caption: str
    told: str
    svg: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def write_report(
    file: Path,
    scores: Scores,
    *,
    gates: Sequence[tuple[str, bool]] = (),
    comparison: Comparison | None = None,
) -> None:
    """Write the report of a run; `gates` are sentences and whether each holds.

    A `comparison` is one of an earlier run with this one. Raises `OSError`.
    """
    file.write_text(report(scores, gates=gates, comparison=comparison), "utf-8", newline="\n")


def report(
    scores: Scores,
    *,
    gates: Sequence[tuple[str, bool]] = (),
    comparison: Comparison | None = None,
) -> str:
    """The report of a run as HTML."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    style = _text("report.css")
    script = "\n".join(["'use strict';", "{", *map(_text, SCRIPTS), "}"])
    environment = Environment(
        loader=FileSystemLoader(PAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # Marked as safe: the page's own files, and JSON and SVG in which no text can be markup.
    return environment.get_template("report.html").render(
        _context(scores, gates, comparison),
        policy=_policy(style, script),
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
        data=Markup(payload(scores, comparison)),  # noqa: S704
        svg=Markup,
    )


def _text(name: str) -> str:
    return (PAGE / name).read_text("utf-8")


def _policy(style: str, script: str) -> str:
    """A security policy that allows these two texts and nothing else."""
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in (style, script)
    ]
    return (
        f"default-src 'none'; style-src 'sha256-{digests[0]}'; script-src 'sha256-{digests[1]}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _context(
    scores: Scores, gates: Sequence[tuple[str, bool]], comparison: Comparison | None
) -> dict[str, Any]:
    """What the template names."""
    headline = tables.headline(scores)
    drawable = plots.drawable()
    return {
        "run": scores.run,
        "total": len(scores.graded),
        "right": headline[0].figures[0],
        "notices": tuple(_notices(scores)),
        "gates": gates,
        "broken": sum(not held for _, held in gates),
        "headline": headline,
        "figures": tables.all_figures(scores),
        "matrix": tables.matrix(scores),
        "slices": tables.slices(scores),
        "columns": tables.COLUMNS,
        "plots": tuple(_plots(scores, drawable=drawable)),
        "unplotted": "" if drawable else UNPLOTTED,
        "comparison": comparison,
        "differences": tables.differences(comparison) if comparison else (),
        "apart": tuple(_apart(comparison)) if comparison else (),
        "repeat": tuple(_repeat(scores)),
    }


def _notices(scores: Scores) -> Iterable[Notice]:
    total = len(scores.graded)
    if scores.missing > 0:
        yield Notice(
            text=f"The run is unfinished: {scores.missing} of {total + scores.missing} attempts "
            "are missing, and no figure counts them."
        )
    failed = sum(one.outcome is Outcome.FAILED for one in scores.graded)
    if failed:
        yield Notice(
            text=f"{failed} of {total} attempts failed; they count as not right.",
            link="outcome=failed",
        )
    unscored = sum(one.outcome is Outcome.UNSCORED for one in scores.graded)
    if unscored:
        yield Notice(
            text=f"{unscored} of {total} attempts are unscored, because a pattern took too long; "
            "they count as not right.",
            link="outcome=unscored",
        )


def _apart(comparison: Comparison) -> Iterable[tuple[str, Sequence[str], bool]]:
    """Cases that were not compared: why, their ids, and whether this run has them."""
    for title, ids, here in (
        ("Not compared: only in the run before", comparison.only_before, False),
        ("Not compared: only in this run", comparison.only_after, True),
        ("Not compared: asks something else in each run", comparison.changed, True),
    ):
        if ids:
            yield title, ids, here


def _repeat(scores: Scores) -> Iterable[tuple[str, str]]:
    run = scores.run
    yield "Run", run.name
    yield "Started", run.started.isoformat(timespec="seconds")
    yield "Asked as of", run.asked_at.isoformat(timespec="seconds")
    yield "Rounds", str(run.repeat)
    yield "Generator", run.generator
    models = sorted({one.attempt.model for one in scores.graded if one.attempt.model})
    yield "Model", ", ".join(models) or "none"
    prompts = {item for one in scores.graded for item in one.attempt.prompts.items()}
    for name, digest in sorted(prompts):
        yield f"Prompt {name}", digest
    yield "Articles", f"{len(scores.articles)} of {run.corpus or 'a folder'}"
    yield "Index", f"{run.index or '–'}, generation {run.generation}"
    yield "Code", run.code or "–"


# --- Plots -------------------------------------------------------------------------------------


def _plots(scores: Scores, *, drawable: bool) -> Iterable[Plot]:
    if scores.curve:
        yield _curve(scores, drawable=drawable)
    times = {
        "answers": [one.attempt.seconds for one in scores.graded if one.attempt.answered],
        "refusals": [
            one.attempt.seconds
            for one in scores.graded
            if not one.attempt.answered and one.attempt.error is None
        ],
    }
    times = {kind: seconds for kind, seconds in times.items() if seconds}
    if times:
        yield _latency(times, drawable=drawable)


def _curve(scores: Scores, *, drawable: bool) -> Plot:
    last = scores.curve[-1]
    half = next(point for point in scores.curve if point.coverage * 2 >= last.coverage)
    told = (
        f"As it was run, {tables.percent(last.coverage)} are answered, and of these "
        f"{tables.percent(last.precision)} are right; of the surer half, "
        f"{tables.percent(half.precision)} are."
    )
    return Plot(
        title="Sure and right.",
        caption="How many answers would be right if only the surest were given; the band is "
        "the interval at 95 %.",
        told=told,
        svg=plots.curve(scores.curve) if drawable else "",
        columns=("confidence from", "answered", "right, of those", "95 % interval"),
        rows=tuple(
            (
                f"{point.threshold:.3f}",
                tables.percent(point.coverage),
                tables.percent(point.precision),
                tables.between(point.low, point.high),
            )
            for point in scores.curve
        ),
    )


def _latency(times: dict[str, list[float]], *, drawable: bool) -> Plot:
    whole = [seconds for values in times.values() for seconds in values]
    marks = {f"p{share * 100:.0f}": quantile(whole, share)[0] for share in (0.5, 0.95)}
    told = "; ".join(f"{name} of all replies: {tables.duration(at)}" for name, at in marks.items())
    return Plot(
        title="Time.",
        caption="Share of the replies that are there after so many seconds.",
        told=f"{told}.",
        svg=plots.latency(times, marks) if drawable else "",
        columns=("kind", "replies", *(f"p{share * 100:.0f}" for share in SHARES), "longest"),
        rows=tuple(
            (
                kind,
                str(len(seconds)),
                *(tables.duration(quantile(seconds, share)[0]) for share in SHARES),
                tables.duration(max(seconds)),
            )
            for kind, seconds in [*times.items(), ("all", whole)]
        ),
    )
