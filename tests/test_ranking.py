"""What measures of a ranking promise: what LlamaIndex measures, where both mean the same.

LlamaIndex's measures take the whole list that was retrieved and know no `k`, so it is given the
first `k` only. It refuses an empty list, and precision is out of the articles in the list where
ours is out of `k` places, so a short list is filled up to `k` with articles that nobody wants.
Its ideal gain is that of all wanted articles, ours of the `k` that fit: the two are compared
where no more than `k` are wanted.
"""

import math
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llama_index.core.evaluation.retrieval.metrics import MRR, NDCG, HitRate, Precision, Recall
from llama_index.core.evaluation.retrieval.metrics_base import BaseRetrievalMetric

from eval.ranking import FUSED, hit, ndcg, precision, rankings, recall, reciprocal_rank
from eval.records import Found

Measure = Callable[[Sequence[str], Sequence[str], int], float]

PAIRS: tuple[tuple[Measure, BaseRetrievalMetric], ...] = (
    (hit, HitRate()),
    (recall, Recall()),
    (precision, Precision()),
    (reciprocal_rank, MRR()),
    (ndcg, NDCG()),
)
ALL = tuple(measure for measure, _ in PAIRS)

articles = st.sampled_from("abcdefghij")
found = st.lists(articles, unique=True).map(tuple)
wanted = st.lists(articles, unique=True, min_size=1).map(tuple)
depths = st.integers(1, 12)
each = pytest.mark.parametrize("measure", ALL, ids=lambda measure: measure.__name__)


def theirs(
    metric: BaseRetrievalMetric, ranking: Sequence[str], want: Sequence[str], k: int
) -> float:
    """LlamaIndex's value of the first `k`, filled up."""
    filler = [f"unwanted {place}" for place in range(k - len(ranking))]
    retrieved = [*ranking[:k], *filler]
    return metric.compute(expected_ids=list(want), retrieved_ids=retrieved).score


@pytest.mark.parametrize(("measure", "metric"), PAIRS, ids=lambda one: getattr(one, "__name__", ""))
@given(ranking=found, want=wanted, k=depths)
def test_measure_is_llamaindexes(
    measure: Measure, metric: BaseRetrievalMetric, ranking: tuple[str, ...],
    want: tuple[str, ...], k: int,
) -> None:  # fmt: skip
    """Every measure is what LlamaIndex measures of the same places."""
    if measure is ndcg:
        want = want[:k]
    assert measure(ranking, want, k) == pytest.approx(theirs(metric, ranking, want, k))


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (hit, 1.0),
        (recall, 0.5),
        (precision, 1 / 3),
        (reciprocal_rank, 0.5),
        (ndcg, 0.38685),
    ],
)
def test_worked_example(measure: Measure, expected: float) -> None:
    """Of the wanted a and c, a is found in the second of three places."""
    assert measure(("b", "a", "d"), ("a", "c"), 3) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize(
    ("ranking", "want", "k", "expected"),
    [
        # hit, recall, precision, reciprocal rank, nDCG
        ("", "a", 5, (0, 0, 0, 0, 0)),
        ("bcd", "a", 5, (0, 0, 0, 0, 0)),
        ("a", "a", 1, (1, 1, 1, 1, 1)),
        ("a", "a", 5, (1, 1, 0.2, 1, 1)),
        ("ba", "a", 1, (0, 0, 0, 0, 0)),
        ("ba", "a", 2, (1, 1, 0.5, 0.5, 1 / math.log2(3))),
        ("bca", "a", 10, (1, 1, 0.1, 1 / 3, 0.5)),
        ("ab", "ab", 5, (1, 1, 0.4, 1, 1)),
        ("ba", "ab", 5, (1, 1, 0.4, 1, 1)),
        # The best list of two places has two wanted articles, however many there are.
        ("ab", "abcd", 2, (1, 0.5, 1, 1, 1)),
        ("xa", "abcd", 2, (1, 0.25, 0.5, 0.5, (1 / math.log2(3)) / (1 + 1 / math.log2(3)))),
    ],
)
def test_measures_by_hand(
    ranking: str, want: str, k: int, expected: tuple[float, float, float, float, float]
) -> None:
    """What is beyond `k`, and what is missing from a short list, was not found."""
    assert [measure(ranking, want, k) for measure in ALL] == pytest.approx(list(expected))


