"""The composition point: from settings to working parts. Only here are adapters named."""

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

from pydantic import SecretStr

from rag.analysis import Analyser
from rag.answerer import Answerer
from rag.cldr import Names
from rag.embed import HashEmbedder
from rag.errors import ModelSettingsError
from rag.evidence import Assessor
from rag.extract import Extractor
from rag.fallback import Fallback, Silent
from rag.ingest import Indexer
from rag.judge import Judge
from rag.languages import LanguageDetector
from rag.lexicon import Lexicon
from rag.llm import LanguageModel
from rag.lookup import Lookup
from rag.manifest import Manifest
from rag.patience import Patience
from rag.ports import Embedder, Generator, Model
from rag.retrieve import Retriever
from rag.rewrite import Rewriter
from rag.scan import Scanner
from rag.settings import Settings
from rag.stopwords import StopWords
from rag.store import ChromaStore
from rag.understand import LANGUAGES
from rag.verify import Verifier
from rag.weights import Weights
from rag.write import Writer

LEAST_TOKENS = 100
"""What a passage has at least, so that no more are looked up than a model may read."""


class Parts:
    """Everything that one installation is made of, each part made when first needed.

    `embedder` takes the place of the built-in one: any object with the port's methods.
    """

    def __init__(self, settings: Settings, *, embedder: Embedder | None = None) -> None:
        self.settings = settings
        self.embedder: Embedder = embedder or HashEmbedder(settings.dimension)
        self.folder = index_folder(settings)
        self.detector = LanguageDetector()

    def close(self) -> None:
        """Give back the files of what was made; what is asked for afterwards opens them again."""
        for name in ("store", "manifest"):
            if name in vars(self):
                getattr(self, name).close()

    def warm(self) -> None:
        """Begin to load what takes long, in a thread, for a question that is about to come."""
        loads = [ChromaStore.load, *([LanguageModel.load] if self.settings.model else [])]
        for number, load in enumerate(loads):
            name = f"citebot-warm-{number}"
            threading.Thread(target=_quietly, args=(load,), name=name).start()

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
    def extractor(self) -> Extractor:
        """Proposes the articles' own sentences."""
        return Extractor(
            assessor=Assessor(self.analyser),
            manifest=self.manifest,
            weights=Weights.read(),
            statements=self.settings.statements,
            threshold=self.settings.threshold,
        )

    @cached_property
    def model(self) -> Model | None:
        """The language model, if one is named."""
        name = self.settings.model
        return self._language_model(name, "CITEBOT_MODEL") if name else None

    @cached_property
    def generator(self) -> Generator:
        """Proposes answers: a model's where there is one, and else what the articles say."""
        if not self.model:
            return self.extractor
        writer = Writer(self.model, budget=self.settings.context_tokens)
        return Fallback(writer, self.extractor)

    @cached_property
    def answerer(self) -> Answerer:
        """The way of a question."""
        settings, model = self.settings, self.model
        beside = settings.context_tokens // LEAST_TOKENS if model else 0
        most = settings.max_question_characters
        judge = self._language_model(settings.judge, "CITEBOT_JUDGE") if settings.judge else None
        return Answerer(
            indexer=self.indexer,
            lookup=Lookup(indexer=self.indexer, retriever=self.retriever, beside=beside),
            generator=self.generator,
            verifier=Verifier(self.analyser),
            rewriter=Rewriter(model, most=most) if model else None,
            judge=Judge(judge) if judge else None,
            spare=self.extractor if model else None,
        )

    def _language_model(self, name: str, setting: str) -> Model:
        """A model by its name; one that says what is missing, where it cannot be asked."""
        settings = self.settings
        key, url = settings.openai_api_key, settings.openai_base_url
        if not key and not url:
            return Silent(
                name,
                f"There is no key for the language model {name}: set OPENAI_API_KEY, or "
                "OPENAI_BASE_URL to a server that needs none.",
            )
        try:
            return LanguageModel(
                name=name,
                base_url=url,
                key=key or SecretStr("none"),
                concurrency=settings.model_concurrency,
                max_tokens=settings.answer_tokens,
                temperature=settings.temperature,
                patience=Patience(
                    # A server that stays silent leaves time for another try.
                    tries=settings.model_tries,
                    seconds=settings.model_seconds / 2,
                ),
                setting=setting,
            )
        except ModelSettingsError as error:
            return Silent(name, str(error))


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
