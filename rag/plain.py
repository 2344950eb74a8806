"""The text of a claim as plain words: marks go, and what cannot be plain is not shown."""

import re
import unicodedata
from collections.abc import Sequence
from functools import partial

import regex

from rag.paths import is_bad

LONGEST = 1_000
"""Characters of a statement; more is no sentence."""

JOINERS = "\u200c\u200d"
"""Invisible, but letters of some scripts need them."""

_KEY = re.compile(r"k[a-z2-7]{6}")
_MARKER = re.compile(
    r"\s?[\[【(]\s?(?:\^?\d{1,3}|k[a-z2-7]{6})(?:\s?[,;–-]\s?(?:\^?\d{1,3}|k[a-z2-7]{6})){0,8}\s?"
    r"[\]】)](?!\()|\s?【\d[^【】]{0,30}】"
)
"""Citations typed into the text: `[1]`, `[1, 2]`, `【3†a.txt】`, `(kabc2de)`."""

_EMPHASIS = re.compile(r"(?<![\d*])\*{1,3}|\*{1,3}(?![\d*])|(?<!\w)_{1,3}|_{1,3}(?!\w)|`{1,3}|~~")
"""Not `2*5`, nor `a_b`."""

_LEAD = re.compile(r"\A(?:#{1,6}|>{1,3}|[-*•–])\s+(?!\d)")
_MARKUP = re.compile(r"<\s?(?:[!?]|/?\s?[a-zA-Z])|&(?:#\w{1,8}|[a-zA-Z]{2,8});|\]\s?\(|\]:")
_ADDRESS = re.compile(
    r"\w:/|www\.|@\w|\w\.[^\W\d_]{2,}/\w|\b(?:javascript|data|mailto|tg):(?=\S)"
    r"|(?-i:(?<![\w.])[a-z0-9][\w-]*\.[a-z]{2,}\b)",
    re.IGNORECASE,
)
"""A name such as `Crypto.com` is none: it is held to the quotes like any other."""

_CASED = r"\p{Latin}\p{Cyrillic}\p{Greek}"
_ALIKE = r"\p{Cyrillic}\p{Cherokee}\p{Armenian}ΑΒΕΖΗΙΚΜΝΟΡΤΥΧνου"
_UNSEEN = regex.compile(rf"(?![{JOINERS}])[\p{{Default_Ignorable_Code_Point}}\u2800]")
_DISGUISE = regex.compile(
    rf"[{_CASED}](?:\p{{M}}{{2}}|[{JOINERS}])"
    rf"|\p{{Latin}}\p{{M}}?[{_ALIKE}]|[{_ALIKE}]\p{{M}}?\p{{Latin}}"
    r"|\p{Nl}|(?![¹²³⁰-₉¼-¾⅐-⅞])\p{No}"
    r"|[０-９Ａ-Ｚａ-ｚ\u2460-\u24ff\U0001d400-\U0001d7ff\U0001f100-\U0001f1e5]"
)
"""Letters of two scripts in one word, heaps of accents, letters and numerals in fancy dress."""

_STRANGE_DIGIT = regex.compile(r"(?![0-9])\p{Nd}")
_UNCASED = regex.compile(rf"(?![{_CASED}])\p{{L}}")
_WHOLE = regex.compile(r"\p{Sentence_Terminal}(?:(?!\})[\p{Pe}\p{Pf}\p{Pi}\"'])*\Z")


def plain(text: str, keys: Sequence[str] = ()) -> str:
    """A text on one line, composed (NFC), without typed citations and marks of emphasis.

    What is taken away is no word: a `2` that is emphasised stays, and so does `(kitchen)`, though
    a key may look like it, unless it is one of the claim's `keys`.
    """
    line = " ".join(unicodedata.normalize("NFC", text).split())
    if len(line) > 2 * LONGEST:
        return line  # It is not shown; and marks within marks take their time.
    cleaner = _once(line, keys)
    while cleaner != line:
        line, cleaner = cleaner, _once(cleaner, keys)
    return line


def blemish(text: str) -> str | None:
    """Why a plain text is none; nothing where it may be shown as it is."""
    if not any(map(str.isalnum, text)):
        return "it has no words"
    if len(text) > LONGEST:
        return f"it is longer than {LONGEST:,} characters"
    if any(map(_is_hidden, text)) or _UNSEEN.search(text):
        return "it holds characters that are not seen or turn the writing around"
    if _DISGUISE.search(text) or (_STRANGE_DIGIT.search(text) and not _UNCASED.search(text)):
        return "it holds letters or digits that pass for others"
    if _MARKUP.search(text):
        return "it holds markup"
    if _ADDRESS.search(text):
        return "it holds an address"
    if plain(text) != text:
        return "it is not plain text on one line"
    return None


def unfinished(text: str) -> str | None:
    """Why a text is no statement: a question, or half a sentence; nothing where it is whole.

    A full stop is asked for where writing has small and capital letters; other scripts differ.
    """
    if text.endswith(("?", "？", "؟")):
        return "it is a question"
    last = next(filter(str.isalpha, reversed(text)), "")
    if last.lower() != last.upper() and not _WHOLE.search(text):
        return "it does not end as a sentence does"
    return None


def _once(line: str, keys: Sequence[str]) -> str:
    line = _MARKER.sub(partial(_unmarked, keys), line)
    line = _LEAD.sub("", _EMPHASIS.sub("", line))
    return unicodedata.normalize("NFC", " ".join(line.replace("\u00ad", "").split()))


def _unmarked(keys: Sequence[str], match: re.Match[str]) -> str:
    """Nothing; what may be a word, or a number in round brackets, stays."""
    marker = match.group()
    named = _KEY.findall(marker)
    words = any(name.isalpha() and name not in keys for name in named)
    numbers = "(" in marker and not named
    return marker if (words or numbers) and "【" not in marker else ""


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    return is_bad(character) or (category in {"Cf", "Co", "Cn"} and character not in JOINERS)
