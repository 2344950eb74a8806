"""What `eval.golden` promises: cases that can be judged, and a fair judgement of them."""

import asyncio
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.golden import (
    FOLDER,
    Case,
    CaseError,
    Count,
    Group,
    Outcome,
    Result,
    counts,
    judge,
    read_cases,
    run,
)
from rag.answerer import LANGUAGES
from rag.corpus import read_article
from rag.domain import Answer, Citation, Exchange, Question, Reason, Refusal, Reply, Statement
from rag.passages import passages_of
from rag.settings import SAMPLE_CORPUS
from tests.library import DETECTOR, library

FILES = [FOLDER / "calibration.yaml", FOLDER / "heldout.yaml"]
CASES = read_cases(FILES)
QUESTION = Question(text="Who?", language="en", asked_at=datetime(2025, 4, 3, tzinfo=UTC))
REFUSAL = Refusal(question=QUESTION, reason=Reason.OFF_TOPIC, generator="fake")
CASE = Case(
    id="mill",
    language="en",
    question="Who bought the mill?",
    answerable=True,
    expect=("keller", r"\b300\b"),
    sources=("mill.txt",),
    any_source=False,
    history=(),
    tags=frozenset(),
)
EITHER = replace(CASE, sources=("mill.txt", "bridge.txt"), any_source=True)
BOTH = replace(EITHER, any_source=False)
NONE = replace(CASE, answerable=False, expect=(), sources=())
GOOD = """
- id: good
  language: en
  question: Who bought the mill?
  answer: Anna Keller
  expect: [Keller]
  sources: [mill.txt]
  tags: [lookup]
"""


def answer(text: str, *files: str, quote: str = "…") -> Answer:
    citations = tuple(
        Citation(number=n, article_id=f, title=f, line=1, start=0, end=len(quote), quote=quote)
        for n, f in enumerate(files, start=1)
    )
    statement = Statement(text=text, citations=citations)
    return Answer(question=QUESTION, statements=(statement,), generator="fake")


# --- Reading -----------------------------------------------------------------------------------


def write(folder: Path, text: str, name: str = "cases.yaml") -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def test_case_is_read_with_its_defaults(tmp_path: Path) -> None:
    """A case is answerable unless it says otherwise, and stands alone without a history."""
    (case,) = read_cases([write(tmp_path, GOOD)])
    assert (case.id, case.language, case.question) == ("good", "en", "Who bought the mill?")
    assert (case.answerable, case.expect, case.sources) == (True, ("Keller",), ("mill.txt",))
    assert (case.any_source, case.history, case.tags) == (False, (), frozenset({"lookup"}))
    assert case.group is Group.SAME


def test_history_and_alternative_sources_are_read(tmp_path: Path) -> None:
    """A follow-up has the turns before it; `any_of` says that one file will do."""
    text = GOOD.replace("[mill.txt]", "{any_of: [mill.txt, bridge.txt]}").replace(
        "tags: [lookup]", "tags: [follow_up]\n  history: [{question: Mill, answer: Sold}]"
    )
    (case,) = read_cases([write(tmp_path, text)])
    assert (case.sources, case.any_source) == (("mill.txt", "bridge.txt"), True)
    assert case.history == (Exchange(question="Mill", reply="Sold"),)
    assert case.group is Group.FOLLOW_UP


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("id: good", "name: good", "no name"),
        ("id: good\n", "answer: good\n", "`id` is missing"),
        ("id: good", "id: 7", "`id` is missing, or no text"),
        ("language: en", "language:", "`language` is missing"),
        ("question: Who bought the mill?", "question: [Who]", "`question` is missing, or no text"),
        ("expect: [Keller]", "expect: Keller", "`expect` is no list of texts"),
        ("expect: [Keller]", "expect: [36]", "`expect` is no list of texts"),
        ("expect: [Keller]", "expect: ['(']", "unterminated"),
        ("expect: [Keller]", "expect: []", "an answerable case needs `expect` and `sources`"),
        ("sources: [mill.txt]", "sources: mill.txt", "`sources` is no list of texts"),
        ("sources: [mill.txt]", "sources: {any_of: []}", "an answerable case needs"),
        ("sources: [mill.txt]", "sources: {all_of: [a]}", "an answerable case needs"),
        ("tags: [lookup]", "tags: lookup", "`tags` is no list of texts"),
        ("tags: [lookup]", "answerable: perhaps", "`answerable` is true or false"),
        ("tags: [lookup]", "history: Mill?", "`history` is a list"),
        ("tags: [lookup]", "history: [Mill]", "a turn of `history` is no mapping"),
        ("tags: [lookup]", "history: [{question: Mill}]", "`answer` is missing"),
        ("tags: [lookup]", "expects: [Keller]", "no expects"),
    ],
)
def test_malformed_case_is_told_by_file_place_and_reason(
    tmp_path: Path, old: str, new: str, says: str
) -> None:
    """What cannot be used is named with what is wrong about it."""
    assert old in GOOD
    with pytest.raises(CaseError, match=r"cases\.yaml: case 1 \(") as caught:
        read_cases([write(tmp_path, GOOD.replace(old, new))])
    assert says in str(caught.value)


