"""Proper names in a text, told by their capital letters alone.

English, French, Russian: runs of capitalised words in mid-sentence; the first word of a
sentence counts only by its shape (`AFM`, `MoU`, `G7`). German capitalises every noun, so
there only words of such a shape count, and the last word of a run of capitalised words
(`Präsident Tokajew`, `Sadyr Schaparow`) unless its ending is that of an ordinary noun.
Not seen: a lone German name (`sagte Teng`) and a name that is the first word of a sentence (see
`rag.lone`), names written small. Taken for names by mistake: `Gestern Abend`-like pairs of German
nouns.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rag.inflect import fold
from rag.words import Words

_TOKEN = re.compile(r"[^\W_]+(?:\.(?:com|org|net|io|ai)\b)?")
_START = re.compile(r"(?:\A|[.!?…:;|][\s\"'»”’)\]]*\s|\n)[\s\"'„“”«‘’(\[–—-]*\Z")
_OPENED = re.compile(r"(?:[\"„“”«‘(\[–—]|(?<!\w)['’])\Z")
_GENERIC = frozenset(
    "CEO CFO CTO COO CIO PDG DG MoU MOU MoUs GDP BIP PIB ВВП AI KI IA ИИ IT ИТ TV ТВ PR OK ID AG "
    "SA GmbH Inc Ltd LLC FAQ NGO ONG NGOs СМИ HQ VP".split()
)
_GERMAN_NOUN = re.compile(
    r"(?:ung|heit|keit|schaft|ion|ismus|tät|nis|nisse|nissen|tum|ling|ing|chen|ungen|heiten|keiten|ionen|"
    r"täten|ment|mente|enz|anz|ik|iken|börse|börsen|währung|währungen|fonds|wert|werte|werten|"
    r"markt|märkte|geld|gelder|jahr|jahre|recht|rechte|dienst|dienste)$"
)
_GERMAN_ADJECTIVE = re.compile(r"(?:e|er|en|es|em|s)$")


@dataclass(frozen=True, slots=True)
class Proper:
    """A run of words that is taken for a proper name, at its place in a text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    start: int
    end: int
    first: bool
    """Whether it begins a sentence or a quotation."""


def proper_names(text: str, words: Words, taken: bytearray) -> Iterator[Proper]:
    """The proper names of a text; nothing of what `taken` marks is looked at."""
    letters = [letter for letter in text if letter.isalpha()]
    shouting = sum(map(str.isupper, letters)) * 2 > len(letters) > 12
    if shouting:
        return
    for run in _runs(text, words, taken):
        named = _german(run, words) if words.language == "de" else _plain(run, words)
        for tokens in named:
            yield Proper(tokens[0].start, tokens[-1].end)


def begins_sentence(text: str, start: int) -> bool:
    """Whether a sentence, a line or what follows a colon begins at `start`."""
    return start == 0 or bool(_START.search(text, max(0, start - 8), start))


def is_shaped(word: str) -> bool:
    """Whether a word looks like no ordinary one: `AFM`, `BTC.com`, `iPhone`, `G7`."""
    capitals = sum(letter.isupper() for letter in word)
    odd = (
        any(letter.isupper() for letter in word[1:]) or any(map(str.isdecimal, word)) or "." in word
    )
    return capitals >= 1 and odd and len(word) > 1 and word not in _GENERIC


def is_institution(word: str, words: Words) -> bool:
    """Whether a name is translated as a whole for a word in it: `Agency`, `Ministère`.

    Not for an office: a `Minister` is somebody, whose name stands beside it.
    """
    return fold(word) not in words.plain and _has_institution(word, words)


def _has_institution(word: str, words: Words) -> bool:
    folded = fold(word)
    if words.language == "de":
        return any(part in folded for part in words.institutions)
    return any(_begins(folded, part) for part in words.institutions)


def is_common(word: str, words: Words) -> bool:
    """Whether a word of a name is translated by itself: `East`, `National`."""
    folded = fold(word)
    return any(_begins(folded, part) for part in words.common)


def _begins(folded: str, part: str) -> bool:
    """Whether a word is another one, or the same with another ending."""
    return folded == part or (len(part) > 6 and folded.startswith(part[:-2]))


def in_institution(text: str, start: int, words: Words, countries: Collection[int]) -> bool:
    """Whether the name at `start` goes on one that an institution began.

    As `Information` does in `Ministry of Culture and Information`. `countries` are the
    places where countries and their adjectives begin: `ministère kazakh du Développement`.
    English writes an institution with a capital letter: `the programme of Weber` is none; an
    office is one with a small word behind it, as in `Minister of the Interior`.
    """
    joined = False
    for match in reversed(list(_TOKEN.finditer(text, max(0, start - 120), start))):
        word = match.group()
        if _has_institution(word, words) and (word[0].isupper() or words.language != "en"):
            return joined or fold(word) not in words.plain
        joined = joined or fold(word) in words.inside
        small = fold(word) in words.inside or match.start() in countries
        if not small and not word[0].isupper() and not _before_noun(text, match.end()):
            return False
    return False


def _before_noun(text: str, end: int) -> bool:
    """Whether a comma follows, as behind the adjective in `numérique, des Innovations`."""
    return text[end : end + 1] == ","


def _runs(text: str, words: Words, taken: bytearray) -> Iterator[list[_Token]]:
    """Runs of capitalised words with nothing but a blank or a hyphen between them."""
    run: list[_Token] = []
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        free = not any(taken[start:end]) and not match.group().isdecimal()
        first = begins_sentence(text, start)
        quoted = bool(_OPENED.search(text, max(0, start - 2), start))
        capital = match.group()[0].isupper() or is_shaped(match.group())
        gap = text[run[-1].end : start] if run else ""
        glued = gap == " " or (words.language != "de" and gap in {"-", "\u2011", "\u00a0"})
        if run and not (free and capital and glued and not first):
            yield run
            run = []
        if free and capital:
            run.append(_Token(match.group(), start, end, first or quoted))
    if run:
        yield run


def _plain(run: list[_Token], words: Words) -> Iterator[list[_Token]]:
    """The name in a run, without titles at its edges and the first word of a sentence."""
    if run[0].first and not is_shaped(run[0].text):
        run = run[1:]
    while run and (_is_plain(run[0], words) or run[0].text in _GENERIC):
        run = run[1:]
    while run and (_is_plain(run[-1], words) or run[-1].text in _GENERIC):
        run = run[:-1]
    if run and any(len(token.text) > 1 for token in run):
        yield run


def _is_plain(token: _Token, words: Words) -> bool:
    return fold(token.text) in words.plain


def _german(run: list[_Token], words: Words) -> Iterator[list[_Token]]:
    """The words of a German run that may safely be called names."""
    last = run[-1]
    rest = run[1:] if run[0].first and _GERMAN_ADJECTIVE.search(run[0].text) else run
    if rest and rest[0].first and _is_plain(rest[0], words):
        rest = rest[1:]
    for token in run:
        if is_shaped(token.text):
            yield [token]
        elif token is last and len(rest) > 1 and len(token.text) > 2:
            ordinary = _GERMAN_NOUN.search(token.text.lower()) or _is_plain(token, words)
            if not ordinary and not is_institution(token.text, words):
                yield [token]
