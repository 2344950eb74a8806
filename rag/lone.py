"""Names that capital letters alone do not show: first words of sentences, lone German names.

    claim ── capitalised words that neither the lexicon nor CLDR knows, and that no ending
             shows to be an ordinary word
          ── that no quote bears, however it is spelt
          ── where something else speaks for a name

What speaks for one: it stands before a name (`Berta Weber`), beside a word of saying (`sagte
Teng`), or where a quote has another such word (`Teng left`, `Zhao left`). In German, which
capitalises every noun, only what stands without article and adjective is looked at. Not seen: a
lone name that is an ordinary word, too, or that the lexicon knows.
"""

import re
from collections.abc import Iterator, Sequence

from rag import inflect
from rag.analysis import Analyser
from rag.facts import Fact, Kind, facts
from rag.proper import begins_sentence
from rag.spelling import same_word, spelling
from rag.support import Quotes, Unit, speaks, units, views
from rag.terms import fold
from rag.words import words_of

SAYING = frozenset({"say", "announce", "claim", "explain", "tell-report", "confirm", "deny"})
"""Concepts of the lexicon: who does so is somebody."""

_ORDINARY = {
    "de": re.compile(
        r"(?:ung|ungen|heit|heiten|keit|keiten|schaft|schaften|ion|ionen|ismus|tät|täten|nis|nisse|"
        r"nissen|tum|ling|linge|lingen|chen|ment|mente|enz|enzen|anz|anzen|ik|iken|eur|eure|euren|"
        r"ente|enten|ler|lern|isten|ist)$"
    ),
    "en": re.compile(
        r"(?:ing|ed|ly|tion|sion|ment|ness|ity|ism|ance|ence|ship|hood|ous|able|ible|ful|less|[^s]s)$"
    ),
    "fr": re.compile(
        r"(?:tion|sion|ment|ité|isme|ance|ence|age|eur|euse|eux|ible|able|ant|é|ée|és|ées|[^s]s)$"
    ),
    "ru": re.compile(
        r"(?:ение|ения|ание|ания|ость|ости|ство|ства|ция|ции|изм|тель|тели|ый|ой|ая|ое|ые|ых|ому|"
        r"но|ть|ться|ли|ло|ла|лся|лась|лись|лось|я|в|вши)$"
    ),
}
_BEFORE_NOUN = re.compile(
    r"(?:der|die|das|den|dem|des|im|am|zum|zur|vom|beim|ins|ans|(?:k?ein|dies|jen|jed|welch|all|"
    r"manch|mein|dein|sein|ihr|unser|viel|wenig|mehrer|einig)\w{0,2}|mehr|etwas)$"
)
_WORD_AFTER = re.compile(r"\s([^\W\d_]+)")
_WORD_BEFORE = re.compile(r"([^\W\d_]+)\s\Z")
_ADJECTIVE = re.compile(r"\w{2}(?:e|en|er|es|em)$")
_PAST = re.compile(r"\w{2}ten?$")


def strange_names(claim: str, language: str, quotes: Quotes, analyser: Analyser) -> Iterator[Unit]:
    """The words of a claim that are names after all, and that no quote bears.

    Only of the four languages whose endings are known.
    """
    if language not in _ORDINARY:
        return
    named = facts(claim, language, analyser.names)
    for part in units(claim, language, analyser):
        if _may_be_name(claim, part, language, named) and not _spoken(
            claim, part, language, quotes, analyser
        ):
            before_name = _before_name(claim, part, named)
            common = language == "de" and not before_name and _after_article(claim, part)
            if (
                (before_name and language != "de")
                or _after_saying(claim, part, language, analyser)
                or (not common and _before_saying(claim, part, language, analyser))
                or (not common and _replaced(claim, part, language, quotes, analyser))
            ):
                yield part


def _spoken(claim: str, part: Unit, language: str, quotes: Quotes, analyser: Analyser) -> bool:
    """Whether any sentence of the quotes speaks of a unit, or bears it as a name."""
    name = spelling(claim[part.start : part.end])
    return any(
        speaks(view, part, language) or any(same_word(name, spelling(one)) for one in view.names)
        for text, tongue in quotes
        for view in views(text, tongue, analyser)
    )


def _may_be_name(claim: str, part: Unit, language: str, named: Sequence[Fact]) -> bool:
    """Whether a unit looks like a name that `rag.proper` does not take for one."""
    word = claim[part.start : part.end]
    if not part.name or len(word) < 3 or not word.isalpha() or word[1:] != word[1:].lower():
        return False
    if _is_ordinary(word, language) or inflect.fold(word) in words_of(language).plain:
        return False
    if any(fact.start < part.end and part.start < fact.end for fact in named):
        return False
    return language == "de" or begins_sentence(claim, part.start)


def _after_article(claim: str, part: Unit) -> bool:
    """Whether an article, or what ends like an adjective, stands before a German noun.

    What ends like a verb of the past, too (`zahlte`), is an adjective behind an article only.
    That of a compound says nothing of its first part: `des Weber-Hauses`.
    """
    start = part.start
    if claim[part.end : part.end + 1] in {"-", "\u2011"}:
        return False
    before = _WORD_BEFORE.search(claim, max(0, start - 40), start)
    if before is None:
        return False
    word = fold(before[1])
    if _BEFORE_NOUN.fullmatch(word):
        return True
    if begins_sentence(claim, before.start()) or not _ADJECTIVE.search(word):
        return False
    article = _WORD_BEFORE.search(claim, max(0, before.start() - 40), before.start())
    return not _PAST.search(word) or (
        article is not None and bool(_BEFORE_NOUN.fullmatch(fold(article[1])))
    )


def _before_name(claim: str, part: Unit, named: Sequence[Fact]) -> bool:
    """Whether a name follows, with nothing but a blank between: `Berta Weber`."""
    return any(
        fact.kind is Kind.NAME and fact.start == part.end + 1 and claim[part.end] == " "
        for fact in named
    )


def _before_saying(claim: str, part: Unit, language: str, analyser: Analyser) -> bool:
    """Whether a word of saying follows: `Teng said`."""
    after = _WORD_AFTER.match(claim, part.end)
    return after is not None and _says(after[1], language, analyser)


def _after_saying(claim: str, part: Unit, language: str, analyser: Analyser) -> bool:
    """Whether a word of saying stands before: `sagte Teng`."""
    before = _WORD_BEFORE.search(claim, max(0, part.start - 40), part.start)
    return before is not None and _says(before[1], language, analyser)


def _says(word: str, language: str, analyser: Analyser) -> bool:
    return any(found.concept in SAYING for found in analyser.lexicon.find([word], language))


def _replaced(claim: str, part: Unit, language: str, quotes: Quotes, analyser: Analyser) -> bool:
    """Whether a quote has another such word, which the claim has not: `Teng left`, `Zhao left`.

    In one script only: over scripts the same name is too often spelt unlike.
    """
    said = views(claim, language, analyser)
    latin = _is_latin(claim[part.start : part.end])
    for text, tongue in quotes:
        for other in units(text, tongue, analyser):
            word = text[other.start : other.end]
            if (
                other.name
                and _is_latin(word) is latin
                and not (tongue == "de" and _is_ordinary(word, tongue))
                and not any(speaks(view, other, tongue) for view in said)
            ):
                return True
    return False


def _is_latin(word: str) -> bool:
    return word[0] < "\u0370"


def _is_ordinary(word: str, language: str) -> bool:
    """Whether its ending shows a word of one of the four languages to be no name."""
    return language in _ORDINARY and bool(_ORDINARY[language].search(fold(word)))
