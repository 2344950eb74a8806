"""Which words of a question make sense only with what was said before.

By rules, without a language model: words that point (`he`, `dort`, `son`, `это`) need something
to point to in the question itself, and a question needs something that it is about. Grammar tells
where to look: a possessive may point to the clause it stands in (`Teng … his firm`), a pronoun only
to one before (`When did Zhao say that he …`). The words are in `rag/data/followup.toml`.

FILL
"""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from rag.proper import is_shaped
from rag.stopwords import StopWords
from rag.terms import fold, words

PIECE = 2
"""Most topics that a question without a verb may have and yet be a piece of another one."""

NEAR = 3
"""Words behind an article among which its noun, and behind `those` its clause, is looked for."""

_NOUNS = frozenset({"now", "orders"})
"""Groups of words that a question may be about all the same."""

_CLAUSE = re.compile(r"[,;:.!?…()–—]|\s-\s")
_SENTENCE = re.compile(r"[.!?…]\s")
_RUSSIAN_VERB = re.compile(
    r"(?:л|ла|ло|ли|с[яь]|ть|ти|[её]т|ит|ют|ят|ут|ат|[еи]шь|ен|ен[аоы]|но|ан|ан[аоы])$"
)
_GERMAN_PARTICIPLE = re.compile(
    r"\w*ge\w{2,}(?:t|en)$|(?:be|er|ent|ver|zer)\w{2,}(?:t|en)$|\w+iert$"
)
_FRENCH_INFINITIVE = re.compile(r"\w{2,}(?:er|ir|re)$")


@dataclass(frozen=True, slots=True)
class _Grammar:
    """The part of `followup.toml` for a language: what each group is for stands there."""

    language: str
    groups: Mapping[str, frozenset[str]]
    phrases: Mapping[str, tuple[tuple[str, ...], ...]]

    def has(self, group: str, word: str) -> bool:
        """Whether a folded word is in a group; a group without a line is empty."""
        return word in self.groups.get(group, ())


@dataclass(frozen=True, slots=True)
class _Word:
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
    noun: bool = False
    """Whether another word may point to it."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question as words."""

    grammar: _Grammar
    words: Sequence[_Word]

    def at(self, index: int) -> str:
        """The folded word at a place; nothing beyond the ends."""
        return self.words[index].folded if 0 <= index < len(self.words) else ""

    def has(self, group: str, index: int) -> bool:
        """Whether the word at a place is in a group."""
        return self.grammar.has(group, self.at(index))

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


def needs_history(text: str, language: str) -> tuple[str, ...]:
    """The words of a question that point to what was said before, as written, in order.

    The whole question where it is only a piece of one (`And in 2023?`); empty where it stands by
    itself, and for a language without rules. To be asked only where something was said before.
    """
    grammar = _grammars().get(language)
    if grammar is None or not words(text):
        return ()
    asked = _read(text, grammar)
    pointing = _groups(asked)
    covered = {index for start, end in pointing for index in range(start, end)}
    idle = {index for start, end in asked.groups_at("empty") for index in range(start, end)}
    pointing += [
        (index, index + 1)
        for index in range(len(asked.words))
        if index not in covered | idle and _points(asked, index)
    ]
    if not pointing and _is_piece(asked):
        return (text.strip(),)
    found = (text[asked.words[a].start : asked.words[b - 1].end] for a, b in sorted(pointing))
    return tuple(dict.fromkeys(found))


def _groups(asked: _Asked) -> list[tuple[int, int]]:
    """The word groups that point: `what about`, and `the same` at the end of a clause."""
    found = [
        (start, end)
        for start, end in asked.groups_at("phrases")
        if not any(asked.has("except", index) for index in range(end, len(asked.words)))
        and not any(asked.has("except", index) for index in range(start))
    ]
    found += [
        (start, end)
        for start, end in asked.groups_at("last")
        if asked.ends(end - 1) or asked.has("verbs", end)
    ]
    found += [(a, b) for a, b in asked.groups_at("about") if _is_scant(asked, b)]
    return [(a, b) for a, b in found if not _named_before(asked, a)]


