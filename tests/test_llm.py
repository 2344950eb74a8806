"""The adapter to language models: real requests to a server that keeps to a script."""

import asyncio
import gc
import json
import logging
import threading
import time
import traceback
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, closing
from dataclasses import replace
from http.client import HTTPConnection
from itertools import pairwise
from math import inf
from pathlib import Path
from socket import socket
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from rag import llm
from rag.delta import delta_of, whole_of
from rag.domain import Usage
from rag.errors import ModelError, ModelSettingsError
from rag.fault import Fault
from rag.llm import MOST, LanguageModel
from rag.patience import Breaker, Patience
from rag.ports import Ending, Message, Model, Shape
from tests.openai_server import (
    DONE,
    KEY,
    MODEL,
    USAGE,
    OpenAIServer,
    Reply,
    Request,
    Script,
    chooses,
    chunk,
    completes,
    cut_at,
    event_of,
    events_of,
    fails,
    serving,
    streams,
)

TEXT = '{"verdict": "Zürich, 東京 und 😀"}'
MESSAGES = (
    Message(role="system", text="Reply in JSON."),
    Message(role="user", text="Who bought the mill?"),
)
SHAPE = Shape(
    name="verdict",
    schema={
        "type": "object",
        "properties": {"verdict": {"type": "string"}},
        "required": ["verdict"],
        "additionalProperties": False,
    },
)
COUNTED = Usage(tokens_in=10, tokens_out=2)
STOP = Ending(finish="stop", usage=COUNTED)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("OPENAI_ADMIN_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL", "OPENAI_CUSTOM_HEADERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    # Reading all certificates takes longer than most of these tests, and nothing is encrypted.
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


class Waits:
    """Takes the place of waiting, and remembers for how long it was to be."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def in_turn(*replies: Reply) -> Script:
    """A script that sends one reply after the other, and the last one for ever."""
    left = list(replies)
    return lambda request: left.pop(0) if len(left) > 1 else left[0]


def model_of(server: OpenAIServer, **values: Any) -> LanguageModel:
    values.setdefault("patience", Patience(sleep=Waits()))
    return LanguageModel(name=MODEL, base_url=server.url, key=SecretStr(KEY), **values)


@asynccontextmanager
async def asking(
    script: Script, **values: Any
) -> AsyncIterator[tuple[LanguageModel, OpenAIServer]]:
    """A model with a server behind it."""
    with serving(script) as server:
        model = model_of(server, **values)
        try:
            yield model, server
        finally:
            await model.close()


async def replied(model: Model, *, seconds: float = 30.0) -> tuple[str, Ending]:
    """Text and ending of a whole reply, which has the parts that it has to have."""
    coming = [part async for part in model.reply(MESSAGES, SHAPE, time.monotonic() + seconds)]
    *texts, ending = coming
    assert isinstance(ending, Ending)
    assert all(isinstance(text, str) and text for text in texts)
    return "".join(map(str, texts)), ending


async def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so that another thread sees to."""
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - an event cannot be set from another thread.
            await asyncio.sleep(0.01)


async def gone(server: OpenAIServer) -> None:
    """Wait until the server has seen that nobody waits for it any more."""
    await until(lambda: server.under_way == 0)


def events(*values: object, last: bytes = DONE) -> Reply:
    """A stream of these events."""
    return streams(*map(event_of, values), last)


# Whole replies.


async def test_a_reply_comes_piece_by_piece() -> None:
    """Each piece is handed out as it comes, and last how the reply ended and what it took."""
    async with asking(in_turn(completes(TEXT, parts=4))) as (model, server):
        parts = [part async for part in model.reply(MESSAGES, SHAPE, inf)]

    assert len(parts) == 5
    assert "".join(map(str, parts[:-1])) == TEXT
    assert parts[-1] == STOP
    assert len(server.asked) == 1


async def test_a_piece_is_not_held_back() -> None:
    """The first piece is there while the server has not written the second."""
    times = []
    async with asking(in_turn(replace(completes(TEXT, parts=2), pause=0.05))) as (model, _):
        async for _part in model.reply(MESSAGES, SHAPE, inf):
            times.append(time.monotonic())  # noqa: PERF401

    assert times[1] - times[0] >= 0.04


async def test_a_request_is_strict() -> None:
    """A system and a user message, a strict schema, a limit; streamed, and with what it takes."""
    script = in_turn(completes(TEXT))
    async with asking(script, max_tokens=77, temperature=0.0) as (model, server):
        await replied(model)

    (request,) = server.asked
    assert request.body == {
        "model": MODEL,
        "messages": [{"role": one.role, "content": one.text} for one in MESSAGES],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "verdict", "strict": True, "schema": SHAPE.schema},
        },
        "max_tokens": 77,
        "temperature": 0.0,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_a_temperature_that_is_not_set_is_not_sent() -> None:
    """Without a temperature the server takes its own."""
    async with asking(in_turn(completes(TEXT))) as (model, server):
        await replied(model)

    assert "temperature" not in server.asked[0].body


@settings(max_examples=40, deadline=None)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.integers(1, 5),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
    st.lists(st.integers(0, 2_000), max_size=30),
)
def test_bytes_may_be_cut_anywhere(
    text: str, parts: int, newline: bytes, places: Sequence[int]
) -> None:
    """Wherever the bytes of a stream are cut, text and ending are the same."""
    whole = completes(text, parts=parts).streamed(counted=True)
    data = b": comment\n\n" + b"".join(whole.pieces)
    script = in_turn(streams(*cut_at(data.replace(b"\n", newline), *places)))

    async def ask() -> tuple[str, Ending]:
        async with asking(script) as (model, _):
            return await replied(model)

    assert asyncio.run(ask()) == (text, STOP)