@each
@given(ranking=found, want=wanted, k=depths)
def test_measure_is_a_share(
    measure: Measure, ranking: tuple[str, ...], want: tuple[str, ...], k: int
) -> None:
    """It lies in 0..1, sees only the first `k`, and the order of the wanted does not count."""
    value = measure(ranking, want, k)
    assert 0 <= value <= 1 + 1e-12
    assert value == measure(ranking[:k], want, k)
    assert value == pytest.approx(measure(ranking, want[::-1], k))
    best = (*want, *(one for one in ranking if one not in want))
    assert measure(best, want, k) >= value - 1e-12


# --- Rankings of hits --------------------------------------------------------------------------


def at(article: str, score: float, **arms: float) -> Found:
    return Found(article=article, start=0, end=1, score=score, arms=arms)


def test_articles_stand_by_their_best_passage() -> None:
    """An article is ranked once, by the best of its hits, in whatever order these come."""
    hits = [at("a", 0.2), at("b", 0.5), at("a", 0.9), at("c", 0.6), at("b", 0.1)]
    assert rankings(hits) == {FUSED: ("a", "c", "b")}
    assert rankings(hits[::-1]) == {FUSED: ("a", "c", "b")}


def test_each_arm_has_the_order_of_its_own_share() -> None:
    """An arm ranks the hits by what it gives to them; what it gives nothing to is not in it."""
    hits = [
        at("a", 0.9, words=0.8, vectors=0.1),
        at("b", 0.8, vectors=0.8, words=0.0),
        at("c", 0.5, words=0.2, vectors=0.3),
    ]
    assert rankings(hits) == {
        FUSED: ("a", "b", "c"),
        "words": ("a", "c"),
        "vectors": ("b", "c", "a"),
    }


def test_shares_are_weighed_like_the_score() -> None:
    """Where a language counts half, the shares of its hits count half, too."""
    hits = [at("a", 0.8, words=0.6, vectors=0.2), at("b", 0.45, words=0.7, vectors=0.2)]
    assert rankings(hits)["words"] == ("a", "b")
    assert rankings([at("a", 0.8, words=0.6, vectors=0.2), at("b", 0.9, words=0.7, vectors=0.2)])[
        "words"
    ] == ("b", "a")


def test_equals_stand_in_alphabetical_order() -> None:
    """Equal scores have one order, so that a run scored twice is the same."""
    assert rankings([at("b", 0.5, words=0.5), at("a", 0.5, words=0.5)]) == {
        FUSED: ("a", "b"),
        "words": ("a", "b"),
    }


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ([], {FUSED: ()}),
        ([at("a", 0.0)], {FUSED: ("a",)}),
        ([at("a", 0.0, words=0.0)], {FUSED: ("a",)}),
    ],
)
def test_hits_that_nothing_speaks_for(hits: list[Found], expected: object) -> None:
    """No hits are a ranking of nothing, and a hit without a share is no fault."""
    assert rankings(hits) == expected


scores = st.floats(0.001, 1)
hit_lists = st.lists(
    st.builds(
        lambda article, score, words, vectors: at(article, score, words=words, vectors=vectors),
        articles,
        scores,
        st.just(0.0) | scores,
        st.just(0.0) | scores,
    )
)


@given(hit_lists)
def test_rankings_hold_every_article_once(hits: list[Found]) -> None:
    """All arms together rank every article, one arm those to which it gives something."""
    made = rankings(hits)
    assert sorted(made[FUSED]) == sorted({one.article for one in hits})
    for arm in ("words", "vectors"):
        given_to = sorted({one.article for one in hits if one.arms[arm]})
        assert sorted(made.get(arm, ())) == given_to
