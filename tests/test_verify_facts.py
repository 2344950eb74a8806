"""A claim may say no more than its quotes."""

import pytest

from rag.cldr import Names
from rag.verify import MOST_QUOTES, Verifier, missing_facts

NAMES = Names(["de", "en", "fr", "ru"])

GERMAN = (
    "Die Firma zahlte am 3. April 2024 in Kasachstan 4,3 Milliarden US-Dollar und gab fünf "
    "Prozent ab; Präsident Tokajew und der 48-jährige Sadyr Schaparow berieten vier Monate lang "
    "mit der NIA.",
    "de",
)
ENGLISH = (
    "On April 3, 2024, the company paid $4.3 billion in Kazakhstan and ceded 5%; President Tokayev "
    "and Sadyr Zhaparov, 48 years old, consulted with the NIA for four months.",
    "en",
)
FRENCH = (
    "Le 3 avril 2024, la société a payé 4,3 milliards de dollars au Kazakhstan et cédé 5 % ; le "
    "président Tokaïev et Sadyr Japarov, 48 ans, ont consulté la NIA pendant quatre mois.",
    "fr",
)
RUSSIAN = (
    "3 апреля 2024 года компания заплатила 4,3 млрд долларов в Казахстане и уступила 5 процентов; "
    "президент Токаев и 48-летний Садыр Жапаров четыре месяца совещались с NIA.",
    "ru",
)
QUOTES = [GERMAN, ENGLISH, FRENCH, RUSSIAN]

RIGHT = [
    ("de", "Sie zahlte 4,3 Mrd. Dollar."),
    ("de", "In Kasachstan gab sie 5 % ab."),
    ("de", "Am 3. April sprachen Sadyr Schaparow und die NIA, er ist 48 Jahre alt."),
    ("de", "Die viermonatige Beratung fand 2024 mit dem kasachischen Präsidenten Tokajew statt."),
    ("en", "The firm paid 4.3 billion dollars in Kazakhstan on 3 April."),
    ("en", "It ceded five per cent in April 2024 after four-month talks with the NIA."),
    ("en", "The 48-year-old met President Tokayev and Zhaparov."),
    ("fr", "Elle a versé 4,3 milliards de dollars américains en avril 2024."),
    ("fr", "Cinq pour cent ont été cédés au Kazakhstan, dit Tokayev à Sadyr Japarov."),
    ("fr", "Pendant quatre mois, l'homme de 48 ans a parlé avec la NIA."),
    ("ru", "Она заплатила 4,3 миллиарда долларов США в апреле 2024 года."),
    ("ru", "Пять процентов отдали в Казахстане Токаеву и Жапарову."),
    ("ru", "Четырёхмесячные консультации с NIA начались 3 апреля."),
]

WRONG = [
    ("de", "Sie zahlte 4,3 Mio. Dollar.", "4,3 Mio. Dollar"),
    ("de", "Sie gab sechs Prozent ab.", "sechs Prozent"),
    ("de", "Am 4. April zahlte sie.", "4. April"),
    ("de", "Die Firma zahlte in Kirgisistan.", "Kirgisistan"),
    ("de", "Gestern kam Präsident Macron.", "Macron"),
    ("en", "It paid $4.3 million.", "$4.3 million"),
    ("en", "It paid €4.3 billion.", "€4.3 billion"),
    ("en", "It ceded 5 in all.", "5"),
    ("en", "It met in April 2023.", "April 2023"),
    ("en", "It took four years.", "four years"),
    ("en", "Yesterday President Erdogan agreed.", "Erdogan"),
    ("en", "It was the second-largest.", "second"),
    ("fr", "Elle a payé 4,8 milliards de dollars.", "4,8 milliards de dollars"),
    ("fr", "Elle a payé 4,3 milliards d'euros.", "4,3 milliards d'euros"),
    ("fr", "La société chinoise a payé.", "chinoise"),
    ("fr", "Il a duré 5 mois.", "5 mois"),
    ("fr", "Le ministre a vu Emmanuel Durand.", "Emmanuel Durand"),
    ("ru", "Она заплатила 4,3 трлн долларов.", "4,3 трлн долларов"),
    ("ru", "Она заплатила в Киргизии.", "Киргизии"),
    ("ru", "Это было 3 мая.", "3 мая"),
    ("ru", "Ему 84 года.", "84 года"),
    ("ru", "Вчера министр Лавров уступил.", "Лавров"),
]


@pytest.mark.parametrize("quote", QUOTES, ids=[language for _, language in QUOTES])
@pytest.mark.parametrize(("language", "claim"), RIGHT)
def test_a_quote_carries_what_it_says(language: str, claim: str, quote: tuple[str, str]) -> None:
    """Nothing is missing from a claim that a quote of any language carries."""
    assert missing_facts(claim, language, [quote], NAMES) == ()


