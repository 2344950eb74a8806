"""Whether a claim names another thing of a kind than its quotes do: `rag/data/kinds.toml`.

    thing   `producer of ether` on `producer of bitcoin`, `silver` on `gold`
    office  `Minister Weber` on `President Weber`

A claim falls only where its quotes name one of the kind, and not the claim's. Offices are
looked at beside names alone, where they are hardly anything else.
"""

import functools
import tomllib
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from rag.analysis import Analyser
from rag.inflect import fold
from rag.people import Actor, actors
from rag.support import Quotes, Unit, speaks, units, views
from rag.terms import words

_GLUE = frozenset({" ", "-", "\u00a0"})
"""What stands between an office and the name behind it."""

BESIDE = 2
"""Small words that may stand between an office and a name: `Weber, the president`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Thing:
    """One of a kind."""

    concepts: frozenset[str]
    also: frozenset[str]
    """Concepts that may speak of it."""


def other_thing(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """A word of a claim in whose place its quotes name another thing of its kind."""
    said: frozenset[str] | None = None
    for word in words(claim):
        for kind in _kinds():
            own = next((thing for thing in kind if _is(fold(word.text), thing)), None)
            if own is None:
                continue
            said = said or frozenset(fold(w.text) for text, _ in quotes for w in words(text))
            if not _any(said, own) and any(_any(said, thing) for thing in kind):
                return word.text
    for unit in units(claim, language, analyser):
        for things in _concepts():
            if _is_other(unit, language, things, quotes, analyser):
                return claim[unit.start : unit.end]
    return None


def _any(said: Collection[str], thing: Sequence[str]) -> bool:
    return any(_is(word, thing) for word in said)


def _is(word: str, thing: Sequence[str]) -> bool:
    """Whether a folded word is one of those of a thing."""
    whole, beginnings = _parted(tuple(thing))
    return word in whole or word.startswith(beginnings)


@functools.cache
def _parted(thing: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """The forms of a thing: whole words, and beginnings, which end with a `*`."""
    return (
        frozenset(form for form in thing if form[-1] != "*"),
        tuple(form[:-1] for form in thing if form[-1] == "*"),
    )


def _is_other(
    unit: Unit, language: str, things: Sequence[_Thing], quotes: Quotes, analyser: Analyser
) -> bool:
    """Whether quotes name others of a kind than a unit, which is nothing else."""
    own = [thing for thing in things if unit.concepts & thing.concepts]
    known = frozenset(concept for thing in own for concept in thing.concepts | thing.also)
    if not own or not unit.concepts <= known or _spoken(unit, language, quotes, analyser):
        return False
    said = frozenset(
        concept
        for text, tongue in quotes
        for other in units(text, tongue, analyser)
        for concept in other.concepts
    )
    return not said & known and any(said & thing.concepts for thing in things)


def _spoken(unit: Unit, language: str, quotes: Quotes, analyser: Analyser) -> bool:
    return any(
        speaks(view, unit, language)
        for text, tongue in quotes
        for view in views(text, tongue, analyser)
    )


# --- Offices -------------------------------------------------------------------------------------


def other_office(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """An office beside a name of a claim, where its quotes have another one.

    They have it beside other names alone, or not at all and others beside some name.
    """
    held = [one for text, tongue in quotes for one in _held(text, tongue, analyser)]
    said = [unit for text, tongue in quotes for unit in units(text, tongue, analyser)]
    for actor, unit in _held(claim, language, analyser):
        own = [thing for thing in _offices() if unit.concepts & thing.concepts]
        known = frozenset(concept for thing in own for concept in thing.concepts | thing.also)
        bearers = [one for one, other in held if other.concepts & known]
        free = any(one.concepts & known and not any(one is two for _, two in held) for one in said)
        if free or any(one.same(actor) for one in bearers):
            continue
        mine = any(one.same(actor) for one, _ in held)
        unheld = held and not bearers and not _spoken(unit, language, quotes, analyser)
        if mine or unheld:
            return f"{claim[unit.start : unit.end]} {actor.text}"
    return None


def _held(text: str, language: str, analyser: Analyser) -> Iterator[tuple[Actor, Unit]]:
    """The names of a text with the offices right beside them.

    An office before a name is that name's, and not also that of the one before it in a list.
    """
    offices = frozenset(concept for thing in _offices() for concept in thing.concepts)
    named = [actor for actor in actors(text, language, analyser) if not actor.country]
    for unit in units(text, language, analyser):
        if not unit.concepts & offices:
            continue
        behind = next((one for one in named if text[unit.end : one.start] in _GLUE), None)
        before = next((one for one in named if _apposed(text, language, one, unit, analyser)), None)
        actor = behind or before
        if actor:
            yield actor, unit


def _apposed(text: str, language: str, actor: Actor, unit: Unit, analyser: Analyser) -> bool:
    """Whether an office stands behind the comma of a name: `Weber, the president`."""
    gap = text[actor.end : unit.start]
    small = words(gap)
    return (
        gap.startswith(",")
        and gap.count(",") == 1
        and len(small) <= BESIDE
        and all(analyser.stop_words(fold(word.text), language) for word in small)
    )


# --- The file ------------------------------------------------------------------------------------


@functools.cache
def _table() -> dict[str, Any]:
    return tomllib.loads((resources.files("rag") / "data/kinds.toml").read_text("utf-8"))


@functools.cache
def _kinds() -> tuple[tuple[tuple[str, ...], ...], ...]:
    """The kinds of words: their things, each by its forms."""
    return tuple(
        tuple(tuple(fold(form) for form in thing.split()) for thing in kind)
        for kind in _table()["words"]
    )


@functools.cache
def _concepts() -> tuple[tuple[_Thing, ...], ...]:
    return tuple(tuple(map(_thing, kind)) for kind in _table()["concepts"])


@functools.cache
def _offices() -> tuple[_Thing, ...]:
    return tuple(map(_thing, _table()["offices"]))


def _thing(line: str) -> _Thing:
    own, _, also = line.partition("|")
    return _Thing(concepts=frozenset(own.split()), also=frozenset(also.split()))
