"""Which words of a question make sense only with what was said before.

By rules, without a language model: words that point (`he`, `dort`, `son`, `это`) need something
to point to in the question itself, and a question needs something that it is about. Grammar tells
where to look: a possessive may point to the clause it stands in (`Teng … his firm`), a pronoun only
to one before (`When did Zhao say that he …`). The words are in `rag/data/followup.toml`.

Of 164 questions that stand alone (`tests/test_followup.py`, in four languages) none is taken for a
follow-up, and of 196 follow-ups one is missed. Before the rules had seen the second half of these
lists it was 2 of 80 and 5 of 120. Of the questions of XQuAD and PIAF 1.8 (de), 2.4 (en), 2.5 (ru)
and 4.3 (fr) percent are said to point back. Most of them do (`When was this edict declared?`);
counted by hand, 0.3, 0.8, 0.8 and 0.4 percent stand alone all the same. 0.2 ms a question.

Not seen: whether what stands in the question is what is meant (`What did the judge say about his
firm?`); French `le`, `la`, `en` and `y` before most verbs; `it`, `das`, `это` before `that`, `to`
and the like; German `es` beside a noun; Russian nouns that end as verbs do. Taken for pointing by
mistake: pronouns whose noun is in their own clause (`sign a treaty granting them …`), and some
beside names written small.
"""

import re

from rag.clauses import NEAR, Asked, grammars, has_verb_ending, read
from rag.terms import words

PIECE = 2
"""Most topics that a question without a verb may have and yet be a piece of another one."""

_GERMAN_PARTICIPLE = re.compile(
    r"\w*ge\w{2,}(?:t|en)$|(?:be|er|ent|ver|zer)\w{2,}(?:t|en)$|\w+iert$"
)


def needs_history(text: str, language: str) -> tuple[str, ...]:
    """The words of a question that point to what was said before, as written, in order.

    The whole question where it is only a piece of one (`And in 2023?`); empty where it stands by
    itself, and for a language without rules. To be asked only where something was said before.
    """
    grammar = grammars().get(language)
    if grammar is None or not words(text):
        return ()
    asked = read(text, grammar)
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


def _groups(asked: Asked) -> list[tuple[int, int]]:
    """The word groups that point: `what about`, and `the same` at the end of a clause."""
    found = asked.groups_at("phrases")
    found += [
        (start, end)
        for start, end in asked.groups_at("others")
        if not any(
            asked.has("except", at) for at in range(len(asked.words)) if not start <= at < end
        )
    ]
    found += [
        (start, end)
        for start, end in asked.groups_at("last")
        if asked.ends(end - 1) or asked.has("verbs", end)
    ]
    found += [(a, b) for a, b in asked.groups_at("about") if _is_scant(asked, b)]
    return [(a, b) for a, b in found if not _named_before(asked, a)]


def _is_scant(asked: Asked, start: int) -> bool:
    """Whether no more than a name or two follows: `France`, but not what would be a question."""
    topics = [word for word in asked.words[start:] if word.topic]
    verb = any(not word.name for word in topics) and asked.grammar.language == "de"
    return len(topics) <= PIECE and not verb


def _points(asked: Asked, index: int) -> bool:
    """Whether a word points to something that is not in the question."""
    word = asked.words[index]
    glued = index and not word.gap  # `1970er`
    if glued or word.name or word.you:
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


def _is_idle(asked: Asked, index: int) -> bool:
    """Whether a pronoun stands for nothing: `It is clear that …`, `Es gibt`, `there are`."""
    if asked.has("existential", index):
        return asked.has("verbs", index - 1) or asked.has("verbs", index + 1)
    if asked.has("weak", index) and any(word.name for word in asked.words):
        return True
    if not asked.has("expletives", index):
        return False
    behind = range(index + 1, len(asked.words))
    return any(asked.has("heralds", other) for other in behind)


def _named_before(asked: Asked, index: int) -> bool:
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


def _named_behind(asked: Asked, index: int) -> bool:
    """Whether a clause that stands in front points on: `After he left, what did Zhao do?`."""
    subordinate = asked.has("breaks", 0) and (index == 1 or not asked.has("asks", 0))
    if not (subordinate or asked.has("prepositions", 0)):
        return False
    rest = range(index + 1, len(asked.words))
    ends = [at for at in rest if "," in asked.words[at].gap or asked.has("asks", at)]
    return bool(ends) and any(word.name for word in asked.words[ends[0] :])


