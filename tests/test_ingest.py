"""What `rag.ingest` promises: the index becomes equal to the folder, and nothing is lost."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag import analysis
from rag import ingest as module
from rag.analysis import Analyser
from rag.changes import Kind
from rag.cldr import Names
from rag.domain import Question
from rag.errors import CorpusError, IndexStateError, LockedError
from rag.ingest import Indexer, Report
from rag.lexical import Field, Terms
from rag.lexicon import Lexicon
from rag.manifest import Entry, Manifest
from rag.ports import Store
from rag.retrieve import Retriever
from rag.scan import Scanner
from rag.settings import Settings
from rag.stopwords import StopWords
from rag.store import ChromaStore
from tests.fakes import FakeEmbedder, FakeStore, FixedDetector

ROOT = Path(__file__).parents[1]

MILL = "The mill by the river was sold in March. Its wheel still turns."
HARBOUR = "A harbour was built for nine ships. Nobody knows who paid."
BRIDGE = "The bridge fell down in the night. It was rebuilt within a year."

LEXICON, NO_NAMES = Lexicon(), Names([])
ANALYSER = Analyser(lexicon=LEXICON, names=Names(["en"]), stop_words=StopWords())


class PlainAnalyser(Analyser):
    """Words as they stand, in every field, under a fingerprint of one's choice."""

    def __init__(self, fingerprint: str = "plain") -> None:
        super().__init__(lexicon=LEXICON, names=NO_NAMES, stop_words=StopWords())
        self.chosen = fingerprint

    @property
    def fingerprint(self) -> str:
        return self.chosen

    def terms(self, text: str, language: str) -> Terms:
        words = [word.strip(".").lower() for word in text.split()]
        return Terms(words=words, grams=words, concepts=words)


@dataclass
class Desk:
    """A folder of articles, its index, and what the embedder was asked."""

    folder: Path
    indexer: Indexer
    embedder: FakeEmbedder

    @property
    def corpus(self) -> Path:
        return self.indexer.settings.corpus

    def run(self, **options: Any) -> Report:
        """One run, after which `embedder.passages` has what that run embedded."""
        self.embedder.passages.clear()
        return self.indexer.run(**options)

    def write(self, **articles: str) -> None:
        for name, text in articles.items():
            (self.corpus / f"{name}.txt").write_text(text)

    def remove(self, *names: str) -> None:
        for name in names:
            (self.corpus / f"{name}.txt").unlink()

    def entries(self) -> Mapping[str, Entry]:
        with self.indexer.manifest.reading() as snapshot:
            return snapshot.entries

    def found(self, text: str) -> set[str]:
        """The articles that the words of a text are found in, which the vectors must know, too."""
        with self.indexer.manifest.reading() as snapshot:
            words = self.indexer.analyser.terms(text, "en").words
            by_id = snapshot.rows.search(Field.WORDS, words, 1_000).get("en", {})
            vector = self.embedder.embed_question(text)
            (near,) = self.indexer.store.search(vector, snapshot.segments, 1_000)
            assert by_id.keys() <= near.keys()
            passages = self.indexer.store.passages(near.keys(), snapshot.segments)
            assert passages.keys() == near.keys()
            return {passages[passage_id].article_id for passage_id in by_id}


def desk(
    folder: Path,
    *,
    store: Store | None = None,
    analyser: Analyser | None = None,
    embedder: FakeEmbedder | None = None,
) -> Desk:
    """Open the index in a folder: another desk on it is another process, nearly."""
    (folder / "corpus").mkdir(exist_ok=True)
    embedder = embedder or FakeEmbedder()
    indexer = Indexer(
        settings=Settings(corpus=folder / "corpus", data=folder, passage_characters=100),
        manifest=Manifest(folder / "index.db"),
        store=store or ChromaStore(path=folder / "chroma", dimension=embedder.dimension),
        embedder=embedder,
        analyser=analyser or ANALYSER,
        scanner=Scanner(corpus=folder / "corpus", max_bytes=10**6, detector=FixedDetector()),
    )
    return Desk(folder=folder, indexer=indexer, embedder=embedder)


@pytest.fixture
def at(tmp_path: Path) -> Desk:
    return desk(tmp_path)


def told(report: Report) -> list[str]:
    return [" ".join(filter(None, (c.kind, c.article_id, c.detail))) for c in report.changes]


# --- What changed ------------------------------------------------------------------------------


