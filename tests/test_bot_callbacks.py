"""Buttons: what they do for whom, and what a forged one does not."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from bot.domain import Fault, Interface, Verdict
from bot.markup import units
from bot.parts import Parts
from bot.phrases import words
from bot.presses import (
    HIGHEST,
    AddFile,
    Blame,
    ForgetMe,
    Judge,
    ListArticles,
    Press,
    SetLanguage,
    ShowArticle,
    ShowSource,
    data,
    key_of,
)
from bot.tables import FEEDBACK
from bot.tray import Tray
from tests.bots import bot_parts, handle, heard_of, keep, next_update
from tests.telegram_people import Person, Place
from tests.telegram_server import Telegram, telegram
from tests.telegram_values import Button, Message

NO_ANSWER = "This answer is no longer stored. Please ask your question again."
NO_BUTTON = "This button no longer works. /help shows what you can do."


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


async def shown(
    server: Telegram, parts: Parts, person: Person, where: Place | None = None
) -> Message:
    """A message of the bot, to press what it never offered."""
    chat = where or person
    if chat is person:
        person.says("/help")
    else:
        person.says("/help@citebot_test_bot", chat=chat)
    await handle(parts)
    return server.messages(chat)[-1]


def forged(press: Press | str) -> Button:
    return Button(text="?", data=press if isinstance(press, str) else data(press))


async def verdicts(parts: Parts) -> list[tuple[int, str, str]]:
    rows = await parts.database.read(
        select(FEEDBACK.c.user_id, FEEDBACK.c.verdict, FEEDBACK.c.reason)
    )
    return [tuple(row) for row in rows]


async def test_a_source_is_shown_below_its_answer(server: Telegram, parts: Parts) -> None:
    """Pressing a number shows the quote as it stands in its article, as a reply to the answer."""
    anna = server.person("Anna")
    kept = await keep(parts, anna)
    message = await shown(server, parts, anna)
    press = anna.presses(message, forged(ShowSource(answer_id=kept.id, number=1)))

    await handle(parts)
    said = server.messages(anna)[-1]
    assert press.is_answered
    assert not press.answer
    assert said.reply is message
    assert said.words.under("bold") == ["[1] The mill", "Its wheel still turns."]
    assert said.words.under("expandable_blockquote")


async def test_a_source_is_shown_in_its_topic(server: Telegram, parts: Parts) -> None:
    """In a group the quote comes to the topic of the answer, whoever presses."""
    anna, ben = server.person("Anna"), server.person("Ben")
    group = server.group("Mill", [anna, ben], topics=True)
    topic = group.topic("Wheel", anna)
    await handle(parts)
    kept = await keep(parts, anna, group)
    anna.says("/help@citebot_test_bot", chat=group, topic=topic)
    await handle(parts)
    (message,) = server.messages(group)
    ben.presses(message, forged(ShowSource(answer_id=kept.id, number=1)))

    await handle(parts)
    said = server.messages(group)[-1]
    assert (said.thread, said.reply) == (topic, message)
    assert "Its wheel still turns." in said.text


@pytest.mark.parametrize("kind", ["source", "verdict", "fault"])
async def test_an_answer_of_another_chat_is_not_there(
    server: Telegram, parts: Parts, kind: str
) -> None:
    """A forged press for an answer of somebody else's shows nothing and changes nothing."""
    anna, eve = server.person("Anna"), server.person("Eve")
    kept = await keep(parts, anna)
    message = await shown(server, parts, eve)
    presses: dict[str, Press] = {
        "source": ShowSource(answer_id=kept.id, number=1),
        "verdict": Judge(answer_id=kept.id, verdict=Verdict.BAD),
        "fault": Blame(answer_id=kept.id, fault=Fault.WRONG),
    }
    press = eve.presses(message, forged(presses[kind]))

    await handle(parts)
    assert (press.answer, press.is_alert) == (NO_ANSWER, True)
    assert server.messages(eve) == [message]
    assert not message.edits
    assert not await verdicts(parts)


