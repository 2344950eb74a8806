"""Two runs over the same cases: what flipped, and whether that can be chance.

    cases ─ shared, in one run only, or changed between the runs (same id, other content)
    shared ─ flips of right and wrong ─ McNemar
           ─ difference of each figure ─ paired bootstrap: cases drawn for both runs at once

With repeated rounds a case is right where most of its rounds are; the differences of figures
use every round.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eval.cases import Case
from eval.figures import UNKNOWN, Figure, Table
from eval.grade import Graded, by_case
from eval.intervals import SEED, Interval, mcnemar, paired_bootstrap
from eval.metrics import Better, metrics_of
from eval.records import AnswersError
from eval.repeat import changes
from eval.score import Scores

FEW = 6
"""With fewer cases than this all of them may change one way by chance (2 / 2 ** 5 > 0.05)."""

LEVEL = 0.05
"""A difference that chance brings about more often than this is called none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A case that one run has right and the other has not, each by a round like most of its."""

    case: Case
    before: Graded
    after: Graded


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A figure of both runs over the shared cases."""

    name: str
    before: float
    after: float
    low: float
    """Bounds of `after` less `before`."""
    high: float
    better: Better
    counts: str

    @property
    def seen(self) -> bool:
        """Whether the bounds leave 0 out."""
        return self.low > 0 or self.high < 0

    @property
    def worse(self) -> bool:
        """Whether the later run is worse, and not by chance."""
        return self.seen and (self.after > self.before) is (self.better is Better.LOWER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Run `before` beside run `after`."""

    before: Scores
    after: Scores
    shared: tuple[str, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    changed: tuple[str, ...]
    """Cases that are not compared, because they do not ask the same in both runs."""
    lost: tuple[Flip, ...]
    gained: tuple[Flip, ...]
    p: float
    """McNemar's, for lost against gained."""
    besides: tuple[str, ...]
    """Sentences on what else is not the same in both runs."""
    differences: tuple[Difference, ...]

    @property
    def verdict(self) -> str:
        """One sentence."""
        lost, gained, shared = len(self.lost), len(self.gained), len(self.shared)
        counts = f"{gained} of {shared} shared cases gained, {lost} lost (p = {self.p:.3f})"
        if self.p >= LEVEL and any(
            one.name == "answer.right" and one.seen for one in self.differences
        ):
            return f"Not clear: {counts}, though the paired bootstrap leaves 0 out."
        if self.p >= LEVEL:
            return f"No difference seen: {counts}."
        return f"{'Better' if gained > lost else 'Worse'}: {counts}."


def compare(before: Scores, after: Scores, *, seed: int = SEED) -> Comparison:
    """Compare two runs case by case. Raises `AnswersError` when they share no case."""
    first, second = by_case(before.graded), by_case(after.graded)
    both = [case_id for case_id in first if case_id in second]
    changed = [i for i in both if _asks(first[i][0].case) != _asks(second[i][0].case)]
    shared = [case_id for case_id in both if case_id not in set(changed)]
    if not shared:
        raise AnswersError("The two runs share no case: compare runs over the same case files.")
    flips = [
        Flip(case=second[i][0].case, before=_typical(first[i]), after=_typical(second[i]))
        for i in shared
        if _right(first[i]) is not _right(second[i])
    ]
    gained = tuple(flip for flip in flips if _right(second[flip.case.id]))
    lost = tuple(flip for flip in flips if _right(first[flip.case.id]))
    return Comparison(
        before=before,
        after=after,
        shared=tuple(shared),
        only_before=tuple(i for i in first if i not in second),
        only_after=tuple(i for i in second if i not in first),
        changed=tuple(changed),
        lost=lost,
        gained=gained,
        p=mcnemar(len(lost), len(gained)),
        besides=changes(before.run, after.run),
        differences=tuple(_differences(first, second, shared, seed)),
    )


def _asks(case: Case) -> tuple[object, ...]:
    """What makes two cases the same, besides their id: not the tags, nor the file they are in."""
    return (
        case.question,
        case.history,
        case.answerable,
        case.answer,
        case.accepted,
        case.expect,
        case.forbid,
        case.sources,
        case.any_source,
    )


def _right(rounds: list[Graded]) -> bool:
    return sum(one.right for one in rounds) * 2 > len(rounds)


def _typical(rounds: list[Graded]) -> Graded:
    """The first round with the verdict of most."""
    return next(one for one in rounds if one.right is _right(rounds))


def _differences(
    first: Mapping[str, list[Graded]],
    second: Mapping[str, list[Graded]],
    shared: Iterable[str],
    seed: int,
) -> Iterable[Difference]:
    cases = list(shared)
    attempts = [one.attempt for i in cases for one in (*first[i], *second[i])]
    metrics = metrics_of(attempts)
    tables = [
        Table([one for i in cases for one in rounds[i]], metrics, seed)
        for rounds in (first, second)
    ]
    before, after = (table.figures(cases) for table in tables)
    parts = [table.parts(cases) for table in tables]
    bounds = paired_bootstrap(parts[0], parts[1], seed=seed)
    counted = ((parts[0][1] > 0) & (parts[1][1] > 0)).sum(axis=0)
    for old, new, between, count in zip(before, after, bounds, counted, strict=True):
        if not (math.isnan(old.value) and math.isnan(new.value)):
            alike = between.low == between.high != 0  # Every case changed by the same.
            yield _difference(old, new, UNKNOWN if alike and count < FEW else between)


def _difference(old: Figure, new: Figure, between: Interval) -> Difference:
    return Difference(
        name=old.name,
        before=old.value,
        after=new.value,
        low=between.low,
        high=between.high,
        better=old.better,
        counts=old.counts,
    )
