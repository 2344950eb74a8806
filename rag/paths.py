"""Which names and links below the folder of articles may be read at all.

Names come from people, indexes and file systems; links may lead anywhere. Nothing outside the
folder is ever read, and every refusal is a sentence that says what to do.
"""

import errno
import os
import stat
import unicodedata
from pathlib import Path

SUFFIXES = (".txt", ".md")

BAD_CATEGORIES = ("Cc", "Cs", "Zl", "Zp")
BAD_CHARACTERS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the writing direction around, so that a name shows as another one."""


def printable(name: str) -> str:
    """A file name fit to be shown: control characters and stray bytes as escapes."""
    return "".join(_escaped(character) if is_bad(character) else character for character in name)


def is_bad(character: str) -> bool:
    """Whether a character has no place in an id."""
    return character in BAD_CHARACTERS or unicodedata.category(character) in BAD_CATEGORIES


def _escaped(character: str) -> str:
    # Bytes that are no UTF-8 come from the file system as U+DC80 and above.
    code = ord(character) - 0xDC00 if "\udc80" <= character <= "\udcff" else ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def has_suffix(name: str) -> bool:
    """Whether a file name is that of an article."""
    return name.lower().endswith(SUFFIXES)


def name_of(root: Path, path: Path) -> str:
    """The id of a path below `root`, fit to be shown."""
    return printable(path.relative_to(root).as_posix())


def reason(error: OSError) -> str:
    """What the system says, to stand in brackets."""
    return (error.strerror or type(error).__name__).lower()


def real(root: Path) -> Path:
    """The folder itself, behind all links."""
    try:
        return root.resolve()
    except (OSError, RuntimeError):
        return root.absolute()


def is_there(path: Path, real_parent: Path) -> bool:
    """Whether a path leads to something that is no folder, and not through a linked folder."""
    try:
        is_direct = path.parent.resolve() == real_parent
        return is_direct and os.path.lexists(path) and not path.is_dir()
    except (OSError, RuntimeError):
        return False


def objection(root: Path, real_root: Path, path: Path) -> str | None:
    """Why something in the folder must not be read, as a sentence; None when it may be."""
    name = name_of(root, path)
    if any(map(is_bad, path.name)):
        return f"{name} has a name with control characters or stray bytes: rename it."
    try:
        if path.is_symlink():
            return _link_objection(real_root, path, name)
        mode = path.lstat().st_mode
    except OSError as error:
        return f"{name} cannot be looked at ({reason(error)}): check its permissions."
    if stat.S_ISDIR(mode) or stat.S_ISREG(mode) or not has_suffix(path.name):
        return None
    return f"{name} is not a regular file: replace it by one, or remove it."


def _link_objection(real_root: Path, path: Path, name: str) -> str | None:
    """Why a link must not be followed."""
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError) as error:
        if not has_suffix(path.name):
            return None
        is_loop = isinstance(error, RuntimeError) or error.errno == errno.ELOOP
        leads = "back to itself" if is_loop else "nowhere"
        return f"{name} is a link that leads {leads}: put the file itself there, or remove it."
    why = None
    if target.is_dir():
        why = "a folder and is not followed: put the folder itself there."
    elif has_suffix(path.name) and not target.is_relative_to(real_root):
        why = "a file outside the folder: put the file itself there."
    elif has_suffix(path.name) and not target.is_file():
        why = "something that is not a regular file: remove it."
    return why and f"{name} is a link to {why}"
