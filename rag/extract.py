"""Answers without a language model: the best sentences themselves, or a refusal.

    question ─ parts ─ candidates ─ scores ─┬─ a name that no sentence speaks of: refuse
                                            ├─ a figure asked for, and none said: refuse
                                            ├─ confidence below the threshold: refuse
                                            └─ credible set: one to three sentences

The scores are those of a conditional logit (McFadden 1974), so that their softmax is the
probability of each sentence to hold the answer; sentences are shown until these add up to
`CREDIBLE`. The confidence, that the answer is among them at all, is a logistic regression.
"""

import math
import re
from collections.abc import AsyncGenerator, Sequence

from rag.asks import COUNTED
from rag.domain import Claim, Draft, Dropped, Hit, Material, Question, Reason
from rag.evidence import Assessor, Candidate
from rag.ledger import Ledger
from rag.manifest import Manifest
from rag.threads import aside
from rag.weights import Scored, Weights, confidence_features

CREDIBLE = 0.92
"""Sentences are added until the answer is among them with this probability."""

ALIKE = 0.7
"""Two sentences that share this much of the smaller one's words say the same."""

HARDLY = 0.1
"""A unit that is met to a lesser degree than this is not met."""

OFF_TOPIC = 0.15
"""With less of the question's weight than this in any passage, it is about something else."""


class Extractor:
    """The generator that needs no model."""

    name = "extractive"

    def __init__(
        self,
        *,
        assessor: Assessor,
        manifest: Manifest,
        weights: Weights,
        statements: int,
        threshold: float,
    ) -> None:
        self._assessor = assessor
        self._manifest = manifest
        self._weights = weights
        self._statements = statements
        self._threshold = threshold

    async def draft(
        self, question: Question, material: Material, _ledger: Ledger
    ) -> AsyncGenerator[Claim | Draft, None]:
        """The sentences that answer best, best first; none when they hardly answer."""
        draft = await aside(self.proposed, question, material.hits)
        for claim in draft.claims:
            yield claim
        yield draft

    async def repair(
        self,
        _question: Question,
        _material: Material,
        _failed: Sequence[Dropped],
        _ledger: Ledger,
    ) -> Sequence[Claim]:
        """Nothing: what an article says is not to be mended."""
        return ()

    def best(self, question: Question, hits: Sequence[Hit]) -> list[Candidate]:
        """The sentences that would be shown if nothing were refused."""
        sets = [self._credible(one) for one in self._ranked(question, hits)]
        return _chosen(sets, self._statements)

    def _ranked(self, question: Question, hits: Sequence[Hit]) -> "list[list[Scored]]":
        ranked = (self.ranked(part, question.language, hits) for part in parts(question.meant))
        return [one for one in ranked if one]

    def proposed(self, question: Question, hits: Sequence[Hit]) -> Draft:
        """The whole draft at once."""
        ranked = self._ranked(question, hits)
        if not ranked:
            return Draft(claims=(), reason=Reason.NO_EVIDENCE, confidence=0.0)
        confidence = min(self.confidence(one) for one in ranked)
        strange = tuple(dict.fromkeys(name for one in ranked for name in unknown(one)))
        sets = [self._credible(one) for one in ranked]
        chosen = _chosen(sets, self._statements)
        if confidence < self._threshold or strange or _uncounted(sets, chosen):
            reason = _reason(ranked)
            return Draft(claims=(), reason=reason, confidence=confidence, unknown=strange)
        claims = tuple(
            Claim(text=" ".join(c.sentence.text.split()), keys=(c.sentence.key,), verbatim=True)
            for c in chosen
        )
        return Draft(claims=claims, confidence=confidence)

    def ranked(self, text: str, language: str, hits: Sequence[Hit]) -> "list[Scored]":
        """The candidates for a part of a question, best first."""
        with self._manifest.reading() as snapshot:
            inquiry = self._assessor.inquiry(text, language, snapshot.rows)
        candidates = self._assessor.candidates(inquiry, hits)
        scored = [Scored(candidate=c, score=self._weights.score(c)) for c in candidates]
        return sorted(scored, key=lambda one: -one.score)

    def confidence(self, ranked: "Sequence[Scored]") -> float:
        """The probability, 0..1, that the best two sentences hold the answer."""
        features = confidence_features(ranked)
        total = sum(self._weights.confidence[name] * value for name, value in features.items())
        return 1 / (1 + math.exp(-total))

    def _credible(self, ranked: "Sequence[Scored]") -> "list[Candidate]":
        """The smallest set of different sentences that holds the answer credibly."""
        odds = [math.exp(one.score - ranked[0].score) for one in ranked]
        chosen: list[Candidate] = []
        reached = 0.0
        for one, odd in zip(ranked, odds, strict=True):
            if len(chosen) == self._statements or reached >= CREDIBLE:
                break
            if not any(_say_the_same(one.candidate, other) for other in chosen):
                chosen.append(one.candidate)
            reached += odd / sum(odds)
        return chosen


