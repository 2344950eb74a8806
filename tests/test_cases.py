"""What reading case files promises: the cases as they stand, or all that is wrong, by line."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import FIELDS, MOST_SHOWN, Case, CaseError, check_sources, read_cases
from eval.records import CaseLine, lines, read_line
from rag.domain import Exchange

GOOD = """\
- id: good
  language: en
  question: Who bought the mill?
  answer: Anna Keller
  expect: [Keller]
  sources: [mill.txt]
  tags: [lookup]
"""
ROW: Mapping[str, Any] = {
    "id": "good",
    "language": "en",
    "question": "Who bought the mill?",
    "answer": "Anna Keller",
    "expect": ["Keller"],
    "sources": ["mill.txt"],
    "tags": ["lookup"],
}
CASE = Case(
    id="good",
    set="cases",
    language="en",
    question="Who bought the mill?",
    answer="Anna Keller",
    expect=("Keller",),
    sources=("mill.txt",),
    tags=("lookup",),
)
NO_TEXT = ("id", "language", "question")
"""What a row that says nothing at all lacks."""


def write(folder: Path, content: str | bytes, name: str = "cases.yaml") -> Path:
    file = folder / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return file


def told(*files: Path) -> list[str]:
    """What an error lists about some files."""
    with pytest.raises(CaseError) as caught:
        read_cases(files)
    head, *problems = str(caught.value).split("\n")
    assert head == "Some cases cannot be used:"
    return problems


def row(**changes: object) -> str:
    """The good case as a line of JSON, with changes."""
    return json.dumps({**ROW, **changes}, ensure_ascii=False)


# --- What is read ------------------------------------------------------------------------------


def test_case_is_read_with_its_defaults(tmp_path: Path) -> None:
    """A case is answerable unless it says otherwise, and stands alone without a history."""
    assert read_cases([write(tmp_path, GOOD)]) == (CASE,)


def test_both_formats_say_the_same(tmp_path: Path) -> None:
    """YAML and JSON lines of the same words are the same case; the set is the file's name."""
    file = write(tmp_path, f"{row()}\n", "cases.jsonl")
    assert read_cases([file]) == (CASE,)
    again = write(tmp_path, f"{row(id='other')}\n", "others.jsonl")
    assert [case.set for case in read_cases([file, again])] == ["cases", "others"]


@pytest.mark.parametrize("name", ["cases.yaml", "cases.jsonl"])
def test_everything_a_case_may_say_is_read(tmp_path: Path, name: str) -> None:
    """No name of a case is read and forgotten; tags are in order, each once."""
    whole = {
        **ROW,
        "history": [{"question": "Is there a mill?", "answer": "By the river."}],
        "forbid": ["Brandt"],
        "sources": {"any_of": ["mill.txt", "bridge.txt"]},
        "answerable": True,
        "tags": ["lookup", "follow_up", "date", "lookup"],
    }
    assert whole.keys() == FIELDS
    text = json.dumps(whole)
    (case,) = read_cases([write(tmp_path, text if name.endswith("jsonl") else f"[{text}]", name)])
    assert case == replace(
        CASE,
        history=(Exchange(question="Is there a mill?", reply="By the river."),),
        forbid=("Brandt",),
        sources=("mill.txt", "bridge.txt"),
        any_source=True,
        tags=("date", "follow_up", "lookup"),
    )


