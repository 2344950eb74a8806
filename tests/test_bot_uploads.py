"""Files of administrators: asked about and added, or refused with nothing changed."""

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot import reading
from bot.domain import Objection
from bot.parts import Parts
from bot.presses import AddFile, data
from bot.reading import Kind, UnfitError, content_of, name_of
from bot.tray import Tray
from rag.domain import Answer
from tests.bots import bot_parts, handle, utc
from tests.conftest import MILL
from tests.telegram_people import Person
from tests.telegram_server import Telegram, telegram
from tests.telegram_values import Button, Message

TOWER = "The tower\n\nThe tower by the lake was built in 1999 by Berta Weber.\n"
HIDDEN = "Zanzibar"
"""A word that nobody sees who reads the page."""


@pytest.fixture(autouse=True)
def spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
def boss(server: Telegram) -> Person:
    return server.person("Boss")


@pytest.fixture
async def parts(server: Telegram, corpus: Path, boss: Person) -> AsyncIterator[Parts]:
    async with bot_parts(server, corpus.parent, admins=[boss.id]) as made:
        yield made


def pdf_of(*streams: bytes, filters: str = "/FlateDecode", title: str = "") -> bytes:
    """A PDF with a page for each content stream, which is encoded already."""
    count = len(streams)
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(count))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {count} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for number, stream in enumerate(streams):
        page = (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] "
            f"/Resources << /Font << /F1 3 0 R >> >> /Contents {5 + 2 * number} 0 R >>"
        )
        head = f"<< /Length {len(stream)} /Filter [{filters}] >>\nstream\n".encode()
        objects += [page.encode(), head + stream + b"\nendstream"]
    out, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += f"{number} 0 obj\n".encode() + body + b"\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    end = f"xref\n0 {size}\n0000000000 65535 f \n{table}trailer\n<< /Size {size} /Root 1 0 R >>\n"
    return out + end.encode() + f"startxref\n{len(out)}\n%%EOF\n".encode()


def page_of(*lines: str) -> bytes:
    """A content stream that writes lines below each other."""
    shown = "".join(f"({line}) Tj 0 -14 Td\n" for line in lines)
    return zlib.compress(f"BT /F1 12 Tf 50 700 Td\n{shown}ET".encode("cp1252"))


def bomb(times: int = 1) -> bytes:
    """A stream of 100 MB of blanks, packed so many times."""
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * 2**20) for _ in range(100)) + packer.flush()
    for _ in range(times - 1):
        packed = zlib.compress(packed)
    return packed


HTML = f"""<!doctype html><html><head><title>The "tower" &amp; more</title>
<style>p {{ color: red }}</style><script>var {HIDDEN} = 1</script></head>
<body><nav><a href="/">Home</a></nav><h1>The tower</h1>
<p>The tower by the
   lake was <b>built</b> in 1999 by <a href="x">Berta Weber</a>.<br>It stands&nbsp;still.</p>
<!-- {HIDDEN} --><ul><li>One</li><li>Two</li></ul><pre>a  b
c</pre></body></html>"""


async def offer(server: Telegram, parts: Parts, boss: Person, name: str, content: bytes) -> Message:
    """What is said to a file."""
    boss.sends_file(name, content)
    await handle(parts)
    return server.messages(boss)[-1]


async def press(parts: Parts, boss: Person, message: Message, button: Button | str) -> str:
    """What is answered to a press."""
    pressed = boss.presses(message, button)
    await handle(parts)
    return pressed.answer


def files(corpus: Path) -> set[str]:
    """All that there is in the folder, hidden files as well."""
    return {path.name for path in corpus.iterdir()}


def take_away(corpus: Path) -> None:
    corpus.rename(corpus.with_name("elsewhere"))


def state(parts: Parts) -> tuple[object, ...]:
    """All that an upload could change: the folder, what waits, the index."""
    corpus, tray = parts.library.corpus, Tray.of(parts.library).folder
    with parts.answerer.indexer.manifest.reading() as snapshot:
        generation = snapshot.generation
    held = {path.name: path.read_bytes() for path in corpus.iterdir()}
    return held, sorted(tray.rglob("*.*")), generation


