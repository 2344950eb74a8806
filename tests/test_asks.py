"""What `rag.asks` promises: the kind of answer a question asks for, and what can be one."""

from collections.abc import Iterator

import pytest

from rag.asks import CONCEPTS, KINDS, NOUNS, OPEN, Ask, asked, fits
from rag.evidence import Assessor
from rag.facts import Fact, Kind
from rag.lexical import Rows
from tests.library import ANALYSER, rows_of

COUNT: set[Ask | None] = {Ask.NUMBER, Ask.AMOUNT}
"""`Wie viele`, `Combien` and `Сколько` ask for people as for money: either kind will do."""

QUESTIONS: list[tuple[str, str, set[Ask | None]]] = [
    ("en", "How many mills were sold?", {Ask.NUMBER}),
    ("de", "Wie viele Mühlen wurden verkauft?", COUNT),
    ("fr", "Combien de moulins ont été vendus ?", COUNT),
    ("ru", "Сколько мельниц продали?", COUNT),
    ("en", "How much did the mill cost?", {Ask.AMOUNT}),
    ("de", "Wie viel kostete die Mühle?", COUNT),
    ("de", "Wieviel kostete die Mühle?", COUNT),
    ("fr", "Combien coûte le moulin ?", COUNT),
    ("ru", "Сколько стоила мельница?", COUNT),
    ("en", "How high was the fine?", {Ask.AMOUNT}),
    ("de", "Wie hoch war die Strafe?", {Ask.AMOUNT}),
    ("en", "What was the price of the mill?", {Ask.AMOUNT}),
    ("fr", "Quel montant a été payé ?", {Ask.AMOUNT}),
    ("en", "When was the mill sold?", {Ask.DATE}),
    ("de", "Wann wurde die Mühle verkauft?", {Ask.DATE}),
    ("fr", "Quand le moulin a-t-il été vendu ?", {Ask.DATE}),
    ("ru", "Когда продали мельницу?", {Ask.DATE}),
    ("en", "Since when is it closed?", {Ask.DATE}),
    ("de", "Seit wann ist sie zu?", {Ask.DATE}),
    ("fr", "Depuis quand est-il fermé ?", {Ask.DATE}),
    ("ru", "С каких пор она закрыта?", {Ask.DATE}),
    ("en", "Which year was the mill sold?", {Ask.DATE}),
    ("de", "In welchem Jahr wurde sie verkauft?", {Ask.DATE}),
    ("fr", "En quelle année a-t-il été vendu ?", {Ask.DATE}),
    ("ru", "В каком году продали мельницу?", {Ask.DATE}),
    ("en", "Who bought the mill?", {Ask.PERSON}),
    ("en", "Whose mill is it?", {Ask.PERSON}),
    ("de", "Wer kaufte die Mühle?", {Ask.PERSON}),
    ("de", "Wem gehört die Mühle?", {Ask.PERSON}),
    ("fr", "Qui a acheté le moulin ?", {Ask.PERSON}),
    ("fr", "À qui appartient le moulin ?", {Ask.PERSON}),
    ("ru", "Кто купил мельницу?", {Ask.PERSON}),
    ("en", "Where is the mill?", {Ask.PLACE}),
    ("de", "Wo steht die Mühle?", {Ask.PLACE}),
    ("de", "Wohin fließt der Fluss?", {Ask.PLACE}),
    ("fr", "Où se trouve le moulin ?", {Ask.PLACE}),
    ("ru", "Где стоит мельница?", {Ask.PLACE}),
    ("ru", "Откуда мельница?", {Ask.PLACE}),
    ("en", "Which country sold it?", {Ask.PLACE}),
    ("de", "Welches Land verkaufte sie?", {Ask.PLACE}),
    ("de", "In welcher Stadt steht sie?", {Ask.PLACE}),
    ("fr", "Quel pays l'a vendu ?", {Ask.PLACE}),
    ("ru", "Какая страна её продала?", {Ask.PLACE}),
    ("en", "What share of the mill was sold?", {Ask.SHARE}),
    ("en", "What percentage of mills closed?", {Ask.SHARE}),
    ("de", "Welcher Anteil wurde verkauft?", {Ask.SHARE}),
    ("fr", "Quelle part a été vendue ?", {Ask.SHARE}),
    ("ru", "Какую долю продали?", {Ask.SHARE}),
    ("en", "How old is the mill?", {Ask.DURATION}),
    ("de", "Wie alt ist die Mühle?", {Ask.DURATION}),
    ("fr", "Quel âge a le moulin ?", {Ask.DURATION}),
    ("ru", "Сколько лет мельнице?", {Ask.DURATION}),
    ("en", "How long did repairs take?", {Ask.DURATION}),
    ("de", "Wie lange dauerte die Reparatur?", {Ask.DURATION}),
    ("fr", "Combien de temps ont duré les travaux ?", {Ask.DURATION}),
    ("ru", "Как долго длился ремонт?", {Ask.DURATION}),
    ("en", "Why was it sold?", {None}),
    ("de", "Warum wurde sie verkauft?", {None}),
    ("fr", "Pourquoi a-t-il été vendu ?", {None}),
    ("ru", "Почему её продали?", {None}),
    ("en", "What happened to the mill?", {None}),
    ("en", "Tell me about the mill.", {None}),
    ("de", "Erzähl mir von der Mühle.", {None}),
    ("en", "Who sold it in that year?", {Ask.PERSON}),
    ("en", "What happens when the mill is sold?", {None}),
    ("de", "Was geschieht, wenn man fragt, wer sie kaufte?", {None}),
    ("en", "Which of the mills that were sold before the war has a date?", {None}),
]


