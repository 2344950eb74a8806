"""A way to move the people of a server that runs as a program, for benchmarks.

POST /control/people      {"count": 1000}               -> {"people": [id, ...]}
POST /control/say         {"person": id, "text": "..."} -> {"message_id": 1}
POST /control/load        {"messages": 5000, "text": "..."}: all in turn -> {"queued": 5000}
POST /control/fail        the fields of a `Fault`       -> {}
GET  /control/state       counts, and the time between the first message sent and the last
GET  /control/transcript  what was said, as a text
"""

import argparse
import asyncio
import signal
from collections import Counter
from itertools import cycle, islice
from typing import TYPE_CHECKING

from aiohttp import web

from tests.telegram_calls import Flood

if TYPE_CHECKING:
    from tests.telegram_people import Person
    from tests.telegram_server import Telegram
    from tests.telegram_values import Json


class Control:
    """Does what it is told over HTTP."""

    def __init__(self, server: "Telegram") -> None:
        self._server = server
        self._people: dict[int, Person] = {}

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/control/people", self._add),
            web.post("/control/say", self._say),
            web.post("/control/load", self._load),
            web.post("/control/fail", self._fail),
            web.get("/control/state", self._state),
            web.get("/control/transcript", self._transcript),
        ]

    async def _add(self, request: web.Request) -> web.Response:
        asked: Json = await request.json()
        people = [self._server.person(f"Person {number}") for number in range(asked["count"])]
        self._people |= {person.id: person for person in people}
        return web.json_response({"people": [person.id for person in people]})

    async def _say(self, request: web.Request) -> web.Response:
        asked: Json = await request.json()
        message = self._people[asked["person"]].says(asked["text"])
        return web.json_response({"message_id": message.id})

    async def _load(self, request: web.Request) -> web.Response:
        asked: Json = await request.json()
        for person in islice(cycle(self._people.values()), asked["messages"]):
            person.says(asked["text"])
        return web.json_response({"queued": self._server.pending()})

    async def _fail(self, request: web.Request) -> web.Response:
        self._server.fail_next(**await request.json())
        return web.json_response({})

    async def _state(self, request: web.Request) -> web.Response:
        calls = self._server.calls()
        sent = [call.at for call in calls if call.method == "sendMessage" and call.status == 200]
        state = {
            "people": len(self._people),
            "pending": self._server.pending(),
            "calls": Counter(call.method for call in calls),
            "refused": sum(call.status >= 400 for call in calls),
            "seconds": round(sent[-1] - sent[0], 3) if sent else 0.0,
            "unknown": self._server.unknown,
            "broken": self._server.broken,
        }
        return web.json_response(state)

    async def _transcript(self, request: web.Request) -> web.Response:
        return web.Response(text=self._server.transcript())


def main() -> None:
    """Serve until somebody ends the program; the first line printed is the `base_url`."""
    from tests.telegram_server import Telegram, run
    from tests.telegram_world import Settings, World

    parser = argparse.ArgumentParser(description="A Bot API server for tests and benchmarks.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--flood", action="store_true", help="refuse what is sent too fast")
    told = parser.parse_args()
    server = Telegram(World(Settings()), Flood() if told.flood else None)

    async def serve() -> None:
        end = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, end.set)
        await run(server, end, lambda: print(server.url, flush=True), told.port, Control(server))  # noqa: T201

    asyncio.run(serve())
