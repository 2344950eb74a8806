"""A server that speaks like OpenAI's, on 127.0.0.1 and by a script.

    request -> is it one that such a server would take? -> script(request) -> reply, or fault

The script is called in the order in which requests come, one at a time. What a server of that kind
refuses is refused before it: an unknown path, a key that is not the right one, a request with
names or values that do not exist. `requests` is every request that was made, the refused ones too.
"""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-test-4f1c9a7e"
"""The only key that is taken."""

MODEL = "scripted-1"

FIELDS = frozenset({"model", "messages", "response_format", "temperature"})
"""What a request may say; more is added with whoever says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]
    """By names in lower case."""
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def form(self) -> str:
        """The kind of response that is asked for; empty where none is."""
        return str(self.body.get("response_format", {}).get("type", ""))

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


Script = Callable[[Request], Reply]


def completes(content: str | None, *, finish: str = "stop", refusal: str | None = None) -> Reply:
    """A completion with one choice."""
    message = {"role": "assistant", "content": content, "refusal": refusal}
    return chooses({"index": 0, "finish_reason": finish, "message": message, "logprobs": None})


def chooses(*choices: Mapping[str, Any]) -> Reply:
    """A completion with these choices."""
    value = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": MODEL,
        "choices": choices,
        "usage": {"prompt_tokens": 10, "completion_tokens": 2, "total_tokens": 12},
    }
    return Reply(pieces=(json.dumps(value).encode(),))


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
        self._script = script
        self._lock = threading.Lock()
        self._under_way = 0

    @property
    def asked(self) -> list[Request]:
        """The requests for a completion."""
        return [one for one in self.requests if one.path == "/v1/chat/completions"]

    @contextmanager
    def replying(self, request: Request) -> Iterator[Reply]:
        """The reply to a request, which is under way until it is sent."""
        with self._lock:
            self.requests.append(request)
            self._under_way += 1
            self.most = max(self.most, self._under_way)
            reply = _refusal(request) or self._reply(request)
        try:
            yield reply
        finally:
            with self._lock:
                self._under_way -= 1

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


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

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
        )
        try:
            with self._of.replying(request) as reply:
                self._send(reply)
        except ConnectionError:
            self.close_connection = True  # The client did not wait for the reply.

    def _send(self, reply: Reply) -> None:
        self._of.closing.wait(reply.delay)
        if reply.cut == 0:
            self.close_connection = True
            return
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.kind)
        self.send_header("Content-Length", str(sum(map(len, reply.pieces))))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        for number, piece in enumerate(reply.pieces):
            if number == reply.cut:
                self.close_connection = True
                return
            if number:
                self._of.closing.wait(reply.pause)
            self.wfile.write(piece)
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
