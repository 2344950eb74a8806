"""What a file that was sent says, as the bytes of an article's file.

    text, Markdown   as they are
    HTML, PDF        their text, taken out by another process: python -m bot.reading KIND < file

That process has little memory and little time, and none of this one's secrets: who made the file
may have wanted it to be more than it seems (a zip bomb). What it cannot do is no error of ours.
"""

import asyncio
import json
import os
import re
import sys
import unicodedata
from contextlib import suppress
from enum import StrEnum
from io import BytesIO
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from bot.domain import Objection
from rag.paths import is_bad

if TYPE_CHECKING:
    from bs4 import BeautifulSoup

SECONDS = 30.0
"""Seconds that taking out a text may last, and seconds of a processor."""

MEMORY = 512 * 1024 * 1024
"""Bytes that the other process may have, its own code included."""

MOST_PAGES = 2_000
"""Pages of a PDF."""

MOST_CHARACTERS = 5_000_000
"""Characters of a text that was taken out."""

LONGEST_NAME = 120
"""Bytes of a file's name."""

WORD = re.compile(r"[^\W\d_]{2,}")

PDF_SIGN = b"%PDF-"
MOST_BEFORE = 1_024
"""Bytes in which that sign has to stand, behind white space at most."""

UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")

DROPPED = ("script style noscript template svg math iframe object nav form button select").split()
"""Elements of HTML that are not read."""

INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q ruby s "
    "samp small span strike strong sub sup time tt u var wbr".split()
)
"""Elements that stand within a paragraph; all others are paragraphs, or hold some."""

_SPACE = re.compile(r"\s+")
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u00ad\u2010][ \t]*\r?\n[ \t]*(?=[^\W\d_A-ZÀ-ÞА-Я])")
"""A word that was cut at the end of a line."""
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_GAPS = re.compile(r"\n{3,}")
_WINDOWS = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}
"""What Latin-1 has no letters for: the web calls by that name what Windows writes (WHATWG)."""


class Kind(StrEnum):
    """What an administrator may send."""

    TEXT = "Text"
    MARKDOWN = "Markdown"
    HTML = "HTML"
    PDF = "PDF"


KINDS = {
    ".txt": Kind.TEXT,
    ".md": Kind.MARKDOWN,
    ".html": Kind.HTML,
    ".htm": Kind.HTML,
    ".pdf": Kind.PDF,
}
"""By the end of the name."""


class UnfitError(Exception):
    """A file cannot join the articles."""

    def __init__(self, why: Objection) -> None:
        super().__init__(why.value)
        self.why = why


def name_of(file_name: str) -> tuple[str, Kind]:
    """How the file of the article is called, and what was sent. Raises `UnfitError`.

    A name with a folder in it, a hidden one, or one that shows as another is refused, not mended:
    who sent it meant something else.
    """
    name = unicodedata.normalize("NFC", file_name.strip())
    if not name or name.startswith(".") or set(name) & {"/", "\\"} or any(map(is_bad, name)):
        raise UnfitError(Objection.NAME)
    path = PurePath(name)
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise UnfitError(Objection.KIND)
    suffix = ".md" if kind is Kind.MARKDOWN else ".txt"
    stem = path.stem.strip()
    made = f"{stem}{suffix}"
    if not stem or len(made.encode("utf-8", "replace")) > LONGEST_NAME:
        raise UnfitError(Objection.NAME)
    return made, kind


async def content_of(kind: Kind, data: bytes) -> bytes:
    """The bytes of the article's file. Raises `UnfitError`.

    Whether text is text is for `rag.corpus` to say.
    """
    is_pdf = data[:MOST_BEFORE].lstrip().startswith(PDF_SIGN)
    is_binary = kind is Kind.HTML and b"\0" in data and not data.startswith(UTF_16_MARKS)
    if is_pdf is not (kind is Kind.PDF) or is_binary:
        raise UnfitError(Objection.BROKEN)
    if kind in {Kind.TEXT, Kind.MARKDOWN}:
        return data
    text = await _taken_out(kind, data)
    if not WORD.search(text.decode("utf-8", "replace")):
        raise UnfitError(Objection.EMPTY)
    return text


