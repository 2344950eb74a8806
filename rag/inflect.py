"""Word forms: which endings a name may take in German, English, French and Russian.

A word is kept as its unchanging part and the set of endings it may bear, so that
`Казахстана` meets `Казахстан` and `kirgisischen` meets `Kirgisisch`, while `Кубок` does
not meet `Куба`. The endings are school grammar, written down here; a language without
rules gets a bare plural `s`. Irregular forms are not seen.
"""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

LONGEST = 4
"""No ending is longer than this."""

REMEMBERED = 8192
"""Words whose folded form is kept: texts repeat theirs."""

_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_RUSSIAN_ADJECTIVE = frozenset(
    "ий ый ой ая яя ое ее ие ые ого его ому ему им ым ом ем ую юю их ых ими ыми ей".split()
)
_RUSSIAN_PLURAL = frozenset({"ы", "ов", "ам", "ами", "ах", ""})
_RUSSIAN_NOUN = {
    "а": frozenset("а ы и е у ой ою ам ами ах".split()) | {""},
    "я": frozenset("я и ю е ей ею ям ями ях".split()),
    "ь": frozenset("ь я ю ем е и ей ям ями ях".split()),
    "й": frozenset("й я ю ем е и ев ям ями ях".split()),
}
_RUSSIAN_HARD = _RUSSIAN_PLURAL | frozenset("а у ом е и".split())
_GERMAN_ADJECTIVE = frozenset({"", "e", "er", "en", "em", "es"})
_GERMAN_NOUN = frozenset({"", "s", "es", "n", "en", "e"})
_FRENCH_ADJECTIVE = frozenset({"", "e", "s", "es", "ne", "nes"})
_FRENCH_C = frozenset({"c", "cs", "que", "ques", "cque", "cques"})
_PLURAL = frozenset({"", "s"})


class Form(NamedTuple):
    """A word as its unchanging part and the endings it may bear, both folded.

    A tuple, for thousands are made when the names are loaded.
    """

    base: str
    endings: frozenset[str]


@lru_cache(maxsize=REMEMBERED)
def fold(text: str) -> str:
    """Lower case, without accents; Cyrillic letters stay apart except that ё is е."""
    lower = text.casefold()
    if lower.isascii():
        return lower
    if _CYRILLIC.search(lower):
        return lower.replace("ё", "е")
    parts = unicodedata.normalize("NFKD", lower)
    return "".join(letter for letter in parts if not unicodedata.combining(letter))


def noun(word: str, language: str) -> Form:
    """The forms of a noun or a name, given in its dictionary form."""
    folded = fold(word)
    if language == "ru":
        return _russian(folded)
    if language == "de":
        return Form(folded, _GERMAN_NOUN)
    return Form(folded, _PLURAL)


def adjective(word: str, language: str) -> Form:
    """The forms of an adjective, given with or without an ending."""
    folded = fold(word)
    if language == "ru":
        return _russian(folded)
    if language == "de":
        return Form(re.sub(r"(?:e|er|es)$", "", folded), _GERMAN_ADJECTIVE)
    if language == "fr":
        if folded.endswith("c"):
            return Form(folded[:-1], _FRENCH_C)
        return Form(folded, _FRENCH_ADJECTIVE)
    return Form(folded, _PLURAL)


def _russian(folded: str) -> Form:
    """The forms of a Russian word, told from its last letters."""
    if folded[-2:] in {"ий", "ый", "ой", "ая", "ое", "ие", "ые"} and len(folded) > 4:
        return Form(folded[:-2], _RUSSIAN_ADJECTIVE)
    last = folded[-1:]
    if last in _RUSSIAN_NOUN:
        return Form(folded[:-1], _RUSSIAN_NOUN[last])
    if last == "ы":
        return Form(folded[:-1], _RUSSIAN_PLURAL)
    if last in set("еиоуюэ") or not folded:
        return Form(folded, frozenset({""}))
    return Form(folded, _RUSSIAN_HARD)
