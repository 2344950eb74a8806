"""The tests' own Bot API server, driven by the real python-telegram-bot over real HTTP."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from html import escape
from pathlib import Path
from socket import socket
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from telegram import (
    Bot,
    BotCommandScopeAllGroupChats,
    BotCommandScopeChatMember,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputTextMessageContent,
    ReplyParameters,
    Update,
)
from telegram.error import (
    BadRequest,
    ChatMigrated,
    Conflict,
    Forbidden,
    InvalidToken,
    NetworkError,
    RetryAfter,
)
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    ContextTypes,
    InlineQueryHandler,
    MessageHandler,
    TypeHandler,
    filters,
)
from telegram.request import HTTPXRequest

from tests.telegram_calls import Flood
from tests.telegram_http import METHODS
from tests.telegram_methods import LONGEST, NOT_MODIFIED, TOO_OLD
from tests.telegram_server import Telegram, telegram
from tests.telegram_text import Text, UnparsableError, finished, parse, units
from tests.telegram_values import Button

ROOT = Path(__file__).parent.parent
Context = ContextTypes.DEFAULT_TYPE
RIGHT, WRONG = "right_1", "wrong-1"


@pytest.fixture(autouse=True)
def spans(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library warns of spans that are numbers, which it will not give any more."""
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
async def bot(server: Telegram) -> AsyncIterator[Bot]:
    async with bot_of(server) as running:
        yield running


def bot_of(server: Telegram) -> Bot:
    # Certificates take long to load, and nothing here needs them.
    one, other = (HTTPXRequest(httpx_kwargs={"verify": False}) for _ in range(2))
    return Bot(
        server.token,
        base_url=server.url,
        base_file_url=server.file_url,
        request=one,
        get_updates_request=other,
    )


async def until(server: Telegram, holds: Callable[[], Any]) -> Any:
    return await asyncio.to_thread(server.wait, holds)


async def echo(update: Update, context: Context) -> None:
    message = update.effective_message
    assert message
    await message.reply_html(f"<b>echo</b> {escape(message.text or '')}")


@asynccontextmanager
async def running(
    server: Telegram, *handlers: Any, webhook: int = 0, secret: str = ""
) -> AsyncIterator[Application]:  # type: ignore[type-arg]
    """A real application with these handlers, by polling or by a webhook on that port."""
    builder = ApplicationBuilder().token(server.token)
    application = builder.base_url(server.url).base_file_url(server.file_url).build()
    application.add_handlers(handlers)
    async with application:
        await application.start()
        assert application.updater
        if webhook:
            url = f"http://127.0.0.1:{webhook}/hook"
            await application.updater.start_webhook(
                listen="127.0.0.1",
                port=webhook,
                url_path="hook",
                webhook_url=url,
                secret_token=secret or None,
            )
        else:
            await application.updater.start_polling(allowed_updates=Update.ALL_TYPES)
        yield application
        await application.updater.stop()
        await application.stop()


