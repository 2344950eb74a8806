"""What nobody may do to a whole bot: it is refused, and logged without a word of it.

Whatever comes from outside holds `SECRET`. Nothing of it may be found afterwards, in the log or in
the tables; the tables hold what they held, but for closed updates without text; so does the folder
of articles; and nothing is sent but what a test names.
"""

import json
import logging
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.domain import Fault, Verdict
from bot.presses import AddFile, Blame, ForgetMe, Judge, ShowSource, data
from bot.settings import BotSettings
from rag.build import index_folder
from rag.manifest import Manifest
from rag.settings import Settings
from tests.conftest import ASKED
from tests.running import Rows, at_work, settle, upon
from tests.telegram_people import Person
from tests.telegram_server import Telegram, telegram
from tests.telegram_values import Button, Message
from tests.test_bot_uploads import bomb, page_of, pdf_of

SECRET = "Zanzibar"  # noqa: S105
"""A word of who does what they may not."""

HOOK_SECRET = "hook-4f1c9a7e"  # noqa: S105
HEADER = "X-Telegram-Bot-Api-Secret-Token"

LOGS = ("inbox", "deliveries")
"""Tables that tell of every update and every message, without a word once these are done."""


@dataclass(frozen=True, kw_only=True)
class State:
    """All that must not change."""

    tables: Rows
    files: dict[str, bytes]
    generation: int
    """Of the index."""


@dataclass(kw_only=True)
class Scene:
    """A bot with an administrator and a reader, who was given an answer."""

    server: Telegram
    library: Settings
    settings: BotSettings
    boss: Person
    anna: Person
    answer: Message
    log: pytest.LogCaptureFixture

    def state(self) -> State:
        """Once all is done: what there is."""
        tables = settle(self.server, self.settings, self.library)
        assert SECRET.lower() not in json.dumps(tables, ensure_ascii=False).lower()
        assert not [row for name in LOGS for row in tables[name] if row["body"]]
        folder = self.library.data.parent
        held = [folder / "articles", self.library.data / "uploads"]
        with Manifest(index_folder(self.library) / "index.db").reading() as snapshot:
            generation = snapshot.generation
        return State(
            tables={name: rows for name, rows in tables.items() if name not in LOGS},
            files={
                str(path.relative_to(folder)): path.read_bytes()
                for place in held
                for path in sorted(place.rglob("*"))
                if path.is_file()
            },
            generation=generation,
        )

    def check(self, before: State, *lines: str) -> None:
        """That nothing has changed, and that the log has these lines and no word of it."""
        assert self.state() == before
        assert SECRET.lower() not in self.log.text.lower()
        warned = [one for one in self.log.records if one.levelno >= logging.WARNING]
        assert Counter(one.getMessage() for one in warned) == Counter(lines)

    def sent(self) -> list[str]:
        """Everything that the bot has sent, wherever."""
        methods = ("sendMessage", "editMessageText", "sendMessageDraft")
        return [call.text for call in self.server.calls(*methods)]


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def boss(server: Telegram) -> Person:
    return server.person("Boss")


@pytest.fixture
def anna(server: Telegram) -> Person:
    return server.person("Anna")


@pytest.fixture
def more(boss: Person) -> dict[str, Any]:
    """More settings of the bot."""
    return {"admins": [boss.id]}


@pytest.fixture
def scene(
    server: Telegram,
    corpus: Path,
    boss: Person,
    anna: Person,
    more: dict[str, Any],
    caplog: pytest.LogCaptureFixture,
) -> Iterator[Scene]:
    library = Settings(
        corpus=corpus, data=corpus.parent / "data", threshold=0.0, model=None, _env_file=None
    )
    with caplog.at_level(logging.DEBUG), at_work(server, library, **more) as settings:
        upon(server, boss, lambda: boss.says("/start"))
        answer = upon(server, anna, lambda: anna.says(ASKED))
        made = Scene(
            server=server, library=library, settings=settings, boss=boss, anna=anna,
            answer=answer, log=caplog,
        )  # fmt: skip
        yield made


