"""Files that administrators send: asked about, and after a yes part of the articles.

    file ── name, size ── download ── text ── tray ── "Shall it join?" ── yes ── corpus, ingest

Nothing of a file that is refused is kept or logged, and no article is ever written over.
"""

import asyncio
import logging
import os
from contextlib import suppress
from pathlib import Path

import aiohttp
from telegram import Document, Message
from telegram.constants import ChatAction
from telegram.error import BadRequest, TelegramError

from bot import desk, pages
from bot.domain import Objection, Offered, Trouble
from bot.hearing import Heard
from bot.limiter import Urgency
from bot.markup import Code, Page, shortened
from bot.parts import Parts
from bot.phrases import Phrases
from bot.reading import WORD, UnfitError, content_of, name_of
from bot.renewing import renewed
from bot.telling import fail, tell
from bot.tray import Tray, Waiting
from rag.changes import Kind as Change
from rag.corpus import read_article
from rag.errors import ArticleError, CitebotError
from rag.ingest import Report
from rag.threads import aside

SECONDS = 60.0
"""Seconds that a download may take."""

PATIENCE = 30.0
"""Seconds that another process's writing of the index is waited for."""

LONGEST_SHOWN = 100
"""UTF-16 code units of a file's name that are repeated."""

_log = logging.getLogger(__name__)


class DownloadError(Exception):
    """Telegram did not hand out a file."""


async def offered(parts: Parts, heard: Heard, message: Message) -> None:
    """Ask whether a file that an administrator sent shall join. Raises `UndeliveredError`."""
    document = message.document
    if document is None:
        return
    try:
        page = desk.upload_ask(heard.phrases, await _put(parts, heard, document))
    except UnfitError as error:
        page = _refused(parts, heard.phrases, document.file_name or "", error.why)
    except DownloadError:
        page = pages.trouble(heard.phrases, Trouble.INTERNAL)
    except CitebotError as error:
        await fail(parts, heard, error)
        return
    await tell(parts, heard, page)


async def waiting(parts: Parts, heard: Heard, number: int) -> Waiting | None:
    """The file of a button, if it is of who pressed it and still waits."""
    tray = Tray.of(parts.library)
    await aside(tray.prune, parts.now())
    return await aside(tray.find, heard.thread.user_id, number)


async def confirmed(parts: Parts, heard: Heard, file: Waiting) -> None:
    """Let a file that waits join the articles. Raises `UndeliveredError`.

    After a kill it is done again: what is in its place already is then its own self.
    """
    shown = heard.message_id
    try:
        await aside(_join, parts.library.corpus, file)
    except FileExistsError:
        page = _refused(parts, heard.phrases, file.name, Objection.TAKEN)
    except OSError as error:
        _log.error("The folder of articles cannot be written: %s", error.strerror)
        page = _closed(heard.phrases, file.name)
    else:
        if shown is not None:
            await parts.outbox.go_on(heard.place, shown, desk.reindexing(heard.phrases, 0, 0))
        try:
            report = await renewed(parts, _silent, patience=PATIENCE)
        except CitebotError as error:
            await fail(parts, heard, error, replaces=shown)
            return
        page = _added(heard.phrases, file.name, report)
    await tell(parts, heard, page, replaces=shown)
    await aside(Tray.of(parts.library).drop, file)


async def left(parts: Parts, heard: Heard, file: Waiting) -> None:
    """Let a file be that waits. Raises `UndeliveredError`."""
    page = desk.upload_left(heard.phrases, file.name)
    await tell(parts, heard, page, replaces=heard.message_id)
    await aside(Tray.of(parts.library).drop, file)


async def _put(parts: Parts, heard: Heard, document: Document) -> Offered:
    """Lay a file into the tray. Raises `UnfitError`, `DownloadError` and `StorageError`."""
    name, kind = name_of(document.file_name or "")
    if await aside(os.path.lexists, parts.library.corpus / name):
        raise UnfitError(Objection.TAKEN)
    if (document.file_size or 0) > parts.settings.max_upload_bytes:
        raise UnfitError(Objection.SIZE)
    with suppress(TelegramError):
        await parts.bot.send_chat_action(
            heard.place.chat_id, ChatAction.TYPING, rate_limit_args=Urgency.PASSING
        )
    data = await _downloaded(parts, document)
    content = await content_of(kind, data)
    tray, person = Tray.of(parts.library), heard.thread.user_id
    await aside(tray.prune, parts.now())
    file = await aside(tray.put, person, name, content)
    try:
        await aside(_check, parts, file.path)
    except UnfitError:
        await aside(tray.drop, file)
        raise
    return Offered(id=file.number, name=name, kind=kind.value, size=len(data))


