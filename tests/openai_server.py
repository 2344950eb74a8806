"""A server that speaks like OpenAI's, on 127.0.0.1 and by a script.

    request -> is it one that such a server would take? -> script(request) -> reply, or fault

The script is called in the order in which requests come, one at a time. What a server of that kind
refuses is refused before it: an unknown path, a key that is not the right one, a request with
names or values that do not exist. `requests` is every request that was made, the refused ones too.

A script says what is replied, and need not care how it was asked: a completion goes to whoever
asked for a stream as events, in chunks (HTTP's) that are cut where the reply says.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from select import select
from socket import MSG_PEEK
from types import MappingProxyType
from typing import Any

KEY = "sk-test-4f1c9a7e"
"""The only key that is taken."""

MODEL = "scripted-1"

FIELDS = frozenset(
    {
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "response_format",
        "stream",
        "stream_options",
        "temperature",
    }
)
"""What a request may say; more is added with whoever says more."""

DONE = b"data: [DONE]\n\n"
"""The last event of a stream."""

USAGE: Mapping[str, Any] = MappingProxyType(
    {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12}
)
"""What a completion took, where a script says nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By names in lower case."""
    body: Mapping[str, Any] = field(default_factory=dict)
    port: int = 0
    """The client's: requests with the same one came by the same connection."""

    @property
    def form(self) -> str:
        """The kind of response that is asked for; empty where none is."""
        return str(self.body.get("response_format", {}).get("type", ""))

    @property
    def is_streamed(self) -> bool:
        """Whether a stream is asked for."""
        return self.body.get("stream") is True

    @property
    def is_counted(self) -> bool:
        """Whether a stream is to say what it took."""
        return bool((self.body.get("stream_options") or {}).get("include_usage"))

    def message(self, role: str) -> str:
        """The text of the only message of that role."""
        (message,) = [m for m in self.body["messages"] if m["role"] == role]
        return str(message["content"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is sent back, in pieces with a pause before each; a stream is many pieces."""

    pieces: tuple[bytes, ...]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    kind: str = "application/json"
    delay: float = 0.0
    """Seconds before anything is sent."""
    pause: float = 0.0
    """Seconds before each further piece."""
    cut: int | None = None
    """How many pieces are sent before the connection is cut; 0 sends not even a status."""
    events: tuple[Mapping[str, Any], ...] | None = None
    """The same as the events of a stream, for whoever asks for one; nothing where `pieces` are
    what is sent to anybody."""
    last: bytes = DONE
    """Behind the events."""

    def streamed(self, *, counted: bool) -> "Reply":
        """As a stream, each event a piece; `counted` with what it took."""
        if self.events is None:
            return self
        events = [event for event in self.events if counted or not _is_usage(event)]
        pieces = (*map(event_of, events), self.last)
        return replace(self, pieces=pieces, kind="text/event-stream")


Script = Callable[[Request], Reply]


def completes(
    content: str | None, *, finish: str = "stop", refusal: str | None = None, parts: int = 1
) -> Reply:
    """A completion with one choice, its text streamed in about so many parts."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    whole = chooses({"index": 0, "finish_reason": finish, "message": message, "logprobs": None})
    size = max(1, -(-len(content or "") // parts))
    texts = [(content or "")[start : start + size] for start in range(0, len(content or ""), size)]
    deltas = [{"content": text} for text in texts]
    deltas += [{"refusal": refusal}] if refusal else []
    return replace(whole, events=events_of(*deltas, finish=finish))


def chooses(*choices: Mapping[str, Any]) -> Reply:
    """A completion with these choices, streamed or not."""
    value = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": choices,
        "usage": dict(USAGE),
    }
    return Reply(pieces=(json.dumps(value).encode(),))


def events_of(
    *deltas: Mapping[str, Any], finish: str | None = "stop", usage: object = USAGE
) -> tuple[Mapping[str, Any], ...]:
    """The events of a completion: role, deltas, end, usage; without the latter where it is None."""
    first = {"role": "assistant", "content": "", "refusal": None}
    events = [chunk({"delta": delta, "finish_reason": None}) for delta in (first, *deltas)]
    if finish is not None:
        events.append(chunk({"delta": {}, "finish_reason": finish}))
    if usage is not None:
        events.append({**chunk(), "usage": dict(usage) if isinstance(usage, Mapping) else usage})
    return tuple(events)


def chunk(*choices: Mapping[str, Any]) -> Mapping[str, Any]:
    """An event of a completion, which may have no choices."""
    numbered = [{"index": 0, "logprobs": None, **choice} for choice in choices]
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": numbered,
        "usage": None,
    }


def event_of(value: object) -> bytes:
    """A value as an event of a stream."""
    return b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n"


def streams(*pieces: bytes) -> Reply:
    """Bytes of a stream, as they are, to whoever asks."""
    return Reply(pieces=pieces, kind="text/event-stream")


def cut_at(data: bytes, *places: int) -> tuple[bytes, ...]:
    """Bytes in pieces, cut at any places, inside a character or not."""
    edges = [0, *sorted(set(places)), len(data)]
    return tuple(data[start:end] for start, end in pairwise(edges) if start < end)


def _is_usage(event: Mapping[str, Any]) -> bool:
    return event.get("usage") is not None


def fails(
    status: int,
    message: str = "It did not work.",
    *,
    code: str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """An error as OpenAI words it."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    error = {"message": message, "type": kind, "param": param, "code": code}
    body = json.dumps({"error": error}).encode()
    return Reply(pieces=(body,), status=status, headers=headers or {})


class OpenAIServer:
    """What a test sees of a server that runs."""

    def __init__(self, script: Script, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/v1"
        self.requests: list[Request] = []
        self.most = 0
        """The most requests that were under way at once."""
        self.closing = threading.Event()
        self.under_way = 0
        self._script = script
        self._lock = threading.Lock()

    @property
    def asked(self) -> list[Request]:
        """The requests for a completion."""
        return [one for one in self.requests if one.path == "/v1/chat/completions"]

    @contextmanager
    def replying(self, request: Request) -> Iterator[Reply]:
        """The reply to a request, which is under way until it is sent."""
        with self._lock:
            self.requests.append(request)
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            reply = _refusal(request) or self._reply(request)
            if request.is_streamed:
                reply = reply.streamed(counted=request.is_counted)
        try:
            yield reply
        finally:
            with self._lock:
                self.under_way -= 1

    def _reply(self, request: Request) -> Reply:
        if request.path == "/v1/models":
            models = [{"id": MODEL, "object": "model", "created": 1, "owned_by": "tests"}]
            return Reply(pieces=(json.dumps({"object": "list", "data": models}).encode(),))
        return self._script(request)


@contextmanager
def serving(script: Script) -> Iterator[OpenAIServer]:
    """A server on a free port, until the block ends."""
    # The handler is made per connection and has to find the server that it works for.
    with _Listener(("127.0.0.1", 0), BaseHTTPRequestHandler) as listener:
        server = OpenAIServer(script, listener.server_address[1])
        listener.RequestHandlerClass = partial(_Handler, server)
        thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            listener.shutdown()
            thread.join()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say what went wrong, unless a client was killed between two requests."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # Small pieces are sent as they are written.

    def __init__(self, server: OpenAIServer, *args: Any) -> None:
        self._of = server
        super().__init__(*args)

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _handle(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            body = json.loads(data) if data else {}
        except ValueError:
            body = {}
        request = Request(
            method=self.command,
            path=self.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body if isinstance(body, dict) else {},
            port=self.client_address[1],
        )
        try:
            with self._of.replying(request) as reply:
                self._send(reply)
        except ConnectionError:
            self.close_connection = True  # The client did not wait for the reply.

    def _send(self, reply: Reply) -> None:
        self._wait(reply.delay)
        if reply.cut == 0:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        is_stream = reply.kind == "text/event-stream"
        if is_stream:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(sum(map(len, reply.pieces))))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for number, piece in enumerate(reply.pieces):
            if number == reply.cut:
                self.close_connection = True
                return
            if number:
                self._wait(reply.pause)
            if piece or not is_stream:
                self._write(piece, is_chunk=is_stream)
        if is_stream:
            self._write(b"", is_chunk=True)

    def _wait(self, seconds: float) -> None:
        """Wait, unless the server is closed. Raises `ConnectionError` where the client hangs up."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._of.closing.is_set():
            readable, _, _ = select([self.connection], [], [], min(left, 0.02))
            if readable and not self.connection.recv(1, MSG_PEEK):
                raise ConnectionAbortedError

    def _write(self, piece: bytes, *, is_chunk: bool) -> None:
        self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if is_chunk else piece)
        self.wfile.flush()


def _refusal(request: Request) -> Reply | None:
    """The error that any server of that kind answers with; nothing for a good request."""
    if request.headers.get("authorization", "") != f"Bearer {KEY}":
        return fails(401, "Incorrect API key provided.", code="invalid_api_key")
    match request.method, request.path:
        case "GET", "/v1/models":
            return None
        case "POST", "/v1/chat/completions":
            problem = _objection(request.body)
            return fails(400, problem) if problem else None
        case _:
            return fails(404, f"Invalid URL ({request.method} {request.path})")


def _objection(body: Mapping[str, Any]) -> str:
    """What is wrong with a request for a completion; empty if nothing is."""
    unknown = sorted(body.keys() - FIELDS)
    if unknown:
        return f"Unrecognized request argument supplied: {unknown[0]}"
    if not isinstance(body.get("model"), str):
        return "you must provide a model parameter"
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages or not all(map(_is_message, messages)):
        return "Invalid value for 'messages'."
    if problem := _of_stream(body) or _of_limits(body):
        return problem
    match body.get("response_format"):
        case None | {"type": "text"}:
            return ""
        case {"type": "json_object"}:
            said = any("json" in message["content"].lower() for message in messages)
            return "" if said else "'messages' must contain the word 'json' in some form"
        case {"type": "json_schema", "json_schema": {"name": str(name), "schema": dict(schema)}}:
            named = re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name)
            return "" if named and _is_strict(schema) else "Invalid schema for response_format"
        case _:
            return "Invalid value: 'response_format'."


def _of_stream(body: Mapping[str, Any]) -> str:
    if body.get("stream") not in {None, True, False}:
        return "Invalid type for 'stream'."
    match body.get("stream_options"):
        case None:
            return ""
        case {"include_usage": bool(), **others} if not others:
            return "" if body.get("stream") else "'stream_options' needs 'stream'."
        case _:
            return "Invalid value for 'stream_options'."


def _of_limits(body: Mapping[str, Any]) -> str:
    limits = [body[name] for name in ("max_tokens", "max_completion_tokens") if name in body]
    if len(limits) > 1:
        return "'max_tokens' and 'max_completion_tokens' cannot both be set."
    if not all(isinstance(limit, int) and limit > 0 for limit in limits):
        return "Invalid value: a number of tokens."
    return ""


def _is_message(message: object) -> bool:
    match message:
        case {"role": "system" | "user" | "assistant", "content": str(content)}:
            return bool(content)
        case _:
            return False


def _is_strict(schema: Mapping[str, Any]) -> bool:
    """Whether a schema is one that strict mode takes."""
    return (
        schema.get("type") == "object"
        and schema.get("additionalProperties") is False
        and set(schema.get("required", ())) == set(schema.get("properties", {}))
    )
