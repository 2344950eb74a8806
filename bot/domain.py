"""The values that the bot's parts speak in: frozen, compared by content, no I/O."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is said: a chat, or one topic of a forum."""

    chat_id: int
    topic_id: int | None = None
    is_private: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Whose conversation it is: follow-ups keep to chat, topic and person."""

    place: Place
    user_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A citation as it was when it was shown: enough to show it again, wherever its file is."""

    number: int
    article_id: str
    title: str
    published_on: date | None
    quote: str
    before: str
    """What stands before the quote in its file, on one line, cut."""
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One statement of an answer, and the numbers of its sources."""

    text: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer as it is stored: for its buttons, for follow-ups, for feedback."""

    id: int
    thread: Thread
    question: str
    language: str
    asked_at: datetime
    statements: tuple[Said, ...]
    sources: tuple[Source, ...]
    refusal: str = ""
    """How a refusal was worded; empty for an answer."""

    @property
    def text(self) -> str:
        """What was said, as a follow-up is told of it."""
        marked = (
            f"{one.text} " + "".join(f"[{number}]" for number in one.numbers)
            for one in self.statements
        )
        return self.refusal or " ".join(marked)


class Verdict(StrEnum):
    """What a person thinks of an answer."""

    GOOD = "good"
    BAD = "bad"


class Interface(StrEnum):
    """The languages of the interface."""

    DE = "de"
    EN = "en"
    FR = "fr"
    RU = "ru"
    KK = "kk"


class Fault(StrEnum):
    """What a person finds wrong with an answer."""

    WRONG = "wrong"
    LACKING = "lacking"
    BESIDE = "beside"
    """It answers something else."""
    QUOTE = "quote"
    """The quotes do not carry it."""


class Limit(StrEnum):
    """What keeps a person from asking for a while."""

    MINUTE = "minute"
    DAY = "day"
    COST = "cost"


class Trouble(StrEnum):
    """Why something cannot be done."""

    INTERNAL = "internal"
    LONG = "long"
    """The question has too many characters."""
    UNREADABLE = "unreadable"
    """The question is not text."""
    ARTICLES = "articles"
    """The articles or their index cannot be used."""
    NO_ARTICLE = "no_article"
    NO_ANSWER = "no_answer"
    """The answer that a button belongs to is not stored any more."""
    NO_BUTTON = "no_button"


class Lapse(StrEnum):
    """Why a question was not answered at all."""

    INTERRUPTED = "interrupted"
    LATE = "late"


class Objection(StrEnum):
    """Why a file does not join the articles."""

    KIND = "kind"
    SIZE = "size"
    NAME = "name"
    TAKEN = "taken"
    """There is an article of that name."""
    EMPTY = "empty"
    """No words were found in it."""
    BROKEN = "broken"
    """It cannot be read as what it says it is, within reason."""
    GONE = "gone"
    """It waited too long for its confirmation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Me:
    """What the bot is, as Telegram says (`getMe`)."""

    username: str
    """Without the `@`."""
    reads_groups: bool
    """Whether it gets every message of a group; else commands and replies to it only."""
    is_inline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An article in a list."""

    article_id: str
    title: str
    language: str = ""
    published_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A file that an administrator sent, before it joins the articles."""

    id: int
    name: str
    """As the article's file will be called."""
    kind: str
    """Such as `PDF`."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the index and the bot are."""

    articles: int
    passages: int
    generation: int
    changed: int
    """Files that are not as they were indexed."""
    model: str | None
    waiting: int
    """Updates that are not done yet."""
    copies: int
    """Messages that may have been sent twice."""
    uptime: timedelta
    polled: timedelta | None = None
    """Since Telegram was last heard of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What the bot did in some days."""

    days: int
    people: int
    answers: int
    refusals: int
    good: int
    bad: int
    cost: float | None = None
    """In the currency of the price table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who wrote to the bot, or whom an administrator named."""

    user_id: int
    language: Interface
    is_chosen: bool = False
    """Whether they chose the language; else it is as Telegram says."""
    is_active: bool = True
    """Whether messages reach them: not where they have blocked the bot."""
    is_banned: bool = False
    is_allowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A chat as the bot knows it."""

    chat_id: int
    is_active: bool = True
    """Whether the bot is in it."""
    is_banned: bool = False
    is_allowed: bool = False
    migrated_to: int | None = None
    """The number that it has now, where Telegram gave it another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An update that is not done yet."""

    update_id: int
    chat_id: int | None
    user_id: int | None
    received_at: datetime
    body: str
    tries: int
    """How many times its handling was begun."""
    is_planned: bool
    """Whether what is to be sent is written down already: it need not be worked out again."""
    interim_message_id: int | None = None
    """The message that a group sees while the answer is made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A message that is to be sent."""

    id: int
    update_id: int
    part: int
    """Its place in the plan, from 0."""
    body: str
    is_doubtful: bool = False
    """Whether it may have been sent already: the try's end was not written down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Why a person may not ask now, and when they may again."""

    limit: Limit
    until: datetime
