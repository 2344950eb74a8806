"""Asking a language model something, and entering what it took into the ledger."""

import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from types import MappingProxyType

from prompts import Prompt, PromptError, load
from rag.domain import Question, Usage
from rag.errors import ModelError, ModelSettingsError
from rag.fence import fenced
from rag.ledger import Ledger
from rag.ports import Ending, Message, Model, Shape

Texts = Sequence[tuple[str, str]]
"""Other people's texts, each under its label."""

EXCHANGES = 6
"""Earlier questions with their replies that a model is told of."""

LONGEST = 2_000
"""Characters of each of them."""

OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "length": "its reply was cut off at CITEBOT_ANSWER_TOKENS",
        "content_filter": "its server's filter stopped it",
        "refusal": "it refused",
        "tool_calls": "it wanted to use a tool",
        "broken": "its reply broke off",
    }
)
"""What an unhappy ending means, to stand behind `The language model was not heard out: `."""


BEGINNINGS = 100
"""Braces that are tried for the beginning of an object, so that a reply of braces stays cheap."""


def history_texts(question: Question) -> list[tuple[str, str]]:
    """The end of the conversation before a question."""
    return [
        (label, text[:LONGEST])
        for exchange in question.history[-EXCHANGES:]
        for label, text in (
            ("earlier question", exchange.question),
            ("earlier reply", exchange.reply),
        )
    ]


def prompt_of(name: str) -> Prompt:
    """A prompt. Raises `ModelSettingsError` where its file is faulty."""
    try:
        return load(name)
    except PromptError as error:
        raise ModelSettingsError(str(error)) from None


def messages_of(prompt: Prompt, texts: Texts, **values: str) -> tuple[Message, Message]:
    """A prompt, and the texts that it is about behind fences of their own."""
    fence = fenced(texts)
    return (
        Message(role="system", text=prompt.fill(boundary=fence.boundary, **values)),
        Message(role="user", text=fence.text),
    )


async def pieces(
    model: Model, prompt: Prompt, messages: Sequence[Message], shape: Shape, ledger: Ledger
) -> AsyncGenerator[str | Ending, None]:
    """A reply as it comes. Raises `ModelError` if nothing came."""
    ledger.ask(prompt.name, prompt.digest)
    usage = Usage()  # Where no end is heard, what it took is not known.
    try:
        async with aclosing(model.reply(messages, shape, ledger.until)) as reply:
            async for piece in reply:
                if isinstance(piece, Ending):
                    usage = piece.usage
                yield piece
    finally:
        ledger.pay(model.name, usage)


async def whole(
    model: Model, prompt: Prompt, messages: Sequence[Message], shape: Shape, ledger: Ledger
) -> str:
    """All of a reply. Raises `ModelError` if nothing came, or not to its end."""
    text: list[str] = []
    async with aclosing(pieces(model, prompt, messages, shape, ledger)) as reply:
        async for piece in reply:
            if isinstance(piece, str):
                text.append(piece)
            elif piece.finish in OUTCOMES:
                raise ModelError(outcome(piece))
    return "".join(text)


def outcome(ending: Ending) -> str:
    """What an ending means for a reader, in a sentence; empty for a good one."""
    why = OUTCOMES.get(ending.finish)
    return f"The language model was not heard out: {why}." if why else ""


def strings_of(reply: str) -> Mapping[str, str]:
    """The strings of the last JSON object in a reply; what stands around it is passed over.

    Raises `ModelError` where there is none.
    """
    decoder = json.JSONDecoder()
    found: dict[str, object] | None = None
    start = reply.find("{")
    for _ in range(BEGINNINGS):
        if start < 0:
            break
        try:
            found, end = decoder.raw_decode(reply, start)
        except (ValueError, RecursionError):
            end = start + 1
        start = reply.find("{", end)
    if found is None:
        raise unreadable()
    return {name: value for name, value in found.items() if isinstance(value, str)}


def unreadable() -> ModelError:
    """That a reply was no answer to what was asked."""
    return ModelError("The language model's reply was not in the form that was asked for.")
