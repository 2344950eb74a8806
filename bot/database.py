"""The bot's database: SQLite by default, PostgreSQL where a URL names one.

    where ── open ── migrated to head, alone ── read(statement)      one statement, by itself
                                                write(statement)     one statement, by itself
                                                transaction(work)    several, all of them or none

A process that is killed loses nothing that was written: SQLite's log is in the system's hands at
every commit. It is not on the disk then, so the last moments before a loss of power may be lost.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from sqlalchemy import URL, Connection, Table, event, exc, literal, make_url, select, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.util import greenlet_spawn

from bot.sqlite import connected
from rag.errors import SettingsError, StorageError

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Executable, Select
    from sqlalchemy.dialects import sqlite
    from sqlalchemy.sql.dml import UpdateBase

Result = TypeVar("Result")

MIGRATIONS = Path(__file__).parent / "migrations"

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
}
"""What speaks to a database, by the kind that its URL begins with."""

PATIENCE = 10
"""Seconds that another process's transaction, or a connection, is waited for."""

CONNECTIONS = 5
"""How many are open at once; what wants another one waits."""

MIGRATING = 0x63697465626F74
"""PostgreSQL's advisory lock that migrations run under: the letters of `citebot`."""

SHORT = 200
"""Characters of a driver's words that are shown."""

EXAMPLE = "postgresql+psycopg://NAME:PASSWORD@HOST/DATABASE"


class Database:
    """An open database. Its verbs raise `StorageError` where it cannot be used."""

    def __init__(self, engine: AsyncEngine) -> None:
        """Of an engine whose database is at head: see `open`."""
        self._engine = engine
        self._is_sqlite = engine.dialect.name == "sqlite"
        # A statement by itself needs no BEGIN and no COMMIT: SQLite's connections do without as
        # they are, PostgreSQL's are told.
        alone = {} if self._is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._alone = engine.sync_engine.execution_options(**alone)
        self._together = engine.sync_engine.execution_options(together=True)
        # SQLite has one writer. Waiting here is fair; waiting there is trying again and again.
        self._turn: AbstractAsyncContextManager[Any] = (
            asyncio.Lock() if self._is_sqlite else nullcontext()
        )

    @classmethod
    async def open(cls, where: str | Path) -> Self:
        """The database at a URL, or in a SQLite file, with all migrations made.

        File and folder are made where they are missing; several processes may open one at once.
        Raises `SettingsError` for a URL that cannot be one, `StorageError` where the database
        cannot be reached or written, or is a newer version's. No text has the password.
        """
        url = _url(where)
        database = cls(_engine(url))
        try:
            with _sentences(url):
                if database._is_sqlite:
                    folder = Path(str(url.database)).parent
                    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
                # SQLite lets one process write at a time; PostgreSQL's take a lock.
                await database.transaction(_upgrade)
        except BaseException:
            await database.close()
            raise
        return database

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    async def check(self) -> None:
        """Raise `StorageError` if the database does not answer."""
        await self.read(select(literal(1)))

    async def read(self, statement: "Select[*tuple[Any, ...]]", **values: object) -> Sequence[Any]:
        """The rows of one statement, with values for its parameters."""
        with _sentences(self._engine.url):
            return await greenlet_spawn(self._single, statement, values)

    async def write(self, statement: "UpdateBase", **values: object) -> Sequence[Any]:
        """One statement, by itself: what it returns, if it was told to return something."""
        with _sentences(self._engine.url):
            async with self._turn:
                return await greenlet_spawn(self._single, statement, values)

    async def transaction(self, work: Callable[[Connection], Result]) -> Result:
        """Several statements: all of them, or none if anything is raised.

        `work` runs in the event loop, as `AsyncConnection.run_sync` does it: what it executes is
        awaited, and other tasks go on meanwhile.
        """
        with _sentences(self._engine.url):
            async with self._turn:
                return await greenlet_spawn(self._several, work)

    def _single(self, statement: "Executable", values: Mapping[str, object]) -> Sequence[Any]:
        with self._alone.connect() as connection:
            result = connection.execute(statement, values)
            return result.all() if result.returns_rows else ()

    def _several(self, work: Callable[[Connection], Result]) -> Result:
        with self._together.begin() as connection:
            return work(connection)

    def insert(self, table: Table) -> "sqlite.Insert":
        """An INSERT that may say what to do on a conflict: both databases say it alike."""
        if self._is_sqlite:
            from sqlalchemy.dialects.sqlite import insert

            return insert(table)
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)  # type: ignore[return-value]


