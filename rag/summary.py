"""What `ingest` did and what `status` finds, as text on standard output."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from rag.changes import Kind
from rag.render import new_console, one_line, write

if TYPE_CHECKING:
    from rag.ingest import Indexer, Report
    from rag.settings import Settings

MOST_NAMES = 10
"""File names that a line of a report shows."""


def show_report(report: "Report") -> None:
    """What a run of `ingest` did: a line for each kind of change."""
    console = new_console()
    for kind in Kind:
        changes = report.of(kind)
        if not changes:
            continue
        heading = Text(f"{kind} {len(changes)}:", "bold")
        if kind is Kind.SKIPPED:
            write(console, heading)
            for change in changes:
                write(console, Text(f"  {one_line(change.detail)}"))
            continue
        names = [_named(kind, one_line(c.article_id), one_line(c.detail)) for c in changes]
        more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
        write(console, heading.append(f" {', '.join(names[:MOST_NAMES])}{more}", "not bold"))
    for note in report.notes:
        write(console, Text(one_line(note)))
    write(
        console,
        Text(
            f"articles {report.articles}, unchanged {report.unchanged}, passages "
            f"{report.passages}, generation {report.generation}"
        ),
    )


def show_status(settings: "Settings", folder: Path, indexer: "Indexer") -> None:
    """What is indexed, where, and whether the folder has changed since.

    Raises `CorpusError` when the folder is missing, and the errors of an unusable index.
    """
    console = new_console()
    rows = {"corpus": str(settings.corpus), "index": str(folder)}
    if not indexer.manifest.exists:
        _show_rows(console, rows | {"state": "not built yet: `ingest` or the first `ask` does it"})
        return
    with indexer.manifest.reading() as snapshot:
        facts = snapshot.facts
        languages = snapshot.rows.languages()
        rows |= {
            "embedder": f"{facts.get('embedder')}, dimension {facts.get('dimension')}",
            "generation": f"{snapshot.generation}, written {facts.get('written', 'earlier')}",
            "articles": str(len(snapshot.entries)),
            "passages": f"{snapshot.rows.count()} ("
            + ", ".join(f"{language} {count}" for language, count in sorted(languages.items()))
            + ")",
            "size": f"{_size(folder) / 1_000_000:.1f} MB",
        }
        _show_rows(console, rows)
        indexer.check(snapshot)
        changes = indexer.pending(snapshot)
    new = [change for change in changes if change.kind is not Kind.SKIPPED]
    state = f"changed since in {len(new)} files: run `ingest`" if new else "up to date"
    skipped = len(changes) - len(new)
    _show_rows(console, {"state": state} | ({"skipped": f"{skipped} files"} if skipped else {}))


def _show_rows(console: Console, rows: Mapping[str, str]) -> None:
    for name, value in rows.items():
        write(console, Text(f"{name:10}  ", "bold").append(one_line(value), "not bold"))


def _named(kind: Kind, name: str, detail: str) -> str:
    match kind:
        case Kind.RENAMED:
            return f"{detail} → {name}"
        case Kind.DUPLICATE:
            return f"{name} of {detail}"
        case _:
            return name


def _size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