def _check(parts: Parts, file: Path) -> None:
    """Raise `UnfitError` unless a file is an article by every rule that there is for these."""
    most, detector = parts.library.max_article_bytes, parts.answerer.indexer.scanner.detector
    try:
        article = read_article(file.parent, file, max_bytes=most, detector=detector)
    except ArticleError:
        is_blank = not file.read_bytes().strip()
        raise UnfitError(Objection.EMPTY if is_blank else Objection.BROKEN) from None
    if not WORD.search(article.text, article.body_start):
        raise UnfitError(Objection.EMPTY)


async def _downloaded(parts: Parts, document: Document) -> bytes:
    """A file's bytes. Raises `UnfitError` once it is too large, and `DownloadError`."""
    most = parts.settings.max_upload_bytes
    try:
        file = await parts.bot.get_file(document.file_id)
    except BadRequest as error:
        if "too big" in error.message.lower():
            raise UnfitError(Objection.SIZE) from None
        raise DownloadError from None
    except TelegramError:
        raise DownloadError from None
    path = file.file_path or ""
    try:
        async with asyncio.timeout(SECONDS):
            # A Bot API server of one's own may name a file of this machine.
            is_remote = path.startswith(("http://", "https://"))
            return await (_fetched(path, most) if is_remote else aside(_read, Path(path), most))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        # Its text has the address, and that the token.
        _log.warning("A file could not be downloaded: %s", type(error).__name__)
        raise DownloadError from None


async def _fetched(address: str, most: int) -> bytes:
    """What is at an address, as far as it is no longer than it may be. Raises `UnfitError`."""
    data = bytearray()
    # As python-telegram-bot does, it goes by the proxy that the environment names.
    async with (
        aiohttp.ClientSession(trust_env=True, raise_for_status=True) as session,
        session.get(address) as response,
    ):
        async for piece in response.content.iter_chunked(2**16):
            data += piece
            if len(data) > most:
                raise UnfitError(Objection.SIZE)
    return bytes(data)


def _read(path: Path, most: int) -> bytes:
    with path.open("rb") as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise UnfitError(Objection.SIZE)
    return data


def _join(corpus: Path, file: Waiting) -> None:
    """Give an article its place. Raises `FileExistsError` if that is taken, and `OSError`."""
    content = file.path.read_bytes()
    target = corpus / file.name
    if target.is_file() and target.read_bytes() == content:
        return
    # Hidden, so that no run of `ingest` takes it for an article.
    whole = corpus / f".{file.number}.part"
    try:
        with whole.open("wb") as made:
            made.write(content)
            made.flush()
            os.fsync(made.fileno())
        _place(whole, target)
    finally:
        whole.unlink(missing_ok=True)


def _place(whole: Path, target: Path) -> None:
    """Name a file in one step, and over nothing. Raises `FileExistsError` and `OSError`."""
    try:
        target.hardlink_to(whole)
    except FileExistsError:
        raise
    except OSError:  # Not every file system has links.
        if os.path.lexists(target):
            raise FileExistsError from None
        whole.replace(target)


def _refused(parts: Parts, phrases: Phrases, name: str, why: Objection) -> Page:
    _log.warning("A file of an administrator was refused: %s", why)
    shown = shortened(name, LONGEST_SHOWN) or "…"
    return desk.upload_refused(phrases, shown, why, most=parts.settings.max_upload_bytes)


def _closed(phrases: Phrases, name: str) -> Page:
    """That the folder of articles is not to be written."""
    refused = phrases.block("upload.refused", name=Code(name))
    return Page(blocks=(refused, phrases.block("upload.closed", gap="\n")))


def _added(phrases: Phrases, name: str, report: Report) -> Page:
    """That a file has joined, and what else a run of `ingest` found."""
    is_left_out = any(one.article_id == name for one in report.of(Change.SKIPPED))
    said = () if is_left_out else desk.upload_added(phrases, name).blocks
    found = desk.reindexed(phrases, report).blocks if report.changes else ()
    return Page(blocks=(*said, *found))


async def _silent(_done: int, _total: int) -> None:
    """Nothing to be shown."""