def _is_scant(asked: _Asked, start: int) -> bool:
    """Whether no more than a name or two follows: `France`, but not what would be a question."""
    topics = [word for word in asked.words[start:] if word.topic]
    verb = any(not word.name for word in topics) and asked.grammar.language == "de"
    return len(topics) <= PIECE and not verb


def _points(asked: _Asked, index: int) -> bool:
    """Whether a word points to something that is not in the question."""
    word = asked.words[index]
    glued = index and not word.gap  # `1970er`
    if glued or word.name or word.text in asked.grammar.groups.get("polite", ()):
        return False
    if _is_idle(asked, index) or _named_behind(asked, index):
        return False
    if asked.has("possessives", index) and not _is_relative(asked, index):
        return _lacks_owner(asked, index)
    if asked.has("these", index):
        return _is_demonstrative(asked, index) and not _named_before(asked, index)
    if asked.has("alone", index):
        return _stands_alone(asked, index) and not _named_before(asked, index)
    if asked.has("pronouns", index) or asked.has("places", index):
        if _is_doubled(asked, index) or _is_relative(asked, index):
            return False
        return not _named_before(asked, index)
    return False


def _is_idle(asked: _Asked, index: int) -> bool:
    """Whether a pronoun stands for nothing: `It is clear that …`, `Es gibt`, `there are`."""
    if asked.has("existential", index):
        return asked.has("verbs", index - 1) or asked.has("verbs", index + 1)
    if asked.has("weak", index) and any(word.name for word in asked.words):
        return True
    if not asked.has("expletives", index):
        return False
    behind = range(index + 1, len(asked.words))
    return any(asked.has("heralds", other) for other in behind)


def _named_before(asked: _Asked, index: int) -> bool:
    """Whether an earlier clause has a noun that the word at a place can point to."""
    nouns = [at for at, word in enumerate(asked.words[:index]) if word.noun]
    if not nouns:
        return False
    last = index if asked.has("breaks", index) else index + 1  # `that` may be either
    if any(word.begins for word in asked.words[nouns[0] + 1 : last]):
        return True
    # English leaves `that` out: `When did Zhao say he would resign?`
    verb = asked.has("verbs", index - 1) and not asked.has("saying", index - 1)
    said = asked.has("subjects", index) and not verb
    before = asked.words[index - 1]
    said = said or (asked.at(index) == "it" and (asked.has("verbs", index + 1) or before.noun))
    return said and nouns[0] < index - 1


def _named_behind(asked: _Asked, index: int) -> bool:
    """Whether a clause that stands in front points on: `After he left, what did Zhao do?`."""
    subordinate = asked.has("breaks", 0) and (index == 1 or not asked.has("asks", 0))
    if not (subordinate or asked.has("prepositions", 0)):
        return False
    rest = range(index + 1, len(asked.words))
    ends = [at for at in rest if "," in asked.words[at].gap or asked.has("asks", at)]
    return bool(ends) and any(word.name for word in asked.words[ends[0] :])


def _lacks_owner(asked: _Asked, index: int) -> bool:
    """Whether a possessive has nothing before it that can own something."""
    after = asked.words[index + 1] if index + 1 < len(asked.words) else None
    if asked.has("capital", index) and (after is None or not after.name):
        return False
    # Behind `is`, `did` it begins the subject: what stands before is asked for, and owns nothing.
    subject = asked.has("verbs", index - 1) and not asked.has("having", index - 1)
    if subject or (asked.at(index) == "her" and asked.ends(index)):
        return not _named_before(asked, index)
    return not any(word.noun for word in asked.words[:index])


def _is_demonstrative(asked: _Asked, index: int) -> bool:
    """Whether `this` or `dieser` points back, and not to today (`this year`) or ahead."""
    if any(asked.has("now", other) for other in (index + 1, index + 2)):
        return False
    ahead = any(asked.has("heralds", at) for at in range(index + 1, index + 1 + NEAR))
    ahead = ahead or asked.has("prepositions", index + 1)
    ends = asked.ends(index) and index + 1 < len(asked.words)
    return not (asked.at(index) in {"those", "jene", "jenen"} and (ahead or ends))


