"""Page furniture: the lines of a saved web page that are not part of the article.

Teasers for other articles, comment forms, sharing and newsletter lines, cookie notices,
copyright, advertising, navigation, tags, embedded posts. They stay in the text, so that offsets
hold, but nothing in them is ever cited.

Whole lines are recognised, never parts of one, and in all languages at once, because pages mix
them ("Leave a Reply" under a German article). To add a language, add its phrases to
`rag/phrases.py`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from rag.phrases import PHRASES

Span = tuple[int, int]

TITLE_LENGTH = 150
"""Characters in the longest line that may be a title: teasers are titles of other articles."""

TEASER_LENGTH = 250
"""Characters in the longest line that may be a label with a title behind it."""

FORM_LENGTH = 100
"""Characters in the longest line of a comment form: labels and notes, but no paragraph."""

TAG_LENGTH, TAG_WORDS = 30, 3
"""Characters and words in the longest line that may be a category standing alone."""


def _one_of(groups: Iterable[tuple[str, ...]]) -> str:
    return "(?:" + "|".join(phrase for group in groups for phrase in group) + ")"


_EACH = tuple(PHRASES.values())
TEASER_HEADING = re.compile(_one_of(each.teaser_headings for each in _EACH))
TEASER_LABEL = re.compile(_one_of(each.teaser_labels for each in _EACH) + r"(?= ?[:\-–—>»] ?\S)")
BARE_LABEL = re.compile(_one_of(each.teaser_labels for each in _EACH) + r" \S")
TAG_LABEL = re.compile(_one_of(each.tag_labels for each in _EACH) + r" ?: ?\S")
LINE = re.compile(_one_of(each.lines for each in _EACH))
OPENING = re.compile(_one_of(each.openings for each in _EACH) + r"(?!\w)")
BREADCRUMBS = re.compile(_one_of(each.home for each in _EACH) + r"(?: ?[>›»/→] ?[^>›»/→.]{1,60})+")

COMMENT_HEADING = re.compile(_one_of(each.comment_headings for each in _EACH))

COPYRIGHT = re.compile(
    r"(?:(?:19|20)\d\d ?)?©.{1,100}"
    r"|(?:copyright(?: \(c\))?|\(c\)) ?(?:19|20)\d\d\b[^.!?]{0,60}(?:[.,] all rights reserved)?"
)
BARE_URL = re.compile(r"<?(?:https?://|www\.)\S+>?")
POST_LINK = re.compile(r"(?:\bhttps?://t\.co/|\bpic\.(?:twitter|x)\.com/)\w+")
POST_SIGNATURE = re.compile(r"[-–—] ?.{1,60} ?\(@\w{1,30}\)(?: .{0,40}\d{4}.{0,20})?$")

SENTENCE_END = re.compile(r"[.!?…。][\"'”“»)\]]*$")
INNER_STOP = re.compile(r"[.…] \S")
MARKDOWN_LINK = re.compile(r"!?\[([^\]]*)\]\([^)\s]*\)")
DECORATION = "#*_>|•·▪►▶→←»«-–—+~=✕× "
NEW_LINE = re.compile(r"[^\r\n]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """A line that is not blank; `words` is its text as the patterns want it."""

    start: int
    end: int
    words: str
    after_blank: bool


def furniture_spans(text: str) -> list[Span]:
    """Give the offsets of the lines of `text` that are page furniture, in order.

    One span per line, without the white space around it, characters, end exclusive.
    """
    lines = _lines(text)
    marks = [_is_furniture(line.words) for line in lines]
    _mark_teasers(lines, marks)
    _mark_comment_form(lines, marks)
    _mark_last_tags(lines, marks)
    return [(line.start, line.end) for line, marked in zip(lines, marks, strict=True) if marked]


def _lines(text: str) -> list[_Line]:
    """The lines of the text that hold more than white space."""
    lines: list[_Line] = []
    last = 0
    for match in NEW_LINE.finditer(text):
        line = match.group().strip()
        if not line:
            continue
        start = text.index(line[0], match.start())
        gap = text[last:start].replace("\r\n", "\n")
        after_blank = gap.count("\n") + gap.count("\r") > 1
        end = start + len(line)
        lines.append(_Line(start=start, end=end, words=_words(line), after_blank=after_blank))
        last = end
    return lines


def _words(line: str) -> str:
    """The line in small letters, without Markdown, with plain apostrophes and spaces."""
    plain = MARKDOWN_LINK.sub(r"\1", line).replace("’", "'").replace("\ufeff", "")
    return " ".join(plain.split()).strip(DECORATION).lower() or line


def _is_furniture(words: str) -> bool:
    """Whether a line is furniture by its own words."""
    bare = words.rstrip(".:!…>»→ ")
    if any(pattern.fullmatch(bare) for pattern in (LINE, TEASER_HEADING, COPYRIGHT, BREADCRUMBS)):
        return True
    return bool(
        OPENING.match(words)
        or BARE_URL.fullmatch(words)
        or (TAG_LABEL.match(words) and _is_title(words))
        or _is_teaser(words)
        or _is_embedded_post(words)
    )


def _is_teaser(words: str) -> bool:
    """Whether a line is a label with another article's title behind it."""
    label = TEASER_LABEL.match(words)
    if label:
        return len(words) <= TEASER_LENGTH and not INNER_STOP.search(words, label.end() + 2)
    return bool(BARE_LABEL.match(words)) and _is_title(words)