def unknown(ranked: Sequence[Scored]) -> tuple[str, ...]:
    """What a question names that the nearest sentences do not speak of.

    Countries, currencies, numbers of three digits or more, and proper names; names only where
    some sentence is in their script, for over scripts they are too often spelled unlike. All
    but names have to stand in the article of the best sentence: a year or a country that
    another article speaks of says nothing (1 % of right answers on XQuAD are lost by this, 7 %
    of what the corpus does not say is refused).
    """
    units = ranked[0].candidate.inquiry.units
    texts = [one.candidate.sentence.text for one in ranked]
    article = ranked[0].candidate.sentence.article_id
    own = [one for one in ranked if one.candidate.sentence.article_id == article]
    return tuple(
        unit.text
        for index, unit in enumerate(units)
        if (unit.fact or (unit.name and _same_script(unit.text, texts)))
        and max(one.candidate.spoken[index] for one in (own if unit.fact else ranked)) < HARDLY
    )


def _uncounted(sets: Sequence[Sequence[Candidate]], chosen: Sequence[Candidate]) -> bool:
    """Whether a part of the question asks for a figure or a date, and no sentence has one.

    One sentence may answer two parts: it is then chosen for the first, and counts for both.
    """
    return any(
        candidates[0].inquiry.ask in COUNTED
        and not any(
            candidate.evidence.kind > 0 and any(_say_the_same(candidate, one) for one in chosen)
            for candidate in candidates
        )
        for candidates in sets
    )


def _same_script(name: str, texts: Sequence[str]) -> bool:
    return any(_is_latin(text) is _is_latin(name) for text in texts)


def _is_latin(text: str) -> bool | None:
    """Whether the first letter is a Latin one; quotation marks and digits have no script."""
    letter = next(filter(str.isalpha, text), None)
    return None if letter is None else letter < "\u0250"


_JOINT = re.compile(
    r"[,;]?\s+(?:and|und|et|и|sowie|а)\s+(?=(?:\w+\s+)?(?:who|whom|what|which|where|when|why|how|"
    r"wer|wen|wem|was|welch\w+|wo|wann|warum|wie|qui|que|quel\w*|où|quand|pourquoi|comment|"
    r"combien|кто|кого|что|как\w*|где|когда|почему|сколько)\b)",
    re.IGNORECASE,
)


def parts(text: str) -> list[str]:
    """The questions that one question asks: cut where `and` leads to another question word."""
    cut = [part.strip() for part in _JOINT.split(text) if part.strip()]
    return cut if all(len(part.split()) > 2 for part in cut) else [text]


def _chosen(sets: Sequence[Sequence[Candidate]], most: int) -> list[Candidate]:
    """The first of every part, then the second of every part, and so on, up to the limit."""
    chosen: list[Candidate] = []
    for place in range(most):
        for candidates in sets:
            if place < len(candidates) and not any(
                _say_the_same(candidates[place], other) for other in chosen
            ):
                chosen.append(candidates[place])
    return chosen[:most]


def _say_the_same(one: Candidate, other: Candidate) -> bool:
    shared = len(one.words & other.words)
    return shared >= ALIKE * min(len(one.words), len(other.words))


def _reason(ranked: Sequence[Sequence[Scored]]) -> Reason:
    best = max(
        s.candidate.evidence.coverage + s.candidate.evidence.before + s.candidate.evidence.rest
        for one in ranked
        for s in one
    )
    return Reason.OFF_TOPIC if best < OFF_TOPIC else Reason.NOT_SUPPORTED
