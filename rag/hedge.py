"""Whether a claim says as done what its quotes say is wanted, planned or supposed.

    `built a stockpile`   on `wants to build a stockpile`
    `It is legal.`        on `Es würde legal.`

A claim falls only where no word of its own leaves anything open, and where what it says stands
behind such a word of a quote, and nowhere else. The words are those of `rag/data/polarity.toml`.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache

from rag.analysis import Analyser
from rag.contrary import polarity_of
from rag.sentences import sentence_spans
from rag.support import Quotes, Unit, View, speaks, units, views
from rag.terms import fold, words

REACH = 5
"""Units behind a hedge that it is about."""

LEAST = 2
"""Units of a claim that have to stand behind it."""

SHARE = 0.4
"""And the share of all units of the claim, names left out."""

SHORT = 3
"""Letters of a word that is only looked for as a whole."""

_BREAK = re.compile(r"[.,;:!?()—–\n]")


def unhedged(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """The word of a quote that leaves open what a claim says as a fact; or nothing."""
    known = polarity_of(language)
    if not known.open or any(_leaves_open(fold(word.text), known.open) for word in words(claim)):
        return None
    parts = [unit for unit in units(claim, language, analyser) if not _is_name(unit)]
    for text, tongue in quotes:
        for start, end in sentence_spans(text, tongue):
            for hedge, scope in _hedges(text[start:end], tongue, analyser):
                open_ = [part for part in parts if _speaks(scope, part, language)]
                enough = len(open_) >= max(LEAST, SHARE * len(parts))
                if enough and not _elsewhere(open_, language, quotes, text[start:end], analyser):
                    return hedge
    return None


def _leaves_open(word: str, beginnings: Sequence[str]) -> bool:
    """Whether a word is one of those; short ones (`may`) are no beginnings of others (`mayor`)."""
    whole, beginning = _parted(tuple(beginnings))
    return word in whole or word.startswith(beginning)


@cache
def _parted(beginnings: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """All of them, and those that may go on."""
    return frozenset(beginnings), tuple(one for one in beginnings if len(one) > SHORT)


def _hedges(text: str, language: str, analyser: Analyser) -> Iterator[tuple[str, tuple[View, ...]]]:
    """The hedges of a sentence with the views of what they are about, in their clause.

    In German, whose verbs stand at both ends, that is all of the clause.
    """
    hedges = polarity_of(language).hedges
    parts = units(text, language, analyser)
    for word in words(text):
        if fold(word.text) in hedges:
            near = _about(text, parts, word.start, word.end, language)
            if near:
                scope = text[near[0].start : near[-1].end]
                yield word.text, views(scope, language, analyser)


def _about(text: str, parts: Sequence[Unit], start: int, end: int, language: str) -> Sequence[Unit]:
    behind = [u for u in parts if u.start >= end and not _BREAK.search(text, end, u.start)]
    before = [u for u in parts if u.end <= start and not _BREAK.search(text, u.end, start)]
    return [*before, *behind] if language == "de" else behind[:REACH]


def _elsewhere(
    open_: Sequence[Unit], language: str, quotes: Quotes, hedged: str, analyser: Analyser
) -> bool:
    """Whether another sentence says as much of it but for one word, and leaves nothing open."""
    for text, tongue in quotes:
        known = polarity_of(tongue)
        for start, end in sentence_spans(text, tongue):
            sentence = text[start:end]
            if sentence == hedged or any(fold(w.text) in known.hedges for w in words(sentence)):
                continue
            said = views(sentence, tongue, analyser)
            if sum(_speaks(said, unit, language) for unit in open_) >= max(LEAST, len(open_) - 1):
                return True
    return False


def _speaks(said: Sequence[View], unit: Unit, language: str) -> bool:
    return any(speaks(view, unit, language) for view in said)


def _is_name(unit: Unit) -> bool:
    return unit.name or any(concept.startswith("country-") for concept in unit.concepts)
