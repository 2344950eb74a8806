"""Which lexical index stands beside the vectors: speed, size and recall of the candidates.

    python -m eval.bench.indexes --data DIR [--passages 100000]

Prints a table for each question: adding and deleting one article of ten passages, building,
opening and answering one question, answering many, recall. Speed is measured on synthetic
passages; recall on a public parallel set of 240 passages and 1,190 questions a language. Every
measurement runs in a process of its own. Times depend on the machine: compare within a column,
where `x` is the ratio to the best. Needs a Unix system, whose kernel reports a process's peak
memory.
"""

import argparse
import importlib
import multiprocessing
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from eval.bench.engines import FIELDS, Engine, Reader, Scored, engines, installed
from eval.bench.material import (
    PARALLEL,
    PASSAGES_PER_ARTICLE,
    Prepared,
    Text,
    Tokens,
    parallel_passages,
    parallel_questions,
    read_synthetic,
    tokens,
    write_synthetic,
)

Result = TypeVar("Result")

LIMIT = 50
REPEATS = 5
CHANGES = 3
QUESTIONS = 200
SEED = 20
LANGUAGES = ("en", "de", "ru")
DIRECTIONS = (("en", "en"), ("de", "de"), ("ru", "ru"), ("ru", "en"))
FLOORS = ("93.8/99.2", "92.7/98.6", "92.3/99.1", "44.9/63.6")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One candidate on one machine: where its inputs are and where its index goes."""

    engine: Engine
    data: Path
    synthetic: Path
    index: Path
    passages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """Building the whole index: seconds, bytes on disk, peak bytes of the process."""

    seconds: float
    disk: int
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Seconds to add one article and to delete it again, medians of the repeats."""

    add: float
    delete: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A fresh process that asks both fields one question, its files not in the page cache.

    Seconds to import the library, open and answer; peak bytes; and the peak bytes just before.
    """

    first: float
    memory: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """Seconds of every question after the first few, by field."""

    stems: tuple[float, ...]
    grams: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """Share of questions, 0 to 1, whose passage is first, or among the first five."""

    at_1: float
    at_5: float


def measure_build(job: Job) -> Built:
    """Build the index of all passages but the article kept back for adding."""
    job.index.mkdir(parents=True)
    started = time.perf_counter()
    job.engine.build(job.index, read_synthetic(job.synthetic, 0, job.passages))
    seconds = time.perf_counter() - started
    disk = sum(path.stat().st_size for path in job.index.rglob("*") if path.is_file())
    return Built(seconds=seconds, disk=disk, memory=_peak())


def measure_change(job: Job) -> Changed:
    """Add the article kept back and delete it, several times over."""
    importlib.import_module(job.engine.library)
    stop = job.passages + PASSAGES_PER_ARTICLE
    article = list(read_synthetic(job.synthetic, job.passages, stop))
    adds, deletes = [], []
    for _ in range(CHANGES):
        adds.append(_seconds(lambda: job.engine.add(job.index, article)))
        deletes.append(_seconds(lambda: job.engine.delete(job.index, article)))
    return Changed(add=statistics.median(adds), delete=statistics.median(deletes))


def measure_open(job: Job) -> Opened:
    """Open and answer one question, imports included; tokenising the question is not."""
    question = _questions(job.data)[0]
    _evict(job.index)
    before = _peak()
    first = _seconds(lambda: _search(job.engine.open(job.index), question))
    return Opened(first=first, memory=_peak(), before=before)


def measure_answers(job: Job) -> Answered:
    """Answer all questions once to warm up, then once with the clock running."""
    questions = _questions(job.data)
    reader = job.engine.open(job.index)
    for question in questions:
        _search(reader, question)
    return Answered(
        stems=tuple(_field_seconds(reader, "stems", question) for question in questions),
        grams=tuple(_field_seconds(reader, "grams", question) for question in questions),
    )


def measure_recall(job: Job) -> tuple[Recall, ...]:
    """Recall of the fused fields in every direction, on small indexes of the parallel set."""
    readers: dict[str, Reader] = {}
    keys: dict[str, list[str]] = {}
    for language in LANGUAGES:
        passages = parallel_passages(job.data, language)
        folder = job.index.with_name(f"{job.index.name}-{language}")
        folder.mkdir()
        job.engine.build(folder, _prepare(passages))
        readers[language] = job.engine.open(folder)
        keys[language] = [passage.key for passage in passages]
    return tuple(
        _recall(readers[to], keys[to], parallel_questions(job.data, [asked]))
        for asked, to in DIRECTIONS
    )


def fuse(arms: Sequence[Sequence[Scored]]) -> list[int]:
    """Passage numbers by the sum of their scores, each arm scaled so that 0..best is 0..1.

    Zero is the score of a passage that shares no token, so it is the true minimum of an arm, which
    the lowest of its first 50 is not.
    """
    sums: dict[int, float] = {}
    for arm in arms:
        best = max((hit.score for hit in arm), default=0.0)
        for hit in arm:
            sums[hit.number] = sums.get(hit.number, 0.0) + (hit.score / best if best > 0 else 0.0)
    return sorted(sums, key=lambda number: (-sums[number], number))


def _prepare(passages: Sequence[Text]) -> list[Prepared]:
    return [
        Prepared(number=at, article=passage.key, tokens=tokens(passage.text, passage.language))
        for at, passage in enumerate(passages)
    ]


def _recall(reader: Reader, keys: Sequence[str], questions: Sequence[Text]) -> Recall:
    first = five = 0
    for question in questions:
        numbers = fuse(_search(reader, tokens(question.text, question.language)))
        top = [keys[number] for number in numbers[:5]]
        first += top[:1] == [question.key]
        five += question.key in top
    return Recall(at_1=first / len(questions), at_5=five / len(questions))


def _questions(data: Path) -> list[Tokens]:
    """A seeded sample of the parallel set's questions, tokenised."""
    chance = random.Random(SEED)  # noqa: S311 - a benchmark, not a secret
    sample = chance.sample(parallel_questions(data, LANGUAGES), QUESTIONS)
    return [tokens(question.text, question.language) for question in sample]


