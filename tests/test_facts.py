"""Facts have the same value in every language."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.cldr import Names
from rag.facts import Kind, facts, same_name
from rag.numerals import canonical

NAMES = Names(["de", "en", "fr", "ru"])


def values(text: str, language: str) -> list[tuple[str, str]]:
    """Kind and value of each fact."""
    return [(fact.kind.value, fact.value) for fact in facts(text, language, NAMES)]


SAME = [
    ("money", "4300000000 currency-usd", "de", "4,3 Milliarden US-Dollar|4,3 Mrd. US-Dollar"),
    ("money", "4300000000 currency-usd", "de", "4,3 Mrd. $|USD 4,3 Milliarden"),
    ("money", "4300000000 currency-usd", "de", "4300 Millionen Dollar"),
    ("money", "4300000000 currency-usd", "de", "4,3 Milliarden amerikanische Dollar"),
    ("money", "4300000000 currency-usd", "en", "$4.3 billion|US$4.3bn|$4.3bn"),
    ("money", "4300000000 currency-usd", "en", "4.3 billion dollars|4.3 billion U.S. dollars"),
    ("money", "4300000000 currency-usd", "en", "USD 4.3 billion|$4,300 million"),
    ("money", "4300000000 currency-usd", "en", "4.3 billion US dollars"),
    ("money", "4300000000 currency-usd", "fr", "4,3 milliards de dollars|4,3 Md$"),
    ("money", "4300000000 currency-usd", "fr", "4,3 milliards de dollars américains"),
    ("money", "4300000000 currency-usd", "fr", "4 300 millions de dollars"),
    ("money", "4300000000 currency-usd", "ru", "4,3 млрд долларов|4,3 миллиарда долларов США"),
    ("money", "4300000000 currency-usd", "ru", "4,3 млрд $|4300 млн долларов"),
    ("money", "1500000 currency-eur", "de", "1,5 Millionen Euro|1,5 Mio. €|1.500.000 Euro"),
    ("money", "1500000 currency-eur", "de", "1.500.000 €"),
    ("money", "1500000 currency-eur", "en", "€1.5m|1.5 million euros|€1,500,000|EUR 1.5 million"),
    ("money", "1500000 currency-eur", "fr", "1,5 million d'euros|1,5 M€|1 500 000 euros"),
    ("money", "1500000 currency-eur", "fr", "1\u202f500\u202f000 €"),
    ("money", "1500000 currency-eur", "ru", "1,5 миллиона евро|1,5 млн €|1 500 000 евро"),
    ("money", "20000 currency-kzt", "ru", "20 тысяч тенге|20 тыс. тенге|20 000 ₸"),
    ("money", "20000 currency-kzt", "de", "20.000 Tenge|zwanzigtausend Tenge|20 Tsd. Tenge"),
    ("money", "3000 currency-gbp", "en", "£3k|£3,000|three thousand pounds"),
    ("money", "500 currency-cad", "de", "500 kanadische Dollar|500 C$"),
    ("percent", "5", "de", "5 %|5%|5 Prozent|fünf Prozent|5-prozentige"),
    ("percent", "5", "en", "5%|5 percent|5 per cent|five per cent|5-percent"),
    ("percent", "5", "fr", "5 %|5\u202f%|5 pour cent|cinq pour cent"),
    ("percent", "5", "ru", "5 %|5 процентов|пять процентов|5%"),
    ("percent", "5 points", "en", "5 percentage points|five percentage points"),
    ("percent", "5 points", "de", "5 Prozentpunkte"),
    ("date", "--09-26", "de", "26. September"),
    ("date", "--09-26", "en", "September 26|26 September|26th September|Sept. 26"),
    ("date", "--09-26", "en", "26th of September"),
    ("date", "--09-26", "fr", "26 septembre"),
    ("date", "--09-26", "ru", "26 сентября|26-го сентября"),
    ("date", "2025-04-03", "de", "3. April 2025|3.4.2025|03.04.2025|3. Apr. 2025|2025-04-03"),
    ("date", "2025-04-03", "de", "3.4.25"),
    ("date", "2025-04-03", "en", "3 April 2025|April 3, 2025|April 3rd, 2025|2025-04-03"),
    ("date", "2025-04-03", "en", "Apr 3, 2025|03/04/2025"),
    ("date", "2025-04-03", "fr", "3 avril 2025|3/4/2025|3 avr. 2025"),
    ("date", "2025-04-03", "ru", "3 апреля 2025 года|3 апреля 2025 г.|03.04.2025"),
    ("date", "2022-05", "en", "May 2022|May of 2022"),
    ("date", "2022-05", "de", "Mai 2022"),
    ("date", "2022-05", "fr", "mai 2022"),
    ("date", "2022-05", "ru", "мае 2022 года"),
    ("date", "--08", "de", "Anfang August|Ende August"),
    ("date", "--08", "ru", "в начале августа"),
    ("date", "2023", "de", "Ende 2023|im Jahr 2023"),
    ("date", "2023", "ru", "в 2023 году|с 2023 года"),
    ("date", "1990", "de", "1990er Jahre"),
    ("date", "1990", "en", "the 1990s"),
    ("date", "weekday-3", "fr", "mercredi"),
    ("time", "14:30", "de", "14:30|14.30 Uhr|14:30 Uhr"),
    ("time", "14:30", "en", "2:30 pm|2:30 p.m.|14:30"),
    ("time", "14:30", "fr", "14h30|14 h 30"),
    ("number", "1000.5", "de", "1.000,5"),
    ("number", "1000.5", "en", "1,000.5"),
    ("number", "1000.5", "fr", "1 000,5|1\u202f000,5|1\u00a0000,5"),
    ("number", "1000.5", "ru", "1 000,5|1000,5"),
    ("number", "1190", "de", "1.190|1190|1'190"),
    ("number", "1.19", "en", "1.190|1.19"),
    ("number", "4", "de", "vier"),
    ("number", "4", "fr", "quatre"),
    ("number", "4", "ru", "четыре|четырёх|четырём"),
    ("number", "24", "de", "vierundzwanzig"),
    ("number", "24", "en", "twenty-four"),
    ("number", "24", "fr", "vingt-quatre"),
    ("number", "24", "ru", "двадцать четыре"),
    ("number", "97", "fr", "quatre-vingt-dix-sept|97"),
    ("number", "71", "fr", "soixante et onze|soixante-et-onze"),
    ("number", "250000", "en", "two hundred and fifty thousand|250,000|250 thousand"),
    ("number", "1000000000000", "de", "eine Billion"),
    ("number", "1000000000000", "en", "a trillion|1 trillion"),
    ("number", "1000000000000", "fr", "mille milliards|un billion"),
    ("number", "1000000000000", "ru", "1 трлн|триллион"),
    ("number", "ordinal 2", "de", "zweitgrößte|zweite|zweitwichtigster"),
    ("number", "ordinal 2", "en", "second-largest|2nd|second"),
    ("number", "ordinal 2", "fr", "deuxième|2e|2ème"),
    ("number", "ordinal 2", "ru", "второй|второго|2-й|вторая"),
    ("duration", "4 month", "de", "viermonatig|viermonatigen|vier Monate|4 Monaten|4-monatige"),
    ("duration", "4 month", "en", "four months|four-month|4 months"),
    ("duration", "4 month", "fr", "quatre mois|4 mois"),
    ("duration", "4 month", "ru", "четыре месяца|четырёхмесячный|4 месяца|четырех месяцев"),
    ("duration", "48 year", "de", "48-jährig|48-jährige|48 Jahre"),
    ("duration", "48 year", "en", "48 years old|48-year-old"),
    ("duration", "48 year", "fr", "48 ans"),
    ("duration", "48 year", "ru", "48 лет|48-летний|48-летнего"),
    ("date", "1960", "ru", "1960-е годы|1960-х"),
    ("date", "1773", "ru", "в 1773 году"),
    ("date", "2023", "ru", "в 2023-м|с 2023-го"),
    ("date", "2001", "en", "2001–02|2001/02"),
    ("number", "ordinal 18", "de", "18. Jahrhundert"),
    ("number", "ordinal 18", "en", "18th century"),
    ("number", "ordinal 18", "fr", "XVIIIe siècle|18e siècle"),
    ("number", "ordinal 18", "ru", "XVIII век|18-й век"),
    ("number", "2", "en", "twice"),
    ("number", "2", "ru", "дважды"),
    ("country", "country-kz", "ru", "Казахстане|казахи"),
    ("country", "country-kz", "de", "die Kasachen"),
    ("country", "region-150", "fr", "européennes"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "value", "language", "text"),
    [(k, v, language, t) for k, v, language, line in SAME for t in line.split("|")],
)
def test_one_value_for_all_ways_to_write_it(
    kind: str, value: str, language: str, text: str
) -> None:
    """A fact has one value, in whatever language and way it is written."""
    assert values(text, language) == [(kind, value)]


@pytest.mark.parametrize(
    ("language", "text", "other_language", "other"),
    [
        ("de", "1.190", "en", "1.190"),
        ("de", "eine Billion", "en", "a billion"),
        ("fr", "un billion", "en", "one billion"),
        ("en", "5%", "en", "5 percentage points"),
        ("en", "5%", "en", "5"),
        ("en", "$5", "de", "5 Euro"),
        ("en", "$5 million", "ru", "5 млрд долларов"),
        ("de", "vier Monate", "en", "four years"),
        ("de", "26. September", "fr", "25 septembre"),
        ("de", "26. September", "ru", "26 октября"),
        ("en", "second", "de", "zwei"),
        ("en", "Canadian dollars 5", "de", "5 US-Dollar"),
    ],
)
def test_what_differs_has_another_value(
    language: str, text: str, other_language: str, other: str
) -> None:
    """Digits alone do not make two facts equal."""
    assert values(text, language) != values(other, other_language)


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "From 2022–2025 it grew.", [("date", "2022"), ("date", "2025")]),
        ("en", "5–10 % of it", [("percent", "5"), ("percent", "10")]),
        ("de", "3. bis 5. April", [("date", "--04-03"), ("date", "--04-05")]),
        ("en", "in April and May 2024", [("date", "2024-04"), ("date", "2024-05")]),
        (
            "en",
            "between 5 and 10 million euros",
            [("money", "5000000 currency-eur"), ("money", "10000000 currency-eur")],
        ),
        ("en", "It may march on.", []),
        ("en", "One of them asked for a year.", []),
        ("de", "Ein Teil davon, im Ganzen gesehen", []),
        ("fr", "un produit neuf.", []),
        ("en", "version 1.2.3 and K4M9", [("name", "k4m9")]),
        ("en", "4.8 million USDT", [("number", "4800000"), ("name", "usdt")]),
        ("en", "half a million users", [("number", "500000")]),
    ],
)
def test_facts_in_context(language: str, text: str, found: list[tuple[str, str]]) -> None:
    """Ranges share their unit, and ordinary words are no facts."""
    assert values(text, language) == found


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "On Monday Laura Fenwick left the AFM.", ["Laura Fenwick", "AFM"]),
        ("en", "However, President Morales of Acme agreed.", ["Morales", "Acme"]),
        ("en", "Nobody here likes rain.", []),
        ("fr", "Hier, le PDG d'Orellis a vu Timour Belov.", ["Orellis", "Timour Belov"]),
        ("ru", "Вчера министр Иванов посетил банк.", ["Иванов"]),
        ("de", "Gestern sprach Präsident Below mit der NIA.", ["Below", "NIA"]),
        ("de", "Digitale Vermögenswerte und neue Regeln helfen der Wirtschaft.", []),
        ("de", "Die Aufsicht lobte das iPad und BTC.com.", ["iPad", "BTC.com"]),
        ("en", "ALL OF THIS IS SHOUTED AT YOU", []),
    ],
)
def test_names_show_by_their_capitals(language: str, text: str, found: list[str]) -> None:
    """Names are told from ordinary capitalised words, German ones with caution."""
    got = [text[f.start : f.end] for f in facts(text, language, NAMES) if f.kind is Kind.NAME]
    assert got == found


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Zhaparov", "Schaparow"), ("Zhaparov", "Japarov"), ("Schaparow", "Japarov"),
        ("Zhaparov", "Жапаров"), ("Japarov", "Жапарова"), ("Tokayev", "Tokajew"),
        ("Tokayev", "Токаев"), ("Tokajew", "Токаева"), ("Tokayev", "Токаевым"), ("Zhao", "Чжао"),
        ("Changpeng", "Чанпэн"), ("Teng", "Тэн"), ("Putin", "Poutine"), ("Poutine", "Путин"),
        ("Selenskyj", "Zelensky"), ("Zelensky", "Зеленского"), ("Jelzin", "Yeltsin"),
        ("Eltsine", "Ельцин"), ("Scholz", "Шольц"), ("Johnson", "Джонсон"), ("Trump", "Трамп"),
        ("Achmetow", "Akhmetov"), ("NIA", "НИА"), ("CZs", "CZ"),
        ("Bitcoin", "биткоин"), ("Müller", "Muller"),
        ("Kassym-Jomart Tokayev", "Касым-Жомарт Токаев"), ("Tokayev", "Kassym-Jomart Tokayev"),
    ],
)  # fmt: skip
def test_same_name_over_spellings(one: str, other: str) -> None:
    """Transliterations and case endings do not part a name from itself."""
    assert same_name(one, other)
    assert same_name(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Teng", "Trump"), ("Italy", "Israel"), ("Merkel", "Merz"), ("Binance", "Coinbase"),
        ("Musin", "Putin"), ("Richard Teng", "Richard Trump"), ("Токаев", "Жапаров"),
        ("Zhao", "Teng"), ("AFM", "NIA"), ("CZ", "CH"), ("NIA", "NA"),
        ("", "Teng"), ("…", "…"), ("Smith", "Schmidt"),
    ],
)  # fmt: skip
def test_other_names_stay_apart(one: str, other: str) -> None:
    """Two people are not one because their names look a little alike."""
    assert not same_name(one, other)


LANGUAGES = st.sampled_from(["de", "en", "fr", "ru", "es", "zz"])
PIECES = st.lists(
    st.sampled_from(
        "5 % $ 4,3 1.000 26. September May März 2024 zwei million Mrd. euros de to und bis – - ; "
        "Teng AFM Казахстан лет второй vingt quatre U.S. 14:30 3.4.2025 jährig \n « neuf".split(" ")
    )
).map(" ".join)


@settings(deadline=None, max_examples=300)
@given(st.one_of(st.text(max_size=150), PIECES), LANGUAGES)
def test_offsets_are_exact_and_ordered(text: str, language: str) -> None:
    """Any text is read; facts are slices of it, in order and apart."""
    end = 0
    for fact in facts(text, language, NAMES):
        assert end <= fact.start < fact.end <= len(text)
        assert text[fact.start : fact.end].strip()
        assert fact.value
        end = fact.end


@settings(deadline=None, max_examples=200)
@given(
    st.decimals(0, 10**9, places=2),
    st.sampled_from([("de", ".", ","), ("en", ",", "."), ("fr", "\u202f", ","), ("ru", " ", ",")]),
)
def test_formatted_numbers_round_trip(amount: Decimal, convention: tuple[str, str, str]) -> None:
    """A number written by a language's convention is read as itself."""
    language, group, point = convention
    text = f"{amount:,.2f}".replace(",", "G").replace(".", point).replace("G", group)
    assert values(f"{text} €", language) == [("money", f"{canonical(amount)} currency-eur")]


def test_long_text_is_read_in_linear_time() -> None:
    """Hostile repetition is no trap: every row is read, none is quadratic."""
    for piece in (
        "1 000 ",
        "1.",
        "1,1",
        "a",
        "Aa ",
        "zwei",
        "US ",
        "3 and ",
        "May ",
        '. " ',
        "$5m ",
    ):
        facts(piece * 4000, "en", NAMES)
        facts(piece * 4000, "de", NAMES)
