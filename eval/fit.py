"""Fit what the evidence is worth: writes `rag/data/weights.toml`.

    public sets ─ corpora, large and small, of one and of three languages ─ candidates
                ─ conditional logit: which sentence holds the answer
                ─ logistic regression: is it among the best two at all

Only questions of even articles are used (`eval.publicsets`), and for the confidence the
golden cases for calibration, on each corpus given. Questions without an answer are
those that SQuAD 2 marks, and every question with the article that answers it taken away:
what a person asks about a folder that does not say. Run by `python -m eval fit --data DIR`.
"""

import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

import numpy
from numpy.typing import NDArray

from eval.cases import Case
from eval.publicsets import Asked, Passage, PublicSet, dealt, read_set, write_corpus
from rag.build import Parts
from rag.domain import Question
from rag.evidence import Candidate, Evidence
from rag.settings import Settings
from rag.weights import Scored, Weights, confidence_features

LANGUAGES = ("en", "de", "ru")
"""The languages of XQuAD that the lexicon knows."""

HITS = 6
"""Passages per language whose sentences compete."""

STEPS = 400
"""Steps of the optimiser (Adam); the weights no longer move in the second decimal."""

RATE = 0.03
"""Its step size, in standard deviations of a feature."""

SHRINK = 0.002
"""Ridge penalty per question on standardised weights."""

GOLDEN = 10
"""How often a golden trial counts: about 80 of them stand beside some 4,000 others."""

Array = NDArray[numpy.float64]
EVIDENCE = tuple(field.name for field in fields(Evidence))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A question with its candidates, and which of them hold the answer."""

    candidates: tuple[Candidate, ...]
    holds: tuple[bool, ...]
    gone: tuple[bool, ...]
    """Which of them stand in the article that is taken away for the second half."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A corpus with the questions that are put to it."""

    name: str
    passages: tuple[Passage, ...]
    questions: tuple[Asked, ...]
    source: PublicSet


def settings_of(data: Path, *, every: int, held_out: bool = False) -> Iterator[Setting]:
    """The corpora of a fit, each with every so-manieth question."""
    xquad = read_set(data, "xquad")

    def pick(questions: Iterable[Asked], languages: Sequence[str] = LANGUAGES) -> tuple[Asked, ...]:
        right = (q for q in questions if q.held_out is held_out and q.language in languages)
        return tuple(list(right)[::every])

    for language in LANGUAGES:
        own = tuple(p for p in xquad.passages if p.language == language)
        asked = pick(xquad.questions, [language])
        yield Setting(name=f"xquad {language}", passages=own, questions=asked, source=xquad)
    for name, language in (("piaf_fr", "fr"), ("squad2_dev_half", "en")):
        one = read_set(data, name)
        asked = pick(one.questions, [language])
        yield Setting(name=name, passages=one.passages, questions=asked, source=one)
    mixed = tuple(dealt(xquad.passages, lambda p: LANGUAGES[p.article % 3]))
    yield Setting(
        name="xquad, languages mixed", passages=mixed, questions=pick(xquad.questions), source=xquad
    )
    yield from _small(xquad, pick)


def _small(
    xquad: PublicSet, pick: Callable[[Iterable[Asked]], tuple[Asked, ...]]
) -> Iterator[Setting]:
    """Corpora the size of a handful of articles: ten passages each, languages mixed."""
    articles = sorted({p.article for p in xquad.passages})
    for first, second in zip(articles[0::4], articles[2::4], strict=False):
        for odd in (0, 1):
            pair = {first + odd, second + odd}
            mixed = tuple(
                dealt(
                    [p for p in xquad.passages if p.article in pair],
                    lambda p: LANGUAGES[int(p.pid.split("-")[2]) % 3],
                )
            )
            asked = pick(q for q in xquad.questions if int(q.pid.split("-")[1]) in pair)
            if asked:
                name = f"small {first + odd}"
                yield Setting(name=name, passages=mixed, questions=asked, source=xquad)


