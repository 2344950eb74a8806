"""The last gate before a person: is the quote in the file, and does it carry the claim?

    digest of the file -> slice equals sentence -> facts of the claim stand in its quotes

What fails on the way is the reason why a claim is not shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rag.cite import Supported
from rag.cldr import Names
from rag.corpus import line_of
from rag.domain import Article, Citation, Dropped, Sentence, Statement
from rag.errors import CitebotError
from rag.manifest import Entry
from rag.verify import missing_facts

Reader = Callable[[str], Article]
"""Reads an article of the corpus from its file, by id."""


@dataclass(slots=True, kw_only=True)
class Checker:
    """Turns supported claims into statements, one reply at a time.

    Every file is read anew for a reply, so that what is shown stands in it now.
    """

    entries: Mapping[str, Entry]
    read: Reader
    names: Names
    _articles: dict[str, Article | str] = field(default_factory=dict)
    _numbers: dict[Sentence, int] = field(default_factory=dict)

    def check(self, supported: Supported, language: str) -> Statement | Dropped:
        """A statement, or why the claim is not shown.

        `language` is the claim's. Citations are numbered in the order in which they are first
        used in this reply; a sentence that is used again keeps its number.
        """
        articles: list[Article] = []
        quotes: list[tuple[str, str]] = []
        for sentence in supported.sentences:
            article = self._article(sentence.article_id)
            if isinstance(article, str):
                return Dropped(claim=supported.claim, why=article)
            quote = article.text[sentence.start : sentence.end]
            if quote != sentence.text:
                why = f"{sentence.article_id} does not hold the quote at its place"
                return Dropped(claim=supported.claim, why=why)
            articles.append(article)
            quotes.append((quote, article.language))
        missing = missing_facts(supported.claim.text, language, quotes, self.names)
        if missing:
            text = supported.claim.text
            facts = ", ".join(f"“{text[fact.start : fact.end]}”" for fact in missing)
            return Dropped(claim=supported.claim, why=f"its quotes do not say {facts}")
        return Statement(
            text=supported.claim.text,
            citations=tuple(map(self._citation, articles, supported.sentences)),
        )

    def _article(self, article_id: str) -> Article | str:
        """The article as it is on disk, or why it cannot be cited."""
        if article_id not in self._articles:
            self._articles[article_id] = self._fresh(article_id)
        return self._articles[article_id]

    def _fresh(self, article_id: str) -> Article | str:
        entry = self.entries.get(article_id)
        if entry is None:
            return f"{article_id} is not in the index any more"
        try:
            article = self.read(article_id)
        except CitebotError as error:
            return str(error)
        if article.sha256 != entry.sha256:
            return f"{article_id} has changed since it was indexed: run `ingest`"
        return article

    def _citation(self, article: Article, sentence: Sentence) -> Citation:
        return Citation(
            number=self._numbers.setdefault(sentence, len(self._numbers) + 1),
            article_id=article.id,
            title=article.title,
            line=line_of(article.text, sentence.start),
            start=sentence.start,
            end=sentence.end,
            quote=article.text[sentence.start : sentence.end],
            published_on=article.published_on,
        )
