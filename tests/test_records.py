"""What the answers file promises: what was written is read again, and damage is told."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.cases import Case
from eval.records import (
    FORMAT,
    AnswersError,
    ArticleLine,
    Attempt,
    CaseLine,
    Found,
    Judgement,
    Left,
    Line,
    Quote,
    Run,
    Shown,
    lines,
    read_answers,
    read_line,
)
from rag.domain import Article, Exchange, Usage

NOON = datetime(2025, 4, 3, 12, tzinfo=UTC)
RUN = Run(
    name="town",
    started=NOON,
    asked_at=NOON,
    generator="fake",
    settings={"threshold": 0.12, "hits": 12},
    repeat=2,
    corpus="articles",
    index="abc",
    versions={"python": "3.11"},
)
ARTICLE = Article(
    id="mill.txt",
    title="Die Mühle",
    language="de",
    text="Die Mühle\u2028wurde\r\nverkauft.\x00",
    sha256="0" * 64,
    published_on=date(2025, 4, 3),
)
CASE = Case(
    id="mill",
    set="town",
    language="de",
    question="Wer kaufte die Mühle?",
    answer="Anna Keller",
    accepted=("Keller",),
    expect=("Keller",),
    sources=("mill.txt",),
    history=(Exchange(question="Und?", reply="Ja."),),
    tags=("lookup",),
)
OTHER = replace(CASE, id="bridge")
ATTEMPT = Attempt(case="mill", statements=(Shown(text="Die Mühle – «verkauft» 🦆.", quotes=()),))
HEAD: tuple[Line, ...] = (
    RUN,
    ArticleLine(article=ARTICLE),
    CaseLine(case=CASE),
    CaseLine(case=OTHER),
)


def write(folder: Path, values: Sequence[Line]) -> Path:
    file = folder / "answers.jsonl"
    file.write_bytes(b"".join(lines(values)))
    return file


# --- Round trips -------------------------------------------------------------------------------

TEXT = st.text()
NUMBER = st.floats(allow_nan=False, allow_infinity=False)
QUOTES = st.builds(
    Quote,
    number=st.integers(1, 99),
    article=TEXT,
    start=st.integers(0),
    end=st.integers(0),
    quote=TEXT,
)
ATTEMPTS = st.builds(
    Attempt,
    case=TEXT,
    round=st.integers(0, 9),
    statements=st.lists(
        st.builds(Shown, text=TEXT, quotes=st.lists(QUOTES, max_size=2).map(tuple)), max_size=2
    ).map(tuple),
    reason=st.none() | TEXT,
    error=st.none() | TEXT,
    confidence=NUMBER,
    unknown=st.lists(TEXT, max_size=2).map(tuple),
    dropped=st.lists(st.builds(Left, text=TEXT, why=TEXT), max_size=2).map(tuple),
    hits=st.lists(
        st.builds(
            Found,
            article=TEXT,
            start=st.integers(0),
            end=st.integers(0),
            score=NUMBER,
            arms=st.dictionaries(TEXT, NUMBER, max_size=2),
        ),
        max_size=2,
    ).map(tuple),
    seconds=NUMBER,
    timings=st.dictionaries(TEXT, NUMBER, max_size=2),
    model=st.none() | TEXT,
    prompts=st.dictionaries(TEXT, TEXT, max_size=2),
    usage=st.builds(Usage, tokens_in=st.integers(0, 9), cost=st.none() | NUMBER),
)


@given(st.lists(ATTEMPTS, max_size=3))
def test_attempts_are_read_as_they_were_written(attempts: list[Attempt]) -> None:
    """Whatever texts are in them, each is one line, and the same when it is read."""
    rows = list(lines(attempts))
    assert [row.count(b"\n") for row in rows] == [1] * len(rows)
    assert [read_line(row) for row in b"".join(rows).split(b"\n")[:-1]] == attempts


@given(TEXT)
def test_everything_else_is_read_as_it_was_written(text: str) -> None:
    """Runs, articles, cases and judgements keep every text, U+2028 and NUL included."""
    values: list[Line] = [
        replace(RUN, name=text, settings={"name": text}, versions={text: text}),
        ArticleLine(article=replace(ARTICLE, id=text, text=text, url=text)),
        CaseLine(
            case=replace(
                CASE,
                question=text,
                expect=(text,),
                history=(Exchange(question=text, reply=text),),
            )
        ),
        Judgement(case=text, about="answer", verdict=text, model=text, error=text),
    ]
    assert [read_line(row) for row in lines(values)] == values


@given(st.text(st.characters(categories=["Cs", "Ll"]), min_size=1))
def test_half_a_surrogate_pair_becomes_a_question_mark(text: str) -> None:
    """What UTF-8 cannot hold does not end a run, nor make a file that cannot be read."""
    plain = text.encode("utf-8", "replace").decode()
    values: list[Line] = [
        Attempt(case="mill", error=text, statements=(Shown(text=text, quotes=()),)),
        replace(RUN, corpus=text),
        CaseLine(case=replace(CASE, question=text)),
    ]
    attempt, run, case = (read_line(row) for row in lines(values))
    assert attempt == Attempt(case="mill", error=plain, statements=(Shown(text=plain, quotes=()),))
    assert run == replace(RUN, corpus=plain)
    assert case == CaseLine(case=replace(CASE, question=plain))


# --- Reading -----------------------------------------------------------------------------------


def test_file_is_gathered(tmp_path: Path) -> None:
    """Articles by id, cases in the order of the file, nothing missing but what is."""
    answers = read_answers(write(tmp_path, [*HEAD, ATTEMPT]))
    assert answers.run == RUN
    assert answers.articles == {"mill.txt": ARTICLE}
    assert answers.cases == (CASE, OTHER)
    assert answers.attempts == (ATTEMPT,)
    assert (answers.torn, answers.missing) == (False, 3)


def test_attempts_stand_in_the_order_of_cases_and_rounds(tmp_path: Path) -> None:
    """However they came in, attempts are sorted by case, then by round."""
    places = [("bridge", 1), ("mill", 1), ("bridge", 0), ("mill", 0)]
    values = [Attempt(case=case, round=number) for case, number in places]
    answers = read_answers(write(tmp_path, [*HEAD, *values]))
    found = [(one.case, one.round) for one in answers.attempts]
    assert found == [("mill", 0), ("mill", 1), ("bridge", 0), ("bridge", 1)]


def test_later_line_takes_the_place_of_an_earlier_one(tmp_path: Path) -> None:
    """Of the same attempt, and of judgements about the same, the last line counts."""
    first = Judgement(case="mill", about="answer", verdict="wrong", model="m")
    values: list[Line] = [
        Attempt(case="mill", error="away"),
        first,
        replace(ATTEMPT, round=1),
        replace(first, about="statement 0"),
        replace(first, round=1),
        ATTEMPT,
        replace(first, verdict="correct"),
    ]
    answers = read_answers(write(tmp_path, [*HEAD, *values]))
    assert answers.attempts == (ATTEMPT, replace(ATTEMPT, round=1))
    assert {(one.round, one.about, one.verdict) for one in answers.judgements} == {
        (0, "answer", "correct"),
        (0, "statement 0", "wrong"),
        (1, "answer", "wrong"),
    }


def test_attempt_of_no_case_is_left_out(tmp_path: Path) -> None:
    """An attempt whose case the file does not hold cannot be graded, nor counted."""
    answers = read_answers(write(tmp_path, [*HEAD, Attempt(case="ferry"), ATTEMPT]))
    assert answers.attempts == (ATTEMPT,)


# --- Damage ------------------------------------------------------------------------------------

VALUES: tuple[Line, ...] = (*HEAD, Attempt(case="bridge"), ATTEMPT)
ROWS = tuple(lines(VALUES))


def test_last_line_may_be_cut_at_any_byte(tmp_path: Path) -> None:
    """A last line that lacks as much as its line break is left out; no earlier one is lost.

    One that lacks only that counts as cut, too: what is appended next must not go on in it.
    """
    data, last = b"".join(ROWS), ROWS[-1]
    file = tmp_path / "answers.jsonl"
    for size in range(len(last) + 1):
        file.write_bytes(data[: len(data) - len(last) + size])
        answers = read_answers(file)
        assert answers.torn is (0 < size < len(last))
        whole = size == len(last)
        assert answers.attempts == ((ATTEMPT,) if whole else ()) + (Attempt(case="bridge"),)
        assert (answers.cases, answers.run) == ((CASE, OTHER), RUN)


@pytest.mark.parametrize(("before", "after"), list(pairwise(range(1, len(ROWS) + 1))))
def test_file_may_end_after_any_line(tmp_path: Path, before: int, after: int) -> None:
    """Whatever line is cut, those before it are read, and the file says that it was cut."""
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"".join(ROWS[:before]))
    whole = read_answers(file)
    file.write_bytes(b"".join(ROWS[:after])[:-3])
    assert read_answers(file) == replace(whole, torn=True)


@pytest.mark.parametrize(
    "row",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff",
        b"{}",
        ROWS[5][: len(ROWS[5]) // 2],
        ROWS[5][:-1] + ROWS[5][:-1],
        b'{"kind":"attempt"}',
        b'{"kind":"remark","text":"x"}',
        b'{"kind":"attempt","case":"mill","round":"one"}',
        b'{"kind":"attempt","case":"mill","error":"\\ud800"}',
    ],
)
@pytest.mark.parametrize("place", [1, 4, 5])
def test_damage_in_the_middle_names_the_line(tmp_path: Path, place: int, row: bytes) -> None:
    """Only the last line may be cut: anything else is told, with its line."""
    file = tmp_path / "answers.jsonl"
    file.write_bytes(b"".join([*ROWS[:place], row + b"\n", *ROWS[place:]]))
    with pytest.raises(AnswersError) as told:
        read_answers(file)
    assert f"answers.jsonl:{place + 1} is damaged (" in str(told.value)
    assert str(told.value).endswith("): run it again.")
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n",
        b"- {id: mill}\n",
        b"\x89PNG\r\n\x1a\n",
        b'{"id": "mill"}\n',
        ROWS[0][:-1],
        ROWS[0][:40] + b"\n" + ROWS[1],
        b"".join(ROWS[1:]),
        next(lines([replace(RUN, format=FORMAT + 1)])) + b'{"kind":"remark"}\n',
        next(lines([replace(RUN, format=FORMAT - 1)])),
    ],
)
def test_what_is_no_answers_file_is_told(tmp_path: Path, data: bytes) -> None:
    """Without a whole first line that says what was run, in this format, it is none."""
    file = tmp_path / "answers.jsonl"
    file.write_bytes(data)
    with pytest.raises(AnswersError, match=r"answers\.jsonl is no answers file of this version"):
        read_answers(file)


def test_missing_file_is_told(tmp_path: Path) -> None:
    """A name of nothing, and of a folder, is one sentence with the reason."""
    with pytest.raises(AnswersError, match=r"none\.jsonl cannot be read \(No such file"):
        read_answers(tmp_path / "none.jsonl")
    with pytest.raises(AnswersError, match=r"cannot be read \(Is a directory\)"):
        read_answers(tmp_path)
