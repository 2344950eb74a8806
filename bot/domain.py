"""The values that the bot's parts speak in: frozen, compared by content, no I/O."""

from dataclasses import dataclass
from datetime import date, datetime
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
