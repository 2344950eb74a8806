"""The bot from its start to its end: what it begins with, what disturbs it, what it leaves."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from unittest.mock import patch

import aiohttp
import pytest
from sqlalchemy import insert, select, update

from bot import app, callbacks, commands, hook
from bot.app import PRUNE, run
from bot.cli import main
from bot.database import Database
from bot.domain import Interface
from bot.fetch import TokenRefusedError
from bot.inbox import Inbox
from bot.letter import Letter
from bot.phrases import words
from bot.routes import MOST_TRIES
from bot.settings import BotSettings
from bot.tables import DELIVERIES, INBOX, PEOPLE
from rag.build import Parts
from rag.errors import LockedError, SettingsError, StorageError
from rag.settings import Settings
from tests.conftest import ANSWERED, ASKED
from tests.telegram_people import Person
from tests.telegram_server import Telegram, telegram
from tests.telegram_values import Message
from tests.telegram_world import TOKEN
from tests.whole import QUICK, Work, free_port, library_of, working

ENGLISH = words(Interface.EN)
RESET = ENGLISH.phrase("reset.done")
SORRY = ENGLISH.phrase("lapse.interrupted").partition("\n")[0]


@pytest.fixture(autouse=True)
def spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def anna(server: Telegram) -> Person:
    return server.person("Anna")


@pytest.fixture
def library(corpus: Path) -> Settings:
    return library_of(corpus)


def own(server: Telegram, **more: Any) -> BotSettings:
    return BotSettings(token=server.token, base_url=server.url, _env_file=None, **more)


@asynccontextmanager
async def stored(library: Settings) -> AsyncIterator[Database]:
    """The database of a bot that is not at work."""
    database = await Database.open(BotSettings(token=TOKEN).database(library.data))
    yield database
    await database.close()


async def said(work: Work, where: Any, count: int = 1) -> list[Message]:
    """So many messages of the bot, once all is done."""
    await work.until(lambda: len(work.server.messages(where)) >= count)
    await work.settled()
    messages = work.server.messages(where)
    assert len(messages) == count, work.server.transcript()
    return messages


async def states(database: Database) -> list[str]:
    rows = await database.read(select(INBOX.c.state).order_by(INBOX.c.update_id))
    return [state for (state,) in rows]


# --- The start -----------------------------------------------------------------------------------


async def test_commands_are_set_per_language(server: Telegram, library: Settings) -> None:
    """Everybody sees the commands in their language, administrators theirs besides."""
    chief = server.person("Chief")
    async with working(server, library, admins=f"{chief.id},999") as work:
        await work.until(lambda: len(server.calls("setMyCommands")) == 8)
        await work.until(lambda: server.calls("setMyCommands")[-1].status)
    for code in ("", "de", "en", "fr", "ru", "kk"):
        names = [name for name, _ in server.commands(language=code)]
        assert names[:3] == ["start", "help", "ask"]
        assert "ban" not in names
    languages = ("de", "en", "fr", "ru", "kk")
    assert len({tuple(server.commands(language=code)) for code in languages}) == 5
    theirs = server.commands({"type": "chat", "chat_id": chief.id})
    assert "ban" in [name for name, _ in theirs]


async def test_health_is_told_from_the_first_moment(
    server: Telegram, anna: Person, library: Settings
) -> None:
    """A bot that waits for Telegram lives and is not ready; once it polls it is."""
    port = free_port()
    server.fail_next("getMe", times=-1, cut=True)
    stop = asyncio.Event()
    with patch.object(app, "AGAIN", (0.05,)):
        task = asyncio.create_task(run(own(server, health_port=port), library, stop))
        await asyncio.to_thread(server.wait, lambda: len(server.calls("getMe")) > 1, 10.0)
        address = f"http://127.0.0.1:{port}"
        assert await got(f"{address}/healthz") == (200, "ok\n")
        status, told = await got(f"{address}/readyz")
        assert status == 503
        assert json.loads(told) == {"database": True, "index": True, "telegram": False}
        server.heal()
        await asyncio.to_thread(server.wait, lambda: server.calls("getUpdates"), 10.0)
        anna.says("/reset")
        await asyncio.to_thread(server.wait, lambda: server.messages(anna))
        assert (await got(f"{address}/readyz"))[0] == 200
        assert "citebot_updates_total" in (await got(f"{address}/metrics"))[1]
        stop.set()
        await asyncio.wait_for(task, 5.0)


async def got(address: str) -> tuple[int, str]:
    async with aiohttp.ClientSession() as session, session.get(address) as reply:
        return reply.status, await reply.text()


async def test_two_bots_do_not_share_their_data(server: Telegram, library: Settings) -> None:
    """The second one stops at once with a sentence; it would handle what the first has in work."""
    async with working(server, library):
        with pytest.raises(LockedError, match="Another bot uses the folder"):
            await run(own(server), library, asyncio.Event())
    async with working(server, library):
        pass


@pytest.mark.parametrize("method", ["getMe", "deleteWebhook", "getUpdates"])
async def test_refused_token_ends_the_bot(method: str, server: Telegram, library: Settings) -> None:
    """Whenever Telegram says so, the bot stops with a sentence, in which the token is not."""
    server.fail_next(method, times=-1, status=401)
    with pytest.raises(TokenRefusedError) as caught:
        await asyncio.wait_for(run(own(server), library, asyncio.Event()), 10.0)
    assert server.token not in str(caught.value)


async def test_webhook_is_set_as_soon_as_telegram_is_there(
    server: Telegram, anna: Person, library: Settings
) -> None:
    """Posts are taken once Telegram has been told where to send them."""
    port = free_port()
    server.fail_next("setWebhook", status=502)
    server.fail_next("setWebhook", retry_after=1)
    with patch.object(hook, "AGAIN", 0.05):
        url = f"http://127.0.0.1:{port}/"
        async with working(server, library, webhook_url=url, port=port) as work:
            anna.says("/reset")
            await said(work, anna)
            async with aiohttp.ClientSession() as session, session.get(url) as reply:
                assert reply.status == 405


async def test_webhook_that_telegram_does_not_take_ends_the_bot(
    server: Telegram, library: Settings
) -> None:
    """The setting is named, and what Telegram says of it."""
    server.fail_next("setWebhook", status=400, description="Bad Request: bad webhook: no such host")
    settings = own(server, webhook_url="http://127.0.0.1:1/hook", port=free_port())
    with pytest.raises(SettingsError, match=r"WEBHOOK_URL.*no such host"):
        await asyncio.wait_for(run(settings, library, asyncio.Event()), 10.0)


async def test_stop_ends_the_building_of_an_index(server: Telegram, corpus: Path) -> None:
    """A first start that is stopped leaves no half of an index, and calls nobody."""
    library = library_of(corpus, data=corpus.parent / "new")
    stop = asyncio.Event()
    stop.set()
    await asyncio.wait_for(run(own(server), library, stop), 10.0)
    assert not server.calls()
    assert not Parts(library).manifest.exists


# --- What was open -------------------------------------------------------------------------------


def has_two(server: Telegram, person: Person) -> bool:
    return len(server.messages(person)) == 2


def body(person: Person, number: int, text: str) -> str:
    """An update as it is written down."""
    chat = {"id": person.id, "type": "private", "first_name": "Anna"}
    sender = {"id": person.id, "is_bot": False, "first_name": "Anna"}
    message: dict[str, Any] = {"message_id": 1, "date": int(time.time()), "text": text}
    if text.startswith("/"):
        entity = {"type": "bot_command", "offset": 0, "length": len(text.split(maxsplit=1)[0])}
        message["entities"] = [entity]
    return json.dumps({"update_id": number, "message": message | {"chat": chat, "from": sender}})


async def test_open_inline_query_is_closed(
    server: Telegram, anna: Person, library: Settings
) -> None:
    """Telegram has forgotten it: it costs no question of the person's, and nobody an answer."""
    sender = {"id": anna.id, "is_bot": False, "first_name": "Anna"}
    query = {"id": "1", "from": sender, "query": ASKED, "offset": ""}
    async with stored(library) as database:
        written = json.dumps({"update_id": 7, "inline_query": query})
        await Inbox(database).add(7, None, anna.id, written, datetime.now(UTC))
    async with working(server, library) as work:
        await work.settled()
        parts = work.running.parts
        assert await states(parts.database) == ["done"]
        assert await parts.quota.used(anna.id, datetime.now(UTC)) == (0, 0)
    assert not server.calls("answerInlineQuery")


