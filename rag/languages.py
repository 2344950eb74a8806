"""Which language a text is in, by py3langid (BSD-3-Clause, 140 languages, works offline)."""

import threading
from collections.abc import Collection
from typing import Protocol

SAMPLE = 10_000
"""Characters that decide: more does not change the answer and costs time (about 1 ms for these)."""

CODE_LENGTH = 2
"""Letters in an ISO 639-1 code."""

DEFAULT = "en"
"""The answer for text without letters, such as a table of figures."""


class _Identifier(Protocol):
    def rank(self, text: str) -> list[tuple[str, float]]: ...


class LanguageDetector:
    """Tells the language of texts. Holds its own copy of the model, loaded at the first text.

    May be used from several threads at once.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._identifier: _Identifier | None = None

    def detect(self, text: str, *, among: Collection[str] | None = None) -> str:
        """Give the ISO 639-1 code of the likeliest language of `text`.

        With `among`, the likeliest of these. Text without letters counts as English, or as the
        first of `among`. Raises ValueError when the model knows no language of `among`.
        """
        if among is not None and not among:
            raise ValueError("no language to choose from")
        sample = text[:SAMPLE]
        if not any(character.isalpha() for character in sample):
            return DEFAULT if among is None or DEFAULT in among else next(iter(among))
        for language, _ in self._model().rank(sample):
            # Labels of three letters are "no language at all" and tongues without such a code.
            if language in among if among is not None else len(language) == CODE_LENGTH:
                return language
        raise ValueError(f"no known language among {', '.join(sorted(among or ()))}")

    def _model(self) -> _Identifier:
        """The model; loading takes about half a second, so only one thread does it."""
        with self._lock:
            if self._identifier is None:
                # Imported here because it brings numpy, which takes 70 ms.
                from py3langid.langid import MODEL_FILE, LanguageIdentifier

                self._identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
            return self._identifier
