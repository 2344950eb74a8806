"""A claim may not say as done what its quotes say is wanted, planned or supposed."""

import pytest

from rag.analysis import Analyser
from rag.cldr import Names
from rag.hedge import unhedged
from rag.lexicon import Lexicon
from rag.stopwords import StopWords

ANALYSER = Analyser(
    lexicon=Lexicon(), names=Names(["de", "en", "fr", "ru"]), stop_words=StopWords()
)

WANTED = {
    "de": "Die Stadt will eine neue Brücke bauen.",
    "en": "The city wants to build a new bridge.",
    "fr": "La ville veut construire un nouveau pont.",
    "ru": "Город хочет построить новый мост.",
}
DONE = {
    "de": "Die Stadt baute eine neue Brücke.",
    "en": "The city built a new bridge.",
    "fr": "La ville a construit un nouveau pont.",
    "ru": "Город построил новый мост.",
}


@pytest.mark.parametrize("written", WANTED)
@pytest.mark.parametrize("language", DONE)
def test_wish_is_no_deed(language: str, written: str) -> None:
    """In each language on each; a claim that leaves it open passes, and so does what is done."""
    wanted, done = (WANTED[written], written), (DONE[written], written)
    assert unhedged(DONE[language], language, [wanted], ANALYSER)
    assert unhedged(WANTED[language], language, [wanted], ANALYSER) is None
    assert unhedged(DONE[language], language, [done], ANALYSER) is None
    assert unhedged(DONE[language], language, [wanted, done], ANALYSER) is None


@pytest.mark.parametrize(
    ("language", "claim", "quote", "written"),
    [
        ("en", "The mayor opened the bridge.", "The mayor may have opened the bridge.", "en"),
        ("de", "Die Brücke ist gesperrt.", "Die Brücke könnte gesperrt sein.", "de"),
        ("en", "The bridge is legal.", "Die Brücke würde damit legal.", "de"),
        ("fr", "La ville a vendu le pont.", "La ville aurait vendu le pont.", "fr"),
        ("ru", "Город продал мост.", "Город, возможно, якобы продал мост.", "ru"),
    ],
)
def test_what_is_supposed_is_not_known(language: str, claim: str, quote: str, written: str) -> None:
    """Words of possibility and of hearsay in the clause."""
    assert unhedged(claim, language, [(quote, written)], ANALYSER)


@pytest.mark.parametrize(
    ("claim", "quote", "written"),
    [
        ("The city plans a new bridge.", "The city may build a new bridge.", "en"),
        ("The mayor opened the bridge.", "He may leave. The mayor opened the bridge.", "en"),
        ("The mayor opened the bridge.", "Die Brücke wurde vom Bürgermeister eröffnet.", "de"),
        ("The mayor of Exford opened it.", "The mayor may sleep.", "en"),
    ],
)
def test_what_is_not_about_the_claim_passes(claim: str, quote: str, written: str) -> None:
    """Another word that leaves it open, a hedge of something else, `wurde`, little in common."""
    assert unhedged(claim, "en", [(quote, written)], ANALYSER) is None
