"""What `bot.limiter` promises: never faster than Telegram's rates, and nothing final gets lost."""

import asyncio
import selectors
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import generate_latest
from telegram.constants import ChatAction
from telegram.error import Forbidden, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.health import Metrics
from bot.limiter import (
    GROUP,
    LONGEST,
    OVERALL,
    PRIVATE,
    TRIES,
    DroppedError,
    Limiter,
    Rate,
    Urgency,
)
from tests.telegram_calls import Flood
from tests.telegram_server import telegram

T = TypeVar("T")
ANNA, BEN, MILL = 5, 6, -100
FINAL, PASSING = Urgency.FINAL, Urgency.PASSING

pytestmark = pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")


class Skip(selectors.DefaultSelector):
    """Waits for nothing: whenever a loop would, its time goes on instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits for ever"
        self.now += timeout
        return super().select(0)


def virtually(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine in a loop whose clock moves by what is waited for, at once."""

    def made() -> asyncio.AbstractEventLoop:
        selector = Skip()
        loop = asyncio.SelectorEventLoop(selector)
        loop.time = lambda: selector.now  # type: ignore[method-assign]
        return loop

    with asyncio.Runner(loop_factory=made) as runner:
        return runner.run(main())


@dataclass(slots=True)
class Line:
    """A Telegram that a limiter calls: keeps what was called, and refuses what it is told to."""

    limiter: Limiter
    calls: list[tuple[float, object, object]] = field(default_factory=list)
    """Time, chat and text."""
    refusals: dict[object, list[Exception]] = field(default_factory=dict)
    """By text, what its next calls meet."""
    seconds: float = 0.0
    """How long a call takes."""
    closed: list[tuple[object, float, float]] = field(default_factory=list)
    """Chats, and from when to when nothing may be sent there."""

    async def send(
        self,
        chat: object,
        text: object,
        urgency: Urgency | None = None,
        method: str = "sendMessage",
    ) -> object:
        async def call(endpoint: str) -> bool:
            self.calls.append((now(), chat, text))
            await asyncio.sleep(self.seconds)
            if not self.refusals.get(text):
                return True
            error = self.refusals[text].pop(0)
            if isinstance(error, RetryAfter):
                self.closed.append((chat, now(), now() + seconds_of(error)))
            raise error

        data = {} if chat is None else {"chat_id": chat}
        return await self.limiter.process_request(call, (method,), {}, method, data, urgency)

    def sent(self) -> list[object]:
        return [text for _, _, text in self.calls]

    def times(self, *chats: object) -> list[float]:
        return [round(at - 1000.0, 3) for at, chat, _ in self.calls if chat in chats or not chats]


def seconds_of(error: RetryAfter) -> float:
    pause = error.retry_after
    return pause.total_seconds() if isinstance(pause, timedelta) else pause


def now() -> float:
    return asyncio.get_running_loop().time()


def line(**more: Any) -> Line:
    return Line(Limiter(Metrics(), clock=now, **more))


async def gathered(calls: Iterable[Awaitable[object]]) -> list[object]:
    return await asyncio.gather(*calls, return_exceptions=True)


def test_a_private_chat_gets_three_at_once_and_one_a_second() -> None:
    """Final messages of a private chat come in threes, at the pace of one a second."""

    async def main() -> None:
        one = line()
        await gathered(one.send(ANNA, number) for number in range(7))
        assert one.sent() == [*range(7)]
        assert one.times() == [0, 0, 0, 3, 3, 3, 6]

    virtually(main)


def test_a_group_gets_twenty_a_minute() -> None:
    """Final messages of a group wait for the minute to be over."""

    async def main() -> None:
        one = line()
        await gathered(one.send(MILL, number) for number in range(22))
        assert one.sent() == [*range(22)]
        assert one.times()[:7] == [0, 0, 0, 3, 3, 3, 6]
        assert one.times()[19:] == [18, 60, 60]

    virtually(main)


def test_all_together_get_thirty_a_second() -> None:
    """Many chats at once share thirty calls a second; the first to come are the first served."""

    async def main() -> None:
        one = line()
        await gathered(one.send(1 + number, number) for number in range(75))
        assert one.sent() == [*range(75)]
        assert one.times() == [0] * 30 + [1] * 30 + [2] * 15

    virtually(main)


def test_answers_to_presses_wait_for_no_chat() -> None:
    """A call for no chat in particular counts only among all."""

    async def main() -> None:
        one = line()
        await gathered(one.send(None, number, method="answerCallbackQuery") for number in range(31))
        assert one.times() == [0] * 30 + [1]

    virtually(main)


