"""Crash runs: the bot is killed while it answers, and started again. `make crash`.

    20 questions from 5 chats ── python -m bot ── kill -9 ── start ── (kill -9 ── start) ── the end
                                      │
                           a fake Telegram, a scripted model

Each run is drawn from its seed: how long the model takes, when the bot is killed, and whether it
is killed again while it recovers. Some kills fall where Telegram has taken a message and the bot
does not know it yet: a second copy may come of these, which the bot has to have counted. Everything
else has to be there once, in the order of its chat.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from sqlalchemy import Engine, create_engine, func, select

from bot.domain import Interface, Lapse
from bot.inbox import COPIES
from bot.phrases import words
from bot.tables import COUNTERS, INBOX
from tests.databases import Server
from tests.mills import (
    GRACE,
    TOWNS,
    Mills,
    Program,
    environment,
    program,
    question,
    towns_in,
    writer,
)
from tests.openai_server import serving
from tests.telegram_calls import Fault
from tests.telegram_people import Place
from tests.telegram_server import Telegram, telegram
from tests.telegram_values import Message

RUNS = 50

TOGETHER = 2
"""Runs at once: the bot takes some seconds to start, and waits for most of the others."""

A_CHAT = 4
"""Questions in each of the five chats."""

ENOUGH = len(TOWNS) - 2
"""Answers after which a kill waits no longer for its moment: something has to be in work."""

MODEL_SECONDS = (0.1, 0.7)
"""The model's time before its first word; it is as long again until the last."""

LATEST = 4.0
"""Seconds of a kill at any moment."""

PATIENCE = 90.0
"""Seconds from the last start to the end of a run; what is not there by then is lost."""

QUIET = 0.3
"""Seconds in which nothing more may come at the end."""

STEP = 0.002
"""Seconds between two looks."""

THUMB = "👍"


