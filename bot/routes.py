"""Which update goes to which verb: access is checked here, once, before all of them.

update ── begin (inbox) ── planned already? ── who may? ── what is it? ── verb ── done
                               └── what is left of it is said
"""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from telegram import CallbackQuery, Chat, ChatMember, InlineQuery, Message, Update, User
from telegram.ext import ContextTypes

from bot import admin, asking, callbacks, commands, inline, pages, uploads
from bot.access import Access, Gate
from bot.domain import Lapse, Place, Received, Thread, Trouble
from bot.health import Outcome
from bot.hearing import Heard, command_of, is_command, message_of, question_of, thread_of
from bot.joining import Joiner
from bot.outbox import UndeliveredError
from bot.parts import Parts
from bot.phrases import Phrases, interface, words

MOST_TRIES = 5
"""Times that an update is begun: one that ends the process each time is apologised for."""

TOLD = 60.0
"""Seconds between two refusals of the same stranger."""

MOST_TOLD = 10_000
"""Strangers that are kept in mind."""

_log = logging.getLogger(__name__)


@dataclass(kw_only=True, eq=False)
class Routes:
    """Handles updates; every one is closed in the inbox, or stays open to be handled again."""

    parts: Parts
    gate: Gate
    again: Callable[[Update], None]
    """Has an update come once more, in its turn."""
    _parked: dict[int, Update] = field(default_factory=dict)
    """Parts of questions that more may follow of."""
    _open: dict[int, Received] = field(default_factory=dict)
    """What was open at the start, by update."""
    _undelivered: dict[int, Update] = field(default_factory=dict)
    _told: OrderedDict[int, float] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self._joiner = Joiner(again=self._unpark)

    def close(self) -> None:
        """Wait for no further part of a question."""
        self._joiner.close()

    def restore(self, rows: Iterable[Received]) -> None:
        """Say what was open at the start; these updates come again."""
        self._open |= {row.update_id: row for row in rows}

    def sweep(self) -> None:
        """Have those updates come again whose end could not be said."""
        updates = tuple(self._undelivered.values())
        self._undelivered.clear()
        for update in updates:
            self.again(update)

    def _unpark(self, number: int) -> None:
        update = self._parked.pop(number, None)
        if update:
            self.again(update)

    async def handle(self, update: Update, _: ContextTypes.DEFAULT_TYPE | None = None) -> None:
        """Handle an update, and write down that it is done."""
        number, inbox = update.update_id, self.parts.inbox
        tries = await inbox.begin(number)
        if not tries:
            return  # Done already, as part of a question that came in several.
        try:
            done = await self._done(update, tries)
        except UndeliveredError:
            _log.warning("The end of update %d could not be said yet", number)
            self._undelivered[number] = update
            return
        except Exception as error:  # noqa: BLE001 - whatever it is, the next update comes
            _log.exception("Update %d failed: %s", number, type(error).__name__)
            done = await self._apologise(update, Lapse.INTERRUPTED)
        await inbox.done(*done)
        for one in done:
            self._open.pop(one, None)

    async def _done(self, update: Update, tries: int) -> tuple[int, ...]:
        """Handle an update; all the updates that are done with it."""
        number = update.update_id
        row = self._open.get(number)
        if await self.parts.inbox.unsent(number):
            await self.parts.outbox.resume(number)
            return (number,)
        if row and row.is_planned:
            return (number,)  # All of it was said before the kill.
        if tries > MOST_TRIES:
            return await self._apologise(update, Lapse.INTERRUPTED)
        return await self._dispatch(update)

    async def _dispatch(self, update: Update) -> tuple[int, ...]:
        if update.inline_query:
            await self._inline(update, update.inline_query)
        elif update.callback_query:
            await self._pressed(update, update.callback_query)
        elif update.my_chat_member:
            await self._membership(
                update.my_chat_member.chat, update.my_chat_member.new_chat_member
            )
        elif update.message and update.message.migrate_to_chat_id:
            await self.parts.chats.migrate(
                update.message.chat.id, update.message.migrate_to_chat_id
            )
        else:
            message = message_of(update)
            if message and message.from_user:
                return await self._message(update, message, message.from_user)
        return (update.update_id,)

    async def _message(self, update: Update, message: Message, user: User) -> tuple[int, ...]:
        """A message; what is not meant for the bot is left alone."""
        command = command_of(message, self.parts.me)
        question = question_of(message, self.parts.me)
        is_private = message.chat.type == Chat.PRIVATE
        ours = command is not None or question is not None
        if not ours and not (is_private and not is_command(message)):
            return (update.update_id,)
        thread = thread_of(message, user)
        if not await self._is_let_in(update, thread, user):
            return (update.update_id,)
        heard = await self._heard(update, thread, user, message)
        if command and command[0] == "ask":
            return await self._question(update, replace(heard, text=command[1]))
        if command:
            await self._command(heard, *command)
        elif question is not None:
            return await self._question(update, replace(heard, text=question))
        elif message.document and heard.is_admin:
            await uploads.offered(self.parts, heard, message)
        else:
            page = pages.trouble(heard.phrases, Trouble.UNREADABLE)
            await self.parts.outbox.say(heard.update_id, heard.place, page)
        return (update.update_id,)

    async def _question(self, update: Update, heard: Heard) -> tuple[int, ...]:
        """A question, or a part of one that was pasted."""
        if not heard.text.strip():
            page = pages.question_missing(heard.phrases)
            await self.parts.outbox.say(heard.update_id, heard.place, page)
            return (update.update_id,)
        joined = self._joiner.take(heard.thread, heard.update_id, heard.text)
        if joined is None:
            self._parked[update.update_id] = update
            return ()  # It comes again, or ends with the next.
        for number in joined.update_ids:
            self._parked.pop(number, None)
        if self._is_stale(heard):
            await self._apologise(update, Lapse.LATE)
            return joined.update_ids
        row = self._open.get(heard.update_id)
        interim = row.interim_message_id if row else None
        await asking.ask(self.parts, replace(heard, text=joined.text), interim=interim)
        return joined.update_ids

    async def _command(self, heard: Heard, name: str, rest: str) -> None:
        if await commands.run(self.parts, heard, name, rest):
            return
        if await admin.run(self.parts, heard, name, rest):
            return
        if heard.place.is_private:
            page = pages.guide(
                heard.phrases, self.parts.me, is_private=True, is_admin=heard.is_admin
            )
            await self.parts.outbox.say(heard.update_id, heard.place, page)

    async def _pressed(self, update: Update, query: CallbackQuery) -> None:
        message = query.message
        user = query.from_user
        if message is None:
            return
        chat = message.chat
        topic = message.message_thread_id if isinstance(message, Message) else None
        in_topic = isinstance(message, Message) and bool(message.is_topic_message)
        place = Place(
            chat_id=chat.id,
            topic_id=topic if in_topic else None,
            is_private=chat.type == Chat.PRIVATE,
        )
        thread = Thread(place=place, user_id=user.id)
        if await self.gate.check(user.id, chat.id) is not Access.GRANTED:
            _log.warning("A press of somebody who is not let in was left alone")
            return
        heard = await self._heard(update, thread, user, None)
        await callbacks.pressed(
            self.parts, replace(heard, message_id=message.message_id, text=query.data or ""), query
        )

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

    async def _is_let_in(self, update: Update, thread: Thread, user: User) -> bool:
        place = thread.place
        access = await self.gate.check(user.id, place.chat_id)
        if access is Access.GRANTED:
            return True
        _log.warning("Somebody who is not let in was turned away (%s)", access)
        if self._is_told(user.id):
            return False
        phrases = words(interface(user.language_code))
        number = user.id if place.is_private else place.chat_id
        page = (
            pages.banned(phrases)
            if access is Access.BANNED
            else pages.stranger(phrases, number, is_private=place.is_private)
        )
        await self.parts.outbox.say(update.update_id, place, page)
        return False

    def _is_told(self, user_id: int) -> bool:
        """Whether a stranger was told a moment ago; they are from now on."""
        now = time.monotonic()
        last = self._told.pop(user_id, None)
        self._told[user_id] = now
        while len(self._told) > MOST_TOLD:
            self._told.popitem(last=False)
        return last is not None and now - last < TOLD

    async def _heard(
        self, update: Update, thread: Thread, user: User, message: Message | None
    ) -> Heard:
        person = await self.parts.people.see(user.id, interface(user.language_code))
        return Heard(
            update_id=update.update_id,
            thread=thread,
            message_id=message.message_id if message else None,
            text=(message.text or "") if message else "",
            phrases=words(person.language),
            is_admin=user.id in self.parts.settings.admins,
            at=message.date if message else self.parts.now(),
        )

    def _is_stale(self, heard: Heard) -> bool:
        age = self.parts.now() - heard.at
        return age > timedelta(minutes=self.parts.settings.stale_minutes)

    async def _apologise(self, update: Update, lapse: Lapse) -> tuple[int, ...]:
        """Say that a question was not answered; other updates are left as they are."""
        number = update.update_id
        message = message_of(update)
        if message and message.from_user:
            asked = question_of(message, self.parts.me) or _asked(message, self.parts)
            if asked is not None:
                self.parts.metrics.asked(Outcome.FAILED)
                page = pages.apology(self._words(message.from_user), lapse, asked)
                place = thread_of(message, message.from_user).place
                row = self._open.get(number)
                await self.parts.outbox.say(
                    number, place, page, replaces=row.interim_message_id if row else None
                )
                await self.parts.inbox.apologised(number)
        return (number,)

    def _words(self, user: User) -> Phrases:
        return words(interface(user.language_code))


def _asked(message: Message, parts: Parts) -> str | None:
    """What `/ask` asks."""
    command = command_of(message, parts.me)
    return command[1] if command and command[0] == "ask" else None
