"""How much of a claim its quotes speak of.

    claim ── units: a name, a term of the lexicon, or a word, each at its place ─┐
    quotes ── views: stems, concepts and letters of their sentences ─────────────┴─ spoken of?

A unit is spoken of by its stem (in one language), by a concept or a CLDR name (in any), or by
its letters, romanised and folded as `rag.spelling` does: compounds, cognates, names. Over
languages what neither the lexicon nor CLDR knows says nothing when it is not found: it counts
only if it is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rag import inflect
from rag.analysis import Analyser
from rag.facts import Kind, facts
from rag.sentences import sentence_spans
from rag.spelling import spelling
from rag.terms import Stems, Word, fold, words
from rag.words import words_of

GRAM = 3
"""Length of the n-grams that two words are compared by."""

ALIKE = 0.6
"""Share of the smaller word's n-grams that two words must have in common; of 0.5, 0.6 and 0.7
the one that parts the sentences of XQuAD's parallel passages best."""

SHORT = 5
"""Words of fewer n-grams must have that share of the larger one's."""

ROOT = 4
"""Letters of a beginning by which two words of one language have one root: `hofft`, `Hoffnung`."""

WINDOW = 3
"""Sentences of a quote that may speak of a claim together; more say many things by chance."""

REMEMBERED = 2048
"""Claims, and quotes, that are kept as they were read."""

MEASURED = frozenset(Kind) - {Kind.COUNTRY, Kind.NAME}
"""Facts that are compared by their values; countries and names are units like other words."""

Quotes = Sequence[tuple[str, str]]
"""(text, language) pairs; languages are ISO 639-1 codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A part of a claim that quotes may speak of, at its place: `claim[start:end]`."""

    start: int
    end: int
    stems: frozenset[str]
    concepts: frozenset[str]
    letters: frozenset[str]
    word: str
    """Folded, where it is one word."""
    name: bool
    """Whether it begins with a capital letter and is unknown to the lexicon and CLDR."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A sentence as units meet it."""

    language: str
    stems: frozenset[str]
    concepts: frozenset[str]
    letters: tuple[frozenset[str], ...]
    """The n-grams of each word that is no stop word."""
    words: tuple[str, ...]
    """These words, folded."""
    names: tuple[str, ...]
    """Its capitalised words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """What quotes speak of, and what they do not although they could."""

    spoken: tuple[Unit, ...]
    unspoken: tuple[Unit, ...]

    def share(self, measured: int = 0) -> float:
        """Share of the units that are spoken of, 0..1; 0 where there is none.

        `measured` counts the numbers, dates and amounts that the quotes say besides.
        """
        known = len(self.spoken) + measured
        whole = known + len(self.unspoken)
        return known / whole if whole else 0.0


def support(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> Support:
    """What of a claim its quotes speak of, each by its best `WINDOW` sentences."""
    parts = units(claim, language, analyser)
    met: set[int] = set()
    for text, tongue in quotes:
        met |= _best(parts, language, views(text, tongue, analyser))
    translated = any(tongue != language for _, tongue in quotes)
    return Support(
        spoken=tuple(part for place, part in enumerate(parts) if place in met),
        unspoken=tuple(
            part
            for place, part in enumerate(parts)
            if place not in met and (part.concepts or not translated)
        ),
    )


def _best(parts: Sequence[Unit], language: str, sentences: Sequence[View]) -> set[int]:
    """The places of the units that the best run of sentences speaks of."""
    met = [{i for i, part in enumerate(parts) if speaks(one, part, language)} for one in sentences]
    runs = (met[i : i + WINDOW] for i in range(max(1, len(met) - WINDOW + 1)))
    return max((set().union(*run) for run in runs), key=len, default=set())


def speaks(view: View, unit: Unit, language: str) -> bool:
    """Whether a sentence speaks of a unit of a claim in `language`."""
    if language == view.language and unit.stems <= view.stems:
        return True
    if unit.concepts & view.concepts:
        return True
    if any(alike(unit.letters, one) for one in view.letters):
        return True
    return language == view.language and any(_one_root(unit.word, word) for word in view.words)


def _one_root(one: str, other: str) -> bool:
    """Whether two words begin alike, and the shorter one hardly goes on."""
    least = max(ROOT, min(len(one), len(other)) - 1)
    return len(one) >= least and len(other) >= least and one[:least] == other[:least]


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two words have most of their letters in common."""
    smaller, larger = sorted((len(one), len(other)))
    least = smaller if smaller >= SHORT else larger
    return bool(least) and len(one & other) >= ALIKE * least


