"""What is indexed, in one SQLite file.

It holds the articles, the segments, the generation and, beside them, the lexical index
(`rag.lexical`).

A reader reads all it needs in one transaction, so that a question sees one finished
generation; a writer's changes become visible all at once, when its transaction commits.
"""

import os
import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from rag.errors import CitebotError, IndexStateError, LockedError, StorageError
from rag.lexical import Rows, create
from rag.ports import Segment

SCHEMA = 1
"""Raised whenever an older program could not read what a newer one writes."""

BUSY = 10.0
"""Seconds that SQLite waits for another process's short lock."""

TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS articles (
    id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, body TEXT NOT NULL, title TEXT NOT NULL,
    language TEXT NOT NULL, published_on TEXT, duplicate_of TEXT, segment TEXT
);
CREATE TABLE IF NOT EXISTS segments (name TEXT PRIMARY KEY, passages INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dead (
    segment TEXT NOT NULL, article_id TEXT NOT NULL, PRIMARY KEY (segment, article_id)
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An article as it stands in the index.

    `sha256` is of the file, `body` of its text without front matter. A duplicate has no
    passages of its own; it names the article that carries the same body.
    """

    id: str
    sha256: str
    body: str
    title: str
    language: str
    published_on: date | None = None
    duplicate_of: str | None = None
    segment: str | None = None


class Snapshot:
    """One finished generation, as long as the transaction that it is read in."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.rows = Rows(connection)

    @property
    def facts(self) -> Mapping[str, str]:
        """Facts about the index itself: schema, generation, embedder, analysis.

        Empty where the first run was interrupted before it had finished anything.
        """
        statement = "SELECT 1 FROM sqlite_master WHERE name = 'facts'"
        if not self._connection.execute(statement).fetchone():
            return {}
        return dict(self._connection.execute("SELECT name, value FROM facts"))

    @property
    def generation(self) -> int:
        """How many times this index has been written; 0 before the first."""
        return int(self.facts.get("generation", 0))

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The articles by id, in the order of their ids."""
        rows = self._connection.execute(
            "SELECT id, sha256, body, title, language, published_on, duplicate_of, segment "
            "FROM articles ORDER BY id"
        )
        return {row[0]: _entry(row) for row in rows}

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments of this generation, with what is dead in each."""
        dead: dict[str, set[str]] = {}
        for name, article_id in self._connection.execute("SELECT segment, article_id FROM dead"):
            dead.setdefault(name, set()).add(article_id)
        names = self._connection.execute("SELECT name FROM segments ORDER BY name")
        return tuple(Segment(name=n, dead=frozenset(dead.get(n, ()))) for (n,) in names)

    @property
    def sizes(self) -> Mapping[str, int]:
        """How many passages were written into each segment, dead ones included."""
        return dict(self._connection.execute("SELECT name, passages FROM segments"))


class Draftsman(Snapshot):
    """A generation in the making: visible to nobody else until it is finished."""

    cancelled = False

    def cancel(self) -> None:
        """Let everything stay as it is."""
        self.cancelled = True

    def put(self, entry: Entry) -> None:
        """Add an article, or put it in place of the one with its id."""
        self._connection.execute(
            "INSERT OR REPLACE INTO articles VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                entry.id,
                entry.sha256,
                entry.body,
                entry.title,
                entry.language,
                entry.published_on.isoformat() if entry.published_on else None,
                entry.duplicate_of,
                entry.segment,
            ),
        )

    def forget(self, article_id: str) -> None:
        """Take an article out; its passages are dead where they stand."""
        self._connection.execute(
            "INSERT OR IGNORE INTO dead SELECT segment, id FROM articles "
            "WHERE id = ? AND segment IS NOT NULL",
            (article_id,),
        )
        self._connection.execute("DELETE FROM articles WHERE id = ?", (article_id,))

    def add_segment(self, name: str, passages: int) -> None:
        """Make a segment part of this generation."""
        self._connection.execute("INSERT INTO segments VALUES (?, ?)", (name, passages))

    def move(self, source: str, target: str) -> None:
        """Say that the living articles of one segment stand in another now."""
        for statement in (
            "UPDATE articles SET segment = :target WHERE segment = :source",
            "DELETE FROM segments WHERE name = :source",
            "DELETE FROM dead WHERE segment = :source",
        ):
            self._connection.execute(statement, {"source": source, "target": target})

    def clear(self) -> None:
        """Forget everything, to be written anew."""
        for table in ("articles", "segments", "dead"):
            self._connection.execute(f"DELETE FROM {table}")  # noqa: S608 - names from here
        self.rows.clear()

    def state(self, facts: Mapping[str, object]) -> None:
        """Set facts about the index itself."""
        rows = [(name, str(value)) for name, value in facts.items()]
        self._connection.executemany("INSERT OR REPLACE INTO facts VALUES (?, ?)", rows)


_NO_FILE = (0, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """An open connection, and which file it is to: one that was replaced is another file."""

    connection: sqlite3.Connection
    file: tuple[int, int]


class Manifest:
    """The SQLite file of one index.

    Raises `StorageError` where the file cannot be read or written, `IndexStateError` where
    a newer version of the program wrote it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._idle: list[_Line] = []
        weakref.finalize(self, _hang_up, self._idle)

    def close(self) -> None:
        """Give back the file; what is read afterwards opens it again."""
        _hang_up(self._idle)

    @property
    def begun(self) -> bool:
        """Whether there is a file at all, be it unfinished or damaged."""
        return os.path.lexists(self._path)

    @property
    def exists(self) -> bool:
        """Whether an index was ever finished here."""
        with self._sentences():
            if not self._path.exists():
                return False
        with self.reading() as snapshot:
            return snapshot.generation > 0

    @contextmanager
    def reading(self) -> Iterator[Snapshot]:
        """One finished generation."""
        with self._sentences():
            line = self._line()
            try:
                line.connection.execute("BEGIN")
                snapshot = Snapshot(line.connection)
                self._check(snapshot)
                yield snapshot
                line.connection.execute("ROLLBACK")
            except BaseException:
                line.connection.close()
                raise
            self._idle.append(line)

    def _line(self) -> "_Line":
        """A connection that nobody uses, to the file that is there now."""
        file = _file(self._path)
        while self._idle:
            with suppress(IndexError):  # Another thread took it.
                line = self._idle.pop()
                if line.file == file:
                    return line
                line.connection.close()
        connection, lasts = self._read_only()
        return _Line(connection=connection, file=file if lasts else _NO_FILE)

    @contextmanager
    def writing(self, *, anew: bool = False) -> Iterator[Draftsman]:
        """The next generation: committed at the end, forgotten if anything is raised.

        With `anew`, a file that this program cannot read is replaced by an empty one. Raises
        `LockedError` when another process is making a generation.
        """
        with (
            self._sentences(),
            self._alone(),
            closing(self._writable(anew=anew)) as connection,
        ):
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in TABLES.split(";"):
                connection.execute(statement)
            create(connection)
            draft = Draftsman(connection)
            self._check(draft)
            yield draft
            if draft.cancelled:
                return
            written = datetime.now(UTC).isoformat(timespec="seconds")
            draft.state({"schema": SCHEMA, "generation": draft.generation + 1, "written": written})
            connection.execute("COMMIT")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One writer at a time, over Chroma and SQLite both."""
        from filelock import FileLock, Timeout

        self._path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._path.with_suffix(".lock"), timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise LockedError(
                f"Another process is writing the index in {self._path.parent}: "
                "wait until it has finished, then try again."
            ) from None
        try:
            yield
        finally:
            lock.release()

    def _writable(self, *, anew: bool) -> sqlite3.Connection:
        if anew and self._unreadable():
            for end in ("", "-wal", "-shm"):
                Path(f"{self._path}{end}").unlink(missing_ok=True)
        return self._open(f"file:{_quoted(self._path)}")

    def _unreadable(self) -> bool:
        """Whether the file is damaged, or a newer version's."""
        try:
            with closing(self._read_only()[0]) as connection:
                self._check(Snapshot(connection))
                return bool(connection.execute("PRAGMA quick_check(1)").fetchone() != ("ok",))
        except IndexStateError:
            return True
        except sqlite3.DatabaseError as error:
            return error.sqlite_errorcode in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}

    def _read_only(self) -> tuple[sqlite3.Connection, bool]:
        """A connection, and whether it will see what others write."""
        address = f"file:{_quoted(self._path)}?mode=ro"
        connection = self._open(address)
        try:
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")
        except sqlite3.Error as error:
            connection.close()
            if "readonly" not in str(error) and "unable to open" not in str(error):
                raise
            # A log beside the file cannot be made in a read-only folder, and none is needed:
            # nobody can be writing there.
            return self._open(f"{address}&immutable=1"), False
        return connection, True

    def _open(self, address: str) -> sqlite3.Connection:
        # One thread at a time uses it, though not always the same one.
        return sqlite3.connect(
            address, uri=True, timeout=BUSY, isolation_level=None, check_same_thread=False
        )

    def _check(self, snapshot: Snapshot) -> None:
        facts = snapshot.facts
        if not all(facts.get(name, "0").isdecimal() for name in ("schema", "generation")):
            raise IndexStateError(
                f"The index {self._path} is damaged: run `ingest --rebuild` to make it anew."
            )
        schema = int(facts.get("schema", SCHEMA))
        if schema > SCHEMA:
            raise IndexStateError(
                f"The index {self._path} was written by a newer version (schema {schema}, this "
                f"program reads up to {SCHEMA}): update citebot, or run `ingest --rebuild`."
            )

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        try:
            yield
        except CitebotError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise StorageError(
                f"The index {self._path} cannot be used ({error}): check that its folder "
                "(CITEBOT_DATA) is writable and has free space; `ingest --rebuild` makes it anew."
            ) from error


def _file(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return _NO_FILE  # What opens it says what is wrong.
    return (found.st_dev, found.st_ino)


def _hang_up(lines: list[_Line]) -> None:
    while lines:
        with suppress(IndexError):
            lines.pop().connection.close()


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(os.fsencode(path))


def _entry(row: tuple[str, ...]) -> Entry:
    id_, sha256, body, title, language, published_on, duplicate_of, segment = row
    return Entry(
        id=id_,
        sha256=sha256,
        body=body,
        title=title,
        language=language,
        published_on=date.fromisoformat(published_on) if published_on else None,
        duplicate_of=duplicate_of,
        segment=segment,
    )
