"""What goes wrong ends in one clear sentence, and costs nothing that was there.

Everything here is the real thing: files, permissions, a full file system, processes, Chroma.
"""

import ctypes
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ANSWERED, ASKED, Outcome, Run, index_of

ROOT = Path(__file__).parents[1]
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
UNSHARE = shutil.which("unshare") or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that goes wrong, how it must end, and what the sentence must say."""

    name: str
    command: tuple[str, ...]
    status: int
    says: tuple[str, ...]
    before: Callable[[Path, Path], None] | None = None
    after: Callable[[Path, Path], None] | None = None
    """What undoes `before`; without one, not a byte of the index may have changed."""
    settings: tuple[tuple[str, str], ...] = ()
    limited: bool = False
    """Run in a process of its own, for which the permissions of files count."""


def _unmount(corpus: Path, _data: Path) -> None:
    corpus.rename(corpus.with_name("away"))
    corpus.mkdir()


def _remove(corpus: Path, _data: Path) -> None:
    corpus.rename(corpus.with_name("away"))


def _restore(corpus: Path, _data: Path) -> None:
    if corpus.exists():
        corpus.rmdir()
    corpus.with_name("away").rename(corpus)


def _schema(number: int) -> Callable[[Path, Path], None]:
    def change(_corpus: Path, data: Path) -> None:
        connection = sqlite3.connect(index_of(data) / "index.db")
        connection.execute("UPDATE facts SET value = ? WHERE name = 'schema'", (number,))
        connection.commit()
        connection.close()

    return change


def _access(mode: str) -> Callable[[Path, Path], None]:
    def change(_corpus: Path, data: Path) -> None:
        for path in (data, *data.rglob("*")):
            path.chmod((0o555 if path.is_dir() else 0o444) if mode == "-" else 0o755)

    return change


def _hide(corpus: Path, _data: Path) -> None:
    corpus.chmod(0)


def _reveal(corpus: Path, _data: Path) -> None:
    corpus.chmod(0o755)


def _swap(name: str) -> Callable[[Path, Path], None]:
    """Put garbage in the place of a file of the index, or the file back."""

    def change(_corpus: Path, data: Path) -> None:
        file = index_of(data) / name
        kept = file.with_name("kept")
        if kept.exists():
            kept.replace(file)
            return
        for log in (f"{file}-wal", f"{file}-shm"):
            Path(log).unlink(missing_ok=True)
        file.rename(kept)
        file.write_bytes(b"no database at all " * 1_000)

    return change


ASK, INGEST = ("ask", ASKED), ("ingest",)
OTHER = (("CITEBOT_DIMENSION", "512"),)
EMBEDDER = ("hash-romanised-3-5-2048", "CITEBOT_DIMENSION", "ingest --rebuild")

CASES = [
    Case(name="empty question", command=("ask", ""), status=2, says=("empty",)),
    Case(name="blank question", command=("ask", " \n\t "), status=2, says=("empty",)),
    Case(name="question without words", command=("ask", "?!"), status=2, says=("empty",)),
    Case(
        name="question of 20,000 characters",
        command=("ask", "why? " * 4_000),
        status=2,
        says=("20,000 characters", "12,000", "CITEBOT_MAX_QUESTION_CHARACTERS"),
    ),
    Case(
        name="question with control characters",
        command=("ask", "Who \x1b[31mbought\x00 it?"),
        status=2,
        says=("control characters", "plain text"),
    ),
    Case(
        name="question that is no text",
        command=("ask", "Who \udcff bought it?"),
        status=2,
        says=("control characters",),
    ),
    Case(name="empty search", command=("search", ""), status=2, says=("empty",)),
    *(
        Case(
            name=f"corpus missing, {command[0]}",
            command=command,
            status=1,
            says=("articles does not exist", "CITEBOT_CORPUS"),
            before=_remove,
            after=_restore,
        )
        for command in (ASK, INGEST, ("status",))
    ),
    Case(
        name="corpus missing, show",
        command=("show", "mill.txt"),
        status=1,
        says=("no article mill.txt", "check", "CITEBOT_CORPUS"),
        before=_remove,
        after=_restore,
    ),
    *(
        Case(
            name=f"corpus unmounted, {command[0]}",
            command=command,
            status=1,
            says=("no article any more", "left as it is", "--allow-empty", "CITEBOT_CORPUS"),
            before=_unmount,
            after=_restore,
        )
        for command in (ASK, INGEST)
    ),
    Case(
        name="corpus that may not be listed",
        command=INGEST,
        status=1,
        says=("articles cannot be listed", "permission"),
        before=_hide,
        after=_reveal,
        limited=True,
    ),
    Case(
        name="empty folder given",
        command=("ask", "x", "--corpus", ""),
        status=2,
        says=("--corpus",),
    ),
    Case(
        name="folder given twice",
        command=("ingest", "a", "--corpus", "b"),
        status=2,
        says=("twice", "--corpus"),
    ),
    *(
        Case(name=f"show {place}", command=("show", place), status=2, says=("is no article",))
        for place in ("../../etc/passwd", "/etc/passwd", "a/../../x.txt", "..", "", ".hidden.txt")
    ),
    Case(
        name="show of a name with a newline",
        command=("show", "mill\n.txt"),
        status=2,
        says=('"mill\\x0a.txt" is no article',),
    ),
    Case(
        name="show of a file that is not there",
        command=("show", "ferry.txt"),
        status=1,
        says=("no article ferry.txt",),
    ),
    *(
        Case(
            name=f"index of another embedder, {command[0]}",
            command=command,
            status=1,
            says=EMBEDDER,
            settings=OTHER,
        )
        for command in (ASK, INGEST, ("search", "mill"))
    ),
    *(
        Case(
            name=f"index with a newer schema, {command[0]}",
            command=command,
            status=1,
            says=("index.db", "newer version", "update citebot", "ingest --rebuild"),
            before=_schema(99),
            after=_schema(1),
        )
        for command in (ASK, INGEST, ("status",))
    ),
    *(
        Case(
            name=f"damaged {name}, {command[0]}",
            command=command,
            status=1,
            says=(name.split("/")[0], "not a database", "ingest --rebuild"),
            before=_swap(name),
            after=_swap(name),
        )
        for name in ("index.db", "chroma/chroma.sqlite3")
        for command in (ASK, INGEST)
    ),
    *(
        Case(
            name=f"read-only data directory, {command[0]}",
            command=command,
            status=1,
            says=("data", "writable"),
            before=_access("-"),
            after=_access("+"),
            limited=True,
        )
        for command in (ASK, INGEST, ("ingest", "--rebuild"))
    ),
    Case(
        name="data directory that cannot be made",
        command=(*ASK, "--data", "articles/mill.txt/data"),
        status=1,
        says=("mill.txt/data", "CITEBOT_DATA"),
    ),
    *(
        Case(
            name=f"impossible {name}",
            command=("status",),
            status=2,
            says=(name,),
            settings=((name, value),),
        )
        for name, value in (
            ("CITEBOT_DIMENSION", "many"),
            ("CITEBOT_THRESHOLD", "7"),
            ("CITEBOT_CORPUS", "~nobody-of-that-name/articles"),
        )
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_bad_input_ends_in_one_sentence_and_the_index_answers_as_before(
    case: Case, corpus: Path, tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    stored = _stored(data)
    if case.before:
        case.before(corpus, data)
    with monkeypatch.context() as settings:
        for name, value in case.settings:
            settings.setenv(name, value)
        outcome = limited(*case.command) if case.limited else run(*case.command)
    if case.after:
        case.after(corpus, data)
    assert outcome.status == case.status
    assert_one_sentence(outcome, *case.says)
    if case.after or case.command == INGEST:
        assert run("ask", ASKED).out.startswith(ANSWERED)
    else:
        assert _stored(data) == stored


@pytest.mark.parametrize(
    ("name", "make", "says"),
    [
        ("empty.txt", lambda p: p.touch(), "empty.txt holds no text"),
        ("blank.txt", lambda p: p.write_text(" \n\n"), "blank.txt holds no text"),
        ("binary.txt", lambda p: p.write_bytes(bytes(range(256))), "binary.txt"),
        ("nul.txt", lambda p: p.write_bytes(b"a\0b"), "nul.txt holds NUL characters"),
        ("latin.txt", lambda p: p.write_bytes("Müller".encode("latin-1")), "save it as UTF-8"),
        ("huge.txt", lambda p: _sparse(p, 200_000_000), "huge.txt has 200,000,000 bytes"),
        ("loop.txt", lambda p: p.symlink_to(p), "loop.txt is a link that leads back to itself"),
        ("up", lambda p: p.symlink_to(p.parent), "up is a link to a folder"),
        ("out.txt", lambda p: p.symlink_to("/etc/passwd"), "out.txt is a link to a file outside"),
        ("pipe.txt", os.mkfifo, "pipe.txt is not a regular file"),
        ("new\nline.txt", lambda p: p.write_text("x"), "new\\x0aline.txt has a name with control"),
        (b"\xff.txt".decode("utf-8", "surrogateescape"), lambda p: p.write_text("x"), "\\xff.txt"),
    ],
)
def test_a_file_that_is_no_article_is_left_out_with_a_sentence(
    corpus: Path, run: Run, name: str, make: Callable[[Path], object], says: str
) -> None:
    make(corpus / name)
    outcome = run("ingest")
    assert (outcome.status, outcome.err) == (0, "")
    assert says in outcome.out
    assert "skipped 1:\n" in outcome.out
    assert "articles 2, unchanged 2" in outcome.out
    assert run("ask", ASKED).out.startswith(ANSWERED)


def test_a_name_with_two_dots_is_a_name_like_any_other(corpus: Path, run: Run) -> None:
    (corpus / "a..b.txt").write_text("The ferry sank in 2019.", "utf-8")
    assert "added 1: a..b.txt\n" in run("ingest").out


def test_an_article_that_cannot_be_read_any_more_keeps_its_place(corpus: Path, run: Run) -> None:
    (corpus / "mill.txt").chmod(0)
    outcome = limited("ingest")
    (corpus / "mill.txt").chmod(0o644)
    assert outcome.status == 0
    assert (
        "mill.txt cannot be read (permission denied): check its permissions." in outcome.out.lower()
    )
    assert run("ask", ASKED).out.startswith(ANSWERED)


@pytest.mark.parametrize("command", [("ask", ASKED), ("ingest",)])
def test_an_empty_folder_that_was_never_indexed_leaves_nothing_behind(
    tmp_path: Path, run: Run, command: tuple[str, ...]
) -> None:
    (tmp_path / "none").mkdir()
    outcome = run(*command, "--corpus", str(tmp_path / "none"))
    assert outcome.status == 1
    assert_one_sentence(outcome, "none holds no article", ".txt or .md", "CITEBOT_CORPUS")
    assert not (tmp_path / "data").exists()


def test_an_empty_folder_empties_the_index_when_that_is_allowed(corpus: Path, run: Run) -> None:
    for file in corpus.iterdir():
        file.unlink()
    outcome = run("ingest", "--allow-empty")
    assert outcome.status == 0
    assert "removed 2: bridge.txt, mill.txt\n" in outcome.out
    assert run("ask", ASKED).status == 3


@pytest.mark.parametrize("damage", [_schema(99), _swap("index.db"), _swap("chroma/chroma.sqlite3")])
def test_an_index_that_cannot_be_used_is_made_anew_on_demand(
    corpus: Path, tmp_path: Path, run: Run, damage: Callable[[Path, Path], None]
) -> None:
    damage(corpus, tmp_path / "data")
    assert run("ingest", "--rebuild").status == 0
    assert run("ask", ASKED).out.startswith(ANSWERED)


def test_an_index_of_another_embedder_is_made_anew_on_demand(
    corpus: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CITEBOT_DIMENSION", "512")
    assert run("ingest", "--rebuild").status == 0
    assert run("ask", ASKED).out.startswith(ANSWERED)


def test_a_first_run_that_was_interrupted_does_not_stand_in_the_way(
    corpus: Path, tmp_path: Path, run: Run
) -> None:
    folder = index_of(tmp_path / "data")
    shutil.rmtree(folder)
    folder.mkdir()
    with closing(sqlite3.connect(folder / "index.db")) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
    assert run("ask", ASKED).out.startswith(ANSWERED)


def test_an_env_file_that_is_no_text_is_named(corpus: Path, tmp_path: Path, run: Run) -> None:
    (tmp_path / ".env").write_bytes(b"CITEBOT_HITS=\xff\n")
    outcome = run("status")
    assert outcome.status == 2
    assert_one_sentence(outcome, ".env", "UTF-8")


def test_while_another_process_writes_a_second_writer_is_told_and_readers_answer(
    corpus: Path, tmp_path: Path, run: Run
) -> None:
    (corpus / "ferry.txt").write_text("The ferry sank in 2019.", "utf-8")
    with _held(index_of(tmp_path / "data")):
        outcome = run("ingest")
        assert outcome.status == 1
        assert_one_sentence(outcome, "Another process is writing the index", "wait")
        assert run("ask", ASKED).out.startswith(ANSWERED)
    assert "added 1: ferry.txt\n" in run("ingest").out


@pytest.mark.skipif(
    not UNSHARE or os.geteuid() != 0, reason="only root may mount a small file system"
)
def test_a_full_disk_is_named_and_the_old_index_answers_again(corpus: Path, tmp_path: Path) -> None:
    lines = (
        f"House {n} by the lake was sold in {1900 + n % 99} for {n * 17} euros."
        for n in range(2_500)
    )
    (corpus / "houses.txt").write_text("\n".join(lines), "utf-8")
    small = tmp_path / "small"
    small.mkdir()
    script = """
        mount -t tmpfs -o size=6m tmpfs "$1" || exit 99
        cp -r "$2"/. "$1"; export CITEBOT_DATA="$1"
        head -c 99000000 /dev/zero > "$1/filler" 2> /dev/null
        "$3" -m rag ingest; echo "status $?" >&2; rm "$1/filler"
        "$3" -m rag ingest; echo "status $?" >&2
        mount -o remount,size=99m "$1"; "$3" -m rag ask "$4"; exit $?
    """
    asked = (sys.executable, ASKED)
    # In a mount namespace of its own: the file system is gone with the process.
    ended = subprocess.run(
        [UNSHARE, "--mount", "sh", "-c", script, *("sh", small, tmp_path / "data"), *asked],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if ended.returncode == 99 or "unshare" in ended.stderr:
        pytest.skip("mounting is not allowed here")
    first, second = ended.stderr.split("status 1\n")[:2]
    assert_one_sentence(Outcome(status=1, out="", err=first), "small", "free space")
    assert_one_sentence(Outcome(status=1, out="", err=second), "small", "free space")
    assert ended.returncode == 0
    assert ended.stdout.startswith(ANSWERED)


def assert_one_sentence(outcome: Outcome, *says: str) -> None:
    """Exactly one line on standard error, with these words, and no traceback."""
    assert outcome.err.startswith("citebot: ")
    assert outcome.err.count("\n") == 1
    assert outcome.err.endswith(".\n")
    for part in says:
        assert part in outcome.err
    assert "Traceback" not in outcome.out + outcome.err


def limited(*arguments: str) -> Outcome:
    """Run a command for which the permissions of files count, even for root."""
    ended = subprocess.run(
        [sys.executable, "-m", "rag", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=_obey if os.geteuid() == 0 else None,
    )
    return Outcome(status=ended.returncode, out=ended.stdout, err=ended.stderr)


def _obey() -> None:
    """Give up, for the program about to be started, root's right to pass over permissions."""
    library = ctypes.CDLL(None, use_errno=True)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        if library.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Another process that holds the lock of the writer."""
    code = (
        "import sys; from filelock import FileLock\n"
        "with FileLock(sys.argv[1]): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder / "index.lock")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.communicate()


def _stored(data: Path) -> dict[str, bytes]:
    """The files of the index; SQLite's logs come and go with readers."""
    names = ("index.db", "chroma/chroma.sqlite3")
    return {name: (index_of(data) / name).read_bytes() for name in names}


def _sparse(path: Path, size: int) -> None:
    """A large file that takes no space."""
    path.touch()
    os.truncate(path, size)
