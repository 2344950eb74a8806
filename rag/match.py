"""How much of a question a sentence speaks of.

A question is broken into units: a name, a term of the lexicon, or a word. A unit meets a
sentence by its stem (in one language), by a concept or a CLDR name (in any), or by its
letters: compounds, inflections and names over scripts.
"""

import math
import re
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

_FACT = re.compile(r"country-[a-z]{2}|currency-[a-z]{3}")
"""CLDR's ids that name one thing; a region is also met by what lies in it."""

ARTICLES = tuple(
    "der die das den dem des im am zum zur vom beim ins ans ein kein dies jen jed welch all manch "
    "mein dein sein ihr unser viel wieviel wenig mehr".split()
)
"""Beginnings of German words that a common noun follows rather than a name."""

ENDINGS = ("e", "en", "er", "es", "em")
"""What German adjectives end in."""

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
    fact: bool
    """Whether it is a country, a currency or a long number: the same in every language."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
    """A run of words of a question that means one thing."""

    words: tuple[Word, ...]
    stems: frozenset[str]
    concepts: frozenset[str]
    before: str | None
    """The folded word in front of it, if there is one."""

    @property
    def grams(self) -> list[str]:
        """Its romanised 4-grams."""
        return [gram for word in self.words for gram in grams(word.text)]


class Matcher:
    """Breaks questions and sentences up, so that they can be compared."""

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser

    def units(self, text: str, language: str, rows: Rows) -> tuple[Unit, ...]:
        """The units of a question, each once."""
        spans = list(self._spans(text, language))
        rarities = _Rarities(rows, spans)
        found: dict[frozenset[str], Unit] = {}
        for span in spans:
            unit = Unit(
                text=text[span.words[0].start : span.words[-1].end],
                weight=rarities.of(span),
                stems=span.stems,
                concepts=span.concepts,
                letters=frozenset().union(*(_letters(word.text) for word in span.words)),
                name=self._is_name(span, language),
                fact=_is_number(span.words[0].text)
                or any(_FACT.fullmatch(concept) for concept in span.concepts),
            )
            found.setdefault(span.stems, unit)
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

    def _spans(self, text: str, language: str) -> Iterator[_Span]:
        """The runs of words that belong together, without those that carry no topic."""
        parts = words(text)
        stems = Stems().of((word.text for word in parts), language)
        meant = self._meant(text, parts, language)
        within = {i: run for run in meant for i in range(*run)}
        position = 0
        while position < len(parts):
            first, last = within.get(position, (position, position + 1))
            concepts = frozenset(meant.get((first, last), ()))
            asking = concepts and all(concept.startswith("q-") for concept in concepts)
            if not asking and self._analyser.topical(parts[first:last], language):
                yield _Span(
                    words=tuple(parts[first:last]),
                    stems=frozenset(stems[first:last]),
                    concepts=concepts,
                    before=fold(parts[first - 1].text) if first else None,
                )
            position = last

    def _meant(
        self, text: str, parts: Sequence[Word], language: str
    ) -> Mapping[tuple[int, int], set[str]]:
        """The concepts of runs of words, by first word and end; a name takes its words whole."""
        meant: dict[tuple[int, int], set[str]] = {}
        for found in self._analyser.lexicon.find([word.text for word in parts], language):
            meant.setdefault((found.first, found.last), set()).add(found.concept)
        for name in self._analyser.names.find(text, language):
            inside = [i for i, word in enumerate(parts) if name.start <= word.start < name.end]
            if inside:
                first, last = inside[0], inside[-1] + 1
                for run in [run for run in meant if run[0] < last and run[1] > first]:
                    del meant[run]
                meant[first, last] = {name.id}
        return meant

    def _is_name(self, span: _Span, language: str) -> bool:
        """Whether a run of words is spelled like a proper name.

        German writes every noun with a capital: there what follows an article, a preposition
        that asks for one, or an adjective is taken for a common noun.
        """
        text, before = span.words[0].text, span.before
        if span.concepts or text.isdigit():
            return False
        if text[1:] != text[1:].lower():
            return True
        if before is None or not text[:1].isupper():
            return False
        if language != "de":
            return True
        idle = self._analyser.stop_words(before, language)
        return not before.startswith(ARTICLES) if idle else not before.endswith(ENDINGS)


class _Rarities:
    """Weights of units: the inverse document frequency of the likeliest way to meet them."""

    def __init__(self, rows: Rows, spans: Iterable[_Span]) -> None:
        spans = list(spans)
        self._passages = rows.count()
        self._stems = rows.frequencies(Field.WORDS, {stem for s in spans for stem in s.stems})
        self._concepts = rows.frequencies(Field.CONCEPTS, {c for s in spans for c in s.concepts})
        self._grams = rows.frequencies(Field.GRAMS, {g for s in spans for g in s.grams})

    def of(self, span: _Span) -> float:
        """The weight of a unit: BM25's, never below 0."""
        likeliest = max(
            min((self._stems.get(stem, 0) for stem in span.stems), default=0),
            max((self._concepts.get(concept, 0) for concept in span.concepts), default=0),
            min((self._grams.get(gram, 0) for gram in span.grams), default=0),
        )
        return rarity(likeliest, self._passages)


def _is_number(text: str) -> bool:
    """Whether it is a year or a like number; short ones are spelled out too often."""
    return text.isdigit() and len(text) >= LETTERS


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
    over_languages = unit.name and language != view.language
    if over_languages and any(same_name(unit.text, name) for name in view.names):
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
