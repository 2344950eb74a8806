"""What pressed buttons do.

What a button says comes from outside: whoever presses may see and change only what is theirs, and
what belongs to the chat that they press it in.
"""

import logging

from telegram import CallbackQuery, Message
from telegram.error import TelegramError

from bot import pages, replies, shelf, shelves, uploads
from bot.domain import Kept, Trouble, Verdict
from bot.hearing import Heard
from bot.markup import Page
from bot.parts import Parts
from bot.phrases import words
from bot.presses import (
    AddFile,
    Blame,
    ForgetMe,
    Judge,
    ListArticles,
    SetLanguage,
    ShowArticle,
    ShowSource,
    parse,
)
from bot.telling import fail, tell
from bot.tray import Tray
from rag.errors import CitebotError
from rag.threads import aside

_log = logging.getLogger(__name__)


async def pressed(parts: Parts, heard: Heard, query: CallbackQuery) -> None:
    """Do what a button says; `heard.message_id` is the message that it stands under.

    Raises `UndeliveredError`.
    """
    press = parse(query.data)
    match press:
        case ShowSource():
            await _source(parts, heard, query, press)
        case Judge():
            await _judge(parts, heard, query, press)
        case Blame():
            await _blame(parts, heard, query, press)
        case ListArticles():
            await _list(parts, heard, query, press)
        case ShowArticle():
            await _article(parts, heard, query, press)
        case SetLanguage():
            await _language(parts, heard, query, press)
        case AddFile():
            await _file(parts, heard, query, press)
        case ForgetMe():
            await _forget(parts, heard, query, press)
        case None:
            _log.warning("A button was pressed that is none of ours")
            await _refuse(parts, heard, query, Trouble.NO_BUTTON)


async def _source(parts: Parts, heard: Heard, query: CallbackQuery, press: ShowSource) -> None:
    kept = await _kept(parts, heard, press.answer_id)
    found = [one for one in kept.sources if one.number == press.number] if kept else []
    if not found:
        await _refuse(parts, heard, query, Trouble.NO_ANSWER)
        return
    await _accept(parts, query)
    page = replies.source(heard.phrases, found[0])
    await parts.outbox.say(heard.update_id, heard.place, page, reply_to=heard.message_id)


async def _judge(parts: Parts, heard: Heard, query: CallbackQuery, press: Judge) -> None:
    if not await _kept(parts, heard, press.answer_id):
        await _refuse(parts, heard, query, Trouble.NO_ANSWER)
        return
    await parts.answers.judge(press.answer_id, heard.thread.user_id, press.verdict)
    parts.metrics.judged(press.verdict)
    await _accept(parts, query, replies.thanks(heard.phrases))
    if press.verdict is Verdict.BAD:
        page = replies.blame(heard.phrases, press.answer_id)
        await parts.outbox.say(heard.update_id, heard.place, page, reply_to=heard.message_id)


async def _blame(parts: Parts, heard: Heard, query: CallbackQuery, press: Blame) -> None:
    if not await _kept(parts, heard, press.answer_id):
        await _refuse(parts, heard, query, Trouble.NO_ANSWER)
        return
    person, fault = heard.thread.user_id, press.fault
    await parts.answers.judge(press.answer_id, person, Verdict.BAD, fault.value)
    await _accept(parts, query)
    await _replace(parts, heard, replies.blamed(heard.phrases, fault))


async def _list(parts: Parts, heard: Heard, query: CallbackQuery, press: ListArticles) -> None:
    await _accept(parts, query)
    try:
        listed = await shelves.every(parts.answerer)
    except CitebotError as error:
        await fail(parts, heard, error)
        return
    await _replace(parts, heard, shelf.articles(heard.phrases, listed, press.page))


