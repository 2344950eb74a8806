"""What administrators ask for by a command, and nobody else gets."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from filelock import FileLock

from bot import renewing
from bot.access import Access, Gate
from bot.domain import Verdict
from bot.parts import Parts
from bot.renewing import renewed
from rag.errors import LockedError
from rag.ingest import Indexer, Progress, Report
from rag.settings import Settings
from tests.bots import bot_parts, handle, keep, utc
from tests.telegram_people import Person
from tests.telegram_server import Telegram, telegram


@pytest.fixture(autouse=True)
def spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def boss(server: Telegram) -> Person:
    return server.person("Boss")


@pytest.fixture
async def parts(server: Telegram, corpus: Path, boss: Person) -> AsyncIterator[Parts]:
    async with bot_parts(server, corpus.parent, admins=[boss.id]) as made:
        yield made


COMMANDS = ("/status", "/reindex", "/stats", "/ban 7", "/allow 7")


async def test_others_get_nothing_but_a_word(server: Telegram, parts: Parts, corpus: Path) -> None:
    """Who is no administrator is told so, in their language, and nothing happens."""
    (corpus / "new.txt").write_text("The tower is new.")
    eve = server.person("Eve", language="de")
    for command in COMMANDS:
        eve.says(command)
        assert await handle(parts)

    word = "Dieser Befehl ist den Administratoren vorbehalten. /help zeigt, was Sie tun können."
    assert [said.text for said in server.messages(eve)] == [word] * len(COMMANDS)
    assert await parts.people.find(7) is None
    assert indexed(parts) == {"bridge.txt", "mill.txt"}


def indexed(parts: Parts) -> set[str]:
    with parts.answerer.indexer.manifest.reading() as snapshot:
        return set(snapshot.entries)


async def test_status_says_how_things_are(server: Telegram, boss: Person, corpus: Path) -> None:
    """Articles, changed files, the model, and what waits besides the command itself."""
    (corpus / "new.txt").write_text("The tower is new.")
    library = Settings(corpus=corpus, data=corpus.parent / "data", model="scripted-1")
    async with bot_parts(server, corpus.parent, library=library, admins=[boss.id]) as parts:
        parts.metrics.polled()
        await parts.inbox.add(1, None, None, "{}", parts.now())
        boss.says("/status")
        await handle(parts)

    (said,) = server.messages(boss)
    assert "Articles: 2\nPassages: 2\nGeneration of the index: 1" in said.text
    assert "Files changed since: 1." in said.text
    assert "Language model: scripted-1" in said.text
    assert "Messages in work: 1\nMessages possibly sent twice: 0" in said.text
    assert "Last heard from Telegram: 1 second ago" in said.text


async def test_status_of_a_bot_by_webhook(server: Telegram, parts: Parts, boss: Person) -> None:
    """Where nothing is polled, nothing is said of it; an index that is current is said to be."""
    boss.says("/status")
    await handle(parts)

    (said,) = server.messages(boss)
    assert "Last heard" not in said.text
    assert "The index is up to date." in said.text
    assert "No language model" in said.text


async def test_reindex_reads_the_articles_anew(
    server: Telegram, parts: Parts, boss: Person, corpus: Path
) -> None:
    """What changed is named, in the message that showed how far it had come."""
    (corpus / "new.txt").write_text("The tower is new.")
    (corpus / "bridge.txt").unlink()
    boss.says("/reindex")
    await handle(parts)

    (said,) = server.messages(boss)
    assert said.edits == 1
    assert said.versions[0].words.text == "Reading the articles anew …"
    assert "Added (1): new.txt" in said.text
    assert "Removed (1): bridge.txt" in said.text
    assert indexed(parts) == {"mill.txt", "new.txt"}


async def test_reindex_shows_how_far_it_has_come(
    server: Telegram, parts: Parts, boss: Person, corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it runs the message is edited, and at the end it holds the report."""
    monkeypatch.setattr(renewing, "PAUSE", 0.05)
    for number in range(3):
        (corpus / f"new{number}.txt").write_text(f"Tower {number} is new.")
    with slowly(parts):
        boss.says("/reindex")
        await handle(parts)

    (said,) = server.messages(boss)
    steps = [version.words.text for version in said.versions]
    assert "Reading the articles anew: 1 of 3" in steps
    assert steps[-1].startswith("The articles have been read anew.")


@contextmanager
def slowly(parts: Parts) -> Iterator[None]:
    """Let the index be written slowly."""
    run = Indexer.run

    def slow(self: Indexer, *, progress: Progress) -> Report:
        def step(done: int, total: int) -> None:
            progress(done, total)
            time.sleep(0.12)

        return run(self, progress=step)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Indexer, "run", slow)
        yield


async def test_a_locked_index_is_said_to_be(server: Telegram, parts: Parts, boss: Person) -> None:
    """While another process writes the index, the administrator is told so in a sentence."""
    with locked(parts):
        boss.says("/reindex")
        await handle(parts)

    (said,) = server.messages(boss)
    assert "Another process is writing the index" in said.text


def locked(parts: Parts) -> FileLock:
    """The lock of the index, for a `with`."""
    (index,) = parts.library.data.glob("*/index.db")
    return FileLock(index.with_suffix(".lock"))


