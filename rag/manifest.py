"""What is indexed: one SQLite file with the articles, the segments and the generation.

Everything a reader needs is read in one transaction, so that a question sees one finished
generation. A writer's changes become visible all at once, when its transaction commits.
"""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rag.errors import CitebotError, IndexStateError, StorageError
from rag.ports import Segment

SCHEMA = 1
"""Raised whenever an older program could not read what a newer one writes."""

TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS articles (
    id TEXT PRIMARY KEY, sha256 TEXT NOT NULL, body TEXT NOT NULL, title TEXT NOT NULL,
    language TEXT NOT NULL, published_on TEXT, duplicate_of TEXT, segment TEXT
);
CREATE TABLE IF NOT EXISTS segments (name TEXT PRIMARY KEY, passages INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS dead (
    segment TEXT NOT NULL, article_id TEXT NOT NULL, passages INTEGER NOT NULL,
    PRIMARY KEY (segment, article_id)
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
