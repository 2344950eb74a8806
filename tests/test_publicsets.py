"""What the public sets promise as runs: cases that can be graded, corpora that can be asked."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.publicsets import Material, check_file, piaf, read_rows, read_set, squad2, xquad
from eval.records import AnswersError, read_answers
from eval.run import Plan, ready, run
from eval.score import score
from rag.errors import UsageError
from rag.settings import Settings

PUBLIC = Path(__file__).parents[2] / "shared" / "data"
"""Where the sets lie on machines that have them."""

SAID = {
    "en": "The {thing} by the river was sold to {name} in March. It is old.",
    "de": "{thing} am Fluss ging im März an {name}. Das Haus ist alt.",
}
THINGS = {
    "en": ("mill", "kiln", "forge", "barn", "dairy", "tower"),
    "de": ("Die Mühle", "Der Ofen", "Die Schmiede", "Die Scheune", "Die Molkerei", "Der Turm"),
}
NAMES = ("Anna Keller", "Peter Brandt", "Maria Huber", "Paul Egger", "Vera Lang", "Otto Weiss")
QUESTIONS = {"en": "Who bought the {thing} by the river?", "de": "Wer kaufte am Fluss: {thing}?"}


def write(folder: Path, passages: list[Mapping[str, object]], questions: list[object]) -> None:
    folder.mkdir(parents=True)
    for name, rows in (("passages", passages), ("questions", questions)):
        text = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(text, "utf-8")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Sets of six articles, of one passage and one question each, in two languages."""
    passages: list[Mapping[str, object]] = []
    questions: list[object] = []
    for language, things in THINGS.items():
        for number, (thing, name) in enumerate(zip(things, NAMES, strict=True)):
            told = f"{name} " + {"en": "herself", "de": "selbst"}[language]
            pid = f"xq-{number:03}-000"
            text = SAID[language].format(thing=thing, name=told)
            passages.append({"pid": pid, "lang": language, "title": "T", "text": text})
            asked = QUESTIONS[language].format(thing=thing)
            row = {"qid": f"q{number}", "lang": language, "pid": pid, "question": asked}
            questions.append({**row, "answers": [told, name, told], "answerable": True})
    folder = tmp_path / "public"
    write(folder / "xquad", passages, questions)
    write(folder / "piaf_fr", passages[:6], questions[:6])
    unanswered = {**row, "lang": "en", "qid": "q9", "answers": ["a guess"], "answerable": False}
    write(folder / "squad2_dev_half", passages[:6], [*questions[:6], unanswered])
    return folder


def files(material: Material) -> list[str]:
    return sorted(file.name for file in material.corpus.iterdir())


def test_question_of_another_language_wants_the_answer_of_the_passage(
    data: Path, tmp_path: Path
) -> None:
    """Over languages the answers are those of the passages' language, each once."""
    found = xquad(data, tmp_path, asked="de", written="en")
    case = found.cases[1]
    assert (case.id, case.set) == ("q1-de-en", "xquad de→en")
    assert (case.language, case.question) == ("de", "Wer kaufte am Fluss: Der Ofen?")
    assert (case.answer, case.accepted) == ("Peter Brandt herself", ("Peter Brandt",))
    assert (case.sources, case.answerable) == (("xq-001-000.txt",), True)
    assert (case.expect, case.tags) == ((), ("crosslingual", "held_out"))
    assert found.cases[2].tags == ("crosslingual", "fitted")
    text = (found.corpus / "xq-001-000.txt").read_text("utf-8")
    assert text.startswith("---\nlanguage: en\n---\nThe kiln")


def test_answer_of_a_german_passage_is_german(data: Path, tmp_path: Path) -> None:
    """It is the passages' language that decides, whichever it is."""
    (case, *_) = xquad(data, tmp_path, asked="en", written="de").cases
    assert (case.language, case.answer) == ("en", "Anna Keller selbst")