def free_port() -> int:
    with closing(socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def row(*buttons: InlineKeyboardButton) -> InlineKeyboardMarkup:
    return InlineKeyboardMarkup([buttons])


def button(data: str) -> InlineKeyboardMarkup:
    return row(InlineKeyboardButton("Quote", callback_data=data))


@pytest.mark.parametrize("port", [0, free_port()], ids=["polling", "webhook"])
async def test_a_real_application_answers(server: Telegram, port: int) -> None:
    """A message gets its answer by polling and by webhook, and nothing is left to deliver."""
    anna, ben = server.person("Anna", language="de"), server.person("Ben")
    handler = MessageHandler(filters.TEXT, echo)
    async with running(server, handler, webhook=port, secret=RIGHT):
        for number in range(3):
            anna.says(f"{number} < 4")
        ben.says("hi")
        await until(server, lambda: len(server.messages(anna)) == 3 and server.messages(ben))

    assert [message.text for message in server.messages(anna)] == [
        f"echo {number} < 4" for number in range(3)
    ]
    (sent,) = server.messages(ben)
    assert sent.words.under("bold") == ["echo"]
    assert server.pending() == 0


async def test_an_offset_confirms(server: Telegram, bot: Bot) -> None:
    """Updates stay until a higher offset is asked for, come at most so many, and rise by one."""
    anna = server.person("Anna")
    for number in range(5):
        anna.says(str(number))

    first = await bot.get_updates(limit=2)
    again = await bot.get_updates(limit=2)
    rest = await bot.get_updates(offset=first[-1].update_id + 1)
    newest = await bot.get_updates(offset=-1)

    ids = [update.update_id for update in (*first, *rest)]
    assert first == again
    assert ids == list(range(ids[0], ids[0] + 5))
    assert [update.update_id for update in newest] == ids[-1:]
    assert server.pending() == 1


async def test_a_poll_wakes_up(server: Telegram, bot: Bot) -> None:
    """A poll waits as long as it was told, and ends as soon as there is something."""
    start = time.monotonic()
    assert await bot.get_updates(timeout=0) == ()
    assert time.monotonic() - start < 0.5
    waiting = asyncio.create_task(bot.get_updates(timeout=10))
    await asyncio.sleep(0.1)
    assert not waiting.done()
    server.person("Anna").says("hi")
    (update,) = await waiting

    assert time.monotonic() - start < 3
    assert update.message
    start = time.monotonic()
    assert await bot.get_updates(offset=update.update_id + 1, timeout=1) == ()
    assert time.monotonic() - start >= 1


async def test_only_what_is_asked_for_comes(server: Telegram, bot: Bot) -> None:
    """A kind that was not asked for is not queued from then on."""
    anna = server.person("Anna")
    await bot.get_updates(allowed_updates=["edited_message"])
    message = anna.says("hi")
    anna.edits(message, "hello")

    (update,) = await bot.get_updates()

    assert update.edited_message
    assert update.edited_message.text == "hello"


async def test_the_second_poller_ends_the_first(server: Telegram) -> None:
    """Whoever polls while another does takes its place, and the other is told so."""
    async with bot_of(server) as one, bot_of(server) as other:
        waiting = asyncio.create_task(one.get_updates(timeout=10))
        await until(server, lambda: server.calls("getUpdates"))
        second = asyncio.create_task(other.get_updates(timeout=10))

        with pytest.raises(Conflict, match="make sure that only one bot instance is running"):
            await waiting
        server.person("Anna").says("hi")
        assert len(await second) == 1


async def test_a_webhook_excludes_polling(server: Telegram, bot: Bot) -> None:
    """A webhook ends the poll under way, and polls are refused until it is deleted."""
    waiting = asyncio.create_task(bot.get_updates(timeout=10))
    await until(server, lambda: server.calls("getUpdates"))
    await bot.set_webhook(f"http://127.0.0.1:{free_port()}/", max_connections=7)
    with pytest.raises(Conflict, match="terminated by setWebhook"):
        await waiting
    with pytest.raises(Conflict, match="while webhook is active"):
        await bot.get_updates()
    assert (await bot.get_webhook_info()).max_connections == 7
    server.person("Anna").says("hi")

    await bot.delete_webhook(drop_pending_updates=True)

    assert await bot.get_updates() == ()
    assert not (await bot.get_webhook_info()).url


async def test_a_webhook_is_tried_again(server: Telegram) -> None:
    """An update that a webhook refuses stays, the reason can be read, and it comes again."""
    port, anna = free_port(), server.person("Anna")
    handler = MessageHandler(filters.TEXT, echo)
    async with running(server, handler, webhook=port, secret=RIGHT) as application:
        url = f"http://127.0.0.1:{port}/hook"
        await application.bot.set_webhook(url, secret_token=WRONG)
        anna.says("1")
        anna.says("2")
        info = await application.bot.get_webhook_info()
        while not info.last_error_message:
            info = await application.bot.get_webhook_info()
        assert "403" in info.last_error_message
        assert info.pending_update_count == 2
        await application.bot.set_webhook(url, secret_token=RIGHT)
        await until(server, lambda: len(server.messages(anna)) == 2)

    assert [message.text for message in server.messages(anna)] == ["echo 1", "echo 2"]


SAID = [
    ("hello", False),
    ("@citebot_test_bot hello", False),
    ("/ask who", True),
    ("/ask@citebot_test_bot who", True),
    ("/ask@other_bot who", False),
    ("not /ask", False),
]


@pytest.mark.parametrize("privacy", [True, False], ids=["private", "open"])
async def test_groups_are_private(privacy: bool) -> None:
    """With privacy on, a group's bot gets commands, replies to it and service messages only."""
    with telegram(privacy=privacy) as server:
        anna = server.person("Anna")
        group, ruled = server.group("Team", [anna]), server.group("Ruled", [anna], admin=True)
        async with bot_of(server) as bot:
            sent = await bot.send_message(group.id, "hi")
            for text, _ in SAID:
                anna.says(text, chat=group)
                anna.says(text, chat=ruled)
            anna.sends({"sticker": _sticker()}, chat=group)
            anna.says("to you", chat=group, reply_to=group.chat.messages[sent.message_id])
            group.lets_in(server.person("Ben"))
            got = [update.message for update in await bot.get_updates() if update.message]
            assert bot.can_read_all_group_messages is not privacy

    heard = [message.text for message in got if message.chat_id == group.id]
    sticker = [] if privacy else [None]
    assert heard[:-2] == [text for text, is_heard in SAID if is_heard or not privacy] + sticker
    assert heard[-2:] == ["to you", None]
    assert got[-1].new_chat_members
    assert [one.text for one in got if one.chat_id == ruled.id] == [text for text, _ in SAID]


async def test_topics_are_kept(server: Telegram) -> None:
    """An answer stays in the topic; its first message is what a message there replies to."""
    anna = server.person("Anna")
    group = server.group("Team", [anna], topics=True)
    topic = group.topic("News", by=anna)
    async with running(server, MessageHandler(filters.TEXT, echo)) as application:
        asked = anna.says("/ask", chat=group, topic=topic)
        anna.says("/all", chat=group)
        await until(server, lambda: len(server.messages(group)) == 2)
        told, general = server.messages(group)
        with pytest.raises(BadRequest, match="Message thread not found"):
            await application.bot.send_message(group.id, "x", message_thread_id=99)
        await application.bot.send_chat_action(group.id, "typing", message_thread_id=topic)
        sent = await application.bot.send_message(group.id, "x", message_thread_id=topic)

    assert (sent.message_thread_id, sent.is_topic_message) == (topic, True)
    assert (told.thread, told.is_topic, general.thread) == (topic, True, None)
    assert asked.reply is group.chat.messages[topic]
    assert [action.thread for action in server.actions(group)] == [topic]


async def test_a_reply_in_a_group_has_a_thread_that_is_no_topic(server: Telegram, bot: Bot) -> None:
    """In a supergroup a reply names the first message as its thread, which nobody can write to."""
    anna = server.person("Anna")
    group = server.group("Team", [anna])
    first = anna.says("/ask", chat=group)

    sent = await bot.send_message(group.id, "a", reply_parameters=ReplyParameters(first.id))

    assert (sent.message_thread_id, bool(sent.is_topic_message)) == (first.id, False)
    with pytest.raises(BadRequest, match="Message thread not found"):
        await bot.send_message(group.id, "b", message_thread_id=sent.message_thread_id)


async def test_buttons_are_pressed(server: Telegram) -> None:
    """A press reaches the bot, its answer reaches the person, once and in time."""

    async def press(update: Update, context: Context) -> None:
        assert update.callback_query
        await update.callback_query.answer(f"quote {update.callback_query.data}", show_alert=True)
        await update.callback_query.edit_message_text("done")

    anna = server.person("Anna")
    async with running(server, CallbackQueryHandler(press)) as application:
        await application.bot.send_message(anna.id, "which?", reply_markup=button("s:1"))
        (message,) = server.messages(anna)
        pressed = anna.presses(message, "Quote")
        await until(server, lambda: message.edits)
        with pytest.raises(BadRequest, match="Query is too old"):
            await application.bot.answer_callback_query(pressed.id)
        server.world.presses["late"] = pressed
        pressed.is_answered, pressed.at = False, pressed.at - 60
        with pytest.raises(BadRequest, match="Query is too old"):
            await application.bot.answer_callback_query("late")

    assert (pressed.answer, pressed.is_alert) == ("quote s:1", True)
    assert (message.text, message.buttons) == ("done", [])


async def test_inline_queries_are_answered(server: Telegram) -> None:
    """A result is taken into a chat, the bot hears of it and can edit what was sent."""
    chosen: list[str] = []

    async def offer(update: Update, context: Context) -> None:
        assert update.inline_query
        content = InputTextMessageContent("<i>hm</i>", parse_mode="HTML")
        result = InlineQueryResultArticle("r1", "Who", content, reply_markup=button("go"))
        await update.inline_query.answer([result], cache_time=0, is_personal=True)

    async def take(update: Update, context: Context) -> None:
        if update.chosen_inline_result and update.chosen_inline_result.inline_message_id:
            chosen.append(update.chosen_inline_result.result_id)
            number = update.chosen_inline_result.inline_message_id
            await context.bot.edit_message_text("the answer", inline_message_id=number)

    anna = server.person("Anna")
    group = server.group("Team", [anna])
    async with running(server, InlineQueryHandler(offer), TypeHandler(Update, take)):
        question = anna.inline("who")
        await until(server, lambda: question.results)
        message = anna.takes(question, chat=group)
        assert message.words.under("italic") == ["hm"]
        await until(server, lambda: message.edits)

    assert chosen == ["r1"]
    assert message.text == "the answer"
    assert question.more["is_personal"]


async def test_files_go_both_ways(server: Telegram, bot: Bot) -> None:
    """A file that is sent can be fetched byte by byte, one that is too big is refused."""
    anna, data = server.person("Anna"), bytes(range(256))
    anna.sends_file("a.bin", data, "text/plain", caption="read")
    anna.sends_file("big.pdf", b"x", size=20 * 1024 * 1024 + 1)

    small, big = (update.message for update in await bot.get_updates())
    assert small
    assert small.document
    assert big
    assert big.document
    file = await bot.get_file(small.document.file_id)
    sent = await bot.send_document(anna.id, data, caption="<b>b</b>", parse_mode="HTML")
    again = await bot.send_document(anna.id, small.document.file_id)

    assert (small.document.file_name, small.caption) == ("a.bin", "read")
    assert bytes(await file.download_as_bytearray()) == data
    with pytest.raises(BadRequest, match="File is too big"):
        await bot.get_file(big.document.file_id)
    assert server.messages(anna)[0].words.under("bold") == ["b"]
    assert sent.document
    assert again.document
    assert (sent.document.file_size, again.document.file_name) == (256, "a.bin")


async def test_drafts_grow_in_private_chats(server: Telegram, bot: Bot) -> None:
    """A draft keeps its states until a message takes its place; groups have none."""
    anna = server.person("Anna")
    for text in ("", "Wer", "Wer <b>da</b>"):
        await bot.send_message_draft(anna.id, 7, text, parse_mode="HTML")
    await bot.send_message(anna.id, "Wer da?")
    await bot.send_message_draft(anna.id, 7, "next")
    with pytest.raises(BadRequest, match="Textdraft_peer_invalid"):
        await bot.send_message_draft(server.group("Team").id, 7, "x")

    first, second = server.drafts(anna)

    assert [version.words.text for version in first.versions] == ["", "Wer", "Wer da"]
    assert first.message is server.messages(anna)[0]
    assert (second.message, len(second.versions)) == (None, 1)


Case = Callable[[Bot, int], Awaitable[Any]]
BAD = "Bad Request: "
REFUSED: dict[str, Case] = {
    f"{BAD}message text is empty": lambda bot, chat: bot.send_message(chat, ""),
    f"{BAD}text must be non-empty": lambda bot, chat: bot.send_message(chat, " \n"),
    f"{BAD}message is too long": lambda bot, chat: bot.send_message(chat, "😀" * 2049),
    f"{BAD}message caption is too long": lambda bot, chat: bot.send_document(
        chat, b"x", caption="x" * 1025
    ),
    f'{BAD}can\'t parse entities: Unsupported start tag "br" at byte offset 2': (
        lambda bot, chat: bot.send_message(chat, "ü<br>", parse_mode="HTML")
    ),
    f"{BAD}unsupported parse_mode": lambda bot, chat: bot.send_message(chat, "x", parse_mode="md"),
    f"{BAD}chat not found": lambda bot, chat: bot.send_message(-5, "x"),
    f"{BAD}message to be replied not found": lambda bot, chat: bot.send_message(
        chat, "x", reply_parameters=ReplyParameters(99)
    ),
    f"{BAD}QUOTE_TEXT_INVALID": lambda bot, chat: bot.send_message(
        chat, "x", reply_parameters=ReplyParameters(1, quote="not there")
    ),
    f"{BAD}BUTTON_DATA_INVALID": lambda bot, chat: bot.send_message(
        chat, "x", reply_markup=button("ü" * 33)
    ),
    f"{BAD}inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL": (
        lambda bot, chat: bot.send_message(
            chat, "x", reply_markup=row(InlineKeyboardButton("x", url="http://localhost/"))
        )
    ),
    f"{BAD}can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard": (
        lambda bot, chat: bot.send_message(chat, "x", reply_markup=row(InlineKeyboardButton("x")))
    ),
    f"{BAD}message to edit not found": lambda bot, chat: bot.edit_message_text("x", chat, 99),
    f"{BAD}message can't be edited": lambda bot, chat: bot.edit_message_text("x", chat, 1),
    f"{BAD}{NOT_MODIFIED}": lambda bot, chat: bot.edit_message_text(
        "<i></i><b>hi</b>", chat, 2, parse_mode="HTML"
    ),
    f"{BAD}there is no text in the message to edit": lambda bot, chat: bot.edit_message_text(
        "x", chat, 3
    ),
    f"{BAD}MESSAGE_ID_INVALID": lambda bot, chat: bot.edit_message_text("x", inline_message_id="x"),
    f"{BAD}message to delete not found": lambda bot, chat: bot.delete_message(chat, 99),
    f"{BAD}message to react not found": lambda bot, chat: bot.set_message_reaction(chat, 99, "👍"),
    f"{BAD}REACTION_INVALID": lambda bot, chat: bot.set_message_reaction(chat, 1, "🧦"),
    f"{BAD}wrong parameter action in request": lambda bot, chat: bot.send_chat_action(chat, "nod"),
    f"{BAD}MESSAGE_TOO_LONG": lambda bot, chat: bot.answer_callback_query("press", "x" * 201),
    f"{BAD}{TOO_OLD}": lambda bot, chat: bot.answer_callback_query("no such query"),
    f"{BAD}RESULTS_TOO_MUCH": lambda bot, chat: answer(bot, *map(str, range(51))),
    f"{BAD}RESULT_ID_DUPLICATE": lambda bot, chat: answer(bot, "1", "1"),
    f"{BAD}RESULT_ID_INVALID": lambda bot, chat: answer(bot, "1" * 65),
    f"{BAD}invalid file_id": lambda bot, chat: bot.get_file("no such file"),
    f"{BAD}wrong file identifier/HTTP URL specified": lambda bot, chat: bot.send_document(
        chat, "no such file"
    ),
    f"{BAD}BOT_COMMAND_INVALID": lambda bot, chat: bot.set_my_commands([("Ask", "Ask")]),
    f"{BAD}BOT_COMMAND_DESCRIPTION_INVALID": lambda bot, chat: bot.set_my_commands(
        [("ask", "x" * 257)]
    ),
    f"{BAD}invalid language code specified": lambda bot, chat: bot.set_my_commands(
        [("ask", "Ask")], language_code="deu"
    ),
    f"{BAD}user not found": lambda bot, chat: bot.get_chat_member(chat, 5),
    f"{BAD}secret token contains unallowed characters": lambda bot, chat: bot.set_webhook(
        "https://example.org/", secret_token=chr(0xE4)
    ),
    f"{BAD}bad webhook: An HTTPS URL must be provided for webhook": (
        lambda bot, chat: bot.set_webhook("http://example.org/")
    ),
}
"""What is refused and how; in the chat, 1 is a person's, 2 and 3 are the bot's."""


async def answer(bot: Bot, *ids: str) -> bool:
    content = InputTextMessageContent("x")
    results = [InlineQueryResultArticle(one, "x", content) for one in ids]
    return await bot.answer_inline_query("question", results)


@pytest.mark.parametrize("description", REFUSED)
async def test_what_telegram_refuses_is_refused(
    server: Telegram, bot: Bot, description: str
) -> None:
    """A call that Telegram refuses is refused in its words, and changes nothing."""
    anna = server.person("Anna")
    anna.says("one")
    await bot.send_message(anna.id, "<b>hi</b>", parse_mode="HTML", reply_markup=button("1"))
    await bot.edit_message_reply_markup(anna.id, 2)
    await bot.send_document(anna.id, b"data")
    server.world.presses["press"] = anna.presses(
        server.world.message(anna.chat, None, server.world.version(Text())),
        Button(text="x", data="x"),
    )
    server.world.questions["question"] = anna.inline("who")
    before = server.transcript()

    with pytest.raises(BadRequest):
        await REFUSED[description](bot, anna.id)

    call = server.calls()[-1]
    assert (call.status, call.description) == (400, description)
    assert server.transcript() == before


@pytest.mark.parametrize(
    ("html", "why"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("x <b", "Unclosed start tag at byte offset 2"),
        ("<p>x</p>", 'Unsupported start tag "p" at byte offset 0'),
        ("<!-- -->", 'Unsupported start tag "!--" at byte offset 0'),
        ("<a href", 'Unclosed start tag "a" at byte offset 0'),
        ('<a href="x"', "Unclosed start tag at byte offset 0"),
        ('<a ="x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        ("<a href=x/>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b><i>x</b></i>", 'Unmatched end tag at byte offset 7, expected "</i>", found "</b>"'),
        ("<b>x", 'Can\'t find end tag corresponding to start tag "b"'),
        ('<tg-emoji emoji-id="x">y</tg-emoji>', "Invalid custom emoji identifier specified"),
    ],
)
def test_html_is_refused_as_telegram_does(html: str, why: str) -> None:
    """Markup that Telegram cannot read is refused, with the place in bytes."""
    with pytest.raises(UnparsableError, match=f"^{re.escape(why)}$"):
        parse(html)


@pytest.mark.parametrize(
    ("html", "text", "entities"),
    [
        ("<b>a</b><STRONG>b</strong>", "ab", [("bold", "a"), ("bold", "b")]),
        ("<i>a</i><em>b</em>", "ab", [("italic", "a"), ("italic", "b")]),
        ("😀<u>é</u><ins>b</ins>", "😀éb", [("underline", "é"), ("underline", "b")]),
        ("<s>a</s><strike>b</strike>", "ab", [("strikethrough", "a"), ("strikethrough", "b")]),
        ("<del>a</del>", "a", [("strikethrough", "a")]),
        ('<span class="tg-spoiler">a</span>', "a", [("spoiler", "a")]),
        ("<tg-spoiler>a</tg-spoiler>", "a", [("spoiler", "a")]),
        ("<a href='https://a.org'>😀</a>", "😀", [("text_link", "😀")]),
        ("<a href='http://localhost/'>a</a>", "a", []),
        ("<b>a <code>b</code> c</b>", "a b c", [("bold", "a "), ("code", "b"), ("bold", " c")]),
        ("<pre><code class='language-c'>a</code></pre>", "a", [("pre", "a")]),
        ("<code>a<a href='https://a.org'>b</a></code>", "ab", [("code", "ab")]),
        ("<pre>/a @user</pre>", "/a @user", [("pre", "/a @user")]),
        ("<blockquote>a</blockquote>", "a", [("blockquote", "a")]),
        ("<blockquote expandable>a</blockquote>", "a", [("expandable_blockquote", "a")]),
        ('<tg-emoji emoji-id="5">👍</tg-emoji>', "👍", [("custom_emoji", "👍")]),
        ("&lt;&amp;&gt;&quot;&#65;&#x1F600; &nbsp; &", '<&>"A😀 &nbsp; &', []),
        ("\n <b> a </b> \n", " a", [("bold", " a")]),
        ("/ask@bot see https://a.org/b.", "/ask@bot see https://a.org/b.", [
            ("bot_command", "/ask@bot"), ("url", "https://a.org/b")]),
    ],
)  # fmt: skip
def test_html_becomes_text_and_entities(
    html: str, text: str, entities: list[tuple[str, str]]
) -> None:
    """Each tag becomes its entity over the right part of the text, whatever stands before it."""
    words = finished(parse(html))

    assert words.text == text
    assert [(one.kind, words.words(one)) for one in words.entities] == entities


@given(st.lists(st.tuples(st.sampled_from(["b", "i", "code", ""]), st.text(min_size=1))))
def test_offsets_are_utf16(parts: list[tuple[str, str]]) -> None:
    """Escaped text of any kind arrives as it was, and each entity covers what stood in its tag."""
    html = "".join(f"<{tag}>{escape(text)}</{tag}>" if tag else escape(text) for tag, text in parts)

    words = parse(html)

    assert words.text == "".join(text for _, text in parts)
    assert [words.words(one) for one in words.entities] == [text for tag, text in parts if tag]
    assert sum(units(text) for _, text in parts) == units(words.text)


async def test_as_long_as_it_may_be(server: Telegram, bot: Bot) -> None:
    """The limit counts UTF-16 code units of the text without its markup."""
    anna = server.person("Anna")
    html = f"<b>{'&amp;' * (LONGEST - 2)}</b>😀"

    await bot.send_message(anna.id, html, parse_mode="HTML")

    assert units(server.messages(anna)[0].text) == LONGEST


async def test_too_much_is_refused() -> None:
    """With flood control a chat takes one message a second, and a group twenty a minute."""
    with telegram(flood=Flood(pause=0.3, group_a_minute=2)) as server:
        anna, ben, group = server.person("Anna"), server.person("Ben"), server.group("Team")
        async with bot_of(server) as bot:
            await bot.send_message(anna.id, "1")
            await bot.send_message(ben.id, "1")
            with pytest.raises(RetryAfter) as refused:
                await bot.send_message(anna.id, "2")
            await asyncio.sleep(0.3)
            await bot.send_message(anna.id, "3")
            for _ in range(2):
                await bot.send_message(group.id, "1")
                await asyncio.sleep(0.3)
            with pytest.raises(RetryAfter) as later:
                await bot.send_message(group.id, "2")

        assert [message.text for message in server.messages(anna)] == ["1", "3"]
        assert refused.value.retry_after == timedelta(seconds=1)
        assert later.value.retry_after in {timedelta(seconds=59), timedelta(seconds=60)}


async def test_all_chats_share_a_limit() -> None:
    """With flood control there are so many messages a second, however many chats."""
    with telegram(flood=Flood(a_second=5)) as server:
        people = [server.person(str(number)) for number in range(7)]
        async with bot_of(server) as bot:
            sent = await asyncio.gather(
                *(bot.send_message(one.id, "hi") for one in people), return_exceptions=True
            )

    assert sum(isinstance(one, RetryAfter) for one in sent) == 2


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"status": 429, "retry_after": 1}, RetryAfter),
        ({"status": 403}, Forbidden),
        ({"status": 400}, BadRequest),
        ({"status": 401}, InvalidToken),
        ({"status": 502}, NetworkError),
        ({"status": 502, "body": b"<html>Bad Gateway</html>"}, NetworkError),
        ({"cut": True}, NetworkError),
        ({"migrate_to": -1001}, ChatMigrated),
    ],
    ids=str,
)
@pytest.mark.parametrize("done", [False, True], ids=["undone", "done"])
async def test_calls_fail_as_told(
    server: Telegram, bot: Bot, fault: dict[str, Any], error: type[Exception], done: bool
) -> None:
    """A fault meets its method in its chat and nothing else, before the call is done or after."""
    anna, ben = server.person("Anna"), server.person("Ben")
    server.fail_next("sendMessage", chat=anna.id, skip=1, done=done, **fault)
    await bot.send_message(anna.id, "1")
    await bot.send_message(ben.id, "1")

    with pytest.raises(error):
        await bot.send_message(anna.id, "2")

    await bot.send_message(anna.id, "3")
    seen = [message.text for message in server.messages(anna)]
    assert seen == (["1", "2", "3"] if done else ["1", "3"])