async def test_every_byte_may_come_alone() -> None:
    """A stream of single bytes, within characters too, is the same as one of events."""
    data = b"".join(completes(TEXT, parts=2).streamed(counted=True).pieces)
    async with asking(in_turn(streams(*cut_at(data, *range(len(data)))))) as (model, _):
        assert await replied(model) == (TEXT, STOP)


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        (None, Usage()),
        ({}, Usage()),
        (USAGE, COUNTED),
        (
            {**USAGE, "prompt_tokens_details": {"cached_tokens": 8}},
            Usage(tokens_in=10, tokens_out=2, tokens_cached=8),
        ),
        ({**USAGE, "prompt_tokens_details": None}, COUNTED),
        ({"prompt_tokens": -3, "completion_tokens": "7"}, Usage()),
        ({"prompt_tokens": 10**30, "completion_tokens": 2.5}, Usage()),
        ({"prompt_tokens": True, "completion_tokens": [1]}, Usage()),
        ("many", Usage()),
        ([10, 2], Usage()),
    ],
    ids=str,
)
async def test_what_a_server_counted_is_read(usage: object, counted: Usage) -> None:
    """Tokens are what a server says, and none where it says nothing or what cannot be."""
    reply = events(*events_of({"content": TEXT}, usage=usage))
    async with asking(in_turn(reply)) as (model, _):
        assert await replied(model) == (TEXT, Ending(finish="stop", usage=counted))


# How replies end.

CALL = {"tool_calls": [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]}


@pytest.mark.parametrize(
    ("deltas", "finish", "text", "ended"),
    [
        ([{"content": "a"}], "length", "a", "length"),
        ([{"content": "a"}], "MAX_TOKENS", "a", "length"),
        ([{"content": "a"}], "content_filter", "a", "content_filter"),
        ([], "content_filter", "", "content_filter"),
        ([], "stop", "", "stop"),
        ([{"content": "a"}], "eos", "a", "stop"),
        ([{"content": "a"}], "STOP", "a", "stop"),
        ([{"refusal": "I "}, {"refusal": "will not."}], "stop", "", "refusal"),
        ([{"content": "a"}, {"refusal": "No."}], "stop", "a", "refusal"),
        ([CALL], "tool_calls", "", "tool_calls"),
        ([CALL], "stop", "", "tool_calls"),
        ([{"content": "a"}, CALL], "stop", "a", "tool_calls"),
        ([{"function_call": {"name": "f", "arguments": "{}"}}], "stop", "", "tool_calls"),
        ([{"reasoning_content": "Hm."}, {"content": "a"}], "stop", "a", "stop"),
    ],
)
@pytest.mark.parametrize("is_streamed", [True, False])
async def test_how_a_reply_ended_is_told(
    deltas: list[dict[str, object]], finish: str, text: str, ended: str, *, is_streamed: bool
) -> None:
    """Limits, filters, refusals and calls that nobody asked for are told, and are no text."""
    message: dict[str, object] = {"role": "assistant", "content": None}
    for delta in deltas:
        message |= delta
    reply = (
        events(*events_of(*deltas, finish=finish))
        if is_streamed
        else chooses({"index": 0, "message": message, "finish_reason": finish})
    )
    async with asking(in_turn(reply)) as (model, server):
        assert await replied(model) == (text, Ending(finish=ended, usage=COUNTED))
    assert len(server.asked) == 1


