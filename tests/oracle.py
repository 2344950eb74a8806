"""A run that has everything right, made from golden cases and articles: faults are planted in it.

Every answerable case is answered by the sentences of its sources that say what is expected,
word for word; every other one is refused.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime

import regex

from eval.cases import Case
from eval.records import Answers, Attempt, Found, Quote, Run, Shown
from rag.corpus import article_files, article_path, read_article
from rag.domain import Article, Sentence
from rag.passages import passages_of
from rag.settings import SAMPLE_CORPUS
from tests.library import DETECTOR

RUN = Run(
    name="oracle",
    started=datetime(2025, 4, 3, tzinfo=UTC),
    asked_at=datetime(2025, 4, 3, tzinfo=UTC),
    generator="oracle",
    settings={},
    corpus="articles",
)


def sample_articles() -> dict[str, Article]:
    """The sample corpus by id."""
    files = article_files(SAMPLE_CORPUS).files
    ids = [file.relative_to(SAMPLE_CORPUS).as_posix() for file in files]
    return {
        i: read_article(
            SAMPLE_CORPUS, article_path(SAMPLE_CORPUS, i), max_bytes=1_000_000, detector=DETECTOR
        )
        for i in ids
    }


def sentences(article: Article) -> list[Sentence]:
    """Its sentences that may be cited."""
    return [s for passage in passages_of(article, limit=1000) for s in passage.sentences]


def quote(number: int, sentence: Sentence) -> Quote:
    """A citation of a sentence as it stands."""
    return Quote(
        number=number,
        article=sentence.article_id,
        start=sentence.start,
        end=sentence.end,
        quote=sentence.text,
    )


def oracle(cases: Iterable[Case], articles: Mapping[str, Article]) -> Answers:
    """The run that has everything right."""
    kept = tuple(cases)
    return Answers(
        run=RUN,
        cases=kept,
        articles=articles,
        attempts=tuple(_attempt(case, articles) for case in kept),
    )


def planted(answers: Answers, fault: Callable[[Case, Attempt], Attempt]) -> Answers:
    """The same run with a fault in its attempts."""
    cases = {case.id: case for case in answers.cases}
    attempts = tuple(fault(cases[one.case], one) for one in answers.attempts)
    return replace(answers, attempts=attempts)


def _attempt(case: Case, articles: Mapping[str, Article]) -> Attempt:
    order = [*case.sources, *(name for name in articles if name not in case.sources)]
    hits = tuple(
        Found(article=name, start=0, end=1, score=1 / place, arms={"words": 1 / place})
        for place, name in enumerate(order, start=1)
    )
    if not case.answerable:
        return Attempt(case=case.id, reason="not_supported", hits=hits, language=case.language)
    chosen = _saying(case, articles)
    statements = tuple(
        Shown(text=" ".join(one.text.split()), quotes=(quote(number, one),))
        for number, one in enumerate(chosen, start=1)
    )
    return Attempt(
        case=case.id,
        statements=statements,
        hits=hits,
        language=case.language,
        confidence=0.9,
        seconds=0.1,
    )


def _saying(case: Case, articles: Mapping[str, Article]) -> list[Sentence]:
    """Sentences of the sources that together match all patterns, at least one of each source."""
    names = case.sources[:1] if case.any_source else case.sources
    found: dict[Sentence, None] = {}
    every = [sentence for name in case.sources for sentence in sentences(articles[name])]
    for pattern in case.expect:
        found[next(s for s in every if regex.search(pattern, s.text, regex.IGNORECASE))] = None
    for name in names:
        if not any(sentence.article_id == name for sentence in found):
            found[next(s for s in every if s.article_id == name)] = None
    return list(found)
