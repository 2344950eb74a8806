"""What `rag.terms` promises: words at their places, stems, and grams over scripts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.terms import GRAM, STEMMED, Stems, fold, grams, romanised, words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The mill, sold.", ["The", "mill", "sold"]),
        ("4,3 Mio. and 10.000", ["4,3", "Mio", "and", "10.000"]),
        ("In 2024.", ["In", "2024"]),
        ("$4.8m", ["4.8", "m"]),
        ("Krypto-Börse d'accord l’eau", ["Krypto", "Börse", "d", "accord", "l", "eau"]),
        ("snake_case __init__", ["snake", "case", "init"]),
        ("Мельница №5", ["Мельница", "5"]),
        ("Bo\u0308rse e\u0301te\u0301", ["Bo\u0308rse", "e\u0301te\u0301"]),
        ("東京タワー", ["東京タワー"]),
        ("", []),
        ("!?…", []),
    ],
)
def test_words_are_letters_or_digit_groups(text: str, expected: list[str]) -> None:
    """Words part at hyphens and apostrophes; numbers keep separators, letters their accents."""
    assert [word.text for word in words(text)] == expected


@given(st.text())
def test_words_equal_their_slices(text: str) -> None:
    """A word is what stands at its offsets, in order and without overlap."""
    last = 0
    for word in words(text):
        assert text[word.start : word.end] == word.text
        assert last <= word.start < word.end
        last = word.end


@given(st.text(st.characters(categories=["L", "Nd", "Zs"])))
def test_composed_and_decomposed_text_have_the_same_terms(text: str) -> None:
    """Files that write accents as characters of their own are matched like any others."""
    composed = unicodedata.normalize("NFC", text)
    decomposed = unicodedata.normalize("NFD", composed)
    marks = {c for c in decomposed if unicodedata.category(c).startswith("M")}
    if not all("\u0300" <= mark <= "\u036f" for mark in marks):
        return  # Vowel signs of Indic scripts and the like part words in both forms.
    assert [fold(w.text) for w in words(composed)] == [fold(w.text) for w in words(decomposed)]


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("de", "Börsen", "börse"),
        ("de", "GRÖSSE", "Größe"),
        ("en", "exchanges", "Exchange"),
        ("fr", "plateformes", "plateforme"),
        ("ru", "Казахстана", "казахстан"),
        ("ja", "ＡＢＣ", "abc"),
        ("xx", "MILL", "mill"),
    ],
)
def test_forms_of_a_word_share_a_stem(language: str, one: str, other: str) -> None:
    """Inflections meet in their stem; without a stemmer case and width alone are folded."""
    first, second = Stems().of([one, other], language)
    assert first == second


@pytest.mark.parametrize("language", sorted(STEMMED))
def test_every_language_has_its_stemmer(language: str) -> None:
    """Each of the languages listed can be stemmed, and again, and gives a stem per word."""
    stems = Stems()
    assert len(stems.of(["mill", "4,3", "река"], language)) == 3
    assert stems.of(["mill"], language) == stems.of(["mill"], language)
    assert stems.of([], language) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mill", ["_mil", "mill", "ill_"]),
        ("ab", ["_ab_"]),
        ("a", ["_a_"]),
        ("4,3", ["_43_"]),
        ("100000", ["_100000_"]),
        ("Река", ["_rek", "reka", "eka_"]),
        ("", []),
    ],
)
def test_grams_are_romanised_and_framed(text: str, expected: list[str]) -> None:
    """Grams do not reach over words, short words and numbers are one gram each."""
    assert grams(text) == expected


@given(st.text())
def test_grams_are_plain(text: str) -> None:
    """A gram is of ASCII letters, digits and the frame: nothing that an index would cut."""
    for gram in grams(text):
        assert gram.isascii()
        assert gram.replace("_", "").isalnum() or set(gram) == {"_"}
        assert len(gram) == GRAM or gram[0] == gram[-1] == "_"
        assert gram == gram.lower()


@given(st.text())
def test_romanised_text_is_ascii(text: str) -> None:
    """Any script becomes lower-case ASCII, and ASCII stays as it is but for its case."""
    assert romanised(text).isascii()
    assert romanised(text) == romanised(text).lower()
    assert romanised(romanised(text)) == romanised(text)
