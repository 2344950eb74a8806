"""The words of `rag/data/words.toml`: numbers, units and small words, per language."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType
from typing import Any

from rag.inflect import fold

GERMAN_ONES = ("ein", "zwei", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun")


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a language calls numbers and units. All keys are folded (`rag.inflect.fold`)."""

    language: str
    numbers: Mapping[str, int]
    magnitudes: Mapping[str, int]
    ordinals: Mapping[str, int]
    durations: Mapping[str, str]
    months: Mapping[str, int]
    """Abbreviations."""
    articles: frozenset[str]
    bare: frozenset[str]
    """Magnitudes that mean one of them when no number stands before: `тысяча`."""
    percent: frozenset[str]
    half: frozenset[str]
    both: frozenset[str]
    """Words for two that are known: `les deux`, `beide`."""
    inside: frozenset[str]
    """Small words inside the name of an institution: `Ministry of Culture and Information`."""
    ordinal_suffixes: frozenset[str]
    around: frozenset[str]
    """Joins the two ends of a range or a list: `5 to 10 million`."""
    place: tuple[str, ...]
    """Beginnings of superlatives that follow a German ordinal: `zweitgrößte`."""
    before_month: frozenset[str]
    plain: frozenset[str]
    """Words that are capitalised beside a name without being part of it."""
    institutions: tuple[str, ...]
    """Beginnings of words that are translated with the name they stand in."""
    common: tuple[str, ...]
    """Words that are translated where they stand in a name: `East`, `National`."""
    never: frozenset[str]
    """Ordinary words that look like a form of a name."""
    capital_only: frozenset[str]
    """Names that are ordinary words, too, when written small."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variants:
    """Names that CLDR lacks, each as words and the id they stand for."""

    names: tuple[tuple[str, str], ...]
    adjectives: tuple[tuple[str, str], ...]
    currencies: tuple[tuple[str, str], ...]


@functools.cache
def words_of(language: str) -> Words:
    """The words of a language; empty for one that the file does not know."""
    table = _table().get(language, {})
    numbers = _numbers(table.get("numbers", {}))
    if language == "de":
        numbers |= _german_numbers(numbers)
    return Words(
        language=language,
        numbers=MappingProxyType(numbers),
        magnitudes=MappingProxyType(_numbers(table.get("magnitudes", {}))),
        ordinals=MappingProxyType(_numbers(table.get("ordinals", {}))),
        months=MappingProxyType(_numbers(table.get("months", {}))),
        durations=MappingProxyType(
            {
                word: unit
                for unit, line in table.get("durations", {}).items()
                for word in _split(line)
            }
        ),
        place=tuple(_split(table.get("place", ""))),
        common=tuple(_split(table.get("common", ""))),
        institutions=tuple(_split(table.get("institutions", ""))),
        **{key: frozenset(_split(table.get(key, ""))) for key in _SETS},
    )


_SETS = (
    "articles", "bare", "both", "half", "inside", "percent", "ordinal_suffixes", "around",
    "before_month", "plain", "never", "capital_only",
)  # fmt: skip


def variants_of(language: str) -> Variants:
    """The names of ours for a language, as they are written."""
    table = _table().get(language, {})
    return Variants(
        names=_pairs(table.get("variants", {})),
        adjectives=_pairs(table.get("adjectives", {})),
        currencies=_pairs(table.get("currencies", {})),
    )


def codes() -> tuple[tuple[str, str], ...]:
    """Abbreviations of countries, exactly as they are written, with their ids."""
    return _pairs(_table()["codes"])


@functools.cache
def signs() -> Mapping[str, str]:
    """Currency signs with their ids."""
    return MappingProxyType(dict(_pairs(_table()["signs"])))


@functools.cache
def _table() -> dict[str, Any]:
    """The file as it stands, read once."""
    return tomllib.loads((resources.files("rag") / "data/words.toml").read_text("utf-8"))


def _split(line: str) -> list[str]:
    """The folded words of a line."""
    return [fold(word) for word in line.replace("’", "'").split()]


def _numbers(table: Mapping[str, str]) -> dict[str, int]:
    """Word to value."""
    return {word: int(value) for value, line in table.items() for word in _split(line)}


def _pairs(table: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """(words, id) pairs, unfolded; `_` in the file stands for a blank."""
    return tuple(
        (word.replace("_", " "), name) for name, line in table.items() for word in line.split()
    )


def _german_numbers(simple: Mapping[str, int]) -> dict[str, int]:
    """Compounds up to 999 and round thousands: `vierundzwanzig`, `achttausend`."""
    ones = {fold(word): simple[fold(word)] for word in GERMAN_ONES}
    tens = {word: value for word, value in simple.items() if 20 <= value <= 90}
    found = {f"{one}und{ten}": tens[ten] + ones[one] for one in ones for ten in tens}
    small = {word: value for word, value in (dict(simple) | found).items() if 2 <= value <= 99}
    hundreds = {f"{one}hundert": ones[one] * 100 for one in ones}
    found |= hundreds | {f"{word}tausend": value * 1000 for word, value in small.items()}
    found |= {f"{word}tausend": value * 1000 for word, value in hundreds.items()}
    for word, value in hundreds.items():
        found |= {word + rest: value + amount for rest, amount in small.items()}
    return found