def test_all_malformed_cases_are_listed_at_once(tmp_path: Path) -> None:
    """One reading tells everything that is wrong, over all files, ids used twice included."""
    first = write(tmp_path, f"{GOOD}\n- 7\n- {{id: bare}}\n{GOOD}", "first.yaml")
    second = write(tmp_path, GOOD.replace("[Keller]", "['*']"), "second.yaml")
    with pytest.raises(CaseError) as caught:
        read_cases([first, second])
    told = str(caught.value)
    assert "first.yaml: case 2 (no id): the case is no mapping" in told
    assert "first.yaml: case 3 (bare):" in told
    assert "second.yaml: case 1 (good):" in told
    assert "the id good stands more than once" in told


def test_id_is_unique_over_all_files(tmp_path: Path) -> None:
    """The same id in two files is an error, too."""
    files = [write(tmp_path, GOOD, "first.yaml"), write(tmp_path, GOOD, "second.yaml")]
    with pytest.raises(CaseError, match="the id good stands more than once"):
        read_cases(files)


@pytest.mark.parametrize(
    "content",
    [b"- {id: [", b"\xff\xfe\x00", b"id: good", b"just words", b"- 2024-13-45", b"7", None],
    ids=["no YAML", "no UTF-8", "mapping", "text", "no day", "number", "no file"],
)
def test_file_that_holds_no_cases_is_an_error(tmp_path: Path, content: bytes | None) -> None:
    """A file that is no list of cases is named; no traceback."""
    file = tmp_path / "cases.yaml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CaseError, match=r"cases\.yaml cannot be read as cases"):
        read_cases([file])


def test_empty_file_has_no_cases(tmp_path: Path) -> None:
    """A file of comments is a file without cases."""
    assert read_cases([write(tmp_path, "# nothing yet\n")]) == ()


# --- Judging -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("case", "reply", "outcome", "why"),
    [
        (CASE, answer("Anna KELLER paid 300.", "mill.txt"), Outcome.RIGHT, ""),
        (CASE, answer("It was sold.", "mill.txt", quote="Keller: 300"), Outcome.RIGHT, ""),
        (CASE, answer("Keller paid it.", "mill.txt", quote="for 300"), Outcome.RIGHT, ""),
        (CASE, answer("Keller paid 300.", "mill.txt", "b.txt"), Outcome.RIGHT, ""),
        (CASE, answer("Keller paid 3000.", "mill.txt"), Outcome.WRONG, r"lacks /\b300\b/"),
        (CASE, answer("Brandt paid 3.", "mill.txt"), Outcome.WRONG, r"/keller/; lacks /\b300\b/"),
        (CASE, answer("Keller paid 300.", "b.txt", "a.txt"), Outcome.WRONG, "cites a.txt, b.txt"),
        (CASE, REFUSAL, Outcome.REFUSED, "off_topic"),
        (EITHER, answer("Keller paid 300.", "bridge.txt"), Outcome.RIGHT, ""),
        (EITHER, answer("Keller paid 300.", "kiln.txt"), Outcome.WRONG, "cites kiln.txt"),
        (BOTH, answer("Keller paid 300.", "mill.txt", "bridge.txt"), Outcome.RIGHT, ""),
        (BOTH, answer("Keller paid 300.", "mill.txt"), Outcome.WRONG, "cites mill.txt"),
        (NONE, REFUSAL, Outcome.REFUSED, "off_topic"),
        (NONE, answer("Keller paid 300.", "mill.txt"), Outcome.WRONG, ""),
    ],
)
def test_reply_is_judged(case: Case, reply: Reply, outcome: Outcome, why: str) -> None:
    """Right has every pattern and file; what is wrong says what it lacks; a refusal is neither."""
    result = judge(case, reply)
    assert result.outcome is outcome
    assert result.why.endswith(why)
    assert result.good is (outcome is (Outcome.RIGHT if case.answerable else Outcome.REFUSED))


@pytest.mark.parametrize(
    ("tags", "answerable", "group"),
    [
        ({"lookup"}, True, Group.SAME),
        ({"lookup", "crosslingual"}, True, Group.ACROSS),
        ({"follow_up", "crosslingual"}, True, Group.FOLLOW_UP),
        ({"unanswerable", "crosslingual"}, False, Group.UNANSWERABLE),
        ({"follow_up"}, False, Group.FOLLOW_UP),
    ],
)
def test_case_belongs_to_one_group(tags: set[str], group: Group, *, answerable: bool) -> None:
    """Follow-ups are counted by themselves, then what must be refused, then by language."""
    assert replace(CASE, tags=frozenset(tags), answerable=answerable).group is group


