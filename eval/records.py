"""The answers file: everything that a run saw, one JSON object per line.

    run       first line: what was asked, of what, with which settings and which code
    article   an article of the corpus, whole
    case      a golden case, whole
    attempt   one asking of one case: reply, hits, usage, times; or the error
    judgement what a model said about an attempt (see `eval.judge`)

Scores, reports, comparisons and repetitions read this file and nothing else.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from eval.cases import Case
from rag.domain import Article, Usage
from rag.errors import UsageError

FORMAT = 1
"""Version of the file's format."""


class AnswersError(UsageError):
    """An answers file cannot be used; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was run: with the articles and cases of the file, all that is needed to repeat it."""

    kind: Literal["run"] = "run"
    format: int = FORMAT
    name: str
    started: datetime
    asked_at: datetime
    """The clock that the answerer saw: the same for every question."""
    generator: str
    settings: Mapping[str, Any]
    """Those that can change an answer; no secret, no folder."""
    repeat: int = 1
    corpus: str = ""
    """Name of the folder."""
    index: str = ""
    """Digest of the articles that were asked."""
    generation: int = 0
    code: str = ""
    """Digest of the sources and of the versions of the libraries."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Of citebot, Python and the libraries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A citation as it was shown: `quote` should be the slice `start:end` of the article."""

    number: int
    article: str
    start: int
    end: int
    quote: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A statement as it was shown."""

    text: str
    quotes: tuple[Quote, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A hit: a passage by its place, with its score and the shares of the arms."""

    article: str
    start: int
    end: int
    score: float
    arms: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A claim that was not shown, and why."""

    text: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One asking of one case: an answer with statements, a refusal with a reason, or an error."""

    kind: Literal["attempt"] = "attempt"
    case: str
    round: int = 0
    """From 0; a repeated run asks every case in several rounds."""
    key: str = ""
    """Digest of everything that can change the reply."""
    statements: tuple[Shown, ...] = ()
    reason: str | None = None
    error: str | None = None
    """What went wrong; such an attempt is neither an answer nor a refusal."""
    confidence: float = 0.0
    language: str = ""
    """The language that the question was taken to be in."""
    unknown: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    dropped: tuple[Left, ...] = ()
    hits: tuple[Found, ...] = ()
    seconds: float = 0.0
    """Wall time of the asking; of the first one for a reply from the cache."""
    timings: Mapping[str, float] = field(default_factory=dict)
    generation: int = 0
    cached: bool = False
    model: str | None = None
    prompts: Mapping[str, str] = field(default_factory=dict)
    """The digest of each prompt by its name."""
    usage: Usage = field(default_factory=Usage)

    @property
    def answered(self) -> bool:
        """Whether anything was shown."""
        return bool(self.statements)

    @property
    def text(self) -> str:
        """What was shown, without the numbers of citations."""
        return " ".join(statement.text for statement in self.statements)

    @property
    def quotes(self) -> tuple[Quote, ...]:
        """Each citation once, in the order of its number."""
        found = {quote.number: quote for shown in self.statements for quote in shown.quotes}
        return tuple(found[number] for number in sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a model said about an attempt. `verdict` is nothing where it could not be read.

    `about` is `answer`, or `statement 0` for the first statement with all of its quotes, or
    `statement 0: 1 3` for it with the quotes 1 and 3 alone. A later line about the same
    takes the place of an earlier one.
    """

    kind: Literal["judgement"] = "judgement"
    case: str
    round: int = 0
    about: str
    verdict: str | None
    model: str
    prompt: str = ""
    """Digest of the prompt."""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case in an answers file."""

    kind: Literal["case"] = "case"
    case: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLine:
    """An article in an answers file."""

    kind: Literal["article"] = "article"
    article: Article


Line = Run | ArticleLine | CaseLine | Attempt | Judgement


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """An answers file, read."""

    run: Run
    cases: tuple[Case, ...]
    articles: Mapping[str, Article]
    attempts: tuple[Attempt, ...]
    """In the order of the cases, and of the rounds for each."""
    judgements: tuple[Judgement, ...] = ()
    torn: bool = False
    """Whether the last line was cut in the middle and left out."""

    @property
    def missing(self) -> int:
        """How many attempts a whole run would have besides these."""
        return len(self.cases) * self.run.repeat - len(self.attempts)


def lines(values: Iterable[Line]) -> Iterator[bytes]:
    """Each value as a line of the file, with its line break; half a surrogate pair becomes `?`."""
    for value in values:
        try:
            row = _adapter().dump_json(value)
        except PydanticSerializationError:  # UTF-8 has no half pairs, and no file should.
            plain = _adapter().dump_python(value, mode="json")
            row = json.dumps(plain, ensure_ascii=False).encode("utf-8", "replace")
        yield row + b"\n"


def read_line(row: bytes) -> Line:
    """The value of one line. Raises `ValueError`."""
    return _adapter().validate_json(row)


def read_answers(file: Path) -> Answers:
    """Read an answers file; a last line that was cut is left out and told of by `torn`.

    Raises `AnswersError` for a file that is missing, is no answers file, or is damaged anywhere
    else, with the line.
    """
    try:
        data = file.read_bytes()
    except OSError as error:
        raise AnswersError(f"{file} cannot be read ({error.strerror}).") from None
    values: list[Line] = []
    rows = data.split(b"\n")
    torn = bool(rows.pop())
    for number, row in enumerate(rows, start=1):
        try:
            values.append(read_line(row))
            _run(values, file)  # Before the lines of another format look damaged.
        except ValidationError as error:
            if number == 1:
                raise _no_answers(file) from None
            problem = error.errors()[0]["msg"]
            raise AnswersError(f"{file}:{number} is damaged ({problem}): run it again.") from None
    return _gathered(_run(values, file), values[1:], torn=torn)


def _run(values: Sequence[Line], file: Path) -> Run:
    if values and isinstance(values[0], Run) and values[0].format == FORMAT:
        return values[0]
    raise _no_answers(file)


def _no_answers(file: Path) -> AnswersError:
    return AnswersError(
        f"{file} is no answers file of this version: name one that `python -m eval run` wrote."
    )


def _gathered(run: Run, values: Iterable[Line], *, torn: bool) -> Answers:
    cases: dict[str, Case] = {}
    articles: dict[str, Article] = {}
    attempts: dict[tuple[str, int], Attempt] = {}
    judgements: dict[tuple[str, int, str], Judgement] = {}
    for value in values:
        match value:
            case CaseLine(case=one):
                cases[one.id] = one
            case ArticleLine(article=article):
                articles[article.id] = article
            case Attempt():
                attempts[value.case, value.round] = value
            case Judgement():
                judgements[value.case, value.round, value.about] = value
            case Run():
                pass
    order = {case_id: place for place, case_id in enumerate(cases)}
    kept = [one for one in attempts.values() if one.case in order and one.round < run.repeat]
    return Answers(
        run=run,
        cases=tuple(cases.values()),
        articles=articles,
        attempts=tuple(sorted(kept, key=lambda one: (order[one.case], one.round))),
        judgements=tuple(judgements.values()),
        torn=torn,
    )


@cache
def _adapter() -> TypeAdapter[Line]:
    return TypeAdapter(Annotated[Line, Field(discriminator="kind")])
