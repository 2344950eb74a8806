"""Text as Telegram takes it: HTML with its refusals, and lengths in UTF-16 code units.

What is taken and what is refused, and in which words, is what the parser of Telegram's own Bot API
server does (github.com/tdlib/td, MessageEntity.cpp). Offsets in refusals count bytes of UTF-8.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, NoReturn
from urllib.parse import urlsplit

KINDS: Mapping[str, str] = MappingProxyType(
    {
        "a": "text_link",
        "b": "bold",
        "blockquote": "blockquote",
        "code": "code",
        "del": "strikethrough",
        "em": "italic",
        "i": "italic",
        "ins": "underline",
        "pre": "pre",
        "s": "strikethrough",
        "span": "spoiler",
        "strike": "strikethrough",
        "strong": "bold",
        "tg-emoji": "custom_emoji",
        "tg-spoiler": "spoiler",
        "u": "underline",
    }
)
"""Tags that are taken, and the entities that they make."""

PLAIN = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
"""Entities that stop where code begins."""

_SPACE = " \t\r\n\v\0"
_NAME = re.compile(rf"[^{_SPACE}>]*")
_ATTRIBUTE = re.compile(rf"[^{_SPACE}=>]*")
_SPACES = re.compile(rf"[{_SPACE}]*")
_TOKEN = re.compile(r"[A-Za-z0-9.-]*")
_RUN = re.compile(r"[^<&]+")
_REFERENCE = re.compile(r"&(?:#x(?P<hex>[0-9A-Fa-f]+)|#(?P<digits>[0-9]+)|(?P<name>[A-Za-z]+));?")
_CHARACTERS = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_REMOVED = re.compile("[\r\u2028-\u202e]")
_BLANKED = re.compile("[\0-\x09\x0b-\x1f]")
_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]*[^\s<>\".,;:!?)\]])"
    r"|(?<![\w/@.])(?P<bot_command>/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)(?![\w/])"
    r"|(?<![\w@/.])(?P<mention>@[A-Za-z0-9_]{3,32})(?!\w)"
)


class UnparsableError(ValueError):
    """Markup that is refused; says why as Telegram does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """A part of a text and what it is; offset and length in UTF-16 code units."""

    kind: str
    offset: int
    length: int
    url: str = ""
    language: str = ""
    emoji: str = ""

    @property
    def end(self) -> int:
        return self.offset + self.length

    def json(self) -> dict[str, Any]:
        value: dict[str, Any] = {"type": self.kind, "offset": self.offset, "length": self.length}
        more = {"url": self.url, "language": self.language, "custom_emoji_id": self.emoji}
        return value | {name: said for name, said in more.items() if said}


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A text without markup, and its entities in order."""

    text: str = ""
    entities: tuple[Entity, ...] = ()

    def words(self, entity: Entity) -> str:
        """What stands under an entity."""
        return _decoded(self.text.encode("utf-16-le")[2 * entity.offset : 2 * entity.end])

    def under(self, kind: str) -> list[str]:
        """What stands under each entity of a kind."""
        return [self.words(entity) for entity in self.entities if entity.kind == kind]


def units(text: str) -> int:
    """The length of a text in UTF-16 code units."""
    return len(text) + sum(character > "\uffff" for character in text)


def parse(raw: str) -> Text:
    """The text of HTML. Raises `UnparsableError`."""
    return _Reader(raw).read()


def finished(text: Text) -> Text:
    """A text as it arrives: trimmed, nothing else in code, links and commands found."""
    trimmed = _trimmed(_cleaned(text))
    entities = _apart(trimmed.entities)
    entities += [one for one in found(trimmed.text) if not _is_taken(one, entities)]
    return replace(trimmed, entities=_ordered(entities))


def found(text: str) -> list[Entity]:
    """The addresses, commands and mentions in a text."""
    entities = []
    for match in _FOUND.finditer(text):
        offset, length = units(text[: match.start()]), units(match[0])
        entities.append(Entity(kind=match.lastgroup or "", offset=offset, length=length))
    return entities


def checked_link(url: str) -> str:
    """An address as Telegram keeps it; empty where it takes none, as for a host without a dot."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme == "tg" and parts.netloc:
        return url
    if parts.scheme not in {"http", "https"} or "." not in parts.netloc.strip("."):
        return ""
    return parts._replace(netloc=parts.netloc.lower(), path=parts.path or "/").geturl()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Open:
    """A tag that was opened; `offset` in UTF-16 code units, `at` in pieces of the text."""

    tag: str
    argument: str
    offset: int
    at: int