def _is_relative(asked: _Asked, index: int) -> bool:
    """Whether a German word begins a relative clause: `, die` and `, in der`."""
    if asked.grammar.language != "de" or asked.at(index) not in _GERMAN_RELATIVE:
        return False
    first = index - 1 if asked.has("prepositions", index - 1) else index
    return "," in asked.words[first].gap if first else False


_GERMAN_RELATIVE = frozenset("der die das den dem denen dessen deren damit dabei".split())


def _stands_alone(asked: _Asked, index: int) -> bool:
    """Whether `that` or `das` is a pronoun, neither article nor conjunction."""
    if _is_relative(asked, index):
        return False
    if asked.ends(index):
        return not asked.has("prepositions", index) and not asked.words[index - 1].name
    if asked.grammar.language != "de":
        before = asked.has("verbs", index - 1) or asked.has("prepositions", index - 1)
        ahead = asked.at(index + 1) == "of" or asked.has("saying", index - 1)
        return before and not ahead
    after = asked.words[index + 1]
    if after.topic:
        if not asked.ends(index + 1) or not after.text.islower():
            return False
        # Who begins with a capital letter writes nouns with one.
        return asked.words[0].text[0].isupper() or bool(_GERMAN_PARTICIPLE.match(after.text))
    return not _has_noun(asked, index + 1) and not asked.words[index - 1].name


def _has_noun(asked: _Asked, index: int) -> bool:
    """Whether a German noun follows that an article before the place can belong to.

    `das neue Gesetz`, `die in Rom geschlossenen Mühlen`; not `das für Binance`.
    """
    reached = True
    for at in range(index, len(asked.words)):
        word = asked.words[at]
        attribute = asked.words[at - 1].topic and asked.words[at - 1].text.islower()
        if word.text[0].isdigit() or (word.text[0].isupper() and (reached or attribute)):
            return True
        if asked.has("prepositions", at) or asked.has("verbs", at):
            reached = False
        if asked.ends(at):
            break
    return False


def _is_doubled(asked: _Asked, index: int) -> bool:
    """Whether the subject stands before verb and pronoun: `Zhao a-t-il`, not `Quel pays a-t-il`."""
    if not asked.has("doubled", index):
        return False
    at = index - 2 if asked.at(index - 1) != "t" else index - 3
    while at >= 0 and asked.at(at) in _FRENCH_CLITICS:
        at -= 1
    if at < 0 or not (asked.words[at].topic or asked.words[at].text[0].isdigit()):
        return False
    if asked.words[at].name:
        return asked.at(at - 1) not in _FRENCH_WHICH
    while at > 0 and asked.words[at].topic:
        at -= 1
    counted = asked.at(at) in {"d", "de"} and asked.at(at - 1) == "combien"
    return not counted and asked.at(at) not in _FRENCH_WHICH


_FRENCH_WHICH = frozenset("quel quelle quels quelles".split())
_FRENCH_CLITICS = frozenset("n ne se s l la le les en y lui leur".split())


def _is_piece(asked: _Asked) -> bool:
    """Whether a question has no topic, or no verb and hardly a topic."""
    if any(
        asked.grammar.has("you", word.folded) or word.text in asked.grammar.groups.get("polite", ())
        for word in asked.words
    ):
        return False
    topics = [at for at, word in enumerate(asked.words) if word.topic]
    if not topics:
        return True
    if any(asked.has("these", at) for at in range(len(asked.words))):
        return False
    if any(asked.has("doubled", at) for at in range(len(asked.words))):
        return False
    if any(_is_verb(asked, index) for index in range(len(asked.words))) or asked.has("orders", 0):
        return False
    named = [asked.words[at].name for at in topics]
    count = sum(
        not (asked.words[at].name and at - 1 in topics and asked.words[at - 1].name)
        for at in topics
    )
    first = next(at for at in range(len(asked.words)) if not asked.has("joins", at))
    at = first + 1 if asked.has("prepositions", first) else first
    if asked.has("asks", at):
        return count == 1 and not (asked.has("zero", at) and any(named) and not first)
    begins = asked.words[first]
    fits = first > 0 and (not begins.topic or begins.name or asked.grammar.language != "de")
    if fits:
        return count <= PIECE
    return asked.has("prepositions", 0) and (count == 1 or (count <= PIECE and all(named)))


