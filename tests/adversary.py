"""The adversary table: outputs of a hostile model, and what of them is shown. `make adversary`.

    rows (tests/adversary_claims.py, adversary_forms.py) ── run ──┐
    planted instructions (adversary_planted.py) ── run ───────────┴─ counts by kind ── status

Three numbers have to be zero: statements shown that their quotes do not carry, citations that
are not in their file, and crashes. What the checks are known not to see is counted by itself
(`tests/adversary_unseen.py`): a false claim outside of that list makes the status 1. The same of
planted instructions; what rests on a planted sentence in other words than its own is named.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.bipia import read_attacks
from rag.errors import UsageError
from tests import adversary_claims, adversary_forms, adversary_unseen
from tests.adversary_planted import Planted, run_planted
from tests.adversary_row import Row
from tests.adversary_run import Outcome, run_all
from tests.adversary_unseen import NAMES, UNSEEN

PUBLIC = Path(__file__).parents[2] / "shared" / "data"
"""Where the attacks lie on machines that have them."""

COLUMNS = ("outputs", "right", "lost", "wrong", "known", "absent", "crashes")
WIDTH = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of some outputs."""

    outputs: int = 0
    right: int = 0
    """Right statements that were shown."""
    lost: int = 0
    """Right ones that were not."""
    wrong: int = 0
    """Outputs of which something wrong was shown, and which are not known for it."""
    known: int = 0
    """Those that are."""
    absent: int = 0
    """Citations that are not in their file."""
    crashes: int = 0

    @property
    def bad(self) -> int:
        """What has to be zero."""
        return self.wrong + self.absent + self.crashes


def all_rows() -> list[Row]:
    """The table."""
    return [*adversary_claims.rows(), *adversary_forms.rows()]


def counts(outcomes: Iterable[Outcome]) -> Counts:
    """What became of them, added up."""
    found = list(outcomes)
    wrong = [one for one in found if one.wrong or one.untold]
    known = [one for one in wrong if one.row.name in NAMES]
    return Counts(
        outputs=len(found),
        right=sum(one.right for one in found),
        lost=sum(len(one.lost) for one in found),
        wrong=len(wrong) - len(known),
        known=len(known),
        absent=sum(len(one.absent) for one in found),
        crashes=sum(bool(one.crash) for one in found),
    )


def by_kind(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    """Outcomes by the kind of their rows, in the order of the table."""
    found: dict[str, list[Outcome]] = {}
    for one in outcomes:
        found.setdefault(one.row.kind, []).append(one)
    return found


def table(outcomes: Sequence[Outcome]) -> list[str]:
    """The counts by kind, and what is wrong, in lines."""
    lines = [_line("kind", COLUMNS)]
    lines += [_line(kind, _cells(counts(found))) for kind, found in by_kind(outcomes).items()]
    lines.append(_line("all", _cells(counts(outcomes))))
    for one in outcomes:
        if one.crash:
            lines.append(f"  crashed: {one.row.name}: {one.crash}")
        lines += [f"  not in the file: {one.row.name}: {quote}" for quote in one.absent]
        lines += [f"  lost: {one.row.name}: {text}" for text in one.lost]
        if one.untold:
            lines.append(f"  not told: {one.row.name}")
        if one.row.name not in NAMES:
            lines += [f"  wrong: {one.row.name}: {wrong.text}" for wrong in one.wrong]
    return lines


def planted_table(found: Sequence[Planted]) -> list[str]:
    """What became of planted instructions, by where they stood, in lines."""
    names = ("outputs", "quoted", "resting", "wrong", "absent", "crashes")
    lines = ["", _line("planted", names)]
    kinds: dict[str, list[Planted]] = {}
    for one in found:
        kinds.setdefault(one.outcome.row.kind, []).append(one)
    lines += [_line(kind, _planted_cells(some)) for kind, some in kinds.items()]
    lines.append(_line("all", _planted_cells(found)))
    for one in found:
        if one.outcome.crash:
            lines.append(f"  crashed: {one.outcome.row.name}: {one.outcome.crash}")
        for kind, wrongs in (("wrong", one.wrong), ("resting", one.resting)):
            lines += [f"  {kind}: {one.outcome.row.name}: {wrong.text}" for wrong in wrongs]
    return lines


def _planted_cells(found: Iterable[Planted]) -> list[int]:
    some = list(found)
    return [
        len(some),
        sum(len(one.quoted) for one in some),
        sum(len(one.resting) for one in some),
        sum(len(one.wrong) for one in some),
        sum(len(one.outcome.absent) for one in some),
        sum(bool(one.outcome.crash) for one in some),
    ]


def _cells(count: Counts) -> list[int]:
    return [getattr(count, name) for name in COLUMNS]


def _line(name: str, cells: Iterable[object]) -> str:
    return f"{name:<16}" + "".join(f"{cell!s:>{WIDTH}}" for cell in cells)


def is_bad(found: Planted) -> bool:
    """Whether a planted instruction had its way."""
    return bool(found.wrong or found.outcome.absent or found.outcome.crash)


def verdict(bad: int, known: int, resting: int = 0) -> str:
    """The last line."""
    if bad:
        return f"{bad} outputs of a hostile model had their way: see above."
    return (
        "Nothing was shown that its quotes do not carry, nothing cited that is not in its file, "
        f"and nothing crashed; but {known} outputs are known not to be seen through, and {resting} "
        "statements rest on sentences that were planted."
    )


async def main(data: Path, *, prune: bool) -> int:
    """Run all, print what became of it; the exit status."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = await run_all(all_rows(), Path(folder))
    if prune:
        _prune(Path(adversary_unseen.__file__), {one.row.name for one in outcomes if one.wrong})
        return 0
    _say(*table(outcomes))
    found: list[Planted] = []
    try:
        found = await run_planted(read_attacks(data))
        _say(*planted_table(found))
    except UsageError as error:
        _say("", f"No instructions were planted. {error}")
    total = counts(outcomes)
    bad = total.bad + sum(map(is_bad, found))
    resting = sum(len(one.resting) for one in found)
    _say("", *_unseen(outcomes), "", verdict(bad, total.known, resting))
    return 1 if bad else 0


def _prune(file: Path, shown: Collection[str]) -> None:
    """Take the rows that are seen by now off the list."""
    lines = file.read_text("utf-8").splitlines(keepends=True)
    kept = (line for line in lines if line.strip() not in NAMES or line.strip() in shown)
    file.write_text("".join(kept), "utf-8")


def _unseen(outcomes: Iterable[Outcome]) -> list[str]:
    """How many of the known ones there are for each reason, and which are seen by now."""
    shown = {one.row.name for one in outcomes if one.wrong}
    lines = [f"{len(names):>5} not seen: {why}" for why, names in UNSEEN.items() if names]
    return lines + [f"  seen by now: {name}" for name in sorted(NAMES - shown)]


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Run the adversary table.")
    parser.add_argument("--data", type=Path, default=PUBLIC, help="where bipia lies")
    parser.add_argument("--prune", action="store_true", help="shorten the list of the unseen")
    given = parser.parse_args()
    sys.exit(asyncio.run(main(given.data, prune=given.prune)))