def tries_everything(scene: Scene, who: Person, shown: Message) -> None:
    """Whatever a person can do in private and in a group; `shown` is a message to press on."""
    group = scene.server.group("Everybody", [who])
    for where in (None, group):
        who.says(f"/ask Who bought {SECRET}?", chat=where)
        who.says(f"/article {SECRET}", chat=where)
        who.says("/reindex", chat=where)
        who.sends_file(f"{SECRET}.txt", f"{SECRET} was sold.".encode(), chat=where)
    who.says(f"Who bought the mill of {SECRET}?")
    who.says("/forget")
    who.says(f"/ban {scene.anna.id}")
    presses = [who.presses(shown, Button(text="?", data=said)) for said in PRESSES]
    question = who.inline(f"Who bought the mill by the river of {SECRET}?")
    settle(scene.server, scene.settings, scene.library)
    assert not [press for press in presses if press.answer]
    assert not question.results
    assert not scene.server.messages(group)


PRESSES = (
    data(ShowSource(answer_id=1, number=1)),
    data(Judge(answer_id=1, verdict=Verdict.BAD)),
    data(ForgetMe(is_sure=True)),
)


NOT_LET_IN = (
    *["A press of somebody who is not let in was left alone"] * len(PRESSES),
    "An inline query of somebody who is not let in was left alone",
)


TURNED_AWAY = 10
"""Messages among all that."""


class TestAStranger:
    @pytest.fixture
    def more(self, boss: Person, anna: Person) -> dict[str, Any]:
        return {"admins": [boss.id], "users": [anna.id]}

    def test_is_told_their_number_and_gets_nothing(self, scene: Scene) -> None:
        """Who is on no list gets their number for the administrators, once, and nothing else."""
        eve = scene.server.person("Eve")
        before, sent = scene.state(), scene.sent()
        told = upon(scene.server, eve, lambda: eve.says(f"Who is {SECRET}?"))
        assert str(eve.id) in told.text
        tries_everything(scene, eve, told)

        assert scene.server.messages(eve) == [told]
        assert len(scene.sent()) == len(sent) + 1
        away = "Somebody who is not let in was turned away (stranger)"
        scene.check(before, *NOT_LET_IN, *[away] * (1 + TURNED_AWAY))


class TestABannedUser:
    def test_gets_nothing_any_more(self, scene: Scene) -> None:
        """Who was shut out is told so, once; the buttons of their own answers are dead, too."""
        anna, boss, server = scene.anna, scene.boss, scene.server
        upon(server, boss, lambda: boss.says(f"/ban {anna.id}"))
        before, sent = scene.state(), scene.sent()
        told = upon(server, anna, lambda: anna.says(f"Who is {SECRET}?"))
        assert told.text.startswith("You have been shut out of this bot.")
        tries_everything(scene, anna, scene.answer)

        assert server.messages(anna) == [scene.answer, told]
        assert len(scene.sent()) == len(sent) + 1
        away = "Somebody who is not let in was turned away (banned)"
        scene.check(before, *NOT_LET_IN, *[away] * (1 + TURNED_AWAY))


NOT_OURS = (SECRET, *"s:1 s:1:1:1 S:1:1 s:+1:1 s:01:1 s:１:1 v:1:fine u:1 x:1:1".split())

"""What no button says, or not in this way."""

NOT_THEIRS = (
    data(ShowSource(answer_id=1, number=1)),
    data(Judge(answer_id=1, verdict=Verdict.GOOD)),
    data(Blame(answer_id=1, fault=Fault.WRONG)),
)
"""Of Anna's answer, who was given it in her own chat."""

NOWHERE = (
    data(ShowSource(answer_id=2, number=9)),
    data(ShowSource(answer_id=2**63 - 1, number=1)),
    data(Judge(answer_id=77, verdict=Verdict.BAD)),
)


