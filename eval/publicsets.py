"""The public sets in `--data`, as corpora and questions; nothing of them is copied.

`passages.jsonl`: pid, lang, title, text. `questions.jsonl`: qid, lang, pid, question, answers,
answerable. The part of a pid before its last hyphen names the Wikipedia article: questions of
articles with an even number are for fitting, those with an odd one for reporting.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rag.errors import UsageError


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage of a public set: one article of ours."""

    pid: str
    language: str
    text: str

    @property
    def article(self) -> int:
        """The number of the Wikipedia article that it is from."""
        return int(self.pid.split("-")[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question of a public set; without `answers` nothing in its passage answers it."""

    qid: str
    pid: str
    language: str
    text: str
    answers: tuple[str, ...]

    @property
    def held_out(self) -> bool:
        """Whether nothing may be fitted on it."""
        return int(self.pid.split("-")[1]) % 2 == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSet:
    """One of the sets."""

    passages: tuple[Passage, ...]
    questions: tuple[Asked, ...]
    answers: Mapping[tuple[str, str], tuple[str, ...]]
    """By question and language: the questions of a parallel set share their ids."""


def read_set(data: Path, name: str) -> PublicSet:
    """A set by the name of its folder. Raises `UsageError` where it is not in `data`."""
    folder = data / name
    if not all((folder / f"{part}.jsonl").exists() for part in ("passages", "questions")):
        raise UsageError(f"There is no set {name} in {data}: point --data at the public sets.")
    questions = tuple(map(_asked, _rows(folder / "questions.jsonl")))
    return PublicSet(
        passages=tuple(
            Passage(pid=row["pid"], language=row["lang"], text=row["text"])
            for row in _rows(folder / "passages.jsonl")
        ),
        questions=questions,
        answers={(asked.qid, asked.language): asked.answers for asked in questions},
    )


def write_corpus(passages: Iterable[Passage], folder: Path) -> None:
    """Write passages as a corpus: a file for each, with its language in the front matter."""
    folder.mkdir(parents=True, exist_ok=True)
    for passage in passages:
        text = f"---\nlanguage: {passage.language}\n---\n{passage.text}"
        (folder / f"{passage.pid}.txt").write_text(text, "utf-8", newline="")


def dealt(passages: Iterable[Passage], language_of: Callable[[Passage], str]) -> list[Passage]:
    """Each passage of a parallel set in one language only, as dealt out."""
    return [passage for passage in passages if passage.language == language_of(passage)]


def _asked(row: dict[str, Any]) -> Asked:
    return Asked(
        qid=row["qid"],
        pid=row["pid"],
        language=row["lang"],
        text=row["question"],
        answers=tuple(dict.fromkeys(row["answers"])) if row["answerable"] else (),
    )


def _rows(file: Path) -> list[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]
