"""What `bot.database` promises: made by migrations, all or nothing, one sentence if it is not."""

import asyncio
import os
import random
import sqlite3
import stat
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, Insert, delete, func, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from bot.database import Database
from bot.inbox import Inbox
from bot.tables import ASKED, COUNTERS, DELIVERIES, INBOX, METADATA
from rag.errors import CitebotError, SettingsError, StorageError
from tests.databases import Server

ROOT = Path(__file__).parent.parent
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
PASSWORD = "hunter2-secret"  # noqa: S105
NOBODY = 65534


@asynccontextmanager
async def opened(where: str | Path) -> AsyncIterator[Database]:
    database = await Database.open(where)
    try:
        yield database
    finally:
        await database.close()


async def refusal(where: str | Path) -> CitebotError:
    """What opening says where it cannot be done."""
    with pytest.raises(CitebotError) as caught:
        await Database.open(where)
    error = caught.value
    told = str(error)
    assert told.endswith(".")
    assert "\n" not in told
    assert "Traceback" not in told
    return error


def count(name: str, value: int) -> Insert:
    return insert(COUNTERS).values(name=name, value=value)


async def names(database: Database) -> set[str]:
    rows = await database.read(select(COUNTERS.c.name))
    return {name for (name,) in rows}


# ── migrations


async def test_migrations_make_the_tables(address: str | Path) -> None:
    """What the migrations make is what `bot.tables` says, to the last index."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    def differences(connection: Connection) -> list[object]:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        return list(compare_metadata(context, METADATA))

    async with opened(address) as database:
        assert await database.transaction(differences) == []


async def test_names_of_constraints_are_made_alike(address: str | Path) -> None:
    """A later migration can name a constraint as `bot.tables` does, in either database."""

    def checks(connection: Connection) -> set[str | None]:
        found = inspect(connection)
        return {
            check["name"]
            for table in METADATA.tables
            for check in found.get_check_constraints(table)
        }

    async with opened(address) as database:
        assert await database.transaction(checks) == {"ck_inbox_state", "ck_deliveries_state"}


async def test_opening_again_keeps_what_was_written(address: str | Path) -> None:
    """A database is made once."""
    async with opened(address) as database:
        await database.write(count("kept", 1))
    async with opened(address) as database:
        assert await names(database) == {"kept"}


async def test_several_open_at_once(address: str | Path) -> None:
    """Tasks that open one database at the same time make it once, and all can use it."""
    several = await asyncio.gather(*(Database.open(address) for _ in range(4)))
    for number, database in enumerate(several):
        await database.write(count(str(number), number))
    assert await names(several[0]) == {"0", "1", "2", "3"}
    for database in several:
        await database.close()


async def test_processes_open_at_once(address: str | Path) -> None:
    """The same holds for processes."""
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom bot.database import Database\n"
        "where = sys.argv[1] if '://' in sys.argv[1] else Path(sys.argv[1])\n"
        "async def run():\n    d = await Database.open(where)\n    await d.check()\n"
        "    await d.close()\n"
        "asyncio.run(run())\n"
    )
    run = [sys.executable, "-c", code, str(address)]
    started = [await asyncio.create_subprocess_exec(*run, cwd=ROOT) for _ in range(3)]
    assert [await process.wait() for process in started] == [0, 0, 0]


async def test_newer_database_is_one_sentence(address: str | Path) -> None:
    """A database of a newer version is left alone, and the sentence says what to do."""
    async with opened(address) as database:
        await database.transaction(
            lambda connection: connection.execute(
                text("UPDATE alembic_version SET version_num='9'")
            )
        )
    told = str(await refusal(address))
    assert "newer version" in told
    assert "revision 9" in told


async def test_failed_migration_leaves_nothing(address: str | Path) -> None:
    """A migration that fails half way is taken back as a whole."""

    def occupy(connection: Connection) -> None:
        for table in reversed(METADATA.sorted_tables):
            table.drop(connection)
        connection.execute(text("DELETE FROM alembic_version"))
        connection.execute(text("CREATE TABLE spending (wrong INTEGER)"))

    def tables(connection: Connection) -> list[str]:
        return inspect(connection).get_table_names()

    async with opened(address) as database:
        await database.transaction(occupy)
        assert isinstance(await refusal(address), StorageError)
        assert sorted(await database.transaction(tables)) == ["alembic_version", "spending"]


# ── what cannot be opened


@pytest.mark.parametrize(
    "url",
    [
        "",
        "bot.db",
        f"mysql://me:{PASSWORD}@host/db",
        f"postgresql://me:{PASSWORD}@host:port/db",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite+aiosqlite:///file:x?mode=memory",
    ],
)
async def test_impossible_url_is_a_setting(url: str) -> None:
    """A URL that names no database that lasts is refused by the setting's name."""
    error = await refusal(url)
    assert isinstance(error, SettingsError)
    assert "CITEBOT_DATABASE_URL" in str(error)
    assert PASSWORD not in str(error)


