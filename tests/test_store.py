"""What `rag.store` promises: passages come back as they went in, and the dead stay away."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import store as module
from rag.domain import Passage, Sentence
from rag.errors import IndexStateError, StorageError
from rag.ports import Segment, Store, Vectors
from rag.store import ChromaStore
from tests.fakes import FakeStore, passage_of

if TYPE_CHECKING:
    from chromadb.api import ClientAPI

DIMENSION = 4


@pytest.fixture
def chroma(tmp_path: Path) -> ChromaStore:
    return ChromaStore(path=tmp_path / "chroma", dimension=DIMENSION)


@pytest.fixture(params=[ChromaStore, FakeStore])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Each of the stores: the stand-in keeps the promises of the real one."""
    if request.param is FakeStore:
        return FakeStore()
    return ChromaStore(path=tmp_path / "chroma", dimension=DIMENSION)


def vectors(*rows: tuple[float, ...]) -> Vectors:
    return numpy.array(rows, dtype=numpy.float32)


def axis(number: int) -> Vectors:
    return vectors(tuple(float(number == column) for column in range(DIMENSION)))


def three(store: Store) -> tuple[Passage, Passage, Passage]:
    """A segment `one` with a passage of each of a, b and c, along the first three axes."""
    passages = tuple(passage_of(f"The {n} mill was sold.", f"{n}.txt") for n in "abc")
    a, b, c = passages
    store.add("one", [a, b, c], numpy.concatenate([axis(0), axis(1), axis(2)]))
    return a, b, c


# --- Writing and finding -----------------------------------------------------------------------


def test_passage_comes_back_equal(store: Store) -> None:
    """A passage is equal after the round trip: offsets, sentences, keys and white space too."""
    text = "  Первая мельница.\r\n\tDie zweite kostet 4,3 Mio. €!\u2028“Third” \U0001f600?  "
    passage = Passage(
        id="p1",
        article_id="ü/файл.md",
        language="ru",
        start=7,
        end=7 + len(text),
        text=text,
        sentences=(
            Sentence(article_id="ü/файл.md", start=9, end=20, text=text[2:13], key="kabc234"),
            Sentence(article_id="ü/файл.md", start=20, end=33, text=text[13:26], key="k2"),
        ),
    )
    bare = Passage(id="p2", article_id="b", language="en", start=0, end=1, text="x", sentences=())
    store.add("one", [passage, bare], numpy.concatenate([axis(0), axis(1)]))
    assert store.passages(["p1", "p2", "p3"], [Segment(name="one")]) == {"p1": passage, "p2": bare}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1))
def test_any_text_comes_back_equal(chroma: ChromaStore, text: str) -> None:
    """Whatever characters a passage has, they are the same after the round trip."""
    name = f"segment-{len(chroma.count())}"
    sentence = Sentence(article_id="a", start=0, end=len(text), text=text, key="k")
    passage = Passage(
        id="p",
        article_id="a",
        language="en",
        start=0,
        end=len(text),
        text=text,
        sentences=(sentence,),
    )
    chroma.add(name, [passage], axis(0))
    assert chroma.passages(["p"], [Segment(name=name)]) == {"p": passage}


def test_search_gives_cosine_similarities_best_first(store: Store) -> None:
    """Similarity is the cosine whatever the length of vectors: 1 alike, 0 across, -1 against."""
    names = ("same", "longer", "half", "across", "against")
    passages = [passage_of(f"The {name} mill.", f"{name}.txt") for name in names]
    rows = vectors((1, 0, 0, 0), (9, 0, 0, 0), (1, 1, 0, 0), (0, 1, 0, 0), (-2, 0, 0, 0))
    store.add("one", passages, rows)
    (found,) = store.search(axis(0), [Segment(name="one")], 10)
    expected = [1.0, 1.0, 0.7071, 0.0, -1.0]
    assert [found[p.id] for p in passages] == pytest.approx(expected, abs=1e-3)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_row_without_features_is_far_from_everything(store: Store) -> None:
    """A vector of zeros is stored, and near to nothing."""
    passage = passage_of("The mill was sold.")
    store.add("one", [passage], vectors((0, 0, 0, 0)))
    (found,) = store.search(axis(0), [Segment(name="one")], 10)
    assert found == {passage.id: pytest.approx(0.0, abs=1e-3)}