def test_first_run_indexes_everything(at: Desk) -> None:
    """Every article is reported as added, counted, and found."""
    at.write(mill=MILL, harbour=HARBOUR)
    steps: list[tuple[int, int]] = []
    report = at.run(progress=lambda done, total: steps.append((done, total)))
    assert told(report) == ["added harbour.txt", "added mill.txt"]
    assert (report.articles, report.unchanged, report.generation, report.notes) == (2, 0, 1, ())
    assert report.passages == len(at.embedder.passages) == 2
    assert steps == [(1, 2), (2, 2)]
    assert (at.found("mill"), at.found("ships")) == ({"mill.txt"}, {"harbour.txt"})


def test_second_run_touches_nothing(at: Desk) -> None:
    """Where nothing changed nothing is written or embedded, also by another process."""
    at.write(mill=MILL, again=MILL, harbour=HARBOUR)
    at.run()
    for desk_ in (at, desk(at.folder)):
        before = (at.folder / "index.db").read_bytes()
        report = desk_.run()
        assert (report.changes, report.unchanged, report.generation) == ((), 3, 1)
        assert desk_.embedder.passages == []
        assert (at.folder / "index.db").read_bytes() == before


def test_change_in_one_file_embeds_only_its_passages(at: Desk) -> None:
    """A changed article is found by its new words, not by its old ones, and nothing else moves."""
    at.write(mill=MILL, harbour=HARBOUR)
    at.run()
    at.write(mill=MILL.replace("wheel", "miller"))
    report = at.run()
    assert told(report) == ["changed mill.txt"]
    assert (report.unchanged, report.generation) == (1, 2)
    assert at.embedder.passages == [MILL.replace("wheel", "miller")]
    assert (at.found("miller"), at.found("wheel")) == ({"mill.txt"}, set())
    assert at.found("ships") == {"harbour.txt"}


def test_change_back_is_a_change(at: Desk) -> None:
    """A text that was indexed two generations ago is found again when it comes back."""
    for text in (MILL, BRIDGE, MILL):
        at.write(mill=text)
        at.run()
    assert (at.found("wheel"), at.found("bridge")) == ({"mill.txt"}, set())


def test_renamed_article_is_found_under_its_new_name(at: Desk) -> None:
    """A rename says both names; the old one is found no more."""
    at.write(mill=MILL, harbour=HARBOUR)
    at.run()
    (at.corpus / "mill.txt").rename(at.corpus / "wheel.txt")
    assert told(at.run()) == ["renamed wheel.txt mill.txt"]
    assert at.found("mill") == {"wheel.txt"}
    assert set(at.entries()) == {"harbour.txt", "wheel.txt"}


def test_removed_article_is_found_no_more(at: Desk) -> None:
    """What is removed leaves the index, without anything being embedded."""
    at.write(mill=MILL, harbour=HARBOUR)
    at.run()
    at.remove("mill")
    report = at.run()
    assert told(report) == ["removed mill.txt"]
    assert (report.articles, report.passages, at.embedder.passages) == (1, 1, [])
    assert at.found("mill river wheel") == set()


def test_duplicate_is_indexed_once(at: Desk) -> None:
    """Two names for one text: one carries it, the other is told, front matter or not."""
    at.write(a=MILL, b=f"---\ntitle: The mill\n---\n{MILL}\n")
    assert told(at.run()) == ["added a.txt", "duplicate b.txt a.txt"]
    assert len(at.embedder.passages) == 1
    assert at.found("mill") == {"a.txt"}
    assert (at.entries()["b.txt"].duplicate_of, at.entries()["b.txt"].title) == (
        "a.txt",
        "The mill",
    )


def test_duplicate_takes_over(at: Desk) -> None:
    """When the original goes, one duplicate carries the text, and the next run knows it all."""
    at.write(a=MILL, b=MILL, c=MILL)
    at.run()
    at.remove("a")
    assert told(at.run()) == ["renamed b.txt a.txt", "duplicate c.txt b.txt"]
    assert at.found("mill") == {"b.txt"}
    assert {i: e.duplicate_of for i, e in at.entries().items()} == {"b.txt": None, "c.txt": "b.txt"}
    assert at.run().changes == ()
    at.write(b=HARBOUR)
    assert told(at.run()) == ["changed b.txt", "changed c.txt"]
    assert (at.found("mill"), at.found("ships")) == ({"c.txt"}, {"b.txt"})


