"""A claim may not name another thing of a kind, or another office, than its quotes."""

import pytest

from rag.analysis import Analyser
from rag.cldr import Names
from rag.kinds import _table, other_office, other_thing
from rag.lexicon import Lexicon
from rag.stopwords import StopWords

LEXICON = Lexicon()
ANALYSER = Analyser(lexicon=LEXICON, names=Names(["de", "en", "fr", "ru"]), stop_words=StopWords())


@pytest.mark.parametrize(
    ("language", "claim", "quote", "written"),
    [
        ("en", "It mined ether.", "It mined bitcoin.", "en"),
        ("de", "Es schürfte Ethereum.", "It mined bitcoin.", "en"),
        ("fr", "Il vend des litecoins.", "Es verkauft Bitcoins.", "de"),
        ("ru", "Он продаёт эфириум.", "Il vend des bitcoins.", "fr"),
        ("en", "It sold silver.", "Es verkaufte Gold.", "de"),
        ("de", "Sie verkauften Kupfer.", "They sold gold.", "en"),
        ("fr", "Elle a vendu de l'argent au frère.", "She sold it to her sister.", "en"),
        ("ru", "Это было зимой.", "It was in summer.", "en"),
    ],
)
def test_other_thing_of_a_kind_is_seen(language: str, claim: str, quote: str, written: str) -> None:
    """Coins, metals, family, seasons: where a quote has one of them, and not the claim's."""
    assert other_thing(claim, language, [(quote, written)], ANALYSER)


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("It mined ether.", "It mined ether and bitcoin."),
        ("It mined ether.", "It mined something."),
        ("It mined bitcoin.", "It mined BTC."),
        ("It sold silver.", "It sold gold and silver."),
        ("It sold silver.", "It sold copperware."),
    ],
)
def test_same_thing_passes(claim: str, quote: str) -> None:
    """The thing itself, in any word for it; and where the quotes have none of the kind."""
    assert other_thing(claim, "en", [(quote, "en")], ANALYSER) is None


OFFICE = [
    ("en", "It met President Anna Weber.", "It met minister Anna Weber."),
    ("de", "Sie traf Präsident Bruno Weber.", "Sie traf Minister Bruno Weber."),
    ("fr", "Il a vu le président Bruno Weber.", "Il a vu le ministre Bruno Weber."),
    ("ru", "Он видел президента Бруно Вебера.", "Он видел министра Бруно Вебера."),
    ("en", "It met Anna Weber, the founder.", "It met Anna Weber, the CEO."),
]


@pytest.mark.parametrize(("language", "claim", "quote"), OFFICE)
def test_other_office_is_seen(language: str, claim: str, quote: str) -> None:
    """Before the name or behind its comma, in both directions; the same office passes."""
    assert other_office(claim, language, [(quote, language)], ANALYSER)
    assert other_office(quote, language, [(claim, language)], ANALYSER)
    assert other_office(claim, language, [(claim, language)], ANALYSER) is None


def test_offices_may_not_change_places() -> None:
    """Where the quotes have both, each is its own name's, over languages, too."""
    quote = ("Il a vu le président Bruno Weber et Anna Kranz, la ministre.", "fr")
    right = "It met President Bruno Weber and minister Anna Kranz."
    wrong = "It met President Anna Kranz and minister Bruno Weber."
    assert other_office(right, "en", [quote], ANALYSER) is None
    assert other_office(wrong, "en", [quote], ANALYSER)


@pytest.mark.parametrize(
    ("claim", "quote"),
    [
        ("Later CEO Anna Weber left.", "Later founder Anna Weber left. The former CEO slept."),
        ("Later founder Anna Weber left.", "Anna Weber, the CEO, left; she founded the mill."),
        ("It met President Bruno Weber, minister Kranz and Teng.",
         "It met President Bruno Weber and minister Kranz, then Teng."),
        ("Later founder Anna Weber left.", "Later Anna Weber left."),
    ],
)  # fmt: skip
def test_office_that_is_said_elsewhere_passes(claim: str, quote: str) -> None:
    """In another sentence, as a deed, in a list; and where no name of a quote has an office."""
    assert other_office(claim, "en", [(quote, "en")], ANALYSER) is None


def test_kinds_are_concepts_of_the_lexicon() -> None:
    """A misspelt concept would never be met."""
    known = {cells[0] for _, cells in LEXICON._rows}  # noqa: SLF001
    lines = [*_table()["offices"], *(thing for kind in _table()["concepts"] for thing in kind)]
    assert {word for line in lines for word in line.replace("|", " ").split()} <= known
