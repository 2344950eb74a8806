"""What `bot.processor` promises: order in each chat, nobody held up by another, a bounded end."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import generate_latest
from telegram import Message, Update
from telegram.ext import Application, ApplicationBuilder, TypeHandler

from bot.health import Metrics
from bot.processor import SPARE, Kind, Lane, Processor, lane_of
from tests.telegram_server import telegram
from tests.telegram_world import TOKEN

ANNA, BEN = 11, 12


def sender(user: int) -> dict[str, object]:
    return {"id": user, "is_bot": False, "first_name": "Anna"}


def words(text: str, chat: int = 5, user: int = ANNA) -> dict[str, object]:
    kind = {"id": chat, "type": "private" if chat > 0 else "supergroup", "title": "Mill"}
    return {"message_id": 1, "date": 1, "chat": kind, "from": sender(user), "text": text}


def update(number: int, **kind: object) -> Update:
    return Update.de_json({"update_id": number} | kind, None)


def message(number: int, chat: int = 5, user: int = ANNA, text: str = "Why?") -> Update:
    return update(number, message=words(text, chat, user))


def press(number: int, chat: int = 5, user: int = ANNA) -> Update:
    shown = words("Because.", chat)
    value = {"id": "1", "from": sender(user), "chat_instance": "1", "data": "x", "message": shown}
    return update(number, callback_query=value)


def query(number: int, user: int = ANNA) -> Update:
    value = {"id": "1", "from": sender(user), "query": "x", "offset": ""}
    return update(number, inline_query=value)


LANES: dict[str, tuple[object, Lane | None]] = {
    "message": (message(1), Lane(kind=Kind.CHAT, id=5)),
    "group": (message(1, chat=-100), Lane(kind=Kind.CHAT, id=-100)),
    "command": (message(1, text="/ask Why?"), Lane(kind=Kind.CHAT, id=5)),
    "passing command": (message(1, text="/cancel"), Lane(kind=Kind.PRESSES, id=ANNA)),
    "passing, to a bot": (message(1, text="/Cancel@x_bot"), Lane(kind=Kind.PRESSES, id=ANNA)),
    "word with it": (message(1, text="/cancelled"), Lane(kind=Kind.CHAT, id=5)),
    "word before it": (message(1, text="so /cancel"), Lane(kind=Kind.CHAT, id=5)),
    "press": (press(1), Lane(kind=Kind.PRESSES, id=ANNA)),
    "press in a group": (press(1, chat=-100, user=BEN), Lane(kind=Kind.PRESSES, id=BEN)),
    "inline query": (query(1), Lane(kind=Kind.INLINE, id=ANNA)),
    "edited": (update(1, edited_message=words("x")), Lane(kind=Kind.CHAT, id=5)),
    "nobody": (Update(1), None),
    "no update": ("x", None),
}


@pytest.mark.parametrize("name", LANES)
def test_what_waits_for_what(name: str) -> None:
    """Messages wait in their chat; presses, passing commands and inline queries in their person."""
    given_update, lane = LANES[name]
    assert lane_of(given_update, {"cancel"}) == lane


def test_no_command_passes_by_unless_it_is_named() -> None:
    """Whoever wants commands to pass by says which."""
    assert lane_of(message(1, text="/cancel")) == Lane(kind=Kind.CHAT, id=5)


class Desk:
    """Handles updates, for as long as a test wants."""

    def __init__(self, processor: Processor) -> None:
        self.processor = processor
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.most = 0
        self.tasks: dict[int, asyncio.Task[None]] = {}
        self._gates: dict[int, asyncio.Event] = defaultdict(asyncio.Event)

    async def take(self, *updates: Update) -> None:
        """Let updates come, in this order."""
        for one in updates:
            work = self.processor.process_update(one, self._handle(one.update_id))
            self.tasks[one.update_id] = asyncio.create_task(work)
        await settle()

    async def finish(self, *numbers: int) -> None:
        for number in numbers:
            self._gates[number].set()
        await settle()

    async def _handle(self, number: int) -> None:
        self.begun.append(number)
        self.most = max(self.most, len(self.begun) - len(self.ended))
        try:
            await self._gates[number].wait()
        finally:
            self.ended.append(number)


async def settle() -> None:
    """Let everything go on that can."""
    for _ in range(1000):
        await asyncio.sleep(0)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """At most four at once."""
    async with Processor(4, Metrics(), {"cancel"}) as processor:
        yield Desk(processor)


async def test_a_chat_is_handled_in_order(desk: Desk) -> None:
    """A message waits until what was said before it in its chat is done."""
    await desk.take(message(1), message(2), message(3))
    assert desk.begun == [1]
    await desk.finish(2, 1)
    assert desk.begun == [1, 2, 3]
    assert desk.ended == [1, 2]
    await desk.finish(3)


async def test_waiting_takes_no_place(desk: Desk) -> None:
    """However many messages wait in one chat, the others have all places but one."""
    flood = [message(number) for number in range(100)]
    others = [message(number, chat=number) for number in (101, 102, 103, 104)]
    await desk.take(*flood, *others)
    assert desk.begun == [0, 101, 102, 103]
    await desk.finish(102)
    assert desk.begun == [0, 101, 102, 103, 104]
    await desk.finish(*range(105))
    assert desk.begun[5:] == [*range(1, 100)]


async def test_presses_pass_by_questions(desk: Desk) -> None:
    """While a question is in work its chat's buttons, inline queries and /cancel are handled."""
    await desk.take(message(1), press(2), query(3), message(4, text="/cancel", user=BEN))
    assert desk.begun == [1, 2, 3, 4]
    await desk.finish(1, 2, 3, 4)