@pytest.mark.parametrize(("limit", "expected"), [(0, 0), (-1, 0), (1, 1), (2, 2), (500, 3)])
def test_search_gives_at_most_the_limit(chroma: ChromaStore, limit: int, expected: int) -> None:
    """The limit is kept, and may be none at all or more than there is."""
    three(chroma)
    (found,) = chroma.search(axis(0), [Segment(name="one")], limit)
    assert len(found) == expected


def test_limit_counts_all_segments_together(store: Store) -> None:
    """The nearest over all segments are found, not the nearest of each."""
    a, b, c = three(store)
    d, e = passage_of("The d mill.", "d.txt"), passage_of("The e mill.", "e.txt")
    store.add("two", [d, e], vectors((9, 1, 0, 0), (5, 4, 0, 0)))
    (found,) = store.search(axis(0), [Segment(name="one"), Segment(name="two")], 3)
    assert list(found) == [a.id, d.id, e.id]
    assert not {b.id, c.id} & set(found)


def test_no_segments_hold_nothing(store: Store) -> None:
    """A search in no segment finds nothing, and nothing is asked for no ids."""
    assert store.search(axis(0), [], 5) == [{}]
    assert store.passages(["p"], []) == {}
    three(store)
    assert store.passages([], [Segment(name="one")]) == {}


# --- The dead ----------------------------------------------------------------------------------


def test_dead_articles_are_never_returned(store: Store) -> None:
    """Dead articles are neither found nor fetched, and do not take the places of living ones."""
    a, b, c = three(store)
    segments = [Segment(name="one", dead=frozenset({"a.txt", "unknown.txt"}))]
    assert set(store.search(axis(0), segments, 2)[0]) == {b.id, c.id}
    assert store.passages([a.id, b.id], segments) == {b.id: b}


def test_an_article_may_be_dead_in_one_segment_and_live_in_another(store: Store) -> None:
    """A passage that was written again is found where it stands now, and once."""
    a, b, c = three(store)
    store.add("two", [a], axis(3))
    segments = [Segment(name="one", dead=frozenset({"a.txt"})), Segment(name="two")]
    assert store.search(axis(3), segments, 10)[0][a.id] == pytest.approx(1.0, abs=1e-3)
    assert store.passages([a.id, b.id, c.id], segments) == {a.id: a, b.id: b, c.id: c}


def test_copy_leaves_the_dead_behind(store: Store) -> None:
    """A copy holds the living passages with their vectors, counts them, and leaves its source."""
    a, b, c = three(store)
    one, joined = Segment(name="one", dead=frozenset({"b.txt"})), Segment(name="joined")
    d = passage_of("The d mill.", "d.txt")
    store.add("joined", [d], axis(3))
    assert store.copy(one, "joined") == 2
    assert store.count() == {"one": 3, "joined": 3}
    assert store.passages([a.id, b.id, c.id, d.id], [joined]) == {a.id: a, c.id: c, d.id: d}
    (found,) = store.search(axis(2), [joined], 1)
    assert found == {c.id: pytest.approx(1.0, abs=1e-3)}


def test_copy_of_nothing_living_makes_no_segment(store: Store) -> None:
    """Where all is dead nothing is copied, not even an empty segment."""
    three(store)
    dead = Segment(name="one", dead=frozenset({"a.txt", "b.txt", "c.txt"}))
    assert store.copy(dead, "joined") == 0
    assert store.count() == {"one": 3}


def test_dropped_segments_are_gone(store: Store) -> None:
    """Dropping deletes the named segments only, and their names are free again."""
    a, b, _ = three(store)
    store.add("two", [b], axis(1))
    store.drop(["one"])
    assert store.count() == {"two": 1}
    store.add("one", [a], axis(0))
    assert store.passages([a.id, b.id], [Segment(name="one")]) == {a.id: a}


def test_cleared_store_is_empty_and_works(store: Store) -> None:
    """Clearing deletes every segment, and the store can be written again at once."""
    a, _, _ = three(store)
    store.clear()
    assert store.count() == {}
    store.clear()
    store.add("one", [a], axis(0))
    assert store.passages([a.id], [Segment(name="one")]) == {a.id: a}


def garbage(file: Path) -> None:
    file.write_bytes(b"no database" * 1_000)


