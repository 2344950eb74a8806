"""What `rag.embed` promises: equal texts, equal vectors, everywhere; like names, near vectors."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.embed import HashEmbedder

ROOT = Path(__file__).parents[1]
TEXTS = ["The mill was sold for 4,3 Mio. €.", "Мельница у реки", "鉄道", "", "a b c d", "x" * 300]
EMBEDDER = HashEmbedder(2048)


def near(one: str, other: str) -> float:
    return float((EMBEDDER.embed_question(one) @ EMBEDDER.embed_question(other).T)[0, 0])


@given(st.lists(st.text(), max_size=4), st.sampled_from([64, 100, 2048]))
def test_rows_have_length_one_or_zero(texts: list[str], dimension: int) -> None:
    """Every row is a float32 vector of length 1, or of zeros where a text has no feature."""
    vectors = HashEmbedder(dimension).embed_passages(texts)
    assert vectors.shape == (len(texts), dimension)
    assert vectors.dtype == numpy.float32
    for length in numpy.linalg.norm(vectors, axis=1):
        assert length == 0 or length == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "!?…", "—", "\n\t"])
def test_text_without_letters_is_a_row_of_zeros(text: str) -> None:
    """What has neither letters nor digits has no features."""
    assert not EMBEDDER.embed_question(text).any()


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_a_row_does_not_depend_on_its_neighbours(texts: list[str]) -> None:
    """A text has one vector: alone, among others, as a question and as a passage."""
    together = EMBEDDER.embed_passages(texts)
    for text, row in zip(texts, together, strict=True):
        assert numpy.array_equal(EMBEDDER.embed_question(text)[0], row)


def test_vectors_are_the_same_in_every_process() -> None:
    """Vectors do not depend on Python's hash seed: an index outlives the process that made it."""
    script = (
        "import hashlib, sys; from rag.embed import HashEmbedder\n"
        "vectors = HashEmbedder(256).embed_passages(sys.argv[1:])\n"
        "print(hashlib.sha256(vectors.tobytes()).hexdigest())"
    )
    own = hashlib.sha256(HashEmbedder(256).embed_passages(TEXTS).tobytes()).hexdigest()
    for seed in ("0", "4711"):
        result = subprocess.run(
            [sys.executable, "-c", script, *TEXTS],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        )
        assert result.stdout.strip() == own


@pytest.mark.parametrize(
    ("one", "other", "stranger"),
    [
        ("Казахстан", "Kasachstan", "Deutschland"),
        ("Казахстан", "Kazakhstan", "Kentucky"),
        ("Жапаров", "Zhaparov", "Tokayev"),
        ("Größe", "GROSSE", "Kleider"),
        ("Bo\u0308rse", "Börse", "Bohne"),
        ("блокчейн", "blockchain", "Bluetooth"),
        ("Crypto-exchange", "crypto exchange", "cryptic change"),
    ],
)
def test_like_names_are_near_over_scripts(one: str, other: str, stranger: str) -> None:
    """A name is nearer to itself in another script or spelling than to another name."""
    assert near(one, other) > 0.15
    assert near(one, other) > near(one, stranger) + 0.1


def test_order_of_words_does_not_matter() -> None:
    """Features do not reach over spaces, so that word order and punctuation change nothing."""
    assert near("mill, river!", "river (mill)") == pytest.approx(1, abs=1e-6)


def test_name_says_what_makes_vectors_differ() -> None:
    """Embedders of different dimensions have different names, and their rows that length."""
    assert HashEmbedder(64).name != HashEmbedder(128).name
    assert HashEmbedder(64).name == HashEmbedder(64).name
    assert HashEmbedder(64).dimension == 64