def test_ids_are_unique_over_pairs_of_languages(data: Path, tmp_path: Path) -> None:
    """Runs of several pairs may be compared: no id means two things."""
    pairs = [("en", "en"), ("de", "en"), ("de", "de"), ("en", "de")]
    ids = [c.id for a, w in pairs for c in xquad(data, tmp_path, asked=a, written=w).cases]
    assert len(ids) == len(set(ids)) == 24


@pytest.mark.parametrize(("every", "ids"), [(1, 7), (2, 4), (3, 3), (7, 1), (100, 1)])
def test_every_so_manieth_question_is_taken(
    data: Path, tmp_path: Path, every: int, ids: int
) -> None:
    """Questions are thinned out, passages never."""
    found = squad2(data, tmp_path, every=every)
    assert len(found.cases) == ids
    assert len(files(found)) == 6


def test_unanswerable_question_names_nothing(data: Path, tmp_path: Path) -> None:
    """Where a set knows that its passage does not say, only a refusal is right."""
    case = squad2(data, tmp_path).cases[-1]
    assert (case.answerable, case.answer, case.accepted, case.sources) == (False, "", (), ())
    assert case.tags == ("held_out", "unanswerable")


def test_left_out_articles_are_asked_about_all_the_same(data: Path, tmp_path: Path) -> None:
    """Every third article is not in the corpus; its questions stay, and want a refusal."""
    whole, found = piaf(data, tmp_path), piaf(data, tmp_path, leave_out=True)
    assert files(found) == ["xq-000-000.txt", "xq-001-000.txt", "xq-003-000.txt", "xq-004-000.txt"]
    assert [case.id for case in found.cases] == [case.id for case in whole.cases]
    for number, (case, before) in enumerate(zip(found.cases, whole.cases, strict=True)):
        if number in (2, 5):
            assert "left_out" in case.tags
            assert (case.answerable, case.answer, case.accepted, case.sources) == (
                False, "", (), ()
            )  # fmt: skip
        else:
            assert case == before
    assert whole.corpus != found.corpus
    assert len(files(whole)) == 6


def test_question_without_an_answer_may_be_left_out_too(data: Path, tmp_path: Path) -> None:
    """It has one of the two tags, so that each slice is of one kind."""
    tags = [set(case.tags) for case in squad2(data, tmp_path, leave_out=True).cases]
    assert [("left_out" in one, "unanswerable" in one) for one in tags].count((True, True)) == 0
    assert "left_out" in tags[-1]


def test_corpus_of_other_data_lies_elsewhere(data: Path, tmp_path: Path) -> None:
    """Articles of an older copy of a set are never among those of a newer one."""
    before = piaf(data, tmp_path)
    file = data / "piaf_fr" / "passages.jsonl"
    file.write_text(file.read_text("utf-8").replace("is old", "is new"), "utf-8")
    after = piaf(data, tmp_path)
    assert before.corpus != after.corpus
    assert piaf(data, tmp_path).corpus == after.corpus


# --- What can be wrong with a set --------------------------------------------------------------

Reader = Callable[[Path, Path], Material]


@pytest.mark.parametrize(
    ("reader", "name"), [(xquad, "xquad"), (piaf, "piaf_fr"), (squad2, "squad2_dev_half")]
)
@pytest.mark.parametrize("file", ["passages.jsonl", "questions.jsonl", ""])
def test_missing_set_is_one_sentence(
    data: Path, tmp_path: Path, reader: Reader, name: str, file: str
) -> None:
    """A folder or a file that is missing is told, with the option that names it."""
    path = data / name / file
    path.rename(tmp_path / "away")
    with pytest.raises(UsageError, match=rf"There is no set {name} in .*--data") as told:
        reader(data, tmp_path)
    assert str(told.value).count(". ") == 0


