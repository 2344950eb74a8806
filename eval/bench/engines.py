"""The lexical indexes under comparison, each behind the same five verbs.

An index lives in one folder and holds two fields, `stems` and `grams`. Opening, committing and
closing happen inside `add` and `delete`, so their times are what one changed article costs.
Libraries are imported on use: a missing one makes its engine unavailable, nothing else.
"""

import importlib
import importlib.util
import itertools
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from eval.bench.material import Prepared

FIELDS = ("stems", "grams")
WRITER_BYTES = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A passage found; a higher score is better."""

    number: int
    score: float


class Reader(Protocol):
    """An open index."""

    def search(self, field: str, tokens: Sequence[str], limit: int) -> list[Scored]:
        """The best passages by BM25 for any of the distinct tokens, best first."""


class Engine(Protocol):
    """One candidate. `library` is the module it needs."""

    @property
    def name(self) -> str:
        """What the tables call it."""

    @property
    def library(self) -> str:
        """The module without which it cannot run."""

    def build(self, folder: Path, passages: Iterable[Prepared]) -> None:
        """Write a new index into the empty folder."""

    def add(self, folder: Path, passages: Sequence[Prepared]) -> None:
        """Add one article's passages and commit."""

    def delete(self, folder: Path, passages: Sequence[Prepared]) -> None:
        """Delete one article, whose passages are given, and commit."""

    def open(self, folder: Path) -> Reader:
        """Open for searching."""


def engines() -> tuple[Engine, ...]:
    """Every candidate, installed or not."""
    return (Bm25s(), Tantivy(), Fts5(), Fts5(rarest=12))


def installed(engine: Engine) -> bool:
    """Whether the engine's library can be imported here."""
    return importlib.util.find_spec(engine.library) is not None


@dataclass(frozen=True, slots=True)
class Bm25s:
    """bm25s: scores computed at build time, kept as a memory-mapped matrix.

    It has no incremental update, so the token lines are kept beside the matrix, and adding or
    deleting builds both fields anew from them.
    """

    name: str = "bm25s"
    library: str = "bm25s"

    def build(self, folder: Path, passages: Iterable[Prepared]) -> None:
        """Keep the tokens, then build both matrices."""
        self._append(folder, passages)
        self._rebuild(folder)

    def add(self, folder: Path, passages: Sequence[Prepared]) -> None:
        """Append the tokens and build anew."""
        self._append(folder, passages)
        self._rebuild(folder)

    def delete(self, folder: Path, passages: Sequence[Prepared]) -> None:
        """Take the lines of the passages out and build anew."""
        gone = {str(passage.number) for passage in passages}
        for field in FIELDS:
            path = folder / f"{field}.txt"
            lines = path.read_text().splitlines(keepends=True)
            path.write_text("".join(line for line in lines if line.split(" ", 1)[0] not in gone))
        self._rebuild(folder)

    def open(self, folder: Path) -> Reader:
        """Map both matrices into memory."""
        return _Bm25sReader(folder)

    def _append(self, folder: Path, passages: Iterable[Prepared]) -> None:
        with (folder / "stems.txt").open("a") as stems, (folder / "grams.txt").open("a") as grams:
            for passage in passages:
                stems.write(f"{passage.number} {passage.tokens.stems}\n")
                grams.write(f"{passage.number} {passage.tokens.grams}\n")

    def _rebuild(self, folder: Path) -> None:
        library = importlib.import_module("bm25s")
        numpy = importlib.import_module("numpy")
        for field in FIELDS:
            vocabulary: dict[str, int] = {}
            numbers: list[int] = []
            rows: list[list[int]] = []
            with (folder / f"{field}.txt").open() as lines:
                for line in lines:
                    number, *words = line.split()
                    numbers.append(int(number))
                    rows.append([vocabulary.setdefault(w, len(vocabulary)) for w in words])
            index = library.BM25(k1=1.5, b=0.75)
            index.index((rows, vocabulary), show_progress=False)
            index.save(folder / field, show_progress=False)
            numpy.save(folder / f"{field}-numbers.npy", numpy.array(numbers, dtype="uint32"))


