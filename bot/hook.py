"""Updates that Telegram posts: taken on this machine only, with the secret, written down first.

The library's own server answers 400 to what it cannot read, upon which Telegram sends it again and
again; and writes it into the log.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from telegram import Update
from telegram.error import BadRequest, InvalidToken, TelegramError

from bot.parts import Parts
from bot.queue import UpdateQueue
from rag.errors import SettingsError

if TYPE_CHECKING:
    from aiohttp import web

HEADER = "X-Telegram-Bot-Api-Secret-Token"

AGAIN = 5.0
"""Seconds before Telegram is told once more where to post."""

MOST_BYTES = 4_000_000
"""Of one update; Telegram's are some kilobytes."""

_log = logging.getLogger(__name__)


@asynccontextmanager
async def posted(parts: Parts, queue: UpdateQueue, updates: tuple[str, ...]) -> AsyncIterator[None]:
    """Have Telegram post updates here as long as the block runs; it goes on to know the address.

    Raises `SettingsError` where the port is taken, or Telegram does not take the address, and
    `InvalidToken`.
    """
    from aiohttp import web

    settings = parts.settings
    given = settings.webhook_secret
    secret = given.get_secret_value() if given else secrets.token_urlsafe(32)
    application = web.Application(client_max_size=MOST_BYTES)
    hook = _Hook(parts, queue, secret)
    application.router.add_post(f"/{settings.webhook_path}", hook.take)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await _listen(web.TCPSite(runner, settings.listen, settings.port), settings.port)
        await _tell(parts, secret, updates)
        yield
    finally:
        await runner.cleanup()


async def _tell(parts: Parts, secret: str, updates: tuple[str, ...]) -> None:
    """Tell Telegram the address and the secret, as soon as it can be reached."""
    while True:
        try:
            await parts.bot.set_webhook(
                parts.settings.webhook_url or "",
                secret_token=secret,
                allowed_updates=list(updates),
                drop_pending_updates=False,
            )
        except BadRequest as error:
            raise SettingsError(
                f"The setting CITEBOT_TELEGRAM_WEBHOOK_URL cannot be used: Telegram says "
                f"{error.message!r}."
            ) from None
        except InvalidToken:
            raise
        except TelegramError as error:
            _log.warning("The webhook cannot be set and is tried again: %s", error)
            await asyncio.sleep(AGAIN)
        else:
            return


async def _listen(site: "web.TCPSite", port: int) -> None:
    try:
        await site.start()
    except OSError as error:
        raise SettingsError(
            f"The setting CITEBOT_TELEGRAM_PORT cannot be used: port {port} is not to be had "
            f"({error.strerror or error}); set another."
        ) from None


class _Hook:
    def __init__(self, parts: Parts, queue: UpdateQueue, secret: str) -> None:
        self._parts = parts
        self._queue = queue
        self._secret = secret

    async def take(self, request: "web.Request") -> "web.Response":
        """200 once an update is written down, or cannot be read; 500 to get it again."""
        from aiohttp import web

        # What is no UTF-8 in a header comes as halves of surrogate pairs.
        told = request.headers.get(HEADER, "").encode("utf-8", "surrogatepass")
        if not secrets.compare_digest(told, self._secret.encode()):
            _log.warning("A post without the secret was refused")
            return web.Response(status=403)
        update = self._read(await request.read())
        if update:
            try:
                await self._queue.put(update)
            except TelegramError:
                return web.Response(status=500)
        return web.Response()

    def _read(self, data: bytes) -> Update | None:
        try:
            return Update.de_json(json.loads(data), self._parts.bot)
        except Exception as error:  # noqa: BLE001 - the library raises whatever it runs into
            self._parts.metrics.unreadable()
            _log.error("A posted update cannot be read: %s", type(error).__name__)
            return None
