"""The evaluation's command line: commands, options, exit statuses.

Libraries are loaded inside the commands, so that `--help` and a wrong command are quick.
"""

import os
import sys
import traceback
from collections import Counter
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Annotated

import typer

from eval.steps import (
    ANSWERS,
    BROKEN,
    CORPORA,
    GATE_FAILED,
    HELD,
    INTERRUPTED,
    RESULTS,
    answers_of,
    carry_out,
    complain,
    finish,
    golden_plan,
    progress_of,
    public_plan,
    scores_of,
    show,
    until_stopped,
)
from rag.cli import WrongUsage
from rag.errors import CitebotError, UsageError

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
        complain(str(error))
        return BROKEN
    except (typer.Abort, KeyboardInterrupt):
        complain("Stopped.")
        return INTERRUPTED
    except WrongUsage as error:
        complain(f"{error.format_message().rstrip('.')}: see `--help`.")
        return BROKEN
    except (BrokenPipeError, SystemExit):  # Typer's own, with a status that means a failed gate.
        # Nobody takes the output any more; Python would complain about that at its end.
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN
    except OSError as error:
        complain(f"The system refused ({error}): free space, or check permissions.")
        return BROKEN
    except Exception as error:  # noqa: BLE001 - status 1 would say that a gate failed
        traceback.print_exc()
        complain(f"This should not happen ({error!r}): please report it.")
        return BROKEN
    return status if isinstance(status, int) else HELD


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
    plan = golden_plan(corpus, cases, repeat=repeat, concurrency=concurrency, fresh=fresh)
    finish(answers_of(plan, output), failed=failed)


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
    plan = golden_plan(corpus, cases, repeat=repeat, concurrency=concurrency, fresh=fresh)
    print(f"Written: {answers_of(plan, output)}")


@app.command()
def score(
    file: File,
    gates: Annotated[Path | None, typer.Option(help="Another file of gates.")] = None,
    *,
    failed: Failed = False,
) -> None:
    """Compute every figure from an answers file alone, and hold it to the gates."""
    finish(file, gates=gates, failed=failed)


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

    comparison = compared(scores_of(before), scores_of(after))
    show(comparison_lines(comparison))
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
            with file.open("ab", buffering=0) as out, progress_of("Judging") as progress:
                async for judgement in judged(judging, todo, concurrency=concurrency):
                    out.write(b"".join(lines([judgement])))
                    done += 1
                    errors.update([judgement.error] if judgement.verdict is None else [])
                    progress(done, len(todo))
        return done

    if answers.torn:
        raise UsageError(f"{file} is cut in the middle: run it again first.")
    done = until_stopped(work(), f"The judgements so far are in {file}")
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

    write_baseline(scores_of(file), to or FILE)
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
        carry_out(one, again)
    repetition = beside(before, read_answers(again))
    show(repetition.changes)
    print(f"{repetition.same} of {len(before.attempts)} replies are the same.")
    show(f"  not the same: {case}" for case in repetition.unlike)
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
    finish(answers_of(public_plan(found, fresh=fresh), output), failed=False)


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
    finish(answers_of(public_plan(found, fresh=fresh), output), failed=False)


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
    finish(answers_of(public_plan(found, fresh=fresh), output), failed=False)


@app.command()
def expertqa(data: Data, every: Every = 1, output: Output = None) -> None:
    """ExpertQA: does the verifier agree with experts on what a passage carries?"""
    from eval.expertqa import NAME
    from eval.expertqa import run as write

    file = (output or RESULTS / NAME) / ANSWERS
    write(data, file, every=every)
    finish(file, failed=False)


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
    with progress_of("Asking") as progress:
        until_stopped(run_all(found, plan, file, progress), "The same command goes on")
    finish(file, failed=False)


@app.command()
def swap(
    corpus: Corpus = None,
    claims: Annotated[Path | None, typer.Option(help="Another file of claims.")] = None,
) -> None:
    """Put true claims to their own quotes and to other articles': which does the verifier drop?"""
    from eval.swap import FILE, bundled, lines, measure, read_claims
    from rag.settings import SAMPLE_CORPUS
    from rag.understand import LANGUAGES
    from rag.verify import Verifier

    found = read_claims(claims or FILE, bundled(corpus or SAMPLE_CORPUS))
    swaps = measure(found, Verifier.of_languages(LANGUAGES))
    show(lines(swaps))
    raise typer.Exit(HELD if swaps.held else GATE_FAILED)


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
