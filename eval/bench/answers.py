"""What an answer by a language model takes beside the model: alone, in a crowd, until it shows.

    python -m eval.bench answers [own] [crowd] [shown] [--questions 50] [--crowd 100]
                                 [--replies 100] [--piece 0]

The model is a server in another process. It replies with golden claims under the keys that it was
sent, so that every reply passes all the checks.

own: every question is asked in three ways in turn: of us, of LlamaIndex's CitationQueryEngine (see
`rival`) over the same Chroma collection with the same embedder and as many hits, and of the bare
`openai` client with the very requests that ours made. The server replies at once, a reply in one
event: a real one takes so long over many of them that reading them is no time of its own.
crowd: distinct questions at once, of a server that replies after a second.
shown: from the last byte of the first claim to its statement. The server sends four characters
every five milliseconds, and nothing for 0.3 s behind that claim.

Each measurement is a process of its own. Where articles have several languages, a question is
translated first, which is a second request; so the English ones are asked alone, too.
"""

import argparse
import asyncio
import multiprocessing
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import aclosing, contextmanager
from dataclasses import dataclass
from itertools import product
from math import ceil
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from eval.bench.cold import UNIT
from eval.bench.server import Body, Pacing, Served, serving
from eval.cases import FOLDER, read_cases
from eval.claims import read
from rag.answerer import Answerer
from rag.domain import Answer, Reply, Statement
from rag.settings import SAMPLE_CORPUS, Settings

RATIO = 1.0
"""Our median to the CitationQueryEngine's should not be above this."""

SLACK = 1.5
"""A crowd should not take longer than this many times what the model needs for it at least."""

SHOWN = 0.02
"""Seconds in which a statement should be out."""

LIMITS = (8, 32)
"""Requests at once: the default, and more."""

WARMING = 5
"""Questions, or replies, that come first and do not count."""

ENGLISH = ("002_ef4ca6520480b210.txt", "004_a6ad9e2953b96fe9.txt")
"""The sample articles in English."""