@pytest.mark.parametrize(
    "case",
    [
        {"answerable": False, "expect": [], "sources": []},
        {"answerable": False, "expect": [], "sources": [], "forbid": ["gift"]},
        {"expect": []},
    ],
    ids=["to be refused", "to be refused without a word", "judged by its answer"],
)
def test_case_without_patterns_is_one(tmp_path: Path, case: Mapping[str, object]) -> None:
    """What must be refused needs nothing else, and an answer stands for its patterns."""
    (read,) = read_cases([write(tmp_path, row(**case), "cases.jsonl")])
    assert read.expect == ()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cases.yaml", "\ufeff" + GOOD),
        ("cases.yaml", GOOD.replace("\n", "\r\n")),
        ("cases.yaml", "# Cases.\n---\n" + GOOD + "...\n"),
        ("cases.json", f"[{row()}]"),
        ("cases.jsonl", "\ufeff" + row()),
        ("cases.jsonl", f"\n  \n{row()}\r\n\r\n"),
    ],
    ids=["mark", "CRLF", "comments", "a list in JSON", "mark in JSON", "blank lines"],
)
def test_how_a_file_is_written_does_not_matter(tmp_path: Path, name: str, content: str) -> None:
    """A byte order mark, line ends, blank lines and comments are no part of a case."""
    assert read_cases([write(tmp_path, content, name)]) == (CASE,)


@pytest.mark.parametrize("letter", "\u2028\u2029\u0085\u000b\u000c")
def test_json_is_cut_at_line_feeds_only(tmp_path: Path, letter: str) -> None:
    """Letters that part lines elsewhere are letters inside of a JSON text."""
    question = f"Who bought{letter}the mill?"
    text = row(question=question).replace("\\u000b", letter).replace("\\f", letter)
    file = write(tmp_path, f"{row(question=question) if letter < ' ' else text}\n", "cases.jsonl")
    assert read_cases([file]) == (replace(CASE, question=question),)


def test_names_of_one_case_may_serve_another(tmp_path: Path) -> None:
    """An anchor may be merged into another case, whose own names count more."""
    text = GOOD.replace("- id", "- &mill\n  id") + "- {<<: *mill, id: other}\n"
    assert read_cases([write(tmp_path, text)]) == (CASE, replace(CASE, id="other"))


letters = st.characters(codec="utf-8")
texts = st.text(letters, min_size=1, max_size=20).filter(lambda text: bool(text.strip()))


@given(question=texts, answer=texts, earlier=texts, tags=st.lists(texts, max_size=3))
def test_any_text_is_kept_to_the_letter(
    tmp_path_factory: pytest.TempPathFactory,
    question: str,
    answer: str,
    earlier: str,
    tags: list[str],
) -> None:
    """What a case says comes back as it was written, from its file and from an answers file."""
    text = row(
        question=question,
        answer=answer,
        history=[{"question": earlier, "answer": answer}],
        tags=tags,
    )
    (case,) = read_cases([write(tmp_path_factory.getbasetemp(), text, "any.jsonl")])
    assert (case.question, case.answer) == (question, answer)
    assert case.history == (Exchange(question=earlier, reply=answer),)
    assert case.tags == tuple(sorted(set(tags)))
    assert list(map(read_line, lines([CaseLine(case=case)]))) == [CaseLine(case=case)]


# --- What is refused ---------------------------------------------------------------------------

