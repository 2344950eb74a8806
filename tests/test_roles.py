"""A claim may not give somebody the part of somebody else."""

import pytest

from rag.analysis import Analyser
from rag.cldr import Names
from rag.lexicon import Lexicon
from rag.roles import borrowed, misplaced, reversed_way, swapped, usurped
from rag.stopwords import StopWords

ANALYSER = Analyser(
    lexicon=Lexicon(), names=Names(["de", "en", "fr", "ru"]), stop_words=StopWords()
)

SUED = [
    ("en", "Anna Weber sued Bruno Kranz."),
    ("en", "Bruno Kranz was sued by Anna Weber."),
    ("en", "Anna Weber has sued Bruno Kranz."),
    ("de", "Anna Weber verklagte Bruno Kranz."),
]
WAS_SUED = [
    ("en", "Bruno Kranz sued Anna Weber."),
    ("en", "Anna Weber was sued by Bruno Kranz."),
    ("de", "Bruno Kranz verklagte Anna Weber."),
]


@pytest.mark.parametrize("quote", WAS_SUED)
@pytest.mark.parametrize("claim", SUED)
def test_swapped_parts_are_seen(claim: tuple[str, str], quote: tuple[str, str]) -> None:
    """In active and passive voice, in one language and over two."""
    assert swapped(claim[1], claim[0], [(quote[1], quote[0])], ANALYSER) == "Anna Weber"


@pytest.mark.parametrize("quote", SUED)
@pytest.mark.parametrize("claim", SUED)
def test_same_parts_pass(claim: tuple[str, str], quote: tuple[str, str]) -> None:
    """Whatever the voice and the language."""
    assert swapped(claim[1], claim[0], [(quote[1], quote[0])], ANALYSER) is None


@pytest.mark.parametrize(
    ("language", "claim", "quote"),
    [
        ("fr", "Anna Weber a accusé Bruno Kranz.", "Bruno Kranz a accusé Anna Weber."),
        ("ru", "Вебер обвинил Кранца.", "Кранц обвинил Вебера."),
        ("en", "Germany attacked France.", "France attacked Germany."),
        ("de", "Deutschland besiegte Frankreich.", "Frankreich besiegte Deutschland."),
    ],
)
def test_swapped_parts_are_seen_in_every_language(language: str, claim: str, quote: str) -> None:
    """Names and countries, one word between."""
    assert swapped(claim, language, [(quote, language)], ANALYSER)


@pytest.mark.parametrize(
    ("language", "claim", "quote"),
    [
        ("ru", "Кранца обвинил Вебер.", "Вебер обвинил Кранца."),
        ("en", "Anna Weber met Bruno Kranz.", "Bruno Kranz met Anna Weber."),
        ("en", "Anna Weber and Bruno Kranz sued.", "Bruno Kranz and Anna Weber sued."),
        ("en", "Anna Weber wrote to Bruno Kranz.", "Bruno Kranz paid Anna Weber."),
    ],
)
def test_order_alone_is_no_part(language: str, claim: str, quote: str) -> None:
    """Russian endings, mutual words and lists leave the order free."""
    assert swapped(claim, language, [(quote, language)], ANALYSER) is None


@pytest.mark.parametrize(
    ("language", "there", "back"),
    [
        ("en", "It rose from 5% to 10%.", "It rose from 10% to 5%."),
        ("de", "Der Weg führt von Deutschland nach Italien.", "Von Italien nach Deutschland."),
        ("fr", "Elle est passée de 5 % à 10 %.", "Elle est passée de 10 % à 5 %."),
        ("ru", "Он вырос с 5 до 10 процентов.", "Он вырос с 10 до 5 процентов."),
    ],
)
def test_way_has_a_direction(language: str, there: str, back: str) -> None:
    """From and to may not change places."""
    assert reversed_way(there, language, [(back, language)], ANALYSER)
    assert reversed_way(there, language, [(there, language)], ANALYSER) is None


