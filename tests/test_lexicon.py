"""What `rag.lexicon` promises: words of four languages that mean the same are one concept."""

import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SettingsError
from rag.lexicon import FILE, Lexicon
from rag.terms import words

HEADER = "concept\ten\tde\tfr\tru\n"
MILL = "mill\tmill, water mill\tMühle\tmoulin, moulin à eau\tмельница\n"
RIVER = "river\triver, stream\tFluss, Ströme\trivière\tрека\n"
WHEEL = "wheel\twheel\tRad, Räder\troue\tколесо\n"
BANK = "bank\tbank\tBank\tbanque\tбанк\nshore\tbank, shore\tUfer\trive\tберег\n"
LANGUAGES = ("en", "de", "fr", "ru")


def lexicon(folder: Path, content: str | bytes) -> Lexicon:
    file = folder / "words.tsv"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return Lexicon(file)


def found(table: Lexicon, text: str, language: str) -> list[tuple[str, str]]:
    """Each concept with the words that name it."""
    forms = [word.text for word in words(text)]
    return [(c, " ".join(forms[first:last])) for c, first, last in table.find(forms, language)]


def lines() -> list[list[str]]:
    """The cells of the file that comes with the package."""
    rows = FILE.read_text("utf-8").splitlines()
    return [row.split("\t") for row in rows if row.strip() and not row.startswith("#")]


# --- The file that comes with the package ------------------------------------------------------


def test_there_are_enough_concepts() -> None:
    """The lexicon has at least 1,500 concepts in four languages."""
    head, *rows = lines()
    assert head == ["concept", *LANGUAGES]
    assert len(rows) == len(Lexicon()) >= 1_500


def test_every_concept_has_a_form_in_every_language() -> None:
    """No cell is empty, nor is any form in it."""
    poor = [
        (number, row)
        for number, row in enumerate(lines())
        if len(row) != 5 or not all(words(form) for cell in row[1:] for form in cell.split(","))
    ]
    assert poor == []


def test_ids_are_unique() -> None:
    """No id stands twice."""
    counts = Counter(row[0] for row in lines())
    assert [concept for concept, count in counts.items() if count > 1] == []


def test_ids_can_be_terms() -> None:
    """An id is one term of the lexical index: small letters, digits, hyphens."""
    assert [row[0] for row in lines()[1:] if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", row[0])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_form_names_its_concept(language: str) -> None:
    """Each form of each cell, read as a text, names the concept of its line."""
    table, column = Lexicon(), LANGUAGES.index(language) + 1
    missed = [
        (row[0], form)
        for row in lines()[1:]
        for form in row[column].split(",")
        if row[0] not in {concept for concept, _ in found(table, form, language)}
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("concept", "texts"),
    [
        ("newspaper", {"en": "newspapers", "de": "Zeitungen", "fr": "journaux", "ru": "газеты"}),
        ("opinion", {"en": "views", "de": "Meinung", "fr": "avis", "ru": "точка зрения"}),
        ("social-network", {"en": "social media", "de": "sozialen Netzwerken", "ru": "соцсети"}),
    ],
)
def test_languages_meet_in_a_concept(concept: str, texts: dict[str, str]) -> None:
    """Inflected words and groups of words of any language name the same concept."""
    for language, text in texts.items():
        assert concept in {c for c, _ in found(Lexicon(), text, language)}


# --- Looking words up --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        ("The mill by the river", "en", [("mill", "mill"), ("river", "river")]),
        ("two water mills", "en", [("mill", "water mills")]),
        ("un moulin à eau", "fr", [("mill", "moulin à eau")]),
        ("у мельницы", "ru", [("mill", "мельницы")]),
        ("MÜHLEN", "de", [("mill", "MÜHLEN")]),
        ("the bank", "en", [("bank", "bank"), ("shore", "bank")]),
        ("the mill", "es", []),
        ("nothing of it", "en", []),
        ("", "de", []),
    ],
)
def test_longest_form_is_found_by_its_stems(
    tmp_path: Path, text: str, language: str, expected: list[tuple[str, str]]
) -> None:
    """The longest form at each place counts, inflected or not, with all that it may mean."""
    table = lexicon(tmp_path, HEADER + MILL + RIVER + WHEEL + BANK)
    assert found(table, text, language) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mühlrad", []),
        ("Mühlenfluss", ["mill", "river"]),
        ("Flussufer", ["river", "shore"]),
        ("Flussmühlenbetreiber", ["river"]),
        ("Ufersperre", ["shore"]),
    ],
)
def test_german_compounds_name_their_parts(tmp_path: Path, text: str, expected: list[str]) -> None:
    """A compound names its known end and what stands before it, whatever links them."""
    table = lexicon(tmp_path, HEADER + MILL + RIVER + WHEEL + BANK)
    assert [concept for concept, _ in found(table, text, "de")] == expected
    assert found(table, text, "fr") == []


@given(st.text(), st.sampled_from([*LANGUAGES, "es"]))
def test_any_text_can_be_looked_up(text: str, language: str) -> None:
    """Concepts stand in order at words of the text."""
    forms = [word.text for word in words(text)]
    last = 0
    for concept, first, end in TABLE.find(forms, language):
        assert concept
        assert last <= first < end <= len(forms)
        last = first


TABLE = Lexicon()


# --- Editing the file --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "# Notes\n\n" + HEADER + "# More\n\n" + MILL,
        HEADER + MILL.rstrip("\n"),
        (HEADER + MILL).replace("\n", "\r\n"),
        "\ufeff# Notes\n" + HEADER + MILL,
        "\ufeff" + HEADER + MILL,
    ],
)
def test_editors_may_write_it_in_their_ways(tmp_path: Path, content: str) -> None:
    """Comments, empty lines, a byte order mark, other line ends: the concepts are the same."""
    table = lexicon(tmp_path, content)
    assert len(table) == 1
    assert found(table, "мельница", "ru") == [("mill", "мельница")]


@pytest.mark.parametrize(
    ("content", "number"),
    [
        (HEADER + "mill\tmill\tMühle\tmoulin\n", 2),
        (HEADER + MILL + MILL.replace("\t", " "), 3),
        (HEADER + MILL.rstrip("\n") + "\tmolino\n", 2),
        ("# Notes\n\n" + HEADER + MILL + "\tmill\tMühle\tmoulin\tмельница\n", 5),
        ((HEADER + MILL).encode() + "river\triver\tFlüsse\tx\ty\n".encode("latin-1"), 3),
    ],
)
def test_broken_line_is_named(tmp_path: Path, content: str | bytes, number: int) -> None:
    """A line that is no concept, or no UTF-8, is one sentence with its number and the file."""
    with pytest.raises(SettingsError, match=rf"^Line {number} of words\.tsv .+\.$"):
        lexicon(tmp_path, content)


def test_digest_tells_one_state_from_another(tmp_path: Path) -> None:
    """Any edit changes the digest that the index is compared by."""
    one = lexicon(tmp_path, HEADER + MILL).digest
    assert one == lexicon(tmp_path, HEADER + MILL).digest
    assert one != lexicon(tmp_path, HEADER + MILL + "#\n").digest