OTHERS = {
    "s:1:1": NO_ANSWER,
    data(ShowSource(answer_id=HIGHEST, number=HIGHEST)): NO_ANSWER,
    "v:zz:good": NO_ANSWER,
    "w:1:wrong": NO_ANSWER,
    "s:-1:1": NO_BUTTON,
    "v:1:great": NO_BUTTON,
    "drop table": NO_BUTTON,
    "u:1:yes": NO_BUTTON,
}
"""What the bot has put under no message, and what is answered."""


async def test_a_button_that_is_none_of_ours_does_nothing(server: Telegram, parts: Parts) -> None:
    """Old and forged data get a word, and nothing else happens."""
    anna = server.person("Anna")
    message = await shown(server, parts, anna)
    for said, answer in OTHERS.items():
        press = anna.presses(message, forged(said))
        await handle(parts)
        assert press.answer == answer, said

    assert server.messages(anna) == [message]
    assert not await verdicts(parts)


async def test_a_source_that_an_answer_has_not_is_not_shown(server: Telegram, parts: Parts) -> None:
    """A forged number beyond the sources of one's own answer gets a word."""
    anna = server.person("Anna")
    kept = await keep(parts, anna)
    message = await shown(server, parts, anna)
    press = anna.presses(message, forged(ShowSource(answer_id=kept.id, number=2)))

    await handle(parts)
    assert press.answer == NO_ANSWER
    assert server.messages(anna) == [message]


async def test_a_refusal_is_said_in_the_persons_language(server: Telegram, parts: Parts) -> None:
    """What a pressed button answers is in the language of who pressed it."""
    anna = server.person("Anna", language="ru")
    message = await shown(server, parts, anna)
    press = anna.presses(message, forged("x"))

    await handle(parts)
    assert press.answer.startswith("Эта кнопка больше не работает.")


async def test_a_late_press_works_all_the_same(corpus: Path) -> None:
    """A query that is too old to be answered still shows its source."""
    with telegram(patience=-1.0) as server:
        anna = server.person("Anna")
        async with bot_parts(server, corpus.parent) as parts:
            kept = await keep(parts, anna)
            message = await shown(server, parts, anna)
            press = anna.presses(message, forged(ShowSource(answer_id=kept.id, number=1)))
            await handle(parts)

        assert not press.is_answered
        assert "Its wheel still turns." in server.messages(anna)[-1].text


async def test_the_last_verdict_counts(server: Telegram, parts: Parts) -> None:
    """A second thumb takes the place of the first, and of its reason; thanks come each time."""
    anna = server.person("Anna")
    kept = await keep(parts, anna)
    message = await shown(server, parts, anna)
    for verdict in (Verdict.BAD, Verdict.GOOD):
        press = anna.presses(message, forged(Judge(answer_id=kept.id, verdict=verdict)))
        await handle(parts)
        assert press.answer == "Thank you!"
        if verdict is Verdict.BAD:
            anna.presses(server.messages(anna)[-1], "It is wrong")
            await handle(parts)
            assert await verdicts(parts) == [(anna.id, "bad", "wrong")]

    assert await verdicts(parts) == [(anna.id, "good", "")]
    assert judged(parts.metrics.registry) == {"good": 1.0, "bad": 1.0}


def judged(registry: CollectorRegistry) -> dict[str, float | None]:
    name = "citebot_feedback_total"
    return {one: registry.get_sample_value(name, {"verdict": one}) for one in ("good", "bad")}


async def test_a_fault_is_asked_for_and_noted(server: Telegram, parts: Parts) -> None:
    """A thumb down asks what was wrong; the reason is kept; thanks take its place."""
    anna = server.person("Anna")
    kept = await keep(parts, anna)
    message = await shown(server, parts, anna)
    anna.presses(message, forged(Judge(answer_id=kept.id, verdict=Verdict.BAD)))
    await handle(parts)
    asked = server.messages(anna)[-1]
    assert len(asked.buttons) == len(Fault)
    assert asked.reply is message

    anna.presses(asked, "Something is missing")
    await handle(parts)
    assert server.messages(anna)[-1] is asked
    assert "I have noted: Something is missing" in asked.text
    assert not asked.buttons
    assert await verdicts(parts) == [(anna.id, "bad", "lacking")]