async def test_what_was_open_is_handled_first_and_in_order(
    server: Telegram, anna: Person, library: Settings
) -> None:
    """What was said is not said again, what was planned is said, what is new is worked out."""
    letter = Letter(chat_id=anna.id, html="<b>planned</b>", text="planned").written()
    doubtful = Letter(chat_id=anna.id, html="doubtful", text="doubtful").written()
    async with stored(library) as database:
        inbox = Inbox(database)
        for number, text in enumerate(("/reset", "/reset", "/reset", "/article mill", "")):
            written = body(anna, number, text) if text else '{"update_id": 4, "message": {}}'
            await inbox.add(number, anna.id, anna.id, written, datetime.now(UTC))
            await inbox.begin(number)
        (one,) = await inbox.plan(0, [letter])
        await inbox.sending(one)
        await inbox.sent(one, 3)
        await inbox.plan(1, [letter])
        (other,) = await inbox.plan(2, [doubtful])
        await inbox.sending(other)
    anna.says(ASKED)
    async with working(server, library) as work:
        planned, again, article, answer = await said(work, anna, 4)
        assert await states(work.running.parts.database) == [*["done"] * 4, "apologised", "done"]
        assert await work.running.parts.inbox.copies() == 1
    assert [planned.text, again.text] == ["planned", "doubtful"]
    assert article.text.startswith("The mill")
    assert ANSWERED in answer.text