async def test_presses_of_a_person_keep_their_order(desk: Desk) -> None:
    """Who presses a hundred times takes one place, and is handled in that order."""
    await desk.take(*(press(number) for number in range(100)), press(100, user=BEN))
    assert desk.begun == [0, 100]
    await desk.finish(*range(101))
    assert desk.ended == [0, 100, *range(1, 100)]


@pytest.mark.parametrize("at_once", [1, 4, SPARE, 32])
async def test_no_more_are_in_work_than_there_are_places(at_once: int) -> None:
    """Whatever comes, so many are in work at once, one in eight of them presses."""
    async with Processor(at_once, Metrics()) as processor:
        desk = Desk(processor)
        questions, presses = range(100), range(100, 200)
        await desk.take(*(message(number, chat=1 + number) for number in questions))
        assert len(desk.begun) == processor.working == at_once - at_once // SPARE
        await desk.take(*(press(number, user=number) for number in presses))
        assert len(desk.begun) == processor.working == at_once
        await desk.finish(*questions, *presses)
        assert desk.most == at_once
        assert len(desk.ended) == 200


async def test_a_lane_is_forgotten_when_nobody_is_in_it(desk: Desk) -> None:
    """Chats that are silent take no memory, whether their work went well or was cancelled."""
    await desk.take(message(1), message(2), message(3, chat=6), press(4))
    assert desk.processor.lanes == 3
    desk.tasks[2].cancel()
    desk.tasks[3].cancel()
    await desk.finish(1, 4)
    assert desk.processor.lanes == desk.processor.working == 0


async def test_an_error_lets_the_next_one_in(desk: Desk) -> None:
    """Where handling fails, lane and place are free again."""

    async def fail() -> None:
        raise ValueError("broken")

    for number in range(5):
        with pytest.raises(ValueError, match="broken"):
            await desk.processor.process_update(message(number), fail())
    assert desk.processor.lanes == desk.processor.working == 0


async def test_the_end_waits_for_what_is_in_work(desk: Desk) -> None:
    """What is in work may end; what waits, or comes now, is left for the next start."""
    await desk.take(message(1), message(2), press(3))
    closing = asyncio.create_task(desk.processor.close(5.0))
    await settle()
    await desk.take(message(4, chat=6))
    assert not closing.done()
    await desk.finish(1, 2, 3, 4)
    await asyncio.wait_for(closing, 1)
    assert (desk.begun, desk.ended) == ([1, 3], [1, 3])
    await asyncio.gather(*desk.tasks.values())


