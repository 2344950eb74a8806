"""How updates reach the bot: it asks for them and waits, or they are posted to its webhook.

Runs in the loop of the server. There is one poller and one webhook at most, and never both.
"""

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass

import aiohttp

from tests.telegram_calls import WORDS, Call
from tests.telegram_values import Json, RefusedError, bad
from tests.telegram_world import Update, World

SECRET = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105
ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the webhook first"
)
LONGEST_WAIT = 50.0
SLOWEST_RETRY = 0.5

_SECRET = re.compile(r"[A-Za-z0-9_-]{0,256}")


@dataclass(slots=True, kw_only=True)
class Webhook:
    """Where updates are posted, and how that went."""

    url: str
    secret: str = ""
    most: int = 40
    """How many posts are under way at once."""
    failures: int = 0
    last_error: str = ""
    last_error_date: int = 0


class Delivery:
    """Hands out the updates of a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._loop = asyncio.get_running_loop()
        self._turn: asyncio.Future[None] | None = None
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._busy: set[int] = set()
        self._posts: set[asyncio.Task[None]] = set()
        self.webhook: Webhook | None = None
        self.is_closed = False
        world.queue.wake = self._wake

    def _wake(self) -> None:
        """Say that there are updates; from any thread."""
        with contextlib.suppress(RuntimeError):  # The loop may be closed by then.
            self._loop.call_soon_threadsafe(self._awake)

    def _awake(self) -> None:
        self._woken.set()
        if self._turn and not self._turn.done():
            self._turn.set_result(None)

    async def close(self) -> None:
        """Let everybody go."""
        self.is_closed = True
        self._awake()
        await self._stop()

    async def get_updates(self, call: Call) -> list[Json]:
        """The updates from an offset on, or none after the timeout. Raises `RefusedError`."""
        if self.webhook:
            raise RefusedError(409, ACTIVE)
        self._end_poll(RefusedError(409, WORDS[409]))
        params, queue = call.params, self._world.queue
        offset, limit = _number(params.get("offset"), 0), _number(params.get("limit"), 100)
        until = self._loop.time() + min(_number(params.get("timeout"), 0), LONGEST_WAIT)
        with self._world.lock:
            queue.allow(_kinds(call))
            queue.confirm(offset)
        while True:
            self._turn = turn = self._loop.create_future()
            with self._world.lock:
                updates = [one.json() for one in list(queue.pending)[: max(1, min(limit, 100))]]
            left = until - self._loop.time()
            if updates or left <= 0 or self.is_closed:
                self._turn = None
                return updates
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(turn, left)

    def _end_poll(self, refusal: RefusedError) -> None:
        """Send the poller away that waits."""
        if self._turn and not self._turn.done():
            self._turn.set_exception(refusal)
        self._turn = None

    async def set_webhook(self, call: Call) -> bool:
        """Post updates there from now on. Raises `RefusedError`."""
        url, secret = str(call.params.get("url") or ""), str(call.params.get("secret_token") or "")
        if not url:
            return await self.delete_webhook(call)
        if not url.startswith(("https://", "http://127.0.0.1", "http://localhost")):
            raise bad("bad webhook: An HTTPS URL must be provided for webhook")
        if not _SECRET.fullmatch(secret):
            raise bad("secret token contains unallowed characters")
        self._end_poll(RefusedError(409, "Conflict: terminated by setWebhook request"))
        await self._stop()
        self._drop(call)
        most = _number(call.params.get("max_connections"), 40)
        self.webhook = Webhook(url=url, secret=secret, most=max(1, min(most, 100)))
        self._task = asyncio.create_task(self._deliver(self.webhook))
        return True

    async def delete_webhook(self, call: Call) -> bool:
        """Post no more."""
        await self._stop()
        self._drop(call)
        return True

    def _drop(self, call: Call) -> None:
        with self._world.lock:
            self._world.queue.allow(_kinds(call))
            if call.params.get("drop_pending_updates"):
                self._world.queue.pending.clear()

    async def _stop(self) -> None:
        tasks = [task for task in (self._task, *self._posts) if task]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.webhook, self._task = None, None
        self._busy.clear()

    def info(self) -> Json:
        """What `getWebhookInfo` says."""
        hook = self.webhook or Webhook(url="")
        value: Json = {"url": hook.url, "has_custom_certificate": False}
        value["pending_update_count"] = len(self._world.queue.pending)
        if self._world.queue.allowed:
            value["allowed_updates"] = sorted(self._world.queue.allowed)
        if hook.url:
            value["max_connections"] = hook.most
        if hook.last_error:
            value["last_error_date"] = hook.last_error_date
            value["last_error_message"] = hook.last_error
        return value

    async def _deliver(self, hook: Webhook) -> None:
        """Post updates: those of a chat one after the other, chats side by side."""
        async with aiohttp.ClientSession() as session:
            while True:
                self._woken.clear()
                with self._world.lock:
                    for update in self._ready(hook):
                        task = asyncio.create_task(self._post(session, hook, update))
                        self._posts.add(task)
                        task.add_done_callback(self._posts.discard)
                await self._woken.wait()

    def _ready(self, hook: Webhook) -> list[Update]:
        ready = []
        for update in self._world.queue.pending:
            if len(self._busy) >= hook.most:
                break
            if update.lane not in self._busy:
                self._busy.add(update.lane)
                ready.append(update)
        return ready

    async def _post(self, session: aiohttp.ClientSession, hook: Webhook, update: Update) -> None:
        headers = {SECRET: hook.secret} if hook.secret else {}
        try:
            async with session.post(hook.url, json=update.json(), headers=headers) as reply:
                is_taken = 200 <= reply.status < 300
                error = f"Wrong response from the webhook: {reply.status} {reply.reason}"
        except (aiohttp.ClientError, OSError) as failed:
            is_taken, error = False, str(failed) or type(failed).__name__
        if is_taken:
            hook.failures = 0
            with self._world.lock, contextlib.suppress(ValueError):
                self._world.queue.pending.remove(update)
        else:
            hook.failures += 1
            hook.last_error, hook.last_error_date = error, int(time.time())
            await asyncio.sleep(min(0.02 * 2**hook.failures, SLOWEST_RETRY))
        self._busy.discard(update.lane)
        self._woken.set()


def _number(value: object, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


def _kinds(call: Call) -> list[str] | None:
    kinds = call.params.get("allowed_updates")
    return kinds if isinstance(kinds, list) else None
