"""What the bot's database holds. `bot/migrations` makes it; a test keeps the two equal.

What is about a person is named by `user_id`, by the `chat_id` of their private chat (Telegram
gives both the same number), or hangs on a row that is: see `bot.people.People.forget`.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

# So that a later migration can name what it changes, in either database.
NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A time in UTC, with its zone: PostgreSQL keeps one, SQLite is given it back.

    Raises `ValueError` for a time without a zone.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        """As it is stored."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        """As it was given."""
        if value is None:
            return None
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


class Words(TypeDecorator[str]):
    """Text from outside. PostgreSQL takes no NUL, and neither takes half a surrogate pair."""

    impl = Text()
    cache_ok = True

    def process_bind_param(self, value: str | None, _: Dialect) -> str | None:
        """As it is stored: what no database takes is a question mark."""
        if value is None:
            return None
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")


# SQLite counts up only what is called INTEGER; its numbers have 64 bits all the same.
_NUMBER = BigInteger().with_variant(Integer(), "sqlite")

METADATA = MetaData(naming_convention=NAMES)


def _key(name: str, *more: Any) -> Column[int]:
    """A number that Telegram gave, as (part of) the key."""
    return Column(name, BigInteger, *more, primary_key=True, autoincrement=False)


def _one_of(name: str, *values: str) -> CheckConstraint:
    return CheckConstraint(f"{name} IN ({', '.join(map(repr, values))})", name=name)


INBOX = Table(
    "inbox",
    METADATA,
    _key("update_id"),
    Column("chat_id", BigInteger),
    Column("user_id", BigInteger),
    Column("received_at", Moment, nullable=False),
    Column("body", Words, nullable=False),
    Column("state", String(16), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("interim_message_id", BigInteger),
    _one_of("state", "new", "working", "done", "apologised"),
    Index(None, "state"),
    Index(None, "user_id"),
)
"""Updates, from before Telegram is told that they have come; closed ones say nothing of anybody."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    Column(
        "update_id",
        BigInteger,
        ForeignKey("inbox.update_id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("part", Integer, nullable=False),
    Column("body", Words, nullable=False),
    Column("state", String(16), nullable=False),
    Column("message_id", BigInteger),
    _one_of("state", "planned", "sending", "sent"),
    UniqueConstraint("update_id", "part"),
)
"""Messages, from before they are sent."""

COUNTERS = Table(
    "counters",
    METADATA,
    Column("name", String(32), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
"""What is counted for ever, without anybody's name."""

PEOPLE = Table(
    "people",
    METADATA,
    _key("user_id"),
    Column("language", String(8), nullable=False),
    Column("is_chosen", Boolean, nullable=False),
    Column("is_active", Boolean, nullable=False),
    Column("is_banned", Boolean, nullable=False),
    Column("is_allowed", Boolean, nullable=False),
)

CHATS = Table(
    "chats",
    METADATA,
    _key("chat_id"),
    Column("is_active", Boolean, nullable=False),
    Column("is_banned", Boolean, nullable=False),
    Column("is_allowed", Boolean, nullable=False),
    Column("migrated_to", BigInteger),
)

ANSWERS = Table(
    "answers",
    METADATA,
    Column("id", _NUMBER, primary_key=True),
    # Of an update that is pruned, or asked again: no foreign key.
    Column("update_id", BigInteger, unique=True),
    Column("chat_id", BigInteger, nullable=False),
    # 0 where the chat has no topics, so that equal is equal.
    Column("topic_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("question", Words, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("language", String(16), nullable=False),
    Column("is_refusal", Boolean, nullable=False),
    Column("is_past", Boolean, nullable=False),
    Column("body", Words, nullable=False),
    Index(None, "user_id", "chat_id", "topic_id", "asked_at"),
    Index(None, "asked_at"),
    # A number is never given twice: an old button must not show a new answer.
    sqlite_autoincrement=True,
)
"""`is_past` is what a reset leaves behind: no follow-up goes back to it."""

FEEDBACK = Table(
    "feedback",
    METADATA,
    Column("answer_id", _NUMBER, ForeignKey("answers.id", ondelete="CASCADE"), primary_key=True),
    _key("user_id"),
    Column("verdict", String(8), nullable=False),
    Column("reason", Words, nullable=False),
    Index(None, "user_id"),
)

ASKED = Table(
    "asked",
    METADATA,
    _key("update_id"),
    Column("user_id", BigInteger, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Index(None, "user_id", "asked_at"),
)
"""Questions that were let through, for the limit of a minute."""

SPENDING = Table(
    "spending",
    METADATA,
    Column("day", Date, primary_key=True),
    # Nobody, 0, has what those spent that are forgotten.
    _key("user_id"),
    Column("questions", Integer, nullable=False),
    Column("cost", Double, nullable=False),
    Index(None, "user_id"),
)
"""Questions and their cost, by days in UTC."""
