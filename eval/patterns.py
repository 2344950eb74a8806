"""Patterns of golden cases, whatever they are: none may take longer than a moment."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import regex

PATIENCE = 0.25
"""Seconds for one search; sound patterns take a thousandth of it on a page of text."""


def plain(text: str) -> str:
    """A text as patterns meet it: accents composed, one blank for any white space, `'` for `’`."""
    return " ".join(unicodedata.normalize("NFC", text).replace("’", "'").split())


class PatternTimeoutError(Exception):
    """A pattern took too long on what was shown: nothing is known about a match."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Some patterns, by what became of them."""

    found: tuple[str, ...]
    lacking: tuple[str, ...]
    exhausted: tuple[str, ...]
    """Those that took too long."""


class Patterns:
    """Searches patterns, case ignored, and gives up on those that take too long.

    A pattern that was given up on is not tried again, so that a repeated run with one bad
    pattern is slow only once.
    """

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._compiled: dict[str, regex.Pattern[str]] = {}
        self._exhausted: set[str] = set()

    def match(self, pattern: str, texts: tuple[str, ...]) -> bool:
        """Whether a pattern is found in one of the texts. Raises `PatternTimeoutError`."""
        if pattern in self._exhausted:
            raise PatternTimeoutError(pattern)
        compiled = self._compiled.get(pattern)
        if compiled is None:
            composed = unicodedata.normalize("NFC", pattern).replace("’", "'")
            compiled = self._compiled[pattern] = regex.compile(composed, regex.IGNORECASE)
        try:
            return any(compiled.search(text, timeout=self._patience) for text in texts)
        except TimeoutError:
            self._exhausted.add(pattern)
            raise PatternTimeoutError(pattern) from None

    def sort(self, patterns: Iterable[str], texts: tuple[str, ...]) -> Matched:
        """Which patterns are found in one of the texts, and which are not."""
        sorted_: dict[bool | None, list[str]] = {True: [], False: [], None: []}
        for pattern in patterns:
            try:
                sorted_[self.match(pattern, texts)].append(pattern)
            except PatternTimeoutError:
                sorted_[None].append(pattern)
        found, lacking, exhausted = (tuple(sorted_[key]) for key in (True, False, None))
        return Matched(found=found, lacking=lacking, exhausted=exhausted)
