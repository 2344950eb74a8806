"""A claim may not turn around what its quotes say."""

import pytest

from rag.analysis import Analyser
from rag.cldr import Names
from rag.contrary import table
from rag.lexicon import Lexicon
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
    ("claim", "language", "quote", "written"),
    [
        ("The mayor did not close it.", "en", "The illegal mill was closed by the mayor.", "en"),
        ("The mayor did not close a mill without permit.", "en",
         "The mayor closed a mill that worked without permit.", "en"),
        ("Der Bürgermeister eröffnete es nicht im Mai.", "de",
         "Der Bürgermeister eröffnete es erst im Mai.", "de"),
        ("Le maire n'a pas acheté le moulin.", "fr", "He bought a mill. It is not old.", "en"),
        ("Мэр не купил мельницу.", "ru", "Nobody slept. The mayor bought the mill.", "en"),
        ("The mayor refused to sign the contract.", "en", "The mayor signed the contract.", "en"),
        ("Die Stadt weigerte sich zu zahlen.", "de", "The city paid.", "en"),
        ("La ville a refusé de payer.", "fr", "The city paid.", "en"),
        ("Город отказался платить.", "ru", "The city paid.", "en"),
        ("The mayor doesn't sleep.", "en", "Der Bürgermeister schläft.", "de"),
    ],
)  # fmt: skip
def test_denial_of_something_else_is_no_excuse(
    claim: str, language: str, quote: str, written: str
) -> None:
    """What the quotes deny has to be what the claim denies; what is refused is not done."""
    assert denial(claim, language, [(quote, written)], ANALYSER)


@pytest.mark.parametrize(
    ("claim", "language", "quote", "written"),
    [
        ("The mayor did not say who came.", "en", "The mayor would not say who came.", "en"),
        ("The mill did not open until May.", "en", "Die Mühle öffnete erst im Mai.", "de"),
        ("It is not probable.", "en", "It is unlikely.", "en"),
        ("Farms did without water.", "en", "Many farms skipped water.", "en"),
        ("It sold no more than 36 mills.", "en", "It sold at most 36 mills.", "en"),
        ("It comes not only from farms.", "en", "It comes from farms as well as mills.", "en"),
        ("Никто не купил мельницу.", "ru", "Nobody bought the mill.", "en"),
        ("If the mill is not sold, the city pays.", "en", "The city pays or sells it.", "en"),
        ("Die nicht-öffentliche Sitzung begann.", "de", "The closed session began.", "en"),
        ("She won the prize.", "en", "Sie gewann den Preis.", "de"),
        ("The mayor did not come.", "en", "El alcalde vino.", "es"),
    ],
)
def test_denial_that_is_quoted_passes(claim: str, language: str, quote: str, written: str) -> None:
    """Near the same words, in other words, as a bound; and what is no denial, or cannot be told."""
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
        ("Prices rose.", "en", "Prices fell, but nobody noticed.", "en", "rose"),
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
        ("Prices rose.", "en", "Prices did not fall.", "en"),
    ],
)
def test_what_is_no_opposite_passes(claim: str, language: str, quote: str, written: str) -> None:
    """Both words, another place, a negation: none of them is a contradiction."""
    assert opposite(claim, language, [(quote, written)], ANALYSER) is None


def test_opposites_are_concepts_of_the_lexicon() -> None:
    """A misspelt concept would never be met."""
    known = {cells[0] for _, cells in LEXICON._rows}  # noqa: SLF001
    named = {c for pair in table()["opposites"] for side in pair for c in side.split()}
    assert named <= known