def _is_verb(asked: _Asked, index: int) -> bool:
    """Whether a word is a verb of the table, or in Russian has the ending of one."""
    word = asked.words[index]
    if asked.has("verbs", index):
        return not word.name
    russian = asked.grammar.language == "ru" and word.topic and not word.name
    return russian and bool(_RUSSIAN_VERB.search(word.folded))


def _read(text: str, grammar: _Grammar) -> _Asked:
    """A text as words, with what tells names, nouns and clauses."""
    found: list[_Word] = []
    tokens = words(text)
    small = any(token.text.islower() for token in tokens)
    capitals = any(token.text[0].isupper() for token in tokens)
    for token in tokens:
        gap = text[found[-1].end if found else 0 : token.start]
        folded = _fold(token.text)
        first = not found or bool(_SENTENCE.search(gap))
        known = any(folded in group for name, group in grammar.groups.items() if name not in _NOUNS)
        stop = known or _stop_words()(folded, grammar.language) or not token.text[0].isalpha()
        name = _is_name(token.text, first=first, stop=stop, small=small, grammar=grammar)
        begins = not first if _CLAUSE.search(gap) else grammar.has("breaks", folded)
        topic = name or not (stop or len(folded) < 2)
        found.append(
            _Word(
                text=token.text,
                folded=folded,
                start=token.start,
                end=token.end,
                gap=gap,
                begins=begins or (first and bool(found)),
                topic=topic and not (first and grammar.has("orders", folded)),
                name=name,
            )
        )
    asked = _Asked(grammar, found)
    nouns = [_is_noun(asked, at, capitals=capitals) for at in range(len(found))]
    from dataclasses import replace

    return _Asked(
        grammar, [replace(word, noun=noun) for word, noun in zip(found, nouns, strict=True)]
    )


def _is_name(text: str, *, first: bool, stop: bool, small: bool, grammar: _Grammar) -> bool:
    """Whether capital letters tell a name, or in German a noun."""
    if is_shaped(text) and small:
        return True
    if not text[0].isupper() or (len(text) == 1 and (first or stop)):
        return False
    return not stop if first or grammar.language == "de" or not small else True


def _is_noun(asked: _Asked, index: int, *, capitals: bool) -> bool:
    """Whether a word can be pointed to: a name, or what its neighbours make a noun."""
    word = asked.words[index]
    if word.name:
        return True
    if not word.topic:
        return False
    if asked.grammar.language == "ru":
        return not _RUSSIAN_VERB.search(word.folded)
    if not capitals or asked.has("operators", index - 1):
        return True
    if asked.grammar.language == "de":
        return False
    for back in range(index - 1, max(index - 1 - NEAR, -1), -1):
        if asked.has("before_noun", back):
            return True
        if not asked.words[back].topic and not asked.words[back].text[0].isdigit():
            return False
    return False


def _fold(word: str) -> str:
    """A folded word; in Russian ё is е."""
    return fold(word).replace("ё", "е")


@functools.cache
def _grammars() -> Mapping[str, _Grammar]:
    """The file's languages, read once."""
    table = tomllib.loads((resources.files("rag") / "data/followup.toml").read_text("utf-8"))
    return {language: _grammar(language, groups) for language, groups in table.items()}


def _grammar(language: str, table: Mapping[str, str]) -> _Grammar:
    """The groups of a language, those of several words by themselves."""
    several = {"about", "phrases", "last", "empty"}
    return _Grammar(
        language,
        {
            name: frozenset(line.split() if name == "polite" else map(_fold, line.split()))
            for name, line in table.items()
            if name not in several
        },
        {
            name: tuple(tuple(_fold(group).split("_")) for group in line.split())
            for name, line in table.items()
            if name in several
        },
    )


@functools.cache
def _stop_words() -> StopWords:
    """The stop words, read once."""
    return StopWords()
