"""What administrators see: how things are, what was read, who is let in, files that were sent."""

from typing import TYPE_CHECKING

from bot.domain import Objection, Offered, Stats, Status
from bot.markup import Block, Button, Code, Page, Text
from bot.phrases import Phrases
from bot.presses import AddFile, data
from rag.changes import Change, Kind

if TYPE_CHECKING:
    from rag.ingest import Report

MOST_NAMES = 10
"""File names in a line of a report, and sentences on files that were left out."""


def status(phrases: Phrases, now: Status) -> Page:
    """`/status`: the index, the model, what is waiting."""
    model = ("status.model", now.model) if now.model else ("status.no_model", "")
    heard = (("status.polled", phrases.duration(now.polled)),) if now.polled is not None else ()
    lines = (
        ("status.articles", phrases.number(now.articles)),
        ("status.passages", phrases.number(now.passages)),
        ("status.generation", phrases.number(now.generation)),
        ("status.changed" if now.changed else "status.current", phrases.number(now.changed)),
        model,
        ("status.waiting", phrases.number(now.waiting)),
        ("status.copies", phrases.number(now.copies)),
        ("status.uptime", phrases.duration(now.uptime)),
        *heard,
    )
    return _table(phrases, phrases.heading("status.title"), lines)


def stats(phrases: Phrases, counts: Stats) -> Page:
    """`/stats`: what was asked and answered."""
    cost = (("stats.cost", phrases.number(counts.cost)),) if counts.cost is not None else ()
    lines = (
        ("stats.people", phrases.number(counts.people)),
        ("stats.answers", phrases.number(counts.answers)),
        ("stats.refusals", phrases.number(counts.refusals)),
        ("stats.good", phrases.number(counts.good)),
        ("stats.bad", phrases.number(counts.bad)),
        *cost,
    )
    return _table(phrases, phrases.heading("stats.title", count=counts.days), lines)


def reindexing(phrases: Phrases, done: int, total: int) -> Page:
    """How far `/reindex` has come."""
    if not total:
        return Page(blocks=(phrases.block("reindex.begun"),))
    said = phrases.block("reindex.going_on", done=phrases.number(done), total=phrases.number(total))
    return Page(blocks=(said,))


def reindexed(phrases: Phrases, report: "Report") -> Page:
    """What `/reindex` found; the sentences on files and notes are the library's own."""
    lines = [_changes(phrases, kind, found) for kind in Kind if (found := report.of(kind))]
    skipped = report.of(Kind.SKIPPED)[:MOST_NAMES]
    articles, passages = phrases.number(report.articles), phrases.number(report.passages)
    return Page(
        blocks=(
            phrases.heading("reindex.done"),
            *(lines or (phrases.block("reindex.nothing", gap="\n"),)),
            *(Block((Text(f"• {change.detail}"),), gap="\n") for change in skipped),
            *(Block((Text(note),), gap="\n") for note in report.notes),
            phrases.block("reindex.total", articles=articles, passages=passages),
        )
    )


def person_missing(phrases: Phrases, command: str) -> Page:
    """`/ban` or `/allow` without saying who."""
    return Page(blocks=(phrases.block("who.missing", command=Text(f"/{command}")),))


def shut_out(phrases: Phrases, number: int) -> Page:
    """That a person or a chat is shut out."""
    return _about(phrases, "who.banned", str(number))


def let_in(phrases: Phrases, number: int) -> Page:
    """That a person or a chat is let in."""
    return _about(phrases, "who.allowed", str(number))


def kept_in(phrases: Phrases, number: int) -> Page:
    """That an administrator cannot be shut out."""
    return _about(phrases, "who.administrator", str(number))


def upload_ask(phrases: Phrases, offered: Offered) -> Page:
    """Whether a file shall join the articles."""
    said = [
        Button(
            text=phrases.phrase("upload.yes" if is_sure else "upload.no"),
            data=data(AddFile(file_id=offered.id, is_sure=is_sure)),
        )
        for is_sure in (True, False)
    ]
    facts = (Code(offered.name), Text(f" · {offered.kind} · {phrases.size(offered.size)}"))
    return Page(
        blocks=(phrases.block("upload.ask"), Block(facts, gap="\n")), buttons=(tuple(said),)
    )


def upload_added(phrases: Phrases, name: str) -> Page:
    """That a file is an article now."""
    return _named(phrases, "upload.added", name)


def upload_left(phrases: Phrases, name: str) -> Page:
    """That a file was not wanted."""
    return _named(phrases, "upload.left", name)


def upload_refused(phrases: Phrases, name: str, why: Objection, *, most: int) -> Page:
    """That a file cannot join the articles; `most` bytes could."""
    reason = phrases.block(f"objection.{why}", gap="\n", size=phrases.size(most))
    return Page(blocks=(phrases.block("upload.refused", name=Code(name)), reason))


def _table(phrases: Phrases, title: Block, lines: tuple[tuple[str, str], ...]) -> Page:
    rows = (phrases.block(key, gap="\n", value=value) for key, value in lines)
    return Page(blocks=(title, *rows))


def _about(phrases: Phrases, key: str, number: str) -> Page:
    return Page(blocks=(phrases.block(key, id=Code(number)),))


def _named(phrases: Phrases, key: str, name: str) -> Page:
    return Page(blocks=(phrases.block(key, name=Code(name)),))


def _changes(phrases: Phrases, kind: Kind, found: tuple[Change, ...]) -> Block:
    """How many files one thing happened to, and which."""
    title = phrases.phrase(f"changes.{kind}", value=phrases.number(len(found)))
    if kind is Kind.SKIPPED:
        return Block((Text(title),), gap="\n")
    names = ", ".join(change.article_id for change in found[:MOST_NAMES])
    more = phrases.number(len(found) - MOST_NAMES) if len(found) > MOST_NAMES else ""
    rest = (Text(" "), *phrases.tokens("reindex.more", value=more)) if more else ()
    return Block((Text(f"{title} "), Code(names), *rest), gap="\n")
