"""A claim may not turn around what its quotes say."""

import pytest

from rag.analysis import Analyser
from rag.cldr import Names
from rag.lexicon import Lexicon
from rag.bounds import unbounded
from rag.contrary import table
from rag.polarity import denial, opposite
from rag.stopwords import StopWords

LEXICON = Lexicon()
NAMES = Names(["de", "en", "fr", "ru"])
ANALYSER = Analyser(lexicon=LEXICON, names=NAMES, stop_words=StopWords())

PLAIN = {
    "de": "Die Firma wurde 2024 verkauft.",
    "en": "The company was sold in 2024.",
    "fr": "L'entreprise a été vendue en 2024.",
    "ru": "Компания была продана в 2024 году.",
}
DENIED = {
    "de": "Die Firma wurde 2024 nicht verkauft.",
    "en": "The company was not sold in 2024.",
    "fr": "L'entreprise n'a pas été vendue en 2024.",
    "ru": "Компания не была продана в 2024 году.",
}


@pytest.mark.parametrize("language", PLAIN)
def test_flipped_negation_is_seen(language: str) -> None:
    """In one language, whichever side has it."""
    assert denial(PLAIN[language], language, [(DENIED[language], language)], ANALYSER)
    assert denial(DENIED[language], language, [(PLAIN[language], language)], ANALYSER)


@pytest.mark.parametrize(
    ("language", "written"), [("de", "en"), ("en", "de"), ("fr", "en"), ("en", "ru"), ("ru", "de")]
)
def test_flipped_negation_is_seen_over_languages(language: str, written: str) -> None:
    """Where the lexicon knows the words about it."""
    assert denial(PLAIN[language], language, [(DENIED[written], written)], ANALYSER)
    assert denial(DENIED[language], language, [(PLAIN[written], written)], ANALYSER)


@pytest.mark.parametrize("written", PLAIN)
@pytest.mark.parametrize("language", PLAIN)
def test_equal_sides_turn_nothing_around(language: str, written: str) -> None:
    """Two negations agree, and so do none."""
    assert denial(PLAIN[language], language, [(PLAIN[written], written)], ANALYSER) is None
    assert denial(DENIED[language], language, [(DENIED[written], written)], ANALYSER) is None


@pytest.mark.parametrize(
    ("claim", "language", "quote", "written"),
    [
        ("There is no permit.", "en", "The permit is missing.", "en"),
        ("Es gibt keine Genehmigung.", "de", "They worked without authorization.", "en"),
        ("The office was not closed.", "en", "The office stayed open.", "en"),
        ("The office is open.", "en", "The office was not closed.", "en"),
        ("Anna Weber leads the office.", "en", "Anna Weber would not say who owns it.", "en"),
        ("Le pays ne fournit que du blé.", "fr", "The country supplies just wheat.", "en"),
        ("Aucun calendrier n'existe.", "fr", "Einen Zeitplan gibt es bisher nicht.", "de"),
    ],
)
def test_negation_in_other_words_is_none_too_many(
    claim: str, language: str, quote: str, written: str
) -> None:
    """A lack, an opposite, a negation of something else, and French restrictions pass."""
    assert denial(claim, language, [(quote, written)], ANALYSER) is None


@pytest.mark.parametrize(
    ("claim", "language", "quote", "written", "word"),
    [
        ("Prices rose in spring.", "en", "Prices fell in spring.", "en", "rose"),
        ("Die Preise stiegen.", "de", "Die Preise fielen.", "de", "stiegen"),
        ("Les prix ont augmenté.", "fr", "Les prix ont baissé.", "fr", "augmenté"),
        ("Die Preise stiegen.", "de", "Prices fell.", "en", "stiegen"),
        ("The company bought the mill.", "en", "The company sold the mill.", "en", "bought"),
        ("The court rejected it.", "en", "Das Gericht genehmigte es.", "de", "rejected"),
        ("Суд разрешил сделку.", "ru", "Суд запретил сделку.", "ru", "разрешил"),
        ("Le tribunal a acheté la maison.", "fr", "The court sold the house.", "en", "acheté"),
    ],
)
def test_opposite_is_seen(claim: str, language: str, quote: str, written: str, word: str) -> None:
    """Where a quote has the contrary in the same place, and not the word itself."""
    assert opposite(claim, language, [(quote, written)], ANALYSER) == word


@pytest.mark.parametrize(
    ("claim", "language", "quote", "written"),
    [
        ("Prices rose.", "en", "Prices rose, then fell.", "en"),
        ("Prices rose.", "en", "Wages fell.", "en"),
        ("Prices did not rise.", "en", "Prices fell.", "en"),
        ("Un combustible bon marché.", "fr", "Un combustible peu cher.", "fr"),
        ("The company bought the mill.", "en", "Die Firma erwarb die Mühle.", "de"),
    ],
)
def test_what_is_no_opposite_passes(claim: str, language: str, quote: str, written: str) -> None:
    """Both words, another place, a negation: none of them is a contradiction."""
    assert opposite(claim, language, [(quote, written)], ANALYSER) is None


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
    assert unbounded(claim, language, [(quote, language)], NAMES)
    assert unbounded(quote, language, [(claim, language)], NAMES)
    assert unbounded(claim, language, [(claim, language)], NAMES) is None


def test_bounds_hold_over_languages() -> None:
    """`Mehr als 36` is the contrary of `fewer than 36`, and the same as `plus de 36`."""
    claim = "Mehr als 36 kamen."
    assert unbounded(claim, "de", [("Fewer than 36 came.", "en")], NAMES)
    assert unbounded(claim, "de", [("Plus de 36 sont venus.", "fr")], NAMES) is None


def test_number_that_is_quoted_without_a_bound_is_not_contradicted() -> None:
    """One mention that agrees, or says nothing, is enough."""
    quotes = [("Fewer than 36 came.", "en"), ("There were 36 in all.", "en")]
    assert unbounded("More than 36 came.", "en", quotes, NAMES) is None


def test_opposites_are_concepts_of_the_lexicon() -> None:
    """A misspelt concept would never be met."""
    known = {cells[0] for _, cells in LEXICON._rows}  # noqa: SLF001
    named = {c for pair in table()["opposites"] for side in pair for c in side.split()}
    assert named <= known