SENT = {
    "text": ("Tower.txt", TOWER.encode(), "Tower.txt", "Text", TOWER),
    "utf-16": ("tower.TXT", TOWER.encode("utf-16"), "tower.txt", "Text", ""),
    "markdown": ("tower.md", b"# The tower\n\nIt is new.", "tower.md", "Markdown", ""),
    "accents": ("e\u0301te\u0301.txt", TOWER.encode(), "été.txt", "Text", TOWER),
    "html": (
        "tower.html",
        HTML.encode(),
        "tower.txt",
        "HTML",
        '---\ntitle: "The \\"tower\\" & more"\n---\n\nThe tower\n\n'
        "The tower by the lake was built in 1999 by Berta Weber.\nIt stands still.\n\n"
        "One\n\nTwo\n\na b\nc",
    ),
    "latin html": (
        "tour.htm",
        '<meta charset="iso-8859-1"><p>L’été à la tour.'.encode("cp1252"),
        "tour.txt",
        "HTML",
        "L’été à la tour.",
    ),
    "pdf": (
        "The tower.pdf",
        pdf_of(page_of("The tower was finan-", "ced by Berta Weber."), page_of("The end.")),
        "The tower.txt",
        "PDF",
        "The tower was financed by Berta Weber.\nThe end.",
    ),
}
"""Name and bytes of a file, then the article's name, what it is called, and its text."""


@pytest.mark.parametrize("kind", SENT)
async def test_a_file_joins_the_articles_once_confirmed(
    server: Telegram, parts: Parts, boss: Person, corpus: Path, kind: str
) -> None:
    """Each kind is asked about, and after a yes stands in the folder and in the index."""
    name, content, made, called, text = SENT[kind]
    before = files(corpus)
    asked = await offer(server, parts, boss, name, content)
    assert asked.text.startswith("Shall this file join the articles?")
    assert f"{made} · {called} · " in asked.text
    assert files(corpus) == before

    assert not await press(parts, boss, asked, "Yes, add it")
    assert f"{made} is now one of the articles." in asked.text
    assert f"Added (1): {made}" in asked.text
    assert not asked.buttons
    assert files(corpus) == {*before, made}
    assert not list(Tray.of(parts.library).folder.iterdir())
    article = parts.answerer.read(made)
    assert article.text == text or not text
    with parts.answerer.indexer.manifest.reading() as snapshot:
        assert made in snapshot.entries


async def test_an_added_file_is_asked_about_at_once(
    server: Telegram, parts: Parts, boss: Person
) -> None:
    """A question about it is answered from it, without a further command."""
    asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())
    await press(parts, boss, asked, "Yes, add it")

    reply = await parts.answerer.answer("Who built the tower by the lake?")
    assert isinstance(reply, Answer)
    assert reply.citations[0].article_id == "tower.txt"


async def test_a_file_may_be_left(server: Telegram, parts: Parts, boss: Person) -> None:
    """After a no nothing is kept of it."""
    before = state(parts)
    asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())
    await press(parts, boss, asked, "No")

    assert asked.text.startswith("tower.txt was not added.")
    assert state(parts) == before


