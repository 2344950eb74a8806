"""What is said: written down, sent, and written off, message by message.

    page ── parts ── plan (inbox) ── sending ── Telegram ── sent
                                        └── refused: in another way, later, or not at all

A message that Telegram takes is said once; only where nobody can know whether it was taken it is
said again, and counted. What is only for the moment (`passing`) is written nowhere.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import httpx
from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from telegram.constants import ParseMode
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Forbidden,
    InvalidToken,
    RetryAfter,
    TelegramError,
)
from telegram.ext import ExtBot

from bot.domain import Delivery, Place
from bot.health import Metrics
from bot.inbox import Inbox
from bot.letter import Letter, letters, read
from bot.limiter import Urgency
from bot.markup import Keyboard, Page, parts
from bot.people import Chats, People

TRIES = 4
"""Times that a message is sent while the network fails; then the next sweep tries."""

PAUSE = 1.0
"""Seconds before the second try; twice as many before each further one."""

UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
"""What the client raises where a request never left; the library hands it on as a cause."""

_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_log = logging.getLogger(__name__)


class UndeliveredError(Exception):
    """A message could not be sent for now; it is still written down."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Outbox:
    """Sends what is said."""

    bot: ExtBot[Urgency]
    inbox: Inbox
    people: People
    chats: Chats
    metrics: Metrics
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def say(
        self,
        update_id: int,
        place: Place,
        page: Page,
        *,
        reply_to: int | None = None,
        replaces: int | None = None,
    ) -> None:
        """Say a page as the end of an update. Raises `UndeliveredError`.

        `replaces` is the message that showed how far the page had come.
        """
        planned = letters(place, parts(page), reply_to=reply_to, replaces=replaces)
        # Nothing is planned where the person asked to be forgotten meanwhile.
        if await self.inbox.plan(update_id, [letter.written() for letter in planned]):
            await self.resume(update_id)

    async def resume(self, update_id: int) -> None:
        """Say what was planned for an update and is not said yet. Raises `UndeliveredError`."""
        for delivery in await self.inbox.unsent(update_id):
            await self._deliver(delivery)

    async def draft(self, place: Place, draft_id: int, page: Page) -> None:
        """Show in a private chat how far a page has come, if there is time for it."""
        first = parts(page)[0]
        await self._passing(
            self.bot.send_message_draft(
                place.chat_id,
                draft_id,
                first.html,
                message_thread_id=place.topic_id,
                parse_mode=ParseMode.HTML,
                rate_limit_args=Urgency.PASSING,
            )
        )

    async def begin(self, place: Place, page: Page, reply_to: int | None) -> int | None:
        """Show in a group how far a page has come: the message, if there was time for it."""
        first = parts(page)[0]
        message = await self._passing(
            self.bot.send_message(
                place.chat_id,
                first.html,
                message_thread_id=place.topic_id,
                parse_mode=ParseMode.HTML,
                link_preview_options=_NO_PREVIEW,
                reply_parameters=_reply(reply_to),
                rate_limit_args=Urgency.PASSING,
            )
        )
        return message.message_id if isinstance(message, Message) else None

    async def go_on(self, place: Place, message_id: int, page: Page) -> None:
        """Show in that message how far the page has come since."""
        first = parts(page)[0]
        await self._passing(
            self.bot.edit_message_text(
                first.html,
                chat_id=place.chat_id,
                message_id=message_id,
                parse_mode=ParseMode.HTML,
                link_preview_options=_NO_PREVIEW,
                rate_limit_args=Urgency.PASSING,
            )
        )

    async def _passing(self, call: Awaitable[object]) -> object:
        """What is only for the moment may fail."""
        try:
            return await call
        except TelegramError as error:
            _log.debug("Something passing was not shown: %s", type(error).__name__)
            return None

    async def _deliver(self, delivery: Delivery) -> None:
        """Send one message, whatever comes in between. Raises `UndeliveredError`."""
        letter, pause = read(delivery.body), 0.0
        for number in range(TRIES):
            if pause:
                await self.sleep(pause)
                pause = 0.0
            if await self.inbox.sending(delivery):
                self.metrics.copied()
            try:
                message_id = await self._send(letter)
            except ChatMigrated as error:
                letter = await self._moved(delivery, letter, error.new_chat_id)
            except (Forbidden, BadRequest) as error:
                await self._refused(letter, error)
                message_id = None
                break
            except (RetryAfter, InvalidToken):
                # The limiter has waited as long as it does; or nothing is taken at all.
                await self.inbox.refused(delivery)
                raise UndeliveredError from None
            except TelegramError as error:
                await self._not_now(delivery, error)
                pause = PAUSE * 2**number
            else:
                break
        else:
            raise UndeliveredError
        await self.inbox.sent(delivery, message_id)

    async def _send(self, letter: Letter) -> int | None:
        if letter.replaces is not None:
            try:
                await self._edit(letter, letter.replaces)
            except BadRequest as error:
                if "not modified" not in error.message.lower():
                    _log.info("A message is not there any more to be finished: %s", error)
                    return await self._new(letter)
            return letter.replaces
        return await self._new(letter)

    async def _new(self, letter: Letter) -> int:
        try:
            return await self._post(letter, letter.html, ParseMode.HTML)
        except BadRequest as error:
            if "parse entities" not in error.message.lower():
                raise
            # What is wrong with it would repeat some of it.
            _log.error("Telegram does not take the markup of a message: it goes out as plain text")
            return await self._post(letter, letter.text, None)

    async def _post(self, letter: Letter, text: str, mode: ParseMode | None) -> int:
        message = await self.bot.send_message(
            letter.chat_id,
            text,
            message_thread_id=letter.topic_id,
            parse_mode=mode,
            link_preview_options=_NO_PREVIEW,
            reply_parameters=_reply(letter.reply_to),
            reply_markup=_keyboard(letter.buttons),
            rate_limit_args=Urgency.FINAL,
        )
        return message.message_id

    async def _edit(self, letter: Letter, message_id: int) -> None:
        await self.bot.edit_message_text(
            letter.html,
            chat_id=letter.chat_id,
            message_id=message_id,
            parse_mode=ParseMode.HTML,
            link_preview_options=_NO_PREVIEW,
            reply_markup=_keyboard(letter.buttons),
            rate_limit_args=Urgency.FINAL,
        )

    async def _refused(self, letter: Letter, error: TelegramError) -> None:
        """Nothing can be said: the bot is blocked or thrown out, or there is no such chat."""
        _log.warning("A message was refused for good: %s", error)
        if not isinstance(error, Forbidden):
            return
        if letter.chat_id > 0:  # A private chat has the number of its person.
            await self.people.lose(letter.chat_id)
        else:
            await self.chats.leave(letter.chat_id)

    async def _moved(self, delivery: Delivery, letter: Letter, chat_id: int) -> Letter:
        """The group has another number now, in all that is kept, too."""
        await self.inbox.refused(delivery)
        await self.chats.migrate(letter.chat_id, chat_id)
        return replace(letter, chat_id=chat_id, replaces=None, reply_to=None)

    async def _not_now(self, delivery: Delivery, error: TelegramError) -> None:
        """It has to be tried again; a request that never left is no doubtful one."""
        self.metrics.retried("sendMessage")
        _log.warning("A message was not sent and is tried again: %s", type(error).__name__)
        if isinstance(error.__cause__, UNSENT):
            await self.inbox.refused(delivery)


def _reply(message_id: int | None) -> ReplyParameters | None:
    if message_id is None:
        return None
    return ReplyParameters(message_id, allow_sending_without_reply=True)


def _keyboard(buttons: Keyboard) -> InlineKeyboardMarkup | None:
    if not buttons:
        return None
    rows = [[InlineKeyboardButton(b.text, callback_data=b.data) for b in row] for row in buttons]
    return InlineKeyboardMarkup(rows)
