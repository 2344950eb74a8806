"""Names over languages: countries, currencies, months, weekdays, each under one id.

The names come from CLDR (by way of babel) in every language asked for; adjectives come
from two places in it: the names of languages whose country has a like name
(`Kasachisch` -> `country-kz`) and the first words of currencies (`kanadischer` Dollar ->
`country-ca`). `rag/data/words.toml` adds the variants CLDR lacks (`USA`, `Kirgistan`,
`Белоруссия`, `American`). Endings are those of `rag.inflect`.

Ids: `country-kz`, `region-143` (UN M.49: Central Asia), `region-eu`, `currency-usd`,
`month-4`, `weekday-3` (Monday is 1), and `language-la` for a language without a country.

Not seen: cities, irregular forms (`Franzosen`, `немцы`), names written small.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rag.gazetteer import CONNECTORS, Entry, Table, currency_codes, language_countries, table_of
from rag.inflect import LONGEST, fold
from rag.words import codes, words_of

_WORD = re.compile(r"[^\W\d_]+")
_GAP = re.compile(r"[\s\-\u2010-\u2013'’.&]{1,3}")


@dataclass(frozen=True, slots=True)
class Name:
    """A name at its place in a text: `text[start:end]`."""

    id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    folded: str
    start: int
    end: int


class Names:
    """The names of some languages, as one lookup table."""

    def __init__(self, languages: Collection[str]) -> None:
        """Builds the table from CLDR; a language that CLDR lacks has no names."""
        self._tables: dict[str, Table] = {}
        self._codes: dict[str, list[tuple[str, str]]] = {}
        for code, name in sorted(codes(), key=lambda pair: -len(pair[0])):
            self._codes.setdefault(code.split(".")[0], []).append((code, name))
        self._currency_codes = currency_codes()
        countries = language_countries()
        for language in dict.fromkeys(languages):
            self._tables[language] = table_of(language, countries)

    def find(self, text: str, language: str) -> list[Name]:
        """The names in a text, in order and without overlap, the longest at each place."""
        tokens = _tokens(text)
        found: list[Name] = []
        index = 0
        while index < len(tokens):
            name, used = self._at(text, tokens, index, language)
            if name is None:
                index += 1
                continue
            found.append(name)
            index += used
        return found

    def concept(self, word: str, language: str) -> str | None:
        """The id a word or a group of words stands for; small letters count, too."""
        tokens = _tokens(word)
        if not tokens:
            return None
        name, used = self._at(word, tokens, 0, language, strict=False)
        return name.id if name is not None and used == len(tokens) else None

    def _at(
        self, text: str, tokens: list[_Token], index: int, language: str, *, strict: bool = True
    ) -> tuple[Name | None, int]:
        """The longest name that begins at a token, and how many tokens it takes."""
        token = tokens[index]
        long_name = len(token.text) >= 7 and token.text[0].isupper()
        for table, foreign in self._tables_for(language):
            if foreign and not long_name:
                continue
            best, used = _longest(table, text, tokens, index, language, strict=strict)
            if best is not None and (not foreign or best.id.startswith("country")):
                return Name(best.id, token.start, tokens[index + used - 1].end), used
        return self._code(text, tokens, index)

    def _code(self, text: str, tokens: list[_Token], index: int) -> tuple[Name | None, int]:
        """The abbreviation that stands at a token, exactly as written."""
        token = tokens[index]
        for code, name in self._codes.get(token.text, ()):
            end = token.start + len(code)
            if text.startswith(code, token.start) and not _goes_on(text, token.start, end):
                used = sum(other.start < end for other in tokens[index : index + 3])
                return Name(name, token.start, end), used
        currency = self._currency_codes.get(token.text)
        if currency is not None and not _goes_on(text, token.start, token.end):
            return Name(currency, token.start, token.end), 1
        return None, 0

    def _tables_for(self, language: str) -> Iterator[tuple[Table, bool]]:
        """The language's own table first; the others tell foreign spellings of long names."""
        if language in self._tables:
            yield self._tables[language], False
        for other, table in self._tables.items():
            if other != language:
                yield table, True


def _tokens(text: str) -> list[_Token]:
    """The words of a text: letters only."""
    return [
        _Token(match.group(), fold(match.group()), match.start(), match.end())
        for match in _WORD.finditer(text)
    ]


def _goes_on(text: str, start: int, end: int) -> bool:
    """Whether letters or `_` stand before or after a place; digits may (`USD100`)."""
    around = text[start - 1 : start] + text[end : end + 1] if start else text[end : end + 1]
    return any(letter.isalpha() or letter == "_" for letter in around)


def _longest(
    table: Table,
    text: str,
    tokens: list[_Token],
    index: int,
    language: str,
    *,
    strict: bool,
) -> tuple[Entry | None, int]:
    """The entry with the most words that begins at a token; the first listed wins a tie."""
    token = tokens[index]
    best: Entry | None = None
    most = 0
    if token.folded in words_of(language).never:
        return None, 0
    for cut in range(min(LONGEST, len(token.folded) - 1) + 1):
        stop = len(token.folded) - cut
        for entry in table.get(token.folded[:stop], ()):
            if token.folded[stop:] not in entry.forms[0].endings:
                continue
            small = entry.capital and not token.text[0].isupper()
            if small and (strict or token.folded in words_of(language).capital_only):
                continue
            used = _matches(entry, text, tokens, index)
            if used > most:
                best, most = entry, used
    return best, most


def _matches(entry: Entry, text: str, tokens: list[_Token], index: int) -> int:
    """How many tokens an entry takes from here on; 0 where it does not match."""
    at = index
    for form in entry.forms[1:]:
        at += 1
        if at < len(tokens) and tokens[at].folded in CONNECTORS:
            at += 1
        if at >= len(tokens) or not _GAP.fullmatch(text, tokens[at - 1].end, tokens[at].start):
            return 0
        word = tokens[at].folded
        if not word.startswith(form.base) or word[len(form.base) :] not in form.endings:
            return 0
    return at - index + 1