REFUSED = {
    "../../x": ("../../x", TOWER.encode(), "Its name"),
    "path": ("../../x.txt", TOWER.encode(), "Its name"),
    "absolute": ("/etc/cron.d/x.txt", TOWER.encode(), "Its name"),
    "windows": ("..\\x.txt", TOWER.encode(), "Its name"),
    "hidden": (".tower.txt", TOWER.encode(), "Its name"),
    "only a suffix": (".txt", TOWER.encode(), "Its name"),
    "no name": ("", TOWER.encode(), "Its name"),
    "line break": ("tow\ner.txt", TOWER.encode(), "Its name"),
    "turned around": ("tower\u202etxt.md", TOWER.encode(), "Its name"),
    "long": (f"{'t' * 200}.txt", TOWER.encode(), "Its name"),
    "program": ("tower.exe", b"MZ", "Only text, Markdown, HTML and PDF"),
    "no suffix": ("tower", TOWER.encode(), "Only text, Markdown, HTML and PDF"),
    "taken": ("mill.txt", TOWER.encode(), "There already is an article"),
    "taken by another kind": ("mill.pdf", pdf_of(page_of("Tower")), "There already is an"),
    "blank": ("blank.txt", b" \n\t\n", "There is no text in it."),
    "figures": ("figures.txt", b"1 2 3 4 5", "There is no text in it."),
    "html of pictures": ("x.html", b"<img src='x'><p></p>", "There is no text in it."),
    "pdf of pictures": ("scan.pdf", pdf_of(zlib.compress(b"q Q")), "There is no text in it."),
    "binary as text": ("x.txt", bytes(range(256)), "It cannot be read."),
    "binary as html": ("x.html", bytes(range(256)), "It cannot be read."),
    "pdf as text": ("x.txt", pdf_of(page_of("Tower")), "It cannot be read."),
    "text as pdf": ("x.pdf", TOWER.encode(), "It cannot be read."),
    "broken pdf": ("x.pdf", b"%PDF-1.7\nnothing more", "It cannot be read."),
    "broken head": ("x.txt", b"---\ntitle: [\n---\nThe tower.", "It cannot be read."),
    "zip bomb as pdf": ("bomb.pdf", pdf_of(bomb()), ""),
    "zip bomb in a zip bomb": (
        "bomb.pdf",
        pdf_of(bomb(3), filters="/FlateDecode /FlateDecode /FlateDecode"),
        "",
    ),
    "zip bomb behind words": ("bomb.pdf", pdf_of(page_of("The tower is new."), bomb()), ""),
}
"""Name and bytes of a file, and what is said of it."""


