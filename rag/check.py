"""The last gate before a person: is the quote in the file, and does it carry the claim?

    digest of the file -> slice equals sentence -> facts of the claim stand in its quotes

What fails on the way is the reason why a claim is not shown.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from rag.cite import Supported
from rag.corpus import line_of
from rag.domain import Citation, Dropped, Sentence, Statement
from rag.errors import ArticleError, CitebotError
from rag.manifest import Entry
from rag.verify import Verifier

Reader = Callable[[str], tuple[str, str]]
"""Reads the text of an article from its file, by id, and the digest of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fresh:
    """An article whose file is as it was indexed, so that all that the index says of it holds."""

    entry: Entry
    text: str


@dataclass(slots=True, kw_only=True)
class Checker:
    """Turns supported claims into statements, one reply at a time.

    Every file is read anew for a reply, so that what is shown stands in it now.
    """

    entries: Mapping[str, Entry]
    read: Reader
    verifier: Verifier
    _articles: dict[str, _Fresh | str] = field(default_factory=dict)
    _numbers: dict[Sentence, int] = field(default_factory=dict)

    def check(self, supported: Supported, language: str) -> Dropped | None:
        """Why a claim is not shown; nothing where it may be.

        `language` is the claim's.
        """
        quotes: list[tuple[str, str]] = []
        for sentence in supported.sentences:
            article = self._article(sentence.article_id)
            if isinstance(article, str):
                return Dropped(claim=supported.claim, why=article)
            quote = article.text[sentence.start : sentence.end]
            if quote != sentence.text:
                why = f"{sentence.article_id} does not hold the quote at its place"
                return Dropped(claim=supported.claim, why=why)
            quotes.append((quote, article.entry.language))
        faults = self.verifier.faults(supported.claim.text, language, quotes)
        return Dropped(claim=supported.claim, why="; ".join(faults)) if faults else None

    def state(self, supported: Supported) -> Statement:
        """A claim that was checked, with its citations.

        They are numbered in the order in which they are first used in this reply; a sentence
        that is used again keeps its number.
        """
        return Statement(
            text=supported.claim.text,
            citations=tuple(map(self._citation, supported.sentences)),
        )

    def _article(self, article_id: str) -> _Fresh | str:
        """The article as it is on disk, or why it cannot be cited."""
        if article_id not in self._articles:
            self._articles[article_id] = self._fresh(article_id)
        return self._articles[article_id]

    def _fresh(self, article_id: str) -> _Fresh | str:
        entry = self.entries.get(article_id)
        if entry is None:
            return f"{article_id} is not in the index any more"
        try:
            text, sha256 = self.read(article_id)
        except CitebotError as error:
            return str(error)
        if sha256 != entry.sha256:
            return f"{article_id} has changed since it was indexed: run `ingest`"
        return _Fresh(entry=entry, text=text)

    def _citation(self, sentence: Sentence) -> Citation:
        article = self._articles[sentence.article_id]
        if isinstance(article, str):
            raise ArticleError(article)
        return Citation(
            number=self._numbers.setdefault(sentence, len(self._numbers) + 1),
            article_id=article.entry.id,
            title=article.entry.title,
            line=line_of(article.text, sentence.start),
            start=sentence.start,
            end=sentence.end,
            quote=article.text[sentence.start : sentence.end],
            published_on=article.entry.published_on,
        )
