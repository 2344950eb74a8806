"""The queue of updates: whatever goes in is written down first.

Telegram takes an update as delivered once the next poll names it as done, or once the webhook has
said 200; python-telegram-bot does either only after `put` has returned. So what is written down in
`put` is lost to nobody, and what cannot be written down stays with Telegram: where `put` raises a
`TelegramError` the same updates are polled again, after a pause that grows (`Updater`), and the
webhook says 500, upon which Telegram posts again.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from telegram import Update
from telegram.error import TelegramError

from bot.health import Metrics
from rag.errors import CitebotError

_log = logging.getLogger(__name__)


class Book(Protocol):
    """Where updates are written down; `bot.inbox.Inbox` is one."""

    async def add(
        self, update_id: int, chat_id: int | None, user_id: int | None, body: str, at: datetime
    ) -> bool:
        """Write an update down; False if it is known."""


def _now() -> datetime:
    return datetime.now(UTC)


class UpdateQueue(asyncio.Queue[object]):
    """For `ApplicationBuilder.update_queue`: no update comes out that is not written down."""

    def __init__(self, book: Book, metrics: Metrics, now: Callable[[], datetime] = _now) -> None:
        super().__init__()
        self._book = book
        self._metrics = metrics
        self._now = now
        self._doubtful: set[int] = set()
        """Updates that may be written down, but were never queued."""

    async def put(self, item: object) -> None:
        """Write an update down and queue it, unless it is known or has nothing in it.

        Raises `TelegramError` where it cannot be written down. Anything else than an update, such
        as the library's signal to stop, is queued as it is.
        """
        if not isinstance(item, Update) or (not _is_empty(item) and await self._add(item)):
            await super().put(item)

    def restore(self, update: Update) -> None:
        """Queue an update that was written down before the last stop."""
        self.put_nowait(update)

    async def _add(self, update: Update) -> bool:
        """Whether an update is to be queued, now that it is written down."""
        try:
            is_new = await self._write(update)
        except Exception as error:  # noqa: BLE001 - whatever it is, Telegram has to keep it
            self._metrics.unkept()
            why = str(error) if isinstance(error, CitebotError) else type(error).__name__
            _log.error("Update %d cannot be written down: %s", update.update_id, why)
            # Not `from error`: it may hold what somebody wrote.
            raise TelegramError(f"An update cannot be written down: {why}") from None
        was_doubtful = update.update_id in self._doubtful
        self._doubtful.discard(update.update_id)
        if is_new:
            self._metrics.received()
        else:
            self._metrics.repeated()
        return is_new or was_doubtful

    async def _write(self, update: Update) -> bool:
        number, chat, user = update.update_id, update.effective_chat, update.effective_user
        ids = chat.id if chat else None, user.id if user else None
        try:
            return await self._book.add(number, *ids, update.to_json(), self._now())
        except BaseException:
            # The commit may have come to its end all the same, and the update be known next time.
            self._doubtful.add(number)
            raise


def _is_empty(update: Update) -> bool:
    """Whether there is only a number: see `bot.fetch`."""
    return all(getattr(update, kind) is None for kind in Update.ALL_TYPES)