@pytest.mark.parametrize(("chat", "made"), [(ANNA, 2), (MILL, 2), ("@mill", 2)])
def test_passing_calls_leave_room_for_what_is_final(chat: object, made: int) -> None:
    """Of the places of a chat the last is for a final call, which goes out at once."""

    async def main() -> None:
        one = line()
        ends = [await gathered([one.send(chat, "draft", PASSING)]) for _ in range(5)]
        assert sum(end == [True] for end in ends) == made
        assert sum(isinstance(end[0], DroppedError) for end in ends) == 5 - made
        await one.send(chat, "final")
        assert one.times() == [0] * made + [0]

    virtually(main)


def test_a_passing_call_looks_at_all_that_went_out() -> None:
    """Room for what is final is left of the last seconds, not of the first of them."""

    async def main() -> None:
        one = line()
        for pause in (0.0, 2.0, 0.5):
            await asyncio.sleep(pause)
            await one.send(ANNA, "final")
        await asyncio.sleep(0.6)
        with pytest.raises(DroppedError):
            await one.send(ANNA, "draft", PASSING)
        await one.send(ANNA, "final")
        assert one.times() == [0, 2, 2.5, 3.1]

    virtually(main)


def test_passing_calls_of_a_group_leave_most_of_its_minute() -> None:
    """However long typing is shown in a group, twelve final messages a minute find room."""

    async def main() -> None:
        one = line()
        for _ in range(50):
            await gathered([one.send(MILL, "typing", PASSING)])
            await asyncio.sleep(1)
        assert one.sent().count("typing") == 8
        start = now()
        await gathered(one.send(MILL, number) for number in range(3))
        assert now() == start

    virtually(main)


def test_passing_calls_of_many_chats_leave_room_for_all() -> None:
    """Of the thirty calls of a second ten are for final ones."""

    async def main() -> None:
        one = line()
        await gathered(one.send(1 + number, "draft", PASSING) for number in range(40))
        assert one.sent() == ["draft"] * 20
        await gathered(one.send(100 + number, "final") for number in range(10))
        assert one.times() == [0] * 30

    virtually(main)


def test_nothing_passes_while_a_final_call_waits() -> None:
    """Drafts do not overtake a message that waits for its turn, nor one that is under way."""

    async def main() -> None:
        one = line()
        one.seconds = 0.5
        finals = asyncio.gather(*(one.send(ANNA, number) for number in range(4)))
        await asyncio.sleep(2)
        assert isinstance((await gathered([one.send(ANNA, "draft", PASSING)]))[0], DroppedError)
        await finals
        assert one.sent() == [0, 1, 2, 3]

    virtually(main)


def test_a_final_call_waits_for_a_passing_one_that_is_under_way() -> None:
    """A message is not overtaken by the draft before it either."""

    async def main() -> None:
        one = line()
        one.seconds = 0.5
        await gathered([one.send(ANNA, "draft", PASSING), one.send(ANNA, "final")])
        assert one.sent() == ["draft", "final"]
        assert one.times() == [0, 0.5]

    virtually(main)


@pytest.mark.parametrize(
    ("method", "urgency", "passes"),
    [
        ("sendChatAction", None, True),
        ("sendMessageDraft", None, True),
        ("editMessageText", PASSING, True),
        ("editMessageText", FINAL, False),
        ("editMessageText", None, False),
        ("sendMessageDraft", FINAL, False),
        ("sendMessage", None, False),
        ("sendDocument", None, False),
    ],
)
def test_what_passes_by_if_nothing_is_said(
    method: str, urgency: Urgency | None, *, passes: bool
) -> None:
    """Typing and drafts pass by, everything else is final, unless the caller says otherwise."""

    async def main() -> None:
        one = line(private=(Rate(count=1, seconds=60.0, kept=0),))
        await one.send(ANNA, "first")
        (end,) = await gathered([one.send(ANNA, "second", urgency, method)])
        assert isinstance(end, DroppedError) is passes

    virtually(main)


def test_a_429_stops_its_chat_and_no_other() -> None:
    """After `RetryAfter` a chat is left alone for so long; the call comes first then, in order."""

    async def main() -> None:
        one = line()
        one.refusals = {"a": [RetryAfter(30)]}
        finals = asyncio.gather(one.send(ANNA, "a"), one.send(ANNA, "b"))
        await asyncio.sleep(1)
        await one.send(BEN, "c")
        with pytest.raises(DroppedError):
            await one.send(ANNA, "draft", PASSING)
        await finals
        assert one.sent() == ["a", "c", "a", "b"]
        assert one.times(BEN) == [1]
        assert one.times(ANNA) == [0, 30.1, 30.1]

    virtually(main)


