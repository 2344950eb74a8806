"""What Telegram knows: people, chats, files, and which updates the bot has not seen yet.

    something happens -> may the bot know of it? -> queue of updates -> polling, or the webhook

All of it is used from two threads, the test's and the server's, under `lock`.
"""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.telegram_text import Text
from tests.telegram_values import (
    Chat,
    Draft,
    Json,
    Message,
    Press,
    Question,
    RefusedError,
    Upload,
    User,
    Version,
    bad,
    forbidden,
    member_json,
)

TOKEN = "7000000001:AAtest-token-for-tests-only-4f1c9a7e2b"  # noqa: S105
"""The only token that is taken."""

ASKED_FOR = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
"""Updates that come only if they are asked for by name."""

_COMMAND = re.compile(r"/[A-Za-z0-9_]+(?:@(?P<bot>[A-Za-z0-9_]+))?(?!\w)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What BotFather was told, and how strict the server is."""

    token: str = TOKEN
    username: str = "citebot_test_bot"
    privacy: bool = True
    """In groups only commands, replies and service messages reach the bot."""
    inline: bool = True
    feedback: bool = True
    """Whether the bot hears which result of an inline query was taken."""
    patience: float = 15.0
    """Seconds in which a pressed button or an inline query has to be answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """Something that the bot is to hear of; those of one `lane` are delivered one by one."""

    id: int
    lane: int
    value: Json

    def json(self) -> Json:
        return {"update_id": self.id} | self.value


@dataclass(slots=True)
class Queue:
    """The updates that are not confirmed yet, oldest first."""

    wake: Callable[[], None] = lambda: None
    pending: deque[Update] = field(default_factory=deque)
    allowed: frozenset[str] = frozenset()
    """The kinds that the bot asked for; all but those of `ASKED_FOR` where it named none."""
    last: int = 500_000_000

    def put(self, kind: str, value: Json, lane: int) -> None:
        """Queue an update, if the bot wants that kind."""
        if kind in self.allowed or not (self.allowed or kind in ASKED_FOR):
            self.put_raw({kind: value}, lane)

    def put_raw(self, value: Json, lane: int = 0) -> None:
        """Queue anything, whether a bot can read it or not."""
        self.last += 1
        self.pending.append(Update(id=self.last, lane=lane, value=value))
        self.wake()

    def confirm(self, offset: int) -> None:
        """Forget updates before that number; a negative one counts from the end."""
        if offset < 0:
            for _ in range(len(self.pending) + offset):
                self.pending.popleft()
        while offset > 0 and self.pending and self.pending[0].id < offset:
            self.pending.popleft()

    def allow(self, kinds: Collection[str] | None) -> None:
        """From now on only these kinds; None leaves it as it is."""
        if kinds is not None:
            self.allowed = frozenset(kinds)


class World:
    """All that there is, and what happens to it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock = threading.RLock()
        self.queue = Queue()
        self.started = time.monotonic()
        bot_id = int(settings.token.partition(":")[0])
        self.bot = User(id=bot_id, first_name="Citebot", username=settings.username, is_bot=True)
        self.users: dict[int, User] = {bot_id: self.bot}
        self.chats: dict[int, Chat] = {}
        self.files: dict[str, Upload] = {}
        self.presses: dict[str, Press] = {}
        self.questions: dict[str, Question] = {}
        self.inline: dict[str, Message] = {}
        self.profile: dict[tuple[str, ...], object] = {}
        """What the bot said of itself: commands and descriptions, by scope and language."""
        self.numbers = count(1)

    def new_person(self, name: str, username: str, language: str) -> Chat:
        """Somebody with a private chat that is not started yet."""
        number = 1000 + next(self.numbers)
        user = User(id=number, first_name=name, username=username, language=language)
        self.users[number] = user
        chat = Chat(id=number, type="private", person=user, is_started=False)
        chat.members = {number: "member", self.bot.id: "member"}
        self.chats[number] = chat
        return chat

    def new_group(self, title: str, *, is_super: bool, is_forum: bool = False) -> Chat:
        """A group with nobody in it but the bot."""
        number = next(self.numbers)
        number = -1_001_000_000_000 - number if is_super else -5_000_000 - number
        kind = "supergroup" if is_super else "group"
        chat = Chat(id=number, type=kind, title=title, is_forum=is_forum)
        chat.members[self.bot.id] = "member"
        self.chats[number] = chat
        return chat

    def new_channel(self, title: str) -> Chat:
        """A channel that the bot may write in."""
        number = -1_001_500_000_000 - next(self.numbers)
        self.chats[number] = Chat(id=number, type="channel", title=title)
        self.chats[number].members[self.bot.id] = "administrator"
        return self.chats[number]

    def now(self) -> float:
        """Seconds since the server started."""
        return time.monotonic() - self.started

    def version(self, words: Text, markup: Json | None = None, html: str = "") -> Version:
        """What is said now."""
        return Version(words=words, markup=markup, at=self.now(), html=html)

    def message(self, chat: Chat, sender: User | None, version: Version, **more: object) -> Message:
        """A message that is not in its chat yet."""
        return Message(chat=chat, sender=sender, versions=[version], date=int(time.time()), **more)  # type: ignore[arg-type]

    def upload(self, data: bytes, name: str, mime: str, size: int | None = None) -> Upload:
        """Keep a file."""
        number = f"file-{next(self.numbers)}"
        whole = len(data) if size is None else size
        self.files[number] = Upload(id=number, name=name, mime=mime, data=data, size=whole)
        return self.files[number]

    def happens(self, message: Message) -> Message:
        """Somebody else than the bot wrote; the bot hears of it where it may."""
        message.chat.add(message)
        self._place(message)
        self._tell(message, "channel_post" if message.chat.type == "channel" else "message")
        return message

    def edited(self, message: Message, version: Version) -> None:
        """Somebody else than the bot edited a message."""
        message.versions.append(version)
        message.edit_date = int(time.time())
        is_post = message.chat.type == "channel"
        self._tell(message, "edited_channel_post" if is_post else "edited_message")

    def _tell(self, message: Message, kind: str) -> None:
        if self.reaches(message):
            self.queue.put(kind, message.json(), message.chat.id)

    def _place(self, message: Message) -> None:
        """Put a message into the thread of the one that it replies to."""
        chat, reply = message.chat, message.reply
        if chat.is_forum and reply and reply.is_topic and not message.is_topic:
            message.thread, message.is_topic = reply.thread, True
        if chat.is_forum and message.is_topic and not reply and message.thread:
            message.reply = chat.messages.get(message.thread)  # As the first message of a topic.
        if chat.type == "supergroup" and not chat.is_forum and reply:
            message.thread = reply.thread or reply.id

    def reaches(self, message: Message) -> bool:
        """Whether the bot is told of a message: in groups it may not read all of them."""
        chat = message.chat
        status = chat.members.get(self.bot.id, "left")
        if chat.type == "private" or status == "administrator":
            return True
        if status in {"left", "kicked"}:
            return False
        if not self.settings.privacy or message.service or message.via is self.bot:
            return True
        command = _COMMAND.match(message.text)
        if command:
            name = command["bot"]
            return not name or name.lower() == self.bot.username.lower()
        return message.reply is not None and message.reply.sender is self.bot

    def sent(self, message: Message) -> Message:
        """The bot wrote; a draft of the same thread is over."""
        message.chat.add(message)
        self._place(message)
        for draft in message.chat.drafts:
            if draft.message is None and draft.thread in {message.thread, None}:
                draft.message = message
        return message

    def becomes(self, chat: Chat, status: str, by: User) -> None:
        """The bot is let in, thrown out, blocked or made an administrator."""
        was = chat.members.get(self.bot.id, "left")
        chat.members[self.bot.id] = status
        value = {
            "chat": chat.json(),
            "from": by.json(),
            "date": int(time.time()),
            "old_chat_member": member_json(self.bot, was),
            "new_chat_member": member_json(self.bot, status),
        }
        self.queue.put("my_chat_member", value, chat.id)

    def chat(self, chat_id: object) -> Chat:
        """The chat of that number. Raises `RefusedError`."""
        if chat_id in {None, "", 0}:
            raise bad("chat_id is empty")
        if not isinstance(chat_id, int) or chat_id not in self.chats:
            raise bad("chat not found")
        return self.chats[chat_id]

    def writable(self, chat_id: object) -> Chat:
        """The chat of that number, where the bot may write. Raises `RefusedError`."""
        chat = self.chat(chat_id)
        status = chat.members.get(self.bot.id, "left")
        if chat.moved_to:
            raise RefusedError(
                400,
                "Bad Request: group chat was upgraded to a supergroup chat",
                {"migrate_to_chat_id": chat.moved_to},
            )
        if not chat.is_started:
            raise forbidden("bot can't initiate conversation with a user")
        if status == "kicked":
            blocked = chat.type == "private"
            raise forbidden(
                "bot was blocked by the user"
                if blocked
                else f"bot was kicked from the {_sort(chat)} chat"
            )
        if status == "left":
            raise forbidden(f"bot is not a member of the {_sort(chat)} chat")
        return chat

    def of_bot(self, chat: Chat) -> Iterator[Message]:
        """What the bot wrote in a chat, the deleted as well, in order."""
        items: Iterable[object] = tuple(chat.timeline)
        for item in items:
            if isinstance(item, Message) and item.sender is self.bot and not item.service:
                yield item

    def draft(self, chat: Chat, number: int, thread: int | None, version: Version) -> Draft:
        """Show the next state of a draft."""
        for draft in reversed(chat.drafts):
            if draft.id == number and draft.message is None:
                draft.versions.append(version)
                return draft
        draft = Draft(id=number, thread=thread, versions=[version])
        chat.drafts.append(draft)
        chat.timeline.append(draft)
        return draft


def _sort(chat: Chat) -> str:
    return {"group": "group", "supergroup": "supergroup"}.get(chat.type, "channel")
