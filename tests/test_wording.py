"""What comparing by words promises: the same words and numbers are the same in every language."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.wording import ARTICLES, contains, overlap, tokens
from rag.understand import LANGUAGES

# Their letters have one folded form: what folding does to others is told by the table below.
words = st.text("abcdeäéжя", min_size=2, max_size=6).filter(
    lambda word: not any(word in dropped for dropped in ARTICLES.values())
)
sentences = st.lists(words, max_size=6).map(tuple)


@pytest.mark.parametrize(
    ("text", "language", "expected"),
    [
        # Articles are dropped, by language.
        ("The mill and a wheel.", "en", "mill and wheel"),
        ("Die Mühle und ein Rad", "de", "mühle und rad"),
        ("Le moulin, l'école et l’eau", "fr", "moulin école et eau"),
        ("A die is cast", "en", "die is cast"),
        ("A die is cast", "de", "a is cast"),
        ("A или the", "ru", "a или the"),
        ("A mill", "xx", "a mill"),
        # Case, punctuation and the way a letter is written do not count.
        ("STRASSE, Straße!", "de", "strasse strasse"),
        ("Cafe\u0301 — «café»", "fr", "café café"),
        ("ＫＥＬＬＥＲ ﬁx", "en", "keller fix"),
        ("don't re-open", "en", "don t re open"),
        ("Мельница; МЕЛЬНИЦА", "ru", "мельница мельница"),
        # Numbers with digits are their value.
        ("4,8 Millionen", "de", "4800000"),
        ("4.8 million", "en", "4800000"),
        ("4,8 millions", "fr", "4800000"),
        ("4,8 млн", "ru", "4800000"),
        ("4800000", "en", "4800000"),
        ("$4,300,000,000", "en", "4300000000"),
        ("1.190 Euro", "de", "1190 euro"),
        ("1,190 euro", "en", "1190 euro"),
        ("1 190 euro", "fr", "1190 euro"),
        ("1.19 euro", "en", "1.19 euro"),
        ("0,50", "de", "0.5"),
        ("5 to 10 million", "en", "5000000 to 10000000"),
        ("der 26. September", "de", "26 september"),
        ("COVID-19 in 2021", "en", "covid 19 in 2021"),
        ("14:30", "en", "14 30"),
        ("１２ mills", "en", "12 mills"),
        # Numbers in words stay words, whatever else the text says.
        ("zwei Leute", "de", "zwei leute"),
        ("zwei Leute und 3 Hunde", "de", "zwei leute und 3 hunde"),
        ("Ein Rad, 3 Mühlen und ein Wehr", "de", "rad 3 mühlen und wehr"),
        ("A second mill of 3, built by Philip II", "en", "second mill of 3 built by philip ii"),
        ("Un moulin sur 3", "fr", "moulin sur 3"),
        ("одна из 3", "ru", "одна из 3"),
        # Nothing says nothing.
        ("", "en", ""),
        ("… !? — «»", "de", ""),
        ("The the", "en", ""),
    ],
)
def test_words_of_a_text(text: str, language: str, expected: str) -> None:
    """Words are folded, without punctuation and articles, and a number is its value."""
    assert tokens(text, language) == tuple(expected.split())


@given(sentences, sentences, st.integers(2, 10**12), st.sampled_from(sorted(LANGUAGES)))
def test_a_number_changes_no_word_beside_it(
    before: tuple[str, ...], after: tuple[str, ...], number: int, language: str
) -> None:
    """The words of a text are those of its parts: no number far off makes them others."""
    text = f"{' '.join(before)}, {number}; {' '.join(after)}"
    assert tokens(text, language) == (*before, str(number), *after)


@given(st.text(max_size=80), st.sampled_from([*LANGUAGES, "xx"]))
def test_any_text_has_words(text: str, language: str) -> None:
    """No text is too odd, and what is left has neither blanks nor capitals of ASCII."""
    for word in tokens(text, language):
        assert word == word.strip()
        assert not any("A" <= letter <= "Z" for letter in word)
    assert tokens(text, language) == tokens(text, language)


@pytest.mark.parametrize(
    ("said", "wanted", "expected"),
    [
        ("anna keller", "anna keller", 1.0),
        ("keller anna", "anna keller", 1.0),
        ("anna", "anna keller", 2 / 3),
        ("anna keller bought it", "anna keller", 4 / 6),
        ("anna anna", "anna keller", 2 / 4),
        ("anna anna", "anna anna keller", 4 / 5),
        ("ludwig brandt", "anna keller", 0.0),
        ("", "anna", 0.0),
        ("anna", "", 0.0),
        ("", "", 1.0),
    ],
)
def test_overlap_is_squads(said: str, wanted: str, expected: float) -> None:
    """The harmonic mean of the shares of words in common, each as often as both have it."""
    assert overlap(said.split(), wanted.split()) == pytest.approx(expected)


@given(sentences, sentences)
def test_overlap_is_one_for_the_same_words_only(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    """It lies in 0..1, is the same both ways, and 1 for the same words in any order."""
    share = overlap(one, other)
    assert 0 <= share <= 1
    assert share == overlap(other, one)
    assert (share == 1) is (Counter(one) == Counter(other))
    assert (share == 0) is (bool(one or other) and not set(one) & set(other))


@pytest.mark.parametrize(
    ("said", "wanted", "expected"),
    [
        ("anna keller bought it", "anna keller", True),
        ("it was anna keller", "anna keller", True),
        ("anna keller", "anna keller", True),
        ("keller anna", "anna keller", False),
        ("anna m keller", "anna keller", False),
        ("annas keller", "anna keller", False),
        ("anna", "anna keller", False),
        ("anna", "", False),
        ("", "", False),
    ],
)
def test_words_stand_one_after_the_other(said: str, wanted: str, expected: bool) -> None:
    """What is wanted has to stand in what was said without a gap; no words stand nowhere."""
    assert contains(said.split(), wanted.split()) is expected


@given(sentences, sentences, sentences)
def test_words_are_found_wherever_they_stand(
    before: tuple[str, ...], wanted: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """Words are found between any others, given as a tuple or as a list."""
    assert contains((*before, *wanted, *after), list(wanted)) is bool(wanted)
