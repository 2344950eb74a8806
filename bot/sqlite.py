"""Connections to SQLite that cross to their thread once a statement.

aiosqlite's own cross for making a cursor, for executing, for fetching and for closing, and for the
rollback of nothing; crossing costs more than what SQLite does there.
"""

import sqlite3
from collections.abc import Iterable
from functools import partial
from typing import Any, Self

from aiosqlite import Connection, Cursor

PRAGMAS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON")


async def connected(path: str, patience: float) -> Connection:
    """A new connection that begins transactions where it is told to, and nowhere else.

    `patience` is how many seconds another process's transaction is waited for. Raises
    `sqlite3.Error` where the file cannot be opened, or is none of SQLite's.
    """
    connection = _Crossing(partial(_opened, path, patience), iter_chunk_size=64)
    # A program that ends without closing ends all the same.
    connection._thread.daemon = True  # noqa: SLF001 - as SQLAlchemy does it
    return await connection


def _opened(path: str, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None)
    try:
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


class _Crossing(Connection):
    def cursor(self) -> "_Once":  # type: ignore[override]
        return _Once(self)

    async def rollback(self) -> None:
        if self.in_transaction:
            await super().rollback()


class _Once(Cursor):
    """All rows are fetched at once: nothing here is read bit by bit."""

    def __init__(self, connection: _Crossing) -> None:
        super().__init__(connection, None)  # type: ignore[arg-type]
        self._rows: list[Any] = []

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        await self._execute(self._run, sql, parameters or ())  # type: ignore[no-untyped-call]
        return self

    async def fetchall(self) -> Iterable[sqlite3.Row]:
        return self._rows

    async def close(self) -> None:
        pass

    def _run(self, sql: str, parameters: Any) -> None:
        # As aiosqlite's cursors reach theirs.
        self._cursor = self._conn._conn.execute(sql, parameters)  # noqa: SLF001
        self._rows = self._cursor.fetchall()