async def test_a_file_is_refused_and_nothing_changes(
    server: Telegram, parts: Parts, boss: Person, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be an article is refused in a sentence, and logged without name or content."""
    before = state(parts)
    for kind, (name, content, why) in REFUSED.items():
        caplog.clear()
        with caplog.at_level("DEBUG", logger="bot"):
            said = await offer(server, parts, boss, name, content)

        assert "cannot be added." in said.text, kind
        assert why in said.text, kind
        assert not said.buttons, kind
        assert state(parts) == before, kind
        (told,) = [one.getMessage() for one in caplog.records if one.name == "bot.uploads"]
        assert told.rpartition(":")[0] == "A file of an administrator was refused", kind


@pytest.mark.parametrize(
    ("size", "claimed", "most"),
    [
        (19_000_000, 19_000_000, 10_000_000),
        (2_000, 2_000, 1_999),
        (200_000, 100, 100_000),
        (100, 25_000_000, 50_000_000),
    ],
    ids=["19 MB", "a byte more", "more than it says", "more than Telegram hands out"],
)
async def test_a_file_too_large_is_refused(
    server: Telegram, corpus: Path, boss: Person, size: int, claimed: int, most: int
) -> None:
    """A file is refused by the size that Telegram says, and while it is downloaded."""
    content = b"The tower. " * (size // 11 + 1)
    folder = corpus.parent
    async with bot_parts(server, folder, admins=[boss.id], max_upload_bytes=most) as parts:
        before = state(parts)
        boss.sends_file("tower.txt", content[:size], size=claimed)
        await handle(parts)
        assert state(parts) == before

    assert "It is larger than" in server.messages(boss)[-1].text
    assert bool(server.calls("getFile")) is (claimed <= most)


async def test_a_file_of_the_right_size_is_taken(
    server: Telegram, corpus: Path, boss: Person
) -> None:
    """The largest file that is allowed is asked about."""
    folder, size = corpus.parent, len(TOWER.encode())
    async with bot_parts(server, folder, admins=[boss.id], max_upload_bytes=size) as parts:
        asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())

    assert asked.buttons


@pytest.mark.parametrize("method", ["getFile", "file"])
async def test_a_download_that_fails_is_told_without_the_token(
    server: Telegram,
    parts: Parts,
    boss: Person,
    caplog: pytest.LogCaptureFixture,
    method: str,
) -> None:
    """Where Telegram does not hand out a file, the person is told to try again later."""
    if method == "getFile":
        server.fail_next("getFile", status=502)
        boss.sends_file("tower.txt", TOWER.encode())
    else:
        boss.sends_file("tower.txt", TOWER.encode())
        broken = parts.bot.base_file_url.replace("/file/", "/nowhere/")
        parts.bot._base_file_url = broken  # noqa: SLF001 - an address where nothing is
    with caplog.at_level("DEBUG", logger="bot"):
        await handle(parts)

    assert server.messages(boss)[-1].text.startswith("Something went wrong on my side.")
    assert server.token not in caplog.text


async def test_what_is_refused_is_said_in_the_persons_language(
    server: Telegram, corpus: Path
) -> None:
    """The question and the reasons are in the language of the administrator."""
    boss = server.person("Boss", language="ru")
    async with bot_parts(server, corpus.parent, admins=[boss.id]) as parts:
        refused = await offer(server, parts, boss, "x.exe", b"MZ")
        asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())

    assert "добавить нельзя" in refused.text
    assert asked.text.startswith("Добавить этот файл к статьям?")


async def test_a_confirmation_may_come_too_late(
    server: Telegram, corpus: Path, boss: Person
) -> None:
    """After an hour the file is gone, and the button says so."""
    later = timedelta()
    folder = corpus.parent
    async with bot_parts(server, folder, admins=[boss.id], now=lambda: utc() + later) as parts:
        asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())
        later = timedelta(minutes=59)
        Tray.of(parts.library).prune(parts.now())
        assert list(Tray.of(parts.library).folder.iterdir())
        later = timedelta(minutes=61)
        said = await press(parts, boss, asked, "Yes, add it")
        assert not list(Tray.of(parts.library).folder.iterdir())

    assert said == "The confirmation came too late. Please send the file again."
    assert not (corpus / "tower.txt").exists()


async def test_one_may_confirm_only_ones_own_file(
    server: Telegram, corpus: Path, boss: Person
) -> None:
    """Another administrator's press for a file adds nothing."""
    other = server.person("Other")
    async with bot_parts(server, corpus.parent, admins=[boss.id, other.id]) as parts:
        asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())
        theirs = await offer(server, parts, other, "lake.txt", TOWER.encode())
        button = Button(text="?", data=asked.buttons[0].data)
        said = await press(parts, other, theirs, button)

    assert said == "The confirmation came too late. Please send the file again."
    assert not (corpus / "tower.txt").exists()


async def test_a_second_press_adds_nothing(server: Telegram, parts: Parts, boss: Person) -> None:
    """Whoever presses twice gets a word, and the message goes on saying what was added."""
    asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())
    button = asked.buttons[0]
    await press(parts, boss, asked, button)
    after = state(parts)
    await press(parts, boss, asked, button)

    assert "tower.txt is now one of the articles." in asked.text
    assert state(parts) == after


@pytest.mark.parametrize("has_links", [True, False])
async def test_no_article_is_written_over(
    server: Telegram,
    parts: Parts,
    boss: Person,
    corpus: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    has_links: bool,
) -> None:
    """A name that was taken while the file waited is refused, and what took it stays."""
    if not has_links:
        monkeypatch.setattr(Path, "hardlink_to", _no_links)
    asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())
    (corpus / "tower.txt").write_text(MILL, "utf-8")
    await press(parts, boss, asked, "Yes, add it")

    assert "There already is an article of this name." in asked.text
    assert (corpus / "tower.txt").read_text("utf-8") == MILL
    assert files(corpus) == {"bridge.txt", "mill.txt", "tower.txt"}


