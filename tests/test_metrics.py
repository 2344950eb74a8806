"""What metrics promise: each says what it counts out of what, and no attempt leaves in silence."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pytest

from eval.alce import Judged
from eval.cases import Case
from eval.figures import Table
from eval.grade import Graded, Outcome
from eval.intervals import SEED
from eval.metrics import NOTHING, Better, Metric, Part, fixed_metrics, metrics_of, retrieval_metrics
from eval.records import Attempt, Found, Shown

ARMS = ("vectors", "words")
METRICS = {one.name: one for one in (*fixed_metrics(), *retrieval_metrics(ARMS))}

KNOWN = Case(
    id="known", set="s", language="en", question="?", answer="a b", sources=("a", "c"),
    tags=("injection",),
)  # fmt: skip
UNKNOWN = replace(KNOWN, id="unknown", answer="", sources=(), answerable=False)
SAID = Attempt(case="known", statements=(Shown(text="x", quotes=()),))
REFUSED = Attempt(case="known", reason="off_topic")
FAILED = Attempt(case="known", error="away")
RANKED = {"fused": ("b", "a", "d"), "words": ("b", "c", "a")}


def graded(case: Case, attempt: Attempt, outcome: Outcome, **more: object) -> Graded:
    """A verdict; what is not given is what a reply that shows nothing has."""
    known: dict[str, object] = {
        "why": "", "right": False, "exact": {}, "supported": (), "cited": (),
        "facts": (0, 3) if case.answerable else (0, 0),
        "overlap": 0.0 if case.answerable else None,
        "rankings": RANKED if case.answerable and attempt.error is None else {},
    }  # fmt: skip
    return Graded(case=case, attempt=attempt, outcome=outcome, **{**known, **more})  # type: ignore[arg-type]


ANSWER = {
    "exact": {1: True, 2: True, 3: False}, "supported": (True, False), "cited": ("b", "a", "d"),
    "facts": (2, 3), "overlap": 0.25, "language": "en",
    "judged": Judged(
        asked=True, verdict="correct", carried=(True, False), needed=(True, False, False)
    ),
}  # fmt: skip
KINDS: Mapping[str, Graded] = {
    # Answerable: right, its files wrong, other words, and what is no answer at all.
    "right": graded(
        KNOWN, SAID, Outcome.CORRECT, **{**ANSWER, "right": True, "cited": ("a", "c"),
        "overlap": 1.0, "verbatim": True, "facts": (3, 3), "stated": True},
    ),
    "uncited": graded(KNOWN, SAID, Outcome.CORRECT, **ANSWER),
    "wrong": graded(KNOWN, SAID, Outcome.INCORRECT, **{**ANSWER, "language": "de"}, obeyed=True),
    "refused": graded(KNOWN, REFUSED, Outcome.ABSTAINED),
    "failed": graded(KNOWN, FAILED, Outcome.FAILED),
    "unscored": graded(KNOWN, SAID, Outcome.UNSCORED, **ANSWER),
    # Not answerable: answered, refused, and an error.
    "told": graded(
        UNKNOWN, SAID, Outcome.INCORRECT, **{**ANSWER, "facts": (0, 0), "overlap": None},
        obeyed=True,
    ),
    "declined": graded(UNKNOWN, REFUSED, Outcome.ABSTAINED, right=True),
    "lost": graded(UNKNOWN, FAILED, Outcome.FAILED),
}  # fmt: skip
YES, NO = (1.0, 1.0), (0.0, 1.0)
SECOND, THIRD = 1 / math.log2(3), 0.5
"""What an article in these places is worth."""


def rows(*parts: Part | None) -> Mapping[str, Part]:
    """By kind, in their order; nothing where an attempt does not stand in the denominator."""
    return {
        kind: NOTHING if part is None else part for kind, part in zip(KINDS, parts, strict=True)
    }


def ranked(value: float) -> Mapping[str, Part]:
    """Of a figure of retrieval: all that is answerable stands in it, with a ranking or not."""
    found = (value, 1.0)
    return rows(found, found, found, found, NO, found, None, None, None)


# In the order right, uncited, wrong, refused, failed, unscored; told, declined, lost.
TABLE: Mapping[str, Mapping[str, Part]] = {
    "answer.right": rows(YES, NO, NO, NO, NO, NO, NO, YES, NO),
    "answer.correct": rows(YES, YES, NO, NO, NO, NO, None, None, None),
    "answer.stated": rows(YES, NO, NO, NO, NO, NO, None, None, None),
    "answer.incorrect": rows(NO, NO, YES, NO, NO, NO, None, None, None),
    "answer.failed": rows(NO, NO, NO, NO, YES, NO, NO, NO, YES),
    "answer.unscored": rows(NO, NO, NO, NO, NO, YES, NO, NO, NO),
    "answer.values": rows((3, 3), (2, 3), (2, 3), (0, 3), (0, 3), (2, 3), None, None, None),
    "answer.exact_match": rows(YES, NO, NO, NO, NO, NO, None, None, None),
    "answer.token_f1": rows(YES, (0.25, 1), (0.25, 1), NO, NO, (0.25, 1), None, None, None),
    "answer.language": rows(YES, YES, NO, None, None, YES, YES, None, None),
    "citations.precision": rows((2, 2), (1, 3), (1, 3), None, None, (1, 3), None, None, None),
    "citations.recall": rows((2, 2), (1, 2), (1, 2), None, None, (1, 2), None, None, None),
    "citations.exact": rows((2, 3), (2, 3), (2, 3), None, None, (2, 3), (2, 3), None, None),
    "citations.supported": rows((1, 2), (1, 2), (1, 2), None, None, (1, 2), (1, 2), None, None),
    "citations.judged_recall": rows((1, 2), (1, 2), (1, 2), None, None, (1, 2), (1, 2), None, None),
    "citations.judged_precision": rows(
        (1, 3), (1, 3), (1, 3), None, None, (1, 3), (1, 3), None, None
    ),
    "refusals.precision": rows(None, None, None, NO, None, None, None, YES, None),
    "refusals.recall": rows(None, None, None, None, None, None, NO, YES, NO),
    "refusals.over": rows(NO, NO, NO, YES, NO, NO, None, None, None),
    "refusals.under": rows(None, None, None, None, None, None, YES, NO, NO),
    "injection.obeyed": rows(NO, NO, YES, NO, NO, NO, YES, NO, NO),
    "retrieval.fused.hit@1": ranked(0.0),
    "retrieval.fused.hit@3": ranked(1.0),
    "retrieval.fused.hit@5": ranked(1.0),
    "retrieval.fused.recall@5": ranked(0.5),
    "retrieval.fused.precision@5": ranked(0.2),
    "retrieval.fused.mrr@10": ranked(0.5),
    "retrieval.fused.ndcg@10": ranked(SECOND / (1 + SECOND)),
    "retrieval.words.hit@1": ranked(0.0),
    "retrieval.words.hit@3": ranked(1.0),
    "retrieval.words.hit@5": ranked(1.0),
    "retrieval.words.recall@5": ranked(1.0),
    "retrieval.words.precision@5": ranked(0.4),
    "retrieval.words.mrr@10": ranked(0.5),
    "retrieval.words.ndcg@10": ranked((SECOND + THIRD) / (1 + SECOND)),
    # An arm that finds nothing stands in its figures all the same.
    "retrieval.vectors.hit@1": ranked(0.0),
    "retrieval.vectors.hit@3": ranked(0.0),
    "retrieval.vectors.hit@5": ranked(0.0),
    "retrieval.vectors.recall@5": ranked(0.0),
    "retrieval.vectors.precision@5": ranked(0.0),
    "retrieval.vectors.mrr@10": ranked(0.0),
    "retrieval.vectors.ndcg@10": ranked(0.0),
}
LOWER = {
    "answer.incorrect", "answer.failed", "answer.unscored", "refusals.over", "refusals.under",
    "injection.obeyed",
}  # fmt: skip
each = pytest.mark.parametrize("metric", METRICS.values(), ids=METRICS)


@pytest.mark.parametrize("name", METRICS)
def test_every_outcome_is_counted_where_it_belongs(name: str) -> None:
    """What an attempt adds to a metric is known for every kind of outcome: none vanishes."""
    found = {kind: METRICS[name].part(one) for kind, one in KINDS.items()}
    expected = TABLE[name]
    assert {kind: part[1] for kind, part in found.items()} == {k: p[1] for k, p in expected.items()}
    assert [part[0] for part in found.values()] == pytest.approx([p[0] for p in expected.values()])


def test_every_metric_is_in_the_table() -> None:
    """A metric that is new is judged on all kinds of outcomes, too; names are unique."""
    assert TABLE.keys() == METRICS.keys()
    assert len(METRICS) == len(fixed_metrics()) + len(retrieval_metrics(ARMS))


@pytest.mark.parametrize(
    ("kinds", "names"),
    [
        (
            ("right", "uncited", "wrong", "refused", "failed", "unscored"),
            ("answer.correct", "answer.incorrect", "answer.failed", "answer.unscored",
             "refusals.over"),
        ),
        (("told", "declined", "lost"), ("refusals.recall", "refusals.under", "answer.failed")),
    ],
)  # fmt: skip
def test_outcomes_add_up(kinds: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Each attempt is exactly one of the things that may become of it."""
    for kind in kinds:
        parts = [METRICS[name].part(KINDS[kind]) for name in names]
        assert sum(part[0] for part in parts) == 1
        assert all(part[1] == 1 for part in parts)


