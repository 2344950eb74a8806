"""The door for LlamaIndex: exact offsets, any embedding, none mistaken for another."""

import asyncio
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy
import pytest
from llama_index.core import MockEmbedding
from llama_index.core.base.embeddings.base import BaseEmbedding, Embedding
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import NodeWithScore, TextNode
from pydantic import PrivateAttr

from rag.build import Parts
from rag.errors import IndexStateError, QuestionError
from rag.llamaindex import CitebotRetriever, LlamaIndexEmbedder
from rag.settings import Settings

ARTICLES = {
    "harbour.txt": (
        "The harbour of Lindau\n\n"
        "The ferry carried 412 passengers in March. The harbour master closed two piers.\n\n"
        "The ferry carried 412 passengers in March. A third pier is being repaired.\n"
    ),
    "orchard.txt": (
        "Der Obstgarten\n\n"
        "Die Gärtnerin pflanzte 36 Apfelbäume am Hang. Im Herbst kamen zwölf Birnbäume dazu.\n"
    ),
}
"""Two articles; one sentence stands twice, so that searching for its text is not enough."""

LETTERS = "abcdefghijklmnopqrstuvwxyz"


class LetterEmbedding(BaseEmbedding):
    """Counts letters. Remembers the size of every batch it was given."""

    model_name: str = "letters"
    factor: float = 1.0
    letters: str = LETTERS
    _batches: list[int] = PrivateAttr(default_factory=list)

    @property
    def batches(self) -> list[int]:
        return self._batches

    def _get_text_embedding(self, text: str) -> Embedding:
        return [self.factor * text.lower().count(letter) for letter in self.letters]

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        self._batches.append(len(texts))
        return [self._get_text_embedding(text) for text in texts]

    def _get_query_embedding(self, query: str) -> Embedding:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return self._get_text_embedding(query)


class FickleEmbedding(LetterEmbedding):
    """Vectors of passages are shorter than those of questions."""

    def _get_text_embedding(self, text: str) -> Embedding:
        return super()._get_text_embedding(text)[:-1]

    def _get_query_embedding(self, query: str) -> Embedding:
        return super()._get_text_embedding(query)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    corpus = tmp_path / "articles"
    corpus.mkdir()
    for name, text in ARTICLES.items():
        (corpus / name).write_text(text, encoding="utf-8")
    return _settings(tmp_path)


def _settings(folder: Path, **values: Any) -> Settings:
    return Settings(
        _env_file=None,
        corpus=folder / "articles",
        data=folder / "data",
        passage_characters=100,
        **values,
    )


def _check(found: NodeWithScore) -> None:
    """Every offset points at what it says."""
    node = found.node
    assert isinstance(node, TextNode)
    text = ARTICLES[node.metadata["article_id"]]
    assert text[node.start_char_idx : node.end_char_idx] == node.text
    assert node.metadata["start"] == node.start_char_idx
    assert node.metadata["end"] == node.end_char_idx
    assert node.ref_doc_id == node.metadata["article_id"]
    assert node.metadata["language"] in {"de", "en"}
    sentences = node.metadata["sentences"]
    assert sentences[0]["start"] == node.start_char_idx
    assert sentences[-1]["end"] == node.end_char_idx
    assert all(one["end"] <= two["start"] for one, two in pairwise(sentences))
    assert all(sentence["key"].startswith("k") for sentence in sentences)
    assert 0 <= (found.score or 0) <= 1


def test_retrieves_nodes_with_exact_offsets(settings: Settings) -> None:
    found = CitebotRetriever(settings).retrieve("How many passengers did the ferry carry?")
    for one in found:
        _check(one)
    ferries = [one for one in found if "412 passengers" in one.node.get_content()]
    assert len({one.node.start_char_idx for one in ferries if isinstance(one.node, TextNode)}) == 2
    scores = [one.score or 0 for one in found]
    assert scores == sorted(scores, reverse=True)
    assert found[0] in ferries


def test_gives_the_nodes_of_the_answerer(settings: Settings) -> None:
    question = "Wie viele Apfelbäume pflanzte die Gärtnerin?"
    hits = asyncio.run(Parts(settings).answerer.search(question))
    found = CitebotRetriever(settings).retrieve(question)
    assert [(one.node.node_id, one.score) for one in found] == [
        (hit.passage.id, hit.score) for hit in hits
    ]


def test_as_many_nodes_as_the_settings_say(settings: Settings, tmp_path: Path) -> None:
    assert len(CitebotRetriever(settings).retrieve("pier")) > 1
    assert len(CitebotRetriever(_settings(tmp_path, hits=1)).retrieve("pier")) == 1


