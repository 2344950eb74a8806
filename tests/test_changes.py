"""What `rag.changes` promises: a plan makes the index equal to the folder, once each."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.changes import Kind, Plan, Print, plan

NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
BODIES = st.sampled_from(["red", "green", "blue", "grey"])
HEADS = st.sampled_from(["", "title"])
FILES = st.tuples(BODIES, HEADS)
FOLDERS = st.lists(st.dictionaries(NAMES, FILES, max_size=5), min_size=1, max_size=7)

Folder = Mapping[str, tuple[str, str]]


class Index:
    """A model of the index: articles as recorded, and bodies as their passages were written."""

    def __init__(self) -> None:
        self.recorded: dict[str, Print] = {}
        self.written: dict[str, str] = {}

    def apply(self, todo: Plan, new: Mapping[str, Print]) -> None:
        for article_id in todo.forget:
            del self.recorded[article_id]
            self.written.pop(article_id, None)
        for article_id in todo.write:
            assert article_id not in self.written
            self.written[article_id] = new[article_id].body
            self.recorded[article_id] = replace(new[article_id], duplicate_of=None)
        for article_id, original in todo.duplicates.items():
            self.recorded[article_id] = replace(new[article_id], duplicate_of=original)


def prints(folder: Folder, index: Index) -> dict[str, Print]:
    """The folder as a run sees it: a file that did not change is known by its record."""
    found = {}
    for name, (body, head) in folder.items():
        digest = sha256(f"{head}{body}".encode()).hexdigest()
        was = index.recorded.get(name)
        same = was is not None and was.sha256 == digest
        found[name] = was if was and same else Print(sha256=digest, body=body)
    return found


def settle(*folders: Folder) -> tuple[Index, list[Plan]]:
    """An index that was brought up to date with each folder in turn, and the plans."""
    index, plans = Index(), []
    for folder in folders:
        new = prints(folder, index)
        todo = plan(index.recorded, new)
        index.apply(todo, new)
        plans.append(todo)
    return index, plans


@given(FOLDERS)
def test_index_holds_every_body_once_and_nothing_else(folders: list[Folder]) -> None:
    """After any edits the written passages are one article per body of the folder."""
    index, _ = settle(*folders)
    folder = folders[-1]
    assert Counter(index.written.values()) == Counter({body for body, _ in folder.values()})
    assert all(folder[name][0] == body for name, body in index.written.items())


@given(FOLDERS)
def test_every_file_is_recorded_as_it_stands(folders: list[Folder]) -> None:
    """After any edits each file is recorded, a duplicate under an article that has its body."""
    index, _ = settle(*folders)
    folder = folders[-1]
    assert index.recorded.keys() == folder.keys()
    for name, record in index.recorded.items():
        carrier = record.duplicate_of or name
        assert index.written[carrier] == record.body == folder[name][0]


@given(FOLDERS)
def test_every_file_is_accounted_for_once(folders: list[Folder]) -> None:
    """Each file of either state is unchanged, or in one change; a rename stands for two files."""
    for at in range(1, len(folders)):
        before, _ = settle(*folders[:at])
        _, plans = settle(*folders[: at + 1])
        todo = plans[-1]
        named = [change.article_id for change in todo.changes]
        named += [c.detail for c in todo.changes if c.kind is Kind.RENAMED]
        assert len(named) == len(set(named))
        new = folders[at].keys()
        assert todo.unchanged == len(new - set(named))
        assert before.recorded.keys() - new <= set(named) <= before.recorded.keys() | new


@given(FOLDERS)
def test_second_look_finds_nothing(folders: list[Folder]) -> None:
    """A folder that did not change needs no work, whatever came before."""
    _, plans = settle(*folders, folders[-1])
    todo = plans[-1]
    assert (todo.changes, todo.write, todo.forget) == ((), (), ())
    assert todo.unchanged == len(folders[-1])


@given(FOLDERS)
def test_untouched_articles_are_not_written_again(folders: list[Folder]) -> None:
    """What carried a body and has the same file still does so without being written."""
    for at in range(1, len(folders)):
        before, _ = settle(*folders[:at])
        _, plans = settle(*folders[: at + 1])
        same = {n for n in before.written if folders[at].get(n) == folders[at - 1][n]}
        assert not same & {*plans[-1].write, *plans[-1].forget}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "a:red", ["added a"]),
        ("a:red", "a:red", []),
        ("a:red", "a:blue", ["changed a"]),
        ("a:red", "a:red+title", ["changed a"]),
        ("a:red", "", ["removed a"]),
        ("a:red", "b:red", ["renamed b a"]),
        ("a:red", "b:red+title", ["renamed b a"]),
        ("a:red", "a:red b:red", ["duplicate b a"]),
        ("b:red", "a:red b:red", ["duplicate a b"]),
        ("a:red b:red", "b:red", ["renamed b a"]),
        ("a:red b:red c:red", "b:red c:red", ["renamed b a", "duplicate c b"]),
        ("a:red b:red", "a:red", ["removed b"]),
        ("a:red b:red", "a:blue b:red", ["changed a", "changed b"]),
        ("a:red b:red", "a:red b:blue", ["changed b"]),
        ("a:red b:red", "a:red c:red", ["duplicate c a", "removed b"]),
        ("a:red b:blue", "a:blue b:red", ["changed a", "changed b"]),
        ("a:red b:blue", "b:red", ["changed b", "removed a"]),
        ("a:red b:blue", "a:blue b:blue", ["duplicate a b"]),
        ("a:red", "b:red c:red", ["renamed b a", "duplicate c b"]),
        ("a:red b:blue", "c:blue d:red", ["renamed c b", "renamed d a"]),
        ("a:red b:red", "c:red", ["renamed c a", "removed b"]),
        ("a:red b:red", "a:red b:red c:red", ["duplicate c a"]),
    ],
)
def test_changes_are_called_by_their_names(before: str, after: str, expected: list[str]) -> None:
    """Each way in which two files can change has one name, in the order of the ids."""
    _, plans = settle(folder_of(before), folder_of(after))
    said = [" ".join(filter(None, (c.kind, c.article_id, c.detail))) for c in plans[1].changes]
    assert said == expected


def folder_of(row: str) -> Folder:
    """`a:red b:blue+title` as a folder."""
    pairs = (cell.split(":") for cell in row.split())
    return {name: (body.split("+")[0], body.partition("+")[2]) for name, body in pairs}
