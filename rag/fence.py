"""Other people's texts inside a message to a language model, so that they cannot end it.

begin 3f0c… article
…
end 3f0c… article
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import count


@dataclass(frozen=True, slots=True, kw_only=True)
class Fenced:
    """Labelled texts between lines that hold a word which none of them holds."""

    boundary: str
    text: str


def fenced(texts: Sequence[tuple[str, str]]) -> Fenced:
    """The texts, given as label and text; the same texts always get the same boundary.

    A lone surrogate, which cannot be sent, becomes a question mark.
    """
    clean = [(label, text.encode("utf-8", "replace").decode("utf-8")) for label, text in texts]
    boundary = _boundary([text for _, text in clean])
    parts = [f"begin {boundary} {label}\n{text}\nend {boundary} {label}" for label, text in clean]
    return Fenced(boundary=boundary, text="\n\n".join(parts))


def _boundary(texts: Sequence[str]) -> str:
    """The first of an endless row of words that none of the texts holds.

    Mostly it is the very first, so that a server can keep what it has read of a prompt; a text
    that holds that one only leads to the next.
    """
    held = "\0".join(texts).lower()
    words = (sha256(f"citebot {number}".encode()).hexdigest()[:16] for number in count())
    return next(word for word in words if word not in held)
