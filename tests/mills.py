"""Articles about mills, a model that writes about them, and the bot as a program that is asked.

What `tests.crash` and `tests.flood` have in common. Every question is about a town that no other is
about, so that a message says by itself which question it answers.
"""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from prompts import load
from rag.settings import Settings
from tests.adversary_row import Sight, reply_of
from tests.openai_server import KEY, MODEL, Reply, Request, completes

ROOT = Path(__file__).parent.parent

TOWNS = tuple(
    "Adorf Bexheim Cloppen Drewitz Erlbach Fahrnau Gandern Horbach Illnau Jestetten "
    "Kandel Landquart Murgen Niederau Ottwil Plauen Quarnbek Rinteln Sulzau Tiengen".split()
)
"""One article each."""

GRACE = 60.0
"""Seconds in which the bot has to have stopped."""

SAYING = 0.1
"""What of the model's time goes by between two pieces of its reply."""

_ANSWERING = load("answer").body.partition("\n")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mills:
    """The folder of articles, and that of their index."""

    corpus: Path
    data: Path

    @classmethod
    def built(cls, folder: Path) -> "Mills":
        """Made in a folder that is there."""
        from rag.build import Parts

        mills = cls(corpus=folder / "articles", data=folder / "data")
        mills.corpus.mkdir()
        for number, town in enumerate(TOWNS, start=2):
            text = (
                f"The mill of {town}\n\n"
                f"The mill of {town} was sold to Anna Keller for {number}00 euros. "
                f"The mill of {town} has {number} wheels.\n"
            )
            (mills.corpus / f"{town.lower()}.txt").write_text(text, "utf-8")
        settings = Settings(corpus=mills.corpus, data=mills.data, model=None, _env_file=None)
        with Parts(settings).answerer as answerer:
            answerer.indexer.run()
        return mills


def question(town: str) -> str:
    """What is asked about a town."""
    return f"Who bought the mill of {town}?"


def towns_in(text: str) -> tuple[str, ...]:
    """The towns that a text is about."""
    return tuple(town for town in TOWNS if town in text)


def writer(seed: str, seconds: tuple[float, float]) -> Callable[[Request], Reply]:
    """A script for the model: two true claims about a town, after a time drawn from the seed."""

    def reply(request: Request) -> Reply:
        sight = Sight(request=request)
        if not request.message("system").startswith(_ANSWERING):
            return completes(json.dumps({"question": sight.question}))  # It stands alone.
        (town,) = towns_in(sight.question)
        about = {key: text for key, text in sight.sentences.items() if f" {town} " in text}
        said = reply_of(*({"text": text, "keys": [key]} for key, text in about.items()))
        chance = random.Random(f"{seed} {town}")  # noqa: S311 - to be drawn again
        taken = chance.uniform(*seconds)
        return replace(completes(said, parts=6), delay=taken, pause=taken * SAYING)

    return reply


def environment(
    url: str, token: str, mills: Mills, data: Path, model: str | None = None
) -> dict[str, str]:
    """The environment of a bot at a Bot API server, with nobody's settings."""
    ours = ("CITEBOT_", "OPENAI_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    written = {
        "CITEBOT_MODEL": MODEL,
        "OPENAI_BASE_URL": model,
        "OPENAI_API_KEY": KEY,
    } if model else {"CITEBOT_THRESHOLD": "0"}  # fmt: skip
    return kept | written | {
        "CITEBOT_CORPUS": str(mills.corpus),
        "CITEBOT_DATA": str(data),
        "CITEBOT_TELEGRAM_TOKEN": token,
        "CITEBOT_TELEGRAM_BASE_URL": url,
        "CITEBOT_TELEGRAM_PER_MINUTE": "100000",
        "CITEBOT_TELEGRAM_PER_DAY": "100000",
        "NO_PROXY": "127.0.0.1",
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip


@dataclass(kw_only=True)
class Program:
    """A program that is started, killed and started again."""

    arguments: Sequence[str]
    """Of this very interpreter."""
    environment: Mapping[str, str]
    folder: Path
    """Its working directory, and where its log is."""
    process: "subprocess.Popen[bytes] | None" = None

    def start(self) -> None:
        """Start it; whether it gets to work is another question."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *self.arguments],
                env=self.environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """End it as the system does where memory runs out: nothing is cleared up."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def stop(self) -> int | None:
        """Stop it as a person would; its exit status, or None where it did not come to an end."""
        assert self.process
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.kill()
            return None

    @property
    def is_alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    @property
    def log(self) -> str:
        """What it said."""
        return (self.folder / "log").read_text("utf-8", "replace")


@contextmanager
def program(environment: Mapping[str, str], folder: Path, *arguments: str) -> Iterator[Program]:
    """A program that is not started yet, and does not run after the block."""
    made = Program(arguments=arguments, environment=environment, folder=folder)
    try:
        yield made
    finally:
        made.kill()
