"""A small corpus and its index, ready for questions: only Chroma and the embedder are fakes.

Files, manifest, lexical index, lexicon and CLDR's names are the real ones. The weights are
chosen here, so that no fit of `rag/data/weights.toml` changes what a test sees.
"""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import aclosing, closing, contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rag.analysis import Analyser
from rag.answerer import Answerer
from rag.cldr import Names
from rag.domain import Draft, Hit, Material, Question, Reply
from rag.evidence import Assessor, Evidence
from rag.extract import Extractor
from rag.fallback import Fallback
from rag.ingest import Indexer
from rag.judge import Judge
from rag.languages import LanguageDetector
from rag.ledger import Ledger
from rag.lexical import Rows, create
from rag.lexicon import Lexicon
from rag.lookup import Lookup
from rag.manifest import Manifest
from rag.ports import Generator, Model
from rag.retrieve import Retriever
from rag.rewrite import Rewriter
from rag.scan import Scanner
from rag.settings import Settings
from rag.stopwords import StopWords
from rag.understand import LANGUAGES
from rag.verify import Verifier
from rag.weights import Weights
from rag.write import Writer
from tests.fakes import FakeEmbedder, FakeStore

ANALYSER = Analyser(lexicon=Lexicon(), names=Names(LANGUAGES), stop_words=StopWords())
DETECTOR = LanguageDetector()
ASKED_AT = datetime(2025, 4, 3, tzinfo=UTC)


def weights_of(confidence: float = 3.0, **worth: float) -> Weights:
    """Weights by the names of the features, the others 0; a confidence that never changes."""
    vector = tuple(worth.get(field.name, 0.0) for field in fields(Evidence))
    constant = defaultdict(float, constant=confidence)
    return Weights(same=vector, across=vector, bias=0.0, strength=0.0, confidence=constant)


WEIGHTS = weights_of(coverage=8.0, before=7.0, rest=3.0, grams=3.0, fused=2.0, kind=1.0, heading=-2)


@dataclass(frozen=True)
class Library:
    """A folder of articles, and everything that answers questions about them."""

    answerer: Answerer
    extractor: Extractor
    store: FakeStore

    @property
    def corpus(self) -> Path:
        return self.answerer.indexer.settings.corpus

    def write(self, articles: Mapping[str, str]) -> None:
        """Write articles: `mill.txt`, or `mill.de.txt` for one that says its language."""
        for name, text in articles.items():
            _, *language = name.removesuffix(".txt").split(".")
            head = f"---\nlanguage: {language[0]}\n---\n" if language else ""
            (self.corpus / name).write_text(head + text, "utf-8", newline="")

    def ingest(self) -> None:
        self.answerer.indexer.run()

    def ask(self, text: str) -> Reply:
        return asyncio.run(self.answerer.answer(text))

    def hits(self, text: str, language: str = "en", limit: int = 12) -> tuple[Hit, ...]:
        with self.answerer.indexer.manifest.reading() as snapshot:
            retriever = self.answerer.lookup.retriever
            return retriever.find(question(text, language), snapshot, limit)

    def draft(self, text: str, language: str = "en") -> Draft:
        material = Material(hits=self.hits(text, language))
        return asyncio.run(drafted(self.extractor, question(text, language), material))

    def shown(self, text: str, language: str = "en") -> list[str]:
        """The sentences that the extractive generator proposes."""
        return [claim.text for claim in self.draft(text, language).claims]


def library(  # noqa: PLR0913 - each is for other tests
    folder: Path,
    articles: Mapping[str, str],
    *,
    weights: Weights = WEIGHTS,
    statements: int = 3,
    threshold: float = 0.0,
    generator: Generator | None = None,
    model: Model | None = None,
    judge: Model | None = None,
    **settings: Any,
) -> Library:
    """Open a library in a folder; it is indexed by the first question, or by `ingest`.

    With a model it is the model that writes, and the extractor where the model is silent.
    """
    (folder / "corpus").mkdir(parents=True, exist_ok=True)
    store, embedder = FakeStore(), FakeEmbedder()
    indexer = Indexer(
        settings=Settings(corpus=folder / "corpus", data=folder / "data", **settings),
        manifest=Manifest(folder / "data" / "index.db"),
        store=store,
        embedder=embedder,
        analyser=ANALYSER,
        scanner=Scanner(corpus=folder / "corpus", max_bytes=10**6, detector=DETECTOR),
    )
    extractor = Extractor(
        assessor=Assessor(ANALYSER),
        manifest=indexer.manifest,
        weights=weights,
        statements=statements,
        threshold=threshold,
    )
    answerer = Answerer(
        indexer=indexer,
        lookup=Lookup(
            indexer=indexer,
            retriever=Retriever(store=store, embedder=embedder, analyser=ANALYSER),
            beside=20 if model else 0,
        ),
        generator=generator or (writing(model, extractor) if model else extractor),
        verifier=Verifier(ANALYSER),
        rewriter=Rewriter(model, most=4_000) if model else None,
        judge=Judge(judge) if judge else None,
        spare=extractor if model else None,
        now=lambda: ASKED_AT,
    )
    made = Library(answerer=answerer, extractor=extractor, store=store)
    made.write(articles)
    return made


def writing(model: Model, extractor: Extractor) -> Generator:
    """What writes with a model."""
    return Fallback(Writer(model, budget=4_000), extractor)


async def drafted(generator: Generator, asked: Question, material: Material) -> Draft:
    """The draft that a generator ends with."""
    async with aclosing(generator.draft(asked, material, Ledger())) as drafting:
        async for one in drafting:
            if isinstance(one, Draft):
                return one
    raise AssertionError("no draft")


def question(text: str, language: str = "en") -> Question:
    return Question(text=text, language=language, asked_at=ASKED_AT)


@contextmanager
def rows_of(*passages: tuple[str, str]) -> Iterator[Rows]:
    """A lexical index of (language, text) pairs, in memory."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        create(connection)
        rows = Rows(connection)
        for number, (language, text) in enumerate(passages):
            terms = ANALYSER.terms(text, language)
            rows.add(f"p{number}", f"{number}.txt", language, terms)
        yield rows
