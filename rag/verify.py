"""Whether quotes carry a claim; every reason against it, as a phrase.

    claim is a quote, word for word ── carried
    facts     numbers, amounts, dates, countries, names are in a quote   facts, proper, lone, people
    support   the quotes speak of enough of its words                   support
    polarity  nothing is denied, or reversed                            polarity
    bounds    nothing is bounded, ranked, dated in another way          bounds
    hedge     nothing is done that is only wanted                       hedge
    kinds     no other thing of a kind, no other office                 kinds
    roles     nobody has the part, or the figure, of somebody else      roles

Not a proof: a claim that says with the words of its quotes what they do not say passes, unless
one of these sees it.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress
from typing import Self

from rag.analysis import Analyser
from rag.bounds import misdated, unbounded, unranked
from rag.cldr import Names
from rag.dates import holds
from rag.facts import Fact, Kind, facts
from rag.hedge import unhedged
from rag.inflect import fold
from rag.kinds import other_office, other_thing
from rag.lexicon import Lexicon
from rag.lone import strange_names
from rag.people import mingled
from rag.polarity import denial, opposite
from rag.proper import in_institution, is_common, is_institution, is_shaped
from rag.roles import borrowed, misplaced, reversed_way, swapped, usurped
from rag.sentences import sentence_spans
from rag.spelling import Spelling, same_word, spelling
from rag.stopwords import StopWords
from rag.support import MEASURED, Quotes, Support, alike, letters, speaks, support, units, views
from rag.words import words_of

REMEMBERED = 2048
"""Quotes that are kept as they were read, about 10 MB of them."""

SPOKEN = 0.42
"""Share of a claim that its quotes must speak of, in one language. Of the golden claims that may
be tuned on and the even rows of ExpertQA: less lets other articles' quotes pass, more drops true
claims."""

SPOKEN_ACROSS = 0.38
"""The same over languages, where the lexicon does not know every word for the same."""

LEAST_ACROSS = 2
"""Words or figures that must be met over languages, where few are known: one is met by chance."""

MOST_QUOTES = 6
"""Quotes that a claim may rest on, twice as many as any that may be tuned on needs: a sentence
under all that was read is carried by none of it."""

ADDED = 2
"""Words of a claim's last clause that have to be missing, and all others with them."""

CARRIED = 3
"""Words before it that its quotes have to speak of: two of three at least."""

AFTERTHOUGHT = 8
"""Words that it may have; longer ones are sentences that are said in other words too often."""

SHOWN = 5
"""Words that a reason names."""

