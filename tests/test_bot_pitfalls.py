"""The pitfalls of Telegram bots, one test each: the whole bot against the fake Bot API server.

The table is in `../shared/reference/telegram.md`; `ROWS` says which test stands for which row.
"""

import asyncio
import random
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from unittest.mock import patch

import aiohttp
import httpx
import pytest
from sqlalchemy import select

from bot import app, asking
from bot.domain import Interface
from bot.hook import HEADER
from bot.markup import units
from bot.phrases import words
from bot.settings import BotSettings
from bot.tables import ANSWERS, CHATS, INBOX
from rag.settings import Settings
from tests.conftest import ANSWERED, ASKED
from tests.mills import TOWNS, Mills, Program, environment, program, question, towns_in, writer
from tests.openai_server import Reply, Request, serving
from tests.telegram_people import Person, Place
from tests.telegram_server import Telegram, telegram
from tests.telegram_values import Message
from tests.whole import Work, free_port, library_of, repeating, working, written

TABLE = Path(__file__).parents[2] / "shared" / "reference" / "telegram.md"

ROWS = MappingProxyType(
    {
        "token in logs": "test_token_in_logs",
        "concurrent_updates order": "test_concurrent_updates_order",
        "409 two pollers": "test_409_two_pollers",
        "429": "test_429",
        "message is not modified": "test_message_is_not_modified",
        "message to edit not found": "test_message_to_edit_not_found",
        "parse entities": "test_parse_entities",
        "4096": "test_4096",
        "callback_data 64 bytes": "test_callback_data_64_bytes",
        "old callback": "test_old_callback",
        "group privacy mode (on by default)": "test_group_privacy_mode",
        "edited messages": "test_edited_messages",
        "/ask@other_bot": "test_ask_at_other_bot",
        "forum topics": "test_forum_topics",
        "blocked (403)": "test_blocked_403",
        "migrated group": "test_migrated_group",
        "pending updates": "test_pending_updates",
        "crash / SIGKILL": "test_crash_sigkill",
        "SIGTERM": "test_sigterm",
        "unparsable update": "test_unparsable_update",
        "429/502 on getUpdates": "test_429_502_on_get_updates",
        "Telegram unreachable at start": "test_telegram_unreachable_at_start",
        "RetryAfter.retry_after": "test_retry_after_int_or_timedelta",
        "webhook secret": "test_webhook_secret",
    }
)

TOWN = "Adorf"
ENGLISH = words(Interface.EN)
LATE = ENGLISH.phrase("lapse.late")


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def slowly(corpus: Path) -> Iterator[Settings]:
    """A library whose model takes its time."""
    script = repeating("was sold", delay=0.4)
    with written(corpus, script) as library, patch.object(asking, "QUIET", 0.0):
        yield library


@pytest.fixture(scope="module")
def mills(tmp_path_factory: pytest.TempPathFactory) -> Mills:
    return Mills.built(tmp_path_factory.mktemp("mills"))


@pytest.fixture
def anna(server: Telegram) -> Person:
    return server.person("Anna")


async def said(work: Work, where: Place, count: int = 1, *, patience: float = 5.0) -> list[Message]:
    """So many messages of the bot, once all is done."""
    await work.until(lambda: len(work.server.messages(where)) >= count, patience)
    await work.settled()
    messages = work.server.messages(where)
    assert len(messages) == count, work.server.transcript()
    return messages


async def states(work: Work) -> list[str]:
    rows = await work.running.parts.database.read(select(INBOX.c.state))
    return [state for (state,) in rows]


def test_every_row_has_its_test() -> None:
    """Each row of the table of pitfalls has a test that is named after it."""
    if not TABLE.is_file():
        pytest.skip("the table of pitfalls is not there (../shared/reference/telegram.md)")
    table = TABLE.read_text("utf-8").partition("\n## C. ")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)[1:]
    assert [row for row in rows if not row.startswith("---")] == list(ROWS)
    assert [name for name in ROWS.values() if name not in globals()] == []


# --- The command line ----------------------------------------------------------------------------