def _is_embedded_post(words: str) -> bool:
    """Whether a line is a post of a network: its text, link and signature in one."""
    if SENTENCE_END.search(words):
        return False
    return bool(POST_LINK.search(words) or POST_SIGNATURE.search(words))


def _is_title(words: str) -> bool:
    """Whether a line is short and neither ends in a full stop nor holds one.

    A title may well ask something and go on.
    """
    return len(words) <= TITLE_LENGTH and words[-1] not in ".…;" and not INNER_STOP.search(words)


def _mark_teasers(lines: list[_Line], marks: list[bool]) -> None:
    """Mark the titles below a heading such as "Articles You May Like".

    They end before a paragraph. A title set off from a list without blank lines, right above
    that paragraph, is the paragraph's own heading.
    """
    below = False
    group: list[int] = []
    for index, line in enumerate(lines):
        if TEASER_HEADING.fullmatch(line.words.rstrip(":…>»→ ")):
            below, group = True, []
        elif below and not marks[index] and _is_title(line.words):
            marks[index] = True
            group.append(index)
        elif below and not marks[index]:
            if _ends_with_own_heading(lines, group):
                marks[group[-1]] = False
            below = False


def _mark_comment_form(lines: list[_Line], marks: list[bool]) -> None:
    """Mark the labels and notes of a comment form at the foot of a page.

    Below its heading nothing but short lines without a stop may follow to the end.
    """
    for index, line in enumerate(lines):
        if not (marks[index] and COMMENT_HEADING.fullmatch(line.words)):
            continue
        if all(_is_form(other.words) for other in lines[index + 1 :]):
            marks[index:] = [True] * (len(lines) - index)
            return


def _is_form(words: str) -> bool:
    return len(words) <= FORM_LENGTH and not SENTENCE_END.search(words)


def _ends_with_own_heading(lines: list[_Line], group: list[int]) -> bool:
    """Whether the last of the titles stands apart from a list of at least two others."""
    tight = all(not lines[index].after_blank for index in group[1:-1])
    return len(group) > 2 and tight and lines[group[-1]].after_blank


def _mark_last_tags(lines: list[_Line], marks: list[bool]) -> None:
    """Mark categories that stand alone behind the last paragraph, such as "Exchanges".

    Only furniture may follow: a heading has a paragraph below it, a category has none.
    """
    tags: list[int] = []
    for index in range(len(lines) - 1, -1, -1):
        line = lines[index]
        if marks[index]:
            continue
        if line.after_blank and _is_tag(line.words):
            tags.append(index)
            continue
        if SENTENCE_END.search(line.words):
            for tag in tags:
                marks[tag] = True
        return


def _is_tag(words: str) -> bool:
    """Whether a line is a word or three, without figures, marks or a stop."""
    is_short = len(words) <= TAG_LENGTH and len(words.split()) <= TAG_WORDS
    return is_short and not re.search(r"[\d.:;!?…|*=]", words)