def _url(where: str | Path) -> URL:
    if isinstance(where, Path):
        return URL.create(DRIVERS["sqlite"], database=str(where))
    try:
        url = make_url(where)
        driver = DRIVERS[url.get_backend_name()]
    except (ArgumentError, KeyError, ValueError):
        # Not `from error`: it might repeat the password.
        raise SettingsError(
            f"CITEBOT_DATABASE_URL is no address of a database: write one such as {EXAMPLE}, or "
            "leave it out for a file in CITEBOT_DATA."
        ) from None
    url = url.set(drivername=driver)
    if driver == DRIVERS["sqlite"] and (
        url.database in {None, "", ":memory:"} or url.host or url.query
    ):
        raise SettingsError(
            "CITEBOT_DATABASE_URL names no file: write one such as "
            "sqlite:////var/lib/citebot/bot.db, or leave it out for a file in CITEBOT_DATA."
        )
    return url


def _engine(url: URL) -> AsyncEngine:
    create = partial(
        create_async_engine, url, hide_parameters=True, pool_size=CONNECTIONS, max_overflow=0
    )
    if url.get_backend_name() == "sqlite":
        engine = create(async_creator=partial(connected, str(url.database), PATIENCE))
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    patience = {} if "connect_timeout" in url.query else {"connect_timeout": PATIENCE}
    try:
        # A server may have been restarted since a connection was used.
        return create(connect_args=patience, pool_pre_ping=True)
    except ImportError:
        raise SettingsError(
            "CITEBOT_DATABASE_URL names a PostgreSQL server, whose driver is not installed: "
            "pip install 'citebot[postgres]'."
        ) from None


def _begin(connection: Connection) -> None:
    # Who reads first and writes then would find that another has written in between.
    if connection.get_execution_options().get("together"):
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _upgrade(connection: Connection) -> None:
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(text(f"SELECT pg_advisory_xact_lock({MIGRATING})"))
        if connection.scalar(text("SHOW transaction_read_only")) == "on":
            raise StorageError(
                f"{_named(connection.engine.url)} is read-only: set CITEBOT_DATABASE_URL to a "
                "server that can be written."
            )
    config = _config(connection)
    _check(connection, config)
    command.upgrade(config, "head")


def _config(connection: Connection) -> "Config":
    from alembic.config import Config

    config = Config()
    # A percent sign is the beginning of a variable there.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def _check(connection: Connection, config: "Config") -> None:
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    known = {one.revision for one in ScriptDirectory.from_config(config).walk_revisions()}
    strange = set(MigrationContext.configure(connection).get_current_heads()) - known
    if strange:
        raise StorageError(
            f"{_named(connection.engine.url)} was written by a newer version of citebot, or by "
            f"another program (revision {', '.join(sorted(strange))}): get the newest citebot, or "
            "name a database of its own in CITEBOT_DATABASE_URL."
        )


@contextmanager
def _sentences(url: URL) -> Iterator[None]:
    try:
        yield
    except (exc.IntegrityError, exc.DataError):
        # Ours to mend: no setting would help.
        raise
    except (DBAPIError, exc.TimeoutError, OSError) as error:
        what = error.orig if isinstance(error, DBAPIError) else error
        reason = " ".join(str(what).split())
        for secret in (url.password, *url.normalized_query.get("password", ())):
            reason = reason.replace(str(secret), "***") if secret else reason
        raise StorageError(
            f"{_named(url)} cannot be used ({reason[:SHORT].rstrip('.')}): {_advice(url)}"
        ) from error


def _named(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return f"The bot's database {url.database}"
    host = url.host or "".join(url.normalized_query.get("host", ())) or "this machine"
    port = f":{url.port}" if url.port else ""
    return f"The bot's database {url.database or ''} on {host}{port}"


def _advice(url: URL) -> str:
    if url.get_backend_name() == "sqlite":
        return (
            "check that its folder (CITEBOT_DATA) is writable and has free space, or set "
            "CITEBOT_DATABASE_URL to another database."
        )
    return (
        "check that the server runs, and that CITEBOT_DATABASE_URL has a name and password that "
        "may make and write tables there."
    )
