"""The picture of a chat in the README: a conversation that a bot has held just now.

    python -m tests.walkthrough docs/chat.png

The bot is whole, the articles are the sample; only Telegram and the language model are stand-ins.
What the model says is written here, in `SAID`; what is shown of it, and the quotes under it, is the
bot's. Needs Chromium, Pillow (which comes with `citebot[dev]`), and fonts: apt-get install chromium
fonts-inter fonts-noto-color-emoji.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from prompts import load
from rag.settings import Settings
from tests.adversary_row import Said, Sight, reply_of
from tests.browser import opened, started
from tests.openai_server import KEY, MODEL, Reply, Request, completes, serving
from tests.running import at_work, settle, upon
from tests.telegram_server import Telegram, telegram
from tests.telegram_transcript import marked
from tests.telegram_values import Chat, Message, Press

FIRST = "Was ist über die Kryptobörsen bekannt, die Kasachstan 2024 geschlossen hat?"
FOLLOWS = "Und welche Behörde steckt dahinter?"
MEANT = "Welche Behörde hat die Kryptobörsen in Kasachstan geschlossen?"
NOT_SAID = "Wie hieß die größte der geschlossenen Börsen?"

SAID: Mapping[str, tuple[Said, ...]] = {
    FIRST: (
        Said(
            text="In Kasachstan haben die Behörden 2024 insgesamt 36 Börsen geschlossen, die ohne "
            "Genehmigung arbeiteten.",
            quotes=("Dozens of illegal crypto exchanges", "closed 36 exchanges"),
        ),
        Said(
            text="Über diese 36 Börsen liefen zusammen Transaktionen von mehr als 100 Millionen "
            "Dollar.",
            quotes=("closed 36 exchanges",),
        ),
    ),
    MEANT: (
        Said(
            text="Geleitet hat den Einsatz die Financial Monitoring Agency (AFM).",
            quotes=("Financial Monitoring Agency (AFM)",),
        ),
    ),
}
"""What the model claims, by what is asked. Of anything else it finds nothing."""

TAGS: Mapping[str, tuple[str, str]] = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "code": ("<code>", "</code>"),
    "bot_command": ('<span class="command">', "</span>"),
    "expandable_blockquote": ("<blockquote>", "</blockquote>"),
}

WIDTH = 1568
"""Of the picture, in pixels; the page is as wide."""

COLOURS = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A button as it is drawn."""

    text: str
    is_pressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bubble:
    """A message as it is drawn."""

    is_bot: bool
    html: str
    reply: str
    """How the message begins that it answers."""
    rows: tuple[tuple[Key, ...], ...]


def script(request: Request) -> Reply:
    """The language model."""
    system, sight = request.message("system"), Sight(request=request)
    if system.startswith(_first_line("answer")):
        said = SAID.get(sight.question, ())
        return completes(reply_of(*(one.value(sight) for one in said)))
    if system.startswith(_first_line("rewrite")):
        meant = MEANT if sight.question == FOLLOWS else sight.question
        return completes(json.dumps({"question": meant}))
    return completes("{}")  # No translations: the question's own words will do.


def _first_line(prompt: str) -> str:
    return load(prompt).body.partition("\n")[0]


@contextmanager
def conversation() -> Iterator[Chat]:
    """The chat, once all of it is said."""
    with TemporaryDirectory() as folder, telegram() as server, serving(script) as model:
        library = Settings(
            data=Path(folder), model=MODEL, openai_api_key=KEY, openai_base_url=model.url,
            _env_file=None,
        )  # fmt: skip
        with at_work(server, library) as settings:
            chat = _talk(server)
            settle(server, settings, library)
            yield chat


def _talk(server: Telegram) -> Chat:
    anna = server.person("Anna", language="de")
    upon(server, anna, lambda: anna.says("/start"))
    upon(server, anna, lambda: anna.says(FIRST))
    answer = upon(server, anna, lambda: anna.says(FOLLOWS))
    upon(server, anna, lambda: anna.presses(answer, "[1]"))
    upon(server, anna, lambda: anna.says(NOT_SAID))
    return anna.chat


def page(chat: Chat) -> str:
    """A chat as HTML."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    template = Path(__file__).with_suffix(".html").read_text("utf-8")
    return environment.from_string(template).render(messages=_bubbles(chat))


def _bubbles(chat: Chat) -> list[Bubble]:
    from markupsafe import Markup

    pressed = {
        (item.message.id, item.button.text) for item in chat.timeline if isinstance(item, Press)
    }
    return [
        Bubble(
            is_bot=bool(message.sender and message.sender.is_bot),
            # Its text is escaped here, and the marks are ours.
            html=Markup(marked(message.words, TAGS, escape)),  # noqa: S704
            reply=message.reply.text.partition("\n")[0] if message.reply else "",
            rows=tuple(
                tuple(
                    Key(text=one.text, is_pressed=(message.id, one.text) in pressed) for one in row
                )
                for row in message.keyboard
            ),
        )
        for message in chat.timeline
        if isinstance(message, Message)
    ]


def picture(chat: Chat, file: Path) -> None:
    """A chat as a PNG."""
    from PIL import Image

    with TemporaryDirectory() as folder, started() as browser:
        source = Path(folder) / "chat.html"
        source.write_text(page(chat), "utf-8")
        with opened(browser, source, size=(WIDTH, 100)) as window:
            drawn = window.screenshot(full_page=True)
    # A chat has few colours, and a README is to load quickly.
    Image.open(BytesIO(drawn)).quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE).save(
        file, optimize=True
    )


if __name__ == "__main__":
    with conversation() as held:
        picture(held, Path(sys.argv[1]))
