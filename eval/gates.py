"""What a run must hold: thresholds in `eval/gates.toml`, and no loss against a stored baseline.

    [[gate]]            a figure of some cases is at least, or at most, so much
    figure = "answer.right"
    set = "heldout"     these four say which cases; left out, it is all of them
    group = "same language"
    tag = "date"
    language = "de"
    at_least = 0.45     or at_most

    [baseline]
    net_loss = 1        cases that were right and are not any more, less those gained

A gate that names a set applies to runs over that set; one without applies to every run. A
gate on some cases that finds none is not held: nothing speaks for it.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from eval.baseline import Baseline, changes, named
from eval.grade import Graded, group_of
from eval.metrics import metrics_of
from eval.score import Scores
from rag.errors import UsageError

FILE = Path(__file__).parent / "gates.toml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A threshold for a figure of some cases. Raises `ValueError` without exactly one bound."""

    figure: str
    at_least: float | None = None
    at_most: float | None = None
    set: str | None = None
    group: str | None = None
    tag: str | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        if (self.at_least is None) is (self.at_most is None):
            raise ValueError("a gate has either at_least or at_most")

    @property
    def anywhere(self) -> bool:
        """Whether it takes every case."""
        return not (self.set or self.group or self.tag or self.language)

    def holds(self, value: float) -> bool:
        """Whether a value is on the right side."""
        if self.at_least is not None:
            return value >= self.at_least
        return self.at_most is not None and value <= self.at_most

    def takes(self, graded: Graded) -> bool:
        """Whether the gate counts an attempt."""
        case = graded.case
        return (
            self.set in {None, case.set}
            and self.group in {None, group_of(case)}
            and (self.tag is None or self.tag in case.tags)
            and self.language in {None, case.language}
        )

    def __str__(self) -> str:
        where = [part for part in (self.set, self.group, self.tag, self.language) if part]
        least = self.at_least is not None
        bound = self.at_least if least else self.at_most
        told = f"{bound:.1%}" if bound is not None and bound <= 1 else f"{bound}"
        side = "at least" if least else "at most"
        return f"{self.figure} of {', '.join(where) or 'all cases'}: {side} {told}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """How much may be lost against the baseline."""

    net_loss: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """What the gates file says."""

    gate: tuple[Gate, ...] = ()
    baseline: Loss = Loss()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Whether a gate was held, in a sentence."""

    sentence: str
    held: bool


def read_gates(file: Path = FILE) -> Gates:
    """The gates of a file. Raises `UsageError` for one that cannot be understood."""
    try:
        table = tomllib.loads(file.read_text("utf-8"))
        return TypeAdapter(Gates).validate_python(table, extra="forbid")
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}).") from None
    except ValidationError as error:
        problem = error.errors()[0]
        place = " ".join(str(part) for part in problem["loc"])
        raise UsageError(f"{file.name}, {place}: {problem['msg']}.") from None
    except ValueError as error:
        raise UsageError(f"{file.name} is no TOML: {error}.") from None


def held(scores: Scores, gates: Gates, baseline: Baseline | None = None) -> tuple[Held, ...]:
    """Every gate that applies to a run, and whether it holds.

    Raises `UsageError` for a gate on a figure that there is not.
    """
    sets = {graded.case.set for graded in scores.graded}
    applying = [gate for gate in gates.gate if gate.set is None or gate.set in sets]
    found = [_held(gate, scores) for gate in applying]
    if baseline is not None and any(named(one.case) in baseline.right for one in scores.graded):
        found.append(_kept(scores, baseline, gates.baseline.net_loss))
    return tuple(found)


def _held(gate: Gate, scores: Scores) -> Held:
    metrics = metrics_of(one.attempt for one in scores.graded)
    metric = next((metric for metric in metrics if metric.name == gate.figure), None)
    if metric is None:
        return _held_whole(gate, scores)
    parts = [metric.part(one) for one in scores.graded if gate.takes(one)]
    good, of = (sum(part[side] for part in parts) for side in (0, 1))
    if not of and gate.anywhere:
        return Held(sentence=f"{gate}, and nothing was shown that it counts", held=True)
    if not of:
        return Held(sentence=f"{gate}, but there is no case to hold it", held=False)
    return Held(
        sentence=f"{gate}, reached {good / of:.1%} ({good:g} of {of:g})", held=gate.holds(good / of)
    )


def _held_whole(gate: Gate, scores: Scores) -> Held:
    """A gate on what only a whole run has: seconds, tokens, agreement."""
    figure = scores.figure(gate.figure)
    if figure is None or not gate.anywhere:
        raise UsageError(f"A gate is on {gate.figure}, which is no figure of this run.")
    return Held(sentence=f"{gate}, reached {figure.value:.4g}", held=gate.holds(figure.value))


def _kept(scores: Scores, baseline: Baseline, most: int) -> Held:
    lost, gained, compared = changes(scores, baseline)
    sentence = f"baseline: {_count(lost)} lost, {_count(gained)} gained, of {len(compared)}"
    if lost:
        sentence += f" (lost: {', '.join(lost)})"
    return Held(sentence=sentence, held=len(lost) - len(gained) <= most)


def _count(cases: Iterable[str]) -> str:
    number = len(tuple(cases))
    return f"{number} case" if number == 1 else f"{number} cases"
