"""Two texts compared by their words, as SQuAD does it, but for every language.

SQuAD's measure (Rajpurkar et al. 2016) drops English articles and ASCII punctuation, and
takes `4,8` for two words. Here articles are those of the text's language, punctuation is
whatever is no letter and no digit, and a number is its value: `4,8 Millionen` is one word
and equals `4.8 million`.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from rag.numbers import quantities
from rag.numerals import canonical
from rag.terms import fold, word_texts
from rag.words import words_of

ARTICLES: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "de": frozenset(
            "der die das den dem des ein eine einen einem einer eines".split(),
        ),
        "en": frozenset(("a", "an", "the")),
        "fr": frozenset(("le", "la", "les", "l", "un", "une")),
    }
)
"""Words that do not count, by language; Russian has none."""


REMEMBERED = 4096
"""Texts whose words are kept: the same questions and answers come again in every round."""

REACH = 32
"""Characters behind the first digit of a number that may belong to it: `4,8 Millionen`."""

_DIGIT = re.compile(r"\d")
_DIGITS = re.compile(r"\d+")


@lru_cache(maxsize=REMEMBERED)
def tokens(text: str, language: str) -> tuple[str, ...]:
    """The words that count, folded and in order; a number with digits is its value.

    Numbers in words stay words.
    """
    dropped = ARTICLES.get(language, frozenset())
    found: list[str] = []
    place = 0
    while digit := _DIGIT.search(text, place):
        found += word_texts(fold(text[place : digit.start()]))
        value, place = _number(text, digit.start(), language)
        found.append(value)
    found += word_texts(fold(text[place:]))
    return tuple(word for word in found if word not in dropped)


def _number(text: str, start: int, language: str) -> tuple[str, int]:
    """The value of the number that begins at a digit, and where it ends."""
    numbers = quantities(text[start : start + REACH], words_of(language))
    if numbers and numbers[0].start == 0:
        return canonical(numbers[0].amount), start + numbers[0].end
    digits = _DIGITS.match(text, start)
    end = digits.end() if digits else start + 1
    return fold(text[start:end]), end


def overlap(said: Sequence[str], wanted: Sequence[str]) -> float:
    """Token F1, 0..1: words in common, each as often as both have it.

    Two texts without a word are equal, and one without a word has nothing in common with
    another.
    """
    if not said or not wanted:
        return float(not said and not wanted)
    common = sum((Counter(said) & Counter(wanted)).values())
    return 2 * common / (len(said) + len(wanted))


def contains(said: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether the wanted words, at least one, stand in what was said, one after the other."""
    size = len(wanted)
    return bool(size) and any(
        tuple(said[start : start + size]) == tuple(wanted) for start in range(len(said) - size + 1)
    )
