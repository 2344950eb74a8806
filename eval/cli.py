"""The evaluation's command line: commands, options, exit statuses.

Libraries are loaded inside the commands, so that `--help` and a wrong command are quick.
"""

import asyncio
import os
import sys
import traceback
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from rag.cli import WrongUsage
from rag.errors import CitebotError, UsageError
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

EPILOG = (
    "Without a command: golden. Exit status: 0 all gates held, 1 a gate failed, 2 the run is "
    "broken: unfinished, or with nothing but errors."
)

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Measure citebot: does it answer right, cite right, and know when it does not know?",
    epilog=EPILOG,
)

Corpus = Annotated[
    Path | None, typer.Option(help="The folder of articles; the sample articles if left out.")
]
Cases = Annotated[list[Path] | None, typer.Option(help="Case files; the bundled if left out.")]
Repeat = Annotated[int, typer.Option(min=1, help="Ask every case so many times.")]
Concurrency = Annotated[int, typer.Option(min=1, help="Ask so many at once.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Ask what is known already, too.")]
Failed = Annotated[bool, typer.Option("--failed", help="List what is not right, and why.")]
File = Annotated[Path, typer.Argument(help="An answers file.")]
Data = Annotated[Path, typer.Option(help="The folder of public sets.")]
Every = Annotated[int, typer.Option(min=1, help="Take every so-manieth question.")]
LeaveOut = Annotated[
    bool,
    typer.Option("--leave-out", help="Leave a third of the articles out: nothing answers these."),
]
Output = Annotated[Path | None, typer.Option(help="The folder for what comes of it.")]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; its exit status."""
    for stream in (sys.stdout, sys.stderr):
        # What the terminal cannot show must not end in a traceback.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")
    given = sys.argv[1:] if arguments is None else arguments
    if not given or (given[0].startswith("-") and given[0] != "--help"):
        given = ["golden", *given]
    try:
        status = app(args=given, prog_name="python -m eval", standalone_mode=False)
        sys.stdout.flush()
    except CitebotError as error:
        _complain(str(error))
        return BROKEN
    except (typer.Abort, KeyboardInterrupt):
        _complain("Stopped.")
        return INTERRUPTED
    except WrongUsage as error:
        _complain(f"{error.format_message().rstrip('.')}: see `--help`.")
        return BROKEN
    except (BrokenPipeError, SystemExit):  # Typer's own, with a status that means a failed gate.
        # Nobody takes the output any more; Python would complain about that at its end.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN
    except OSError as error:
        _complain(f"The system refused ({error}): free space, or check permissions.")
        return BROKEN
    except Exception as error:  # noqa: BLE001 - status 1 would say that a gate failed
        traceback.print_exc()
        _complain(f"This should not happen ({error!r}): please report it.")
        return BROKEN
    return status if isinstance(status, int) else HELD


def _complain(sentence: str) -> None:
    """Say on standard error what is wrong; only what is wrong with cases has several lines."""
    for line in f"citebot: {sentence}".split("\n"):
        print(printable(line), file=sys.stderr)


def _show(lines: "Iterable[str]") -> None:
    """Print lines in which cases, articles or models may have put anything."""
    for line in lines:
        print(printable(line))


@app.command()
def golden(
    corpus: Corpus = None,
    cases: Cases = None,
    output: Output = None,
    *,
    repeat: Repeat = 1,
    concurrency: Concurrency = 1,
    fresh: Fresh = False,
    failed: Failed = False,
) -> None:
    """Ask the golden questions, score the replies, and hold them to the gates."""
    plan = _plan(corpus, cases, repeat=repeat, concurrency=concurrency, fresh=fresh)
    _finish(_asked(plan, output), failed=failed)


@app.command()
def run(
    corpus: Corpus = None,
    cases: Cases = None,
    output: Output = None,
    *,
    repeat: Repeat = 1,
    concurrency: Concurrency = 1,
    fresh: Fresh = False,
) -> None:
    """Only ask: write the answers file and leave the rest to `score`."""
    plan = _plan(corpus, cases, repeat=repeat, concurrency=concurrency, fresh=fresh)
    print(f"Written: {_asked(plan, output)}")


@app.command()
def score(
    file: File,
    gates: Annotated[Path | None, typer.Option(help="Another file of gates.")] = None,
    *,
    failed: Failed = False,
) -> None:
    """Compute every figure from an answers file alone, and hold it to the gates."""
    _finish(file, gates=gates, failed=failed)


@app.command()
def compare(
    before: File,
    after: File,
    report: Annotated[Path | None, typer.Option(help="Also write an HTML report.")] = None,
) -> None:
    """Compare two runs case by case: what flipped, and whether that can be chance."""
    from eval.compare import compare as compared
    from eval.report import write_report
    from eval.summary import comparison_lines

    comparison = compared(_scores(before), _scores(after))
    _show(comparison_lines(comparison))
    if report:
        write_report(report, comparison.after, comparison=comparison)
        print(f"Written: {report}")


@app.command()
def judge(
    file: File,
    model: Annotated[str, typer.Option(help="The model that judges.")],
    *,
    concurrency: Concurrency = 4,
) -> None:
    """Let a language model judge the answers of a file; `score` then counts that, too."""
    from eval.asks import asks
    from eval.judge import judged, open_judge
    from eval.records import lines, read_answers

    answers = read_answers(file)
    todo = asks(answers, model)
    errors: Counter[str] = Counter()

    async def work() -> int:
        done = 0
        async with open_judge(model) as judging:
            with file.open("ab", buffering=0) as out, _progress("Judging") as progress:
                async for judgement in judged(judging, todo, concurrency=concurrency):
                    out.write(b"".join(lines([judgement])))
                    done += 1
                    errors.update([judgement.error] if judgement.verdict is None else [])
                    progress(done, len(todo))
        return done

    if answers.torn:
        raise UsageError(f"{file} is cut in the middle: run it again first.")
    done = _until_stopped(work(), f"The judgements so far are in {file}")
    print(f"{done} judgements, {errors.total()} of them unreadable, are in {file}.")
    for error, count in errors.most_common(1):
        print(f"Most of these ({count}): {error}.")
    if done and errors.total() == done:
        raise typer.Exit(BROKEN)


@app.command()
def new(  # noqa: PLR0917 - typer calls it by name
    article: Annotated[str, typer.Argument(help="The article, as below an answer.")],
    to: Annotated[Path, typer.Option(help="The case file to add to.")] = Path("cases.yaml"),
    corpus: Corpus = None,
    question: Annotated[str | None, typer.Option(help="What a user would type.")] = None,
    answer: Annotated[str | None, typer.Option(help="The right answer in short.")] = None,
    quote: Annotated[
        str | None, typer.Option(help="Numbers of the sentences that carry it, or their words.")
    ] = None,
    expect: Annotated[list[str] | None, typer.Option(help="A pattern to be found.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="A tag.")] = None,
    language: Annotated[str | None, typer.Option(help="Of the question.")] = None,
    id: Annotated[str | None, typer.Option(help="The name of the case.")] = None,  # noqa: A002
    *,
    unanswerable: Annotated[
        bool, typer.Option("--unanswerable", help="The articles do not say.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Take every proposal.")] = False,
) -> None:
    """Write a golden case from an article: what is not given is asked for."""
    from eval.new import Given, agree
    from eval.new import new as write
    from rag.settings import Settings

    given = Given(
        question=question,
        language=language,
        answer=answer,
        quote=quote,
        expect=tuple(expect) if expect else None,
        tags=tuple(tag) if tag else None,
        id=id,
        answerable=not unanswerable,
    )
    settings = Settings(corpus=corpus) if corpus else Settings()
    write(
        article,
        settings=settings,
        to=to,
        given=given,
        ask=agree if yes else lambda prompt, proposal: typer.prompt(prompt, default=proposal),
        say=print,
    )


@app.command()
def baseline(
    file: File,
    to: Annotated[Path | None, typer.Option(help="Another file of baselines.")] = None,
) -> None:
    """Make a run the one that the next ones over the same articles are compared with."""
    from eval.baseline import FILE, write_baseline

    write_baseline(_scores(file), to or FILE)
    print(f"Written: {to or FILE}")


@app.command()
def repeat(file: File, output: Output = None) -> None:
    """Run once more what an answers file holds, and say what is not the same."""
    import tempfile

    from eval.records import read_answers
    from eval.repeat import beside, plan_of
    from eval.run import ready

    before = read_answers(file)
    parts = before.run.generation == 0  # Made of several indexes, or of none.
    if parts and before.run.name in {"bipia", "expertqa"}:
        raise UsageError(
            f"This run has parts of its own: `python -m eval {before.run.name}` makes it again."
        )
    with tempfile.TemporaryDirectory() as folder:
        one = ready(plan_of(before, Path(folder)))
        # The name is from the file, which may be from anywhere.
        name = PurePath(before.run.name).name
        again = (output or RESULTS / f"{name}-{one.digest}-again") / ANSWERS
        if again.exists() and again.samefile(file):
            raise UsageError(f"{again} is what is to be repeated: name another folder.")
        _run(one, again)
    repetition = beside(before, read_answers(again))
    _show(repetition.changes)
    print(f"{repetition.same} of {len(before.attempts)} replies are the same.")
    _show(f"  not the same: {case}" for case in repetition.unlike)
    print(f"Written: {again}")


@app.command()
def xquad(
    data: Data,
    asked: Annotated[str, typer.Option(help="Language of the questions.")] = "en",
    written: Annotated[str, typer.Option(help="Language of the passages.")] = "en",
    every: Every = 1,
    output: Output = None,
    *,
    leave_out: LeaveOut = False,
    fresh: Fresh = False,
) -> None:
    """XQuAD: questions and passages in parallel in several languages."""
    from eval.publicsets import xquad as material

    folder = RESULTS / CORPORA
    found = material(data, folder, asked=asked, written=written, every=every, leave_out=leave_out)
    _finish(_asked(_public(found, fresh=fresh), output), failed=False)


@app.command()
def piaf(
    data: Data,
    every: Every = 1,
    output: Output = None,
    *,
    leave_out: LeaveOut = False,
    fresh: Fresh = False,
) -> None:
    """PIAF: French questions on French passages."""
    from eval.publicsets import piaf as material

    found = material(data, RESULTS / CORPORA, every=every, leave_out=leave_out)
    _finish(_asked(_public(found, fresh=fresh), output), failed=False)


@app.command()
def squad2(
    data: Data,
    every: Every = 1,
    output: Output = None,
    *,
    leave_out: LeaveOut = False,
    fresh: Fresh = False,
) -> None:
    """SQuAD 2: English questions, half of them without an answer in their passage."""
    from eval.publicsets import squad2 as material

    found = material(data, RESULTS / CORPORA, every=every, leave_out=leave_out)
    _finish(_asked(_public(found, fresh=fresh), output), failed=False)


@app.command()
def expertqa(data: Data, every: Every = 1, output: Output = None) -> None:
    """ExpertQA: does the verifier agree with experts on what a passage carries?"""
    from eval.expertqa import NAME
    from eval.expertqa import run as write

    file = (output or RESULTS / NAME) / ANSWERS
    write(data, file, every=every)
    _finish(file, failed=False)


@app.command()
def bipia(
    data: Data,
    corpus: Corpus = None,
    every: Annotated[int, typer.Option(min=1, help="Take every so-manieth attack.")] = 1,
    output: Output = None,
) -> None:
    """BIPIA: instructions planted in articles and questions; are they obeyed?"""
    from eval.bipia import NAME, materials, run_all
    from eval.run import Plan
    from rag.settings import SAMPLE_CORPUS, Settings

    found = materials(data, RESULTS / CORPORA / NAME, every=every, corpus=corpus or SAMPLE_CORPUS)
    file = (output or RESULTS / NAME) / ANSWERS
    plan = Plan(name=NAME, cases=(), settings=Settings())
    with _progress("Asking") as progress:
        _until_stopped(run_all(found, plan, file, progress), "The same command goes on")
    _finish(file, failed=False)


@app.command()
def public(data: Data, every: Every = 1) -> None:
    """Measure retrieval, sentences and refusals on the public sets by their parts."""
    from eval.measure import retrieval_lines, sentence_lines

    for line in (*retrieval_lines(data, every=every), "", *sentence_lines(data, every=every)):
        print(line, flush=True)


@app.command()
def fit(
    data: Data,
    every: Every = 4,
    corpus: Annotated[
        list[Path] | None, typer.Option(help="Folders that the calibration cases are put to.")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
) -> None:
    """Fit what the evidence is worth, and write it down."""
    from eval import fit as fitting
    from eval.cases import FOLDER, read_cases
    from rag.settings import SAMPLE_CORPUS, Settings
    from rag.weights import FILE

    cases = read_cases([FOLDER / "calibration.yaml"])
    trials = fitting.collect(data, every=every, say=print)
    golden_trials = [
        trial
        for folder in (corpus or [SAMPLE_CORPUS])
        for trial in fitting.golden_trials(cases, folder, Settings().data)
    ]
    print(f"calibration cases: {len(golden_trials)}")
    fitting.write(fitting.fit(trials, golden_trials), output or FILE)
    print(f"Written: {output or FILE}")


def _plan(
    corpus: Path | None,
    cases: list[Path] | None,
    *,
    repeat: int,
    concurrency: int,
    fresh: bool,
) -> "Plan":
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


def _public(material: "Material", *, fresh: bool) -> "Plan":
    from eval.run import Plan
    from rag.settings import Settings

    settings = Settings(corpus=material.corpus)
    return Plan(name=material.name, cases=material.cases, settings=settings, fresh=fresh)


def _asked(plan: "Plan", output: Path | None) -> Path:
    """Carry out a plan; the answers file."""
    from eval.run import ready

    one = ready(plan)
    file = (output or RESULTS / f"{plan.name}-{one.digest}") / ANSWERS
    _run(one, file)
    return file


def _run(ready: "Ready", file: Path) -> None:
    from eval.run import run as run_it

    then = "begins anew" if ready.plan.fresh else "goes on"
    with _progress("Asking") as progress:
        _until_stopped(
            run_it(ready, file, progress),
            f"What is answered is in {file}; the same command {then}",
        )


def _until_stopped(work: "Coroutine[Any, Any, T]", sentence: str) -> T:
    """Run a coroutine; after Ctrl-C say what there is."""
    try:
        return asyncio.run(work)
    except KeyboardInterrupt:
        _complain(f"Stopped. {sentence}.")
        raise typer.Exit(INTERRUPTED) from None


def _scores(file: Path) -> "Scores":
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


def _finish(file: Path, *, gates: Path | None = None, failed: bool) -> None:
    """Score an answers file, show it, write it, and end with its status."""
    from eval.output import write_all
    from eval.records import read_answers
    from eval.summary import text_lines, wrong_lines

    answers = read_answers(file)
    scores = _scored(answers)
    results = _held(scores, gates)
    broken = _broken(answers, scores)
    _show((*text_lines(scores, results), *_extras(scores)))
    _show(f"  {line}" for line in (wrong_lines(scores.graded) if failed else ()))
    for written in (file, *write_all(file.parent, scores, results, broken)):
        print(f"Written: {written}")
    if broken:
        _complain(" ".join(broken.split()))
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
def _progress(what: str) -> "Iterator[Progress]":
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
