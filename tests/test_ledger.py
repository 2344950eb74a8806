"""What `rag.ledger` promises: what models took for one question, and what that costs."""

import time
from math import inf, nan

import pytest

from rag.domain import Provenance, Usage
from rag.ledger import Ledger, Price

MILLION = 1_000_000


def usage(tokens_in: int, tokens_out: int, cached: int = 0) -> Usage:
    return Usage(tokens_in=tokens_in, tokens_out=tokens_out, tokens_cached=cached)


@pytest.mark.parametrize(
    ("price", "used", "cost"),
    [
        (Price(tokens_in=2, tokens_out=8), usage(MILLION, 0), 2),
        (Price(tokens_in=2, tokens_out=8), usage(0, MILLION), 8),
        (Price(tokens_in=2, tokens_out=8), usage(MILLION, MILLION, MILLION), 10),
        (Price(tokens_in=2, tokens_out=8, cached=0.5), usage(MILLION, 0, MILLION), 0.5),
        (Price(tokens_in=2, tokens_out=8, cached=0.5), usage(MILLION, 0, MILLION // 2), 1.25),
        (Price(tokens_in=2, tokens_out=8, cached=0), usage(MILLION, 0, MILLION), 0),
        (Price(tokens_in=2, tokens_out=8, cached=0.5), usage(MILLION, 0, 9 * MILLION), 0.5),
        (Price(tokens_in=0, tokens_out=0), usage(MILLION, MILLION), 0),
        (Price(tokens_in=2, tokens_out=8), usage(0, 0), 0),
    ],
)
def test_price_of_a_usage(price: Price, used: Usage, cost: float) -> None:
    """By the million; what the server had kept at its own price where there is one."""
    assert price.of(used) == pytest.approx(cost)


@pytest.mark.parametrize("wrong", [-1, nan, inf, -0.01])
@pytest.mark.parametrize("name", ["tokens_in", "tokens_out", "cached"])
def test_what_is_no_price_is_refused(name: str, wrong: float) -> None:
    """A price is a number from 0 on, or there is none."""
    with pytest.raises(ValueError, match="from 0 on"):
        Price(**{"tokens_in": 1, "tokens_out": 1, name: wrong})


def test_nothing_was_asked() -> None:
    """Without a model nothing was taken, and nothing is said about a price."""
    assert Ledger().provenance == Provenance()
    assert Ledger(prices={"a": Price(tokens_in=1, tokens_out=1)}).provenance == Provenance()


def test_all_that_was_taken_is_summed_up() -> None:
    """Tokens of all replies, the prompts by their names, the writer, the cost."""
    ledger = Ledger(
        prices={
            "a": Price(tokens_in=1, tokens_out=2, cached=0.5),
            "b": Price(tokens_in=10, tokens_out=20),
        },
        writer="a",
    )
    ledger.ask("answer", "1f")
    ledger.pay("a", usage(1000, 100, 400))
    ledger.ask("support", "2f")
    ledger.pay("b", usage(200, 10))
    ledger.ask("support", "2f")
    ledger.pay("b", usage(300, 20))
    assert ledger.provenance == Provenance(
        model="a",
        prompts={"answer": "1f", "support": "2f"},
        usage=Usage(tokens_in=1500, tokens_out=130, tokens_cached=400, cost=0.0066),
    )


@pytest.mark.parametrize(
    "paid",
    [
        [("a", usage(10, 1)), ("unknown", usage(10, 1))],
        [("unknown", usage(10, 1))],
        [("a", usage(10, 1)), ("a", Usage())],
        [("a", Usage())],
    ],
)
def test_cost_that_is_not_wholly_known_is_not_told(paid: list[tuple[str, Usage]]) -> None:
    """A model without a price, or a reply that no server counted, leaves the cost open."""
    ledger = Ledger(prices={"a": Price(tokens_in=1, tokens_out=1)})
    for model, used in paid:
        ledger.pay(model, used)
    assert ledger.provenance.usage.cost is None
    assert ledger.provenance.usage.tokens_in == sum(used.tokens_in for _, used in paid)


def test_what_was_told_does_not_change() -> None:
    """A provenance is of its moment: what is entered later is not in it."""
    ledger = Ledger()
    before = ledger.provenance
    ledger.ask("answer", "1f")
    ledger.pay("a", usage(1, 1))
    assert before == Provenance()


def test_time_that_is_left() -> None:
    """Seconds until the end, less than none after it; endless where there is no end."""
    assert 9 < Ledger(until=time.monotonic() + 10).left <= 10
    assert Ledger(until=time.monotonic() - 1).left < 0
    assert Ledger().left == inf
