"""Each claim is put once to its own quotes, and once to those of every other article."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from eval.cli import main
from eval.swap import FILE, Quotes, Row, bundled, interval, lines, measure, read_claims
from rag.domain import Article
from rag.errors import UsageError
from rag.settings import SAMPLE_CORPUS
from rag.understand import LANGUAGES
from rag.verify import Verifier
from tests.fakes import article_of

ARTICLES = {
    "mill.txt": article_of("The mill was sold. Anna Weber paid 300 euros.", "mill.txt"),
    "harbour.txt": article_of("Der Hafen wurde 2024 gebaut.", "harbour.txt", "de"),
}
CLAIMS = """\
- {id: m-1, part: calibration, language: en, article: mill.txt, claim: Anna Weber paid 300 euros
    for it., quotes: [Anna Weber paid 300 euros.]}
- {id: m-2, part: heldout, language: de, article: mill.txt, claim: Die Mühle wurde verkauft.,
    quotes: [The mill was sold.]}
- {id: h-1, part: calibration, language: de, article: harbour.txt, claim: Der Hafen entstand 2024.,
    quotes: [Der Hafen wurde 2024 gebaut.]}
"""


@pytest.fixture(scope="module")
def verifier() -> Verifier:
    return Verifier.of_languages(LANGUAGES)


def claims(folder: Path, text: str = CLAIMS) -> tuple[tuple[Row, Quotes], ...]:
    file = folder / "claims.yaml"
    file.write_text(text, "utf-8")
    return read_claims(file, ARTICLES.__getitem__)


def test_every_claim_meets_its_own_quotes_and_those_of_other_articles(
    tmp_path: Path, verifier: Verifier
) -> None:
    """Never those of another claim on the same article, which may well carry it."""
    swaps = measure(claims(tmp_path), verifier)
    assert [(one.row.id, one.same, one.fell) for one in swaps.own] == [
        ("m-1", True, False), ("m-2", False, False), ("h-1", True, False)
    ]  # fmt: skip
    assert [(one.row.id, one.same) for one in swaps.others] == [
        ("m-1", False), ("m-2", True), ("h-1", False), ("h-1", False)
    ]  # fmt: skip
    assert [one.row.id for one in swaps.files] == ["m-1", "m-2", "h-1"]
    assert all(one.fell for one in swaps.others)
    assert swaps.held


def test_dropped_claim_is_counted_and_named(tmp_path: Path, verifier: Verifier) -> None:
    """By its id if it may be tuned on; of the others only the number is told."""
    text = CLAIMS.replace("paid 300 euros\n", "paid 400 euros\n").replace("Die Mühle", "In Rom")
    swaps = measure(claims(tmp_path, text), verifier)
    told = "\n".join(lines(swaps))
    assert not swaps.held
    assert "2 of 3" in told
    assert "dropped: m-1" in told
    assert "m-2" not in told


def test_same_quotes_are_put_to_a_claim_once(tmp_path: Path, verifier: Verifier) -> None:
    """Two claims that rest on one sentence make one trial of another claim."""
    twice = CLAIMS + CLAIMS.splitlines()[4].replace("h-1", "h-2") + "\n" + CLAIMS.splitlines()[5]
    swaps = measure(claims(tmp_path, twice), verifier)
    assert [one.row.id for one in swaps.others].count("m-1") == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.replace("[The mill was sold.]", "[The mill was  sold.]"),
         r"claims\.yaml:3: the quote “The mill was  sold\.” of m-2 does not stand in mill\.txt"),
        (lambda t: t.replace("part: heldout", "part: other"), r"claims\.yaml:3: m-2 needs"),
        (lambda t: t.replace("[The mill was sold.]", "[]"), r"claims\.yaml:3: m-2 needs"),
        (lambda t: t.replace("id: h-1, ", ""), r"claims\.yaml:5: the row is no claim: .* `id`"),
        (lambda _: "[", "cannot be read as YAML"),
        (lambda _: "a: b", "is no list of claims"),
    ],
)  # fmt: skip
def test_row_that_is_wrong_is_named(
    tmp_path: Path, change: Callable[[str], str], says: str
) -> None:
    """With its line, and with what is wrong."""
    with pytest.raises(UsageError, match=says):
        claims(tmp_path, change(CLAIMS))


def test_missing_file_is_one_sentence(tmp_path: Path) -> None:
    """Not a traceback."""

    def read(_: str) -> Article:
        raise AssertionError

    with pytest.raises(UsageError, match="cannot be read"):
        read_claims(tmp_path / "none.yaml", read)


def test_interval_draws_claims_not_pairs(tmp_path: Path, verifier: Verifier) -> None:
    """A hundred pairs of two claims are no surer than two claims."""
    one = measure(claims(tmp_path), verifier).own[0]
    pairs = [replace(one, row=replace(one.row, id=name), fell=name == "a") for name in "ab" * 50]
    assert interval(pairs).high - interval(pairs).low == pytest.approx(1.0)
    assert interval(pairs[::2]).low < 0.5


def test_bundled_claims_stand_in_the_bundled_articles() -> None:
    """Every quote to the character, every id once, both parts."""
    found = [row for row, _ in read_claims(FILE, bundled(SAMPLE_CORPUS))]
    assert len({row.id for row in found}) == len(found)
    assert {row.part for row in found} == {"calibration", "heldout"}


def test_verifier_tells_the_quotes_of_calibration_claims(verifier: Verifier) -> None:
    """On the claims that it may be tuned on it keeps what it promises."""
    every = read_claims(FILE, bundled(SAMPLE_CORPUS))
    swaps = measure([one for one in every if one[0].part == "calibration"], verifier)
    assert swaps.held


def test_command_prints_and_says_by_its_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file with a wrong row is a broken run, with one sentence."""
    file = tmp_path / "claims.yaml"
    file.write_text(CLAIMS, "utf-8")
    assert main(["swap", "--claims", str(file)]) == 2
    assert "mill.txt" in capsys.readouterr().err
