"""What the comparison with experts promises: every claim counts once, and for what it is."""

import json
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.expertqa import (
    Verdict,
    agreement,
    balanced,
    beside_floor,
    claim_of,
    run,
    scores,
    threshold,
)
from eval.figures import Figure
from eval.records import AnswersError, read_answers
from eval.score import ALL
from rag.errors import UsageError

PUBLIC = Path(__file__).parents[2] / "shared" / "data"
"""Where the set lies on machines that have it."""

HEAD = "[3] https://example.org/mill\n\n"


def row(claim: str, support: str, *evidence: str) -> dict[str, object]:
    return {
        "question": "What became of the mill?",
        "field": "History",
        "system": "one",
        "claim": claim,
        "evidence": list(evidence),
        "support": support,
        "correctness": "Unsure",
    }


ROWS = [
    row("The mill was sold for 250 euros [3].", "Complete", f"{HEAD}It was sold for 250 euros."),
    row("The mill was sold for 300 euros [3].", "Incomplete", f"{HEAD}It was sold for 250 euros."),
    row("The mill is old [3].", "Partial", f"{HEAD}A mill by the river."),
    row("In 1990 it burnt [3][4].", "Complete", f"{HEAD}A fire.", "[4] x\n\nIn 1990 it burnt."),
    row("In 1991 it burnt [3].", "N/A", f"{HEAD}In 1990 it burnt."),
    row("The mill was sold [3].", "Complete"),
    row("The mill was sold [3].", "Incomplete", "[3] https://example.org/mill"),
]


