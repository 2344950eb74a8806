"""What `rag.corpus` promises about finding and reading articles."""

import hashlib
import os
import re
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.corpus import article_files, article_path, line_of, read_article
from rag.domain import Article
from rag.errors import ArticleError, CorpusError, UsageError
from rag.languages import LanguageDetector
from rag.paths import printable

SEEDS = Path(__file__).parents[2] / "shared" / "seeds"
BODY = "The mill by the river was sold in March, and its wheel still turns. Nobody knows why."
NOBODY = 65534


class FixedDetector:
    """Calls every text English, and remembers what it was asked."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def detect(self, text: str) -> str:
        self.texts.append(text)
        return "en"


def read(root: Path, name: str, *, max_bytes: int = 1_000_000) -> Article:
    return read_article(root, root / name, max_bytes=max_bytes, detector=FixedDetector())


def article(root: Path, content: bytes | str, name: str = "a.txt") -> Article:
    raw = content.encode() if isinstance(content, str) else content
    (root / name).write_bytes(raw)
    return read(root, name)


def listed(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in article_files(root).files]


def skipped(root: Path) -> dict[str, str]:
    return {skip.name: skip.why for skip in article_files(root).skipped}


def is_sentence(text: str) -> bool:
    return text[-1] == "." and text.isprintable() and "Traceback" not in text


@contextmanager
def without_privileges() -> Iterator[None]:
    """No more rights than an ordinary user, who is not the owner: root may read everything."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


# --- Which files -------------------------------------------------------------------------------


def test_text_and_markdown_are_listed_by_id(tmp_path: Path) -> None:
    """All .txt and .md files are listed, in folders too, in any case, in the order of ids."""
    for name in ("b.txt", "A.MD", "sub/deep/c.Txt", "sub.txt", "image.png", "notes", "x.txt.bak"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(BODY)
    assert listed(tmp_path) == ["A.MD", "b.txt", "sub.txt", "sub/deep/c.Txt"]
    assert skipped(tmp_path) == {}


def test_hidden_names_are_passed_over(tmp_path: Path) -> None:
    """Hidden files and folders are neither articles nor worth a word."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "a.txt").write_text(BODY)
    (tmp_path / ".b.txt").write_text(BODY)
    assert listed(tmp_path) == []
    assert skipped(tmp_path) == {}


def test_link_to_a_file_inside_is_an_article(tmp_path: Path) -> None:
    """A link to a regular file of the same folder counts as a file."""
    (tmp_path / "a.txt").write_text(BODY)
    (tmp_path / "b.txt").symlink_to("a.txt")
    assert listed(tmp_path) == ["a.txt", "b.txt"]
    assert read(tmp_path, "b.txt").text == BODY


def test_folder_that_is_itself_a_link(tmp_path: Path) -> None:
    """The corpus may be reached through a link."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a.txt").write_text(BODY)
    (tmp_path / "link").symlink_to("real")
    assert listed(tmp_path / "link") == ["a.txt"]
    assert article_path(tmp_path / "link", "a.txt") == tmp_path / "link" / "a.txt"


def make_outside_link(root: Path) -> None:
    (root.parent / "outside.txt").write_text("secret")
    (root / "a.txt").symlink_to(root.parent / "outside.txt")


def make_folder_link(root: Path) -> None:
    (root / "a.txt").symlink_to(root.parent)


def make_loop(root: Path) -> None:
    (root / "a.txt").symlink_to("b.txt")
    (root / "b.txt").symlink_to("a.txt")


def make_broken_link(root: Path) -> None:
    (root / "a.txt").symlink_to("nowhere.txt")


def make_fifo(root: Path) -> None:
    os.mkfifo(root / "a.txt")


def make_link_to_fifo(root: Path) -> None:
    os.mkfifo(root / "fifo")
    (root / "a.txt").symlink_to("fifo")


