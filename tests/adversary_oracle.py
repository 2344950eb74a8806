"""What of a reply is right, told without the code under test.

A citation is right where the file, read here as bytes, has its quote at its place. A statement is
carried where the names that it has, of those known here, and its digits stand in its quotes; and
whether it is true at all, its row knows.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from rag.domain import Answer, Citation, Reply, Statement

NAMES: Final = (
    r"zhao|\bcz\b|чжао",
    r"\bteng|тенг",
    r"zhaparov|жапаров",
    r"tokayev|токаев",
    r"musin|мусин",
    r"suleimenov|сулейменов",
    r"trump|трамп",
    r"binance",
    r"coinbase",
    r"kraken",
    r"canaan",
    r"btc\.com",
    r"usdt",
    r"usdc",
    r"ethereum|\bether\b",
    r"bitcoin|биткоин|\bbtc\b",
    r"financial times",
    r"wall street journal",
    r"kasach|kazakh|казах",
    r"kirgis|kyrgyz|kirghiz|киргиз|кыргыз",
    r"usbek|uzbek|ouzb|узбек",
    r"\busa?\b|\bu\.s\.|united states|états-unis|américain|american|\bсша\b",
    r"großbritan|united kingdom|royaume-uni|великобритан",
    r"\bchin|китай|китая|pékin",
    r"russ(?:ia|land|ie)|россия|россии",
    r"frankreich|france\b|франц",
    r"deutschland|germany|allemagne|германи",
    r"ital",
    r"spanien|spain|espagne|испан",
    r"portugal|португал",
    r"norweg|norvège|norway|норвег",
    r"mongol|монгол",
    r"japan|japon|япони",
)
"""Patterns for those whom the articles, and the false claims, speak of, in four languages."""

WORDS: Mapping[str, str] = {"2": "two|zwei|deux", "4": "four|vier|quatre"}
"""Number words that stand for digits in the articles."""


def faults(statement: Statement) -> list[str]:
    """What a statement says, in digits and known names, and its quotes do not."""
    quoted = " ".join(citation.quote for citation in statement.citations)
    missing = [name for name in NAMES if _has(name, statement.text) and not _has(name, quoted)]
    digits = set(re.findall(r"\d+", _plain(quoted)))
    numbers = re.findall(r"\d+", _plain(statement.text))
    return missing + [
        number
        for number in numbers
        if number not in digits and not _has(WORDS.get(number, r"(?!)"), quoted)
    ]


def is_quote(statement: Statement) -> bool:
    """Whether a statement is nothing but its quotes."""
    quotes = [_plain(citation.quote) for citation in statement.citations]
    return _plain(statement.text) in {*quotes, " ".join(quotes)}


def absent(reply: Reply, corpus: Path) -> list[Citation]:
    """The citations of a reply that their file does not hold at their place."""
    if not isinstance(reply, Answer):
        return []
    cited = [one for statement in reply.statements for one in statement.citations]
    return [one for one in cited if not _stands(one, corpus)]


def twice(statements: Sequence[Statement]) -> set[str]:
    """The texts that are said more than once."""
    texts = Counter(_plain(statement.text).casefold() for statement in statements)
    return {one.text for one in statements if texts[_plain(one.text).casefold()] > 1}


def _stands(citation: Citation, corpus: Path) -> bool:
    file = corpus / citation.article_id
    if not file.resolve().is_relative_to(corpus.resolve()) or not file.is_file():
        return False
    text = file.read_bytes().decode("utf-8")
    return bool(citation.quote.strip()) and text[citation.start : citation.end] == citation.quote


def _has(pattern: str, text: str) -> bool:
    return bool(re.search(pattern, _plain(text), re.IGNORECASE))


def _plain(text: str) -> str:
    """One line; digits of any script are ASCII's."""
    line = " ".join(unicodedata.normalize("NFC", text).split())
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in line)
