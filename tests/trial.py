"""Runs that were never made: cases, attempts and their scores, for what shows them.

`everything` is a run in which every kind of reply and of quote is found once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from eval.cases import Case
from eval.records import Answers, Attempt, Found, Judgement, Left, Quote, Run, Shown
from eval.score import Scores, score
from rag.domain import Article, Exchange, Usage

HOSTILE = (
    "</script><img src=x onerror=alert(1)><!--<script>alert(2)</script> ]]> &lt;b&gt; \u2028\u2029"
    " \" ' {{ 7 * 7 }} {% raw %} \u202e\x07\r\n https://example.com/steal"
)
"""What must never be more than text."""

SOLD = "The mill was sold to Anna Keller."
PAID = "She paid 300,000 euros in March 2021."
BRIDGE = "The bridge fell in 1999."

TOWN = Article(
    id="town.txt",
    title="The mill",
    language="en",
    text=f"😀 {SOLD} {PAID} It stands.\n"
    + "Nothing else is known of the town.\n" * 60
    + f"{BRIDGE}\n",
    sha256="a" * 64,
    published_on=date(2021, 4, 1),
    outlet="Town Paper",
    url="https://example.com/mill",
)
FLUSS = Article(
    id="fluss.txt",
    title="Der Fluss",
    language="de",
    text="Der Fluss ist 90 Kilometer lang. Er fließt nach Norden.",
    sha256="b" * 64,
)
ARTICLES = {article.id: article for article in (TOWN, FLUSS)}


def case(name: str, **more: Any) -> Case:
    """An answerable question about the mill, unless more is said."""
    values: dict[str, Any] = {
        "set": "town",
        "language": "en",
        "question": f"Who bought the mill, {name}?",
        "answer": "Anna Keller",
        "expect": ("Keller",),
        "sources": ("town.txt",),
        "tags": ("lookup",),
    }
    return Case(id=name, **(values | more))


def quote(number: int, words: str, article: Article = TOWN) -> Quote:
    """The citation of some words of an article."""
    start = article.text.index(words)
    return Quote(
        number=number, article=article.id, start=start, end=start + len(words), quote=words
    )


def attempt(name: str, *words: str, **more: Any) -> Attempt:
    """An answer that quotes words of the town's article, one statement each."""
    statements = tuple(
        Shown(text=text, quotes=(quote(number, text),)) for number, text in enumerate(words, 1)
    )
    values: dict[str, Any] = {
        "statements": statements,
        "confidence": 0.5,
        "language": "en",
        "hits": (Found(article="town.txt", start=2, end=36, score=0.5, arms={"words": 0.5}),),
        "seconds": 0.25,
        "timings": {"generate": 0.125},
    }
    return Attempt(case=name, **(values | more))


def refusal(name: str, **more: Any) -> Attempt:
    """A refusal."""
    return attempt(name, reason="not_supported", **more)


def scored(
    cases: Sequence[Case],
    attempts: Sequence[Attempt],
    articles: Mapping[str, Article] = ARTICLES,
    judgements: Sequence[Judgement] = (),
    **run: Any,
) -> Scores:
    """The scores of a run that was never made."""
    noon = datetime(2025, 4, 3, 12, tzinfo=UTC)
    values: dict[str, Any] = {
        "name": "trial",
        "started": noon,
        "asked_at": noon,
        "generator": "extractive",
        "settings": {"hits": 12},
        "versions": {"citebot": "0.1.0"},
    }
    return score(
        Answers(
            run=Run(**(values | run)),
            cases=tuple(cases),
            articles=articles,
            attempts=tuple(attempts),
            judgements=tuple(judgements),
        )
    )


def overlapping(name: str) -> Attempt:
    """One statement with quotes that touch, overlap, and lie in each other."""
    words = (SOLD, "Anna Keller. She paid", "sold to Anna", PAID)
    quotes = tuple(quote(number, part) for number, part in enumerate(words, 1))
    return attempt(name, statements=(Shown(text=SOLD, quotes=quotes),))


