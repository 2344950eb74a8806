"""A question as words in clauses: what is grammar in it, what a topic, what can be pointed to.

Told without a model by capital letters, neighbours and the word lists of
`rag/data/followup.toml`. In German a capital letter makes a noun, in English and French an
article or the like before it, in Russian that it has not the ending of a verb.
"""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources

from rag.proper import is_shaped
from rag.stopwords import StopWords
from rag.terms import fold, words

NEAR = 3
"""Words behind an article among which its noun is looked for."""

SEVERAL = frozenset({"about", "phrases", "others", "last", "empty"})
"""Lines of the file that list groups of words."""

TOPICAL = frozenset({"now", "orders"})
"""Lines of words that a question may be about."""

_CLAUSE = re.compile(r"[,;:.!?…()–—]|\s-\s")
_SENTENCE = re.compile(r"[.!?…]\s")
_RUSSIAN_VERB = re.compile(
    r"(?:л|ла|ло|ли|с[яь]|ть|ти|[её]т|ит|ют|ят|ут|ат|[еи]шь|ен|ен[аоы]|но|ан|ан[аоы])$"
)


@dataclass(frozen=True, slots=True)
class Grammar:
    """The part of `followup.toml` for a language: what each group is for stands there."""

    language: str
    groups: Mapping[str, frozenset[str]]
    phrases: Mapping[str, tuple[tuple[str, ...], ...]]

    def has(self, group: str, word: str) -> bool:
        """Whether a folded word is in a group; a group without a line is empty."""
        return word in self.groups.get(group, ())


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a question at its place, and what its letters and neighbours make of it."""

    text: str
    folded: str
    start: int
    end: int
    gap: str
    """What stands between it and the word before."""
    begins: bool
    """Whether a clause begins with it."""
    topic: bool
    """Whether it is more than grammar: something that a question may be about."""
    name: bool
    """Whether its shape is that of a name, or in German of a noun."""
    you: bool
    """Whether it belongs to a talk between two: `you`, `Ihnen`."""
    noun: bool = False
    """Whether another word may point to it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as words."""

    grammar: Grammar
    words: Sequence[Word]

    def at(self, index: int) -> str:
        """The folded word at a place; nothing beyond the ends."""
        return self.words[index].folded if 0 <= index < len(self.words) else ""

    def has(self, group: str, index: int) -> bool:
        """Whether the word at a place is in a group."""
        return self.grammar.has(group, self.at(index))

    def any(self, group: str) -> bool:
        """Whether any word is in a group."""
        return any(self.grammar.has(group, word.folded) for word in self.words)

    def ends(self, index: int) -> bool:
        """Whether a clause ends with the word at a place."""
        return index + 1 >= len(self.words) or bool(_CLAUSE.search(self.words[index + 1].gap))

    def groups_at(self, kind: str) -> list[tuple[int, int]]:
        """The places, from and to, of the word groups of a kind."""
        folded = [word.folded for word in self.words]
        return [
            (start, start + len(group))
            for group in self.grammar.phrases.get(kind, ())
            for start in range(len(folded) - len(group) + 1)
            if tuple(folded[start : start + len(group)]) == group
        ]


def read(text: str, grammar: Grammar) -> Asked:
    """A text as words, each with what its letters and its neighbours make of it."""
    found: list[Word] = []
    tokens = words(text)
    small = any(token.text.islower() for token in tokens)
    for token in tokens:
        gap = text[found[-1].end if found else 0 : token.start]
        folded = _fold(token.text)
        first = not found or bool(_SENTENCE.search(gap))
        stop = _is_grammar(token.text, folded, grammar)
        name = _is_name(token.text, first=first, stop=stop, small=small, grammar=grammar)
        order = first and grammar.has("orders", folded)
        found.append(
            Word(
                text=token.text,
                folded=folded,
                start=token.start,
                end=token.end,
                gap=gap,
                begins=bool(found and _CLAUSE.search(gap)) or grammar.has("breaks", folded),
                topic=(name or not (stop or len(folded) < 2)) and not order,
                name=name and not order,
                you=grammar.has("you", folded) or grammar.has("polite", token.text),
            )
        )
    asked = Asked(grammar, found)
    capitals = any(token.text[0].isupper() for token in tokens)
    nouns = [_is_noun(asked, at, capitals=capitals) for at in range(len(found))]
    return Asked(grammar, [replace(w, noun=noun) for w, noun in zip(found, nouns, strict=True)])


def _is_grammar(text: str, folded: str, grammar: Grammar) -> bool:
    """Whether a word says nothing about what a question is about."""
    known = any(folded in group for line, group in grammar.groups.items() if line not in TOPICAL)
    return known or _stop_words()(folded, grammar.language) or not text[0].isalpha()


def _is_name(text: str, *, first: bool, stop: bool, small: bool, grammar: Grammar) -> bool:
    """Whether capital letters tell a name, or in German a noun."""
    if is_shaped(text) and small:
        return True
    if not text[0].isupper() or (len(text) == 1 and (first or stop)):
        return False
    return not stop if first or grammar.language == "de" or not small else True


def _is_noun(asked: Asked, index: int, *, capitals: bool) -> bool:
    """Whether a word can be pointed to: a name, or what its neighbours make a noun."""
    word = asked.words[index]
    if word.name:
        return True
    if not word.topic:
        return False
    if asked.grammar.language == "ru":
        return not has_verb_ending(word)
    if not capitals or asked.has("operators", index - 1):
        return True
    if asked.at(index - 1) == "what":  # `What cells are`; not `What happened to`.
        after = asked.words[index + 1 : index + 2]
        return bool(after) and (after[0].topic or asked.has("verbs", index + 1))
    return asked.grammar.language != "de" and _has_article(asked, index)


def _has_article(asked: Asked, index: int) -> bool:
    """Whether an article stands before a word, with no more than adjectives between."""
    for before in range(index - 1, max(index - 1 - NEAR, -1), -1):
        if asked.has("before_noun", before):
            return True
        word = asked.words[before]
        if not word.topic and not word.text[0].isdigit():
            return False
    return False


def has_verb_ending(word: Word) -> bool:
    """Whether a Russian word, other than a name, ends as verbs do; some nouns do, too."""
    return word.topic and not word.name and bool(_RUSSIAN_VERB.search(word.folded))


def _fold(word: str) -> str:
    """A folded word; in Russian ё is е."""
    return fold(word).replace("ё", "е")


@functools.cache
def grammars() -> Mapping[str, Grammar]:
    """The file's languages, read once."""
    table = tomllib.loads((resources.files("rag") / "data/followup.toml").read_text("utf-8"))
    return {language: _grammar(language, groups) for language, groups in table.items()}


def _grammar(language: str, table: Mapping[str, str]) -> Grammar:
    """The groups of a language, those of several words by themselves."""
    return Grammar(
        language,
        {
            name: frozenset(line.split() if name == "polite" else map(_fold, line.split()))
            for name, line in table.items()
            if name not in SEVERAL
        },
        {
            name: tuple(tuple(_fold(group).split("_")) for group in line.split())
            for name, line in table.items()
            if name in SEVERAL
        },
    )


@functools.cache
def _stop_words() -> StopWords:
    """The stop words, read once."""
    return StopWords()
