"""A question in other words: a follow-up by itself, and a question in other languages.

What a model makes of a question is only looked up and answered; a reader is told of it.
"""

from collections import OrderedDict
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from rag.dialogue import history_texts, messages_of, prompt_of, strings_of, whole
from rag.domain import Question
from rag.errors import ModelError, QuestionError
from rag.languages import name_of
from rag.ledger import Ledger
from rag.ports import Model, Shape
from rag.question import checked

REMEMBERED = 1_000
"""Questions whose translations are kept."""


class Rewriter:
    """Puts questions into other words with a language model.

    What comes back as no fit question, or longer than `most` characters, counts as nothing.
    """

    def __init__(self, model: Model, *, most: int) -> None:
        self._model = model
        self._most = most
        self._kept: OrderedDict[tuple[str, str, frozenset[str]], Mapping[str, str]] = OrderedDict()

    async def standalone(self, question: Question, ledger: Ledger) -> str:
        """What a follow-up asks, in words that need no history. Raises `ModelError`."""
        prompt = prompt_of("rewrite")
        texts = (*history_texts(question), ("question", question.text))
        messages = messages_of(prompt, texts, language=name_of(question.language))
        shape = _strings("question", ["question"])
        reply = await whole(self._model, prompt, messages, shape, ledger)
        wording = self._fit(strings_of(reply).get("question", ""))
        if not wording:
            raise ModelError("The language model did not put the question into words of its own.")
        return wording

    async def wordings(
        self, question: Question, languages: Collection[str], ledger: Ledger
    ) -> Mapping[str, str]:
        """The question in each of these languages but its own, as far as the model gave them.

        Asked for once, then remembered. Raises `ModelError`.
        """
        others = frozenset(languages) - {question.language}
        key = (question.meant, question.language, others)
        if not others:
            return MappingProxyType({})
        kept = self._kept.get(key)
        if kept is None:
            kept = await self._translated(question, sorted(others), ledger)
            if kept.keys() == others:
                self._kept[key] = kept
            if len(self._kept) > REMEMBERED:
                self._kept.popitem(last=False)
        return kept

    async def _translated(
        self, question: Question, others: list[str], ledger: Ledger
    ) -> Mapping[str, str]:
        prompt = prompt_of("translate")
        messages = messages_of(
            prompt,
            [("question", question.meant)],
            language=name_of(question.language),
            others=", ".join(f"{name_of(code)} (`{code}`)" for code in others),
        )
        shape = _strings("translations", others)
        read = strings_of(await whole(self._model, prompt, messages, shape, ledger))
        fit = {code: self._fit(read.get(code, "")) for code in others}
        return MappingProxyType({code: wording for code, wording in fit.items() if wording})

    def _fit(self, text: str) -> str:
        try:
            return checked(text, most=self._most)
        except QuestionError:
            return ""


def _strings(name: str, names: list[str]) -> Shape:
    """An object of strings."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {one: {"type": "string"} for one in names},
        "required": names,
        "additionalProperties": False,
    }
    return Shape(name=name, schema=schema)
