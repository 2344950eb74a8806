"""Whether a claim turns around what its quotes say: negations, opposites, comparisons.

    not      `was not closed` on `was closed`, and the other way
    opposite `rose` on `fell`: concepts of the lexicon that exclude each other
    bound    `more than 36` on `less than 36`, `before 2024` on `after 2024`

The words are those of `rag/data/polarity.toml`. All is told from what stands near, not from a
parse, and so only where little speaks against it: a negation that neither side has in any
other form, an opposite without the word itself.
"""

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from rag.analysis import Analyser
from rag.cldr import Names
from rag.facts import Fact, Kind, facts
from rag.inflect import fold
from rag.support import MEASURED, Quotes, Unit, View, alike, speaks, units, views
from rag.terms import words

REACH = 3
"""Units on either side of a word, in its clause, that belong to it."""

MOST = 0.75
"""Share of the units about a negation that the other side must speak of."""

_BREAK = re.compile(r"[.,;:!?()—–\n]")
"""What parts clauses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Polarity:
    """The words of a language that turn sentences around, folded."""

    negations: frozenset[str]
    lacks: tuple[str, ...]
    """Beginnings of words that may deny, too."""
    maybe: frozenset[str]
    """Whole words that may."""
    bounds: Mapping[str, str]
    """`above`, `below`, `before` and `after`, by the words that stand before a number."""


@functools.cache
def polarity_of(language: str) -> Polarity:
    """The words of a language; empty for one that the file does not know."""
    table = _table().get(language, {})
    return Polarity(
        negations=frozenset(_split(table.get("not", ""))),
        lacks=tuple(_split(table.get("lacks", ""))),
        maybe=frozenset(_split(table.get("maybe", ""))),
        bounds={
            phrase: side
            for side in ("above", "below", "before", "after")
            for phrase in _split(table.get(side, ""))
        },
    )


@functools.cache
def _opposites() -> Mapping[str, tuple[tuple[frozenset[str], frozenset[str]], ...]]:
    """By concept, the concepts of its side, and those that they exclude."""
    found: dict[str, tuple[tuple[frozenset[str], frozenset[str]], ...]] = {}
    for pair in _table()["opposites"]:
        one, other = (frozenset(side.split()) for side in pair)
        for own, far in ((one, other), (other, one)):
            for concept in own:
                found[concept] = (*found.get(concept, ()), (own, far))
    return found


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads((resources.files("rag") / "data/polarity.toml").read_text("utf-8"))


def _split(line: str) -> list[str]:
    return [fold(part).replace("_", " ") for part in line.replace("’", "'").split()]


# --- Negations -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Negation:
    """A negation of a text: its words, and what it is about."""

    words: str
    language: str
    nearest: Unit
    about: tuple[Unit, ...]


def denial(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """The negation that a claim has and its quotes have not, or that they have and it has not.

    Only where the side without it speaks of what it is about, and denies nothing at all.
    """
    own = _negations(claim, language, analyser)
    quoted = [one for text, tongue in quotes for one in _negations(text, tongue, analyser)]
    if bool(own) == bool(quoted):
        return None
    without = quotes if own else [(claim, language)]
    if any(_lacks(text, tongue) for text, tongue in without):
        return None
    said = [unit for text, tongue in without for unit in units(text, tongue, analyser)]
    sentences = [view for text, tongue in without for view in views(text, tongue, analyser)]
    for one in own or quoted:
        if _meets(one, sentences) and not _opposed(one.about, said):
            return one.words
    return None


def _negations(text: str, language: str, analyser: Analyser) -> tuple[_Negation, ...]:
    """The negations of a text with the units about each, in its clause."""
    known = polarity_of(language).negations
    found = []
    for word in words(text):
        if fold(word.text) in known:
            before, after = _about(text, units(text, language, analyser), word.start, word.end)
            if before or after:
                nearest = after[0] if after else before[-1]
                about = (*before, *after)
                found.append(
                    _Negation(words=word.text, language=language, nearest=nearest, about=about)
                )
    return tuple(found)


def _about(
    text: str, parts: Sequence[Unit], start: int, end: int
) -> tuple[Sequence[Unit], Sequence[Unit]]:
    """The units before and behind a place that belong to it."""
    before = [u for u in parts if u.end <= start and not _BREAK.search(text, u.end, start)]
    after = [u for u in parts if u.start >= end and not _BREAK.search(text, end, u.start)]
    return before[-REACH:], after[:REACH]


def _lacks(text: str, language: str) -> bool:
    """Whether a text may deny something without a negation."""
    return any(_may_deny(word.text, language) for word in words(text))


def _may_deny(word: str, language: str) -> bool:
    """Whether a word denies, or may."""
    known, folded = polarity_of(language), fold(word)
    return folded in known.negations | known.maybe or folded.startswith(known.lacks)


def _meets(one: _Negation, sentences: Sequence[View]) -> bool:
    """Whether a sentence speaks of what a negation is about."""
    for view in sentences:
        spoken = sum(speaks(view, unit, one.language) for unit in one.about)
        if speaks(view, one.nearest, one.language) and spoken >= MOST * len(one.about):
            return True
    return False


def _opposed(some: Iterable[Unit], others: Sequence[Unit]) -> bool:
    """Whether a unit is the opposite of another: `not closed` is `open`."""
    said = frozenset(concept for unit in others for concept in unit.concepts)
    return any(
        far & said
        for unit in some
        for concept in unit.concepts
        for _, far in _opposites().get(concept, ())
    )


# --- Opposites -----------------------------------------------------------------------------------


def opposite(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """A word of a claim whose opposite its quotes have in its place, and not the word itself.

    In its place means: beside one of the units that stand beside the claim's word. Where
    either side denies anything, nothing is said.
    """
    texts = [(claim, language), *quotes]
    if any(_negations(text, tongue, analyser) for text, tongue in texts):
        return None
    own = units(claim, language, analyser)
    said = frozenset(c for text, tongue in texts[1:] for c in _concepts(text, tongue, analyser))
    claimed = _concepts(claim, language, analyser)
    for part in own:
        for concept in part.concepts:
            for near, far in _opposites().get(concept, ()):
                excluded = far & said and not (near & said or far & claimed)
                if excluded and not _weakened(claim, part.start, language):
                    about = [u for side in _about(claim, own, part.start, part.end) for u in side]
                    if _in_place(about, language, far, quotes, analyser):
                        return claim[part.start : part.end]
    return None


def _concepts(text: str, language: str, analyser: Analyser) -> frozenset[str]:
    return frozenset(c for unit in units(text, language, analyser) for c in unit.concepts)


def _in_place(
    about: Sequence[Unit], language: str, far: frozenset[str], quotes: Quotes, analyser: Analyser
) -> bool:
    """Whether an opposite stands, in a quote, beside a unit that stands beside the claim's word."""
    for text, tongue in quotes:
        others = units(text, tongue, analyser)
        for other in others:
            if other.concepts & far and not _weakened(text, other.start, tongue):
                beside = [u for side in _about(text, others, other.start, other.end) for u in side]
                if any(_same(one, language, unit, tongue) for one in about for unit in beside):
                    return True
    return False


