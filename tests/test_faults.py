"""The suite cannot be fooled: a planted fault moves the figures that should see it, and no others.

Every fault is put into a run that has everything right, over the bundled golden cases.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import cycle, islice

import pytest

from eval.cases import BUNDLED, Case, read_cases
from eval.metrics import Better
from eval.records import Attempt, Quote, Shown
from eval.score import Scores, score
from tests.oracle import oracle, planted, quote, sample_articles, sentences

ARTICLES = sample_articles()
SENTENCES = {name: sentences(article) for name, article in ARTICLES.items()}
NEXT = dict(zip(ARTICLES, islice(cycle(ARTICLES), 1, None), strict=False))
CASES = read_cases(BUNDLED)
RIGHT = oracle(CASES, ARTICLES)
WATCHED = (
    "answer.right", "answer.correct", "answer.stated", "answer.incorrect", "answer.failed",
    "answer.values", "answer.language",
    "citations.precision", "citations.recall", "citations.exact", "citations.supported",
    "refusals.precision", "refusals.recall", "refusals.over", "refusals.under",
    "injection.obeyed", "retrieval.fused.hit@1", "retrieval.fused.mrr@10",
)  # fmt: skip

Fault = Callable[[Case, Attempt], Attempt]


@pytest.fixture(scope="module")
def sound() -> Scores:
    return score(RIGHT)


def worded(change: Callable[[Case, Shown], Shown]) -> Fault:
    """A fault in every statement."""
    return lambda case, attempt: replace(
        attempt, statements=tuple(change(case, shown) for shown in attempt.statements)
    )


def quoted(change: Callable[[Quote], tuple[Quote, ...]]) -> Fault:
    """A fault in every quote; the statements stay as they are."""
    return worded(
        lambda _case, shown: replace(
            shown, quotes=tuple(new for old in shown.quotes for new in change(old))
        )
    )


def wrong_number(_case: Case, shown: Shown) -> Shown:
    return replace(shown, text=re.sub(r"\d", lambda m: str((int(m[0]) + 3) % 10), shown.text))


def wrong_file(old: Quote) -> tuple[Quote, ...]:
    """The words are those of the right file, the name is another's."""
    return (replace(old, article=NEXT[old.article]),)


def foreign_quote(old: Quote) -> tuple[Quote, ...]:
    """A sentence of another file, exactly as it stands there."""
    return (quote(old.number, SENTENCES[NEXT[old.article]][2]),)


def swapped_quote(old: Quote) -> tuple[Quote, ...]:
    """Another sentence of the same file, exactly as it stands there."""
    others = [s for s in SENTENCES[old.article] if not re.search(r"\d", s.text)]
    return (quote(old.number, next(s for s in others if s.start != old.start)),)


def altered_quote(old: Quote) -> tuple[Quote, ...]:
    return (replace(old, quote=old.quote.replace(" ", "  ", 1)),)


def every_file(case: Case, attempt: Attempt) -> Attempt:
    """All files under every statement, each with a sentence as it stands there."""
    extra = [quote(100 + n, one[0]) for n, one in enumerate(SENTENCES.values())]
    return worded(lambda _, shown: replace(shown, quotes=(*shown.quotes, *extra)))(case, attempt)


def answering(case: Case, attempt: Attempt) -> Attempt:
    if attempt.answered:
        return attempt
    sentence = SENTENCES["002_ef4ca6520480b210.txt"][0]
    shown = Shown(text=" ".join(sentence.text.split()), quotes=(quote(1, sentence),))
    return replace(attempt, statements=(shown,), reason=None)


def refusing(case: Case, attempt: Attempt) -> Attempt:
    return replace(attempt, statements=(), reason="not_supported")


def pointing(_case: Case, shown: Shown) -> Shown:
    """Says nothing, under the right quote."""
    return replace(shown, text="See there.")


def whole_article(_case: Case, shown: Shown) -> Shown:
    """Says nothing, under everything there is."""
    article = ARTICLES[shown.quotes[0].article]
    everything = Quote(
        number=1, article=article.id, start=0, end=len(article.text), quote=article.text
    )
    return Shown(text="See there.", quotes=(everything,))


def echoing(case: Case, shown: Shown) -> Shown:
    return replace(shown, text=case.question)


def failing(case: Case, attempt: Attempt) -> Attempt:
    return Attempt(case=case.id, error="The model is away.")


def misordered(case: Case, attempt: Attempt) -> Attempt:
    size = len(attempt.hits)
    hits = tuple(replace(hit, score=(n + 1) / size) for n, hit in enumerate(attempt.hits))
    return replace(attempt, hits=hits)


UP, DOWN, GONE = "up", "down", "gone"