NAMES = st.sampled_from(["a.txt", "b.txt", "c.txt", "x/a.txt"])
TEXTS = st.sampled_from([MILL, HARBOUR, BRIDGE, f"---\ntitle: T\n---\n{MILL}", MILL + BRIDGE * 3])
STATES = st.lists(st.dictionaries(NAMES, TEXTS, max_size=4), min_size=2, max_size=5)


@settings(max_examples=30, deadline=None)
@given(STATES)
def test_any_history_leads_to_the_index_of_the_last_state(states: list[dict[str, str]]) -> None:
    """After any edits the index is what a first run on the same folder would have made."""
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        old = desk(Path(one), store=FakeStore(), analyser=PlainAnalyser())
        for state in states:
            fill(old.corpus, state)
            old.run(allow_empty=True)
        assert old.run(allow_empty=True).changes == ()
        new = desk(Path(other), store=FakeStore(), analyser=PlainAnalyser())
        fill(new.corpus, states[-1])
        new.run(allow_empty=True)
        assert sorted(e.body for e in old.entries().values() if not e.duplicate_of) == sorted(
            e.body for e in new.entries().values() if not e.duplicate_of
        )
        assert old.entries().keys() == new.entries().keys()
        assert content(old) == content(new)


def fill(corpus: Path, state: Mapping[str, str]) -> None:
    shutil.rmtree(corpus)
    for name, text in state.items():
        (corpus / name).parent.mkdir(parents=True, exist_ok=True)
        (corpus / name).write_text(text)
    corpus.mkdir(exist_ok=True)


def content(at: Desk) -> object:
    """The passages that are found and how often each word stands in them."""
    with at.indexer.manifest.reading() as snapshot:
        rows, store = snapshot.rows, at.indexer.store
        (near,) = store.search(at.embedder.embed_question("the"), snapshot.segments, 1_000)
        passages = store.passages(near, snapshot.segments)
        carriers = [i for i, e in snapshot.entries.items() if not e.duplicate_of]
        ids = [passage_id for i in carriers for passage_id in rows.of_article(i)]
        assert sorted(ids) == sorted(passages)
        assert rows.count() == len(ids)
        words = "the mill ships bridge march night nobody".split()
        counts = [rows.frequencies(field, words) for field in Field]
        return sorted(passage.text for passage in passages.values()), counts


# --- What cannot be read -----------------------------------------------------------------------


