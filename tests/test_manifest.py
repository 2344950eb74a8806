"""What `rag.manifest` promises: readers see finished generations, writers are alone."""

import os
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from rag.errors import IndexStateError, LockedError, StorageError
from rag.lexical import Field, Terms
from rag.manifest import Draftsman, Entry, Manifest
from rag.ports import Segment

ROOT = Path(__file__).parents[1]
NOBODY = 65534


def entry(article_id: str, *, segment: str | None = "s1", sha256: str = "1") -> Entry:
    return Entry(
        id=article_id, sha256=sha256, body="b", title="The mill", language="en", segment=segment
    )


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return Manifest(tmp_path / "index.db")


def write(manifest: Manifest, *ids: str) -> None:
    with manifest.writing() as draft:
        for article_id in ids:
            draft.put(entry(article_id))


def ids(manifest: Manifest) -> list[str]:
    with manifest.reading() as snapshot:
        return list(snapshot.entries)


def is_sentence(error: BaseException) -> bool:
    text = str(error)
    return text[-1] == "." and text.isprintable() and "Traceback" not in text


# --- Generations -------------------------------------------------------------------------------


def test_generations_are_counted(manifest: Manifest) -> None:
    """Every finished run is a generation; before the first there is no index."""
    assert not manifest.exists
    for generation in (1, 2, 3):
        write(manifest, "a.txt")
        with manifest.reading() as snapshot:
            assert snapshot.generation == generation
    assert manifest.exists


def test_entry_comes_back_as_it_was(manifest: Manifest) -> None:
    """All that is known of an article is read as it was written, in the order of ids."""
    full = Entry(
        id="б/файл.md",
        sha256="f" * 64,
        body="e" * 64,
        title="Мельница “у реки”",
        language="ru",
        published_on=date(2025, 4, 3),
        duplicate_of="a.txt",
        segment=None,
    )
    with manifest.writing() as draft:
        draft.put(full)
        draft.put(entry("a.txt", sha256="0"))
        draft.put(entry("a.txt"))
    with manifest.reading() as snapshot:
        assert list(snapshot.entries.values()) == [entry("a.txt"), full]


def test_reader_in_the_middle_of_a_write_sees_the_old_generation(manifest: Manifest) -> None:
    """Until a write is finished, new readers see what there was before it."""
    write(manifest, "a.txt")
    with manifest.writing() as draft:
        draft.forget("a.txt")
        draft.put(entry("b.txt"))
        draft.rows.add("p", "b.txt", "en", Terms(words=["mill"], grams=[], concepts=[]))
        assert ids(manifest) == ["a.txt"]
        with manifest.reading() as snapshot:
            assert snapshot.generation == 1
            assert snapshot.rows.search(Field.WORDS, ["mill"], 5) == {}
    assert ids(manifest) == ["b.txt"]


def test_reader_that_began_before_a_commit_keeps_its_generation(manifest: Manifest) -> None:
    """A reader sees one generation from its first to its last look."""
    write(manifest, "a.txt")
    with manifest.reading() as snapshot:
        assert snapshot.generation == 1
        write(manifest, "b.txt")
        assert (snapshot.generation, list(snapshot.entries)) == (1, ["a.txt"])
    assert ids(manifest) == ["a.txt", "b.txt"]


def fail(draft: Draftsman, error: type[BaseException]) -> None:
    draft.clear()
    raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, StorageError])
def test_failed_write_changes_nothing(manifest: Manifest, error: type[BaseException]) -> None:
    """Whatever is raised in a write, the generation before stays, and the next write works."""
    write(manifest, "a.txt")
    with pytest.raises(error), manifest.writing() as draft:
        fail(draft, error)
    assert ids(manifest) == ["a.txt"]
    write(manifest, "b.txt")
    assert ids(manifest) == ["a.txt", "b.txt"]


def test_failed_first_write_is_no_index(manifest: Manifest) -> None:
    """An interrupted first run leaves nothing that counts as an index, or stops the next run."""
    with pytest.raises(KeyboardInterrupt), manifest.writing():
        raise KeyboardInterrupt
    assert not manifest.exists
    write(manifest, "a.txt")
    assert manifest.exists


def test_no_index_while_the_first_is_being_made(manifest: Manifest) -> None:
    """During the first run there is no index yet."""
    with manifest.writing():
        assert not manifest.exists


def test_cancelled_write_changes_nothing(manifest: Manifest) -> None:
    """A draft that is cancelled leaves the generation and its articles as they were."""
    write(manifest, "a.txt")
    with manifest.writing() as draft:
        draft.forget("a.txt")
        draft.cancel()
    with manifest.reading() as snapshot:
        assert (snapshot.generation, list(snapshot.entries)) == (1, ["a.txt"])


# --- Segments ----------------------------------------------------------------------------------


def test_forgotten_articles_are_dead_in_their_segment(manifest: Manifest) -> None:
    """What is forgotten is dead where it stood, and nowhere else; duplicates stand nowhere."""
    with manifest.writing() as draft:
        draft.add_segment("s1", 3)
        draft.add_segment("s2", 1)
        for name, segment in (("a", "s1"), ("b", "s1"), ("c", "s2"), ("d", None)):
            draft.put(entry(name, segment=segment))
    with manifest.writing() as draft:
        for name in ("a", "d", "unknown"):
            draft.forget(name)
    with manifest.reading() as snapshot:
        assert snapshot.segments == (Segment(name="s1", dead=frozenset("a")), Segment(name="s2"))
        assert snapshot.sizes == {"s1": 3, "s2": 1}
        assert list(snapshot.entries) == ["b", "c"]


