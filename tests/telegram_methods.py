"""The methods of the Bot API that write: messages, edits, drafts, answers to buttons and queries.

Checks come in the order in which Telegram makes them: text, keyboard, chat, thread, reply.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from tests.telegram_calls import Call
from tests.telegram_text import (
    Entity,
    Text,
    UnparsableError,
    checked_link,
    finished,
    parse,
    units,
)
from tests.telegram_values import (
    Action,
    Chat,
    Json,
    Message,
    Upload,
    Version,
    bad,
)
from tests.telegram_world import World

ACTIONS = frozenset(
    "cancel typing record_video upload_video record_audio record_voice upload_audio upload_voice "
    "upload_photo upload_document choose_sticker pick_up_location find_location "
    "record_video_note upload_video_note".split()
)
LONGEST, LONGEST_CAPTION = 4096, 1024
BIGGEST_UPLOAD = 50_000_000
TOO_OLD = "query is too old and response timeout expired or query ID is invalid"
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same "
    "as a current content and reply markup of the message"
)


def send_message(world: World, call: Call) -> Json:
    words = text_of(call.params, LONGEST, "message is too long")
    return _send(world, call, words).json()


def send_document(world: World, call: Call) -> Json:
    upload = _upload(world, call)
    if not call.params.get("caption"):
        return _send(world, call, Text(), upload).json()
    params = call.params | {"text": call.params["caption"]}
    params["entities"] = call.params.get("caption_entities")
    words = text_of(params, LONGEST_CAPTION, "message caption is too long")
    return _send(world, call, words, upload).json()


def send_message_draft(world: World, call: Call) -> bool:
    given = call.params.get("text")
    words = text_of(call.params, LONGEST, "message is too long") if given else Text()
    number = call.params.get("draft_id")
    chat = world.writable(call.chat_id)
    if chat.type != "private":
        raise bad("TEXTDRAFT_PEER_INVALID")
    if not isinstance(number, int) or number == 0:
        raise bad("draft_id must be a non-zero integer")
    thread = _thread(chat, call)
    version = world.version(words, html=_html(call))
    world.draft(chat, number, thread, version)
    return True


def send_chat_action(world: World, call: Call) -> bool:
    action = str(call.params.get("action", "")).lower()
    if action not in ACTIONS:
        raise bad("wrong parameter action in request")
    chat = world.writable(call.chat_id)
    chat.actions.append(Action(name=action, thread=_thread(chat, call), at=world.now()))
    return True


def edit_message_text(world: World, call: Call) -> Json | bool:
    words = text_of(call.params, LONGEST, "message is too long")
    markup = _markup(call.params.get("reply_markup"))
    message = _edited(world, call)
    if message.file:
        raise bad("there is no text in the message to edit")
    return _edit(world, message, world.version(words, markup, _html(call)))


def edit_message_reply_markup(world: World, call: Call) -> Json | bool:
    markup = _markup(call.params.get("reply_markup"))
    message = _edited(world, call)
    return _edit(world, message, world.version(message.words, markup, message.last.html))


def delete_message(world: World, call: Call) -> bool:
    chat = world.writable(call.chat_id)
    message = _message(chat, call, "message to delete not found")
    is_own = message.sender is world.bot or chat.type == "private"
    if not is_own and chat.members.get(world.bot.id) != "administrator":
        raise bad("message can't be deleted")
    message.is_deleted = True
    return True


def set_message_reaction(world: World, call: Call) -> bool:
    from telegram.constants import ReactionEmoji

    chat = world.writable(call.chat_id)
    message = _message(chat, call, "message to react not found")
    reactions = tuple(one.get("emoji", "") for one in call.params.get("reaction") or ())
    if len(reactions) > 1:
        raise bad("REACTIONS_TOO_MANY")
    if not set(reactions) <= {one.value for one in ReactionEmoji}:
        raise bad("REACTION_INVALID")
    message.reactions = reactions
    return True


def answer_callback_query(world: World, call: Call) -> bool:
    text = call.text
    press = world.presses.get(str(call.params.get("callback_query_id", "")))
    if press is None or press.is_answered or world.now() - press.at > world.settings.patience:
        raise bad(TOO_OLD)
    if units(text) > 200:
        raise bad("MESSAGE_TOO_LONG")
    press.is_answered, press.answer = True, text
    press.is_alert = bool(call.params.get("show_alert"))
    return True


def answer_inline_query(world: World, call: Call) -> bool:
    results = call.params.get("results")
    if not isinstance(results, list):
        raise bad("can't parse inline query results: expected an Array")
    for result in results:
        _check_result(result)
    question = world.questions.get(str(call.params.get("inline_query_id", "")))
    if question is None or question.results is not None:
        raise bad(TOO_OLD)
    if world.now() - question.at > world.settings.patience:
        raise bad(TOO_OLD)
    ids = [str(result["id"]) for result in results]
    if len(results) > 50:
        raise bad("RESULTS_TOO_MUCH")
    if len(set(ids)) < len(ids):
        raise bad("RESULT_ID_DUPLICATE")
    if any(not 1 <= len(one.encode()) <= 64 for one in ids):
        raise bad("RESULT_ID_INVALID")
    if len(str(call.params.get("next_offset", "")).encode()) > 64:
        raise bad("NEXT_OFFSET_INVALID")
    question.results, question.more = results, {**call.params, "results": None}
    return True


def text_of(params: Mapping[str, Any], longest: int, too_long: str) -> Text:
    """The text of a call, parsed. Raises `RefusedError`."""
    raw = params.get("text")
    if not isinstance(raw, str) or not raw:
        raise bad("message text is empty")
    mode = str(params.get("parse_mode") or "").lower()
    if mode not in {"", "html"}:
        raise bad("unsupported parse_mode")
    try:
        words = parse(raw) if mode else Text(text=raw, entities=_entities(params))
    except UnparsableError as refused:
        raise bad(f"can't parse entities: {refused}") from None
    words = finished(words)
    if not words.text:
        raise bad("text must be non-empty")
    if units(words.text) > longest:
        raise bad(too_long)
    return words


def _entities(params: Mapping[str, Any]) -> tuple[Entity, ...]:
    """The entities that a call gives beside its text."""
    given = params.get("entities") or []
    if not all(isinstance(one, dict) and {"type", "offset", "length"} <= set(one) for one in given):
        raise bad("can't parse MessageEntity: expected an Object")
    return tuple(
        Entity(
            kind=one["type"],
            offset=one["offset"],
            length=one["length"],
            url=checked_link(one.get("url", "")) if one.get("url") else "",
            language=one.get("language", ""),
            emoji=one.get("custom_emoji_id", ""),
        )
        for one in given
    )


def _html(call: Call) -> str:
    return call.text if str(call.params.get("parse_mode", "")).lower() == "html" else ""


def _send(world: World, call: Call, words: Text, upload: Upload | None = None) -> Message:
    markup = _markup(call.params.get("reply_markup"))
    chat = world.writable(call.chat_id)
    thread = _thread(chat, call)
    message = world.message(chat, world.bot, world.version(words, markup, _html(call)))
    message.thread, message.is_topic, message.file = thread, thread is not None, upload
    message.reply, message.quote = _reply(chat, call)
    return world.sent(message)


def _thread(chat: Chat, call: Call) -> int | None:
    """The topic that is meant; the general one has no number."""
    thread = call.params.get("message_thread_id")
    if not thread:
        return None
    first = chat.messages.get(thread) if chat.is_forum else None
    if first is None or "forum_topic_created" not in first.service:
        raise bad("message thread not found")
    return int(thread)


def _reply(chat: Chat, call: Call) -> tuple[Message | None, str]:
    """The message that is replied to, and what is quoted of it."""
    named = call.params.get("reply_parameters") or {}
    number = named.get("message_id") or call.params.get("reply_to_message_id")
    if not number:
        return None, ""
    message = chat.messages.get(number)
    if message is None or message.is_deleted:
        if named.get("allow_sending_without_reply") or call.params.get(
            "allow_sending_without_reply"
        ):
            return None, ""
        raise bad("message to be replied not found")
    quote = named.get("quote", "")
    if quote and (quote not in message.text or units(quote) > 1024):
        raise bad("QUOTE_TEXT_INVALID")
    return message, quote


def _markup(value: object) -> Json | None:
    """A keyboard, checked."""
    if value is None or value == "":
        return None
    if not isinstance(value, dict):
        raise bad("object expected as reply markup")
    rows = value.get("inline_keyboard")
    if rows is None:
        return value
    if not isinstance(rows, list):
        raise bad('field "inline_keyboard" must be of type Array')
    if not all(isinstance(row, list) for row in rows):
        what = 'field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays'
        raise bad(what)
    for row in rows:
        for button in row:
            _check_button(button)
    return {"inline_keyboard": [row for row in rows if row]} if any(rows) else None


def _check_button(button: object) -> None:
    where = "can't parse inline keyboard button"
    if not isinstance(button, dict):
        raise bad(f"{where}: InlineKeyboardButton must be an Object")
    if not isinstance(button.get("text"), str):
        raise bad(f'{where}: Field "text" must be of type String')
    if not set(button) - {"text", "icon_custom_emoji_id", "style"}:
        raise bad(f"{where}: Text buttons are unallowed in the inline keyboard")
    if not button["text"].strip():
        raise bad("BUTTON_TEXT_INVALID")
    url, data = button.get("url"), button.get("callback_data")
    if url and not checked_link(url):
        raise bad(f"inline keyboard button URL '{url}' is invalid: Wrong HTTP URL")
    if data is not None and not 1 <= len(str(data).encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")


def _message(chat: Chat, call: Call, missing: str) -> Message:
    number = call.params.get("message_id")
    if not number:
        raise bad("message identifier is not specified")
    message = chat.messages.get(number)
    if message is None or message.is_deleted:
        raise bad(missing)
    return message


def _edited(world: World, call: Call) -> Message:
    """The message that is to be edited."""
    if inline_id := call.params.get("inline_message_id"):
        if inline_id not in world.inline:
            raise bad("MESSAGE_ID_INVALID")
        return world.inline[inline_id]
    chat = world.writable(call.chat_id)
    message = _message(chat, call, "message to edit not found")
    if message.sender is not world.bot or message.service:
        raise bad("message can't be edited")
    return message


def _edit(world: World, message: Message, version: Version) -> Json | bool:
    last = message.last
    if (last.words, last.markup) == (version.words, version.markup):
        raise bad(NOT_MODIFIED)
    message.versions.append(version)
    message.edit_date = int(time.time())
    return True if message.inline_id else message.json()


def _upload(world: World, call: Call) -> Upload:
    given = str(call.params.get("document", ""))
    name = given.removeprefix("attach://") if given.startswith("attach://") else "document"
    if name in call.files:
        filename, mime, data = call.files[name]
        if not data:
            raise bad("file must be non-empty")
        if len(data) > BIGGEST_UPLOAD:
            raise bad("file is too big")
        return world.upload(data, filename, mime)
    if not given:
        raise bad("there is no document in the request")
    if given not in world.files:
        raise bad("wrong file identifier/HTTP URL specified")
    return replace(world.files[given])


def _check_result(result: object) -> None:
    """Check a result of an inline query; only articles have to have a text."""
    where = "can't parse inline query result"
    if not isinstance(result, dict) or not isinstance(result.get("id"), str):
        raise bad(f'{where}: Field "id" must be of type String')
    content = result.get("input_message_content")
    if result.get("type") == "article":
        if not isinstance(content, dict):
            raise bad(f"{where}: article must have input_message_content")
        if not result.get("title"):
            raise bad("ARTICLE_TITLE_EMPTY")
    if content and "message_text" in content:
        text_of(content | {"text": content["message_text"]}, LONGEST, "MESSAGE_TOO_LONG")
    _markup(result.get("reply_markup"))


WRITING: Mapping[str, Callable[[World, Call], Any]] = MappingProxyType(
    {
        "answerCallbackQuery": answer_callback_query,
        "answerInlineQuery": answer_inline_query,
        "deleteMessage": delete_message,
        "editMessageReplyMarkup": edit_message_reply_markup,
        "editMessageText": edit_message_text,
        "sendChatAction": send_chat_action,
        "sendDocument": send_document,
        "sendMessage": send_message,
        "sendMessageDraft": send_message_draft,
        "setMessageReaction": set_message_reaction,
    }
)
