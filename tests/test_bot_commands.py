"""The commands that everybody has, against a Bot API server."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from bot.domain import Interface
from bot.parts import Parts
from bot.presses import ListArticles, data
from rag.domain import Exchange
from tests.bots import bot_parts, handle, keep
from tests.telegram_server import Telegram, telegram


@pytest.fixture(autouse=True)
def spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
async def parts(server: Telegram, corpus: Path) -> AsyncIterator[Parts]:
    async with bot_parts(server, corpus.parent) as made:
        yield made


COMMANDS = {
    "/start": {
        "en": "There are 2 articles.",
        "de": "Es gibt 2 Artikel.",
        "fr": "2 articles",
        "ru": "В собрании 2 статьи.",
        "kk": "2 мақала",
    },
    "/help": {"en": "How to ask", "de": "So können Sie fragen", "ru": "Как задать вопрос"},
    "/sources": {"en": "mill.txt", "de": "Englisch", "ru": "английский"},
    "/article": {"en": "after /article", "de": "hinter /article", "fr": "/article"},
    "/language": {"en": "Which language", "de": "In welcher Sprache", "ru": "На каком языке"},
    "/reset": {"en": "new conversation", "de": "neues Gespräch", "ru": "новый разговор"},
    "/privacy": {"en": "after 30 days", "de": "nach 30 Tagen", "ru": "через 30 дней"},
    "/forget": {"en": "cannot be undone", "de": "nicht rückgängig", "ru": "Отменить это"},
}


@pytest.mark.parametrize("command", COMMANDS)
async def test_a_command_answers_in_the_language_of_the_person(
    server: Telegram, parts: Parts, command: str
) -> None:
    """Each command says its piece once, in the language that Telegram names."""
    for language, words in COMMANDS[command].items():
        anna = server.person("Anna", language=language)
        anna.says(command)

        assert await handle(parts)
        (said,) = server.messages(anna)
        assert words in said.text


async def test_a_chosen_language_counts_more_than_telegrams(server: Telegram, parts: Parts) -> None:
    """Who has chosen a language is spoken to in it by every command."""
    anna = server.person("Anna", language="de")
    await parts.people.choose(anna.id, Interface.FR)
    anna.says("/reset")

    await handle(parts)
    assert "nouvelle conversation" in server.messages(anna)[0].text


async def test_other_commands_are_not_ours(server: Telegram, parts: Parts) -> None:
    """A command that there is not is left to others, and nothing is said."""
    anna = server.person("Anna")
    anna.says("/dance")

    assert not await handle(parts)
    assert not server.messages(anna)


async def test_an_article_is_found_by_what_it_is_called(server: Telegram, parts: Parts) -> None:
    """`/article` takes the file, the file without its ending, the title, and the list's number."""
    anna = server.person("Anna")
    for name in ("mill.txt", "MILL.TXT", " mill ", "The  mill", "the mill", "2", "٢"):
        anna.says(f"/article {name}")
        await handle(parts)
        said = server.messages(anna)[-1]
        assert "Its wheel still turns." in said.text, name
        assert said.words.under("code") == ["mill.txt"]


async def test_what_is_no_article_is_not_shown(server: Telegram, parts: Parts) -> None:
    """Nothing but the articles of the index can be asked for."""
    anna = server.person("Anna")
    names = ("castle", "0", "3", "../data/bot.db", "/etc/passwd", "9" * 4000)
    for name in names:
        anna.says(f"/article {name}")
        await handle(parts)

    word = "There is no such article. /sources lists those that there are."
    assert [one.text for one in server.messages(anna)] == [word] * len(names)


async def test_an_article_that_has_gone_is_not_shown(
    server: Telegram, parts: Parts, corpus: Path
) -> None:
    """An article whose file was deleted since the last `ingest` is said not to be there."""
    (corpus / "mill.txt").unlink()
    anna = server.person("Anna")
    anna.says("/article mill.txt")

    await handle(parts)
    assert "There is no such article." in server.messages(anna)[0].text


async def test_the_same_text_is_listed_once(server: Telegram, parts: Parts, corpus: Path) -> None:
    """A file with the text of another is no article of its own."""
    (corpus / "copy.txt").write_bytes((corpus / "mill.txt").read_bytes())
    parts.answerer.indexer.run()
    anna = server.person("Anna")
    anna.says("/sources")

    await handle(parts)
    assert "There are 2 articles." in server.messages(anna)[0].text
    assert "copy.txt" not in server.messages(anna)[0].text