def trials(setting: Setting, folder: Path) -> Iterator[Trial]:
    """Every question of a setting with its candidates."""
    corpus = folder / "corpus"
    write_corpus(setting.passages, corpus)
    parts = Parts(Settings(corpus=corpus, data=folder / "data"))
    parts.indexer.run()
    language_of = {passage.pid: passage.language for passage in setting.passages}
    generator = parts.extractor
    with parts.manifest.reading() as snapshot:
        for asked in setting.questions:
            question = Question(
                text=asked.text, language=asked.language, asked_at=datetime.now(UTC)
            )
            hits = parts.retriever.find(question, snapshot, HITS)
            ranked = generator.ranked(asked.text, asked.language, hits)
            language = language_of[asked.pid]
            answers = setting.source.answers.get((asked.qid, language), asked.answers)
            candidates = tuple(one.candidate for one in ranked)
            gone = tuple(c.sentence.article_id == f"{asked.pid}.txt" for c in candidates)
            held = (_holds(c, answers) and g for c, g in zip(candidates, gone, strict=True))
            if candidates:
                yield Trial(candidates=candidates, holds=tuple(held), gone=gone)


def golden_trials(cases: Iterable[Case], corpus: Path, folder: Path) -> Iterator[Trial]:
    """The golden cases that stand alone, put to a corpus.

    A sentence of one of the sources that says one of the patterns holds the answer.
    """
    parts = Parts(Settings(corpus=corpus, data=folder))
    parts.indexer.run()
    with parts.manifest.reading() as snapshot:
        for case in cases:
            if case.history:
                continue
            question = Question(
                text=case.question, language=case.language, asked_at=datetime.now(UTC)
            )
            hits = parts.retriever.find(question, snapshot, parts.settings.hits)
            ranked = parts.extractor.ranked(case.question, case.language, hits)
            candidates = tuple(one.candidate for one in ranked)
            if candidates:
                yield Trial(
                    candidates=candidates,
                    holds=tuple(_says(case, c) for c in candidates),
                    gone=(False,) * len(candidates),
                )


def _says(case: Case, candidate: Candidate) -> bool:
    text, article = candidate.sentence.text, candidate.sentence.article_id
    return article in case.sources and any(re.search(p, text, re.IGNORECASE) for p in case.expect)


def fit(found: Sequence[Trial], golden: Sequence[Trial] = ()) -> Weights:
    """The weights that make the right sentences of the trials likeliest.

    The golden trials count for the confidence only, `GOLDEN` times each: they are few, but
    they are what people ask about news.
    """
    choices = [trial for trial in found if any(trial.holds)]
    inputs = [numpy.array([_vector(c) for c in trial.candidates]) for trial in choices]
    targets = [numpy.array(trial.holds, dtype=float) for trial in choices]
    utility = _conditional_logit(inputs, targets)
    size = len(EVIDENCE)
    ranking = Weights(
        same=tuple(utility[:size]),
        across=tuple(utility[size : 2 * size]),
        bias=float(utility[-2]),
        strength=float(utility[-1]),
        confidence={},
    )
    rows, right = _outcomes(found, ranking, gone=True)
    golden_rows, golden_right = _outcomes(golden, ranking, gone=False)
    rows, right = rows + golden_rows * GOLDEN, right + golden_right * GOLDEN
    names = list(rows[0])
    confidence = _logistic(numpy.array([list(row.values()) for row in rows]), numpy.array(right))
    return Weights(
        same=ranking.same,
        across=ranking.across,
        bias=ranking.bias,
        strength=ranking.strength,
        confidence={name: float(w) for name, w in zip(names, confidence, strict=True)},
    )


def write(weights: Weights, file: Path) -> None:
    """Write weights as the file that `Weights.read` reads."""
    lines = ["# What the evidence is worth: written by `python -m eval fit`, not by hand."]
    for name, values in (("same", weights.same), ("across", weights.across)):
        lines.append(f"\n[{name}]")
        lines += [f"{e} = {v:.3f}" for e, v in zip(EVIDENCE, values, strict=True)]
    lines += ["\n[other]", f"bias = {weights.bias:.3f}", f"strength = {weights.strength:.3f}"]
    lines += ["\n[confidence]", *(f"{n} = {v:.3f}" for n, v in weights.confidence.items())]
    file.write_text("\n".join(lines) + "\n", "utf-8")


