"""What the golden claims promise: quotes that stand in their article, and enough of each kind."""

from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from eval.cases import BUNDLED, Case, read_cases
from eval.claims import FILE, GoldenClaim, read
from rag.errors import UsageError
from tests.oracle import sample_articles, sentences

ARTICLES = sample_articles()
SENTENCES = {name: [s.text for s in sentences(article)] for name, article in ARTICLES.items()}
CLAIMS = read()
CASES = [case for case in read_cases(BUNDLED) if case.answerable]
LANGUAGES = ("de", "en", "fr", "ru")
LEAST = 30
"""Claims of a language."""

ROW = '{id: a, part: heldout, language: en, article: mill.txt, claim: "Yes.", quotes: [Yes.]}'


def claims_for(case: Case) -> list[GoldenClaim]:
    """The claims that answer a golden case."""
    return [claim for claim in CLAIMS if claim.id in {case.id, f"{case.id}-1", f"{case.id}-2"}]


# --- The bundled claims ------------------------------------------------------------------------


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_quotes_are_sentences_of_the_article(claim: GoldenClaim) -> None:
    """Each quote is a whole sentence that may be cited; they come once, in their order."""
    places = [SENTENCES[claim.article].index(quote) for quote in claim.quotes]
    assert places == sorted(set(places))
    assert all(quote in ARTICLES[claim.article].text for quote in claim.quotes)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.id)
def test_claim_is_no_sentence_of_the_article(claim: GoldenClaim) -> None:
    """A claim is one sentence in words of its own."""
    assert claim.claim not in ARTICLES[claim.article].text
    assert claim.claim.endswith(".")
    assert "\n" not in claim.claim


def test_no_claim_stands_twice() -> None:
    """Every claim has words of its own."""
    assert len({claim.claim for claim in CLAIMS}) == len(CLAIMS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
def test_every_answerable_case_has_a_claim(case: Case) -> None:
    """It is in the part and language of the case; a case over two articles has one for each."""
    found = claims_for(case)
    assert {claim.article for claim in found} == set(case.sources)
    assert {(claim.part, claim.language) for claim in found} == {(case.set, case.language)}


def test_there_are_enough_of_each_language() -> None:
    """No language has fewer than thirty claims; each part has each language about each article."""
    assert min(Counter(claim.language for claim in CLAIMS).values()) >= LEAST
    kinds = {(claim.part, claim.language, claim.article) for claim in CLAIMS}
    assert kinds == set(product(("calibration", "heldout"), LANGUAGES, ARTICLES))


# --- Reading -----------------------------------------------------------------------------------


def test_claim_is_read_as_it_stands(tmp_path: Path) -> None:
    """A row becomes a claim."""
    file = tmp_path / "claims.yaml"
    file.write_text(f"- {ROW}\n", "utf-8")
    assert read(file) == (
        GoldenClaim(
            id="a",
            part="heldout",
            language="en",
            article="mill.txt",
            claim="Yes.",
            quotes=("Yes.",),
        ),
    )


def test_bundled_claims_are_read_without_a_path() -> None:
    """The bundled file is what is read when none is named."""
    assert read() == read(FILE)


def told(folder: Path, text: str) -> str:
    """What the error about a file says."""
    file = folder / "claims.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(UsageError) as caught:
        read(file)
    return str(caught.value)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[Yes.]", "[]", "claims.yaml, claim 2, quotes: "),
        ("[Yes.]", "[Yes., 3]", "claims.yaml, claim 2, quotes 1: "),
        ("heldout", "training", "claims.yaml, claim 2, part: "),
        ("mill.txt", '" "', "claims.yaml, claim 2, article: "),
        ("language: en", "language: English", "claims.yaml, claim 2, language: "),
        ("claim:", "sentence:", "claims.yaml, claim 2, "),
        (ROW, "mill", "claims.yaml, claim 2: "),
        (ROW, ROW, "claims.yaml: `a` stands 2 times; an id is used once."),
    ],
)
def test_impossible_row_is_told(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    """A row that cannot be used is named in one sentence."""
    sentence = told(tmp_path, f"- {ROW}\n- {ROW.replace(right, wrong)}\n")
    assert sentence.startswith(said)
    assert sentence.count("\n") == 0


@pytest.mark.parametrize("text", ["", "claims", "- [", "- {id: 2024-13-01}", "[" * 10_000])
def test_file_without_rows_is_told(tmp_path: Path, text: str) -> None:
    """A file that is no list of claims, or no YAML, is named in one sentence."""
    sentence = told(tmp_path, text)
    assert sentence.startswith("claims.yaml")
    assert sentence.count("\n") == 0


def test_missing_file_is_told(tmp_path: Path) -> None:
    """A file that is not there is named."""
    with pytest.raises(UsageError, match=r"none\.yaml cannot be read"):
        read(tmp_path / "none.yaml")
