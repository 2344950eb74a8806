"""Whether verdicts can be relied on: a model's beside ours, one round's beside the next."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from eval.figures import Figure, share_of
from eval.grade import Graded, by_case
from eval.intervals import SEED, kappa, kappa_interval, wilson
from eval.metrics import Better


def judge_figures(graded: Sequence[Graded]) -> Iterable[Figure]:
    """Where a model was asked: what it could not judge, and how far it agrees."""
    answered = [one for one in graded if one.attempt.answered]
    asked = [(one, one.judged) for one in answered if one.judged is not None and one.judged.asked]
    if not asked:
        return
    lost = sum(judged.verdict is None for _, judged in asked)
    counts = "Answers whose verdict by the model could not be read; of those it was asked about."
    share = share_of("judge.unscored", lost, len(asked), counts, better=Better.LOWER)
    cases = len({one.case.id for one, _ in asked})
    bounds = wilson(share.value * cases, cases)  # Rounds of a case are not independent.
    yield replace(share, low=bounds.low, high=bounds.high)
    pairs = {
        one.case.id: (str(one.outcome), judged.verdict)
        for one, judged in reversed(asked)  # The first round of a case counts.
        if judged.verdict is not None and one.case.answerable
    }.values()
    counts = (
        "Agreement of the model's verdict with ours, Cohen's kappa; over the answerable cases "
        "whose first verdict could be read."
    )
    yield kappa_figure("judge.kappa", pairs, counts)


def kappa_figure(
    name: str, pairs: Iterable[tuple[str, str]], counts: str, *, seed: int = SEED
) -> Figure:
    """How far two verdicts agree, as a figure."""
    known = list(pairs)
    bounds = kappa_interval(known, seed=seed)
    return Figure(
        name=name,
        value=kappa(known),
        low=bounds.low,
        high=bounds.high,
        of=len(known),
        unit="kappa",
        counts=counts,
    )


def stability(graded: Sequence[Graded]) -> Iterable[Figure]:
    """Where cases were asked several times: how many came out the same."""
    repeated = [attempts for attempts in by_case(graded).values() if len(attempts) > 1]
    if not repeated:
        return
    kinds: tuple[tuple[str, Callable[[list[Graded]], bool], str], ...] = (
        ("outcome", lambda a: len({one.outcome for one in a}) == 1, "have one outcome throughout"),
        ("text", lambda a: len(set(map(_told, a))) == 1, "say the same throughout"),
        ("always_right", lambda a: all(one.right for one in a), "are right in every round"),
        ("ever_right", lambda a: any(one.right for one in a), "are right in some round"),
    )
    for name, holds, counts in kinds:
        good = sum(map(holds, repeated))
        sentence = f"Cases that {counts}; of those asked more than once."
        yield share_of(f"stability.{name}", good, len(repeated), sentence)


def _told(graded: Graded) -> tuple[str, str | None, str | None]:
    """What a person gets: words, a refusal, an error."""
    attempt = graded.attempt
    return attempt.text, attempt.reason, attempt.error
