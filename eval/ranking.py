"""How well a ranking finds what it should: trec_eval's measures for graded lists of articles.

A ranking is a list of different articles, best first; the wanted ones are those that a golden
case names, all equally good. Everything beyond the first `k` counts as not found, and a
ranking shorter than `k` as one with nothing more in it. All lie in 0..1.
"""

import math
from collections.abc import Collection, Mapping, Sequence

from eval.records import Found

FUSED = "fused"
"""The ranking that all arms make together."""


def rankings(hits: Sequence[Found]) -> Mapping[str, tuple[str, ...]]:
    """By arm, and `fused`: the articles of the hits by the best passage of each, best first.

    An arm's ranking is the order that its share alone would give to the same hits; those to
    which it gives nothing are not in it. A share is part of the fused score before its
    language was weighed, so it is weighed in the same proportion.
    """
    scores: dict[str, dict[str, float]] = {FUSED: {}}
    for found in hits:
        whole = sum(found.arms.values())
        shares = {
            arm: found.score * share / whole for arm, share in found.arms.items() if share and whole
        }
        for arm, score in (*shares.items(), (FUSED, found.score)):
            best = scores.setdefault(arm, {})
            best[found.article] = max(score, best.get(found.article, 0.0))
    return {arm: tuple(sorted(best, key=lambda a: (-best[a], a))) for arm, best in scores.items()}


def hit(ranking: Sequence[str], wanted: Collection[str], k: int) -> float:
    """Whether any wanted article is among the first `k`."""
    return float(any(article in wanted for article in ranking[:k]))


def recall(ranking: Sequence[str], wanted: Collection[str], k: int) -> float:
    """The share of the wanted articles that are among the first `k`."""
    return sum(article in wanted for article in ranking[:k]) / len(wanted)


def precision(ranking: Sequence[str], wanted: Collection[str], k: int) -> float:
    """The share of `k` places that hold a wanted article."""
    return sum(article in wanted for article in ranking[:k]) / k


def reciprocal_rank(ranking: Sequence[str], wanted: Collection[str], k: int) -> float:
    """One through the place of the first wanted article; 0 if it is not among the first `k`."""
    places = (place for place, article in enumerate(ranking[:k], start=1) if article in wanted)
    return 1 / next(places, math.inf)


def ndcg(ranking: Sequence[str], wanted: Collection[str], k: int) -> float:
    """Discounted gain against that of the best ranking there is (Järvelin, Kekäläinen 2002)."""
    gain = sum(_discount(n) for n, article in enumerate(ranking[:k]) if article in wanted)
    return gain / sum(map(_discount, range(min(k, len(wanted)))))


def _discount(place: int) -> float:
    """What an article at a place, from 0, is worth."""
    return 1 / math.log2(place + 2)