async def test_a_reply_without_end_is_cut() -> None:
    """Behind so many characters a stream is closed, as if the limit had been reached."""
    piece = event_of(chunk({"delta": {"content": "😀" * 1_000}}))
    endless = streams(*[piece] * (MOST // 1_000 + 50))
    async with asking(in_turn(endless)) as (model, server):
        text, ending = await replied(model)
        await gone(server)

    assert (len(text), ending.finish) == (MOST, "length")


async def test_a_long_reply_that_ends_is_whole() -> None:
    """A reply that fills the bound exactly is not cut."""
    async with asking(in_turn(completes("a" * MOST))) as (model, _):
        assert await replied(model) == ("a" * MOST, STOP)


@pytest.mark.parametrize("last", [b"", b"data: [DONE]", b"\n", DONE], ids=str)
async def test_a_finish_reason_is_the_end(last: bytes) -> None:
    """A reply that said how it ends is whole, with or without the last event."""
    reply = events(*events_of({"content": TEXT}), last=last)
    async with asking(in_turn(reply)) as (model, _):
        assert await replied(model) == (TEXT, STOP)


async def test_a_server_that_does_not_hang_up_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind the end of a reply nothing more is waited for than what it took, and not for long."""
    monkeypatch.setattr(llm, "LINGER", 0.05)
    reply = replace(completes(TEXT), pause=0.0)
    pieces = reply.streamed(counted=False).pieces[:-1]
    hanging = streams(*pieces, *[b": still here\n\n"] * 600)
    script = in_turn(replace(hanging, pause=0.02))
    async with asking(script) as (model, server):
        text, ending = await asyncio.wait_for(replied(model), 5)
        await gone(server)

    assert (text, ending) == (TEXT, Ending(finish="stop", usage=Usage()))


# What no server should send.

GOOD = chunk({"delta": {"content": "b"}})
END = chunk({"delta": {}, "finish_reason": "stop"})


@pytest.mark.parametrize(
    "odd",
    [
        None,
        True,
        7,
        "text",
        [],
        [GOOD],
        {},
        {"choices": None},
        {"choices": "b"},
        {"choices": {}},
        {"choices": []},
        {"choices": [None]},
        {"choices": [{}]},
        {"choices": [{"index": [], "delta": {"content": "x"}}]},
        {"choices": [{"index": 1, "delta": {"content": "x"}}]},
        {"choices": [{"index": 0, "delta": None}]},
        {"choices": [{"index": 0, "delta": "x"}]},
        {"choices": [{"index": 0, "delta": {"content": ["x"]}, "finish_reason": 7}]},
        {"choices": [{"index": 0, "delta": {"content": 7, "refusal": False, "tool_calls": []}}]},
        {"choices": [{"index": 0, "finish_reason": ""}]},
        {"usage": "much"},
        {"error": None},
        {"error": ""},
    ],
    ids=str,
)
async def test_odd_events_are_passed_over(odd: object) -> None:
    """An event that is not as it should be says nothing, and what stands around it counts."""
    first = chunk({"delta": {"content": "a"}})
    async with asking(in_turn(events(first, odd, GOOD, END))) as (model, server):
        assert await replied(model) == ("ab", Ending(finish="stop", usage=Usage()))
    assert len(server.asked) == 1


KEYS = st.sampled_from(
    "choices index delta message content refusal tool_calls finish_reason usage error code "
    "prompt_tokens completion_tokens prompt_tokens_details cached_tokens".split()
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(KEYS, values, max_size=5),
    max_leaves=20,
)


@given(JSON, st.binary(max_size=50))
def test_any_value_can_be_read(value: object, data: bytes) -> None:
    """No JSON, and no bytes in its place, make reading fail."""
    for delta in (delta_of(value), whole_of(json.dumps(value).encode()), whole_of(data)):
        assert delta is None or isinstance(delta.text, str)
        assert not delta or not delta.usage or delta.usage.tokens_in >= 0


BROKEN = [
    Reply(pieces=(b"",), cut=0),
    replace(streams(b"data: ", b"{", b"}"), cut=1),
    replace(streams(b": hello\n\n", b"data: {}\n\n", b""), cut=2),
    streams(b""),
    streams(DONE),
    streams(b"data: {nonsense}\n\n"),
    streams(b"data: \xff\xfe\n\n"),
    streams(b"data: " + b"[" * 50_000 + b"\n\n"),
    events({"error": {"message": "Overloaded.", "code": 529}}),
    events({"error": "Overloaded."}),
    events({"error": ["Overloaded."]}),
    streams(b"event: error\n" + event_of({"error": {"message": "Overloaded."}})),
    events(chunk({"delta": {}, "finish_reason": "error"})),
    events(*events_of(finish=None)),
    Reply(pieces=(b'{"error": {"message": "Overloaded."}}',)),
    Reply(pieces=(b'{"choices": [{"mess', b"age"), cut=1),
    Reply(pieces=(b"",)),
    Reply(pieces=(b"{nonsense",)),
    Reply(pieces=(b"[" * 50_000,)),
    Reply(pieces=(b'{"choices": null}',)),
]


@pytest.mark.parametrize("reply", BROKEN, ids=range(len(BROKEN)))
async def test_what_breaks_before_any_text_is_tried_again(reply: Reply) -> None:
    """A reply that breaks off, or is none, costs nobody anything until there was text."""
    waits = Waits()
    script = in_turn(reply, completes(TEXT))
    async with asking(script, patience=Patience(sleep=waits)) as (model, server):
        assert await replied(model) == (TEXT, STOP)

    assert len(server.asked) == 2
    assert len(waits.seconds) == 1


PARTLY = event_of(chunk({"delta": {"content": "par"}}))


@pytest.mark.parametrize(
    "reply",
    [
        replace(streams(PARTLY, PARTLY, PARTLY), cut=1),
        streams(PARTLY),
        streams(PARTLY, DONE),
        streams(PARTLY, b"data: {nonsense}\n\n"),
        streams(PARTLY, b"data: \xff\n\n"),
        streams(PARTLY, event_of({"error": {"message": "Overloaded."}})),
        streams(PARTLY, b"event: error\n" + event_of({"error": {"message": "Overloaded."}})),
        streams(PARTLY, event_of(chunk({"delta": {}, "finish_reason": "error"}))),
    ],
    ids=range(8),
)
async def test_what_breaks_within_its_text_is_told(reply: Reply) -> None:
    """Once there was text nothing is tried again: the reply ends as broken."""
    async with asking(in_turn(reply)) as (model, server):
        assert await replied(model) == ("par", Ending(finish="broken", usage=Usage()))

    assert len(server.asked) == 1


async def test_what_breaks_behind_its_end_is_whole() -> None:
    """A connection that breaks when all was said takes nothing away."""
    ended = events(*events_of({"content": TEXT}, usage=None), {"error": "Too late."})
    async with asking(in_turn(ended)) as (model, _):
        assert await replied(model) == (TEXT, Ending(finish="stop", usage=Usage()))


# What a server does not understand.


@pytest.mark.parametrize(
    "reply",
    [completes(TEXT), chooses({"message": {"content": TEXT}, "finish_reason": None})],
    ids=["whole", "without end"],
)
async def test_a_server_may_ignore_that_a_stream_is_wanted(reply: Reply) -> None:
    """A completion that comes whole is one piece."""
    async with asking(in_turn(replace(reply, events=None))) as (model, server):
        parts = [part async for part in model.reply(MESSAGES, SHAPE, inf)]

    assert parts == [TEXT, STOP]
    assert server.asked[0].is_streamed


def refuses(*names: str, told: str, status: int = 400) -> Script:
    """A server that does not know some parameters, or some forms, and tells by `param` or words."""

    def script(request: Request) -> Reply:
        for name in names:
            if name in request.body or name == request.form:
                param = "response_format" if name.startswith("json_") else name
                words = f"'{name}' is not supported." if told == "words" else "It does not work."
                return fails(status, words, param=param if told == "param" else None)
        return completes(TEXT)

    return script


@pytest.mark.parametrize(
    ("names", "forms", "left"),
    [
        ((), ["json_schema"], {"max_tokens", "temperature", "stream", "stream_options"}),
        (
            ("json_schema",),
            ["json_schema", "json_object"],
            {"max_tokens", "temperature", "stream", "stream_options"},
        ),
        (
            ("response_format",),
            ["json_schema", "json_object", ""],
            {"max_tokens", "temperature", "stream", "stream_options"},
        ),
        (
            ("max_tokens", "temperature"),
            ["json_schema"] * 3,
            {"max_completion_tokens", "stream", "stream_options"},
        ),
        (
            ("max_tokens", "max_completion_tokens", "stream_options"),
            ["json_schema"] * 4,
            {"temperature", "stream"},
        ),
        (("stream",), ["json_schema"] * 2, {"max_tokens", "temperature"}),
        (
            ("stream_options", "stream", "temperature", "max_tokens", "response_format"),
            ["json_schema"] * 5 + ["json_object", ""],
            {"max_completion_tokens"},
        ),
    ],
)
@pytest.mark.parametrize(("status", "told"), [(400, "param"), (422, "words")])
async def test_what_a_server_understands_is_found_out_once(
    names: tuple[str, ...], forms: list[str], left: set[str], status: int, told: str
) -> None:
    """What a server refuses is not said to it again, and the rest is said as before."""
    script = refuses(*names, told=told, status=status)
    async with asking(script, temperature=0.0) as (model, server):
        texts = [(await replied(model))[0] for _ in range(3)]

    assert texts == [TEXT] * 3
    assert [request.form for request in server.asked] == [*forms, forms[-1], forms[-1]]
    said = server.asked[-1].body.keys() - {"model", "messages", "response_format"}
    assert said == left


async def test_a_refusal_without_a_name_is_about_the_form() -> None:
    """Where the server does not say what it does not know, the form becomes plainer."""
    async with asking(refuses("json_schema", "json_object", told="")) as (model, server):
        assert (await replied(model))[0] == TEXT

    assert [request.form for request in server.asked] == ["json_schema", "json_object", ""]


async def test_one_request_that_is_refused_changes_no_other() -> None:
    """A request that is refused in every form is told as such, and the next begins anew."""
    script = in_turn(*[fails(400, "It is too odd.")] * 3, completes(TEXT))
    async with asking(script) as (model, server):
        with pytest.raises(ModelError, match=r"does not take the request.*It is too odd\.$"):
            await replied(model)
        assert (await replied(model))[0] == TEXT

    assert [request.form for request in server.asked][-1] == "json_schema"


async def test_openai_is_asked_in_its_newest_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address of one's own the newer name of the limit is the first."""
    with serving(in_turn(completes(TEXT))) as server:
        model = model_of(server)
        own = LanguageModel(name=MODEL, key=SecretStr(KEY))

    assert model._manner.limits[0] == "max_tokens"  # noqa: SLF001
    assert own._manner.limits[0] == "max_completion_tokens"  # noqa: SLF001


# Servers that fail.


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
async def test_a_passing_failure_is_tried_again(status: int) -> None:
    """What may pass is tried again, by nobody but us."""
    waits = Waits()
    script = in_turn(fails(status), completes(TEXT))
    async with asking(script, patience=Patience(sleep=waits)) as (model, server):
        assert (await replied(model))[0] == TEXT

    assert len(server.asked) == 2
    assert len(waits.seconds) == 1


async def test_a_server_says_how_long_to_wait() -> None:
    """`Retry-After` is kept to."""
    waits = Waits()
    script = in_turn(fails(429, headers={"Retry-After": "7"}), completes(TEXT))
    async with asking(script, patience=Patience(sleep=waits)) as (model, _):
        await replied(model)

    assert 7 <= waits.seconds[0] <= 8


async def test_nobody_waits_longer_than_there_is_time() -> None:
    """Where a server wants a longer wait than there is time, that is the end."""
    waits = Waits()
    script = in_turn(fails(429, "Slower.", headers={"Retry-After": "3600"}))
    async with asking(script, patience=Patience(sleep=waits)) as (model, server):
        with pytest.raises(ModelError, match="Slower"):
            await replied(model)

    assert waits.seconds == []
    assert len(server.asked) == 1


@pytest.mark.parametrize("tries", [1, 3])
async def test_a_server_that_fails_for_ever_is_given_up(tries: int) -> None:
    """After so many tries the error tells how the last one failed."""
    patience = Patience(tries=tries, sleep=Waits())
    async with asking(in_turn(fails(500, "Oh.")), patience=patience) as (model, server):
        with pytest.raises(ModelError, match=rf"^The model {MODEL} did not reply: .*500 - Oh\.$"):
            await replied(model)

    assert len(server.asked) == tries


async def test_a_server_that_is_not_there_is_told() -> None:
    """Where nobody listens, the error says so."""
    with closing(socket()) as taken:
        taken.bind(("127.0.0.1", 0))  # Bound, but not listened to: nobody else gets the port.
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        model = LanguageModel(
            name=MODEL, base_url=url, key=SecretStr(KEY), patience=Patience(sleep=Waits())
        )
        with pytest.raises(ModelError, match="no connection to its server"):
            await replied(model)
        await model.close()


FINAL = [
    (fails(401, f"Not {KEY}!"), ModelSettingsError, "set OPENAI_API_KEY to a valid one"),
    (fails(403, f"Not {KEY}!"), ModelSettingsError, f"may not use {MODEL}.*CITEBOT_MODEL"),
    (fails(404, f"Not {KEY}!"), ModelSettingsError, "check CITEBOT_MODEL.*ends in /v1"),
    (fails(405, f"Not {KEY}!"), ModelSettingsError, "check CITEBOT_MODEL.*ends in /v1"),
    (fails(400, f"Not {KEY}!", code="model_not_found"), ModelSettingsError, "check CITEBOT_MODEL"),
    (
        Reply(pieces=(b"<!doctype html>",), kind="text/html; charset=utf-8"),
        ModelSettingsError,
        "ends in /v1",
    ),
    (fails(402, f"Not {KEY}!"), ModelSettingsError, "used up: top it up"),
    (fails(429, f"{KEY}", code="insufficient_quota"), ModelSettingsError, "used up: top it up"),
    (fails(400, KEY, code="context_length_exceeded"), ModelError, "lower CITEBOT_CONTEXT_TOKENS"),
    (
        fails(400, f"{KEY}: This model's maximum context length is 8192 tokens."),
        ModelError,
        "lower CITEBOT_CONTEXT_TOKENS",
    ),
    (fails(413, KEY), ModelError, "lower CITEBOT_CONTEXT_TOKENS"),
    (
        events({"error": {"message": KEY, "code": "context_length_exceeded"}}),
        ModelError,
        "lower CITEBOT_CONTEXT_TOKENS",
    ),
    (fails(400, f"Odd: {KEY}.", code="content_filter"), ModelError, "take the request.*Odd: …"),
    (fails(418, f"Odd: {KEY}."), ModelError, "take the request.*418 - Odd: …"),
]


@pytest.mark.parametrize(("reply", "kind", "said"), FINAL, ids=range(len(FINAL)))
async def test_what_will_not_pass_says_what_to_set(
    reply: Reply, kind: type[ModelError], said: str
) -> None:
    """One request, one sentence, and what can be set is named."""
    async with asking(in_turn(reply)) as (model, server):
        with pytest.raises(ModelError, match=rf"^[^\n]*{said}[^\n]*\.?$") as raised:
            await replied(model)

    assert type(raised.value) is kind
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (fails(500, "a\nb\r\n\tc\x1b[31m\u202ed\x00e"), "a b c [31m d e"),
        (fails(500, "x" * 5_000), f"{'x' * 100}"),
        (Reply(pieces=(b'{"detail": "Busy."}',), status=500), r"Busy\."),
        (Reply(pieces=(b'{"error": "Busy."}',), status=500), r"Busy\."),
        (Reply(pieces=(b"Busy.",), status=500, kind="text/plain"), r"Busy\."),
        (Reply(pieces=(b"",), status=500, kind="text/plain"), "500"),
        (Reply(pieces=(b"\xff[[[",), status=500), "500"),
    ],
    ids=range(7),
)
async def test_a_servers_words_are_told_on_one_line(reply: Reply, said: str) -> None:
    """What the server says is told shortly, without what could draw on a terminal."""
    said = said.replace("[31m", r"\[31m")
    async with asking(in_turn(reply)) as (model, _):
        with pytest.raises(
            ModelError, match=rf"^[^\x00-\x1f\u202e]*{said}[^\x00-\x1f]*$"
        ) as raised:
            await replied(model)

    assert len(str(raised.value)) < 300


