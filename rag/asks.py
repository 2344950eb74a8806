"""What kind of answer a question asks for: a number, a date, a person, a place."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType

from rag.facts import Fact, Kind


class Ask(StrEnum):
    """A kind of answer that can be recognised in a sentence."""

    NUMBER = "number"
    AMOUNT = "amount"
    SHARE = "share"
    DATE = "date"
    DURATION = "duration"
    PERSON = "person"
    PLACE = "place"
    NAME = "name"


CONCEPTS: Mapping[str, Ask] = MappingProxyType(
    {
        "q-how-many": Ask.NUMBER,
        "q-how-much": Ask.AMOUNT,
        "q-how-high": Ask.AMOUNT,
        "q-how-far": Ask.NUMBER,
        "q-how-often": Ask.NUMBER,
        "q-how-old": Ask.DURATION,
        "q-how-long": Ask.DURATION,
        "q-when": Ask.DATE,
        "q-since-when": Ask.DATE,
        "q-until-when": Ask.DATE,
        "q-who": Ask.PERSON,
        "q-where": Ask.PLACE,
        "q-from-where": Ask.PLACE,
        "q-to-where": Ask.PLACE,
    }
)
"""Question words of the lexicon that say the kind by themselves."""

NOUNS: Mapping[str, Ask] = MappingProxyType(
    {
        "share": Ask.SHARE,
        "share-part": Ask.SHARE,
        "percent": Ask.SHARE,
        "amount": Ask.AMOUNT,
        "sum-math": Ask.AMOUNT,
        "price": Ask.AMOUNT,
        "cost": Ask.AMOUNT,
        "number": Ask.NUMBER,
        "date": Ask.DATE,
        "year": Ask.DATE,
        "month": Ask.DATE,
        "day": Ask.DATE,
        "century": Ask.DATE,
        "age": Ask.DURATION,
        "duration": Ask.DURATION,
        "country": Ask.PLACE,
        "city": Ask.PLACE,
        "place": Ask.PLACE,
        "person": Ask.PERSON,
    }
)
"""Nouns behind `which`, `what` and the like that say the kind, by concept of the lexicon."""

OPEN = frozenset({"q-which", "q-what", "q-how"})
"""Question words that leave the kind to the noun behind them."""

NEAR = 3
"""Words behind an open question word among which that noun is looked for."""

COUNTED = frozenset({Ask.NUMBER, Ask.AMOUNT, Ask.SHARE, Ask.DATE, Ask.DURATION})
"""Kinds that an answer in figures or number words cannot do without."""

KINDS: Mapping[Ask, frozenset[Kind]] = MappingProxyType(
    {
        Ask.NUMBER: frozenset({Kind.NUMBER, Kind.PERCENT, Kind.MONEY, Kind.DURATION}),
        Ask.AMOUNT: frozenset({Kind.MONEY, Kind.NUMBER, Kind.PERCENT}),
        Ask.SHARE: frozenset({Kind.PERCENT, Kind.NUMBER}),
        Ask.DATE: frozenset({Kind.DATE, Kind.TIME}),
        Ask.DURATION: frozenset({Kind.DURATION, Kind.NUMBER}),
        Ask.PERSON: frozenset({Kind.NAME}),
        Ask.PLACE: frozenset({Kind.COUNTRY, Kind.NAME}),
        Ask.NAME: frozenset({Kind.NAME}),
    }
)
"""The facts that can be an answer of each kind."""


def asked(concepts: Iterable[tuple[str, int]]) -> Ask | None:
    """The kind that a question asks for, from its concepts and their word positions.

    The first question word decides: one such as `how many` by itself, `which` or `what` by a
    noun close behind it. So the `when` of `what happens when …` asks for nothing.
    """
    found = sorted(concepts, key=lambda pair: pair[1])
    words = [
        (concept, position) for concept, position in found if concept in CONCEPTS or concept in OPEN
    ]
    if not words:
        return None
    first = words[0][1]
    behind = [NOUNS[c] for c, position in found if c in NOUNS and first < position <= first + NEAR]
    said = [CONCEPTS[c] for c, position in words if c in CONCEPTS and position == first]
    is_open = any(c in OPEN for c, position in words if position == first)
    if is_open and behind:
        return behind[0]
    return said[0] if said else None


def fits(ask: Ask, facts: Iterable[Fact], known: frozenset[str]) -> bool:
    """Whether one of the facts can be the answer; `known` are values the question itself says."""
    kinds = KINDS[ask]
    return any(
        (fact.kind in kinds or (ask is Ask.DATE and _is_year(fact))) and fact.value not in known
        for fact in facts
    )


def _is_year(fact: Fact) -> bool:
    """Whether a number can be a year: no rule tells a bare one from a count."""
    return fact.kind is Kind.NUMBER and fact.value.isdigit() and 1000 <= int(fact.value) < 2100