async def test_update_that_ends_the_bot_each_time_is_given_up(
    server: Telegram, anna: Person, library: Settings
) -> None:
    """After some starts the person gets an apology; before, they get another try."""
    async with stored(library) as database:
        inbox = Inbox(database)
        for number, tries in ((0, MOST_TRIES), (1, MOST_TRIES - 1)):
            await inbox.add(number, anna.id, anna.id, body(anna, number, ASKED), datetime.now(UTC))
            this = update(INBOX).where(INBOX.c.update_id == number)
            await database.write(this.values(tries=tries))
    async with working(server, library) as work:
        sorry, answer = await said(work, anna, 2)
        assert await states(work.running.parts.database) == ["apologised", "done"]
    assert SORRY in sorry.text
    assert ASKED in sorry.text
    assert ANSWERED in answer.text


# --- What disturbs it ----------------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 3])
async def test_what_follows_in_a_chat_waits_for_what_could_not_be_said(
    times: int, server: Telegram, anna: Person, library: Settings
) -> None:
    """Order is kept through a failure, and other chats do not wait."""
    ben = server.person("Ben")
    server.fail_next("sendMessage", chat=anna.id, times=times, status=401)
    async with working(server, library) as work:
        for name in ("mill", "bridge", "mill"):
            anna.says(f"/article {name}")
        ben.says("/reset")
        await work.until(lambda: server.messages(ben))
        messages = await said(work, anna, 3)
        assert not work.running.routes.waiting
    assert [one.text.partition("\n")[0] for one in messages] == [
        "The mill",
        "The bridge",
        "The mill",
    ]


