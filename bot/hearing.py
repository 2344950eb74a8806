"""What a person says to the bot: who, where, in which language; and whether it is meant for it."""

from dataclasses import dataclass
from datetime import datetime

from telegram import Chat, MaybeInaccessibleMessage, Message, MessageEntity, Update, User

from bot.domain import Me, Place, Thread
from bot.phrases import Phrases

BESIDE = " \n\t,:"
"""What may stand beside the bot's name, and is no part of a question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing that somebody said or pressed, and that is to be handled."""

    update_id: int
    thread: Thread
    message_id: int | None
    """The message that a reply goes to."""
    text: str
    phrases: Phrases
    """The words of the person's interface."""
    is_admin: bool
    at: datetime

    @property
    def place(self) -> Place:
        """Where it was said."""
        return self.thread.place


def place_of(message: MaybeInaccessibleMessage) -> Place:
    """Where a message stands: its chat, and its topic in a forum."""
    topic = None
    if isinstance(message, Message) and message.is_topic_message:
        topic = message.message_thread_id
    is_private = message.chat.type == Chat.PRIVATE
    return Place(chat_id=message.chat.id, topic_id=topic, is_private=is_private)


def thread_of(message: MaybeInaccessibleMessage, user: User) -> Thread:
    """Whose conversation a message belongs to."""
    return Thread(place=place_of(message), user_id=user.id)


def message_of(update: Update) -> Message | None:
    """A person's new message; not an edited one, a channel's, or what inline mode left."""
    message = update.message
    if not message or not message.from_user or message.from_user.is_bot or message.via_bot:
        return None
    # What a channel says comes into its group as if a person of Telegram's had written it.
    return None if message.is_automatic_forward else message


def command_of(message: Message, me: Me) -> tuple[str, str] | None:
    """The command that a message begins with, and what stands behind it.

    Nothing for one that is addressed to another bot (`/ask@other_bot`).
    """
    first = message.entities[0] if message.entities else None
    text = message.text or ""
    if not first or first.type != MessageEntity.BOT_COMMAND or first.offset:
        return None
    word = message.parse_entity(first)
    name, _, bot = word[1:].partition("@")
    if bot and bot.lower() != me.username.lower():
        return None
    return name.lower(), text[len(word) :].strip()


def is_command(message: Message) -> bool:
    """Whether a message begins with a command, be it for whom it may."""
    first = message.entities[0] if message.entities else None
    return bool(first and first.type == MessageEntity.BOT_COMMAND and not first.offset)


def question_of(message: Message, me: Me) -> str | None:
    """What a message that is no command asks the bot; nothing where it is not meant for it.

    In private every text is; in groups a reply to the bot, or one that mentions it.
    """
    text = message.text or ""
    if not text.strip() or is_command(message):
        return None
    if message.chat.type == Chat.PRIVATE:
        return text
    mentioned = _without_mention(message, me)
    if mentioned is not None:
        return mentioned
    return text if _is_reply_to(message, me) else None


def _is_reply_to(message: Message, me: Me) -> bool:
    answered = message.reply_to_message
    # The first message of a topic is answered by every message in it.
    if not answered or answered.forum_topic_created:
        return False
    author = answered.from_user
    return bool(author and author.is_bot and author.username == me.username)


def _without_mention(message: Message, me: Me) -> str | None:
    """The text without the bot's name, where it stands in it."""
    name = f"@{me.username}".lower()
    found = message.parse_entities([MessageEntity.MENTION])
    ours = [entity for entity, text in found.items() if text.lower() == name]
    # Places in a text count UTF-16 code units.
    text = (message.text or "").encode("utf-16-le", "surrogatepass")
    pieces, start = [], 0
    for entity in sorted(ours, key=lambda one: one.offset):
        pieces.append(text[start : 2 * entity.offset])
        start = 2 * (entity.offset + entity.length)
    pieces.append(text[start:])
    plain = (piece.decode("utf-16-le", "surrogatepass").strip(BESIDE) for piece in pieces)
    return " ".join(piece for piece in plain if piece) if ours else None
