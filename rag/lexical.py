"""The lexical index: BM25 over words, romanised 4-grams and concepts, in SQLite's FTS5.

It lives in the manifest's file, so that both change in one transaction. The tables are
contentless: they keep postings but no text, and a passage is taken out by naming its terms
again. `python -m eval.bench.indexes` compares this with tantivy and bm25s.
"""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

RAREST = 24
"""A question asks for at most this many of its 4-grams, the rarest, once the corpus is
large: common ones cost the time and decide little."""

LARGE = 20_000
"""Passages from which on that holds."""


class Field(StrEnum):
    """What a passage is searched by."""

    WORDS = "words"
    GRAMS = "grams"
    CONCEPTS = "concepts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The terms of a text, in order and with repetitions."""

    words: Sequence[str]
    grams: Sequence[str]
    concepts: Sequence[str]

    def of(self, field: Field) -> Sequence[str]:
        """The terms of one field."""
        match field:
            case Field.WORDS:
                return self.words
            case Field.GRAMS:
                return self.grams
            case Field.CONCEPTS:
                return self.concepts


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, where there are none yet."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS passages (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
        "article_id TEXT NOT NULL, language TEXT NOT NULL)"
    )
    connection.execute("CREATE INDEX IF NOT EXISTS by_article ON passages (article_id)")
    for field in Field:
        # The `ascii` tokenizer leaves every other script alone and cuts at spaces only.
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {field} USING fts5(terms, content='', "
            """tokenize="ascii tokenchars '_.,-:'")"""
        )
        connection.execute(
            f"CREATE VIRTUAL TABLE IF NOT EXISTS {field}_counts USING fts5vocab({field}, row)"
        )


class Rows:
    """The passages of one generation, by their terms."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def count(self) -> int:
        """How many passages there are."""
        return int(self._connection.execute("SELECT count(*) FROM passages").fetchone()[0])

    def languages(self) -> Mapping[str, int]:
        """How many passages each language has."""
        return dict(
            self._connection.execute("SELECT language, count(*) FROM passages GROUP BY language")
        )

    def languages_of(self, ids: Iterable[str]) -> Mapping[str, str]:
        """The language of each passage that is part of this generation."""
        statement = "SELECT language FROM passages WHERE id = ?"
        found = ((i, self._connection.execute(statement, (i,)).fetchone()) for i in ids)
        return {passage_id: row[0] for passage_id, row in found if row}

    def of_article(self, article_id: str) -> list[str]:
        """The ids of an article's passages, in order."""
        rows = self._connection.execute(
            "SELECT id FROM passages WHERE article_id = ? ORDER BY number", (article_id,)
        )
        return [row[0] for row in rows]

    def frequencies(self, field: Field, terms: Iterable[str]) -> Mapping[str, int]:
        """In how many passages each term stands; terms that stand in none are left out."""
        statement = f"SELECT doc FROM {field}_counts WHERE term = ?"
        found: dict[str, int] = {}
        for term in dict.fromkeys(terms):
            row = self._connection.execute(statement, (term,)).fetchone()
            if row:
                found[term] = row[0]
        return found

    def search(
        self, field: Field, terms: Iterable[str], limit: int
    ) -> Mapping[str, Mapping[str, float]]:
        """By language, the best passages for any of the terms: id to BM25 score, above 0.

        `limit` counts the passages of each language.
        """
        chosen = self._chosen(field, terms)
        if not chosen:
            return {}
        rows = self._connection.execute(
            "SELECT language, id, score FROM ("
            "  SELECT p.language, p.id, -t.rank AS score, row_number() OVER ("
            "    PARTITION BY p.language ORDER BY t.rank, p.id) AS place"
            f"  FROM {field} t JOIN passages p ON p.number = t.rowid WHERE {field} MATCH ?"
            ") WHERE place <= ?",
            (" OR ".join(map(_quoted, chosen)), limit),
        )
        found: dict[str, dict[str, float]] = {}
        for language, passage_id, score in rows:
            found.setdefault(language, {})[passage_id] = score
        return found

    def add(self, passage_id: str, article_id: str, language: str, terms: Terms) -> None:
        """Put a passage in. Only inside `Manifest.writing`."""
        number = self._connection.execute(
            "INSERT INTO passages (id, article_id, language) VALUES (?, ?, ?)",
            (passage_id, article_id, language),
        ).lastrowid
        for field in Field:
            self._connection.execute(
                f"INSERT INTO {field} (rowid, terms) VALUES (?, ?)",
                (number, " ".join(terms.of(field))),
            )

    def remove(self, passage_id: str, terms: Terms) -> None:
        """Take a passage out, by the same terms it was put in with."""
        (number,) = self._connection.execute(
            "DELETE FROM passages WHERE id = ? RETURNING number", (passage_id,)
        ).fetchone()
        for field in Field:
            self._connection.execute(
                f"INSERT INTO {field} ({field}, rowid, terms) VALUES ('delete', ?, ?)",
                (number, " ".join(terms.of(field))),
            )

    def clear(self) -> None:
        """Take every passage out."""
        self._connection.execute("DELETE FROM passages")
        for field in Field:
            self._connection.execute(f"INSERT INTO {field} ({field}) VALUES ('delete-all')")

    def _chosen(self, field: Field, terms: Iterable[str]) -> list[str]:
        distinct = list(dict.fromkeys(terms))
        if field is not Field.GRAMS or len(distinct) <= RAREST or self.count() < LARGE:
            return distinct
        known = self.frequencies(field, distinct)
        return sorted(known, key=lambda term: known[term])[:RAREST]


def _quoted(term: str) -> str:
    """A term as a string of FTS5's query language, in which nothing has a meaning."""
    return '"' + term.replace('"', '""') + '"'