def _lacks_owner(asked: Asked, index: int) -> bool:
    """Whether a possessive has nothing before it that can own something."""
    after = asked.words[index + 1] if index + 1 < len(asked.words) else None
    if asked.has("capital", index) and (after is None or not after.name):
        return False
    # Behind `is`, `did` it begins the subject: what stands before is asked for, and owns nothing.
    subject = asked.has("verbs", index - 1) and not asked.has("having", index - 1)
    if subject or (asked.at(index) == "her" and asked.ends(index)):
        return not _named_before(asked, index)
    return not any(word.noun for word in asked.words[:index])


def _is_demonstrative(asked: Asked, index: int) -> bool:
    """Whether `this` or `dieser` points back, and not to today (`this year`) or ahead."""
    if any(asked.has("now", other) for other in (index + 1, index + 2)):
        return False
    ahead = any(asked.has("heralds", at) for at in range(index + 1, index + 1 + NEAR))
    ahead = ahead or asked.has("prepositions", index + 1)
    ends = asked.ends(index) and index + 1 < len(asked.words)
    return not (asked.has("ahead", index) and (ahead or ends))


def _is_relative(asked: Asked, index: int) -> bool:
    """Whether a German word begins a relative clause: `, die` and `, in der`."""
    if not asked.has("relatives", index):
        return False
    first = index - 1 if asked.has("prepositions", index - 1) else index
    return "," in asked.words[first].gap if first else False


def _stands_alone(asked: Asked, index: int) -> bool:
    """Whether `that` or `das` is a pronoun, neither article nor conjunction."""
    if _is_relative(asked, index):
        return False
    if asked.ends(index):
        return index == 0 or not asked.words[index - 1].name
    if asked.grammar.language != "de":
        # `Is that true`, `What does that mean`; not `What did he have that others lack`.
        asking = index == 1 or asked.has("asks", index - 2)
        return asking and asked.has("verbs", index - 1) and not asked.has("saying", index - 1)
    after = asked.words[index + 1]
    if after.topic:
        if index + 2 < len(asked.words) or not after.text.islower():
            return False
        # Who begins with a capital letter writes nouns with one.
        return asked.words[0].text[0].isupper() or bool(_GERMAN_PARTICIPLE.match(after.text))
    return not _has_noun(asked, index + 1) and not asked.words[index - 1].name


def _has_noun(asked: Asked, index: int) -> bool:
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


def _is_doubled(asked: Asked, index: int) -> bool:
    """Whether the subject stands before verb and pronoun: `Zhao a-t-il`, not `Quel pays a-t-il`."""
    if not asked.has("doubled", index):
        return False
    at = index - 2 if asked.at(index - 1) != "t" else index - 3
    while at >= 0 and asked.has("clitics", at):
        at -= 1
    if at < 0 or not (asked.words[at].topic or asked.words[at].text[0].isdigit()):
        return False
    if asked.words[at].name:
        return not asked.has("which", at - 1)
    while at > 0 and asked.words[at].topic:
        at -= 1
    counted = asked.at(at) in {"d", "de"} and asked.at(at - 1) == "combien"
    return not counted and not asked.has("which", at)


def _is_piece(asked: Asked) -> bool:
    """Whether a question has no topic, or no verb and hardly a topic."""
    if any(word.you for word in asked.words):
        return False
    topics = [at for at, word in enumerate(asked.words) if word.topic]
    if not topics:
        return True
    whole = asked.any("these") or asked.any("doubled") or asked.has("orders", 0)
    if whole or any(_is_verb(asked, at) for at in range(len(asked.words))):
        return False
    names = [at for at in topics if asked.words[at].name]
    count = len(topics) - sum(at - 1 in names for at in names)
    first = next(at for at in range(len(asked.words)) if not asked.has("joins", at))
    at = first + 1 if asked.has("prepositions", first) else first
    if asked.has("asks", at):
        return count == 1 and not (asked.has("zero", at) and names and not first)
    begins = asked.words[first]
    if first > 0 and (not begins.topic or begins.name or asked.grammar.language != "de"):
        return count <= PIECE
    return asked.has("prepositions", 0) and (count == 1 or (count <= PIECE and names == topics))


def _is_verb(asked: Asked, index: int) -> bool:
    """Whether a word is a verb of the table, or in Russian has the ending of one."""
    word = asked.words[index]
    if asked.has("verbs", index):
        return not word.name
    return asked.grammar.language == "ru" and has_verb_ending(word)
