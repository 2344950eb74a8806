"""How much of a claim its quotes speak of."""

import pytest

from rag.analysis import Analyser
from rag.cldr import Names
from rag.lexicon import Lexicon
from rag.stopwords import StopWords
from rag.support import WINDOW, support, units

ANALYSER = Analyser(
    lexicon=Lexicon(), names=Names(["de", "en", "fr", "ru"]), stop_words=StopWords()
)

SAME = {
    "de": "Der Bürgermeister von Exford hat am Freitag die neue Brücke eröffnet.",
    "en": "The mayor of Exford opened the new bridge on Friday.",
    "fr": "Le maire d'Exford a inauguré vendredi le nouveau pont.",
    "ru": "Мэр Эксфорда открыл в пятницу новый мост.",
}
OTHER = {
    "de": "Die Ernte fiel wegen der Dürre schlecht aus, sagen die Bauern.",
    "en": "The harvest was poor because of the drought, farmers say.",
    "fr": "La récolte a été mauvaise à cause de la sécheresse, disent les agriculteurs.",
    "ru": "Урожай был плохим из-за засухи, говорят фермеры.",
}


def share(claim: str, language: str, *quotes: tuple[str, str]) -> float:
    return support(claim, language, quotes, ANALYSER).share()


@pytest.mark.parametrize("written", SAME)
@pytest.mark.parametrize("language", SAME)
def test_quotes_speak_of_what_they_say(language: str, written: str) -> None:
    """A sentence that says the same, in any language, speaks of most of a claim."""
    assert share(SAME[language], language, (SAME[written], written)) >= 0.7


@pytest.mark.parametrize("written", SAME)
@pytest.mark.parametrize("language", SAME)
def test_quotes_do_not_speak_of_something_else(language: str, written: str) -> None:
    """A sentence about something else, in any language, speaks of hardly anything."""
    assert share(SAME[language], language, (OTHER[written], written)) <= 0.2


def test_word_unknown_to_the_lexicon_says_nothing_over_languages() -> None:
    """What no table could find in another language does not count against the quotes there."""
    claim = "The grombling bridge opened."
    german = support(claim, "en", [("Die Brücke wurde eröffnet.", "de")], ANALYSER)
    english = support(claim, "en", [("The bridge opened.", "en")], ANALYSER)
    assert german.unspoken == ()
    assert [claim[one.start : one.end] for one in english.unspoken] == ["grombling"]


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("Hoffnung", "Sie hofft darauf."),
        ("Hafenbehörde", "Die Behörde schloss."),
        ("Exfords", "Die Exforder Brücke ist zu."),
        ("Schaparow", "Japarov kam."),
    ],
)
def test_words_of_one_root_speak_of_each_other(claim: str, quote: str) -> None:
    """Derivations, compounds, names with endings and names in other spellings are met."""
    assert share(claim, "de", (quote, "de")) == 1.0


@pytest.mark.parametrize(
    ("claim", "quote"),
    [("Region", "Die Regierung kam."), ("Rat", "Das Rathaus brannte."), ("Teng", "Zhao kam.")],
)
def test_words_that_only_begin_alike_do_not(claim: str, quote: str) -> None:
    """A few letters in common are no root."""
    assert share(claim, "de", (quote, "de")) == 0.0


def test_quotes_speak_together() -> None:
    """One quote may speak of one half of a claim, and another one of the other half."""
    claim = "The mayor opened the bridge while farmers harvested wheat."
    quotes = [("The mayor opened the bridge.", "en"), ("Farmers harvested wheat.", "en")]
    assert share(claim, "en", *quotes) > max(share(claim, "en", quote) for quote in quotes)
    assert share(claim, "en", *quotes) == 1.0


def test_far_apart_sentences_of_a_quote_do_not_add_up() -> None:
    """A long quote speaks of a claim in one place, or it does so by chance."""
    claim = "The mayor praised the harvest."
    gap = "Nothing else was heard. " * WINDOW
    far = f"The mayor slept. {gap}A harvest came."
    near = "The mayor slept. A harvest came."
    assert share(claim, "en", (far, "en")) < share(claim, "en", (near, "en"))


def test_measured_words_are_no_units() -> None:
    """Numbers and dates are compared by value, so their words count for nothing here."""
    claim = "In April 2024 the mayor paid 36 million euros."
    found = [claim[one.start : one.end] for one in units(claim, "en", ANALYSER)]
    assert found == ["mayor", "paid"]


def test_claim_without_words_has_no_share() -> None:
    """Stop words speak of nothing."""
    assert share("So it is.", "en", ("So it is, and so it was.", "en")) == 0.0