FAULTS: tuple[tuple[str, Fault, Mapping[str, str]], ...] = (
    (
        "wrong number",
        worded(wrong_number),
        {
            "answer.right": DOWN,
            "answer.correct": DOWN,
            "answer.stated": DOWN,
            "answer.incorrect": UP,
            "answer.values": DOWN,
            "citations.supported": DOWN,
        },
    ),
    (
        "wrong file",
        quoted(wrong_file),
        {
            "answer.right": DOWN,
            "citations.precision": DOWN,
            "citations.recall": DOWN,
            "citations.exact": DOWN,
            "citations.supported": DOWN,
        },
    ),
    (
        "quote from another file",
        quoted(foreign_quote),
        {
            "answer.right": DOWN,
            "citations.precision": DOWN,
            "citations.recall": DOWN,
            "citations.supported": DOWN,
        },
    ),
    ("swapped quote", quoted(swapped_quote), {"citations.supported": DOWN}),
    (
        "nothing said under the right quote",
        worded(pointing),
        {"answer.stated": DOWN, "answer.values": DOWN, "answer.language": DOWN},
    ),
    (
        "nothing said under a whole article",
        worded(whole_article),
        {
            "answer.right": DOWN,
            "answer.correct": DOWN,
            "answer.stated": DOWN,
            "answer.incorrect": UP,
            "answer.values": DOWN,
            "answer.language": DOWN,
        },
    ),
    (
        "altered quote",
        quoted(altered_quote),
        {"citations.exact": DOWN, "citations.supported": DOWN},
    ),
    ("citing every file", every_file, {"citations.precision": DOWN}),
    (
        "answering everything",
        answering,
        {
            "answer.right": DOWN,
            "answer.language": DOWN,  # It answers in English, whatever the question is in.
            "refusals.precision": GONE,
            "refusals.recall": DOWN,
            "refusals.under": UP,
            "injection.obeyed": UP,
        },
    ),
    (
        "refusing everything",
        refusing,
        {
            "answer.right": DOWN,
            "answer.correct": DOWN,
            "answer.stated": DOWN,
            "answer.values": DOWN,
            "answer.language": GONE,
            "citations.precision": GONE,
            "citations.recall": GONE,
            "citations.exact": GONE,
            "citations.supported": GONE,
            "refusals.precision": DOWN,
            "refusals.over": UP,
        },
    ),
    (
        "echoing the question",
        worded(echoing),
        {
            "answer.right": DOWN,
            "answer.correct": DOWN,
            "answer.stated": DOWN,
            "answer.incorrect": UP,
            "answer.values": DOWN,
            "answer.language": DOWN,  # What says nothing has no language.
            "citations.supported": DOWN,
            "injection.obeyed": UP,  # It says what it was told to say.
        },
    ),
    (
        "failing",
        failing,
        {
            "answer.right": DOWN,
            "answer.correct": DOWN,
            "answer.stated": DOWN,
            "answer.failed": UP,
            "answer.values": DOWN,
            "answer.language": GONE,
            "citations.precision": GONE,
            "citations.recall": GONE,
            "citations.exact": GONE,
            "citations.supported": GONE,
            "refusals.precision": GONE,
            "refusals.recall": DOWN,
            "retrieval.fused.hit@1": DOWN,
            "retrieval.fused.mrr@10": DOWN,
        },
    ),
    (
        "finding the wrong articles first",
        misordered,
        {"retrieval.fused.hit@1": DOWN, "retrieval.fused.mrr@10": DOWN},
    ),
)


def moves(before: Scores, after: Scores) -> dict[str, str]:
    """The watched figures that are not what they were, and which way they went."""
    found = {}
    for name in WATCHED:
        old, new = before.figure(name), after.figure(name)
        assert old is not None
        assert new is not None
        if old.of and not new.of:
            found[name] = GONE
        elif old.value != new.value:
            found[name] = UP if new.value > old.value else DOWN
    return found


def test_a_run_that_is_right_has_the_best_figures(sound: Scores) -> None:
    """With nothing planted every share is what it should be: nothing is wrong by itself."""
    wrong = [(one.case.id, one.why) for one in sound.graded if not one.right]
    assert wrong == []
    for name in WATCHED:
        figure = sound.figure(name)
        assert figure is not None
        if name not in {"answer.values", "answer.language"}:
            assert figure.value == (1.0 if figure.better is Better.HIGHER else 0.0), name


@pytest.mark.parametrize(("fault", "expected"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_fault_moves_exactly_the_figures_that_should_see_it(
    sound: Scores, fault: Fault, expected: Mapping[str, str]
) -> None:
    """Every figure that a fault concerns goes the right way, and every other one stays."""
    assert moves(sound, score(planted(RIGHT, fault))) == dict(expected)