def test_async_and_inside_an_event_loop(settings: Settings) -> None:
    retriever = CitebotRetriever(settings)

    async def both() -> tuple[list[NodeWithScore], list[NodeWithScore]]:
        return await retriever.aretrieve("Which pier?"), retriever.retrieve("Which pier?")

    waited, plain = asyncio.run(both())
    assert waited
    assert [one.node.node_id for one in waited] == [one.node.node_id for one in plain]


def test_serves_a_query_engine(settings: Settings) -> None:
    engine = RetrieverQueryEngine.from_args(CitebotRetriever(settings), llm=MockLLM())
    response = engine.query("How many passengers did the ferry carry?")
    assert response.source_nodes
    echo = str(response)
    assert "article_id: harbour.txt" in echo
    assert "sentences" not in echo


def test_errors_are_ours(settings: Settings) -> None:
    with pytest.raises(QuestionError):
        CitebotRetriever(settings).retrieve("  ")


@pytest.mark.parametrize("model", [LetterEmbedding(), MockEmbedding(embed_dim=8)])
def test_indexes_and_searches_with_any_embedding(settings: Settings, model: BaseEmbedding) -> None:
    embedder = LlamaIndexEmbedder(model)
    assert Parts(settings, embedder=embedder).indexer.run().passages > 2
    found = CitebotRetriever(settings, embed_model=model).retrieve("Which pier is being repaired?")
    assert "repaired" in found[0].node.get_content()
    for one in found:
        _check(one)


def test_the_embedding_is_what_is_searched(settings: Settings) -> None:
    parts = Parts(settings, embedder=LlamaIndexEmbedder(LetterEmbedding()))
    parts.indexer.run()
    with parts.manifest.reading() as snapshot:
        vector = parts.embedder.embed_question("The harbour of Lindau")
        (near,) = parts.store.search(vector, snapshot.segments, 3)
        passages = parts.store.passages(near, snapshot.segments)
    assert max(near.values()) == pytest.approx(
        max(
            float(vector[0] @ parts.embedder.embed_passages([passage.text])[0])
            for passage in passages.values()
        ),
        abs=1e-5,
    )


@pytest.mark.parametrize(
    "other",
    [None, MockEmbedding(embed_dim=26), MockEmbedding(embed_dim=26, model_name="letters")],
    ids=["built-in", "other class", "same model name"],
)
def test_refuses_an_index_of_another_embedding(
    settings: Settings, other: BaseEmbedding | None
) -> None:
    CitebotRetriever(settings, embed_model=LetterEmbedding()).retrieve("pier")
    with pytest.raises(IndexStateError, match="llamaindex-LetterEmbedding-letters"):
        CitebotRetriever(settings, embed_model=other).retrieve("pier")


def test_refuses_the_built_in_index(settings: Settings) -> None:
    Parts(settings).indexer.run()
    with pytest.raises(IndexStateError, match="hash-romanised"):
        CitebotRetriever(settings, embed_model=LetterEmbedding()).retrieve("pier")


@pytest.mark.parametrize("factor", [1e-30, 1.0, 1e30])
def test_vectors_have_length_one(factor: float) -> None:
    embedder = LlamaIndexEmbedder(LetterEmbedding(factor=factor, embed_batch_size=2))
    vectors = embedder.embed_passages(["abba", "cab", "12"])
    assert vectors.dtype == numpy.float32
    assert vectors.shape == (3, 26)
    assert numpy.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 0], abs=1e-6)
    assert embedder.embed_question("abba") == pytest.approx(vectors[:1])


def test_name_dimension_and_batches() -> None:
    model = LetterEmbedding(embed_batch_size=2)
    embedder = LlamaIndexEmbedder(model)
    assert embedder.name == "llamaindex-LetterEmbedding-letters"
    assert embedder.dimension == 26
    assert embedder.embed_passages([]).shape == (0, 26)
    embedder.embed_passages(list("abcde"))
    assert model.batches == [2, 2, 1]


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (LetterEmbedding(factor=float("nan")), "no number"),
        (FickleEmbedding(), r"\[25\] dimensions"),
    ],
)
def test_refuses_vectors_that_cannot_be_stored(model: BaseEmbedding, why: str) -> None:
    with pytest.raises(IndexStateError, match=why):
        LlamaIndexEmbedder(model).embed_passages(["abba"])


def test_nobody_else_loads_llama_index() -> None:
    program = (
        "import sys; import rag, rag.build, rag.settings; "
        "print([name for name in sys.modules if name.partition('.')[0] == 'llama_index'])"
    )
    root = Path(__file__).parents[1]
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, cwd=root, text=True
    )
    assert found.stdout.strip() == "[]"
