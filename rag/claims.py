"""The claims in a language model's reply, each as soon as its JSON object closes.

    {"claims": [{"text": "…", "keys": ["k…", …]}, …]}

What stands around the object (prose, a code fence, thoughts, another object) is passed over.
Claims in a bare list, or by themselves, count, too. Where a reply is cut into pieces changes
nothing.
"""

import re
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST = 24
"""Claims that are read; what follows is left unread."""

MOST_KEYS = 16
"""Keys of a claim; more are left out."""

BEGINNINGS = 20
"""Braces in vain that are tried for the beginning of an object, so that a reply of braces stays
cheap."""

LONGEST = 50_000
"""Characters from the first brace on that are read; what follows is left unread."""

DEEP = 500
"""Characters of the path to a value, such as `claims.item.text`; a longer one leads nowhere."""

_SEGMENT = re.compile(r"[^}]{0,2047}\}|[^}]{1,2048}")
"""Small, since the parser spells out the whole path with every event."""

_CONTROLS = dict.fromkeys(range(0x20), " ")
"""Line breaks and the like: JSON knows none inside of a string, models write some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A claim as it came; nothing about it is certain. No text means that there was none."""

    text: str
    keys: tuple[str, ...]


class ClaimReader:
    """Reads one reply."""

    def __init__(self) -> None:
        self.count = 0
        """Claims so far."""
        self.readable = False
        """Whether there was a claim, or a whole list of none: else the reply is no answer."""
        self.whole = False
        """Whether a list of claims was read to its end."""
        self._object: _Object | None = None
        self._read: list[str] = []
        """What the object that is being read has been fed."""
        self._beginnings = BEGINNINGS
        self._characters = 0
        """From the first brace on."""
        self._over = False

    @property
    def over(self) -> bool:
        """Whether nothing that may follow would be read."""
        return self._over or self.flooded

    @property
    def flooded(self) -> bool:
        """Whether there was more than any answer needs."""
        return self.count >= MOST or self._characters >= LONGEST

    def feed(self, piece: str) -> list[Raw]:
        """The claims that close in the next piece of a reply."""
        found: list[Raw] = []
        waiting = deque(_SEGMENT.findall(self._admitted(piece)))
        while waiting and not self._over and self.count < MOST:
            segment = self._begun(waiting.popleft())
            if self._object is None or not segment:
                continue
            self._read.append(segment)
            claims, broken = self._object.feed(segment)
            claims = claims[: MOST - self.count]
            found.extend(claims)
            self.count += len(claims)
            self.whole = self._object.whole or (self.whole and not claims)
            self.readable = self.readable or self.whole or bool(claims)
            waiting.extendleft(reversed(self._after(self._object, broken=broken)))
        return found

    def _admitted(self, piece: str) -> str:
        """What of a piece is read at all."""
        if not self._characters:
            piece = piece[piece.find("{") :] if "{" in piece else ""
        piece = piece[: LONGEST - self._characters]
        self._characters += len(piece)
        return piece.translate(_CONTROLS)

    def _begun(self, segment: str) -> str:
        """What of a segment belongs to an object; one is begun where none is being read."""
        if self._object is not None:
            return segment
        brace = segment.find("{")
        if brace < 0:
            return ""
        if not self._beginnings:
            self._over = True
            return ""
        self._beginnings -= 1
        self._object, self._read = _Object(), []
        return segment[brace:]

    def _after(self, read: "_Object", *, broken: bool) -> Sequence[str]:
        """What is to be read again, once an object has ended or has turned out to be none."""
        if not broken and not read.closed:
            return ()
        self._object = None
        if read.count:
            # Behind a whole list there is nothing more, and behind a fault nothing is certain.
            self._over = read.whole or broken
            self._beginnings += 1
        elif not read.whole:
            return _SEGMENT.findall("".join(self._read)[1:])
        return ()


class _Object:
    """One JSON object that may hold claims."""

    def __init__(self) -> None:
        from ijson import parse_coro
        from ijson.utils import sendable_list

        self.closed = False
        self.whole = False
        """Whether it held a list of claims to its end."""
        self.count = 0
        self._text = ""
        self._keys: list[str] = []
        self._events: Any = sendable_list()
        # As floats: a number of thousands of digits is a fault then, and else ends the process.
        self._parser: Any = parse_coro(self._events, use_float=True)

    def feed(self, segment: str) -> tuple[list[Raw], bool]:
        """The claims that close in a segment, and whether it is broken."""
        from ijson import JSONError

        broken = False
        try:
            self._parser.send(segment.encode("utf-8", "replace"))
        except (JSONError, ValueError, StopIteration, RecursionError):
            broken = True
        events = list(self._events)
        del self._events[:]
        found: list[Raw] = []
        for prefix, event, value in events:
            if len(prefix) > DEEP:
                broken = True
                break
            found.extend(self._take(prefix, event, value))
        self.count += len(found)
        return found, broken

    def _take(self, prefix: str, event: str, value: object) -> list[Raw]:
        match prefix, event:
            case "claims.item", "start_map":
                self._text, self._keys = "", []
            case "claims.item", "string":
                return [Raw(text=str(value), keys=())]
            case (("claims.item.text" | "text"), "string"):
                self._text = str(value)
            case (("claims.item.keys" | "keys"), "start_array"):
                self._keys = []
            case (("claims.item.keys" | "claims.item.keys.item" | "keys" | "keys.item"), "string"):
                self._keys.append(str(value))
            case "claims.item", "end_map":
                return [self._claim()]
            case "claims", "end_array":
                self.whole = True
            case "", "end_map":
                self.closed = True
                return [self._claim()] if self._bare() else []
        return []

    def _bare(self) -> bool:
        """Whether the object is a claim by itself."""
        return not self.whole and not self.count and bool(self._text and self._keys)

    def _claim(self) -> Raw:
        return Raw(text=self._text, keys=tuple(dict.fromkeys(self._keys))[:MOST_KEYS])
