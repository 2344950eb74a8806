"""Asking: one question after the other, several at once, and whatever comes of it.

The library is asked as any program would ask it. What goes wrong with one case is its
attempt, with the error in it, and does not end the run.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from eval.cases import Case
from eval.records import Attempt, Found, Left, Quote, Shown
from rag.answerer import Answerer
from rag.domain import Answer, Citation, Hit, Reply
from rag.errors import CitebotError

Place = tuple[str, int]
"""A case by its id, and the round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One asking that is to be done."""

    case: Case
    round: int
    key: str
    """Digest of everything that can change the reply."""

    @property
    def place(self) -> Place:
        """Which one it is of a run."""
        return self.case.id, self.round


async def asked(
    answerer: Answerer, tasks: Iterable[Task], *, concurrency: int
) -> AsyncIterator[Attempt]:
    """The attempts as they come, at most `concurrency` of them at work at once."""
    waiting = iter(tasks)
    done: asyncio.Queue[Attempt | None] = asyncio.Queue()

    async def work() -> None:
        try:
            for task in waiting:  # Shared: every worker takes the next one.
                await done.put(await attempt(answerer, task))
        finally:  # Also where a generator cancels its own task: nobody may wait for that one.
            done.put_nowait(None)

    workers = [asyncio.create_task(work()) for _ in range(concurrency)]
    try:
        left = len(workers)
        while left:
            one = await done.get()
            if one is None:
                left -= 1
            else:
                yield one
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)


async def attempt(
    answerer: Answerer, task: Task, clock: Callable[[], float] = time.perf_counter
) -> Attempt:
    """Ask one question."""
    begun = clock()
    try:
        reply = await answerer.answer(task.case.question, history=task.case.history)
    except CitebotError as error:
        wrong = str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this case
        wrong = f"{type(error).__name__}: {error}"
    else:
        return of_reply(task, reply, clock() - begun)
    seconds = clock() - begun
    return Attempt(case=task.case.id, round=task.round, key=task.key, error=wrong, seconds=seconds)


def of_reply(task: Task, reply: Reply, seconds: float) -> Attempt:
    """A reply as an answers file keeps it."""
    answer = reply if isinstance(reply, Answer) else None
    hits = reply.hits if isinstance(reply, Answer) else reply.nearest
    return Attempt(
        case=task.case.id,
        round=task.round,
        key=task.key,
        statements=tuple(
            Shown(text=statement.text, quotes=tuple(map(_quote, statement.citations)))
            for statement in (answer.statements if answer else ())
        ),
        reason=None if isinstance(reply, Answer) else str(reply.reason),
        # A number that is none would not be read again.
        confidence=reply.confidence if math.isfinite(reply.confidence) else 0.0,
        language=reply.question.language,
        unknown=() if isinstance(reply, Answer) else reply.unknown,
        stale=reply.stale,
        dropped=tuple(Left(text=one.claim.text, why=one.why) for one in reply.dropped),
        hits=tuple(map(_found, hits)),
        seconds=seconds,
        timings=dict(reply.timings),
        generation=reply.generation,
        model=reply.provenance.model,
        prompts=dict(reply.provenance.prompts),
        usage=reply.provenance.usage,
    )


def _quote(citation: Citation) -> Quote:
    return Quote(
        number=citation.number,
        article=citation.article_id,
        start=citation.start,
        end=citation.end,
        quote=citation.quote,
    )


def _found(hit: Hit) -> Found:
    passage = hit.passage
    return Found(
        article=passage.article_id,
        start=passage.start,
        end=passage.end,
        score=hit.score,
        arms={str(arm): share for arm, share in hit.arms.items()},
    )
