"""What grading promises: a fair verdict on an attempt, from what it shows and the articles alone."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from eval import patterns
from eval.alce import ANSWER, Judged, about, judged
from eval.cases import Case
from eval.grade import Graded, Grader, Group, Outcome, group_of
from eval.patterns import Patterns, PatternTimeoutError
from eval.records import Attempt, Found, Judgement, Quote, Shown
from rag.domain import Article
from tests.library import ANALYSER, DETECTOR

TEXTS = {
    "mill.txt": ("en", "The mill was sold to Anna Keller for 300 euros in May 2021. Its wheel turns."),
    "bridge.txt": ("en", "The bridge over the Aare was closed after a flood. It is old."),
    "kiln.txt": ("de", "Der Ofen im Tal wurde von Peter Brandt für 300 Euro gekauft."),
    "weir.txt": ("fr", "Le barrage a été vendu à Anna Keller pour 300 euros."),
}  # fmt: skip
ARTICLES = {
    name: Article(id=name, title=name, language=language, text=text, sha256="0" * 64)
    for name, (language, text) in TEXTS.items()
}
CASE = Case(
    id="mill",
    set="cases",
    language="en",
    question="Who bought the mill by the river?",
    answer="Anna Keller, for 300 euros",
    expect=("keller", r"\b300\b"),
    sources=("mill.txt",),
)
BARE = replace(CASE, expect=())
EITHER = replace(CASE, sources=("mill.txt", "weir.txt"), any_source=True)
BOTH = replace(EITHER, any_source=False)
NONE = replace(CASE, expect=(), answer="", sources=(), answerable=False)
HALF = replace(CASE, expect=("keller",))
ENDLESS = r"(?:a|a)+b"
"""A pattern that takes as many steps as there are ways to split a row of a's."""
ROW = "a" * 60


@pytest.fixture
def grader() -> Grader:
    return Grader(
        articles=ARTICLES, names=ANALYSER.names, patterns=Patterns(0.02), detector=DETECTOR
    )


def at(words: str, name: str = "mill.txt", number: int = 1) -> Quote:
    """A quote of words where they stand."""
    start = ARTICLES[name].text.index(words)
    return Quote(number=number, article=name, start=start, end=start + len(words), quote=words)


SOLD = at("The mill was sold to Anna Keller for 300 euros in May 2021.")
WHEEL = at("Its wheel turns.")
CLOSED = at("The bridge over the Aare was closed after a flood.", "bridge.txt", number=2)
WEIR = at(ARTICLES["weir.txt"].text, "weir.txt", number=3)


def saying(*statements: str | tuple[str, *tuple[Quote, ...]]) -> Attempt:
    """An answer: each statement alone, or with its quotes."""
    pairs = [(one,) if isinstance(one, str) else one for one in statements]
    return Attempt(
        case=CASE.id, statements=tuple(Shown(text=text, quotes=quotes) for text, *quotes in pairs)
    )