def started(server: Telegram, running: Program, polls: int = 1) -> None:
    """Start a program and wait until it polls."""
    known = len(server.calls("getUpdates"))
    running.start()
    server.wait(lambda: len(server.calls("getUpdates")) >= known + polls, 30.0)


def test_token_in_logs(server: Telegram, mills: Mills, tmp_path: Path) -> None:
    """Nothing that a talkative run prints has the token, whatever goes wrong in it."""
    anna = server.person("Anna")
    told = environment(server.url, server.token, mills, tmp_path / "data")
    with program(told, tmp_path, "-m", "bot", "--verbose") as running:
        server.fail_next("getMe", cut=True)
        server.fail_next("setMyCommands", status=500)
        started(server, running)
        server.fail_next("sendMessage", status=502)
        server.fail_next("getUpdates", status=409)
        server.queue({"message": {"message_id": server.token}})
        anna.says(question(TOWN))
        server.wait(lambda: server.messages(anna), 20.0)
        anna.says("/sources")
        server.wait(lambda: len(server.messages(anna)) > 1, 20.0)
        # The end of a bot whose token was taken back.
        server.fail_next("getUpdates", times=-1, status=401)
        anna.says("/help")
        assert running.process
        assert running.process.wait(20) == 1
        log = running.log
    number, _, secret = server.token.partition(":")
    assert "Telegram does not know the bot's token" in log
    assert secret not in log
    assert f"{number}:" not in log
    assert TOWN not in log


def test_409_two_pollers(server: Telegram, mills: Mills, tmp_path: Path) -> None:
    """A bot whose polls another program ends stops with a sentence that says so, and status 1."""
    told = environment(server.url, server.token, mills, tmp_path / "data")
    with program(told, tmp_path, "-m", "bot") as running:
        started(server, running)
        assert running.process
        until = time.monotonic() + 40.0
        while running.process.poll() is None and time.monotonic() < until:
            httpx.get(f"{server.url}{server.token}/getUpdates", params={"timeout": 0})
            time.sleep(0.1)
        assert running.process.poll() == 1
        last = running.log.strip().splitlines()[-1]
    assert last.startswith("citebot: Another program polls Telegram with the same token")


def test_crash_sigkill(mills: Mills, tmp_path: Path) -> None:
    """Questions that were in work at a SIGKILL are answered after the next start, each once."""
    with (
        telegram() as server,
        serving(writer("1", (0.5, 0.5))) as model,
        program(
            environment(server.url, server.token, mills, tmp_path / "data", model.url),
            tmp_path,
            "-m",
            "bot",
        ) as running,
    ):
        people = [server.person(name) for name in ("Anna", "Ben", "Cleo", "Dan")]
        started(server, running)
        for person, town in zip(people, TOWNS, strict=False):
            person.says(question(town))
        server.wait(lambda: len(model.asked) >= len(people), 10.0)
        running.kill()
        assert not any(map(server.messages, people))
        assert not server.pending()
        started(server, running)
        server.wait(lambda: all(map(server.messages, people)), 20.0)
        assert running.stop() == 0
        for person, town in zip(people, TOWNS, strict=False):
            (answer,) = server.messages(person)
            assert towns_in(answer.text) == (town,)
            assert answer.buttons


def test_sigterm(mills: Mills, tmp_path: Path) -> None:
    """A stop finishes what can be finished in time, leaves the rest to the next start, exits 0."""
    hanging = {TOWNS[1]}

    def script(request: Request) -> Reply:
        is_slow = any(question(town) in request.message("user") for town in hanging)
        return replace(quick(request), delay=30.0) if is_slow else quick(request)

    quick = writer("1", (0.3, 0.3))
    with telegram() as server, serving(script) as model:
        told = environment(server.url, server.token, mills, tmp_path / "data", model.url)
        told["CITEBOT_TELEGRAM_STOP_SECONDS"] = "1.5"
        with program(told, tmp_path, "-m", "bot") as running:
            anna, ben = server.person("Anna"), server.person("Ben")
            started(server, running)
            anna.says(question(TOWNS[0]))
            ben.says(question(TOWNS[1]))
            server.wait(lambda: len(model.asked) >= 2, 10.0)
            begun = time.monotonic()
            assert running.stop() == 0
            assert time.monotonic() - begun < 6.0
            assert [towns_in(one.text) for one in server.messages(anna)] == [(TOWNS[0],)]
            assert not server.messages(ben)
            hanging.clear()
            started(server, running)
            server.wait(lambda: server.messages(ben), 20.0)
            assert running.stop() == 0
        assert [towns_in(one.text) for one in server.messages(ben)] == [(TOWNS[1],)]
        assert len(server.messages(anna)) == 1


