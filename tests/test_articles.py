"""What the sample corpus promises: five short articles in our own words."""

import re
from pathlib import Path

import pytest

from rag.corpus import article_files, read_article
from rag.domain import Article
from rag.languages import LanguageDetector
from rag.passages import passages_of
from rag.settings import SAMPLE_CORPUS

ORIGINALS = Path(__file__).parents[2] / "shared" / "seeds"
LANGUAGES = {
    "000_37ff15793ee2fd8d.txt": "de",
    "001_821d05d4e4ce5372.txt": "de",
    "002_ef4ca6520480b210.txt": "en",
    "003_21a6abf2ea9486ed.txt": "fr",
    "004_a6ad9e2953b96fe9.txt": "en",
}
OURS = [
    *(SAMPLE_CORPUS / name for name in LANGUAGES),
    *sorted((Path(__file__).parents[1] / "eval" / "golden").glob("*.yaml")),
]
"""What was written after the originals."""

RUN = 12
"""Words in a row that would be copying."""

DETECTOR = LanguageDetector()


def article(name: str) -> Article:
    path = SAMPLE_CORPUS / name
    return read_article(SAMPLE_CORPUS, path, max_bytes=100_000, detector=DETECTOR)


def runs(text: str) -> set[tuple[str, ...]]:
    """Every twelve words in a row, without case and punctuation."""
    words = re.findall(r"\w+", text.casefold())
    return {tuple(words[at : at + RUN]) for at in range(len(words) - RUN + 1)}


def test_there_are_five_articles_and_a_note() -> None:
    """The folder holds the five articles and a README, which is none of them."""
    listing = article_files(SAMPLE_CORPUS)
    assert [path.name for path in listing.files] == sorted(LANGUAGES)
    assert listing.skipped == ()
    assert {path.name for path in SAMPLE_CORPUS.iterdir()} == {*LANGUAGES, "README"}
    assert (SAMPLE_CORPUS / "README").read_text("utf-8").strip()


@pytest.mark.parametrize(("name", "language"), LANGUAGES.items())
def test_language_is_told(name: str, language: str) -> None:
    """Each article is read as one of its language, with a title."""
    assert article(name).language == language
    assert article(name).title.strip()


@pytest.mark.parametrize("name", LANGUAGES)
def test_articles_are_short_and_can_be_cited(name: str) -> None:
    """Each article is a page or so, and most of it is sentences that may be cited."""
    text = article(name).text
    sentences = [s for p in passages_of(article(name), limit=1_000) for s in p.sentences]
    assert 1_000 < len(text) < 8_000
    assert len(sentences) >= 10
    assert sum(len(sentence.text) for sentence in sentences) > 0.8 * len(text)


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the original articles are not here")
@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_words_are_our_own(path: Path) -> None:
    """No run of twelve words stands in any of the originals."""
    ours = runs(path.read_text("utf-8"))
    originals = sorted(ORIGINALS.glob("*.txt"))
    assert [original.name for original in originals] == sorted(LANGUAGES)
    assert not any(ours & runs(original.read_text("utf-8")) for original in originals)
