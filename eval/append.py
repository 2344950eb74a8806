"""A golden case at the end of a case file, written as people write them, or not at all."""

import json
import re
import shutil
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import yaml

from eval.cases import Case, CaseError, read_cases
from rag.errors import UsageError
from rag.paths import printable, reason

SUFFIXES = (".yaml", ".yml", ".jsonl")
"""Endings of case files."""

BARE = frozenset({"id", "language", "sources", "any_of", "tags"})
"""Names whose values stand without quotation marks in YAML where they can."""


def cases_in(file: Path) -> tuple[Case, ...]:
    """The cases of a file; none of one that is missing or empty.

    Raises `UsageError` for a file that holds something else, or has another ending than those
    of case files.
    """
    if file.suffix not in SUFFIXES:
        raise UsageError(f"{file} is no case file: name one that ends in .yaml or .jsonl.")
    try:
        if not file.exists() or _is_blank(file):
            return ()
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({reason(error)}): name another.") from None
    try:
        return read_cases([file])
    except CaseError as error:
        raise UsageError(f"{file} is no case file ({_first(error)}): mend it first.") from None


def append(case: Case, file: Path) -> None:
    """Add a case at the end of a file, which is made if it is missing.

    The file is changed at once, or not at all. Raises `UsageError` where it holds no cases, the
    id is taken, or the case would not read back as it is.
    """
    before = cases_in(file)
    row = json_row(case) if file.suffix == ".jsonl" else yaml_row(case)
    try:
        target = file.resolve()
        old = target.read_bytes() if target.exists() else b""
        line_end = b"\r\n" if b"\r\n" in old else b"\n"
        gap = line_end if old and not old.endswith(b"\n") else b""
        # In a folder beside it, so that it can take the file's place, and under the file's name,
        # so that it reads as the file will.
        with TemporaryDirectory(dir=target.parent, prefix=".new-") as folder:
            draft = Path(folder) / file.name
            draft.write_bytes(old + gap + row.encode("utf-8") + line_end)
            if read_cases([draft]) != (*before, case):
                raise UsageError(f"The case would not read back from {file} as it is: simplify it.")
            if old:
                shutil.copymode(target, draft)
            draft.replace(target)
    except CaseError as error:
        raise UsageError(f"The case cannot stand in {file} ({_first(error)}).") from None
    except UnicodeEncodeError:
        raise UsageError("The case holds half a character: type it as plain text.") from None
    except OSError as error:
        raise UsageError(f"{file} cannot be written ({reason(error)}): name another.") from None


def yaml_row(case: Case) -> str:
    """A case as an item of a YAML list, on one line."""
    return f"- {_flow(_values(case))}"


def json_row(case: Case) -> str:
    """A case as a JSON object on one line."""
    return json.dumps(_values(case), ensure_ascii=False)


def _values(case: Case) -> Mapping[str, object]:
    """What a case says in a file, in the order of the bundled ones; what is empty is left out."""
    sources = list(case.sources)
    values = {
        "id": case.id,
        "language": case.language,
        "history": [{"question": one.question, "answer": one.reply} for one in case.history],
        "question": case.question,
        "answer": case.answer,
        "expect": list(case.expect),
        "forbid": list(case.forbid),
        "sources": {"any_of": sources} if case.any_source else sources,
        "answerable": None if case.answerable else False,
        "tags": list(case.tags),
    }
    return {name: value for name, value in values.items() if value or value is False}


def _flow(value: object, *, bare: bool = False) -> str:
    """A value in YAML's flow style."""
    if isinstance(value, Mapping):
        pairs = (f"{name}: {_flow(one, bare=name in BARE)}" for name, one in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(one, bare=bare) for one in value) + "]"
    if isinstance(value, str) and not (bare and _is_plain(value)):
        # JSON's strings are YAML's, but for characters that YAML takes for line breaks or refuses.
        return "".join(map(_escaped, json.dumps(value, ensure_ascii=False)))
    return value if isinstance(value, str) else json.dumps(value)


def _is_plain(text: str) -> bool:
    """Whether YAML reads a text without quotation marks as itself: not so `no` and `2024`."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_./-]*", text):
        return False
    try:
        return bool(yaml.safe_load(text) == text)
    except ValueError:  # A date that no calendar has.
        return False


def _escaped(character: str) -> str:
    if unicodedata.category(character) not in {"Cc", "Cf", "Cn", "Co", "Zl", "Zp"}:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _first(error: CaseError) -> str:
    """The first thing that is wrong with a file, for a place in brackets."""
    return printable(str(error).splitlines()[:2][-1].rstrip("."))


def _is_blank(file: Path) -> bool:
    """Whether a file holds nothing but comments."""
    lines = file.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    comment = () if file.suffix == ".jsonl" else (b"#",)
    return not any(line.strip() and not line.lstrip().startswith(comment) for line in lines)
