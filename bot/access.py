"""Who may ask: everybody, or those on the lists; nobody who is banned."""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.people import Chats, People
from bot.settings import BotSettings

TOLD = 60.0
"""Seconds between two refusals of the same person."""

MOST_TOLD = 10_000
"""People who are kept in mind."""


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
        allowed = bool(person and person.is_allowed) or bool(chat and chat.is_allowed)
        if is_open or allowed or user_id in self.settings.users or await self._is_listed(chat_id):
            return Access.GRANTED
        return Access.STRANGER

    async def _is_listed(self, chat_id: int | None) -> bool:
        """Whether a chat is on the list, be it by the number that it had before."""
        if chat_id is None or chat_id > 0:
            return chat_id in self.settings.chats
        if chat_id in self.settings.chats:
            return True
        former = [await self.chats.find(one) for one in self.settings.chats]
        return any(chat and chat.migrated_to == chat_id for chat in former)


@dataclass(slots=True, kw_only=True)
class Told:
    """Who was turned away a moment ago, and need not be told again."""

    clock: Callable[[], float] = time.monotonic
    _at: OrderedDict[int, float] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        """How many people are kept in mind."""
        return len(self._at)

    def is_new(self, user_id: int) -> bool:
        """Whether somebody is to be told; they are from now on."""
        now, last = self.clock(), self._at.get(user_id)
        if last is not None and now - last < TOLD:
            return False
        self._at[user_id] = now
        self._at.move_to_end(user_id)
        while len(self._at) > MOST_TOLD:
            self._at.popitem(last=False)
        return True