async def test_calls_are_slow_as_told(server: Telegram, bot: Bot) -> None:
    """A delay holds one call and lets others pass, as often as it was said."""
    anna = server.person("Anna")
    server.fail_next("sendMessage", delay=0.2, times=2)
    start = time.monotonic()
    slow = asyncio.create_task(bot.send_message(anna.id, "slow"))
    await until(server, lambda: server.calls("sendMessage"))
    await bot.get_me()
    assert not slow.done()
    await slow

    assert time.monotonic() - start >= 0.2


async def test_a_bot_is_blocked_and_let_in_again(server: Telegram, bot: Bot) -> None:
    """Who blocks the bot cannot be written to until they come back, and the bot hears of both."""
    anna, new = server.person("Anna"), server.person("New", is_started=False)
    anna.blocks()
    with pytest.raises(Forbidden, match="bot was blocked by the user"):
        await bot.send_message(anna.id, "hi")
    with pytest.raises(Forbidden, match="bot can't initiate conversation with a user"):
        await bot.send_message(new.id, "hi")
    anna.says("/start")
    new.says("/start")
    await bot.send_message(anna.id, "hi")
    await bot.send_message(new.id, "hi")

    changes = [update.my_chat_member for update in await bot.get_updates()]

    statuses = [one.new_chat_member.status for one in changes if one]
    assert statuses == ["kicked", "member"]


