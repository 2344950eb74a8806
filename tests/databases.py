"""The databases that the bot's tests run on: SQLite, and PostgreSQL where a server is to be had.

`database` is an open one, empty but for its tables, and its test runs once on each; `address` is
where one would be. The server is the one that CITEBOT_TEST_POSTGRES names (as somebody who may
make databases), else one of its own on a socket, for as long as the tests run.
"""

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from bot.database import Database

USER = "citebot"
OTHERS = ("postgres", "nobody")
"""Who the server runs as where the tests run as root, whom it refuses."""

# What is lost when the machine goes down is of no use afterwards.
QUICK = "-c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=50"


@dataclass(kw_only=True)
class Server:
    """A PostgreSQL server; its databases are made from one that holds the tables already."""

    root: str
    """The URL of the database to begin from."""
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _template: str = ""

    def prepare(self) -> None:
        """Make the database with the tables."""
        self._template = self.empty()
        _make_tables(self._template)

    def empty(self) -> str:
        """The URL of a new database with nothing in it."""
        return self._make("template0")

    def ready(self) -> str:
        """The URL of a new database with the tables."""
        return self._make(_name(self._template))

    def _make(self, template: str) -> str:
        import psycopg

        name = f"citebot_test_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(_dsn(self.root), autocommit=True) as connection:
            # Names from here, that no parameter could stand for.
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
        return _with_name(self.root, name)

    def end_connections(self, url: str) -> None:
        """As when the server is started again."""
        import psycopg

        with psycopg.connect(_dsn(self.root), autocommit=True) as connection:
            ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
            connection.execute(ending, (_name(url),))

    def drop(self) -> None:
        """Delete all of it."""
        import psycopg

        with psycopg.connect(_dsn(self.root), autocommit=True) as connection:
            mine = f"citebot_test_{os.getpid()}_%"
            found = "SELECT datname FROM pg_database WHERE datname LIKE %s"
            for (name,) in connection.execute(found, (mine,)).fetchall():
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A server; skips where there is none."""
    pytest.importorskip("psycopg", reason="no driver: pip install 'citebot[postgres]' brings it")
    given = os.environ.get("CITEBOT_TEST_POSTGRES")
    if given:
        server = Server(root=given)
        try:
            server.prepare()
            yield server
        finally:
            server.drop()
        return
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL server: apt-get install postgresql, or CITEBOT_TEST_POSTGRES")
    with _started(programs) as folder:
        server = Server(root=f"postgresql://{USER}@/postgres?host={folder}")
        server.prepare()
        yield server


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "bot.db"
    _make_tables(path)
    return path


@pytest.fixture(params=["sqlite", "postgres"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where a database may be opened: nothing is there yet."""
    if request.param == "sqlite":
        return tmp_path / "data" / "bot.db"
    server: Server = request.getfixturevalue("postgres")
    return server.empty()


@pytest.fixture(params=["sqlite", "postgres"])
def ready(request: pytest.FixtureRequest, tmp_path: Path) -> str | Path:
    """Where a database may be opened that holds the tables already."""
    if request.param == "sqlite":
        return shutil.copy(request.getfixturevalue("tables"), tmp_path / "bot.db")
    server: Server = request.getfixturevalue("postgres")
    return server.ready()


@pytest.fixture
async def database(ready: str | Path) -> "AsyncIterator[Database]":
    """An open database, empty but for its tables."""
    from bot.database import Database

    opened = await Database.open(ready)
    yield opened
    await opened.close()


def _make_tables(where: str | Path) -> None:
    from bot.database import Database

    async def make() -> None:
        await (await Database.open(where)).close()

    asyncio.run(make())


def _programs() -> Path | None:
    """The folder of the newest server's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    if found:
        return found[-1].parent
    there = shutil.which("initdb")
    return Path(there).resolve().parent if there else None


@contextlib.contextmanager
def _started(programs: Path) -> Iterator[Path]:
    """A server with a socket in the folder, and all that it writes."""
    # Not pytest's folder: others may not enter it, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="citebot-"))
    owner = _owner(folder)

    def run(program: str, *arguments: str) -> None:
        command: Sequence[str] = (str(programs / program), "-D", str(folder / "data"), *arguments)
        # `log` and no pipe: the server would keep it open.
        with (folder / "log").open("ab") as log:
            subprocess.run(
                command, check=True, stdout=log, stderr=log, cwd=folder, user=owner, timeout=60
            )

    try:
        run("initdb", "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
        run("pg_ctl", "start", "-w", "-o", f"{QUICK} -k {folder}")
        try:
            yield folder
        finally:
            run("pg_ctl", "stop", "-m", "immediate")
    except subprocess.CalledProcessError as error:
        said = (folder / "log").read_text("utf-8", "replace")[-500:]
        raise RuntimeError(f"the PostgreSQL server does not run: {said}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _owner(folder: Path) -> str | None:
    if os.geteuid() != 0:
        return None
    for name in OTHERS:
        with contextlib.suppress(LookupError):
            shutil.chown(folder, name)
            return name
    raise RuntimeError(f"the server needs one of these users: {', '.join(OTHERS)}")


def _dsn(url: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _with_name(url: str, name: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _name(url: str) -> str:
    from sqlalchemy import make_url

    return str(make_url(url).database)