# Time.


@pytest.mark.parametrize(
    "reply",
    [
        replace(completes(TEXT), delay=60),
        replace(streams(*[b": wait\n\n"] * 600), pause=0.02),
        replace(streams(*[event_of(chunk())] * 600), pause=0.02),
        replace(Reply(pieces=(b" ",) * 600), pause=0.02),
    ],
    ids=["silent", "comments", "empty", "whole"],
)
async def test_nothing_is_waited_for_beyond_the_deadline(reply: Reply) -> None:
    """A server that says nothing, or goes on saying nothing, holds a question for its time only."""
    began = time.monotonic()
    async with asking(in_turn(reply)) as (model, server):
        with pytest.raises(ModelError, match="no reply in time"):
            await replied(model, seconds=0.3)
        assert time.monotonic() - began < 2
        await gone(server)

    assert len(server.asked) == 1


async def test_a_silent_server_is_tried_again() -> None:
    """One try has its own time, and there may be time for another."""
    script = in_turn(replace(completes(TEXT), delay=60), completes(TEXT))
    async with asking(script, patience=Patience(seconds=0.2, sleep=Waits())) as (model, server):
        assert (await replied(model))[0] == TEXT

    assert len(server.asked) == 2


@pytest.mark.parametrize(("silence", "seconds"), [(0.2, 30.0), (30.0, 0.4)])
async def test_silence_within_a_text_breaks_it(silence: float, seconds: float) -> None:
    """A stream that stops in the middle, and does not end, is a broken one."""
    reply = replace(streams(PARTLY, PARTLY), pause=60)
    async with asking(in_turn(reply), patience=Patience(seconds=silence)) as (model, server):
        began = time.monotonic()
        assert await replied(model, seconds=seconds) == (
            "par",
            Ending(finish="broken", usage=Usage()),
        )
        assert time.monotonic() - began < 2
        await gone(server)