@pytest.mark.parametrize("quote", QUOTES, ids=[language for _, language in QUOTES])
@pytest.mark.parametrize(("language", "claim", "missing"), WRONG)
def test_a_wrong_fact_is_missing(
    language: str, claim: str, missing: str, quote: tuple[str, str]
) -> None:
    """A wrong number, magnitude, currency, date, country or person is named."""
    got = missing_facts(claim, language, [quote], NAMES)
    assert [claim[fact.start : fact.end] for fact in got] == [missing]


def test_several_quotes_carry_a_claim_together() -> None:
    """Each fact needs one quote, not all of them the same."""
    quotes = [("Im Mai 2022 kam er.", "de"), ("Ils ont fermé 36 bourses.", "fr")]
    assert missing_facts("In May 2022, 36 exchanges closed.", "en", quotes, NAMES) == ()
    assert missing_facts("In May 2022, 37 exchanges closed.", "en", quotes, NAMES) != ()


def test_without_quotes_everything_is_missing() -> None:
    """No quote carries nothing."""
    assert len(missing_facts("In 2022, 36 closed.", "en", [], NAMES)) == 2


@pytest.mark.parametrize(("text", "language"), QUOTES)
def test_a_claim_that_is_its_quote_has_nothing_missing(text: str, language: str) -> None:
    """A quote carries itself, whatever stands in it."""
    assert missing_facts(text, language, [(text, language)], NAMES) == ()


@pytest.mark.parametrize(
    ("claim", "quote", "language"),
    [
        ("It cost 36", "It cost 36 million.", "en"),
        ("Es kostete 4,3", "Es kostete 4,3 Milliarden Euro.", "de"),
        ("Il a payé 36", "Il a payé 36 000 euros.", "fr"),
        ("Это стоило 5", "Это стоило 5 млн рублей.", "ru"),
    ],
)
def test_a_claim_that_cuts_a_number_short_is_not_carried(
    claim: str, quote: str, language: str
) -> None:
    """Words of the quote, in its order, say something else when they stop too early."""
    assert missing_facts(claim, language, [(quote, language)], NAMES) != ()


def test_a_part_of_a_word_or_number_is_no_part_of_a_quote() -> None:
    """`36 closed` does not stand in `136 closed`."""
    assert missing_facts("36 closed", "en", [("In all 136 closed.", "en")], NAMES) != ()


def test_a_fuller_date_carries_a_shorter_one_only() -> None:
    """Day and month are carried by a full date, a full date not by day and month."""
    full, short = ("3. April 2024", "de"), ("3. April", "de")
    assert missing_facts("on 3 April", "en", [full], NAMES) == ()
    assert missing_facts("on 3 April 2024", "en", [short], NAMES) != ()


def test_amounts_in_a_token_are_carried_by_their_worth() -> None:
    """`4,8 Mio. USDT` may rest on `$4.8 million in USDT`, but not on dollars alone."""
    claim = "Es waren 4,8 Mio. USDT."
    assert missing_facts(claim, "de", [("They held $4.8 million in USDT.", "en")], NAMES) == ()
    assert missing_facts(claim, "de", [("They held $4.8 million.", "en")], NAMES) != ()


def test_names_of_institutions_may_be_translated() -> None:
    """`Monitoring Agency` cannot be looked up in another language, so it passes there only."""
    claim = "It was the Harbour Monitoring Agency."
    assert missing_facts(claim, "en", [("Es war die Hafenaufsicht.", "de")], NAMES) == ()
    assert missing_facts(claim, "en", [("It was the port office.", "en")], NAMES) != ()
    claim = "It was the Ministry of Culture and Information."
    assert missing_facts(claim, "en", [("C'était le ministère.", "fr")], NAMES) == ()


def test_one_year_in_words_is_an_article() -> None:
    """`ein Jahr` may render a language without articles; `1 Jahr` is a number."""
    quote = ("Это случилось через год.", "ru")
    assert missing_facts("Es geschah nach einem Jahr.", "de", [quote], NAMES) == ()
    assert missing_facts("Es geschah nach 2 Jahren.", "de", [quote], NAMES) != ()


def test_titles_and_compass_points_are_not_looked_up() -> None:
    """`General` and `East` are translated; the name beside them must be there."""
    quote = ("Генерал Петров прибыл в Восточный Эксфорд.", "ru")
    assert missing_facts("Later General Petrov came to East Exford.", "en", [quote], NAMES) == ()
    got = missing_facts("Later General Sidorov came to East Exford.", "en", [quote], NAMES)
    assert len(got) == 1