@pytest.mark.parametrize(
    ("good", "of", "low", "high"),
    [
        (45, 50, 0.786, 0.957),
        (0, 10, 0.0, 0.278),
        (10, 10, 0.722, 1.0),
        (5, 10, 0.237, 0.763),
        (1, 1, 0.207, 1.0),
        (0, 0, 0.0, 1.0),
    ],
)
def test_interval_is_wilsons(good: int, of: int, low: float, high: float) -> None:
    """The interval is Wilson's at 95 %; of nothing it is everything."""
    assert Count(good=good, of=of).interval == pytest.approx((low, high), abs=0.0006)


@given(st.integers(1, 400).flatmap(lambda of: st.tuples(st.integers(0, of), st.just(of))))
def test_interval_holds_the_share(pair: tuple[int, int]) -> None:
    """The share lies in its interval, and that in 0..1."""
    count = Count(good=pair[0], of=pair[1])
    low, high = count.interval
    assert -1e-12 <= low <= count.share + 1e-12
    assert count.share - 1e-12 <= high <= 1 + 1e-12


def test_share_of_nothing_is_no_number() -> None:
    """No case is not the same as no case right."""
    assert math.isnan(Count(good=0, of=0).share)
    assert str(Count(good=45, of=50)) == " 45 of  50  90.0%  (79% to 96%)"


def test_counts_are_per_group() -> None:
    """Each group that has a case is counted; a refusal is good only where it is due."""
    replies: list[tuple[Case, Reply]] = [
        (CASE, answer("Keller paid 300.", "mill.txt")),
        (CASE, REFUSAL),
        (NONE, REFUSAL),
        (NONE, answer("Keller paid 300.", "mill.txt")),
        (NONE, REFUSAL),
    ]
    results: list[Result] = [judge(case, reply) for case, reply in replies]
    assert counts(results) == {
        Group.SAME: Count(good=1, of=2),
        Group.UNANSWERABLE: Count(good=2, of=3),
    }


def test_every_case_is_asked_in_order(tmp_path: Path) -> None:
    """A run has a result for each case, with the reply to its question and history."""
    town = library(
        tmp_path, {"mill.txt": "The mill was sold to Anna Keller in March for 300 euros."}
    )
    earlier = replace(CASE, history=(Exchange(question="Mill?", reply="Sold."),))
    elsewhere = replace(NONE, question="Was the mill sold to Ludwig?")
    results = asyncio.run(run(town.answerer, [earlier, elsewhere]))
    assert [result.case for result in results] == [earlier, elsewhere]
    assert [result.outcome for result in results] == [Outcome.RIGHT, Outcome.REFUSED]
    assert results[0].reply.question.history == earlier.history


# --- The bundled cases -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sentences() -> Mapping[str, list[str]]:
    """The sentences of each sample article that may be cited."""
    found: dict[str, list[str]] = {}
    for path in sorted(SAMPLE_CORPUS.glob("*.txt")):
        article = read_article(SAMPLE_CORPUS, path, max_bytes=100_000, detector=DETECTOR)
        passages = passages_of(article, limit=1_000)
        found[path.name] = [s.text for passage in passages for s in passage.sentences]
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_bundled_case_can_be_answered_from_its_sources(
    sentences: Mapping[str, list[str]], case: Case
) -> None:
    """The files of a case exist, and each pattern stands in one sentence of one of them."""
    assert set(case.sources) <= sentences.keys()
    texts = [text for source in case.sources for text in sentences[source]]
    lacking = [p for p in case.expect if not any(re.search(p, t, re.IGNORECASE) for t in texts)]
    assert not lacking


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_bundled_case_is_consistent(case: Case) -> None:
    """A case is in a language of ours, and its tags say what it is."""
    assert case.language in LANGUAGES
    assert case.tags
    assert ("follow_up" in case.tags) is bool(case.history)
    if not case.answerable:
        assert not case.expect
        assert case.tags & {"unanswerable", "injection"}


def test_bundled_ids_are_unique() -> None:
    """No id stands twice in both files together, and no question is asked in both."""
    assert len({case.id for case in CASES}) == len(CASES)
    tuned, held_out = (read_cases([file]) for file in FILES)
    alone = [{c.question for c in cases if not c.history} for cases in (tuned, held_out)]
    assert not alone[0] & alone[1]


def test_bundled_cases_cover_the_corpus() -> None:
    """Every article and every language has cases, answerable ones and others."""
    assert {source for case in CASES for source in case.sources} == {
        path.name for path in SAMPLE_CORPUS.glob("*.txt")
    }
    for answerable in (True, False):
        asked_in = {case.language for case in CASES if case.answerable is answerable}
        assert asked_in == set(LANGUAGES)