async def test_without_time_nothing_is_asked() -> None:
    """A question whose time is over does not reach the server."""
    async with asking(in_turn(completes(TEXT))) as (model, server):
        with pytest.raises(ModelError, match="no time left"):
            await replied(model, seconds=-1)

    assert server.requests == []


# Many at once, and callers that leave.


@pytest.mark.parametrize("concurrency", [1, 7])
async def test_so_many_are_asked_at_once_and_no_more(concurrency: int) -> None:
    """All questions are answered, and never more of them at once than allowed."""
    slow = replace(completes(TEXT), delay=0.03)
    async with asking(in_turn(slow), concurrency=concurrency) as (model, server):
        found = await asyncio.gather(*[replied(model) for _ in range(15)])

    assert found == [(TEXT, STOP)] * 15
    assert server.most == concurrency


async def test_a_hundred_are_asked_at_once() -> None:
    """A hundred replies can be under way, and none gets another's words."""

    def script(request: Request) -> Reply:
        return replace(completes(request.message("user"), parts=3), delay=0.5)

    async def one(model: LanguageModel, number: int) -> str:
        words = f"Question {number} " + "é" * number
        messages = (MESSAGES[0], Message(role="user", text=words))
        parts = [part async for part in model.reply(messages, SHAPE, time.monotonic() + 30)]
        return "".join(part for part in parts if isinstance(part, str)).removeprefix(words)

    async with asking(script, concurrency=100) as (model, server):
        left = await asyncio.gather(*[one(model, number) for number in range(100)])

    assert left == [""] * 100
    assert server.most == 100