class _Bm25sReader:
    """Both matrices, memory-mapped, with the passage number of each column."""

    def __init__(self, folder: Path) -> None:
        library = importlib.import_module("bm25s")
        numpy = importlib.import_module("numpy")
        self._indexes = {f: library.BM25.load(folder / f, mmap=True) for f in FIELDS}
        self._numbers = {f: numpy.load(folder / f"{f}-numbers.npy") for f in FIELDS}

    def search(self, field: str, tokens: Sequence[str], limit: int) -> list[Scored]:
        """As the protocol says; a passage that shares no token is left out."""
        index, numbers = self._indexes[field], self._numbers[field]
        known = [token for token in tokens if token in index.vocab_dict]
        if not known:
            return []
        found = index.retrieve([known], k=min(limit, len(numbers)), show_progress=False)
        pairs = zip(found.documents[0], found.scores[0], strict=True)
        return [Scored(number=int(numbers[at]), score=float(s)) for at, s in pairs if s > 0]


@dataclass(frozen=True, slots=True)
class Tantivy:
    """tantivy-py: segments on disk, memory-mapped; k1 and b fixed at 1.2 and 0.75."""

    name: str = "tantivy"
    library: str = "tantivy"

    def build(self, folder: Path, passages: Iterable[Prepared]) -> None:
        """Index everything in one commit."""
        library = importlib.import_module("tantivy")
        index = library.Index(self._schema(library), path=str(folder))
        self._write(library, index, passages)

    def add(self, folder: Path, passages: Sequence[Prepared]) -> None:
        """Commit one small segment."""
        library = importlib.import_module("tantivy")
        self._write(library, library.Index.open(str(folder)), passages)

    def delete(self, folder: Path, passages: Sequence[Prepared]) -> None:
        """Delete by the article's name; only the name is needed."""
        library = importlib.import_module("tantivy")
        index = library.Index.open(str(folder))
        writer = index.writer(heap_size=WRITER_BYTES, num_threads=1)
        for article in sorted({passage.article for passage in passages}):
            writer.delete_documents_by_term("article", article)
        writer.commit()
        writer.wait_merging_threads()

    def open(self, folder: Path) -> Reader:
        """Open the last commit."""
        return _TantivyReader(folder)

    def _schema(self, library: Any) -> object:
        builder = library.SchemaBuilder()
        builder.add_text_field("article", tokenizer_name="raw", index_option="basic")
        builder.add_unsigned_field("number", stored=True)
        for field in FIELDS:
            builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
        schema: object = builder.build()
        return schema

    def _write(self, library: Any, index: Any, passages: Iterable[Prepared]) -> None:
        writer = index.writer(heap_size=WRITER_BYTES, num_threads=1)
        for passage in passages:
            document = library.Document()
            document.add_text("article", passage.article)
            document.add_unsigned("number", passage.number)
            document.add_text("stems", passage.tokens.stems)
            document.add_text("grams", passage.tokens.grams)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()


class _TantivyReader:
    """A searcher over one commit."""

    def __init__(self, folder: Path) -> None:
        self._library = importlib.import_module("tantivy")
        self._index = self._library.Index.open(str(folder))
        self._searcher = self._index.searcher()

    def search(self, field: str, tokens: Sequence[str], limit: int) -> list[Scored]:
        """As the protocol says."""
        query, should = self._library.Query, self._library.Occur.Should
        schema = self._index.schema
        terms = [(should, query.term_query(schema, field, t, "freq")) for t in tokens]
        found = self._searcher.search(query.boolean_query(terms), limit, count=False)
        return [
            Scored(number=self._searcher.doc(address)["number"][0], score=score)
            for score, address in found.hits
        ]


