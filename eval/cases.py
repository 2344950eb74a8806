"""Golden cases: a question, and what must become of it.

    case files (YAML, JSON lines) -> rows with their lines -> cases, or all that is wrong

A case file is a YAML list or one JSON object per line. What a case may say:

    id           a name, unique over all files of a run
    language     language of the question, ISO 639-1
    question     what the user types
    history      earlier turns as {question, answer} pairs, oldest first
    answer       the right answer in short, for people and for the word overlap
    expect       patterns, each of which what is shown has to match, whatever the case
    forbid       patterns that nothing shown may match
    sources      files that must all be cited; {any_of: [...]} means that one is enough
    answerable   false where the articles do not say; true when left out
    tags         names to count by
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

import regex
import yaml

from rag.domain import Exchange
from rag.errors import UsageError

FOLDER = Path(__file__).parent / "golden"
"""The bundled cases."""

BUNDLED = (FOLDER / "calibration.yaml", FOLDER / "heldout.yaml")
"""`calibration.yaml` may be tuned on, `heldout.yaml` never is."""

FIELDS = frozenset(
    {
        "id", "language", "question", "history", "answer", "expect", "forbid", "sources",
        "answerable", "tags",
    }
)  # fmt: skip
"""What a case may say."""

_SURROGATE = re.compile("[\ud800-\udfff]")

MOST_REPEATED = 100_000
"""What the counts of a pattern, such as `{2,5}`, may come to when all of them are multiplied:
a search is bounded in time, compiling is not."""

_COUNTS = re.compile(r"\{(\d{1,9})(?:,(\d{0,9}))?\}")

MOST_SHOWN = 50
"""Problems that an error lists before it only counts them."""


class CaseError(UsageError):
    """Case files cannot be used; the text lists everything that is wrong with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One question, and what must become of it."""

    id: str
    set: str
    """The case file it is from, without its ending."""
    language: str
    question: str
    answer: str = ""
    accepted: tuple[str, ...] = ()
    """Other wordings of the answer; public sets have some."""
    expect: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    any_source: bool = False
    answerable: bool = True
    history: tuple[Exchange, ...] = ()
    tags: tuple[str, ...] = ()
    """In alphabetical order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A case as it stands in its file: line of the case, and of each of its names."""

    value: object
    line: int
    lines: dict[str, int] = field(default_factory=dict)


def read_cases(files: Iterable[Path]) -> tuple[Case, ...]:
    """The cases of some files, in order.

    Raises `CaseError` that names every fault of every file with its line.
    """
    cases: list[Case] = []
    problems: list[str] = []
    seen: dict[str, str] = {}
    for file in files:
        for row in _rows(file, problems):
            reader = _Reader(row)
            case = reader.case(file.stem)
            place = f"{file.name}:{row.lines.get('id', row.line)}"
            if case.id and case.id in seen:
                reader.wrong("id", f"`{case.id}` already stands in {seen[case.id]}")
            seen.setdefault(case.id, place)
            problems += [f"{file.name}:{line}: {what}" for line, what in reader.problems]
            cases.append(case)
    if problems:
        raise _refused(problems)
    if not cases:
        raise CaseError("There is no case in these files: give files that hold some.")
    return tuple(cases)


def check_sources(cases: Iterable[Case], articles: Iterable[str]) -> None:
    """Raise `CaseError` for cases that name files which the corpus does not hold."""
    known = set(articles)
    problems = [
        f"{case.set}, case {case.id}: the corpus has no article {name}"
        for case in cases
        for name in case.sources
        if name not in known
    ]
    if problems:
        raise _refused(problems)


def _refused(problems: list[str]) -> CaseError:
    shown = problems[:MOST_SHOWN]
    if len(problems) > len(shown):
        shown.append(f"… and {len(problems) - len(shown)} more")
    return CaseError("Some cases cannot be used:\n" + "\n".join(shown))


def _rows(file: Path, problems: list[str]) -> Iterator[_Row]:
    """The rows of a file; what cannot be read as one goes to `problems`."""
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        problems.append(f"{file.name}: it is not UTF-8")
    except OSError as error:
        problems.append(f"{file.name}: it cannot be read ({error.strerror})")
    else:
        yield from (_json_rows if file.suffix == ".jsonl" else _yaml_rows)(file, text, problems)


def _json_rows(file: Path, text: str, problems: list[str]) -> Iterator[_Row]:
    # Not `splitlines`: it also cuts at U+2028, which JSON allows in a string.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            pairs = json.loads(line, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            problems.append(f"{file.name}:{number}: it is no JSON object ({error})")
        else:
            yield _Row(value=pairs, line=number)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a name that stands twice: the first one would be lost in silence."""
    twice = [name for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    if twice:
        raise ValueError(f"`{twice[0]}` stands twice")
    return dict(pairs)


def _yaml_rows(file: Path, text: str, problems: list[str]) -> Iterator[_Row]:
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as error:
        problems.append(_no_yaml(file, error, _line_of(error, text)))
        return
    if node is None:
        return
    if not isinstance(node, yaml.SequenceNode):
        problems.append(f"{file.name}:1: it is no list of cases")
        return
    for item in node.value:
        lines = {str(key.value): key.start_mark.line + 1 for key, _ in _pairs(item)}
        line = item.start_mark.line + 1
        problems += [f"{file.name}:{place}: `{name}` stands twice" for name, place in _twice(item)]
        try:
            # One of its own for each case: what stops one case stops no other.
            value = yaml.constructor.SafeConstructor().construct_document(item)
        except (yaml.YAMLError, ValueError, RecursionError) as error:
            problems.append(_no_yaml(file, error, line))
        else:
            yield _Row(value=value, line=line, lines=lines)


def _no_yaml(file: Path, error: Exception, line: int) -> str:
    """What is wrong with YAML; `line` counts where the error knows none."""
    what = " ".join(str(error).split())
    if isinstance(error, yaml.MarkedYAMLError):
        line = error.problem_mark.line + 1 if error.problem_mark else line
        what = error.problem or error.context or what
    return f"{file.name}:{line}: it is no YAML ({what})"


def _line_of(error: Exception, text: str) -> int:
    """The line of a character that YAML does not allow; 1 for any other error."""
    place = error.position if isinstance(error, yaml.reader.ReaderError) else 0
    return text.count("\n", 0, place) + 1


def _pairs(node: yaml.Node) -> list[tuple[yaml.Node, yaml.Node]]:
    """The names and values of a mapping; none of anything else."""
    if not isinstance(node, yaml.MappingNode):
        return []
    return [(key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)]


def _twice(item: yaml.Node) -> Iterator[tuple[str, int]]:
    """The names that stand twice in a mapping, or in one inside of it, with their lines."""
    waiting = [item]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue  # An alias may lead back to where it stands.
        seen.add(id(node))
        names: set[str] = set()
        for key, value in _pairs(node):
            if str(key.value) in names:
                yield str(key.value), key.start_mark.line + 1
            names.add(str(key.value))
            waiting.append(value)
        if isinstance(node, yaml.SequenceNode):
            waiting += node.value


class _Reader:
    """Reads one row and collects what is wrong with it, as (line, sentence)."""

    def __init__(self, row: _Row) -> None:
        self._row = row
        self._values = row.value if isinstance(row.value, dict) else {}
        self.problems: list[tuple[int, str]] = []

    def wrong(self, name: str, what: str) -> None:
        """Note what is wrong with the value of a name."""
        self.problems.append((self._row.lines.get(name, self._row.line), what))

    def case(self, name_of_set: str) -> Case:
        """The case; worth nothing when there are problems."""
        if not isinstance(self._row.value, dict):
            self.wrong("", "a case is a mapping of names to values")
        for name in sorted(map(str, self._values.keys() - FIELDS)):
            self.wrong(name, f"a case has no `{name}`")
        any_source = isinstance(self._values.get("sources"), dict)
        case = Case(
            id=self._text("id"),
            set=name_of_set,
            language=self._language(),
            question=self._text("question"),
            answer=self._text("answer") if "answer" in self._values else "",
            expect=self._patterns("expect"),
            forbid=self._patterns("forbid"),
            sources=self._any_of() if any_source else self._texts("sources"),
            any_source=any_source,
            answerable=self._answerable(),
            history=self._history(),
            tags=tuple(sorted(set(self._texts("tags")))),
        )
        self._whole(case)
        return case

    def _whole(self, case: Case) -> None:
        """What has to fit together in a case whose parts are right."""
        if self.problems:
            return
        if not case.answerable and (case.expect or case.sources):
            self.wrong("answerable", "what the articles do not say has no `expect` or `sources`")
        if len(set(case.sources)) < len(case.sources):
            self.wrong("sources", "`sources` names a file twice")
        if case.answerable and not case.sources:
            self.wrong("", "an answerable case needs `sources`")
        if case.answerable and "injection" in case.tags and not case.forbid:
            self.wrong("tags", "an answerable case of injection needs `forbid`")
        if case.answerable and not (case.expect or case.answer):
            self.wrong("", "an answerable case needs `expect`, or an `answer` to compare with")

    def _text(self, name: str) -> str:
        value = self._values.get(name)
        if _is_text(value):
            return value
        self.wrong(name, f"`{name}` is missing, or no text")
        return ""

    def _language(self) -> str:
        value = self._text("language")
        if value and not (value.isascii() and value.isalpha() and value.islower()):
            self.wrong("language", "`language` is no code such as `en`")
        return value

    def _texts(self, name: str) -> tuple[str, ...]:
        return self._list(name, self._values.get(name, []))

    def _any_of(self) -> tuple[str, ...]:
        sources = self._values["sources"]
        if sources.keys() != {"any_of"} or not sources["any_of"]:
            self.wrong("sources", "`sources` is a list of files, or {any_of: [...]}")
            return ()
        return self._list("sources", sources["any_of"])

    def _list(self, name: str, value: object) -> tuple[str, ...]:
        if isinstance(value, list) and all(map(_is_text, value)):
            return tuple(value)
        self.wrong(name, f"`{name}` is no list of texts")
        return ()

    def _patterns(self, name: str) -> tuple[str, ...]:
        patterns = self._texts(name)
        for pattern in patterns:
            problem = _objection(pattern)
            if problem:
                self.wrong(name, f"`{name}` has no valid pattern /{pattern}/: {problem}")
        return patterns

    def _answerable(self) -> bool:
        value = self._values.get("answerable", True)
        if not isinstance(value, bool):
            self.wrong("answerable", "`answerable` is true or false")
        return value is not False

    def _history(self) -> tuple[Exchange, ...]:
        turns = self._values.get("history", [])
        if isinstance(turns, list) and all(map(_is_turn, turns)):
            return tuple(Exchange(question=t["question"], reply=t["answer"]) for t in turns)
        self.wrong("history", "`history` is a list of {question, answer} pairs")
        return ()


def _is_turn(turn: object) -> bool:
    return (
        isinstance(turn, dict)
        and turn.keys() == {"question", "answer"}
        and all(map(_is_text, turn.values()))
    )


def _is_text(value: object) -> TypeGuard[str]:
    """Whether a value is a text that says something; half a surrogate pair cannot be written."""
    return isinstance(value, str) and bool(value.strip()) and not _SURROGATE.search(value)


def _objection(pattern: str) -> str:
    """Why a pattern cannot be used; empty if it can."""
    counts = [int(count) for pair in _COUNTS.findall(pattern) for count in pair if count]
    if math.prod(max(1, count) for count in counts) > MOST_REPEATED:
        return "it repeats too much"
    try:
        regex.compile(pattern, regex.IGNORECASE)
    except (regex.error, OverflowError, RecursionError) as error:
        return str(error)
    return ""