@pytest.mark.parametrize(
    "url",
    [
        f"postgres://me:{PASSWORD}@127.0.0.1:1/db",
        f"postgresql+psycopg://me@127.0.0.1:1/db?password={PASSWORD}",
        f"postgresql://me:{PASSWORD}@/db?host=/nowhere",
    ],
)
async def test_unreachable_server_is_one_sentence(url: str) -> None:
    """A server that does not answer is named, with what to set, and without the password."""
    pytest.importorskip("psycopg")
    error = await refusal(url)
    assert isinstance(error, StorageError)
    assert "CITEBOT_DATABASE_URL" in str(error)
    reasons: BaseException | None = error
    while reasons is not None:
        assert PASSWORD not in f"{reasons!s} {reasons!r}"
        reasons = reasons.__cause__ or reasons.__context__


async def test_password_in_a_drivers_words_is_struck_out() -> None:
    """Whatever a driver repeats, the password is not shown: here it is a word of the driver's."""
    pytest.importorskip("psycopg")
    assert "refused" in str(await refusal("postgresql://me:other@127.0.0.1:1/db"))
    assert "refused" not in str(await refusal("postgresql://me:refused@127.0.0.1:1/db"))


async def test_wrong_name_is_one_sentence(postgres: Server) -> None:
    """So is a server that does not know the name, or has no such database."""
    url = postgres.root.replace("citebot@", f"stranger:{PASSWORD}@")
    told = str(await refusal(url))
    assert "stranger" in told
    assert PASSWORD not in told


async def test_read_only_server_is_one_sentence(postgres: Server) -> None:
    """A server that may only be read is of no use, and that is said at the start."""
    url = postgres.ready()
    read_only = f"{url}&options=-c%20default_transaction_read_only%3Don"
    assert "read-only" in str(await refusal(read_only))


def in_place_of_folder(folder: Path) -> Path:
    (folder / "data").write_text("a file")
    return folder / "data" / "bot.db"


def folder_in_its_place(folder: Path) -> Path:
    (folder / "bot.db").mkdir()
    return folder / "bot.db"


def damaged(folder: Path) -> Path:
    (folder / "bot.db").write_bytes(b"no database at all, but long enough to be read as one" * 50)
    return folder / "bot.db"


@pytest.mark.parametrize("make", [in_place_of_folder, folder_in_its_place, damaged])
async def test_unusable_file_is_one_sentence(make: object, tmp_path: Path) -> None:
    """A file that cannot be made or is none of SQLite's is named, with what to set."""
    assert callable(make)
    path = make(tmp_path)
    error = await refusal(path)
    assert isinstance(error, StorageError)
    assert str(path) in str(error)
    assert "CITEBOT_DATA" in str(error)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other users may enter, as pytest's own may not be."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