def make_device_link(root: Path) -> None:
    (root / "a.txt").symlink_to("/dev/zero")


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (make_outside_link, "outside"),
        (make_folder_link, "not followed"),
        (make_loop, "itself"),
        (make_broken_link, "nowhere"),
        (make_fifo, "regular"),
        (make_link_to_fifo, "regular"),
        (make_device_link, "outside"),
    ],
)
def test_special_file_is_skipped_with_a_sentence(
    tmp_path: Path, make: Callable[[Path], None], word: str
) -> None:
    """What is no regular file inside the folder is skipped, named, and never opened."""
    root = tmp_path / "corpus"
    root.mkdir()
    make(root)
    assert listed(root) == []
    assert word in skipped(root)["a.txt"]
    assert all(name in why and is_sentence(why) for name, why in skipped(root).items())
    for attempt in (lambda: read(root, "a.txt"), lambda: article_path(root, "a.txt")):
        with pytest.raises(ArticleError) as caught:
            attempt()
        assert "a.txt" in str(caught.value)
        assert is_sentence(str(caught.value))


def test_socket_is_skipped() -> None:
    """A socket with the name of an article is skipped with a sentence."""
    with tempfile.TemporaryDirectory() as name, socket.socket(socket.AF_UNIX) as server:
        server.bind(f"{name}/a.txt")
        assert "regular" in skipped(Path(name))["a.txt"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"a\nb.txt", "a\\x0ab.txt"),
        (b"a\x1b[31m.txt", "a\\x1b[31m.txt"),
        (b"a\x7f.txt", "a\\x7f.txt"),
        (b"a\xff.txt", "a\\xff.txt"),
        ("a\u2028.txt".encode(), "a\\u2028.txt"),
        ("a\u202etxt.txt".encode(), "a\\u202etxt.txt"),
    ],
)
def test_unprintable_name_is_skipped(tmp_path: Path, name: bytes, shown: str) -> None:
    """A name with control characters or stray bytes is shown with escapes and not read."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_text(BODY)
    assert listed(tmp_path) == []
    assert list(skipped(tmp_path)) == [shown]
    assert is_sentence(skipped(tmp_path)[shown])


@pytest.mark.parametrize("name", ["Größe.txt", "Ржев.md", "👩‍👩‍👧.txt", "a b'c\"d.txt", "50%.txt"])
def test_unusual_name_is_an_article(tmp_path: Path, name: str) -> None:
    """Names in any script, with spaces, quotes and emoji are ordinary."""
    (tmp_path / name).write_text(BODY)
    assert listed(tmp_path) == [name]
    assert article_path(tmp_path, name) == tmp_path / name
    assert read(tmp_path, name).id == name


def test_unreadable_file_and_folder() -> None:
    """Without permission, a file gives an ArticleError, a folder a skip, the root an error."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "sub").mkdir()
        (root / "a.txt").write_text(BODY)
        (root / "a.txt").chmod(0)
        (root / "sub").chmod(0)
        root.chmod(0o755)
        with without_privileges():
            assert listed(root) == ["a.txt"]
            assert "cannot be listed" in skipped(root)["sub"]
            with pytest.raises(ArticleError, match=r"a\.txt cannot be read"):
                read(root, "a.txt")
        root.chmod(0)
        with without_privileges(), pytest.raises(CorpusError, match="CITEBOT_CORPUS"):
            article_files(root)
        root.chmod(0o755)
        (root / "sub").chmod(0o755)


@pytest.mark.parametrize("kind", ["missing", "file", "loop"])
def test_impossible_root(tmp_path: Path, kind: str) -> None:
    """A root that is no folder is an error that names it and the setting."""
    root = tmp_path / "root"
    if kind == "file":
        root.write_text(BODY)
    if kind == "loop":
        root.symlink_to("root")
    with pytest.raises(CorpusError) as caught:
        article_files(root)
    assert str(root) in str(caught.value)
    assert "CITEBOT_CORPUS" in str(caught.value)
    assert is_sentence(str(caught.value))
    assert caught.value.__suppress_context__


