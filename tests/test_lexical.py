"""What `rag.lexical` promises: what was put in is found, and what was taken out leaves nothing."""

import sqlite3
from collections.abc import Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag import lexical
from rag.lexical import Field, Rows, Terms, create

ODD = [
    '"',
    'say "so"',
    "*",
    "mill*",
    "NEAR",
    "AND",
    "NOT",
    "OR",
    "-mill",
    "words:mill",
    "^mill",
    "(mill",
    "a+b",
    "{x}",
    "'",
    "--",
    ";",
    "%",
    "\\",
]
WORDS = st.sampled_from(
    ["mill", "river", "мельница", "größe", "4,3", "10.000", "country-kz", "x_y"]
)
TEXTS = st.lists(st.lists(WORDS, max_size=6), min_size=1, max_size=6)


@pytest.fixture
def rows() -> Iterator[Rows]:
    yield from opened()


def opened() -> Iterator[Rows]:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    create(connection)
    yield Rows(connection)
    connection.close()


def terms(*words: str) -> Terms:
    return Terms(words=words, grams=words, concepts=words)


def put(rows: Rows, passage_id: str, *words: str, language: str = "en") -> None:
    rows.add(passage_id, f"{passage_id}.txt", language, terms(*words))


def found(rows: Rows, *words: str, field: Field = Field.WORDS, limit: int = 10) -> set[str]:
    by_language = rows.search(field, words, limit)
    return {passage_id for scores in by_language.values() for passage_id in scores}


@pytest.mark.parametrize("field", Field)
def test_any_of_the_terms_is_enough(rows: Rows, field: Field) -> None:
    """A passage is found in every field by each of its terms, and by no other."""
    put(rows, "a", "mill", "river")
    put(rows, "b", "river", "bridge")
    assert found(rows, "mill", field=field) == {"a"}
    assert found(rows, "bridge", "mill", field=field) == {"a", "b"}
    assert found(rows, "harbour", field=field) == set()
    assert found(rows, field=field) == set()


@pytest.mark.parametrize(
    "term", ["4,3", "10.000", "2024", "country-kz", "мельниц", "größ", "_мел", "東京"]
)
def test_terms_of_any_script_and_with_separators_are_whole(rows: Rows, term: str) -> None:
    """A term is matched as a whole, digits with their separators and other scripts included."""
    put(rows, "a", term)
    put(rows, "b", "4", "3", "10", "country", "kz")
    assert found(rows, term) == {"a"}
    assert rows.frequencies(Field.WORDS, [term]) == {term: 1}


@pytest.mark.parametrize("term", ODD)
def test_nothing_in_a_term_is_query_syntax(rows: Rows, term: str) -> None:
    """Quotes, stars and operators are text like any other, in passages and in questions."""
    put(rows, "a", "mill", term)
    put(rows, "b", "river")
    assert found(rows, term) <= {"a"}
    assert found(rows, term, "river") >= {"b"}
    rows.remove("a", terms("mill", term))
    assert found(rows, term, "mill") == set()


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_no_text_makes_a_search_fail(words: list[str]) -> None:
    """Whatever stands in a question, the search gives an answer."""
    for rows in opened():
        put(rows, "a", *words)
        assert found(rows, *words) <= {"a"}


@given(TEXTS, st.data())
def test_removal_leaves_no_posting(texts: list[list[str]], data: st.DataObject) -> None:
    """After any removals the index answers as if only the others had ever been put in."""
    gone = data.draw(st.sets(st.sampled_from(range(len(texts)))))
    for rows, fresh in zip(opened(), opened(), strict=True):
        for number, text in enumerate(texts):
            put(rows, str(number), *text)
        for number in sorted(gone):
            rows.remove(str(number), terms(*texts[number]))
        for number in sorted(set(range(len(texts))) - gone):
            put(fresh, str(number), *texts[number])
        assert answers(rows, texts) == answers(fresh, texts)