async def _article(parts: Parts, heard: Heard, query: CallbackQuery, press: ShowArticle) -> None:
    await _accept(parts, query)
    try:
        article = await shelves.keyed(parts.answerer, press.key)
    except CitebotError as error:
        await fail(parts, heard, error)
        return
    if article is None:
        await tell(parts, heard, pages.trouble(heard.phrases, Trouble.NO_ARTICLE))
        return
    page = await aside(shelf.article, heard.phrases, article, press.page)
    if _turns(query):
        await _replace(parts, heard, page)
    else:
        await tell(parts, heard, page)


async def _language(parts: Parts, heard: Heard, query: CallbackQuery, press: SetLanguage) -> None:
    await parts.people.choose(heard.thread.user_id, press.language)
    spoken = words(press.language)
    page = pages.language_set(spoken)
    if heard.place.is_private:
        await _accept(parts, query)
        await _replace(parts, heard, page)
    else:
        # In a group the buttons stay for the others.
        await _accept(parts, query, page.text)


async def _file(parts: Parts, heard: Heard, query: CallbackQuery, press: AddFile) -> None:
    if heard.thread.user_id not in parts.settings.admins:
        _log.warning("Somebody who is no administrator wanted to add a file")
        said = heard.phrases.phrase("access.administrators")
        await _accept(parts, query, said, is_alert=True)
        return
    file = await uploads.waiting(parts, heard, press.file_id)
    if file is None:
        said = heard.phrases.phrase("objection.gone")
        await _accept(parts, query, said, is_alert=True)
        return
    await _accept(parts, query)
    if press.is_sure:
        await uploads.confirmed(parts, heard, file)
    else:
        await uploads.left(parts, heard, file)


async def _forget(parts: Parts, heard: Heard, query: CallbackQuery, press: ForgetMe) -> None:
    if not _is_asked(query):
        # Somebody in a group who presses what another was asked.
        await _refuse(parts, heard, query, Trouble.NO_BUTTON)
        return
    await _accept(parts, query)
    person = heard.thread.user_id
    if press.is_sure:
        await aside(Tray.of(parts.library).forget, person)
        await parts.people.forget(person, by=heard.update_id)
        await _replace(parts, heard, pages.forget_done(heard.phrases))
    else:
        await _replace(parts, heard, pages.forget_left(heard.phrases))


async def _kept(parts: Parts, heard: Heard, answer_id: int) -> Kept | None:
    """An answer that was given in this chat."""
    kept = await parts.answers.find(answer_id)
    if kept and kept.thread.place.chat_id != heard.place.chat_id:
        _log.warning("A button named an answer of another chat")
        return None
    return kept


async def _replace(parts: Parts, heard: Heard, page: Page) -> None:
    """Say a page in place of the message with the button."""
    await tell(parts, heard, page, replaces=heard.message_id)


async def _refuse(parts: Parts, heard: Heard, query: CallbackQuery, why: Trouble) -> None:
    await _accept(parts, query, pages.brief(heard.phrases, why), is_alert=True)


async def _accept(
    parts: Parts, query: CallbackQuery, said: str = "", *, is_alert: bool = False
) -> None:
    """Answer the press, so that the button comes to rest; what it does goes on if that fails."""
    try:
        await parts.bot.answer_callback_query(query.id, said or None, show_alert=is_alert)
    except TelegramError as error:
        # Mostly "query is too old": it was pressed while the bot was away.
        _log.info("A press was not answered: %s", type(error).__name__)


def _turns(query: CallbackQuery) -> bool:
    """Whether the button turns a page of the article that the message shows already."""
    markup = query.message.reply_markup if isinstance(query.message, Message) else None
    rows = markup.inline_keyboard if markup else ()
    labels = (one.text for row in rows for one in row if one.callback_data == query.data)
    # As `bot.shelf` writes them.
    return any(label.startswith("‹") or label.endswith("›") for label in labels)


def _is_asked(query: CallbackQuery) -> bool:
    """Whether it was the person themselves who was asked: in groups the question is a reply."""
    asked = query.message.reply_to_message if isinstance(query.message, Message) else None
    return not asked or not asked.from_user or asked.from_user.id == query.from_user.id