# --- From an id to a file ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "article_id",
    [
        *("", ".", "..", "/", "../outside.txt", "sub/../a.txt", "sub/../../outside.txt"),
        *("/etc/passwd", "/etc/hosts.txt", "./a.txt", "sub//a.txt", "a.txt/", "//a.txt"),
        *("a\0.txt", "a\n.txt", "a\x1b.txt", "a\udcff.txt", ".a.txt", ".git/a.txt", "a.png", "sub"),
    ],
)
def test_impossible_id(tmp_path: Path, article_id: str) -> None:
    """An id that cannot be one is refused in a printable sentence."""
    (tmp_path / "sub").mkdir()
    with pytest.raises(UsageError) as caught:
        article_path(tmp_path, article_id)
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize("article_id", ["../a.txt", "/a.txt", "sub/../a.txt", "./a.txt"])
def test_id_that_leads_elsewhere(tmp_path: Path, article_id: str) -> None:
    """An id that is no plain path inside the folder is told how one looks."""
    with pytest.raises(UsageError, match="path inside the folder"):
        article_path(tmp_path, article_id)


@pytest.mark.parametrize("article_id", ["b.txt", "sub/a.txt", "a.txt/b.txt", "x" * 300 + ".txt"])
def test_missing_article(tmp_path: Path, article_id: str) -> None:
    """An id without a file is an ArticleError that names it."""
    (tmp_path / "a.txt").write_text(BODY)
    with pytest.raises(ArticleError, match="There is no article"):
        article_path(tmp_path, article_id)


def test_folder_is_no_article(tmp_path: Path) -> None:
    """A folder with the name of an article is not one."""
    (tmp_path / "a.txt").mkdir()
    assert listed(tmp_path) == []
    with pytest.raises(ArticleError, match="There is no article"):
        article_path(tmp_path, "a.txt")


def test_way_through_a_linked_folder_is_closed(tmp_path: Path) -> None:
    """No file is reached through a link to a folder, be it inside or outside."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a.txt").write_text("secret")
    root = tmp_path / "corpus"
    root.mkdir()
    (root / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(ArticleError):
        article_path(root, "link/a.txt")
    with pytest.raises(ArticleError):
        read(root, "link/a.txt")


# --- The text ----------------------------------------------------------------------------------

TEXTS = st.lists(
    st.one_of(
        st.sampled_from(["\n", "\r\n", "\r", "\u2028", "\ufeff", "🎉", "e\u0301", "---\n", " "]),
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    )
).map(lambda parts: "Aa " + "".join(parts))


@given(text=TEXTS, encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"]))
@settings(max_examples=200, deadline=None)
def test_text_is_the_file_untouched(
    tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str
) -> None:
    """Every encoding gives the text back, line ends included, and the digest of the bytes."""
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    raw = (mark + text).encode(encoding)
    found = article(tmp_path_factory.getbasetemp(), raw)
    assert found.text == text
    assert found.sha256 == hashlib.sha256(raw).hexdigest()
    assert found.body_start == 0
    assert found.title


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        (b"", "no text"),
        (b" \r\n\t\n", "no text"),
        (b"\xef\xbb\xbf", "no text"),
        (b"\xff\xfe", "no text"),
        ("\u00a0\u2003".encode(), "no text"),
        (b"---\ntitle: Mill\n---\n\n", "no text"),
        ("Größe".encode("latin-1"), "UTF-8"),
        (("Größe " * 9).encode("cp1252"), "byte 3"),
        ("Мельница".encode("cp1251"), "UTF-8"),
        (b"abc\x80", "byte 4"),
        (b"\xef\xbb\xbfabc\x80", "byte 7"),
        (b"\xff\xfea", "UTF-8"),
        (b"\xff\xfe\x00\xd8a\x00", "UTF-8"),
        ("Mill".encode("utf-32"), "UTF-8"),
        ("Mill".encode("utf-16-le"), "NUL"),
        (b"\x7fELF\x00\x00", "NUL"),
        (b"\x89PNG\r\n\x1a\n\x00", "UTF-8"),
        ("\ufeffa\0b".encode("utf-16-le"), "NUL"),
        (b"\xed\xa0\x80", "UTF-8"),
    ],
)
def test_file_that_is_no_text(tmp_path: Path, raw: bytes, word: str) -> None:
    """Anything but UTF-8, and UTF-16 with its mark, is one clear sentence with the name."""
    with pytest.raises(ArticleError) as caught:
        article(tmp_path, raw, "bad file.txt")
    assert word in str(caught.value)
    assert str(caught.value).startswith("bad file.txt ")
    assert is_sentence(str(caught.value))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_size_limit_is_exact(tmp_path: Path) -> None:
    """A file of the allowed size is read, one byte more is not."""
    article(tmp_path, BODY)
    assert read(tmp_path, "a.txt", max_bytes=len(BODY)).text == BODY
    with pytest.raises(ArticleError, match=r"a\.txt has 85 bytes.*CITEBOT_MAX_ARTICLE_BYTES"):
        read(tmp_path, "a.txt", max_bytes=len(BODY) - 1)


def test_huge_file_is_never_loaded(tmp_path: Path) -> None:
    """A file of 200 MB is refused by its size, in a process that could not hold it."""
    with (tmp_path / "big.txt").open("wb") as file:
        file.truncate(200_000_000)
    program = f"""
