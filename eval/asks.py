"""What there is to ask a model about the answers of a run.

Whether an answer is right, and, as ALCE (Gao et al. 2023) counts citations, whether the quotes
of a statement carry it: all of them, each alone, and all but one.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from eval.alce import ANSWER, about
from eval.cases import Case
from eval.records import Answers, Attempt, Judgement, Shown

Kind = Literal["verdict", "support"]
"""What is asked: the name of a prompt."""

VERDICTS: Mapping[Kind, tuple[str, ...]] = MappingProxyType(
    {
        "verdict": ("correct", "incorrect", "abstained"),
        "support": ("supported", "unsupported"),
    }
)
"""What may be replied."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Somebody else's words, and what they are."""

    label: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One thing to be asked, and about what: see `eval.records.Judgement`."""

    case: str
    round: int
    about: str
    prompt: Kind
    texts: tuple[Text, ...]


def asks(answers: Answers, model: str | None = None) -> tuple[Ask, ...]:
    """Everything that is to be asked, without what has a readable verdict (of a model) already.

    Nothing is asked about errors and refusals, or about statements without quotes.
    """
    cases = {case.id: case for case in answers.cases}
    known = {
        (one.case, one.round, one.about)
        for one in answers.judgements
        if one.verdict in _allowed(one) and model in {None, one.model}
    }
    found: dict[tuple[str, int, str], Ask] = {}
    for attempt in answers.attempts:
        if attempt.answered and not attempt.error:
            for ask in _of_attempt(cases[attempt.case], attempt):
                found.setdefault((ask.case, ask.round, ask.about), ask)
    return tuple(ask for place, ask in found.items() if place not in known)


def _allowed(judgement: Judgement) -> tuple[str, ...]:
    return VERDICTS["verdict" if judgement.about == ANSWER else "support"]


def _of_attempt(case: Case, attempt: Attempt) -> Iterator[Ask]:
    texts = (*_of_case(case), Text(label="reply", text=attempt.text))
    answer = Ask(
        case=attempt.case, round=attempt.round, about=ANSWER, prompt="verdict", texts=texts
    )
    yield answer
    for index, statement in enumerate(attempt.statements):
        for subset, words in _of_statement(statement):
            yield replace(answer, about=about(index, subset), prompt="support", texts=words)


def _of_case(case: Case) -> Iterator[Text]:
    for turn in case.history:
        yield Text(label="earlier question", text=turn.question)
        yield Text(label="earlier reply", text=turn.reply)
    yield Text(label="question", text=case.question)
    if not case.answerable:
        return
    right = tuple(text for text in (case.answer, *case.accepted) if text)
    for text in right:
        yield Text(label="right answer", text=text)
    for text in () if right else case.expect:
        yield Text(label="pattern", text=text)


def _of_statement(statement: Shown) -> Iterator[tuple[list[int], tuple[Text, ...]]]:
    """Which quotes to ask about, none meaning all, and the texts.

    Of two quotes, one alone is all but the other.
    """
    quotes = {quote.number: quote.quote for quote in statement.quotes}
    numbers = sorted(quotes)
    subsets = [numbers] if numbers else []
    if len(numbers) > 1:
        subsets += [[number] for number in numbers]
        subsets += [[other for other in numbers if other != number] for number in numbers]
    for subset in subsets:
        shown = (Text(label="quote", text=quotes[number]) for number in subset)
        few = [] if subset is numbers else subset
        yield few, (Text(label="statement", text=statement.text), *shown)