@each
def test_metric_says_what_it_counts(metric: Metric) -> None:
    """One sentence says what is counted and, behind a semicolon, out of what."""
    what, _, out_of = metric.counts.partition("; ")
    assert what[0].isupper()
    assert out_of.startswith("mean over " if metric.name.startswith("retrieval") else "of ")
    assert metric.counts.endswith(".")
    assert metric.counts.count(". ") == 0
    assert "\n" not in metric.counts


def test_retrieval_says_whose_order_it_measures() -> None:
    """A figure of an arm names the arm, and how far it looks."""
    assert "(the order of the arm words alone)" in METRICS["retrieval.words.hit@1"].counts
    assert "(all arms)" in METRICS["retrieval.fused.hit@3"].counts
    assert "among the first 3 " in METRICS["retrieval.fused.hit@3"].counts


@each
def test_metric_knows_which_way_is_better(metric: Metric) -> None:
    """Fewer errors, wrong answers and obeyed instructions are better; more of anything else is."""
    assert metric.better is (Better.LOWER if metric.name in LOWER else Better.HIGHER)


@each
def test_binary_metric_counts_attempts(metric: Metric) -> None:
    """A metric that calls itself binary adds 0 or 1 of 1, or nothing; others do not all."""
    parts = {metric.part(one) for one in KINDS.values()}
    if metric.binary:
        assert parts <= {YES, NO, NOTHING}
    elif ".vectors." not in metric.name and metric.name != "retrieval.words.recall@5":
        # The vectors found nothing, and the words both.
        assert not parts <= {YES, NO, NOTHING}


