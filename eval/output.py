"""What a run leaves behind for people and machines, beside its answers file.

report.html   everything, to read           scores.json   figures and verdicts
summary.md    a build's summary page        junit.xml     a build's test results
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from eval.figures import Figure
from eval.gates import Held
from eval.junit import junit
from eval.records import Run
from eval.report import write_report
from eval.score import Scores
from eval.summary import markdown
from rag.errors import StorageError

SUMMARY_PAGE = "GITHUB_STEP_SUMMARY"
"""Environment variable that names the file of a build's summary page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """An attempt in short."""

    case: str
    round: int
    outcome: str
    right: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """`scores.json`; a figure of nothing has the value null."""

    run: Run
    missing: int
    gates: tuple[Held, ...]
    slices: dict[str, tuple[Figure, ...]]
    verdicts: tuple[Verdict, ...]


def write_all(
    folder: Path, scores: Scores, gates: Sequence[Held], broken: str = ""
) -> tuple[Path, ...]:
    """Write all of it into a folder; the files. Raises `StorageError` where that cannot be.

    `broken` says why the run cannot be relied on, where that is so.
    """
    files = tuple(
        folder / name for name in ("report.html", "scores.json", "summary.md", "junit.xml")
    )
    report, figures, summary, tests = files
    page = markdown(scores, gates, broken)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_report(report, scores, gates=[(gate.sentence, gate.held) for gate in gates])
        figures.write_bytes(scores_json(scores, gates))
        summary.write_text(page, "utf-8")
        tests.write_bytes(junit(scores, gates, broken))
        if os.environ.get(SUMMARY_PAGE):
            with Path(os.environ[SUMMARY_PAGE]).open("a", encoding="utf-8") as out:
                out.write(page)
    except OSError as error:
        raise StorageError(f"{folder} cannot be written ({error.strerror}).") from error
    return files


def scores_json(scores: Scores, gates: Sequence[Held]) -> bytes:
    """The figures and verdicts of a run."""
    exported = Exported(
        run=scores.run,
        missing=scores.missing,
        gates=tuple(gates),
        slices=dict(scores.slices),
        verdicts=tuple(
            Verdict(
                case=one.case.id,
                round=one.attempt.round,
                outcome=one.outcome,
                right=one.right,
                why=one.why,
            )
            for one in scores.graded
        ),
    )
    return TypeAdapter(Exported).dump_json(exported, indent=1) + b"\n"
