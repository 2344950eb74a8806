"""Names over languages: one id, whatever the language and the ending."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.cldr import Name, Names

NAMES = Names(["de", "en", "fr", "ru"])

CONCEPTS = [
    ("country-kz", "de", "Kasachstan Kasachstans kasachisch kasachische kasachischen"),
    ("country-kz", "de", "kasachstanische"),
    ("country-kz", "en", "Kazakhstan Kazakh Kazakhs Kazakhstani"),
    ("country-kz", "fr", "Kazakhstan kazakh kazakhe kazakhes"),
    ("country-kz", "ru", "Казахстан Казахстана Казахстане Казахстаном казахский казахстанского"),
    ("country-kg", "de", "Kirgisistan Kirgistan Kirgisistans kirgisischen Kyrgyzstan"),
    ("country-kg", "en", "Kyrgyzstan Kyrgyz Kirghizstan"),
    ("country-kg", "fr", "Kirghizistan Kirghizstan kirghize kirghizes"),
    ("country-kg", "ru", "Кыргызстан Кыргызстане Киргизия Киргизии киргизского кыргызской"),
    ("country-us", "de", "USA US Vereinigte_Staaten Vereinigten_Staaten amerikanischer"),
    ("country-us", "en", "USA U.S. US United_States American United_States_of_America"),
    ("country-us", "fr", "États-Unis Etats-Unis USA américaine américaines"),
    ("country-us", "ru", "США Соединённые_Штаты Соединенных_Штатов американской"),
    ("country-gb", "de", "Großbritannien Vereinigtes_Königreich Vereinigten_Königreich britische"),
    ("country-gb", "en", "UK U.K. United_Kingdom Britain British"),
    ("country-gb", "fr", "Royaume-Uni Grande-Bretagne britanniques"),
    ("country-gb", "ru", "Великобритания Великобритании британского"),
    ("country-cn", "de", "China Chinas chinesische chinesischen"),
    ("country-cn", "fr", "Chine chinois chinoise chinoises"),
    ("country-cn", "ru", "Китай Китая Китаем китайских"),
    ("country-de", "de", "Deutschland deutschen deutsches"),
    ("country-de", "ru", "Германия Германии немецких"),
    ("country-ca", "de", "Kanada kanadischen"),
    ("country-kr", "en", "South_Korea South_Korean"),
    ("country-za", "fr", "Afrique_du_Sud sud-africaine"),
    ("country-ba", "en", "Bosnia_&_Herzegovina Bosnia_and_Herzegovina"),
    ("country-tr", "en", "Turkey Türkiye Turkish"),
    ("country-ru", "fr", "Russie russes"),
    ("country-in", "ru", "Индия Индии Индию"),
    ("region-143", "de", "Zentralasien Zentralasiens"),
    ("region-143", "fr", "Asie_centrale"),
    ("region-143", "ru", "Центральной_Азии"),
    ("region-eu", "en", "EU European_Union"),
    ("currency-usd", "de", "Dollar US-Dollar"),
    ("currency-usd", "en", "dollars US_dollars"),
    ("currency-usd", "ru", "доллар долларов долларами долларов_США"),
    ("currency-eur", "fr", "euro euros"),
    ("currency-rub", "ru", "рубль рублей рублями"),
    ("currency-kzt", "de", "Tenge KZT"),
    ("month-4", "de", "April"),
    ("month-4", "ru", "апрель апреля апреле"),
    ("month-5", "ru", "май мая мае"),
    ("month-8", "fr", "août aout"),
    ("weekday-3", "en", "Wednesday"),
    ("weekday-3", "ru", "среда среду"),
    ("language-la", "de", "Latein"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("identity", "language", "word"),
    [(i, language, w.replace("_", " ")) for i, language, line in CONCEPTS for w in line.split()],
)
def test_concept_knows_inflected_forms(identity: str, language: str, word: str) -> None:
    """A name means the same in each of its forms."""
    assert NAMES.concept(word, language) == identity


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "it told us to march, and turkey may be real."),
        ("en", "He won the south; the chad and the china broke in georgia."),
        ("de", "wir haben neue mark und den mai im sinn"),
        ("fr", "un livre de poche, le sol et la jersey"),
        ("ru", "из-за того данные и кубок, малая часть"),
        ("en", "100 USDT for user_US_id and KITUS"),
        ("ru", "Кубок и Данные, Малый театр"),
    ],
)
def test_find_has_no_false_friends(language: str, text: str) -> None:
    """Ordinary words that look like names are left alone."""
    assert NAMES.find(text, language) == []


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("de", "Die US-Regierung half Kirgisistans Nachbarn.", ["US", "Kirgisistans"]),
        ("en", "The U.S. and Papua New Guinea agreed.", ["U.S.", "Papua New Guinea"]),
        ("fr", "l'Ukraine et les États-Unis d'Amérique", ["Ukraine", "États-Unis d'Amérique"]),
        ("ru", "сто долларов США в Казахстане", ["долларов США", "Казахстане"]),
        ("en", "In March and April, Turkey waited.", ["March", "April", "Turkey"]),
    ],
)
def test_find_tells_the_place(language: str, text: str, found: list[str]) -> None:
    """Names come in order, the longest at each place, with exact offsets."""
    assert [text[name.start : name.end] for name in NAMES.find(text, language)] == found


def test_foreign_spellings_of_long_names_are_found() -> None:
    """A country in the spelling of another language is still that country."""
    assert NAMES.find("Kazakhstan hilft", "de") == [Name("country-kz", 0, 10)]


def test_short_foreign_words_are_not() -> None:
    """German `Island` is no country in an English text."""
    assert NAMES.find("Staten Island", "en") == []


def test_any_language_of_cldr_can_be_asked_for() -> None:
    """A language without rules of ours still has its names."""
    names = Names(["es"])
    assert names.concept("Kazajistán", "es") == "country-kz"
    assert names.concept("abril", "es") == "month-4"


def test_unknown_language_has_no_names() -> None:
    """A language that CLDR lacks is no error."""
    assert Names(["xx", ""]).find("Kazakhstan USA", "xx") == [Name("country-us", 11, 14)]


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=120), st.sampled_from(["de", "en", "fr", "ru", "es", "zz"]))
def test_find_never_raises(text: str, language: str) -> None:
    """Any text is read; what is found lies in it, in order."""
    end = 0
    for name in NAMES.find(text, language):
        assert end <= name.start < name.end <= len(text)
        end = name.end
    NAMES.concept(text, language)
