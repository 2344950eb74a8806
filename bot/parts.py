"""Everything that one bot is made of: made once by `bot.app`, handed to every verb."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from telegram.ext import ExtBot

from bot.answers import Answers
from bot.database import Database
from bot.domain import Me
from bot.health import Metrics
from bot.inbox import Inbox
from bot.limiter import Urgency
from bot.outbox import Outbox
from bot.people import Chats, People
from bot.quota import Quota
from bot.settings import BotSettings
from rag.answerer import Answerer
from rag.settings import Settings


@dataclass(frozen=True, kw_only=True, eq=False)
class Parts:
    """What the verbs work with."""

    settings: BotSettings
    library: Settings
    """The settings of the library that answers."""
    answerer: Answerer
    bot: ExtBot[Urgency]
    """For typing, answers to presses, files: whatever is not a message; those go by `outbox`."""
    me: Me
    database: Database
    inbox: Inbox
    people: People
    chats: Chats
    answers: Answers
    quota: Quota
    outbox: Outbox
    metrics: Metrics
    now: Callable[[], datetime]
    started_at: datetime
