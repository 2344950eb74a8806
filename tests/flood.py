"""A flood of questions: our bot beside a bare echo bot of python-telegram-bot. `make flood`.

    a server, the same for all ──┬── a bare echo bot
                                 ├── our bot, which knows the answers: what the bot itself costs
                                 ├── our bot without a language model
    a model without a delay ─────┴── our bot with one

Each is a process of its own. One bot after the other is asked everything at once, and nobody slows
down anybody: neither our limiter nor the server. In the last part both do, as Telegram would, and
the bot is the real program.
"""

import argparse
import asyncio
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import quantiles
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from bot.domain import Interface
from bot.phrases import words
from rag.domain import Exchange, Reply, Statement
from tests.mills import TOWNS, Mills, Program, environment, program, question, towns_in, writer
from tests.telegram_calls import Flood
from tests.telegram_control import Control
from tests.telegram_server import Telegram, run
from tests.telegram_values import Message
from tests.telegram_world import TOKEN, Settings, World

if TYPE_CHECKING:
    from tests.telegram_people import Person

CHATS = 1_000
EACH = 2
"""Questions in each chat."""

SLOW_CHATS = 60
SLOW_EACH = 3

AT_ONCE = 32
"""Updates in work, and connections, of either bot."""

RATIO = 0.5
"""Of the echo bot's throughput, what ours must have at least."""

LONGEST = 900.0
"""Seconds for a part; what is not said by then is lost."""

GRACE = 60.0
"""Seconds in which a program has to be at work."""

NAME = 28
"""Characters of a name in the table."""

THUMB = "👍"

QUESTIONS = frozenset(map(question, TOWNS))


# --- The programs ---------------------------------------------------------------------------------


class Crowd(Control):
    """Has many people ask at once, and says what became of it."""

    def __init__(self, server: Telegram) -> None:
        super().__init__(server)
        self._telegram = server
        self._crowd: list[Person] = []

    def routes(self) -> list[web.RouteDef]:
        return [
            *super().routes(),
            web.post("/control/ask", self._ask),
            web.get("/control/said", self._said),
            web.get("/control/chats", self._chats),
        ]

    async def _ask(self, request: web.Request) -> web.Response:
        """New people; the first texts of all, then the second ones."""
        texts: list[list[str]] = (await request.json())["texts"]
        people = [self._telegram.person(f"Person {number}") for number in range(len(texts))]
        self._crowd = people
        for turn in range(max(map(len, texts))):
            for person, own in zip(people, texts, strict=True):
                if turn < len(own):
                    person.says(own[turn])
        return web.json_response({"asked": sum(map(len, texts))})

    async def _said(self, _: web.Request) -> web.Response:
        said = sum(len(self._telegram.messages(person)) for person in self._crowd)
        calls = self._telegram.calls()
        polls = sum(call.method == "getUpdates" for call in calls)
        return web.json_response(
            {
                "said": said,
                "polls": polls,
                "calls": len(calls) - polls,
                "refused": sum(call.status == 429 for call in calls),
                "pending": self._telegram.pending(),
                "wrong": self._telegram.unknown + self._telegram.broken,
            }
        )

    async def _chats(self, _: web.Request) -> web.Response:
        chats = [
            {
                "asked": [
                    one.at for one in person.chat.messages.values() if one.sender is person.user
                ],
                "said": [
                    [one.text, one.at, _is_answer(one)] for one in self._telegram.messages(person)
                ],
            }
            for person in self._crowd
        ]
        return web.json_response(chats)


def _is_answer(message: Message) -> bool:
    """Whether a message has the thumbs of a whole answer, or says a question once more."""
    is_ours = any(button.text == THUMB for button in message.buttons)
    is_less = words(Interface.EN).phrase("answer.degraded") in message.text
    return (is_ours and not is_less) or message.text in QUESTIONS


async def until_signal() -> None:
    """Wait until somebody wants the program to end."""
    end = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, end.set)
    await end.wait()


def serve(*, is_strict: bool) -> None:
    """Be Telegram; `is_strict` with flood control. The first line printed is the `base_url`."""
    server = Telegram(World(Settings()), Flood() if is_strict else None)

    async def work() -> None:
        end = asyncio.Event()
        serving = asyncio.create_task(
            run(server, end, lambda: _say(server.url), control=Crowd(server))
        )
        await until_signal()
        end.set()
        await serving

    asyncio.run(work())


