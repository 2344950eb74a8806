"""A second gate that is optional: a language model says whether quotes carry a claim."""

from collections.abc import Sequence

from rag.dialogue import messages_of, prompt_of, strings_of, whole
from rag.errors import ModelError
from rag.ledger import Ledger
from rag.ports import Model, Shape

VERDICTS = ("supported", "unsupported")

SHAPE = Shape(
    name="verdict",
    schema={
        "type": "object",
        "properties": {"verdict": {"type": "string", "enum": list(VERDICTS)}},
        "required": ["verdict"],
        "additionalProperties": False,
    },
)


class Judge:
    """Asks a model about claims that have passed every check by rule."""

    def __init__(self, model: Model) -> None:
        self._model = model

    async def carries(self, claim: str, quotes: Sequence[str], ledger: Ledger) -> bool:
        """Whether the quotes, taken together, carry the claim.

        Raises `ModelError` without a verdict.
        """
        prompt = prompt_of("support")
        texts = [("statement", claim), *(("quote", quote) for quote in quotes)]
        messages = messages_of(prompt, texts)
        reply = await whole(self._model, prompt, messages, SHAPE, ledger)
        verdict = strings_of(reply).get("verdict", "").strip().lower()
        if verdict not in VERDICTS:
            raise ModelError("The judge's reply held no verdict.")
        return verdict == "supported"
