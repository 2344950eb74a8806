"""What `bot.quota` promises: no limit is exceeded, and who must wait is told until when."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from bot.database import Database
from bot.domain import Limit, Wait
from bot.quota import Quota
from bot.tables import ASKED, SPENDING

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TOMORROW = datetime(2026, 11, 21, tzinfo=UTC)
ANNA, BERT = 111, 222


def quota(database: Database, **limits: Any) -> Quota:
    return Quota(database, **{"per_minute": 100, "per_day": 100, "daily_cost": None, **limits})


async def test_limit_of_a_minute_slides(database: Database) -> None:
    """The next question may come when the oldest of the last ones is a minute old, not before."""
    limited = quota(database, per_minute=3)
    for number, seconds in enumerate((0, 10, 20)):
        assert await limited.allowed(number, ANNA, NOW + timedelta(seconds=seconds)) is None
    until = NOW + timedelta(seconds=60)
    early = until - timedelta(microseconds=1)
    assert await limited.allowed(10, ANNA, early) == Wait(limit=Limit.MINUTE, until=until)
    assert await limited.allowed(11, ANNA, until) is None
    again = NOW + timedelta(seconds=70)
    assert await limited.allowed(12, ANNA, until) == Wait(limit=Limit.MINUTE, until=again)


async def test_limit_of_a_day_ends_at_midnight(database: Database) -> None:
    """A day is one of UTC, wherever the clock stands."""
    limited = quota(database, per_day=2)
    evening = datetime(2026, 11, 20, 22, tzinfo=timezone(-timedelta(hours=1)))
    for number in (1, 2):
        assert await limited.allowed(number, ANNA, evening - timedelta(hours=number)) is None
    assert await limited.allowed(3, ANNA, evening) == Wait(limit=Limit.DAY, until=TOMORROW)
    assert await limited.allowed(4, ANNA, TOMORROW) is None


async def test_money_is_everybodys(database: Database) -> None:
    """When the day's money is spent, nobody asks until the next."""
    limited = quota(database, daily_cost=1.0)
    await limited.spend(ANNA, NOW, 0.5)
    assert await limited.allowed(1, BERT, NOW) is None
    await limited.spend(BERT, NOW, 0.5)
    assert await limited.allowed(2, BERT, NOW) == Wait(limit=Limit.COST, until=TOMORROW)
    assert await limited.allowed(3, BERT, TOMORROW) is None


async def test_no_money_is_no_limit(database: Database) -> None:
    """Without a ceiling questions cost what they cost."""
    limited = quota(database)
    await limited.spend(ANNA, NOW, 1e9)
    assert await limited.allowed(1, ANNA, NOW) is None


async def test_longest_wait_is_told(database: Database) -> None:
    """Who is over several limits is told the time at which they may really ask."""
    limited = quota(database, per_minute=1, per_day=1)
    await limited.allowed(1, ANNA, NOW)
    assert await limited.allowed(2, ANNA, NOW) == Wait(limit=Limit.DAY, until=TOMORROW)


@pytest.mark.parametrize("limit", ["per_minute", "per_day"])
async def test_limit_of_none_lets_nobody_in(database: Database, limit: str) -> None:
    """0 is a limit."""
    assert await quota(database, **{limit: 0}).allowed(1, ANNA, NOW) is not None


async def test_limits_are_each_persons(database: Database) -> None:
    """One person's questions do not count for another."""
    limited = quota(database, per_minute=1, per_day=1)
    await limited.allowed(1, ANNA, NOW)
    assert await limited.allowed(2, BERT, NOW) is None


async def test_refused_question_is_not_counted(database: Database) -> None:
    """Asking too early makes nobody wait longer."""
    limited = quota(database, per_minute=1)
    await limited.allowed(1, ANNA, NOW)
    for number in range(2, 6):
        await limited.allowed(number, ANNA, NOW + timedelta(seconds=number))
    assert await limited.used(ANNA, NOW + timedelta(seconds=6)) == (1, 1)


async def test_question_asked_again_after_a_kill_is_let_through(database: Database) -> None:
    """An update that was let through is counted once, and let through again."""
    limited = quota(database, per_minute=1, per_day=1, daily_cost=1.0)
    assert await limited.allowed(1, ANNA, NOW) is None
    await limited.spend(ANNA, NOW, 2.0)
    assert await limited.allowed(1, ANNA, NOW + timedelta(seconds=5)) is None
    assert await limited.used(ANNA, NOW + timedelta(seconds=5)) == (1, 1)


@pytest.mark.parametrize("limit", ["per_minute", "per_day"])
async def test_many_at_once_exceed_nothing(database: Database, limit: str) -> None:
    """Of fifty questions at the same moment as many pass as may."""
    limited = quota(database, **{limit: 7})
    waits = await asyncio.gather(*(limited.allowed(n, ANNA, NOW) for n in range(50)))
    assert waits.count(None) == 7
    assert await limited.used(ANNA, NOW) == (7, 7)


async def test_used_and_spent_are_counted(database: Database) -> None:
    """What was asked and spent is told by minute and day."""
    limited = quota(database)
    for number, minutes in enumerate((0, 0, 5, 60 * 13)):
        await limited.allowed(number, ANNA, NOW - timedelta(minutes=minutes))
    assert await limited.used(ANNA, NOW) == (2, 3)
    assert await limited.used(BERT, NOW) == (0, 0)
    await asyncio.gather(*(limited.spend(n % 2, NOW, 0.125) for n in range(20)))
    await limited.spend(ANNA, NOW - timedelta(days=1), 100.0)
    assert await limited.spent(NOW) == pytest.approx(2.5)


async def test_prune_takes_days_that_are_over(database: Database) -> None:
    """Old questions and days go; a day that has begun before the time stays whole."""
    limited = quota(database)
    for number, days in enumerate((0, 1, 2)):
        await limited.allowed(number, ANNA, NOW - timedelta(days=days))
    await limited.prune(NOW - timedelta(days=1))
    days_left = await database.read(select(SPENDING.c.day).order_by(SPENDING.c.day))
    assert [day.day for (day,) in days_left] == [19, 20]
    assert len(await database.read(select(ASKED))) == 2
