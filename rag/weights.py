"""What the evidence is worth: utilities of sentences, and how sure their best one is.

The utilities are those of a conditional logit (McFadden 1974), so that their softmax is the
probability of each sentence to hold the answer. The confidence, that the answer is among the
best of them at all, is a logistic regression. `eval.fit` fits both.
"""

import math
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.evidence import Candidate

FILE = Path(__file__).parent / "data" / "weights.toml"

OWN_LANGUAGE = 1.2
"""Log odds added to sentences in the question's language, beyond those of the fit, where a third of
the mixed questions were put in the language of their article. Chosen by golden cases: of `seeds_qa`
63 % are. It gained two of its cases on the sample corpus and lost one calibration case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """What the features of `rag.evidence.Evidence` are worth.

    `same` and `across` are for sentences in the question's language and in others; `bias` and
    `strength` are added for others. `confidence` has a weight for each of
    `confidence_features`.
    """

    same: tuple[float, ...]
    across: tuple[float, ...]
    bias: float
    strength: float
    confidence: Mapping[str, float]

    @classmethod
    def read(cls, file: Path = FILE) -> "Weights":
        """The weights of a file that `eval.fit` wrote."""
        table = tomllib.loads(file.read_text("utf-8"))
        return cls(
            same=tuple(table["same"].values()),
            across=tuple(table["across"].values()),
            bias=table["other"]["bias"],
            strength=table["other"]["strength"],
            confidence=table["confidence"],
        )

    def score(self, candidate: Candidate) -> float:
        """The utility of a sentence: only differences mean something."""
        vector = candidate.evidence.vector()
        if candidate.same_language:
            return _dot(self.same, vector) + OWN_LANGUAGE
        return _dot(self.across, vector) + self.bias + self.strength * candidate.strength


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """A candidate with its score."""

    candidate: Candidate
    score: float


def confidence_features(ranked: Sequence[Scored]) -> dict[str, float]:
    """What the confidence is read from: the best sentence, and how it stands out."""
    best = ranked[0].candidate
    units = best.inquiry.units
    across = float(not best.same_language)
    own = (one.candidate for one in ranked if one.candidate.passage == best.passage)
    near = [max(degrees) for degrees in zip(*(c.spoken for c in own), strict=True)]
    missing = max((u.weight * (1 - m) for u, m in zip(units, near, strict=True)), default=0.0)
    heaviest = max((unit.weight for unit in units), default=0.0) or 1.0
    return {
        "constant": 1.0,
        "across": across,
        "coverage": best.evidence.coverage,
        "before": best.evidence.before,
        "rest": best.evidence.rest,
        "grams": best.evidence.grams,
        "missing": missing / heaviest,
        "units": min(len(units) / 10, 1.5),
        "certainty": 1 / sum(math.exp(one.score - ranked[0].score) for one in ranked[:8]),
        "coverage_across": across * best.evidence.coverage,
        "missing_across": across * missing / heaviest,
    }


def _dot(weights: Sequence[float], values: Sequence[float]) -> float:
    return sum(w * v for w, v in zip(weights, values, strict=True))