_PART = re.compile(r"[^\W_]+")
_BLANKS = re.compile(r"\s+")
_CLAUSE = re.compile(r"[,;:.–—]\s+(?=\S)")
_ASKS = re.compile(r"[?？؟][\s\"'»”’)\]]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """What one quote says."""

    facts: tuple[Fact, ...]
    spellings: tuple[Spelling, ...]
    both: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Quoted:
    """All that the quotes of a claim say, read once."""

    facts: tuple[Fact, ...]
    own: tuple[Spelling, ...]
    """Of the words of quotes in the claim's language, where a name is spelt as it is there."""
    spellings: tuple[Spelling, ...]
    """Of those of the others."""
    countries: frozenset[int]
    """Where the claim names countries."""
    translated: bool
    """Whether a quote is in another language than the claim."""
    both: bool
    """Whether a quote has a word for two that are known."""


class Verifier:
    """Tells why claims may not be shown with their quotes."""

    def __init__(self, analyser: Analyser) -> None:
        self._analyser = analyser

    @classmethod
    def of_languages(cls, languages: Collection[str]) -> Self:
        """As the library makes it, with the names that some languages have for countries."""
        names = Names(languages)
        return cls(Analyser(lexicon=Lexicon(), names=names, stop_words=StopWords()))

    def faults(self, claim: str, language: str, quotes: Quotes) -> tuple[str, ...]:
        """The reasons against a claim, each as a phrase; none when its quotes carry it.

        `quotes` are (text, language) pairs; languages are ISO 639-1 codes. A claim that is a
        quote, word for word, has no faults; a claim without a quote has. A quote that asks
        carries nothing, and more than `MOST_QUOTES` of them do not either.
        """
        if is_quote(claim, quotes):
            return ()
        if len(quotes) > MOST_QUOTES:
            return (f"it rests on {len(quotes)} sentences: only those that carry it may be named",)
        told = [(text, tongue) for text, tongue in quotes if not _asks(text, tongue)]
        return tuple(self._faults(claim, language, told))

    def _faults(self, claim: str, language: str, quotes: Quotes) -> Iterator[str]:
        missing = [
            fact
            for fact in missing_facts(claim, language, quotes, self._analyser.names)
            if not self._rendered(claim, language, fact, quotes)
        ]
        strange = strange_names(claim, language, quotes, self._analyser)
        places = sorted(
            [(fact.start, fact.end) for fact in missing]
            + [(unit.start, unit.end) for unit in strange]
        )
        if places:
            yield f"its quotes do not say {listed(claim[start:end] for start, end in places)}"
        actor = mingled(claim, language, quotes, self._analyser)
        if actor:
            yield f"its quotes name nobody “{actor.text}”"
        found = support(claim, language, quotes, self._analyser)
        measured = _measured(claim, language, self._analyser.names)
        if not (found.spoken or found.unspoken or measured):
            yield "it says nothing that quotes could carry"
        elif found.share(measured) < _least(language, quotes) or self._chance(
            claim, language, quotes, found, measured
        ):
            parts = units(claim, language, self._analyser)
            unmet = found.unspoken or [part for part in parts if part not in found.spoken]
            words = listed(claim[unit.start : unit.end] for unit in unmet)
            yield f"its quotes hardly speak of it: nothing of {words}"
        else:
            clause = _added(claim, found)
            if clause:
                yield f"its quotes do not speak of “{clause}”"
        yield from _turned(claim, language, quotes, self._analyser)

    def _chance(
        self, claim: str, language: str, quotes: Quotes, found: Support, measured: int
    ) -> bool:
        """Whether chance may have met all that was met over languages.

        A bare figure is met or not; of two words, one may be unknown.
        """
        known = len(found.spoken) + measured
        if not found.spoken or known >= LEAST_ACROSS or not _translated(language, quotes):
            return False
        return bool(found.unspoken) or len(units(claim, language, self._analyser)) > LEAST_ACROSS

    def _rendered(self, claim: str, language: str, fact: Fact, quotes: Quotes) -> bool:
        """Whether a name that no quote bears is none, or stands there in other words.

        German capitals make names of nouns; an acronym is what it abbreviates; over languages
        `Hurricane` and `Southern` are put into words, and countries into compounds.
        """
        translated = [(text, tongue) for text, tongue in quotes if tongue != language]
        if fact.kind is Kind.COUNTRY:
            names = self._analyser.names
            return any(_bears(claim, fact, text, tongue, names) for text, tongue in translated)
        words = claim[fact.start : fact.end]
        if words.isupper() and any(
            _spells_out(words, text) for text in (claim, *map(_text, quotes))
        ):
            return True
        parts = [
            unit
            for unit in units(claim, language, self._analyser)
            if fact.start < unit.end and unit.start < fact.end
        ]
        if fact.kind is not Kind.NAME or not parts or is_shaped(words):
            return False
        if language == "de" and all(unit.concepts for unit in parts):
            return True
        sentences = [v for text, tongue in translated for v in views(text, tongue, self._analyser)]
        return all(any(speaks(view, unit, language) for view in sentences) for unit in parts)


def _added(claim: str, found: Support) -> str | None:
    """The short last clause of a claim, where its quotes carry the rest, and say none of it.

    Only without figures, which are held to the quotes by themselves, and where `ADDED` of its
    words could be met, for one word may be said in many ways.
    """
    start = max((match.end() for match in _CLAUSE.finditer(claim)), default=0)
    clause = claim[start:].strip(" .")
    if not start or len(clause.split()) > AFTERTHOUGHT or any(map(str.isdigit, clause)):
        return None
    before = sum(unit.end <= start for unit in found.spoken)
    missing = sum(unit.end <= start for unit in found.unspoken)
    carried = before >= max(CARRIED, 2 * missing) and before == len(found.spoken)
    return clause if carried and len(found.unspoken) - missing >= ADDED else None


def _turned(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> Iterator[str]:
    """What a claim turns around, bounds in another way, or says of somebody else."""
    for check, reason in _WORDS:
        word = check(claim, language, quotes, analyser)
        if word:
            yield reason.format(word)
    for check_fact, reason in _FACTS:
        fact = check_fact(claim, language, quotes, analyser)
        if fact:
            yield reason.format(claim[fact.start : fact.end])


_WORDS: tuple[tuple[Callable[[str, str, Quotes, Analyser], str | None], str], ...] = (
    (denial, "one of the two, claim and quotes, denies it: “{}”"),
    (opposite, "its quotes say the opposite of “{}”"),
    (unhedged, "its quotes leave it open: “{}”"),
    (unranked, "its quotes put a rank before “{}”"),
    (other_thing, "its quotes name another thing in place of “{}”"),
    (other_office, "its quotes give “{}” another office"),
    (swapped, "in its quotes it is done to “{}”"),
    (usurped, "in its quotes somebody else than “{}” does it"),
)
_FACTS: tuple[tuple[Callable[[str, str, Quotes, Analyser], Fact | None], str], ...] = (
    (unbounded, "its quotes bound “{}” in another way, or not at all"),
    (misdated, "its quotes name another part of “{}”"),
    (reversed_way, "its quotes go the other way: to “{}”"),
    (misplaced, "its quotes say “{}” of another name"),
    (borrowed, "its quotes say “{}” of something else"),
)
"""What is held against a claim, and the reason for each word, or figure, that is found."""


def _text(quote: tuple[str, str]) -> str:
    return quote[0]


def _spells_out(acronym: str, text: str) -> bool:
    """Whether words in a row begin with the letters of an acronym: `chest pain ratio (CPR)`."""
    initials = "".join(word[0] for word in _PART.findall(text)).casefold()
    return len(acronym) > 2 and acronym.casefold() in initials


def _bears(claim: str, fact: Fact, quote: str, language: str, names: Names) -> bool:
    """Whether a quote has a country in a word that is none itself: `Nordafrika`."""
    countries = [one for one in facts(quote, language, names) if one.kind is Kind.COUNTRY]
    return any(
        alike(letters(claim[fact.start : fact.end]), letters(match[0]))
        for match in _PART.finditer(quote)
        if not any(one.start < match.end() and match.start() < one.end for one in countries)
    )


def _asks(text: str, language: str) -> bool:
    """Whether a quote is a question, and nothing else."""
    return bool(_ASKS.search(text)) and len(sentence_spans(text, language)) == 1


def is_quote(claim: str, quotes: Quotes) -> bool:
    """Whether a claim is one of its quotes, word for word."""
    plain = _plain(claim)
    return bool(plain) and any(plain == _plain(text) for text, _ in quotes)


def listed(words: Iterable[str]) -> str:
    """Some words in quotation marks, the first few of them."""
    shown = list(dict.fromkeys(words))
    return ", ".join(f"“{word}”" for word in shown[:SHOWN]) + ("…" if len(shown) > SHOWN else "")


def _least(language: str, quotes: Quotes) -> float:
    """The share of a claim that its quotes must speak of."""
    return SPOKEN_ACROSS if _translated(language, quotes) else SPOKEN


def _translated(language: str, quotes: Quotes) -> bool:
    """Whether a quote is in another language than its claim."""
    return any(tongue != language for _, tongue in quotes)


def _measured(claim: str, language: str, names: Names) -> int:
    """How many numbers, dates and amounts a claim has."""
    return sum(fact.kind in MEASURED for fact in facts(claim, language, names))


def missing_facts(
    claim: str, claim_language: str, quotes: Sequence[tuple[str, str]], names: Names
) -> tuple[Fact, ...]:
    """The facts of a claim that none of its quotes carries, in the claim's order.

    `quotes` are (text, language) pairs; languages are ISO 639-1 codes. A claim that is a
    quote, word for word, has nothing missing; one that is cut out of a quote is read like any
    other, for `It was 36` stands in `It was 36 million`.
    """
    if is_quote(claim, quotes):
        return ()
    claimed = facts(claim, claim_language, names)
    if not claimed:
        return ()
    read = [_read(text, language, names) for text, language in quotes]
    same = [language == claim_language for _, language in quotes]
    quoted = _Quoted(
        facts=tuple(fact for one in read for fact in one.facts),
        own=_spellings(compress(read, same)),
        spellings=_spellings(compress(read, map(operator.not_, same))),
        countries=frozenset(fact.start for fact in claimed if fact.kind is Kind.COUNTRY),
        translated=not all(same),
        both=any(one.both for one in read),
    )
    return tuple(
        fact
        for fact, after in zip(claimed, (*claimed[1:], None), strict=True)
        if not _carried(claim, claim_language, fact, after, quoted)
    )


@lru_cache(maxsize=REMEMBERED)
def _read(quote: str, language: str, names: Names) -> _Read:
    """What a quote says; several claims of a reply, or many replies, rest on the same one."""
    parts = dict.fromkeys(_PART.findall(quote))
    both = words_of(language).both
    return _Read(
        facts=facts(quote, language, names),
        spellings=tuple(map(spelling, parts)),
        both=any(fold(part) in both for part in parts),
    )


def _spellings(read: Iterable[_Read]) -> tuple[Spelling, ...]:
    return tuple(one for found in read for one in found.spellings)


def _plain(text: str) -> str:
    """A text by its words alone: case, blanks, quotation marks and the full stop go."""
    return _BLANKS.sub(" ", re.sub(r"[\"'„“”«»‘’]", "", text)).strip(" .!?").casefold()


def _carried(claim: str, language: str, fact: Fact, after: Fact | None, quoted: _Quoted) -> bool:
    """Whether the quotes say a fact. `after` is the next fact of the claim."""
    if any(_says(other, fact) for other in quoted.facts):
        return True
    words = claim[fact.start : fact.end]
    if fact.kind is Kind.NAME:
        return _name_carried(claim, fact, language, quoted)
    if fact.kind is Kind.COUNTRY:
        return len(words) > 3 and _spelt(_PART.findall(words), quoted)
    if fact.kind is Kind.DURATION:
        return fact.value.startswith("1 ") and not words[0].isdecimal()
    if fact.kind is not Kind.NUMBER:
        return False
    if after is not None and after.kind is Kind.NAME:
        return _token_amount(claim, fact, after, quoted)
    if after is not None and after.kind is Kind.DATE:
        return _day(claim, fact, after, quoted)
    return fact.value == "2" and words.isalpha() and quoted.both


def _says(quoted: Fact, claimed: Fact) -> bool:
    """Whether one fact says another: the same, a fuller date, an age for its number."""
    if quoted.kind is claimed.kind:
        if claimed.kind is Kind.DATE:
            return holds(quoted.value, claimed.value)
        if claimed.kind is Kind.NUMBER and quoted.value != claimed.value:
            return _same_rank(quoted.value, claimed.value)
        return quoted.value == claimed.value and claimed.kind is not Kind.NAME
    kinds = {quoted.kind, claimed.kind}
    if kinds == {Kind.DATE, Kind.NUMBER}:
        return quoted.value == claimed.value
    if claimed.kind is Kind.NUMBER and quoted.kind is Kind.DURATION:
        return quoted.value == f"{claimed.value} year"
    return False


def _day(claim: str, rank: Fact, month: Fact, quoted: _Quoted) -> bool:
    """Whether `am dritten April` is quoted as `am 3. April`."""
    _, _, day = rank.value.partition("ordinal ")
    value = f"{month.value}-{day:0>2}"
    return (
        day.isdecimal()
        and not claim[rank.end : month.start].strip()
        and any(other.kind is Kind.DATE and holds(other.value, value) for other in quoted.facts)
    )


def _same_rank(one: str, other: str) -> bool:
    """Whether an ordinal and a number are the same, from ten on: `Highway 99`, `99-е шоссе`."""
    ordinals = [value for value in (one, other) if value.startswith("ordinal ")]
    rank = one.removeprefix("ordinal ")
    return len(ordinals) == 1 and rank == other.removeprefix("ordinal ") and len(rank) > 1


def _name_carried(claim: str, name: Fact, language: str, quoted: _Quoted) -> bool:
    """Whether the quotes bear each word of a name, however it is spelt.

    Over languages a name with a word like `Agency` in it passes, for it may be translated,
    and words like `East` are left out.
    """
    parts = _PART.findall(claim[name.start : name.end])
    words = words_of(language)
    if quoted.translated:
        translated = any(is_institution(part, words) for part in parts)
        if translated or in_institution(claim, name.start, words, quoted.countries):
            return True
        parts = [part for part in parts if not is_common(part, words)]
    return _spelt(parts, quoted)


def _spelt(parts: Iterable[str], quoted: _Quoted) -> bool:
    """Whether each word is in the quotes: letter by letter in one language, nearly over two."""
    return all(
        any(spelling(part).skeletons & one.skeletons for one in quoted.own)
        or any(same_word(spelling(part), one) for one in quoted.spellings)
        for part in parts
    )


def _token_amount(claim: str, number: Fact, name: Fact, quoted: _Quoted) -> bool:
    """Whether `4.8 million USDT` is quoted as `$4.8 million in USDT`."""
    near = name.start - number.end <= 4
    return (
        near
        and _spelt(_PART.findall(claim[name.start : name.end]), quoted)
        and any(f.kind is Kind.MONEY and f.value.split()[0] == number.value for f in quoted.facts)
    )