def torn(file: Path) -> None:
    raw = file.read_bytes()
    file.write_bytes(raw[:4_096] + b"\xff" * (len(raw) - 4_096))


@pytest.mark.parametrize("spoil", [garbage, torn])
@pytest.mark.parametrize("opened", [True, False])
def test_damaged_directory_is_one_sentence_until_it_is_cleared(
    tmp_path: Path, spoil: Callable[[Path], None], opened: bool
) -> None:
    """Chroma's own files may be damaged: the sentence names the way out, and that one works."""
    chroma = ChromaStore(path=tmp_path / "chroma", dimension=DIMENSION)
    three(chroma)
    if not opened:
        forget_clients()
        chroma = ChromaStore(path=tmp_path / "chroma", dimension=DIMENSION)
    spoil(tmp_path / "chroma" / "chroma.sqlite3")
    with pytest.raises(StorageError, match="ingest --rebuild") as caught:
        chroma.count()
    assert "\n" not in str(caught.value)
    chroma.clear()
    a, _, _ = three(chroma)
    assert chroma.count() == {"one": 3}
    forget_clients()
    again = ChromaStore(path=tmp_path / "chroma", dimension=DIMENSION)
    assert again.passages([a.id], [Segment(name="one")]) == {a.id: a}


def forget_clients() -> None:
    """As in a new process: Chroma keeps a client for each directory."""
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()


def test_more_than_one_batch(chroma: ChromaStore) -> None:
    """More passages, ids and dead articles than Chroma takes at once are no trouble."""
    size = 5_461 + 2
    passages = [
        Passage(
            id=f"p{number}",
            article_id=f"a{number}",
            language="en",
            start=0,
            end=1,
            text="x",
            sentences=(),
        )
        for number in range(size)
    ]
    rows = numpy.random.default_rng(1).random((size, DIMENSION), dtype=numpy.float32)
    chroma.add("one", passages, rows)
    assert chroma.count() == {"one": size}
    ids = [*(p.id for p in passages), *(f"unknown{number}" for number in range(28_000))]
    assert chroma.passages(ids, [Segment(name="one")]) == {p.id: p for p in passages}
    living = passages[5_460:5_462]
    dead = frozenset(p.article_id for p in passages) - {p.article_id for p in living}
    assert chroma.copy(Segment(name="one", dead=dead), "two") == len(living)
    (found,) = chroma.search(rows[5_461:5_462], [Segment(name="one", dead=dead)], 1)
    assert list(found) == ["p5461"]


# --- What is in Chroma -------------------------------------------------------------------------


def test_collections_measure_cosine_distance(chroma: ChromaStore, tmp_path: Path) -> None:
    """What is stored is a cosine collection, whoever opens it, and says its dimension."""
    three(chroma)
    collection = client(tmp_path).get_collection("one", embedding_function=None)
    assert collection.configuration_json["hnsw"]["space"] == "cosine"
    assert collection.metadata == {"dimension": DIMENSION}


def foreign_space(path: Path) -> None:
    client(path).create_collection("one", metadata={"dimension": 4}, embedding_function=None)


def other_dimension(path: Path) -> None:
    store = ChromaStore(path=path / "chroma", dimension=8)
    store.add("one", [passage_of("The mill.")], numpy.ones((1, 8), dtype=numpy.float32))


@pytest.mark.parametrize(
    ("make", "says"), [(foreign_space, "l2 distance"), (other_dimension, "8 dimensions")]
)
@pytest.mark.parametrize(
    "use",
    [
        lambda store: store.search(axis(0), [Segment(name="one")], 1),
        lambda store: store.passages(["p"], [Segment(name="one")]),
        lambda store: store.copy(Segment(name="one"), "two"),
        lambda store: store.add("one", [passage_of("The mill.")], axis(0)),
    ],
)
def test_collection_of_another_kind_is_not_used(
    tmp_path: Path, make: Callable[[Path], None], says: str, use: Callable[[Store], object]
) -> None:
    """Another distance or dimension is named in one sentence, before anything is read from it."""
    make(tmp_path)
    with pytest.raises(IndexStateError, match=says) as caught:
        use(ChromaStore(path=tmp_path / "chroma", dimension=DIMENSION))
    assert "ingest --rebuild" in str(caught.value)