@lru_cache(maxsize=REMEMBERED)
def units(text: str, language: str, analyser: Analyser) -> tuple[Unit, ...]:
    """The units of a claim in order; stop words are none, nor what `rag.facts` measures."""
    parts = words(text)
    measured = _measured(text, parts, language, analyser)
    stems = Stems().of((word.text for word in parts), language)
    meant = _meant(text, parts, language, analyser)
    return tuple(
        Unit(
            start=parts[first].start,
            end=parts[last - 1].end,
            stems=frozenset(stems[first:last]),
            concepts=frozenset(meant.get((first, last), ())),
            letters=letters("".join(word.text for word in parts[first:last])),
            word=fold(parts[first].text) if last == first + 1 else "",
            name=(first, last) not in meant and parts[first].text[0].isupper(),
        )
        for first, last in _runs(len(parts), meant)
        if measured.isdisjoint(range(first, last)) and analyser.topical(parts[first:last], language)
    )


def _measured(
    text: str, parts: Sequence[Word], language: str, analyser: Analyser
) -> frozenset[int]:
    """The words of numbers, dates and amounts, by their places; `году` belongs to `2024 году`."""
    spans = [
        (fact.start, fact.end)
        for fact in facts(text, language, analyser.names)
        if fact.kind in MEASURED
    ]
    ends = {end + 1 for _, end in spans}
    known = words_of(language).durations
    return frozenset(
        place
        for place, word in enumerate(parts)
        if any(start < word.end and word.start < end for start, end in spans)
        or (word.start in ends and inflect.fold(word.text) in known)
    )


def _runs(count: int, meant: Mapping[tuple[int, int], frozenset[str]]) -> Iterator[tuple[int, int]]:
    """The runs of words that mean something, and every other word by itself."""
    ends = dict(sorted(meant))
    position = 0
    while position < count:
        last = ends.get(position, position + 1)
        yield position, last
        position = last


def _meant(
    text: str, parts: Sequence[Word], language: str, analyser: Analyser
) -> Mapping[tuple[int, int], frozenset[str]]:
    """The concepts of runs of words, by first word and end; a name takes its words whole."""
    meant: dict[tuple[int, int], frozenset[str]] = {}
    for found in analyser.lexicon.find([word.text for word in parts], language):
        run = (found.first, found.last)
        meant[run] = meant.get(run, frozenset()) | {found.concept}
    for name in analyser.names.find(text, language):
        inside = [i for i, word in enumerate(parts) if name.start <= word.start < name.end]
        if inside:
            first, last = inside[0], inside[-1] + 1
            for run in [run for run in meant if run[0] < last and run[1] > first]:
                del meant[run]
            meant[first, last] = frozenset({name.id})
    return meant


@lru_cache(maxsize=REMEMBERED)
def views(text: str, language: str, analyser: Analyser) -> tuple[View, ...]:
    """The sentences of a quote as units meet them."""
    return tuple(
        _view(text[start:end], language, analyser) for start, end in sentence_spans(text, language)
    )


def _view(text: str, language: str, analyser: Analyser) -> View:
    forms = list(dict.fromkeys(word.text for word in words(text)))
    topical = [form for form in forms if not analyser.stop_words(fold(form), language)]
    return View(
        language=language,
        stems=frozenset(Stems().of(forms, language)),
        concepts=frozenset(analyser.concepts(text, language)),
        letters=tuple(letters(form) for form in topical if len(form) > 2),
        words=tuple(fold(form) for form in topical if len(form) >= ROOT),
        names=tuple(form for form in topical if form[:1].isupper()),
    )


@lru_cache(maxsize=4 * REMEMBERED)
def letters(word: str) -> frozenset[str]:
    """The n-grams of a word as `rag.spelling` folds it, its beginning and end marked."""
    if word[:1].isdigit():
        return frozenset()
    framed = f"_{min(spelling(word).skeletons, default=word)}_"
    return frozenset(framed[i : i + GRAM] for i in range(len(framed) - GRAM + 1))