def collect(data: Path, *, every: int, say: Callable[[str], None]) -> list[Trial]:
    """The trials of every setting; `say` is told of each."""
    found: list[Trial] = []
    for setting in settings_of(data, every=every):
        with tempfile.TemporaryDirectory() as folder:
            before = len(found)
            found += trials(setting, Path(folder))
        say(f"{setting.name}: {len(found) - before} questions")
    return found


def _holds(candidate: Candidate, answers: Iterable[str]) -> bool:
    text = candidate.sentence.text.casefold()
    return any(answer.casefold() in text for answer in answers)


def _vector(candidate: Candidate) -> tuple[float, ...]:
    """The features of both kinds of sentence side by side, those of the other kind 0."""
    own = candidate.evidence.vector()
    none = (0.0,) * len(own)
    if candidate.same_language:
        return (*own, *none, 0.0, 0.0)
    return (*none, *own, 1.0, candidate.strength)


def _conditional_logit(inputs: Sequence[Array], targets: Sequence[Array]) -> Array:
    """Weights that maximise the probability of the marked rows, by Adam (Kingma, Ba 2015)."""
    scale = _scale(numpy.vstack(list(inputs)))
    scaled = [rows / scale for rows in inputs]
    weights, first, second = (numpy.zeros(len(scale)) for _ in range(3))
    for step in range(1, STEPS + 1):
        slope = -SHRINK * len(inputs) * weights
        for rows, marked in zip(scaled, targets, strict=True):
            odds = numpy.exp(rows @ weights - (rows @ weights).max())
            chance = odds / odds.sum()
            wanted = chance * marked
            slope += rows.T @ (wanted / wanted.sum() - chance)
        first = 0.9 * first + 0.1 * slope
        second = 0.99 * second + 0.01 * slope**2
        rise = (first / (1 - 0.9**step)) / (numpy.sqrt(second / (1 - 0.99**step)) + 1e-9)
        weights = weights + RATE * rise
    return numpy.asarray(weights / scale)


def _scale(rows: Array) -> Array:
    """The standard deviation of each column; 1 for a column that says the same throughout."""
    scale = rows.std(axis=0)
    return numpy.where(scale > 1e-9, scale, 1.0)


def _outcomes(
    found: Iterable[Trial], weights: Weights, *, gone: bool
) -> tuple[list[dict[str, float]], list[float]]:
    """The confidence features of every trial, and whether it was right.

    `gone` adds each of them once more without the article that answers it.
    """
    rows: list[dict[str, float]] = []
    right: list[float] = []
    for trial in found:
        marked = list(zip(trial.candidates, trial.holds, trial.gone, strict=True))
        for kept in (marked, [one for one in marked if not one[2]] if gone else []):
            scored = sorted(((weights.score(c), h, c) for c, h, _ in kept), key=lambda one: -one[0])
            if scored:
                ranked = [Scored(candidate=c, score=s) for s, _, c in scored]
                rows.append(confidence_features(ranked))
                right.append(float(any(held for _, held, _ in scored[:2])))
    return rows, right


def _logistic(inputs: Array, targets: Array) -> Array:
    """Logistic regression by Newton's method; the first column is the constant."""
    scale = _scale(inputs)
    rows = inputs / scale
    weights = numpy.zeros(rows.shape[1])
    ridge = 1e-3 * numpy.eye(len(weights))
    for _ in range(50):
        chance = 1 / (1 + numpy.exp(-rows @ weights))
        slope = rows.T @ (targets - chance) / len(rows) - ridge @ weights
        curve = (rows * (chance * (1 - chance))[:, None]).T @ rows / len(rows) + ridge
        weights = weights + numpy.linalg.solve(curve, slope)
    return numpy.asarray(weights / scale)
