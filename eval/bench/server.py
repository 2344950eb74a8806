"""A server that speaks like OpenAI's, in a process of its own, so that its work is not ours.

    python -m eval.bench.server CLAIMS [--delay S] [--piece N] [--pace S] [--pause S]

It prints its port, and replies to whatever asks for completions: with two of CLAIMS whose quotes
it was sent, where claims are asked for; with the question itself, where translations are; else
with a text. `GET /seen` tells what was asked since it was last asked for.
"""

import argparse
import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from eval.claims import GoldenClaim

PLAIN = (
    "Kazakhstan blocked trading platforms that had no licence [1]. The exchange advises "
    "governments on reserves of virtual assets, and says so itself [2]."
)
"""For whoever asks for no form, as CitationQueryEngine does."""

USAGE = {"prompt_tokens": 3_000, "completion_tokens": 100, "total_tokens": 3_100}

Body = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How a server takes its time, in seconds."""

    delay: float = 0.0
    """Before a reply."""
    piece: int = 0
    """Characters of an event of a stream; 0 is a reply in one."""
    pace: float = 0.0
    """Before each event."""
    pause: float = 0.0
    """Behind the first claim."""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What a server was asked."""

    bodies: list[Body] = field(default_factory=list)
    """Requests as they came."""
    most: int = 0
    """The most that were under way at once."""
    closed: list[float] = field(default_factory=list)
    """When the last byte of each first claim was about to be sent; by `time.monotonic`, which is
    the same for all processes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A server that runs."""

    port: int

    @property
    def url(self) -> str:
        """What a client calls its base address."""
        return f"http://127.0.0.1:{self.port}/v1"

    def seen(self) -> Seen:
        """What was asked since the last time."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/seen")
            return Seen(**json.loads(connection.getresponse().read()))
        finally:
            connection.close()


@contextmanager
def serving(folder: Path, claims: Sequence["GoldenClaim"], pacing: Pacing) -> Iterator[Served]:
    """A server in another process until the block ends; `folder` is where it finds the claims."""
    file = folder / "claims.json"
    file.write_text(json.dumps([(one.claim, one.quotes) for one in claims]), "utf-8")
    options = [f"--{name}={value}" for name, value in asdict(pacing).items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "eval.bench.server", str(file), *options],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        port = process.stdout.readline() if process.stdout else ""
        if not port:
            raise RuntimeError("the server did not begin")
        yield Served(port=int(port))
    finally:
        process.kill()
        process.communicate()


class _Server:
    def __init__(self, claims: Sequence[tuple[str, Sequence[str]]], pacing: Pacing) -> None:
        self._claims = claims
        self._pacing = pacing
        self._seen = Seen()
        self._under_way = 0
        self._answers = 0

    async def run(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the client closes it."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
                data = await reader.readexactly(int(length[1]) if length else 0)
                if head.startswith(b"GET /seen "):
                    seen, self._seen = self._seen, Seen()
                    writer.write(_whole(asdict(seen)))
                else:
                    await self._reply(json.loads(data), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _reply(self, body: Body, writer: asyncio.StreamWriter) -> None:
        self._seen.bodies.append(body)
        self._under_way += 1
        self._seen.most = max(self._seen.most, self._under_way)
        try:
            await asyncio.sleep(self._pacing.delay)
            parts = self._said(body)
            if body.get("stream"):
                await self._stream(parts, writer)
            else:
                message = {"role": "assistant", "content": "".join(parts)}
                choice = {"index": 0, "finish_reason": "stop", "message": message}
                writer.write(_whole(_object("chat.completion", [choice]) | {"usage": USAGE}))
        finally:
            self._under_way -= 1

    def _said(self, body: Body) -> list[str]:
        """The text of a reply; in two parts, if it holds claims, the first to the first's end."""
        shape = body.get("response_format", {}).get("json_schema", {})
        words = body["messages"][-1]["content"]
        if shape.get("name") == "translations":
            question = re.findall(r"^begin \S+ question\n(.*)\nend ", words, re.DOTALL)[0]
            return [json.dumps(dict.fromkeys(shape["schema"]["properties"], question))]
        if shape.get("name") != "answer":
            return [PLAIN]
        keys = {text: key for key, text in re.findall(r"^(k\w+) (.*)$", words, re.MULTILINE)}
        known = [claim for claim in self._claims if all(quote in keys for quote in claim[1])]
        first, second = (known[(self._answers + step) % len(known)] for step in (0, 1))
        self._answers += 1  # Other claims for the next question, so that nothing is known of them.
        return [f'{{"claims": [{_claim(first, keys)}', f", {_claim(second, keys)}]}}"]

    async def _stream(self, parts: Sequence[str], writer: asyncio.StreamWriter) -> None:
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked"
        writer.write(f"{head}\r\n\r\n".encode() + _event([_choice({"role": "assistant"})]))
        pacing = self._pacing
        for number, part in enumerate(parts if pacing.piece else ["".join(parts)]):
            size = pacing.piece or len(part)
            for start in range(0, len(part), size):
                if pacing.pace:
                    await asyncio.sleep(pacing.pace)
                if len(parts) == 2 and not number and start + size >= len(part):
                    self._seen.closed.append(time.monotonic())
                writer.write(_event([_choice({"content": part[start : start + size]})]))
            await writer.drain()
            await asyncio.sleep(0 if number else pacing.pause)
        writer.write(_event([_choice({}, "stop")]) + _event([], usage=USAGE))
        writer.write(_chunk(b"data: [DONE]\n\n") + _chunk(b""))
        await writer.drain()


def _claim(claim: tuple[str, Sequence[str]], keys: dict[str, str]) -> str:
    text, quotes = claim
    return json.dumps({"text": text, "keys": [keys[quote] for quote in quotes]})


def _choice(delta: Body, finish: str | None = None) -> Body:
    return {"index": 0, "delta": delta, "finish_reason": finish}


def _object(kind: str, choices: list[Body]) -> Body:
    return {"id": "1", "object": kind, "created": 1, "model": "bench", "choices": choices}


def _event(choices: list[Body], usage: Body | None = None) -> bytes:
    value = _object("chat.completion.chunk", choices) | {"usage": usage}
    return _chunk(b"data: " + json.dumps(value).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def _whole(value: Body) -> bytes:
    data = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
    return f"{head}\r\n\r\n".encode() + data


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m eval.bench.server")
    parser.add_argument("claims", type=Path, help="JSON: claims, each with its quotes")
    for name, value in asdict(Pacing()).items():
        parser.add_argument(f"--{name}", type=type(value), default=value)
    options = vars(parser.parse_args(arguments))
    claims = json.loads(options.pop("claims").read_text("utf-8"))
    asyncio.run(_Server(claims, Pacing(**options)).run())


if __name__ == "__main__":
    main()
