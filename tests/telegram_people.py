"""Who talks to the bot, and where: persons, groups and channels, as a test moves them.

Everything that is done here happens at once; the bot hears of it where Telegram would tell it.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.telegram_methods import LONGEST, text_of
from tests.telegram_text import Text, finished, units
from tests.telegram_values import (
    Button,
    Chat,
    Json,
    Message,
    Press,
    Question,
    User,
)

if TYPE_CHECKING:
    from tests.telegram_world import World


class Place:
    """A chat, as a test knows it."""

    def __init__(self, world: "World", chat: Chat) -> None:
        self._world = world
        self.chat = chat

    @property
    def id(self) -> int:
        return self.chat.id


class Person(Place):
    """Somebody, and the private chat of theirs."""

    def __init__(self, world: "World", chat: Chat, user: User) -> None:
        super().__init__(world, chat)
        self.user = user

    def says(
        self,
        text: str,
        *,
        chat: Place | None = None,
        topic: int | None = None,
        reply_to: Message | None = None,
    ) -> Message:
        """Write a message, in the private chat where no other is named."""
        assert units(text) <= LONGEST, "Telegram's apps split it: use pastes()"
        where = chat.chat if chat else self.chat
        with self._world.lock:
            self._starts(where)
            version = self._world.version(finished(Text(text=text)))
            message = self._world.message(where, self.user, version)
            message.reply = reply_to
            if topic is not None:
                assert "forum_topic_created" in where.messages[topic].service, "no such topic"
                message.thread, message.is_topic = topic, True
            return self._world.happens(message)

    def pastes(self, text: str, *, chat: Place | None = None) -> list[Message]:
        """Send a text that may be too long for a message, as Telegram's apps split it."""
        parts = [text[start : start + LONGEST] for start in range(0, len(text), LONGEST)]
        return [self.says(part, chat=chat) for part in parts]

    def edits(self, message: Message, text: str) -> None:
        """Change one's own message."""
        assert message.sender is self.user, "only one's own"
        with self._world.lock:
            self._world.edited(message, self._world.version(finished(Text(text=text))))

    def deletes(self, message: Message) -> None:
        """Take a message back; the bot is not told."""
        message.is_deleted = True

    def presses(self, message: Message, button: Button | str | None = None) -> Press:
        """Press a button: the only one, or the one with that text or that data."""
        if button is None:
            (button,) = message.buttons
        if isinstance(button, str):
            button = message.button(button)
        assert button.data, f"{button} does not call the bot"
        with self._world.lock:
            return self._press(message, button)

    def _press(self, message: Message, button: Button) -> Press:
        world = self._world
        number = f"{world.bot.id}{next(world.numbers):06}"
        press = Press(id=number, sender=self.user, message=message, button=button, at=world.now())
        world.presses[number] = press
        message.chat.timeline.append(press)
        value: Json = {"id": number, "from": self.user.json(), "data": button.data}
        value["chat_instance"] = str(message.chat.id)
        if message.inline_id:
            value["inline_message_id"] = message.inline_id
        elif message.is_deleted:
            gone = {"chat": message.chat.json(), "message_id": message.id, "date": 0}
            value["message"] = gone
        else:
            value["message"] = message.json()
        world.queue.put("callback_query", value, message.chat.id)
        return press

    def inline(self, query: str, *, offset: str = "", chat_type: str = "sender") -> Question:
        """Type something behind the bot's name, in any chat."""
        world = self._world
        assert world.settings.inline, "the bot has no inline mode"
        with world.lock:
            number = f"{self.user.id}{next(world.numbers):06}"
            question = Question(
                id=number, sender=self.user, query=query, offset=offset, at=world.now()
            )
            world.questions[number] = question
            value: Json = {"id": number, "from": self.user.json(), "query": query}
            value |= {"offset": offset, "chat_type": chat_type}
            world.queue.put("inline_query", value, self.user.id)
            return question

    def takes(self, question: Question, result: int = 0, *, chat: Place | None = None) -> Message:
        """Send one of the results of an inline query, an article, to a chat."""
        assert question.results, "there is nothing to take"
        wire = question.results[result]
        content = wire["input_message_content"]
        with self._world.lock:
            world, where = self._world, chat.chat if chat else self.chat
            words = text_of({**content, "text": content["message_text"]}, LONGEST, "")
            version = world.version(words, wire.get("reply_markup"))
            message = world.message(where, self.user, version)
            message.via = world.bot
            if version.markup:
                message.inline_id = f"inline-{next(world.numbers)}"
                world.inline[message.inline_id] = message
            chosen = {"result_id": wire["id"], "from": self.user.json(), "query": question.query}
            if message.inline_id:
                chosen["inline_message_id"] = message.inline_id
            if world.settings.feedback:
                world.queue.put("chosen_inline_result", chosen, self.user.id)
            return world.happens(message)

    def sends_file(
        self,
        name: str,
        data: bytes,
        mime: str = "application/octet-stream",
        *,
        caption: str = "",
        chat: Place | None = None,
        size: int | None = None,
    ) -> Message:
        """Send a file; `size` claims another size than the data have."""
        with self._world.lock:
            where = chat.chat if chat else self.chat
            self._starts(where)
            version = self._world.version(finished(Text(text=caption)))
            message = self._world.message(where, self.user, version)
            upload = self._world.upload(data, name, mime)
            message.file = replace(upload, size=len(data) if size is None else size)
            self._world.files[upload.id] = message.file
            return self._world.happens(message)

    def sends(self, other: Json, *, chat: Place | None = None) -> Message:
        """Send anything else, given as the fields of a message: a voice, a sticker, a place."""
        with self._world.lock:
            where = chat.chat if chat else self.chat
            self._starts(where)
            message = self._world.message(where, self.user, self._world.version(Text()))
            message.other = other
            return self._world.happens(message)

    def blocks(self) -> None:
        """Block the bot."""
        with self._world.lock:
            self._world.becomes(self.chat, "kicked", self.user)

    def unblocks(self) -> None:
        """Let the bot write again."""
        with self._world.lock:
            self._world.becomes(self.chat, "member", self.user)

    def _starts(self, chat: Chat) -> None:
        if chat.type == "private":
            chat.is_started = True
            if chat.members.get(self._world.bot.id) == "kicked":
                self._world.becomes(chat, "member", self.user)