async def test_read_only_file_is_one_sentence(public: Path) -> None:
    """A file that may only be read is of no use, and that is said at the start."""
    path = public / "bot.db"
    async with opened(path):
        pass
    with read_only(public):
        assert isinstance(await refusal(path), StorageError)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder as someone sees it who may only read it: root may write everywhere."""
    folder.chmod(0o555)
    for file in folder.iterdir():
        file.chmod(0o444)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(stat.S_IRWXU)


async def test_server_that_was_started_again_is_found(postgres: Server) -> None:
    """Connections that a server has ended are made anew."""
    url = postgres.ready()
    async with opened(url) as database:
        await database.check()
        postgres.end_connections(url)
        await database.check()


async def test_missing_table_is_one_sentence(database: Database) -> None:
    """Whatever a driver says becomes one sentence that holds no values."""

    def drop(connection: Connection) -> None:
        ASKED.drop(connection)

    await database.transaction(drop)
    with pytest.raises(StorageError) as caught:
        await database.write(delete(ASKED).where(ASKED.c.user_id == 4711))
    assert "\n" not in str(caught.value)
    assert "4711" not in f"{caught.value} {caught.value.__cause__}"


# ── reading and writing


async def test_transaction_is_all_or_nothing(database: Database) -> None:
    """Where something is raised, nothing of the transaction was done."""

    def work(connection: Connection) -> None:
        connection.execute(insert(COUNTERS).values(name="half", value=1))
        raise LookupError

    with pytest.raises(LookupError):
        await database.transaction(work)
    assert await names(database) == set()


async def test_transactions_do_not_mix(database: Database, ready: str | Path) -> None:
    """What was read in a transaction is still so when it is written, whoever else writes."""
    await database.write(count("sum", 0))
    mine = COUNTERS.c.name == "sum"

    def add(connection: Connection) -> None:
        value = connection.scalar(select(COUNTERS.c.value).where(mine).with_for_update())
        connection.execute(update(COUNTERS).where(mine).values(value=(value or 0) + 1))

    async with opened(ready) as other:
        both = (database, other)
        await asyncio.gather(*(one.transaction(add) for _ in range(20) for one in both))
    assert [tuple(row) for row in await database.read(select(COUNTERS.c.value))] == [(40,)]


async def test_program_that_does_not_close_ends(tmp_path: Path) -> None:
    """A program that fails with an open database ends all the same."""
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom bot.database import Database\n"
        "async def run():\n    d = await Database.open(Path(sys.argv[1]))\n    sys.exit(3)\n"
        "asyncio.run(run())\n"
    )
    run = [sys.executable, "-W", "ignore", "-c", code, str(tmp_path / "bot.db")]
    process = await asyncio.create_subprocess_exec(*run, cwd=ROOT)
    try:
        async with asyncio.timeout(20):
            assert await process.wait() == 3
    finally:
        if process.returncode is None:
            process.kill()


async def test_times_come_back_in_utc(database: Database) -> None:
    """A time is the same moment afterwards, to the microsecond, and in UTC."""
    given_at = datetime(2026, 3, 1, 0, 30, 0, 7, tzinfo=timezone(timedelta(hours=5)))
    await database.write(insert(ASKED).values(update_id=1, user_id=2, asked_at=given_at))
    ((kept,),) = await database.read(select(ASKED.c.asked_at))
    assert kept == given_at
    assert kept.tzinfo is UTC


async def test_times_need_a_zone(database: Database) -> None:
    """A time that could be anywhere is refused."""
    with pytest.raises(StatementError, match="zone"):
        await database.write(
            insert(ASKED).values(update_id=1, user_id=2, asked_at=NOW.replace(tzinfo=None))
        )


async def test_foreign_keys_are_kept(database: Database) -> None:
    """A delivery belongs to an update, and goes with it."""
    with pytest.raises(IntegrityError):
        await database.write(
            insert(DELIVERIES).values(update_id=5, part=0, body="", state="planned")
        )
    inbox = Inbox(database)
    await inbox.add(5, None, None, "", NOW)
    await inbox.plan(5, ["one"])
    await database.write(delete(INBOX))
    assert await database.read(select(func.count()).select_from(DELIVERIES)) == [(0,)]


@given(body=st.text(st.characters()), part=st.text(st.characters(codec=None)))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_can_be_kept(text_keeper: "Keeper", body: str, part: str) -> None:
    """Whatever people and models write is kept, but for what no database takes."""
    for words in (body, part):
        clean = words.encode("utf-8", "replace").decode("utf-8").replace("\0", "?")
        assert text_keeper.kept(words) == clean


class Keeper:
    """Keeps a text in an inbox and says what came out."""

    def __init__(self, runner: asyncio.Runner, database: Database) -> None:
        self._runner = runner
        self._database = database
        self._numbers = iter(range(1, 1_000_000))

    def kept(self, words: str) -> str:
        number = next(self._numbers)
        return self._runner.run(self._keep(number, words))

    async def _keep(self, number: int, words: str) -> str:
        await Inbox(self._database).add(number, 1, 1, words, NOW)
        statement = select(INBOX.c.body).where(INBOX.c.update_id == number)
        ((body,),) = await self._database.read(statement)
        return str(body)


@pytest.fixture
def text_keeper(ready: str | Path) -> Iterator[Keeper]:
    with asyncio.Runner() as runner:
        database = runner.run(Database.open(ready))
        yield Keeper(runner, database)
        runner.run(database.close())


async def test_cancelled_work_leaves_no_lock(database: Database) -> None:
    """Tasks cancelled at any moment leave whole transactions, and a database that works."""
    chance = random.Random(7)  # noqa: S311

    def work(number: int, connection: Connection) -> None:
        connection.execute(insert(COUNTERS).values(name=f"a{number}", value=1))
        connection.execute(insert(COUNTERS).values(name=f"b{number}", value=1))

    async def twice(number: int) -> None:
        await database.transaction(lambda connection: work(number, connection))
        await database.read(select(COUNTERS.c.name).limit(1))

    for number in range(0, 120, 4):
        tasks = [asyncio.create_task(twice(number + more)) for more in range(4)]
        await asyncio.sleep(chance.random() * 0.004)
        for task in tasks:
            task.cancel()
        for end in await asyncio.gather(*tasks, return_exceptions=True):
            assert end is None or isinstance(end, asyncio.CancelledError)

    async with asyncio.timeout(5):
        await database.write(count("after", 1))
    there = await names(database)
    assert "after" in there
    assert {name[1:] for name in there if name[0] == "a" and name != "after"} == {
        name[1:] for name in there if name[0] == "b"
    }


async def test_writers_of_two_processes_wait(tmp_path: Path) -> None:
    """Another process that writes to the file for a moment is waited for."""
    path = tmp_path / "bot.db"
    async with opened(path) as database:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.create_task(database.write(count("late", 1)))
        await asyncio.sleep(0.1)
        assert not writing.done()
        assert await names(database) == set()
        other.execute("COMMIT")
        other.close()
        await writing
        assert await names(database) == {"late"}
