"""The facts of a sentence that can be compared over languages.

A fact is a number, percentage, amount of money, date, time, duration, country or proper
name, with a value that is the same in every language: `4,3 Milliarden US-Dollar` and
`$4.3 billion` are both MONEY `4300000000 currency-usd`. The parts:

    numbers   digits and number words        dates     dates and times of day
    cldr      countries, currencies, months  proper    capitalised names
    spelling  equality of names

A page of text takes some milliseconds; every pattern reads it in linear time.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

from rag.cldr import Name, Names
from rag.dates import dates, times
from rag.inflect import fold
from rag.numbers import Quantity, joined, quantities
from rag.numerals import canonical
from rag.proper import proper_names
from rag.spelling import same_name, spelling
from rag.words import Words, signs, words_of

__all__ = ["Fact", "Kind", "facts", "same_name"]


class Kind(StrEnum):
    """What a fact is; the comments show values."""

    NUMBER = "number"  # 36, ordinal 2
    PERCENT = "percent"  # 5, 5 points
    MONEY = "money"  # 4300000000 currency-usd
    DATE = "date"  # 2024-04-03, --04-03, --04, 2024, weekday-3
    TIME = "time"  # 14:30
    DURATION = "duration"  # 4 month; ages, too: 48 year
    COUNTRY = "country"  # country-kz, region-143, city-vienna
    NAME = "name"  # folded spelling; compare by `same_name`


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact at its place in a text: `text[start:end]` are its words."""

    kind: Kind
    value: str
    start: int
    end: int


REMEMBERED = 2048
"""Texts whose facts are kept: a quote is read for every claim that rests on it."""

_PERCENT_SIGN = re.compile(r"\s{0,2}%|[\s-]{0,2}(?:per|pour)\s?cent\b", re.IGNORECASE)
_POINTS = re.compile(
    r"\s{0,2}(?:percentage points?|points? de pourcentage|процентн\w{1,3} пункт\w{0,3}"
    r"|prozentpunkte?n?)\b",
    re.IGNORECASE,
)
_UNIT = re.compile(r"[\s\-\u2010\u2011]{0,2}([^\W\d_]+)")
_TO_CURRENCY = re.compile(r"\.?[\s\-\u2011]{0,2}(?:(?:de|of|des)\s|d['’])?")
_SIGN = re.compile(r"(?:US|CN|CA|AU|C|A)?[$€£¥₸₽₹₺₴₩](?:US)?|\bRMB\b")
_RUSSIAN_YEAR = re.compile(r"\s(?:год|года|году|годом|годы|годов|годам|годах|г)\b\.?")


@lru_cache(maxsize=REMEMBERED)
def facts(text: str, language: str, names: Names) -> tuple[Fact, ...]:
    """The facts of a text in order and without overlap.

    For a language without words of its own in `rag/data/words.toml`, digits, signs and
    CLDR's names remain. Never raises on text.
    """
    words = words_of(language)
    taken = bytearray(len(text))
    named = names.find(text, language)
    found: list[Fact] = []

    def take(candidates: Iterator[Fact]) -> None:
        for fact in candidates:
            if fact.start < fact.end and not any(taken[fact.start : fact.end]):
                taken[fact.start : fact.end] = b"\1" * (fact.end - fact.start)
                found.append(fact)

    take(Fact(Kind.TIME, m.value, m.start, m.end) for m in times(text))
    take(Fact(Kind.DATE, m.value, m.start, m.end) for m in dates(text, words, named))
    take(_measures(text, words, named, taken))
    take(
        Fact(Kind.COUNTRY, name.id, name.start, name.end)
        for name in named
        if name.id.startswith(("city-", "country-", "region-"))
    )
    for name in named:
        taken[name.start : name.end] = b"\1" * (name.end - name.start)
    take(
        Fact(Kind.NAME, _spelt(text[name.start : name.end]), name.start, name.end)
        for name in proper_names(text, words, taken)
    )
    return tuple(sorted(found, key=lambda fact: fact.start))


def _spelt(name: str) -> str:
    """One of the folded spellings of a name: always the same for the same letters."""
    return " ".join(min(spelling(part).skeletons, default=part) for part in name.split())


