"""Whether a claim bounds, ranks or dates what its quotes say in another way.

    bound  `more than 36` on `less than 36` or on a bare `36`, `before 2024` on `after 2024`
    rank   `the largest` on `the second-largest`
    part   `at the beginning of 2023` on `at the end of 2023`

The words are those of `rag/data/polarity.toml`; all is told from those beside a figure.
"""

import re
from collections.abc import Iterator

from rag.analysis import Analyser
from rag.cldr import Names
from rag.contrary import polarity_of
from rag.dates import holds
from rag.facts import Fact, Kind, facts
from rag.inflect import fold
from rag.support import MEASURED, Quotes
from rag.terms import words

_FACING = {"above": "below", "below": "above", "before": "after", "after": "before"}
PART = 3
"""Words before a date that may name a part of it: `the end of 2023`."""

_DATED = frozenset({"before", "after"})
_LONGEST = 4
"""Words of a phrase such as `no more than`."""

NEAR = 30
"""Letters on either side of a figure in which a word may bound it."""

_TO = re.compile(r"\d\s?%?\s?[-–—]\s?\Z")
_RANGE = re.compile(r"\s?(?:[-–—+]|%\s?[-–—+])")


# --- Bounds --------------------------------------------------------------------------------------


def unbounded(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> Fact | None:
    """A number or date of a claim that its quotes bound from the other side, and only so.

    Or that the claim bounds, and no quote does: `more than 5` on a bare `5`.
    """
    names = analyser.names
    for fact in facts(claim, language, names):
        phrase = _phrase(claim, language, fact)
        if not phrase:
            continue
        side = polarity_of(language).bounds[phrase]
        mentions = [
            (text, tongue, other)
            for text, tongue in quotes
            for other in facts(text, tongue, names)
            if other.kind is fact.kind and other.value == fact.value
        ]
        sides = [_bound(*mention) for mention in mentions]
        if sides and all(one == _FACING[side] for one in sides):
            return fact
        told = all(polarity_of(tongue).bounds for _, tongue, _ in mentions)
        added = mentions and told and _bounds(phrase, language, fact) and not any(sides)
        if added and not any(_limited(*mention) for mention in mentions):
            return fact
    return None


def _bound(text: str, language: str, fact: Fact) -> str | None:
    """`above`, `below`, `before` or `after`, where such words stand before a number or a date."""
    phrase = _phrase(text, language, fact)
    return polarity_of(language).bounds[phrase] if phrase else None


def _phrase(text: str, language: str, fact: Fact) -> str | None:
    """The words that bound a number or a date."""
    if fact.kind not in MEASURED:
        return None
    bounds = polarity_of(language).bounds
    before = [fold(word.text) for word in words(text[max(0, fact.start - 40) : fact.start])]
    for length in range(min(_LONGEST, len(before)), 0, -1):
        phrase = " ".join(before[-length:])
        side = bounds.get(phrase)
        if side:
            return phrase if _is_dated(fact) is (side in _DATED) else None
    return None


def _is_dated(fact: Fact) -> bool:
    return fact.kind in {Kind.DATE, Kind.TIME}


def _bounds(phrase: str, language: str, fact: Fact) -> bool:
    """Whether a phrase can only be a bound; after a year may be in its course."""
    known = polarity_of(language)
    if not _is_dated(fact):
        return phrase not in known.loose
    whole_day = fact.kind is Kind.TIME or fact.value.count("-") > 1
    return phrase not in known.since and (whole_day or known.bounds[phrase] == "before")


def _limited(text: str, language: str, fact: Fact) -> bool:
    """Whether a word near a fact bounds it in any way: `100 or more`, `5–10`."""
    near = text[max(0, fact.start - NEAR) : fact.end + NEAR]
    limits = polarity_of(language).limits
    in_range = _RANGE.match(text, fact.end) or _TO.search(text, 0, fact.start)
    return bool(in_range) or any(fold(word.text).startswith(limits) for word in words(near))


# --- Ranks ---------------------------------------------------------------------------------------


def unranked(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """A superlative of a claim without the rank that its quotes have before every one of theirs."""
    names = analyser.names
    quoted = [one for text, tongue in quotes for one in _superlatives(text, tongue, names)]
    if not quoted or not all(ranked for _, ranked in quoted):
        return None
    return next(
        (word for word, ranked in _superlatives(claim, language, names) if not ranked), None
    )


def _superlatives(text: str, language: str, names: Names) -> Iterator[tuple[str, bool]]:
    """The superlatives of a text, and whether a rank stands before: `second-largest`."""
    beginnings = polarity_of(language).most
    if not beginnings:
        return
    ranks = [
        fact
        for fact in facts(text, language, names)
        if fact.kind is Kind.NUMBER and fact.value.startswith("ordinal ")
    ]
    parts = words(text)
    for word, after in zip(parts, (*parts[1:], None), strict=True):
        pair = f"{fold(word.text)} {fold(after.text)}" if after else fold(word.text)
        inside = any(rank.start <= word.start < rank.end for rank in ranks) and any(
            one in pair for one in beginnings
        )
        if inside or pair.startswith(beginnings):
            before = any(0 <= word.start - rank.end <= 1 for rank in ranks)
            yield word.text, inside or before


# --- Parts of a time -----------------------------------------------------------------------------


def misdated(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> Fact | None:
    """A date of a claim at its start where its quotes have it at its end, or the like."""
    names = analyser.names
    for fact in facts(claim, language, names):
        part = _part(claim, language, fact) if fact.kind is Kind.DATE else None
        if part:
            parts = {
                _part(text, tongue, other)
                for text, tongue in quotes
                for other in facts(text, tongue, names)
                if other.kind is Kind.DATE and holds(other.value, fact.value)
            }
            if parts - {None} and part not in parts:
                return fact
    return None


def _part(text: str, language: str, date: Fact) -> str | None:
    """`start`, `middle` or `end`, where such a word stands before a date."""
    before = [fold(word.text) for word in words(text[max(0, date.start - 30) : date.start])]
    for word in reversed(before[-PART:]):
        for part, beginnings in polarity_of(language).parts.items():
            if beginnings and word.startswith(beginnings):
                return part
    return None
