"""Bring the index up to date with the folder of articles.

    lock ─ compare ─ write a new segment ─ commit the manifest ─ drop what nobody reads

Until the commit every reader goes on with the generation before; an interrupted run leaves
at most a segment that the next one drops.
"""

import hashlib
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from rag.analysis import Analyser
from rag.changes import Change, Kind, Plan, Print, plan
from rag.corpus import Skipped, article_files, read_article
from rag.domain import Article, Passage
from rag.errors import ArticleError, CorpusError, IndexStateError, StorageError
from rag.languages import LanguageDetector
from rag.manifest import Draftsman, Entry, Manifest, Snapshot
from rag.passages import passages_of
from rag.ports import Embedder, Segment, Store
from rag.settings import Settings

CUT = 1
"""Raised with every change of sentence or passage boundaries."""

BATCH = 256
"""Passages that are embedded and written at a time."""

MOST_SEGMENTS = 8
"""More than this many are joined into one: each costs a search of its own."""

MOST_DEAD = 1_000
"""Segments are joined, too, when more articles than this are dead in one: every search names
them, and Chroma takes at most 32,766 values."""

Progress = Callable[[int, int], None]
"""Called with the number of articles done and the number there is to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run did. `notes` are sentences about the run as a whole."""

    changes: tuple[Change, ...]
    unchanged: int
    articles: int
    passages: int
    generation: int
    notes: tuple[str, ...] = ()

    def of(self, kind: Kind) -> tuple[Change, ...]:
        """The changes of one kind."""
        return tuple(change for change in self.changes if change.kind is kind)


