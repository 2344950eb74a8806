"""What `rag.retrieve` promises: the passages that may answer, whatever their language."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.domain import Hit
from rag.lexical import Field
from rag.retrieve import ACROSS, DEEP, SAME, VECTORS
from tests.library import Library, library

ARTICLES = {
    "mill.en.txt": "The mill by the river was sold to Anna Keller in March 2021.",
    "bridge.en.txt": "The bridge over the river Aare was closed in May 2023.",
    "muehle.de.txt": "Die alte Mühle am Fluss gehört seit 2021 Anna Keller.",
    "moulin.fr.txt": "Le moulin au bord de la rivière appartient à Anna Keller.",
    "melnica.ru.txt": "Старая мельница у реки принадлежит Анне Келлер с 2021 года.",
}
ASKED = [
    "Who bought the mill?",
    "Wem gehört die Mühle?",
    "Кто купил мельницу?",
    "2021",
    "zzzz qqqq",
]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Library:
    made = library(tmp_path_factory.mktemp("town"), ARTICLES)
    made.ingest()
    return made


def articles(hits: tuple[Hit, ...]) -> list[str]:
    return [hit.passage.article_id for hit in hits]


@pytest.mark.parametrize("language", ["de", "en", "fr", "ru", "es"])
@pytest.mark.parametrize("asked", ASKED)
def test_score_is_the_sum_of_the_arms(town: Library, asked: str, language: str) -> None:
    """Shares of arms add up to 1 at most; the score is their sum, less in weaker languages."""
    for hit in town.hits(asked, language):
        assert hit.arms.keys() <= {*map(str, Field), VECTORS}
        assert all(share >= 0 for share in hit.arms.values())
        assert 0 <= hit.score <= sum(hit.arms.values()) + 1e-9
        assert sum(hit.arms.values()) <= 1 + 1e-9


def test_strongest_language_keeps_its_whole_score(town: Library) -> None:
    """Where one language is best in every neutral arm, its scores are the sums themselves."""
    for hit in town.hits("Was the bridge over the river Aare closed in May 2023?"):
        if hit.passage.language == "en":
            assert hit.score == pytest.approx(sum(hit.arms.values()))


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=80))
def test_any_question_gives_shares(town: Library, asked: str) -> None:
    """Whatever is asked, scores lie in 0..1 and come in order, ties by the passage's id."""
    hits = town.hits(asked)
    assert all(0 <= hit.score <= 1 + 1e-9 for hit in hits)
    assert list(hits) == sorted(hits, key=lambda hit: (-hit.score, hit.passage.id))


def test_weights_are_for_the_arms_there_are() -> None:
    """Each arm has a weight above 0, within a language and across languages."""
    assert SAME.keys() == ACROSS.keys() == {*Field, VECTORS}
    assert min(*SAME.values(), *ACROSS.values()) > 0


@pytest.mark.parametrize(
    ("asked", "language", "best"),
    [
        ("Who bought the mill by the river?", "en", "mill.en.txt"),
        ("When was the bridge closed?", "en", "bridge.en.txt"),
        ("Wem gehört die alte Mühle?", "de", "muehle.de.txt"),
        ("À qui appartient le moulin ?", "fr", "moulin.fr.txt"),
        ("Кому принадлежит мельница?", "ru", "melnica.ru.txt"),
    ],
)
def test_best_passage_comes_first(town: Library, asked: str, language: str, best: str) -> None:
    """The passage that speaks of the question leads, and each passage comes once."""
    found = articles(town.hits(asked, language))
    assert found[0] == best
    assert len(set(found)) == len(found)