# --- Sending -------------------------------------------------------------------------------------


async def test_concurrent_updates_order(server: Telegram, corpus: Path) -> None:
    """What three chats say twenty times in quick succession is answered in order in each."""
    chance = random.Random(4)  # noqa: S311 - to be drawn again
    people = [server.person(name) for name in ("Anna", "Ben", "Cleo")]
    slow, quick = (ASKED, ANSWERED), ("/article The bridge", "The bridge")
    asked = {one: [chance.choice((slow, quick)) for _ in range(20)] for one in people}
    for now in zip(*asked.values(), strict=True):
        for person, (text, _) in zip(people, now, strict=True):
            person.says(text)
    with written(corpus, repeating("was sold", delay=0.05)) as library:
        async with working(server, library, per_minute=100) as work:
            for person, texts in asked.items():
                answers = await said(work, person, 20, patience=10.0)
                assert [one.text.partition("\n")[0] for one in answers] == [end for _, end in texts]


async def test_429(server: Telegram, anna: Person, corpus: Path) -> None:
    """Telegram's pause is kept in its chat and in no other, and what was to be said is said."""
    ben = server.person("Ben")
    async with working(server, library_of(corpus)) as work:
        server.fail_next("sendMessage", chat=anna.id, retry_after=1)
        anna.says("/reset")
        await work.until(lambda: server.calls("sendMessage"))
        begun = time.monotonic()
        ben.says("/reset")
        await work.until(lambda: server.messages(ben))
        assert time.monotonic() - begun < 0.8
        assert not server.messages(anna)
        await said(work, anna)
        assert time.monotonic() - begun > 0.9


async def test_message_is_not_modified(server: Telegram, anna: Person, corpus: Path) -> None:
    """An edit that changes nothing is no error, and no second message."""
    async with working(server, library_of(corpus)) as work:
        anna.says("/language")
        (message,) = await said(work, anna)
        button = message.buttons[1]
        for _ in range(2):
            anna.presses(message, button)
        await work.until(lambda: len(server.calls("editMessageText")) == 2)
        (message,) = await said(work, anna)
        assert server.calls("editMessageText")[-1].status == 400
        assert message.edits == 1
        assert set(await states(work)) == {"done"}


async def test_message_to_edit_not_found(server: Telegram, anna: Person, corpus: Path) -> None:
    """What was to take the place of a message that is gone is a message of its own."""
    async with working(server, library_of(corpus)) as work:
        anna.says("/language")
        (message,) = await said(work, anna)
        message.is_deleted = True
        anna.presses(message, message.buttons[1])
        (new,) = await said(work, anna)
        assert new.text == ENGLISH.phrase("language.done")
        assert new is not message


async def test_parse_entities(server: Telegram, anna: Person, corpus: Path) -> None:
    """What looks like markup is text; if Telegram refuses ours, the same goes out as plain text."""
    odd = "The <b>mill</i> & the <a href='x'>wheel</a> were sold to Anna Keller."
    (corpus / "odd.txt").write_text(f"<u>Odd\n\n{odd}\n", "utf-8")
    async with working(server, library_of(corpus)) as work:
        await asyncio.to_thread(work.running.parts.answerer.indexer.run)
        anna.says("/article odd")
        (message,) = await said(work, anna)
        assert odd in message.text
        words = "Bad Request: can't parse entities: Can't find end tag corresponding to start tag b"
        server.fail_next("sendMessage", status=400, description=words)
        anna.says("/article odd")
        _, plain = await said(work, anna, 2)
        assert plain.text == message.text
        assert plain.last.html == ""
        assert "bold" not in {entity.kind for entity in plain.words.entities}