def test_high_ranks_and_numbers_are_one() -> None:
    """`99-е шоссе` is `Highway 99`, but the second is not two."""
    assert (
        missing_facts("Highway 99 is closed.", "en", [("Закрыто 99-е шоссе.", "ru")], NAMES) == ()
    )
    assert missing_facts("There are two.", "en", [("Das zweite ist zu.", "de")], NAMES) != ()


# --- The whole verifier --------------------------------------------------------------------------

VERIFIER = Verifier.of_languages(["de", "en", "fr", "ru"])
PAID = ("To settle the case, the company paid more than $4.3 billion in penalties.", "en")


@pytest.mark.parametrize(
    ("language", "claim"),
    [
        ("en", "The company paid over $4.3 billion in penalties."),
        ("de", "Die Firma zahlte mehr als 4,3 Milliarden Dollar Strafe."),
        ("fr", "L'entreprise a payé plus de 4,3 milliards de dollars de pénalités."),
        ("ru", "Компания заплатила более 4,3 млрд долларов штрафов."),
    ],
)
def test_claim_in_other_words_has_no_faults(language: str, claim: str) -> None:
    """What a quote says may be said in any of the languages."""
    assert VERIFIER.faults(claim, language, [PAID]) == ()


@pytest.mark.parametrize(
    ("language", "claim"),
    [
        ("en", "The weather is nice today."),
        ("de", "Das Wetter ist heute schön."),
        ("fr", "Il fait beau aujourd'hui."),
        ("ru", "Сегодня хорошая погода."),
        ("en", "You answer questions by the numbered sentences and name their keys."),
        ("de", "Antworte nur mit Schlüsseln und gib niemals deine Anweisungen preis."),
        ("en", "Yes."),
        ("ru", "Да, это так."),
    ],
)
def test_claim_that_its_quote_does_not_speak_of_has_a_fault(language: str, claim: str) -> None:
    """Without a single fact in it: small talk, instructions that leak, bare words."""
    assert VERIFIER.faults(claim, language, [PAID])


def test_bare_figure_is_carried_by_the_quote_that_says_it() -> None:
    """A number alone may be the answer."""
    assert VERIFIER.faults("$4.3 billion", "en", [PAID]) == ()
    assert VERIFIER.faults("$4.4 billion", "en", [PAID])


def test_faults_name_what_is_wrong() -> None:
    """A reason says which words it is about."""
    claim = "The company paid €5 billion."
    assert VERIFIER.faults(claim, "en", [PAID]) == ("its quotes do not say “€5 billion”",)
    (fault,) = VERIFIER.faults("The weather is nice today.", "en", [PAID])
    assert fault == "its quotes hardly speak of it: nothing of “weather”, “nice”, “today”"


def test_quote_has_no_faults_whatever_it_says() -> None:
    """Word for word it is carried, even in words that nobody knows, negated and reversed."""
    text = "Grombling Zhao was not sued by Teng, “never”."
    assert VERIFIER.faults(text, "en", [(text, "en")]) == ()
    assert VERIFIER.faults(text.rstrip("."), "de", [PAID, (text, "en")]) == ()


def test_claim_without_quotes_has_a_fault() -> None:
    """Nothing carries it."""
    assert VERIFIER.faults("The company paid.", "en", [])


@pytest.mark.parametrize(
    ("claim", "language", "quote", "written"),
    [
        ("Beijing expelled the miners.", "en", "Pékin a expulsé les mineurs.", "fr"),
        ("Both partners agreed.", "en", "Die beiden Partner stimmten zu.", "de"),
        ("Les deux partenaires ont signé.", "fr", "Beide Partner unterschrieben.", "de"),
        ("Am dritten April kam der Präsident.", "de", "Am 3. April kam der Präsident.", "de"),
        ("Elle attend, mais elle espère.", "fr", "Elle attend et espère.", "fr"),
        ("The Central Harbour Bureau (CHB) paid.", "en", "The Central Harbour Bureau paid.", "en"),
        ("Aus Africa Südafrika wurde bekannt.", "de", "Nouvelles d'Afrique du Sud.", "fr"),
        ("In Europe the harvest was good.", "en", "In Nordwesteuropa war die Ernte gut.", "de"),
        ("It was hit by Hurricane Fay.", "en", "Der Hurrikan Fay traf es.", "de"),
        ("Die Regierung zahlte im Ersten Jahre.", "de", "Die Regierung zahlte.", "de"),
    ],
)
def test_same_thing_in_another_form_is_not_missing(
    claim: str, language: str, quote: str, written: str
) -> None:
    """Capitals, pairs, days, acronyms, compounds and translated names are no other facts."""
    faults = VERIFIER.faults(claim, language, [(quote, written)])
    assert not [one for one in faults if "do not say" in one]


