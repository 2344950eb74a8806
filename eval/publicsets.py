"""The public sets in `--data`, as corpora and questions; nothing of them is copied.

`passages.jsonl`: pid, lang, title, text. `questions.jsonl`: qid, lang, pid, question, answers,
answerable. The part of a pid before its last hyphen names the Wikipedia article: questions of
articles with an even number are for fitting, those with an odd one for reporting.

Two ways to use them: `read_set` and `write_corpus` for measuring a part of the library alone
(`eval.measure`, `eval.fit`), and `xquad`, `piaf` and `squad2` for a run of the whole of it
(`eval.run`).

A set whose every question has an answer cannot show whether the lack of one is noticed. So
`leave_out` takes every third article out of the corpus, with all its passages: its
questions are as sensible as ever, on things of the same kind, and only a refusal is right. A
passage of another article may say the answer all the same, so what is counted as answered
there is an upper bound.

Intervals take questions for independent. Those about one article are not quite, so an interval
over the articles would be wider.
"""

import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter, ValidationError

from eval.cases import Case
from eval.records import AnswersError, read_answers
from rag.errors import UsageError

T = TypeVar("T")

LEFT_OUT = 3
"""Every so-manieth article is left out."""

PARTS = ("passages", "questions")
"""The files of a set of questions."""

Pid = Annotated[str, Field(pattern=r"^\w+-\d+-\d+$")]
"""Id of a passage: set, article, number. It becomes the name of a file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A passage of a public set: one article of ours."""

    pid: str
    language: str
    text: str

    @property
    def article(self) -> int:
        """The number of the Wikipedia article that it is from."""
        return _article(self.pid)

    @property
    def file(self) -> str:
        """Its file in a corpus."""
        return f"{self.pid}.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question of a public set; without `answers` nothing in its passage answers it."""

    qid: str
    pid: str
    language: str
    text: str
    answers: tuple[str, ...]

    @property
    def article(self) -> int:
        """The number of the Wikipedia article that it is about."""
        return _article(self.pid)

    @property
    def held_out(self) -> bool:
        """Whether nothing may be fitted on it."""
        return self.article % 2 == 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicSet:
    """One of the sets."""

    passages: tuple[Passage, ...]
    questions: tuple[Asked, ...]
    answers: Mapping[tuple[str, str], tuple[str, ...]]
    """By question and language: the questions of a parallel set share their ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A folder of articles, and the cases that are put to it: what a run needs of a set."""

    name: str
    corpus: Path
    cases: tuple[Case, ...]


@dataclass(frozen=True, slots=True)
class _PassageRow:
    pid: Pid
    lang: str
    text: str


@dataclass(frozen=True, slots=True)
class _QuestionRow:
    qid: str
    lang: str
    pid: Pid
    question: str
    answers: tuple[str, ...]
    answerable: bool


# --- Reading -----------------------------------------------------------------------------------


def read_set(data: Path, name: str) -> PublicSet:
    """A set by the name of its folder.

    Raises `UsageError` where it is not in `data`, or where its rows are no questions or passages.
    """
    passages, questions = (set_file(data, name, f"{part}.jsonl") for part in PARTS)
    asked = tuple(map(_asked, read_rows(questions, _QuestionRow)))
    return PublicSet(
        passages=tuple(
            Passage(pid=row.pid, language=row.lang, text=row.text)
            for row in read_rows(passages, _PassageRow)
        ),
        questions=asked,
        answers={(one.qid, one.language): one.answers for one in asked},
    )


def set_file(data: Path, name: str, file: str) -> Path:
    """A file of a set. Raises `UsageError` where there is none."""
    path = data / name / file
    if not path.is_file():
        raise UsageError(
            f"There is no set {name} in {data} ({file} is missing): point --data at the public "
            "sets."
        )
    return path


def read_rows(file: Path, kind: type[T]) -> tuple[T, ...]:
    """The lines of a file of JSON objects. Raises `UsageError` for one that is none of a kind."""
    adapter = TypeAdapter(kind)
    return tuple(
        _value(adapter, line, f"{file}:{number}")
        for number, line in enumerate(_bytes(file).splitlines(), start=1)
    )


def read_value(file: Path, kind: type[T]) -> T:
    """A file of one JSON value. Raises `UsageError` where it is none of a kind."""
    return _value(TypeAdapter(kind), _bytes(file), str(file))