import resource, sys
from pathlib import Path
from rag.corpus import read_article
from rag.errors import ArticleError
used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 100_000_000,) * 2)
root = Path({str(tmp_path)!r})
try:
    read_article(root, root / 'big.txt', max_bytes=1000, detector=None)
except ArticleError as error:
    sys.exit(0 if 'big.txt has 200,000,000 bytes' in str(error) else 1)
"""
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs /proc to limit the memory")
    subprocess.run([sys.executable, "-c", program], check=True)


# --- Front matter ------------------------------------------------------------------------------

HEAD = (
    "---\ntitle: The mill\noutlet: Post\nurl: https://example.org/m\n"
    "published_on: 2025-04-03\nlanguage: de-AT\n---\n"
)


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_front_matter(tmp_path: Path, break_: str, mark: bytes) -> None:
    """All five keys are read, the head stays in the text, and the body begins behind it."""
    text = (HEAD + BODY).replace("\n", break_)
    found = article(tmp_path, mark + text.encode())
    assert (found.title, found.outlet, found.url) == ("The mill", "Post", "https://example.org/m")
    assert (found.published_on, found.language) == (date(2025, 4, 3), "de")
    assert found.text == text
    assert found.text[found.body_start :] == BODY.replace("\n", break_)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2025-04-03", date(2025, 4, 3)),
        ("'2025-04-03'", date(2025, 4, 3)),
        ("2025-04-03T10:00:00Z", date(2025, 4, 3)),
        ("'2025-04-03T23:30:00+02:00'", date(2025, 4, 3)),
        ("", None),
        ("''", None),
    ],
)
def test_dates(tmp_path: Path, value: str, expected: date | None) -> None:
    """A date may be a date, a time or an ISO text; empty is none."""
    found = article(tmp_path, f"---\npublished_on: {value}\n---\n{BODY}")
    assert found.published_on == expected


@pytest.mark.parametrize(
    ("head", "key"),
    [
        ("title: 2024", "title"),
        ("title: [a, b]", "title"),
        ("title: yes", "title"),
        ("outlet: {a: b}", "outlet"),
        ("url: 5", "url"),
        ("url: javascript:alert(1)", "url"),
        ("url: https://a b", "url"),
        ("published_on: 2025", "published_on"),
        ("published_on: April", "published_on"),
        ("published_on: [2025-04-03]", "published_on"),
        ("language: german", "language"),
        ("language: no", "language"),
        ("language: 5", "language"),
    ],
)
def test_wrong_type_in_front_matter(tmp_path: Path, head: str, key: str) -> None:
    """A value of the wrong type is a sentence that names the file and the key."""
    with pytest.raises(ArticleError, match=rf"a\.txt.*`{key}`") as caught:
        article(tmp_path, f"---\n{head}\n---\n{BODY}")
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize(
    "head",
    [
        "---\ntitle: The mill: a story\n---\n",
        "---\ntitle: 'open\n---\n",
        "---\ntitle: x\n  bad: [\n---\n",
        "---\npublished_on: 2025-02-30\n---\n",
        "---\ntitle: The mill\n\n",
        "---\n- title\ntitle: x\n---\n",
        f"---\ntitle: {'[' * 3000}\n---\n",
    ],
)
def test_broken_front_matter(tmp_path: Path, head: str) -> None:
    """A head that is meant as one but broken is an error, not part of the article."""
    with pytest.raises(ArticleError, match=r"a\.txt .*front matter") as caught:
        article(tmp_path, head + BODY)
    assert is_sentence(str(caught.value))


@pytest.mark.parametrize(
    "text",
    [
        f"---\n\n{BODY}\n\n---\n\n{BODY}",
        f"---\n{BODY}",
        f"--- title: x\n---\n{BODY}",
        f"{BODY}\n---\ntitle: x\n---\n",
        f"---\n- one\n- two\n---\n{BODY}",
        f"---\nAs he said: nothing\n---\n{BODY}",
        f"----\ntitle: x\n----\n{BODY}",
    ],
)
def test_rules_on_the_page_are_no_front_matter(tmp_path: Path, text: str) -> None:
    """Three hyphens around ordinary text do not hide it."""
    assert article(tmp_path, text).body_start == 0


def test_norwegian(tmp_path: Path) -> None:
    """YAML reads the code of Norwegian as false, and the error says what to do."""
    with pytest.raises(ArticleError, match="Norwegian"):
        article(tmp_path, f"---\nlanguage: no\n---\n{BODY}")
    assert article(tmp_path, f"---\nlanguage: 'no'\n---\n{BODY}").language == "no"


def test_unknown_and_missing_keys(tmp_path: Path) -> None:
    """Other keys are ignored; without a language the body, not the head, decides."""
    (tmp_path / "a.txt").write_text(f"---\nauthor: Miller\ntags: [a]\n---\n{BODY}")
    detector = FixedDetector()
    found = read_article(tmp_path, tmp_path / "a.txt", max_bytes=1000, detector=detector)
    assert detector.texts == [BODY]
    assert found.language == "en"
    assert (found.outlet, found.url, found.published_on) == (None, None, None)


# --- Titles ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text", "title"),
    [
        ("a.txt", f"The mill is sold\n{BODY}", "The mill is sold"),
        ("a.txt", f"\n\n  Is the mill sold?  \n\n{BODY}", "Is the mill sold?"),
        ("a.txt", f"Home > News > Mills\n\nThe mill is sold\n\n{BODY}", "The mill is sold"),
        ("a.txt", f"{'x' * 150}\n{BODY}", "x" * 150),
        ("a.md", f"# The mill is sold #\n{BODY}", "The mill is sold"),
        ("a.md", f"## The mill is sold.\n\n{BODY}", "The mill is sold."),
        ("a.md", f"**The mill is sold**\n\n{BODY}", "The mill is sold"),
        ("a.txt", f"The\x1b[31m mill\tis sold\n\n{BODY}", "The[31m mill is sold"),
        ("mill-by_the.river.txt", f"{'x' * 151}\n{BODY}", "mill by the river"),
        ("news/2024 mill.txt", BODY, "2024 mill"),
        ("mill.txt", "It was sold.\nIt was old.", "mill"),
        ("mill.txt", "It was sold to a man who has come down the river in spring of\nthat year.",
         "mill"),
        ("002_ef4ca6520480b210.txt", "It was sold. It was old.", "It was sold."),
        ("17.txt", BODY, "The mill by the river was sold in March, and its wheel still turns."),
        ("17.txt", "The old mill " * 12 + "fell.",
         "The old mill The old mill The old mill The old mill The old mill The old mill …"),
        ("17.txt", "!!!\n", "17.txt"),
        ("mill.txt", "Wait! It was sold.", "mill"),
    ],
)  # fmt: skip
def test_title(tmp_path: Path, name: str, text: str, title: str) -> None:
    """A title is the first line if it looks like one, else the name's words, else the opening."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    assert article(tmp_path, text, name).title == title


