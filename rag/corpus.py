"""The folder of articles: which files it holds, and what stands in one of them.

    article_files(root)      -> the files that are articles, and what was left out and why
    article_path(root, id)   -> the file of an id, checked: ids come from people and indexes
    read_article(root, path) -> the decoded text with title, language and front matter

An article is a regular `.txt` or `.md` file below the root, in UTF-8, or in UTF-16 with a byte
order mark. Nothing outside the root is ever read.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from rag.domain import Article
from rag.errors import ArticleError, CorpusError, UsageError
from rag.frontmatter import front_matter
from rag.paths import has_suffix, is_bad, is_there, name_of, objection, printable, real, reason
from rag.titles import title_of

UTF_8_MARK = b"\xef\xbb\xbf"
UTF_16_MARKS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}

# A FIFO that took the file's place must not block; Windows has neither flag's twin.
OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class Detector(Protocol):
    """Tells the language of a text, as `rag.languages.LanguageDetector` does."""

    def detect(self, text: str) -> str:
        """Give the ISO 639-1 code of the text's language."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """Something in the folder that is not read; `why` is a sentence that says what to do."""

    name: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The articles of a folder, in the order of their ids, and what was left out."""

    files: tuple[Path, ...]
    skipped: tuple[Skipped, ...]


def article_files(root: Path) -> Listing:
    """List the articles below `root`.

    Hidden names and other kinds of files are passed over in silence; folder links are not
    followed, file links only to regular files below the root. Raises CorpusError when the
    folder is missing, is not a folder, or cannot be listed.
    """
    files: list[Path] = []
    skipped: list[Skipped] = []
    real_root = real(root)
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            entries = _entries(folder)
        except OSError as error:
            if folder == root:
                raise _unlistable(root, error) from None
            skipped.append(_unlisted(name_of(root, folder), error))
            continue
        for entry in entries:
            why = objection(root, real_root, entry)
            if why:
                skipped.append(Skipped(name=name_of(root, entry), why=why))
            elif entry.is_dir():
                folders.append(entry)
            elif has_suffix(entry.name):
                files.append(entry)
    return Listing(
        files=tuple(sorted(files, key=lambda path: path.relative_to(root).as_posix())),
        skipped=tuple(sorted(skipped, key=lambda skip: skip.name)),
    )


def article_path(root: Path, article_id: str) -> Path:
    """Give the file of an article, checked to be one that `article_files` would list.

    Raises UsageError for what cannot be an id (absolute, with `..`, control characters, hidden
    or without `.txt` or `.md`), and ArticleError when no such article is below the root.
    """
    shown = printable(article_id)
    pure = PurePosixPath(article_id)
    if pure.as_posix() != article_id or pure.is_absolute() or ".." in pure.parts:
        raise UsageError(
            f'"{shown}" is no article: give the path inside the folder, such as news/mill.txt.'
        )
    if any(map(is_bad, article_id)):
        raise UsageError(f'"{shown}" is no article: the name holds characters that no id may.')
    if not has_suffix(pure.name) or any(part.startswith(".") for part in pure.parts):
        raise UsageError(f'"{shown}" is no article: only visible .txt and .md files are.')
    path = root / pure
    _check(root, path)
    return path


def read_article(root: Path, path: Path, *, max_bytes: int, detector: Detector) -> Article:
    """Read one file of the corpus; `path` begins with `root`.

    The text is the decoded file untouched but for its byte order mark, front matter and line
    ends included; `sha256` is of the file's bytes. Raises ArticleError for a file that is too
    large, unreadable, not text, or empty, or whose front matter is broken.
    """
    article_id = path.relative_to(root).as_posix()
    name = printable(article_id)
    _check(root, path)
    text, sha256 = _read(path, name, max_bytes)
    front = front_matter(text, name)
    body = text[front.end :]
    if not body.strip():
        raise ArticleError(f"{name} holds no text: write the article into it, or remove it.")
    language = front.language or detector.detect(body)
    return Article(
        id=article_id,
        title=front.title or title_of(body, language, article_id),
        language=language,
        text=text,
        sha256=sha256,
        body_start=front.end,
        published_on=front.published_on,
        outlet=front.outlet,
        url=front.url,
    )


def read_text(root: Path, article_id: str, *, max_bytes: int) -> tuple[str, str]:
    """The text of one article as `read_article` gives it, and the SHA-256 of its file.

    Raises UsageError and ArticleError as `article_path` does, and ArticleError for a file that is
    too large, unreadable or not text.
    """
    return _read(article_path(root, article_id), printable(article_id), max_bytes)


def line_of(text: str, offset: int) -> int:
    r"""The line of a character, from 1. `\n`, `\r\n` and a lone `\r` end lines.

    Raises ValueError for an offset outside the text; its end counts as inside.
    """
    if not 0 <= offset <= len(text):
        raise ValueError(f"offset {offset} is outside a text of {len(text)} characters")
    breaks = text.count("\n", 0, offset) + text.count("\r", 0, offset)
    # The \n of a pair stands on the line that the pair ends.
    return 1 + breaks - text.count("\r\n", 0, min(offset + 1, len(text)))


def _check(root: Path, path: Path) -> None:
    """Raise ArticleError unless the path is a file in the folder that may be read."""
    real_root = real(root)
    if not is_there(path, real_root / path.relative_to(root).parent):
        raise ArticleError(
            f"There is no article {name_of(root, path)} in {printable(str(root))}: check the name, "
            "or point CITEBOT_CORPUS at another folder."
        )
    why = objection(root, real_root, path)
    if why:
        raise ArticleError(why)


def _entries(folder: Path) -> Iterator[Path]:
    """What is in a folder, hidden names left out; raises OSError at once."""
    with os.scandir(folder) as found:
        return iter([folder / entry.name for entry in found if not entry.name.startswith(".")])


def _unlisted(name: str, error: OSError) -> Skipped:
    why = f"The folder {name} cannot be listed ({reason(error)}): check its permissions."
    return Skipped(name=name, why=why)


def _unlistable(root: Path, error: OSError) -> CorpusError:
    shown = printable(str(root))
    if isinstance(error, FileNotFoundError):
        return CorpusError(
            f"The folder of articles {shown} does not exist: create it, or point CITEBOT_CORPUS "
            "at another."
        )
    if isinstance(error, NotADirectoryError):
        return CorpusError(f"{shown} is not a folder: point CITEBOT_CORPUS at a folder.")
    return CorpusError(
        f"The folder of articles {shown} cannot be listed ({reason(error)}): check its "
        "permissions, or point CITEBOT_CORPUS at another."
    )


def _read(path: Path, name: str, max_bytes: int) -> tuple[str, str]:
    raw = _bytes(path, name, max_bytes)
    return _decoded(raw, name), hashlib.sha256(raw).hexdigest()


def _bytes(path: Path, name: str, max_bytes: int) -> bytes:
    """The bytes of a regular file of at most `max_bytes`; a larger one is never read."""
    try:
        with os.fdopen(os.open(path, OPEN_FLAGS), "rb") as file:
            facts = os.fstat(file.fileno())
            if not stat.S_ISREG(facts.st_mode):
                raise ArticleError(f"{name} is not a regular file: replace it, or remove it.")
            # One byte more shows a file that has grown since.
            raw = file.read(max_bytes + 1) if facts.st_size <= max_bytes else b""
    except OSError as error:
        why = f"{name} cannot be read ({reason(error)}): check its permissions."
        raise ArticleError(why) from None
    size = max(facts.st_size, len(raw))
    if size > max_bytes:
        raise ArticleError(
            f"{name} has {size:,} bytes, more than the {max_bytes:,} allowed: split it, or raise "
            "CITEBOT_MAX_ARTICLE_BYTES."
        )
    return raw


def _decoded(raw: bytes, name: str) -> str:
    """The text of a file, without its byte order mark."""
    mark, encoding = b"", "utf-8"
    if raw.startswith(UTF_8_MARK):
        mark = UTF_8_MARK
    elif raw[:2] in UTF_16_MARKS:
        mark, encoding = raw[:2], UTF_16_MARKS[raw[:2]]
    try:
        text = raw[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise ArticleError(
            f"{name} is neither UTF-8 nor UTF-16 with a byte order mark (byte "
            f"{len(mark) + error.start + 1:,} does not fit): save it as UTF-8."
        ) from None
    if "\0" in text:
        raise ArticleError(f"{name} holds NUL characters, so it is no text: save it as UTF-8.")
    return text