async def test_the_end_does_not_wait_for_long(caplog: pytest.LogCaptureFixture) -> None:
    """After the time that was given what is in work is cancelled, and counted as handed over."""
    metrics = Metrics()
    desk = Desk(Processor(4, metrics))
    await desk.take(message(1), message(2), message(3, chat=6))
    start = time.monotonic()
    await desk.processor.close(0.05)
    assert time.monotonic() - start < 1.0
    assert desk.begun == sorted(desk.ended) == [1, 3]
    assert "2 updates were not done in time" in caplog.text
    ends = await asyncio.gather(*desk.tasks.values(), return_exceptions=True)
    assert [type(end) for end in ends] == [
        asyncio.CancelledError,
        type(None),
        asyncio.CancelledError,
    ]
    text = generate_latest(metrics.registry).decode()
    assert 'citebot_updates_total{kind="handed_over"} 3.0' in text


async def test_after_an_end_it_can_begin_again() -> None:
    """A processor that was shut down works again once it is initialized."""
    processor = Processor(4, Metrics())
    for number in (1, 2):
        async with processor:
            desk = Desk(processor)
            await desk.take(message(number))
            await desk.finish(number)
            assert desk.ended == [number]


@given(
    st.lists(st.tuples(st.sampled_from([5, 6, -100]), st.sampled_from([ANNA, BEN]), st.booleans())),
    st.integers(1, 9),
    st.randoms(use_true_random=False),
)
def test_every_lane_keeps_its_order(
    updates: list[tuple[int, int, bool]], at_once: int, chance: Any
) -> None:
    """However long each takes, in every lane updates end in the order in which they came."""
    made = [
        press(number, chat, user) if is_press else message(number, chat, user)
        for number, (chat, user, is_press) in enumerate(updates)
    ]
    ended: list[int] = []

    async def handle(number: int) -> None:
        for _ in range(chance.randrange(20)):
            await asyncio.sleep(0)
        ended.append(number)

    async def run() -> None:
        async with Processor(at_once, Metrics()) as processor:
            work = (processor.process_update(one, handle(one.update_id)) for one in made)
            await asyncio.gather(*work)
            assert processor.lanes == 0

    asyncio.run(run())
    assert sorted(ended) == [*range(len(made))]
    for lane in {lane_of(one) for one in made}:
        numbers = [one.update_id for one in made if lane_of(one) == lane]
        assert [number for number in ended if number in numbers] == numbers


Bot = Application[Any, Any, Any, Any, Any, Any]
Handler = Callable[[Update, object], Coroutine[Any, Any, None]]


@asynccontextmanager
async def application(processor: Processor, handler: Handler, url: str) -> AsyncIterator[Bot]:
    """A real application, without an updater."""
    builder = ApplicationBuilder().token(TOKEN).base_url(url).concurrent_updates(processor)
    app: Bot = builder.updater(None).build()
    app.add_handler(TypeHandler(Update, handler))
    async with app:
        await app.start()
        yield app


async def test_the_library_keeps_the_order_of_chats() -> None:
    """In a real application 60 quick messages of three chats are handled in order in each."""
    seen: list[tuple[int, str]] = []

    async def note(one: Update, _: object) -> None:
        assert isinstance(one.message, Message)
        for _ in range(one.update_id * 7 % 11):
            await asyncio.sleep(0)
        seen.append((one.message.chat.id, one.message.text or ""))

    with telegram() as server:
        async with application(Processor(32, Metrics()), note, server.url) as app:
            for number in range(60):
                await app.update_queue.put(message(number, number % 3 + 1, text=str(number)))
            await settle()
            await app.stop()
    assert len(seen) == 60
    for chat in (1, 2, 3):
        assert [text for one, text in seen if one == chat] == [
            str(number) for number in range(60) if number % 3 + 1 == chat
        ]


async def test_the_library_stops_at_once_after_the_end(caplog: pytest.LogCaptureFixture) -> None:
    """After `close` the application has nothing to wait for, whatever is in its queue."""
    caplog.set_level(logging.WARNING)

    async def hang(_: Update, __: object) -> None:
        await asyncio.Event().wait()

    processor = Processor(32, Metrics())
    with telegram() as server:
        async with application(processor, hang, server.url) as app:
            for number in range(60):
                await app.update_queue.put(message(number, number % 3 + 1))
            await settle()
            assert processor.working == 3
            await processor.close(0.05)
            await asyncio.wait_for(app.stop(), 1)
    assert processor.lanes == 0
    assert not [one for one in caplog.records if one.name.startswith("telegram")]
