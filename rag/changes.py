"""What a corpus folder has become since it was indexed: a pure comparison.

Every article is one of: unchanged, added, changed, renamed, removed, duplicate. Files with
one body (their text without front matter) under several names are indexed once, under the
name that already stands in the index, else under the first; the others are duplicates.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happened to a file."""

    ADDED = "added"
    CHANGED = "changed"
    RENAMED = "renamed"
    REMOVED = "removed"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One thing that happened; `detail` is the old name, the original, or the reason."""

    kind: Kind
    article_id: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """What tells one state of a file from another: digests of the file and of its body.

    In the index, `duplicate_of` names the article that carries the passages of a duplicate.
    """

    sha256: str
    body: str
    duplicate_of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to do: `write` and `forget` are disjoint in their effect, forgetting comes first."""

    changes: tuple[Change, ...]
    write: tuple[str, ...]
    """Articles whose passages are to be written."""
    forget: tuple[str, ...]
    """Articles of the index that leave it, or whose passages are replaced."""
    duplicates: Mapping[str, str]
    """Every duplicate in the folder, and the article that stands for it."""
    unchanged: int


def plan(old: Mapping[str, Print], new: Mapping[str, Print]) -> Plan:
    """Compare the index (`old`) with the folder (`new`), both by article id."""
    standing = _standing(old, new)
    duplicates = {i: standing[p.body] for i, p in new.items() if standing[p.body] != i}
    vanished = {p.body: i for i, p in old.items() if i not in new and not p.duplicate_of}
    changes: list[Change] = []
    renamed: set[str] = set()
    for article_id in sorted(new):
        change = _change(article_id, old, new, duplicates, vanished)
        if change:
            changes.append(change)
            renamed.add(change.detail if change.kind is Kind.RENAMED else "")
    changes += [
        Change(kind=Kind.REMOVED, article_id=i) for i in sorted(old.keys() - new.keys() - renamed)
    ]
    touched = {c.article_id for c in changes}
    return Plan(
        changes=tuple(changes),
        write=tuple(sorted(i for i in touched & new.keys() if i not in duplicates)),
        forget=tuple(sorted((touched & old.keys()) | (renamed & old.keys()))),
        duplicates=duplicates,
        unchanged=len(new.keys() - touched),
    )


def _standing(old: Mapping[str, Print], new: Mapping[str, Print]) -> dict[str, str]:
    """By body, the article that carries it: the one that did so already, else the first."""
    standing: dict[str, str] = {}
    for article_id in sorted(new):
        standing.setdefault(new[article_id].body, article_id)
    for article_id, was in old.items():
        now = new.get(article_id)
        if now and now.body == was.body and not was.duplicate_of:
            standing[now.body] = article_id
    return standing


def _change(
    article_id: str,
    old: Mapping[str, Print],
    new: Mapping[str, Print],
    duplicates: Mapping[str, str],
    vanished: Mapping[str, str],
) -> Change | None:
    """What happened to one file of the folder; nothing, if it stands as it did."""
    was, now, original = old.get(article_id), new[article_id], duplicates.get(article_id)
    if original:
        same = was and was.sha256 == now.sha256 and was.duplicate_of == original
        return None if same else _made(Kind.DUPLICATE, article_id, original)
    if was and not was.duplicate_of and was.sha256 == now.sha256:
        return None
    former = vanished.get(now.body)
    if former and (was is None or was.duplicate_of):
        return _made(Kind.RENAMED, article_id, former)
    return _made(Kind.CHANGED if was else Kind.ADDED, article_id)


def _made(kind: Kind, article_id: str, detail: str = "") -> Change:
    return Change(kind=kind, article_id=article_id, detail=detail)