def test_a_passing_call_is_not_made_again_after_a_429() -> None:
    """Where Telegram refuses a draft it is dropped, and the next message waits as it was told."""

    async def main() -> None:
        one = line()
        one.refusals = {"draft": [RetryAfter(7)]}
        with pytest.raises(DroppedError):
            await one.send(ANNA, "draft", PASSING)
        await one.send(ANNA, "final")
        assert one.sent() == ["draft", "final"]
        assert one.times() == [0, 7.1]

    virtually(main)


@pytest.mark.parametrize("is_timedelta", [False, True])
def test_the_pause_is_a_number_or_a_timedelta(
    monkeypatch: pytest.MonkeyPatch, *, is_timedelta: bool
) -> None:
    """Both forms that the library has for `retry_after` are waited for."""
    monkeypatch.setenv("PTB_TIMEDELTA", str(is_timedelta))

    async def main() -> None:
        one = line()
        one.refusals = {"a": [RetryAfter(12)]}
        await one.send(ANNA, "a")
        assert one.times() == [0, 12.1]

    virtually(main)


def test_patience_has_an_end() -> None:
    """A final call that is refused each time, or for very long, is given back to its caller."""

    async def main() -> None:
        one = line()
        one.refusals = {"a": [RetryAfter(1)] * TRIES, "b": [RetryAfter(3600)]}
        with pytest.raises(RetryAfter):
            await one.send(ANNA, "a")
        assert one.sent() == ["a"] * TRIES
        start = now()
        with pytest.raises(RetryAfter):
            await one.send(BEN, "b")
        with pytest.raises(RetryAfter) as caught:
            await one.send(BEN, "c")
        assert now() == start
        assert caught.value.retry_after == 3601
        await asyncio.sleep(3600 - LONGEST + 1)
        await one.send(BEN, "d")
        assert one.sent() == ["a"] * TRIES + ["b", "d"]

    virtually(main)


def test_other_refusals_go_to_the_caller() -> None:
    """Whatever else Telegram says is for the caller, and does not stop the chat."""

    async def main() -> None:
        one = line()
        one.refusals = {"a": [Forbidden("blocked")], "b": [Forbidden("blocked")]}
        for text, urgency in (("a", FINAL), ("b", PASSING)):
            with pytest.raises(Forbidden):
                await one.send(ANNA, text, urgency)
        await one.send(ANNA, "c")
        assert one.times() == [0, 0, 0]

    virtually(main)


def test_chats_are_forgotten() -> None:
    """What is kept in mind are chats of the last minutes, and those that wait; rates hold on."""

    async def main() -> None:
        one = line()
        one.refusals = {"late": [RetryAfter(80), RetryAfter(80)]}
        late = asyncio.create_task(one.send(MILL, "late"))
        for number in range(1, 1001):
            await one.send(number, number)
        assert one.limiter.chats == 1001
        await asyncio.sleep(61)
        await one.send(1, "again")
        assert one.limiter.chats == 2
        await late

    virtually(main)


def test_a_group_is_not_forgotten_within_its_minute() -> None:
    """What a group has had counts as long as it has to, however quiet it is."""

    async def main() -> None:
        one = line()
        await asyncio.sleep(40)
        for number in range(20):
            await one.send(MILL, number)
        await asyncio.sleep(3)
        await one.send(BEN, "others")
        await one.send(MILL, 20)
        assert one.times(BEN) == [61]
        assert one.times(MILL)[-1] == 100

    virtually(main)


def test_a_cancelled_call_holds_up_nobody() -> None:
    """Who gives up waiting leaves the turn to the next."""

    async def main() -> None:
        one = line()
        tasks = [asyncio.create_task(one.send(ANNA, number)) for number in range(6)]
        await asyncio.sleep(1)
        tasks[3].cancel()
        await gathered(tasks)
        assert one.sent() == [0, 1, 2, 4, 5]
        assert one.times() == [0, 0, 0, 3, 3]

    virtually(main)


