"""What to call an article that does not say its title.

1. its first line, where that is a title: short, alone on its line, without a stop;
2. its file name, where that is made of words (`mill-by-the-river.txt`);
3. the opening words of its first sentence (for names such as `002_ef4ca652.txt`).
"""

import re
from pathlib import PurePosixPath

from rag.furniture import furniture_spans
from rag.sentences import sentence_spans

LONGEST_TITLE = 150
"""Characters: longer first lines are paragraphs."""

OPENING_WORDS = 80
"""Characters of the first sentence that stand in for a title."""

BEGINNING = 5_000
"""Characters of the body in which a title is looked for."""

HEADING = re.compile(r"#{1,6}\s+(.*?)[\s#]*")
WORD = re.compile(r"[^\W\d_]{3,}")


def title_of(body: str, language: str, article_id: str) -> str:
    """The title of an article without one in its front matter; never empty."""
    path = PurePosixPath(article_id)
    beginning = body[:BEGINNING]
    first = _first_sentence(beginning, language)
    if first:
        title = _as_title(beginning, *first, is_markdown=path.suffix.lower() == ".md")
        if title:
            return title
    words = [word for word in re.split(r"[\s_.\-]+", path.stem) if word]
    if any(WORD.fullmatch(word) for word in words):
        return " ".join(words)
    return _opening(beginning[slice(*first)]) if first else path.name


def _first_sentence(beginning: str, language: str) -> tuple[int, int] | None:
    """The first span that is no page furniture, such as a breadcrumb trail, and has a letter."""
    furniture = furniture_spans(beginning)
    for start, end in sentence_spans(beginning, language):
        overlaps = any(start < last and first < end for first, last in furniture)
        if not overlaps and any(character.isalnum() for character in beginning[start:end]):
            return start, end
    return None


def _as_title(beginning: str, start: int, end: int, *, is_markdown: bool) -> str | None:
    """The first sentence as a title, if it fills its line and has no stop at its end."""
    rest = re.split(r"[\r\n]", beginning[end:], maxsplit=1)[0]
    sentence = _clean(beginning[start:end])
    heading = HEADING.fullmatch(sentence) if is_markdown else None
    if heading:
        return _clean(heading[1].strip("*_` "))[:LONGEST_TITLE] or None
    if rest.strip() or len(sentence) > LONGEST_TITLE or sentence[-1] in ".…:;,":
        return None
    return sentence.strip("*_` ") or None if is_markdown else sentence


def _opening(sentence: str) -> str:
    """The first words of a sentence, with an ellipsis where it goes on."""
    clean = _clean(sentence)
    if len(clean) <= OPENING_WORDS:
        return clean
    return clean[:OPENING_WORDS].rsplit(" ", 1)[0].rstrip(",;:–—- ") + " …"


def _clean(text: str) -> str:
    """On one line, without characters that a terminal would obey."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())
