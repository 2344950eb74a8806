"""What an attempt says: its statements and quotes, as far as they count, and in which language.

A quote counts if it stands in its article to the character, under a statement that it carries,
and is no longer than a passage.
A statement that merely repeats the question counts for nothing, and neither do its quotes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from eval.cases import Case
from eval.records import Attempt, Quote, Shown
from eval.wording import tokens
from rag.cldr import Names
from rag.domain import Article
from rag.languages import LanguageDetector
from rag.stopwords import StopWords
from rag.understand import LANGUAGES
from rag.verify import missing_facts

LONGEST = 1_000
"""Characters of a quote that may speak for a statement: a passage, not a whole article."""

NEARLY = 0.9
"""A statement echoes the question with so much of its topics, and none besides."""


@dataclass(frozen=True, slots=True)
class Said:
    """What counts as said, with its language; `words` as `eval.wording` counts them."""

    text: str
    language: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Reads attempts against the articles of a run."""

    articles: Mapping[str, Article]
    names: Names
    detector: LanguageDetector
    stop_words: StopWords

    def exact(self, quote: Quote) -> bool:
        """Whether a quote stands in its article at its place, to the character."""
        article = self.articles.get(quote.article)
        if article is None or quote.start < 0 or quote.end > len(article.text):
            return False  # A slice would take other places for these.
        return article.text[quote.start : quote.end] == quote.quote != ""

    def supported(self, shown: Shown, language: str) -> bool:
        """Whether a statement's quotes are exact and carry its numbers, dates and names."""
        if not shown.quotes or not all(map(self.exact, shown.quotes)):
            return False
        quotes = [(q.quote, self.articles[q.article].language) for q in shown.quotes]
        return not missing_facts(shown.text, language, quotes, self.names)

    def statements(self, case: Case, pairs: Iterable[tuple[Shown, str]]) -> tuple[Said | None, ...]:
        """What each statement says, given with its language; nothing if it repeats the question."""
        asked = frozenset(tokens(case.question, case.language))
        found: list[Said | None] = []
        for shown, language in pairs:
            words = tokens(shown.text, language)
            echo = self._echoes(asked, words, language)
            found.append(None if echo else Said(shown.text, language, words))
        return tuple(found)

    def _echoes(self, asked: frozenset[str], words: Sequence[str], language: str) -> bool:
        """Whether words say nearly all that was asked, and nothing else.

        Words without a topic do not count. `Keller` is no echo of `Keller or Brandt?`, and one
        new word may be the answer: `Indeed, …` is no echo either.
        """
        topics = {word for word in asked if not self.stop_words(word, language)} or asked
        told = {word for word in words if not self.stop_words(word, language)} or set(words)
        return not words or (told <= topics and len(told) >= NEARLY * len(topics))

    def quotes(
        self, attempt: Attempt, statements: Sequence[Said | None], supported: Sequence[bool]
    ) -> Iterator[Said]:
        """The quotes that count: those of statements that say something and are supported."""
        for shown, said, passed in zip(attempt.statements, statements, supported, strict=True):
            if said is not None and passed:
                for quote in (one for one in shown.quotes if len(one.quote) <= LONGEST):
                    yield Said(quote.quote, self.articles[quote.article].language)

    def language(self, case: Case, shown: Shown) -> str:
        """The language of a statement: its article's if it is a quote, else what it looks like."""
        plain = " ".join(shown.text.split())
        for quote in shown.quotes:
            if self.exact(quote) and plain in " ".join(quote.quote.split()):
                return self.articles[quote.article].language
        known = {*LANGUAGES, case.language, *(a.language for a in self.articles.values())}
        return self.detector.detect(shown.text, among=known)


def most(said: Sequence[Said]) -> str:
    """The language that most of it is in."""
    lengths: Counter[str] = Counter()
    for one in said:
        lengths[one.language] += len(one.text)
    return lengths.most_common(1)[0][0] if lengths else ""
