"""From an article to the passages and sentences that may be cited."""

import base64
import hashlib
from collections.abc import Iterator

from rag.domain import Article, Passage, Sentence
from rag.furniture import furniture_spans
from rag.sentences import sentence_spans

LONGEST = 2_000
"""Characters of the longest text that counts as one sentence."""

KEY_LETTERS = 6
"""Base-32 letters of a sentence key behind its `k`: 30 bits, so that among the hundred
sentences that a model sees two share a key once in two hundred thousand questions."""


def passages_of(article: Article, *, limit: int) -> list[Passage]:
    """Cut an article into passages of whole sentences, at most `limit` characters each.

    A passage ends before page furniture and, once it is half full, with its paragraph; a
    single sentence beyond the limit is a passage of its own.
    """
    return [_passage(article, run) for run in _runs(article, limit)]


def _runs(article: Article, limit: int) -> Iterator[list[tuple[int, int]]]:
    """Consecutive sentence spans that share a passage."""
    for spans in _stretches(article):
        run: list[tuple[int, int]] = []
        for span in spans:
            if run and _ends(article.text, run, span, limit):
                yield run
                run = []
            run.append(span)
        if run:
            yield run


def _ends(text: str, run: list[tuple[int, int]], span: tuple[int, int], limit: int) -> bool:
    """Whether the run must end before the next span."""
    first, last = run[0][0], run[-1][1]
    if span[1] - first > limit:
        return True
    return last - first >= limit / 2 and "\n" in text[last : span[0]]


def _stretches(article: Article) -> Iterator[list[tuple[int, int]]]:
    """The sentences of the body from one piece of furniture to the next, in the whole text."""
    position = article.body_start
    for start, end in (*furniture_spans(article.text), (len(article.text), len(article.text))):
        if start > position:
            spans = sentence_spans(article.text[position:start], article.language)
            whole = ((position + first, position + last) for first, last in spans)
            yield [piece for span in whole for piece in _pieces(article.text, *span)]
        position = max(position, end)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """A sentence; parts of one that is none: a table, a log, a text without stops."""
    while end - start > LONGEST:
        cut = start + LONGEST
        while cut > start and not text[cut].isspace():
            cut -= 1
        cut = cut if cut > start else start + LONGEST
        yield start, start + len(text[start:cut].rstrip())
        start = cut
        while start < end and text[start].isspace():
            start += 1
    if end > start:
        yield start, end


def _passage(article: Article, run: list[tuple[int, int]]) -> Passage:
    start, end = run[0][0], run[-1][1]
    return Passage(
        id=_digest(article.sha256, article.id, start, end).hex()[:20],
        article_id=article.id,
        language=article.language,
        start=start,
        end=end,
        text=article.text[start:end],
        sentences=tuple(_sentence(article, first, last) for first, last in run),
    )


def _sentence(article: Article, start: int, end: int) -> Sentence:
    digest = _digest(article.sha256, article.id, start, end)
    letters = base64.b32encode(digest).decode("ascii").lower()
    return Sentence(
        article_id=article.id,
        start=start,
        end=end,
        text=article.text[start:end],
        key=f"k{letters[:KEY_LETTERS]}",
    )


def _digest(*parts: object) -> bytes:
    return hashlib.blake2s("\0".join(map(str, parts)).encode()).digest()
