"""Which update goes to which verb: access is checked here, once, before all of them.

update ── begin (inbox) ── planned already? ── who may? ── what is it? ── verb ── done
                               └── what is left of it is said
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from telegram import Bot, CallbackQuery, Chat, ChatMember, InlineQuery, Message, Update, User
from telegram.error import TelegramError
from telegram.ext import ContextTypes

from bot import admin, asking, callbacks, commands, inline, pages, uploads
from bot.access import Access, Gate, Told
from bot.domain import Interface, Lapse, Place, Received, Thread, Trouble
from bot.health import Outcome
from bot.hearing import Heard, command_of, is_command, message_of, question_of, thread_of
from bot.joining import Joined, Joiner
from bot.outbox import UndeliveredError
from bot.overdue import Overdue
from bot.parts import Parts
from bot.phrases import interface, words
from bot.redact import where
from bot.telling import tell
from rag.errors import StorageError

MOST_TRIES = 10
"""Times that an update is begun: one that ends the process each time is apologised for. One that
waits for a further part, or for the database, is begun more than once, too."""

ASK = "ask"
"""The command that every question is an abbreviation of."""

_log = logging.getLogger(__name__)


class End(StrEnum):
    """What became of an update."""

    DONE = "done"
    APOLOGISED = "apologised"
    WAITS = "waits"
    """It comes again, or ends with the next one."""


@dataclass(kw_only=True, eq=False)
class Routes:
    """Handles updates; every one is closed in the inbox, or stays open to be handled again."""

    parts: Parts
    gate: Gate
    again: Callable[[Update], None]
    """Has an update come once more, behind those that wait."""
    _open: dict[int, Received] = field(default_factory=dict)
    """What was open at the start, by update, until it is done."""
    _parked: dict[int, Update] = field(default_factory=dict)
    """Parts of questions that more may follow of, until these are whole."""
    _wholes: dict[int, Update] = field(default_factory=dict)
    """Questions that were made of several updates, by the last of them, until they are done."""
    _ended: dict[int, End] = field(default_factory=dict)
    """What is done, and not written down as done yet."""
    _told: Told = field(default_factory=Told)

    def __post_init__(self) -> None:
        self._joiner = Joiner(again=self._unpark)
        self._overdue = Overdue(again=self.again)

    def close(self) -> None:
        """Wait for no further part of a question."""
        self._joiner.close()

    @property
    def waiting(self) -> int:
        """How many updates, and parts of questions, are kept in mind until they are done."""
        kept = (self._open, self._parked, self._wholes, self._ended, self._overdue, self._joiner)
        return sum(len(one) for one in kept)

    def restore(self, rows: Iterable[Received]) -> None:
        """Say what was open at the start; these updates come again."""
        self._open |= {row.update_id: row for row in rows}

    def sweep(self) -> None:
        """Have those updates come again whose end could not be said or written down."""
        self._overdue.sweep()

    def _unpark(self, number: int) -> None:
        if update := self._parked.get(number):
            self.again(update)

    async def handle(self, update: Update, _: ContextTypes.DEFAULT_TYPE | None = None) -> None:
        """Handle an update, and write down that it is done. Raises nothing."""
        number = update.update_id
        if not self._overdue.comes(update):
            return
        try:
            await self._handle(self._wholes.get(number, update))
        except (UndeliveredError, StorageError) as error:
            _log.warning("Update %d is not done yet (%s)", number, type(error).__name__)
            self._overdue.hold(update)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next update comes
            # Its row is open, and the next start's.
            _log.error("Update %d was left: %s", number, where(error))
            self._overdue.release(update)
            self._forget(number)
        else:
            self._overdue.release(update)

    async def _handle(self, update: Update) -> None:
        number, inbox = update.update_id, self.parts.inbox
        tries = await inbox.begin(number)
        if tries:
            end = self._ended.get(number) or await self._end(update, tries)
            if end is End.WAITS:
                return
            self._ended[number] = end
            await (inbox.done if end is End.DONE else inbox.apologised)(number)
        # Otherwise somebody asked to be forgotten, or it is a part of a question that is whole.
        self._forget(number)

    def _forget(self, number: int) -> None:
        for kept in (self._ended, self._open, self._parked, self._wholes):
            kept.pop(number, None)
        self._joiner.drop(number)

    async def _end(self, update: Update, tries: int) -> End:
        """Handle an update, or say that it could not be."""
        number = update.update_id
        row = self._open.get(number)
        if await self.parts.inbox.unsent(number):
            await self.parts.outbox.resume(number)
            return End.DONE
        if row and row.is_planned:
            return End.DONE  # All of it was said before the kill.
        if tries > MOST_TRIES:
            _log.error("Update %d was begun %d times and is given up", number, tries)
            return await self._give_up(update)
        try:
            return await self._dispatch(update)
        except (UndeliveredError, StorageError):
            raise
        except Exception as error:  # noqa: BLE001 - the person gets to know
            _log.error("Update %d failed: %s", number, where(error))
            return await self._give_up(update)

    async def _dispatch(self, update: Update) -> End:
        message = message_of(update)
        if update.inline_query:
            await self._inline(update, update.inline_query)
        elif update.callback_query:
            await self._pressed(update, update.callback_query)
        elif update.my_chat_member:
            member = update.my_chat_member
            await self._membership(member.chat, member.new_chat_member)
        elif update.message and update.message.migrate_to_chat_id:
            old, new = update.message.chat.id, update.message.migrate_to_chat_id
            await self.parts.chats.migrate(old, new)
        elif message and message.from_user:
            return await self._message(update, message, message.from_user)
        return End.DONE

    async def _message(self, update: Update, message: Message, user: User) -> End:
        """A message; what is not meant for the bot is left alone."""
        thread = thread_of(message, user)
        said = self._said(message, thread)
        # What has neither text nor a file is Telegram's own, such as that a message was pinned.
        if said is None and not (thread.place.is_private and message.effective_attachment):
            return End.DONE
        heard = await self._let_in(update, thread, user, message)
        if heard is None:
            return End.DONE
        if said and said[0] == ASK:
            return await self._question(update, replace(heard, text=said[1]))
        if said:
            await self._command(heard, message, *said)
        elif message.document and heard.is_admin:
            await uploads.offered(self.parts, heard, message)
        else:
            await tell(self.parts, heard, pages.trouble(heard.phrases, Trouble.UNREADABLE))
        return End.DONE

    def _said(self, message: Message, thread: Thread) -> tuple[str, str] | None:
        """The command, and what stands behind it; nothing where it is not meant for the bot."""
        if command := command_of(message, self.parts.me):
            return command
        question = question_of(message, self.parts.me)
        if question is None and not is_command(message) and self._joiner.is_waiting(thread):
            # Only the first part of a pasted question names the bot.
            question = message.text
        return None if question is None else (ASK, question)

    async def _question(self, update: Update, heard: Heard) -> End:
        """A question, or a part of one that was pasted."""
        number = heard.update_id
        if not heard.text.strip():
            await tell(self.parts, heard, pages.question_missing(heard.phrases))
            return End.DONE
        if number not in self._wholes:
            self._parked[number] = update
            joined = self._joiner.take(heard.thread, number, heard.text, heard.at)
            if joined is None:
                return End.WAITS
            if len(joined.update_ids) > 1 and await self._make_whole(update, joined):
                return await self._dispatch(self._wholes[number])
        row = self._open.get(number)
        interim = row.interim_message_id if row else None
        if self.parts.now() - heard.at > timedelta(minutes=self.parts.settings.stale_minutes):
            self.parts.metrics.asked(Outcome.FAILED)
            page = pages.apology(heard.phrases, Lapse.LATE, heard.text)
            await tell(self.parts, heard, page, replaces=interim)
            return End.APOLOGISED
        is_lapsed = await asking.ask(self.parts, heard, interim=interim)
        return End.APOLOGISED if is_lapsed else End.DONE

    async def _make_whole(self, update: Update, joined: Joined) -> bool:
        """Write several updates down as one. False if one of them is to be forgotten."""
        number, earlier = update.update_id, joined.update_ids[:-1]
        whole = _with_text(update, joined.text, self.parts.bot)
        try:
            is_whole = await self.parts.inbox.join(number, whole.to_json(), earlier)
        except StorageError:
            for one in earlier:
                self._overdue.hold(self._parked[one])
            raise
        if is_whole:
            self._wholes[number] = whole
        for one in earlier:
            self._parked.pop(one, None)
            self._open.pop(one, None)
        return is_whole

    async def _command(self, heard: Heard, message: Message, name: str, rest: str) -> None:
        if await commands.run(self.parts, heard, name, rest):
            return
        is_private = heard.place.is_private
        if heard.is_admin or is_private:  # In groups it may be meant for another bot.
            answered = message.reply_to_message
            author = answered.from_user.id if answered and answered.from_user else None
            if await admin.run(self.parts, heard, name, rest, answered=author):
                return
        if is_private:
            is_admin, me = heard.is_admin, self.parts.me
            page = pages.guide(heard.phrases, me, is_private=True, is_admin=is_admin)
            await tell(self.parts, heard, page)

    async def _pressed(self, update: Update, query: CallbackQuery) -> None:
        message, user = query.message, query.from_user
        if message is None:
            return  # Under what inline mode left the bot puts no buttons.
        thread = thread_of(message, user)
        if await self.gate.check(user.id, thread.place.chat_id) is not Access.GRANTED:
            _log.warning("A press of somebody who is not let in was left alone")
            if self._told.is_new(user.id):
                await self._rest(query, "")
            return
        heard = await self._heard(update, thread, user, None)
        pressed = replace(heard, message_id=message.message_id, text=query.data or "")
        await callbacks.pressed(self.parts, pressed, query)

    async def _rest(self, query: CallbackQuery, said: str) -> None:
        """Let a button come to rest."""
        try:
            await self.parts.bot.answer_callback_query(query.id, said or None)
        except TelegramError as error:
            _log.info("A press was not answered: %s", type(error).__name__)

    async def _inline(self, update: Update, query: InlineQuery) -> None:
        user = query.from_user
        if await self.gate.check(user.id, None) is not Access.GRANTED:
            _log.warning("An inline query of somebody who is not let in was left alone")
            return
        thread = Thread(place=Place(chat_id=user.id), user_id=user.id)
        heard = await self._heard(update, thread, user, None)
        await inline.asked(self.parts, replace(heard, text=query.query), query)

    async def _membership(self, chat: Chat, member: ChatMember) -> None:
        """The bot was blocked or let in again, taken into a group or thrown out."""
        gone = member.status in {ChatMember.BANNED, ChatMember.LEFT}
        if chat.type == Chat.PRIVATE:
            if gone:
                await self.parts.people.lose(chat.id)
        elif gone:
            await self.parts.chats.leave(chat.id)
        else:
            await self.parts.chats.join(chat.id)

    async def _let_in(
        self, update: Update, thread: Thread, user: User, message: Message
    ) -> Heard | None:
        """What somebody says who may; who may not is told so, once in a while."""
        access = await self.gate.check(user.id, thread.place.chat_id)
        if access is Access.GRANTED:
            return await self._heard(update, thread, user, message)
        _log.warning("Somebody who is not let in was turned away (%s)", access)
        if self._told.is_new(user.id):
            # Nothing is stored about them.
            heard = self._heard_in(update, thread, message, interface(user.language_code))
            is_private = thread.place.is_private
            number = user.id if is_private else thread.place.chat_id
            page = (
                pages.banned(heard.phrases)
                if access is Access.BANNED
                else pages.stranger(heard.phrases, number, is_private=is_private)
            )
            await tell(self.parts, heard, page)
        return None

    async def _heard(
        self, update: Update, thread: Thread, user: User, message: Message | None
    ) -> Heard:
        person = await self.parts.people.see(user.id, interface(user.language_code))
        return self._heard_in(update, thread, message, person.language)

    def _heard_in(
        self, update: Update, thread: Thread, message: Message | None, language: Interface
    ) -> Heard:
        return Heard(
            update_id=update.update_id,
            thread=thread,
            message_id=message.message_id if message else None,
            text=(message.text or "") if message else "",
            phrases=words(language),
            is_admin=thread.user_id in self.parts.settings.admins,
            at=message.date if message else self.parts.now(),
        )

    async def _give_up(self, update: Update) -> End:
        """Say that something could not be done, to whom it was done for."""
        if query := update.callback_query:
            phrases = words(interface(query.from_user.language_code))
            await self._rest(query, pages.brief(phrases, Trouble.INTERNAL))
        message = message_of(update)
        if message is None or message.from_user is None:
            return End.DONE
        thread = thread_of(message, message.from_user)
        said = self._said(message, thread)
        if said is None and not thread.place.is_private:
            return End.DONE
        if await self.gate.check(thread.user_id, thread.place.chat_id) is not Access.GRANTED:
            return End.DONE
        heard = await self._heard(update, thread, message.from_user, message)
        row = self._open.get(update.update_id)
        interim = row.interim_message_id if row else None
        if said and said[0] == ASK:
            self.parts.metrics.asked(Outcome.FAILED)
            page = pages.apology(heard.phrases, Lapse.INTERRUPTED, said[1])
            await tell(self.parts, heard, page, replaces=interim)
            return End.APOLOGISED
        await tell(self.parts, heard, pages.trouble(heard.phrases, Trouble.INTERNAL))
        return End.DONE


def _with_text(update: Update, text: str, bot: Bot) -> Update:
    """An update as if it had come with that question, addressed to the bot in any chat."""
    value = update.to_dict()
    command = f"/{ASK}"
    entity = {"type": "bot_command", "offset": 0, "length": len(command)}
    value["message"] |= {"text": f"{command} {text}", "entities": [entity]}
    return Update.de_json(value, bot)
