"""Whether a claim turns around what its quotes say: negations, opposites.

    not      `was not closed` on `was closed`, and the other way
    opposite `rose` on `fell`: concepts of the lexicon that exclude each other

The words are those of `rag/data/polarity.toml`. All is told from what stands near, not from a
parse, and so only where little speaks against it: a negation that neither side has in any
other form, an opposite without the word itself.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.analysis import Analyser
from rag.contrary import opposites, polarity_of
from rag.inflect import fold
from rag.support import Quotes, Unit, View, alike, speaks, units, views
from rag.terms import words

REACH = 3
"""Units on either side of a word, in its clause, that belong to it."""

MOST = 0.75
"""Share of the units about a negation that the other side must speak of."""

_BREAK = re.compile(r"[.,;:!?()—–\n]")
"""What parts clauses."""


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
        for _, far in opposites().get(concept, ())
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
            for near, far in opposites().get(concept, ()):
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
