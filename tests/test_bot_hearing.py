"""Who is spoken to: `bot.hearing`, on messages as Telegram sends them."""

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import Message, Update

from bot.domain import Me, Place, Thread
from bot.hearing import BESIDE, command_of, is_command, message_of, place_of, question_of, thread_of
from bot.markup import units

ME = Me(username="Mill_bot", reads_groups=True, is_inline=True)
ANNA = {"id": 5, "is_bot": False, "first_name": "Anna"}
BOT = {"id": 7, "is_bot": True, "first_name": "Mill", "username": "Mill_bot"}
OTHER = {"id": 8, "is_bot": True, "first_name": "Other", "username": "Other_bot"}
PRIVATE = {"id": 5, "type": "private", "first_name": "Anna"}
GROUP = {"id": -100, "type": "supergroup", "title": "Town"}


def entity(kind: str, text: str, part: str) -> dict[str, Any]:
    return {"type": kind, "offset": units(text[: text.index(part)]), "length": units(part)}


def raw(text: str = "", /, **more: Any) -> dict[str, Any]:
    """A message, with the entities that Telegram finds in its text."""
    entities = [entity("mention", text, w.strip(",:!")) for w in text.split() if w[0] == "@"]
    if text.startswith("/"):
        entities.insert(0, entity("bot_command", text, text.split(maxsplit=1)[0]))
    value = {"message_id": 3, "date": 1_700_000_000, "chat": GROUP, "from": ANNA}
    return value | ({"text": text, "entities": entities} if text else {}) | more


def heard(text: str = "", /, **more: Any) -> Message:
    message = Update.de_json({"update_id": 1, "message": raw(text, **more)}, None).message
    assert message
    return message


@dataclass(frozen=True, kw_only=True)
class Case:
    name: str
    text: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    question: str | None = None


def replying(author: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"reply_to_message": raw("Yes.", **{"from": author}) | more}


CASES = (
    Case(name="private text", text="Who?", more={"chat": PRIVATE}, question="Who?"),
    Case(name="private command", text="/start", more={"chat": PRIVATE}),
    Case(name="private picture", more={"chat": PRIVATE, "caption": "Who?"}),
    Case(name="private mention", text="@Mill_bot Who?", more={"chat": PRIVATE},
         question="@Mill_bot Who?"),
    Case(name="group talk", text="Who?"),
    Case(name="mention first", text="@Mill_bot Who?", question="Who?"),
    Case(name="mention with comma", text="@Mill_bot, who?", question="who?"),
    Case(name="mention last", text="Who? @Mill_bot", question="Who?"),
    Case(name="mention in between", text="Who is @Mill_bot now?", question="Who is now?"),
    Case(name="mention twice", text="@Mill_bot @mill_bot Who?", question="Who?"),
    Case(name="mention in other letters", text="@MILL_BOT Who?", question="Who?"),
    Case(name="mention behind what counts as two", text="\N{WATER WAVE} @Mill_bot Who?",
         question="\N{WATER WAVE} Who?"),
    Case(name="mention and lines", text="@Mill_bot Who?\n\nAnd when?",
         question="Who?\n\nAnd when?"),
    Case(name="mention alone", text="@Mill_bot", question=""),
    Case(name="name that begins alike", text="@Mill_bot2 Who?"),
    Case(name="both", text="@Mill_bot @Mill_bot2 Who?", question="@Mill_bot2 Who?"),
    Case(name="mention in a caption", more={"caption": "@Mill_bot Who?", "caption_entities": [
        {"type": "mention", "offset": 0, "length": 9}]}),
    Case(name="name in an address", text="See x@Mill_bot please"),
    Case(name="reply to the bot", text="Why?", more=replying(BOT), question="Why?"),
    Case(name="reply to another bot", text="Why?", more=replying(OTHER)),
    Case(name="reply to a person", text="Why?", more=replying(ANNA)),
    Case(name="reply to a person, with mention", text="@Mill_bot Why?", more=replying(ANNA),
         question="Why?"),
    Case(name="reply that is a command for another bot", text="/ask@Other_bot Why?",
         more=replying(BOT)),
    Case(name="message in a topic that the bot opened", text="Why?",
         more=replying(BOT, forum_topic_created={"name": "Mills", "icon_color": 7322096})),
    Case(name="picture as a reply to the bot", more=replying(BOT)),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_question_of_a_message(case: Case) -> None:
    """In private every text is a question; in groups only what is addressed to the bot."""
    assert question_of(heard(case.text, **case.more), ME) == case.question


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("/ask Who?", ("ask", "Who?")),
        ("/ASK  Who?\nWhen?", ("ask", "Who?\nWhen?")),
        ("/ask@mill_BOT Who?", ("ask", "Who?")),
        ("/ask@Mill_bot", ("ask", "")),
        ("/ask@Other_bot Who?", None),
        ("/ask@Mill_bot2 Who?", None),
        ("Who? /ask", None),
        ("Who?", None),
    ],
)
def test_command_of_a_message(text: str, command: tuple[str, str] | None) -> None:
    """A command stands first, and is not addressed to another bot."""
    assert command_of(heard(text), ME) == command
    assert is_command(heard(text)) is text.startswith("/")


@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_mention_is_cut_where_it_is(before: str, after: str) -> None:
    """Whatever stands around the bot's name is kept, but for what only parts it from the name."""
    found = {"type": "mention", "offset": units(before), "length": len("@Mill_bot")}
    message = heard(text=f"{before}@Mill_bot{after}", entities=[found])
    said = question_of(message, ME)
    assert said is not None
    assert _letters(said) == _letters(before + after)


def _letters(text: str) -> list[str]:
    return [letter for letter in text if letter not in BESIDE]


@pytest.mark.parametrize(
    "update",
    [
        {"edited_message": raw("Who?", chat=PRIVATE, edit_date=1_700_000_001)},
        {"channel_post": raw("Who?", chat={"id": -9, "type": "channel", "title": "News"})},
        {"message": raw("Who?", chat=PRIVATE, via_bot=OTHER)},
        {"message": raw("@Mill_bot Who?", **{"from": OTHER})},
        {"message": raw("@Mill_bot Who?", is_automatic_forward=True)},
        {"message": {k: v for k, v in raw("@Mill_bot Who?").items() if k != "from"}},
    ],
    ids=["edited", "channel", "inline result", "bot", "forwarded from a channel", "nobody"],
)
def test_what_no_person_says_is_left_alone(update: dict[str, Any]) -> None:
    """Edits, channels, bots and inline results are nobody's new message."""
    assert message_of(Update.de_json({"update_id": 1, **update}, None)) is None


@pytest.mark.parametrize(
    ("more", "topic"),
    [
        ({}, None),
        ({"message_thread_id": 9}, None),
        ({"message_thread_id": 9, "is_topic_message": True}, 9),
    ],
    ids=["none", "replies in a group without topics", "topic"],
)
def test_place_of_a_message(more: dict[str, Any], topic: int | None) -> None:
    """A topic is one only in a forum; elsewhere the number is that of a row of replies."""
    message = heard("Who?", **more)
    assert place_of(message) == Place(chat_id=-100, topic_id=topic, is_private=False)
    assert message.from_user
    assert thread_of(message, message.from_user) == Thread(place=place_of(message), user_id=5)
