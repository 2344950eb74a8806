"""A claim may not bound, rank or date what its quotes say in another way."""

import pytest

from rag.analysis import Analyser
from rag.bounds import misdated, unbounded, unranked
from rag.cldr import Names
from rag.lexicon import Lexicon
from rag.stopwords import StopWords

ANALYSER = Analyser(
    lexicon=Lexicon(), names=Names(["de", "en", "fr", "ru"]), stop_words=StopWords()
)

BOUNDS = [
    ("en", "More than 36 came.", "Fewer than 36 came."),
    ("en", "At least 36 came.", "At most 36 came."),
    ("de", "Mehr als 36 kamen.", "Weniger als 36 kamen."),
    ("de", "Es war vor 1990.", "Es war nach 1990."),
    ("fr", "Plus de 36 sont venus.", "Moins de 36 sont venus."),
    ("fr", "C'était avant 1990.", "C'était après 1990."),
    ("ru", "Пришли более 36 человек.", "Пришли менее 36 человек."),
    ("ru", "Это было до 1990 года.", "Это было после 1990 года."),
    ("en", "It was no more than 36.", "It was no less than 36."),
]


@pytest.mark.parametrize(("language", "claim", "quote"), BOUNDS)
def test_facing_bounds_are_seen(language: str, claim: str, quote: str) -> None:
    """More is not less, before is not after; and each agrees with itself."""
    assert unbounded(claim, language, [(quote, language)], ANALYSER)
    assert unbounded(quote, language, [(claim, language)], ANALYSER)
    assert unbounded(claim, language, [(claim, language)], ANALYSER) is None


def test_bounds_hold_over_languages() -> None:
    """`Mehr als 36` is the contrary of `fewer than 36`, and the same as `plus de 36`."""
    claim = "Mehr als 36 kamen."
    assert unbounded(claim, "de", [("Fewer than 36 came.", "en")], ANALYSER)
    assert unbounded(claim, "de", [("Plus de 36 sont venus.", "fr")], ANALYSER) is None


def test_number_that_is_quoted_without_a_bound_is_not_contradicted() -> None:
    """One mention that agrees, or says nothing, is enough."""
    quotes = [("Fewer than 36 came.", "en"), ("There were 36 in all.", "en")]
    assert unbounded("More than 36 came.", "en", quotes, ANALYSER) is None


@pytest.mark.parametrize(
    ("language", "claim", "quote", "written"),
    [
        ("en", "More than 36 came.", "In all 36 came.", "en"),
        ("en", "At most 5% went.", "Es gingen 5 %.", "de"),
        ("de", "Mehr als 5 % gingen.", "Just 5% went.", "en"),
        ("fr", "Au moins 36 sont venus.", "Es kamen 36.", "de"),
        ("ru", "Пришло более 36 человек.", "36 people came.", "en"),
        ("en", "It began before 26 September.", "It began on 26 September.", "en"),
        ("de", "Es begann nach dem 26. September.", "Es begann am 26. September.", "de"),
        ("fr", "Cela a débuté avant le 26 septembre.", "It began on 26 September.", "en"),
        ("ru", "Это началось до 26 сентября.", "Es begann am 26. September.", "de"),
    ],
)
def test_added_bound_is_seen(language: str, claim: str, quote: str, written: str) -> None:
    """A bound that no quote has is no less wrong than one that is turned around."""
    assert unbounded(claim, language, [(quote, written)], ANALYSER)


@pytest.mark.parametrize(
    ("language", "claim", "quote", "written"),
    [
        ("en", "More than 36 came.", "There came 36 or more.", "en"),
        ("en", "More than 36 came.", "They exceeded 36.", "en"),
        ("en", "At most 36 came.", "There were 30–36.", "en"),
        ("en", "Over 4 years it grew.", "It grew in 4 years.", "en"),
        ("de", "Über 36 Börsen wurde berichtet.", "There are 36 exchanges.", "en"),
        ("en", "By September it was over.", "Im September war es vorbei.", "de"),
        ("en", "Since 2021 it has grown.", "It grew in 2021.", "en"),
        ("en", "More than 36 came.", "Acudieron más de 36.", "es"),
    ],
)
def test_bound_in_other_words_is_none_too_many(
    language: str, claim: str, quote: str, written: str
) -> None:
    """Words that may mean something else, bounds in other words, languages without a list."""
    assert unbounded(claim, language, [(quote, written)], ANALYSER) is None


@pytest.mark.parametrize(
    ("language", "claim", "word"),
    [
        ("en", "It is the largest producer.", "largest"),
        ("de", "Es ist der größte Produzent.", "größte"),
        ("fr", "C'est le plus grand producteur.", "plus"),
        ("ru", "Это крупнейший производитель.", "крупнейший"),
    ],
)
def test_rank_may_not_be_left_out(language: str, claim: str, word: str) -> None:
    """The second-largest is not the largest, in any language; nor is it where both are said."""
    quote = ("It is the second-largest producer.", "en")
    assert unranked(claim, language, [quote], ANALYSER) == word
    german = ("Es ist der zweitgrößte Produzent.", "de")
    assert unranked(claim, language, [german], ANALYSER) == word
    both = ("It is the largest producer after the second-largest left.", "en")
    assert unranked(claim, language, [both], ANALYSER) is None
    assert unranked("It is the second-largest.", "en", [quote], ANALYSER) is None
    assert unranked(claim, language, [("It is a second producer.", "en")], ANALYSER) is None


@pytest.mark.parametrize(
    ("language", "claim"),
    [
        ("en", "It was at the beginning of 2023."),
        ("de", "Es war Anfang 2023."),
        ("fr", "C'était début 2023."),
        ("ru", "Это было в начале 2023 года."),
    ],
)
def test_start_of_a_time_is_not_its_end(language: str, claim: str) -> None:
    """Start, middle and end of a year are told apart, where a quote names one of them."""
    end = [("It was at the end of 2023.", "en")]
    assert misdated(claim, language, end, ANALYSER)
    assert misdated(claim, language, [("Es war Mitte 2023.", "de")], ANALYSER)
    assert misdated(claim, language, [("Es war Anfang 2023.", "de")], ANALYSER) is None
    assert misdated(claim, language, [("It was in 2023.", "en")], ANALYSER) is None