def _measures(text: str, words: Words, named: Sequence[Name], taken: bytearray) -> Iterator[Fact]:
    """Each number of a text with its unit; of a range, the unit counts for both ends."""
    money = _currencies(text, named)
    found = [q for q in quantities(text, words) if not any(taken[q.start : q.end])]
    measured = [_measure(text, quantity, words, money) for quantity in found]
    for index in range(len(found) - 2, -1, -1):
        left, right, quantity = measured[index], measured[index + 1], found[index]
        if left is None or right is None or quantity.ordinal or quantity.article:
            continue
        plain = left.kind in {Kind.NUMBER, Kind.DATE}
        measures = right.kind in {Kind.PERCENT, Kind.MONEY, Kind.DURATION}
        if plain and measures and joined(text, quantity.end, found[index + 1].start, words):
            unit = right.value.partition(" ")[2]
            value = f"{canonical(quantity.amount)} {unit}".strip()
            measured[index] = replace(left, kind=right.kind, value=value)
    yield from (fact for fact in measured if fact is not None)


def _measure(text: str, quantity: Quantity, words: Words, money: Mapping[int, Name]) -> Fact | None:
    """What a number tells together with what stands beside it."""
    start, end = quantity.start, quantity.end
    amount = canonical(quantity.amount)
    if quantity.ordinal:
        return Fact(Kind.NUMBER, f"ordinal {amount}", start, end)
    points = _POINTS.match(text, end)
    if points:
        return Fact(Kind.PERCENT, f"{amount} points", start, points.end())
    share = _PERCENT_SIGN.match(text, end)
    unit = _UNIT.match(text, end)
    word = fold(unit[1]) if unit else ""
    if share or word in words.percent:
        return Fact(Kind.PERCENT, amount, start, share.end() if share else _end(unit, end))
    paid = _money(text, quantity, money)
    if paid is not None:
        return paid
    if _is_year(text, quantity, words, word):
        return Fact(Kind.DATE, amount, start, end)
    if word in words.durations:
        return Fact(Kind.DURATION, f"{amount} {words.durations[word]}", start, _end(unit, end))
    if quantity.article or (quantity.worded and quantity.amount == 1):
        return None
    return Fact(Kind.NUMBER, amount, start, end)


def _is_year(text: str, quantity: Quantity, words: Words, word: str) -> bool:
    """Whether digits alone are a year: `2024`, `1990s`, and `1773 году`; not `2000 лет`."""
    if not quantity.plain:
        return False
    if 1000 <= quantity.amount < 2100 and _RUSSIAN_YEAR.match(text, quantity.end):
        return True
    decade = text[quantity.end - 1].isalpha()
    return 1900 <= quantity.amount < 2100 and (decade or word not in words.durations)


def _end(match: re.Match[str] | None, otherwise: int) -> int:
    """Where a match ends."""
    return match.end() if match else otherwise


def _money(text: str, quantity: Quantity, money: Mapping[int, Name]) -> Fact | None:
    """The amount of money a number is, told by the currency before or behind it."""
    factor, stop = quantity.short or (1, quantity.end)
    whole = canonical(quantity.amount * factor)
    for blanks in range(3):
        name = money.get(-(quantity.start - blanks))
        if name is not None and not text[name.end : quantity.start].strip():
            return Fact(Kind.MONEY, f"{whole} {name.id}", name.start, stop)
    for place, amount in ((quantity.end, canonical(quantity.amount)), (stop, whole)):
        for start in range(place, place + 7):
            name = money.get(start)
            if name is not None and _TO_CURRENCY.fullmatch(text, place, start):
                return Fact(Kind.MONEY, f"{amount} {name.id}", quantity.start, name.end)
    return None


def _currencies(text: str, named: Sequence[Name]) -> Mapping[int, Name]:
    """The currencies of a text, by name, code or sign: under their start and minus their end."""
    known = signs()
    found = [name for name in named if name.id.startswith("currency-")]
    found += [Name(known[m.group()], *m.span()) for m in _SIGN.finditer(text) if m.group() in known]
    return {name.start: name for name in found} | {-name.end: name for name in found}
