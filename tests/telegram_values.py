"""What a Telegram chat is made of, and how it looks on the wire.

    Chat -> Message -> Version (a message has one more with every edit)
         -> Draft   -> Version

A test sees these values themselves, while they go on changing; a `Version` never changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.telegram_text import Text

Json = dict[str, Any]
"""An object as it is on the wire."""

RIGHTS = (
    "can_be_edited is_anonymous can_manage_chat can_delete_messages can_manage_video_chats "
    "can_restrict_members can_promote_members can_change_info can_invite_users can_post_stories "
    "can_edit_stories can_delete_stories can_pin_messages can_manage_topics"
).split()
"""What an administrator may do; the first two are never given."""


class RefusedError(Exception):
    """A call that is refused, in the words of the Bot API."""

    def __init__(self, status: int, description: str, parameters: Mapping[str, int] = {}) -> None:
        super().__init__(description)
        self.status = status
        self.description = description
        self.parameters = dict(parameters)

    def json(self) -> Json:
        value = {"ok": False, "error_code": self.status, "description": self.description}
        return value | ({"parameters": self.parameters} if self.parameters else {})


def bad(what: str) -> RefusedError:
    """A request that cannot be done."""
    return RefusedError(400, f"Bad Request: {what}")


def forbidden(what: str) -> RefusedError:
    """A request that the bot may not make."""
    return RefusedError(403, f"Forbidden: {what}")


def slow_down(seconds: int) -> RefusedError:
    """A request too many."""
    return RefusedError(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person or a bot."""

    id: int
    first_name: str
    username: str = ""
    language: str = ""
    is_bot: bool = False

    def json(self) -> Json:
        value: Json = {"id": self.id, "is_bot": self.is_bot, "first_name": self.first_name}
        more = {"username": self.username, "language_code": self.language}
        return value | {name: said for name, said in more.items() if said}


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file; `size` may say more than there is data."""

    id: str
    name: str
    mime: str
    data: bytes
    size: int

    @property
    def path(self) -> str:
        return f"documents/{self.id}"

    def json(self) -> Json:
        return {
            "file_id": self.id,
            "file_unique_id": f"unique-{self.id}",
            "file_name": self.name,
            "mime_type": self.mime,
            "file_size": self.size,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button of a keyboard; `wire` is all that was said of it."""

    text: str
    data: str = ""
    url: str = ""
    wire: Json = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What a message said at a time, in seconds since the server started."""

    words: Text
    markup: Json | None
    at: float
    html: str = field(default="", repr=False)
    """As it was sent, where that was HTML."""

    @property
    def keyboard(self) -> list[list[Button]]:
        """The buttons, row by row."""
        markup = self.markup or {}
        rows = markup.get("inline_keyboard") or markup.get("keyboard") or []
        return [[_button(one) for one in row] for row in rows]


def _button(wire: Json | str) -> Button:
    if isinstance(wire, str):
        return Button(text=wire)
    data, url = wire.get("callback_data", ""), wire.get("url", "")
    return Button(text=wire["text"], data=data, url=url, wire=wire)


@dataclass(slots=True, kw_only=True, eq=False)
class Message:
    """A message, of a person, the bot or the chat itself (`service`)."""

    chat: "Chat"
    sender: User | None
    versions: list[Version]
    date: int
    id: int = 0
    thread: int | None = None
    """What `message_thread_id` says: a topic, or the first message that was replied to."""
    is_topic: bool = False
    reply: "Message | None" = None
    quote: str = ""
    """What of the message that is replied to is shown."""
    file: Upload | None = None
    service: Json = field(default_factory=dict)
    """What happened in the chat, where nobody wrote this."""
    other: Json = field(default_factory=dict)
    """What is neither text nor a file, such as a sticker."""
    is_deleted: bool = False
    reactions: tuple[str, ...] = ()
    """What the bot reacted with."""
    edit_date: int = 0
    via: User | None = None
    inline_id: str = ""

    @property
    def last(self) -> Version:
        return self.versions[-1]

    @property
    def words(self) -> Text:
        """The text, or the caption, without markup, and its entities."""
        return self.last.words

    @property
    def text(self) -> str:
        return self.last.words.text

    @property
    def keyboard(self) -> list[list[Button]]:
        return self.last.keyboard

    @property
    def buttons(self) -> list[Button]:
        return [button for row in self.keyboard for button in row]

    @property
    def edits(self) -> int:
        return len(self.versions) - 1

    @property
    def at(self) -> float:
        """When it was sent, in seconds since the server started."""
        return self.versions[0].at

    def button(self, name: str) -> Button:
        """The only button with that text, or else that data."""
        named = [one for one in self.buttons if one.text == name]
        (button,) = named or [one for one in self.buttons if one.data == name]
        return button

    def json(self, *, is_whole: bool = True) -> Json:
        """As the bot gets it; without the message that is replied to where not `is_whole`."""
        value: Json = {"message_id": self.id, "date": self.date, "chat": self.chat.json()}
        if self.sender and self.chat.type != "channel":
            value["from"] = self.sender.json()
        else:
            value["sender_chat"] = self.chat.json()
        if self.via:
            value["via_bot"] = self.via.json()
        if self.thread:
            value["message_thread_id"] = self.thread
        if self.is_topic:
            value["is_topic_message"] = True
        if is_whole and self.reply and not self.reply.is_deleted:
            value["reply_to_message"] = self.reply.json(is_whole=False)
        if is_whole and self.quote:
            value["quote"] = {"text": self.quote, "position": 0, "is_manual": True}
        if self.edit_date:
            value["edit_date"] = self.edit_date
        return value | self._content() | self.other | self.service

    def _content(self) -> Json:
        words, markup = self.last.words, self.last.markup or {}
        value: Json = {"document": self.file.json()} if self.file else {}
        text, entities = ("caption", "caption_entities") if self.file else ("text", "entities")
        if words.text:
            value[text] = words.text
        if words.entities:
            value[entities] = [entity.json() for entity in words.entities]
        return value | ({"reply_markup": markup} if "inline_keyboard" in markup else {})


@dataclass(slots=True, kw_only=True, eq=False)
class Draft:
    """A message that is being written, as the person sees it grow."""

    id: int
    thread: int | None
    versions: list[Version]
    message: Message | None = None
    """What the bot sent in its place."""


@dataclass(slots=True, kw_only=True, eq=False)
class Press:
    """A button that was pressed; `answer` is what was said to the person, once something was."""

    id: str
    sender: User
    message: Message
    button: Button
    at: float
    is_answered: bool = False
    answer: str = ""
    is_alert: bool = False


@dataclass(slots=True, kw_only=True, eq=False)
class Question:
    """What somebody typed behind the bot's name; `results` is None while there is no answer."""

    id: str
    sender: User
    query: str
    offset: str
    at: float
    results: list[Json] | None = None
    more: Json = field(default_factory=dict)
    """What else the answer said: how long it holds, for whom, where it goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What the bot was seen doing, such as `typing`."""

    name: str
    thread: int | None
    at: float


