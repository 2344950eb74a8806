"""Replies as they are shown: answers, their sources, refusals, and what people think of them.

What an article or an answer says is shown as it stands, in its own language; the words around it
are those of the interface.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain import Fault, Kept, Listed, Said, Source, Verdict
from bot.markup import (
    Block,
    Bold,
    Button,
    Code,
    Italic,
    Page,
    Quote,
    Text,
    parts,
    rows,
    shortened,
)
from bot.phrases import Phrases
from bot.presses import Blame, Judge, ShowArticle, ShowSource, data, key_of
from rag.domain import Reason, Refusal

WIDTH = 6
"""Buttons in a row."""

MOST_SOURCES = 90
"""Buttons for sources: Telegram takes 100 under a message."""

MOST_LOOKED = 1_000
"""UTF-16 code units of what was looked for, when it is repeated."""

MOST_TITLE = 300
"""UTF-16 code units of a title, or of names that were looked for in vain."""

PREVIEW = 100
"""UTF-16 code units of what an inline result shows before it is chosen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """A result of an inline query; the page is always one message, and has no buttons."""

    title: str
    description: str
    page: Page


def answer(
    phrases: Phrases, kept: Kept, *, is_degraded: bool = False, is_stale: bool = False
) -> Page:
    """An answer with a button for each source and two for its verdict.

    `is_degraded`: a language model did less than it could; `is_stale`: articles were left out.
    """
    sources = (_source_button(kept.id, source) for source in kept.sources[:MOST_SOURCES])
    return Page(
        blocks=(*map(_statement, kept.statements), *_notes(phrases, is_degraded, is_stale)),
        buttons=(*rows(sources, WIDTH), _verdicts(kept.id)),
    )


def making(phrases: Phrases, statements: Sequence[Said]) -> Page:
    """An answer as far as it has come; without a statement, that it is looked for."""
    key = "answer.going_on" if statements else "answer.searching"
    return Page(blocks=(*map(_statement, statements), Block((Italic(phrases.phrase(key)),))))


def source(phrases: Phrases, shown: Source) -> Page:
    """What a statement rests on: the quote in bold where it stands, and of which file."""
    title = Block((Bold(f"[{shown.number}] {_title(shown.title)}"),))
    before, after = _around(shown.before, shown.after)
    words = (Text(before), Bold(shown.quote), Text(after))
    opening = ShowArticle(key=key_of(shown.article_id))
    button = Button(text=phrases.phrase("source.whole"), data=data(opening))
    about = Listed(article_id=shown.article_id, title=shown.title, published_on=shown.published_on)
    below = Block(facts(phrases, about), gap="\n")
    return Page(blocks=(title, below, Quote(words, gap="\n")), buttons=((button,),))


def refusal(phrases: Phrases, refused: Refusal, nearest: Sequence[Listed]) -> Page:
    """That the articles do not say: what was looked for, why not found, what comes nearest."""
    offered = _offered(refused, nearest)
    opened = (
        Button(text=str(number), data=data(ShowArticle(key=key_of(one.article_id))))
        for number, one in enumerate(offered, start=1)
    )
    return Page(blocks=_refused(phrases, refused, offered), buttons=rows(opened, WIDTH))


def inline_answer(
    phrases: Phrases, kept: Kept, *, is_degraded: bool = False, is_stale: bool = False
) -> Inline:
    """An answer for an inline query: its sources are lines; what is too long loses its end."""
    said = list(kept.statements)
    notes = _notes(phrases, is_degraded, is_stale)
    page = Page(blocks=(*map(_statement, said), *_sources(phrases, kept, said), *notes))
    while len(parts(page)) > 1 and said:
        said.pop()
        cut = (phrases.block("answer.cut"), *notes)
        page = Page(blocks=(*map(_statement, said), *_sources(phrases, kept, said), *cut))
    return _inline(phrases.phrase("answer.found"), page)


def inline_refusal(phrases: Phrases, refused: Refusal, nearest: Sequence[Listed]) -> Inline:
    """A refusal for an inline query; it offers as many articles as fit."""
    offered = list(_offered(refused, nearest))
    page = Page(blocks=_refused(phrases, refused, offered))
    while len(parts(page)) > 1 and offered:
        offered.pop()
        page = Page(blocks=_refused(phrases, refused, offered))
    return _inline(phrases.phrase(f"refusal.{refused.reason}"), page)


def listed(phrases: Phrases, number: int, one: Listed) -> Block:
    """A line about an article."""
    title = (Bold(_title(one.title)), Text("\n")) if one.title else ()
    return Block((Text(f"{number}. "), *title, *facts(phrases, one)), gap="\n")


