"""A name of a claim is one that its quotes have, and not one made of two."""

import pytest

from rag.analysis import Analyser
from rag.cldr import Names
from rag.lexicon import Lexicon
from rag.people import actors, mingled
from rag.stopwords import StopWords

ANALYSER = Analyser(
    lexicon=Lexicon(), names=Names(["de", "en", "fr", "ru"]), stop_words=StopWords()
)

TWO = [
    ("en", "It met Anna Kranz and Bruno Weber."),
    ("de", "Sie traf Anna Kranz und Bruno Weber."),
    ("fr", "Elle a rencontré Anna Kranz et Bruno Weber."),
    ("ru", "Приехали Анна Кранц и Бруно Вебер."),
]
MADE = [
    ("en", "It met Anna Weber."),
    ("de", "Sie traf Anna Weber."),
    ("fr", "Elle a rencontré Anna Weber."),
    ("ru", "Приехала Анна Вебер."),
]


@pytest.mark.parametrize(("written", "quote"), TWO)
@pytest.mark.parametrize(("language", "claim"), MADE)
def test_name_of_two_people_is_nobody(language: str, claim: str, written: str, quote: str) -> None:
    """The first name of one and the last name of another, in one language and over two."""
    assert mingled(claim, language, [(quote, written)], ANALYSER)


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("It met Anna Weber.", "It met Anna and Bruno Weber."),
        ("It met Anna Weber.", "It met Anna Maria Weber and Anna Kranz."),
        ("It met Anna Weber.", "It met Anna Weber, Anna Kranz and Bruno Weber."),
        ("It met Anna Weber.", "It met Weber."),
        ("It asked the Harbour Office.", "It asked the Harbour Police and the Port Office."),
    ],
)
def test_words_that_may_belong_together_pass(claim: str, quote: str) -> None:
    """A shared last name, a name between, the name itself, one word of it, institutions."""
    assert mingled(claim, "en", [(quote, "en")], ANALYSER) is None


def test_actors_are_whole_names_and_countries() -> None:
    """Words of a name go together, what a slash or a comma parts does not."""
    found = actors("It met Anna Weber/Bruno Kranz, then Jean-Luc in Italy.", "en", ANALYSER)
    assert [one.text for one in found] == ["Anna Weber", "Bruno Kranz", "Jean-Luc", "Italy"]
