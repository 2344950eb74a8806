"""Swapped sources: does the verifier tell the quotes of a claim from those of another article?

    claims.yaml ── true claims with their quotes ─┬─ with their own: dropped, wrongly
                                                  └─ with another article's: flagged, rightly

A claim is put to the quotes of every claim of every other article, one claim's quotes at a time:
so many are what a model names at once when it takes the wrong keys. It is put to six quotes of
another article at once, too, the most that may be named, which is harder: the more is quoted, the
more of it speaks of anything. The articles are about one subject, so their quotes share many words.

A share of claims has Wilson's interval. Pairs of one claim are no independent trials: their share
has that of a bootstrap over claims.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy
import yaml
from pydantic import TypeAdapter, ValidationError

from eval.cases import FOLDER
from eval.intervals import Interval, bootstrap, wilson
from rag.corpus import article_path, read_article
from rag.domain import Article
from rag.errors import UsageError
from rag.languages import LanguageDetector
from rag.settings import Settings
from rag.understand import LANGUAGES
from rag.verify import MOST_QUOTES, Verifier

FILE = FOLDER / "claims.yaml"
"""The bundled claims."""

PARTS = ("calibration", "heldout")

MOST_DROPPED = 0.03
"""Share of true claims that may be dropped with their own quotes."""

LEAST_FLAGGED = 0.95
"""Share of pairs with another article's quotes that must be flagged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A true claim with the quotes that carry it."""

    id: str
    part: str
    language: str
    article: str
    claim: str
    quotes: tuple[str, ...]