LISTED = [
    ("en", "Kazakhstan closed 36 exchanges and Kyrgyzstan 12."),
    ("en", "36 were closed in Kazakhstan, 12 in Kyrgyzstan."),
    ("de", "Kasachstan schloss 36 Börsen, Kirgistan 12."),
    ("fr", "Le Kazakhstan en a fermé 36 et le Kirghizistan 12."),
    ("ru", "Казахстан закрыл 36 бирж, а Киргизия 12."),
]


@pytest.mark.parametrize(("written", "quote"), LISTED)
def test_figure_belongs_to_its_name(written: str, quote: str) -> None:
    """Of a list of names with figures, each figure is for its own name."""
    quotes = [(quote, written)]
    assert misplaced("Kyrgyzstan closed 36.", "en", quotes, ANALYSER)
    assert misplaced("Kasachstan schloss 12.", "de", quotes, ANALYSER)
    assert misplaced("Kyrgyzstan closed 12.", "en", quotes, ANALYSER) is None
    assert misplaced("Kasachstan schloss 36.", "de", quotes, ANALYSER) is None


def test_names_and_figures_out_of_turn_are_no_list() -> None:
    """Where names and figures do not take turns, nobody knows whose is which."""
    quotes = [("Kazakhstan and Kyrgyzstan closed 36 and 12.", "en")]
    assert misplaced("Kyrgyzstan closed 36.", "en", quotes, ANALYSER) is None


@pytest.mark.parametrize(
    ("language", "claim", "quote", "written"),
    [
        ("en", "Later Anna Kranz paid the bill.", "Later Bruno Weber paid it to Anna Kranz.", "en"),
        ("en", "Germany paid the bill.", "France paid it to Germany.", "en"),
        ("de", "Deutschland zahlte die Rechnung.", "Frankreich zahlte sie an Deutschland.", "de"),
        ("fr", "L'Allemagne a payé.", "La France a payé à l'Allemagne.", "fr"),
        ("en", "Germany accused the king.", "La France a accusé l'Allemagne.", "fr"),
    ],
)
def test_deed_of_another_is_seen(language: str, claim: str, quote: str, written: str) -> None:
    """Of those whom the quotes name, only who did it there may do it in a claim."""
    assert usurped(claim, language, [(quote, written)], ANALYSER)
    assert usurped(quote, written, [(quote, written)], ANALYSER) is None


@pytest.mark.parametrize(
    ("claim", "quote", "written"),
    [
        ("Germany paid.", "Germany and France paid.", "en"),
        ("Germany paid.", "In France Germany paid.", "en"),
        ("Germany paid.", "Bei Frankreich zahlte Deutschland.", "de"),
        ("Germany paid.", "France paid. Germany also paid.", "en"),
        ("Germany paid.", "France paid.", "en"),
        ("Germany paid.", "France was paid by Germany.", "en"),
        ("Germany paid.", "Францию обвинила Германия, заплатила Италия.", "ru"),
    ],
)
def test_order_of_a_sentence_is_no_deed(claim: str, quote: str, written: str) -> None:
    """Two who did it, prepositions, passives, names that are missing, and free order pass."""
    assert usurped(claim, "en", [(quote, written)], ANALYSER) is None


TRAINS = ("Seit 2023 ruhen die Züge.", "de")


@pytest.mark.parametrize(
    ("language", "claim"),
    [
        ("en", "The company sold the bridge in 2023."),
        ("de", "Die Firma verkaufte die Brücke 2023."),
        ("fr", "L'entreprise a vendu le pont en 2023."),
        ("ru", "Компания продала мост в 2023 году."),
    ],
)
def test_figure_of_another_sentence_is_seen(language: str, claim: str) -> None:
    """A date from a sentence about something else, where the right sentence has its own one."""
    own = ("The company sold the bridge in 2021.", "en")
    assert borrowed(claim, language, [own, TRAINS], ANALYSER)
    undated = ("The company sold the bridge for $4 million.", "en")
    assert borrowed(claim, language, [undated, TRAINS], ANALYSER) is None
    assert borrowed(claim, language, [own, ("In 2023 the bridge closed.", "en")], ANALYSER) is None
