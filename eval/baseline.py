"""What was right when somebody last looked: the cases of a run, to compare the next ones with.

`eval/baseline.json` holds one baseline per generator and set of articles. It names cases by
their id and what they ask, so that a case that was rewritten is not compared.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from eval.cases import Case
from eval.score import Scores
from rag.errors import StorageError, UsageError

FILE = Path(__file__).parent / "baseline.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Which cases were right."""

    corpus: str
    generator: str
    index: str
    """Digest of the articles."""
    right: Mapping[str, bool]
    """By case, as `named` names it."""


def named(case: Case) -> str:
    """A case by its id and a digest of what it asks and expects."""
    asked = TypeAdapter(Case).dump_json(case, exclude={"id", "set", "tags"})
    return f"{case.id} {hashlib.sha256(asked).hexdigest()[:8]}"


def baseline_of(scores: Scores) -> Baseline:
    """The baseline that a run makes.

    Raises `UsageError` for a run that is not finished, or of nothing but errors.
    """
    if scores.missing:
        raise UsageError(f"The run lacks {scores.missing} attempts: finish it first.")
    if all(one.attempt.error is not None for one in scores.graded):
        raise UsageError("Every reply of the run is an error: it can be no baseline.")
    return Baseline(
        corpus=scores.run.corpus,
        generator=scores.run.generator,
        index=scores.run.index,
        right=_right(scores),
    )


def _right(scores: Scores) -> dict[str, bool]:
    rights: dict[str, list[bool]] = {}
    for one in scores.graded:
        rights.setdefault(named(one.case), []).append(one.right)
    return {name: sum(rounds) * 2 > len(rounds) for name, rounds in rights.items()}


def read_baselines(file: Path = FILE) -> tuple[Baseline, ...]:
    """The baselines of a file, none if it is missing. Raises `UsageError` if it is damaged."""
    try:
        return TypeAdapter(tuple[Baseline, ...]).validate_json(file.read_bytes())
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}).") from None
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise UsageError(f"{file} is no file of baselines ({problem}).") from None


def baseline_for(scores: Scores, baselines: tuple[Baseline, ...]) -> Baseline | None:
    """The baseline of the same generator over the same articles."""
    run = scores.run
    like = (b for b in baselines if (b.generator, b.index) == (run.generator, run.index))
    return next(like, None)


def write_baseline(scores: Scores, file: Path = FILE) -> None:
    """Put the baseline of a run into a file, in the place of an older one of its kind.

    Cases of the older one that this run did not ask stay. Raises `StorageError` where the file
    cannot be written.
    """
    new, others = baseline_of(scores), read_baselines(file)
    old = baseline_for(scores, others)
    ids = set(map(_id, new.right))
    kept = {n: r for n, r in (old.right if old else {}).items() if _id(n) not in ids}
    merged = Baseline(
        corpus=new.corpus,
        generator=new.generator,
        index=new.index,
        right=dict(sorted({**kept, **new.right}.items())),
    )
    rows = sorted(
        [*(other for other in others if other is not old), merged],
        key=lambda one: (one.generator, one.corpus, one.index),
    )
    data = TypeAdapter(tuple[Baseline, ...]).dump_json(tuple(rows), indent=1) + b"\n"
    try:
        file.write_bytes(data)
    except OSError as error:
        raise StorageError(f"{file} cannot be written ({error.strerror}): free space?") from error


def changes(
    scores: Scores, baseline: Baseline
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """The ids of the cases lost against a baseline, of those gained, and of all compared."""
    now = _right(scores) if not scores.missing else {}
    both = [name for name in now if name in baseline.right]
    lost = tuple(_id(n) for n in both if baseline.right[n] and not now[n])
    gained = tuple(_id(n) for n in both if now[n] and not baseline.right[n])
    return lost, gained, tuple(map(_id, both))


def _id(name: str) -> str:
    """The id of a case as `named` names it; an id may hold spaces."""
    return name.rpartition(" ")[0]