async def test_groups_let_the_bot_in_and_out(server: Telegram, bot: Bot) -> None:
    """In which groups the bot is, and as what, is told to it and decides where it may write."""
    anna = server.person("Anna")
    group, other = server.group("Team", [anna]), server.group("Other", [anna])
    group.promotes_bot(by=anna)
    me = await bot.get_chat_member(group.id, bot.id)
    group.removes_bot(by=anna)
    anna.says("/ask", chat=group)
    await bot.leave_chat(other.id)

    updates = await bot.get_updates()

    assert me.status == "administrator"
    assert (await bot.get_chat_member(group.id, anna.id)).status == "member"
    assert [one.my_chat_member.new_chat_member.status for one in updates if one.my_chat_member] == [
        "administrator",
        "kicked",
        "left",
    ]
    assert not [one for one in updates if one.message and one.message.text]
    with pytest.raises(Forbidden, match="bot was kicked from the supergroup chat"):
        await bot.send_message(group.id, "hi")
    with pytest.raises(Forbidden, match="bot is not a member of the supergroup chat"):
        await bot.send_message(other.id, "hi")
    assert (await bot.get_chat(other.id)).title == "Other"


async def test_a_group_moves(server: Telegram, bot: Bot) -> None:
    """A group that became a supergroup says where it went, in both chats and to every call."""
    anna = server.person("Anna")
    group = server.group("Team", [anna], basic=True)
    moved = group.migrates(by=anna)

    with pytest.raises(ChatMigrated) as told:
        await bot.send_message(group.id, "hi")
    await bot.send_message(moved.id, "hi")

    assert told.value.new_chat_id == moved.id
    messages = [update.message for update in await bot.get_updates()]
    assert [one.migrate_to_chat_id or one.migrate_from_chat_id for one in messages if one] == [
        moved.id,
        group.id,
    ]


