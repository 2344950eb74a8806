"""What a text is searched by, in all the ways that the index knows.

    text ─┬─ words     Snowball stems of the text's language, without stop words
          ├─ grams     romanised character 4-grams: names and loanwords over scripts
          └─ concepts  ids of the lexicon and of CLDR names: meanings over languages

Passages and questions go the same way.
"""

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from rag.cldr import Names
from rag.lexical import Terms
from rag.lexicon import Lexicon
from rag.stopwords import FILE as STOP_WORDS
from rag.stopwords import StopWords
from rag.terms import GRAM, Stems, Word, fold, grams, words

WORDS = Path(__file__).parent / "data" / "words.toml"
"""Names that CLDR lacks: they are concepts, too."""

REVISION = 1
"""Raised with every change of this module that gives a text other terms."""


class Analyser:
    """Texts to terms, the same for passages and questions."""

    def __init__(self, *, lexicon: Lexicon, names: Names, stop_words: StopWords) -> None:
        self.lexicon = lexicon
        self.names = names
        self.stop_words = stop_words

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints give equal terms: kept with the index, compared by `ingest`."""
        parts = (
            str(REVISION),
            str(GRAM),
            self.lexicon.digest,
            *(hashlib.sha256(file.read_bytes()).hexdigest() for file in (STOP_WORDS, WORDS)),
            *(version(name) for name in ("anyascii", "PyStemmer", "babel")),
        )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]

    def terms(self, text: str, language: str) -> Terms:
        """The terms of a text."""
        topical = self.topical(words(text), language)
        return Terms(
            words=Stems().of((word.text for word in topical), language),
            grams=grams(" ".join(word.text for word in topical)),
            concepts=self.concepts(text, language),
        )

    def topical(self, text: Iterable[Word], language: str) -> list[Word]:
        """The words that are no stop words."""
        return [word for word in text if not self.stop_words(fold(word.text), language)]

    def concepts(self, text: str, language: str) -> list[str]:
        """The concepts that a text names."""
        forms = [word.text for word in words(text)]
        idle = [self.stop_words(fold(form), language) for form in forms]
        meant = self.lexicon.find(forms, language)
        found = [f.concept for f in meant if not all(idle[f.first : f.last])]
        return found + [name.id for name in self.names.find(text, language)]