async def test_who_gets_no_place_in_time_is_told() -> None:
    """Waiting for a place ends when the time is over, and does not take the place away."""
    slow = replace(streams(*[PARTLY] * 100), pause=0.02)
    async with asking(in_turn(slow, completes(TEXT)), concurrency=1) as (model, server):
        async with aclosing(model.reply(MESSAGES, SHAPE, inf)) as coming:
            await anext(coming)
            with pytest.raises(ModelError, match="busy with other questions"):
                await replied(model, seconds=0.1)
        assert (await replied(model))[0] == TEXT

    assert len(server.asked) == 2


async def test_who_stops_early_hangs_up() -> None:
    """A caller that closes a reply closes its connection at once, and frees its place."""
    endless = replace(streams(*[PARTLY] * 10_000), pause=0.01)
    async with asking(in_turn(endless, completes(TEXT)), concurrency=1) as (model, server):
        async with aclosing(model.reply(MESSAGES, SHAPE, inf)) as coming:
            assert await anext(coming) == "par"
            assert server.under_way == 1
        await gone(server)
        assert (await replied(model))[0] == TEXT


async def test_who_just_leaves_hangs_up() -> None:
    """A caller that breaks off its loop and forgets the reply does the same."""
    endless = replace(streams(*[PARTLY] * 10_000), pause=0.01)
    async with asking(in_turn(endless, completes(TEXT)), concurrency=1) as (model, server):
        async for _ in model.reply(MESSAGES, SHAPE, inf):
            break
        await gone(server)
        assert (await replied(model))[0] == TEXT


async def test_a_page_is_not_read_to_its_end() -> None:
    """What is no reply is hung up on at once."""
    page = Reply(pieces=(b"<p>" * 10,) * 1_000, kind="text/html", pause=0.05)
    async with asking(in_turn(page)) as (model, server):
        with pytest.raises(ModelSettingsError):
            await replied(model)
        await gone(server)


@pytest.mark.parametrize(
    "reply",
    [replace(completes(TEXT), delay=60), replace(streams(PARTLY, PARTLY), pause=60)],
    ids=["before", "within"],
)
async def test_who_is_cancelled_hangs_up(reply: Reply) -> None:
    """A task that is cancelled leaves neither a connection nor a taken place behind."""
    async with asking(in_turn(reply, completes(TEXT)), concurrency=1) as (model, server):
        task = asyncio.create_task(replied(model))
        await until(lambda: server.under_way == 1)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await asyncio.wait_for(replied(model), 5))[0] == TEXT


# Event loops.


def test_a_model_serves_one_loop_after_the_other() -> None:
    """Each loop has connections of its own, and closes them: nothing is left open."""
    with serving(in_turn(completes(TEXT))) as server:
        model = model_of(server)
        found = [asyncio.run(replied(model)) for _ in range(3)]
        assert model._lines == {}  # noqa: SLF001
        gc.collect()  # What was left open would be told now, as an error.

    assert found == [(TEXT, STOP)] * 3


def test_a_model_serves_loops_of_several_threads() -> None:
    """Threads with a loop each do not come into each other's way."""
    found: list[tuple[str, Ending]] = []
    with serving(in_turn(replace(completes(TEXT, parts=3), pause=0.01))) as server:
        model = model_of(server, concurrency=1)
        ask = lambda: found.extend(asyncio.run(replied(model)) for _ in range(3))  # noqa: E731
        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        gc.collect()

    assert found == [(TEXT, STOP)] * 12