def test_missing_segment_is_one_sentence(chroma: ChromaStore, tmp_path: Path) -> None:
    """A segment that is not there is a sentence that names the place."""
    three(chroma)
    with pytest.raises(StorageError) as caught:
        chroma.search(axis(0), [Segment(name="two-two")], 1)
    assert str(tmp_path / "chroma") in str(caught.value)
    assert "\n" not in str(caught.value)


def test_segment_made_anew_elsewhere_is_found_at_the_second_try(
    chroma: ChromaStore, tmp_path: Path
) -> None:
    """A handle to a collection that someone else replaced costs one failure, not all."""
    a, _, _ = three(chroma)
    chroma.search(axis(0), [Segment(name="one")], 1)
    other = ChromaStore(path=tmp_path / "chroma", dimension=DIMENSION)
    other.drop(["one"])
    other.add("one", [a], axis(0))
    with pytest.raises(StorageError):
        chroma.search(axis(0), [Segment(name="one")], 1)
    (found,) = chroma.search(axis(0), [Segment(name="one")], 1)
    assert list(found) == [a.id]


def test_llamaindex_opens_the_collection(chroma: ChromaStore, tmp_path: Path) -> None:
    """A user of LlamaIndex gets text nodes with our ids, texts and metadata from a segment."""
    from llama_index.core import MockEmbedding, VectorStoreIndex
    from llama_index.core.schema import TextNode
    from llama_index.vector_stores.chroma import ChromaVectorStore

    passages = {p.id: p for p in three(chroma)}
    collection = client(tmp_path).get_collection("one", embedding_function=None)
    index = VectorStoreIndex.from_vector_store(
        ChromaVectorStore(chroma_collection=collection),
        embed_model=MockEmbedding(embed_dim=DIMENSION),
    )
    nodes = [found.node for found in index.as_retriever(similarity_top_k=3).retrieve("mill")]
    assert {node.node_id for node in nodes} == passages.keys()
    for node in nodes:
        passage = passages[node.node_id]
        assert isinstance(node, TextNode)
        assert node.get_content() == passage.text
        assert node.ref_doc_id == passage.article_id
        shown = {key: node.metadata[key] for key in ("article_id", "language", "start", "end")}
        assert shown == {
            "article_id": passage.article_id,
            "language": "en",
            "start": passage.start,
            "end": passage.end,
        }


def test_server_may_be_shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a server, collections of others are neither listed nor dropped nor mixed with ours."""
    shared = client(tmp_path)
    shared.create_collection("somebody-else", embedding_function=None)
    monkeypatch.setattr(module, "_server", lambda _url, _token: shared)

    def opened(name: str) -> ChromaStore:
        return ChromaStore(path=tmp_path / name, dimension=DIMENSION, url="http://chroma:8000")

    first, second = opened("first"), opened("second")
    a, b, c = three(first)
    second.add("one", [b], axis(1))
    assert (first.count(), second.count()) == ({"one": 3}, {"one": 1})
    assert second.passages([a.id, b.id], [Segment(name="one")]) == {b.id: b}
    second.drop(second.count())
    assert opened("first").passages([c.id], [Segment(name="one")]) == {c.id: c}
    assert "somebody-else" in {collection.name for collection in shared.list_collections()}


def client(path: Path) -> "ClientAPI":
    import chromadb
    from chromadb.config import Settings

    quiet = Settings(anonymized_telemetry=False)
    return chromadb.PersistentClient(str(path / "chroma"), settings=quiet)


def test_a_closed_store_gives_its_files_back_and_opens_again(tmp_path: Path) -> None:
    """After closing, the process holds no more files than before, and a search still works."""
    before = open_files()
    store = ChromaStore(path=tmp_path / "chroma", dimension=2)
    vectors = numpy.array([[1.0, 0.0]], dtype=numpy.float32)
    store.add("first", [passage_of("The mill stands.")], vectors)

    store.close()

    assert open_files() <= before
    assert len(store.search(vectors, [Segment(name="first")], 1)[0]) == 1
    store.close()


def open_files() -> int:
    """How many files below the temporary folders this process has open."""
    links = Path("/proc/self/fd")
    if not links.is_dir():
        pytest.skip("this system does not list open files")
    return sum("chroma" in os.path.realpath(link) for link in links.iterdir())
