"""Inline queries: one result for who has stopped typing, and who may ask."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import inline
from bot.parts import Parts
from rag.domain import Claim, Draft, Dropped, Material, Question
from rag.errors import StorageError
from rag.ledger import Ledger
from tests.bots import bot_parts, handle, heard_of, next_update
from tests.conftest import ASKED
from tests.telegram_server import Telegram, telegram
from tests.telegram_values import Question as Query


@pytest.fixture(autouse=True)
def spans(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "true")


@pytest.fixture
def server() -> Iterator[Telegram]:
    with telegram() as running:
        yield running


@pytest.fixture
async def parts(server: Telegram, corpus: Path) -> AsyncIterator[Parts]:
    async with bot_parts(server, corpus.parent) as made:
        yield made


class Broken:
    """A generator that fails, or never ends."""

    name = "broken"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error

    async def draft(
        self, question: Question, material: Material, ledger: Ledger
    ) -> AsyncGenerator[Claim | Draft, None]:
        if self.error:
            raise self.error
        await asyncio.sleep(60)
        yield Draft(claims=())

    async def repair(
        self, question: Question, material: Material, failed: Sequence[Dropped], ledger: Ledger
    ) -> Sequence[Claim]:
        return ()


def breaking(parts: Parts, error: Exception | None = None) -> Parts:
    return replace(parts, answerer=replace(parts.answerer, generator=Broken(error)))


def result(query: Query) -> dict[str, Any]:
    assert query.results
    (one,) = query.results
    return one


async def test_a_question_has_one_result_that_may_be_sent(server: Telegram, parts: Parts) -> None:
    """The result says the answer with its article, and arrives in the chat as it was shown."""
    anna, ben = server.person("Anna", language="de"), server.person("Ben")
    query = anna.inline(ASKED)
    await handle(parts)

    shown = result(query)
    assert shown["title"] == "Antwort aus den Artikeln"
    assert shown["description"].startswith("The mill by the river was sold to Anna Keller")
    sent = anna.takes(query, chat=ben)
    assert "The mill by the river was sold to Anna Keller in March 2021" in sent.text
    assert sent.words.under("code") == ["mill.txt"]
    assert not sent.buttons
    assert (query.more["is_personal"], query.more["cache_time"]) == ("true", "10")


async def test_what_the_articles_do_not_say_is_a_result_too(server: Telegram, parts: Parts) -> None:
    """A refusal is shown as one, in the person's language."""
    anna = server.person("Anna", language="fr")
    query = anna.inline("zzz qqq xxx")
    await handle(parts)

    assert "articles" in result(query)["title"]
    assert "1." not in result(query)["title"]


@pytest.mark.parametrize("text", ["", "  ", "ab", " ab  "])
async def test_few_letters_are_no_question(server: Telegram, parts: Parts, text: str) -> None:
    """Below three characters nothing is looked up, and the person sees no result."""
    anna = server.person("Anna")
    query = anna.inline(text)
    await handle(parts)

    assert query.results == []
    assert await parts.quota.used(anna.id, parts.now()) == (0, 0)


async def test_inline_mode_may_be_off(server: Telegram, corpus: Path) -> None:
    """Where the setting says so, no question is answered."""
    anna = server.person("Anna")
    async with bot_parts(server, corpus.parent, inline=False) as parts:
        query = anna.inline(ASKED)
        await handle(parts)

    assert query.results == []


async def test_only_what_was_typed_last_is_answered(server: Telegram, parts: Parts) -> None:
    """Of the queries of one person that wait, the last is answered and counted, and no other."""
    anna, ben = server.person("Anna"), server.person("Ben")
    queries = [anna.inline(ASKED[:length]) for length in (4, 12, len(ASKED))]
    other = ben.inline(ASKED)
    updates = [await next_update(parts) for _ in range(4)]
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    for update in updates:
        assert update.inline_query
        await inline.asked(parts, await heard_of(parts, update), update.inline_query, sleep=sleep)
        await parts.inbox.done(update.update_id)

    assert [query.results is None for query in queries] == [True, True, False]
    assert result(other)
    assert slept == [inline.MOMENT, inline.MOMENT]
    assert await parts.quota.used(anna.id, parts.now()) == (1, 1)


async def test_a_letter_more_while_it_waits_ends_it(server: Telegram, parts: Parts) -> None:
    """Who types on in the moment that is waited gets no result for the beginning."""
    anna = server.person("Anna")
    first = anna.inline(ASKED[:9])
    update = await next_update(parts)
    heard = await heard_of(parts, update)
    assert update.inline_query

    async def sleep(_: float) -> None:
        anna.inline(ASKED)
        await next_update(parts)

    await inline.asked(parts, heard, update.inline_query, sleep=sleep)
    assert first.results is None


async def test_a_message_is_no_further_letter(server: Telegram, parts: Parts) -> None:
    """A message that waits in the inbox does not keep an inline query from its answer."""
    anna = server.person("Anna")
    query = anna.inline(ASKED)
    update = await next_update(parts)
    anna.says("Wait!")
    await next_update(parts)
    assert update.inline_query
    await inline.asked(parts, await heard_of(parts, update), update.inline_query, sleep=soon)

    assert result(query)


async def soon(_: float) -> None:
    """No time passes."""


async def test_who_has_asked_enough_is_told_when_to_ask_again(
    server: Telegram, corpus: Path
) -> None:
    """A limited person gets a result that says so; it is not kept by Telegram."""
    anna = server.person("Anna")
    async with bot_parts(server, corpus.parent, per_minute=1) as parts:
        anna.inline(ASKED)
        await handle(parts)
        query = anna.inline(f"{ASKED} Really?")
        await handle(parts)

    assert result(query)["title"].startswith("No more than 1 question can be asked in a minute.")
    assert "seconds" in anna.takes(query).text
    assert query.more["cache_time"] == "0"


@pytest.mark.parametrize("error", [StorageError("The index is damaged."), None])
async def test_what_cannot_be_answered_in_time_has_no_result(
    server: Telegram,
    parts: Parts,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception | None,
) -> None:
    """An error, or an answer that takes too long, shows nothing; no log has the question."""
    monkeypatch.setattr(inline, "PATIENCE", 0.5)
    anna = server.person("Anna")
    query = anna.inline(ASKED)
    with caplog.at_level("DEBUG", logger="bot"):
        await handle(breaking(parts, error))

    assert query.results == []
    assert query.more["cache_time"] == "0"
    told = [one.getMessage() for one in caplog.records if one.name == "bot.inline"]
    assert told == [f"An inline query was not answered: {type(error or TimeoutError()).__name__}"]


async def test_a_query_that_is_too_old_is_let_be(corpus: Path) -> None:
    """Where Telegram takes no result any more, the update ends all the same."""
    with telegram(patience=-1.0) as server:
        anna = server.person("Anna")
        async with bot_parts(server, corpus.parent) as parts:
            query = anna.inline(ASKED)
            await handle(parts)

        assert query.results is None


async def test_nothing_is_kept_of_an_inline_query(server: Telegram, parts: Parts) -> None:
    """An inline answer is in nobody's conversation: follow-ups in private do not go back to it."""
    anna = server.person("Anna")
    anna.inline(ASKED)
    await handle(parts)

    stats = await parts.answers.stats(1, datetime.now(UTC))
    assert (stats.answers, stats.refusals) == (0, 0)
