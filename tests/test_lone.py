"""Names at the beginning of a sentence, and lone German ones, have to stand in a quote."""

import pytest

from rag.analysis import Analyser
from rag.cldr import Names
from rag.lexicon import Lexicon
from rag.lone import strange_names
from rag.stopwords import StopWords

ANALYSER = Analyser(
    lexicon=Lexicon(), names=Names(["de", "en", "fr", "ru"]), stop_words=StopWords()
)


@pytest.mark.parametrize(
    ("claim", "language", "quote", "written", "name"),
    [
        ("Berta Weber paid.", "en", "Anna Weber paid.", "en", "Berta"),
        ("Berta Weber zahlte.", "de", "Anna Weber zahlte.", "de", "Berta"),
        ("Es zahlte Berta Weber.", "de", "Anna Weber zahlte.", "de", "Berta"),
        ("Berta Weber a payé.", "fr", "Anna Weber paid.", "en", "Berta"),
        ("Берта Вебер заплатила.", "ru", "Anna Weber paid.", "en", "Берта"),
        ("Teng said so.", "en", "Zhao said so.", "en", "Teng"),
        ("Das sei so, sagte Teng.", "de", "Das sei so, sagte Zhao.", "de", "Teng"),
        ("Teng verließ die Firma.", "de", "Zhao verließ die Firma.", "de", "Teng"),
        ("Teng a quitté la société.", "fr", "Zhao a quitté la société.", "fr", "Teng"),
        ("Teng left the company.", "en", "Zhao verließ die Firma.", "de", "Teng"),
        ("Teng and others left.", "en", "The firm was left by Zhao.", "en", "Teng"),
        ("Am Ende zahlte Teng viel.", "de", "In the end Zhao paid much.", "en", "Teng"),
        ("Die Leitung bei Teng wechselte.", "de", "Zhao leitete es.", "de", "Teng"),
        ("Er sprach vor dem Ende des Teng-Hauses.", "de", "He spoke for Zhao.", "en", "Teng"),
        ("Kraken и другие ушли.", "ru", "Zhao and others left.", "en", "Kraken"),
    ],
)
def test_name_in_the_place_of_another_is_strange(
    claim: str, language: str, quote: str, written: str, name: str
) -> None:
    """Beside a name, beside a word of saying, or where the quote has another one."""
    found = strange_names(claim, language, [(quote, written)], ANALYSER)
    assert [claim[one.start : one.end] for one in found] == [name]


@pytest.mark.parametrize(
    ("claim", "language", "quote", "written"),
    [
        ("Anna Weber paid.", "en", "Anna Weber zahlte.", "de"),
        ("Anna Weber paid.", "en", "Анна Вебер заплатила.", "ru"),
        ("Teng said so.", "en", "Тенг сказал это.", "ru"),
        ("However, Weber paid.", "en", "Weber paid.", "en"),
        ("Despite rain, Weber said yes.", "en", "Weber said yes.", "en"),
        ("Demand is high.", "en", "La demande est forte, dit Teng.", "fr"),
        ("Die Gutachterin sagte ja.", "de", "Weber sagte ja.", "de"),
        ("Wachsende Einlagen melden Banken.", "de", "Banken melden Zuwächse.", "de"),
        ("Behörden sagten nichts.", "de", "Teng sagte nichts.", "de"),
        ("Die gute Grombel half Teng.", "de", "Zhao half Teng.", "de"),
        ("Grombling farms help Teng.", "en", "Чжао помогает Teng.", "ru"),
        ("Frühe Grombel zahlen Steuern.", "de", "Grombel zahlen sie.", "de"),
    ],
)
def test_other_words_are_not_strange(claim: str, language: str, quote: str, written: str) -> None:
    """Names that a quote bears, small words, and what article or ending shows to be a noun."""
    assert not list(strange_names(claim, language, [(quote, written)], ANALYSER))


def test_language_without_endings_has_no_strange_names() -> None:
    """What is a name there is not known."""
    quotes = [("Zhao dijo.", "es")]
    assert not list(strange_names("Teng dijo.", "es", quotes, ANALYSER))