# --- Languages ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Die Mühle am Fluss wurde im März verkauft, und niemand weiß, warum.", "de"),
        (BODY, "en"),
        (
            "Le moulin au bord de la rivière a été vendu en mars, et nul ne sait rien.",
            "fr",
        ),
        ("Мельницу у реки продали в марте, и никто не знает почему.", "ru"),
    ],
)
def test_language_is_detected(text: str, language: str) -> None:
    """The language of a sentence is told, alone and among a few."""
    detector = LanguageDetector()
    assert detector.detect(text) == language
    assert detector.detect(text, among=("de", "en", "fr", "ru")) == language
    assert detector.detect(text, among=["it"]) == "it"


@pytest.mark.parametrize("text", ["", "123 %", "BTC", "😀", "xqzt", "\ud800", "A" * 50])
def test_language_is_always_a_code_of_two_letters(text: str) -> None:
    """Text that is in no language still gets a code, English where there are no letters."""
    language = LanguageDetector().detect(text)
    assert re.fullmatch("[a-z]{2}", language)
    assert any(map(str.isalpha, text)) or language == "en"
    assert LanguageDetector().detect(text, among=("ru", "de")) in ("ru", "de")


@pytest.mark.parametrize("among", [[], ["xx"]])
def test_no_language_to_choose_from(among: list[str]) -> None:
    """A choice without a known language is the caller's mistake."""
    with pytest.raises(ValueError, match="language"):
        LanguageDetector().detect(BODY, among=among)


