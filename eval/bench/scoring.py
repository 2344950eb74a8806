"""How long it takes to score many stored answers, bootstrap included.

The golden questions are asked once; their replies stand for as many cases as are wanted. In
`repeated` these say the same as the first ones, as the rounds of a repeated run mostly do; in
`different` every statement has words and a number of its own, so that nothing read for one
helps with another, and none of them is the quote that it stands on: as with a language model,
only worse.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eval.cases import BUNDLED, read_cases
from eval.records import (
    Answers,
    ArticleLine,
    Attempt,
    CaseLine,
    lines,
    read_answers,
)
from eval.run import Plan, ready, run
from eval.score import score
from rag.settings import Settings

WANTED = 10_000
"""Answers to be scored."""

RUNS = 3
"""Of each kind; the median counts."""


def main(arguments: Sequence[str]) -> int:
    """Ask, multiply, score, and print the times."""
    argparse.ArgumentParser(prog="python -m eval.bench scoring").parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        answers = _asked(Path(folder))
        for name, different in (("repeated", False), ("different", True)):
            file = Path(folder) / f"{name}.jsonl"
            count = _write(file, answers, different=different)
            seconds = [_timed(file) for _ in range(RUNS)]
            print(
                f"{name:10} {count} answers, {file.stat().st_size / 1e6:.0f} MB: "
                f"{statistics.median(seconds):.1f} s (median of {RUNS}, reading the file included)"
            )
    return 0


def _asked(folder: Path) -> Answers:
    plan = Plan(name="scoring", cases=read_cases(BUNDLED), settings=Settings(data=folder / "data"))
    file = folder / "answers.jsonl"
    asyncio.run(run(ready(plan), file))
    return read_answers(file)


def _write(file: Path, answers: Answers, *, different: bool) -> int:
    """The same replies for ever new cases; how many they are."""
    copies = -(-WANTED // len(answers.attempts))
    with file.open("wb") as out:
        out.writelines(lines([answers.run]))
        out.writelines(lines(ArticleLine(article=one) for one in answers.articles.values()))
        for copy in range(copies):
            cases = (replace(case, id=f"{case.id}-{copy}") for case in answers.cases)
            out.writelines(lines(CaseLine(case=case) for case in cases))
            attempts = (_copied(one, copy, different=different) for one in answers.attempts)
            out.writelines(lines(attempts))
    return copies * len(answers.attempts)


def _copied(attempt: Attempt, copy: int, *, different: bool) -> Attempt:
    shown = attempt.statements
    if different:
        shown = tuple(replace(one, text=f"{copy} times: {one.text}") for one in shown)
    return replace(attempt, case=f"{attempt.case}-{copy}", statements=shown)


def _timed(file: Path) -> float:
    begun = time.perf_counter()
    score(read_answers(file))
    return time.perf_counter() - begun
