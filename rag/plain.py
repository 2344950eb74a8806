"""The text of a claim as plain words: marks go, and what cannot be plain is not shown."""

import re
import unicodedata
from collections.abc import Sequence
from functools import partial

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
    r"\w:/|www\.|\w@\w|\w\.[^\W\d_]{2,}/\w|\b(?:javascript|data|mailto|tg):(?=\S)", re.IGNORECASE
)


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
    if any(map(_is_hidden, text)):
        return "it holds characters that are not seen or turn the writing around"
    if _MARKUP.search(text):
        return "it holds markup"
    if _ADDRESS.search(text):
        return "it holds an address"
    if plain(text) != text:
        return "it is not plain text on one line"
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
