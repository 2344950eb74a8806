"""What the report's page knows of every case, as JSON that can stand inside a page.

Articles and cases are in it once; attempts name articles by their place in the list. What is
empty, false or 0 is left out. Offsets count characters, as everywhere: the page has to, too.
"""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from eval.compare import Comparison
from eval.grade import Graded, by_case, group_of
from eval.records import Attempt, Found, Quote, Shown
from eval.score import Scores
from rag.domain import Article, Usage

DIGITS = 4
"""Significant digits of scores and times: more than anyone reads."""

UNSAFE = re.compile("[<>&\u2028\u2029\ud800-\udfff]")
"""What could end a script, begin a comment in it, or not be written as UTF-8."""

Json = dict[str, Any]


def payload(scores: Scores, comparison: Comparison | None = None) -> str:
    """The data of a page, safe between `<script type="application/json">` and its end."""
    runs = [scores, comparison.before] if comparison else [scores]
    hits = (found for run in runs for one in run.graded for found in one.attempt.hits)
    arms = sorted({arm for found in hits for arm in found.arms})
    return safe_json(_Writer(tuple(arms)).page(scores, comparison))


def safe_json(value: object) -> str:
    """JSON in which no text can be taken for markup."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _lean(**values: object) -> Json:
    """An object without the names that have nothing to say."""
    return {name: value for name, value in values.items() if value}


@dataclass(frozen=True, slots=True)
class _Writer:
    """Writes cases and attempts, and gathers the articles that they name."""

    arms: tuple[str, ...]
    articles: list[Json] = field(default_factory=list)
    places: dict[tuple[str, str], int] = field(default_factory=dict)
    """By file and digest: two runs may have seen two versions of a file."""

    def page(self, scores: Scores, comparison: Comparison | None) -> Json:
        """Everything."""
        rounds = by_case(scores.graded)
        before = by_case(comparison.before.graded) if comparison else {}
        changes = _changes(comparison) if comparison else {}
        cases = []
        for case_id, graded in rounds.items():
            one = self._case(graded[0], scores.articles)
            one["rounds"] = [self._attempt(each, scores.articles) for each in graded]
            if comparison:
                one["change"] = changes.get(case_id, "only in this run")
            if comparison and case_id in before:
                old = before[case_id]
                one["before"] = [self._attempt(each, comparison.before.articles) for each in old]
                if old[0].case.question != graded[0].case.question:
                    one["asked"] = old[0].case.question
            cases.append(one)
        return _lean(
            run=scores.run.name,
            before=comparison.before.run.name if comparison else "",
            repeat=scores.run.repeat,
            arms=self.arms,
            articles=self.articles,
            cases=cases,
        )

    def _case(self, graded: Graded, articles: Mapping[str, Article]) -> Json:
        case = graded.case
        return _lean(
            id=case.id,
            set=case.set,
            group=str(group_of(case)),
            language=case.language,
            pair=graded.pair,
            tags=case.tags,
            question=case.question,
            history=[[turn.question, turn.reply] for turn in case.history],
            answerable=case.answerable,
            answer=case.answer,
            accepted=case.accepted,
            expect=case.expect,
            forbid=case.forbid,
            any=case.any_source,
            sources=[self._place(name, articles) for name in case.sources],
        )

    def _attempt(self, graded: Graded, articles: Mapping[str, Article]) -> Json:
        attempt, judged = graded.attempt, graded.judged
        return _lean(
            **self._reply(graded, articles),
            round=attempt.round,
            outcome=str(graded.outcome),
            right=graded.right,
            why=graded.why,
            obeyed=graded.obeyed,
            facts=graded.facts if graded.facts[1] else None,
            verdict=judged.verdict or "unreadable" if judged and attempt.answered else "",
            language=attempt.language,
            dropped=[[left.text, left.why] for left in attempt.dropped],
            stale=attempt.stale,
            hits=[self._hit(found, articles) for found in attempt.hits],
            seconds=_short(attempt.seconds),
            timings={stage: _short(seconds) for stage, seconds in attempt.timings.items()},
            generation=attempt.generation,
            cached=attempt.cached,
            model=attempt.model,
            prompts=dict(attempt.prompts),
            usage=_usage(attempt.usage),
        )

    def _reply(self, graded: Graded, articles: Mapping[str, Article]) -> Json:
        attempt = graded.attempt
        return _lean(
            statements=[
                self._statement(graded, index, articles) for index in range(len(attempt.statements))
            ],
            quotes=[
                self._quote(quote, graded.exact[quote.number], articles) for quote in attempt.quotes
            ],
            reason=attempt.reason,
            unknown=attempt.unknown,
            error=attempt.error,
            confidence=_short(attempt.confidence),
        )

    def _statement(self, graded: Graded, index: int, articles: Mapping[str, Article]) -> Json:
        shown, judged = graded.attempt.statements[index], graded.judged
        return _lean(
            text=shown.text,
            language=_language(shown, articles) or graded.language,
            quotes=[quote.number for quote in shown.quotes],
            supported=graded.supported[index],
            judged=_judged(graded.attempt, index, judged.carried, judged.needed)
            if judged
            else None,
        )

    def _quote(self, quote: Quote, exact: bool, articles: Mapping[str, Article]) -> Json:  # noqa: FBT001
        return _lean(
            number=quote.number,
            article=self._place(quote.article, articles),
            start=quote.start,
            end=quote.end,
            exact=exact,
            text="" if exact else quote.quote,
        )

    def _hit(self, found: Found, articles: Mapping[str, Article]) -> list[object]:
        place = self._place(found.article, articles)
        shares = [_short(found.arms[arm]) if arm in found.arms else None for arm in self.arms]
        return [place, found.start, found.end, _short(found.score), shares]

    def _place(self, name: str, articles: Mapping[str, Article]) -> int:
        """Where an article stands in the list; one that the run does not hold has no text."""
        article = articles.get(name)
        key = name, article.sha256 if article else ""
        if key not in self.places:
            self.places[key] = len(self.articles)
            self.articles.append(_article(article) if article else {"id": name})
        return self.places[key]


def _article(article: Article) -> Json:
    return _lean(
        id=article.id,
        title=article.title,
        language=article.language,
        text=article.text,
        start=article.body_start,
        date=article.published_on.isoformat() if article.published_on else "",
        outlet=article.outlet,
        url=article.url,
    )


def _language(shown: Shown, articles: Mapping[str, Article]) -> str:
    """The language of a statement that stands in one of its quotes."""
    for quote in shown.quotes:
        article = articles.get(quote.article)
        if article and shown.text in quote.quote:
            return article.language
    return ""


def _judged(
    attempt: Attempt, index: int, carried: Sequence[bool | None], needed: Sequence[bool | None]
) -> list[object]:
    """Whether a model finds a statement carried, and each of its quotes needed."""
    before = sum(len(shown.quotes) for shown in attempt.statements[:index])
    own = len(attempt.statements[index].quotes)
    if carried[index] is None:
        return []
    return [carried[index], *needed[before : before + own]]


def _usage(usage: Usage) -> list[object]:
    counts = [usage.tokens_in, usage.tokens_out, usage.tokens_cached]
    return [*counts, usage.cost] if any(counts) or usage.cost else []


def _changes(comparison: Comparison) -> dict[str, str]:
    """What became of each case since the run before."""
    found = dict.fromkeys(comparison.shared, "same")
    found |= dict.fromkeys(comparison.changed, "asks something else")
    found |= {flip.case.id: "gained" for flip in comparison.gained}
    return found | {flip.case.id: "lost" for flip in comparison.lost}


def _short(number: float) -> float | None:
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else None
