"""What the public sets say about retrieving, choosing a sentence and refusing.

All of it goes through the library as it is: the same index, arms, weights and threshold that
answer a person. Figures of held-out articles stand beside those of all articles, because
the weights were fitted on the others.
"""

import math
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from eval.publicsets import Asked, Passage, PublicSet, read_set, write_corpus
from rag.analysis import Analyser
from rag.build import Parts
from rag.cldr import Names
from rag.domain import Hit, Question
from rag.lexicon import Lexicon
from rag.settings import Settings
from rag.stopwords import StopWords
from rag.understand import LANGUAGES

PAIRS = (
    ("en", "en"), ("de", "de"), ("ru", "ru"),
    ("de", "en"), ("en", "de"), ("ru", "en"), ("en", "ru"), ("ru", "de"), ("de", "ru"),
)  # fmt: skip
"""Languages of question and passages: the pairs of XQuAD that the lexicon knows."""


class Unworded(Parts):
    """Parts whose lexicon has no concept: what is left are names, numbers and letters."""

    @cached_property
    def analyser(self) -> Analyser:
        """The analyser of a lexicon that is a header and nothing else."""
        header = self.folder / "empty-lexicon.tsv"
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text("concept\t" + "\t".join(LANGUAGES) + "\n", "utf-8")
        return Analyser(lexicon=Lexicon(header), names=Names(LANGUAGES), stop_words=StopWords())


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One question: where its article stood among the hits, what was shown."""

    asked: Asked
    place: int
    """From 0; the number of articles found where it was not among them."""
    first: bool
    """Whether the best sentence holds the answer."""
    shown: bool
    """Whether one of the sentences that would be shown holds it."""
    refused: bool
    """Whether the reply would be a refusal."""
    refused_without: bool
    """Whether it would be one if the article that answers were not in the corpus."""
    sentences: int
    """How many sentences would be shown."""


def open_parts(passages: Iterable[Passage], folder: Path, *, kind: type[Parts] = Parts) -> Parts:
    """Index passages, each as an article, in an empty folder."""
    write_corpus(passages, folder / "corpus")
    parts = kind(Settings(corpus=folder / "corpus", data=folder / "data"))
    parts.indexer.run()
    return parts


def recall(parts: Parts, questions: Sequence[Asked]) -> list[int]:
    """For each question the place of its article among the first ten, from 0; 10 if missing."""
    places = []
    with parts.manifest.reading() as snapshot:
        for asked in questions:
            hits = parts.retriever.find(_question(asked), snapshot, 10)
            articles = list(dict.fromkeys(hit.passage.article_id for hit in hits))
            name = f"{asked.pid}.txt"
            places.append(articles.index(name) if name in articles else 10)
    return places


def sentences(parts: Parts, one: PublicSet, questions: Sequence[Asked]) -> list[Found]:
    """What would be shown for each question, with refusals and without."""
    found = []
    for asked in questions:
        question = _question(asked)
        with parts.manifest.reading() as snapshot:
            hits = parts.retriever.find(question, snapshot, parts.settings.hits)
        name = f"{asked.pid}.txt"
        draft = parts.extractor.proposed(question, hits)
        others = [hit for hit in hits if hit.passage.article_id != name]
        without = parts.extractor.proposed(question, others)
        chosen = parts.extractor.best(question, hits)
        texts = [c.sentence.text for c in chosen if c.sentence.article_id == name]
        answers = one.answers.get((asked.qid, asked.language), asked.answers)
        held = [any(answer.casefold() in t.casefold() for answer in answers) for t in texts]
        first = bool(chosen) and chosen[0].sentence.text in texts[:1] and held[:1] == [True]
        found.append(
            Found(
                asked=asked,
                place=_place(hits, asked),
                first=first,
                shown=any(held),
                refused=not draft.claims,
                refused_without=not without.claims,
                sentences=len(chosen),
            )
        )
    return found


def retrieval_lines(data: Path, *, every: int) -> Iterable[str]:
    """The table of XQuAD's language pairs, with the lexicon and without it."""
    xquad = read_set(data, "xquad")
    yield "XQuAD, articles found         recall@1  recall@5  | held out  |  without the lexicon"
    for asked_in, written_in in PAIRS:
        questions = [q for q in xquad.questions if q.language == asked_in][::every]
        passages = [p for p in xquad.passages if p.language == written_in]
        with tempfile.TemporaryDirectory() as folder:
            places = recall(open_parts(passages, Path(folder)), questions)
        line = f"  {asked_in} asked, {written_in} written ({len(questions)})".ljust(30)
        line += _shares(places) + "  |  "
        held_out = [p for p, q in zip(places, questions, strict=True) if q.held_out]
        line += _shares(held_out)
        if asked_in != written_in:
            with tempfile.TemporaryDirectory() as folder:
                bare = open_parts(passages, Path(folder), kind=Unworded)
                line += "  |  " + _shares(recall(bare, questions))
        yield line


def sentence_lines(data: Path, *, every: int) -> Iterable[str]:
    """The table of sentences shown and refusals for every set."""
    yield "Sentences: the best holds the answer, one shown does; refused, refused without its"
    yield "article in the corpus; sentences shown"
    xquad = read_set(data, "xquad")
    for language in ("en", "de", "ru"):
        passages = [p for p in xquad.passages if p.language == language]
        questions = [q for q in xquad.questions if q.language == language][::every]
        yield from _set_lines(f"XQuAD {language}", xquad, passages, questions)
    for name in ("piaf_fr", "squad2_dev_half"):
        one = read_set(data, name)
        questions = list(one.questions)[::every]
        answered = [q for q in questions if q.answers]
        yield from _set_lines(name, one, one.passages, answered)
        unanswered = [q for q in questions if not q.answers]
        if unanswered:
            yield from _set_lines(f"{name}, no answer", one, one.passages, unanswered)


def _set_lines(
    name: str, one: PublicSet, passages: Iterable[Passage], questions: Sequence[Asked]
) -> Iterable[str]:
    with tempfile.TemporaryDirectory() as folder:
        parts = open_parts(passages, Path(folder))
        found = sentences(parts, one, questions)
    for label, rows in ((name, found), ("  held out", [f for f in found if f.asked.held_out])):
        shown = sum(row.sentences for row in rows) / max(1, len(rows))
        yield (
            f"  {label} ({len(rows)})".ljust(36)
            + f"{_share(row.first for row in rows)}  {_share(row.shown for row in rows)}  "
            + f"{_share(row.refused for row in rows)}  "
            + f"{_share(row.refused_without for row in rows)}  {shown:.2f}"
        )


def _shares(places: Sequence[int]) -> str:
    return f"{_share(p < 1 for p in places)}  {_share(p < 5 for p in places)}"


def _share(hits: Iterable[bool]) -> str:
    values = list(hits)
    return f"{sum(values) / len(values) if values else math.nan:8.1%}"


def _question(asked: Asked) -> Question:
    return Question(text=asked.text, language=asked.language, asked_at=datetime.now(UTC))


def _place(hits: Sequence[Hit], asked: Asked) -> int:
    articles = list(dict.fromkeys(hit.passage.article_id for hit in hits))
    name = f"{asked.pid}.txt"
    return articles.index(name) if name in articles else len(articles)