async def test_4096(server: Telegram, anna: Person, corpus: Path) -> None:
    """A long answer goes out in parts of at most 4096 UTF-16 units, cut between statements."""
    tail = " and it ran \N{WATER WAVE}\N{WATER WAVE}" * 60
    texts = [f"The ferry of {town} was sold to Anna Keller{tail}." for town in TOWNS[:8]]
    (corpus / "ferry.txt").write_text("The ferry\n\n" + "\n\n".join(texts) + "\n", "utf-8")
    with written(corpus, repeating("The ferry of")) as library:
        async with working(server, library) as work:
            await asyncio.to_thread(work.running.parts.answerer.indexer.run)
            anna.says("To whom was the ferry sold?")
            parts = await said(work, anna, 2)
    assert all(units(part.text) <= 4096 for part in parts)
    assert max(map(units, (part.text for part in parts))) > 3000
    shown = [piece for part in parts for piece in part.text.split("\n\n")]
    assert [piece.partition(" [")[0] for piece in shown] == texts
    assert [bool(part.buttons) for part in parts] == [False, True]


async def test_callback_data_64_bytes(server: Telegram, anna: Person, corpus: Path) -> None:
    """No button says more than 64 bytes, however long the name of what it opens."""
    name = "Mühle-" * 18
    (corpus / f"{name}.txt").write_text("Windmill\n\nThe windmill was sold to Ben Frei.\n", "utf-8")
    async with working(server, library_of(corpus)) as work:
        await asyncio.to_thread(work.running.parts.answerer.indexer.run)
        for number, text in enumerate(
            ("Who bought the windmill?", "/sources", "/language", "/forget", "zzz qqq?"), start=1
        ):
            anna.says(text)
            await said(work, anna, number)
        buttons = [one for message in server.messages(anna) for one in message.buttons]
        assert len(buttons) > 10
        assert all(1 <= len(button.data.encode()) <= 64 for button in buttons)
        answer = server.messages(anna)[0]
        anna.presses(answer, "[1]")
        quote = (await said(work, anna, 6))[-1]
        assert "The windmill was sold to Ben Frei." in quote.text
        assert name in quote.text


async def test_old_callback(corpus: Path) -> None:
    """A press that Telegram takes no answer to any more does its work all the same."""
    with telegram(patience=0.0) as server:
        anna = server.person("Anna")
        async with working(server, library_of(corpus)) as work:
            anna.says(ASKED)
            (answer,) = await said(work, anna)
            anna.presses(answer, "[1]")
            await said(work, anna, 2)
            (call,) = server.calls("answerCallbackQuery")
            assert "query is too old" in call.description
            assert set(await states(work)) == {"done"}


# --- Who is spoken to ----------------------------------------------------------------------------


@pytest.mark.parametrize(("is_on", "heard"), [(True, 2), (False, 3)])
async def test_group_privacy_mode(is_on: bool, heard: int, corpus: Path) -> None:
    """With privacy mode on commands and replies work, and /help promises no more than that."""
    with telegram(privacy=is_on) as server:
        anna = server.person("Anna")
        group = server.group("Town", [anna])
        async with working(server, library_of(corpus)) as work:
            anna.says(f"@citebot_test_bot {ASKED}", chat=group)
            anna.says(f"/ask {ASKED}", chat=group)
            await work.until(lambda: server.messages(group))
            anna.says(ASKED, chat=group, reply_to=server.messages(group)[0])
            for message in await said(work, group, heard):
                assert ANSWERED in message.text
            anna.says("Who bought the bridge?", chat=group)
            anna.says("/help", chat=group)
            *_, guide = await said(work, group, heard + 1)
            key = "help.groups" if is_on else "help.groups_all"
            assert ENGLISH.phrase(key, name="@citebot_test_bot") in guide.text