class Moment(StrEnum):
    """When the bot is killed for the first time."""

    ANY = "any"
    """So many seconds after the questions."""
    SENT = "sent"
    """It has sent a message that Telegram has not taken."""
    TAKEN = "taken"
    """Telegram has taken a message, and the bot does not know it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens in a run."""

    seed: str
    moment: Moment
    seconds: float
    """Until a kill at any moment."""
    chat: int
    """Which of the five another kill is about."""
    method: str
    """What is called there, if it is a group; a private chat only ever gets new messages."""
    skip: int
    """How many such calls go well before."""
    again: float | None
    """Seconds from the second start's first call to the second kill."""

    @classmethod
    def drawn(cls, seed: str) -> "Plan":
        """The plan of a seed."""
        chance = random.Random(seed)  # noqa: S311 - to be drawn again, not to be secret
        return cls(
            seed=seed,
            moment=chance.choice((Moment.ANY, Moment.ANY, Moment.SENT, Moment.TAKEN)),
            seconds=chance.uniform(0.0, LATEST),
            chat=chance.randrange(len(TOWNS) // A_CHAT),
            method=chance.choice(("sendMessage", "editMessageText")),
            skip=chance.randrange(A_CHAT - 1),
            again=chance.uniform(0.0, LATEST) if chance.random() < 0.3 else None,
        )

    def __str__(self) -> str:
        when = f"{self.seconds:.2f} s" if self.moment is Moment.ANY else f"{self.skip + 1}."
        again = "" if self.again is None else f", again {self.again:.2f} s"
        return f"{self.moment} {when}{again}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """What became of some runs."""

    runs: int = 0
    kills: int = 0
    in_work: int = 0
    """Questions without an answer at the first kill."""
    answered: int = 0
    apologised: int = 0
    lost: int = 0
    """Questions with neither."""
    possible: int = 0
    """Second copies that the bot says may be."""
    inside: int = 0
    """Those that are: a kill lies between the two, and the bot has counted it."""
    outside: int = 0
    """All others."""
    disordered: int = 0
    """Chats whose answers stand in another order than the questions."""
    strange: int = 0
    """Messages that are neither an answer nor an apology."""
    left: int = 0
    """Answers in the making that stayed in a group, unfinished, when the bot was killed."""
    unclean: int = 0
    """Bots that did not stop as they have to, or with something open."""

    def __add__(self, other: "Counts") -> "Counts":
        names = [one.name for one in fields(self)]
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def bad(self) -> int:
        """What has to be zero."""
        return self.lost + self.outside + self.disordered + self.strange + self.unclean


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A message of the bot's, as its chat shows it in the end."""

    towns: tuple[str, ...]
    """What it is about."""
    at: float
    """When it came to say what it says."""
    is_answer: bool = False
    is_apology: bool = False
    is_unfinished: bool = False

    @classmethod
    def of(cls, message: Message) -> "Shown":
        """What a message is: by its buttons, or by the words that it begins or ends with."""
        phrases, text = words(Interface.EN), message.text
        sorry = tuple(phrases.phrase(f"lapse.{lapse}") for lapse in Lapse)
        is_answer = any(button.text == THUMB for button in message.buttons)
        return cls(
            towns=towns_in(text),
            at=message.last.at,
            is_answer=is_answer,
            is_apology=text.startswith(sorry),
            is_unfinished=not is_answer and text.endswith(phrases.phrase("answer.going_on")),
        )


def judged(
    asked: Sequence[str], shown: Sequence[Shown], kills: Sequence[float], possible: int
) -> Counts:
    """What became of a chat's questions, and how many of the possible copies were needed."""
    said = [one for one in shown if one.is_answer or one.is_apology]
    right = [one for one in said if len(one.towns) == 1 and one.towns[0] in asked]
    firsts = list({one.towns[0]: one for one in reversed(right)}.values())
    order = [asked.index(one.towns[0]) for one in right]
    copies = [
        any(first.at <= kill <= second.at for kill in kills)
        for first, second in pairwise(right)
        if first.towns == second.towns
    ]
    inside = min(sum(copies), possible)
    unfinished = sum(one.is_unfinished for one in shown)
    return Counts(
        answered=sum(one.is_answer for one in firsts),
        apologised=sum(one.is_apology for one in firsts),
        lost=len(asked) - len(firsts),
        inside=inside,
        outside=len(right) - len(firsts) - inside,
        disordered=int(order != sorted(order)),
        strange=len(shown) - len(right) - unfinished,
        left=unfinished,
    )


# --- Who asks -------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Chat:
    """A place where somebody asks about some towns."""

    place: Place
    towns: tuple[str, ...]
    ask: Callable[[str], Message]


def opened(server: Telegram) -> tuple[Chat, ...]:
    """Three private chats, a group, and a topic of a forum."""
    anna, ben, clara = (server.person(name) for name in ("Anna", "Ben", "Clara"))
    group = server.group("Millers", (anna, ben))
    forum = server.group("Towns", (anna, clara), topics=True)
    topic = forum.topic("Mills", by=anna)
    asking: Sequence[tuple[Place, Callable[[str], Message]]] = (
        (anna, anna.says),
        (ben, ben.says),
        (clara, clara.says),
        (group, lambda text: ben.says(f"/ask {text}", chat=group)),
        (forum, lambda text: clara.says(f"/ask {text}", chat=forum, topic=topic)),
    )
    return tuple(
        Chat(place=place, towns=TOWNS[number * A_CHAT :][:A_CHAT], ask=ask)
        for number, (place, ask) in enumerate(asking)
    )


# --- A run ----------------------------------------------------------------------------------------


@dataclass(kw_only=True)
class Run:
    """One run, on a server of its own."""

    plan: Plan
    server: Telegram
    bot: Program
    book: Engine
    """The bot's database."""
    kills: list[float] = field(default_factory=list)
    """On the server's clock."""

    def done(self) -> Counts:
        """Run it, and say what became of it."""
        chats = opened(self.server)
        self._started()
        for turn in range(A_CHAT):
            for chat in chats:
                chat.ask(question(chat.towns[turn]))
        self._moment(chats)
        in_work = len(TOWNS) - self._said(chats)
        self._killed()
        if self.plan.again is not None:
            calls = len(self.server.calls())
            self._wait(lambda: len(self.server.calls()) > calls, GRACE)
            time.sleep(self.plan.again)
            self._killed()
        self._wait(lambda: self._is_over(chats), PATIENCE)
        time.sleep(QUIET)
        is_clean = self.bot.stop() == 0 and not self._open()
        return self._counted(chats) + Counts(
            runs=1, kills=len(self.kills), in_work=in_work, unclean=int(not is_clean)
        )

    def _counted(self, chats: Sequence[Chat]) -> Counts:
        total = Counts(possible=self._copies())
        for chat in chats:
            shown = [Shown.of(one) for one in self.server.messages(chat.place)]
            free = total.possible - total.inside
            total += judged(chat.towns, shown, self.kills, free)
        return total

    def _started(self) -> None:
        self.bot.start()
        self._wait(lambda: self.server.calls("getUpdates"), GRACE)

    def _killed(self) -> None:
        """Kill the bot and start it again."""
        self.kills.append(self.server.world.now())
        self.bot.kill()
        self.server.heal()
        self.bot.start()

    def _moment(self, chats: Sequence[Chat]) -> None:
        """Wait for the first kill."""
        plan = self.plan
        if plan.moment is Moment.ANY:
            self._wait(lambda: self._said(chats) >= ENOUGH, plan.seconds)
            return
        fault = self._fault(chats[plan.chat].place)
        self._wait(lambda: not fault.times or self._said(chats) >= ENOUGH, GRACE)
        if plan.moment is Moment.TAKEN:
            # It is met a moment before it is carried out.
            self._wait(lambda: all(call.status for call in self.server.calls(fault.method)), 1.0)

    def _fault(self, place: Place) -> Fault:
        """What keeps the bot from knowing what becomes of a message."""
        method = self.plan.method if place.chat.is_group else "sendMessage"
        skip = self.plan.skip
        if self.plan.moment is Moment.TAKEN:
            return self.server.fail_next(method, chat=place.id, skip=skip, done=True, cut=True)
        # It is carried out by then only if somebody waits for it.
        return self.server.fail_next(method, chat=place.id, skip=skip, delay=GRACE)

    def _wait(self, holds: Callable[[], object], seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until and not holds():
            time.sleep(STEP)

    def _said(self, chats: Sequence[Chat]) -> int:
        """How many questions have their end."""
        shown = (Shown.of(one) for chat in chats for one in self.server.messages(chat.place))
        return len({one.towns for one in shown if one.is_answer or one.is_apology})

    def _is_over(self, chats: Sequence[Chat]) -> bool:
        """Whether all is said, and the bot, at work again, thinks so, too."""
        if self._said(chats) < len(TOWNS) or self.server.pending():
            return False
        polls = [call.at for call in self.server.calls("getUpdates")]
        return polls[-1] > self.kills[-1] and not self._open()

    def _open(self) -> int:
        is_open = INBOX.c.state.in_(("new", "working"))
        with self.book.connect() as connection:
            return connection.scalar(select(func.count()).select_from(INBOX).where(is_open)) or 0

    def _copies(self) -> int:
        counted = select(COUNTERS.c.value).where(COUNTERS.c.name == COPIES)
        with self.book.connect() as connection:
            return connection.scalar(counted) or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A run that is over."""

    plan: Plan
    counts: Counts
    log: str
    """What the bot said in it."""


def run(seed: str, mills: Mills, database: Callable[[], str] | None = None) -> Ended:
    """The run of a seed; `database` makes one on a PostgreSQL server, in place of SQLite's file."""
    plan = Plan.drawn(seed)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="citebot-crash-")))
        data = folder / "data"
        shutil.copytree(mills.data, data)
        server = stack.enter_context(telegram())
        model = stack.enter_context(serving(writer(seed, MODEL_SECONDS)))
        made = environment(server.url, server.token, mills, data, model.url)
        file = data / f"bot-{server.token.partition(':')[0]}.db"
        address = database() if database else f"sqlite:///{file}"
        if database:
            made["CITEBOT_DATABASE_URL"] = address
        bot = stack.enter_context(program(made, folder, "-m", "bot"))
        book = create_engine(address.replace("postgresql:", "postgresql+psycopg:"))
        stack.callback(book.dispose)
        counts = Run(plan=plan, server=server, bot=bot, book=book).done()
        return Ended(plan=plan, counts=counts, log=bot.log)


