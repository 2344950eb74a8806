"""Getting updates by polling: what comes back is made readable, and how it goes is watched.

python-telegram-bot has one request class for `getUpdates` and one for everything else:

    watch = Watch(metrics)
    ApplicationBuilder().get_updates_request(Fetch(watch))
    updater.start_polling(error_callback=watch.failed)
    ...
    error = await watch.end()   # Somebody else polls, or the token is refused: stop, and say so.
"""

import asyncio
import json
import logging
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta
from http import HTTPStatus
from typing import Any

from telegram import Update
from telegram.error import Conflict, TelegramError
from telegram.request import HTTPXRequest

from bot.health import Metrics
from rag.errors import CitebotError

CONFLICTS = 5
"""Polls that another poller may end, within `SPAN`."""

SPAN = 60.0
"""Seconds. Two pollers end each other's polls every few seconds; a bot that is started anew, only
the last poll of the old one."""

UNKNOWN = (
    "Telegram does not know the bot's token any more: get one from BotFather and set "
    "CITEBOT_TELEGRAM_TOKEN."
)

_log = logging.getLogger(__name__)


class TwoPollersError(CitebotError):
    """Two programs ask for updates with the same token, so that each gets some of them."""


class TokenRefusedError(CitebotError):
    """Telegram does not take the token."""


class Watch:
    """How polling goes: when it worked for the last time, and whether it makes sense to go on."""

    def __init__(
        self,
        metrics: Metrics,
        *,
        conflicts: int = CONFLICTS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._metrics = metrics
        self._clock = clock
        self._polled_at: float | None = None
        self._conflicts: deque[float] = deque(maxlen=conflicts)
        self._error: CitebotError | None = None
        self._ended = asyncio.Event()

    @property
    def polled(self) -> timedelta | None:
        """For how long Telegram has not answered a poll; None if it never did."""
        if self._polled_at is None:
            return None
        return timedelta(seconds=self._clock() - self._polled_at)

    def worked(self) -> None:
        """A poll was answered."""
        self._polled_at = self._clock()
        self._metrics.polled()

    def unreadable(self) -> None:
        """An update came that cannot be read."""
        self._metrics.unreadable()

    def refused(self) -> None:
        """Telegram does not take the token: python-telegram-bot polls no more after that."""
        self._end(TokenRefusedError(UNKNOWN))

    def failed(self, error: TelegramError) -> None:
        """A poll failed; the library polls again. It is the `error_callback` of `start_polling`."""
        if not isinstance(error, Conflict):
            _log.warning("Polling did not work and is tried again: %s", error)
            return
        self._metrics.conflicted()
        self._conflicts.append(self._clock())
        _log.warning("Another program polls with the bot's token (%s)", error)
        first, last = self._conflicts[0], self._conflicts[-1]
        if len(self._conflicts) == self._conflicts.maxlen and last - first <= SPAN:
            self._end(
                TwoPollersError(
                    "Another program polls Telegram with the same token, and each gets only some "
                    "of the messages: stop one of the two."
                )
            )

    async def end(self) -> CitebotError:
        """Wait until polling makes no sense any more; why, in one sentence."""
        await self._ended.wait()
        assert self._error  # noqa: S101 - it is set before the event
        return self._error

    def _end(self, error: CitebotError) -> None:
        self._error = self._error or error
        self._ended.set()


class Fetch(HTTPXRequest):
    """The request class for `getUpdates`: hands on only what the library can read.

    An update that it cannot read would come again and again, and nothing after it; in its place
    there is an empty update of that number, which confirms it.
    """

    __slots__ = ("_watch",)

    def __init__(self, watch: Watch, **more: Any) -> None:
        """Of a watch that is told, and what `HTTPXRequest` is made of."""
        super().__init__(**{"connection_pool_size": 1} | more)
        self._watch = watch

    async def do_request(self, *args: Any, **more: Any) -> tuple[int, bytes]:
        """Poll. Raises `TelegramError` where the reply is none of Telegram's."""
        status, payload = await super().do_request(*args, **more)
        if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND}:
            self._watch.refused()
        if status != HTTPStatus.OK:
            return status, payload
        updates, bad = _read(payload)
        self._watch.worked()
        if not bad:
            return status, payload
        for number in bad:
            self._watch.unreadable()
            _log.error("Update %d cannot be read and is skipped", number)
        return status, json.dumps({"ok": True, "result": updates}).encode()


def _read(payload: bytes) -> tuple[list[dict[str, Any]], list[int]]:
    """The updates, all readable, and the numbers of those that were not."""
    try:
        updates = json.loads(payload)["result"]
        is_list = all(type(update["update_id"]) is int for update in updates)
    except (ValueError, TypeError, KeyError):
        is_list = False
    if not is_list:
        # The library would try again at once, and write the whole reply into the log.
        raise TelegramError("What Telegram replied to a poll is no list of updates")
    bad = [update["update_id"] for update in updates if _is_bad(update)]
    return [_emptied(one) if one["update_id"] in bad else one for one in updates], bad


def _emptied(update: dict[str, Any]) -> dict[str, Any]:
    return {"update_id": update["update_id"]}


def _is_bad(update: dict[str, Any]) -> bool:
    try:
        Update.de_json(update, None)
    except Exception:  # noqa: BLE001 - the library raises whatever it runs into
        return True
    return False
