"""From claims to statements, for one reply: cited, checked, judged, mended.

claim ─ plain? ─ said before? ─ keys ─ quotes in the file ─ facts ─ language ─ judge ─ statement
                             what fails is dropped, with its reason
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from rag.check import Checker
from rag.cite import Supported, cite
from rag.clock import Clock
from rag.domain import Claim, Dropped, Question, Sentence, Statement
from rag.errors import ModelError
from rag.judge import Judge
from rag.languages import name_of
from rag.ledger import Ledger
from rag.plain import blemish, unfinished
from rag.sentences import sentence_spans
from rag.speech import speaks_other
from rag.threads import aside


@dataclass(slots=True, kw_only=True)
class Stating:
    """Holds every claim of one reply to what it cites. Claims are given one after the other."""

    question: Question
    known: Mapping[str, Sentence]
    """The sentences that may be cited, by key."""
    checker: Checker
    languages: Collection[str]
    """Those that a statement may be mistaken to be in."""
    judge: Judge | None
    ledger: Ledger
    clock: Clock
    statements: list[Statement] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    degraded: str = ""
    """Why the judge was not heard, if so."""
    _said: set[str] = field(default_factory=set)

    @property
    def failed(self) -> Sequence[Dropped]:
        """Those of the dropped that somebody may mend: in no article's words, each once."""
        texts = {one.claim.text.casefold(): one for one in self.dropped if not one.claim.verbatim}
        return [one for text, one in texts.items() if text not in self._said]

    async def state(self, claim: Claim) -> Statement | None:
        """The statement that a claim makes; nothing where it may not be shown."""
        with self.clock.stage("verify"):
            checked = await aside(self._checked, claim)
        if isinstance(checked, Supported) and self.judge and not claim.verbatim:
            with self.clock.stage("judge"):
                checked = await self._judged(checked, self.judge)
        if isinstance(checked, Dropped):
            self.dropped.append(checked)
            return None
        statement = self.checker.state(checked)
        self.statements.append(statement)
        self._said.add(claim.text.casefold())
        return statement

    def _checked(self, claim: Claim) -> Supported | Dropped:
        why = None if claim.verbatim else self._blemish(claim.text)
        if not why and claim.text.casefold() in self._said:
            why = "it was said before"
        if why:
            return Dropped(claim=claim, why=why)
        supported = cite(claim, self.known)
        if isinstance(supported, Dropped):
            return supported
        return self.checker.check(supported, self.question.language) or self._spoken(supported)

    def _blemish(self, text: str) -> str | None:
        """Why words that are not an article's are no statement by themselves."""
        if any(key in text for key in self.known):
            return "it holds a key"
        # One behind a true one would share its quotes, and nothing would be asked of it.
        if len(list(sentence_spans(text, self.question.language))) > 1:
            return "it is more than one sentence"
        return blemish(text) or unfinished(text)

    def _spoken(self, supported: Supported) -> Supported | Dropped:
        """Whether words that are not an article's are in the reader's language."""
        claim = supported.claim
        if claim.verbatim:
            return supported
        other = speaks_other(claim.text, self.question.language, self.languages)
        if other is None:
            return supported
        why = f"it is in {name_of(other)}, not in {name_of(self.question.language)}"
        return Dropped(claim=claim, why=why)

    async def _judged(self, supported: Supported, judge: Judge) -> Supported | Dropped:
        quotes = [sentence.text for sentence in supported.sentences]
        try:
            carried = await judge.carries(supported.claim.text, quotes, self.ledger)
        except ModelError as error:
            self.degraded = f"The judge was not heard. {error}"
            return Dropped(claim=supported.claim, why="the judge was not heard")
        if carried:
            return supported
        return Dropped(claim=supported.claim, why="the judge says that its quotes do not carry it")
