"""All that was said, as a text to read and to compare.

    == Anna (private)
    1 Anna: Wer ...?
    2 bot (edited 3 times): *Antwort*
      [1] [2]
    Anna presses [1]: the quote

There are no times and no numbers of chats in it, so that two runs of the same test say the same.
"""

from collections.abc import Callable, Iterable, Mapping

from tests.telegram_text import Entity, Text
from tests.telegram_values import Chat, Draft, Message, Press

MARKS: Mapping[str, tuple[str, str]] = {
    "bold": ("*", "*"),
    "italic": ("_", "_"),
    "underline": ("__", "__"),
    "strikethrough": ("~", "~"),
    "spoiler": ("||", "||"),
    "code": ("`", "`"),
    "pre": ("```", "```"),
    "blockquote": ("«", "»"),
    "expandable_blockquote": ("«", "»…"),
}


def transcript(chats: Iterable[Chat]) -> str:
    """What was said in these chats."""
    parts = []
    for chat in chats:
        if chat.timeline:
            topics = ", with topics" if chat.is_forum else ""
            parts.append(f"== {chat.name} ({chat.type}{topics})")
            parts += [line for item in tuple(chat.timeline) for line in _lines(item)]
            parts.append("")
    return "\n".join(parts)


def marked(
    words: Text,
    marks: Mapping[str, tuple[str, str]] = MARKS,
    written: Callable[[str], str] = lambda text: text,
) -> str:
    """A text with signs where its entities are; `written` is how what stands between them is."""
    edges: list[tuple[int, int, int, str]] = []
    for depth, entity in enumerate(words.entities):
        before, after = _marks(entity, marks)
        edges += [(entity.offset, 1, depth, before), (entity.end, 0, -depth, after)]
    data = words.text.encode("utf-16-le")
    parts, done = [], 0
    for offset, _, _, mark in sorted(edges):
        parts += [written(data[2 * done : 2 * offset].decode("utf-16-le", "replace")), mark]
        done = offset
    return "".join([*parts, written(data[2 * done :].decode("utf-16-le", "replace"))])


def _marks(entity: Entity, marks: Mapping[str, tuple[str, str]]) -> tuple[str, str]:
    if entity.kind == "text_link":
        return "[", f"]({entity.url})"
    return marks.get(entity.kind, ("", ""))


def _lines(item: Message | Draft | Press) -> list[str]:
    match item:
        case Draft():
            state = "" if item.message else ", not sent"
            draft = f"  draft {item.id} ({len(item.versions)} states{state})"
            return [f"{draft}: {_indented(marked(item.versions[-1].words))}"]
        case Press():
            name, said = item.sender.first_name, f": {item.answer}" if item.answer else ""
            return [f"{name} presses [{item.button.text}]{said if item.is_answered else ' …'}"]
        case _:
            return _message(item)


def _message(message: Message) -> list[str]:
    sender = message.sender
    name = "bot" if sender and sender.is_bot else sender.first_name if sender else "channel"
    if message.via:
        name += " via bot"
    notes = _notes(message)
    head = f"{message.id} {name}{f' ({notes})' if notes else ''}: "
    kinds = ", ".join((*message.service, *message.other))
    body = f"<{kinds}> " if kinds else ""
    body += f"<{message.file.name}, {message.file.size} bytes> " if message.file else ""
    lines = [(head + body + _indented(marked(message.words))).rstrip()]
    lines += ["  " + " ".join(f"[{button.text}]" for button in row) for row in message.keyboard]
    return lines


def _notes(message: Message) -> str:
    notes = []
    if message.is_topic:
        notes.append(f"topic {message.thread}")
    if message.reply and not (message.is_topic and message.reply.id == message.thread):
        notes.append(f"to {message.reply.id}")
    if message.edits:
        notes.append(f"edited {message.edits} times" if message.edits > 1 else "edited")
    if message.reactions:
        notes.append("".join(message.reactions))
    if message.is_deleted:
        notes.append("deleted")
    return ", ".join(notes)


def _indented(text: str) -> str:
    return text.replace("\n", "\n  ")
