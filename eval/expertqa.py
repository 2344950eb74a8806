"""ExpertQA: does `rag.verify` agree with experts on what a passage carries?

    claims ── a statement whose quote is all of its evidence ── answers file
    answers file ── what the verifier says of each, beside the experts ── figures

Nothing is retrieved and nothing is answered: real systems wrote the claims and cited the
passages, experts judged whether these carry them. `Complete` is carried; `Partial` and
`Incomplete` are not; `N/A` says nothing, so those claims stand in the file, and are counted as left
out. A claim is found carried when none of its facts is missing from its evidence.

The floor is what anybody would try first: the share of a claim's words that stand in its
evidence. Its threshold is chosen on every other claim, and it is reported on the rest, beside
the verifier on the same rest.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy

from eval.cases import Case
from eval.figures import UNKNOWN, Figure, share_of
from eval.grade import Graded
from eval.intervals import SEED, bootstrap, kappa
from eval.metrics import Better
from eval.publicsets import read_rows, set_file
from eval.records import Answers, Attempt, Quote, Run, Shown
from eval.run import code, noon, rewrite, versions
from eval.score import ALL, Scores, score
from eval.wording import tokens
from rag.domain import Article
from rag.errors import StorageError, UsageError

NAME = "expertqa"
LANGUAGE = "en"

SUPPORT = "support "
"""What the tag with the experts' judgement begins with."""

CARRIED = "complete"
NOT_CARRIED = frozenset({"partial", "incomplete"})

KEPT = frozenset({"citations.exact", "citations.supported"})
"""The figures of a run that mean something here: nobody answered or refused anything."""

_HEAD = re.compile(r"\[\d+\] (\S+)(?:\s+|$)")
"""Number and address that evidence begins with."""

_REFERENCE = re.compile(r"\s*\[\d+\]")
"""A reference in a claim: it is no fact of it."""


@dataclass(frozen=True, slots=True)
class _Row:
    question: str
    field: str
    system: str
    claim: str
    evidence: tuple[str, ...]
    support: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A claim with the verdicts on it."""

    experts: bool
    verifier: bool
    overlap: float
    """The share of its words that stand in its evidence, 0..1."""
    even: bool
    """Whether the floor's threshold is chosen on it."""


# --- Running -----------------------------------------------------------------------------------


def run(data: Path, file: Path, *, every: int = 1) -> None:
    """Write the claims of a set, every so-manieth, as an answers file.

    Raises `UsageError` for a set that is missing or empty, and `StorageError` for a file that
    cannot be written.
    """
    source = set_file(data, NAME, "claims.jsonl")
    rows = list(enumerate(read_rows(source, _Row)))[::every]
    if not rows:
        raise UsageError(f"{source} holds no claim: point --data at the public sets.")
    articles: list[Article] = []
    cases: list[Case] = []
    attempts: list[Attempt] = []
    for number, row in rows:
        name = f"{NAME}-{number:04}"
        found = list(_articles(name, row.evidence))
        articles += found
        cases.append(_case(name, row, found))
        quotes = tuple(_quote(place, one) for place, one in enumerate(found, start=1))
        shown = Shown(text=claim_of(row.claim), quotes=quotes)
        attempts.append(Attempt(case=name, statements=(shown,), language=LANGUAGE))
    try:
        rewrite(file, _run(articles), articles, cases, attempts)
    except OSError as error:
        raise StorageError(f"{file} cannot be written ({error.strerror}): free space?") from error


def claim_of(text: str) -> str:
    """A claim without the numbers of its references, which are not what it says."""
    return _REFERENCE.sub("", text).strip()


def _articles(name: str, evidence: Iterable[str]) -> Iterator[Article]:
    """The evidence of a claim as articles; what is but an address is none."""
    for number, text in enumerate(evidence, start=1):
        head = _HEAD.match(text)
        body = text[head.end() :] if head else text
        if body.strip():
            yield Article(
                id=f"{name}-{number}.txt",
                title=head[1] if head else name,
                language=LANGUAGE,
                text=body,
                sha256=hashlib.sha256(body.encode()).hexdigest(),
                url=head[1] if head else None,
            )


def _case(name: str, row: _Row, articles: Sequence[Article]) -> Case:
    tags = {f"{SUPPORT}{row.support.lower()}", f"system {row.system}", f"field {row.field.lower()}"}
    return Case(
        id=name,
        set=NAME,
        language=LANGUAGE,
        question=row.question,
        answer=claim_of(row.claim),
        sources=tuple(article.id for article in articles),
        tags=tuple(sorted(tags)),
    )


def _quote(number: int, article: Article) -> Quote:
    text = article.text
    return Quote(number=number, article=article.id, start=0, end=len(text), quote=text)


def _run(articles: Iterable[Article]) -> Run:
    return Run(
        name=NAME,
        started=datetime.now(UTC),
        asked_at=noon(),
        generator="the systems of ExpertQA",
        settings={},
        corpus=NAME,
        index=hashlib.sha256("".join(one.sha256 for one in articles).encode()).hexdigest(),
        code=code(),
        versions=versions(),
    )


# --- Scoring -----------------------------------------------------------------------------------


