"""The words of `rag/data/polarity.toml`, by which a claim turns around what its quotes say."""

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from rag.inflect import fold
from rag.terms import fold as lowered


@dataclass(frozen=True, slots=True, kw_only=True)
class Polarity:
    """The words of a language that turn sentences around, folded."""

    negations: frozenset[str]
    forward: frozenset[str]
    """Those that deny what stands behind them."""
    whole: frozenset[str]
    """Those that deny their whole clause."""
    only: frozenset[str]
    """Those that deny nothing: two words, `not only`."""
    lacks: tuple[str, ...]
    """Beginnings of words that may deny, too."""
    maybe: frozenset[str]
    """Whole words that may."""
    un: tuple[str, ...]
    """Beginnings of words that deny no more than themselves: `unknown`."""
    but: frozenset[str]
    """Words that deny all else: `only`."""
    refuse: frozenset[str]
    """Words for what is refused, and so not done."""
    unsure: frozenset[str]
    """Words behind which nothing is sure."""
    bounds: Mapping[str, str]
    """`above`, `below`, `before` and `after`, by the words that stand before a number."""
    loose: frozenset[str]
    """Those of them that may say something else before an amount."""
    since: frozenset[str]
    """And those before a date."""
    limits: tuple[str, ...]
    """Beginnings of words that bound in another way."""
    hedges: frozenset[str]
    """Words for what is wanted, planned or supposed, and not done: `lowered`, for `würde` would be
    `wurde` without its accent."""
    open: tuple[str, ...]
    """Beginnings of all words that leave open whether something is done."""
    most: tuple[str, ...]
    """Beginnings of superlatives."""
    parts: Mapping[str, tuple[str, ...]]
    """Beginnings of words for the `start`, the `middle` and the `end` of a time."""


@functools.cache
def polarity_of(language: str) -> Polarity:
    """The words of a language; empty for one that the file does not know."""
    own = table().get(language, {})
    return Polarity(
        negations=frozenset(_split(own.get("not", ""))),
        forward=frozenset(_split(own.get("forward", ""))),
        whole=frozenset(_split(own.get("whole", ""))),
        only=frozenset(_split(own.get("only", ""))),
        lacks=tuple(_split(own.get("lacks", ""))),
        maybe=frozenset(_split(own.get("maybe", ""))),
        un=tuple(_split(own.get("un", ""))),
        but=frozenset(_split(own.get("but", ""))),
        refuse=frozenset(_split(own.get("refuse", ""))),
        unsure=frozenset(_split(own.get("if", ""))),
        bounds={
            phrase: side
            for side in ("above", "below", "before", "after")
            for phrase in _split(own.get(side, ""))
        },
        loose=frozenset(_split(own.get("loose", ""))),
        since=frozenset(_split(own.get("since", ""))),
        limits=tuple(_split(own.get("limits", ""))),
        hedges=frozenset(lowered(own.get("hedge", "")).split()),
        open=tuple(lowered(own.get("open", "")).split()),
        most=tuple(_split(own.get("most", ""))),
        parts={part: tuple(_split(own.get(part, ""))) for part in ("start", "middle", "end")},
    )


@functools.cache
def opposites() -> Mapping[str, tuple[tuple[frozenset[str], frozenset[str]], ...]]:
    """By concept, the concepts of its side, and those that they exclude."""
    found: dict[str, tuple[tuple[frozenset[str], frozenset[str]], ...]] = {}
    for pair in table()["opposites"]:
        one, other = (frozenset(side.split()) for side in pair)
        for own, far in ((one, other), (other, one)):
            for concept in own:
                found[concept] = (*found.get(concept, ()), (own, far))
    return found


@functools.cache
def table() -> dict[str, Any]:
    """The file as it stands, read once."""
    return tomllib.loads((resources.files("rag") / "data/polarity.toml").read_text("utf-8"))


def _split(line: str) -> list[str]:
    return [fold(part).replace("_", " ") for part in line.replace("’", "'").split()]