def test_unreadable_file_keeps_its_place(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that cannot be read for now is reported, and answers as before."""
    at.write(mill=MILL, harbour=HARBOUR)
    at.run()
    with unreadable(monkeypatch, "mill.txt"):
        (change,) = at.run().changes
        assert (change.kind, change.article_id) == (Kind.SKIPPED, "mill.txt")
        assert "permission denied" in change.detail.lower()
        assert at.found("mill") == {"mill.txt"}
    assert at.run().changes == ()


def test_unreadable_duplicate_does_not_stop_the_run(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A duplicate that must take over but cannot be read is left out until it can be."""
    at.write(a=MILL, b=MILL, harbour=HARBOUR)
    at.run()
    at.remove("a")
    with unreadable(monkeypatch, "b.txt"):
        report = at.run()
        assert {c.article_id for c in report.of(Kind.REMOVED)} == {"a.txt", "b.txt"}
        assert {c.article_id for c in report.of(Kind.SKIPPED)} == {"b.txt"}
        assert at.found("ships") == {"harbour.txt"}
    assert told(at.run()) == ["added b.txt"]
    assert at.found("mill") == {"b.txt"}


@contextmanager
def unreadable(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """Opening one file fails, as it does without permission; root would be let through."""
    real = Path.open

    def opened(path: Path, *args: Any, **options: Any) -> object:
        if path.name == name:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened)
        yield


def test_articles_of_an_unlistable_folder_keep_their_place(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that cannot be listed for now costs none of its articles their place."""
    (at.corpus / "news").mkdir()
    at.write(harbour=HARBOUR)
    (at.corpus / "news" / "mill.txt").write_text(MILL)
    at.run()
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "news":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        report = at.run()
    assert [(c.kind, c.article_id) for c in report.changes] == [(Kind.SKIPPED, "news")]
    assert at.found("mill") == {"news/mill.txt"}


def test_articles_that_cannot_be_looked_at_keep_their_place(
    at: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that may be listed but not entered shows names only: its articles stay."""
    (at.corpus / "news").mkdir()
    at.write(harbour=HARBOUR)
    (at.corpus / "news" / "mill.txt").write_text(MILL)
    at.run()
    real = Path.lstat

    def lstat(path: Path) -> os.stat_result:
        if path.name == "mill.txt":
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "lstat", lstat)
        report = at.run()
    assert [(c.kind, c.article_id) for c in report.changes] == [(Kind.SKIPPED, "news/mill.txt")]
    assert at.found("mill") == {"news/mill.txt"}


@pytest.mark.parametrize("target", ["nowhere.txt", "/etc/hostname"])
def test_link_in_place_of_an_article_takes_it_out(at: Desk, target: str) -> None:
    """A file that became a link that is not followed is out of the index, and told."""
    at.write(mill=MILL, harbour=HARBOUR)
    at.run()
    at.remove("mill")
    (at.corpus / "mill.txt").symlink_to(target)
    kinds = [(c.kind, c.article_id) for c in at.run().changes]
    assert kinds == [(Kind.REMOVED, "mill.txt"), (Kind.SKIPPED, "mill.txt")]
    assert at.found("mill") == set()


def test_file_that_is_no_text_any_more_leaves_the_index(at: Desk) -> None:
    """A file that turned into something else is told twice: gone as an article, and why."""
    at.write(mill=MILL, harbour=HARBOUR)
    at.run()
    (at.corpus / "mill.txt").write_bytes(b"\xff\xff\0\1" * 50)
    report = at.run()
    assert [(c.kind, c.article_id) for c in report.changes] == [
        (Kind.REMOVED, "mill.txt"),
        (Kind.SKIPPED, "mill.txt"),
    ]
    assert at.found("mill") == set()


def test_empty_folder_never_wipes_the_index(at: Desk) -> None:
    """A folder without articles, as an unmounted one is, leaves the index until it is said."""
    at.write(mill=MILL)
    at.run()
    at.remove("mill")
    for options in ({}, {"rebuild": True}):
        with pytest.raises(CorpusError, match="allow-empty"):
            at.run(**options)
        assert at.found("mill") == {"mill.txt"}
    at.corpus.rmdir()
    with pytest.raises(CorpusError, match="does not exist"):
        at.run(allow_empty=True)
    assert at.found("mill") == {"mill.txt"}
    at.corpus.mkdir()
    assert told(at.run(allow_empty=True)) == ["removed mill.txt"]
    assert at.found("mill") == set()


def test_emptied_index_can_be_asked(at: Desk) -> None:
    """Where no article is left, a question finds nothing, and nothing fails."""
    at.write(mill=MILL)
    at.run()
    at.remove("mill")
    at.run(allow_empty=True)
    indexer = at.indexer
    retriever = Retriever(store=indexer.store, embedder=at.embedder, analyser=indexer.analyser)
    question = Question(text="Who bought the mill?", language="en", asked_at=datetime.now(UTC))
    with indexer.manifest.reading() as snapshot:
        assert retriever.find(question, snapshot, 5) == ()


def test_first_run_on_an_empty_folder_says_so(at: Desk) -> None:
    """Without any article there is no index, only a sentence."""
    (at.corpus / "mill.pdf").write_text(MILL)
    with pytest.raises(CorpusError, match="holds no article"):
        at.run()
    assert not at.indexer.manifest.exists


# --- When everything must be done again --------------------------------------------------------


def test_lost_chroma_directory_is_rebuilt(at: Desk) -> None:
    """Where the stored passages are gone, the next run says so and writes them again."""
    at.write(mill=MILL, harbour=HARBOUR)
    at.run()
    lose_chroma(at.folder)
    again = desk(at.folder)
    report = again.run()
    assert report.notes == ("Stored passages were missing: everything was indexed anew.",)
    assert len(again.embedder.passages) == 2
    assert again.found("mill") == {"mill.txt"}
    assert desk(at.folder).run().notes == ()


def lose_chroma(folder: Path) -> None:
    from chromadb.api.shared_system_client import SharedSystemClient

    shutil.rmtree(folder / "chroma")
    SharedSystemClient.clear_system_cache()


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (lambda d: replace(d.indexer, analyser=PlainAnalyser("other")), "Words are matched"),
        (
            lambda d: replace(
                d.indexer,
                settings=d.indexer.settings.model_copy(update={"passage_characters": 40}),
            ),
            "Passages are cut",
        ),
    ],
)
def test_other_analysis_is_indexed_anew(
    at: Desk, other: Callable[[Desk], Indexer], says: str
) -> None:
    """Another lexicon or another length of passages makes the index anew, once."""
    at.write(mill=MILL, harbour=HARBOUR)
    at.run()
    changed = Desk(folder=at.folder, indexer=other(at), embedder=at.embedder)
    report = changed.run()
    assert len(report.notes) == 1
    assert report.notes[0].startswith(says)
    assert report.generation == 2
    assert changed.found("mill") == {"mill.txt"}
    assert changed.run().notes == ()