# --- All of them ----------------------------------------------------------------------------------

COLUMNS = tuple(one.name for one in fields(Counts))


def line(name: str, cells: Sequence[object]) -> str:
    """A line of the table."""
    return f"{name:<28}" + "".join(
        f"{cell!s:>{len(column) + 2}}" for column, cell in zip(COLUMNS, cells, strict=True)
    )


def cells(counts: Counts) -> list[int]:
    """The counts in the order of the columns."""
    return [getattr(counts, name) for name in COLUMNS]


def verdict(total: Counts) -> str:
    """The last lines."""
    return (
        f"{total.runs} runs, {total.kills} kills, {total.in_work} questions in work at the first "
        f"kill: {total.lost} lost, {total.outside} doubled outside the window between Telegram's "
        f"taking a message and our record of it, {total.inside} doubled inside it (the bot counted "
        f"{total.possible} as possible), {total.disordered} chats out of order, "
        f"{total.apologised} apologies."
    )


@contextmanager
def postgres(url: str | None) -> Iterator[Callable[[], str] | None]:
    """What makes databases on a server, if one is named; they are dropped in the end."""
    if url is None:
        yield None
        return
    server = Server(root=url)
    try:
        server.prepare()
        yield server.ready
    finally:
        server.drop()


def main(runs: int, seed: int, address: str | None) -> int:
    """Run all and print what became of them; the exit status."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="citebot-mills-")))
        database = stack.enter_context(postgres(address))
        pool = stack.enter_context(ThreadPoolExecutor(TOGETHER))
        mills = Mills.built(folder)
        begun = time.monotonic()
        _say(line("seed, first kill", COLUMNS))
        total = Counts()
        seeds = [f"{seed}.{number}" for number in range(1, runs + 1)]
        for ended in pool.map(lambda name: run(name, mills, database), seeds):
            total += ended.counts
            _say(line(f"{ended.plan.seed} {ended.plan}", cells(ended.counts)))
            if ended.counts.bad:
                _say(*(f"    {said}" for said in ended.log.splitlines()[-40:]))
        _say(line("all", cells(total)), "", verdict(total))
        _say(f"{time.monotonic() - begun:.0f} seconds.")
    return 1 if total.bad else 0


def _say(*lines: str) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
    sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Kill the bot at work, and count what is lost.")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--postgres",
        metavar="URL",
        nargs="?",
        const=os.environ.get("CITEBOT_TEST_POSTGRES"),
        help="a server where databases may be made; alone, the one of CITEBOT_TEST_POSTGRES",
    )
    given = parser.parse_args()
    sys.exit(main(given.runs, given.seed, given.postgres))