def facts(phrases: Phrases, one: Listed) -> tuple[Text, ...]:
    """The file of an article, its language and its date, as far as they are known."""
    language = phrases.name(one.language) if one.language else ""
    published = phrases.date(one.published_on) if one.published_on else ""
    there = [text for text in (language, published) if text]
    return (Code(one.article_id), *(Text(f" · {text}") for text in there))


def thanks(phrases: Phrases) -> str:
    """For a verdict, at most 200 characters: what the pressed button answers."""
    return phrases.phrase("feedback.thanks")


def blame(phrases: Phrases, answer_id: int) -> Page:
    """What is wrong with an answer that was no help: a button for each fault."""
    buttons = (
        Button(
            text=phrases.phrase(f"fault.{fault}"),
            data=data(Blame(answer_id=answer_id, fault=fault)),
        )
        for fault in Fault
    )
    return Page(blocks=(phrases.block("feedback.ask"),), buttons=rows(buttons, 2))


def blamed(phrases: Phrases, fault: Fault) -> Page:
    """That a fault was written down."""
    named = Italic(phrases.phrase(f"fault.{fault}"))
    return Page(blocks=(phrases.block("feedback.noted", fault=named),))


def _statement(said: Said) -> Block:
    marks = "".join(f"[{number}]" for number in said.numbers)
    return Block((Text(f"{said.text} {marks}".rstrip()),))


def _notes(phrases: Phrases, is_degraded: bool, is_stale: bool) -> tuple[Block, ...]:  # noqa: FBT001
    keys = ("answer.degraded",) * is_degraded + ("answer.stale",) * is_stale
    return tuple(Block((Italic(phrases.phrase(key)),)) for key in keys)


def _verdicts(answer_id: int) -> tuple[Button, ...]:
    signs = {Verdict.GOOD: "👍", Verdict.BAD: "👎"}
    return tuple(
        Button(text=sign, data=data(Judge(answer_id=answer_id, verdict=verdict)))
        for verdict, sign in signs.items()
    )


def _source_button(answer_id: int, shown: Source) -> Button:
    press = ShowSource(answer_id=answer_id, number=shown.number)
    return Button(text=f"[{shown.number}]", data=data(press))


def _sources(phrases: Phrases, kept: Kept, said: Iterable[Said]) -> tuple[Block, ...]:
    """A line for each article that what is said rests on."""
    numbers = {number for one in said for number in one.numbers}
    marks: dict[tuple[str, str], str] = {}
    for one in kept.sources:
        if one.number in numbers:
            article = one.article_id, one.title
            marks[article] = f"{marks.get(article, '')}[{one.number}]"
    lines = tuple(
        Block((Text(f"{mark} {_title(title)} · "), Code(article_id)), "\n")
        for (article_id, title), mark in marks.items()
    )
    return (phrases.block("answer.quotes"), *lines) if lines else ()


def _offered(refused: Refusal, nearest: Sequence[Listed]) -> Sequence[Listed]:
    """The articles that a refusal offers: none to who does not ask about them."""
    return () if refused.reason is Reason.OFF_TOPIC else nearest


def _refused(phrases: Phrases, refused: Refusal, nearest: Sequence[Listed]) -> tuple[Block, ...]:
    looked = Italic(shortened(refused.question.meant, MOST_LOOKED))
    names = shortened(phrases.listed(refused.unknown), MOST_TITLE)
    is_about = refused.reason in {Reason.NO_EVIDENCE, Reason.NOT_SUPPORTED}
    lines = (listed(phrases, number, one) for number, one in enumerate(nearest, start=1))
    return (
        phrases.block(f"refusal.{refused.reason}"),
        *((phrases.block("unanswered.looked", question=looked),) if is_about else ()),
        *((phrases.block("unanswered.unknown", names=names),) if is_about and names else ()),
        *((phrases.heading("unanswered.nearest"), *lines) if nearest else ()),
        *((phrases.block("unanswered.next"),) if is_about else ()),
        *_notes(phrases, bool(refused.degraded), bool(refused.stale)),
    )


def _inline(title: str, page: Page) -> Inline:
    return Inline(title=title, description=shortened(page.text, PREVIEW), page=page)


def _title(text: str) -> str:
    return shortened(text, MOST_TITLE)


def _around(before: str, after: str) -> tuple[str, str]:
    """What stands around a quote, with a sign on the far sides that there may be more."""
    head = f"… {before.lstrip()}" if before.strip() else ""
    return head, f"{after.rstrip()} …" if after.strip() else ""
