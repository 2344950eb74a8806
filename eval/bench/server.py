"""A server that speaks like OpenAI's, in a process of its own, so that its work is not ours.

    python -m eval.bench.server CLAIMS [--delay S] [--pace S] [--pause S]

It prints its port, and replies to whatever asks for completions: for claims with two of CLAIMS
whose quotes it was sent, with their keys; for translations with the question itself; to anybody
else with a fixed text. `GET /seen` tells what was asked since it was last asked for.
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
from typing import Any

from eval.claims import GoldenClaim

PIECE = 4000
"""Characters of an event: what a token of English has, about."""

PLAIN = (
    "Kazakhstan blocked trading platforms that had no licence [1]. The exchange advises "
    "governments on reserves of virtual assets, and says so itself [2]."
)
"""Replied to whoever asks for no form, as CitationQueryEngine does."""

USAGE = {"prompt_tokens": 3_000, "completion_tokens": 100, "total_tokens": 3_100}

Body = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Seen:
    """What a server was asked."""

    bodies: list[Body] = field(default_factory=list)
    """Requests as they came."""
    most: int = 0
    """The most that were under way at once."""
    closed: list[float] = field(default_factory=list)
    """By `time.monotonic`, which all processes share: when the last byte of each first claim
    was about to be sent."""


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
def serving(
    folder: Path,
    claims: Sequence[GoldenClaim],
    *,
    delay: float = 0.0,
    pace: float = 0.0,
    pause: float = 0.0,
) -> Iterator[Served]:
    """A server in another process until the block ends; `folder` is where it reads the claims.

    Times are seconds: before a reply, between its events, and behind the first claim.
    """
    file = folder / "claims.json"
    file.write_text(json.dumps([(one.claim, one.quotes) for one in claims]), "utf-8")
    times = [f"--delay={delay}", f"--pace={pace}", f"--pause={pause}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "eval.bench.server", str(file), *times],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        yield Served(port=int(process.stdout.readline() if process.stdout else ""))
    finally:
        process.kill()
        process.communicate()


class _Server:
    def __init__(self, claims: Sequence[tuple[str, Sequence[str]]], times: argparse.Namespace):
        self._claims = claims
        self._times = times
        self._seen = Seen()
        self._under_way = 0
        self._count = 0

    async def run(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=512)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection until the client closes it."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = re.search(rb"(?i)^content-length: *(\d+)", head, re.MULTILINE)
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
            await asyncio.sleep(self._times.delay)
            text, first = self._said(body)
            if body.get("stream"):
                await self._stream(text, first, writer)
            else:
                message = {"role": "assistant", "content": text}
                choice = {"index": 0, "finish_reason": "stop", "message": message}
                writer.write(_whole(_object("chat.completion", [choice]) | {"usage": USAGE}))
                await writer.drain()
        finally:
            self._under_way -= 1

    def _said(self, body: Body) -> tuple[str, int]:
        """The text of a reply, and where its first claim ends; 0 if it holds none."""
        shape = body.get("response_format", {}).get("json_schema", {})
        if shape.get("name") == "translations":
            [question] = re.findall(r"^begin \S+ question\n(.*)\n", body["messages"][-1]["content"])
            names = shape["schema"]["properties"]
            return json.dumps(dict.fromkeys(names, question), ensure_ascii=False), 0
        if shape.get("name") != "answer":
            return PLAIN, 0
        lines = re.findall(r"^(k\w+) (.*)$", body["messages"][-1]["content"], re.MULTILINE)
        keys = {text: key for key, text in lines}
        known = [one for one in self._claims if all(quote in keys for quote in one[1])]
        chosen = [known[(self._count + step) % len(known)] for step in (0, 1)] if known else []
        self._count += 1  # Other claims for the next question.
        claims = [
            json.dumps({"text": text, "keys": [keys[quote] for quote in quotes]}, ensure_ascii=False)
            for text, quotes in chosen
        ]
        beginning = '{"claims": ['
        return f"{beginning}{', '.join(claims)}]}}", len(beginning + "".join(claims[:1]))

    async def _stream(self, text: str, first: int, writer: asyncio.StreamWriter) -> None:
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked"
        writer.write(f"{head}\r\n\r\n".encode() + _event([_choice({"role": "assistant"})]))
        for part in filter(None, (text[:first], text[first:])):
            pieces = [part[start : start + PIECE] for start in range(0, len(part), PIECE)]
            for number, piece in enumerate(pieces, 1):
                if self._times.pace:
                    await asyncio.sleep(self._times.pace)
                if first and part is not text[first:] and number == len(pieces):
                    self._seen.closed.append(time.monotonic())
                writer.write(_event([_choice({"content": piece})]))
            await writer.drain()
            if self._times.pause:
                await asyncio.sleep(self._times.pause)
        writer.write(_event([_choice({}, "stop")]) + _event([], usage=USAGE))
        writer.write(_chunk(b"data: [DONE]\n\n") + _chunk(b""))
        await writer.drain()


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
    for name in ("delay", "pace", "pause"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    options = parser.parse_args(arguments)
    asyncio.run(_Server(json.loads(options.claims.read_text("utf-8")), options).run())


if __name__ == "__main__":
    main()
