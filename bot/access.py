"""Who may ask: everybody, or those on the lists; nobody who is banned."""

from dataclasses import dataclass
from enum import StrEnum

from bot.people import Chats, People
from bot.settings import BotSettings


class Access(StrEnum):
    """What somebody may do here."""

    GRANTED = "granted"
    STRANGER = "stranger"
    """On no list."""
    BANNED = "banned"


@dataclass(frozen=True, kw_only=True, eq=False)
class Gate:
    """Checks everything that comes, before anything is done for it."""

    settings: BotSettings
    people: People
    chats: Chats

    async def check(self, user_id: int, chat_id: int | None) -> Access:
        """What a person may do in a chat; inline queries are in none."""
        if user_id in self.settings.admins:
            return Access.GRANTED
        person = await self.people.find(user_id)
        chat = await self.chats.find(chat_id) if chat_id is not None else None
        if (person and person.is_banned) or (chat and chat.is_banned):
            return Access.BANNED
        is_open = not self.settings.users and not self.settings.chats
        listed = user_id in self.settings.users or chat_id in self.settings.chats
        allowed = bool(person and person.is_allowed) or bool(chat and chat.is_allowed)
        return Access.GRANTED if is_open or listed or allowed else Access.STRANGER