def model() -> None:
    """Be a language model that takes no time. The first line printed is its address."""
    from tests.openai_server import serving

    with serving(writer("flood", (0.0, 0.0))) as server:
        _say(server.url)
        asyncio.run(until_signal())


def echo() -> None:
    """Be a bot that says what was said to it, as python-telegram-bot's manual writes one."""
    from telegram import Update
    from telegram.ext import Application, ContextTypes, MessageHandler, filters

    async def reply(update: Update, _: ContextTypes.DEFAULT_TYPE) -> None:
        message = update.message
        assert message
        await message.reply_text(message.text or "")

    builder = Application.builder().token(TOKEN).base_url(os.environ["CITEBOT_TELEGRAM_BASE_URL"])
    bot = builder.concurrent_updates(AT_ONCE).connection_pool_size(AT_ONCE).pool_timeout(30).build()
    bot.add_handler(MessageHandler(filters.TEXT, reply))
    bot.run_polling(bootstrap_retries=-1)


def known() -> None:
    """Be our bot, but give the reply to a question that was asked before once more, at once."""
    from rag.answerer import Answerer

    replies: dict[str, Reply] = {}
    stream = Answerer.stream

    async def remembered(
        self: Answerer, text: str, *, history: Sequence[Exchange] = ()
    ) -> AsyncGenerator[Statement | Reply, None]:
        if text in replies:
            yield replies[text]
            return
        async for one in stream(self, text, history=history):
            if not isinstance(one, Statement):
                replies[text] = one
            yield one

    Answerer.stream = remembered  # type: ignore[method-assign]
    ours()


def ours() -> None:
    """Be our bot, as `python -m bot` is, but for the limiter, which lets everything through."""
    from functools import partial

    from bot.app import run as work
    from bot.limiter import Limiter, Rate
    from bot.redact import redacting
    from bot.settings import BotSettings
    from rag.settings import Settings as Library

    wide = Rate(count=1_000_000, seconds=1.0, kept=0)
    limited = partial(Limiter, private=(wide,), group=(wide,), overall=wide)
    logging.basicConfig(level=logging.INFO)

    async def serve() -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await work(BotSettings(), Library(), stop, limited=limited)

    with redacting(TOKEN):
        asyncio.run(serve())


PROGRAMS: Mapping[str, Callable[[], None]] = {
    "server": lambda: serve(is_strict=False),
    "strict": lambda: serve(is_strict=True),
    "model": model,
    "echo": echo,
    "known": known,
    "ours": ours,
}


# --- What is measured -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What became of a flood."""

    name: str
    asked: int
    said: int
    """Answers, each to another question."""
    lost: int
    doubled: int
    disordered: int
    """Chats whose answers stand in another order than the questions."""
    strange: int
    """Messages that are no answer."""
    seconds: float
    """From the last question to the last answer."""
    middle: float
    """Seconds from a question to its answer, for half of them at most."""
    slow: float
    """The same for 95 of 100."""
    processor: float
    """Seconds that the bot kept a processor busy."""
    memory: float
    """The most that its process took, in MB."""
    calls: int
    """Of the Bot API, polls apart."""
    refused: int
    """Those of them that met a 429."""

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.said / self.seconds if self.seconds else 0.0

    @property
    def busy(self) -> float:
        """Milliseconds of a processor for each answer."""
        return 1_000 * self.processor / self.said if self.said else 0.0

    @property
    def bad(self) -> int:
        """What has to be zero."""
        return self.lost + self.doubled + self.disordered + self.strange


