"""What a language model is shown of the articles: sentences under their keys, within a budget.

title: …
published: 2024-04-03
language: de
kq3x7ab The first sentence that was chosen.
…               (where sentences are left out)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rag.domain import Heading, Material, Passage

BYTES = 3
"""UTF-8 bytes that are counted as a token. Measured on the passages of XQuAD and PIAF, a token has
4.9 in English, 4.4 in German, 6.7 in Russian and 4.2 in French with `o200k_base`, and 4.8, 3.6, 3.9
and 3.6 with `cl100k_base`; a key of 8 bytes has up to 8 tokens. So this errs to the safe side."""

GAP = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The passages that fit, and how they are put to a model."""

    texts: tuple[tuple[str, str], ...]
    """For each article a label and a text, to be fenced; the best article first."""
    left_out: int = 0
    """Passages that did not fit."""


def tokens(text: str) -> int:
    """About how many tokens a text has; rather too many than too few."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES)


def context(material: Material, budget: int) -> Context:
    """The best passages whose sentences have at most `budget` tokens together.

    What does not fit is cut by whole passages, the worst first; the best is always there.
    """
    chosen: list[Passage] = []
    opened: set[str] = set()
    for passage in material.passages:
        cost = tokens(f"{GAP}\n{_lines(passage)}\n")
        if passage.article_id not in opened:
            cost += tokens(f"{_head(passage, material)}\n")
        if chosen and cost > budget:
            break
        budget -= cost
        chosen.append(passage)
        opened.add(passage.article_id)
    articles = dict.fromkeys(passage.article_id for passage in chosen)
    texts = (_article([p for p in chosen if p.article_id == i], material) for i in articles)
    return Context(
        texts=tuple(("article", text) for text in texts),
        left_out=len(material.passages) - len(chosen),
    )


def _article(passages: Sequence[Passage], material: Material) -> str:
    """An article's passages in the order in which they stand in it."""
    ordered = sorted(passages, key=lambda passage: passage.start)
    parts = [_head(ordered[0], material)]
    last = ordered[0].end
    for passage in ordered:
        if passage.start > last + 200:
            parts.append(GAP)
        parts.append(_lines(passage))
        last = passage.end
    return "\n".join(parts)


def _head(passage: Passage, material: Material) -> str:
    heading = material.headings.get(passage.article_id, Heading(title=passage.article_id))
    published = heading.published_on.isoformat() if heading.published_on else "unknown"
    title = " ".join(heading.title.split())
    return f"title: {title}\npublished: {published}\nlanguage: {passage.language}"


def _lines(passage: Passage) -> str:
    return "\n".join(f"{s.key} {' '.join(s.text.split())}" for s in passage.sentences)