def answers(rows: Rows, texts: Sequence[Sequence[str]]) -> object:
    every = sorted({word for text in texts for word in text})
    scores = {
        (field, word): {
            language: {i: round(score, 9) for i, score in by_id.items()}
            for language, by_id in rows.search(field, [word], 10).items()
        }
        for field in Field
        for word in every
    }
    return rows.count(), {f: rows.frequencies(f, every) for f in Field}, scores


@given(TEXTS)
def test_scores_are_above_zero(texts: list[list[str]]) -> None:
    """Even a term that stands everywhere gives every passage with it a score above 0."""
    for rows in opened():
        for number, text in enumerate(texts):
            put(rows, str(number), *text, "everywhere")
        for by_id in rows.search(Field.WORDS, ["everywhere", "mill"], 10).values():
            assert len(by_id) == len(texts)
            assert all(score > 0 for score in by_id.values())


def test_rare_and_frequent_terms_decide(rows: Rows) -> None:
    """The passage with the rarer term, and the one that repeats it, score higher."""
    put(rows, "a", "mill", "river", "river")
    put(rows, "b", "river", "wheel", "wheel")
    put(rows, "c", "river", "wheel", "bridge")
    scores = rows.search(Field.WORDS, ["mill", "river"], 10)["en"]
    assert max(scores, key=lambda i: scores[i]) == "a"
    scores = rows.search(Field.WORDS, ["wheel"], 10)["en"]
    assert scores["b"] > scores["c"]


def test_limit_counts_each_language_by_itself(rows: Rows) -> None:
    """Many passages in one language leave the best of another in the result."""
    for number in range(20):
        put(rows, f"en{number}", "binance", "binance", language="en")
    put(rows, "ru1", "binance", "other", "words", "besides", language="ru")
    result = rows.search(Field.WORDS, ["binance"], 3)
    assert {language: len(scores) for language, scores in result.items()} == {"en": 3, "ru": 1}


def test_equal_scores_are_cut_by_id(rows: Rows) -> None:
    """Which of equally good passages are found does not depend on the order of writing."""
    for name in ("d", "b", "c", "a"):
        put(rows, name, "mill")
    assert found(rows, "mill", limit=2) == {"a", "b"}


def test_frequencies_count_passages(rows: Rows) -> None:
    """A frequency counts passages, not occurrences; unknown terms are left out."""
    put(rows, "a", "mill", "mill", "mill")
    put(rows, "b", "mill", "river")
    assert rows.frequencies(Field.GRAMS, ["mill", "river", "harbour", "mill"]) == {
        "mill": 2,
        "river": 1,
    }


def test_passages_are_known_by_article_and_language(rows: Rows) -> None:
    """The index tells an article's passages in their order, and each passage's language."""
    rows.add("p2", "a.txt", "de", terms("mühle"))
    rows.add("p1", "a.txt", "de", terms("fluss"))
    rows.add("p3", "b.txt", "ru", terms("мельница"))
    assert rows.of_article("a.txt") == ["p2", "p1"]
    assert rows.of_article("c.txt") == []
    assert rows.languages() == {"de": 2, "ru": 1}
    assert rows.languages_of(["p1", "p3", "gone"]) == {"p1": "de", "p3": "ru"}


def test_clearing_takes_everything_out(rows: Rows) -> None:
    """After clearing nothing is found, and the same passages can be put in again."""
    put(rows, "a", "mill")
    rows.clear()
    assert (rows.count(), found(rows, "mill")) == (0, set())
    assert rows.frequencies(Field.WORDS, ["mill"]) == {}
    put(rows, "a", "mill")
    assert found(rows, "mill") == {"a"}


def test_large_corpora_ask_for_the_rarest_grams(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a large corpus only the rarest 4-grams of a question count; words all do."""
    monkeypatch.setattr(lexical, "LARGE", 3)
    monkeypatch.setattr(lexical, "RAREST", 1)
    put(rows, "a", "common", "rare")
    put(rows, "b", "common")
    put(rows, "c", "common")
    assert found(rows, "common", "rare", "unknown", field=Field.GRAMS) == {"a"}
    assert found(rows, "common", "rare", field=Field.WORDS) == {"a", "b", "c"}