@pytest.mark.parametrize("has_links", [True, False])
async def test_a_kill_in_the_middle_is_made_good(
    server: Telegram,
    parts: Parts,
    boss: Person,
    corpus: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    has_links: bool,
) -> None:
    """A confirmation that is handled again finds its own file in place, and goes on."""
    if not has_links:
        monkeypatch.setattr(Path, "hardlink_to", _no_links)
    asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())
    button = asked.buttons[0]
    run = parts.answerer.indexer.__class__.run
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts.answerer.indexer.__class__, "run", _killed)
        with pytest.raises(KeyError):
            await press(parts, boss, asked, button)
    assert (corpus / "tower.txt").read_text("utf-8") == TOWER
    assert parts.answerer.indexer.__class__.run is run
    await press(parts, boss, asked, button)

    assert "tower.txt is now one of the articles." in asked.text
    assert "Added (1): tower.txt" in asked.text
    assert files(corpus) == {"bridge.txt", "mill.txt", "tower.txt"}


def _killed(*_: object, **__: object) -> None:
    raise KeyError


def _no_links(*_: object) -> None:
    raise PermissionError


async def test_a_folder_that_cannot_be_written_is_one_sentence(
    server: Telegram, parts: Parts, boss: Person, corpus: Path
) -> None:
    """Where the folder of articles is read-only, or away, the administrator is told so."""
    asked = await offer(server, parts, boss, "tower.txt", TOWER.encode())
    take_away(corpus)
    await press(parts, boss, asked, "Yes, add it")

    assert "The folder of articles cannot be written." in asked.text


async def test_the_same_text_twice_is_said_to_be(
    server: Telegram, parts: Parts, boss: Person
) -> None:
    """A file with an article's text is added, and named as the same as another."""
    asked = await offer(server, parts, boss, "weir.txt", MILL.encode())
    await press(parts, boss, asked, "Yes, add it")

    assert "Same as another (1): weir.txt" in asked.text


async def test_reading_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that takes too long is refused, and the process that read it is gone."""
    monkeypatch.setattr(reading, "SECONDS", 0.02)
    made: list[asyncio.subprocess.Process] = []
    create = asyncio.create_subprocess_exec

    async def note(*command: str, **more: object) -> asyncio.subprocess.Process:
        made.append(await create(*command, **more))  # type: ignore[arg-type]
        return made[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", note)
    with pytest.raises(UnfitError) as refused:
        await content_of(Kind.PDF, pdf_of(page_of("The tower is new.")))

    assert refused.value.why is Objection.BROKEN
    assert [one.returncode for one in made] == [-9]


async def test_reading_has_little_memory() -> None:
    """What needs more than it may have is refused before the machine feels it."""
    with pytest.raises(UnfitError) as refused:
        # With memory enough it would be a page without words.
        await content_of(Kind.HTML, b" " * 300_000_000)

    assert refused.value.why is Objection.BROKEN


async def test_reading_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process that reads a file has nothing of the bot's environment."""
    monkeypatch.setenv("CITEBOT_TELEGRAM_TOKEN", "7000000001:AAnot-for-others")
    seen: list[dict[str, str]] = []
    create = asyncio.create_subprocess_exec

    async def note(*command: str, env: dict[str, str], **more: object) -> object:
        seen.append(env)
        return await create(*command, env=env, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", note)
    await content_of(Kind.HTML, b"<p>The tower is new.</p>")

    assert set(seen[0]) == {"PYTHONPATH", "PYTHONUTF8", "SYSTEMROOT"}


def test_a_button_for_a_file_fits() -> None:
    """The number of a file that waits fits into a button."""
    assert len(data(AddFile(file_id=2**48, is_sure=True)).encode()) <= 64


@pytest.mark.parametrize("name", ["a.TXT", "a.Md", "a.HTM", "Ж.pdf", "What is it?.txt", "a b.txt"])
def test_ordinary_names_are_fine(name: str) -> None:
    """Names with blanks, in any script, in capital letters are taken."""
    made, _ = name_of(name)
    assert made.partition(".")[0] == name.partition(".")[0]
