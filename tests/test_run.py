"""What a run promises: everything asked once, all of it in the file, and nothing asked in vain."""

import asyncio
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import rag
from eval import run as running
from eval.ask import Task, of_reply
from eval.cases import Case, CaseError
from eval.records import (
    Answers,
    AnswersError,
    ArticleLine,
    Attempt,
    CaseLine,
    Judgement,
    Left,
    Run,
    lines,
    read_answers,
    read_line,
)
from eval.run import Plan, Ready, code, noon, ready, run, versions
from rag.build import Parts
from rag.domain import (
    Answer,
    Claim,
    Draft,
    Dropped,
    Exchange,
    Material,
    Provenance,
    Question,
    Reason,
    Refusal,
    Usage,
)
from rag.errors import CitebotError, LockedError, StorageError
from rag.ledger import Ledger
from rag.ports import Generator
from rag.settings import Settings
from tests.conftest import ANSWERED, BRIDGE, MILL, index_of
from tests.fakes import FakeEmbedder, FakeStore, hit_of, passage_of
from tests.library import ANALYSER, DETECTOR, question

ARTICLES = (("bridge.txt", BRIDGE), ("mill.txt", MILL))
DAY = datetime(2025, 4, 3, 12, tzinfo=UTC)


def case(name: str, **more: Any) -> Case:
    """A question of its own, unless more is said."""
    values: dict[str, Any] = {
        "set": "town",
        "language": "en",
        "question": f"Who bought the mill by the river, {name}?",
        "expect": ("Keller",),
        "sources": ("mill.txt",),
    }
    return Case(id=name, **(values | more))


CASES = tuple(map(case, "abcdef"))


async def at_once(_asked: Question) -> None:
    """Do not wait before the reply."""


@dataclass
class Scripted:
    """Quotes the first sentence found. `before` may wait, or fail, for a question."""

    before: Callable[[Question], Awaitable[None]] = at_once
    name: str = "scripted"
    asked: list[Question] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """The names of the cases that were asked."""
        return [one.text.split(", ")[-1].rstrip("?") for one in self.asked]

    async def draft(
        self, question: Question, material: Material, ledger: Ledger
    ) -> AsyncGenerator[Claim | Draft, None]:
        self.asked.append(question)
        await self.before(question)
        sentence = material.hits[0].passage.sentences[-1]
        claim = Claim(text=sentence.text, keys=(sentence.key,))
        yield claim
        yield Draft(claims=(claim,), confidence=0.5)

    async def repair(
        self, question: Question, material: Material, failed: Sequence[Dropped], ledger: Ledger
    ) -> Sequence[Claim]:
        return ()


_scripted: type[Generator] = Scripted


@dataclass
class Town:
    """A corpus with its index, of which everything but Chroma and the generator is real."""

    folder: Path
    store: FakeStore = field(default_factory=FakeStore)

    @property
    def file(self) -> Path:
        return self.folder / "out" / "answers.jsonl"

    @property
    def replies(self) -> Path:
        """Where replies are kept for other runs."""
        (folder,) = (self.folder / "data").iterdir()
        return folder / "replies"

    def settings(self, **more: Any) -> Settings:
        folders = {"corpus": self.folder / "articles", "data": self.folder / "data"}
        return Settings(**(folders | more))

    def plan(self, **more: Any) -> Plan:
        values: dict[str, Any] = {"name": "town", "cases": CASES, "asked_at": DAY}
        return Plan(**({"settings": self.settings()} | values | more))

    def ready(self, generator: Scripted, plan: Plan) -> Ready:
        parts = Parts(plan.settings, embedder=FakeEmbedder())
        vars(parts).update(store=self.store, analyser=ANALYSER, generator=generator)
        parts.detector = DETECTOR
        return ready(plan, parts)

    def ask(self, *, file: Path | None = None, **more: Any) -> tuple[Scripted, Answers]:
        """Carry out a plan to its end: what was asked, and what is in the file."""
        generator = Scripted()
        file = file or self.file
        asyncio.run(run(self.ready(generator, self.plan(**more)), file))
        return generator, read_answers(file)

    def forget(self) -> None:
        """Lose the replies that are kept for other runs, so that only the file has them."""
        shutil.rmtree(self.replies)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "mill.txt").write_text(MILL, "utf-8")
    (tmp_path / "articles" / "bridge.txt").write_text(BRIDGE, "utf-8")
    return Town(tmp_path)