async def test_commands_are_kept_by_scope_and_language(server: Telegram, bot: Bot) -> None:
    """What the bot says of itself is kept for whom it was said."""
    team, member = BotCommandScopeAllGroupChats(), BotCommandScopeChatMember(-1, 2)
    await bot.set_my_commands([("ask", "Ask")])
    await bot.set_my_commands([("ask", "Frag")], language_code="de")
    await bot.set_my_commands([("ask", "Team")], scope=team)
    await bot.set_my_commands([("ask", "You")], scope=member)
    await bot.set_my_short_description("Cites")
    await bot.set_my_description("Zitiert", language_code="de")

    assert server.commands() == [("ask", "Ask")]
    assert server.commands(language="de") == [("ask", "Frag")]
    assert server.commands({"type": "all_group_chats"}) == [("ask", "Team")]
    assert [one.description for one in await bot.get_my_commands(scope=member)] == ["You"]
    await bot.delete_my_commands(scope=team)
    assert server.commands({"type": "all_group_chats"}) == []
    assert server.described(is_short=True) == "Cites"
    assert (await bot.get_my_description("de")).description == "Zitiert"


async def test_every_update_is_one_that_the_library_knows(server: Telegram, bot: Bot) -> None:
    """Nothing in an update or a reply has a name that the library does not know."""
    anna, channel = server.person("Anna", username="anna_t"), server.channel("News")
    group = server.group("Team", [anna], topics=True)
    sent = await bot.send_message(anna.id, "x", reply_markup=button("1"))
    anna.presses(server.messages(anna)[0])
    anna.edits(anna.says("one"), "two")
    anna.inline("who")
    anna.blocks()
    anna.sends_file("a.txt", b"a", caption="c")
    anna.sends({"sticker": _sticker()})
    anna.says("/ask", chat=group, topic=group.topic("News", by=anna))
    channel.edits(channel.posts("one"), "two")
    posted = await bot.send_message(channel.id, "post")

    updates = await bot.get_updates()

    kinds = {name for one in updates for name in one.to_dict() if name != "update_id"}
    assert kinds == {
        *("message", "edited_message", "channel_post", "edited_channel_post"),
        *("callback_query", "inline_query", "my_chat_member"),
    }
    chat, me = await bot.get_chat(group.id), await bot.get_chat_member(channel.id, bot.id)
    assert [_unknown(one) for one in (*updates, sent, posted, chat, me)] == [[]] * 16