@pytest.fixture(scope="module")
def rows() -> Iterator[Rows]:
    with rows_of() as rows:
        yield rows


@pytest.mark.parametrize(("language", "text", "kinds"), QUESTIONS)
def test_kind_is_read_from_the_question_words(
    rows: Rows, language: str, text: str, kinds: set[Ask | None]
) -> None:
    """Question words say the kind, or the noun close behind `which`; others say none."""
    assert Assessor(ANALYSER).inquiry(text, language, rows).ask in kinds


def test_noun_counts_only_close_behind_an_open_question_word() -> None:
    """A noun far away, in front, or without `which` and the like says nothing."""
    assert asked([("q-which", 0), ("year", 3)]) is Ask.DATE
    assert asked([("q-which", 0), ("year", 4)]) is None
    assert asked([("year", 0), ("q-which", 1)]) is None
    assert asked([("year", 1)]) is None
    assert asked([]) is None


def test_first_question_word_decides() -> None:
    """Of two that say a kind, the one that comes first counts, in whatever order they are met."""
    assert asked([("q-where", 4), ("q-when", 0)]) is Ask.DATE
    assert asked([("q-when", 4), ("q-where", 0)]) is Ask.PLACE
    assert asked([("q-when", 4), ("q-what", 0)]) is None


def test_every_concept_stands_in_the_lexicon() -> None:
    """What the tables name is a line of the lexicon, for each of its languages."""
    lines = [line.split("\t") for line in _lexicon().splitlines() if line and line[0] != "#"]
    forms = {line[0]: line[1:] for line in lines}
    wanted = {*CONCEPTS, *NOUNS, *OPEN}
    assert wanted <= forms.keys()
    assert all(all(cell.strip() for cell in forms[concept]) for concept in wanted)


def _lexicon() -> str:
    from rag.lexicon import FILE

    return FILE.read_text("utf-8")


@pytest.mark.parametrize(
    ("ask", "kind", "value", "fitting"),
    [
        (Ask.NUMBER, Kind.NUMBER, "36", True),
        (Ask.NUMBER, Kind.NAME, "keller", False),
        (Ask.AMOUNT, Kind.MONEY, "300 currency-eur", True),
        (Ask.AMOUNT, Kind.DATE, "2024", False),
        (Ask.SHARE, Kind.PERCENT, "5", True),
        (Ask.SHARE, Kind.MONEY, "300 currency-eur", False),
        (Ask.DATE, Kind.DATE, "2024-04-03", True),
        (Ask.DATE, Kind.TIME, "14:30", True),
        (Ask.DATE, Kind.NUMBER, "36", False),
        (Ask.DATE, Kind.NUMBER, "1773", True),
        (Ask.DATE, Kind.NUMBER, "2100", False),
        (Ask.DATE, Kind.NUMBER, "1773.5", False),
        (Ask.DATE, Kind.NUMBER, "ordinal 1773", False),
        (Ask.DURATION, Kind.DURATION, "4 month", True),
        (Ask.DURATION, Kind.DATE, "2024", False),
        (Ask.PERSON, Kind.NAME, "keller", True),
        (Ask.PERSON, Kind.COUNTRY, "country-kz", False),
        (Ask.PLACE, Kind.COUNTRY, "country-kz", True),
        (Ask.PLACE, Kind.NUMBER, "36", False),
        (Ask.NAME, Kind.NAME, "keller", True),
    ],
)
def test_fact_fits_the_kind(ask: Ask, kind: Kind, value: str, *, fitting: bool) -> None:
    """A fact can be the answer if it is of a kind that is asked for."""
    assert fits(ask, [Fact(kind, value, 0, 1)], frozenset()) is fitting
    assert not fits(ask, [], frozenset())


def test_what_the_question_says_is_no_answer() -> None:
    """A fact that the question names itself does not fit; another beside it does."""
    year, day = Fact(Kind.DATE, "2024", 0, 1), Fact(Kind.DATE, "--04-03", 2, 3)
    known = frozenset({"2024"})
    assert not fits(Ask.DATE, [year], known)
    assert fits(Ask.DATE, [year, day], known)


def test_every_kind_of_answer_has_its_facts() -> None:
    """No kind is asked for that no fact can satisfy."""
    assert all(KINDS[ask] for ask in Ask)