OPENINGS = (
    "",
    "Please tell me: ",
    "In short: ",
    "I would like to know: ",
    "According to the articles: ",
    "One question: ",
    "Tell me, please: ",
    "Just this: ",
    "Let me ask: ",
    "Briefly: ",
)
"""Before each golden question, so that there are many that nobody asked before."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One question, asked in three ways: ours, theirs, bare."""

    seconds: tuple[float, float, float]
    calls: tuple[int, int, int]
    stages: Mapping[str, float]
    """Seconds of ours, by stage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Questions one after the other."""

    firsts: tuple[float, float, float]
    """Seconds of the first question of a process in each of the ways, loading included."""
    rounds: tuple[Round, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """Questions at once."""

    seconds: float
    calls: int
    most: int
    """Requests that were under way at once, as the server saw it."""
    before: int
    """Peak bytes of the process after a first question."""
    peak: int
    """The same after all of them."""


def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do something in a new process: what is loaded here does not count there."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(work, *args, **kwargs).result()


def questions(count: int) -> list[str]:
    """Distinct questions in English. Raises `ValueError` where there are not so many."""
    cases = read_cases([FOLDER / "calibration.yaml"])
    golden = [one.question for one in cases if one.language == "en" and not one.history]
    found = [f"{opening}{question}" for opening, question in product(OPENINGS, golden)]
    if count > len(found):
        raise ValueError(f"there are {len(found)} questions, not {count}")
    return found[:count]


@contextmanager
def installed(
    articles: Sequence[str], pacing: Pacing, *, limit: int = LIMITS[0]
) -> Iterator[tuple[Settings, Served]]:
    """Settings for these sample articles, an index of them, and the server that they name."""
    claims = [one for one in read() if one.part == "calibration" and one.language == "en"]
    with tempfile.TemporaryDirectory(prefix="bench-answers-") as name:
        folder = Path(name)
        corpus = folder / "articles"
        corpus.mkdir()
        for article in articles:
            shutil.copy(SAMPLE_CORPUS / article, corpus)
        with serving(folder, claims, pacing) as served:
            settings = Settings(
                corpus=corpus,
                data=folder / "data",
                model="bench",
                judge=None,
                openai_base_url=served.url,
                openai_api_key="none",
                model_concurrency=limit,
            )
            apart(_build, settings)
            yield settings, served


def own(articles: Sequence[str], count: int, piece: int) -> Own:
    """Ask questions one by one, each in three ways."""
    with installed(articles, Pacing(piece=piece)) as (settings, served):
        [question] = questions(1)
        ours = apart(_first_of_ours, settings, question)
        bodies = served.seen().bodies
        theirs = apart(_first_of_theirs, settings, question)
        bare = apart(_first_of_bare, served.url, bodies)
        with asyncio.Runner() as runner:
            arms = _Arms(settings, served, runner)
            rounds = [arms.round(question) for question in questions(count + WARMING)]
            arms.close()
    return Own(firsts=(ours, theirs, bare), rounds=tuple(rounds[WARMING:]))


class _Arms:
    """The three ways to ask, each kept open."""

    def __init__(self, settings: Settings, served: Served, runner: asyncio.Runner) -> None:
        self._answerer = _opened(settings)
        self._theirs = _rival(settings)
        self._served = served
        self._runner = runner
        self._bare = Bare(served.url)

    def round(self, question: str) -> Round:
        """Ask in all the ways."""
        self._served.seen()
        reply, ours = _timed(self._runner.run, self._answerer.answer(question))
        bodies = self._served.seen().bodies
        _, theirs = _timed(self._theirs, question)
        asked = self._served.seen().bodies
        _, bare = _timed(self._runner.run, self._bare.ask(bodies))
        _check(reply)
        between = ours - sum(reply.timings.values())
        return Round(
            seconds=(ours, theirs, bare),
            calls=(len(bodies), len(asked), len(self._served.seen().bodies)),
            stages={**reply.timings, "between": between},
        )

    def close(self) -> None:
        """Give back connections and files."""
        self._runner.run(self._bare.close())
        self._answerer.close()


class Bare:
    """The `openai` client by itself."""

    def __init__(self, url: str) -> None:
        from openai import AsyncOpenAI

        self._client = AsyncOpenAI(base_url=url, api_key="none")
        self._create: Any = self._client.chat.completions.create

    async def ask(self, bodies: Sequence[Body]) -> None:
        """Make streamed requests one after the other, and read their replies to the end."""
        for body in bodies:
            stream: AsyncIterator[object] = await self._create(**body)
            async for _ in stream:
                pass

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()


def crowd(articles: Sequence[str], count: int, limit: int) -> Crowd:
    """Ask all questions at once, at most so many requests at a time."""
    with installed(articles, Pacing(delay=1.0), limit=limit) as (settings, served):
        return apart(_crowded, settings, served, count)


def shown(count: int) -> list[float]:
    """Seconds from the last byte of the first claim to its statement, for so many replies."""
    pacing = Pacing(piece=4, pace=0.005, pause=0.3)
    with installed(ENGLISH, pacing) as (settings, served):
        with _opened(settings) as answerer:
            out = asyncio.run(_first_statements(answerer, questions(count + WARMING)))
        sent = served.seen().closed
    return [one - other for one, other in zip(out, sent, strict=True)][WARMING:]


async def _first_statements(answerer: Answerer, asked: Sequence[str]) -> list[float]:
    """When the first statement of each reply came."""
    times = []
    for question in asked:
        async with aclosing(answerer.stream(question)) as stream:
            first, now = await anext(stream), time.monotonic()
            times.append(now)
            async for _ in stream:
                pass
        if not isinstance(first, Statement):
            raise TypeError(f"no statement for: {question}")
    return times


def _crowded(settings: Settings, served: Served, count: int) -> Crowd:
    import resource

    async def ask() -> tuple[float, int]:
        first, *rest = questions(count + 1)
        _check(await answerer.answer(first))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
        served.seen()
        begun = time.perf_counter()
        replies = await asyncio.gather(*map(answerer.answer, rest))
        seconds = time.perf_counter() - begun
        for reply in replies:
            _check(reply)
        return seconds, before

    with _opened(settings) as answerer:
        seconds, before = asyncio.run(ask())
    seen = served.seen()
    return Crowd(
        seconds=seconds,
        calls=len(seen.bodies),
        most=seen.most,
        before=before,
        peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT,
    )


def _build(settings: Settings) -> None:
    from rag.build import Parts

    Parts(settings).indexer.run()


def _opened(settings: Settings) -> Answerer:
    from rag.build import Parts

    return Parts(settings).answerer


def _rival(settings: Settings) -> Callable[[str], str]:
    from eval.bench.rival import engine
    from rag.build import Parts, index_folder

    chroma, url = index_folder(settings) / "chroma", settings.openai_base_url or ""
    return engine(chroma, Parts(settings).embedder, url, settings.hits)


def _first_of_ours(settings: Settings, question: str) -> float:
    begun = time.perf_counter()
    with _opened(settings) as answerer:
        _check(asyncio.run(answerer.answer(question)))
        return time.perf_counter() - begun


def _first_of_theirs(settings: Settings, question: str) -> float:
    begun = time.perf_counter()
    _rival(settings)(question)
    return time.perf_counter() - begun


def _first_of_bare(url: str, bodies: Sequence[Body]) -> float:
    async def ask() -> float:
        bare = Bare(url)
        await bare.ask(bodies)
        seconds = time.perf_counter() - begun
        await bare.close()
        return seconds

    begun = time.perf_counter()
    return asyncio.run(ask())


def _timed(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    begun = time.perf_counter()
    done = work(*args, **kwargs)
    return done, time.perf_counter() - begun


def _check(reply: Reply) -> None:
    """Raises `RuntimeError` for a reply that is less than what the server said."""
    if not isinstance(reply, Answer) or len(reply.statements) != 2 or reply.degraded:
        why = [reply.degraded, *(f"{one.claim.text}: {one.why}" for one in reply.dropped)]
        raise RuntimeError(f"not answered with two statements: {'; '.join(filter(None, why))}")


def _share(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return sorted(values)[ceil(share * len(values)) - 1]


def _print_own(name: str, found: Own) -> None:
    rounds = found.rounds
    print(f"{f'{name}, {len(rounds)} questions':34}{'median':>8}{'p95':>8}{'first':>9}{'calls':>7}")
    medians = []
    for arm, way in enumerate(("citebot", "CitationQueryEngine", "openai, bare")):
        seconds = [one.seconds[arm] for one in rounds]
        medians.append(statistics.median(seconds))
        calls = statistics.fmean(one.calls[arm] for one in rounds)
        times = f"{medians[-1] * 1e3:>8.1f}{_share(seconds, 0.95) * 1e3:>8.1f}"
        print(f"  {way:32}{times}{found.firsts[arm] * 1e3:>9.0f}{calls:>7.1f}")
    ratio = medians[0] / medians[1]
    verdict = "met" if ratio <= RATIO else "missed"
    print(f"  ratio {ratio:.2f} (target: at most {RATIO}, {verdict}); times in ms")
    beside = statistics.median(one.seconds[0] - one.seconds[2] for one in rounds)
    print(f"  ours less the bare call: {beside * 1e3:.1f}, by stage:")
    for stage, what in _stages(rounds).items():
        print(f"    {stage:32}{what * 1e3:>6.1f}")
    print()


def _stages(rounds: Sequence[Round]) -> dict[str, float]:
    """Median seconds by stage; those that wait for the model are one, less the bare call."""
    asking = {"translate", "generate"}
    names = [name for name in rounds[0].stages if name not in asking]
    found = {name: statistics.median(one.stages.get(name, 0.0) for one in rounds) for name in names}
    less = (sum(one.stages.get(name, 0.0) for name in asking) - one.seconds[2] for one in rounds)
    return {"asking the model, less bare": statistics.median(less), **found}


def _print_crowd(name: str, count: int, limit: int, found: Crowd) -> None:
    bound = SLACK * found.calls / limit
    verdict = "met" if found.seconds < bound else "missed"
    memory = f"{found.before / 1e6:.0f} -> {found.peak / 1e6:.0f}"
    print(
        f"{name:18}{count:>10}{limit:>7}{found.calls:>7}{found.most:>9}{found.seconds:>8.1f}"
        f"{bound:>8.1f} {verdict:7}{memory:>12}",
        flush=True,
    )


def _print_shown(seconds: Sequence[float]) -> None:
    late = sum(one > SHOWN for one in seconds)
    print(
        f"first statement behind its last byte, {len(seconds)} replies, ms: "
        f"median {statistics.median(seconds) * 1e3:.1f}, p95 {_share(seconds, 0.95) * 1e3:.1f}, "
        f"most {max(seconds) * 1e3:.1f}; later than {SHOWN * 1e3:.0f}: {late}"
    )


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    summary = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m eval.bench answers", description=summary)
    parser.add_argument("what", nargs="*", help="own, crowd, shown (default: all)")
    parser.add_argument("--questions", type=int, default=50, help="of `own` (default 50)")
    parser.add_argument("--crowd", type=int, default=100, help="questions at once (default 100)")
    parser.add_argument("--replies", type=int, default=100, help="of `shown` (default 100)")
    parser.add_argument("--piece", type=int, default=0, help="characters of an event, of `own`")
    options = parser.parse_args(arguments)
    options.what = options.what or ["own", "crowd", "shown"]
    if set(options.what) - {"own", "crowd", "shown"}:
        parser.error("there is own, crowd and shown")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 whether or not the targets are met, for a machine may be busy."""
    options = _arguments(arguments)
    every = tuple(sorted(path.name for path in SAMPLE_CORPUS.glob("*.txt")))
    corpora = {"English articles": ENGLISH, "all articles": every}
    if "own" in options.what:
        for name, articles in corpora.items():
            _print_own(name, apart(own, articles, options.questions, options.piece))
    if "crowd" in options.what:
        print(
            f"{'':18}{'questions':>10}{'limit':>7}{'calls':>7}{'at once':>9}{'s':>8}{'bound':>8} "
            f"{'':7}{'peak MB':>12}"
        )
        for (name, articles), limit in product(corpora.items(), LIMITS):
            _print_crowd(name, options.crowd, limit, crowd(articles, options.crowd, limit))
        print()
    if "shown" in options.what:
        _print_shown(apart(shown, options.replies))
    return 0


if __name__ == "__main__":
    sys.exit(main())
