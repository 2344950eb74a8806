"""The paths to a language model once more, with a server that nobody here wrote."""

import json
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from rag.answerer import Answerer
from rag.build import Parts
from rag.domain import Answer, Statement
from rag.errors import ModelError, ModelSettingsError
from rag.llm import LanguageModel
from rag.ports import Ending, Message
from rag.settings import Settings
from rag.write import SHAPE
from tests.conftest import ASKED
from tests.outside import Outside, outside

MESSAGES = (
    Message(role="system", text="Reply in JSON."),
    Message(role="user", text="Who bought the mill?"),
)
TEXT = '{"claims": [{"text": "Zürich, 東京 und 😀", "keys": ["k1"]}]}'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outside]:
    with outside(tmp_path_factory.mktemp("outside")) as server:
        yield server


@pytest.fixture
def server(running: Outside, monkeypatch: pytest.MonkeyPatch) -> Outside:
    for name in ("OPENAI_ADMIN_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    running.reset()
    return running


@pytest.fixture
async def model(server: Outside) -> AsyncIterator[LanguageModel]:
    made = LanguageModel(name="gpt-5-mini", base_url=server.url, key=SecretStr("sk-outside"))
    yield made
    await made.close()


@pytest.fixture
def answerer(server: Outside, corpus: Path) -> Iterator[Answerer]:
    """Asks the server about a mill and a bridge."""
    settings = Settings(model="gpt-5-mini", openai_base_url=server.url, openai_api_key="sk-outside")
    with Parts(settings).answerer as made:
        yield made


def says(text: str, **values: Any) -> Mapping[str, Any]:
    return {"type": "reply", "text": text, **values}


def fails(status: int, **values: Any) -> Mapping[str, Any]:
    return {"type": "fail", "status": status, **values}


def breaks(kind: str, after: int) -> Mapping[str, Any]:
    return {"type": "stream_fault", "kind": kind, "after_chunks": after}


async def replied(model: LanguageModel) -> tuple[list[str], Ending]:
    """The pieces of a reply, and how it ended."""
    coming = [part async for part in model.reply(MESSAGES, SHAPE, time.monotonic() + 20)]
    *pieces, ending = coming
    assert isinstance(ending, Ending)
    return [str(piece) for piece in pieces], ending


async def claims(answerer: Answerer, text: str) -> Mapping[str, Any]:
    """A reply that claims something on the sentence that says most about the question."""
    hits = await answerer.search(ASKED)
    key = next(s.key for s in hits[0].passage.sentences if "Anna Keller" in s.text)
    return says(json.dumps({"claims": [{"text": text, "keys": [key]}]}))


async def test_a_reply_is_streamed_and_counted(server: Outside, model: LanguageModel) -> None:
    """A good reply comes in pieces, every character of it, and what it took is known."""
    server.queue(says(TEXT))

    pieces, ending = await replied(model)

    assert len(pieces) > 1
    assert "".join(pieces) == TEXT
    assert ending.finish == "stop"
    assert ending.usage.tokens_in > 0
    assert ending.usage.tokens_out > 0
    (request,) = server.requests()
    assert request["stream"]


async def test_the_form_of_a_reply_is_understood(server: Outside, model: LanguageModel) -> None:
    """What the server makes up by itself has the form that it was asked for."""
    pieces, _ = await replied(model)

    (claim,) = json.loads("".join(pieces))["claims"]
    assert claim.keys() == {"text", "keys"}


async def test_an_answer_shows_statements(server: Outside, answerer: Answerer) -> None:
    """From the question to the shown statement everything works, and is counted."""
    server.queue(await claims(answerer, "The mill by the river went to Anna Keller in March 2021."))

    async with aclosing(answerer.stream(ASKED)) as stream:
        shown, reply = [one async for one in stream]

    assert isinstance(shown, Statement)
    assert isinstance(reply, Answer)
    assert reply.statements == (shown,)
    assert shown.citations[0].quote.startswith("The mill by the river was sold to Anna Keller")
    assert reply.generator == "gpt-5-mini"
    assert reply.degraded == ""
    assert reply.provenance.usage.tokens_in > 100
    assert reply.provenance.usage.tokens_out > 10


async def test_what_is_not_so_is_not_shown(server: Outside, answerer: Answerer) -> None:
    """A claim that its quote does not carry is dropped, whoever sent it."""
    wrong = await claims(answerer, "The mill by the river went to Anna Keller in March 2022.")
    server.queue({**wrong, "times": None})

    async with aclosing(answerer.stream(ASKED)) as stream:
        (reply,) = [one async for one in stream]

    assert not isinstance(reply, Answer | Statement)
    assert "2022" in reply.dropped[0].why


async def test_who_cannot_stream_is_asked_for_a_whole_reply(
    server: Outside, model: LanguageModel
) -> None:
    """A server that refuses streams is asked without, now and from then on."""
    refused = fails(400, message="'stream' is not supported.", times=None, match={"stream": True})
    server.queue(refused, says(TEXT, times=2))

    for _ in range(2):
        pieces, ending = await replied(model)
        assert pieces == [TEXT]
        assert ending.finish == "stop"
        assert ending.usage.tokens_out > 0

    assert [one["stream"] for one in server.requests()] == [True, False, False]


@pytest.mark.parametrize(
    "passing",
    [
        [fails(429, retry_after=0.4)],
        [fails(500)],
        [breaks("disconnect", 0)],
        [breaks("truncate", 1)],
        [breaks("malformed", 1)],
    ],
    ids=["limit", "error", "disconnected", "truncated", "malformed"],
)
async def test_what_passes_is_tried_again(
    passing: list[Mapping[str, Any]], server: Outside, model: LanguageModel
) -> None:
    """An error that passes, or a stream that breaks before its first word, leads to a new try.

    The server's own judge finds no fault with how.
    """
    server.queue(*passing, says(TEXT, times=None))

    pieces, ending = await replied(model)

    assert ("".join(pieces), ending.finish) == (TEXT, "stop")
    assert server.findings() == []


@pytest.mark.parametrize("kind", ["disconnect", "truncate", "malformed"])
async def test_a_stream_that_breaks_is_not_whole(
    kind: str, server: Outside, model: LanguageModel
) -> None:
    """What came of a broken stream is handed out, and told to be broken."""
    server.queue(breaks(kind, 3), says(TEXT))

    pieces, ending = await replied(model)

    assert pieces
    assert TEXT.startswith("".join(pieces))
    assert ending.finish == "broken"


@pytest.mark.parametrize(
    ("failing", "error", "words"),
    [
        (fails(401), ModelSettingsError, "set OPENAI_API_KEY"),
        (fails(403), ModelSettingsError, "set another OPENAI_API_KEY or CITEBOT_MODEL"),
        (fails(404), ModelSettingsError, "check CITEBOT_MODEL, and OPENAI_BASE_URL"),
        (fails(429, code="insufficient_quota"), ModelSettingsError, "top it up"),
        (
            fails(400, code="context_length_exceeded", message="It is too long."),
            ModelError,
            "lower CITEBOT_CONTEXT_TOKENS",
        ),
    ],
)
async def test_what_lasts_is_told(
    failing: Mapping[str, Any],
    error: type[ModelError],
    words: str,
    server: Outside,
    model: LanguageModel,
) -> None:
    """An error that lasts is not tried again, and says what to set."""
    server.queue({**failing, "times": None})

    with pytest.raises(error, match=words):
        await replied(model)

    assert len(server.requests()) == 1


async def test_a_tool_that_nobody_offered_is_not_used(
    server: Outside, model: LanguageModel
) -> None:
    """A model that would rather call a tool is told from one that answers."""
    server.queue({"type": "reply", "tool_calls": [{"name": "search", "arguments": {"q": "mill"}}]})

    assert (await replied(model))[1].finish == "tool_calls"


async def test_without_a_model_the_articles_answer(server: Outside, answerer: Answerer) -> None:
    """Where the server takes no key, the articles' own sentences answer, and the reply says why."""
    server.queue(fails(401, times=None))

    reply = await answerer.answer(ASKED)

    assert isinstance(reply, Answer)
    assert "Anna Keller" in reply.text
    assert "set OPENAI_API_KEY" in reply.degraded
