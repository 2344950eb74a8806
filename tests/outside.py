"""A server like OpenAI's that nobody here wrote: llmock, in a process of its own.

    queue(behaviours) -> requests that take them up -> requests(), verdict()

What may be queued, and what is judged, is told by https://github.com/JulienRabault/LLMock.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

READY = re.compile(r"Uvicorn running on http://127\.0\.0\.1:(\d+)")

PATIENCE = 30.0
"""Seconds in which it has to be ready, which takes it about one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """The server, which runs."""

    port: int

    @property
    def url(self) -> str:
        """What a client calls its base address."""
        return f"http://127.0.0.1:{self.port}/v1"

    def queue(self, *behaviours: Mapping[str, Any]) -> None:
        """What it is to do with the next requests; without any it makes up good replies."""
        self._asked("POST", "scenario", {"behaviors": behaviours})

    def requests(self) -> Sequence[Mapping[str, Any]]:
        """Every request since the last `reset`, and what became of it."""
        found: list[Mapping[str, Any]] = self._asked("GET", "requests")["requests"]
        return found

    def findings(self) -> Sequence[str]:
        """What the client did wrong in the eyes of whoever wrote the server."""
        return [one["code"] for one in self._asked("GET", "verdict")["findings"]]

    def reset(self) -> None:
        """Forget everything."""
        self._asked("POST", "reset")

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, f"/_llmock/{path}", json.dumps(body) if body else None)
            reply = connection.getresponse()
            data = reply.read()
        finally:
            connection.close()
        assert reply.status < 400, data
        return json.loads(data)


@contextmanager
def outside(folder: Path) -> Iterator[Outside]:
    """The server on a free port, until the block ends; what it says goes to a file in `folder`."""
    file = folder / "outside.log"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LLMOCK_")}
    with file.open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "llmock.cli", "serve", "--port", "0"],
            env={**kept, "PYTHONIOENCODING": "utf-8"},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            yield Outside(port=_port(process, file))
        finally:
            process.kill()
            process.wait()


def _port(process: "subprocess.Popen[bytes]", file: Path) -> int:
    """The port that it took, as soon as it listens there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        found = READY.search(file.read_text("utf-8", "replace"))
        if found:
            return int(found[1])
        time.sleep(0.02)
    raise AssertionError(f"the server did not begin: {file.read_text('utf-8', 'replace')[-2000:]}")
