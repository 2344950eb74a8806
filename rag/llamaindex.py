"""The door for programs built on LlamaIndex: our retriever in theirs, their embeddings in ours.

    from rag.llamaindex import CitebotRetriever

    retriever = CitebotRetriever(Settings(corpus="articles"))
    for found in retriever.retrieve("How many exchanges were closed?"):
        print(found.score, found.node.metadata["article_id"], found.node.start_char_idx)

Nothing else here imports this module, so that only those who want LlamaIndex load it.
"""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

import numpy
from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.callbacks import CallbackManager
from llama_index.core.schema import (
    NodeRelationship,
    NodeWithScore,
    QueryBundle,
    RelatedNodeInfo,
    TextNode,
)

from rag.build import Parts
from rag.domain import Hit
from rag.errors import IndexStateError
from rag.ports import Vectors
from rag.settings import Settings

PROBE = "citebot"
"""Embedded once to learn how long a model's vectors are; any word would do."""


class LlamaIndexEmbedder:
    """Any LlamaIndex embedding as an `Embedder`: `Parts(settings, embedder=...)` takes it.

    The name is the class's and the model's, so that an index is not searched with vectors of
    another model. Texts go to the model in batches of its own `embed_batch_size`; what the
    model raises passes through. Raises `IndexStateError` for vectors that cannot be stored.
    """

    def __init__(self, model: BaseEmbedding) -> None:
        self._model = model
        self.name = f"llamaindex-{type(model).__name__}-{model.model_name}"

    @cached_property
    def dimension(self) -> int:
        """Length of every vector, learnt from one embedding when first needed."""
        return len(self._model.get_query_embedding(PROBE))

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        """One row per text, float32, of length 1 (or 0 where the model gives only zeros)."""
        return self._rows(self._model.get_text_embedding_batch(list(texts)), len(texts))

    def embed_question(self, text: str) -> Vectors:
        """One row, shape (1, dimension); models may embed questions in a way of their own."""
        return self._rows([self._model.get_query_embedding(text)], 1)

    def _rows(self, rows: Sequence[Sequence[float]], count: int) -> Vectors:
        lengths = {len(row) for row in rows}
        if len(rows) != count or lengths - {self.dimension}:
            raise IndexStateError(
                f"The embedding {self.name} gave {len(rows)} vectors of {sorted(lengths)} "
                f"dimensions for {count} texts, not one of {self.dimension} for each: check it."
            )
        # In double precision, so that the squares of large components stay finite.
        vectors = numpy.asarray(rows, dtype=numpy.float64).reshape(count, self.dimension)
        if not numpy.isfinite(vectors).all():
            raise IndexStateError(
                f"The embedding {self.name} gave a vector with a component that is no number: "
                "check it."
            )
        sizes = numpy.linalg.norm(vectors, axis=1, keepdims=True)
        return (vectors / numpy.where(sizes > 0, sizes, 1)).astype(numpy.float32)


class CitebotRetriever(BaseRetriever):
    """The retriever of this library as a LlamaIndex retriever.

    It gives at most `settings.hits` nodes, best first, and builds the index when there is none;
    `embed_model` takes the place of the built-in embedder. Every node is a passage of whole
    sentences: `start_char_idx` and `end_char_idx` are exact offsets into the text of its file,
    and its metadata hold `article_id`, `language`, `start`, `end` and `sentences`, for each its
    `key`, `start` and `end` in the same text. Scores lie in 0..1. Raises `CitebotError`.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        embed_model: BaseEmbedding | None = None,
        callback_manager: CallbackManager | None = None,
    ) -> None:
        embedder = LlamaIndexEmbedder(embed_model) if embed_model else None
        self._parts = Parts(settings or Settings(), embedder=embedder)
        super().__init__(callback_manager=callback_manager)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        # The caller may be in an event loop already; another thread is in none.
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(asyncio.run, self._aretrieve(query_bundle)).result()

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = await self._parts.answerer.search(query_bundle.query_str)
        return [_node(hit) for hit in hits]


def _node(hit: Hit) -> NodeWithScore:
    passage = hit.passage
    metadata = {
        "article_id": passage.article_id,
        "language": passage.language,
        "start": passage.start,
        "end": passage.end,
        "sentences": [{"key": s.key, "start": s.start, "end": s.end} for s in passage.sentences],
    }
    node = TextNode(
        id_=passage.id,
        text=passage.text,
        start_char_idx=passage.start,
        end_char_idx=passage.end,
        metadata=metadata,
        # Which article a passage is from is all that a model may want to read of these.
        excluded_embed_metadata_keys=list(metadata),
        excluded_llm_metadata_keys=[name for name in metadata if name != "article_id"],
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=passage.article_id)},
    )
    return NodeWithScore(node=node, score=hit.score)
