"""From a question to what one generation of the index offers for it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from types import MappingProxyType

from rag.domain import Heading, Hit, Material, Passage, Question
from rag.errors import StorageError
from rag.ingest import Indexer
from rag.manifest import Entry, Snapshot
from rag.retrieve import Retriever

TRIES = 5
"""Times that a question is looked up, when a writer finishes a generation under it."""

WHOLE = 60
"""Passages that an article may have to be offered as a whole beside its hits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one generation of the index offers for a question."""

    material: Material
    entries: Mapping[str, Entry]
    stale: tuple[str, ...]
    """Why articles were left out whose files are not as they were indexed."""
    written: datetime | None
    """When the generation was finished."""
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """Looks questions up, and tells what has become of the files since."""

    indexer: Indexer
    retriever: Retriever
    beside: int = 0
    """How many passages are offered beside the hits, so that their articles are whole."""

    def find(self, question: Question, limit: int) -> Found:
        """Look a question up in one generation.

        A writer may drop, under a reader, a segment that is two generations old; then the
        newest generation has it all.
        """
        for _ in range(TRIES - 1):
            try:
                return self._once(question, limit)
            except StorageError:
                continue
        return self._once(question, limit)

    def languages(self) -> Collection[str] | None:
        """Those of the articles; nothing where there is no index yet."""
        manifest = self.indexer.manifest
        if not manifest.begun:
            return None
        with manifest.reading() as snapshot:
            return tuple(snapshot.rows.languages()) if snapshot.generation else None

    def explained(self, found: Found) -> Found:
        """What may be the reason for a refusal, besides the articles.

        Raises `CorpusError` for a folder that is not mounted: it must not look like silence.
        """
        self.indexer.look(found.entries)
        if found.written is None:
            return found
        new = self.indexer.scanner.newcomers(found.entries, found.written.timestamp())
        why = f"The folder holds new articles ({new}) that are not indexed: run `ingest`."
        return replace(found, stale=(*found.stale, why)) if new else found

    def _once(self, question: Question, limit: int) -> Found:
        with self.indexer.manifest.reading() as snapshot:
            self.indexer.check(snapshot)
            hits = self.retriever.find(question, snapshot, limit)
            entries, facts = dict(snapshot.entries), snapshot.facts
            generation = snapshot.generation
            found = dict.fromkeys(hit.passage.article_id for hit in hits)
            unlike = {i: self.indexer.scanner.unlike(entries[i]) for i in found if i in entries}
            fresh = tuple(hit for hit in hits if not unlike.get(hit.passage.article_id, "gone"))
            rest = self._rest(fresh, snapshot)
        return Found(
            material=Material(hits=fresh, rest=rest, headings=_headings(fresh, entries)),
            entries=entries,
            stale=tuple(why for why in unlike.values() if why),
            written=datetime.fromisoformat(facts["written"]) if "written" in facts else None,
            generation=generation,
        )

    def _rest(self, hits: tuple[Hit, ...], snapshot: Snapshot) -> tuple[Passage, ...]:
        """The passages that make the articles of the hits whole."""
        if not self.beside:
            return ()
        known = {hit.passage.id for hit in hits}
        articles = dict.fromkeys(hit.passage.article_id for hit in hits)
        rows = [snapshot.rows.of_article(article_id) for article_id in articles]
        missing = (i for ids in rows if len(ids) <= WHOLE for i in ids if i not in known)
        ids = list(islice(missing, self.beside))
        passages = self.indexer.store.passages(ids, snapshot.segments) if ids else {}
        return tuple(passages[i] for i in ids if i in passages)


def _headings(hits: Iterable[Hit], entries: Mapping[str, Entry]) -> Mapping[str, Heading]:
    named = {hit.passage.article_id for hit in hits}
    return MappingProxyType(
        {
            i: Heading(title=entry.title, published_on=entry.published_on)
            for i, entry in entries.items()
            if i in named
        }
    )