def test_a_forged_callback(scene: Scene) -> None:
    """Whatever a button is made to say, others' answers stay theirs, and files out."""
    server = scene.server
    mallory = server.person("Mallory")
    own = upon(server, mallory, lambda: mallory.says("When was the bridge closed?"))
    before, sent = scene.state(), scene.sent()
    file = data(AddFile(file_id=1, is_sure=True))
    forged = (*NOT_OURS, *NOT_THEIRS, *NOWHERE, file)
    presses = [mallory.presses(own, Button(text="?", data=said)) for said in forged]
    settle(server, scene.settings, scene.library)

    assert all(press.is_answered and press.is_alert for press in presses)
    assert scene.sent() == sent
    scene.check(
        before,
        *["A button was pressed that is none of ours"] * len(NOT_OURS),
        *["A button named an answer of another chat"] * len(NOT_THEIRS),
        "Somebody who is no administrator wanted to add a file",
    )


class TestAWebhookCall:
    @pytest.fixture
    def more(self, boss: Person) -> dict[str, Any]:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        hook = {"webhook_url": f"http://127.0.0.1:{port}/hook", "webhook_secret": HOOK_SECRET}
        return {"admins": [boss.id], "port": port, **hook}

    @pytest.mark.parametrize("told", [None, "", "hook", HOOK_SECRET.upper(), "é"])
    def test_without_the_secret(self, scene: Scene, told: str | None) -> None:
        """A post that does not know the secret gets 403, before anything of it is looked at."""
        before, sent = scene.state(), scene.sent()
        names = {} if told is None else {HEADER: told}
        status = _post(scene.settings.webhook_url or "", _update(scene.anna), names)

        assert status == 403
        assert scene.sent() == sent
        scene.check(before, "A post without the secret was refused")

    def test_with_the_secret(self, scene: Scene) -> None:
        """The same post is answered where it knows the secret: the test above can fail."""
        url, names = scene.settings.webhook_url or "", {HEADER: HOOK_SECRET}
        upon(scene.server, scene.anna, lambda: _post(url, _update(scene.anna), names))


def _update(person: Person) -> bytes:
    """A message that somebody seems to have written."""
    message = {
        "message_id": 77,
        "date": int(time.time()),
        "chat": person.chat.json(),
        "from": person.user.json(),
        "text": f"What did {SECRET} cost?",
    }
    return json.dumps({"update_id": 77, "message": message}).encode()


def _post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """The status of a post."""
    address = urlsplit(url)
    with closing(HTTPConnection(address.netloc, timeout=10)) as connection:
        connection.request("POST", address.path, body, headers)
        return connection.getresponse().status


FILES: Mapping[str, tuple[str, bytes, str]] = {
    "out of the folder": (f"../../{SECRET}", b"Words.", "name"),
    "out of the folder, as text": (f"../../{SECRET}.txt", b"Words.", "name"),
    "of another system": (f"..\\..\\{SECRET}.txt", b"Words.", "name"),
    "19 MB": (f"{SECRET}.txt", f"{SECRET} was sold.\n".encode() * 1_000_000, "size"),
    "zip bomb": (f"{SECRET}.pdf", pdf_of(bomb()), "broken"),
    "zip bomb behind words": (f"{SECRET}.pdf", pdf_of(page_of(SECRET), bomb()), "broken"),
    "zip bomb in zip bombs": (
        f"{SECRET}.pdf",
        pdf_of(bomb(3), filters="/FlateDecode /FlateDecode /FlateDecode"),
        "broken",
    ),
}
"""Name, content, and why it is refused."""


@pytest.mark.parametrize("kind", FILES)
def test_a_file(scene: Scene, kind: str) -> None:
    """A file that would be more than an article is refused in a sentence, whoever sends it."""
    name, content, why = FILES[kind]
    boss = scene.boss
    before, sent = scene.state(), scene.sent()
    told = upon(scene.server, boss, lambda: boss.sends_file(name, content))

    assert "cannot be added." in told.text
    assert not told.buttons
    assert len(scene.sent()) == len(sent) + 1
    scene.check(before, f"A file of an administrator was refused: {why}")