@pytest.mark.parametrize("verb", ["begin", "unsent", "plan", "sending", "sent", "done"])
async def test_database_that_fails_for_a_moment(
    verb: str, server: Telegram, anna: Person, library: Settings
) -> None:
    """Wherever it fails the answer comes once the database works; a second time only in doubt."""
    async with working(server, library) as work:
        real: Callable[..., Awaitable[Any]] = getattr(Inbox, verb)
        failures = 2

        async def fails(self: Inbox, *args: Any, **more: Any) -> Any:
            nonlocal failures
            if failures:
                failures -= 1
                raise StorageError("The disk is full.")
            return await real(self, *args, **more)

        with patch.object(Inbox, verb, fails):
            anna.says(ASKED)
            anna.says("/reset")
            await work.until(lambda: RESET in [one.text for one in server.messages(anna)])
            await work.settled()
        copies = await work.running.parts.inbox.copies()
    texts = [one.text for one in server.messages(anna)]
    assert texts[-1] == RESET
    assert all(ANSWERED in text for text in texts[:-1])
    assert len(texts) == 2 + copies
    assert copies == (2 if verb == "sent" else 0)


async def test_sweep_and_prune_outlive_a_failure(
    server: Telegram, anna: Person, library: Settings
) -> None:
    """What is done from time to time is done again, whatever came of it."""
    swept: list[int] = []

    async def waiting(self: Inbox) -> int:
        swept.append(1)
        raise StorageError("The disk is full.") if len(swept) == 1 else RuntimeError("hunter2")

    with patch.object(Inbox, "waiting", waiting):
        async with working(server, library, sweep=0.02) as work:
            await work.until(lambda: len(swept) > 3)


async def test_old_rows_are_deleted(server: Telegram, library: Settings) -> None:
    """Closed updates are kept as long as the retention says; open ones until they are done."""
    old = datetime.now(UTC) - timedelta(days=8)
    async with stored(library) as database:
        for number, at, state in ((1, old, "done"), (2, datetime.now(UTC), "done")):
            row = {"update_id": number, "received_at": at, "body": "", "state": state, "tries": 1}
            await database.write(insert(INBOX).values(row))
    async with working(server, library, retention_days=7) as work:
        await asyncio.wait_for(pruned(work), 5.0)
    assert PRUNE > 60


