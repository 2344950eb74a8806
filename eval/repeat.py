"""A run once more, from its answers file alone: its articles, cases, settings and clock.

answers ─ articles written to a folder ─ the same plan ─ answers ─ what is not the same
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from eval.records import Answers, AnswersError, Attempt, Run
from eval.run import Plan
from rag.domain import Article
from rag.paths import printable
from rag.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """A run beside its repetition."""

    same: int
    unlike: tuple[str, ...]
    """Ids of the cases whose replies are not the same."""
    changes: tuple[str, ...]
    """Sentences on what was not the same to begin with."""


def plan_of(answers: Answers, folder: Path) -> Plan:
    """The plan of a run, to be carried out in an empty folder.

    Raises `AnswersError` for articles whose names lead out of the folder, and `SettingsError`
    for settings that there are no more.
    """
    corpus = folder / "articles"
    corpus.mkdir(parents=True)
    for article in answers.articles.values():
        file = corpus / _inside(article)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(article.text, "utf-8", newline="")
    # Embedded, wherever the environment has its server: a repetition leaves nothing behind.
    here = {"corpus": corpus, "data": folder / "data", "chroma_url": None, "chroma_token": None}
    return Plan(
        name=answers.run.name,
        cases=answers.cases,
        settings=Settings(**{**answers.run.settings, **here}),
        repeat=answers.run.repeat,
        asked_at=answers.run.asked_at,
        fresh=True,
    )


def beside(before: Answers, after: Answers) -> Repetition:
    """What became of a run when it was repeated."""
    first, second = _said(before), _said(after)
    unlike = [case for case, round_ in first if first[case, round_] != second.get((case, round_))]
    return Repetition(
        same=len(first) - len(unlike),
        unlike=tuple(dict.fromkeys(unlike)),
        changes=changes(before.run, after.run),
    )


def _inside(article: Article) -> PurePosixPath:
    place = PurePosixPath(article.id)
    if place.is_absolute() or ".." in place.parts or not place.name or "\0" in article.id:
        name = printable(article.id)
        raise AnswersError(f"The article {name} would be written outside of its folder.")
    return place


def _said(answers: Answers) -> Mapping[tuple[str, int], object]:
    return {(one.case, one.round): _reply(one) for one in answers.attempts}


def _reply(attempt: Attempt) -> object:
    return attempt.statements, attempt.reason, attempt.error


def changes(first: Run, second: Run) -> tuple[str, ...]:
    """What is not the same about two runs, besides the replies: a sentence each."""
    found: list[str] = []
    for what, old, new in (
        ("The answers came from", first.generator, second.generator),
        ("Asked as of", first.asked_at.date(), second.asked_at.date()),
    ):
        if old != new:
            found.append(f"{what} {old}, and then {new}.")
    if first.index != second.index:
        found.append("The articles are not the same.")
    for name in sorted(first.settings.keys() | second.settings.keys()):
        was, is_ = first.settings.get(name), second.settings.get(name)
        if was != is_:
            found.append(f"The setting {name} was {was}, and is {is_}.")
    versions = [
        f"{name} was {first.versions.get(name, 'not there')}, and is "
        f"{second.versions.get(name, 'not there')}."
        for name in sorted(first.versions.keys() | second.versions.keys())
        if first.versions.get(name) != second.versions.get(name)
    ]
    if not versions and first.code != second.code:
        versions.append("The code of citebot has changed.")
    return (*found, *versions)