@dataclass(slots=True)
class _Scan:
    """The folder as it is: what can be read, and why the rest cannot."""

    prints: dict[str, Print] = field(default_factory=dict)
    articles: dict[str, Article] = field(default_factory=dict)
    skipped: list[Change] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)

    def keep(self, entry: Entry) -> None:
        """Let an article stay as it is: a passing trouble must not cost it its place."""
        self.prints[entry.id] = _print(entry)
        self.kept.add(entry.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer:
    """Keeps one index equal to one folder."""

    settings: Settings
    manifest: Manifest
    store: Store
    embedder: Embedder
    analyser: Analyser
    detector: LanguageDetector

    def run(
        self,
        *,
        allow_empty: bool = False,
        rebuild: bool = False,
        progress: Progress = lambda _done, _total: None,
    ) -> Report:
        """Index what is new, forget what is gone, leave the rest alone.

        Raises `CorpusError` when the folder is missing, or holds no article while the index
        does (unless `allow_empty`); `IndexStateError` when another embedder built the index
        (unless `rebuild`); `LockedError` when another process is writing it.
        """
        if not (allow_empty or self.manifest.begun):
            listing = article_files(self.settings.corpus)
            if not listing.files:  # A mistaken folder must leave no index behind.
                raise self._empty(_skips(listing.skipped))
        with self.manifest.writing(anew=rebuild) as draft:
            before = draft.segments
            notes = self._prepare(draft, rebuild=rebuild)
            scan = self._scan(draft)
            todo = self._plan(draft, scan, allow_empty=allow_empty)
            if not todo.changes and not notes and draft.generation:
                draft.cancel()
            else:
                self._apply(draft, scan, todo, before, progress)
            return Report(
                changes=(*todo.changes, *scan.skipped),
                unchanged=todo.unchanged,
                articles=len(draft.entries),
                passages=draft.rows.count(),
                generation=draft.generation + (not draft.cancelled),
                notes=tuple(notes),
            )

    def state(self) -> dict[str, str]:
        """What an index must have been made with to be of use to this program."""
        return {
            "embedder": self.embedder.name,
            "dimension": str(self.embedder.dimension),
            "cut": f"{CUT}/{self.settings.passage_characters}",
            "analysis": self.analyser.fingerprint,
        }

    def check(self, snapshot: Snapshot) -> None:
        """Raises `IndexStateError` when another embedder built the index."""
        facts, embedder = snapshot.facts, self.embedder
        was = (facts.get("embedder"), facts.get("dimension"))
        if was not in {(None, None), (embedder.name, str(embedder.dimension))}:
            raise IndexStateError(
                f"The index of {self.settings.corpus} was built with the embedder {was[0]} of "
                f"dimension {was[1]}, the settings ask for {embedder.name} of dimension "
                f"{embedder.dimension}: set it back (CITEBOT_DIMENSION), or run "
                "`ingest --rebuild`."
            )

    def pending(self, snapshot: Snapshot) -> tuple[Change, ...]:
        """What a run would find changed, skipped files included; nothing is written.

        Raises `CorpusError` when the folder is missing or cannot be listed.
        """
        scan = self._scan(snapshot)
        return (*_compared(snapshot, scan).changes, *scan.skipped)

    def look(self, known: Collection[str]) -> None:
        """See that the folder still holds any of the articles of the index, or others.

        Raises `CorpusError` when it is missing or empty, as an unmounted one is.
        """
        # `os.path` because it never raises: the listing below says what is wrong.
        if any(os.path.isfile(self.settings.corpus / article_id) for article_id in known):  # noqa: PTH113
            return
        if known and not article_files(self.settings.corpus).files:
            raise self._gone()

    def _prepare(self, draft: Draftsman, *, rebuild: bool) -> list[str]:
        """Drop what no generation uses; start anew where the index as a whole must change."""
        used = draft.sizes
        stored = self._stored(rebuild=rebuild)
        self.store.drop(stored.keys() - used.keys())
        if not draft.generation:
            return []
        if not rebuild:
            self.check(draft)
        facts, state = draft.facts, self.state()
        why = ""
        if rebuild:
            why = "Everything was indexed anew, as asked."
        elif any(stored.get(name) != size for name, size in used.items()):
            why = "Stored passages were missing: everything was indexed anew."
        elif facts.get("cut") != state["cut"]:
            why = "Passages are cut differently now: everything was indexed anew."
        elif facts.get("analysis") != state["analysis"]:
            why = "Words are matched differently now: everything was indexed anew."
        if why:
            draft.clear()
        return [why] if why else []

    def _stored(self, *, rebuild: bool) -> Mapping[str, int]:
        """The segments there are; none after a store that cannot be read was cleared."""
        try:
            return self.store.count()
        except StorageError:
            if not rebuild:
                raise
            self.store.clear()
            return {}

    def _scan(self, snapshot: Snapshot) -> _Scan:
        """Read what is new in the folder; what stands in the index is compared by digest."""
        listing = article_files(self.settings.corpus)
        scan = _Scan()
        scan.skipped += _skips(listing.skipped)
        known = snapshot.entries
        barred = _barred(self.settings.corpus, listing.skipped)
        for unseen in known.values():
            if not barred.isdisjoint(_ways(unseen.id)):
                scan.keep(unseen)
        for path in listing.files:
            article_id = path.relative_to(self.settings.corpus).as_posix()
            entry = known.get(article_id)
            try:
                if entry and _digest(path, self.settings.max_article_bytes) == entry.sha256:
                    scan.prints[article_id] = _print(entry)
                    continue
                article = self._read(path)
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
                scan.prints[article_id] = Print(sha256=article.sha256, body=_body(article))
        return scan

    def _read(self, path: Path) -> Article:
        return read_article(
            self.settings.corpus,
            path,
            max_bytes=self.settings.max_article_bytes,
            detector=self.detector,
        )

    def _plan(self, draft: Draftsman, scan: _Scan, *, allow_empty: bool) -> Plan:
        if not scan.prints and not allow_empty:
            raise self._gone() if draft.generation else self._empty(scan.skipped)
        return _compared(draft, scan)

    def _gone(self) -> CorpusError:
        return CorpusError(
            f"The folder {self.settings.corpus} holds no article any more, and the index was "
            "left as it is: mount or fill it, check CITEBOT_CORPUS, or run "
            "`ingest --allow-empty` to empty the index too."
        )

    def _empty(self, skipped: Sequence[Change]) -> CorpusError:
        example = f" ({skipped[0].detail.rstrip('.')})" if skipped else ""
        return CorpusError(
            f"The folder {self.settings.corpus} holds no article that can be read{example}: put "
            ".txt or .md files there, or point CITEBOT_CORPUS at another folder."
        )

    def _apply(
        self,
        draft: Draftsman,
        scan: _Scan,
        todo: Plan,
        before: tuple[Segment, ...],
        progress: Progress,
    ) -> None:
        """Write the next generation."""
        name = f"citebot-{draft.generation + 1:06d}"
        known = draft.entries
        for article_id in todo.forget:
            self._forget(draft, article_id, before)
        for article_id, original in todo.duplicates.items():
            fresh = scan.articles.get(article_id)
            entry = _entry(fresh) if fresh else known[article_id]
            draft.put(replace(entry, duplicate_of=original, segment=None))
        written = self._write(draft, scan, todo, name, progress)
        stale = draft.segments
        if _wasteful(stale, draft.sizes, draft.rows.count()):
            for segment in stale:
                written += self.store.copy(segment, name)
                draft.move(segment.name, name)
        if written:
            draft.add_segment(name, written)
        draft.state(self.state() | {"corpus": str(self.settings.corpus)})

    def _forget(self, draft: Draftsman, article_id: str, segments: Iterable[Segment]) -> None:
        ids = draft.rows.of_article(article_id)
        stored = self.store.passages(ids, segments)
        for passage_id in ids:
            passage = stored[passage_id]
            draft.rows.remove(passage_id, self.analyser.terms(passage.text, passage.language))
        draft.forget(article_id)

    def _write(
        self, draft: Draftsman, scan: _Scan, todo: Plan, name: str, progress: Progress
    ) -> int:
        """Write the passages of new articles; how many they were."""
        written = 0
        for batch in _batches(self._passages(draft, scan, todo, name, progress)):
            vectors = self.embedder.embed_passages([passage.text for passage in batch])
            self.store.add(name, batch, vectors)
            for passage in batch:
                terms = self.analyser.terms(passage.text, passage.language)
                draft.rows.add(passage.id, passage.article_id, passage.language, terms)
            written += len(batch)
        return written

    def _passages(
        self, draft: Draftsman, scan: _Scan, todo: Plan, name: str, progress: Progress
    ) -> Iterator[Passage]:
        for done, article_id in enumerate(todo.write, start=1):
            # One whose file did not change may have to be written all the same: it stood in
            # the index as a duplicate of an article that has gone.
            article = scan.articles.get(article_id) or self._read(self.settings.corpus / article_id)
            draft.put(_entry(article, segment=name))
            yield from passages_of(article, limit=self.settings.passage_characters)
            progress(done, len(todo.write))


def _compared(snapshot: Snapshot, scan: _Scan) -> Plan:
    old = {i: _print(entry) for i, entry in snapshot.entries.items()}
    todo = plan(old, scan.prints)
    while lost := scan.kept.intersection(todo.write):
        # Their passages have gone with the articles that they were duplicates of.
        for article_id in lost:
            del scan.prints[article_id]
        scan.kept -= lost
        todo = plan(old, scan.prints)
    return todo


def _skips(skipped: Iterable[Skipped]) -> list[Change]:
    return [Change(kind=Kind.SKIPPED, article_id=s.name, detail=s.why) for s in skipped]


def _batches(passages: Iterator[Passage]) -> Iterator[list[Passage]]:
    while batch := list(islice(passages, BATCH)):
        yield batch


def _wasteful(segments: tuple[Segment, ...], sizes: Mapping[str, int], living: int) -> bool:
    """Whether there are too many segments, or too much in them is dead."""
    return (
        len(segments) >= MOST_SEGMENTS
        or any(len(segment.dead) > MOST_DEAD for segment in segments)
        or sum(sizes.values()) > 2 * living + BATCH
    )


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


def _digest(path: Path, most: int) -> str:
    """The digest of a file's bytes; empty for one beyond the limit, which is not read."""
    if path.stat().st_size > most:
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _print(entry: Entry) -> Print:
    return Print(sha256=entry.sha256, body=entry.body, duplicate_of=entry.duplicate_of)


def _body(article: Article) -> str:
    body = article.text[article.body_start :].strip()
    return hashlib.sha256(body.encode()).hexdigest()


def _entry(article: Article, *, segment: str | None = None) -> Entry:
    return Entry(
        id=article.id,
        sha256=article.sha256,
        body=_body(article),
        title=article.title,
        language=article.language,
        published_on=article.published_on,
        segment=segment,
    )