async def test_another_process_is_waited_for(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    """With patience, a run begins once the other has ended; without, it is refused at once."""
    monkeypatch.setattr(renewing, "AGAIN", 0.02)
    with locked(parts):
        with pytest.raises(LockedError):
            await renewed(parts, nothing)
        work = asyncio.create_task(renewed(parts, nothing, patience=10.0))
        await asyncio.sleep(0.1)
        assert not work.done()

    assert (await work).articles == 2


async def nothing(_done: int, _total: int) -> None:
    """Nothing is shown."""


async def test_a_run_that_is_left_leaves_the_index_as_it_was(parts: Parts, corpus: Path) -> None:
    """When the bot is stopped in the middle, the thread ends soon, and nothing is written."""
    for number in range(3):
        (corpus / f"new{number}.txt").write_text(f"Tower {number} is new.")
    with slowly(parts):
        work = asyncio.create_task(renewed(parts, nothing))
        await asyncio.sleep(0.1)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work
        await asyncio.sleep(0.5)

    assert indexed(parts) == {"bridge.txt", "mill.txt"}
    with locked(parts).acquire(timeout=0):
        """Nobody holds it any more."""


async def test_stats_count_what_was_asked(server: Telegram, parts: Parts, boss: Person) -> None:
    """Answers, people and verdicts of some days, and nobody's words."""
    anna = server.person("Anna")
    for verdict in Verdict:
        kept = await keep(parts, anna)
        await parts.answers.judge(kept.id, anna.id, verdict)
    for rest, title in (("", "7 days"), (" 1", "1 day"), (" 999", "365 days"), (" x", "7 days")):
        boss.says(f"/stats{rest}")
        await handle(parts)
        said = server.messages(boss)[-1]
        assert said.text.startswith(f"The last {title}\n")
        assert "People: 1\nAnswers: 2\nNot in the articles: 0\n👍 1\n👎 1" in said.text


async def access(parts: Parts, user_id: int, chat_id: int) -> Access:
    gate = Gate(settings=parts.settings, people=parts.people, chats=parts.chats)
    return await gate.check(user_id, chat_id)


async def test_a_person_is_shut_out_and_let_in_by_number(
    server: Telegram, parts: Parts, boss: Person
) -> None:
    """`/ban` and `/allow` with a number count at once, and say whom they were about."""
    eve = server.person("Eve")
    boss.says(f"/ban {eve.id}")
    await handle(parts)
    assert await access(parts, eve.id, eve.id) is Access.BANNED
    boss.says(f"/allow {eve.id}")
    await handle(parts)

    assert await access(parts, eve.id, eve.id) is Access.GRANTED
    assert [one.words.under("code") for one in server.messages(boss)] == [[str(eve.id)]] * 2


async def test_a_person_is_shut_out_by_a_reply(
    server: Telegram, parts: Parts, boss: Person
) -> None:
    """In a group `/ban` as a reply is about who wrote the message."""
    eve = server.person("Eve")
    group = server.group("Mill", [boss, eve])
    rude = eve.says("Nonsense.", chat=group)
    boss.says("/ban@citebot_test_bot", chat=group, reply_to=rude)
    await handle(parts)

    assert await access(parts, eve.id, group.id) is Access.BANNED
    assert await access(parts, 7, group.id) is Access.GRANTED


@asynccontextmanager
async def closed(server: Telegram, corpus: Path, boss: Person) -> AsyncIterator[Parts]:
    """A bot that only those on its lists may ask."""
    folder = corpus.parent
    async with bot_parts(server, folder, admins=[boss.id], users=[boss.id], now=utc) as parts:
        yield parts


async def test_a_group_is_let_in_where_it_is_said(
    server: Telegram, corpus: Path, boss: Person
) -> None:
    """`/allow` without more in a group lets that group in, even as a reply to the bot."""
    eve = server.person("Eve")
    group, other = server.group("Mill", [boss, eve]), server.group("Weir", [boss, eve])
    async with closed(server, corpus, boss) as parts:
        assert await access(parts, eve.id, group.id) is Access.STRANGER
        boss.says("/allow@citebot_test_bot", chat=group)
        await handle(parts)
        answer = server.messages(group)[-1]
        assert str(group.id) in answer.text
        boss.says("/allow@citebot_test_bot", chat=group, reply_to=answer)
        await handle(parts)

        assert await access(parts, eve.id, group.id) is Access.GRANTED
        assert await access(parts, eve.id, other.id) is Access.STRANGER
        assert await parts.people.find(parts.bot.id) is None


async def test_a_group_is_shut_out_by_number(server: Telegram, parts: Parts, boss: Person) -> None:
    """A number below 0 is a group's."""
    eve = server.person("Eve")
    group = server.group("Mill", [boss, eve])
    boss.says(f"/ban {group.id}")
    await handle(parts)

    assert await access(parts, eve.id, group.id) is Access.BANNED
    assert await access(parts, eve.id, eve.id) is Access.GRANTED


async def test_whom_it_is_about_has_to_be_said(
    server: Telegram, parts: Parts, boss: Person
) -> None:
    """Without a person, or with what is no number, the administrator is told how to name one."""
    for command in ("/ban", "/allow", "/ban @eve", "/ban 0", "/allow 1 2", "/ban ٣"):
        boss.says(command)
        await handle(parts)
        said = server.messages(boss)[-1]
        name = command.partition(" ")[0]
        assert said.text.startswith(f"Reply with {name} to a message"), command


async def test_administrators_cannot_be_shut_out(
    server: Telegram, parts: Parts, boss: Person
) -> None:
    """An administrator stays in, whoever wants otherwise."""
    boss.says(f"/ban {boss.id}")
    await handle(parts)

    assert "cannot be shut out" in server.messages(boss)[0].text
    assert await access(parts, boss.id, boss.id) is Access.GRANTED
    found = await parts.people.find(boss.id)
    assert found
    assert not found.is_banned
