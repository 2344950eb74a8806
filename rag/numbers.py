"""Numbers in a text, in digits and in words: `4,3 Milliarden`, `vingt-quatre`, `2nd`.

`rag.numerals` reads a single numeral. Signs, fractions (`a third`, `one and a half`),
`dozens` and `hundreds` are not seen.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Context, Decimal
from functools import lru_cache

from rag.inflect import fold
from rag.numerals import numeral, roman
from rag.words import Words, words_of

REMEMBERED = 8192
"""Words of which it is kept whether a number begins them: texts repeat theirs."""

_LONGEST_PREFIX = 20
"""Letters of the longest number word that a unit is glued to."""
_EXACT = Context(prec=160)
_SHORT = {"k": 10**3, "m": 10**6, "b": 10**9, "t": 10**12}
_DECADE = {"s": "", "er": "", "ern": "", "х": "-", "е": "-"}
"""Suffixes of a decade with what parts them from the year: `1990s`, `1990-х`."""

_TOKEN = re.compile(
    r"(?P<digits>(?<!\w)(?:[0-9]{1,3}(?:[ \u00a0\u2009\u202f'’][0-9]{3})+(?![0-9])(?:[.,][0-9]+)?"
    r"|[0-9]+(?:[.,][0-9]+)*))|(?P<word>[^\W\d_]+)"
)
_GERMAN_ORDINAL = re.compile(r"\. ([^\W\d_]+)")
_GAP = re.compile(r"[\s\-\u2010\u2011]{0,2}")
_DASH = re.compile(r"\s?[-\u2010-\u2014]\s?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantity:
    """A number at its place in a text."""

    amount: Decimal
    start: int
    end: int
    ordinal: bool = False
    magnitude: int = 1
    """What the amount was multiplied with: 1,000,000 for `4 million`."""
    article: bool = False
    """Whether it is a mere `ein`, `one`, `un`: a number only before a unit."""
    worded: bool = False
    plain: bool = False
    """Whether it is written as digits alone, like a year."""
    short: tuple[int, int] | None = None
    """A letter that may be a magnitude (`5m`, `5 M€`): the factor, and where it ends."""


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    digits: bool


def quantities(text: str, words: Words) -> list[Quantity]:
    """The numbers of a text, in order and without overlap."""
    tokens = list(_tokens(text, words))
    found: list[Quantity] = []
    index = 0
    while index < len(tokens):
        read = _numeral if tokens[index].digits else _worded
        quantity, used = read(text, tokens, index, words)
        if quantity is not None:
            found.append(quantity)
        index += used
    return _shared(text, found, words)


def joined(text: str, left: int, right: int, words: Words) -> bool:
    """Whether a dash or a word like `to` and `and` is all that stands between two places."""
    gap = text[left:right]
    return len(gap) < 12 and bool(_DASH.fullmatch(gap) or fold(gap.strip()) in words.around)


def _tokens(text: str, words: Words) -> Iterator[_Token]:
    """Digit groups and words; `viermonatig` becomes `vier` and `monatig`."""
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        if match["digits"]:
            yield _Token(match.group(), start, end, digits=True)
            continue
        cut = _prefix(text[start:end], words.language)
        if cut:
            yield _Token(fold(text[start : start + cut]), start, start + cut, digits=False)
            start += cut
        yield _Token(fold(text[start:end]), start, end, digits=False)


@lru_cache(maxsize=REMEMBERED)
def _prefix(word: str, language: str) -> int:
    """Where the number ends that a word such as `viermonatig` begins with; 0 without one."""
    words = words_of(language)
    for cut in range(3, min(len(word) - 1, _LONGEST_PREFIX)):
        if fold(word[:cut]) in words.numbers and fold(word[cut:]) in words.durations:
            return cut
    return 0


def _close(text: str, left: _Token, right: _Token) -> bool:
    """Whether only a blank or a hyphen parts two tokens."""
    return bool(_GAP.fullmatch(text, left.end, right.start))


def _numeral(
    text: str, tokens: Sequence[_Token], index: int, words: Words
) -> tuple[Quantity | None, int]:
    """The number that digits begin, with its suffix or magnitude."""
    token = tokens[index]
    amount = numeral(token.text, words.language)
    if amount is None:
        return None, 1
    quantity = Quantity(
        amount=amount, start=token.start, end=token.end, plain=token.text.isdecimal()
    )
    dotted = _GERMAN_ORDINAL.match(text, token.end) if words.language == "de" else None
    if dotted and len(token.text) <= 2 and fold(dotted[1]) not in words.plain:
        return replace(quantity, end=token.end + 1, ordinal=True, plain=False), 1
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    if following is None or following.digits or not _close(text, token, following):
        return quantity, 1
    between = text[token.end : following.start]
    word = fold(following.text)
    if len(token.text) == 4 and _DECADE.get(word) == between:
        return replace(quantity, end=following.end), 2
    if word in words.ordinal_suffixes and between == ("-" if words.language == "ru" else ""):
        year = words.language == "ru" and len(token.text) == 4
        return replace(quantity, end=following.end, ordinal=not year, plain=year), 2
    if word in words.magnitudes:
        return _times(quantity, words.magnitudes[word], following.end), 2
    if word in _SHORT and len(between) <= 1:
        return replace(quantity, short=(_SHORT[word], following.end)), 1
    known = word in words.durations or word in words.percent
    return (None if not between and not known and len(word) > 3 else quantity), 1


def _times(quantity: Quantity, magnitude: int, end: int) -> Quantity:
    """A quantity with its magnitude."""
    amount = _EXACT.multiply(quantity.amount, Decimal(magnitude))
    return replace(quantity, amount=amount, magnitude=magnitude, end=end, plain=False)


def _worded(
    text: str, tokens: Sequence[_Token], index: int, words: Words
) -> tuple[Quantity | None, int]:
    """The number that a word begins: an ordinal, or a run of number words."""
    token = tokens[index]
    ordinal = _ordinal(token.text, words) or roman(text[token.start : token.end])
    if ordinal is not None:
        amount = Decimal(ordinal)
        return Quantity(
            amount=amount, start=token.start, end=token.end, ordinal=True, worded=True
        ), 1
    total, used, magnitude = _compose(text, tokens, index, words)
    if used == 0 or (used == 1 and not _counts(text, tokens, index, words)):
        return None, max(used, 1)
    article = used == 1 and total == 1
    amount = Decimal(total)
    if total == magnitude > 1 and index and tokens[index - 1].text in words.half:
        amount /= 2
    return Quantity(
        amount=amount, start=token.start, end=tokens[index + used - 1].end,
        magnitude=magnitude, article=article, worded=True,
    ), used  # fmt: skip


def _counts(text: str, tokens: Sequence[_Token], index: int, words: Words) -> bool:
    """Whether a lone number word is one: French `neuf` and German `Acht` may be others."""
    token = tokens[index]
    if words.language == "fr" and token.text == "neuf":
        after = text[token.end : token.end + 2].strip()
        return after.islower()
    return not (words.language == "de" and text[token.start].isupper() and token.text == "acht")


def _ordinal(word: str, words: Words) -> int | None:
    """The rank an ordinal or a German superlative like `zweitgrößte` tells."""
    if word in words.ordinals:
        return words.ordinals[word]
    for place in words.place:
        before, found, _ = word.partition(place)
        if found and before + "e" in words.ordinals:
            return words.ordinals[before + "e"]
    return None


def _compose(text: str, tokens: Sequence[_Token], index: int, words: Words) -> tuple[int, int, int]:
    """The value of a run of number words, how many words it takes, its last magnitude."""
    total, current, magnitude, used = 0, 0, 1, 0
    for at in range(index, len(tokens)):
        token = tokens[at]
        if at > index and not _close(text, tokens[at - 1], token):
            break
        if token.text in words.magnitudes:
            if at == index and token.text not in words.bare:
                break
            following = words.magnitudes[token.text]
            if current == 0 and total and following <= magnitude:
                break
            if current == 0 and total:
                total *= following
            else:
                total, current = total + max(current, 1) * following, 0
            magnitude = following
        elif token.text in words.numbers or (at == index and token.text in words.articles):
            added = _added(current, words.numbers.get(token.text, 1), first=at == index)
            if added is None:
                break
            current = added
        elif token.text in words.around and current >= 20 and at + 1 < len(tokens):
            value = words.numbers.get(tokens[at + 1].text, 0)
            if token.text not in {"and", "et"} or not _continues(current, value, words):
                break
            continue
        else:
            break
        used = at - index + 1
    if used == 1 and tokens[index].text in words.articles - words.numbers.keys():
        return 0, 0, 1
    return total + current, used, magnitude


def _continues(current: int, value: int, words: Words) -> bool:
    """Whether `and` stays inside a number: `two hundred and five`, `vingt et un`."""
    if words.language == "fr":
        return value in {1, 11} and current % 10 == 0
    return current % 100 == 0 and 0 < value < 100


def _added(current: int, value: int, *, first: bool) -> int | None:
    """The next word of a number taken in; None where it begins another number."""
    if first or current == 0:
        return value
    rest = current % 100
    if value == 100 and current < 20:
        return current * 100
    if value == 20 and rest == 4:
        return current + 76
    if 0 < value < 100 and rest == 0:
        return current + value
    if 0 < value < 10 and rest % 10 == 0:
        return current + value
    return current + value if rest in {60, 80} and 10 <= value < 20 else None


def _shared(text: str, found: list[Quantity], words: Words) -> list[Quantity]:
    """Gives both ends of a range the magnitude of the last: `5 to 10 million`."""
    for index in range(len(found) - 2, -1, -1):
        left, right = found[index], found[index + 1]
        small = left.magnitude == 1 and left.amount < 1000 and not left.ordinal
        if small and right.magnitude > 1 and joined(text, left.end, right.start, words):
            found[index] = _times(left, right.magnitude, left.end)
    return found
