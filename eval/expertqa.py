"""ExpertQA: does `rag.verify` agree with experts on what a passage carries?

    claims ── a statement whose quote is all of its evidence ── answers file
    answers file ── what the verifier says of each, beside the experts ── figures

Nothing is retrieved and nothing is answered: real systems wrote the claims and cited the
passages, experts judged whether these carry them. `Complete` is carried; `Partial` and
`Incomplete` are not; `N/A` says nothing, so those claims stand in the file, and are counted as left
out. A claim is found carried when the whole of `rag.verify.Verifier` has nothing against it; what
its facts alone say (numbers, dates, names) stands beside that, and is what `citations.supported`
counts, as in any other run.

The floor is what anybody would try first: the share of a claim's words that stand in its
evidence. Its threshold is chosen on every other claim, and it is reported on the rest, beside
the verifier on the same rest. A threshold that is chosen where it is reported looks better than
it is: that figure stands there, too, since floors are often told so.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy

from eval.agreement import kappa_figure
from eval.cases import Case
from eval.figures import Figure, share_of
from eval.grade import Graded, Outcome
from eval.intervals import SEED, Array, bootstrap
from eval.metrics import Better
from eval.publicsets import check_file, read_rows, set_file
from eval.records import Answers, Attempt, Quote, Run, Shown
from eval.run import code, noon, rewrite, versions
from eval.score import ALL, Scores, score
from eval.wording import tokens
from rag.domain import Article
from rag.errors import StorageError, UsageError
from rag.understand import LANGUAGES
from rag.verify import Verifier

NAME = "expertqa"
LANGUAGE = "en"

SYSTEMS = "the systems of ExpertQA"
"""Who wrote the replies: no file of cases can have it for its name."""

SUPPORT = "support "
"""What the tag with the experts' judgement begins with."""

CARRIED = "complete"
NOT_CARRIED = frozenset({"partial", "incomplete"})

KEPT = frozenset(
    {
        "citations.exact",
        "citations.supported",
        "citations.judged_recall",
        "citations.judged_precision",
    }
)
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
    facts: bool
    """Whether its evidence carries its facts, which is a part of the verifier's verdict."""
    overlap: float
    """The share of its words that stand in its evidence, 0..1."""
    even: bool
    """Whether its place in the file is even: the floor's threshold is chosen on those."""


# --- Running -----------------------------------------------------------------------------------


def run(data: Path, file: Path, *, every: int = 1) -> None:
    """Write the claims of a set, every so-manieth, as an answers file.

    Raises `UsageError` for a set that is missing or empty and for a file of another run, and
    `StorageError` for one that cannot be written.
    """
    check_file(file, NAME)
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
        generator=SYSTEMS,
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
    verifier = Verifier.of_languages(LANGUAGES)
    found = {one.case.id: carried(one, plain.articles, verifier) for one in plain.graded}
    plain = replace(
        plain, graded=tuple(_beside(one, found=found[one.case.id]) for one in plain.graded)
    )
    places = {case.id: place for place, case in enumerate(answers.cases)}
    verdicts: dict[str, list[Verdict | None]] = {ALL: []}
    for one in plain.graded:
        verdict = _verdict(
            one, plain.articles, found=found[one.case.id], even=places[one.case.id] % 2 == 0
        )
        tags = [tag for tag in one.case.tags if not tag.startswith(SUPPORT)]
        for name in (ALL, *(f"tag: {tag}" for tag in tags)):
            verdicts.setdefault(name, []).append(verdict)
    slices = {}
    for name, figures in plain.slices.items():
        kept = tuple(figure for figure in figures if figure.name in KEPT)
        slices[name] = (*kept, *agreement(verdicts[name], seed)) if name in verdicts else kept
    judged = [one for one in verdicts[ALL] if one]
    agreed = [one.right for one in plain.graded if one.outcome is not Outcome.UNSCORED]
    counts = "Claims on which the verifier agrees with the experts; of those judged."
    right = share_of("answer.right", sum(agreed), len(agreed), counts)
    slices[ALL] = (right, *slices[ALL], *beside_floor(judged, seed))
    return replace(plain, slices=slices, curve=())


