"""What the language models that worked on one question took, and how long they may go on."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from types import MappingProxyType

from rag.domain import Provenance, Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a million tokens cost. `cached` are tokens in that the server had kept.

    Raises `ValueError` for what is no price.
    """

    tokens_in: float
    tokens_out: float
    cached: float | None = None
    """As much as any other where it is not given."""

    def __post_init__(self) -> None:
        # Also of NaN, which is not less than anything.
        if not all(0 <= one < inf for one in (self.tokens_in, self.tokens_out, self.cached or 0)):
            raise ValueError("a price is a number from 0 on")

    def of(self, usage: Usage) -> float:
        """The price of a usage."""
        cached = min(usage.tokens_cached, usage.tokens_in)
        dear = (usage.tokens_in - cached) * self.tokens_in + usage.tokens_out * self.tokens_out
        kept = self.tokens_in if self.cached is None else self.cached
        return (dear + cached * kept) / 1_000_000


@dataclass(slots=True, kw_only=True)
class Ledger:
    """Kept for one question, by all that ask a model for it."""

    prices: Mapping[str, Price] = field(default_factory=lambda: MappingProxyType({}))
    """By model."""
    until: float = inf
    """`time.monotonic()` when no model is waited for any more."""
    writer: str | None = None
    """The model that wrote the draft."""
    _prompts: dict[str, str] = field(default_factory=dict)
    _usages: list[tuple[str, Usage]] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Seconds that there are still."""
        return self.until - time.monotonic()

    def ask(self, prompt: str, digest: str) -> None:
        """Enter a prompt that is sent."""
        self._prompts[prompt] = digest

    def pay(self, model: str, usage: Usage) -> None:
        """Enter what a reply took."""
        self._usages.append((model, usage))

    @property
    def provenance(self) -> Provenance:
        """All of it. The cost is known where every reply was counted and its model has a price."""
        costs = [
            self.prices[model].of(usage)
            for model, usage in self._usages
            if model in self.prices and (usage.tokens_in or usage.tokens_out)
        ]
        known = bool(costs) and len(costs) == len(self._usages)
        return Provenance(
            model=self.writer,
            prompts=MappingProxyType(dict(self._prompts)),
            usage=Usage(
                tokens_in=sum(usage.tokens_in for _, usage in self._usages),
                tokens_out=sum(usage.tokens_out for _, usage in self._usages),
                tokens_cached=sum(usage.tokens_cached for _, usage in self._usages),
                cost=sum(costs) if known else None,
            ),
        )
