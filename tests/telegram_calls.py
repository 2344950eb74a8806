"""Calls of the Bot API as they come in, and the faults that are put in their way.

Parameters come in an address, a form, a multipart form or as JSON, and are the same afterwards:
numbers, booleans and objects are read where the Bot API reads them, by name.
"""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from aiohttp import web

from tests.telegram_values import Json, RefusedError, bad, slow_down

NUMBERS = frozenset(
    "chat_id draft_id limit max_connections message_id message_thread_id offset "
    "reply_to_message_id timeout user_id".split()
)
TRUTHS = frozenset("allow_sending_without_reply drop_pending_updates show_alert".split())
OBJECTS: Mapping[str, str] = {
    "allowed_updates": "allowed_updates",
    "button": "inline query results button",
    "caption_entities": "message entities",
    "commands": "commands",
    "entities": "message entities",
    "link_preview_options": "link preview options",
    "reaction": "reaction types",
    "reply_markup": "reply keyboard markup",
    "reply_parameters": "reply parameters",
    "results": "inline query results",
    "scope": "BotCommandScope",
}
"""Parameters that are JSON, as a refusal names them."""

COUNTED = frozenset({"sendMessage", "sendDocument", "editMessageText", "editMessageReplyMarkup"})
"""Calls that flood control counts."""


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """A call and what came of it; `at` in seconds since the server started."""

    method: str
    params: Json
    files: Mapping[str, tuple[str, str, bytes]] = field(default_factory=dict, repr=False)
    """Uploads by field: name, kind, data."""
    at: float = 0.0
    status: int = 0
    """0 while there is no reply."""
    description: str = ""
    """Why it was refused."""
    result: Any = field(default=None, repr=False)

    @property
    def chat_id(self) -> object:
        return self.params.get("chat_id")

    @property
    def text(self) -> str:
        return str(self.params.get("text", ""))


async def read(request: web.Request, method: str) -> Call:
    """What is called. Raises `RefusedError` where a parameter cannot be read."""
    raw: dict[str, Any] = dict(request.query)
    files: dict[str, tuple[str, str, bytes]] = {}
    if request.content_type == "application/json":
        raw |= await _body(request)
    else:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                files[name] = value.filename, value.content_type, value.file.read()
                value.file.close()
            else:
                raw[name] = value
    params = {name: _value(name, value) for name, value in raw.items() if value is not None}
    return Call(method=method, params=params, files=files)


async def _body(request: web.Request) -> Json:
    try:
        value = await request.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise bad("can't parse JSON object")
    return value


def _value(name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if not _is_encodable(value):
        raise bad("strings must be encoded in UTF-8")
    if name in NUMBERS:
        return int(value) if value.removeprefix("-").isdecimal() else value
    if name in TRUTHS:
        return value.strip().lower() in {"true", "yes", "1"}
    if name in OBJECTS and value:
        try:
            return json.loads(value)
        except ValueError:
            raise bad(f"can't parse {OBJECTS[name]} JSON object") from None
    return value


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


class Faulty(TypedDict, total=False):
    """How a fault is described; see `Fault`."""

    chat: int
    times: int
    skip: int
    status: int
    description: str
    retry_after: int
    migrate_to: int
    body: bytes
    cut: bool
    delay: float
    done: bool


WORDS: Mapping[int, str] = {
    400: "Bad Request: chat not found",
    401: "Unauthorized",
    403: "Forbidden: bot was blocked by the user",
    409: "Conflict: terminated by other getUpdates request; "
    "make sure that only one bot instance is running",
    500: "Internal Server Error",
    502: "Bad Gateway",
}
"""What is said with a status where a fault says nothing else."""


@dataclass(slots=True, kw_only=True)
class Fault:
    """Something that goes wrong with calls of a method, or of any (`*`)."""

    method: str
    chat: int | None = None
    """Only calls for that chat."""
    times: int = 1
    """How often; a negative number is for good."""
    skip: int = 0
    """How many such calls go well before."""
    status: int = 0
    description: str = ""
    retry_after: int = 0
    migrate_to: int = 0
    body: bytes = b""
    """What is sent instead of JSON, as a proxy does."""
    cut: bool = False
    """The connection is cut instead of a reply."""
    delay: float = 0.0
    """Seconds before anything happens."""
    done: bool = False
    """The call is carried out all the same; only its reply goes wrong."""

    def meets(self, call: Call) -> bool:
        """Whether it is the turn of this fault; counts the call."""
        is_meant = self.method in {"*", call.method} and self.chat in {None, call.chat_id}
        if not is_meant or self.times == 0:
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True

    @property
    def refusal(self) -> RefusedError | None:
        """What is said; nothing where the call is only slow."""
        if self.retry_after:
            return slow_down(self.retry_after)
        if self.migrate_to:
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            return RefusedError(400, words, {"migrate_to_chat_id": self.migrate_to})
        if self.status:
            words = self.description or WORDS.get(self.status, "Bad Request")
            return RefusedError(self.status, words)
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Flood:
    """How much a bot may send; what it sends too much is refused, as what Telegram calls flood."""

    pause: float = 1.0
    """Seconds between two calls for one chat."""
    a_second: int = 30
    """Calls a second, for all chats."""
    group_a_minute: int = 20
    """Calls a minute for one group."""
    counted: frozenset[str] = COUNTED


class Meter:
    """Counts calls, and refuses those that are too many; those that it refuses do not count."""

    def __init__(self, flood: Flood | None) -> None:
        self._flood = flood
        self._all: deque[float] = deque()
        self._chats: dict[object, deque[float]] = {}

    def count(self, call: Call) -> None:
        """Count a call. Raises `RefusedError`."""
        flood = self._flood
        if flood is None or call.method not in flood.counted or call.chat_id is None:
            return
        now, chat = call.at, self._chats.setdefault(call.chat_id, deque())
        is_group = isinstance(call.chat_id, int) and call.chat_id < 0
        waits = [_wait(self._all, now, flood.a_second, 1.0), _wait(chat, now, 1, flood.pause)]
        waits += [_wait(chat, now, flood.group_a_minute, 60.0)] if is_group else []
        if (longest := max(waits)) > 0:
            raise slow_down(max(1, -int(-longest // 1)))
        self._all.append(now)
        chat.append(now)
        _forget(self._all, now - 60)
        _forget(chat, now - 60)


def _wait(times: deque[float], now: float, most: int, span: float) -> float:
    """Seconds until one more fits among so many in a span."""
    if len(times) < most:
        return 0.0
    return times[-most] + span - now


def _forget(times: deque[float], before: float) -> None:
    while times and times[0] < before:
        times.popleft()
