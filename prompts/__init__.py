"""The prompts, one Markdown file each, and their loader.

    file (bytes) -> header and body -> Prompt -> text with its values

A file begins with a TOML header between two lines `+++`:

    role      "system" or "user": whose message it is
    inputs    the names of the values that the body needs

The body behind it is a `string.Template`: `$name` is a value, `$$` a dollar sign. Nothing is read
before `load` is called.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from string import Template
from typing import Literal

Role = Literal["system", "user"]

FENCE = "+++"
"""The line before and behind the header."""


class PromptError(ValueError):
    """A prompt is unknown, faulty or wrongly filled; the text says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A text for a model, with places for values."""

    name: str
    role: Role
    inputs: tuple[str, ...]
    """In the order of the header."""
    body: str
    digest: str
    """SHA-256 of the file's bytes, in hex."""

    def fill(self, /, **values: str) -> str:
        """The body with its values; a `$` in a value means nothing.

        Raises `PromptError` unless exactly the inputs are given.
        """
        if values.keys() != set(self.inputs):
            raise PromptError(
                f"The prompt {self.name} takes {_listed(self.inputs)}, not {_listed(values)}."
            )
        return Template(self.body).substitute(values)


@cache
def load(name: str) -> Prompt:
    """The prompt of that name, read once.

    Raises `PromptError` if there is none, or if its file is faulty.
    """
    # The name is looked up in a listing and never becomes part of a path by itself.
    known = {
        file.name.removesuffix(".md"): file
        for file in files(__name__).iterdir()
        if file.name.endswith(".md")
    }
    if name not in known:
        raise PromptError(f"There is no prompt {name!r}, only {_listed(sorted(known))}.")
    return parse(name, known[name].read_bytes())


def parse(name: str, data: bytes) -> Prompt:
    """The prompt that a file holds. Raises `PromptError` for a faulty one."""
    try:
        text = data.decode("utf-8").replace("\r\n", "\n")
        header, body = _parted(text)
        values = tomllib.loads(header)
        role, inputs = _role(values), _inputs(values)
        _compare(body, inputs)
    except ValueError as error:  # Also of bytes that are not UTF-8, and of no TOML.
        raise PromptError(f"The prompt {name} cannot be used: {error}.") from None
    digest = sha256(data).hexdigest()
    return Prompt(name=name, role=role, inputs=inputs, body=body, digest=digest)


def _parted(text: str) -> tuple[str, str]:
    """Header and body, the body without blank lines around it."""
    first, _, rest = text.partition("\n")
    header, fence, body = f"\n{rest}".partition(f"\n{FENCE}\n")
    if first != FENCE or not fence:
        raise ValueError(f"it does not begin with a header between two lines {FENCE}")
    if not body.strip():
        raise ValueError("there is nothing behind its header")
    return header, body.strip()


def _role(values: Mapping[str, object]) -> Role:
    if values.keys() != {"role", "inputs"}:
        raise ValueError("a header says `role` and `inputs`, and nothing else")
    match values["role"]:
        case "system" | "user" as role:
            return role
        case _:
            raise ValueError("`role` is system or user")


def _inputs(values: Mapping[str, object]) -> tuple[str, ...]:
    inputs = values["inputs"]
    if not isinstance(inputs, list) or not all(isinstance(name, str) for name in inputs):
        raise ValueError("`inputs` is a list of names")
    if len(set(inputs)) < len(inputs):
        raise ValueError("a name stands twice in `inputs`")
    return tuple(inputs)


def _compare(body: str, inputs: tuple[str, ...]) -> None:
    template = Template(body)
    if not template.is_valid():
        raise ValueError("its body holds a `$` without a name: write `$$` for a dollar sign")
    used = template.get_identifiers()
    if set(used) != set(inputs):
        raise ValueError(f"its body uses {_listed(used)}, its header says {_listed(inputs)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "nothing"
