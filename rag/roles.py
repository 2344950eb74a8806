"""Whether a claim gives somebody the part of somebody else in its quotes.

    agent    `Weber sued Kranz` on `Kranz sued Weber` or `Weber was sued by Kranz`
    way      `from 5 to 10` on `from 10 to 5`
    figure   `Kirgistan 36` on `Kasachstan 36, Kirgistan 12`

Told from the order of names, not from a parse: two names with one word between that both
sides have, two ends of a way, a list in which names and figures take turns. All else passes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from rag.analysis import Analyser
from rag.facts import Fact, Kind, facts
from rag.people import Actor, actors
from rag.proper import begins_sentence
from rag.sentences import sentence_spans
from rag.support import MEASURED, Quotes, Unit, View, alike, speaks, units, views
from rag.terms import fold, words

MUTUAL = frozenset({"meet", "meeting", "marry", "divorce", "cooperate", "negotiate", "agree"})
"""Concepts of the lexicon with two equal parts: who is named first does not matter."""

LEAST = 2
"""Words of a claim that a sentence has to say, so that its figure is the claim's."""

_BETWEEN = 4
"""Words that may stand between two names."""

_BY = {"de": "von durch", "en": "by", "fr": "par", "ru": ""}
_BE = {
    "de": "wurde wurden wird werden worden",
    "en": "was were is are been being be",
    "fr": "est sont été fut furent a ont",
    "ru": "был была были",
}
_ADVERBS = {
    "de": "hat haben hatte hatten am im auch zuvor später dann erneut",
    "en": "has have had also then later again",
    "fr": "a ont avait avaient aussi ensuite",
    "ru": "также затем снова",
}
_ARTICLES = {"de": "der die das den dem", "en": "the", "fr": "le la les l", "ru": ""}
_HAVE = {
    "de": "hat haben hatte hatten",
    "en": "has have had",
    "fr": "a ont avait avaient",
    "ru": "",
}
_BEHIND = {
    "de": re.compile(
        r"\b(?:bei|von|vom|mit|in|im|an|am|für|nach|zu|zum|zur|aus|durch|gegen|unter|über|vor|laut|"
        r"des|der|dem|den)\s(?:\w+\s)?\Z",
        re.IGNORECASE,
    ),
    "en": re.compile(
        r"\b(?:at|by|of|with|in|on|for|from|to|under|against|about|into|than|as|like|and|or)\s"
        r"(?:the\s)?(?:\w+\s)?\Z",
        re.IGNORECASE,
    ),
    "fr": re.compile(
        r"\b(?:à|au|aux|de|du|des|d['’]|par|avec|en|dans|pour|sous|contre|chez|sur|selon)\s?"
        r"(?:la\s|l['’])?(?:\w+\s)?\Z",
        re.IGNORECASE,
    ),
}
_PAUSE = re.compile(r"[.,;:!?()—–\n]")
_AND = re.compile(
    r",\s|,?\s(?:and|und|et|or|oder|ou)\s(?:the\s|le\s|la\s|les\s|l['’]|die\s|der\s|das\s)?"
)
_FROM = re.compile(
    r"(?:\bfrom|\bvon|\baus|\bdu|\bde|\bdes|\bd['’]|\bс|\bсо|\bот|\bиз)\s*\Z", re.IGNORECASE
)
_TO = re.compile(
    r"(?:\bto|\bnach|\bauf|\bbis|\bzu|\bau|\bà|\baux|\ben|\bдо|\bв|\bво)\s*\Z", re.IGNORECASE
)


# --- Agents --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deed:
    """Who did what to whom: the word between is what."""

    agent: Actor
    patient: Actor
    stem: frozenset[str]
    concepts: frozenset[str]
    letters: frozenset[str]
    language: str

    def same(self, other: "_Deed") -> bool:
        """Whether what was done is the same."""
        if self.concepts & other.concepts:
            return True
        own = self.language == other.language and self.stem == other.stem
        return own or alike(self.letters, other.letters)


