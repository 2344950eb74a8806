"""What `rag.speech` promises: a statement in another language than expected is told apart."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.sentences import sentence_spans
from rag.speech import speaks_other
from rag.terms import word_texts

DATA = Path(__file__).parents[2] / "shared/data"
LANGUAGES = ("de", "en", "es", "fr", "ru")

STATEMENTS = {
    "de": "Der Müller hat seine drei Ziegen auf dem Markt verkauft.",
    "en": "The miller has sold his three goats at the market.",
    "es": "El molinero ha vendido sus tres cabras en el mercado para pagar una deuda.",
    "fr": "Le meunier a vendu ses trois chèvres au marché pour payer une dette.",
    "ru": "Мельник продал на рынке трёх своих коз.",
}

DOUBTFUL = {
    "nothing": "",
    "figures": "4,8 / 36 (2024)",
    "a name": "Johann Sebastian Bach, Leipzig",
    "two words": "the goats",
    "half and half": "Der Müller und seine Ziegen, the miller and his goats",
    "half Cyrillic": "Мельник Müller продал Goldene Ziege и Alte Mühle купцу Schmidt",
    "hardly more Cyrillic": "Мельник продал свою козу и купил Goldene Ziege und Mühle",
    "no words between": "山羊在市场上被卖掉了",
}


@pytest.mark.parametrize("written", LANGUAGES)
@pytest.mark.parametrize("expected", LANGUAGES)
def test_another_language_is_told(written: str, expected: str) -> None:
    """A sentence is in its own language and clearly in no other."""
    told = speaks_other(STATEMENTS[written], expected, LANGUAGES)

    assert told == (None if written == expected else written)


@pytest.mark.parametrize("text", DOUBTFUL.values(), ids=DOUBTFUL.keys())
@pytest.mark.parametrize("expected", LANGUAGES)
def test_nothing_is_said_in_doubt(text: str, expected: str) -> None:
    """Names, figures and mixtures are in no language for certain."""
    assert speaks_other(text, expected, LANGUAGES) is None


def test_a_name_in_another_script_is_no_language() -> None:
    """A Cyrillic title says nothing about the language of who names it."""
    assert speaks_other("Золотая Коза Мельника", "en", LANGUAGES) is None
    assert speaks_other("Золотая коза старого мельника", "en", LANGUAGES) == "ru"


def test_what_is_quoted_does_not_count() -> None:
    """A German sentence may quote an English one, and is German all the same."""
    quoted = "that the goats of the miller are not for sale and that he will be in his mill"
    for opened, closed in ("„“", "“”", "«»", '""'):
        assert speaks_other(f"Sie erklärte: {opened}{quoted}{closed}", "de", LANGUAGES) is None
    assert speaks_other(f"Sie erklärte: {quoted}", "de", LANGUAGES) == "en"


def test_a_long_title_is_outweighed() -> None:
    """Six German stop words stand against the eight of a title without quotation marks."""
    text = "Die Ziege hieß in dem Lied vom Müller nur The One That Was Not There For Me"

    assert speaks_other(text, "de", LANGUAGES) is None


@pytest.mark.parametrize(
    ("text", "expected", "among", "told"),
    [
        ("en", "it", ("en", "it"), None),
        ("ru", "it", ("en", "it", "ru"), "ru"),
        ("en", "uk", ("en", "de", "uk"), "en"),
        ("ru", "uk", ("ru", "uk"), None),
        ("ru", "kk", ("kk", "ru"), None),
        ("en", "kk", ("en", "kk"), None),
        ("ru", "en", ("bg", "en", "ru", "uk"), "ru"),
        ("ru", "en", ("de", "en"), None),
    ],
)
def test_without_stop_words_only_the_script_tells(
    text: str, expected: str, among: tuple[str, ...], told: str | None
) -> None:
    """A language without a list is told from another by its script, or not at all."""
    assert speaks_other(STATEMENTS[text], expected, among) == told


@given(text=st.text(max_size=80), expected=st.sampled_from((*LANGUAGES, "it", "kk", "xx")))
def test_the_answer_is_one_of_the_others(text: str, expected: str) -> None:
    """Whatever the text, it is None or one of the languages asked about, never the expected."""
    told = speaks_other(text, expected, LANGUAGES)

    assert told is None or told in set(LANGUAGES) - {expected}


def _public_sentences() -> Iterator[tuple[str, str]]:
    """(language, sentence) pairs of every second public passage."""
    for name in ("xquad", "piaf_fr"):
        lines = (DATA / name / "passages.jsonl").read_text("utf-8").splitlines()[::2]
        for row in map(json.loads, lines):
            for start, end in sentence_spans(row["text"], row["lang"]):
                yield row["lang"], row["text"][start:end]


@pytest.mark.skipif(not (DATA / "xquad").is_dir(), reason="the public data is not here")
def test_public_sentences_are_told() -> None:
    """Hardly a sentence is taken for another language's, and hardly one passes for another's."""
    sentences = list(_public_sentences())
    wrong = [s for code, s in sentences if speaks_other(s, code, LANGUAGES) is not None]
    found = [
        speaks_other(sentence, expected, LANGUAGES) is not None
        for code, sentence in sentences
        for expected in LANGUAGES
        if expected != code and len(word_texts(sentence)) >= 6
    ]

    assert len(wrong) < 0.002 * len(sentences)
    assert sum(found) > 0.95 * len(found)
