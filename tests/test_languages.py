"""Telling the language of a question: by its stop words, else by the model."""

import sys

import pytest

from rag.languages import LanguageDetector

OURS = ("de", "en", "fr", "ru")

QUESTIONS = {
    "de": "Wie viele Ziegen hat der Müller verkauft?",
    "en": "How many goats did the miller sell?",
    "fr": "Combien de chèvres le meunier a-t-il vendues ?",
    "ru": "Сколько коз продал мельник и кому он их продал?",
}


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes every attempt to load the model fail."""
    monkeypatch.setitem(sys.modules, "py3langid.langid", None)


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize("language", OURS)
def test_stop_words_need_no_model(language: str) -> None:
    assert LanguageDetector().detect(QUESTIONS[language], among=OURS) == language
    assert LanguageDetector().detect(QUESTIONS[language].upper(), among=OURS) == language


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize(
    ("text", "among"),
    [
        ("Ziegen Müller Mühle", OURS),
        (QUESTIONS["de"], None),
        # Nobody knows how many stop words of Italian there are in it.
        (QUESTIONS["de"], ("de", "it")),
        # One of each: no language leads.
        ("the und", OURS),
    ],
    ids=["none", "all languages", "no list", "tie"],
)
def test_the_model_is_asked_where_they_do_not_tell(
    text: str, among: tuple[str, ...] | None
) -> None:
    with pytest.raises(ImportError):
        LanguageDetector().detect(text, among=among)


@pytest.mark.parametrize("language", OURS)
def test_the_model_agrees(language: str) -> None:
    assert LanguageDetector().detect(QUESTIONS[language]) == language
    assert LanguageDetector().detect(QUESTIONS[language], among=(*OURS, "it")) == language
