"""Bring the index up to date with the folder of articles.

    lock ─ compare ─ write a new segment ─ commit the manifest ─ drop what nobody reads

Until the commit every reader goes on with the generation before; an interrupted run leaves
at most a segment that the next one drops.
"""

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from rag.analysis import Analyser
from rag.changes import Change, Kind, Plan
from rag.corpus import article_files
from rag.domain import Article, Passage
from rag.errors import CorpusError, IndexStateError, StorageError
from rag.manifest import Draftsman, Entry, Manifest, Snapshot
from rag.passages import passages_of
from rag.ports import Embedder, Segment, Store
from rag.scan import Scan, Scanner, body_of, compared, skips
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexer:
    """Keeps one index equal to one folder."""

    settings: Settings
    manifest: Manifest
    store: Store
    embedder: Embedder
    analyser: Analyser
    scanner: Scanner

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
                raise self._empty(skips(listing.skipped))
        with self.manifest.writing(anew=rebuild) as draft:
            before = draft.segments
            notes = self._prepare(draft, rebuild=rebuild)
            scan = self.scanner.scan(draft)
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
        scan = self.scanner.scan(snapshot)
        return (*compared(snapshot, scan).changes, *scan.skipped)

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

    def _plan(self, draft: Draftsman, scan: Scan, *, allow_empty: bool) -> Plan:
        if not scan.prints and not allow_empty:
            raise self._gone() if draft.generation else self._empty(scan.skipped)
        return compared(draft, scan)

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
        scan: Scan,
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
        self, draft: Draftsman, scan: Scan, todo: Plan, name: str, progress: Progress
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
        self, draft: Draftsman, scan: Scan, todo: Plan, name: str, progress: Progress
    ) -> Iterator[Passage]:
        for done, article_id in enumerate(todo.write, start=1):
            # One whose file did not change may have to be written all the same: it stood in
            # the index as a duplicate of an article that has gone.
            article = scan.articles.get(article_id)
            article = article or self.scanner.read(self.settings.corpus / article_id)
            draft.put(_entry(article, segment=name))
            yield from passages_of(article, limit=self.settings.passage_characters)
            progress(done, len(todo.write))


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


def _entry(article: Article, *, segment: str | None = None) -> Entry:
    return Entry(
        id=article.id,
        sha256=article.sha256,
        body=body_of(article),
        title=article.title,
        language=article.language,
        published_on=article.published_on,
        segment=segment,
    )
