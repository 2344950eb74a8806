"""Whom a text names, and whether a claim makes one name out of two.

    Anna Weber     on `Anna Kranz and Bruno Weber`: nobody of that name is in the quotes

Told from capital letters, as `rag.proper` and `rag.support` do.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from rag.analysis import Analyser
from rag.facts import Kind, facts, same_name
from rag.proper import is_institution
from rag.support import Quotes, units
from rag.terms import words
from rag.words import words_of

REMEMBERED = 2048
"""Texts whose actors are kept."""

_ACTORS = frozenset({Kind.COUNTRY, Kind.NAME})
_GLUE = frozenset({" ", "-", "\u2011", "\u00a0"})
"""What stands between the words of one name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody that a text names, at his place; a country has its id."""

    text: str
    country: str
    start: int
    end: int

    def same(self, other: "Actor") -> bool:
        """Whether both are the same, however they are spelt."""
        if self.country and other.country:
            return self.country == other.country
        return same_name(self.text, other.text)


@lru_cache(maxsize=REMEMBERED)
def actors(text: str, language: str, analyser: Analyser) -> tuple[Actor, ...]:
    """Whom a text names: names, countries, words that nothing else knows and that stand alone."""
    found = [
        (fact.start, fact.end, fact.value if fact.kind is Kind.COUNTRY else "")
        for fact in facts(text, language, analyser.names)
        if fact.kind in _ACTORS
    ]
    found += [
        (unit.start, unit.end, "")
        for unit in units(text, language, analyser)
        if unit.name and not any(start < unit.end and unit.start < end for start, end, _ in found)
    ]
    named: list[Actor] = []
    for start, end, country in sorted(found):
        last = named[-1] if named else None
        if last and not (country or last.country) and text[last.end : start] in _GLUE:
            named[-1] = Actor(text=text[last.start : end], country="", start=last.start, end=end)
        else:
            named.append(Actor(text=text[start:end], country=country, start=start, end=end))
    return tuple(named)


def mingled(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> Actor | None:
    """A name of a claim whose words its quotes have in two names, and never in one.

    A word that a quote has by itself may belong to any other: `Anna and Bruno Weber`.
    """
    known = words_of(language)
    runs = [
        [word.text for word in words(actor.text)]
        for text, tongue in quotes
        for actor in actors(text, tongue, analyser)
        if not actor.country
    ]
    for actor in actors(claim, language, analyser):
        parts = [] if actor.country else [word.text for word in words(actor.text)]
        for one, other in pairwise(parts):
            if is_institution(one, known) or is_institution(other, known):
                continue
            if _bound(one, other, runs) and _bound(other, one, runs):
                return actor
    return None


def _bound(one: str, other: str, runs: Sequence[Sequence[str]]) -> bool:
    """Whether a word stands in names of several words only, and never in one with another."""
    borne = list(_with(one, runs))
    return bool(borne) and all(
        len(run) > 1 and not any(same_name(other, part) for part in run) for run in borne
    )


def _with(word: str, runs: Sequence[Sequence[str]]) -> Iterator[Sequence[str]]:
    """The names that have a word."""
    return (run for run in runs if any(same_name(word, part) for part in run))