FAULTS = (
    ("id: good", "name: good", 1, "a case has no `name`"),
    ("id: good", "answers: x\n  id: good", 1, "a case has no `answers`"),
    ("id: good", "id: 7", 1, "`id` is missing, or no text"),
    ("id: good", "id: 2024-01-01", 1, "`id` is missing, or no text"),
    ("id: good", "id: on", 1, "`id` is missing, or no text"),
    ("id: good", "id: ' '", 1, "`id` is missing, or no text"),
    ("language: en", "language:", 2, "`language` is missing, or no text"),
    ("language: en", "language: EN", 2, "`language` is no code such as `en`"),
    ("language: en", "language: en-GB", 2, "`language` is no code such as `en`"),
    ("language: en", "language: ру", 2, "`language` is no code such as `en`"),
    ("question: Who bought the mill?", "question: [Who]", 3, "`question` is missing, or no text"),
    ("question: Who bought the mill?", r'question: "\ud800"', 3, "`question` is missing"),
    ("answer: Anna Keller", "answer: 2021", 4, "`answer` is missing, or no text"),
    ("answer: Anna Keller", "answer: .nan", 4, "`answer` is missing, or no text"),
    ("answer: Anna Keller", "answer:", 4, "`answer` is missing, or no text"),
    ("expect: [Keller]", "expect: Keller", 5, "`expect` is no list of texts"),
    ("expect: [Keller]", "expect: [36]", 5, "`expect` is no list of texts"),
    ("expect: [Keller]", "expect: ['']", 5, "`expect` is no list of texts"),
    ("expect: [Keller]", "expect:", 5, "`expect` is no list of texts"),
    ("expect: [Keller]", "expect: ['(']", 5, "`expect` has no valid pattern /(/: missing )"),
    ("expect: [Keller]", "expect: ['a{99999999999999999999}']", 5, "`expect` has no valid pattern"),
    ("expect: [Keller]", "expect: ['(?:(?:a?){999}){999}']", 5,
     "`expect` has no valid pattern /(?:(?:a?){999}){999}/: it repeats too much"),
    ("expect: [Keller]", "forbid: ['*']\n  expect: [Keller]", 5, "`forbid` has no valid pattern"),
    ("sources: [mill.txt]", "sources: mill.txt", 6, "`sources` is no list of texts"),
    ("sources: [mill.txt]", "sources: {any_of: []}", 6, "`sources` is a list of files, or"),
    ("sources: [mill.txt]", "sources: {all_of: [a]}", 6, "`sources` is a list of files, or"),
    ("sources: [mill.txt]", "sources: {any_of: a}", 6, "`sources` is no list of texts"),
    ("sources: [mill.txt]", "sources: [a, b, a]", 6, "`sources` names a file twice"),
    ("tags: [lookup]", "tags: lookup", 7, "`tags` is no list of texts"),
    ("tags: [lookup]", "answerable: perhaps", 7, "`answerable` is true or false"),
    ("tags: [lookup]", "answerable: 0", 7, "`answerable` is true or false"),
    ("tags: [lookup]", "answerable: false", 7, "what the articles do not say has no `expect`"),
    ("tags: [lookup]", "history: Mill?", 7, "`history` is a list of {question, answer} pairs"),
    ("tags: [lookup]", "history: [Mill]", 7, "`history` is a list of {question, answer} pairs"),
    ("tags: [lookup]", "history: [{question: Mill}]", 7, "`history` is a list of {question"),
    ("tags: [lookup]", "history: [{question: a, answer: 7}]", 7, "`history` is a list of"),
    ("tags: [lookup]", "history: [{question: a, answer: b, c: d}]", 7, "`history` is a list of"),
    ("  sources: [mill.txt]\n", "", 1, "an answerable case needs `sources`"),
    ("  answer: Anna Keller\n  expect: [Keller]\n", "", 1, "an answerable case needs `expect`"),
    ("tags: [lookup]", "language: de", 7, "`language` stands twice"),
    ("expect: [Keller]", "expect: [Keller]\n  expect: 7", 6, "`expect` is no list of texts"),
    ("[mill.txt]", "{any_of: [a],\n     any_of: [b]}", 7, "`any_of` stands twice"),
    ("tags: [lookup]", "history: [{question: a, answer: b,\n    answer: c}]", 8, "`answer` stands"),
    ("tags: [lookup]", "tags: [lookup", 8, "it is no YAML (expected ',' or ']'"),
    ("tags: [lookup]", "tags: [a\x07b]", 7, "it is no YAML (unacceptable character #x0007"),
    ("tags: [lookup]", "tags: 2024-13-45", 1, "it is no YAML (month must be in 1..12"),
    ("tags: [lookup]", "tags: {[a]: b}", 7, "it is no YAML (found unhashable key)"),
    ("tags: [lookup]", "tags: !!python/name:os.system x", 7, "it is no YAML (could not determine"),
    ("tags: [lookup]", "tags: *nowhere", 7, "it is no YAML (found undefined alias 'nowhere')"),
)  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "says"), FAULTS)
def test_fault_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, says: str
) -> None:
    """What cannot be used is named by file and line, with what is wrong about it."""
    assert GOOD.count(old) == 1
    before = "# A comment, and a case without faults.\n" + GOOD.replace("good", "before")
    place = line + before.count("\n")
    problems = told(write(tmp_path, before + GOOD.replace(old, new)))
    assert any(one.startswith(f"cases.yaml:{place}: {says}") for one in problems), problems


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("7", "a case is a mapping of names to values"),
        ("[]", "a case is a mapping of names to values"),
        ("{", "it is no JSON object (Expecting property name"),
        ("{} {}", "it is no JSON object (Extra data"),
        ('{"id": "a", "id": "b"}', "it is no JSON object (`id` stands twice)"),
        ('{"sources": {"any_of": ["a"], "any_of": ["b"]}}', "it is no JSON object (`any_of`"),
        ("[" * 100_000, "it is no JSON object ("),
        ('{"id": ' + "7" * 5000 + "}", "it is no JSON object (Exceeds the limit"),
        (row(id=float("nan")), "`id` is missing, or no text"),
        (row(question=None), "`question` is missing, or no text"),
        (row(question="x").replace('"x"', r'"\ud83d"'), "`question` is missing, or no text"),
        (row(expect=["a", 7]), "`expect` is no list of texts"),
        (row(expect=["("]), "`expect` has no valid pattern /(/"),
        (row(answerable="no"), "`answerable` is true or false"),
        (row(accepted=["Keller"]), "a case has no `accepted`"),
    ],
)  # fmt: skip
def test_fault_in_json_is_told_with_its_line(tmp_path: Path, text: str, says: str) -> None:
    """Every line of JSON is by itself: a fault has its line, and the next line is still read."""
    file = write(tmp_path, f"{row()}\n\n{text}\n{row(id=8)}\n", "cases.jsonl")
    problems = told(file)
    assert any(one.startswith(f"cases.jsonl:3: {says}") for one in problems), problems
    assert problems[-1] == "cases.jsonl:4: `id` is missing, or no text"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"- {id: [", "cases.yaml:1: it is no YAML"),
        (b"- id: a\n  x: \xff\xfe\n", "cases.yaml: it is not UTF-8"),
        (b"- id: a\n  b: \x00\n", "cases.yaml:2: it is no YAML (unacceptable character #x0000"),
        (b"id: good", "cases.yaml:1: it is no list of cases"),
        (b"just words", "cases.yaml:1: it is no list of cases"),
        (b"7", "cases.yaml:1: it is no list of cases"),
        (b"- {}\n---\n- {}\n", "cases.yaml:2: it is no YAML (but found another document)"),
        (b"- " + b"[" * 20_000, "cases.yaml:1: it is no YAML (maximum recursion depth"),
        (None, "cases.yaml: it cannot be read (No such file or directory)"),
    ],
)
def test_file_that_is_no_list_of_cases_is_told(
    tmp_path: Path, content: bytes | None, says: str
) -> None:
    """A file that cannot be read at all is an error with a sentence, never a traceback."""
    file = tmp_path / "cases.yaml" if content is None else write(tmp_path, content)
    (problem,) = told(file)
    assert problem.startswith(says)