@pytest.mark.parametrize(
    "row",
    [
        "{",
        "[]",
        "null",
        '{"pid": "xq-000-000", "lang": "en"}',
        '{"pid": "../up-000-000", "lang": "en", "text": "x"}',
        '{"pid": "xq-one-000", "lang": "en", "text": "x"}',
        '{"pid": "xq-000-000", "lang": "en", "text": 7}',
    ],
)
def test_damaged_row_is_told_with_its_line(data: Path, tmp_path: Path, row: str) -> None:
    """What is no passage is an error that names the line, whatever is wrong with it."""
    file = data / "piaf_fr" / "passages.jsonl"
    file.write_text(f"{file.read_text('utf-8')}{row}\n", "utf-8")
    with pytest.raises(UsageError, match=r"passages\.jsonl:7 does not belong to a public set"):
        piaf(data, tmp_path)


@pytest.mark.parametrize(("asked", "written"), [("fr", "en"), ("en", "fr")])
def test_language_that_is_not_there_is_told(
    data: Path, tmp_path: Path, asked: str, written: str
) -> None:
    """XQuAD has the languages that it has."""
    with pytest.raises(UsageError, match="XQuAD has nothing in fr: choose among de, en"):
        xquad(data, tmp_path, asked=asked, written=written)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1))
def test_rows_keep_their_texts(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    """A line separator inside a text does not end its row."""
    file = tmp_path_factory.mktemp("rows") / "rows.jsonl"
    lines = "".join(f"{json.dumps(text, ensure_ascii=False)}\n" for text in texts)
    file.write_text(lines, "utf-8", newline="")
    assert read_rows(file, str) == tuple(texts)


# --- The way through a run ---------------------------------------------------------------------


async def answered(found: Material, folder: Path) -> Path:
    settings = Settings(corpus=found.corpus, data=folder / "data", threshold=0)
    plan = Plan(name=found.name, cases=found.cases, settings=settings)
    file = folder / "answers.jsonl"
    await run(ready(plan), file)
    return file


async def test_set_goes_through_a_run(data: Path, tmp_path: Path) -> None:
    """Asked, written, read and scored like golden cases; slices tell what was fitted on."""
    file = await answered(xquad(data, tmp_path), tmp_path)
    scores = score(read_answers(file))
    slices = {
        "all": 6,
        "set: xquad en→en": 6,
        "pair: en→en": 6,
        "tag: fitted": 3,
        "tag: held_out": 3,
    }
    for name, of in slices.items():
        correct = scores.figure("answer.correct", name)
        assert correct is not None
        assert (correct.value, correct.of) == (1.0, of), name


async def test_left_out_questions_are_counted_as_refusals(data: Path, tmp_path: Path) -> None:
    """What is shown for them is counted, and only for them."""
    file = await answered(piaf(data, tmp_path, leave_out=True), tmp_path)
    scores = score(read_answers(file))
    under = scores.figure("refusals.under", "all")
    correct = scores.figure("answer.correct", "all")
    assert under is not None
    assert correct is not None
    assert (under.of, correct.of) == (2, 4)


def test_file_of_another_run_is_not_overwritten(data: Path, tmp_path: Path) -> None:
    """A set's answers take the place of its own answers alone."""
    check_file(tmp_path / "none.jsonl", "expertqa")
    file = asyncio.run(answered(replace(piaf(data, tmp_path, every=6), name="p"), tmp_path))
    check_file(file, "p")
    with pytest.raises(AnswersError, match="is of another run"):
        check_file(file, "expertqa")


@pytest.mark.skipif(not PUBLIC.is_dir(), reason=f"the public sets are not in {PUBLIC}")
def test_published_sets_become_cases(tmp_path: Path) -> None:
    """Every question of the sets as published is a case whose article is in the corpus."""
    assert len(read_set(PUBLIC, "xquad").questions) == 4 * 1190
    for found, most in (
        (xquad(PUBLIC, tmp_path, asked="ru", written="en", leave_out=True), 1190),
        (piaf(PUBLIC, tmp_path), 1683),
        (squad2(PUBLIC, tmp_path), 2405),
    ):
        assert len({case.id for case in found.cases}) == len(found.cases) == most
        there = set(files(found))
        assert all(there.issuperset(case.sources) for case in found.cases)
        assert all(bool(case.sources) is case.answerable for case in found.cases)