async def _taken_out(kind: Kind, data: bytes) -> bytes:
    """The text of a file, by the other process. Raises `UnfitError`."""
    # -P: the folder that the bot was started in may hold anything. -B: it may write no file.
    command = [sys.executable, "-P", "-B", "-m", "bot.reading", kind.value]
    root = str(Path(__file__).parent.parent)
    process = await asyncio.create_subprocess_exec(
        *command,
        env={"PYTHONPATH": root, "PYTHONUTF8": "1", "SYSTEMROOT": os.environ.get("SYSTEMROOT", "")},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        # What it complains of may be the file's own words.
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            text, _ = await process.communicate(data)
    except TimeoutError:
        raise UnfitError(Objection.BROKEN) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise UnfitError(Objection.BROKEN)
    return text


def main() -> None:
    """Take the text out of what comes in. Whatever goes wrong ends the process with status 1."""
    _confine()
    data = sys.stdin.buffer.read()
    text = _pdf(data) if sys.argv[1] == Kind.PDF else _html(data)
    _check(len(text))
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))


def _confine() -> None:
    """Be content with little, as far as the system can see to it."""
    with suppress(ImportError):
        import resource

        seconds = int(SECONDS)
        for what, most in (
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_AS, MEMORY),
            (resource.RLIMIT_FSIZE, 0),
        ):
            with suppress(ValueError, OSError):
                resource.setrlimit(what, (most, most))


def _pdf(data: bytes) -> str:
    """The text of a PDF. Raises whatever the library does, and `ValueError` for too many pages."""
    from pypdf import PdfReader

    reader = PdfReader(BytesIO(data))
    if len(reader.pages) > MOST_PAGES:
        raise ValueError("it has too many pages")
    text = ""
    for page in reader.pages:
        text += f"{page.extract_text().strip()}\n"
        _check(len(text))
    text = _LIGATURE.sub(lambda found: unicodedata.normalize("NFKC", found[0]), text)
    return _tidy(_HYPHEN.sub("", text))


def _html(data: bytes) -> str:
    """The text of a web page, with its title as front matter."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(data, "html.parser")
    words = soup.title.get_text().split() if soup.title else []
    title = "".join(filter(str.isprintable, " ".join(words).translate(_WINDOWS)))
    for element in soup([*DROPPED, "head"]):
        element.decompose()
    body = _tidy("".join(_strings(soup)).translate(_WINDOWS))
    head = f"---\ntitle: {json.dumps(title, ensure_ascii=False)}\n---\n\n" if title else ""
    return head + body if body else ""


def _strings(soup: "BeautifulSoup") -> list[str]:
    """What a web page says, with line breaks where it has them."""
    from bs4.element import NavigableString, Tag

    strings: list[str] = []
    last: object = None
    for element in soup.descendants:
        if isinstance(element, Tag):
            strings += ["\n"] if element.name == "br" else []
        elif type(element) is NavigableString:  # Comments and the like are kinds of it.
            block = next((one for one in element.parents if one.name not in INLINE), None)
            strings += ["\n\n"] if block is not last else []
            strings.append(_SPACE.sub(" ", element) if _is_flowing(block) else str(element))
            last = block
    return strings


def _is_flowing(block: object) -> bool:
    """Whether line breaks of a file mean nothing."""
    return getattr(block, "name", "") != "pre"


def _check(characters: int) -> None:
    if characters > MOST_CHARACTERS:
        raise ValueError("it holds too much text")


def _tidy(text: str) -> str:
    """A text in lines without control characters, soft hyphens, and needless blanks."""
    lines = (" ".join(line.split()) for line in text.replace("\u00ad", "").splitlines())
    clean = "\n".join("".join(c for c in line if not is_bad(c)) for line in lines)
    return _GAPS.sub("\n\n", clean).strip()


if __name__ == "__main__":
    main()