async def test_edited_messages(server: Telegram, anna: Person, corpus: Path) -> None:
    """An edited question is no new one; Telegram is not even asked for edits."""
    async with working(server, library_of(corpus)) as work:
        mine = anna.says(ASKED)
        await said(work, anna)
        anna.edits(mine, "Who bought the bridge?")
        raw = {"message_id": 1, "date": int(time.time()), "edit_date": int(time.time())}
        who = {"id": anna.id, "type": "private", "first_name": "Anna"}
        sender = {"id": anna.id, "is_bot": False, "first_name": "Anna"}
        server.queue({"edited_message": {**raw, "chat": who, "from": sender, "text": ASKED}})
        anna.says("/reset")
        await said(work, anna, 2)
        assert "edited_message" not in server.calls("getUpdates")[-1].params["allowed_updates"]


async def test_ask_at_other_bot(corpus: Path) -> None:
    """What is addressed to another bot is left to that one, also where ours reads everything."""
    with telegram(privacy=False) as server:
        anna = server.person("Anna")
        group = server.group("Town", [anna])
        async with working(server, library_of(corpus)) as work:
            anna.says(f"/ask@other_bot {ASKED}", chat=group)
            anna.says(f"/ask@other_bot {ASKED}")
            anna.says(f"/ask@Citebot_Test_Bot {ASKED}", chat=group)
            await said(work, group)
            assert not server.messages(anna)


async def test_forum_topics(server: Telegram, anna: Person, slowly: Settings) -> None:
    """Answer and typing stay in the topic of the question, and each topic has its own thread."""
    group = server.group("Town", [anna], topics=True)
    one, other = (group.topic(name, anna) for name in ("Mills", "Bridges"))
    async with working(server, slowly) as work:
        for topic in (one, other, None):
            anna.says(f"/ask {ASKED}", chat=group, topic=topic)
        messages = await said(work, group, 3)
        assert [message.thread for message in messages] == [one, other, None]
        assert {action.thread for action in server.actions(group)} == {one, other, None}
        rows = await work.running.parts.database.read(select(ANSWERS.c.topic_id))
        assert sorted(topic for (topic,) in rows) == [0, one, other]


async def test_blocked_403(server: Telegram, anna: Person, slowly: Settings) -> None:
    """Who blocks the bot is not written to again and again, and is known to be away."""
    async with working(server, slowly) as work:
        anna.says(ASKED)
        await work.until(lambda: server.actions(anna) or server.calls("sendChatAction"))
        anna.blocks()
        await work.until(lambda: server.calls("sendMessage"))
        await work.settled()
        (call,) = server.calls("sendMessage")
        assert call.status == 403
        person = await work.running.parts.people.find(anna.id)
        assert person
        assert not person.is_active
        anna.unblocks()
        anna.says("/reset")
        await said(work, anna)
        person = await work.running.parts.people.find(anna.id)
        assert person
        assert person.is_active


async def test_migrated_group(server: Telegram, anna: Person, slowly: Settings) -> None:
    """An answer follows its group to the new number, once, and so does what is stored."""
    group = server.group("Town", [anna], basic=True)
    async with working(server, slowly) as work:
        anna.says(f"/ask {ASKED}", chat=group)
        await work.until(lambda: server.calls("sendChatAction"))
        moved = group.migrates(anna)
        await said(work, moved)
        assert not server.messages(group)
        database = work.running.parts.database
        assert [one for (one,) in await database.read(select(ANSWERS.c.chat_id))] == [moved.id]
        chats = dict(await database.read(select(CHATS.c.chat_id, CHATS.c.migrated_to)))
        assert chats == {group.id: moved.id, moved.id: None}
        assert [call.status for call in server.calls("sendMessage")].count(200) == 1


# --- Getting updates -----------------------------------------------------------------------------


async def test_pending_updates(server: Telegram, anna: Person, corpus: Path) -> None:
    """Of what waited while the bot was away, old questions get an apology, new ones an answer."""
    anna.says("Who bought the bridge?")
    server.world.queue.pending[-1].value["message"]["date"] -= 16 * 60
    anna.says(ASKED)
    server.world.queue.pending[-1].value["message"]["date"] -= 14 * 60
    async with working(server, library_of(corpus)) as work:
        sorry, answer = await said(work, anna, 2)
        assert sorry.text.startswith(LATE.partition("\n")[0])
        assert "Who bought the bridge?" in sorry.text
        assert ANSWERED in answer.text
        assert await states(work) == ["apologised", "done"]