def _sticker() -> dict[str, Any]:
    names = dict.fromkeys(("file_id", "file_unique_id"), "x")
    sizes = {"width": 1, "height": 1, "is_animated": False, "is_video": False}
    return {**names, **sizes, "type": "regular"}


def _unknown(value: Any) -> list[str]:
    """The names that an object of the library, or one in it, had no place for."""
    if isinstance(value, list | tuple):
        return [name for one in value for name in _unknown(one)]
    if not hasattr(value, "api_kwargs"):
        return []
    inner = [getattr(value, name, None) for base in type(value).__mro__ for name in _slots(base)]
    return list(value.api_kwargs) + [name for one in inner for name in _unknown(one)]


def _slots(base: type) -> list[str]:
    return [name for name in getattr(base, "__slots__", ()) if not name.startswith("_")]


async def test_updates_may_be_unreadable(server: Telegram, bot: Bot) -> None:
    """An update of any shape can be queued, also one on which the library fails."""
    server.queue({"message": {"message_id": 1, "date": 0, "chat": {"type": "private"}}})

    with pytest.raises(TypeError):
        await bot.get_updates()


async def test_parameters_come_in_any_form(server: Telegram) -> None:
    """A call says the same in its address, a form, a multipart form or JSON."""
    anna = server.person("Anna")
    url = f"{server.url}{server.token}/sendmessage"
    markup = {"inline_keyboard": [[{"text": "a", "callback_data": "b"}]]}
    plain = {"chat_id": str(anna.id), "text": "ü & 😀"}
    said = plain | {"reply_markup": json.dumps(markup)}
    async with httpx.AsyncClient() as client:
        await client.get(url, params=said)
        await client.post(url, data=said)
        await client.post(url, data=said, files={"nothing": b"x"})
        await client.post(
            url, json={"chat_id": anna.id, "text": plain["text"], "reply_markup": markup}
        )

    assert [(one.text, one.buttons[0].data) for one in server.messages(anna)] == [
        ("ü & 😀", "b")
    ] * 4


