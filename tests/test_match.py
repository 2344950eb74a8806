"""What `rag.match` promises: the parts of a question that count, and what speaks of them."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.lexical import Rows
from rag.match import BY_MEANING, Matcher, Unit, coverage, met, rarity
from tests.library import ANALYSER, rows_of

MATCHER = Matcher(ANALYSER)
INDEXED = (
    ("en", "The mill by the river was sold to Anna Keller."),
    ("en", "The bridge over the river was closed."),
    ("en", "A boat went down the river."),
    ("de", "Kasachstan hat eine Börse geschlossen."),
)


@pytest.fixture(scope="module")
def rows() -> Iterator[Rows]:
    with rows_of(*INDEXED) as rows:
        yield rows


def units(rows: Rows, text: str, language: str) -> dict[str, Unit]:
    return {unit.text: unit for unit in MATCHER.units(text, language, rows)}


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "Who bought the mill by the river?", ["bought", "mill", "river"]),
        ("en", "The mill, the mills, and the MILL?", ["mill"]),
        ("en", "How many people from the United States came?", ["people", "United States", "came"]),
        ("en", "What does the central bank lend?", ["central bank", "lend"]),
        ("de", "Wie viele Kryptobörsen hat Kasachstan?", ["Kryptobörsen", "Kasachstan"]),
        ("de", "Wer ist es denn?", []),
        ("fr", "Combien de moulins y a-t-il aux États-Unis ?", ["moulins", "États-Unis"]),
        ("ru", "Сколько мельниц в Казахстане?", ["мельниц", "Казахстане"]),
        ("en", "Did it cost 4,3 or 2024?", ["cost", "4,3", "2024"]),
        ("en", "?!", []),
    ],
)
def test_units_are_what_a_question_speaks_of(
    rows: Rows, language: str, text: str, expected: list[str]
) -> None:
    """Names, terms and words count, each once and in order; stop and question words do not."""
    assert list(units(rows, text, language)) == expected


def test_term_of_several_words_is_one_unit(rows: Rows) -> None:
    """A phrase of the lexicon and a name of CLDR have their concept as a whole."""
    found = units(rows, "Does the central bank of the United States lend?", "en")
    assert "central-bank" in found["central bank"].concepts
    assert found["United States"].concepts == {"country-us"}


def test_german_compound_has_the_concepts_of_its_parts(rows: Rows) -> None:
    """A compound that the lexicon does not list is met by what its parts mean."""
    (compound,) = units(rows, "Zeitungsverkäufer", "de").values()
    assert "newspaper" in compound.concepts


@given(
    st.text(st.sampled_from("aAbz éßЖж.,-'’4\u0301 \n"), max_size=60),
    st.sampled_from("de en ru".split()),
)
def test_units_stand_in_the_question_once(text: str, language: str) -> None:
    """Whatever is typed, a unit is words of the question, weighs at least 0, and comes once."""
    with rows_of() as none:
        found = MATCHER.units(text, language, none)
    assert all(unit.text in text and unit.weight >= 0 for unit in found)
    assert len({unit.stems for unit in found}) == len(found)


def test_unknown_word_weighs_most(rows: Rows) -> None:
    """The fewer passages know a word, the more it weighs; most weighs what none knows."""
    found = units(rows, "Which river, bridge or harbour?", "en")
    assert found["river"].weight < found["bridge"].weight < found["harbour"].weight
    assert found["harbour"].weight == rarity(0, len(INDEXED))


def test_word_weighs_by_its_likeliest_way_to_be_met(rows: Rows) -> None:
    """A word that only a translation of it makes known does not count as unknown."""
    found = units(rows, "Has Kazakhstan closed a harbour?", "en")
    assert found["Kazakhstan"].weight < found["harbour"].weight
    assert found["closed"].weight < found["Kazakhstan"].weight


@pytest.mark.parametrize("counts", [(0, 0), (5, 5), (7, 5), (0, 100_000)])
def test_rarity_is_never_negative(counts: tuple[int, int]) -> None:
    """Even a word of every passage, or of a passage just deleted, weighs at least 0."""
    assert rarity(*counts) >= 0


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("en", "What did Anna Keller buy?", ["Anna", "Keller"]),
        ("en", "Is the OSCE there?", ["OSCE"]),
        ("en", "AFM closed what?", ["AFM"]),
        ("en", "Mills are what?", []),
        ("en", "How many iPhones?", ["iPhones"]),
        ("en", "Was it Kazakhstan in 2024?", []),
        ("fr", "Que veut Canaan du ministère ?", ["Canaan"]),
        ("ru", "Что сказал Токаев о бирже?", ["Токаев"]),
        ("de", "Was macht Keller?", ["Keller"]),
        ("de", "Was hat der Keller?", []),
        ("de", "Was hat dieser Keller?", []),
        ("de", "Was hat mein Keller?", []),
        ("de", "Was ist am Bodensee?", []),
        ("de", "Was hat neuer Keller?", []),
        ("de", "Was kam von Keller?", ["Keller"]),
        ("de", "Was macht die OSZE?", ["OSZE"]),
    ],
)
def test_proper_names_are_told_by_their_spelling(
    rows: Rows, language: str, text: str, names: list[str]
) -> None:
    """A capital in mid-question makes a name; in German not behind an article or adjective."""
    assert [unit.text for unit in units(rows, text, language).values() if unit.name] == names


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Did Kazakhstan close 36 exchanges in 2024?", ["Kazakhstan", "2024"]),
        ("Were these paid in euros or tenge?", ["euros", "tenge"]),
        ("Did they convert 100000 in Asia?", ["100000"]),
        ("Was the exchange of 4,3 sold?", []),
    ],
)
def test_facts_are_countries_currencies_and_long_numbers(
    rows: Rows, text: str, facts: list[str]
) -> None:
    """These are the same in all languages; regions, short numbers and plain words are not."""
    assert [unit.text for unit in units(rows, text, "en").values() if unit.fact] == facts


@pytest.mark.parametrize(
    ("asked", "written", "degree"),
    [
        (("en", "mills"), ("en", "The old mill turns."), 1.0),
        (("en", "Did 2024 end?"), ("ru", "В 2024 году."), 1.0),
        (("en", "newspaper"), ("de", "Eine Zeitung schrieb es."), BY_MEANING),
        (("ru", "Казахстан"), ("fr", "Le Kazakhstan a signé."), BY_MEANING),
        (("en", "Kazakhstan"), ("en", "Kazakhstan's mines."), 1.0),
        (("ru", "Где Чжао?"), ("en", "President Zhao was there."), BY_MEANING),
        (("de", "Flimmel"), ("en", "This is a Flimmel."), BY_MEANING),
        (("en", "harbour"), ("en", "The old mill turns."), 0.0),
        (("en", "Did 2024 end?"), ("en", "It was 2023."), 0.0),
        (("en", "Was it 4,3?"), ("de", "Es waren 5,1."), 0.0),
        (("en", "mill"), ("en", "…"), 0.0),
    ],
)
def test_sentence_speaks_of_a_unit(
    rows: Rows, asked: tuple[str, str], written: tuple[str, str], degree: float
) -> None:
    """By the stem wholly, by concept, country or name over scripts nearly, else not at all."""
    last = MATCHER.units(asked[1], asked[0], rows)
    view = MATCHER.view(written[1], written[0])
    assert max(met(unit, view, language=asked[0]) for unit in last) == degree


def test_compound_is_met_by_its_letters(rows: Rows) -> None:
    """A word inside a compound, or an inflection of it, is met in part."""
    (unit,) = MATCHER.units("Flimmel", "de", rows)
    view = MATCHER.view("Die Feuerflimmel brennt.", "de")
    assert 0.5 < met(unit, view, language="de") < BY_MEANING
    assert met(unit, MATCHER.view("Die Flamme brennt.", "de"), language="de") == 0.0


def test_name_over_scripts_counts_between_languages_only(rows: Rows) -> None:
    """Within one language another spelling is another name."""
    (_, name) = MATCHER.units("Что сказал Чжао?", "ru", rows)
    view = MATCHER.view("Президент Zhao сказал.", "ru")
    assert met(name, view, language="ru") < met(name, view, language="en") == BY_MEANING


@given(st.text(max_size=40), st.text(max_size=60))
def test_degrees_lie_between_0_and_1(asked: str, written: str) -> None:
    """Whatever question and sentence hold, a degree is a share, and equal texts meet wholly."""
    with rows_of(("en", written)) as rows:
        found = MATCHER.units(asked, "en", rows)
    view, own = MATCHER.view(written, "de"), MATCHER.view(asked, "en")
    assert all(0.0 <= met(unit, view, language="en") <= 1.0 for unit in found)
    assert all(met(unit, own, language="en") == 1.0 for unit in found)


def test_coverage_is_the_weighted_share_of_grams() -> None:
    """Each gram counts by its weight; without any there is nothing to cover."""
    view = MATCHER.view("A mill.", "en")
    assert coverage({"_mil": 3.0, "_riv": 1.0}, view) == 0.75
    assert coverage({}, view) == 0.0