Quotes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A claim with its own quotes, or with others, and whether it fell."""

    row: Row
    same: bool
    """Whether claim and quotes are in one language."""
    fell: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Swaps:
    """What became of the claims of a file."""

    own: tuple[Trial, ...]
    """Each claim with its own quotes."""
    others: tuple[Trial, ...]
    """Each claim with the quotes of each claim of another article."""
    files: tuple[Trial, ...]
    """Each claim with the quotes of another article, as many at once as may be named."""

    @property
    def held(self) -> bool:
        """Whether so few are dropped and so many flagged as wanted."""
        dropped, flagged = _share(self.own), _share(self.others)
        return dropped <= MOST_DROPPED and flagged >= LEAST_FLAGGED


# --- Reading -------------------------------------------------------------------------------------


def read_claims(file: Path, articles: Callable[[str], Article]) -> tuple[tuple[Row, Quotes], ...]:
    """The claims of a file, each with its quotes and their language.

    Raises `UsageError` for a file that cannot be read, and for a row that is none or whose
    quotes do not stand in their article to the character.
    """
    try:
        text = file.read_text("utf-8")
        items = yaml.safe_load(text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{file} cannot be read as YAML: {error}") from None
    if not isinstance(items, list) or not isinstance(node, yaml.SequenceNode) or not items:
        raise UsageError(f"{file} is no list of claims.")
    adapter: TypeAdapter[Row] = TypeAdapter(Row)
    found = [
        _row(item, f"{file.name}:{one.start_mark.line + 1}", adapter, articles)
        for item, one in zip(items, node.value, strict=True)
    ]
    return tuple(found)


def _row(
    item: Any, place: str, adapter: TypeAdapter[Row], articles: Callable[[str], Article]
) -> tuple[Row, Quotes]:
    try:
        row = adapter.validate_python(item)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "all of it"
        raise UsageError(f"{place}: the row is no claim: look at `{where}`.") from None
    if row.part not in PARTS or not row.quotes:
        raise UsageError(f"{place}: {row.id} needs quotes and a part: {' or '.join(PARTS)}.")
    article = articles(row.article)
    for quote in row.quotes:
        if not quote.strip() or quote not in article.text:
            raise UsageError(
                f"{place}: the quote “{quote[:60]}” of {row.id} does not stand in {row.article}."
            )
    return row, tuple((quote, article.language) for quote in row.quotes)


def bundled(corpus: Path) -> Callable[[str], Article]:
    """Reads articles of a folder by their ids; raises the errors of `rag.corpus`."""
    known: dict[str, Article] = {}
    detector = LanguageDetector()
    most = Settings(corpus=corpus).max_article_bytes

    def article(name: str) -> Article:
        if name not in known:
            path = article_path(corpus, name)
            known[name] = read_article(corpus, path, max_bytes=most, detector=detector)
        return known[name]

    return article


# --- Measuring -----------------------------------------------------------------------------------


def measure(claims: Sequence[tuple[Row, Quotes]], verifier: Verifier) -> Swaps:
    """Put every claim to its own quotes and to those of every other article."""
    sets: dict[str, list[Quotes]] = {}
    for row, quotes in claims:
        known = sets.setdefault(row.article, [])
        if quotes not in known:
            known.append(quotes)
    files = {
        name: list(batched(dict.fromkeys(q for one in known for q in one)))
        for name, known in sets.items()
    }

    def trial(row: Row, quotes: Quotes) -> Trial:
        fell = bool(verifier.faults(row.claim, row.language, quotes))
        same = all(language == row.language for _, language in quotes)
        return Trial(row=row, same=same, fell=fell)

    return Swaps(
        own=tuple(trial(row, quotes) for row, quotes in claims),
        others=tuple(
            trial(row, quotes)
            for row, _ in claims
            for name, known in sets.items()
            if name != row.article
            for quotes in known
        ),
        files=tuple(
            trial(row, quotes)
            for row, _ in claims
            for name, runs in files.items()
            if name != row.article
            for quotes in runs
        ),
    )


def batched(quotes: Iterable[tuple[str, str]]) -> Iterator[Quotes]:
    """Quotes in runs of as many as a claim may rest on; the last run may be shorter."""
    left = iter(quotes)
    while run := tuple(islice(left, MOST_QUOTES)):
        yield run


# --- Telling -------------------------------------------------------------------------------------


def lines(swaps: Swaps) -> Iterator[str]:
    """The figures as lines of a table: all rows, each part, and each part by language."""
    for title, trials in (
        (f"True claims dropped with their own quotes (at most {MOST_DROPPED:.0%})", swaps.own),
        (
            f"Claims flagged with another article's quotes (at least {LEAST_FLAGGED:.0%})",
            swaps.others,
        ),
        ("Claims flagged with six quotes of another article at once", swaps.files),
    ):
        yield title
        for name, chosen in _slices(trials).items():
            if chosen:
                yield f"  {name:<28} {_figure(chosen)}"
        yield ""
    for trial in swaps.own:
        if trial.fell and trial.row.part == "calibration":
            yield f"  dropped: {trial.row.id}"


def _slices(trials: Sequence[Trial]) -> Mapping[str, Sequence[Trial]]:
    """The trials by what they are counted by."""
    found: dict[str, Sequence[Trial]] = {"all": trials}
    for part in PARTS:
        own = [one for one in trials if one.row.part == part]
        found[part] = own
        found[f"{part}, one language"] = [one for one in own if one.same]
        found[f"{part}, over languages"] = [one for one in own if not one.same]
        for language in LANGUAGES:
            found[f"{part}, {language}"] = [one for one in own if one.row.language == language]
    return found


def _share(trials: Sequence[Trial]) -> float:
    return sum(one.fell for one in trials) / len(trials) if trials else math.nan


def _figure(trials: Sequence[Trial]) -> str:
    fell, bounds = sum(one.fell for one in trials), interval(trials)
    share = f"{_share(trials):6.1%} ({bounds.low:.1%} to {bounds.high:.1%})"
    return f"{share}  {fell} of {len(trials)}"


def interval(trials: Sequence[Trial]) -> Interval:
    """Bounds of the share that fell: the claims are drawn, each with all of its trials."""
    fell: dict[str, list[bool]] = {}
    for one in trials:
        fell.setdefault(one.row.id, []).append(one.fell)
    if len(fell) == len(trials):
        return wilson(sum(one.fell for one in trials), len(trials))
    if len({one.fell for one in trials}) == 1:
        # Where no trial differs from another, a bootstrap would be sure of it; Wilson is not.
        return wilson(_share(trials) * len(fell), len(fell))
    good, of = _columns(map(sum, fell.values())), _columns(map(len, fell.values()))
    (bounds,) = bootstrap(good, of)
    return bounds


def _columns(values: Iterable[int]) -> "numpy.typing.NDArray[numpy.float64]":
    return numpy.array(list(values), dtype=float)[:, None]
