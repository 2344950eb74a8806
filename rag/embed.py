"""The built-in embedder: signed hashing of romanised character n-grams, no model weights.

Weinberger et al., "Feature Hashing for Large Scale Multitask Learning" (ICML 2009): every
n-gram adds +1 or -1 to one of the dimensions, both chosen by its hash, so that collisions
cancel on average. n = 3..5 within words; sub-linear counts (1 + ln n); rows of length 1.
"""

from collections.abc import Sequence

import numpy
from numpy.typing import NDArray

from rag.ports import Vectors
from rag.terms import romanised

SIZES = (3, 4, 5)
"""The n-gram lengths that the benchmark sets were measured with."""

_PRIME = numpy.uint64(1_099_511_628_211)
"""Multiplier of the FNV-1a hash (Fowler, Noll, Vo)."""
_OFFSET = numpy.uint64(14_695_981_039_346_656_037)
"""Offset basis of FNV-1a, 64 bits."""
_SPACE = ord(" ")


class HashEmbedder:
    """Texts to vectors without a model; equal texts always get equal vectors."""

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.name = f"hash-romanised-3-5-{dimension}"

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, shape (len(texts), dimension)."""
        vectors = numpy.zeros((len(texts), self.dimension), dtype=numpy.float32)
        for row, text in zip(vectors, texts, strict=True):
            self._add(row, text)
        return vectors

    def embed_question(self, text: str) -> Vectors:
        """One row, shape (1, dimension)."""
        return self.embed_passages([text])

    def _add(self, row: NDArray[numpy.float32], text: str) -> None:
        hashes = numpy.concatenate([_hashes(_codes(text), size) for size in SIZES])
        features, counts = numpy.unique(hashes, return_counts=True)
        signs = numpy.where(features >> numpy.uint64(63), 1.0, -1.0)
        columns = (features % numpy.uint64(self.dimension)).astype(numpy.intp)
        numpy.add.at(row, columns, (signs * (1.0 + numpy.log(counts))).astype(numpy.float32))
        length = float(numpy.linalg.norm(row))
        if length > 0:
            row /= length


def _codes(text: str) -> NDArray[numpy.uint64]:
    """The romanised letters and digits as bytes, words framed by single spaces."""
    kept = "".join(c if c.isalnum() else " " for c in romanised(text))
    framed = f" {' '.join(kept.split())} "
    return numpy.frombuffer(framed.encode("ascii"), dtype=numpy.uint8).astype(numpy.uint64)


def _hashes(codes: NDArray[numpy.uint64], size: int) -> NDArray[numpy.uint64]:
    """The mixed hash of every n-gram that does not reach over a space."""
    count = len(codes) - size + 1
    if count <= 0:
        return numpy.empty(0, dtype=numpy.uint64)
    hashes = numpy.full(count, _OFFSET + numpy.uint64(size), dtype=numpy.uint64)
    inside = numpy.ones(count, dtype=bool)
    for index in range(size):
        letters = codes[index : index + count]
        hashes = (hashes ^ letters) * _PRIME
        if 0 < index < size - 1:
            inside &= letters != _SPACE
    return _mixed(hashes[inside])


def _mixed(hashes: NDArray[numpy.uint64]) -> NDArray[numpy.uint64]:
    """Finaliser of splitmix64 (Steele, Lea, Flood 2014): spreads FNV's weak low bits."""
    hashes = (hashes ^ (hashes >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
    hashes = (hashes ^ (hashes >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return hashes ^ (hashes >> numpy.uint64(31))