def carried(graded: Graded, articles: Mapping[str, Article], verifier: Verifier) -> bool:
    """Whether the whole verifier finds that the evidence of a claim carries it."""
    for shown in graded.attempt.statements:
        quotes = [(quote.quote, articles[quote.article].language) for quote in shown.quotes]
        if not quotes or verifier.faults(shown.text, LANGUAGE, quotes):
            return False
    return all(graded.exact.values())


def _beside(graded: Graded, *, found: bool) -> Graded:
    """A claim whose verdict is right where the verifier agrees with the experts."""
    support = _support(graded.case)
    if support != CARRIED and support not in NOT_CARRIED:
        return replace(graded, outcome=Outcome.UNSCORED, right=False, why="experts could not judge")
    right = found is (support == CARRIED)
    why = "" if right else f"experts: {support}; the verifier: {'' if found else 'not '}carried"
    outcome = Outcome.CORRECT if right else Outcome.INCORRECT
    return replace(graded, outcome=outcome, right=right, why=why)


def agreement(verdicts: Sequence[Verdict | None], seed: int = SEED) -> Iterator[Figure]:
    """How far the verifier agrees with the experts; None is a claim that they could not judge."""
    judged = [one for one in verdicts if one]
    yield share_of(
        "experts.left_out",
        len(verdicts) - len(judged),
        len(verdicts),
        "Claims that the experts could not judge, in no other figure of theirs; of all.",
        better=Better.LOWER,
    )
    pairs = [(one.experts, one.verifier) for one in judged]
    yield _balanced("experts.balanced", pairs, "the verifier", seed)
    facts = [(one.experts, one.facts) for one in judged]
    yield _balanced("experts.facts.balanced", facts, "the facts alone", seed)
    yield _rate("experts.sensitivity", pairs, of=True)
    yield _rate("experts.specificity", pairs, of=False)
    yield kappa_figure(
        "experts.kappa",
        [(str(one), str(other)) for one, other in pairs],
        "Agreement of the verifier with the experts, Cohen's kappa; over the claims judged.",
        seed=seed,
    )


def beside_floor(judged: Sequence[Verdict], seed: int = SEED) -> Iterator[Figure]:
    """The floor with the verifier beside it, on the odd rows; and the best that it could do."""
    odd = [one for one in judged if not one.even]
    pairs = [(one.experts, one.verifier) for one in odd]
    yield _balanced("experts.odd.balanced", pairs, "the verifier, odd rows,", seed)
    least = threshold([one for one in judged if one.even])
    floor = [(one.experts, one.overlap >= least) for one in odd]
    what = f"an overlap of words of {least:.2f}, as chosen on the even rows, on the odd rows"
    yield _balanced("experts.odd.floor", floor, what, seed)
    least = threshold(judged)
    floor = [(one.experts, one.overlap >= least) for one in judged]
    what = f"an overlap of words of {least:.2f}, chosen on all rows and so too good, on all rows"
    yield _balanced("experts.floor", floor, what, seed)


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


def _weighed(pairs: Sequence[tuple[bool, bool]]) -> tuple[Array, Array]:
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
        counts=f"Balanced accuracy of {what} against the experts; of the claims judged.",
    )


def _rate(name: str, pairs: Sequence[tuple[bool, bool]], *, of: bool) -> Figure:
    verdicts = [verdict for truth, verdict in pairs if truth is of]
    counts = (
        "Claims found carried; of those that experts find carried completely."
        if of
        else "Claims found not carried; of those that experts find carried in part or not at all."
    )
    return share_of(name, sum(verdict is of for verdict in verdicts), len(verdicts), counts)


def _verdict(
    graded: Graded, articles: Mapping[str, Article], *, found: bool, even: bool
) -> Verdict | None:
    """The verdicts on a claim; none where the experts have none."""
    support = _support(graded.case)
    if support != CARRIED and support not in NOT_CARRIED:
        return None
    claim = set(tokens(graded.case.answer, LANGUAGE))
    evidence = {
        word for name in graded.case.sources for word in tokens(articles[name].text, LANGUAGE)
    }
    return Verdict(
        experts=support == CARRIED,
        verifier=found,
        facts=all(graded.supported),
        overlap=len(claim & evidence) / len(claim) if claim else 0.0,
        even=even,
    )


def _support(case: Case) -> str:
    """The experts' judgement, from the tag."""
    return next((tag.removeprefix(SUPPORT) for tag in case.tags if tag.startswith(SUPPORT)), "")
