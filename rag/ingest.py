"""Bring the index up to date with the folder of articles.

    lock ─ compare ─ write a new segment ─ commit the manifest ─ drop what nobody reads

Until the commit every reader goes on with the generation before; an interrupted run leaves
at most a segment that the next one drops.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from rag.analysis import Analyser
from rag.changes import Change, Kind, Plan, Print, plan
from rag.corpus import article_files, read_article
from rag.domain import Article, Passage
from rag.errors import ArticleError, CorpusError, IndexStateError
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
        progress: Progress = lambda done, total: None,
    ) -> Report:
        """Index what is new, forget what is gone, leave the rest alone.

        Raises `CorpusError` when the folder is missing, or holds no article while the index
        does (unless `allow_empty`); `IndexStateError` when another embedder built the index
        (unless `rebuild`); `LockedError` when another process is writing it.
        """
        with self.manifest.writing() as draft:
            before = draft.segments
            notes = self._prepare(draft, rebuild=rebuild)
            scan = self._scan(draft)
            todo = self._plan(draft, scan, allow_empty=allow_empty)
            if not todo.changes and not notes and draft.generation:
                draft.cancel()
            else:
                self._apply(draft, scan, todo, before, progress)
            report = Report(
                changes=(*todo.changes, *scan.skipped),
                unchanged=todo.unchanged,
                articles=len(draft.entries),
                passages=draft.rows.count(),
                generation=draft.generation + (not draft.cancelled),
                notes=tuple(notes),
            )
        return report

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
        facts = snapshot.facts
        for name in ("embedder", "dimension"):
            was, now = facts.get(name, self.state()[name]), self.state()[name]
            if was != now:
                raise IndexStateError(
                    f"The index of {self.settings.corpus} was built with {name} {was}, the settings "
                    f"say {now}: set it back, or run `ingest --rebuild`."
                )

    def _prepare(self, draft: Draftsman, *, rebuild: bool) -> list[str]:
        """Drop what no generation uses; start anew where the index as a whole must change."""
        used = draft.sizes
        stored = self.store.count()
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

    def _scan(self, draft: Draftsman) -> _Scan:
        """Read what is new in the folder; what stands in the index is compared by digest."""
        listing = article_files(self.settings.corpus)
        scan = _Scan()
        scan.skipped += [
            Change(kind=Kind.SKIPPED, article_id=s.name, detail=s.why) for s in listing.skipped
        ]
        known = draft.entries
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
                if entry:  # A passing trouble must not cost the article its place.
                    scan.prints[article_id] = _print(entry)
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
        old = {i: _print(entry) for i, entry in draft.entries.items()}
        if not scan.prints and not allow_empty:
            folder, why = self.settings.corpus, "".join(f" {c.detail}" for c in scan.skipped[:3])
            if draft.generation:
                raise CorpusError(
                    f"The folder {folder} holds no article any more; the index was left as it is. "
                    f"Check CITEBOT_CORPUS, or pass --allow-empty to empty the index.{why}"
                )
            raise CorpusError(
                f"The folder {folder} holds no article (.txt or .md): put some there, or point "
                f"CITEBOT_CORPUS at another folder.{why}"
            )
        return plan(old, scan.prints)

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
        for article_id in todo.forget:
            self._forget(draft, article_id, before)
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
        for article_id, original in todo.duplicates.items():
            if article_id in scan.articles:
                draft.put(_entry(scan.articles[article_id], duplicate_of=original))
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
            article = scan.articles.get(article_id) or self._read(
                self.settings.corpus / article_id
            )
            draft.put(_entry(article, segment=name))
            yield from passages_of(article, limit=self.settings.passage_characters)
            progress(done, len(todo.write))


def _batches(passages: Iterator[Passage]) -> Iterator[list[Passage]]:
    while batch := list(islice(passages, BATCH)):
        yield batch


def _wasteful(segments: tuple[Segment, ...], sizes: dict[str, int], living: int) -> bool:
    """Whether there are too many segments, or more dead passages than living ones."""
    return len(segments) >= MOST_SEGMENTS or sum(sizes.values()) > 2 * living + BATCH


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


def _entry(
    article: Article, *, duplicate_of: str | None = None, segment: str | None = None
) -> Entry:
    return Entry(
        id=article.id,
        sha256=article.sha256,
        body=_body(article),
        title=article.title,
        language=article.language,
        published_on=article.published_on,
        duplicate_of=duplicate_of,
        segment=segment,
    )