async def test_long_texts_are_pasted_in_parts(server: Telegram, bot: Bot) -> None:
    """What is too long for a message comes in several, as from Telegram's apps."""
    server.person("Anna").pastes("x" * 5000)

    parts = [update.message.text for update in await bot.get_updates() if update.message]

    assert [len(part or "") for part in parts] == [4096, 904]


async def test_the_token_counts(server: Telegram) -> None:
    """Nobody else's token is taken."""
    with pytest.raises(InvalidToken):
        async with Bot("1:other", base_url=server.url):
            pass


async def test_an_unknown_method_fails_the_test() -> None:
    """A method that is not there is refused as Telegram does, and fails the whole block."""

    async def call() -> None:
        with telegram() as server:
            async with bot_of(server) as bot:
                with pytest.raises(InvalidToken):
                    await bot.send_dice(1)
            assert server.calls()[-1].description == "Not Found: method not found"

    with pytest.raises(AssertionError, match="sendDice"):
        await call()


def test_waiting_in_vain_tells_the_story(server: Telegram) -> None:
    """A test that waits in vain fails with what was said until then."""
    server.person("Anna").says("hello?")

    with pytest.raises(AssertionError, match="1 Anna: hello"):
        server.wait(lambda: False, timeout=0.01)


@pytest.mark.parametrize("method", METHODS.values())
def test_every_method_is_one_of_the_library(method: str) -> None:
    """What the server knows is what a bot can call."""
    assert callable(getattr(Bot, method))