def said(answers: Answers) -> dict[tuple[str, int], object]:
    """What was replied, without what no two askings share."""
    return {
        (one.case, one.round): (one.statements, one.reason, one.error, one.hits)
        for one in answers.attempts
    }


async def stopped(one: Ready, file: Path, after: int) -> None:
    """Carry out a plan until so many attempts are there, then be interrupted."""

    def progress(done: int, _total: int) -> None:
        if done == after:
            task.cancel()

    task = asyncio.create_task(run(one, file, progress))
    with pytest.raises(asyncio.CancelledError):
        await task


# --- The file ----------------------------------------------------------------------------------


def test_file_holds_everything_that_the_run_saw(town: Town) -> None:
    """Header, articles, cases, then an attempt for each case: all a repetition needs."""
    generator, answers = town.ask()
    values = [read_line(row) for row in town.file.read_bytes().splitlines()]
    kinds = [Run, ArticleLine, ArticleLine, *[CaseLine] * 6, *[Attempt] * 6]
    assert [type(value) for value in values] == kinds
    assert {name: one.text for name, one in answers.articles.items()} == {
        "bridge.txt": BRIDGE,
        "mill.txt": MILL,
    }
    assert answers.cases == CASES
    assert [one.case for one in answers.attempts] == list("abcdef")
    assert generator.names == list("abcdef")
    assert (answers.missing, answers.torn) == (0, False)
    assert not list(town.file.parent.glob(".*.new"))


def test_attempt_holds_the_reply(town: Town) -> None:
    """Statements with quotes that stand in the article, hits with their arms, times, language."""
    _, answers = town.ask(cases=CASES[:1])
    (one,) = answers.attempts
    (quote,) = one.quotes
    assert answers.articles[quote.article].text[quote.start : quote.end] == quote.quote
    assert one.text == quote.quote
    assert (one.language, one.confidence, one.error, one.reason) == ("en", 0.5, None, None)
    assert {hit.article for hit in one.hits} == {"mill.txt", "bridge.txt"}
    assert set(one.hits[0].arms) >= {"vectors", "words"}
    assert set(one.timings) == {"understand", "retrieve", "generate", "verify"}
    assert sum(one.timings.values()) <= one.seconds < 60
    assert one.generation == answers.run.generation == 1


def test_header_says_what_was_run(town: Town) -> None:
    """Generator, settings, day, corpus, and what the replies come from."""
    _, answers = town.ask(repeat=2, settings=town.settings(hits=7))
    header = answers.run
    assert (header.name, header.repeat, header.corpus) == ("town", 2, "articles")
    assert (header.generator, header.asked_at) == ("scripted", DAY)
    assert header.settings["hits"] == 7
    assert header.code == code()
    assert header.versions == versions()
    assert header.started <= datetime.now(UTC)
    digests = [[name, hashlib.sha256(text.encode()).hexdigest()] for name, text in ARTICLES]
    assert header.index == hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def test_no_secret_and_no_place_is_in_the_file(town: Town) -> None:
    """Neither the token and address of a server nor a folder of this machine is written."""
    settings = town.settings(
        chroma_url="http://chroma.example:8000",
        chroma_token=SecretStr("hunter2"),
        openai_base_url="http://models.example/v1",
        openai_api_key=SecretStr("hunter3"),
    )
    _, answers = town.ask(settings=settings)
    written = town.file.read_text("utf-8")
    for secret in ("hunter", "chroma.example", "models.example", str(town.folder)):
        assert secret not in written
    untold = {
        "corpus", "data", "chroma_url", "chroma_token", "openai_api_key", "openai_base_url",
    }  # fmt: skip
    assert set(answers.run.settings) == Settings.model_fields.keys() - untold


def test_case_of_no_article_is_told_before_the_first_question(town: Town) -> None:
    """A case that names a file which the corpus does not hold ends the run, and writes nothing."""
    wrong = case("g", sources=("ferry.txt",))
    with pytest.raises(CaseError, match=r"case g: the corpus has no article ferry\.txt"):
        town.ask(cases=(*CASES, wrong))
    assert not town.file.exists()


