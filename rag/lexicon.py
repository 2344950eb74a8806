"""Words of different languages that mean the same: `rag/data/lexicon.tsv`.

A line of that file is a concept: an id, then a cell for each language with its forms,
separated by commas. A form is matched by its Snowball stem, so inflections need not be
listed unless the stem differs; a form may be several words. Lines that begin with `#` and
empty lines are skipped. Whoever edits the file runs `ingest` afterwards.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

from rag.errors import SettingsError
from rag.terms import Stems, word_texts

FILE = Path(__file__).parent / "data" / "lexicon.tsv"

PART = 4
"""Shortest part, in letters, of a German compound that is looked up by itself."""


class Found(NamedTuple):
    """A concept met in a text: from word number `first` up to, without, word `last`."""

    concept: str
    first: int
    last: int


class Lexicon:
    """The concepts of a file. Raises `SettingsError` for a line that is not one.

    A language is prepared when it is first asked for; an unknown one has no concepts.
    """

    def __init__(self, file: Path = FILE) -> None:
        data = file.read_bytes()
        self.digest = hashlib.sha256(data).hexdigest()[:16]
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise SettingsError(f"Line {line} of {file.name} is not UTF-8: save it so.") from None
        lines = enumerate(text.splitlines(), start=1)
        rows = [(n, line.split("\t")) for n, line in lines if line.strip() and line[0] != "#"]
        self._languages = tuple(rows[0][1][1:]) if rows else ()
        self._rows = rows[1:]
        for number, cells in self._rows:
            if len(cells) != len(self._languages) + 1 or not cells[0]:
                raise SettingsError(
                    f"Line {number} of {file.name} has {len(cells)} columns, "
                    f"not {len(self._languages) + 1}: separate them by tabs."
                )
        self._table = cache(self._read)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, forms: Sequence[str], language: str) -> Iterator[Found]:
        """The concepts in a sequence of words: the longest form first, then parts of compounds."""
        table = self._table(language)
        if not table:
            return
        stems = Stems().of(forms, language)
        position = 0
        while position < len(stems):
            length, concepts = _longest(table, stems, position)
            if not concepts and language == "de":
                concepts = _parts(table, forms[position].lower())
            for concept in concepts:
                yield Found(concept, position, position + length)
            position += length

    def _read(self, language: str) -> "dict[str, Forms]":
        if language not in self._languages:
            return {}
        column = self._languages.index(language) + 1
        forms = [
            (cells[0], word_texts(form))
            for _, cells in self._rows
            for form in cells[column].split(",")
        ]
        stems = iter(Stems().of((word for _, form in forms for word in form), language))
        table: dict[str, Forms] = {}
        for concept, form in forms:
            # A list first: a tuple from a generator takes twice as long.
            key = tuple([next(stems) for _ in form])
            if key:
                concepts = table.setdefault(key[0], {}).setdefault(key, [])
                if concept not in concepts:
                    concepts.append(concept)
        return table


Forms = dict[tuple[str, ...], list[str]]
"""The forms that begin with one stem: all their stems, and the concepts they name."""


def _longest(
    table: dict[str, Forms], stems: Sequence[str], position: int
) -> tuple[int, Sequence[str]]:
    """How many words the longest form at a position has, and what it names; (1, ()) if none."""
    forms = table.get(stems[position], {})
    fitting = [key for key in forms if tuple(stems[position : position + len(key)]) == key]
    if not fitting:
        return 1, ()
    key = max(fitting, key=len)
    return len(key), forms[key]


def _parts(table: dict[str, Forms], word: str) -> list[str]:
    """The concepts of a German compound: of its longest known end, then of what precedes it."""
    for cut in range(PART, len(word) - PART + 1):
        tail = _single(table, word[cut:])
        if tail:
            return [*_head(table, word[:cut]), *tail]
    return _head(table, word) if len(word) > 2 * PART else []


def _head(table: dict[str, Forms], word: str) -> list[str]:
    """The concepts of a compound's first part, with or without its linking letters."""
    for cut in range(len(word), PART - 1, -1):
        concepts = _single(table, word[:cut])
        if concepts:
            return list(concepts)
    return []


def _single(table: dict[str, Forms], word: str) -> Sequence[str]:
    stem = Stems().of([word], "de")[0]
    return table.get(stem, {}).get((stem,), ())
