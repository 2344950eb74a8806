"""Patience: how often one reply is tried for; the breaker: when a model is left alone."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from rag.errors import ModelError
from rag.fault import Fault, seconds_of
from rag.patience import LONGEST, Breaker, Patience


class Clock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def failing(*faults: Fault) -> Callable[[], Awaitable[str]]:
    """Something that fails like this, and then works."""
    left: Iterator[Fault] = iter(faults)

    async def once() -> str:
        for fault in left:
            raise fault
        return "done"

    return once


async def insisted(clock: Clock, *faults: Fault, tries: int = 4, until: float = 2_000.0) -> str:
    patience = Patience(tries=tries, sleep=clock.sleep, clock=clock)
    return await patience.insist(failing(*faults), until)


# One reply.


@pytest.mark.parametrize("status", [0, 408, 409, 429, 500, 502, 503, 504, 529])
async def test_what_may_pass_is_tried_again(status: int, clock: Clock) -> None:
    """A failure that may pass is followed by a wait and another try."""
    assert await insisted(clock, Fault("Busy.", status=status)) == "done"
    assert len(clock.waits) == 1
    assert clock.waits[0] > 0


@pytest.mark.parametrize(
    "fault",
    [
        *[Fault("No.", status=status) for status in (400, 401, 402, 403, 404, 405, 413, 422)],
        Fault("No.", status=429, code="insufficient_quota"),
        Fault("No.", code="context_length_exceeded"),
        Fault("No.", code="content_filter"),
    ],
    ids=lambda fault: f"{fault.status} {fault.code}",
)
async def test_what_will_not_pass_is_not_tried_again(fault: Fault, clock: Clock) -> None:
    """A request that is refused for what it is, or by whom it is made, is made once."""
    with pytest.raises(Fault) as raised:
        await insisted(clock, fault)

    assert raised.value is fault
    assert clock.waits == []


async def test_after_a_few_tries_the_last_failure_counts(clock: Clock) -> None:
    """So many tries are made, and what is raised is how the last one failed."""
    faults = [Fault(str(number), status=500) for number in range(9)]

    with pytest.raises(Fault, match=r"^3$"):
        await insisted(clock, *faults)

    assert len(clock.waits) == 3


async def test_waits_grow_up_to_a_bound(clock: Clock) -> None:
    """Each wait is longer than the last but one, until they are as long as they get."""
    await insisted(clock, *[Fault("Oh.", status=500)] * 9, tries=10)

    assert all(later > earlier for earlier, later in pairwise(clock.waits[:5:2]))
    assert max(clock.waits) <= LONGEST + 1
    assert min(clock.waits[-3:]) >= LONGEST


@pytest.mark.parametrize("after", [0.0, 0.25, 7.0, 90.0])
async def test_a_server_says_how_long_to_wait(after: float, clock: Clock) -> None:
    """What the server wants is waited for, and up to a second more."""
    await insisted(clock, Fault("Slower.", status=429, after=after))

    assert after <= clock.waits[0] <= after + 1


async def test_not_all_come_back_at_once(clock: Clock) -> None:
    """Those who were sent away together return at different times."""
    fault = Fault("Slower.", status=429, after=7.0)
    await asyncio.gather(*[insisted(clock, fault) for _ in range(8)])

    assert len(set(clock.waits)) == 8


@pytest.mark.parametrize(
    ("after", "until", "waits"), [(60.0, 1_050.0, 0), (30.0, 1_050.0, 1), (30.0, 1_000.0, 0)]
)
async def test_nobody_waits_beyond_the_deadline(
    after: float, until: float, waits: int, clock: Clock
) -> None:
    """A wait that would end after the deadline is not begun."""
    faults = [Fault("Slower.", status=429, after=after)] * 2

    with pytest.raises(Fault, match="Slower"):
        await insisted(clock, *faults, until=until)

    assert len(clock.waits) == waits


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        ("7", 7, 7),
        ("0.25", 0.25, 0.25),
        ("-3", 0, 0),
        (timedelta(seconds=60), 58, 60),
        (timedelta(days=-1), 0, 0),
    ],
)
def test_a_wait_is_read_in_seconds_or_as_a_date(
    value: str | timedelta, least: float, most: float
) -> None:
    """`Retry-After` has two forms, and neither means a wait into the past."""
    if isinstance(value, timedelta):
        value = format_datetime(datetime.now(UTC) + value, usegmt=True)
    seconds = seconds_of(value)

    assert seconds is not None
    assert least <= seconds <= most


@pytest.mark.parametrize("value", ["", "soon", "nan", "inf", "1 2", "Mon, 99 Foo 2025", "٣x"])
def test_what_is_no_wait_is_not_read(value: str) -> None:
    """Anything else says nothing."""
    assert seconds_of(value) is None


# All replies.


def breaker(clock: Clock) -> Breaker:
    return Breaker(failures=3, seconds=30.0, clock=clock)


def ask(breaker: Breaker, fault: Fault | None = None) -> None:
    """A request that works, or fails so."""
    with breaker.watching():
        if fault:
            raise fault


def fail(breaker: Breaker, times: int, fault: Fault | None = None) -> None:
    for _ in range(times):
        with pytest.raises(Fault):
            ask(breaker, fault or Fault("Oh dear.", status=503))


def is_open(breaker: Breaker) -> bool:
    """Whether something is asked."""
    try:
        breaker.check()
    except ModelError:
        return False
    return True


def test_after_some_failures_nothing_is_asked_for_a_while(clock: Clock) -> None:
    """The third failure in a row is the last one for half a minute, and the error says why."""
    breaking = breaker(clock)
    fail(breaking, 2)
    assert is_open(breaking)
    fail(breaking, 1)
    clock.now += 29.9

    with pytest.raises(ModelError, match=r"failed 3 times in a row.*not asked.*Oh dear\.$"):
        breaking.check()
    with pytest.raises(ModelError):
        ask(breaking)

    clock.now += 0.2
    assert is_open(breaking)


def test_a_reply_in_between_ends_the_row(clock: Clock) -> None:
    """Failures count only where no reply stands between them."""
    breaking = breaker(clock)
    for _ in range(4):
        fail(breaking, 2)
        ask(breaking)

    assert is_open(breaking)


def test_one_request_is_let_through_as_a_trial(clock: Clock) -> None:
    """While the trial is under way all others are refused; if it works, none is any more."""
    breaking = breaker(clock)
    fail(breaking, 3)
    clock.now += 31
    with breaking.watching():
        assert not is_open(breaking)
        with pytest.raises(ModelError):
            ask(breaking)

    assert is_open(breaking)
    fail(breaking, 2)
    assert is_open(breaking)


def test_a_trial_that_fails_begins_the_while_anew(clock: Clock) -> None:
    """After a failed trial nothing is asked for as long again."""
    breaking = breaker(clock)
    fail(breaking, 3)
    clock.now += 31
    fail(breaking, 1)
    clock.now += 29
    assert not is_open(breaking)
    clock.now += 2
    assert is_open(breaking)


@pytest.mark.parametrize("error", [asyncio.CancelledError, GeneratorExit, ValueError])
def test_a_trial_that_is_broken_off_leaves_room_for_the_next(
    error: type[BaseException], clock: Clock
) -> None:
    """A trial that came to no end decides nothing, and another one may be made at once."""
    breaking = breaker(clock)
    fail(breaking, 3)
    clock.now += 31
    with pytest.raises(error), breaking.watching():
        raise error

    assert is_open(breaking)
    with breaking.watching():
        assert not is_open(breaking)


@pytest.mark.parametrize("status", [401, 402, 403, 404])
def test_what_has_to_be_set_counts_as_a_failure(status: int, clock: Clock) -> None:
    """A key that is not accepted is not shown to the server for ever."""
    breaking = breaker(clock)
    fail(breaking, 3, Fault("No.", status=status))

    assert not is_open(breaking)


@pytest.mark.parametrize(
    "fault", [Fault("Odd.", status=400), Fault("Long.", code="context_length_exceeded")]
)
def test_what_is_about_one_request_does_not_count(fault: Fault, clock: Clock) -> None:
    """A request that the server refuses for what it holds says nothing about the others."""
    breaking = breaker(clock)
    fail(breaking, 9, fault)

    assert is_open(breaking)
