"""Whether two spellings are the same name: `Zhaparov`, `Schaparow`, `Japarov`, `Жапаров`.

A word is romanised (anyascii), its case ending taken off where it may be one, and the
letters that transliterations disagree about are folded: zh/sch/sh/ch/j, kh/ch/h, y/i/j,
ts/z/s, w/v/ff, ou/u, ng/n, c/k, doubled letters. `ch` and `j` are read both ways. What is
left must be equal, or differ by one or two letters when the words are long or come from
two scripts. Acronyms of two or three letters are only romanised. It errs to both sides:
`Müller` and `Muller` are one, `Trudeau` and `Трюдо` are not, `Shao` and `Zhao` are.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

REMEMBERED = 8192
"""Words whose skeletons are kept: texts repeat theirs."""

_LONGEST = 40
"""Letters of a word that count."""
_PART = re.compile(r"[^\W_]+")
_CYRILLIC = re.compile(r"[\u0400-\u052f]")
_ENDINGS_CYRILLIC = ("ого", "ому", "ым", "ом", "ем", "ой", "а", "у", "е", "ы", "и", "ю", "я")
_ENDINGS_LATIN = ("s",)
_RULES = tuple(
    (re.compile(pattern), to)
    for pattern, to in (
        (r"dsch|dzh|dj|tsch|tch|chzh|sch|sh|zh|cz", "5"),
        (r"kh", "h"),
        (r"gh|gu(?=[ei])", "g"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"ck|q", "k"),
        (r"x", "ks"),
        (r"ts|tz|z|c(?=[eiy])", "s"),
        (r"c", "k"),
        (r"w|ff$", "v"),
        (r"ou|oo", "u"),
        (r"ng", "n"),
        (r"[yj]", "i"),
        (r"(.)\1+", r"\1"),
        (r"i(?=[aeou])", ""),
        (r"(?<=[aeiou])h(?![aeiou])", ""),
        (r"(?<=....)e$", ""),
    )
)


@dataclass(frozen=True, slots=True)
class Spelling:
    """A word as the skeletons it may have."""

    skeletons: frozenset[str]
    cyrillic: bool


@lru_cache(maxsize=REMEMBERED)
def spelling(word: str) -> Spelling:
    """The skeletons of one word."""
    cyrillic = bool(_CYRILLIC.search(word))
    acronym = word.removesuffix("s")
    if 1 < len(acronym) < 4 and acronym.isupper():
        return Spelling(frozenset({anyascii(acronym).lower()}), cyrillic)
    lower = word.casefold()[:_LONGEST]
    stems = {lower}
    for ending in _ENDINGS_CYRILLIC if cyrillic else _ENDINGS_LATIN:
        if lower.endswith(ending) and len(lower) - len(ending) >= 3:
            stems.add(lower[: -len(ending)])
    romanised = {"".join(_PART.findall(anyascii(stem).lower().replace("'", ""))) for stem in stems}
    return Spelling(
        frozenset(
            _skeleton(roman.replace("j", j_as), ch_as)
            for roman in romanised
            for j_as in (("zh", "y") if "j" in roman else ("",))
            for ch_as in ("5", "h")
        )
        - {""},
        cyrillic,
    )


def same_word(one: Spelling, other: Spelling) -> bool:
    """Whether two words spell the same name."""
    if one.skeletons & other.skeletons:
        return True
    return any(
        left[0] == right[0] and _near(left, right, scripts_differ=one.cyrillic != other.cyrillic)
        for left in one.skeletons
        for right in other.skeletons
    )


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same; the shorter may be a part of the longer."""
    left = [spelling(word) for word in _PART.findall(one)]
    right = [spelling(word) for word in _PART.findall(other)]
    if len(left) > len(right):
        left, right = right, left
    return bool(left) and all(any(same_word(word, match) for match in right) for word in left)


def _skeleton(roman: str, ch_as: str) -> str:
    """The letters that all transliterations agree about."""
    for pattern, to in _RULES:
        roman = pattern.sub(to, roman)
        if pattern is _RULES[0][0]:
            roman = re.sub(r"ch", ch_as, roman)
    return roman


def _near(left: str, right: str, *, scripts_differ: bool) -> bool:
    """Whether two skeletons differ by no more than their length allows."""
    shorter = min(len(left), len(right))
    allowed = (shorter >= 4) + (shorter >= 8) if scripts_differ else int(shorter >= 7)
    return abs(len(left) - len(right)) <= allowed and _distance(left, right) <= allowed


def _distance(left: str, right: str) -> int:
    """Levenshtein's distance."""
    row = list(range(len(right) + 1))
    for above, letter in enumerate(left, 1):
        diagonal, row[0] = row[0], above
        for column, other in enumerate(right, 1):
            best = min(row[column] + 1, row[column - 1] + 1, diagonal + (letter != other))
            diagonal, row[column] = row[column], best
    return row[-1]
