"""A language model's words, or the articles' own where the model does not answer."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from rag.domain import Claim, Draft, Dropped, Material, Question
from rag.errors import ModelError, ModelSettingsError
from rag.ledger import Ledger
from rag.ports import Ending, Generator, Message, Shape


class Fallback:
    """Asks one generator, and where its model does not answer, another that needs none."""

    def __init__(self, first: Generator, second: Generator) -> None:
        self._first = first
        self._second = second

    @property
    def name(self) -> str:
        """The first one's; a draft by the second says so."""
        return self._first.name

    async def draft(
        self, question: Question, material: Material, ledger: Ledger
    ) -> AsyncGenerator[Claim | Draft, None]:
        """Claims of the first generator; all of them of the second, if it had none."""
        claims: list[Claim] = []
        try:
            async with aclosing(self._first.draft(question, material, ledger)) as drafting:
                async for one in drafting:
                    yield one
                    if isinstance(one, Claim):
                        claims.append(one)
        except ModelError as error:
            why = str(error)
        else:
            return
        if claims:  # They are shown already, and what is shown stays.
            yield Draft(claims=tuple(claims), degraded=why)
            return
        ledger.writer = None
        async with aclosing(self._second.draft(question, material, ledger)) as drafting:
            async for one in drafting:
                if isinstance(one, Draft):
                    yield replace(one, degraded=why, generator=self._second.name)
                else:
                    yield one

    async def repair(
        self, question: Question, material: Material, failed: Sequence[Dropped], ledger: Ledger
    ) -> Sequence[Claim]:
        """The first generator's; what the second proposes is as the articles have it."""
        return await self._first.repair(question, material, failed, ledger)


class Silent:
    """A model that cannot be asked; `why` says what to set."""

    def __init__(self, name: str, why: str) -> None:
        self.name = name
        self._why = why

    async def reply(
        self, _messages: Sequence[Message], _shape: Shape, _until: float
    ) -> AsyncGenerator[str | Ending, None]:
        """Raises `ModelSettingsError`, always."""
        if self._why:
            raise ModelSettingsError(self._why)
        yield ""  # What makes this a generator.
