"""The way of a question: understand, retrieve, generate, cite, verify, reply."""

import asyncio
import hashlib
import threading
import time
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Self, TypeVar

from rag.check import Checker
from rag.cite import cite
from rag.corpus import article_path, read_article
from rag.domain import (
    Answer,
    Article,
    Draft,
    Dropped,
    Exchange,
    Hit,
    Question,
    Reason,
    Refusal,
    Reply,
    Statement,
)
from rag.errors import CitebotError, LockedError, QuestionError, StorageError
from rag.ingest import Indexer, Progress, Report
from rag.languages import LanguageDetector
from rag.manifest import Entry
from rag.ports import Generator
from rag.retrieve import Retriever

LANGUAGES = ("de", "en", "fr", "ru")
"""Languages that a question may be in, besides those of the articles: the lexicon's."""

T = TypeVar("T")

PATIENCE = 60.0
"""Seconds that a first question waits for another process to build the index."""

TRIES = 3
"""Times that a question is looked up, when a writer finishes a generation under it."""


@dataclass(slots=True)
class _Clock:
    """Seconds per stage of one reply."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begun


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """What one generation of the index offers for a question."""

    hits: tuple[Hit, ...]
    entries: dict[str, Entry]
    stale: tuple[str, ...]
    """Why articles were left out whose files are not as they were indexed."""
    written: datetime | None
    """When the generation was finished."""
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Answers questions about one folder of articles.

    Safe to share between tasks and threads. Made by `rag.open_answerer`.
    """

    indexer: Indexer
    retriever: Retriever
    generator: Generator
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _building: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    async def answer(self, text: str, *, history: Sequence[Exchange] = ()) -> Reply:
        """Answer a question, or refuse; the index is built first where there is none.

        Raises `QuestionError` for text that cannot be a question, and the errors of
        `ingest` and of an unusable index.
        """
        clock = _Clock()
        text = checked(text, most=self.indexer.settings.max_question_characters)
        await self.prepare()
        with clock.stage("understand"):
            question = await _aside(self._understand, text, tuple(history))
        with clock.stage("retrieve"):
            found = await _aside(self._find, question, self.indexer.settings.hits)
        with clock.stage("generate"):
            draft = await self._draft(question, found.hits)
        with clock.stage("verify"):
            statements, dropped = await _aside(self._verified, question, draft, found)
            if not statements:
                found = await _aside(self._explained, found)
        return self._reply(question, draft, found, statements, dropped, clock)

    async def search(self, text: str, *, limit: int | None = None) -> tuple[Hit, ...]:
        """The passages nearest to a text, best first; raises as `answer` does."""
        text = checked(text, most=self.indexer.settings.max_question_characters)
        await self.prepare()
        question = await _aside(self._understand, text, ())
        limit = limit or self.indexer.settings.hits
        found = await _aside(self._find, question, limit)
        return found.hits[:limit]

    async def prepare(self, *, progress: Progress = lambda _done, _total: None) -> Report | None:
        """Build the index if there is none; what was done, or nothing."""
        return await _aside(self._prepare, progress)

    def close(self) -> None:
        """Give back the files and the memory of the index; `with` does so, too."""
        self.indexer.store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, article_id: str) -> Article:
        """An article from its file. Raises `ArticleError` and `UsageError`."""
        settings = self.indexer.settings
        return read_article(
            settings.corpus,
            article_path(settings.corpus, article_id),
            max_bytes=settings.max_article_bytes,
            detector=_Remembered(entry=self._entry(article_id), detector=self._detector),
        )

    def _prepare(self, progress: Progress) -> Report | None:
        """Of many first questions at once, one builds the index and the others wait for it."""
        patience = time.monotonic() + PATIENCE
        with self._building:
            while not self.indexer.manifest.exists:
                try:
                    return self.indexer.run(progress=progress)
                except LockedError:  # Another process builds it, for its own first question.
                    if time.monotonic() > patience:
                        raise
                    time.sleep(0.2)
        return None

    @property
    def _detector(self) -> LanguageDetector:
        return self.indexer.scanner.detector

    def _entry(self, article_id: str) -> Entry | None:
        """What the index has of an article; nothing where there is no index to be read."""
        with suppress(CitebotError):
            if self.indexer.manifest.exists:
                with self.indexer.manifest.reading() as snapshot:
                    return snapshot.entries.get(article_id)
        return None

    def _understand(self, text: str, history: tuple[Exchange, ...]) -> Question:
        with self.indexer.manifest.reading() as snapshot:
            languages = {*LANGUAGES, *snapshot.rows.languages()}
        return Question(
            text=text,
            language=self._detector.detect(text, among=languages),
            asked_at=self.now(),
            history=history,
        )

    def _find(self, question: Question, limit: int) -> _Found:
        """Look the question up in one generation.

        A writer may drop, under a reader, a segment that is two generations old; then the
        newest generation has it all.
        """
        for _ in range(TRIES - 1):
            try:
                return self._find_once(question, limit)
            except StorageError:
                continue
        return self._find_once(question, limit)

    def _find_once(self, question: Question, limit: int) -> _Found:
        with self.indexer.manifest.reading() as snapshot:
            self.indexer.check(snapshot)
            hits = self.retriever.find(question, snapshot, limit)
            entries, facts = dict(snapshot.entries), snapshot.facts
            generation = snapshot.generation
        found = dict.fromkeys(hit.passage.article_id for hit in hits)
        unlike = {i: self.indexer.scanner.unlike(entries[i]) for i in found if i in entries}
        return _Found(
            hits=tuple(hit for hit in hits if not unlike.get(hit.passage.article_id, "gone")),
            entries=entries,
            stale=tuple(why for why in unlike.values() if why),
            written=datetime.fromisoformat(facts["written"]) if "written" in facts else None,
            generation=generation,
        )

    def _explained(self, found: _Found) -> _Found:
        """What may be the reason for a refusal, besides the articles.

        Raises `CorpusError` for a folder that is not mounted: it must not look like silence.
        """
        self.indexer.look(found.entries)
        if found.written is None:
            return found
        new = self.indexer.scanner.newcomers(found.entries, found.written.timestamp())
        why = f"The folder holds new articles ({new}) that are not indexed: run `ingest`."
        return replace(found, stale=(*found.stale, why)) if new else found

    async def _draft(self, question: Question, hits: Sequence[Hit]) -> Draft:
        if not hits:
            return Draft(claims=(), reason=Reason.NO_EVIDENCE, confidence=0.0)
        return await self.generator.draft(question, hits)

    def _verified(
        self, question: Question, draft: Draft, found: _Found
    ) -> tuple[tuple[Statement, ...], tuple[Dropped, ...]]:
        supported, dropped = cite(draft.claims, found.hits)
        checker = Checker(
            entries=found.entries, read=self.read, names=self.retriever.analyser.names
        )
        results = [checker.check(one, question.language) for one in supported]
        return (
            tuple(result for result in results if isinstance(result, Statement)),
            (*dropped, *(result for result in results if isinstance(result, Dropped))),
        )

    def _reply(
        self,
        question: Question,
        draft: Draft,
        found: _Found,
        statements: tuple[Statement, ...],
        dropped: tuple[Dropped, ...],
        clock: _Clock,
    ) -> Reply:
        timings = MappingProxyType(clock.seconds)
        if statements:
            return Answer(
                question=question,
                statements=statements,
                generator=self.generator.name,
                confidence=draft.confidence,
                hits=found.hits,
                stale=found.stale,
                dropped=dropped,
                timings=timings,
                generation=found.generation,
                provenance=draft.provenance,
            )
        return Refusal(
            question=question,
            reason=Reason.NOT_SUPPORTED if draft.claims else draft.reason,
            generator=self.generator.name,
            confidence=draft.confidence,
            unknown=draft.unknown,
            nearest=found.hits,
            stale=found.stale,
            dropped=dropped,
            timings=timings,
            generation=found.generation,
            provenance=draft.provenance,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Remembered:
    """Tells the language that the index has for an article, while its text is still the same.

    So a question about indexed articles does not load the language model.
    """

    entry: Entry | None
    detector: LanguageDetector

    def detect(self, text: str) -> str:
        """The language of an article's body."""
        digest = hashlib.sha256(text.strip().encode()).hexdigest()
        if self.entry is not None and digest == self.entry.body:
            return self.entry.language
        return self.detector.detect(text)


async def _aside(work: Callable[..., T], *args: object) -> T:
    """Run what keeps a processor or a disk busy in a thread: the only place that does."""
    return await asyncio.to_thread(work, *args)


def checked(text: str, *, most: int) -> str:
    """A question fit to be worked on: trimmed, composed (NFC), of printable characters.

    Raises `QuestionError` when it is blank, longer than `most` characters, or holds control
    characters other than line breaks and tabs.
    """
    if len(text) > most:
        raise QuestionError(
            f"The question has {len(text):,} characters, more than the {most:,} allowed: shorten "
            "it, or raise CITEBOT_MAX_QUESTION_CHARACTERS."
        )
    if any(unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\r\t" for c in text):
        raise QuestionError("The question holds control characters: type it as plain text.")
    shown = unicodedata.normalize("NFC", text).strip()
    if not any(c.isalnum() for c in shown):
        raise QuestionError("The question is empty: ask something in words.")
    return shown