def write(folder: Path, rows: Sequence[object]) -> Path:
    (folder / "expertqa").mkdir(parents=True, exist_ok=True)
    text = "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in rows)
    (folder / "expertqa" / "claims.jsonl").write_text(text, "utf-8")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The answers file of the rows above."""
    run(write(tmp_path / "public", ROWS), tmp_path / "answers.jsonl")
    return tmp_path / "answers.jsonl"


def test_claim_is_shown_with_all_of_its_evidence(file: Path) -> None:
    """A claim is a statement whose quotes are its passages, whole, without address and number."""
    answers = read_answers(file)
    assert [case.id for case in answers.cases] == [f"expertqa-{n:04}" for n in range(7)]
    (shown,) = answers.attempts[3].statements
    assert shown.text == "In 1990 it burnt."
    assert [quote.quote for quote in shown.quotes] == ["A fire.", "In 1990 it burnt."]
    article = answers.articles["expertqa-0003-1.txt"]
    assert (article.text, article.url) == ("A fire.", "https://example.org/mill")
    assert answers.cases[3].sources == ("expertqa-0003-1.txt", "expertqa-0003-2.txt")
    assert answers.cases[3].tags == ("field history", "support complete", "system one")
    assert answers.missing == 0


def test_file_alone_says_what_is_carried(file: Path) -> None:
    """Claims found carried, of all: without evidence, or with a bare address, none is."""
    found = scores(read_answers(file))
    assert [one.supported for one in found.graded] == [
        (True,), (False,), (True,), (True,), (False,), (False,), (False,)
    ]  # fmt: skip
    assert figure(found.slices[ALL], "citations.supported").good == 3
    assert figure(found.slices[ALL], "citations.exact").value == 1.0


def test_agreement_leaves_out_what_experts_could_not_judge(file: Path) -> None:
    """N/A is counted as left out and in no rate; partly carried is not carried."""
    figures = scores(read_answers(file)).slices[ALL]
    left, right, wrong = (
        figure(figures, f"experts.{name}") for name in ("left_out", "sensitivity", "specificity")
    )
    assert (left.good, left.of) == (1, 7)
    assert (right.good, right.of) == (2, 3)
    assert (wrong.good, wrong.of) == (2, 3)
    assert figure(figures, "experts.balanced").value == pytest.approx(2 / 3)
    assert figure(figures, "experts.kappa").value == pytest.approx(1 / 3)


def test_slices_have_no_figure_without_a_meaning(file: Path) -> None:
    """Nothing was answered or refused, so nothing is said of it; fields and systems are slices."""
    found = scores(read_answers(file))
    names = {one.name for figures in found.slices.values() for one in figures}
    own = ("answer.right", "citations.exact", "citations.supported", "citations.judged", "experts.")
    assert all(name.startswith(own) for name in names)
    assert found.curve == ()
    assert found.figure("experts.balanced", "tag: system one") is not None
    assert found.figure("experts.balanced", "tag: field history") is not None
    assert found.figure("experts.balanced", "tag: support complete") is None
    assert found.figure("citations.supported", "tag: support complete") is not None


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("It burnt [1].", "It burnt."),
        ("  It burnt in 1990[12]; it was rebuilt [3] [4].", "It burnt in 1990; it was rebuilt."),
        ("It is [sic] old.", "It is [sic] old."),
    ],
)
def test_reference_is_no_part_of_a_claim(text: str, claim: str) -> None:
    """The number of a reference would be a number that the evidence has to say."""
    assert claim_of(text) == claim


# --- Agreement ---------------------------------------------------------------------------------

PAIRS = st.lists(st.tuples(st.booleans(), st.booleans()))


def figure(figures: Sequence[Figure], name: str) -> Figure:
    return next(one for one in figures if one.name == name)


def verdicts(pairs: Sequence[tuple[bool, bool]]) -> list[Verdict]:
    return [
        Verdict(experts=truth, verifier=found, facts=found, overlap=float(found), even=n % 2 == 0)
        for n, (truth, found) in enumerate(pairs)
    ]


@given(PAIRS)
def test_balanced_accuracy_is_the_mean_of_both_rates(pairs: list[tuple[bool, bool]]) -> None:
    """Whatever the shares of carried claims; unknown where one kind is missing."""
    rates = [[v is kind for t, v in pairs if t is kind] for kind in (True, False)]
    wanted = sum(sum(r) / len(r) for r in rates) / 2 if all(rates) else math.nan
    assert balanced(pairs) == pytest.approx(wanted, nan_ok=True)


def test_constant_verdict_is_worth_nothing() -> None:
    """To find everything carried is one half and no agreement, however many are."""
    pairs = [(n % 10 > 0, True) for n in range(100)]
    figures = list(agreement(verdicts(pairs)))
    assert figure(figures, "experts.balanced").value == pytest.approx(0.5)
    assert figure(figures, "experts.kappa").value == pytest.approx(0.0)


def test_interval_is_that_of_a_plain_bootstrap() -> None:
    """The bounds are about those of balanced accuracy computed anew for every resample."""
    random = numpy.random.default_rng(7)
    truth = random.random(400) < 0.7
    found = numpy.where(random.random(400) < 0.75, truth, ~truth)
    pairs = list(zip(map(bool, truth), map(bool, found), strict=True))
    drawn = [balanced([pairs[i] for i in random.integers(0, 400, 400)]) for _ in range(800)]
    low, high = numpy.quantile(drawn, (0.025, 0.975))
    one = figure(list(agreement(verdicts(pairs))), "experts.balanced")
    assert (one.low, one.high) == pytest.approx((low, high), abs=0.01)


def test_nothing_judged_is_unknown() -> None:
    """Without a claim that experts judged there is no agreement, and no error."""
    figures = list(agreement([None, None]))
    assert figure(figures, "experts.left_out").value == 1.0
    assert math.isnan(figure(figures, "experts.balanced").value)
    assert math.isnan(figure(list(beside_floor([])), "experts.odd.floor").value)


def test_floor_is_chosen_on_even_rows_and_told_of_odd_ones() -> None:
    """A threshold that is right for the even rows alone does badly on the odd ones."""
    found = [
        replace(one, overlap=0.9 if one.experts is one.even else 0.1)
        for one in verdicts([(n % 4 < 2, True) for n in range(40)])
    ]
    assert threshold([one for one in found if one.even]) == 0.9
    figures = list(beside_floor(found))
    assert figure(figures, "experts.odd.floor").value == pytest.approx(0.0)
    assert figure(figures, "experts.odd.floor").of == 20
    assert figure(figures, "experts.odd.balanced").value == pytest.approx(0.5)
    assert figure(figures, "experts.floor").value == pytest.approx(0.5)


def test_rows_are_even_and_odd_by_their_place(tmp_path: Path) -> None:
    """The first claim of a file is even, one that is left out has its place, too."""
    rows = [ROWS[0], ROWS[1], ROWS[4], ROWS[2], ROWS[3], ROWS[5], ROWS[6], ROWS[4]]
    run(write(tmp_path, rows), tmp_path / "answers.jsonl")
    figures = scores(read_answers(tmp_path / "answers.jsonl")).slices[ALL]
    assert figure(figures, "experts.odd.balanced").of == 3
    run(write(tmp_path, rows[:2] * 2 + rows[:1]), tmp_path / "answers.jsonl")
    figures = scores(read_answers(tmp_path / "answers.jsonl")).slices[ALL]
    assert figure(figures, "experts.odd.balanced").of == 2


# --- Files -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (None, "There is no set expertqa in"),
        ([], "holds no claim"),
        ([ROWS[0], {"claim": "x"}], r"claims\.jsonl:2 does not belong to a public set"),
    ],
)
def test_set_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, rows: list[object] | None, says: str
) -> None:
    """A set that is missing, empty or damaged leaves no answers file."""
    if rows is not None:
        write(tmp_path, rows)
    with pytest.raises(UsageError, match=says):
        run(tmp_path, tmp_path / "answers.jsonl")
    assert not (tmp_path / "answers.jsonl").exists()


def test_every_so_manieth_claim_keeps_its_name(tmp_path: Path) -> None:
    """Claims of a thinned set can be compared with those of the whole."""
    run(write(tmp_path, ROWS), tmp_path / "answers.jsonl", every=3)
    cases = read_answers(tmp_path / "answers.jsonl").cases
    assert [case.id for case in cases] == ["expertqa-0000", "expertqa-0003", "expertqa-0006"]


def test_file_of_another_run_stays(file: Path, tmp_path: Path) -> None:
    """A run writes over its own answers and no others."""
    run(tmp_path / "public", file)
    file.write_text(
        file.read_text("utf-8").replace('"name":"expertqa"', '"name":"golden"'), "utf-8"
    )
    before = file.read_bytes()
    with pytest.raises(AnswersError, match="is of another run"):
        run(tmp_path / "public", file)
    assert file.read_bytes() == before


@pytest.mark.skipif(not PUBLIC.is_dir(), reason=f"the public sets are not in {PUBLIC}")
def test_published_claims_all_count(tmp_path: Path) -> None:
    """Of the claims as published every one has evidence and the judgement of an expert, or N/A."""
    run(PUBLIC, tmp_path / "answers.jsonl", every=30)
    answers = read_answers(tmp_path / "answers.jsonl")
    assert len(answers.attempts) == len(answers.cases) == 31
    figures = scores(answers).slices[ALL]
    assert figure(figures, "citations.supported").of == 31
    left = figure(figures, "experts.left_out")
    assert figure(figures, "experts.balanced").of == 31 - left.good
