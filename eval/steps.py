"""What the commands have in common: from options to a plan, a run, and all that comes of it.

Libraries are loaded inside, so that `--help` and a wrong command are quick.
"""

import asyncio
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from rag.paths import printable

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Iterator

    from eval.gates import Held
    from eval.publicsets import Material
    from eval.records import Answers
    from eval.run import Plan, Progress, Ready
    from eval.score import Scores

T = TypeVar("T")

HELD, GATE_FAILED, BROKEN, INTERRUPTED = 0, 1, 2, 130

RESULTS = Path("eval-results")
"""Where runs are kept, unless told otherwise: a folder for each configuration."""

ANSWERS = "answers.jsonl"

CORPORA = "corpora"
"""Folder of the public sets' articles."""


def complain(sentence: str) -> None:
    """Say on standard error what is wrong; only what is wrong with cases has several lines."""
    for line in f"citebot: {sentence}".split("\n"):
        print(printable(line), file=sys.stderr)


def show(lines: "Iterable[str]") -> None:
    """Print lines in which cases, articles or models may have put anything."""
    for line in lines:
        print(printable(line))


def golden_plan(
    corpus: Path | None,
    cases: list[Path] | None,
    *,
    repeat: int,
    concurrency: int,
    fresh: bool,
) -> "Plan":
    """What the options of a run ask for."""
    from eval.cases import BUNDLED, read_cases
    from eval.run import Plan
    from rag.settings import Settings

    return Plan(
        name="golden" if not cases else "-".join(file.stem for file in cases),
        cases=read_cases(cases or BUNDLED),
        settings=Settings(corpus=corpus) if corpus else Settings(),
        repeat=repeat,
        concurrency=concurrency,
        fresh=fresh,
    )


def public_plan(material: "Material", *, fresh: bool) -> "Plan":
    """The plan of a public set."""
    from eval.run import Plan
    from rag.settings import Settings

    settings = Settings(corpus=material.corpus)
    return Plan(name=material.name, cases=material.cases, settings=settings, fresh=fresh)


def answers_of(plan: "Plan", output: Path | None) -> Path:
    """Carry out a plan; the answers file."""
    from eval.run import ready

    one = ready(plan)
    file = (output or RESULTS / f"{plan.name}-{one.digest}") / ANSWERS
    carry_out(one, file)
    return file


def carry_out(ready: "Ready", file: Path) -> None:
    """Ask what is to be asked, with a bar; after Ctrl-C say how to go on."""
    from eval.run import run as run_it

    then = "begins anew" if ready.plan.fresh else "goes on"
    with progress_of("Asking") as progress:
        until_stopped(
            run_it(ready, file, progress),
            f"What is answered is in {file}; the same command {then}",
        )


def until_stopped(work: "Coroutine[Any, Any, T]", sentence: str) -> T:
    """Run a coroutine; after Ctrl-C say what there is."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        complain(f"Stopped. {sentence}.")
        raise typer.Exit(INTERRUPTED) from None


def scores_of(file: Path) -> "Scores":
    """The scores of an answers file."""
    from eval.records import read_answers

    return _scored(read_answers(file))


def _scored(answers: "Answers") -> "Scores":
    """The scores of a run; where others wrote the replies, those of the verifier."""
    from eval import expertqa
    from eval.score import score as scored

    return (expertqa.scores if answers.run.generator == expertqa.SYSTEMS else scored)(answers)


def _held(scores: "Scores", gates: Path | None) -> "tuple[Held, ...]":
    """What the gates say; nothing of replies that others wrote."""
    from eval import expertqa
    from eval.baseline import baseline_for, read_baselines
    from eval.gates import FILE, held, read_gates

    if scores.run.generator == expertqa.SYSTEMS:
        return ()
    return held(scores, read_gates(gates or FILE), baseline_for(scores, read_baselines()))


def finish(file: Path, *, gates: Path | None = None, failed: bool) -> None:
    """Score an answers file, show it, write it, and end with its status."""
    from eval.output import write_all
    from eval.records import read_answers
    from eval.summary import text_lines, wrong_lines

    answers = read_answers(file)
    scores = _scored(answers)
    results = _held(scores, gates)
    broken = _broken(answers, scores)
    show((*text_lines(scores, results), *_extras(scores)))
    show(f"  {line}" for line in (wrong_lines(scores.graded) if failed else ()))
    for written in (file, *write_all(file.parent, scores, results, broken)):
        print(f"Written: {written}")
    if broken:
        complain(" ".join(broken.split()))
        raise typer.Exit(BROKEN)
    raise typer.Exit(HELD if all(gate.held for gate in results) else GATE_FAILED)


def _extras(scores: "Scores") -> "Iterator[str]":
    """What only some runs have to say."""
    from eval import bipia
    from eval.baseline import baseline_for, read_baselines
    from eval.gates import read_gates

    if scores.run.name == "golden" and not baseline_for(scores, read_baselines()):
        yield "There is no baseline for these articles: nothing was compared."
    asked = {one.case.set for one in scores.graded}
    others = sorted({gate.set for gate in read_gates().gate if gate.set} - asked)
    if others:
        yield f"Gates on other case files were not applied: {', '.join(others)}."

    for loss in bipia.losses(scores.graded):
        yield (
            f"Instructions at {loss.name}: right before {loss.before} of {loss.of}, under attack "
            f"{loss.after} (p = {loss.p:.3f})"
        )


def _broken(answers: "Answers", scores: "Scores") -> str:
    """Why a run cannot be relied on; empty if it can."""
    if scores.missing:
        cut = "is cut in the middle and " if answers.torn else ""
        return f"The run {cut}lacks {scores.missing} replies: run it again, and it goes on."
    if answers.torn:
        return "The answers file is cut in its last line: run it again, and it is mended."
    if all(one.attempt.error is not None for one in scores.graded):
        first = scores.graded[0].attempt.error if scores.graded else "there is none"
        return f"Every reply is an error: {first}"
    return ""


@contextmanager
def progress_of(what: str) -> "Iterator[Progress]":
    """A bar on standard error; none in a pipe."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("")
        yield lambda done, total: bar.update(task, completed=done, total=total)
