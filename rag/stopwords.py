"""Words that carry no topic, so that matching them proves nothing: `rag/data/stopwords.txt`."""

from collections.abc import Iterable, Set
from pathlib import Path

FILE = Path(__file__).parent / "data" / "stopwords.txt"


class StopWords:
    """The stop words of each language in a file; a language without a line has none."""

    def __init__(self, file: Path = FILE) -> None:
        lines = file.read_text("utf-8").splitlines()
        pairs = (line.split(":", 1) for line in lines if line.strip() and line[0] != "#")
        self._words = {code.strip(): frozenset(words.split()) for code, words in pairs}

    @property
    def languages(self) -> Set[str]:
        """The languages that have stop words."""
        return self._words.keys()

    def count(self, words: Iterable[str], language: str) -> int:
        """How many of some folded words are stop words of a language."""
        known = self._words.get(language, frozenset())
        return sum(map(known.__contains__, words))

    def __call__(self, word: str, language: str) -> bool:
        """Whether a folded word of that language is a stop word."""
        return word in self._words.get(language, ())