@pytest.mark.parametrize("text", ["- &a {id: *a}\n", "- &a [*a]\n", "- {id: &a [*a, *a]}\n"])
def test_case_that_holds_itself_is_told(tmp_path: Path, text: str) -> None:
    """A case that leads back to where it stands is read to an end."""
    assert told(write(tmp_path, text))[-1].startswith("cases.yaml:1: `question` is missing")


def test_folder_is_no_case_file(tmp_path: Path) -> None:
    """A folder in place of a file is told, too."""
    assert told(tmp_path) == [f"{tmp_path.name}: it cannot be read (Is a directory)"]


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "[]"])
def test_files_without_a_case_are_an_error(tmp_path: Path, text: str) -> None:
    """There is nothing to run where no file holds a case; one that does is enough."""
    empty = write(tmp_path, text, "empty.yaml")
    with pytest.raises(CaseError, match="There is no case in these files"):
        read_cases([empty])
    assert read_cases([empty, write(tmp_path, GOOD)]) == (CASE,)


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    """One reading tells everything that is wrong, whatever else is wrong with the files."""
    first = write(
        tmp_path,
        f"{GOOD}- 7\n- {{when: 2024-13-45}}\n{GOOD.replace('[Keller]', '[(, 7]')}",
        "first.yaml",
    )
    second = write(
        tmp_path, f"{{\n{row(id='fine')}\n{row(id='x', language=1, tags=1)}\n", "second.jsonl"
    )
    third = write(tmp_path, b"\xff", "third.yaml")
    fourth = write(tmp_path, GOOD.replace("good", "last").replace("[Keller]", "['(', '*']"))
    places = [problem.split(" ")[0] for problem in told(first, second, third, fourth)]
    assert list(dict.fromkeys(places)) == [
        "first.yaml:8:",  # no mapping
        "first.yaml:9:",  # no date
        "first.yaml:14:",  # no list of texts
        "first.yaml:10:",  # the same id
        "second.jsonl:1:",
        "second.jsonl:3:",
        "third.yaml:",
        "cases.yaml:5:",
    ]
    assert places.count("second.jsonl:3:") == 2
    assert places.count("cases.yaml:5:") == 2


