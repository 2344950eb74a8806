"""What a repetition promises: the same replies from the answers file alone, or what is unlike."""

import asyncio
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from eval.cases import BUNDLED, read_cases
from eval.records import Answers, AnswersError, Attempt, Shown, read_answers
from eval.repeat import beside, plan_of
from eval.run import Plan, ready, run
from rag.domain import Article
from rag.errors import SettingsError
from rag.settings import SAMPLE_CORPUS, Settings
from tests.fakes import article_of
from tests.oracle import RUN

CASES = tuple(
    case
    for case in read_cases(BUNDLED)
    if case.id in {"h-en-002-tether", "h-fr-002-butin", "h-ru-none-staff", "h-de-002-shut"}
)
DAY = datetime(2025, 4, 3, 12, tzinfo=UTC)


def article(name: str, text: str = "The mill turns.\n") -> Article:
    return article_of(text, name)


def answers_of(*articles: Article, **run: object) -> Answers:
    """An answers file that holds nothing but articles."""
    return Answers(
        run=replace(RUN, **run),  # type: ignore[arg-type]
        cases=CASES,
        articles={one.id: one for one in articles},
        attempts=(),
    )


# --- From the file alone -----------------------------------------------------------------------


def test_replies_are_the_same_from_the_file_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Articles, settings and clock come from the file: nothing else has to be there any more."""
    assert len(CASES) == 4
    first = tmp_path / "first"
    shutil.copytree(SAMPLE_CORPUS, first / "corpus")
    settings = Settings(corpus=first / "corpus", data=first / "data", threshold=0.0, statements=2)
    plan = Plan(name="sample", cases=CASES, settings=settings, asked_at=DAY)
    asyncio.run(run(ready(plan), tmp_path / "first.jsonl"))
    shutil.rmtree(first)
    monkeypatch.setenv("CITEBOT_THRESHOLD", "1")
    monkeypatch.setenv("CITEBOT_HITS", "1")
    monkeypatch.setenv("CITEBOT_CHROMA_URL", "http://127.0.0.1:1")
    before = read_answers(tmp_path / "first.jsonl")
    again = plan_of(before, tmp_path / "again")
    asyncio.run(run(ready(again), tmp_path / "again.jsonl"))
    after = read_answers(tmp_path / "again.jsonl")
    repetition = beside(before, after)
    assert repetition.changes == ()
    assert (repetition.same, repetition.unlike) == (4, ())
    assert all(one.answered for one in after.attempts)
    assert [one.hits for one in after.attempts] == [one.hits for one in before.attempts]
    assert not any(one.cached for one in after.attempts)
    assert (after.run.settings, after.run.asked_at) == (before.run.settings, DAY)
    assert after.run.index == before.run.index


@pytest.mark.parametrize(
    "text",
    ["one\ntwo", "one\r\ntwo\r", "\u2028\u0085\x0b", "ä🦆\n\n", "---\ntitle: Mill\n---\r\nText"],
)
def test_articles_are_written_as_they_were(tmp_path: Path, text: str) -> None:
    """To the byte, line breaks included, so that every quote stands at its place."""
    plan = plan_of(answers_of(article("a/b/mill.txt", text)), tmp_path)
    written = plan.settings.corpus / "a" / "b" / "mill.txt"
    assert written.read_bytes() == text.encode()


def test_plan_is_that_of_the_run(tmp_path: Path) -> None:
    """Name, cases, rounds and clock are those of the run; nothing that is known is taken."""
    answers = answers_of(article("mill.txt"), repeat=3, settings={"threshold": 0.5, "hits": 3})
    plan = plan_of(answers, tmp_path)
    assert (plan.name, plan.cases, plan.repeat) == ("oracle", CASES, 3)
    assert (plan.asked_at, plan.fresh) == (RUN.asked_at, True)
    assert (plan.settings.threshold, plan.settings.hits) == (0.5, 3)
    assert plan.settings.corpus.is_relative_to(tmp_path)
    assert plan.settings.data.is_relative_to(tmp_path)


@pytest.mark.parametrize("name", ["corpus", "data", "chroma_url"])
def test_file_does_not_say_where_things_are(tmp_path: Path, name: str) -> None:
    """Whatever stands in a file from elsewhere, a repetition stays in its folder."""
    plan = plan_of(answers_of(article("mill.txt"), settings={name: "/elsewhere"}), tmp_path)
    assert plan.settings.corpus.is_relative_to(tmp_path)
    assert plan.settings.data.is_relative_to(tmp_path)
    assert plan.settings.chroma_url is None


@pytest.mark.parametrize(
    "name", ["../mill.txt", "a/../../mill.txt", "/mill.txt", "a/..", "", ".", "mill\0.txt"]
)
def test_article_outside_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    """An article's name never leads anywhere else, whoever wrote the file."""
    with pytest.raises(AnswersError, match="would be written outside of its folder"):
        plan_of(answers_of(article(name)), tmp_path / "again")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_name_with_two_dots_is_a_name_like_any_other(tmp_path: Path) -> None:
    """Only a part of a path that is nothing but two dots leads upwards."""
    plan = plan_of(answers_of(article("a..b/..mill.txt")), tmp_path)
    assert (plan.settings.corpus / "a..b" / "..mill.txt").is_file()