def scores(answers: Answers, *, seed: int = SEED) -> Scores:
    """The figures of such a file: the verifier's own, and its agreement with the experts.

    Figures about answering and refusing are left away, for nothing was asked.
    """
    plain = score(answers, seed=seed)
    places = {case.id: place for place, case in enumerate(answers.cases)}
    by_tag: dict[str, list[Graded]] = {ALL: list(plain.graded)}
    for one in plain.graded:
        for tag in one.case.tags:
            by_tag.setdefault(f"tag: {tag}", []).append(one)
    slices = {}
    for name, figures in plain.slices.items():
        kept = tuple(figure for figure in figures if figure.name in KEPT)
        if name in by_tag and not name.startswith(f"tag: {SUPPORT}"):
            kept += tuple(agreement(by_tag[name], plain.articles, places, seed=seed))
        slices[name] = kept
    return replace(plain, slices=slices, curve=())


def agreement(
    graded: Sequence[Graded],
    articles: Mapping[str, Article],
    places: Mapping[str, int],
    *,
    seed: int = SEED,
) -> Iterator[Figure]:
    """How far the verifier agrees with the experts on some claims, and the floor beside it.

    `places` are those of the cases in the file: the floor's threshold is chosen on even ones.
    """
    judged = [one for one in graded if _support(one.case) in {CARRIED, *NOT_CARRIED}]
    verdicts = [_verdict(one, articles, places) for one in judged]
    yield share_of(
        "experts.left_out",
        len(graded) - len(judged),
        len(graded),
        "Claims that the experts could not judge (N/A), in none of the figures below; of all.",
        better=Better.LOWER,
    )
    ours = [(one.experts, one.verifier) for one in verdicts]
    yield _balanced("experts.balanced", ours, "the verifier's verdict", seed)
    yield _rate("experts.sensitivity", ours, of=True)
    yield _rate("experts.specificity", ours, of=False)
    yield Figure(
        name="experts.kappa",
        value=kappa((str(one), str(other)) for one, other in ours),
        low=UNKNOWN.low,
        high=UNKNOWN.high,
        of=len(ours),
        unit="kappa",
        counts="Agreement of the verifier with the experts, Cohen's kappa; over the claims judged.",
    )
    odd = [one for one in verdicts if not one.even]
    least = threshold([one for one in verdicts if one.even])
    beside = [(one.experts, one.verifier) for one in odd]
    floor = [(one.experts, one.overlap >= least) for one in odd]
    yield _balanced("experts.odd.balanced", beside, "the verifier's verdict, odd rows,", seed)
    yield _balanced("experts.odd.floor", floor, f"overlap of words ≥ {least:.2f}, odd rows,", seed)


def threshold(verdicts: Sequence[Verdict]) -> float:
    """The least overlap that separates carried claims best; of equal ones the lowest."""
    choices = sorted({one.overlap for one in verdicts})
    return max(
        choices, key=lambda least: balanced((v.experts, v.overlap >= least) for v in verdicts),
        default=0.0,
    )  # fmt: skip


def balanced(pairs: Iterable[tuple[bool, bool]]) -> float:
    """Mean share of (truth, verdict) pairs that agree, of the true ones and of the others.

    NaN where either is missing.
    """
    numerators, denominators = _weighed(list(pairs))
    with numpy.errstate(invalid="ignore"):
        return float(numerators.sum() / denominators.sum())


def _weighed(pairs: Sequence[tuple[bool, bool]]) -> tuple[numpy.ndarray, numpy.ndarray]:
    """What each pair adds to a ratio of sums: both classes weigh the same.

    So balanced accuracy is a ratio over cases like any other, and has its bootstrap.
    """
    true = sum(truth for truth, _ in pairs)
    if not 0 < true < len(pairs):
        return numpy.full((1, 1), numpy.nan), numpy.full((1, 1), numpy.nan)
    weights = numpy.array([1 / true if t else 1 / (len(pairs) - true) for t, _ in pairs])
    agrees = numpy.array([truth == verdict for truth, verdict in pairs], dtype=float)
    return (weights * agrees)[:, None], weights[:, None]


def _balanced(name: str, pairs: Sequence[tuple[bool, bool]], what: str, seed: int) -> Figure:
    (bounds,) = bootstrap(*_weighed(pairs), seed=seed)
    return Figure(
        name=name,
        value=balanced(pairs),
        low=bounds.low,
        high=bounds.high,
        of=len(pairs),
        counts=f"Balanced accuracy of {what} against the experts'; mean over carried and not.",
    )


def _rate(name: str, pairs: Sequence[tuple[bool, bool]], *, of: bool) -> Figure:
    verdicts = [verdict for truth, verdict in pairs if truth is of]
    counts = (
        "Claims found carried; of those that experts find carried completely."
        if of
        else "Claims found not carried; of those that experts find carried in part or not at all."
    )
    return share_of(name, sum(verdict is of for verdict in verdicts), len(verdicts), counts)


def _verdict(graded: Graded, articles: Mapping[str, Article], places: Mapping[str, int]) -> Verdict:
    claim = set(tokens(graded.case.answer, LANGUAGE))
    evidence = {
        word for name in graded.case.sources for word in tokens(articles[name].text, LANGUAGE)
    }
    return Verdict(
        experts=_support(graded.case) == CARRIED,
        verifier=all(graded.supported),
        overlap=len(claim & evidence) / len(claim) if claim else 0.0,
        even=places[graded.case.id] % 2 == 0,
    )


def _support(case: Case) -> str:
    """The experts' judgement, from the tag."""
    return next((tag.removeprefix(SUPPORT) for tag in case.tags if tag.startswith(SUPPORT)), "")
