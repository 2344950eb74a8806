"""What a language model says about the answers of a run; nothing needs it.

    asks -> messages -> model -> verdict -> judgements, as they come

What cannot be read is a judgement without a verdict, never a bad one. Everything quoted to the
model stands in fences that it cannot close.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator, Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace
from itertools import islice
from types import TracebackType

from pydantic import SecretStr

from eval.asks import VERDICTS, Ask, Kind, Text
from eval.completion import UnreadableError, verdict_of
from eval.records import Judgement
from prompts import Prompt, load
from rag.dialogue import messages_of
from rag.errors import ModelError, ModelSettingsError, UsageError
from rag.llm import LanguageModel
from rag.patience import Breaker, Patience
from rag.ports import Message, Shape

DEADLINE = 180.0
"""Seconds for one ask, with all its tries and the waits between them."""


class JudgeError(UsageError):
    """There can be no judging as things are set; the text says what to set."""


class Judge:
    """A model that judges. Made by `open_judge`; to be closed, best by `async with`."""

    def __init__(self, model: LanguageModel, deadline: float) -> None:
        self.model = model.name
        self._model = model
        self._deadline = deadline
        self._prompts: Mapping[Kind, Prompt] = {kind: load(kind) for kind in VERDICTS}

    async def __aenter__(self) -> "Judge":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._model.close()

    async def judge(self, ask: Ask) -> Judgement:
        """Ask once, with what patience there is. Raises `JudgeError` where no ask can succeed."""
        verdicts, prompt = VERDICTS[ask.prompt], self._prompts[ask.prompt]
        messages = messages_of(prompt, [(text.label, text.text) for text in ask.texts])
        verdict, problem = None, ""
        try:
            text, finish = await self._reply(messages, _shape(verdicts))
            verdict = verdict_of(text, finish, verdicts)
        except ModelSettingsError as error:
            raise JudgeError(str(error)) from None
        except (ModelError, UnreadableError) as error:
            problem = str(error)
        return Judgement(
            case=ask.case,
            round=ask.round,
            about=ask.about,
            verdict=verdict,
            model=self.model,
            prompt=prompt.digest,
            error=self._model.shown(problem),
        )

    async def _reply(self, messages: tuple[Message, ...], shape: Shape) -> tuple[str, str]:
        """The text of a reply and how it ended. Raises `ModelError`."""
        until = time.monotonic() + self._deadline
        tries = self._model.patience.tries
        text, finish = "", "broken"
        # Nobody reads along, so that what broke off can be asked for again.
        while finish == "broken" and tries and time.monotonic() < until:
            text, tries = "", tries - 1
            async with aclosing(self._model.reply(messages, shape, until)) as reply:
                async for part in reply:
                    if isinstance(part, str):
                        text += part
                    else:
                        finish = part.finish
        return text, finish


def open_judge(
    model: str,
    *,
    base_url: str | None = None,
    api_key: SecretStr | None = None,
    patience: Patience | None = None,
    deadline: float = DEADLINE,
) -> Judge:
    """A judge behind a server of OpenAI's kind.

    Key and address come from `OPENAI_API_KEY` and `OPENAI_BASE_URL` where they are not given.
    Raises `JudgeError` without a key, and for a key or an address that cannot be one.
    """
    try:
        judging = LanguageModel(
            name=model,
            base_url=base_url,
            key=api_key,
            concurrency=sys.maxsize,  # `judged` says how many.
            max_tokens=None,
            temperature=0.0,
            patience=patience or Patience(),
            breaker=Breaker(failures=sys.maxsize),  # Nobody waits: each ask gets its tries.
            setting="--model",
        )
    except ModelSettingsError as error:
        raise JudgeError(str(error)) from None
    return Judge(judging, deadline)


def _shape(verdicts: tuple[str, ...]) -> Shape:
    return Shape(
        name="verdict",
        schema={
            "type": "object",
            "properties": {"verdict": {"type": "string", "enum": list(verdicts)}},
            "required": ["verdict"],
            "additionalProperties": False,
        },
    )


async def judged(
    judge: Judge, asked: Iterable[Ask], *, concurrency: int
) -> AsyncGenerator[Judgement, None]:
    """The judgement of each ask as it comes, at most so many being asked for at once.

    Asks about the same words are put to the model once. Raises `JudgeError` where no ask can
    succeed, and for a concurrency below 1.
    """
    if concurrency < 1:
        raise JudgeError("Nothing is judged with a concurrency below 1: give a higher one.")
    same: dict[tuple[Kind, tuple[Text, ...]], list[Ask]] = {}
    for ask in asked:
        same.setdefault((ask.prompt, ask.texts), []).append(ask)
    waiting = iter(same.values())
    running: set[asyncio.Task[list[Judgement]]] = set()
    try:
        while True:
            free = concurrency - len(running)
            running |= {asyncio.create_task(_all(judge, one)) for one in islice(waiting, free)}
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            errors = [error for error in (task.exception() for task in done) if error]
            for task in done:
                for judgement in () if task.exception() else task.result():
                    yield judgement
            if errors:
                raise errors[0]
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _all(judge: Judge, same: list[Ask]) -> list[Judgement]:
    judgement = await judge.judge(same[0])
    return [replace(judgement, case=one.case, round=one.round, about=one.about) for one in same]
