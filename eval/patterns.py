"""Patterns of golden cases, whatever they are: none may take longer than a moment."""

import regex

PATIENCE = 0.25
"""Seconds for one search; sound patterns take a thousandth of it on a page of text."""


class PatternTimeoutError(Exception):
    """A pattern took too long on what was shown: nothing is known about a match."""


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
            compiled = self._compiled[pattern] = regex.compile(pattern, regex.IGNORECASE)
        try:
            return any(compiled.search(text, timeout=self._patience) for text in texts)
        except TimeoutError:
            self._exhausted.add(pattern)
            raise PatternTimeoutError(pattern) from None