def _search(reader: Reader, question: Tokens) -> list[list[Scored]]:
    return [reader.search(field, _distinct(question, field), LIMIT) for field in FIELDS]


def _distinct(question: Tokens, field: str) -> list[str]:
    joined: str = getattr(question, field)
    return list(dict.fromkeys(joined.split()))


def _field_seconds(reader: Reader, field: str, question: Tokens) -> float:
    wanted = _distinct(question, field)
    return _seconds(lambda: reader.search(field, wanted, LIMIT))


def _seconds(action: Callable[[], object]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def _import_seconds(library: str) -> float:
    """Seconds that a bare interpreter takes to import the library, the median of the repeats."""
    code = f"import time; a = time.perf_counter(); import {library}; print(time.perf_counter() - a)"
    runs = (
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
        for _ in range(REPEATS)
    )
    return statistics.median(float(run.stdout) for run in runs)


def _peak() -> int:
    """Peak resident bytes of this process; the kernel counts in bytes on macOS, else in KiB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _evict(folder: Path) -> None:
    """Ask the kernel to forget the files' pages, where it offers that."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb") as file:
                os.fsync(file.fileno())
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _apart(action: Callable[[], Result]) -> Result:
    """Call the action in a fresh process, so that memory and caches are its own."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=1, mp_context=context) as pool:
        return pool.submit(action).result()


def _opened(job: Job) -> Opened:
    """The median process of the repeats, by time to the first answer."""
    runs = sorted(
        (_apart(partial(measure_open, job)) for _ in range(REPEATS)), key=lambda run: run.first
    )
    return runs[REPEATS // 2]


def _print_table(title: str, names: Sequence[str], columns: dict[str, list[float]]) -> None:
    """A table in Markdown; each figure is followed by its ratio to the column's least."""
    print(f"\n{title}\n\n| index | {' | '.join(columns)} |\n|---|{'---|' * len(columns)}")
    for row, name in enumerate(names):
        cells = (
            f"{values[row]:.3g} (x{values[row] / max(min(values), 1e-9):.1f})"
            for values in columns.values()
        )
        print(f"| {name} | {' | '.join(cells)} |")


def _print_speed(jobs: Sequence[Job]) -> None:
    """Measure and print the four tables on the synthetic passages."""
    names = [job.engine.name for job in jobs]
    built = [_apart(partial(measure_build, job)) for job in jobs]
    opened = [_opened(job) for job in jobs]
    answered = [_apart(partial(measure_answers, job)) for job in jobs]
    changed = [_apart(partial(measure_change, job)) for job in jobs]
    _print_table(
        f"One article of {PASSAGES_PER_ARTICLE} passages (median of {CHANGES})",
        names,
        {
            "add, ms": [change.add * 1e3 for change in changed],
            "delete, ms": [change.delete * 1e3 for change in changed],
        },
    )
    _print_table(
        "Building",
        names,
        {
            "seconds": [build.seconds for build in built],
            "disk, MB": [build.disk / 1e6 for build in built],
            "peak memory, MB": [build.memory / 1e6 for build in built],
        },
    )
    _print_table(
        f"A fresh process, files not cached, one question to both fields (median of {REPEATS})",
        names,
        {
            "import library, ms": [_import_seconds(job.engine.library) * 1e3 for job in jobs],
            "import, open and answer, ms": [run.first * 1e3 for run in opened],
            "peak memory, MB": [run.memory / 1e6 for run in opened],
            "peak before, MB": [run.before / 1e6 for run in opened],
        },
    )
    _print_answers(names, answered)


def _print_answers(names: Sequence[str], answered: Sequence[Answered]) -> None:
    """The table of warm questions."""
    columns: dict[str, list[float]] = {}
    for field in FIELDS:
        times = [sorted(getattr(run, field)) for run in answered]
        columns[f"{field} median, ms"] = [statistics.median(run) * 1e3 for run in times]
        columns[f"{field} p95, ms"] = [run[int(len(run) * 0.95)] * 1e3 for run in times]
    _print_table(f"Warm, {QUESTIONS} questions, best {LIMIT}", names, columns)


def _print_recall(jobs: Sequence[Job]) -> None:
    """Measure and print recall.

    The floors are those of an unquantised BM25, k1 1.5 and b 0.75, that left stop words out of the
    stems. Here they are kept, which alone moves a figure by up to half a point either way.
    """
    heads = [asked if asked == to else f"{asked} to {to}" for asked, to in DIRECTIONS]
    print(f"\nRecall at 1 / at 5, percent, both fields fused\n\n| index | {' | '.join(heads)} |")
    print(f"|---|{'---|' * len(heads)}\n| floor | {' | '.join(FLOORS)} |")
    for job in jobs:
        figures = _apart(partial(measure_recall, job))
        cells = (f"{100 * figure.at_1:.1f}/{100 * figure.at_5:.1f}" for figure in figures)
        print(f"| {job.engine.name} | {' | '.join(cells)} |")


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    summary = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m eval.bench.indexes", description=summary)
    parser.add_argument("--data", type=Path, required=True, help="folder of the public sets")
    parser.add_argument("--passages", type=int, default=100_000, help="synthetic passages to index")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run every candidate that is installed; 0 also when there is nothing to measure."""
    options = _arguments(arguments)
    if not (options.data / PARALLEL / "passages.jsonl").exists():
        print(f"skipped: no {PARALLEL}/passages.jsonl under {options.data}")
        return 0
    for engine in engines():
        if not installed(engine):
            print(f"skipped: {engine.name}, which needs {engine.library}")
    work = Path(tempfile.mkdtemp(prefix="bench-indexes-"))
    try:
        synthetic = work / "synthetic"
        count = options.passages + PASSAGES_PER_ARTICLE
        _apart(partial(write_synthetic, options.data, synthetic, count, SEED))
        jobs = [
            Job(
                engine=engine,
                data=options.data,
                synthetic=synthetic,
                index=work / f"index-{at}",
                passages=options.passages,
            )
            for at, engine in enumerate(engines())
            if installed(engine)
        ]
        _print_speed(jobs)
        _print_recall(jobs)
    finally:
        shutil.rmtree(work)
    return 0


if __name__ == "__main__":
    sys.exit(main())