def test_moved_articles_stand_in_the_new_segment(manifest: Manifest) -> None:
    """Moving empties a segment: its living articles stand elsewhere, its dead are nothing."""
    with manifest.writing() as draft:
        draft.add_segment("s1", 2)
        draft.put(entry("a"))
        draft.put(entry("b"))
        draft.forget("a")
        draft.move("s1", "s9")
        draft.add_segment("s9", 1)
    with manifest.reading() as snapshot:
        assert snapshot.segments == (Segment(name="s9"),)
        assert snapshot.entries["b"].segment == "s9"
    with manifest.writing() as draft:
        draft.add_segment("s1", 1)
        assert draft.segments == (Segment(name="s1"), Segment(name="s9"))


# --- What goes wrong ---------------------------------------------------------------------------


def test_second_writer_is_turned_away(manifest: Manifest) -> None:
    """Of two writers the second is told at once, and readers are not disturbed."""
    write(manifest, "a.txt")
    with manifest.writing():
        with pytest.raises(LockedError, match="writing the index") as caught, manifest.writing():
            pass
        assert is_sentence(caught.value)
        assert ids(manifest) == ["a.txt"]


def test_writer_in_another_process_holds_the_lock_until_it_dies(tmp_path: Path) -> None:
    """A killed writer leaves no lock behind, and nothing of what it wrote."""
    manifest = Manifest(tmp_path / "index.db")
    write(manifest, "a.txt")
    script = (
        "import sys, time; from pathlib import Path; from rag.manifest import Manifest\n"
        "with Manifest(Path(sys.argv[1])).writing() as draft:\n"
        "    draft.clear(); print('in', flush=True); time.sleep(60)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "index.db")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(LockedError), manifest.writing():
            pass
        process.kill()
        process.wait()
    write(manifest, "b.txt")
    assert ids(manifest) == ["a.txt", "b.txt"]


def newer(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE facts SET value = '99' WHERE name = 'schema'")
    connection.close()


def garbage(path: Path) -> None:
    path.write_bytes(b"no database" * 1_000)


def torn(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[:4_096] + b"\xff" * (len(raw) - 4_096))


@pytest.mark.parametrize(
    ("spoil", "error", "says"),
    [
        (newer, IndexStateError, "newer version"),
        (garbage, StorageError, "cannot be used"),
        (torn, StorageError, "cannot be used"),
    ],
)
def test_unusable_file_is_one_sentence_until_it_is_made_anew(
    manifest: Manifest,
    tmp_path: Path,
    spoil: Callable[[Path], None],
    error: type[Exception],
    says: str,
) -> None:
    """A damaged file and a newer version's name the file and the way out, and that one works."""
    write(manifest, "a.txt")
    spoil(tmp_path / "index.db")
    for attempt in (manifest.reading, manifest.writing):
        with pytest.raises(error, match=says) as caught, attempt() as snapshot:
            list(snapshot.entries)
        assert is_sentence(caught.value)
        assert "index.db" in str(caught.value)
        assert "ingest --rebuild" in str(caught.value)
    with manifest.writing(anew=True) as draft:
        draft.put(entry("b.txt"))
    assert ids(manifest) == ["b.txt"]


def test_usable_file_is_not_made_anew(manifest: Manifest) -> None:
    """Asking for a new file does not throw a good one away: a failure still leaves it."""
    write(manifest, "a.txt")
    with pytest.raises(ValueError, match="stop"), manifest.writing(anew=True):
        raise ValueError("stop")
    assert ids(manifest) == ["a.txt"]


def test_missing_file_is_one_sentence(manifest: Manifest) -> None:
    """Reading where nothing was ever written says so, and makes no file."""
    with pytest.raises(StorageError) as caught, manifest.reading():
        pass
    assert is_sentence(caught.value)
    assert not manifest.exists


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder as someone sees it who may only read it: root may write everywhere."""
    folder.chmod(0o555)
    for file in folder.iterdir():
        file.chmod(0o444)
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(stat.S_IRWXU)


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that other users may enter, as pytest's own may not be."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_read_only_folder_can_be_read(public: Path) -> None:
    """An index in a folder that may not be written is read all the same."""
    manifest = Manifest(public / "index.db")
    write(manifest, "a.txt")
    with read_only(public):
        assert manifest.exists
        assert ids(manifest) == ["a.txt"]


def test_read_only_folder_cannot_be_written(public: Path) -> None:
    """Writing there is one sentence, and the index stays."""
    manifest = Manifest(public / "index.db")
    write(manifest, "a.txt")
    with read_only(public):
        with pytest.raises(StorageError, match="writable") as caught, manifest.writing():
            pass
        assert is_sentence(caught.value)
        assert ids(manifest) == ["a.txt"]


@pytest.mark.parametrize("name", ["a b", "a?mode=memory", "a#b", "100%25", "мельница"])
def test_any_folder_name_will_do(tmp_path: Path, name: str) -> None:
    """A folder's name is never taken for part of an address."""
    (tmp_path / name).mkdir()
    manifest = Manifest(tmp_path / name / "index.db")
    write(manifest, "a.txt")
    assert ids(manifest) == ["a.txt"]
    assert (tmp_path / name / "index.db").stat().st_size > 0


def test_many_readers_while_one_writes(manifest: Manifest) -> None:
    """Readers in other threads see whole generations: every article has its generation's print."""
    with manifest.writing() as draft:
        draft.put(entry("a.txt", sha256="1"))
    mixed: list[set[str]] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with manifest.reading() as snapshot:
                seen = {one.sha256 for one in snapshot.entries.values()}
                if seen != {str(snapshot.generation)}:
                    mixed.append(seen)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for generation in range(2, 20):
        with manifest.writing() as draft:
            for name in ("a.txt", "b.txt", "c.txt"):
                draft.put(entry(name, sha256=str(generation)))
    stop.set()
    for thread in threads:
        thread.join()
    assert mixed == []