def _weakened(text: str, start: int, language: str) -> bool:
    """Whether the word before denies, or may: `peu cher`."""
    before = words(text[max(0, start - 40) : start])
    return bool(before) and _may_deny(before[-1].text, language)


def _same(one: Unit, language: str, other: Unit, tongue: str) -> bool:
    """Whether two units are the same word, or mean the same."""
    if one.concepts & other.concepts:
        return True
    return (language == tongue and one.stems == other.stems) or alike(one.letters, other.letters)


# --- Bounds --------------------------------------------------------------------------------------

_FACING = {"above": "below", "below": "above", "before": "after", "after": "before"}
_LONGEST = 4
"""Words of a phrase such as `no more than`."""


def unbounded(claim: str, language: str, quotes: Quotes, names: Names) -> Fact | None:
    """A number or date of a claim that its quotes bound from the other side, and only so."""
    for fact in facts(claim, language, names):
        side = _bound(claim, language, fact)
        if side:
            sides = [
                _bound(text, tongue, other)
                for text, tongue in quotes
                for other in facts(text, tongue, names)
                if other.kind is fact.kind and other.value == fact.value
            ]
            if sides and all(one == _FACING[side] for one in sides):
                return fact
    return None


def _bound(text: str, language: str, fact: Fact) -> str | None:
    """`above`, `below`, `before` or `after`, where such words stand before a number or a date."""
    if fact.kind not in MEASURED:
        return None
    bounds = polarity_of(language).bounds
    before = [fold(word.text) for word in words(text[max(0, fact.start - 40) : fact.start])]
    for length in range(min(_LONGEST, len(before)), 0, -1):
        side = bounds.get(" ".join(before[-length:]))
        if side:
            dated = fact.kind in {Kind.DATE, Kind.TIME}
            return side if dated is (side in {"before", "after"}) else None
    return None