async def test_everybody_in_a_group_has_a_verdict(server: Telegram, parts: Parts) -> None:
    """Two people judge one answer, each for themselves."""
    anna, ben = server.person("Anna"), server.person("Ben")
    group = server.group("Mill", [anna, ben])
    kept = await keep(parts, anna, group)
    message = await shown(server, parts, anna, group)
    for person, verdict in ((anna, Verdict.GOOD), (ben, Verdict.BAD)):
        person.presses(message, forged(Judge(answer_id=kept.id, verdict=verdict)))
        await handle(parts)

    assert sorted(await verdicts(parts)) == [(anna.id, "good", ""), (ben.id, "bad", "")]


async def test_the_list_and_an_article_are_turned_in_place(
    server: Telegram, parts: Parts, corpus: Path
) -> None:
    """From the list to an article is a new message; turning pages edits the one that is there."""
    for number in range(9):
        (corpus / f"note{number}.txt").write_text(f"Note {number} is about mice. " * 150)
    parts.answerer.indexer.run()
    anna = server.person("Anna")
    anna.says("/sources")
    await handle(parts)
    (listed,) = server.messages(anna)
    anna.presses(listed, "2 ›")
    await handle(parts)
    assert "note8.txt" in listed.text
    assert "bridge.txt" not in listed.text

    anna.presses(listed, "11")
    await handle(parts)
    _, article = server.messages(anna)
    assert "note8.txt" in article.text
    first = article.text
    anna.presses(article, "2 ›")
    await handle(parts)
    assert article.text != first
    anna.presses(article, "‹ 1")
    await handle(parts)
    assert article.text == first
    assert len(server.messages(anna)) == 2


async def test_an_article_opens_below_what_named_it(server: Telegram, parts: Parts) -> None:
    """The button under a source opens its article and leaves the source where it is."""
    anna = server.person("Anna")
    kept = await keep(parts, anna)
    message = await shown(server, parts, anna)
    anna.presses(message, forged(ShowSource(answer_id=kept.id, number=1)))
    await handle(parts)
    source = server.messages(anna)[-1]
    anna.presses(source, "Show the article")

    await handle(parts)
    assert not source.edits
    assert "250,000 euros" in server.messages(anna)[-1].text


async def test_an_article_that_has_gone_is_said_to_be_gone(server: Telegram, parts: Parts) -> None:
    """A button for an article that is not in the index says so."""
    anna = server.person("Anna")
    message = await shown(server, parts, anna)
    anna.presses(message, forged(ShowArticle(key=key_of("castle.txt"))))

    await handle(parts)
    assert "There is no such article." in server.messages(anna)[-1].text


async def test_a_page_beyond_the_end_is_the_last(server: Telegram, parts: Parts) -> None:
    """A forged page number shows the last page, of the list and of an article."""
    anna = server.person("Anna")
    message = await shown(server, parts, anna)
    for press in (ListArticles(page=HIGHEST), ShowArticle(key=key_of("mill.txt"), page=HIGHEST)):
        anna.presses(message, forged(press))
        await handle(parts)

    assert "There are 2 articles." in message.text
    assert "Its wheel still turns." in server.messages(anna)[-1].text


async def test_a_language_is_chosen_for_good(server: Telegram, parts: Parts) -> None:
    """The chosen language is spoken at once and from then on."""
    anna = server.person("Anna", language="en")
    anna.says("/language")
    await handle(parts)
    (asked,) = server.messages(anna)
    assert [one.text for one in asked.buttons] == [
        "Deutsch", "✓ English", "Français", "Русский", "Қазақ тілі"
    ]  # fmt: skip
    anna.presses(asked, "Русский")
    await handle(parts)
    anna.says("/reset")
    await handle(parts)

    assert asked.text.startswith("Теперь я говорю с вами по-русски.")
    assert server.messages(anna)[-1].text.startswith("Готово.")


async def test_in_a_group_a_language_is_ones_own(server: Telegram, parts: Parts) -> None:
    """Choosing in a group changes nobody else's language, and leaves them the buttons."""
    anna, ben = server.person("Anna", language="en"), server.person("Ben", language="en")
    group = server.group("Mill", [anna, ben])
    message = await shown(server, parts, anna, group)
    press = ben.presses(message, forged(SetLanguage(language=Interface.DE)))

    await handle(parts)
    assert press.answer.startswith("Ab jetzt spreche ich Deutsch mit Ihnen.")
    assert not message.edits
    found = [await parts.people.find(one.id) for one in (anna, ben)]
    assert [one.language for one in found if one] == [Interface.EN, Interface.DE]


