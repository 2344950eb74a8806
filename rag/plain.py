"""The text of a claim as plain words: marks go, and what cannot be plain is not shown."""

import re
import unicodedata

from rag.paths import is_bad

LONGEST = 1_000
"""Characters of a statement; more is no sentence."""

JOINERS = "\u200c\u200d"
"""Invisible, but letters of some scripts need them."""

_MARKER = re.compile(
    r"\s?(?:[\[【(]\s?(?:\^?\d{1,3}|k[a-z2-7]{5,16})(?:\s?[,;]\s?(?:\d{1,3}|k[a-z2-7]{5,16})){0,8}\s?"
    r"[\]】)](?!\())"
)
"""Citations typed into the text: `[1]`, `[1, 2]`, `【3】`, `(kabc2def)`; numbers not in `( )`."""

_EMPHASIS = re.compile(r"\*{1,3}|(?<!\w)_{1,3}|_{1,3}(?!\w)|`{1,3}|~~")
_LEAD = re.compile(r"\A(?:#{1,6}|>{1,3}|[-*•–])\s+")
_MARKUP = re.compile(r"<\s?[/!?]?\s?[a-zA-Z]|&(?:#\w{1,8}|[a-zA-Z]{2,8});|\]\s?\(|\]:")
_ADDRESS = re.compile(r"\w:/|www\.|\w@\w|\b(?:javascript|data|mailto|tg):", re.IGNORECASE)


def plain(text: str) -> str:
    """A text on one line, composed (NFC), without typed citations and marks of emphasis.

    What is taken away is no word: a `2` that is emphasised stays.
    """
    line = " ".join(unicodedata.normalize("NFC", text).split())
    line = _MARKER.sub(_unmarked, line)
    line = _LEAD.sub("", _EMPHASIS.sub("", line))
    return " ".join(line.replace("\u00ad", "").split())


def _unmarked(match: re.Match[str]) -> str:
    """Nothing; a number in round brackets, which is no citation, stays."""
    marker = match.group()
    return marker if "(" in marker and any(map(str.isdecimal, marker.strip(" ()"))) else ""


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
    return None


def _is_hidden(character: str) -> bool:
    category = unicodedata.category(character)
    return is_bad(character) or (category in {"Cf", "Co", "Cn"} and character not in JOINERS)