class Group(Place):
    """A group or a supergroup."""

    def topic(self, name: str, by: Person) -> int:
        """Open a topic; its number is that of the message that says so."""
        assert self.chat.is_forum, "this group has no topics"
        service = {"forum_topic_created": {"name": name, "icon_color": 7322096}}
        with self._world.lock:
            message = self._serve(by, service)
            message.thread, message.is_topic = message.id, True
            return message.id

    def adds_bot(self, by: Person) -> None:
        """Let the bot in."""
        with self._world.lock:
            self._world.becomes(self.chat, "member", by.user)
            self._serve(by, {"new_chat_members": [self._world.bot.json()]})

    def removes_bot(self, by: Person) -> None:
        """Throw the bot out."""
        with self._world.lock:
            self._serve(by, {"left_chat_member": self._world.bot.json()})
            self._world.becomes(self.chat, "kicked", by.user)

    def promotes_bot(self, by: Person) -> None:
        """Make the bot an administrator, who reads everything."""
        with self._world.lock:
            self._world.becomes(self.chat, "administrator", by.user)

    def lets_in(self, person: Person, status: str = "member") -> None:
        """Make somebody a member, an `administrator` or the `creator`."""
        self.chat.members[person.id] = status
        with self._world.lock:
            self._serve(person, {"new_chat_members": [person.user.json()]})

    def migrates(self, by: Person) -> "Group":
        """Become a supergroup, which is another chat."""
        assert self.chat.type == "group", "only a basic group does"
        with self._world.lock:
            chat = self._world.new_group(self.chat.title, is_super=True)
            chat.members = dict(self.chat.members)
            self._serve(by, {"migrate_to_chat_id": chat.id})
            self.chat.moved_to = chat.id
            moved = Group(self._world, chat)
            moved._serve(by, {"migrate_from_chat_id": self.chat.id})
            return moved

    def _serve(self, by: Person, service: Json) -> Message:
        message = self._world.message(self.chat, by.user, self._world.version(Text()))
        message.service = service
        if "forum_topic_created" in service:
            message.thread, message.is_topic = len(self.chat.messages) + 1, True
        return self._world.happens(message)


class Channel(Place):
    """A channel, in which the bot is an administrator."""

    def posts(self, text: str) -> Message:
        """Publish something."""
        with self._world.lock:
            version = self._world.version(finished(Text(text=text)))
            return self._world.happens(self._world.message(self.chat, None, version))

    def edits(self, message: Message, text: str) -> None:
        """Change a post."""
        with self._world.lock:
            self._world.edited(message, self._world.version(finished(Text(text=text))))
