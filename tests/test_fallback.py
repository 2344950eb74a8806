"""What `rag.fallback` promises: without a model the articles' own words, and never both."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import pytest

from rag.domain import Claim, Draft, Dropped, Material, Question, Reason
from rag.errors import CitebotError, ModelError, ModelSettingsError
from rag.fallback import Fallback, Silent
from rag.ledger import Ledger
from rag.ports import Model, Shape
from tests.fakes import FakeGenerator
from tests.library import question

ASKED = question("Who bought the mill?")
WRITTEN = Claim(text="Anna bought it.", keys=("k1",))
QUOTED = Claim(text="The mill was sold to Anna.", keys=("k1",), verbatim=True)
AWAY = ModelError("The model is away.")


class Writing(FakeGenerator):
    """Says its claims, then fails, or ends with its draft."""

    name = "written"

    def __init__(self, *claims: Claim, error: Exception | None = None) -> None:
        super().__init__(*claims)
        self.error = error
        self.is_closed = False

    async def draft(
        self, question: Question, material: Material, ledger: Ledger
    ) -> AsyncGenerator[Claim | Draft, None]:
        ledger.writer = "model-1"
        try:
            for claim in self.claims:
                yield claim
            if self.error:
                raise self.error
            yield Draft(claims=self.claims, reason=Reason.OFF_TOPIC)
        finally:
            self.is_closed = True

    async def repair(
        self, question: Question, material: Material, failed: Sequence[Dropped], ledger: Ledger
    ) -> Sequence[Claim]:
        return (WRITTEN,)


async def drafted(first: Writing, ledger: Ledger | None = None) -> list[Claim | Draft]:
    fallback = Fallback(first, FakeGenerator(QUOTED))
    async with aclosing(fallback.draft(ASKED, Material(), ledger or Ledger())) as drafting:
        return [one async for one in drafting]


@pytest.mark.parametrize("claims", [(), (WRITTEN,), (WRITTEN, WRITTEN)])
async def test_a_model_that_answers_is_not_replaced(claims: tuple[Claim, ...]) -> None:
    """Its claims and its draft come as they are, also where it says that there are none."""
    ledger = Ledger()
    found = await drafted(Writing(*claims), ledger)
    assert found == [*claims, Draft(claims=claims, reason=Reason.OFF_TOPIC)]
    assert ledger.writer == "model-1"


@pytest.mark.parametrize("error", [AWAY, ModelSettingsError("Set OPENAI_API_KEY.")])
async def test_without_a_model_the_articles_speak(error: ModelError) -> None:
    """The other generator's claims, its name, why, and no model as the writer."""
    ledger = Ledger()
    found = await drafted(Writing(error=error), ledger)
    draft = Draft(claims=(QUOTED,), degraded=str(error), generator="fake")
    assert found == [QUOTED, draft]
    assert ledger.writer is None


async def test_what_was_shown_stays_when_the_model_goes() -> None:
    """Behind claims nothing else is put; the draft says that they are not all."""
    ledger = Ledger()
    found = await drafted(Writing(WRITTEN, error=AWAY), ledger)
    assert found == [WRITTEN, Draft(claims=(WRITTEN,), degraded="The model is away.")]
    assert ledger.writer == "model-1"


@pytest.mark.parametrize("error", [CitebotError("The disk is full."), RuntimeError("a bug")])
async def test_other_errors_are_not_hidden(error: Exception) -> None:
    """Only a model that does not answer is replaced."""
    with pytest.raises(type(error)):
        await drafted(Writing(error=error))


async def test_leaving_early_closes_the_model() -> None:
    """A reader who goes away leaves no request behind."""
    first = Writing(WRITTEN, WRITTEN)
    fallback = Fallback(first, FakeGenerator(QUOTED))
    async with aclosing(fallback.draft(ASKED, Material(), Ledger())) as drafting:
        assert await anext(drafting) == WRITTEN
        assert not first.is_closed
    assert first.is_closed


async def test_repair_and_name_are_the_models() -> None:
    """Who was asked for is named, and mends; what articles say is not to be mended."""
    fallback = Fallback(Writing(), FakeGenerator(QUOTED))
    assert fallback.name == "written"
    assert await fallback.repair(ASKED, Material(), (), Ledger()) == (WRITTEN,)


async def test_silent_model_says_what_to_set() -> None:
    """A model that cannot be asked raises that as soon as it is asked."""
    silent: Model = Silent("gpt", "Set OPENAI_API_KEY.")
    assert silent.name == "gpt"
    with pytest.raises(ModelSettingsError, match="Set OPENAI_API_KEY"):
        await anext(silent.reply((), Shape(name="a", schema={}), 0.0))
