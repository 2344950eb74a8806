"""What the folder of articles has become since it was indexed.

What cannot be read is left out with a sentence. Trouble that may pass (no permission, a folder
that cannot be listed) does not cost an article its place in the index.
"""

import hashlib
import stat
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from rag.changes import Change, Kind, Plan, Print, plan
from rag.corpus import Skipped, article_files, article_path, read_article
from rag.domain import Article
from rag.errors import ArticleError, CitebotError
from rag.languages import LanguageDetector
from rag.manifest import Entry, Snapshot


@dataclass(slots=True)
class Scan:
    """The folder as it is: what can be read, and why the rest cannot."""

    prints: dict[str, Print] = field(default_factory=dict)
    articles: dict[str, Article] = field(default_factory=dict)
    skipped: list[Change] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)

    def keep(self, entry: Entry) -> None:
        """Let an article stay as it is: a passing trouble must not cost it its place."""
        self.prints[entry.id] = print_of(entry)
        self.kept.add(entry.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanner:
    """Reads what is new in a folder of articles."""

    corpus: Path
    max_bytes: int
    """Larger files are not read."""
    detector: LanguageDetector

    def scan(self, snapshot: Snapshot) -> Scan:
        """Read what is new in the folder; what stands in the index is compared by digest."""
        listing = article_files(self.corpus)
        scan = Scan()
        scan.skipped += skips(listing.skipped)
        known = snapshot.entries
        barred = _barred(self.corpus, listing.skipped)
        for unseen in known.values():
            if not barred.isdisjoint(_ways(unseen.id)):
                scan.keep(unseen)
        for path in listing.files:
            article_id = path.relative_to(self.corpus).as_posix()
            entry = known.get(article_id)
            try:
                if entry and digest_of(path, self.max_bytes) == entry.sha256:
                    scan.prints[article_id] = print_of(entry)
                    continue
                article = self.read(path)
            except OSError as error:
                why = f"{article_id} cannot be read ({error.strerror}): check its permissions."
                scan.skipped.append(Change(kind=Kind.SKIPPED, article_id=article_id, detail=why))
                if entry:
                    scan.keep(entry)
            except ArticleError as error:
                change = Change(kind=Kind.SKIPPED, article_id=article_id, detail=str(error))
                scan.skipped.append(change)
            else:
                scan.articles[article_id] = article
                scan.prints[article_id] = Print(sha256=article.sha256, body=body_of(article))
        return scan

    def unlike(self, entry: Entry) -> str:
        """Why the words of an indexed article may not be shown; empty where they may."""
        try:
            path = article_path(self.corpus, entry.id)
            if digest_of(path, self.max_bytes) == entry.sha256:
                return ""
        except CitebotError as error:
            return str(error)
        except OSError as error:
            return f"{entry.id} cannot be read ({error.strerror}): check its permissions."
        return f"{entry.id} has changed since it was indexed: run `ingest`."

    def newcomers(self, known: Collection[str], since: float) -> int:
        """How many files were put into the folder after the index was written, in seconds."""
        files = article_files(self.corpus).files
        new = (path for path in files if path.relative_to(self.corpus).as_posix() not in known)
        return sum(path.stat().st_mtime > since for path in new)

    def read(self, path: Path) -> Article:
        """An article from its file. Raises `ArticleError`."""
        return read_article(
            self.corpus,
            path,
            max_bytes=self.max_bytes,
            detector=self.detector,
        )


def compared(snapshot: Snapshot, scan: Scan) -> Plan:
    """What has to be done to make the index equal to the folder."""
    old = {i: print_of(entry) for i, entry in snapshot.entries.items()}
    todo = plan(old, scan.prints)
    while lost := scan.kept.intersection(todo.write):
        # Their passages have gone with the articles that they were duplicates of.
        for article_id in lost:
            del scan.prints[article_id]
        scan.kept -= lost
        todo = plan(old, scan.prints)
    return todo


def skips(skipped: Iterable[Skipped]) -> list[Change]:
    """The files that were left out, as changes."""
    return [Change(kind=Kind.SKIPPED, article_id=s.name, detail=s.why) for s in skipped]


def _barred(corpus: Path, skipped: Iterable[Skipped]) -> set[str]:
    """The folders that are there but cannot be listed, and the files that cannot be seen."""
    return {s.name for s in skipped if _is_barred(corpus / s.name)}


def _is_barred(path: Path) -> bool:
    try:
        return stat.S_ISDIR(path.lstat().st_mode)
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _ways(article_id: str) -> set[str]:
    """An id, and the folders that lead to it."""
    return {article_id, *(str(folder) for folder in PurePosixPath(article_id).parents)}


def digest_of(path: Path, most: int) -> str:
    """The digest of a file's bytes; empty for one beyond the limit, which is not read."""
    if path.stat().st_size > most:
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def print_of(entry: Entry) -> Print:
    """What the index remembers of a file, to compare it by."""
    return Print(sha256=entry.sha256, body=entry.body, duplicate_of=entry.duplicate_of)


def body_of(article: Article) -> str:
    """The digest of an article's text without front matter and outer blanks."""
    body = article.text[article.body_start :].strip()
    return hashlib.sha256(body.encode()).hexdigest()
