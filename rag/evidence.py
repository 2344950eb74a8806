"""How strongly each sentence that was found speaks for being the answer.

All shares are of the question's weight: a rare word weighs more than a common one. What the
features are worth is fitted, not guessed: `python -m eval.fit` writes `rag/data/weights.toml`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass

from rag.analysis import Analyser
from rag.asks import Ask, asked, fits
from rag.domain import Hit, Sentence
from rag.facts import facts
from rag.lexical import Field, Rows
from rag.match import Matcher, Unit, coverage, met, rarity
from rag.terms import grams, words

HEADING = 6
"""Fewer words than this make a heading, whatever stands at the end."""

_STOP = re.compile(r"[.!?…][\s\"'»”’“)\]]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What one sentence says about a question. Shares lie in 0..1."""

    coverage: float
    """Share of the question's units that the sentence speaks of."""
    before: float
    """Share that the sentence before it in the passage adds."""
    rest: float
    """Share that the rest of the passage adds to both."""
    grams: float
    """Share of the question's romanised 4-grams that the sentence holds."""
    fused: float
    """The passage's fused score within its language."""
    kind: float
    """1 if it holds a fact of the kind that is asked for, -1 if not; 0 if no kind is known."""
    heading: float
    """1 for a heading, else 0."""

    def vector(self) -> tuple[float, ...]:
        """The features in the order of their declaration."""
        return astuple(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A question, or a part of one, prepared for being compared with sentences."""

    text: str
    language: str
    units: tuple[Unit, ...]
    grams: Mapping[str, float]
    ask: Ask | None
    known: frozenset[str]
    """Values of the facts that the question itself says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A sentence that may be shown."""

    sentence: Sentence
    evidence: Evidence
    passage: str
    """The id of its passage."""
    same_language: bool
    strength: float
    """The passage's score among all languages."""
    spoken: tuple[float, ...]
    """How far the sentence speaks of each unit of the question."""
    words: frozenset[str]
    """Its stems, to tell sentences that say the same."""
    inquiry: Inquiry
    """What it is compared with."""


class Assessor:
    """Compares questions with the sentences of hits."""

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser
        self._matcher = Matcher(analyser)

    def inquiry(self, text: str, language: str, rows: Rows) -> Inquiry:
        """Prepare a question for one generation of the index."""
        parts = words(text)
        found = self._analyser.lexicon.find([word.text for word in parts], language)
        topical = self._analyser.topical(parts, language)
        wanted = list(dict.fromkeys(g for word in topical for g in grams(word.text)))
        counts, passages = rows.frequencies(Field.GRAMS, wanted), rows.count()
        return Inquiry(
            text=text,
            language=language,
            units=self._matcher.units(text, language, rows),
            grams={g: rarity(counts.get(g, 0), passages) for g in wanted},
            ask=asked((f.concept, f.first) for f in found),
            known=frozenset(f.value for f in facts(text, language, self._analyser.names)),
        )

    def candidates(self, inquiry: Inquiry, hits: Sequence[Hit]) -> list[Candidate]:
        """Every sentence of the hits, in order."""
        return [candidate for hit in hits for candidate in self._of_hit(inquiry, hit)]

    def _of_hit(self, inquiry: Inquiry, hit: Hit) -> Iterator[Candidate]:
        passage, units = hit.passage, inquiry.units
        views = [self._matcher.view(s.text, passage.language) for s in passage.sentences]
        spoken = [tuple(met(u, v, language=inquiry.language) for u in units) for v in views]
        whole = tuple(map(max, zip(*spoken, strict=True)))
        silent = (0.0,) * len(units)
        for index, sentence in enumerate(passage.sentences):
            own, before = spoken[index], spoken[index - 1] if index else silent
            both = tuple(map(max, own, before))
            yield Candidate(
                sentence=sentence,
                evidence=Evidence(
                    coverage=_share(units, silent, own),
                    before=_share(units, own, both),
                    rest=_share(units, both, whole),
                    grams=coverage(inquiry.grams, views[index]),
                    fused=sum(hit.arms.values()),
                    kind=self._kind(inquiry, sentence, passage.language),
                    heading=float(_is_heading(sentence.text)),
                ),
                passage=passage.id,
                same_language=passage.language == inquiry.language,
                strength=hit.score,
                spoken=own,
                words=views[index].stems,
                inquiry=inquiry,
            )

    def _kind(self, inquiry: Inquiry, sentence: Sentence, language: str) -> float:
        if inquiry.ask is None:
            return 0.0
        said = facts(sentence.text, language, self._analyser.names)
        return 1.0 if fits(inquiry.ask, said, inquiry.known) else -1.0


def _share(units: Sequence[Unit], low: Sequence[float], high: Sequence[float]) -> float:
    """The share of the question's weight by which one list of degrees exceeds another."""
    whole = sum(unit.weight for unit in units)
    gained = sum(u.weight * (b - a) for u, a, b in zip(units, low, high, strict=True))
    return gained / whole if whole else 0.0


def _is_heading(text: str) -> bool:
    return len(words(text)) < HEADING or not _STOP.search(text)