def _bytes(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UsageError(
            f"{file} cannot be read ({error.strerror}): check its permissions."
        ) from None


def _value(adapter: TypeAdapter[T], text: bytes, place: str) -> T:
    try:
        return adapter.validate_json(text)
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(map(str, problem["loc"])) or "the whole"
        raise UsageError(
            f"{place} does not belong to a public set ({where}: {problem['msg']}): point --data at "
            "the sets as they were published."
        ) from None


def check_file(file: Path, name: str) -> None:
    """Raise `AnswersError` for a file that is there and is not of a run of this name."""
    if file.exists() and read_answers(file).run.name != name:
        raise AnswersError(f"{file} is of another run: name another file.")


def _asked(row: _QuestionRow) -> Asked:
    return Asked(
        qid=row.qid,
        pid=row.pid,
        language=row.lang,
        text=row.question,
        answers=tuple(dict.fromkeys(row.answers)) if row.answerable else (),
    )


def _article(pid: str) -> int:
    return int(pid.split("-")[1])


# --- Corpora -----------------------------------------------------------------------------------


def write_corpus(passages: Iterable[Passage], folder: Path) -> None:
    """Write passages as a corpus: a file for each, with its language in the front matter."""
    folder.mkdir(parents=True, exist_ok=True)
    for passage in passages:
        text = f"---\nlanguage: {passage.language}\n---\n{passage.text}"
        (folder / passage.file).write_text(text, "utf-8", newline="")


def dealt(passages: Iterable[Passage], language_of: Callable[[Passage], str]) -> list[Passage]:
    """Each passage of a parallel set in one language only, as dealt out."""
    return [passage for passage in passages if passage.language == language_of(passage)]


# --- Cases -------------------------------------------------------------------------------------


def xquad(
    data: Path,
    folder: Path,
    *,
    asked: str = "en",
    written: str = "en",
    every: int = 1,
    leave_out: bool = False,
) -> Material:
    """XQuAD: questions in one language put to the passages of another, or of the same.

    The answers are those of the passages' language. The corpus is written below `folder`.
    Raises `UsageError` for a set that is missing, and for a language that it does not have.
    """
    one = read_set(data, "xquad")
    languages = sorted({question.language for question in one.questions})
    for language in (asked, written):
        if language not in languages:
            raise UsageError(
                f"XQuAD has nothing in {language}: choose among {', '.join(languages)}."
            )
    return _material(
        f"xquad {asked}→{written}",
        folder,
        one,
        [passage for passage in one.passages if passage.language == written],
        [question for question in one.questions if question.language == asked][::every],
        leave_out=leave_out,
    )


def piaf(data: Path, folder: Path, *, every: int = 1, leave_out: bool = False) -> Material:
    """PIAF: native French questions on French passages; else as `xquad`."""
    return _whole("piaf", "piaf_fr", data, folder, every=every, leave_out=leave_out)


def squad2(data: Path, folder: Path, *, every: int = 1, leave_out: bool = False) -> Material:
    """SQuAD 2: English questions, half of them without an answer in their passage."""
    return _whole("squad2", "squad2_dev_half", data, folder, every=every, leave_out=leave_out)


def _whole(
    name: str, stored: str, data: Path, folder: Path, *, every: int, leave_out: bool
) -> Material:
    one = read_set(data, stored)
    return _material(name, folder, one, one.passages, one.questions[::every], leave_out=leave_out)


def _material(
    name: str,
    folder: Path,
    one: PublicSet,
    passages: Sequence[Passage],
    questions: Sequence[Asked],
    *,
    leave_out: bool,
) -> Material:
    articles = sorted({passage.article for passage in passages})
    gone = frozenset(articles[LEFT_OUT - 1 :: LEFT_OUT] if leave_out else ())
    kept = [passage for passage in passages if passage.article not in gone]
    # Named by what is in it: no file of other data, or of a whole set, can lie in between.
    digest = hashlib.sha256("\0".join(f"{p.pid} {p.language} {p.text}" for p in kept).encode())
    corpus = folder / f"{name.split(maxsplit=1)[0]}-{digest.hexdigest()[:8]}"
    write_corpus(kept, corpus)
    languages = {passage.pid: passage.language for passage in passages}
    return Material(
        name=name,
        corpus=corpus,
        cases=tuple(_case(name, one, asked, languages[asked.pid], gone) for asked in questions),
    )


def _case(name: str, one: PublicSet, asked: Asked, written: str, gone: Collection[int]) -> Case:
    """A question as a case; what it must say is in the language of its passage."""
    answers = one.answers[asked.qid, written]
    left_out = asked.article in gone
    answerable = bool(answers) and not left_out
    tags = ["held_out" if asked.held_out else "fitted"]
    tags += ["crosslingual"] if asked.language != written else []
    if not answerable:
        tags.append("left_out" if left_out else "unanswerable")
    return Case(
        id=f"{asked.qid}-{asked.language}-{written}",
        set=name,
        language=asked.language,
        question=asked.text,
        answer=answers[0] if answerable else "",
        accepted=answers[1:] if answerable else (),
        sources=(f"{asked.pid}.txt",) if answerable else (),
        answerable=answerable,
        tags=tuple(sorted(tags)),
    )
