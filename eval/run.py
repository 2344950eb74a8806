"""A run: every question of the cases asked, and all that came back in an answers file.

    settings, cases ─ index brought up to date ─ header, articles, cases written
                    ─ what is known already: from this very file, or from the cache
                    ─ the rest asked, each written the moment it is there

A run that was stopped goes on when it is started again with the same file. What failed is
asked again.
"""

import hashlib
import json
import os
import platform
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time
from importlib import metadata
from pathlib import Path

from filelock import FileLock, Timeout

import prompts
import rag
from eval.ask import Place, Task, asked
from eval.cache import Cache
from eval.cases import Case, check_sources
from eval.records import (
    Answers,
    AnswersError,
    ArticleLine,
    Attempt,
    CaseLine,
    Judgement,
    Line,
    Run,
    lines,
    read_answers,
)
from rag.answerer import Answerer
from rag.build import Parts
from rag.domain import Article
from rag.errors import LockedError, StorageError
from rag.settings import Settings

Progress = Callable[[int, int], None]
"""Told how many attempts there are, of how many."""

UNTOLD = {
    "corpus", "data", "chroma_url", "chroma_token", "openai_api_key", "openai_base_url",
}  # fmt: skip
"""Settings that say where things are, not what is answered; or are secret."""


def noon(now: datetime | None = None) -> datetime:
    """The clock of a run: noon of its day, so that one day's runs are alike."""
    day = (now or datetime.now(UTC)).date()
    return datetime.combine(day, time(12), tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be run."""

    name: str
    cases: tuple[Case, ...]
    settings: Settings
    repeat: int = 1
    concurrency: int = 1
    asked_at: datetime = field(default_factory=noon)
    fresh: bool = False
    """Whether to ask what is known already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A plan with its index brought up to date."""

    plan: Plan
    run: Run
    answerer: Answerer
    articles: Mapping[str, Article]
    cache: Cache

    @property
    def digest(self) -> str:
        """What names this configuration, its cases included: 8 hex digits."""
        cases = [_question(case) for case in self.plan.cases]
        return _digest([*_configuration(self.run), self.run.repeat, cases])[:8]


def ready(plan: Plan, parts: Parts | None = None) -> Ready:
    """Bring the index up to date and look at what is going to be asked.

    Raises `CaseError` for cases that name articles which the corpus does not hold, and the
    errors of `ingest`.
    """
    parts = parts or Parts(plan.settings)
    parts.indexer.run()
    answerer = replace(parts.answerer, now=lambda: plan.asked_at)
    with parts.manifest.reading() as snapshot:
        entries, generation = snapshot.entries, snapshot.generation
    check_sources(plan.cases, entries)
    run = Run(
        name=plan.name,
        started=datetime.now(UTC),
        asked_at=plan.asked_at,
        generator=answerer.generator.name,
        settings=plan.settings.model_dump(mode="json", exclude=UNTOLD),
        repeat=plan.repeat,
        corpus=plan.settings.corpus.name,
        index=_digest([[entry.id, entry.sha256] for entry in entries.values()]),
        generation=generation,
        code=code(),
        versions=versions(),
    )
    return Ready(
        plan=plan,
        run=run,
        answerer=answerer,
        articles={article_id: answerer.read(article_id) for article_id in entries},
        cache=Cache(parts.folder / "replies"),
    )


async def run(ready: Ready, file: Path, progress: Progress = lambda _done, _total: None) -> None:
    """Ask what is not known yet, and write it all to a file.

    Raises `UsageError` where the file is of another run, and `StorageError` where it cannot
    be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = file.with_name(f".{file.name}.lock")
        with FileLock(lock, timeout=0):
            await _run(ready, file, progress)
            ready.answerer.close()
            lock.unlink(missing_ok=True)
    except Timeout:
        raise LockedError(f"Another run is writing {file}: wait for it, or name another.") from None
    except OSError as error:
        raise StorageError(f"{file} cannot be written ({error.strerror}): free space?") from error


async def _run(ready: Ready, file: Path, progress: Progress) -> None:
    before = _before(ready, file)
    if before:
        ready = replace(ready, run=replace(ready.run, asked_at=before.run.asked_at))
        now = before.run.asked_at
        ready = replace(ready, answerer=replace(ready.answerer, now=lambda: now))
    tasks = list(_tasks(ready))
    known = _known(ready, tasks, before)
    kept: list[Line] = [*known.values(), *_judgements(ready.plan, before, known)]
    rewrite(file, ready.run, ready.articles.values(), ready.plan.cases, kept)
    await _ask(ready, file, [task for task in tasks if task.place not in known], progress)


async def _ask(ready: Ready, file: Path, tasks: Sequence[Task], progress: Progress) -> None:
    total = len(ready.plan.cases) * ready.plan.repeat
    done = total - len(tasks)
    progress(done, total)
    with file.open("ab", buffering=0) as out:
        async for attempt in asked(ready.answerer, tasks, concurrency=ready.plan.concurrency):
            out.write(b"".join(lines([attempt])))
            ready.cache.put(attempt)
            done += 1
            progress(done, total)


def _before(ready: Ready, file: Path) -> Answers | None:
    """What the file holds of this run already."""
    if ready.plan.fresh or not file.exists():
        return None
    answers = read_answers(file)
    if _configuration(answers.run)[:-1] != _configuration(ready.run)[:-1]:
        raise AnswersError(
            f"{file} is of another run (other articles, settings or code): name another file, "
            "or say --fresh to overwrite it."
        )
    return answers


def _tasks(ready: Ready) -> Iterable[Task]:
    """Every asking of the run: all cases, then all of them again for every further round."""
    configuration = _configuration(ready.run)
    for number in range(ready.plan.repeat):
        for case in ready.plan.cases:
            key = _digest([*configuration, number, _question(case)])
            yield Task(case=case, round=number, key=key)


def _known(ready: Ready, tasks: Iterable[Task], before: Answers | None) -> dict[Place, Attempt]:
    """The attempts that need not be made again."""
    if ready.plan.fresh:
        return {}
    kept = [one for one in before.attempts if one.error is None] if before else []
    placed = {(one.case, one.key): one for one in kept}
    keyed = {one.key: one for one in kept}
    found: dict[Place, Attempt] = {}
    for task in tasks:
        one = placed.get((task.case.id, task.key)) or keyed.get(task.key)
        one = one or ready.cache.get(task.key)
        if one:  # The case may have had another name.
            found[task.place] = replace(one, case=task.case.id, round=task.round)
    return found


def _judgements(
    plan: Plan, before: Answers | None, known: Mapping[Place, Attempt]
) -> Iterable[Judgement]:
    """What a model said about the attempts that stay, of cases that want what they wanted."""
    if before is None:
        return []
    wanted = {case.id: _plain(case) for case in plan.cases}
    same = {case.id for case in before.cases if wanted.get(case.id) == _plain(case)}
    stay = {
        (one.case, one.round)
        for one in before.attempts
        if one.case in same and known.get((one.case, one.round)) == one
    }
    return [one for one in before.judgements if (one.case, one.round) in stay]


def _plain(case: Case) -> Case:
    """A case without what it is counted by."""
    return replace(case, set="", tags=())


def rewrite(
    file: Path, run: Run, articles: Iterable[Article], cases: Iterable[Case], kept: Iterable[Line]
) -> None:
    """Begin an answers file anew with what is known, in one step. Raises `OSError`."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(f".{file.name}.new")
    head: list[Line] = [run]
    head += [ArticleLine(article=article) for article in articles]
    head += [CaseLine(case=case) for case in cases]
    with new.open("wb") as out:
        out.writelines(lines([*head, *kept]))
    os.replace(new, file)  # noqa: PTH105 - so that no reader sees a half


def _configuration(run: Run) -> list[object]:
    """What can change an answer, besides the question; the day comes last."""
    return [run.code, run.index, run.generator, run.settings, run.asked_at.date().isoformat()]


def _question(case: Case) -> list[object]:
    return [case.question, [[turn.question, turn.reply] for turn in case.history]]


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def code() -> str:
    """A digest of the sources that answers come from, and of the libraries' versions."""
    digest = hashlib.sha256(json.dumps(versions(), sort_keys=True).encode())
    for package in (rag, prompts):
        root = Path(package.__path__[0])
        for file in sorted(root.rglob("*")):
            place = file.relative_to(root)
            if file.is_file() and not {"__pycache__", "articles"} & set(place.parts):
                digest.update(place.as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def versions() -> dict[str, str]:
    """Of Python, citebot and what it needs."""
    found = {"python": platform.python_version()}
    try:
        needed = metadata.requires("citebot") or []
        found["citebot"] = metadata.version("citebot")
    except metadata.PackageNotFoundError:
        return found
    for requirement in needed:
        name = re.match(r"[\w.-]+", requirement)
        if name and "extra ==" not in requirement:
            found[name[0]] = metadata.version(name[0])
    return found
