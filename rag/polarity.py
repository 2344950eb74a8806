"""Whether a claim turns around what its quotes say: negations, opposites.

    not      `was not closed` on `was closed`, and the other way
    opposite `rose` on `fell`: concepts of the lexicon that exclude each other

The words are those of `rag/data/polarity.toml`. All is told from what stands near, not from a
parse, and so only where little speaks against it: a negation that neither side has in any
other form, an opposite without the word itself.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest

from rag.analysis import Analyser
from rag.contrary import opposites, polarity_of
from rag.inflect import fold
from rag.sentences import sentence_spans
from rag.support import Quotes, Unit, View, alike, speaks, units, views
from rag.terms import Word, words

REACH = 3
"""Units on either side of a word, in its clause, that belong to it."""

FOCUS = 2
"""Those of them that a negation denies."""

REMEMBERED = 2048
"""Texts whose negations are kept."""

MOST = 0.75
"""Share of the units about a negation that the other side must speak of."""

MODAL = frozenset({"want", "try", "need"})
"""Concepts of verbs that stand between a negation and the deed: `would not say`."""

_BREAK = re.compile(r"[.,;:!?()—–\n]")
"""What parts clauses."""


# --- Negations -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Negation:
    """A word of a text that denies, or may."""

    words: str
    language: str
    about: tuple[Unit, ...]
    """What it denies, the nearest first."""
    around: tuple[Unit, ...]
    """What stands on either side of it, in its clause."""
    kind: str
    """`not`, `refuse`, `but`, `un` or `lacks`."""

    @property
    def sure(self) -> bool:
        """Whether it denies whatever else is said."""
        return self.kind in {"not", "refuse"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sentence:
    """A sentence of a quote with its negations."""

    view: View
    negations: tuple[_Negation, ...]


def denial(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """The negation that a claim has and its quotes have not, or that they have and it has not."""
    return _denied(claim, language, quotes, analyser) or _affirmed(
        claim, language, quotes, analyser
    )


def _denied(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """A negation of a claim which its quotes have not.

    They have it where something denies what it is about (`The permit is missing`), or in the
    sentence that speaks most of that; and they have it in an opposite (`stayed open`).
    """
    own = _negations(claim, language, analyser)
    known = all(polarity_of(tongue).negations for _, tongue in quotes)
    if not known or not any(one.sure for one in own):
        return None
    sentences = [one for text, tongue in quotes for one in _sentences(text, tongue, analyser)]
    ends = _ends(claim, language)
    quoted = [two for one in sentences for two in one.negations if ends or two.kind != "but"]
    said = [unit for text, tongue in quotes for unit in units(text, tongue, analyser)]
    found = [one for one in own if any(_near(one, two) for two in quoted)]
    taken = [two for two in quoted if any(_near(one, two) for one in own)]
    for one in own:
        if one in found or not one.sure or _opposed(one.around, said):
            continue
        if language == "ru" and any(set(one.around) & set(two.around) for two in found):
            continue  # `никто не` denies once.
        if not quoted or _is_affirmed(one, sentences, taken):
            return one.words
    return None


def _is_affirmed(
    one: _Negation, sentences: Sequence[_Sentence], taken: Sequence[_Negation]
) -> bool:
    """Whether the sentences that speak most of what a claim denies deny nothing.

    Nothing but what other negations of the claim say. Where the deed itself is nowhere, another
    word may deny it (`unlikely` for `not probable`).
    """
    about = _deeds(one.around)
    spoken = [sum(speaks(each.view, u, one.language) for u in about) for each in sentences]
    most = max(spoken, default=0)
    known = any(speaks(each.view, one.about[0], one.language) for each in sentences)
    return most > 0 and not any(
        two not in taken and (two.sure or not known)
        for each, count in zip(sentences, spoken, strict=True)
        if count == most
        for two in each.negations
    )


def _ends(claim: str, language: str) -> bool:
    """Whether a claim says until when: `not until May` is `only in May`."""
    bounds = polarity_of(language).bounds
    return any(bounds.get(fold(word.text)) == "before" for word in words(claim))


def _near(one: _Negation, quoted: _Negation) -> bool:
    """Whether a negation of a quote is about what one of a claim is."""
    return any(
        _same(unit, one.language, other, quoted.language)
        for unit in _deeds(one.about)[:FOCUS]
        for other in quoted.about
    )


def _deeds(some: Sequence[Unit]) -> Sequence[Unit]:
    """The units that are no names, which a negation is hardly about; else all."""
    return [
        unit
        for unit in some
        if not unit.name and not any(concept.startswith("country-") for concept in unit.concepts)
    ] or some


def _affirmed(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """A negation of the quotes, where the claim speaks of what it is about and denies nothing."""
    parts = words(claim)
    if any(_kind(claim, parts, place, language) for place in range(len(parts))):
        return None
    said = units(claim, language, analyser)
    sentences = views(claim, language, analyser)
    for text, tongue in quotes:
        for one in _negations(text, tongue, analyser):
            if one.sure and _meets(one, sentences) and not _opposed(one.around, said):
                return one.words
    return None


def _meets(one: _Negation, sentences: Sequence[View]) -> bool:
    """Whether a sentence speaks of what a negation is about."""
    for view in sentences:
        spoken = sum(speaks(view, unit, one.language) for unit in one.around)
        if speaks(view, one.about[0], one.language) and spoken >= MOST * len(one.around):
            return True
    return False


@lru_cache(maxsize=REMEMBERED)
def _sentences(text: str, language: str, analyser: Analyser) -> tuple[_Sentence, ...]:
    """The sentences of a quote."""
    spans = sentence_spans(text, language)
    return tuple(
        _Sentence(view=view, negations=_negations(text[start:end], language, analyser))
        for view, (start, end) in zip(views(text, language, analyser), spans, strict=True)
    )


@lru_cache(maxsize=REMEMBERED)
def _negations(text: str, language: str, analyser: Analyser) -> tuple[_Negation, ...]:
    """The words of a text that deny, or may, with the units about each, in its clause."""
    parts = words(text)
    found = []
    for place, word in enumerate(parts):
        kind = _kind(text, parts, place, language)
        if kind:
            about, around = _about(text, units(text, language, analyser), word, language, kind)
            if about:
                found.append(
                    _Negation(
                        words=word.text, language=language, about=about, around=around, kind=kind
                    )
                )
    return tuple(found)


def _kind(text: str, parts: Sequence[Word], place: int, language: str) -> str | None:
    """How a word denies, if it does; in `no more than` and `not only` it does not."""
    word, known = parts[place], polarity_of(language)
    folded = fold(word.text)
    rows = [" ".join(fold(one.text) for one in parts[place : place + n]) for n in (2, 3)]
    if known.only.intersection(rows) or any(row in known.bounds for row in rows):
        return None
    contracted = text[word.end : word.end + 2].replace("’", "'") == "'t" and f"{folded}'t"
    if known.negations & {folded, contracted}:
        if text[word.end : word.end + 1] == "-":
            return "un"
        clause = _BREAK.split(text[: word.start])[-1]
        unsure = any(fold(one.text) in known.unsure for one in words(clause))
        return "lacks" if unsure else "not"
    if known.refuse & {folded, rows[0]}:
        return "refuse"
    if folded in known.but:
        return "but"
    if folded.startswith(known.un):
        return "un"
    return "lacks" if folded in known.maybe or folded.startswith(known.lacks) else None


def _about(
    text: str, parts: Sequence[Unit], word: Word, language: str, kind: str
) -> tuple[tuple[Unit, ...], tuple[Unit, ...]]:
    """The units that a word is about, the nearest first, and those on both sides of it."""
    start, end = word.start, word.end
    if kind == "un":
        itself = tuple(unit for unit in parts if unit.start <= start < unit.end)
        return itself, itself
    before = [u for u in parts if u.end <= start and not _BREAK.search(text, u.end, start)][::-1]
    after = [
        u
        for u in parts
        if u.start >= end and not u.concepts & MODAL and not _BREAK.search(text, end, u.start)
    ]
    around = _merged(after, before)
    known, folded = polarity_of(language), fold(word.text)
    if folded in known.whole:
        return around, around[: 2 * REACH]
    near = _merged(after[:REACH], before[:REACH])
    if (folded in known.forward or kind == "refuse") and after:
        return tuple(after[:REACH]), near
    return near, near


def _merged(after: Sequence[Unit], before: Sequence[Unit]) -> tuple[Unit, ...]:
    """Units behind a word and before it in turn, the nearest first."""
    return tuple(unit for pair in zip_longest(after, before) for unit in pair if unit is not None)


def _beside(text: str, parts: Sequence[Unit], unit: Unit) -> Iterator[Unit]:
    """The units next to another one, in its clause."""
    before = [
        u for u in parts if u.end <= unit.start and not _BREAK.search(text, u.end, unit.start)
    ]
    after = [u for u in parts if u.start >= unit.end and not _BREAK.search(text, unit.end, u.start)]
    yield from before[-REACH:]
    yield from after[:REACH]


def _may_deny(word: str, language: str) -> bool:
    """Whether a word denies, or may."""
    known, folded = polarity_of(language), fold(word)
    return folded in known.negations | known.maybe or folded.startswith((*known.lacks, *known.un))


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

    In its place means: beside one of the units that stand beside the claim's word. A word that
    is denied is passed over.
    """
    own = units(claim, language, analyser)
    said = frozenset(c for text, tongue in quotes for c in _concepts(text, tongue, analyser))
    claimed = _concepts(claim, language, analyser)
    denied = _deniable(claim, language, analyser)
    for part in own:
        for concept in part.concepts:
            for near, far in opposites().get(concept, ()):
                excluded = far & said and not (near & said or far & claimed)
                if excluded and part not in denied and not _weakened(claim, part.start, language):
                    about = list(_beside(claim, own, part))
                    if _in_place(about, language, far, quotes, analyser):
                        return claim[part.start : part.end]
    return None


def _deniable(text: str, language: str, analyser: Analyser) -> frozenset[Unit]:
    """What a text denies, or may."""
    found = _negations(text, language, analyser)
    return frozenset(unit for one in found if one.sure or one.kind == "lacks" for unit in one.about)


def _concepts(text: str, language: str, analyser: Analyser) -> frozenset[str]:
    return frozenset(c for unit in units(text, language, analyser) for c in unit.concepts)


def _in_place(
    about: Sequence[Unit], language: str, far: frozenset[str], quotes: Quotes, analyser: Analyser
) -> bool:
    """Whether an opposite stands, in a quote, beside a unit that stands beside the claim's word."""
    for text, tongue in quotes:
        others = units(text, tongue, analyser)
        denied = _deniable(text, tongue, analyser)
        for other in others:
            if other.concepts & far and other not in denied:
                if _weakened(text, other.start, tongue):
                    continue
                beside = list(_beside(text, others, other))
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
