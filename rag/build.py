"""The composition point: from settings to working parts. Only here are adapters named."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from rag.analysis import Analyser
from rag.answerer import LANGUAGES, Answerer
from rag.cldr import Names
from rag.embed import HashEmbedder
from rag.evidence import Assessor
from rag.extract import Extractor
from rag.ingest import Indexer
from rag.languages import LanguageDetector
from rag.lexicon import Lexicon
from rag.manifest import Manifest
from rag.ports import Embedder
from rag.retrieve import Retriever
from rag.scan import Scanner
from rag.settings import Settings
from rag.stopwords import StopWords
from rag.store import ChromaStore
from rag.weights import Weights


class Parts:
    """Everything that one installation is made of, each part made when first needed.

    `embedder` takes the place of the built-in one: any object with the port's methods.
    """

    def __init__(self, settings: Settings, *, embedder: Embedder | None = None) -> None:
        self.settings = settings
        self.embedder: Embedder = embedder or HashEmbedder(settings.dimension)
        self.folder = index_folder(settings)
        self.detector = LanguageDetector()

    def warm(self) -> None:
        """Begin to load what takes long, in a thread, for a question that is about to come."""
        threading.Thread(target=_quietly, args=(ChromaStore.load,), name="citebot-warm").start()

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest and the lexical index."""
        return Manifest(self.folder / "index.db")

    @cached_property
    def store(self) -> ChromaStore:
        """The passages in Chroma."""
        token = self.settings.chroma_token
        return ChromaStore(
            path=self.folder / "chroma",
            dimension=self.embedder.dimension,
            url=self.settings.chroma_url,
            token=token.get_secret_value() if token else None,
        )

    @cached_property
    def analyser(self) -> Analyser:
        """What texts are matched by."""
        return Analyser(lexicon=Lexicon(), names=Names(LANGUAGES), stop_words=StopWords())

    @cached_property
    def indexer(self) -> Indexer:
        """Keeps the index equal to the folder."""
        return Indexer(
            settings=self.settings,
            manifest=self.manifest,
            store=self.store,
            embedder=self.embedder,
            analyser=self.analyser,
            scanner=Scanner(
                corpus=self.settings.corpus,
                max_bytes=self.settings.max_article_bytes,
                detector=self.detector,
            ),
        )

    @cached_property
    def retriever(self) -> Retriever:
        """Looks questions up."""
        return Retriever(store=self.store, embedder=self.embedder, analyser=self.analyser)

    @cached_property
    def generator(self) -> Extractor:
        """Proposes answers."""
        return Extractor(
            assessor=Assessor(self.analyser),
            manifest=self.manifest,
            weights=Weights.read(),
            statements=self.settings.statements,
            threshold=self.settings.threshold,
        )

    @cached_property
    def answerer(self) -> Answerer:
        """The way of a question."""
        return Answerer(indexer=self.indexer, retriever=self.retriever, generator=self.generator)


def index_folder(settings: Settings) -> Path:
    """Where the index of a corpus lives: one folder for each in the data directory."""
    digest = hashlib.sha256(os.fsencode(settings.corpus)).hexdigest()[:8]
    # A name may be long, or hold bytes that Chroma cannot take.
    name = "".join(c if c.isalnum() or c in "-_." else "_" for c in settings.corpus.name[:40])
    return settings.data / f"{name or 'corpus'}-{digest}"


def _quietly(work: Callable[[], object]) -> None:
    """What goes wrong while warming goes wrong again where it is used, and is told there."""
    with contextlib.suppress(Exception):
        work()
