"""What the bot shows besides replies: greeting, help, settings, limits, refusals to serve.

Each page is a function from values to a `Page`, in the words of the person's interface.
"""

from dataclasses import dataclass
from datetime import timedelta

from bot.domain import Interface, Lapse, Limit, Me, Trouble
from bot.markup import Block, Button, Code, Italic, Page, Quote, Text, shortened
from bot.phrases import Phrases, words
from bot.presses import ForgetMe, SetLanguage, data

COMMANDS = tuple("start help ask sources article language reset privacy forget".split())
"""What everybody may ask for."""

ADMINISTRATORS_COMMANDS = tuple("status reindex stats ban allow".split())

MOST_QUESTION = 1_000
"""UTF-16 code units of a question that is repeated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command and what it does, as `set_my_commands` takes them."""

    name: str
    description: str


def commands(phrases: Phrases, *, is_admin: bool) -> tuple[Command, ...]:
    """The commands of a person, in the order of the menu."""
    names = COMMANDS + (ADMINISTRATORS_COMMANDS if is_admin else ())
    return tuple(
        Command(name=name, description=phrases.phrase(f"command.{name}")) for name in names
    )


def greeting(phrases: Phrases, *, articles: int, is_private: bool) -> Page:
    """`/start`: what this is, and how to ask the first question."""
    return Page(
        blocks=(
            phrases.block("start.hello"),
            counted(phrases, articles),
            phrases.block("start.private" if is_private else "start.group"),
        )
    )


def guide(phrases: Phrases, me: Me, *, is_private: bool, is_admin: bool) -> Page:
    """`/help`: what works here, nearest first, and the commands."""
    name = Text(f"@{me.username}")
    alone = phrases.block("help.private")
    groups = phrases.block("help.groups_all" if me.reads_groups else "help.groups", name=name)
    inline = (phrases.block("help.inline", name=name),) if me.is_inline else ()
    files = (phrases.block("help.files"),) if is_admin else ()
    lines = (
        Block((Text(f"/{command.name} – {command.description}"),), gap="\n")
        for command in commands(phrases, is_admin=is_admin)
    )
    return Page(
        blocks=(
            phrases.heading("help.title"),
            *((alone, groups) if is_private else (groups, alone)),
            phrases.block("help.under"),
            *inline,
            *files,
            phrases.heading("help.commands"),
            *lines,
        )
    )


def counted(phrases: Phrases, articles: int) -> Block:
    """How many articles there are."""
    key = "articles.count" if articles else "articles.none"
    return phrases.block(key, count=articles)


def question_missing(phrases: Phrases) -> Page:
    """`/ask` without a question."""
    return _said(phrases, "ask.missing")


def article_missing(phrases: Phrases) -> Page:
    """`/article` without a name."""
    return _said(phrases, "article.missing")


def languages(phrases: Phrases) -> Page:
    """`/language`: a button for each language, in its own words."""
    buttons = tuple((_language_button(phrases, one),) for one in Interface)
    return Page(blocks=(phrases.block("language.ask"),), buttons=buttons)


def language_set(phrases: Phrases) -> Page:
    """That the interface has a new language; said in that one."""
    return _said(phrases, "language.done")


def reset_done(phrases: Phrases) -> Page:
    """`/reset`: what was said before is not thought of any more."""
    return _said(phrases, "reset.done")


def privacy(phrases: Phrases, *, days: int, model: str | None) -> Page:
    """`/privacy`: what is stored and how long, and the language model that questions go to."""
    told = (phrases.block("privacy.model", model=model),) if model else ()
    return Page(
        blocks=(
            phrases.heading("privacy.title"),
            phrases.block("privacy.kept"),
            *told,
            phrases.block("privacy.days", count=days),
            phrases.block("privacy.forget"),
        )
    )


def forget_ask(phrases: Phrases) -> Page:
    """`/forget`: whether it is meant."""
    sure = Button(text=phrases.phrase("forget.yes"), data=data(ForgetMe(is_sure=True)))
    unsure = Button(text=phrases.phrase("forget.no"), data=data(ForgetMe(is_sure=False)))
    return Page(blocks=(phrases.block("forget.ask"),), buttons=((sure,), (unsure,)))


def forget_done(phrases: Phrases) -> Page:
    """That everything about the person is deleted."""
    return _said(phrases, "forget.done")


def forget_left(phrases: Phrases) -> Page:
    """That nothing was deleted."""
    return _said(phrases, "forget.left")


def limited(phrases: Phrases, limit: Limit, *, wait: timedelta, most: int = 0) -> Page:
    """That a person has to wait, and how long; `most` is what a limit of questions allows."""
    why = phrases.block(f"limit.{limit}", count=most, when=phrases.wait(wait))
    return Page(blocks=(why,))


def stranger(phrases: Phrases, number: int, *, is_private: bool) -> Page:
    """That a person or a chat is not let in; the number is what an administrator needs."""
    key = "access.person" if is_private else "access.chat"
    return Page(blocks=(phrases.block(key, id=Code(str(number))),))


def banned(phrases: Phrases) -> Page:
    """That a person is shut out."""
    return _said(phrases, "access.banned")


def administrators_only(phrases: Phrases) -> Page:
    """That a command is not for everybody."""
    return _said(phrases, "access.administrators")


def apology(phrases: Phrases, lapse: Lapse, question: str) -> Page:
    """That a question was not answered, and which one, so that it can be asked again."""
    asked = shortened(question, MOST_QUESTION)
    repeated = (Quote((Italic(asked),), gap="\n", is_expandable=False),) if asked else ()
    return Page(blocks=(phrases.block(f"lapse.{lapse}"), *repeated))


def trouble(phrases: Phrases, why: Trouble, *, detail: str = "") -> Page:
    """That something cannot be done; `detail` is for administrators only."""
    more = (Block((Code(detail),)),) if detail else ()
    return Page(blocks=(phrases.block(f"trouble.{why}"), *more))


def brief(phrases: Phrases, why: Trouble) -> str:
    """The same without markup, at most 200 characters: what a pressed button may answer."""
    return phrases.phrase(f"trouble.{why}")


def _said(phrases: Phrases, key: str) -> Page:
    return Page(blocks=(phrases.block(key),))


def _language_button(phrases: Phrases, language: Interface) -> Button:
    own = words(language).name(language)
    mark = "✓ " if language is phrases.language else ""
    text = f"{mark}{own[:1].upper()}{own[1:]}"
    return Button(text=text, data=data(SetLanguage(language=language)))
