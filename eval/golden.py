"""Golden cases: questions with what a right answer must say and cite.

    case file -> cases -> one reply each -> outcome -> counts per group, with intervals

An answer is right when every pattern of `expect` matches its text or one of its quotes
(ignoring case), and every file of `sources` is among its citations (one suffices where
`any_of` lists them). Where the articles do not say, only a refusal is right.
"""

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from rag import Answer, CitebotError, Exchange, Reply
from rag.answerer import Answerer

FIELDS = frozenset(
    {"id", "language", "question", "history", "answer", "expect", "sources", "answerable", "tags"}
)
"""What a case may say; `answer` is for people."""

FOLDER = Path(__file__).parent / "golden"
"""The bundled cases: `calibration.yaml` may be tuned on, `heldout.yaml` never is."""


class CaseError(CitebotError):
    """A case file cannot be used; the text lists everything that is wrong with it."""


class Outcome(StrEnum):
    """What became of a case: three ways, refusals told from wrong answers."""

    RIGHT = "right"
    WRONG = "wrong"
    REFUSED = "refused"


class Group(StrEnum):
    """Cases that are counted together."""

    SAME = "same language"
    ACROSS = "across languages"
    FOLLOW_UP = "follow-ups"
    UNANSWERABLE = "unanswerable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question, and what must become of it."""

    id: str
    language: str
    question: str
    answerable: bool
    expect: tuple[str, ...]
    sources: tuple[str, ...]
    any_source: bool
    history: tuple[Exchange, ...]
    tags: frozenset[str]

    @property
    def group(self) -> Group:
        """Where it is counted."""
        if "follow_up" in self.tags:
            return Group.FOLLOW_UP
        if not self.answerable:
            return Group.UNANSWERABLE
        return Group.ACROSS if "crosslingual" in self.tags else Group.SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A case with its reply. `why` says what a wrong answer lacks."""

    case: Case
    reply: Reply
    outcome: Outcome
    why: str = ""

    @property
    def good(self) -> bool:
        """Whether the reply is what the case asks for."""
        return self.outcome is (Outcome.RIGHT if self.case.answerable else Outcome.REFUSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """So many of so many, with Wilson's interval at 95 % (Wilson 1927)."""

    good: int
    of: int

    @property
    def share(self) -> float:
        """0..1; NaN of nothing, which is not the same as nothing right."""
        return self.good / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound, 0..1."""
        if not self.of:
            return 0.0, 1.0
        z, n, p = 1.959964, self.of, self.share
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        reach = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        return middle - reach, middle + reach

    def __str__(self) -> str:
        low, high = self.interval
        return f"{self.good:3d} of {self.of:3d}  {self.share:5.1%}  ({low:.0%} to {high:.0%})"


def read_cases(files: Iterable[Path]) -> tuple[Case, ...]:
    """The cases of some YAML files. Raises `CaseError` naming every faulty case."""
    cases: list[Case] = []
    problems: list[str] = []
    for file in files:
        for place, row in enumerate(_rows(file), start=1):
            try:
                cases.append(_case(row))
            except (TypeError, ValueError, re.error) as error:
                name = row.get("id", "no id") if isinstance(row, dict) else "no id"
                problems.append(f"{file.name}: case {place} ({name}): {error}")
    twice = sorted({c.id for c in cases if sum(d.id == c.id for d in cases) > 1})
    problems += [f"the id {name} stands more than once" for name in twice]
    if problems:
        raise CaseError("Some cases cannot be used:\n" + "\n".join(problems))
    return tuple(cases)


def _rows(file: Path) -> list[Any]:
    try:
        rows = yaml.safe_load(file.read_text("utf-8")) or []
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise CaseError(f"{file.name} cannot be read as cases: {error}") from error
    if not isinstance(rows, list):
        raise CaseError(f"{file.name} cannot be read as cases: it is no list of them")
    return rows


def _case(row: object) -> Case:
    """A case from its row. Raises `TypeError`, `ValueError` and `re.error`."""
    row = _table(row, "the case")
    strange = sorted(str(name) for name in row.keys() - FIELDS)
    if strange:
        raise ValueError(f"a case has no {', '.join(strange)}")
    any_source = isinstance(row.get("sources"), dict)
    sources = _texts(row["sources"], "any_of") if any_source else _texts(row, "sources")
    expect = _texts(row, "expect")
    for pattern in expect:
        re.compile(pattern)
    answerable = row.get("answerable", True)
    if not isinstance(answerable, bool):
        raise TypeError("`answerable` is true or false")
    if answerable and not (expect and sources):
        raise ValueError("an answerable case needs `expect` and `sources`")
    history = row.get("history", [])
    if not isinstance(history, list):
        raise TypeError("`history` is a list")
    turns = [_table(turn, "a turn of `history`") for turn in history]
    return Case(
        id=_text(row, "id"),
        language=_text(row, "language"),
        question=_text(row, "question"),
        answerable=answerable,
        expect=expect,
        sources=sources,
        any_source=any_source,
        history=tuple(
            Exchange(question=_text(turn, "question"), reply=_text(turn, "answer"))
            for turn in turns
        ),
        tags=frozenset(_texts(row, "tags")),
    )


def _table(row: object, name: str) -> dict[str, Any]:
    if not isinstance(row, dict):
        raise TypeError(f"{name} is no mapping")
    return row


def _text(row: dict[str, Any], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"`{name}` is missing, or no text")
    return value


def _texts(row: dict[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"`{name}` is no list of texts")
    return tuple(value)


def judge(case: Case, reply: Reply) -> Result:
    """What became of a case."""
    if not isinstance(reply, Answer):
        return Result(case=case, reply=reply, outcome=Outcome.REFUSED, why=reply.reason)
    said = [reply.text, *(citation.quote for citation in reply.citations)]
    lacking = [p for p in case.expect if not any(re.search(p, t, re.IGNORECASE) for t in said)]
    cited = {citation.article_id for citation in reply.citations}
    wanted = set(case.sources)
    found = bool(wanted & cited) if case.any_source else wanted <= cited
    if not case.answerable or lacking or not found:
        why = "; ".join(
            [*(f"lacks /{pattern}/" for pattern in lacking)]
            + ([] if found else [f"cites {', '.join(sorted(cited))}"])
        )
        return Result(case=case, reply=reply, outcome=Outcome.WRONG, why=why)
    return Result(case=case, reply=reply, outcome=Outcome.RIGHT)


async def run(answerer: Answerer, cases: Sequence[Case]) -> tuple[Result, ...]:
    """Ask every question, one after the other."""
    return tuple(
        [judge(case, await answerer.answer(case.question, history=case.history)) for case in cases]
    )


def counts(results: Iterable[Result]) -> dict[Group, Count]:
    """How many are good in each group that has a case."""
    rows = list(results)
    found: dict[Group, Count] = {}
    for group in Group:
        members = [row for row in rows if row.case.group is group]
        if members:
            found[group] = Count(good=sum(row.good for row in members), of=len(members))
    return found