@pytest.mark.parametrize("name", ["STOP_WORDS", "WORDS"])
def test_every_list_of_words_is_part_of_the_analysis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """An edit of any of the files that decide on a text's terms has everything indexed anew."""
    before = ANALYSER.fingerprint
    edited = tmp_path / "words"
    edited.write_bytes(getattr(analysis, name).read_bytes() + b"\n")
    monkeypatch.setattr(analysis, name, edited)
    assert ANALYSER.fingerprint != before


def test_lexicon_is_part_of_the_analysis(tmp_path: Path) -> None:
    """Another lexicon gives other terms, and says so."""
    (tmp_path / "lexicon.tsv").write_text("concept\ten\nmill\tmill\n")
    other = Analyser(
        lexicon=Lexicon(tmp_path / "lexicon.tsv"), names=NO_NAMES, stop_words=StopWords()
    )
    assert other.fingerprint != ANALYSER.fingerprint


def test_other_embedder_is_refused_until_it_is_asked_for(at: Desk) -> None:
    """Vectors of two embedders are never mixed: one sentence, or a rebuild on demand."""
    at.write(mill=MILL)
    at.run()
    other = desk(at.folder, embedder=FakeEmbedder(dimension=48, name="other"))
    with pytest.raises(IndexStateError, match="ingest --rebuild"):
        other.run()
    assert at.found("mill") == {"mill.txt"}
    assert other.run(rebuild=True).notes == ("Everything was indexed anew, as asked.",)
    assert other.found("mill") == {"mill.txt"}
    with pytest.raises(IndexStateError, match="other"):
        at.run()


def test_rebuild_replaces_a_damaged_file(at: Desk) -> None:
    """What the sentences promise: `ingest --rebuild` makes a damaged index anew."""
    at.write(mill=MILL)
    at.run()
    (at.folder / "index.db").write_bytes(b"no database" * 1_000)
    assert told(at.run(rebuild=True)) == ["added mill.txt"]
    assert at.found("mill") == {"mill.txt"}


# --- Many runs, and interrupted ones -----------------------------------------------------------


def test_many_runs_are_joined(at: Desk) -> None:
    """However many runs there were, segments stay few and every passage is found."""
    names = "anna berta carla doris emma frida gerda hanna ilse jutta karla".split()
    assert len(names) > module.MOST_SEGMENTS + 2
    for number, name in enumerate(names):
        at.write(**{name: f"The mill was sold by {name} in March."})
        at.run()
        with at.indexer.manifest.reading() as snapshot:
            assert len(snapshot.segments) <= module.MOST_SEGMENTS
            assert sum(snapshot.sizes.values()) == number + 1
    for name in names:
        assert at.found(name) == {f"{name}.txt"}
    assert len(at.embedder.passages) == 1