def test_row_without_anything_lacks_everything(tmp_path: Path) -> None:
    """All that is wrong with one case is told, too."""
    problems = told(write(tmp_path, "- {}\n"))
    assert problems == [f"cases.yaml:1: `{name}` is missing, or no text" for name in NO_TEXT]


def test_id_is_unique_over_all_files(tmp_path: Path) -> None:
    """An id that stands twice is told with both places, in one file or over several."""
    files = [
        write(tmp_path, GOOD.replace("- id: good\n ", "-") + "  id: good\n", "first.yaml"),
        write(tmp_path, f"\n\n{row()}\n", "second.jsonl"),
        write(tmp_path, f"\n{GOOD}\n{GOOD}", "third.yaml"),
    ]
    assert told(*files) == [
        "second.jsonl:3: `good` already stands in first.yaml:7",
        "third.yaml:2: `good` already stands in first.yaml:7",
        "third.yaml:10: `good` already stands in first.yaml:7",
    ]


def test_long_list_of_faults_is_cut(tmp_path: Path) -> None:
    """So many faults are listed, and the others counted: none is lost in silence."""
    problems = told(write(tmp_path, "\n".join("{" * 70), "cases.jsonl"))
    assert len(problems) == MOST_SHOWN + 1
    assert problems[-1] == f"… and {70 - MOST_SHOWN} more"


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8")))
def test_no_file_breaks_the_reading(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    """Whatever a file holds, it has cases, or an error says what is wrong with it."""
    for name in ("any.yaml", "any.jsonl"):
        file = write(tmp_path_factory.getbasetemp(), data, name)
        with suppress(CaseError):
            assert read_cases([file])


# --- Sources -----------------------------------------------------------------------------------


def test_sources_have_to_be_in_the_corpus() -> None:
    """Every file that no article has is told with its case; the others pass."""
    cases = [
        CASE,
        replace(CASE, id="gone", sources=("mill.txt", "kiln.txt", "weir.txt")),
        replace(CASE, id="either", sources=("bridge.txt", "lock.txt"), any_source=True),
        replace(CASE, id="none", answerable=False, expect=(), sources=()),
    ]
    check_sources(cases[:1] + cases[3:], ["mill.txt"])
    with pytest.raises(CaseError) as caught:
        check_sources(cases, iter(["mill.txt", "bridge.txt"]))
    assert str(caught.value).split("\n")[1:] == [
        "cases, case gone: the corpus has no article kiln.txt",
        "cases, case gone: the corpus has no article weir.txt",
        "cases, case either: the corpus has no article lock.txt",
    ]