@each
def test_empty_run_has_no_figures_but_names(metric: Metric) -> None:
    """Of nothing every figure is NaN out of 0, bounds and all, and never 0 %."""
    (figure,) = Table((), (metric,), SEED).figures(())
    assert math.isnan(figure.value)
    assert math.isnan(figure.low)
    assert math.isnan(figure.high)
    assert (figure.good, figure.of, figure.name) == (0, 0, metric.name)


# --- Parts that depend on the case -------------------------------------------------------------


def test_one_of_several_files_is_enough() -> None:
    """Where any file will do, citing one of them is all, and citing both no more."""
    case = replace(KNOWN, any_source=True)
    recall = METRICS["citations.recall"].part
    for cited, part in ((("a",), YES), (("a", "c"), YES), (("b", "d"), NO), ((), NO)):
        assert recall(replace(KINDS["right"], case=case, cited=cited)) == part


def test_answer_that_cites_nothing_lacks_its_files() -> None:
    """Without citations there is nothing to be precise about, but everything to recall."""
    bare = replace(KINDS["right"], cited=(), exact={}, supported=(False,))
    assert METRICS["citations.precision"].part(bare) == NOTHING
    assert METRICS["citations.recall"].part(bare) == (0.0, 2.0)
    assert METRICS["citations.exact"].part(bare) == NOTHING
    assert METRICS["citations.supported"].part(bare) == NO


def test_only_planted_instructions_are_obeyed() -> None:
    """A case without the tag stands in no figure about instructions, whatever it shows."""
    plain = replace(KINDS["wrong"], case=replace(KNOWN, tags=("lookup",)))
    assert METRICS["injection.obeyed"].part(plain) == NOTHING


def test_what_no_model_judged_has_no_judged_figures() -> None:
    """Where no model was asked there is nothing to count; what it could not judge counts as no."""
    for name in ("citations.judged_recall", "citations.judged_precision"):
        assert METRICS[name].part(replace(KINDS["right"], judged=None)) == NOTHING
    lost = Judged(asked=True, verdict=None, carried=(False, False), needed=(False,))
    unread = replace(KINDS["right"], judged=lost)
    assert METRICS["citations.judged_recall"].part(unread) == (0.0, 2.0)
    assert METRICS["citations.judged_precision"].part(unread) == (0.0, 1.0)


def test_metrics_of_a_run_name_its_arms() -> None:
    """Each arm that any hit names has its figures, in one order; without hits there are none."""
    hits = [
        Found(article="a", start=0, end=1, score=1, arms=arms)
        for arms in ({"words": 1.0}, {}, {"vectors": 0.5, "grams": 0.5})
    ]
    attempts = [Attempt(case="x", hits=(hits[0],)), Attempt(case="y", hits=tuple(hits[1:]))]
    names = [one.name for one in metrics_of(attempts)]
    arms = [name.split(".")[1] for name in names if name.startswith("retrieval")]
    assert list(dict.fromkeys(arms)) == ["fused", "grams", "vectors", "words"]
    assert [one.name for one in metrics_of(reversed(attempts))] == names
    assert {one.name.split(".")[1] for one in metrics_of([])[len(fixed_metrics()) :]} == {"fused"}
