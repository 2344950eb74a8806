"""From a text to a question: its language, what it points back to, and its other wordings."""

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime

from rag.clock import Clock
from rag.domain import Exchange, Question
from rag.errors import ModelError
from rag.followup import needs_history
from rag.languages import LanguageDetector
from rag.ledger import Ledger
from rag.rewrite import Rewriter
from rag.threads import aside

LANGUAGES = ("de", "en", "fr", "ru")
"""Languages that may be asked in besides those of the articles: those of the lexicon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """A question that can be looked up, or one that is known to make no sense by itself."""

    question: Question
    lost: tuple[str, ...] = ()
    """What in it points back to words that nobody here can look up in the conversation."""
    degraded: str = ""
    """Why this is less than the language model could do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """Understands questions; with a rewriter also follow-ups, and over languages."""

    detector: LanguageDetector
    now: Callable[[], datetime]
    rewriter: Rewriter | None = None

    async def question(
        self,
        text: str,
        history: tuple[Exchange, ...],
        languages: Collection[str],
        ledger: Ledger,
        clock: Clock,
    ) -> Understood:
        """What is asked. `languages` are those of the articles."""
        with clock.stage("understand"):
            question = await aside(self._plain, text, history, languages)
        degraded: list[str] = []
        if history:
            understood = await self._standalone(question, ledger, clock)
            if understood.lost:
                return understood
            question = understood.question
            degraded.append(understood.degraded)
        if self.rewriter and set(languages) - {question.language}:
            try:
                with clock.stage("translate"):
                    wordings = await self.rewriter.wordings(question, languages, ledger)
                question = replace(question, wordings=wordings)
            except ModelError as error:
                degraded.append(str(error))
        return Understood(question=question, degraded=next(filter(None, degraded), ""))

    def _plain(
        self, text: str, history: tuple[Exchange, ...], languages: Collection[str]
    ) -> Question:
        among = {*LANGUAGES, *languages}
        # A question without letters ("2023?") is in the language of the one before.
        asked = (text, *(exchange.question for exchange in reversed(history)))
        worded = next((one for one in asked if any(map(str.isalpha, one))), text)
        language = self.detector.detect(worded, among=among)
        return Question(text=text, language=language, asked_at=self.now(), history=history)

    async def _standalone(self, question: Question, ledger: Ledger, clock: Clock) -> Understood:
        """The question without its history, by the model; else as it is, if it makes sense."""
        why = ""
        if self.rewriter:
            try:
                with clock.stage("rewrite"):
                    wording = await self.rewriter.standalone(question, ledger)
            except ModelError as error:
                why = str(error)
            else:
                changed = wording if wording != question.text else ""
                return Understood(question=replace(question, standalone=changed))
        lost = needs_history(question.text, question.language)
        return Understood(question=question, lost=tuple(lost), degraded=why)
