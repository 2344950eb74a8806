"""The evaluation's command line: `python -m eval`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from eval import fit as fitting
from eval.gates import failures
from eval.golden import FOLDER, Result, counts, read_cases, run
from eval.measure import retrieval_lines, sentence_lines
from rag.build import Parts
from rag.errors import CitebotError
from rag.settings import SAMPLE_CORPUS, Settings
from rag.weights import FILE as WEIGHTS

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Measure citebot. Exit status: 0 all gates held, 1 a gate failed, 2 the run is broken.",
)

Data = Annotated[Path, typer.Option(help="The folder of public sets.")]
Every = Annotated[int, typer.Option(min=1, help="Take every so-manieth question.")]


@app.command()
def golden(
    corpus: Annotated[Path | None, typer.Option(help="The folder of articles.")] = None,
    cases: Annotated[list[Path] | None, typer.Option(help="Case files of your own.")] = None,
    *,
    failed: Annotated[bool, typer.Option(help="List the cases that are not good.")] = False,
) -> None:
    """Ask the golden questions; files that `eval/gates.toml` names are held to its gates."""
    files = cases or [FOLDER / "calibration.yaml", FOLDER / "heldout.yaml"]
    settings = Settings(corpus=corpus) if corpus else Settings()
    answerer = Parts(settings).answerer
    broken: list[str] = []
    read_cases(files)  # What is wrong with any of them is told before the first question.
    print(f"Corpus: {settings.corpus}")
    for file in files:
        results = asyncio.run(run(answerer, read_cases([file])))
        print(f"\n{file.name}: {len(results)} cases, extractive")
        for line in _table(results):
            print(f"  {line}")
        if failed:
            for line in map(_failure, (r for r in results if not r.good)):
                print(f"    {line}")
        broken += failures(file.stem, counts(results))
    for line in broken:
        print(f"Gate failed: {line}")
    raise typer.Exit(1 if broken else 0)


@app.command()
def public(data: Data, every: Every = 1) -> None:
    """Measure retrieval, sentences and refusals on the public sets."""
    for line in retrieval_lines(data, every=every):
        print(line, flush=True)
    print()
    for line in sentence_lines(data, every=every):
        print(line, flush=True)


@app.command()
def fit(
    data: Data,
    every: Every = 4,
    corpus: Annotated[
        list[Path] | None, typer.Option(help="Folders that the calibration cases are put to.")
    ] = None,
    output: Annotated[Path, typer.Option(help="The file to write.")] = WEIGHTS,
) -> None:
    """Fit what the evidence is worth, and write it down."""
    cases = read_cases([FOLDER / "calibration.yaml"])
    trials = fitting.collect(data, every=every, say=print)
    golden_trials = [
        trial
        for folder in (corpus or [SAMPLE_CORPUS])
        for trial in fitting.golden_trials(cases, folder, Settings().data)
    ]
    print(f"calibration cases: {len(golden_trials)}")
    fitting.write(fitting.fit(trials, golden_trials), output)
    print(f"Written: {output}")


def _table(results: tuple[Result, ...]) -> list[str]:
    lines = [f"{group:18}{count}" for group, count in counts(results).items()]
    shown = [len(r.reply.citations) for r in results if hasattr(r.reply, "citations")]
    if shown:
        lines.append(f"{'sentences shown':18}{sum(shown) / len(shown):.2f} per answer")
    return lines


def _failure(result: Result) -> str:
    return f"{result.case.id}: {result.outcome}, {result.why or result.case.group}"


def main() -> None:
    """Run a command; a broken run is one sentence and status 2."""
    try:
        app()
    except CitebotError as error:
        print(f"citebot: {error}", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
