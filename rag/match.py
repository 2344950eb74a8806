"""How much of a question a sentence speaks of.

A question is broken into units: a name, a term of the lexicon, or a word. A unit meets a
sentence by its stem (in one language), by a concept or a CLDR name (in any), or by its
letters: compounds, inflections and names over scripts.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rag.analysis import Analyser
from rag.facts import same_name
from rag.lexical import Field, Rows
from rag.terms import Stems, Word, fold, grams, romanised, words

LETTERS = 3
"""Length of the n-grams that two words are compared by."""

ALIKE = 0.6
"""Share of a unit's n-grams that a word must hold to be taken for a form of it; chosen among
0.5 to 0.8 on XQuAD's even articles."""

BY_MEANING = 0.9
"""A synonym or a translation counts a little less than the word itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A part of a question that a sentence may speak of. `weight` grows with its rarity."""

    text: str
    weight: float
    stems: frozenset[str]
    concepts: frozenset[str]
    letters: frozenset[str]
    name: bool
    """Whether it is spelled like a proper name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A sentence as units meet it."""

    language: str
    stems: frozenset[str]
    concepts: frozenset[str]
    letters: tuple[frozenset[str], ...]
    """The n-grams of each distinct word."""
    names: tuple[str, ...]
    """The capitalised words."""
    grams: frozenset[str]


class Matcher:
    """Breaks questions and sentences up, so that they can be compared."""

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser

    def units(self, text: str, language: str, rows: Rows) -> tuple[Unit, ...]:
        """The units of a question, each once."""
        spans = list(self._spans(text, language))
        stems = Stems()
        keyed = [
            (span, concepts, frozenset(stems.of((w.text for w in span), language)))
            for span, concepts in spans
        ]
        rarity = _Rarity(rows, keyed)
        found: dict[frozenset[str], Unit] = {}
        for span, concepts, keys in keyed:
            found.setdefault(
                keys,
                Unit(
                    text=text[span[0].start : span[-1].end],
                    weight=rarity.of(span, concepts, keys),
                    stems=keys,
                    concepts=concepts,
                    letters=frozenset().union(*(_letters(w.text) for w in span)),
                    name=not concepts and any(w.text[:1].isupper() for w in span),
                ),
            )
        return tuple(found.values())

    def view(self, text: str, language: str) -> View:
        """A sentence as units meet it."""
        parts = words(text)
        forms = list(dict.fromkeys(word.text for word in parts))
        return View(
            language=language,
            stems=frozenset(Stems().of(forms, language)),
            concepts=frozenset(self._analyser.concepts(text, language)),
            letters=tuple(_letters(form) for form in forms if len(form) > LETTERS),
            names=tuple(form for form in forms if form[:1].isupper()),
            grams=frozenset(grams(text)),
        )

    def _spans(self, text: str, language: str) -> Iterator[tuple[list[Word], frozenset[str]]]:
        """The runs of words that belong together, and the concepts of each."""
        parts = words(text)
        meant: dict[tuple[int, int], set[str]] = {}
        for found in self._analyser.lexicon.find([w.text for w in parts], language):
            meant.setdefault((found.first, found.last), set()).add(found.concept)
        for name in self._analyser.names.find(text, language):
            inside = [i for i, w in enumerate(parts) if name.start <= w.start < name.end]
            if inside:
                covered = {span for span in meant if span[0] <= inside[-1] and span[1] > inside[0]}
                meant = {span: ids for span, ids in meant.items() if span not in covered}
                meant[inside[0], inside[-1] + 1] = {name.id}
        within = {i: span for span in meant for i in range(*span)}
        position = 0
        while position < len(parts):
            first, last = within.get(position, (position, position + 1))
            run, concepts = parts[position:last], frozenset(meant.get((first, last), ()))
            if self._topical(run, concepts, language):
                yield run, concepts
            position = last

    def _topical(self, run: Sequence[Word], concepts: frozenset[str], language: str) -> bool:
        if concepts and all(concept.startswith("q-") for concept in concepts):
            return False
        return bool(self._analyser.topical(run, language))


class _Rarity:
    """Weights of units: the inverse document frequency of the likeliest way to meet them."""

    def __init__(
        self,
        rows: Rows,
        keyed: Iterable[tuple[list[Word], frozenset[str], frozenset[str]]],
    ) -> None:
        keyed = list(keyed)
        self._passages = rows.count()
        self._stems = rows.frequencies(Field.WORDS, {k for _, _, keys in keyed for k in keys})
        self._concepts = rows.frequencies(Field.CONCEPTS, {c for _, ids, _ in keyed for c in ids})
        self._grams = rows.frequencies(
            Field.GRAMS, {g for span, _, _ in keyed for w in span for g in grams(w.text)}
        )

    def of(self, span: Sequence[Word], concepts: frozenset[str], keys: frozenset[str]) -> float:
        """The weight of a unit: BM25's, never below 0."""
        counts = [
            min((self._stems.get(key, 0) for key in keys), default=0),
            max((self._concepts.get(concept, 0) for concept in concepts), default=0),
            min((self._grams.get(g, 0) for w in span for g in grams(w.text)), default=0),
        ]
        return rarity(max(counts), self._passages)


def rarity(count: int, passages: int) -> float:
    """The inverse document frequency of BM25, as Lucene has it: ln(1 + (N - n + ½) / (n + ½))."""
    return math.log(1 + (max(passages - count, 0) + 0.5) / (count + 0.5))


def met(unit: Unit, view: View, *, language: str) -> float:
    """How far a sentence speaks of a unit of a question in `language`: 0..1."""
    if (language == view.language or unit.text.isdigit()) and unit.stems <= view.stems:
        return 1.0
    if unit.concepts & view.concepts:
        return BY_MEANING
    if not unit.letters:
        return 0.0
    alike = max((len(unit.letters & w) / len(unit.letters) for w in view.letters), default=0.0)
    if alike >= ALIKE:
        return BY_MEANING * alike
    if unit.name and language != view.language and any(
        same_name(unit.text, name) for name in view.names
    ):
        return BY_MEANING
    return 0.0


def coverage(terms: Mapping[str, float], view: View) -> float:
    """The share of some weighted 4-grams that a sentence holds: 0..1."""
    whole = sum(terms.values())
    return sum(w for term, w in terms.items() if term in view.grams) / whole if whole else 0.0


def _letters(word: str) -> frozenset[str]:
    """The n-grams of a romanised word, its beginning and end marked; none for digits."""
    framed = f"_{romanised(fold(word))}_"
    if word[:1].isdigit():
        return frozenset()
    return frozenset(framed[i : i + LETTERS] for i in range(len(framed) - LETTERS + 1))
