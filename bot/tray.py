"""Files that wait for their confirmation: in the data directory, beside the articles' index.

    uploads / person - number / name.txt

The names say all there is to know, so there is nothing else to be kept or forgotten.
"""

import re
import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from rag.errors import StorageError
from rag.paths import reason
from rag.settings import Settings

FOLDER = "uploads"

LONGEST = timedelta(hours=1)
"""How long a file waits."""

_WAITING = re.compile(r"(\d+)-\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A file that waits."""

    user_id: int
    """Who sent it."""
    number: int
    path: Path

    @property
    def name(self) -> str:
        """What the article's file is to be called."""
        return self.path.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Tray:
    """The folder of files that wait."""

    folder: Path

    @classmethod
    def of(cls, library: Settings) -> Self:
        """The one in the data directory."""
        return cls(folder=library.data / FOLDER)

    def put(self, user_id: int, name: str, content: bytes) -> Waiting:
        """Keep a file of a person under a safe name. Raises `StorageError`."""
        number = secrets.randbits(48)
        path = self._place(user_id, number) / name
        file = Waiting(user_id=user_id, number=number, path=path)
        try:
            path.parent.mkdir(parents=True)
            path.write_bytes(content)
        except OSError as error:
            self.drop(file)
            raise StorageError(
                f"The folder {self.folder} cannot be written ({reason(error)}): check that "
                "CITEBOT_DATA is writable and has free space."
            ) from None
        return file

    def find(self, user_id: int, number: int) -> Waiting | None:
        """A file, if it is this person's and still waits."""
        with suppress(OSError, StopIteration):
            path = next(self._place(user_id, number).iterdir())
            return Waiting(user_id=user_id, number=number, path=path)
        return None

    def drop(self, file: Waiting) -> None:
        """Keep a file no longer."""
        shutil.rmtree(file.path.parent, ignore_errors=True)

    def forget(self, user_id: int) -> None:
        """Keep nothing of a person."""
        for place in self._waiting(f"{user_id}-*"):
            shutil.rmtree(place, ignore_errors=True)

    def prune(self, now: datetime) -> None:
        """Keep nothing that has waited too long."""
        for place in self._waiting("*"):
            with suppress(OSError):
                since = datetime.fromtimestamp(place.stat().st_mtime, UTC)
                if now - since > LONGEST:
                    shutil.rmtree(place, ignore_errors=True)

    def _place(self, user_id: int, number: int) -> Path:
        return self.folder / f"{user_id}-{number}"

    def _waiting(self, pattern: str) -> list[Path]:
        return [one for one in self.folder.glob(pattern) if _WAITING.fullmatch(one.name)]
