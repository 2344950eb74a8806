"""Answers in a language model's words: claims, each with the keys of its sentences.

    material ─ context ─ prompt ─ model ─ pieces ─ claims (as they close) ─ draft

Nothing that the model says is believed here; whether a claim may be shown is decided behind.
"""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from typing import Final

from prompts import Prompt
from rag.claims import ClaimReader, Raw
from rag.context import context
from rag.dialogue import Texts, messages_of, outcome, pieces, prompt_of, unreadable
from rag.domain import Claim, Draft, Dropped, Material, Question, Reason
from rag.errors import ModelError
from rag.languages import name_of
from rag.ledger import Ledger
from rag.plain import plain
from rag.ports import Ending, Model, Shape

SHAPE: Final = Shape(
    name="answer",
    schema={
        "type": "object",
        "properties": {
            "claims": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "text": {"type": "string"},
                        "keys": {"type": "array", "items": {"type": "string"}},
                    },
                    "required": ["text", "keys"],
                    "additionalProperties": False,
                },
            }
        },
        "required": ["claims"],
        "additionalProperties": False,
    },
)

MOST_MENDED = 8
"""Failed claims that a repair is asked for."""


class Writer:
    """Writes answers with a language model.

    `budget` is how many tokens of the articles it may read for one question.
    """

    def __init__(self, model: Model, *, budget: int) -> None:
        self._model = model
        self._budget = budget

    @property
    def name(self) -> str:
        """The model's."""
        return self._model.name

    async def draft(
        self, question: Question, material: Material, ledger: Ledger
    ) -> AsyncGenerator[Claim | Draft, None]:
        """Claims as their JSON objects close, and last the draft that they make.

        Raises `ModelError` where there was no answer to be read, not even a claim.
        """
        ledger.writer = self._model.name
        reader = ClaimReader()
        claims: list[Claim] = []
        ending: Ending | None = None
        texts = (
            *context(material, self._budget).texts,
            ("asked on", question.asked_at.date().isoformat()),
            ("question", question.meant),
        )
        async with aclosing(self._reply(prompt_of("answer"), texts, question, ledger)) as reply:
            async for piece in reply:
                if isinstance(piece, Ending):
                    ending = piece
                    continue
                for claim in _claims(reader.feed(piece)):
                    claims.append(claim)
                    yield claim
                if reader.flooded:
                    break
        yield _draft(claims, reader, ending)

    async def repair(
        self, question: Question, material: Material, failed: Sequence[Dropped], ledger: Ledger
    ) -> Sequence[Claim]:
        """Other claims in place of those that failed. Raises `ModelError`."""
        reader = ClaimReader()
        claims: list[Claim] = []
        texts = (
            *context(material, self._budget).texts,
            ("question", question.meant),
            *(("failed claim", _failure(one)) for one in failed[:MOST_MENDED]),
        )
        async with aclosing(self._reply(prompt_of("repair"), texts, question, ledger)) as reply:
            async for piece in reply:
                if isinstance(piece, str):
                    claims.extend(_claims(reader.feed(piece)))
                if reader.flooded:
                    break
        return claims

    def _reply(
        self, prompt: Prompt, texts: Texts, question: Question, ledger: Ledger
    ) -> AsyncGenerator[str | Ending, None]:
        messages = messages_of(prompt, texts, language=name_of(question.language))
        return pieces(self._model, prompt, messages, SHAPE, ledger)


def _claims(raw: Iterable[Raw]) -> list[Claim]:
    return [Claim(text=plain(one.text, one.keys), keys=one.keys) for one in raw]


def _draft(claims: Sequence[Claim], reader: ClaimReader, ending: Ending | None) -> Draft:
    """What came of a reply. Raises `ModelError` where it was no answer.

    What comes behind a whole list of claims, such as blanks without end, does not matter.
    """
    bad = outcome(ending) if ending and not reader.whole else ""
    if not reader.readable:
        raise ModelError(bad) if bad else unreadable()
    if bad and not claims:
        raise ModelError(bad)
    return Draft(
        claims=tuple(claims),
        reason=Reason.NOT_SUPPORTED,
        confidence=1.0 if claims else 0.0,
        degraded=bad,
    )


def _failure(dropped: Dropped) -> str:
    keys = " ".join(dropped.claim.keys) or "none"
    return f"sentence: {dropped.claim.text}\nkeys: {keys}\nwhy it failed: {dropped.why}"
