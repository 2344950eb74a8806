"""What the cache of replies promises: the very reply, or nothing; and never a reason to stop."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cache import Cache
from eval.records import Attempt, Judgement, Line, Quote, Shown, lines

KEY = "ab" + "0" * 62
OTHER = "cd" + "0" * 62
QUOTE = Quote(number=1, article="mill.txt", start=0, end=9, quote="The mill.")
ATTEMPT = Attempt(
    case="mill", round=1, key=KEY, statements=(Shown(text="The mill.", quotes=(QUOTE,)),)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "index" / "replies"


def test_reply_is_found_by_its_key_alone(folder: Path) -> None:
    """A kept reply is the same again, and says that it was kept; another key has nothing."""
    Cache(folder).put(ATTEMPT)
    assert Cache(folder).get(KEY) == replace(ATTEMPT, cached=True)
    assert Cache(folder).get(OTHER) is None
    assert Cache(folder.parent / "others").get(KEY) is None


@given(st.text())
def test_any_text_is_kept(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Line separators and NUL are no end of a reply."""
    cache = Cache(tmp_path_factory.mktemp("replies"))
    attempt = replace(ATTEMPT, statements=(Shown(text=text, quotes=()),), unknown=(text,))
    cache.put(attempt)
    assert cache.get(KEY) == replace(attempt, cached=True)


def test_later_reply_takes_the_place_of_an_earlier_one(folder: Path) -> None:
    """There is one reply to a key, in one file, with nothing left beside it."""
    cache = Cache(folder)
    cache.put(ATTEMPT)
    cache.put(replace(ATTEMPT, confidence=0.5))
    cache.put(replace(ATTEMPT, key=OTHER))
    found = cache.get(KEY)
    assert found is not None
    assert found.confidence == 0.5
    assert sorted(path.name for path in folder.rglob("*") if path.is_file()) == [
        f"{KEY}.json",
        f"{OTHER}.json",
    ]


@pytest.mark.parametrize("error", ["The model is away.", ""])
def test_error_is_never_kept(folder: Path, error: str) -> None:
    """What failed is asked again, and takes no place of a reply."""
    cache = Cache(folder)
    cache.put(replace(ATTEMPT, error=error))
    assert not folder.exists()
    cache.put(ATTEMPT)
    cache.put(replace(ATTEMPT, error=error))
    assert cache.get(KEY) == replace(ATTEMPT, cached=True)


def test_reply_to_articles_that_changed_is_never_kept(folder: Path) -> None:
    """An article that was left out for the moment may be there the next time."""
    Cache(folder).put(replace(ATTEMPT, stale=("mill.txt changed since it was indexed.",)))
    assert not folder.exists()


def test_refusal_is_kept(folder: Path) -> None:
    """That the articles do not say is a reply like any other."""
    refusal = Attempt(case="mill", key=KEY, reason="not_supported")
    Cache(folder).put(refusal)
    assert Cache(folder).get(KEY) == replace(refusal, cached=True)


def _row(value: Line) -> bytes:
    return next(lines([value]))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        _row(ATTEMPT)[:-20],
        _row(ATTEMPT) * 2,
        _row(replace(ATTEMPT, key=OTHER)),
        _row(Judgement(case="mill", about="answer", verdict="correct", model="m")),
    ],
)
def test_damaged_file_counts_as_missing(folder: Path, data: bytes) -> None:
    """What is cut, no reply, or the reply to another key is as if it were not there."""
    cache = Cache(folder)
    cache.put(ATTEMPT)
    (file,) = folder.rglob("*.json")
    file.write_bytes(data)
    assert cache.get(KEY) is None
    cache.put(ATTEMPT)
    assert cache.get(KEY) == replace(ATTEMPT, cached=True)


def _file_in_the_way(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("in the way")


def _folder_in_the_way(folder: Path) -> None:
    (folder / KEY[:2] / f"{KEY}.json").mkdir(parents=True)


@pytest.mark.parametrize("harm", [_file_in_the_way, _folder_in_the_way])
def test_folder_that_cannot_be_used_costs_only_the_keeping(
    folder: Path, harm: Callable[[Path], None]
) -> None:
    """Neither keeping nor looking fails."""
    harm(folder)
    Cache(folder).put(ATTEMPT)
    assert Cache(folder).get(KEY) is None


def test_disk_that_refuses_leaves_the_old_reply(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply is put in place in one step: before it the old one is whole."""
    cache = Cache(folder)
    cache.put(ATTEMPT)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        cache.put(replace(ATTEMPT, confidence=0.5))
    assert cache.get(KEY) == replace(ATTEMPT, cached=True)
