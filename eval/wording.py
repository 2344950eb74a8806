"""Two texts compared by their words, as SQuAD does it, but for every language.

SQuAD's measure (Rajpurkar et al. 2016) drops English articles and ASCII punctuation, and
takes `4,8` for two words. Here articles are those of the text's language, punctuation is
whatever is no letter and no digit, and a number is its value: `4,8 Millionen` is one word
and equals `4.8 million`.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
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


_DIGIT = re.compile(r"\d")


def tokens(text: str, language: str) -> tuple[str, ...]:
    """The words that count, folded and in order; a number with digits is its value."""
    dropped = ARTICLES.get(language, frozenset())
    found: list[str] = []
    place = 0
    # Numbers in words stay words: most sentences have no digit, and are read at once.
    numbers = quantities(text, words_of(language)) if _DIGIT.search(text) else []
    for quantity in numbers:
        found += word_texts(fold(text[place : quantity.start]))
        found.append(canonical(quantity.amount))
        place = quantity.end
    found += word_texts(fold(text[place:]))
    return tuple(word for word in found if word not in dropped)


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
