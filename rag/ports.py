"""What the pipelines need from the outside: a few small protocols.

`rag.build` names the classes behind them; `tests/fakes.py` has a stand-in for each.
"""

from collections.abc import AsyncGenerator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy
from numpy.typing import NDArray

from rag.domain import Claim, Draft, Dropped, Material, Passage, Question, Usage
from rag.ledger import Ledger

Vectors = NDArray[numpy.float32]
"""Shape (texts, dimension), rows of length 1 (or 0 for a text without any feature)."""


class Embedder(Protocol):
    """Texts to vectors. Two embedders with one name must give equal vectors."""

    @property
    def name(self) -> str:
        """Stored with the index and compared when it is opened."""

    @property
    def dimension(self) -> int:
        """Length of every vector."""

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row per text."""

    def embed_question(self, text: str) -> Vectors:
        """A single row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A part of the stored passages: written once, read by many, dropped whole.

    `dead` names the articles whose passages in it belong to an earlier generation.
    """

    name: str
    dead: frozenset[str] = frozenset()


class Store(Protocol):
    """Passages and their vectors, in segments that never change once they are in use."""

    def add(self, segment: str, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Write passages into a segment that no generation uses yet."""

    def search(
        self, vectors: Vectors, segments: Iterable[Segment], limit: int
    ) -> Sequence[Mapping[str, float]]:
        """For each row, the ids of the nearest live passages and their similarity, -1..1."""

    def passages(self, ids: Collection[str], segments: Iterable[Segment]) -> Mapping[str, Passage]:
        """The live passages with these ids; an id that is not stored is left out."""

    def copy(self, source: Segment, target: str) -> int:
        """Write the live passages of one segment into another; how many they were."""

    def count(self) -> Mapping[str, int]:
        """The segments there are and how many passages each holds."""

    def clear(self) -> None:
        """Delete all segments, damaged ones included."""

    def drop(self, segments: Iterable[str]) -> None:
        """Delete segments that no generation uses any more."""

    def close(self) -> None:
        """Give back files and memory; what is asked for afterwards opens them again."""


class Generator(Protocol):
    """Proposes claims that answer a question from what was found."""

    @property
    def name(self) -> str:
        """Stands in the reply, so that a reader knows who wrote it."""

    def draft(
        self, question: Question, material: Material, ledger: Ledger
    ) -> AsyncGenerator[Claim | Draft, None]:
        """Claims as soon as they are whole, and last the draft that they make.

        They rest on sentences of the material; there are none when these do not answer.
        """

    async def repair(
        self, question: Question, material: Material, failed: Sequence[Dropped], ledger: Ledger
    ) -> Sequence[Claim]:
        """Other claims in place of those that failed; none where nothing can be mended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A part of what a language model is sent."""

    role: Literal["system", "user"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The JSON object that a language model is to reply with."""

    name: str
    """Letters, digits, `_` and `-`, at most 64."""
    schema: Mapping[str, object]
    """A JSON Schema fit for strict mode: all properties required, no others allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a reply ended, and what it took."""

    finish: str
    """stop, length, content_filter, refusal, tool_calls; or broken: the connection was lost."""
    usage: Usage


class Model(Protocol):
    """A language model."""

    @property
    def name(self) -> str:
        """As its server knows it."""

    def reply(
        self, messages: Sequence[Message], shape: Shape, until: float
    ) -> AsyncGenerator[str | Ending, None]:
        """The text of one reply piece by piece as it comes, and last how it ended.

        Nothing is tried or waited for any more when `time.monotonic()` has reached `until`.
        Raises `ModelError` if nothing came.
        """
