"""The first tables. A step that was published stays as it is: changes are steps of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

# SQLite counts up only what is called INTEGER.
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Into an empty database."""
    _updates()
    _people()
    _answers()
    _limits()


def _updates() -> None:
    op.create_table(
        "inbox",
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("chat_id", sa.BigInteger),
        sa.Column("user_id", sa.BigInteger),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("interim_message_id", sa.BigInteger),
        sa.CheckConstraint("state IN ('new', 'working', 'done', 'apologised')", name="state"),
        sa.Index(None, "state"),
        sa.Index(None, "user_id"),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column(
            "update_id",
            sa.BigInteger,
            sa.ForeignKey("inbox.update_id", ondelete="CASCADE"),
            nullable=False,
        ),
        sa.Column("part", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("message_id", sa.BigInteger),
        sa.CheckConstraint("state IN ('planned', 'sending', 'sent')", name="state"),
        sa.UniqueConstraint("update_id", "part"),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(32), primary_key=True),
        sa.Column("value", sa.BigInteger, nullable=False),
    )


def _people() -> None:
    op.create_table(
        "people",
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("is_chosen", sa.Boolean, nullable=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("is_banned", sa.Boolean, nullable=False),
        sa.Column("is_allowed", sa.Boolean, nullable=False),
    )
    op.create_table(
        "chats",
        sa.Column("chat_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("is_active", sa.Boolean, nullable=False),
        sa.Column("is_banned", sa.Boolean, nullable=False),
        sa.Column("is_allowed", sa.Boolean, nullable=False),
        sa.Column("migrated_to", sa.BigInteger),
    )


def _answers() -> None:
    op.create_table(
        "answers",
        sa.Column("id", NUMBER, primary_key=True),
        sa.Column("update_id", sa.BigInteger, unique=True),
        sa.Column("chat_id", sa.BigInteger, nullable=False),
        sa.Column("topic_id", sa.BigInteger, nullable=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("question", sa.Text, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("is_refusal", sa.Boolean, nullable=False),
        sa.Column("is_past", sa.Boolean, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Index(None, "user_id", "chat_id", "topic_id", "asked_at"),
        sa.Index(None, "asked_at"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "feedback",
        sa.Column(
            "answer_id",
            NUMBER,
            sa.ForeignKey("answers.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Index(None, "user_id"),
    )


def _limits() -> None:
    op.create_table(
        "asked",
        sa.Column("update_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("user_id", sa.BigInteger, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Index(None, "user_id", "asked_at"),
    )
    op.create_table(
        "spending",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("user_id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("questions", sa.Integer, nullable=False),
        sa.Column("cost", sa.Double, nullable=False),
        sa.Index(None, "user_id"),
    )