class _Reader:
    """Reads HTML once, from left to right."""

    def __init__(self, raw: str) -> None:
        self._raw = raw
        self._at = 0
        self._pieces: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def read(self) -> Text:
        while self._at < len(self._raw):
            if self._here() == "<":
                self._read_end() if self._raw[self._at + 1 : self._at + 2] == "/" else self._start()
            else:
                self._put(self._reference() or self._take(_RUN) or self._one())
        if self._open:
            tag = self._open[-1].tag
            raise UnparsableError(f'Can\'t find end tag corresponding to start tag "{tag}"')
        return Text(text="".join(self._pieces), entities=_ordered(self._entities))

    def _here(self) -> str:
        """The character that is read next; at the end a zero, which counts as a space."""
        return self._raw[self._at : self._at + 1] or "\0"

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._raw, self._at)
        self._at = match.end() if match else self._at
        return match[0] if match else ""

    def _one(self) -> str:
        self._at += 1
        return self._raw[self._at - 1]

    def _put(self, piece: str) -> None:
        self._pieces.append(piece)
        self._length += units(piece)

    def _reference(self) -> str:
        """The character of a reference; empty where there is none, or one that is not known."""
        match = _REFERENCE.match(self._raw, self._at)
        if match is None:
            return ""
        if match["name"]:
            character = _CHARACTERS.get(match["name"], "")
        else:
            code = int(match["hex"], 16) if match["hex"] else int(match["digits"])
            is_known = 0 < code < 0x10FFFF and len(match[0].rstrip(";")) < 10
            character = chr(code) if is_known and not 0xD800 <= code <= 0xDFFF else ""
        self._at = match.end() if character else self._at
        return character

    def _refuse(self, what: str, at: int, more: str = "") -> NoReturn:
        raise UnparsableError(f"{what} at byte offset {len(self._raw[:at].encode())}{more}")

    def _start(self) -> None:
        begin, self._at = self._at, self._at + 1
        tag = self._take(_NAME).lower()
        if self._at == len(self._raw):
            self._refuse("Unclosed start tag", begin)
        if tag not in KINDS:
            self._refuse(f'Unsupported start tag "{tag}"', begin)
        argument = ""
        while True:
            self._take(_SPACES)
            if self._here() == ">":
                break
            argument = self._attribute(tag, begin) or argument
        self._at += 1
        if tag == "span" and argument != "spoiler":
            self._refuse('Tag "span" must have class "tg-spoiler"', begin)
        opened = _Open(tag=tag, argument=argument, offset=self._length, at=len(self._pieces))
        self._open.append(opened)

    def _attribute(self, tag: str, begin: int) -> str:
        """The value of an attribute that says something about its tag; empty for any other."""
        name = self._take(_ATTRIBUTE)
        if not name:
            self._refuse(f'Empty attribute name in the tag "{tag}"', begin)
        self._take(_SPACES)
        if self._at == len(self._raw):
            self._refuse(f'Unclosed start tag "{tag}"', begin)
        if self._here() != "=":
            if (tag, name) == ("blockquote", "expandable"):
                return "expandable"
            what = f'Expected equal sign in declaration of an attribute of the tag "{tag}"'
            self._refuse(what, begin)
        self._at += 1
        self._take(_SPACES)
        if self._at == len(self._raw):
            self._refuse(f'Unclosed start tag "{tag}"', begin)
        value = self._quoted() if self._here() in "'\"" else self._token()
        if self._at == len(self._raw):
            self._refuse("Unclosed start tag", begin)
        return _argument(tag, name, value)

    def _token(self) -> str:
        begin = self._at
        value = self._take(_TOKEN).lower()
        if self._here() not in f"{_SPACE}>":
            self._refuse("Unexpected end of name token", begin)
        return value

    def _quoted(self) -> str:
        mark, value = self._one(), ""
        while self._at < len(self._raw) and self._here() != mark:
            value += self._reference() or self._one()
        self._at += 1 if self._at < len(self._raw) else 0
        return value

    def _read_end(self) -> None:
        begin, self._at = self._at, self._at + 2
        if not self._open:
            self._refuse("Unexpected end tag", begin)
        tag = self._take(_NAME).lower()
        self._take(_SPACES)
        if self._here() != ">":
            self._refuse("Unclosed end tag", begin)
        self._at += 1
        opened = self._open.pop()
        if tag not in {"", opened.tag}:
            more = f', expected "</{opened.tag}>", found "</{tag}>"'
            self._refuse("Unmatched end tag", begin, more)
        if self._length > opened.offset:
            self._close(opened)

    def _close(self, opened: _Open) -> None:
        length = self._length - opened.offset
        entity = Entity(kind=KINDS[opened.tag], offset=opened.offset, length=length)
        match opened.tag:
            case "a":
                url = opened.argument or "".join(self._pieces[opened.at :])
                if not (checked := checked_link(url)):
                    return
                entity = replace(entity, url=checked)
            case "tg-emoji":
                if not opened.argument.isdecimal() or int(opened.argument) == 0:
                    raise UnparsableError("Invalid custom emoji identifier specified")
                entity = replace(entity, emoji=opened.argument)
            case "blockquote" if opened.argument:
                entity = replace(entity, kind="expandable_blockquote")
            case "code":
                entity = replace(entity, language=opened.argument)
            case "pre" if (last := self._last()) and _is_same(last, entity):
                self._entities.pop()
                entity = replace(entity, language=last.language)
            case _:
                pass
        self._entities.append(entity)

    def _last(self) -> Entity | None:
        """The entity before, where it is code that says its language."""
        last = self._entities[-1] if self._entities else None
        return last if last and last.kind == "code" and last.language else None