def test_a_loop_that_ends_early_leaves_nothing_open() -> None:
    """A reply that nobody read to its end is closed with its loop."""

    async def begin(model: LanguageModel) -> object:
        return await anext(model.reply(MESSAGES, SHAPE, inf))

    async def hold(model: LanguageModel) -> object:
        coming = model.reply(MESSAGES, SHAPE, inf)
        kept.append(coming)
        return await anext(coming)

    kept: list[object] = []
    with serving(in_turn(replace(streams(*[PARTLY] * 500), pause=0.01))) as server:
        model = model_of(server)
        assert asyncio.run(begin(model)) == "par"
        assert asyncio.run(hold(model)) == "par"
        assert asyncio.run(begin(model)) == "par"
        asyncio.run(gone(server))
        kept.clear()
        gc.collect()


def test_a_loop_that_was_closed_is_forgotten() -> None:
    """Of a loop that ended without closing anything, nothing is kept."""
    with serving(in_turn(completes(TEXT))) as server:
        model = model_of(server)
        loop = asyncio.new_event_loop()
        loop.run_until_complete(model._line())  # noqa: SLF001
        loop.close()

        async def ask() -> None:
            await replied(model)
            assert [*model._lines, *model._keepers] == [asyncio.get_running_loop()] * 2  # noqa: SLF001

        asyncio.run(ask())


async def test_one_loop_keeps_its_connection() -> None:
    """Replies one after the other need no new connection each, and after closing there is one."""
    async with asking(in_turn(completes(TEXT))) as (model, server):
        for _ in range(3):
            await replied(model)
        assert len({request.port for request in server.asked}) == 1
        await model.close()
        await model.close()
        await replied(model)
        assert len({request.port for request in server.asked}) == 2


# The breaker.


async def test_a_model_that_failed_is_left_alone_and_tried_again() -> None:
    """After three failed questions the next is answered at once, without a request; later one."""
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0])
    patience = Patience(tries=2, sleep=Waits())
    script = in_turn(*[fails(503, "Overloaded.")] * 6, completes(TEXT))
    async with asking(script, breaker=breaker, patience=patience) as (model, server):
        for _ in range(3):
            with pytest.raises(ModelError, match="did not reply"):
                await replied(model)
        for _ in range(5):
            with pytest.raises(ModelError, match=r"not asked for the moment.*Overloaded"):
                await replied(model)
        assert len(server.asked) == 6
        now[0] += 31
        assert (await replied(model))[0] == TEXT
        assert (await replied(model))[0] == TEXT


async def test_those_who_wait_for_a_place_are_told_too() -> None:
    """When a model fails, whoever still waits for a place is answered at once, not in turn."""
    script = in_turn(replace(fails(401), delay=0.05))
    async with asking(script, concurrency=1) as (model, server):
        tasks = [replied(model) for _ in range(20)]
        errors = await asyncio.gather(*tasks, return_exceptions=True)

    assert all(isinstance(error, ModelError) for error in errors)
    assert len(server.asked) == 3


async def test_a_model_that_failed_keeps_nobody_waiting() -> None:
    """Where nothing is asked, that is told at once, though all places are taken."""
    slow = replace(streams(*[PARTLY] * 1_000), pause=0.01)
    breaker = Breaker(failures=1)
    async with (
        asking(in_turn(slow), breaker=breaker, concurrency=1) as (model, _),
        aclosing(model.reply(MESSAGES, SHAPE, inf)) as coming,
    ):
        await anext(coming)
        with pytest.raises(Fault), breaker.watching():
            raise Fault("Gone.", status=500)
        with pytest.raises(ModelError, match="not asked for the moment"):
            await asyncio.wait_for(replied(model), 5)


async def test_a_trial_that_is_left_is_not_the_last() -> None:
    """A question that is broken off while it is the trial leaves room for another."""
    now = [0.0]
    breaker = Breaker(failures=1, clock=lambda: now[0])
    script = in_turn(fails(401), replace(completes(TEXT), delay=60), completes(TEXT))
    async with asking(script, breaker=breaker) as (model, server):
        with pytest.raises(ModelSettingsError):
            await replied(model)
        now[0] += 31
        trial = asyncio.create_task(replied(model))
        await until(lambda: len(server.asked) == 2)
        with pytest.raises(ModelError, match="not asked for the moment"):
            await replied(model)
        trial.cancel()
        with pytest.raises(asyncio.CancelledError):
            await trial
        assert (await replied(model))[0] == TEXT