def test_limit_counts_each_language(town: Library) -> None:
    """So many of each language are found, so that none is missing for another's sake."""
    languages = [hit.passage.language for hit in town.hits("mill river 2021", limit=1)]
    assert sorted(languages) == ["de", "en", "fr", "ru"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("kz.de.txt", "Kasachstan hat 2024 insgesamt 36 Kryptobörsen geschlossen."),
        ("kz.fr.txt", "Le Kazakhstan a fermé 36 plateformes d'échange de cryptomonnaies en 2024."),
        ("kz.ru.txt", "Казахстан закрыл в 2024 году 36 криптобирж."),
    ],
)
def test_language_of_the_question_does_not_crowd_out_others(
    tmp_path: Path, name: str, text: str
) -> None:
    """Many articles in the asker's language do not hide the one that answers in another."""
    many = {
        f"{n}.en.txt": f"The exchange in town number {n} closed in 20{n} and was sold to banks."
        for n in range(10, 10 + DEEP + 10)
    }
    town = library(tmp_path, {**many, name: text})
    town.ingest()
    asked = "How many crypto exchanges did Kazakhstan close in 2024?"
    assert name in articles(town.hits(asked, limit=3))
    assert town.shown(asked)[0] == text


def test_deleted_article_is_not_found(tmp_path: Path) -> None:
    """What was deleted or rewritten is gone with the next run, and never comes back."""
    town = library(tmp_path, ARTICLES)
    town.ingest()
    (town.corpus / "mill.en.txt").unlink()
    town.write({"bridge.en.txt": "The tunnel under the hill was opened by a minister."})
    town.ingest()
    for asked in ("Who bought the mill by the river?", "When was the bridge closed?"):
        hits = town.hits(asked)
        assert "mill.en.txt" not in articles(hits)
        assert not any("closed in May" in hit.passage.text for hit in hits)
    assert "bridge.en.txt" in articles(town.hits("Who opened the tunnel?"))


def test_passage_that_left_the_store_is_left_out(tmp_path: Path) -> None:
    """A passage that only the lexical index still knows is not a hit."""
    town = library(tmp_path, {"mill.en.txt": ARTICLES["mill.en.txt"]})
    town.ingest()
    for rows in town.store.segments.values():
        rows.clear()
    assert town.hits("Who bought the mill?") == ()


def test_nonsense_finds_nothing(tmp_path: Path) -> None:
    """Letters that resemble no word of any article have no hit that scores."""
    town = library(tmp_path, ARTICLES)
    town.ingest()
    assert all(hit.score == 0 for hit in town.hits("zzzz qqqq xxxx"))
    assert all(hit.score == 0 for hit in town.hits("?!"))


def test_empty_index_finds_nothing(tmp_path: Path) -> None:
    """Of an index without an article every question finds nothing."""
    town = library(tmp_path, ARTICLES)
    town.ingest()
    for name in ARTICLES:
        (town.corpus / name).unlink()
    town.answerer.indexer.run(allow_empty=True)
    assert town.hits("Who bought the mill?") == ()


def test_same_question_finds_the_same(town: Library, tmp_path: Path) -> None:
    """Order and scores do not depend on when or in what order articles were written."""
    other = library(tmp_path, {})
    for name, text in reversed(ARTICLES.items()):
        other.write({name: text})
        other.ingest()
    for asked in ASKED:
        mine, theirs = town.hits(asked), other.hits(asked)
        assert [hit.passage for hit in mine] == [hit.passage for hit in theirs]
        assert [hit.score for hit in mine] == pytest.approx([hit.score for hit in theirs])


def test_question_itself_decides_the_language(town: Library) -> None:
    """The same words asked in another language weigh the arms for that language."""
    english = {hit.passage.article_id: hit.arms for hit in town.hits("Anna Keller 2021", "en")}
    german = {hit.passage.article_id: hit.arms for hit in town.hits("Anna Keller 2021", "de")}
    assert german["muehle.de.txt"][Field.WORDS] > english["muehle.de.txt"][Field.WORDS]


def test_hits_do_not_share_what_they_hold(town: Library) -> None:
    """A hit is a value: its arms cannot be written, and a copy equals it."""
    hit = town.hits("Who bought the mill?")[0]
    with pytest.raises(TypeError):
        hit.arms["words"] = 1.0  # type: ignore[index]
    assert replace(hit) == hit