def _argument(tag: str, name: str, value: str) -> str:
    match tag, name:
        case ("a", "href") | ("tg-emoji", "emoji-id"):
            return value
        case "code", "class" if value.startswith("language-"):
            return value.removeprefix("language-")
        case "span", "class" if value.startswith("tg-"):
            return value.removeprefix("tg-")
        case "blockquote", "expandable":
            return "expandable"
        case _:
            return ""


def _decoded(data: bytes) -> str:
    return data.decode("utf-16-le", errors="surrogatepass")


def _is_same(one: Entity, other: Entity) -> bool:
    return (one.offset, one.length) == (other.offset, other.length)


def _ordered(entities: Iterable[Entity]) -> tuple[Entity, ...]:
    def place(entity: Entity) -> tuple[int, int, bool]:
        return entity.offset, -entity.length, entity.kind == "code"

    return tuple(sorted(entities, key=place))


def _cleaned(text: Text) -> Text:
    """Without control characters; those that only take room become spaces, so offsets stay."""
    if not _REMOVED.search(text.text):
        return replace(text, text=_BLANKED.sub(" ", text.text))
    gone = [units(text.text[: match.start()]) for match in _REMOVED.finditer(text.text)]

    def moved(offset: int) -> int:
        return offset - sum(place < offset for place in gone)

    entities = [
        replace(one, offset=moved(one.offset), length=moved(one.end) - moved(one.offset))
        for one in text.entities
    ]
    return _cleaned(Text(text=_REMOVED.sub("", text.text), entities=tuple(entities)))


def _trimmed(text: Text) -> Text:
    """Without space at the end, nor at the start before the first entity."""
    kept = text.text.rstrip(" \n")
    first = min((entity.offset for entity in text.entities), default=units(kept))
    cut = min(len(kept) - len(kept.lstrip(" \n")), first)
    end = units(kept)
    entities = [
        replace(one, offset=one.offset - cut, length=min(one.end, end) - one.offset)
        for one in text.entities
        if one.offset < end
    ]
    return Text(text=kept[cut:], entities=tuple(one for one in entities if one.length > 0))


def _apart(entities: Iterable[Entity]) -> list[Entity]:
    """Without what Telegram drops: all that is in code, bold around it, quotes in quotes."""
    kept: list[Entity] = []
    for entity in _ordered(entities):
        outer = [one for one in kept if one.offset <= entity.offset and entity.end <= one.end]
        if any(one.kind in {"code", "pre"} for one in outer):
            continue
        if entity.kind.endswith("blockquote") and any(
            one.kind.endswith("blockquote") for one in outer
        ):
            continue
        kept.append(replace(entity, language=entity.language if entity.kind == "pre" else ""))
    codes = [one for one in kept if one.kind in {"code", "pre"}]
    return [part for one in kept for part in _without(one, codes)]


def _without(entity: Entity, codes: Iterable[Entity]) -> list[Entity]:
    """The parts of an entity that lie outside code; itself where it may go on there."""
    if entity.kind not in PLAIN:
        return [entity]
    parts, start = [], entity.offset
    for code in codes:
        if code.offset < entity.end and start < code.end:
            parts.append((start, code.offset))
            start = code.end
    parts.append((start, entity.end))
    return [replace(entity, offset=one, length=end - one) for one, end in parts if one < end]


def _is_taken(entity: Entity, others: Iterable[Entity]) -> bool:
    """Whether an entity that was found lies where others leave no room for it."""
    closed = {"code", "pre", "text_link", "custom_emoji"}
    return any(
        one.offset < entity.end and entity.offset < one.end and one.kind in closed for one in others
    )