def test_setting_that_there_is_no_more_is_told(tmp_path: Path) -> None:
    """A run under a setting of another version cannot be repeated as it was."""
    with pytest.raises(SettingsError, match="There is no setting patience"):
        plan_of(answers_of(article("mill.txt"), settings={"patience": 3}), tmp_path)


# --- What is unlike ----------------------------------------------------------------------------

SAID = Attempt(case="mill", statements=(Shown(text="The mill turns.", quotes=()),))
BEFORE = replace(
    answers_of(),
    attempts=(
        SAID,
        replace(SAID, round=1),
        Attempt(case="bridge", reason="not_supported"),
        Attempt(case="ferry", error="away"),
    ),
)


@pytest.mark.parametrize(
    ("case", "change"),
    [
        ("mill", {"statements": (Shown(text="It stands.", quotes=()),)}),
        ("mill", {"statements": (), "reason": "not_supported"}),
        ("bridge", {"reason": "off_topic"}),
        ("bridge", {"reason": None, "error": "away"}),
        ("ferry", {"error": "still away"}),
    ],
)
def test_other_reply_is_named(case: str, change: dict[str, object]) -> None:
    """Another text, another reason or another error is not the same; each case is named once."""
    after = replace(
        BEFORE,
        attempts=tuple(
            replace(one, **change) if one.case == case else one  # type: ignore[arg-type]
            for one in BEFORE.attempts
        ),
    )
    repetition = beside(BEFORE, after)
    assert repetition.unlike == (case,)
    assert repetition.same == (2 if case == "mill" else 3)


def test_reply_that_is_missing_is_unlike() -> None:
    """A repetition that lacks a reply has not the same."""
    repetition = beside(BEFORE, replace(BEFORE, attempts=BEFORE.attempts[1:]))
    assert (repetition.same, repetition.unlike) == (3, ("mill",))


def test_times_make_no_difference() -> None:
    """How long it took, and where it came from, is no reply."""
    slow = tuple(replace(one, seconds=9, cached=True, key="k") for one in BEFORE.attempts)
    assert beside(BEFORE, replace(BEFORE, attempts=slow)).unlike == ()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, ()),
        ({"generator": "other"}, ("The answers came from oracle, and then other.",)),
        ({"asked_at": DAY.replace(day=4)}, ("Asked as of 2025-04-03, and then 2025-04-04.",)),
        ({"index": "other"}, ("The articles are not the same.",)),
        ({"settings": {"hits": 3}}, ("The setting hits was None, and is 3.",)),
        (
            {"versions": {"python": "3.12", "regex": "2"}, "code": "b"},
            ("chromadb was 1.5, and is not there.", "python was 3.11, and is 3.12.",
             "regex was not there, and is 2."),
        ),
        ({"code": "b"}, ("The code of citebot has changed.",)),
    ],
)  # fmt: skip
def test_what_was_not_the_same_to_begin_with_is_told(
    change: dict[str, object], told: tuple[str, ...]
) -> None:
    """Generator, day, articles, settings and code may be why replies are unlike."""
    versions = {"python": "3.11", "chromadb": "1.5"}
    first = replace(BEFORE, run=replace(RUN, versions=versions, code="a"))
    second = replace(first, run=replace(first.run, **change))  # type: ignore[arg-type]
    assert beside(first, second).changes == told