async def test_a_transcript_can_be_read(server: Telegram, bot: Bot) -> None:
    """All that was said is told in order, with markup, keyboards, edits, drafts and presses."""
    anna = server.person("Anna")
    anna.says("Wer?")
    await bot.send_message_draft(anna.id, 1, "Ni")
    sent = await bot.send_message(
        anna.id, "…", reply_markup=button("1"), reply_parameters=ReplyParameters(1)
    )
    html = 'Nie<b>mand</b> 😀 <a href="https://a.org/">1</a>\n<blockquote>x</blockquote>'
    await sent.edit_text(html, parse_mode="HTML", reply_markup=button("1"))
    await bot.set_message_reaction(anna.id, 1, "👍")
    pressed = anna.presses(server.messages(anna)[0])
    await bot.answer_callback_query(pressed.id, "Quote")
    anna.sends_file("a.txt", b"abc")

    assert server.transcript(anna) == (
        "== Anna (private)\n"
        "1 Anna (👍): Wer?\n"
        "  draft 1 (1 states): Ni\n"
        "2 bot (to 1, edited): Nie*mand* 😀 [1](https://a.org/)\n"
        "  «x»\n"
        "  [Quote]\n"
        "Anna presses [Quote]: Quote\n"
        "3 Anna: <a.txt, 3 bytes>\n"
    )


def test_the_server_is_a_program() -> None:
    """It runs by itself, is moved over HTTP, and ends when it is told to."""
    run = [sys.executable, "-m", "tests.telegram_server"]
    with subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout
        base = program.stdout.readline().strip().removesuffix("/bot")
        with httpx.Client(base_url=f"{base}/control") as client:
            people = client.post("/people", json={"count": 1000}).json()["people"]
            client.post("/load", json={"messages": 3000, "text": "hi"})
            client.post("/say", json={"person": people[0], "text": "hello"})
            client.post("/fail", json={"method": "getMe", "status": 502})
            state = client.get("/state").json()
            story = client.get("/transcript").text
        program.terminate()
        assert program.wait(timeout=5) == 0

    assert (state["people"], state["pending"]) == (1000, 3001)
    assert "4 Person 0: hello" in story