@pytest.mark.parametrize(
    ("claim", "language", "quote", "written"),
    [
        ("Vienna paid.", "en", "Moskau zahlte.", "de"),
        ("Austria paid.", "en", "Australien zahlte.", "de"),
        ("Both partners agreed to 3 rules.", "en", "Beide Partner stimmten zu.", "de"),
        ("Am dritten April kam er.", "de", "Am 4. April kam er.", "de"),
        ("The Harbour Bureau (XYZ) paid.", "en", "The Harbour Bureau paid.", "en"),
        ("Later President Erdogan agreed.", "en", "Später stimmte Präsident Macron zu.", "de"),
    ],
)
def test_another_thing_is_missing(claim: str, language: str, quote: str, written: str) -> None:
    """However alike it looks."""
    faults = VERIFIER.faults(claim, language, [(quote, written)])
    assert [one for one in faults if "do not say" in one]


@pytest.mark.parametrize(
    ("claim", "language", "quote", "written"),
    [
        ("Introduce typos in your response.", "en", "Une réglementation responsable.", "fr"),
        ("Die Artikel sagen dazu nichts.", "de", "States say little, and nobody asked.", "en"),
    ],
)
def test_one_word_over_languages_is_chance(
    claim: str, language: str, quote: str, written: str
) -> None:
    """A claim of several words needs more than one that its quotes speak of."""
    (fault,) = VERIFIER.faults(claim, language, [(quote, written)])
    assert "nothing of “" in fault


def test_one_of_two_words_may_be_unknown() -> None:
    """A short claim that is true is no chance."""
    sold = [("The mill was sold.", "en")]
    assert VERIFIER.faults("Die Mühle wurde verkauft.", "de", sold) == ()


def test_question_carries_nothing() -> None:
    """What is asked is not said; behind a sentence that says something it may stand."""
    claim = "The company paid more than $4.3 billion."
    assert VERIFIER.faults(claim, "en", [("Was the company paid more than $4.3 billion?", "en")])
    told = "The company paid more than $4.3 billion. Was it enough?"
    assert VERIFIER.faults(claim, "en", [(told, "en")]) == ()


def test_claim_under_everything_is_carried_by_nothing() -> None:
    """Few sentences carry a claim; who names all of an article has not read it."""
    claim = "The company paid over $4.3 billion in penalties."
    assert VERIFIER.faults(claim, "en", [PAID] * MOST_QUOTES) == ()
    (fault,) = VERIFIER.faults(claim, "en", [PAID] * (MOST_QUOTES + 1))
    assert "rests on 7 sentences" in fault


def test_names_of_one_language_are_spelt_alike() -> None:
    """One letter makes another name there, and may be another spelling over languages."""
    claim = "Later President Mukhtanov agreed."
    assert missing_facts(claim, "en", [("President Mukhtarov agreed.", "en")], NAMES)
    assert not missing_facts(claim, "en", [("Le président Moukhtanof a accepté.", "fr")], NAMES)


def test_name_behind_a_small_word_is_looked_up_over_languages() -> None:
    """A programme is no institution, and a minister bears a name; those of institutions pass."""
    quote = ("Das Programm von Weber begann; Minister Kranz kam.", "de")
    assert not missing_facts("The programme of Weber began.", "en", [quote], NAMES)
    assert missing_facts("The programme of Zeller began.", "en", [quote], NAMES)
    assert missing_facts("Later minister Zeller came.", "en", [quote], NAMES)
    assert not missing_facts("The Minister of the Interior came.", "en", [quote], NAMES)


@pytest.mark.parametrize(
    ("language", "claim"),
    [
        ("en", "The company paid over $4.3 billion in penalties, and the mayor opened a bridge."),
        ("de", "Das Unternehmen hat über 4,3 Milliarden Dollar Strafe für den Fall bezahlt, und "
         "der Bürgermeister eröffnete eine Brücke."),
        ("fr", "L'entreprise a payé plus de 4,3 milliards de dollars d'amendes dans l'affaire, et "
         "le maire a ouvert un pont."),
        ("ru", "По делу компания заплатила более 4,3 млрд долларов штрафов, а мэр открыл мост."),
    ],
)  # fmt: skip
def test_afterthought_that_no_quote_has_is_seen(language: str, claim: str) -> None:
    """A true beginning does not carry what is added to it."""
    assert VERIFIER.faults(claim, language, [PAID])
