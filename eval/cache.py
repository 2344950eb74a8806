"""Replies that were given before, by everything that can change them.

One small file per reply; a damaged one counts as missing. Errors are never kept.
"""

import os
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from eval.records import Attempt, lines, read_line


class Cache:
    """Attempts by their key, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: str) -> Attempt | None:
        """The attempt with a key; nothing if there is none that can be read."""
        try:
            value = read_line(self._file(key).read_bytes())
        except (OSError, ValueError):
            return None
        if isinstance(value, Attempt) and value.key == key:
            return replace(value, cached=True)
        return None

    def put(self, attempt: Attempt) -> None:
        """Keep an attempt; a disk that refuses costs nothing but the keeping."""
        if attempt.error is not None or attempt.stale:
            return  # Both may pass.
        file = self._file(attempt.key)
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as new:
                new.writelines(lines([attempt]))
            os.replace(new.name, file)  # noqa: PTH105 - one step, so that no reader sees a half

    def _file(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.json"