async def pruned(work: Work) -> None:
    while len(await states(work.running.parts.database)) > 1:  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def test_verb_that_breaks_is_told(
    server: Telegram, anna: Person, library: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """A command and a press that meet what should not happen say so; the log repeats nothing."""

    async def breaks(*_: object, **__: object) -> bool:
        raise RuntimeError("hunter2")

    caplog.set_level(logging.INFO)
    async with working(server, library) as work:
        anna.says("/language")
        (message,) = await said(work, anna)
        with patch.object(commands, "run", breaks), patch.object(callbacks, "pressed", breaks):
            anna.says("/help")
            press = anna.presses(message, message.buttons[0])
            *_, trouble = await said(work, anna, 2)
            await work.until(lambda: press.is_answered)
            await work.settled()
        assert set(await states(work.running.parts.database)) == {"done"}
    assert trouble.text == press.answer == ENGLISH.phrase("trouble.internal")
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text


# --- What it does not do -------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Unsaid:
    name: str
    does: Callable[[Person, Any], object]


UNSAID = (
    Unsaid(name="talk", does=lambda anna, group: anna.says("Who bought the mill?", chat=group)),
    Unsaid(name="file", does=lambda anna, group: anna.sends_file("a.txt", b"Who?", chat=group)),
    Unsaid(name="unknown command", does=lambda anna, group: anna.says("/weather", chat=group)),
    Unsaid(name="another bot's command", does=lambda anna, group: anna.says("/ban 5", chat=group)),
    Unsaid(
        name="pinned in private",
        does=lambda anna, group: anna.sends({"delete_chat_photo": True}),
    ),
    Unsaid(name="poll", does=lambda anna, group: anna.sends({"dice": {"emoji": "🎲", "value": 1}},
           chat=group)),
)  # fmt: skip


@pytest.mark.parametrize("case", UNSAID, ids=lambda case: case.name)
async def test_what_is_nobodys_business_draws_nothing(case: Unsaid, library: Settings) -> None:
    """Nothing is said to what was not addressed to the bot, and nothing kept."""
    with telegram(privacy=False) as server:
        anna = server.person("Anna")
        group = server.group("Town", [anna])
        async with working(server, library) as work:
            case.does(anna, group)
            await work.until(lambda: not server.pending())
            await work.settled()
            assert not server.calls("sendMessage", "sendChatAction")
            if case.name not in {"unknown command", "another bot's command"}:
                assert not await work.running.parts.database.read(select(PEOPLE))


async def test_what_is_no_text_is_told_in_private(
    server: Telegram, anna: Person, library: Settings
) -> None:
    """A voice or a file of somebody who is no administrator is no question."""
    async with working(server, library) as work:
        anna.sends_file("a.txt", b"Who?")
        anna.sends({"voice": {"file_id": "v", "file_unique_id": "v", "duration": 1}})
        messages = await said(work, anna, 2)
    assert {one.text for one in messages} == {ENGLISH.phrase("trouble.unreadable")}


async def test_administrator_bans_whom_they_reply_to(library: Settings) -> None:
    """In a group a command of theirs is about who wrote the message that it replies to."""
    with telegram(privacy=False) as server:
        chief, eve = server.person("Chief"), server.person("Eve")
        group = server.group("Town", [chief, eve])
        async with working(server, library, admins=str(chief.id)) as work:
            chief.says("/ban", chat=group, reply_to=eve.says("Buy now!", chat=group))
            await said(work, group)
            person = await work.running.parts.people.find(eve.id)
            assert person
            assert person.is_banned


# --- The end -------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["deleteWebhook", "getUpdates", "setMyCommands"])
async def test_stop_does_not_wait_for_telegram(
    method: str, server: Telegram, library: Settings
) -> None:
    """While Telegram is away the library sleeps longer and longer; the bot stops all the same."""
    server.fail_next(method, times=-1, retry_after=60)
    stop = asyncio.Event()
    with patch.object(app, "LAST_POLL", 0.2):
        task = asyncio.create_task(run(own(server), library, stop, limited=QUICK))
        await asyncio.to_thread(server.wait, lambda: server.calls(method), 10.0)
        await asyncio.sleep(0.1)
        begun = time.monotonic()
        stop.set()
        await asyncio.wait_for(task, 10.0)
    assert time.monotonic() - begun < 2.0


async def test_nothing_stays_in_memory(server: Telegram, library: Settings) -> None:
    """What was done is held by nobody: routes, lanes and joiner are empty afterwards."""
    people = [server.person(f"Person {number}") for number in range(20)]
    server.fail_next("sendMessage", times=5, status=401)
    async with working(server, library) as work:
        for person in people:
            person.says("/reset")
            person.pastes("why? " * 900)
        for person in people:
            await work.until(partial(has_two, server, person), 10.0)
        await work.settled()
        running = work.running
        assert not running.routes.waiting
        assert (running.processor.lanes, running.processor.working) == (0, 0)
        assert not await running.parts.database.read(
            select(DELIVERIES.c.id).where(DELIVERIES.c.state != "sent")
        )


def test_what_breaks_the_bot_is_told_without_its_secrets(
    library: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line ends with a sentence and status 1; Python itself prints nothing."""

    async def breaks(*_: object, **__: object) -> None:
        raise RuntimeError(f"no bot for {TOKEN}")

    monkeypatch.setenv("CITEBOT_TELEGRAM_TOKEN", TOKEN)
    monkeypatch.chdir(library.data)
    with patch.object(app, "run", breaks):
        assert main([]) == 1
    _, err = capsys.readouterr()
    assert err.startswith("citebot: The bot broke (RuntimeError: no bot for [token])")
    assert len(err.splitlines()) == 1
