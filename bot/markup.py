"""What a message says, as a tree two levels deep, and the same as HTML that Telegram takes.

    Page -> blocks (paragraphs, quotes) -> tokens (text, bold, italic, code)
         -> parts: messages of at most 4096 UTF-16 code units, buttons under the last one

Nothing here knows markup by its writing: text is escaped when it is rendered, and it is the tree
that is cut, so no part can end within a tag. What a token is given may come from anybody.
"""

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from rag.paths import printable

MOST = 4096
"""UTF-16 code units of one message without its markup (Bot API, `sendMessage`). What the live
server counts is not settled: it may be characters, which are never more."""

MOST_DATA = 64
"""Bytes of a button's data (Bot API, `InlineKeyboardButton`)."""

LABEL = 40
"""UTF-16 code units of a button's label: more is not seen on a telephone."""

_BREAK = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_BAD = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069]")
"""What `rag.paths.is_bad` says, but for line breaks."""

_SENTENCE_END = re.compile(r"[.!?…。！？]['\"»”’)\]]*(?=\s)|\S(?=\s*\n)")
_WORD_END = re.compile(r"\S(?=\s)")
_SPACE = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Text:
    """Words as they are; control characters and what turns the writing around become escapes."""

    text: str
    tag: ClassVar[str] = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clean(self.text))


@dataclass(frozen=True, slots=True)
class Bold(Text):
    """Words in bold."""

    tag: ClassVar[str] = "b"


@dataclass(frozen=True, slots=True)
class Italic(Text):
    """Words in italics."""

    tag: ClassVar[str] = "i"


@dataclass(frozen=True, slots=True)
class Code(Text):
    """Words as code: names of files, which else become links (`readme.md`), and mentions."""

    tag: ClassVar[str] = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a line: cut only where it alone is too long for a message."""

    tokens: tuple[Text, ...]
    gap: str = "\n\n"
    """What stands between it and the block before, in the same message."""

    @property
    def text(self) -> str:
        """Its words without markup."""
        return "".join(token.text for token in self.tokens)


@dataclass(frozen=True, slots=True)
class Quote(Block):
    """A block quote; an expandable one shows three lines until it is pressed."""

    is_expandable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """A button under a message. Raises `ValueError` for what Telegram would refuse."""

    text: str
    data: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", shortened(self.text, LABEL))
        if not self.text or not 1 <= len(self.data.encode()) <= MOST_DATA:
            raise ValueError("a button needs a label, and data of 1 to 64 bytes")


Keyboard = tuple[tuple[Button, ...], ...]
"""Rows of buttons."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Everything that is said at once."""

    blocks: tuple[Block, ...]
    buttons: Keyboard = ()

    @property
    def text(self) -> str:
        """Its words without markup."""
        return _text(self.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One message."""

    html: str
    text: str
    """The same without markup."""
    buttons: Keyboard = ()


def parts(page: Page, *, most: int = MOST) -> tuple[Part, ...]:
    """A page as messages of at most `most` UTF-16 code units, at least 8; none of them is blank.

    Between messages only white space is left out.
    """
    messages = list(_messages(page.blocks, most))
    last = len(messages) - 1
    return tuple(
        Part(
            html="".join(_gap(index, block) + _html(block) for index, block in enumerate(blocks)),
            text=_text(blocks),
            buttons=page.buttons if number == last else (),
        )
        for number, blocks in enumerate(messages)
    )


def pieces(text: str, *, most: int) -> Iterator[str]:
    """A text as runs of at most `most` UTF-16 code units, cut as a block is."""
    for block in _pieces(Block((Text(text),)), most, most):
        yield block.text


def clean(text: str) -> str:
    """A text that shows as what it is: as on a terminal, but with line breaks; tabs are spaces."""
    lines = _BREAK.sub("\n", text).replace("\t", " ")
    return _BAD.sub(lambda match: printable(match.group()), lines)


def units(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def shortened(text: str, most: int) -> str:
    """A text on one line of at most `most` UTF-16 code units, at least 4."""
    line = " ".join(clean(text).split())
    if units(line) <= most:
        return line
    return f"{line[: _cut(line, most - 2)].rstrip()} …"


def rows(buttons: Iterable[Button], width: int) -> Keyboard:
    """Buttons in rows of `width`."""
    every = tuple(buttons)
    return tuple(every[start : start + width] for start in range(0, len(every), width))


def _messages(blocks: Iterable[Block], most: int) -> Iterator[tuple[Block, ...]]:
    """The blocks of each message; a message is filled before the next one begins."""
    message: list[Block] = []
    used = 0
    for block in blocks:
        gap = units(block.gap)
        for piece in _pieces(block, most - used - gap if message else most, most):
            length = units(piece.text)
            if message and used + gap + length > most:
                yield tuple(message)
                message, used = [], 0
            used += length + (gap if message else 0)
            message.append(piece)
    if message:
        yield tuple(message)


def _pieces(block: Block, room: int, most: int) -> Iterator[Block]:
    """A block that is too long, as several of its kind; blank ones are none."""
    start, end = _lead(block.text, 0), len(block.text.rstrip())
    text = block.text[:end]
    if units(text[start:]) <= most or room < most // 2:
        room = most  # The next message is better than a short piece in this one.
    while start < end:
        window = text[start : start + room + 1]
        cut = start + (_cut(window, room) if units(window) > room else len(window))
        yield _slice(block, start, cut)
        start, room = _lead(text, cut), most


def _cut(text: str, room: int) -> int:
    """Where the first piece of a text ends that is too long for `room` code units.

    Behind a sentence if the piece is at least half full, else behind a word, else between two
    user-perceived characters (UAX 29), else, within an endless one, between code points.
    """
    import regex

    fits = text.encode("utf-16-le", "surrogatepass")[: 2 * room]
    end = len(fits.decode("utf-16-le", "ignore"))
    starts = [match.start() for match in regex.finditer(r"\X", text[: end + 1])][1:]
    allowed = set(starts)
    for pattern, least in ((_SENTENCE_END, end // 2), (_WORD_END, 1)):
        ends = [match.end() for match in pattern.finditer(text[: end + 1])]
        if good := [cut for cut in ends if cut >= least and cut in allowed]:
            return good[-1]
    return starts[-1] if starts else max(end, 1)


def _lead(text: str, start: int) -> int:
    """Where white space ends that begins at a place; its last one may carry a mark, and stays."""
    import regex

    space = _SPACE.match(text, start)
    end = space.end() if space else start
    if end == start:
        return start
    character = regex.match(r"\X", text, pos=end - 1)
    return end - 1 if character and character.end() > end else end


def _slice(block: Block, start: int, end: int) -> Block:
    """The part of a block that stands at a place of its text."""
    tokens, at = [], 0
    for token in block.tokens:
        words = token.text[max(start - at, 0) : max(end - at, 0)]
        at += len(token.text)
        if words:
            tokens.append(type(token)(words))
    return replace(block, tokens=tuple(tokens))


def _gap(index: int, block: Block) -> str:
    return block.gap if index else ""


def _text(blocks: Sequence[Block]) -> str:
    return "".join(_gap(index, block) + block.text for index, block in enumerate(blocks))


def _html(block: Block) -> str:
    words = "".join(map(_tagged, block.tokens))
    if not isinstance(block, Quote):
        return words
    return f"<blockquote{' expandable' * block.is_expandable}>{words}</blockquote>"


def _tagged(token: Text) -> str:
    words = html.escape(token.text, quote=False)
    return f"<{token.tag}>{words}</{token.tag}>" if token.tag else words