def test_rounds_are_asked_one_after_the_other(town: Town) -> None:
    """Every case is asked once in every round, and each asking is an attempt of its own."""
    generator, answers = town.ask(cases=CASES[:2], repeat=3)
    assert generator.names == ["a", "b"] * 3
    assert list(said(answers)) == [(name, number) for name in "ab" for number in range(3)]
    assert len({one.key for one in answers.attempts}) == 6


def test_cases_with_the_same_question_are_asked_separately(town: Town) -> None:
    """Two cases may ask the same: each has an attempt of its own."""
    twin = replace(CASES[0], id="twin", expect=("bought",))
    generator, answers = town.ask(cases=(CASES[0], twin))
    assert generator.names == ["a", "a"]
    assert list(said(answers)) == [("a", 0), ("twin", 0)]


def test_progress_counts_to_the_end(town: Town) -> None:
    """Progress is told before the first question and after each reply."""
    told: list[tuple[int, int]] = []
    one = town.ready(Scripted(), town.plan(cases=CASES[:3]))
    asyncio.run(run(one, town.file, lambda done, total: told.append((done, total))))
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3)]


# --- Going on ----------------------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 3])
@pytest.mark.parametrize("after", [1, 3, 5])
def test_run_that_was_stopped_goes_on(town: Town, after: int, concurrency: int) -> None:
    """What is in the file is not asked again, and the end is that of a run in one go."""
    _, whole = town.ask(file=town.folder / "whole.jsonl")
    town.forget()
    plan = town.plan(concurrency=concurrency)
    asyncio.run(stopped(town.ready(Scripted(), plan), town.file, after))
    before = read_answers(town.file)
    # What has come at once with the last one is written, too.
    assert after <= len(before.attempts) < after + concurrency
    assert not before.torn
    town.forget()
    generator, answers = town.ask(concurrency=concurrency)
    assert set(generator.names) == set("abcdef") - {one.case for one in before.attempts}
    assert len(generator.asked) == 6 - len(before.attempts)
    assert said(answers) == said(whole)
    kept = {one.case: one for one in answers.attempts}
    assert all(kept[one.case] == one for one in before.attempts)


@pytest.mark.parametrize("lost", [1, 20, 300])
def test_file_that_was_cut_goes_on(town: Town, lost: int) -> None:
    """A line that was cut in the middle is asked again, and only that one."""
    _, whole = town.ask()
    data = town.file.read_bytes()
    town.file.write_bytes(data[:-lost])
    town.forget()
    generator, answers = town.ask()
    assert generator.names == ["f"]
    assert said(answers) == said(whole)
    assert not answers.torn


def test_finished_run_asks_nothing_again(town: Town) -> None:
    """The same plan over the same file changes nothing but the time it was started."""
    _, first = town.ask()
    town.forget()
    generator, second = town.ask()
    assert generator.asked == []
    assert second == replace(first, run=second.run)
    assert second.run == replace(first.run, started=second.run.started)


def test_fresh_run_asks_everything(town: Town) -> None:
    """On demand nothing that is known is taken, neither from the file nor from other runs."""
    town.ask()
    generator, answers = town.ask(fresh=True)
    assert generator.names == list("abcdef")
    assert not any(one.cached for one in answers.attempts)


def test_failed_attempt_is_asked_again(town: Town) -> None:
    """An error is no reply: the next run over the same file asks, and replaces it."""

    async def away(asked: Question) -> None:
        if asked.text.endswith(("b?", "d?")):
            raise StorageError("The model is away.")

    one = town.ready(Scripted(before=away), town.plan())
    asyncio.run(run(one, town.file))
    errors = {one.case: one.error for one in read_answers(town.file).attempts if one.error}
    assert errors == {"b": "The model is away.", "d": "The model is away."}
    generator, answers = town.ask()
    assert generator.names == ["b", "d"]
    assert not any(one.error for one in answers.attempts)


def test_run_that_goes_on_keeps_its_day(town: Town) -> None:
    """A run that is finished on the next day is still asked as of its own."""
    asyncio.run(stopped(town.ready(Scripted(), town.plan()), town.file, 2))
    generator, answers = town.ask(asked_at=DAY + timedelta(days=1))
    assert answers.run.asked_at == DAY
    assert {one.asked_at for one in generator.asked} == {DAY}
    assert len(generator.asked) == 4