def inexact(name: str) -> Attempt:
    """A quote that says more than its place, one beyond the end, one of an article not held."""
    off = quote(1, SOLD)
    quotes = (
        Quote(number=1, article=off.article, start=off.start, end=off.end, quote=f"{SOLD} Twice."),
        Quote(number=2, article=off.article, start=99_990, end=99_999, quote="Far away."),
        Quote(number=3, article="lost.txt", start=0, end=5, quote="Lost."),
    )
    return attempt(name, statements=(Shown(text=SOLD, quotes=quotes),))


def hostile() -> tuple[Case, Attempt, Article]:
    """A case, a reply and an article that would like to be markup."""
    article = Article(
        id=f"{HOSTILE}.txt", title=HOSTILE, language="en", text=HOSTILE, sha256="c" * 64
    )
    one = case(
        f"hostile {HOSTILE}",
        question=HOSTILE,
        answer=HOSTILE,
        expect=("script",),
        forbid=("never",),
        sources=(article.id,),
        tags=(HOSTILE,),
        set=HOSTILE,
    )
    whole = Quote(number=1, article=article.id, start=0, end=len(HOSTILE), quote=HOSTILE)
    return (
        one,
        attempt(
            one.id,
            statements=(Shown(text=HOSTILE, quotes=(whole,)),),
            stale=(HOSTILE,),
            dropped=(Left(text=HOSTILE, why=HOSTILE),),
            hits=(Found(article=article.id, start=0, end=9, score=1, arms={HOSTILE: 1.0}),),
            timings={HOSTILE: 1.0},
            model=HOSTILE,
            prompts={HOSTILE: HOSTILE},
            usage=Usage(tokens_in=1, tokens_out=2, tokens_cached=1, cost=0.5),
        ),
        article,
    )


def everything(**run: Any) -> Scores:
    """Every kind of reply and of quote."""
    bad, attack, trap = hostile()
    turns = (Exchange(question="Is there a mill?", reply="Yes."),)
    cases = (
        case("plain"),
        case("far", expect=("1999",), answer="1999", tags=("date",)),
        case("overlap"),
        case("inexact"),
        case("refused"),
        case("failed"),
        case("follow", history=turns, tags=("follow_up",)),
        case("german", language="de", question="Wie lang ist der Fluss?", answer="90 km",
             expect=("90",), sources=("fluss.txt",), tags=("crosslingual",)),
        case("unsaid", answerable=False, expect=(), sources=(), answer="", tags=("unanswerable",)),
        case("judged"),
        bad,
    )  # fmt: skip
    length = "Der Fluss ist 90 Kilometer lang."
    attempts = (
        attempt("plain", SOLD, seconds=0.1),
        attempt("far", BRIDGE),
        overlapping("overlap"),
        inexact("inexact"),
        refusal("refused", unknown=("Keller",), dropped=(Left(text=SOLD, why="no such key"),)),
        attempt("failed", error="the model did not answer in time", hits=()),
        attempt("follow", SOLD, BRIDGE),
        attempt("german", statements=(Shown(text=length, quotes=(quote(1, length, FLUSS),)),)),
        refusal("unsaid"),
        attempt("judged", SOLD, model="scripted-1", prompts={"answer": "d" * 64}),
        attack,
    )
    judgements = [
        Judgement(case="judged", about=about, verdict=verdict, model="judge-1")
        for about, verdict in (("answer", "correct"), ("statement 0", "supported"))
    ]
    return scored(cases, attempts, ARTICLES | {trap.id: trap}, judgements, **run)


def earlier() -> Scores:
    """A run before `everything`: one case refused, one asked otherwise, one more, one less."""
    cases = (
        case("plain"),
        case("far", expect=("1999",), answer="1999", tags=("date",)),
        case("follow", question="Who was it?", tags=("follow_up",)),
        case("refused"),
        case("unsaid", answerable=False, expect=(), sources=(), answer="", tags=("unanswerable",)),
        case("gone"),
    )
    older = TOWN.text.replace("Nothing else", "Nothing more")
    attempts = (
        refusal("plain"),
        attempt("far", BRIDGE),
        attempt("follow", SOLD),
        attempt("refused", SOLD),
        refusal("unsaid"),
        attempt("gone", SOLD),
    )
    articles = {"town.txt": replace(TOWN, text=older, sha256="e" * 64)}
    return scored(cases, attempts, articles, name="trial before")