def swapped(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """The agent of a claim who is the patient in its quotes; or nothing."""
    quoted = [one for text, tongue in quotes for one in _deeds(text, tongue, analyser)]
    for deed in _deeds(claim, language, analyser):
        same = [one for one in quoted if one.same(deed)]
        turned = [
            one for one in same if one.agent.same(deed.patient) and one.patient.same(deed.agent)
        ]
        right = any(one.agent.same(deed.agent) for one in same)
        if not right and any(_declined(deed, one) for one in turned):
            return deed.agent.text
    return None


def _declined(one: _Deed, other: _Deed) -> bool:
    """Whether the words show it: Russian order is free, and there the endings have to differ."""
    if "ru" not in {one.language, other.language}:
        return True
    return one.language == other.language and (
        one.agent.text != other.patient.text or one.patient.text != other.agent.text
    )


def _deeds(text: str, language: str, analyser: Analyser) -> Iterator[_Deed]:
    """What one name does to the next one, with one word of its own between the two."""
    if language not in _BY:
        return
    named = actors(text, language, analyser)
    small = frozenset(
        f"{_ADVERBS[language]} {_BE[language]} {_BY[language]} {_ARTICLES[language]}".split()
    )
    for first, second in pairwise(named):
        between = [fold(word.text) for word in words(text[first.end : second.start])]
        verbs = [
            unit
            for unit in units(text, language, analyser)
            if first.end <= unit.start
            and unit.end <= second.start
            and fold(text[unit.start : unit.end]) not in small
        ]
        if len(verbs) != 1 or len(between) > _BETWEEN or verbs[0].concepts & MUTUAL:
            continue
        verb = verbs[0]
        own = {fold(word.text) for word in words(text[verb.start : verb.end])}
        rest = [word for word in between if word not in own]
        passive = bool(rest) and rest[-1] in _BY[language].split()
        if any(word not in small for word in rest) or (
            not passive and any(word in _BE[language].split() for word in rest) and language != "fr"
        ):
            continue
        yield _Deed(
            agent=second if passive else first,
            patient=first if passive else second,
            stem=verb.stems,
            concepts=verb.concepts,
            letters=verb.letters,
            language=language,
        )


# --- Doers ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Doer:
    """Who stands right before a word, so that it says what they do, or whose it is."""

    actor: Actor
    deed: Unit
    language: str


def usurped(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> str | None:
    """The doer of a claim, where the quotes name another one for the deed and him for none like it.

    Only of those who are in the quotes; not in Russian, where anybody may stand before a verb.
    """
    if language not in _ADVERBS or language == "ru":
        return None
    quoted = [
        one for text, tongue in quotes if tongue != "ru" for one in _doers(text, tongue, analyser)
    ]
    named = [one for text, tongue in quotes for one in actors(text, tongue, analyser)]
    doers = list(_doers(claim, language, analyser))
    for doer in doers:
        same = [one for one in quoted if _same_deed(doer, one)]
        mine = any(one.actor.same(doer.actor) for one in same)
        theirs = [one for one in same if not any(d.actor.same(one.actor) for d in doers)]
        if theirs and not mine and any(one.same(doer.actor) for one in named):
            return doer.actor.text
    return None


def _same_deed(one: _Doer, other: _Doer) -> bool:
    """Whether both say the same; over languages they have to share all that they may mean."""
    if one.language != other.language:
        return bool(one.deed.concepts) and one.deed.concepts == other.deed.concepts
    return one.deed.stems == other.deed.stems or bool(one.deed.concepts & other.deed.concepts)


def _doers(text: str, language: str, analyser: Analyser) -> Iterator[_Doer]:
    """Those who stand right before a word, or small words before it, and those joined by `and`."""
    if language not in _ADVERBS:
        return
    small = frozenset(f"{_ADVERBS[language]} {_HAVE[language]}".split())
    named = actors(text, language, analyser)
    parts = [
        unit
        for unit in units(text, language, analyser)
        if not any(one.start < unit.end and unit.start < one.end for one in named)
    ]
    for place, actor in enumerate(named):
        deed = next((unit for unit in parts if unit.start >= actor.end), None)
        alone = begins_sentence(text, actor.start) and not actor.country and " " not in actor.text
        if deed is None or alone or actor.country.startswith("city-"):
            continue
        gap = text[actor.end : deed.start]
        if _PAUSE.search(gap) or any(fold(word.text) not in small for word in words(gap)):
            continue
        first = place
        while first and _AND.fullmatch(text[named[first - 1].end : named[first].start]):
            first -= 1
        if not _BEHIND[language].search(text[: named[first].start]):
            for one in named[first : place + 1]:
                yield _Doer(actor=one, deed=deed, language=language)


# --- Ways ----------------------------------------------------------------------------------------


def reversed_way(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> Fact | None:
    """The beginning of a claim's way that is the end of the same way in its quotes."""
    quoted = {
        (one.value, other.value)
        for text, tongue in quotes
        for one, other in _ways(text, tongue, analyser)
    }
    for one, other in _ways(claim, language, analyser):
        if (other.value, one.value) in quoted and (one.value, other.value) not in quoted:
            return one
    return None


def _ways(text: str, language: str, analyser: Analyser) -> Iterator[tuple[Fact, Fact]]:
    """Two facts next to each other, the first behind `from`, the second behind `to`."""
    found = facts(text, language, analyser.names)
    for one, other in pairwise(found):
        before, between = text[max(0, one.start - 8) : one.start], text[one.end : other.start]
        if one.kind is other.kind and _FROM.search(before) and _TO.fullmatch(between.strip()):
            yield one, other


# --- Figures -------------------------------------------------------------------------------------


def misplaced(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> Fact | None:
    """A figure that a claim gives to one name, and its quotes to another one."""
    own = _figures(claim, language, analyser)
    for text, tongue in quotes:
        listed = _figures(text, tongue, analyser)
        if len(listed) < 2:
            continue
        for actor, figure in own:
            mine = {other.value for one, other in listed if one.same(actor)}
            others = [one for one, other in listed if _says(other, figure)]
            if mine and figure.value not in mine and others:
                return figure
    return None


def borrowed(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> Fact | None:
    """A figure or date of a claim from a sentence that says nothing else of the claim.

    Where another sentence says what the claim says (`LEAST` of its words and figures), with
    another figure.
    """
    claimed = [one for one in facts(claim, language, analyser.names) if one.kind in MEASURED]
    parts = units(claim, language, analyser) if claimed else ()
    sentences = [
        (facts(text[start:end], tongue, analyser.names), _count(parts, language, view))
        for text, tongue in (quotes if claimed else ())
        for view, (start, end) in zip(
            views(text, tongue, analyser), sentence_spans(text, tongue), strict=True
        )
    ]
    for fact in claimed:
        mine: list[int] = []
        others = [0]
        for said, spoken in sentences:
            same = [one for one in said if one.kind is fact.kind]
            rest = sum(any(_says(one, two) for one in said) for two in claimed if two is not fact)
            if any(_says(one, fact) for one in same):
                mine.append(spoken + rest)
            elif same:
                others.append(spoken + rest)
        if mine and not max(mine) and max(others) >= LEAST:
            return fact
    return None


def _count(parts: Sequence[Unit], language: str, view: View) -> int:
    """Of how many units a sentence speaks."""
    return sum(speaks(view, part, language) for part in parts)


def _says(one: Fact, other: Fact) -> bool:
    return one.kind is other.kind and one.value == other.value


def _figures(text: str, language: str, analyser: Analyser) -> list[tuple[Actor, Fact]]:
    """The pairs of a text in which names and figures take turns; nothing of any other."""
    figures = [
        fact
        for fact in facts(text, language, analyser.names)
        if fact.kind in MEASURED - {Kind.DATE, Kind.TIME}
    ]
    turns: Sequence[Actor | Fact] = sorted(
        (*actors(text, language, analyser), *figures), key=lambda one: one.start
    )
    pairs: list[tuple[Actor, Fact]] = []
    for one, other in zip(turns[::2], turns[1::2], strict=False):
        if isinstance(one, Actor) and isinstance(other, Fact):
            pairs.append((one, other))
        elif isinstance(other, Actor) and isinstance(one, Fact):
            pairs.append((other, one))
        else:
            return []
    first = {type(one) for one in turns[::2]}
    return pairs if len(turns) == 2 * len(pairs) and len(first) == 1 else []
