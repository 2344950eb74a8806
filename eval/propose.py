"""What a new golden case may say: sentences, patterns, tags and an id, proposed to a person."""

import re
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

import regex

from eval.patterns import Patterns, PatternTimeoutError
from rag.cldr import Names
from rag.domain import Article, Sentence
from rag.errors import UsageError
from rag.facts import Fact, Kind, facts, same_name
from rag.passages import passages_of
from rag.paths import printable
from rag.settings import Settings
from rag.stopwords import StopWords
from rag.terms import fold, romanised, word_texts

SLUG_WORDS, SLUG_LENGTH = 3, 24
"""Words and characters of a question that a proposed id holds at most."""

SHORT = 3
"""Characters of an answer such as `X` that has to stand alone to be one."""

DATES = frozenset({Kind.DATE, Kind.TIME})
NUMBERS = frozenset({Kind.NUMBER, Kind.PERCENT, Kind.MONEY, Kind.DURATION})


def shown(text: str) -> str:
    """Text of articles and people on one line, fit for a terminal."""
    return printable(" ".join(text.split()))


def sentences_of(article: Article) -> tuple[Sentence, ...]:
    """The sentences of an article that may be cited, in order."""
    # How long passages are does not matter: their sentences are the same.
    passages = passages_of(article, limit=Settings.model_fields["passage_characters"].default)
    return tuple(sentence for passage in passages for sentence in passage.sentences)


def chosen(text: str, article: Article, sentences: Sequence[Sentence]) -> tuple[Sentence, ...]:
    """The sentences that numbers such as `2, 3` name, or that words of the article stand in.

    White space does not matter. Raises `UsageError` for numbers and words that name none, and
    for words that stand in several places.
    """
    if re.fullmatch(r"[\s\d,]*\d[\s\d,]*", text):
        numbers = dict.fromkeys(int(digits[:9]) for digits in re.findall(r"\d+", text))
        for number in numbers:
            if not 1 <= number <= len(sentences):
                raise UsageError(
                    f"There is no sentence {number}: the article has {len(sentences)}."
                )
        return tuple(sentences[number - 1] for number in numbers)
    pattern = r"\s+".join(map(re.escape, text.split()))
    if not pattern:
        raise UsageError("No sentence was chosen: give its number, or words of the article.")
    spans = [match.span() for match in re.finditer(pattern, article.text)]
    if not spans:
        raise UsageError(
            f"The quote does not stand in {printable(article.id)}: copy it from there."
        )
    places = {
        tuple(s for s in sentences if s.start < end and start < s.end) for start, end in spans
    }
    places.discard(())
    if not places:
        raise UsageError("The quote stands beside the article's sentences, where nothing is cited.")
    if len(places) > 1:
        raise UsageError("The quote stands in several places: quote more of it, or give a number.")
    return places.pop()


def proposed_patterns(
    answer: str, language: str, sentences: Sequence[Sentence], written_in: str, names: Names
) -> tuple[str, ...]:
    """Patterns for an answer: its words where a sentence has them, else the facts they share.

    Languages are those of the answer and of the sentences. A fact that both write in another
    way becomes a pattern for either.
    """
    words = answer.strip().rstrip(".!?… ")
    for sentence in sentences:
        pattern = _standing(words, sentence.text)
        if pattern:
            return (pattern,)
    wanted = facts(answer, language, names)
    found: dict[str, None] = {}
    for sentence in sentences:
        for fact in facts(sentence.text, written_in, names):
            there = sentence.text[fact.start : fact.end]
            for twin in wanted:
                here = answer[twin.start : twin.end]
                if _same(fact, there, twin, here):
                    found[_either(there, sentence.text, here)] = None
                    break
    return tuple(found)


def proposed_tags(
    answer: str, language: str, written_in: str, names: Names, *, answerable: bool = True
) -> tuple[str, ...]:
    """Tags that the languages and the facts of an answer speak for, in alphabetical order."""
    if not answerable:
        return ("unanswerable",)
    kinds = {fact.kind for fact in facts(answer, language, names)}
    tags = {"date"} if kinds & DATES else set()
    tags |= {"numeric"} if kinds & NUMBERS else set()
    tags = tags or {"lookup"}
    return tuple(sorted(tags | ({"crosslingual"} if language != written_in else set())))


def proposed_id(
    question: str, language: str, article_id: str | None, taken: Collection[str]
) -> str:
    """An id such as `de-000-binance-kasachstan`, not among those taken; `none` without article."""
    stop_words = StopWords()
    words = [word for word in word_texts(question) if not stop_words(fold(word), language)]
    slug = _slug(words[:SLUG_WORDS])[:SLUG_LENGTH].strip("-")
    stem = PurePosixPath(article_id).stem if article_id else "none"
    parts = language, _slug([re.split(r"[_.\s]", stem)[0]]), slug
    wanted = "-".join(part for part in parts if part)
    free, number = wanted, 2
    while free in taken:
        free, number = f"{wanted}-{number}", number + 1
    return free


def check_pattern(pattern: str, sentences: Sequence[Sentence]) -> str:
    """The pattern itself. Raises `UsageError` if it is none, or matches none of the sentences."""
    try:
        matches = Patterns().match(pattern, tuple(sentence.text for sentence in sentences))
    except (regex.error, OverflowError, RecursionError) as error:
        raise UsageError(f"/{shown(pattern)}/ is no pattern: {error}.") from None
    except PatternTimeoutError:
        raise UsageError(f"/{shown(pattern)}/ takes too long: find a simpler one.") from None
    if not matches:
        raise UsageError(
            f"/{shown(pattern)}/ does not match what was chosen: take words from there."
        )
    return pattern


def _standing(words: str, text: str) -> str | None:
    """A pattern for words where they stand in a text, with one white space for another."""
    parts = list(map(_escape, words.split()))
    first, last = (_edge(character, words) for character in (words[:1], words[-1:]))
    for gap in (" ", r"\s+"):
        pattern = f"{first}{gap.join(parts)}{last}"
        if parts and regex.search(pattern, text, regex.IGNORECASE):
            return pattern
    return None


def _edge(character: str, words: str) -> str:
    """A word boundary where `36` would be found in `2036`, or `X` in `Export`."""
    alone = character.isdigit() or len(words) <= SHORT
    return r"\b" if alone and regex.fullmatch(r"\w", character) else ""


def _same(fact: Fact, there: str, twin: Fact, here: str) -> bool:
    if fact.kind is not twin.kind:
        return False
    return same_name(there, here) if fact.kind is Kind.NAME else fact.value == twin.value


def _either(there: str, text: str, here: str) -> str:
    """A pattern for two ways to write a fact: there, in the text, and here, in the answer."""
    ways = (there, text), (here, here)
    return "|".join(dict.fromkeys(_standing(way, where) or _escape(way) for way, where in ways))


def _escape(words: str) -> str:
    return regex.escape(words, special_only=True, literal_spaces=True)


def _slug(words: Sequence[str]) -> str:
    return "-".join(filter(None, re.split(r"[^a-z0-9]+", romanised(" ".join(words)))))
