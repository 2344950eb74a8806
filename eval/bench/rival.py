"""LlamaIndex's CitationQueryEngine over an index of ours, with our embedder and any server.

Its own adapter to OpenAI is not among the packages here; what stands for it is the least that there
can be, one request by the same client and not streamed, which is how the engine asks by itself.
Nothing of ours but the embedder works in it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import chromadb
from chromadb.config import Settings
from llama_index.core import VectorStoreIndex
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import (
    CompletionResponse,
    CompletionResponseGen,
    LLMMetadata,
)
from llama_index.core.llms import CustomLLM
from llama_index.core.query_engine import CitationQueryEngine
from llama_index.vector_stores.chroma import ChromaVectorStore
from openai import OpenAI
from pydantic import PrivateAttr

from rag.ports import Embedder

WINDOW = 128_000
"""Tokens that the model may read: enough for one request per question."""


class Embedding(BaseEmbedding):
    """Our embedder as one of theirs."""

    _embedder: Embedder = PrivateAttr()

    def __init__(self, embedder: Embedder) -> None:
        super().__init__()
        self._embedder = embedder

    def _get_text_embedding(self, text: str) -> list[float]:
        vector: list[float] = self._embedder.embed_passages([text])[0].tolist()
        return vector

    def _get_query_embedding(self, query: str) -> list[float]:
        vector: list[float] = self._embedder.embed_question(query)[0].tolist()
        return vector

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_query_embedding(query)


class Asked(CustomLLM):
    """A model behind a server that speaks like OpenAI's."""

    url: str
    _client: OpenAI = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Open the client, which is kept."""
        super().model_post_init(context)
        self._client = OpenAI(base_url=self.url, api_key="none")

    @property
    def metadata(self) -> LLMMetadata:
        """What the engine has to know of it."""
        return LLMMetadata(model_name="bench", context_window=WINDOW, num_output=1_000)

    def complete(self, prompt: str, *_: Any, **__: Any) -> CompletionResponse:
        """One request."""
        reply = self._client.chat.completions.create(
            model="bench", messages=[{"role": "user", "content": prompt}], temperature=0.0
        )
        return CompletionResponse(text=reply.choices[0].message.content or "")

    def stream_complete(self, prompt: str, *_: Any, **__: Any) -> CompletionResponseGen:
        """Not what the engine asks for."""
        raise NotImplementedError


def engine(chroma: Path, embedder: Embedder, url: str, hits: int) -> Callable[[str], str]:
    """What answers a question from the only collection in a Chroma directory."""
    client = chromadb.PersistentClient(str(chroma), settings=Settings(anonymized_telemetry=False))
    [collection] = client.list_collections()
    index = VectorStoreIndex.from_vector_store(
        ChromaVectorStore(chroma_collection=collection), embed_model=Embedding(embedder)
    )
    asked = CitationQueryEngine.from_args(index, llm=Asked(url=url), similarity_top_k=hits)
    return lambda question: str(asked.query(question))