async def test_unparsable_update(server: Telegram, anna: Person, corpus: Path) -> None:
    """An update that the library cannot read holds up nothing, and is not asked for for ever."""
    async with working(server, library_of(corpus)) as work:
        server.queue({"message": {"message_id": "x", "date": "y", "chat": 7}})
        anna.says("/reset")
        await said(work, anna)
        calls = len(server.calls("getUpdates"))
        await asyncio.sleep(0.2)
        assert len(server.calls("getUpdates")) - calls <= 1
        assert not server.pending()


async def test_429_502_on_get_updates(server: Telegram, anna: Person, corpus: Path) -> None:
    """Polling goes on after a 429 and after a 502, and health says when it last worked."""
    async with working(server, library_of(corpus)) as work:
        watch = work.running.watch
        server.fail_next("getUpdates", retry_after=1)
        server.fail_next("getUpdates", status=502, body=b"<html>Bad Gateway</html>")
        anna.says("/reset")
        await said(work, anna)
        polled = watch.polled
        assert polled is not None
        anna.says("/reset")
        await said(work, anna, 2, patience=8.0)
        assert [call.status for call in server.calls("getUpdates")].count(429) == 1
        again = watch.polled
        assert again is not None
        assert again.total_seconds() < 2.0


async def test_telegram_unreachable_at_start(server: Telegram, anna: Person, corpus: Path) -> None:
    """A bot that starts while Telegram is away waits for it; and stops when it is told to."""
    library = library_of(corpus)
    server.fail_next("getMe", times=2, cut=True)
    server.fail_next("getMe", status=502)
    server.fail_next("deleteWebhook", cut=True)
    with patch.object(app, "AGAIN", (0.05,)):
        async with working(server, library) as work:
            anna.says("/reset")
            await said(work, anna)
        away = BotSettings(token=server.token, base_url="http://127.0.0.1:9/bot", _env_file=None)
        stop = asyncio.Event()
        task = asyncio.create_task(app.run(away, library, stop))
        await asyncio.sleep(0.3)
        assert not task.done()
        stop.set()
        await asyncio.wait_for(task, 2.0)


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
@pytest.mark.parametrize("form", ["0", "1"])
async def test_retry_after_int_or_timedelta(
    form: str, server: Telegram, anna: Person, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telegram's pause is kept, be it given as a number or as a timedelta."""
    async with working(server, library_of(corpus)) as work:
        monkeypatch.setenv("PTB_TIMEDELTA", form)
        server.fail_next("sendMessage", retry_after=1)
        anna.says("/reset")
        await said(work, anna)
        first, second = server.calls("sendMessage")
        assert 0.9 < second.at - first.at < 2.0


async def test_webhook_secret(server: Telegram, anna: Person, corpus: Path) -> None:
    """Only posts with the secret are taken; there always is one, and only this machine is heard."""
    port = free_port()
    url = f"http://127.0.0.1:{port}/hook"
    async with working(server, library_of(corpus), webhook_url=url, port=port) as work:
        assert work.settings.listen == "127.0.0.1"
        secret = server.calls("setWebhook")[0].params["secret_token"]
        assert len(secret) >= 32
        anna.says("/reset")
        await said(work, anna)
        update = {"update_id": 77, "message": _message(anna)}
        async with aiohttp.ClientSession() as session:
            for header, status in (
                ({}, 403),
                ({HEADER: ""}, 403),
                ({HEADER: secret[:-1]}, 403),
                ({HEADER: "é"}, 403),
                ({HEADER: secret}, 200),
            ):
                async with session.post(url, json=update, headers=header) as reply:
                    assert reply.status == status
                if status == 403:
                    assert not await work.running.parts.inbox.waiting()
        await said(work, anna, 2)


def _message(person: Person) -> dict[str, object]:
    user = {"id": person.id, "first_name": "Anna", "is_bot": False}
    chat = {"id": person.id, "type": "private", "first_name": "Anna"}
    command = {"type": "bot_command", "offset": 0, "length": 6}
    return {
        "message_id": 9_999,
        "date": int(time.time()),
        "chat": chat,
        "from": user,
        "text": "/reset",
        "entities": [command],
    }
