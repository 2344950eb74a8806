"""The passages in Chroma, in LlamaIndex's node format.

A segment is one Chroma collection that is written once and then only read. Chroma answers
from deleted rows in other processes until these reopen it, and deletions are where two
processes corrupt an index; a collection that never changes has neither problem, and
whoever holds the list of an earlier generation goes on reading exactly that one.
"""

import secrets
import shutil
import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from rag.domain import Passage
from rag.errors import CitebotError, IndexStateError, StorageError
from rag.nodes import node_of, passage_of
from rag.ports import Segment, Vectors

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection as ChromaCollection
    from chromadb.api.types import Where

PAGE = 256
"""Passages that are copied at a time: their vectors are held as lists of numbers."""

KEPT = 2_000
"""Passages that are kept as they were read, about 5 MB of them."""

SPACE: Final = "cosine"
"""Chroma's own default is l2, and opening a collection again does not change it."""


class ChromaStore:
    """Passages and vectors in a Chroma directory, or on a Chroma server.

    Opened when first used; may be used from several threads at once. Raises `StorageError`
    where Chroma cannot read or write, `IndexStateError` where a collection was not written by
    this program.
    """

    def __init__(
        self, *, path: Path, dimension: int, url: str | None = None, token: str | None = None
    ) -> None:
        self._path = path
        self._url = url
        self._token = token
        self._place = url or str(path)
        self._dimension = dimension
        self._opening = threading.Lock()
        self._opened: ClientAPI | None = None
        self._open: dict[str, ChromaCollection] = {}
        # Segments never change, so what was read of one is so as long as it is there.
        self._kept: OrderedDict[tuple[str, str], Passage] = OrderedDict()

    @staticmethod
    def load() -> None:
        """Import Chroma, which takes about half a second, before it is needed."""
        import chromadb  # noqa: F401 - for its effect

    def add(self, segment: str, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Write passages into a segment that no generation uses yet."""
        from chromadb.api.collection_configuration import (
            CreateCollectionConfiguration,
            CreateHNSWConfiguration,
        )
        from llama_index.vector_stores.chroma import ChromaVectorStore

        with self._sentences():
            collection = self._client.get_or_create_collection(
                f"{self._prefix}{segment}",
                configuration=CreateCollectionConfiguration(
                    hnsw=CreateHNSWConfiguration(space=SPACE)
                ),
                metadata={"dimension": self._dimension},
                embedding_function=None,
            )
            self._check(collection)
            store = ChromaVectorStore(chroma_collection=collection)
            size = self._client.get_max_batch_size()
            for first in range(0, len(passages), size):
                rows = slice(first, first + size)
                store.add(list(map(node_of, passages[rows], vectors[rows].tolist())))

    def search(
        self, vectors: Vectors, segments: Iterable[Segment], limit: int
    ) -> Sequence[Mapping[str, float]]:
        """For each row, the ids of the nearest live passages and their similarity, -1..1."""
        found: list[dict[str, float]] = [{} for _ in vectors]
        if limit < 1:
            return found
        with self._sentences():
            for segment in segments:
                answer = self._collection(segment.name).query(
                    query_embeddings=vectors,
                    n_results=limit,
                    where=_live(segment),
                    include=["distances"],
                )
                rows = zip(found, answer["ids"], answer["distances"] or [], strict=True)
                for near, ids, distances in rows:
                    near |= {i: 1.0 - d for i, d in zip(ids, distances, strict=True)}
        return [_nearest(near, limit) for near in found]

    def passages(self, ids: Collection[str], segments: Iterable[Segment]) -> Mapping[str, Passage]:
        """The live passages with these ids; an id that is not stored is left out."""
        found: dict[str, Passage] = {}
        segments = list(segments)
        for segment in segments:
            kept = {i: self._kept.get((segment.name, i)) for i in ids}
            found |= {i: p for i, p in kept.items() if p and p.article_id not in segment.dead}
        wanted = [i for i in ids if i not in found]
        with self._sentences():
            size = self._client.get_max_batch_size()
            for segment, first in product(segments, range(0, len(wanted), size)):
                rows = self._collection(segment.name).get(
                    ids=wanted[first : first + size],
                    where=_live(segment),
                    include=["documents", "metadatas"],
                )
                new = {
                    i: passage_of(i, text, metadata)
                    for i, text, metadata in zip(
                        rows["ids"], rows["documents"] or [], rows["metadatas"] or [], strict=True
                    )
                }
                found |= new
                self._keep(segment.name, new)
        return found

    def _keep(self, segment: str, passages: Mapping[str, Passage]) -> None:
        with self._opening:
            self._kept.update(((segment, i), passage) for i, passage in passages.items())
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)

    def copy(self, source: Segment, target: str) -> int:
        """Write the live passages of one segment into another; how many they were."""
        import numpy

        copied = 0
        with self._sentences():
            collection = self._collection(source.name)
            for first in range(0, collection.count(), PAGE):
                rows = collection.get(
                    limit=PAGE, offset=first, include=["documents", "metadatas", "embeddings"]
                )
                kept = [
                    (passage_of(i, text, metadata), row)
                    for i, text, metadata, row in zip(
                        rows["ids"],
                        rows["documents"] or [],
                        rows["metadatas"] or [],
                        cast("Iterable[Any]", rows["embeddings"]),
                        strict=True,
                    )
                    if metadata["article_id"] not in source.dead
                ]
                if kept:
                    vectors = numpy.array([row for _, row in kept], dtype=numpy.float32)
                    self.add(target, [passage for passage, _ in kept], vectors)
                copied += len(kept)
        return copied

    def count(self) -> Mapping[str, int]:
        """The segments there are and how many passages each holds."""
        with self._sentences():
            return {
                c.name.removeprefix(self._prefix): c.count()
                for c in self._client.list_collections()
                if c.name.startswith(self._prefix)
            }

    def drop(self, segments: Iterable[str]) -> None:
        """Delete segments that no generation uses any more."""
        with self._sentences():
            for name in segments:
                self._open.pop(name, None)
                self._client.delete_collection(f"{self._prefix}{name}")

    def clear(self) -> None:
        """Delete all segments, damaged ones included."""
        if self._url:
            self.drop(self.count())
            return
        with self._sentences(), self._opening:
            self._open.clear()
            self._opened = None
            _forget_clients()
            if self._path.exists():
                shutil.rmtree(self._path)

    def close(self) -> None:
        """Give back files and memory; what is asked for afterwards opens them again."""
        with self._sentences(), self._opening:
            self._open.clear()
            opened, self._opened = self._opened, None
            if opened is not None:
                cast("Client", opened).close()

    @property
    def _client(self) -> "ClientAPI":
        with self._opening:
            if self._opened is None:
                url = self._url
                self._opened = _server(url, self._token) if url else _embedded(self._path)
            return self._opened

    @cached_property
    def _prefix(self) -> str:
        # A server may hold the collections of others, which are not ours to list or drop.
        return _mark(self._path) if self._url else ""

    def _collection(self, name: str) -> "ChromaCollection":
        if name not in self._open:
            collection = self._client.get_collection(
                f"{self._prefix}{name}", embedding_function=None
            )
            self._check(collection)
            self._open[name] = collection
        return self._open[name]

    def _check(self, collection: "ChromaCollection") -> None:
        # As stored: Chroma's parsed form of it warns of a missing embedding function.
        space = (collection.configuration_json.get("hnsw") or {}).get("space")
        dimension = (collection.metadata or {}).get("dimension")
        if space != SPACE or dimension != self._dimension:
            raise IndexStateError(
                f"The collection {collection.name} in {self._place} measures {space} distance in "
                f"{dimension} dimensions, not {SPACE} in {self._dimension}: run `ingest --rebuild`."
            )

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Chroma's many exceptions as one sentence."""
        try:
            yield
        except (CitebotError, TypeError, AttributeError):
            raise
        except Exception as error:
            self._open.clear()  # What was opened may have been made anew in another process.
            cause = " ".join(str(error).split())[:200] or type(error).__name__
            remedy = (
                "check that the server runs and that CITEBOT_CHROMA_URL and CITEBOT_CHROMA_TOKEN "
                "are right; `ingest --rebuild` makes the index anew."
                if self._url
                else "check that it is writable, has free space and is no other program's; "
                "`ingest --rebuild` makes it anew."
            )
            raise StorageError(f"Chroma cannot use {self._place} ({cause}): {remedy}") from error


def _embedded(path: Path) -> "ClientAPI":
    import chromadb

    try:
        return chromadb.PersistentClient(str(path), settings=_quiet())
    except Exception:
        _forget_clients()
        raise


def _forget_clients() -> None:
    """Have directories opened anew: Chroma keeps what it opened, or could not even start."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()


def _server(url: str, token: str | None) -> "ClientAPI":
    from urllib.parse import urlsplit

    import chromadb

    parts = urlsplit(url)
    secure = parts.scheme == "https"
    return chromadb.HttpClient(
        host=parts.hostname or url,
        port=parts.port or (443 if secure else 8000),
        ssl=secure,
        headers={"Authorization": f"Bearer {token}"} if token else None,
        settings=_quiet(),
    )


def _mark(path: Path) -> str:
    """What the names of this installation's collections begin with on a server."""
    file = path / "server"
    if not file.exists():
        path.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{secrets.token_hex(4)}-", "ascii")
    return file.read_text("ascii")


def _quiet() -> Any:
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def _nearest(found: Mapping[str, float], limit: int) -> Mapping[str, float]:
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[:limit])


def _live(segment: Segment) -> "Where | None":
    if not segment.dead:
        return None
    return cast("Where", {"article_id": {"$nin": sorted(segment.dead)}})
