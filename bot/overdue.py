"""Updates whose end could not be said for now, and what came after them in their chats.

    said ── not taken ── held ── sweep ── again ── … ── said ── those behind it, again

What is behind one of them waits for it, so that no answer overtakes another. All of it is open in
the inbox, and taken from there after a stop.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from telegram import Update

from bot.processor import Lane, lane_of


@dataclass(slots=True, kw_only=True)
class Overdue:
    """Holds updates until they come again; `again` queues one."""

    again: Callable[[Update], None]
    _held: dict[Lane | None, dict[int, Update]] = field(default_factory=dict)
    _queued: set[int] = field(default_factory=set)
    """Those that were called again and did not come yet."""

    def __len__(self) -> int:
        """How many are held."""
        return sum(map(len, self._held.values()))

    def comes(self, update: Update) -> bool:
        """Whether an update may be handled; else it is held behind an earlier one of its chat."""
        self._queued.discard(update.update_id)
        lane = lane_of(update)
        held = self._held.get(lane) if lane else None
        if held and min(held) < update.update_id:
            held[update.update_id] = update
            return False
        return True

    def hold(self, update: Update) -> None:
        """Keep an update until the next sweep."""
        self._held.setdefault(lane_of(update), {})[update.update_id] = update

    def release(self, update: Update) -> None:
        """An update needs no further try: those behind it come now."""
        lane = lane_of(update)
        held = self._held.get(lane, {})
        if held.pop(update.update_id, None):
            self._call(held)
        if not held:
            self._held.pop(lane, None)

    def sweep(self) -> None:
        """Call all of them again, in order."""
        for held in self._held.values():
            self._call(held)

    def _call(self, held: dict[int, Update]) -> None:
        for number in sorted(held.keys() - self._queued):
            self._queued.add(number)
            self.again(held[number])
