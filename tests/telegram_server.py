"""A Bot API server on 127.0.0.1, with the people who talk to the bot.

    with telegram() as server:
        anna = server.person("Anna", language="de")
        ...  # A bot with base_url=server.url, base_file_url=server.file_url, token=server.token.
        anna.says("Wer ...?")
        server.wait(lambda: server.messages(anna))

It runs in a thread with a loop of its own, so a test may be sync or async, or start the bot as a
program; an async test waits by `await asyncio.to_thread(server.wait, ...)`. What Telegram refuses
is refused in Telegram's words. A method that the server does not know gets 404, and fails the test.

    python -m tests.telegram_server --port 8081

runs it by itself, for benchmarks; see `tests.telegram_control`.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypedDict, TypeVar, Unpack

from aiohttp import web

from tests.telegram_calls import Call, Fault, Faulty, Flood, Meter
from tests.telegram_control import Control, main
from tests.telegram_http import Http
from tests.telegram_methods import WRITING
from tests.telegram_people import Channel, Group, Person, Place
from tests.telegram_profile import PROFILE, scope_key
from tests.telegram_transcript import transcript
from tests.telegram_values import Action, Draft, Json, Message
from tests.telegram_world import Settings, World

T = TypeVar("T")


class Options(TypedDict, total=False):
    """How a server is set up; see `Settings` and `Flood`."""

    token: str
    username: str
    privacy: bool
    inline: bool
    feedback: bool
    patience: float


class Telegram:
    """What a test sees of a server that runs."""

    def __init__(self, world: World, flood: Flood | None) -> None:
        self.world = world
        self.token = world.settings.token
        self.port = 0
        self.unknown: list[str] = []
        """Methods that were called and are not there."""
        self.broken: list[str] = []
        """What went wrong in the server itself."""
        self._calls: list[Call] = []
        self._faults: list[Fault] = []
        self._meter = Meter(flood)

    @property
    def url(self) -> str:
        """The `base_url` of a bot."""
        return f"http://127.0.0.1:{self.port}/bot"

    @property
    def file_url(self) -> str:
        """The `base_file_url` of a bot."""
        return f"http://127.0.0.1:{self.port}/file/bot"

    def person(
        self, name: str, *, language: str = "en", username: str = "", is_started: bool = True
    ) -> Person:
        """Somebody new; the bot may write to them where they have started it."""
        with self.world.lock:
            chat = self.world.new_person(name, username, language)
            chat.is_started = is_started
            return Person(self.world, chat, self.world.users[chat.id])

    def group(
        self,
        title: str,
        members: tuple[Person, ...] | list[Person] = (),
        *,
        topics: bool = False,
        basic: bool = False,
        admin: bool = False,
    ) -> Group:
        """A group that the bot is in: a supergroup, or a `basic` one; `admin` if the bot is."""
        with self.world.lock:
            chat = self.world.new_group(title, is_super=not basic, is_forum=topics)
            chat.members |= {person.id: "member" for person in members}
            if admin:
                chat.members[self.world.bot.id] = "administrator"
            return Group(self.world, chat)

    def channel(self, title: str) -> Channel:
        """A channel that the bot may write in."""
        with self.world.lock:
            return Channel(self.world, self.world.new_channel(title))

    def messages(self, chat: Place) -> list[Message]:
        """What the bot has sent there and not deleted, in order."""
        return [one for one in self.world.of_bot(chat.chat) if not one.is_deleted]

    def drafts(self, chat: Place) -> list[Draft]:
        """The drafts that the bot has shown there, in order."""
        return list(chat.chat.drafts)

    def actions(self, chat: Place) -> list[Action]:
        """What the bot was seen doing there, such as typing."""
        return list(chat.chat.actions)

    def calls(self, *methods: str) -> list[Call]:
        """Every call of these methods, or of all."""
        return [call for call in list(self._calls) if not methods or call.method in methods]

    def commands(self, scope: Json | None = None, language: str = "") -> list[tuple[str, str]]:
        """The commands that were set for a scope and a language, with what they say of them."""
        said: Any = self.world.profile.get(("commands", scope_key(scope), language), [])
        return [(one["command"], one["description"]) for one in said]

    def described(self, *, is_short: bool = False, language: str = "") -> str:
        """What the bot says of itself."""
        name = "short_description" if is_short else "description"
        return str(self.world.profile.get((name, language), ""))

    def pending(self) -> int:
        """How many updates the bot has not confirmed."""
        return len(self.world.queue.pending)

    def queue(self, value: Json) -> None:
        """Queue an update of any shape, whether a bot can read it or not."""
        with self.world.lock:
            self.world.queue.put_raw(value)

    def fail_next(self, method: str, **fault: Unpack[Faulty]) -> Fault:
        """Let calls of a method go wrong, the next one if nothing else is said."""
        self._faults.append(Fault(method=method, **fault))
        return self._faults[-1]

    def heal(self) -> None:
        """Let nothing go wrong any more."""
        self._faults.clear()

    def transcript(self, *chats: Place) -> str:
        """What was said in these chats, or in all."""
        named = [place.chat for place in chats]
        return transcript(named or list(self.world.chats.values()))

    def wait(self, holds: Callable[[], T], timeout: float = 5.0) -> T:
        """Wait until something is true and return it; fails with all that was said until then."""
        until = time.monotonic() + timeout
        while not (value := holds()):
            if time.monotonic() > until:
                last = [f"{one.method} {one.status} {one.description}" for one in self._calls[-9:]]
                story = "\n".join([self.transcript(), "The last calls:", *last])
                raise AssertionError(f"Nothing came in {timeout} s.\n{story}")
            time.sleep(0.003)
        return value

    def note(self, call: Call) -> Fault | None:
        """Keep a call; the fault that it meets, if any."""
        call.at = self.world.now()
        with self.world.lock:
            self._calls.append(call)
            for fault in self._faults:
                if fault.meets(call):
                    return fault
        return None

    def do(self, call: Call) -> Any:
        """Carry out a call that needs no waiting. Raises `RefusedError`."""
        with self.world.lock:
            self._meter.count(call)
            return (WRITING.get(call.method) or PROFILE[call.method])(self.world, call)


async def run(
    server: Telegram,
    end: asyncio.Event,
    is_up: Callable[[], None],
    port: int = 0,
    control: Control | None = None,
) -> None:
    """Serve until the end; `is_up` is called once there is a port."""
    http = Http(server)
    app = http.app(control.routes() if control else [])
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.2)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    server.port = runner.addresses[0][1]
    is_up()
    await end.wait()
    await http.delivery.close()
    await runner.cleanup()


@contextmanager
def telegram(*, flood: Flood | None = None, **options: Unpack[Options]) -> Iterator[Telegram]:
    """A server on a free port; the end of the block fails if a method was not known."""
    server = Telegram(World(Settings(**options)), flood)
    with _running(server):
        yield server
    assert not server.unknown, f"Methods that the server does not know: {server.unknown}"
    assert not server.broken, f"The server broke: {server.broken}"


@contextmanager
def _running(server: Telegram) -> Iterator[None]:
    """A thread with a loop in which a server runs."""
    up: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        loop, end = asyncio.get_running_loop(), asyncio.Event()
        await run(server, end, lambda: up.set_result((loop, end)))

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="telegram")
    thread.start()
    loop, end = up.result(timeout=10)
    try:
        yield
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join()


if __name__ == "__main__":
    main()