def test_calls_are_counted_by_what_became_of_them() -> None:
    """Sent, dropped and retried calls are counted by method."""
    metrics = Metrics()

    async def main() -> None:
        one = Line(Limiter(metrics, clock=now))
        one.refusals = {"a": [RetryAfter(1)], "b": [Forbidden("blocked")]}
        await one.send(ANNA, "a")
        await gathered([one.send(BEN, "b")])
        await gathered(one.send(MILL, "t", method="sendChatAction") for _ in range(3))

    virtually(main)
    text = generate_latest(metrics.registry).decode()
    for fate, method, count in (
        ("sent", "sendMessage", 1),
        ("retried", "sendMessage", 1),
        ("sent", "sendChatAction", 1),
        ("dropped", "sendChatAction", 2),
    ):
        assert f'citebot_calls_total{{fate="{fate}",method="{method}"}} {count}.0' in text


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A call that somebody wants to be made."""

    pause: float
    chat: int
    urgency: Urgency
    refusals: tuple[int, ...]


ASKED = st.lists(
    st.builds(
        Asked,
        pause=st.sampled_from([0.0, 0.0, 0.3, 1.0, 7.0]),
        chat=st.sampled_from([ANNA, ANNA, BEN, MILL, MILL]),
        urgency=st.sampled_from([FINAL, FINAL, PASSING]),
        refusals=st.lists(st.integers(1, 40), max_size=2).map(tuple),
    ),
    max_size=60,
)


@given(ASKED, st.sampled_from([0.0, 0.2, 2.0]))
@settings(deadline=None)
def test_never_too_fast_nothing_lost_in_order(asked: list[Asked], seconds: float) -> None:
    """No rate is exceeded, pauses are kept, final calls are all made, in order in each chat."""

    async def main() -> None:
        one = line(overall=Rate(count=4, seconds=1.0, kept=1))
        one.seconds = seconds
        for number, ask in enumerate(asked):
            one.refusals[number] = [RetryAfter(seconds) for seconds in ask.refusals]
        tasks = []
        for number, ask in enumerate(asked):
            await asyncio.sleep(ask.pause)
            tasks.append(asyncio.create_task(one.send(ask.chat, number, ask.urgency)))
        ends = await gathered(tasks)
        check(one, asked, ends)

    virtually(main)


def check(one: Line, asked: list[Asked], ends: list[object]) -> None:
    for rate, chats in (
        *((rate, (chat,)) for rate in PRIVATE for chat in (ANNA, BEN)),
        *((rate, (MILL,)) for rate in GROUP),
        (Rate(count=4, seconds=1.0, kept=1), ()),
    ):
        times = one.times(*chats)
        spans = zip(times, times[rate.count :], strict=False)
        assert all(last - first >= rate.seconds - 0.002 for first, last in spans)
    for closed, first, last in one.closed:
        assert not [at for at, chat, _ in one.calls if chat == closed and first < at < last]
    for number, ask in enumerate(asked):
        made = one.sent().count(number)
        if ask.urgency is FINAL:
            assert ends[number] is True
            assert made == len(ask.refusals) + 1
        else:
            assert made <= 1
            assert ends[number] is True or isinstance(ends[number], DroppedError)
    finals: list[object] = [at for at, ask in enumerate(asked) if ask.urgency is FINAL]
    for chat in (ANNA, BEN, MILL):
        sent = [text for _, to, text in one.calls if to == chat and text in finals]
        assert sent == sorted(sent, key=finals.index)


def test_telegrams_own_figures() -> None:
    """A chat gets one a second, a group twenty a minute, all together thirty a second."""
    assert [rate.count / rate.seconds for rate in PRIVATE] == [1]
    assert min(rate.count / rate.seconds for rate in GROUP) * 60 == 20
    assert OVERALL.count / OVERALL.seconds == 30


async def test_flood_control_reaches_nobody() -> None:
    """Against a server that refuses what comes too fast every message arrives, in order."""
    with telegram(flood=Flood(pause=0.5)) as server:
        people = [server.person(name) for name in ("Anna", "Ben")]
        limiter = Limiter(Metrics())
        async with ExtBot(server.token, base_url=server.url, rate_limiter=limiter) as bot:
            await gathered(
                bot.send_message(person.id, str(number)) for number in range(3) for person in people
            )
            drafts = await gathered(
                bot.send_message_draft(people[0].id, draft_id=1, text=str(number))
                for number in range(5)
            )
        for person in people:
            assert [one.text for one in server.messages(person)] == ["0", "1", "2"]
        assert any(call.status == 429 for call in server.calls("sendMessage"))
    assert {type(end) for end in drafts} <= {bool, DroppedError}
    assert any(isinstance(end, TelegramError) for end in drafts)


async def test_the_library_hands_on_what_is_passing() -> None:
    """The bot's own methods tell the limiter by `rate_limit_args` what is not final."""
    with telegram() as server:
        anna = server.person("Anna")
        limiter = Limiter(Metrics(), private=(Rate(count=2, seconds=60.0, kept=1),))
        async with ExtBot(server.token, base_url=server.url, rate_limiter=limiter) as bot:
            message = await bot.send_message(anna.id, "one")
            with pytest.raises(DroppedError):
                await bot.edit_message_text(
                    "two", anna.id, message.message_id, rate_limit_args=PASSING
                )
            with pytest.raises(DroppedError):
                await bot.send_chat_action(anna.id, ChatAction.TYPING)
            await bot.edit_message_text("three", anna.id, message.message_id)
        assert [one.text for one in server.messages(anna)] == ["three"]
