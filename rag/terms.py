"""What a text is matched by: words, stems and romanised character n-grams."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

import Stemmer
from anyascii import anyascii

STEMMED = {
    "ar": "arabic", "da": "danish", "de": "german", "el": "greek", "en": "english",
    "es": "spanish", "fi": "finnish", "fr": "french", "hu": "hungarian", "it": "italian",
    "nl": "dutch", "no": "norwegian", "pt": "portuguese", "ro": "romanian", "ru": "russian",
    "sv": "swedish", "tr": "turkish",
}  # fmt: skip
"""Languages with a Snowball stemmer, by ISO 639-1 code; others are matched by the word."""

GRAM = 4
"""Length of the n-grams of the lexical index: on XQuAD the best single length for German, Russian
and mixed languages."""

# An accent may be a character of its own behind its letter: files from a Mac have many.
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:[\u0300-\u036f]+[^\W\d_]*)*")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text, as it stands there, with its offsets."""

    text: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words and the digit groups of a text, in order.

    Hyphens and apostrophes part words (`Krypto-Börse`, `d'accord`); a group of digits
    keeps its separators (`4,3`).
    """
    return [Word(match[0], match.start(), match.end()) for match in _WORD.finditer(text)]


def word_texts(text: str) -> list[str]:
    """The words of a text without their offsets, which take most of the time."""
    return _WORD.findall(text)


def fold(word: str) -> str:
    """A word without case and compatibility forms."""
    if word.isascii():
        return word.lower()
    return unicodedata.normalize("NFKC", word).casefold()


def romanised(text: str) -> str:
    """A text in lower-case ASCII letters, whatever its script."""
    return str(anyascii(text)).lower()


def grams(text: str, length: int = GRAM) -> list[str]:
    """The romanised character n-grams of a text's words, each word framed by `_`.

    A word shorter than the frame allows is one gram. Digits stay whole.
    """
    found: list[str] = []
    for word in words(text):
        framed = f"_{''.join(c for c in romanised(word.text) if c.isalnum())}_"
        if len(framed) <= length or framed[1].isdigit():
            found.append(framed)
            continue
        found.extend(framed[i : i + length] for i in range(len(framed) - length + 1))
    return found


class Stems:
    """Stemmers, one per language, made when first needed.

    Not safe to share between threads: a Snowball stemmer keeps a buffer.
    """

    def __init__(self) -> None:
        self._stemmers: dict[str, Stemmer.Stemmer] = {}

    def of(self, forms: Iterable[str], language: str) -> list[str]:
        """The stems of some words of one language, in order."""
        folded = [fold(form) for form in forms]
        if language not in STEMMED:
            return folded
        stemmer = self._stemmers.get(language)
        if stemmer is None:
            # Its own cache costs more than stemming.
            stemmer = self._stemmers[language] = Stemmer.Stemmer(STEMMED[language], 0)
        stems: list[str] = stemmer.stemWords(folded)
        return stems