async def test_forgetting_deletes_what_is_ones_own(server: Telegram, parts: Parts) -> None:
    """After the confirm button nothing of the person is left, and everything of others."""
    anna, ben = server.person("Anna"), server.person("Ben")
    kept = {person.id: await keep(parts, person) for person in (anna, ben)}
    tray = Tray.of(parts.library)
    files = {person.id: tray.put(person.id, "a.txt", b"Mice.") for person in (anna, ben)}
    anna.says("/forget")
    await handle(parts)
    (asked,) = server.messages(anna)
    assert await parts.answers.find(kept[anna.id].id)
    anna.presses(asked, "Yes, delete everything")
    await handle(parts)

    assert asked.text.startswith("Everything that was stored about you is deleted.")
    assert not await parts.answers.find(kept[anna.id].id)
    assert await parts.people.find(anna.id) is None
    assert not tray.find(anna.id, files[anna.id].number)
    assert await parts.answers.find(kept[ben.id].id)
    assert tray.find(ben.id, files[ben.id].number)


async def test_forgetting_may_be_left(server: Telegram, parts: Parts) -> None:
    """The other button deletes nothing."""
    anna = server.person("Anna")
    kept = await keep(parts, anna)
    anna.says("/forget")
    await handle(parts)
    anna.presses(server.messages(anna)[0], "No, keep it")
    await handle(parts)

    assert server.messages(anna)[0].text.startswith("Nothing was deleted.")
    assert await parts.answers.find(kept.id)


async def test_nobody_is_forgotten_by_anothers_button(server: Telegram, parts: Parts) -> None:
    """In a group only who said `/forget` is taken at the word of its button."""
    anna, ben = server.person("Anna"), server.person("Ben")
    group = server.group("Mill", [anna, ben])
    kept = {person.id: await keep(parts, person) for person in (anna, ben)}
    anna.says("/forget@citebot_test_bot", chat=group)
    await handle(parts)
    (asked,) = server.messages(group)
    press = ben.presses(asked, forged(ForgetMe(is_sure=True)))
    await handle(parts)

    assert press.answer == NO_BUTTON
    assert not asked.edits
    assert all([await parts.answers.find(one.id) for one in kept.values()])


async def test_only_administrators_add_files(server: Telegram, parts: Parts, corpus: Path) -> None:
    """A forged press for a file that waits is refused to who is no administrator."""
    eve = server.person("Eve")
    file = Tray.of(parts.library).put(eve.id, "evil.txt", b"The mill was sold to Eve.")
    message = await shown(server, parts, eve)
    press = eve.presses(message, forged(AddFile(file_id=file.number, is_sure=True)))

    await handle(parts)
    assert press.answer.startswith("This command is for administrators only.")
    assert not (corpus / "evil.txt").exists()
    assert server.messages(eve) == [message]


@pytest.mark.parametrize("language", list(Interface))
def test_what_a_press_answers_is_short(language: Interface) -> None:
    """Telegram takes 200 characters as the answer to a press."""
    phrases = words(language)
    for key in ("language.done", "objection.gone", "access.administrators", "feedback.thanks"):
        assert units(phrases.phrase(key)) <= 200, key


async def test_nothing_is_said_in_the_logs_of_what_was_pressed(
    server: Telegram, parts: Parts, caplog: pytest.LogCaptureFixture
) -> None:
    """A forged button is logged without its data and without who pressed it."""
    eve = server.person("Eve")
    message = await shown(server, parts, eve)
    caplog.clear()
    eve.presses(message, forged("evil-words"))
    update = await next_update(parts)
    heard = await heard_of(parts, update)
    assert update.callback_query
    from bot import callbacks

    with caplog.at_level("INFO", logger="bot"):
        await callbacks.pressed(parts, heard, update.callback_query)

    told = [record.getMessage() for record in caplog.records if record.name.startswith("bot")]
    assert told == ["A button was pressed that is none of ours"]