def test_more_rounds_are_added_to_a_run(town: Town) -> None:
    """A run that is repeated more often asks only the rounds that it lacks."""
    town.ask(cases=CASES[:2])
    generator, answers = town.ask(cases=CASES[:2], repeat=2)
    assert generator.names == ["a", "b"]
    assert len(answers.attempts) == 4


def test_case_with_another_name_keeps_its_reply(town: Town) -> None:
    """What is asked makes the reply, not what the case is called or counted by."""
    town.ask()
    town.forget()
    renamed = tuple(replace(one, id=f"new-{one.id}", tags=("date",)) for one in CASES)
    generator, answers = town.ask(cases=renamed)
    assert generator.asked == []
    assert [one.case for one in answers.attempts] == [one.id for one in renamed]


@pytest.mark.parametrize("change", ["threshold", "hits", "article", "generator", "code"])
def test_file_of_another_run_is_left_alone(
    town: Town, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Other settings, articles or code: one sentence that says what to do, and the file stays."""
    town.ask()
    data = town.file.read_bytes()
    generator, plan = Scripted(), town.plan()
    if change in ("threshold", "hits"):
        plan = town.plan(settings=town.settings(**{change: 1}))
    elif change == "article":
        (town.folder / "articles" / "mill.txt").write_text(f"{MILL}It burnt.\n", "utf-8")
    elif change == "generator":
        generator.name = "other"
    else:
        monkeypatch.setattr(running, "code", lambda: "0" * 64)
    with pytest.raises(AnswersError, match=r"is of another run .*: name another file, or say"):
        asyncio.run(run(town.ready(generator, plan), town.file))
    assert town.file.read_bytes() == data
    assert generator.asked == []
    asyncio.run(run(town.ready(generator, replace(plan, fresh=True)), town.file))
    assert len(generator.asked) == 6


# --- Judgements --------------------------------------------------------------------------------


def judge(file: Path, *ids: str) -> None:
    """Append a judgement about each of some cases."""
    with file.open("ab") as out:
        out.writelines(
            lines(Judgement(case=i, about="answer", verdict="correct", model="m") for i in ids)
        )


def test_judgements_of_kept_attempts_stay(town: Town) -> None:
    """What was paid for once is not thrown away when the run goes on."""
    asyncio.run(stopped(town.ready(Scripted(), town.plan()), town.file, 3))
    judge(town.file, *"abc")
    _, answers = town.ask()
    assert [one.case for one in answers.judgements] == ["a", "b", "c"]
    tagged = tuple(replace(one, tags=("date",), set="city") for one in CASES)
    _, answers = town.ask(cases=tagged)
    assert [one.case for one in answers.judgements] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "changed",
    [
        {"question": CASES[1].question},
        {"answer": "Ludwig Brandt"},
        {"expect": ("Brandt",)},
        {"history": (Exchange(question="Is there a mill?", reply="Yes."),)},
    ],
)
def test_judgement_of_a_rewritten_case_goes(town: Town, changed: dict[str, Any]) -> None:
    """A verdict on one question and answer is none on another, even under the same name."""
    town.ask()
    judge(town.file, *"ac")
    _, answers = town.ask(cases=(replace(CASES[0], **changed), *CASES[1:]))
    assert [one.case for one in answers.judgements] == ["c"]


def test_judgement_goes_with_its_attempt(town: Town) -> None:
    """A reply that is asked for again is not the one that was judged."""
    town.ask()
    judge(town.file, *"ab")
    values = [read_line(row) for row in town.file.read_bytes().splitlines()]
    failed = [
        Attempt(case="a", error="away") if isinstance(v, Attempt) and v.case == "a" else v
        for v in values
    ]
    town.file.write_bytes(b"".join(lines(failed)))
    _, answers = town.ask()
    assert [one.case for one in answers.judgements] == ["b"]


def test_cases_with_the_same_question_keep_their_own_replies(town: Town) -> None:
    """Where a model says something else each time, going on mixes nothing up."""
    twins = (CASES[0], replace(CASES[0], id="twin"))
    _, first = town.ask(cases=twins)
    values = [read_line(row) for row in town.file.read_bytes().splitlines()]
    other = [
        replace(v, confidence=0.25) if isinstance(v, Attempt) and v.case == "twin" else v
        for v in values
    ]
    town.file.write_bytes(b"".join(lines(other)))
    judge(town.file, "a", "twin")
    _, answers = town.ask(cases=twins)
    assert [one.confidence for one in answers.attempts] == [0.5, 0.25]
    assert [one.case for one in answers.judgements] == ["a", "twin"]
    assert len(first.attempts) == 2


# --- Replies of other runs ---------------------------------------------------------------------


def test_reply_of_another_run_is_taken(town: Town) -> None:
    """The same question to the same articles, settings and day is not asked a second time."""
    _, first = town.ask()
    generator, second = town.ask(file=town.folder / "other" / "answers.jsonl")
    assert generator.asked == []
    assert all(one.cached for one in second.attempts)
    assert said(second) == said(first)
    times = [[one.seconds for one in answers.attempts] for answers in (first, second)]
    assert times[0] == times[1]


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        ({}, ""),
        ({"cases": (replace(CASES[0], id="g", expect=("x",), tags=("t",)), *CASES[1:])}, ""),
        ({"cases": (replace(CASES[0], question=f"Also, {CASES[0].question}"), *CASES[1:])}, "a"),
        ({"cases": (replace(CASES[0], history=(Exchange(question="?", reply="!"),)),)}, "a"),
        ({"repeat": 2}, "abcdef"),
        ({"asked_at": DAY + timedelta(days=1)}, "abcdef"),
        ({"asked_at": DAY + timedelta(hours=1)}, ""),
    ],
)
def test_reply_to_something_else_is_not_taken(
    town: Town, changes: dict[str, Any], asked: str
) -> None:
    """Another question, history, round or day is asked; another name or pattern is not."""
    town.ask()
    generator, _ = town.ask(file=town.folder / "other.jsonl", **changes)
    assert "".join(generator.names) == asked


def test_reply_under_other_settings_or_articles_is_not_taken(town: Town) -> None:
    """Whatever can change a reply is part of what it is found by."""
    town.ask()
    generator, _ = town.ask(file=town.folder / "b.jsonl", settings=town.settings(statements=1))
    assert len(generator.asked) == 6
    (town.folder / "articles" / "bridge.txt").write_text("The bridge fell.", "utf-8")
    generator, _ = town.ask(file=town.folder / "c.jsonl")
    assert len(generator.asked) == 6


def test_error_is_not_kept_for_other_runs(town: Town) -> None:
    """What failed once may work in another run."""

    async def away(_asked: Question) -> None:
        raise CitebotError("The model is away.")

    asyncio.run(run(town.ready(Scripted(before=away), town.plan()), town.file))
    assert not town.replies.exists()
    generator, _ = town.ask(file=town.folder / "other.jsonl")
    assert len(generator.asked) == 6


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"null", b"\xff", b'{"kind":"attempt","case":"a","key":"other"}']
)
def test_damaged_reply_counts_as_missing(town: Town, damage: bytes) -> None:
    """A kept reply that cannot be read is asked for again, and kept again."""
    town.ask()
    files = sorted(town.replies.rglob("*.json"))
    assert len(files) == 6
    files[0].write_bytes(damage)
    generator, _ = town.ask(file=town.folder / "other.jsonl")
    assert len(generator.asked) == 1
    generator, _ = town.ask(file=town.folder / "third.jsonl")
    assert generator.asked == []


def test_replies_that_cannot_be_kept_do_no_harm(town: Town) -> None:
    """Without a place for replies every run asks, and finishes all the same."""
    town.ask()
    town.forget()
    town.replies.write_text("in the way")
    for name in ("b.jsonl", "c.jsonl"):
        generator, answers = town.ask(file=town.folder / name)
        assert (len(generator.asked), answers.missing) == (6, 0)


# --- What goes wrong ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (StorageError("The model is away."), "The model is away."),
        (RuntimeError("boom"), "RuntimeError: boom"),
        (ValueError("half \ud800 pair"), "ValueError: half ? pair"),
        (TimeoutError(), "TimeoutError: "),
        (KeyError("x"), "KeyError: 'x'"),
    ],
)
@pytest.mark.parametrize("concurrency", [1, 2])
def test_error_belongs_to_its_case(
    town: Town, error: Exception, told: str, concurrency: int
) -> None:
    """What goes wrong with one case is its attempt; the run goes on to its end."""

    async def fail(asked: Question) -> None:
        if asked.text.endswith(("c?", "e?")):
            raise error

    plan = town.plan(concurrency=concurrency)
    asyncio.run(run(town.ready(Scripted(before=fail), plan), town.file))
    answers = read_answers(town.file)
    assert {one.case: one.error for one in answers.attempts if one.error is not None} == {
        "c": told,
        "e": told,
    }
    failed = [one for one in answers.attempts if one.error is not None]
    assert all(not one.answered and one.reason is None and one.key for one in failed)
    assert all(one.seconds > 0 for one in failed)
    assert answers.missing == 0


def test_question_that_is_none_is_an_error_of_its_case(town: Town) -> None:
    """A case whose question the library refuses is listed with the library's sentence."""
    _, answers = town.ask(cases=(case("a", question="?!"), case("b", question="\ud800x")))
    assert [one.error for one in answers.attempts] == [
        "The question is empty: ask something in words.",
        "The question holds control characters: type it as plain text.",
    ]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_generator_that_cancels_itself_does_not_hang_the_run(town: Town, concurrency: int) -> None:
    """The run comes to an end without the attempt, and the next one asks for it."""

    async def vanish(asked: Question) -> None:
        if asked.text.endswith("b?"):
            raise asyncio.CancelledError

    plan = town.plan(cases=CASES[:3], concurrency=concurrency)
    one = town.ready(Scripted(before=vanish), plan)
    asyncio.run(asyncio.wait_for(run(one, town.file), timeout=20))
    assert read_answers(town.file).missing >= 1
    generator, answers = town.ask(cases=CASES[:3])
    assert "b" in generator.names
    assert answers.missing == 0


@pytest.mark.parametrize("place", ["taken", "taken/deeper", "n" * 300])
def test_file_that_cannot_be_written_is_told(town: Town, place: str) -> None:
    """A place where nothing can be written is one sentence before the first question."""
    (town.folder / "taken").write_text("a file")
    generator = Scripted()
    with pytest.raises(StorageError, match=r"answers\.jsonl cannot be written \("):
        asyncio.run(run(town.ready(generator, town.plan()), town.folder / place / "answers.jsonl"))
    assert generator.asked == []


def test_two_runs_do_not_write_one_file(town: Town) -> None:
    """While one run writes, another one is told, and costs the first nothing."""
    told = 0

    async def meanwhile(asked: Question) -> None:
        nonlocal told
        if asked.text.endswith("c?"):
            other = town.ready(Scripted(), town.plan(fresh=True))
            with pytest.raises(LockedError, match=r"Another run is writing .*: wait for it, or"):
                await run(other, town.file)
            told += 1

    asyncio.run(run(town.ready(Scripted(before=meanwhile), town.plan()), town.file))
    assert told == 1
    assert read_answers(town.file).missing == 0
    assert town.ask()[0].asked == []


def test_file_is_begun_anew_in_one_step(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that refuses while the file is written anew costs nothing of the old one."""
    town.ask()
    data = town.file.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "replace", full)
        with pytest.raises(StorageError, match=r"\(No space left on device\): free space\?"):
            town.ask()
    assert town.file.read_bytes() == data


# --- A process that ends in the middle ---------------------------------------------------------

PROGRAM = """
import asyncio, sys, time
from pathlib import Path
from rag.extract import Extractor

log, wait_at, *arguments = sys.argv[1:]
draft = Extractor.draft

async def slow(self, question, material, ledger):
    with Path(log).open("a", encoding="utf-8") as out:
        out.write(f"{question.text}\\n")
    if len(Path(log).read_text("utf-8").splitlines()) == int(wait_at):
        await asyncio.sleep(60)
    async for one in draft(self, question, material, ledger):
        yield one

Extractor.draft = slow
from eval.cli import main
sys.exit(main(arguments))
"""
"""The program, with a log of what its generator is asked, and a question without a reply."""


def started(folder: Path, *, log: str, wait_at: int) -> subprocess.Popen[str]:
    program = (sys.executable, "-c", PROGRAM, str(folder / log), str(wait_at))
    arguments = ("run", "--cases", str(folder / "cases.jsonl"), "--output", str(folder / "out"))
    return subprocess.Popen(
        [*program, *arguments],
        cwd=Path(__file__).parents[1],
        env=os.environ | {"CITEBOT_THRESHOLD": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def logged(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines() if file.exists() else []


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        (signal.SIGINT, 130, "citebot: Stopped. What is answered is in {}; the same command goes"),
        (signal.SIGKILL, -9, ""),
    ],
)
def test_process_that_was_ended_goes_on(
    corpus: Path, tmp_path: Path, sent: signal.Signals, status: int, told: str
) -> None:
    """After Ctrl-C, and after an end without notice, the same command asks only what is missing."""
    cases = "".join(
        json.dumps(
            {
                "id": name,
                "language": "en",
                "question": f"Who bought the mill by the river, {name}?",
                "expect": ["Keller"],
                "sources": ["mill.txt"],
            }
        )
        + "\n"
        for name in "abcde"
    )
    (tmp_path / "cases.jsonl").write_text(cases, "utf-8")
    file = tmp_path / "out" / "answers.jsonl"
    with started(tmp_path, log="first", wait_at=4) as process:
        patience = time.monotonic() + 60
        while len(logged(tmp_path / "first")) < 4 and time.monotonic() < patience:
            time.sleep(0.02)
        process.send_signal(sent)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (status, "")
    assert err.startswith(told.format(file))
    assert "Traceback" not in err
    before = read_answers(file)
    assert [one.case for one in before.attempts] == ["a", "b", "c"]
    shutil.rmtree(index_of(tmp_path / "data") / "replies")
    with started(tmp_path, log="second", wait_at=0) as process:
        assert process.communicate(timeout=60)[1] == ""
    answers = read_answers(file)
    assert process.returncode == 0
    assert [text[-2] for text in logged(tmp_path / "second")] == ["d", "e"]
    assert answers.attempts[:3] == before.attempts
    assert {one.text for one in answers.attempts} == {ANSWERED.removesuffix(" [1]")}


# --- Several at once ---------------------------------------------------------------------------


@pytest.mark.parametrize("concurrency", [1, 2, 4])
def test_no_more_are_at_work_than_allowed(town: Town, concurrency: int) -> None:
    """So many are asked at once, never more, and every case once."""
    at_work = most = 0

    async def work(_asked: Question) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.05)
        at_work -= 1

    plan = town.plan(cases=tuple(map(case, "abcdefgh")), concurrency=concurrency)
    generator = Scripted(before=work)
    asyncio.run(run(town.ready(generator, plan), town.file))
    assert most == concurrency
    assert Counter(generator.names) == Counter("abcdefgh")
    assert [one.case for one in read_answers(town.file).attempts] == list("abcdefgh")


def test_each_attempt_is_written_when_it_is_there(town: Town) -> None:
    """A slow case does not keep the others out of the file."""
    seen: list[int] = []

    async def last(asked: Question) -> None:
        if asked.text.endswith("a?"):
            while len(seen) < 3:
                await asyncio.sleep(0.01)
                answers = read_answers(town.file)
                seen.append(len(answers.attempts)) if answers.attempts else None

    plan = town.plan(cases=CASES[:3], concurrency=2)
    asyncio.run(asyncio.wait_for(run(town.ready(Scripted(before=last), plan), town.file), 20))
    assert seen[-1] >= 1


# --- What names a configuration ----------------------------------------------------------------


def test_digest_names_the_configuration(town: Town) -> None:
    """Another configuration has another folder; the same one has the same, whatever it is called.

    So a run without a folder of its own finds what it has to go on with.
    """

    def digest(**more: Any) -> str:
        return town.ready(Scripted(), town.plan(**more)).digest

    first = digest()
    assert (len(first), int(first, 16) >= 0) == (8, True)
    renamed = tuple(replace(one, id=f"n-{one.id}", tags=("x",)) for one in CASES)
    assert {digest(), digest(concurrency=9), digest(fresh=True), digest(cases=renamed)} == {first}
    others = [
        digest(settings=town.settings(threshold=0.5)),
        digest(repeat=2),
        digest(cases=CASES[:5]),
        digest(asked_at=DAY + timedelta(days=1)),
    ]
    (town.folder / "articles" / "mill.txt").write_text("The mill fell.", "utf-8")
    assert len({first, *others, digest()}) == 6


def test_index_digest_knows_nothing_of_the_order_articles_came_in(tmp_path: Path) -> None:
    """The same articles have the same digest, however they got there; other ones another."""
    digests = []
    for number, names in enumerate((["mill.txt", "bridge.txt"], ["bridge.txt", "mill.txt"])):
        town = Town(tmp_path / str(number))
        (town.folder / "articles").mkdir(parents=True)
        for name in names:
            text = MILL if name == "mill.txt" else BRIDGE
            (town.folder / "articles" / name).write_text(text, "utf-8")
            digests.append(town.ready(Scripted(), town.plan(cases=(_unsaid(),))).run.index)
    assert digests[1] == digests[3]
    assert len(set(digests)) == 3


def _unsaid() -> Case:
    return case("none", answerable=False, expect=(), sources=())


def test_clock_of_a_run_is_noon() -> None:
    """All questions of a day see the same clock, so that relative dates mean the same."""
    assert noon(datetime(2025, 4, 3, 23, 59, tzinfo=UTC)) == DAY
    assert noon().time().hour == 12


def test_code_is_told_from_other_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another source or data file is other code; sample articles and byte code are none."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.py").write_text("one")
    monkeypatch.setattr(rag, "__path__", [str(tmp_path)])
    first = code()
    for ignored in ("articles", "__pycache__"):
        (tmp_path / ignored).mkdir()
        (tmp_path / ignored / "x").write_text("x")
    assert code() == first
    (tmp_path / "a.py").write_text("two")
    second = code()
    (tmp_path / "a.py").rename(tmp_path / "b.py")
    third = code()
    monkeypatch.setattr(running, "versions", lambda: {"python": "4"})
    assert len({first, second, third, code()}) == 4


def test_versions_are_those_of_what_is_needed() -> None:
    """Python, citebot and what it needs at run time; not the tools of its tests."""
    assert {"python", "citebot", "chromadb", "pydantic"} <= versions().keys()
    assert not {"pytest", "ruff", "mypy"} & versions().keys()


# --- Replies as attempts -----------------------------------------------------------------------

TASK = Task(case=CASES[0], round=2, key="k")


def test_refusal_is_kept_with_its_reason() -> None:
    """What was unknown, stale, dropped or near is kept, and which model was paid for what."""
    passage = passage_of("The mill was sold.", "mill.txt")
    refusal = Refusal(
        question=question("Who?", "de"),
        reason=Reason.OFF_TOPIC,
        generator="fake",
        confidence=0.25,
        unknown=("Keller",),
        nearest=hit_of(passage),
        stale=("mill.txt changed.",),
        dropped=(Dropped(claim=Claim(text="It fell.", keys=("k",)), why="no such key"),),
        timings={"generate": 0.5},
        generation=7,
        provenance=Provenance(
            model="scripted-1", prompts={"answer": "d"}, usage=Usage(tokens_in=3, cost=0.5)
        ),
    )
    attempt = of_reply(TASK, refusal, 1.5)
    assert attempt.hits[0].article == "mill.txt"
    assert (attempt.hits[0].start, attempt.hits[0].end) == (passage.start, passage.end)
    assert replace(attempt, hits=()) == Attempt(
        case="a",
        round=2,
        key="k",
        reason="off_topic",
        confidence=0.25,
        language="de",
        unknown=("Keller",),
        stale=("mill.txt changed.",),
        dropped=(Left(text="It fell.", why="no such key"),),
        seconds=1.5,
        timings={"generate": 0.5},
        generation=7,
        model="scripted-1",
        prompts={"answer": "d"},
        usage=Usage(tokens_in=3, cost=0.5),
    )


@pytest.mark.parametrize("confidence", [float("nan"), float("inf")])
def test_confidence_that_is_no_number_is_none(confidence: float) -> None:
    """A generator's slip does not make a file that cannot be read any more."""
    reply = Answer(
        question=question("Who?"), statements=(), generator="fake", confidence=confidence
    )
    attempt = of_reply(TASK, reply, 0.0)
    assert attempt.confidence == 0.0
    assert [read_line(row) for row in lines([attempt])] == [attempt]