@dataclass(slots=True, kw_only=True, eq=False)
class Chat:
    """A private chat, a group, a supergroup or a channel."""

    id: int
    type: str
    title: str = ""
    person: User | None = None
    """Whose private chat it is."""
    is_forum: bool = False
    members: dict[int, str] = field(default_factory=dict)
    """Who is in it, as `member`, `administrator` or `creator`; the bot as well."""
    is_started: bool = True
    moved_to: int = 0
    """The supergroup that it became."""
    messages: dict[int, Message] = field(default_factory=dict)
    timeline: list[Message | Draft | Press] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    actions: list[Action] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.title or (self.person.first_name if self.person else "")

    @property
    def is_group(self) -> bool:
        return self.type in {"group", "supergroup"}

    def json(self) -> Json:
        value: Json = {"id": self.id, "type": self.type}
        if self.person:
            value["first_name"] = self.person.first_name
            value |= {"username": self.person.username} if self.person.username else {}
        else:
            value["title"] = self.title
        return value | ({"is_forum": True} if self.is_forum else {})

    def add(self, message: Message) -> Message:
        """Give a message its number."""
        message.id = len(self.messages) + 1
        self.messages[message.id] = message
        self.timeline.append(message)
        return message


def member_json(user: User, status: str) -> Json:
    """Who somebody is in a chat."""
    value: Json = {"user": user.json(), "status": status}
    match status:
        case "administrator":
            value |= {name: number > 1 for number, name in enumerate(RIGHTS)}
        case "creator":
            value["is_anonymous"] = False
        case "kicked":
            value["until_date"] = 0
        case _:
            pass
    return value
