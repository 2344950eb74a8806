"""Citations as a model judges them: recall and precision of ALCE (Gao et al. 2023).

A statement is carried when all of its quotes together support it. A quote of a carried
statement is needed unless it does not support the statement alone while the others do. What
the model could not judge counts as not supported, and so does a statement without quotes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from eval.records import Attempt, Judgement

SUPPORTED = "supported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a model found about one attempt."""

    asked: bool
    """Whether it was asked about the answer as a whole."""
    verdict: str | None
    """On the answer: `correct`, `incorrect`; nothing where it could not be read."""
    carried: tuple[bool | None, ...]
    """By statement; nothing where it was not asked, because the judging was stopped."""
    needed: tuple[bool | None, ...]
    """By statement and quote of it, likewise."""


def about(statement: int, quotes: Iterable[int] = ()) -> str:
    """What a judgement on a statement is filed under; `quotes` are numbers, none meaning all."""
    numbers = " ".join(map(str, quotes))
    return f"statement {statement}: {numbers}" if numbers else f"statement {statement}"


ANSWER = "answer"
"""What a judgement on the whole answer is filed under."""


def judged(attempt: Attempt, judgements: Mapping[str, Judgement]) -> Judged | None:
    """What the judgements on an attempt, by what they are about, come to; nothing without any."""
    if not judgements:
        return None

    def holds(name: str) -> bool:
        found = judgements.get(name)
        return found is not None and found.verdict == SUPPORTED

    carried: list[bool | None] = []
    needed: list[bool | None] = []
    for index, shown in enumerate(attempt.statements):
        if shown.quotes and about(index) not in judgements:
            carried.append(None)
            needed += [None] * len(shown.quotes)
            continue
        carried.append(holds(about(index)))
        numbers = [quote.number for quote in shown.quotes]
        for number in numbers:
            others = sorted({*numbers} - {number})  # As they are asked about.
            needless = (
                bool(others) and not holds(about(index, [number])) and holds(about(index, others))
            )
            needed.append(bool(carried[-1]) and not needless)
    verdict = judgements.get(ANSWER)
    return Judged(
        asked=verdict is not None,
        verdict=verdict.verdict if verdict else None,
        carried=tuple(carried),
        needed=tuple(needed),
    )