def test_many_dead_are_left_behind(at: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments in which much is dead are written again without it."""
    monkeypatch.setattr(module, "MOST_DEAD", 2)
    at.write(**{f"a{number}": f"The mill number{number}." for number in range(6)})
    at.run()
    for number in range(3):
        at.remove(f"a{number}")
        at.run()
    with at.indexer.manifest.reading() as snapshot:
        assert [segment.dead for segment in snapshot.segments] == [frozenset()]
    assert at.found("mill") == {"a3.txt", "a4.txt", "a5.txt"}


def test_unused_segments_are_dropped_by_the_next_run(at: Desk) -> None:
    """A reader may go on with the segments before a run; the run after that drops them."""
    at.write(mill=MILL, harbour=HARBOUR)
    at.run()
    at.run(rebuild=True)
    assert len(at.indexer.store.count()) == 2
    at.run()
    with at.indexer.manifest.reading() as snapshot:
        assert at.indexer.store.count().keys() == snapshot.sizes.keys()


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_run_that_fails_midway_leaves_the_old_index(
    at: Desk, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    """An embedder that fails in the second batch costs nothing; the next run does it all."""
    monkeypatch.setattr(module, "BATCH", 1)
    at.write(mill=MILL)
    at.run()
    at.write(mill=MILL.replace("wheel", "miller"), bridge=BRIDGE, harbour=HARBOUR)

    def fail(texts: Sequence[str]) -> None:
        if at.embedder.passages:
            raise error("no memory")

    at.embedder.before = fail
    with pytest.raises(error):
        at.run()
    assert (at.found("wheel"), at.found("bridge ships miller")) == ({"mill.txt"}, set())
    at.embedder.before = lambda _: None
    assert told(at.run()) == ["added bridge.txt", "added harbour.txt", "changed mill.txt"]
    assert (at.found("wheel"), at.found("miller")) == (set(), {"mill.txt"})
    with at.indexer.manifest.reading() as snapshot:
        assert at.indexer.store.count() == snapshot.sizes


WRITER = """
import sys, time
from pathlib import Path
from rag import ingest
from tests.fakes import FakeEmbedder
from tests.test_ingest import PlainAnalyser, desk

def wait(texts):
    if embedder.passages:
        print("half", flush=True)
        time.sleep(60)

ingest.BATCH = 1
embedder = FakeEmbedder(before=wait)
desk(Path(sys.argv[1]), analyser=PlainAnalyser(), embedder=embedder).run()
"""


@pytest.mark.parametrize("first", [True, False])
def test_killed_run_is_repaired_by_the_next(tmp_path: Path, first: bool) -> None:
    """A process killed midway leaves the index before it, and the next run does the work."""
    at = desk(tmp_path, analyser=PlainAnalyser())
    if not first:
        at.write(mill=MILL)
        at.run()
    at.write(mill=BRIDGE, harbour=HARBOUR)
    with child(WRITER, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "half\n"
        with pytest.raises(LockedError):
            at.run()
        process.send_signal(signal.SIGKILL)
        process.wait()
    if first:
        assert not at.indexer.manifest.exists
    else:
        assert (at.found("wheel"), at.found("ships bridge")) == ({"mill.txt"}, set())
    expected = "added" if first else "changed"
    assert told(at.run()) == ["added harbour.txt", f"{expected} mill.txt"]
    assert (at.found("wheel"), at.found("ships bridge")) == (set(), {"harbour.txt", "mill.txt"})
    with at.indexer.manifest.reading() as snapshot:
        assert at.indexer.store.count() == snapshot.sizes


READER = """
import json, sys, time
from pathlib import Path
from rag.errors import StorageError
from rag.lexical import Field
from tests.test_ingest import PlainAnalyser, desk

at = desk(Path(sys.argv[1]), analyser=PlainAnalyser())
vector = at.embedder.embed_question("the mill")
while not (at.folder / "stop").exists():
    begun = time.monotonic()
    try:
        with at.indexer.manifest.reading() as snapshot:
            (near,) = at.indexer.store.search(vector, snapshot.segments, 100)
            worded = snapshot.rows.search(Field.WORDS, ["mill"], 100).get("en", {})
            passages = at.indexer.store.passages({*near, *worded}, snapshot.segments)
            seen = snapshot.generation, sorted(snapshot.entries)
    except StorageError:
        continue  # A segment two generations old was dropped: the newest has it all.
    ids = [sorted(passages[i].article_id for i in some if i in passages) for some in (near, worded)]
    print(json.dumps([begun, *seen, *ids]), flush=True)
"""


def test_reader_in_another_process_sees_whole_generations(tmp_path: Path) -> None:
    """While one process writes, another with open handles reads one generation or the next.

    Never a mixture, and nothing that was deleted once the deletion is finished.
    """
    at = desk(tmp_path, analyser=PlainAnalyser())
    at.write(keep="The mill is kept.", n1="The mill of generation1.")
    at.run()
    expected = {1: ["keep.txt", "n1.txt"]}
    finished = [(time.monotonic(), 1)]
    with child(READER, tmp_path) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        for generation in range(2, 14):
            at.remove(f"n{generation - 1}")
            at.write(**{f"n{generation}": f"The mill of generation{generation}."})
            expected[generation] = ["keep.txt", f"n{generation}.txt"]
            assert at.run().generation == generation
            finished.append((time.monotonic(), generation))
            lines.append(process.stdout.readline())
        (tmp_path / "stop").touch()
        lines += process.stdout.read().splitlines()
        assert process.wait() == 0
    generations = set()
    for begun, generation, entries, near, worded in map(json.loads, lines):
        assert entries == near == worded == expected[generation]
        assert generation >= max(number for moment, number in finished if moment < begun)
        generations.add(generation)
    assert len(generations) > 3


@contextmanager
def child(script: str, folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process at work on the same folder."""
    command = [sys.executable, "-c", script, str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()
