"""What the index benchmark reads: tokens, synthetic passages, parallel questions.

A token field is one string, its tokens joined by single spaces, so that every engine is fed the
same tokens. Data comes from a folder of public sets, one sub-folder each, holding `passages.jsonl`
(`pid, lang, title, text`) and `questions.jsonl` (`qid, lang, pid, question, ...`).
"""

import functools
import importlib
import itertools
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from anyascii import anyascii

WORD = re.compile(r"\w+")
GRAM_LENGTH = 4
PASSAGE_CHARACTERS = 500
PASSAGES_PER_ARTICLE = 10
COINED_SHARE = 0.02
STEMMERS = {"de": "german", "en": "english", "es": "spanish", "fr": "french", "ru": "russian"}
SETS = ("xquad", "piaf_fr", "squad2_dev_half")
PARALLEL = "xquad"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """One passage or question as the engines see it; both fields are space-joined tokens."""

    stems: str
    grams: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A passage ready to index: its number, unique in the index, and the article it is part of."""

    number: int
    article: str
    tokens: Tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A passage or question of a public set; `key` is the passage's own or the wanted one's."""

    key: str
    language: str
    text: str


def stems(text: str, language: str) -> str:
    """Snowball stems of the lower-cased words; no stop words are removed."""
    return " ".join(_stemmer(language).stemWords(WORD.findall(text.lower())))


def grams(text: str) -> str:
    """Character 4-grams of each romanised, lower-cased word, `_` marking the word's two ends."""
    words = (f"_{word}_" for word in WORD.findall(anyascii(text).lower()))
    return " ".join(
        word[start : start + GRAM_LENGTH]
        for word in words
        for start in range(max(1, len(word) - GRAM_LENGTH + 1))
    )


def tokens(text: str, language: str) -> Tokens:
    """Both token fields of a text."""
    return Tokens(stems=stems(text, language), grams=grams(text))


def parallel_passages(data: Path, language: str) -> list[Text]:
    """The passages of the parallel set in one language, in the set's order."""
    rows = _rows(data / PARALLEL / "passages.jsonl")
    return [
        Text(key=row["pid"], language=language, text=row["text"])
        for row in rows
        if row["lang"] == language
    ]


def parallel_questions(data: Path, languages: Sequence[str]) -> list[Text]:
    """The questions of the parallel set in the languages given, in the set's order."""
    rows = _rows(data / PARALLEL / "questions.jsonl")
    return [
        Text(key=row["pid"], language=row["lang"], text=row["question"])
        for row in rows
        if row["lang"] in languages
    ]


def write_synthetic(data: Path, folder: Path, count: int, seed: int) -> None:
    """Write `count` synthetic passages as two token files, one passage a line.

    Ten passages in a row share a language, and so make an article. Words are drawn with the
    frequency that they have in the public sets; a small share is coined out of two halves, so that
    the vocabulary grows with the number of passages as that of real text does.
    """
    vocabulary = _words_by_language(data)
    chance = random.Random(seed)  # noqa: S311 - a benchmark, not a secret
    languages = sorted(vocabulary)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stems.txt").open("w") as stem_lines, (folder / "grams.txt").open("w") as lines:
        for number in range(count):
            if number % PASSAGES_PER_ARTICLE == 0:
                language = chance.choice(languages)
            text = _synthetic_text(chance, vocabulary[language])
            stem_lines.write(stems(text, language) + "\n")
            lines.write(grams(text) + "\n")


def read_synthetic(folder: Path, start: int, stop: int) -> Iterator[Prepared]:
    """The synthetic passages numbered from `start` up to, not including, `stop`."""
    with (folder / "stems.txt").open() as stem_lines, (folder / "grams.txt").open() as gram_lines:
        lines = zip(stem_lines, gram_lines, strict=True)
        for number, (stem_line, gram_line) in enumerate(
            itertools.islice(lines, start, stop), start
        ):
            yield Prepared(
                number=number,
                article=f"article-{number // PASSAGES_PER_ARTICLE}",
                tokens=Tokens(stems=stem_line.rstrip("\n"), grams=gram_line.rstrip("\n")),
            )


@functools.cache
def _stemmer(language: str) -> Any:
    """The Snowball stemmer of a language; PyStemmer ships no types."""
    return importlib.import_module("Stemmer").Stemmer(STEMMERS[language])


def _synthetic_text(chance: random.Random, words: Sequence[str]) -> str:
    """Words drawn at random until they fill a passage."""
    drawn: list[str] = []
    length = 0
    while length < PASSAGE_CHARACTERS:
        word = chance.choice(words)
        if chance.random() < COINED_SHARE:
            other = chance.choice(words)
            word = word[: (len(word) + 1) // 2] + other[len(other) // 2 :]
        drawn.append(word)
        length += len(word) + 1
    return " ".join(drawn)


def _words_by_language(data: Path) -> dict[str, list[str]]:
    """Every running word of the public sets that are there, repeats included, by language."""
    words: dict[str, list[str]] = {}
    for name in SETS:
        path = data / name / "passages.jsonl"
        for row in _rows(path) if path.exists() else ():
            words.setdefault(row["lang"], []).extend(WORD.findall(row["text"]))
    return words


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a JSON Lines file, of which only the text columns are used here."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)