@dataclass(frozen=True, slots=True)
class Fts5:
    """SQLite FTS5: a contentless table per field; k1 and b fixed at 1.2 and 0.75.

    `rarest` keeps only so many of a question's tokens, those in the fewest passages. The ASCII
    tokenizer takes every character beyond ASCII for a part of a word. Deleting needs the very
    tokens that were added. `detail` stays full: without positions BM25 has no frequencies.
    """

    rarest: int | None = None

    @property
    def name(self) -> str:
        """What the tables call it."""
        return "fts5" if self.rarest is None else f"fts5, {self.rarest} rarest"

    @property
    def library(self) -> str:
        """Part of the standard library."""
        return "sqlite3"

    def build(self, folder: Path, passages: Iterable[Prepared]) -> None:
        """Index everything in one transaction, merge, and fold the journal into the file."""
        with _database(folder) as connection:
            with connection:
                for field in FIELDS:
                    connection.execute(
                        f"CREATE VIRTUAL TABLE {field} USING fts5(tokens, content='',"
                        " tokenize=\"ascii tokenchars '_'\")"
                    )
                    connection.execute(
                        f"CREATE VIRTUAL TABLE {field}_counts USING fts5vocab({field}, row)"
                    )
                self._insert(connection, passages)
                for field in FIELDS:
                    connection.execute(f"INSERT INTO {field}({field}) VALUES ('optimize')")  # noqa: S608
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def add(self, folder: Path, passages: Sequence[Prepared]) -> None:
        """Insert in one transaction."""
        with _database(folder) as connection, connection:
            self._insert(connection, passages)

    def delete(self, folder: Path, passages: Sequence[Prepared]) -> None:
        """Insert the delete command with each passage's tokens, in one transaction."""
        with _database(folder) as connection, connection:
            for field in FIELDS:
                connection.executemany(
                    f"INSERT INTO {field}({field}, rowid, tokens) VALUES ('delete', ?, ?)",  # noqa: S608
                    [(p.number, getattr(p.tokens, field)) for p in passages],
                )

    def open(self, folder: Path) -> Reader:
        """Open the database."""
        return _Fts5Reader(folder, self.rarest)

    def _insert(self, connection: sqlite3.Connection, passages: Iterable[Prepared]) -> None:
        rest = iter(passages)
        while batch := list(itertools.islice(rest, 1000)):
            for field in FIELDS:
                connection.executemany(
                    f"INSERT INTO {field}(rowid, tokens) VALUES (?, ?)",  # noqa: S608
                    [(p.number, getattr(p.tokens, field)) for p in batch],
                )


class _Fts5Reader:
    """A connection that only reads."""

    def __init__(self, folder: Path, rarest: int | None) -> None:
        self._connection = sqlite3.connect(folder / "index.db")
        self._rarest = rarest

    def search(self, field: str, tokens: Sequence[str], limit: int) -> list[Scored]:
        """As the protocol says, after keeping the rarest tokens where so asked."""
        kept = tokens if self._rarest is None else self._keep(field, tokens, self._rarest)
        if not kept:
            return []
        rows = self._connection.execute(
            f"SELECT rowid, rank FROM {field} WHERE {field} MATCH ? ORDER BY rank LIMIT ?",  # noqa: S608
            (" OR ".join(f'"{token}"' for token in kept), limit),
        )
        return [Scored(number=number, score=-rank) for number, rank in rows]

    def _keep(self, field: str, tokens: Sequence[str], rarest: int) -> list[str]:
        counts: dict[str, int] = {}
        for token in tokens:
            row = self._connection.execute(
                f"SELECT doc FROM {field}_counts WHERE term = ?",  # noqa: S608
                (token,),
            ).fetchone()
            if row is not None:
                counts[token] = row[0]
        return sorted(counts, key=lambda token: counts[token])[:rarest]


@contextmanager
def _database(folder: Path) -> Iterator[sqlite3.Connection]:
    """A connection in write-ahead mode, closed at the end."""
    with closing(sqlite3.connect(folder / "index.db")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        yield connection
