"""A message as it is written down before it is sent, so that another process can send it."""

from dataclasses import dataclass
from functools import cache

from pydantic import TypeAdapter

from bot.domain import Place
from bot.markup import Keyboard, Part


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message to Telegram."""

    chat_id: int
    html: str
    text: str
    """The same without markup: what is sent if Telegram does not take the markup."""
    topic_id: int | None = None
    reply_to: int | None = None
    replaces: int | None = None
    """The message whose text it takes the place of, if that is still there."""
    buttons: Keyboard = ()

    def written(self) -> str:
        """As it is kept."""
        return _adapter().dump_json(self).decode()


def letters(
    place: Place, parts: tuple[Part, ...], *, reply_to: int | None, replaces: int | None
) -> tuple[Letter, ...]:
    """The messages of a page; the first is the reply, or takes the place of what was shown."""
    return tuple(
        Letter(
            chat_id=place.chat_id,
            topic_id=place.topic_id,
            html=part.html,
            text=part.text,
            buttons=part.buttons,
            reply_to=None if number else reply_to,
            replaces=None if number else replaces,
        )
        for number, part in enumerate(parts)
    )


def read(body: str) -> Letter:
    """A letter as it was written down."""
    return _adapter().validate_json(body)


@cache
def _adapter() -> TypeAdapter[Letter]:
    return TypeAdapter(Letter)