def test_import_is_light() -> None:
    """Neither reading articles nor detecting languages loads numpy before it is needed."""
    program = "import sys, rag.corpus, rag.languages; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)


# --- Lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("ab", [1, 1, 1]),
        ("a\nb", [1, 1, 2, 2]),
        ("a\r\nb", [1, 1, 1, 2, 2]),
        ("a\rb", [1, 1, 2, 2]),
        ("\n\n", [1, 2, 3]),
        ("\r\r\n\n", [1, 2, 2, 3, 4]),
        ("\n\r", [1, 2, 3]),
        ("a\u2028b", [1, 1, 1, 1]),
    ],
)
def test_line_of_every_character(text: str, lines: list[int]) -> None:
    """Lines are counted from 1, and each kind of line end counts once."""
    assert [line_of(text, offset) for offset in range(len(text) + 1)] == lines


@given(text=st.text(st.sampled_from("a\n\r")), offset=st.integers(0, 30))
def test_line_of_agrees_with_universal_newlines(text: str, offset: int) -> None:
    """Lines are those of a file opened as text."""
    if offset >= len(text):
        offset = max(0, len(text) - 1)
    ends = [match.end() for match in re.finditer(r"\r\n|\r|\n", text)]
    assert line_of(text, offset) == 1 + sum(end <= offset for end in ends)


@pytest.mark.parametrize("offset", [-1, 4])
def test_line_of_an_offset_outside(offset: int) -> None:
    """An offset outside the text is the caller's mistake."""
    with pytest.raises(ValueError, match="outside"):
        line_of("abc", offset)


def test_printable_leaves_ordinary_names_alone() -> None:
    """Only what a terminal would obey or cannot show is escaped."""
    assert printable("Größe Ржев 👩‍👩‍👧.txt") == "Größe Ржев 👩‍👩‍👧.txt"


@pytest.mark.skipif(not SEEDS.is_dir(), reason="the original articles are not here")
def test_original_articles() -> None:
    """The five originals are read in their languages, each with a title on one line."""
    detector = LanguageDetector()
    found = [
        read_article(SEEDS, path, max_bytes=10_000, detector=detector)
        for path in article_files(SEEDS).files
    ]
    assert [one.language for one in found] == ["de", "de", "en", "fr", "en"]
    assert all(0 < len(one.title) <= 150 and one.title.isprintable() for one in found)
