"""The report's plots, as SVG that stands in the page and takes its colours from it.

    curve     how many answers are right, over how many attempts are answered
    latency   how many replies are there after so many seconds, by kind of reply

A plot is drawn in stand-in colours; each becomes a class (`stroke-ink`, `fill-first`), so that
the page's style sheet colours it for a light and a dark page. Nothing in it changes from one
drawing to the next.
"""

import io
import math
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from eval.score import Point

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, GRID, FIRST, SECOND, THIRD = "#010101", "#020202", "#030303", "#040404", "#050505"
CLASSES = {INK: "ink", GRID: "grid", FIRST: "first", SECOND: "second", THIRD: "third"}
"""What each stand-in colour is called in the style sheet."""

LINES = ((FIRST, "solid"), (SECOND, "dashed"), (THIRD, "dotted"))
"""Colour and stroke of the kinds of replies: they differ without colour, too."""

SIZE = (4.4, 3.0)
"""Width and height in inches of 72 units."""

STEPS = 200
"""Places at which a distribution is drawn, at most."""

WIDE = 20
"""From this ratio of the longest to the shortest time on, the axis is logarithmic."""


def drawable() -> bool:
    """Whether plots can be drawn: matplotlib comes with the extra `report`."""
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError:
        return False
    return True


def curve(points: Sequence[Point]) -> str:
    """Precision over coverage with its band, as an `<svg>`; at least one point."""
    with _settings():
        figure, axes = _canvas()
        coverage = [point.coverage for point in points]
        low, high = [point.low for point in points], [point.high for point in points]
        axes.fill_between(coverage, low, high, color=FIRST, alpha=0.18, linewidth=0)
        axes.plot(coverage, [point.precision for point in points], color=FIRST)
        axes.plot(coverage[-1], points[-1].precision, "o", color=FIRST)
        axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel="answered", ylabel="right, of those answered")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(lambda share, _: f"{share * 100:.0f} %")
        return _svg(figure, "curve")


def latency(seconds: Mapping[str, Sequence[float]], marks: Mapping[str, float]) -> str:
    """Share of the replies of each kind that are there in time, as an `<svg>`.

    `seconds` by the kind of reply, up to three, none of them empty; `marks` are two times to draw
    a line at, the shorter first, by name.
    """
    with _settings():
        figure, axes = _canvas()
        for (colour, stroke), (kind, values) in zip(LINES, seconds.items(), strict=False):
            times, shares = _distribution(values)
            axes.step(times, shares, where="post", color=colour, linestyle=stroke, label=kind)
        for (name, value), side in zip(marks.items(), ("right", "left"), strict=False):
            axes.axvline(value, color=INK, linewidth=0.8, linestyle=(0, (2, 3)))
            axes.annotate(name, (value, 1.0), (0, 4), textcoords="offset points", ha=side)
        axes.set(ylim=(0, 1), xlabel="seconds", ylabel="replies that are there")
        axes.yaxis.set_major_formatter(lambda share, _: f"{share * 100:.0f} %")
        _scale(axes, [value for values in seconds.values() for value in values])
        axes.legend(loc="lower right", frameon=False)
        return _svg(figure, "latency")


def _settings() -> AbstractContextManager[None]:
    from matplotlib import rc_context

    return rc_context(
        {
            "font.size": 10.0,
            "svg.fonttype": "none",
            "svg.hashsalt": "citebot",
            "text.color": INK,
            "axes.edgecolor": INK,
            "axes.labelcolor": INK,
            "axes.spines.right": False,
            "axes.spines.top": False,
            "axes.grid": True,
            "grid.color": GRID,
            "xtick.color": INK,
            "ytick.color": INK,
        }
    )


def _canvas() -> "tuple[Figure, Axes]":
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE, layout="constrained")
    return figure, figure.subplots()


def _distribution(values: Sequence[float]) -> tuple[list[float], list[float]]:
    """Times, and the share of the values that are no longer, beginning with none."""
    ordered = sorted(values)
    count = len(ordered)
    ranks = sorted({math.ceil(count * step / STEPS) for step in range(1, STEPS + 1)})
    times = [ordered[0], *(ordered[rank - 1] for rank in ranks)]
    return times, [0.0, *(rank / count for rank in ranks)]


def _scale(axes: "Axes", values: Sequence[float]) -> None:
    """Seconds from 0, or, where they lie far apart, by powers of ten."""
    shortest, longest = min(values), max(values)
    if 0 < shortest * WIDE < longest:
        axes.set_xscale("log")
    else:
        axes.set_xlim(0, (longest or 1.0) * 1.05)
        axes.locator_params(axis="x", nbins=5)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:.12g}")


# --- SVG ---------------------------------------------------------------------------------------


def _svg(figure: "Figure", name: str) -> str:
    """A figure as an element of a page: no prolog, no style of its own, names that are its own."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata={"Date": None}, transparent=True)
    drawn = out.getvalue()
    body = drawn[drawn.index("<svg") :].strip()
    body = re.sub(r"<metadata>.*?</metadata>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", body, flags=re.DOTALL)
    body = re.sub(r'\bid="([^"]*)"', rf'id="{name}-\1"', body)
    body = re.sub(r'href="#([^"]*)"', rf'href="#{name}-\1"', body)
    body = re.sub(r"url\(#([^)]*)\)", rf"url(#{name}-\1)", body)
    body = re.sub(r'\sstyle="([^"]*)"', _attributes, body)
    view = re.search(r'viewBox="[^"]*"', body)
    head = f'<svg {view.group() if view else ""} aria-hidden="true" focusable="false">'
    return re.sub(r"^<svg[^>]*>", head, body)


def _attributes(style: "re.Match[str]") -> str:
    """A style attribute, which the page's security policy forbids, as attributes of its own."""
    classes: list[str] = []
    kept: list[str] = []
    for rule in style[1].split(";"):
        name, _, value = (part.strip() for part in rule.partition(":"))
        if value in CLASSES:
            classes.append(f"{name}-{CLASSES[value]}")
        elif name == "font":
            kept.append(f'font-size="{value.split()[0]}"')  # The face is the page's.
        elif name and name != "font-family":
            kept.append(f'{name}="{value}"')
    if classes:
        kept.insert(0, f'class="{" ".join(classes)}"')
    return "".join(f" {attribute}" for attribute in kept)