# Key and address.


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "There is no key"),
        ({"OPENAI_API_KEY": ""}, "There is no key"),
        ({"OPENAI_ADMIN_KEY": KEY}, "There is no key"),
        ({"OPENAI_API_KEY": f"{KEY}\n"}, "holds what no key holds"),
        ({"OPENAI_API_KEY": f"{KEY}é"}, "holds what no key holds"),
        ({"OPENAI_API_KEY": f" {KEY}"}, "holds what no key holds"),
        ({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "127.0.0.1:80"}, "is no URL"),
        ({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": f"http://u:{KEY}@h:99999"}, "is no URL"),
    ],
)
def test_what_is_not_set_is_told_at_once(
    variables: Mapping[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a usable key and address there is no model; a sentence says what to set."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(ModelSettingsError, match=rf"{said}.*: set OPENAI_\w+\b.*\.$") as raised:
        LanguageModel(name=MODEL)

    assert KEY not in str(raised.value)


async def test_the_environment_names_key_and_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Key and address that are not given are those of the environment."""
    with serving(in_turn(completes(TEXT))) as server:
        monkeypatch.setenv("OPENAI_API_KEY", KEY)
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        model = LanguageModel(name=MODEL)
        assert (await replied(model))[0] == TEXT
        await model.close()


async def test_a_server_of_ones_own_needs_no_key() -> None:
    """With an address, a model without a key is asked with a word that is none."""
    with serving(in_turn(completes(TEXT))) as server:
        model = LanguageModel(name=MODEL, base_url=server.url)
        with pytest.raises(ModelSettingsError, match="set OPENAI_API_KEY"):  # This one needs one.
            await replied(model)
        await model.close()

    assert server.asked[0].headers["authorization"] == "Bearer none"


async def test_no_other_key_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key of an administrator, which the client knows of, stays at home."""
    monkeypatch.setenv("OPENAI_ADMIN_KEY", "sk-admin-secret")
    async with asking(in_turn(completes(TEXT))) as (model, server):
        await replied(model)

    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert "sk-admin" not in json.dumps(dict(server.asked[0].headers))


ECHOES = [
    *[
        fails(status, f"Your key {KEY} is odd, {'x' * 100} {KEY}")
        for status in (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 503)
    ],
    fails(400, "Odd.", code=KEY, param=KEY),
    fails(500, "x" * 120 + KEY),
    Reply(pieces=(json.dumps({"detail": [{"key": KEY}]}).encode(),), status=500),
    Reply(pieces=(KEY.encode(),), status=500, kind="text/plain"),
    Reply(pieces=(KEY.encode(),)),
    Reply(pieces=(KEY.encode(),), kind="text/html"),
    events({"error": {"message": f"Your key {KEY} is odd."}}),
    streams(b"data: {" + KEY.encode() + b"}\n\n"),
    Reply(pieces=(b"",), cut=0),
]


@pytest.mark.parametrize("reply", ECHOES, ids=range(len(ECHOES)))
async def test_nobody_sees_the_key(reply: Reply, caplog: pytest.LogCaptureFixture) -> None:
    """No error, log or representation holds the key, not even where a server repeats it."""
    caplog.set_level(logging.DEBUG)
    async with asking(in_turn(reply)) as (model, server):
        with pytest.raises(ModelError) as raised:
            await replied(model)
        told = [str(raised.value), repr(raised.value), repr(model), str(vars(model))]
        told += [*traceback.format_exception(raised.value), *map(str, raised.value.args)]
        for _ in range(3):  # Until the breaker repeats what the last error was.
            with pytest.raises(ModelError) as again:
                await replied(model)
            told.append(str(again.value))
        told.append(repr(model.breaker))

    assert server.asked[0].headers["authorization"] == f"Bearer {KEY}"
    assert caplog.records
    assert not [text for text in (*told, caplog.text) if KEY[:10] in text]


def test_times_only_rise() -> None:
    """What the tests above take for granted: the clock of `until` is the one that is asked."""
    times = [Patience().clock() for _ in range(3)] + [time.monotonic()]

    assert all(later >= earlier for earlier, later in pairwise(times))


# The server that these tests ask.


@pytest.mark.parametrize("is_counted", [True, False])
def test_the_server_streams_as_openai_does(*, is_counted: bool) -> None:
    """Chunks of HTTP, events with a role, text, an end, what it took if asked for, and a mark."""
    body: dict[str, object] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "Hello."}],
        "stream": True,
        "stream_options": {"include_usage": is_counted},
    }
    with serving(in_turn(completes("ab", parts=2))) as server:
        connection = HTTPConnection(server.url.split("/")[2])
        with closing(connection):
            headers = {"Authorization": f"Bearer {KEY}"}
            connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
            response = connection.getresponse()
            data = response.read().decode()

    assert response.headers["Transfer-Encoding"] == "chunked"
    assert response.headers["Content-Type"] == "text/event-stream"
    *found, last, rest = data.split("\n\n")
    assert (last, rest) == ("data: [DONE]", "")
    values = [json.loads(one.removeprefix("data: ")) for one in found]
    choices = [value["choices"][0] for value in values if value["choices"]]
    assert [one["delta"].get("content") for one in choices] == ["", "a", "b", None]
    assert [one["finish_reason"] for one in choices] == [None, None, None, "stop"]
    assert [value["usage"] for value in values if not value["choices"]] == [USAGE] * is_counted


def test_empty_address_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """`OPENAI_BASE_URL=` means OpenAI's own address, as it does where it is not set."""
    monkeypatch.setenv("OPENAI_BASE_URL", "")
    assert LanguageModel(name=MODEL, key=SecretStr(KEY)).base_url is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("ALL_PROXY", "socks5://127.0.0.1:1"), ("HTTPS_PROXY", "foo://x"), ("SSL_CERT_FILE", "/no")],
)
async def test_client_that_cannot_be_made_says_what_to_check(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy or certificates that the client cannot use are a sentence, and no end of it all."""
    for other in ("NO_PROXY", "no_proxy", "SSL_CERT_DIR"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, value)
    model = LanguageModel(name=MODEL, base_url="https://127.0.0.1:9/v1", key=SecretStr(KEY))
    with pytest.raises(ModelSettingsError, match="check HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE"):
        await replied(model)


async def test_name_that_is_no_text_is_sent_as_well_as_can_be() -> None:
    """Bytes of the environment that are no UTF-8 do not end in a traceback."""
    with serving(in_turn(completes(TEXT))) as server:
        model = LanguageModel(name="gpt\udcff", base_url=server.url, key=SecretStr(KEY))
        assert (await replied(model))[0] == TEXT
        assert server.asked[0].body["model"] == "gpt?"
        await model.close()
