"""A stand-in for each port of `rag.ports`, small enough to be right at a glance.

`FakeEmbedder` counts what it is asked, `FakeStore` keeps passages in memory, and
`FakeGenerator` and `FakeModel` say what they were told to say. `FixedDetector` calls every text
by one language.
"""

import zlib
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256

import numpy

from rag.domain import Article, Claim, Draft, Dropped, Hit, Material, Passage, Question, Usage
from rag.errors import ModelError
from rag.languages import LanguageDetector
from rag.ledger import Ledger
from rag.passages import passages_of
from rag.ports import Embedder, Ending, Generator, Message, Model, Segment, Shape, Store, Vectors

SAID = Ending(finish="stop", usage=Usage(tokens_in=100, tokens_out=10, tokens_cached=20))
"""A good end, and what it took."""


class FakeEmbedder:
    """Words hashed into a few dimensions. `passages` is everything that was embedded.

    `before` is called with the texts of every batch of passages: to fail, or to wait.
    """

    def __init__(
        self,
        dimension: int = 32,
        name: str = "fake",
        before: Callable[[Sequence[str]], None] = lambda texts: None,
    ) -> None:
        self.dimension = dimension
        self.name = name
        self.before = before
        self.passages: list[str] = []

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row per text."""
        self.before(texts)
        self.passages.extend(texts)
        return numpy.array([self._row(text) for text in texts], dtype=numpy.float32)

    def embed_question(self, text: str) -> Vectors:
        """A single row."""
        return numpy.array([self._row(text)], dtype=numpy.float32)

    def _row(self, text: str) -> Vectors:
        row = numpy.zeros(self.dimension, dtype=numpy.float32)
        for word in text.lower().split():
            row[zlib.crc32(word.strip(".,?!").encode()) % self.dimension] += 1
        length = float(numpy.linalg.norm(row))
        return row / length if length else row


class FakeStore:
    """Passages and vectors in a dictionary per segment."""

    def __init__(self) -> None:
        self.segments: dict[str, dict[str, tuple[Passage, Vectors]]] = {}

    def add(self, segment: str, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Write passages into a segment."""
        rows = self.segments.setdefault(segment, {})
        rows.update({p.id: (p, v) for p, v in zip(passages, vectors, strict=True)})

    def search(
        self, vectors: Vectors, segments: Iterable[Segment], limit: int
    ) -> Sequence[Mapping[str, float]]:
        """For each row, the ids of the nearest live passages and their cosine similarity."""
        live = list(self._live(segments))
        found = ({p.id: _cosine(row, v) for p, v in live} for row in vectors)
        return [
            dict(sorted(near.items(), key=lambda item: (-item[1], item[0]))[:limit])
            for near in found
        ]

    def passages(self, ids: Collection[str], segments: Iterable[Segment]) -> Mapping[str, Passage]:
        """The live passages with these ids."""
        return {p.id: p for p, _ in self._live(segments) if p.id in ids}

    def copy(self, source: Segment, target: str) -> int:
        """Write the live passages of one segment into another."""
        live = list(self._live([source]))
        for passage, vector in live:
            self.add(target, [passage], vector[None])
        return len(live)

    def count(self) -> Mapping[str, int]:
        """The segments there are and how many passages each holds."""
        return {name: len(rows) for name, rows in self.segments.items()}

    def drop(self, segments: Iterable[str]) -> None:
        """Delete segments."""
        for name in list(segments):
            del self.segments[name]

    def clear(self) -> None:
        """Delete all segments."""
        self.segments.clear()

    def close(self) -> None:
        """Nothing is held."""

    def _live(self, segments: Iterable[Segment]) -> Iterable[tuple[Passage, Vectors]]:
        return [
            (passage, vector)
            for segment in segments
            for passage, vector in self.segments[segment.name].values()
            if passage.article_id not in segment.dead
        ]


class FakeGenerator:
    """Claims the same whatever it is asked. `asked` is what it was asked."""

    name = "fake"

    def __init__(self, *claims: Claim) -> None:
        self.claims = claims
        self.asked: list[Question] = []

    async def draft(
        self, question: Question, material: Material, ledger: Ledger
    ) -> AsyncGenerator[Claim | Draft, None]:
        """The claims it was made with."""
        self.asked.append(question)
        for claim in self.claims:
            yield claim
        yield Draft(claims=self.claims)

    async def repair(
        self, question: Question, material: Material, failed: Sequence[Dropped], ledger: Ledger
    ) -> Sequence[Claim]:
        """Nothing is mended."""
        return ()


class FakeModel:
    """Replies with what it was told, one text after the other, the last one for ever.

    A text is said in pieces of `cut` characters; `ModelError` instead of a text is raised, an
    `Ending` behind a text is how it ends. `asked` is what it was sent.
    """

    def __init__(
        self, *replies: str | ModelError | tuple[str, Ending], name: str = "fake-1", cut: int = 7
    ) -> None:
        self.name = name
        self.replies = list(replies)
        self.cut = cut
        self.asked: list[tuple[Sequence[Message], Shape]] = []

    async def reply(
        self, messages: Sequence[Message], shape: Shape, until: float
    ) -> AsyncGenerator[str | Ending, None]:
        """The next text."""
        self.asked.append((messages, shape))
        said = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        if isinstance(said, ModelError):
            raise said
        text, ending = said if isinstance(said, tuple) else (said, SAID)
        for start in range(0, len(text), self.cut):
            yield text[start : start + self.cut]
        yield ending


class FixedDetector(LanguageDetector):
    """Calls every text by one language, without a model."""

    def __init__(self, language: str = "en") -> None:
        super().__init__()
        self.language = language

    def detect(self, text: str, *, among: Collection[str] | None = None) -> str:
        """The one language."""
        return self.language


def article_of(text: str, article_id: str = "a.txt", language: str = "en") -> Article:
    """An article as it would be read from a file with that text."""
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Article(id=article_id, title=article_id, language=language, text=text, sha256=digest)


def passage_of(text: str, article_id: str = "a.txt", language: str = "en") -> Passage:
    """The only passage of such an article."""
    (passage,) = passages_of(article_of(text, article_id, language), limit=10_000)
    return passage


def hit_of(*passages: Passage) -> tuple[Hit, ...]:
    """Passages as if they had been found."""
    return tuple(Hit(passage=passage, score=1.0) for passage in passages)


def _cosine(one: Vectors, other: Vectors) -> float:
    lengths = float(numpy.linalg.norm(one) * numpy.linalg.norm(other))
    return float(one @ other) / lengths if lengths else 0.0


# A type checker compares each stand-in with its port here.
_embedder: type[Embedder] = FakeEmbedder
_store: type[Store] = FakeStore
_generator: type[Generator] = FakeGenerator
_model: type[Model] = FakeModel
