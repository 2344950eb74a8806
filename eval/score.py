"""From an answers file to figures: grade every attempt, count, and say how sure it is.

    answers ─ grade each ─ parts of each metric ─ sums per case ─ figures per slice

A slice is some of the cases: all, those of one set, group, tag, language or pair of
languages. Rounds of a repeated case are never taken for independent: cases are the units of
every interval.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eval.agreement import judge_figures, stability
from eval.costs import costs
from eval.figures import Figure, Table
from eval.grade import Graded, Grader, group_of
from eval.intervals import SEED, wilson
from eval.metrics import metrics_of
from eval.patterns import Patterns
from eval.records import Answers, Judgement, Run
from eval.said import Reader
from rag.cldr import Names
from rag.domain import Article
from rag.languages import LanguageDetector
from rag.stopwords import StopWords
from rag.understand import LANGUAGES

ALL = "all"
"""The slice of all cases."""

POINTS = 200
"""Points of the curve at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """If answers of less confidence than `threshold` were refused, too."""

    threshold: float
    coverage: float
    """Attempts that would be answered, of all."""
    precision: float
    """Answers that would be right, of those."""
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Everything that an answers file says."""

    run: Run
    articles: Mapping[str, Article]
    graded: tuple[Graded, ...]
    slices: Mapping[str, tuple[Figure, ...]]
    """By name: `all`, `set: heldout`, `group: follow-ups`, `tag: date`, `language: de`,
    `pair: de→en`."""
    curve: tuple[Point, ...]
    missing: int = 0
    """Attempts that the run still lacks."""

    def figure(self, name: str, among: str = ALL) -> Figure | None:
        """A figure of a slice."""
        return next((one for one in self.slices.get(among, ()) if one.name == name), None)


def score(answers: Answers, *, seed: int = SEED) -> Scores:
    """The scores of a run; an unfinished one is scored as far as it goes."""
    graded = grade_all(answers)
    table = Table(graded, metrics_of(answers.attempts), seed)
    slices = {name: table.figures(cases) for name, cases in _slices(graded).items()}
    if graded:
        slices[ALL] += (*costs(answers.attempts), *judge_figures(graded), *stability(graded))
    return Scores(
        run=answers.run,
        articles=answers.articles,
        graded=graded,
        slices=slices,
        curve=tuple(_curve(graded)),
        missing=answers.missing,
    )


def grade_all(answers: Answers) -> tuple[Graded, ...]:
    """Every attempt with its verdict, in the order of the file."""
    reader = Reader(
        articles=answers.articles,
        names=Names(LANGUAGES),
        detector=LanguageDetector(),
        stop_words=StopWords(),
    )
    grader = Grader(reader=reader, patterns=Patterns())
    cases = {case.id: case for case in answers.cases}
    found: dict[tuple[str, int], dict[str, Judgement]] = {}
    for judgement in answers.judgements:
        found.setdefault((judgement.case, judgement.round), {})[judgement.about] = judgement
    return tuple(
        grader.grade(cases[one.case], one, found.get((one.case, one.round), {}))
        for one in answers.attempts
    )


def _slices(graded: Iterable[Graded]) -> dict[str, list[str]]:
    """The cases of each slice; slices of one kind in alphabetical order."""
    found: dict[str, list[str]] = {ALL: []}
    for one in graded:
        case = one.case
        names = [f"set: {case.set}", f"group: {group_of(case)}", f"language: {case.language}"]
        names += [f"tag: {tag}" for tag in case.tags]
        names += [f"pair: {one.pair}"] if one.pair else []
        for name in (ALL, *names):
            found.setdefault(name, []).append(case.id)
    kinds = (ALL, "set", "group", "tag", "language", "pair")
    return dict(
        sorted(found.items(), key=lambda item: (kinds.index(item[0].split(":")[0]), item[0]))
    )


def _curve(graded: Sequence[Graded]) -> Iterable[Point]:
    """Precision over coverage, from the surest answers to all of them.

    Only answers that were shown can be taken away: the curve ends at the run's own coverage.
    A run with CITEBOT_THRESHOLD=0 shows more of it.
    """
    answered = sorted(
        (one for one in graded if one.attempt.answered), key=lambda one: -one.attempt.confidence
    )
    points: list[Point] = []
    cases: set[str] = set()
    good = 0
    for count, one in enumerate(answered, start=1):
        good += one.right
        cases.add(one.case.id)
        threshold = one.attempt.confidence
        if count < len(answered) and answered[count].attempt.confidence == threshold:
            continue  # Equally sure answers come and go together.
        bounds = wilson(good / count * len(cases), len(cases))
        points.append(
            Point(
                threshold=threshold,
                coverage=count / len(graded),
                precision=good / count,
                low=bounds.low,
                high=bounds.high,
            )
        )
    step = max(1, math.ceil((len(points) - 1) / (POINTS - 1)))
    kept = points[::step]
    return kept if not points or kept[-1] is points[-1] else [*kept, points[-1]]
