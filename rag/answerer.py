"""The way of a question: understand, retrieve, generate, cite, verify, reply."""

import hashlib
import threading
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Self

from rag.check import Checker
from rag.cite import by_key
from rag.clock import Clock
from rag.corpus import article_path, read_article, read_text
from rag.domain import (
    Answer,
    Article,
    Claim,
    Draft,
    Exchange,
    Hit,
    Question,
    Reason,
    Refusal,
    Reply,
    Statement,
)
from rag.errors import CitebotError, LockedError, ModelError
from rag.ingest import Indexer, Progress, Report
from rag.judge import Judge
from rag.languages import LanguageDetector
from rag.ledger import Ledger
from rag.lookup import Found, Lookup
from rag.manifest import Entry
from rag.ports import Generator
from rag.question import checked
from rag.rewrite import Rewriter
from rag.stating import Stating
from rag.threads import aside
from rag.understand import LANGUAGES, Understanding
from rag.verify import Verifier

PATIENCE = 600.0
"""Seconds that a first question waits for another process to build the index."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Answers questions about one folder of articles.

    Safe to share between tasks and threads. Made by `rag.open_answerer`.
    """

    indexer: Indexer
    lookup: Lookup
    generator: Generator
    verifier: Verifier
    rewriter: Rewriter | None = None
    """Makes follow-ups stand alone and looks questions up in other languages."""
    judge: Judge | None = None
    """Has to agree with every claim that a model wrote; where it is not heard, none is shown."""
    spare: Generator | None = None
    """Asked where a model broke off, or was not heard, before anything could be shown."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _building: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    async def answer(self, text: str, *, history: Sequence[Exchange] = ()) -> Reply:
        """Answer a question, or refuse; the index is built first where there is none.

        Raises `QuestionError` for text that cannot be a question, and the errors of
        `ingest` and of an unusable index.
        """
        async with aclosing(self.stream(text, history=history)) as stream:
            async for last in stream:
                if not isinstance(last, Statement):
                    return last
        raise AssertionError("a stream ends with its reply")

    async def stream(
        self, text: str, *, history: Sequence[Exchange] = ()
    ) -> AsyncGenerator[Statement | Reply, None]:
        """The statements of an answer, each as soon as it has passed every check; last the reply.

        The reply is the one of `answer`: its statements are those that came before, in order.
        Raises as `answer` does. To be closed where it is left early, best by `aclosing`.
        """
        settings = self.indexer.settings
        text = checked(text, most=settings.max_question_characters)
        languages = await aside(self._languages)
        clock = Clock(texts=settings.trace_text)
        ledger = Ledger(prices=settings.prices, until=time.monotonic() + settings.model_seconds)
        reply: Reply | None = None
        try:
            async with aclosing(
                self._stream(text, tuple(history), languages, ledger, clock)
            ) as stream:
                async for one in stream:
                    if isinstance(one, Statement):
                        yield one
                        continue
                    reply = replace(one, timings=clock.seconds, provenance=ledger.provenance)
                    yield reply
        finally:
            clock.finish(reply)

    async def _stream(
        self,
        text: str,
        history: tuple[Exchange, ...],
        languages: Collection[str],
        ledger: Ledger,
        clock: Clock,
    ) -> AsyncGenerator[Statement | Reply, None]:
        understanding = Understanding(detector=self._detector, now=self.now, rewriter=self.rewriter)
        understood = await understanding.question(text, history, languages, ledger, clock)
        question = understood.question
        with clock.stage("retrieve"):
            found = await aside(self.lookup.find, question, self.indexer.settings.hits)
        if understood.lost:
            yield self._lost(question, found, understood.degraded)
            return
        stating = Stating(
            question=question,
            known=by_key(found.material.passages),
            checker=Checker(entries=found.entries, read=self._text, verifier=self.verifier),
            languages={*LANGUAGES, *languages},
            judge=self.judge,
            ledger=ledger,
            clock=clock,
        )
        draft = Draft(claims=(), reason=Reason.NO_EVIDENCE, confidence=0.0)
        if found.material.hits:
            async with aclosing(self._stated(stating, found, self.generator)) as stated:
                async for one in stated:
                    if isinstance(one, Draft):
                        draft = one
                    else:
                        yield one
        away = draft.degraded or stating.degraded
        if away and not stating.statements and self.spare and not draft.generator:
            ledger.writer = None
            async with aclosing(self._stated(stating, found, self.spare)) as stated:
                async for one in stated:
                    if isinstance(one, Draft):
                        draft = replace(one, generator=self.spare.name, degraded=draft.degraded)
                    else:
                        yield one
        if not stating.statements:
            with clock.stage("verify"):
                found = await aside(self.lookup.explained, found)
        why = (understood.degraded, draft.degraded, stating.degraded)
        degraded = " ".join(dict.fromkeys(filter(None, why)))
        yield self._reply(stating, replace(draft, degraded=degraded), found)

    async def _stated(
        self, stating: Stating, found: Found, generator: Generator
    ) -> AsyncGenerator[Statement | Draft, None]:
        """The statements that a draft makes, then those of its mended claims, then the draft."""
        clock = stating.clock
        whole = Draft(claims=(), confidence=0.0)
        drafting = generator.draft(stating.question, found.material, stating.ledger)
        async with aclosing(drafting):
            while True:
                with clock.stage("generate"):
                    one = await anext(drafting, None)
                if isinstance(one, Draft):
                    whole = one
                if not isinstance(one, Claim):
                    break
                statement = await stating.state(one)
                if statement:
                    yield statement
        for claim in await self._mended(stating, found, generator):
            statement = await stating.state(claim)
            if statement:
                yield statement
        yield whole

    async def _mended(
        self, stating: Stating, found: Found, generator: Generator
    ) -> Sequence[Claim]:
        """Other claims in place of those that failed, asked for once."""
        if not stating.failed or stating.degraded:
            return ()
        try:
            with stating.clock.stage("repair"):
                return await generator.repair(
                    stating.question, found.material, stating.failed, stating.ledger
                )
        except ModelError:
            return ()  # What failed stays dropped; nothing that is shown is worse for it.

    def _lost(self, question: Question, found: Found, degraded: str) -> Refusal:
        """That a follow-up cannot be understood without a language model."""
        return Refusal(
            question=question,
            reason=Reason.FOLLOW_UP,
            generator=self.generator.name,
            nearest=found.material.hits,
            stale=found.stale,
            generation=found.generation,
            degraded=degraded,
        )

    def _reply(self, stating: Stating, draft: Draft, found: Found) -> Reply:
        common: dict[str, Any] = {
            "question": stating.question,
            "generator": draft.generator or self.generator.name,
            "confidence": draft.confidence if stating.statements or not draft.claims else 0.0,
            "stale": found.stale,
            "dropped": tuple(stating.dropped),
            "generation": found.generation,
            "degraded": draft.degraded,
        }
        hits = found.material.hits
        if stating.statements:
            return Answer(**common, statements=tuple(stating.statements), hits=hits)
        return Refusal(
            **common,
            reason=Reason.NOT_SUPPORTED if draft.claims else draft.reason,
            unknown=draft.unknown,
            nearest=hits,
        )

    async def search(self, text: str, *, limit: int | None = None) -> tuple[Hit, ...]:
        """The passages nearest to a text, best first; raises as `answer` does."""
        text = checked(text, most=self.indexer.settings.max_question_characters)
        languages = await aside(self._languages)
        limit = limit or self.indexer.settings.hits
        understanding = Understanding(detector=self._detector, now=self.now)
        clock = Clock(name="search")
        try:
            understood = await understanding.question(text, (), languages, Ledger(), clock)
            with clock.stage("retrieve"):
                found = await aside(self.lookup.find, understood.question, limit)
        finally:
            clock.finish(None)
        return found.material.hits[:limit]

    async def prepare(self, *, progress: Progress = lambda _done, _total: None) -> Report | None:
        """Build the index if there is none; what was done, or nothing."""
        return await aside(self._prepare, progress)

    def close(self) -> None:
        """Give back the files and the memory of the index; `with` does so, too."""
        self.indexer.store.close()
        self.indexer.manifest.close()

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

    def _languages(self) -> Collection[str]:
        """Those of the articles; the index is built first where there is none."""
        languages = self.lookup.languages()
        if languages is None:
            self._prepare(lambda _done, _total: None)
            languages = self.lookup.languages()
        return languages or ()

    def _text(self, article_id: str) -> tuple[str, str]:
        settings = self.indexer.settings
        return read_text(settings.corpus, article_id, max_bytes=settings.max_article_bytes)

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