def figured(
    name: str,
    chats: Sequence[Mapping[str, Any]],
    towns: Sequence[Sequence[str]],
    spent: "Spent",
) -> Figures:
    """What became of the questions about towns, a chat each."""
    times: list[float] = []
    lost = doubled = disordered = strange = 0
    for chat, own in zip(chats, towns, strict=True):
        said = [
            (own.index(town), at)
            for text, at, is_answer in chat["said"]
            for town in towns_in(text)
            if is_answer and town in own
        ]
        order = [number for number, _ in said]
        lost += len(own) - len(set(order))
        doubled += len(order) - len(set(order))
        strange += len(chat["said"]) - len(said)
        disordered += order != sorted(order)
        times += [at - chat["asked"][number] for number, at in said]
    ends = [at for chat in chats for _, at, _ in chat["said"]]
    begun = max(at for chat in chats for at in chat["asked"])
    cuts = quantiles(times, n=20, method="inclusive") if len(times) > 1 else [0.0] * 19
    return Figures(
        name=name,
        asked=sum(map(len, towns)),
        said=sum(map(len, towns)) - lost,
        lost=lost,
        doubled=doubled,
        disordered=disordered,
        strange=strange,
        seconds=max(ends, default=begun) - begun,
        middle=cuts[9],
        slow=cuts[18],
        processor=spent.processor,
        memory=spent.memory,
        calls=spent.calls,
        refused=spent.refused,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """What a bot and its server have needed so far; the difference of two is what a flood needs."""

    processor: float
    memory: float
    calls: int
    refused: int

    @classmethod
    def now(cls, bot: Program, server: "Remote") -> "Spent":
        """As it stands."""
        said = server.get("said")
        assert not said["wrong"], said["wrong"]
        return cls(
            processor=_processor(bot),
            memory=_memory(bot),
            calls=said["calls"],
            refused=said["refused"],
        )

    def __sub__(self, before: "Spent") -> "Spent":
        return Spent(
            processor=self.processor - before.processor,
            memory=self.memory,
            calls=self.calls - before.calls,
            refused=self.refused - before.refused,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Remote:
    """The server, as another process sees it."""

    url: str

    def get(self, path: str) -> Any:
        """What it says."""
        return self._asked("GET", path, None)

    def post(self, path: str, value: object) -> Any:
        """What it says to that."""
        return self._asked("POST", path, json.dumps(value))

    def _asked(self, method: str, path: str, body: str | None) -> Any:
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=GRACE)
        try:
            connection.request(
                method, f"/control/{path}", body, {"Content-Type": "application/json"}
            )
            reply = connection.getresponse()
            data = reply.read()
            assert reply.status == 200, data
            return json.loads(data)
        finally:
            connection.close()


@contextmanager
def running(name: str) -> Iterator[str]:
    """One of the programs that say their address; the address."""
    arguments = [sys.executable, "-m", "tests.flood", name]
    root = Path(__file__).parent.parent
    with subprocess.Popen(arguments, cwd=root, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def flooded(name: str, bot: Program, server: Remote, chats: int, each: int) -> Figures:
    """Start a bot, have it asked, stop it."""
    polls = server.get("said")["polls"]
    bot.start()
    _wait(bot, lambda: server.get("said")["polls"] > polls, GRACE)
    _ask(bot, server, len(TOWNS), 1)  # What is loaded when first used is loaded then.
    before = Spent.now(bot, server)
    towns = _ask(bot, server, chats, each)
    spent = Spent.now(bot, server) - before
    found = server.get("chats")
    assert bot.stop() == 0, bot.log[-2_000:]
    return figured(name, found, towns, spent)


def _ask(bot: Program, server: Remote, chats: int, each: int) -> list[list[str]]:
    """Ask and wait until all is said, or too much time is gone; the towns of each chat."""
    towns = [[TOWNS[(chat + turn) % len(TOWNS)] for turn in range(each)] for chat in range(chats)]
    server.post("ask", {"texts": [[question(town) for town in own] for own in towns]})
    _wait(bot, lambda: server.get("said")["said"] >= chats * each, LONGEST)
    return towns


def _wait(bot: Program, holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and not holds():
        assert bot.is_alive, bot.log[-2_000:]
        time.sleep(0.5)


def _memory(bot: Program) -> float:
    """The most memory that a program has had, in MB; 0 where the system does not say."""
    said = dict(line.split(":", 1) for line in _proc(bot, "status").splitlines())
    return int(said["VmHWM"].split()[0]) / 1_024 if said else 0.0


def _processor(bot: Program) -> float:
    """The seconds that a program has kept processors busy; 0 where the system does not say."""
    # Its name, which may hold anything, ends with the last bracket.
    _, _, said = _proc(bot, "stat").rpartition(")")
    return sum(map(int, said.split()[11:13])) / os.sysconf("SC_CLK_TCK")


def _proc(bot: Program, name: str) -> str:
    """What Linux says of a program; nothing elsewhere."""
    assert bot.process
    file = Path(f"/proc/{bot.process.pid}/{name}")
    return file.read_text("utf-8") if file.exists() else ""


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


# --- All of it ------------------------------------------------------------------------------------


COLUMNS: Mapping[str, tuple[str, str]] = {
    "asked": ("asked", ">7"),
    "said": ("answers", ">9"),
    "lost": ("lost", ">6"),
    "doubled": ("twice", ">7"),
    "disordered": ("order", ">7"),
    "strange": ("other", ">7"),
    "calls": ("calls", ">7"),
    "refused": ("429", ">5"),
    "seconds": ("seconds", ">9.1f"),
    "rate": ("a second", ">10.1f"),
    "middle": ("p50, s", ">8.2f"),
    "slow": ("p95, s", ">8.2f"),
    "busy": ("CPU, ms", ">9.2f"),
    "memory": ("MB", ">6.0f"),
}
"""Figures, what they are called, and how they are written."""


def heading() -> str:
    """The first line of the table."""
    cells = (f"{title:{form.partition('.')[0]}}" for title, form in COLUMNS.values())
    return " " * NAME + "".join(cells)


def line(one: Figures) -> str:
    """A line of the table."""
    cells = (f"{getattr(one, name):{form}}" for name, (_, form) in COLUMNS.items())
    return f"{one.name:<{NAME}}" + "".join(cells)


def fast(folder: Path, mills: Mills, chats: int, each: int) -> list[Figures]:
    """The echo bot and ours, one after the other, at one server that takes everything."""
    found = []
    with running("server") as url, running("model") as model:
        for number, (name, kind, address) in enumerate(BOTS):
            own = folder / f"fast-{number}"
            own.mkdir()
            data = shutil.copytree(mills.data, own / "data")
            made = environment(url, TOKEN, mills, data, model if address else None)
            with program(made, own, "-m", "tests.flood", kind) as bot:
                found.append(flooded(name, bot, Remote(url=url), chats, each))
                _say(line(found[-1]))
    return found


def slow(folder: Path, mills: Mills, chats: int, each: int) -> Figures:
    """The real program at a server that takes what Telegram takes."""
    own = folder / "slow"
    own.mkdir()
    data = shutil.copytree(mills.data, own / "data")
    with running("strict") as url:
        made = environment(url, TOKEN, mills, data)
        with program(made, own, "-m", "bot") as bot:
            return flooded("flood control on", bot, Remote(url=url), chats, each)


BOTS = (
    ("bare echo bot", "echo", False),
    ("ours, answers known", "known", False),
    ("ours, no model", "ours", False),
    ("ours, model without a delay", "ours", True),
)
"""Name, program, and whether it has a model."""


def verdict(found: Sequence[Figures]) -> str:
    """The last lines."""
    echo, *mine = found
    ratios = ", ".join(f"{one.rate / echo.rate:.2f} {one.name}" for one in mine)
    missed = sum(one.rate < RATIO * echo.rate for one in mine)
    wanted = f"{RATIO} is wanted" + (f", and missed by {missed} of {len(mine)}." if missed else ".")
    return f"Throughput, where the echo bot's is 1: {ratios}; {wanted}"


def main(chats: int, each: int, slow_chats: int, slow_each: int) -> int:
    """Run all and print the figures; the exit status."""
    with tempfile.TemporaryDirectory(prefix="citebot-flood-") as name:
        folder = Path(name)
        mills = Mills.built(folder)
        _say(heading())
        found = fast(folder, mills, chats, each)
        strict = slow(folder, mills, slow_chats, slow_each)
        _say(line(strict), "", verdict(found))
    return 1 if any(one.bad for one in (*found[1:], strict)) else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Ask the bot much at once, beside another bot.")
    parser.add_argument("program", nargs="?", choices=PROGRAMS, help="what else this can be")
    parser.add_argument("--chats", type=int, default=CHATS)
    parser.add_argument("--each", type=int, default=EACH)
    parser.add_argument("--slow-chats", type=int, default=SLOW_CHATS)
    parser.add_argument("--slow-each", type=int, default=SLOW_EACH)
    given = parser.parse_args()
    if given.program:
        PROGRAMS[given.program]()
    else:
        sys.exit(main(given.chats, given.each, given.slow_chats, given.slow_each))
