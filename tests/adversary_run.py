"""Runs rows end to end: a scripted server over HTTP, the real client, Chroma, the sample articles.

    row ── question ──> Answerer ── HTTP ──> the row's output ──> Reply ──> Outcome

One Answerer answers all rows, one after the other.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from prompts import load
from rag.answerer import Answerer
from rag.build import Parts
from rag.domain import Answer, Reply, Statement
from rag.llm import LanguageModel
from rag.patience import Breaker, Patience
from rag.settings import SAMPLE_CORPUS, Settings
from tests.adversary_oracle import absent, faults, is_quote, twice
from tests.adversary_row import Row, Sight
from tests.openai_server import KEY, MODEL, OpenAIServer, Request, completes, serving
from tests.openai_server import Reply as Sent

SECONDS = 60.0
"""For one row; who takes longer has crashed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """A statement that must not be shown, and was."""

    text: str
    quotes: tuple[str, ...]
    why: str = ""
    """What is wrong with it, where its row did not know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a row."""

    row: Row
    texts: tuple[str, ...] = ()
    """Statements that were shown."""
    right: int = 0
    """Right ones among those that had to be shown."""
    lost: tuple[str, ...] = ()
    """Those that were not."""
    wrong: tuple[Wrong, ...] = ()
    absent: tuple[str, ...] = ()
    """Quotes that are not in the file at their place."""
    crash: str = ""
    untold: bool = False
    """Whether the reply does not say that it is less than it could be."""
    why: tuple[str, ...] = ()
    """The reasons for which claims were dropped."""


@dataclass(kw_only=True)
class Script:
    """Says the output of the row that is being run."""

    row: Row | None = None
    turns: dict[str, int] = field(default_factory=dict)
    fault: Exception | None = None
    """What was wrong with the row itself."""

    def begin(self, row: Row) -> None:
        """The next row."""
        self.row, self.turns = row, {}

    def __call__(self, request: Request) -> Sent:
        """The reply to a request for this row."""
        name = _prompt(request)
        sight = Sight(request=request, turn=self.turns.get(name, 0))
        self.turns[name] = sight.turn + 1
        try:
            return self._said(name, sight)
        except Exception as error:  # noqa: BLE001 - raised again where the row is run.
            self.fault = error
            return completes("")

    def _said(self, name: str, sight: Sight) -> Sent:
        if self.row is None:
            raise AssertionError("nothing is asked between rows")
        if name == "answer":
            return self.row.draft(sight)
        if name == "repair":
            return self.row.repair(sight)
        return self.row.wording(sight) if self.row.wording else completes("{}")


def _prompt(request: Request) -> str:
    """Which of the prompts a request was made with."""
    begun = request.message("system").partition("\n")[0]
    names = ("answer", "repair", "rewrite", "translate")
    return next(name for name in names if load(name).body.partition("\n")[0].startswith(begun[:12]))


@asynccontextmanager
async def answering(
    corpus: Path, data: Path, server: OpenAIServer, *, like: Parts | None = None
) -> AsyncIterator[Parts]:
    """The real parts, whose model is asked in vain as often as it likes.

    What does not depend on the corpus is taken from `like`, for it takes long to load.
    """
    settings = Settings(
        corpus=corpus,
        data=data,
        model=MODEL,
        openai_base_url=server.url,
        openai_api_key=SecretStr(KEY),
    )
    parts = Parts(settings)
    if like:
        parts.analyser, parts.detector = like.analyser, like.detector
    model = parts.model
    assert isinstance(model, LanguageModel)
    model.patience = Patience(tries=3, seconds=2.0, sleep=at_once)
    model.breaker = Breaker(failures=1_000_000)  # One row must not silence the next ones.
    with parts.answerer:
        yield parts
    await model.close()


async def at_once(_seconds: float) -> None:
    """Wait no longer than others need."""
    await asyncio.sleep(0)


async def run_all(rows: Iterable[Row], data: Path, corpus: Path = SAMPLE_CORPUS) -> list[Outcome]:
    """What becomes of each row."""
    script = Script()
    with serving(script) as server:
        async with answering(corpus, data, server) as parts:
            return [await outcome(parts.answerer, script, row) for row in rows]


async def outcome(answerer: Answerer, script: Script, row: Row) -> Outcome:
    """What becomes of a row. Raises what is wrong with the row itself."""
    script.begin(row)
    try:
        async with asyncio.timeout(SECONDS):
            reply = await answerer.answer(row.question, history=row.history)
    except Exception as error:  # noqa: BLE001 - no output may make any question fail.
        return Outcome(row=row, crash=f"{type(error).__name__}: {error}"[:200], lost=row.right)
    if script.fault:
        raise AssertionError(f"the row {row.name} cannot be run") from script.fault
    if row.language and reply.question.language != row.language:
        raise AssertionError(f"the row {row.name} is asked in {reply.question.language}")
    return judged(row, reply, answerer.indexer.settings.corpus)


def judged(row: Row, reply: Reply, corpus: Path) -> Outcome:
    """A reply, held to what its row says and to the files."""
    statements = reply.statements if isinstance(reply, Answer) else ()
    texts = [statement.text for statement in statements]
    return Outcome(
        row=row,
        texts=tuple(texts),
        right=sum(text in texts for text in row.right),
        lost=tuple(text for text in row.right if text not in texts),
        wrong=tuple(_wrong(row, statements)),
        absent=tuple(one.quote for one in absent(reply, corpus)),
        untold=row.told and not reply.degraded,
        why=tuple(dropped.why for dropped in reply.dropped),
    )


def _wrong(row: Row, statements: Sequence[Statement]) -> Iterator[Wrong]:
    """The statements that must not be shown, and those whose quotes lack what they say."""
    again = twice(statements)
    for one in statements:
        quotes = tuple(citation.quote for citation in one.citations)
        missing = ", ".join(faults(one))
        known = one.text in row.right or one.text in row.may
        if not known and not is_quote(one):
            yield Wrong(text=one.text, quotes=quotes)
        elif missing:
            yield Wrong(text=one.text, quotes=quotes, why=f"its quotes do not say {missing}")
        elif one.text in again:
            yield Wrong(text=one.text, quotes=quotes, why="it is said twice")