async def test_the_list_is_turned_page_by_page(
    server: Telegram, parts: Parts, corpus: Path
) -> None:
    """`/sources` shows eight articles with a button each, and a button to the rest."""
    for number in range(9):
        (corpus / f"note{number}.txt").write_text(f"Note {number} is about {number} mice.")
    parts.answerer.indexer.run()
    anna = server.person("Anna")
    anna.says("/sources")

    await handle(parts)
    (said,) = server.messages(anna)
    assert "There are 11 articles." in said.text
    assert [button.text for button in said.buttons] == [*"12345678", "2 ›"]
    assert said.buttons[-1].data == data(ListArticles(page=1))


@pytest.mark.parametrize(("is_admin", "shown"), [(False, False), (True, True)])
async def test_help_names_what_a_person_may_do(
    server: Telegram, corpus: Path, *, is_admin: bool, shown: bool
) -> None:
    """Administrators are told of their commands and of files, others are not."""
    anna = server.person("Anna")
    async with bot_parts(server, corpus.parent, admins=[anna.id] if is_admin else []) as parts:
        anna.says("/help")
        await handle(parts)

    (said,) = server.messages(anna)
    assert ("/reindex" in said.text) is shown
    assert ("PDF" in said.text) is shown
    assert "@citebot_test_bot" in said.text


async def test_help_says_nothing_of_what_is_off(server: Telegram, corpus: Path) -> None:
    """Inline mode is not offered where it is switched off."""
    anna = server.person("Anna")
    async with bot_parts(server, corpus.parent, inline=False) as parts:
        anna.says("/help")
        await handle(parts)

    assert "@citebot_test_bot" not in server.messages(anna)[0].text


async def test_a_group_gets_a_reply_in_its_topic(server: Telegram, parts: Parts) -> None:
    """In a group the command is replied to, in the topic where it was given."""
    anna = server.person("Anna")
    group = server.group("Mill", [anna], topics=True)
    topic = group.topic("Wheel", anna)
    await handle(parts)
    asked = anna.says("/start@citebot_test_bot", chat=group, topic=topic)

    await handle(parts)
    (said,) = server.messages(group)
    assert (said.reply, said.thread) == (asked, topic)
    assert "/ask" in said.text


async def test_reset_begins_a_new_conversation_for_that_person_only(
    server: Telegram, parts: Parts
) -> None:
    """After `/reset` a person's follow-ups go back to nothing, and others' to what they had."""
    anna, ben = server.person("Anna"), server.person("Ben")
    for person in (anna, ben):
        kept = await keep(parts, person)
    anna.says("/reset")
    await handle(parts)

    late = kept.asked_at.replace(year=kept.asked_at.year + 1)
    fresh = late - kept.asked_at
    said = {}
    for person in (anna, ben):
        thread = (await keep(parts, person)).thread
        said[person.id] = await parts.answers.exchanges(thread, late, fresh=fresh + fresh)
    assert len(said[anna.id]) == 1
    assert len(said[ben.id]) == 2
    assert isinstance(said[anna.id][0], Exchange)


async def test_privacy_names_the_model_that_questions_go_to(server: Telegram, corpus: Path) -> None:
    """Who asks is told which language model reads the questions, and for how long they stay."""
    from rag.settings import Settings

    anna = server.person("Anna")
    library = Settings(corpus=corpus, data=corpus.parent / "data", model="scripted-1")
    async with bot_parts(server, corpus.parent, library=library, retention_days=1) as parts:
        anna.says("/privacy")
        await handle(parts)

    (said,) = server.messages(anna)
    assert "scripted-1" in said.text
    assert "after 1 day." in said.text


@pytest.mark.parametrize(("is_admin", "shown"), [(False, False), (True, True)])
async def test_a_broken_index_is_no_silence(
    server: Telegram, corpus: Path, *, is_admin: bool, shown: bool
) -> None:
    """Where the index cannot be used, a person is told so, an administrator also why."""
    anna = server.person("Anna")
    async with bot_parts(server, corpus.parent, admins=[anna.id] if is_admin else []) as parts:
        (index,) = corpus.parent.glob("data/*/index.db")
        index.write_bytes(b"no database")
        anna.says("/sources")
        await handle(parts)

    (said,) = server.messages(anna)
    assert "The articles cannot be used at the moment." in said.text
    assert ("ingest --rebuild" in said.text) is shown
