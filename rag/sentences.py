"""Where the sentences of a text begin and end.

    text -> blocks (paragraphs, headings, list items; wrapped lines joined)
         -> cuts proposed by sentencex
         -> cuts added, moved and dropped by the few rules below
         -> spans

All offsets are characters into the untouched text, end exclusive. sentencex (MIT) was chosen
by `python -m eval.bench.splitters`; the rules here are what it got wrong there, and every one
has its cases in `eval/bench/splitter_cases.yaml`.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

import sentencex

Span = tuple[int, int]

WRAPPED_WIDTH = range(40, 126)
"""Characters in a line that may have been wrapped by hand or by an editor. Usual are 60 to 90;
shorter lines are headings or verse, longer ones are whole paragraphs."""

WINDOW = 10_000
"""Characters given to sentencex at a time: unclosed quotation marks cost it quadratic time."""

LOOK_BACK = 2_000
"""Characters before a cut that the rules look at, so that no text takes quadratic time."""

NEVER_LAST = {
    "de": "Abb Abs Anm Aufl Bd Dipl.-Ing Hrsg Kap Okt Dez Tab Verf Ziff allg einschl entspr exkl "
    "geb gest inkl insb insbes zit zzgl",
    "en": "Eq Ms approx avg ch ed eds excl figs incl para vol vols",
    "fr": "Dr M MM Me Mgr Mlle Mme Pr St Ste alin ap art av bd capt chap col coll gén lt prof",
    "ru": "англ ген гл доц им кап каз напр нем обл ок пл пос прим рис рус ср ст табл т.е",
}
"""Abbreviations that sentencex does not know and that never end a sentence, per language,
without their stop and written as in running text."""

MAY_BE_LAST = {
    "de": r"\b(?:usw|etc)\.",
    "en": r"\betc\.",
    "fr": r"\betc\.",
    "ru": r"\b(?:т\. ?[дп]|руб|др|проч)\.",
}
"""Abbreviations behind which sentencex never cuts, although a capital letter says so."""

ELLIPSIS = r"(?:…|\.\.\.)"
OPENING = "«„“‘\"'([¿¡"
DASHES = "-–—"

LINE = re.compile(r"[^\r\n\u2028\u2029]+")
LIST_ITEM = re.compile(r"[-*+•◦▪·]\s|[|>#]")
PERHAPS_ITEM = re.compile(r"[–—]\s|\(?\d{1,3}[.)]\s|\(?[A-Za-z][.)]\s")
"""A wrapped line, too, may begin with a dash or a date."""
HEADING = re.compile(r"#{1,6}\s|[=\-_*~]{3,}$")
INSIDE_STOP = re.compile(r"[.!?…](?:\s|$)")
# Same length out as in: in wrapped prose `12. ` at the start of a line is no item of a list.
BREAKS = re.compile("[\r\n\u2028\u2029]")
SURROGATES = re.compile("[\ud800-\udfff]")

BRACKETED = re.compile(r"(?:^|[.!?…]\s+)[(\[][^()\[\]]*[)\]]\s*$")
LEFT_OPEN = re.compile(rf"(?<=\s)[{re.escape(OPENING)}]+\s*$")
FIRST_WORD = re.compile(rf"[{re.escape(OPENING + DASHES)},;:\s]*(\w+)")
MARKER = re.compile(r"\W*(?:\d{1,3}|\w)[.)]\s*|[^\w\s]{1,3}\s*")
GERMAN_ORDINAL = re.compile(
    r"\b(?:d(?:er|ie|as|em|en|es)|[ai]m|zu[mr]|vom|beim|ein\w{0,2}|kein\w{0,2}|jede\w|ihre?\w?"
    r"|seine?\w?|unsere?\w?|diese\w?)\s+\d{1,2}\.\s*$",
    re.IGNORECASE,
)
HYPHENATED_INITIALS = re.compile(r"(?<!\w)(?!J\.-C)\w\.-\w\.\s*$")
ABBREVIATION = re.compile(r"(?:^|(?<=[\s(\[«„“\"'’]))([^\s(\[«„“\"'’]+)\.\s*$")


def sentence_spans(text: str, language: str) -> list[Span]:
    """Give the offsets of the sentences of `text`, in order.

    A span has no white space at its ends and is never empty; every other character of the text
    is in exactly one span. Headings, list items and lines complete in themselves are spans of
    their own; wrapped lines are joined; a quotation of several sentences stays whole.
    `language` is an ISO 639-1 code, a region behind it is ignored; for a language that
    sentencex has no rules for, its general ones apply.
    """
    code = re.split("[-_]", language.strip().lower())[0]
    plain = SURROGATES.sub("\ufffd", BREAKS.sub(" ", text))
    spans: list[Span] = []
    for start, end in _blocks(text):
        edges = [0, *_cuts(plain[start:end], code), end - start]
        pieces = ((start + a, start + b) for a, b in pairwise(edges))
        spans.extend(_trimmed(text, pieces))
    return spans


def _trimmed(text: str, spans: Iterable[Span]) -> Iterator[Span]:
    """The spans without the white space at their ends; empty ones go."""
    for start, end in spans:
        piece = text[start:end]
        left = start + len(piece) - len(piece.lstrip())
        right = start + len(piece.rstrip())
        if left < right:
            yield left, right


def _blocks(text: str) -> Iterator[Span]:
    """Runs of lines that belong together: a paragraph, a heading, an item of a list."""
    for run in _runs(text):
        width = max(end - start for start, end in run)
        wrapped = _looks_wrapped(text, run)
        start, _ = run[0]
        for line, following in pairwise(run):
            if not (wrapped and _is_wrap(text[slice(*line)], text[slice(*following)], width)):
                yield start, line[1]
                start = following[0]
        yield start, run[-1][1]


def _runs(text: str) -> Iterator[list[Span]]:
    """The lines between two blank lines, each without the white space around it."""
    run: list[Span] = []
    last = 0
    for match in LINE.finditer(text):
        line = next(_trimmed(text, [match.span()]), None)
        gap = text[last : match.start()].replace("\r\n", "\n")
        if run and (line is None or len(gap) > 1):
            yield run
            run = []
        if line is not None:
            run.append(line)
        last = match.end()
    if run:
        yield run


def _looks_wrapped(text: str, run: list[Span]) -> bool:
    """Whether the lines are prose: one goes on in small letters, or holds a stop.

    Rows of titles do neither, and their widths alone would say nothing.
    """
    return any(text[start].islower() for start, _ in run[1:]) or any(
        INSIDE_STOP.search(text, start, end) for start, end in run
    )


def _is_wrap(line: str, after: str, width: int) -> bool:
    """Whether the break between two lines of a run `width` wide is only a wrap.

    It is when the sentence goes on in a small letter, or when the next word would not have
    fitted into the line any more.
    """
    if HEADING.match(line) or LIST_ITEM.match(after) or HEADING.match(after):
        return False
    if PERHAPS_ITEM.match(after) and (PERHAPS_ITEM.match(line) or line[-1] in ".!?…:;"):
        return False
    first_word = after.split(maxsplit=1)[0]
    is_full = len(line) + 1 + len(first_word) > width
    goes_on = after[0].islower() and not INSIDE_STOP.search(line[-1:])
    return len(line) in WRAPPED_WIDTH and (is_full or goes_on)


def _cuts(block: str, language: str) -> list[int]:
    """Where the sentences of one block begin, except for the first."""
    proposed = {*_proposed(block, language), *_missed(block, language)}
    cuts: list[int] = []
    start = 0
    for cut in (_before_opening(block, end) for end in sorted(proposed)):
        if start < cut < len(block) and not _goes_on(block, start, cut, language):
            cuts.append(cut)
            start = cut
    return cuts


def _proposed(block: str, language: str) -> Iterator[int]:
    """The ends of sentences as sentencex sees them."""
    start = 0
    while start < len(block):
        window = block[start : start + WINDOW]
        boundaries = sentencex.get_sentence_boundaries(language, window)
        ends: list[int] = [found["end_index"] for found in boundaries]
        if start + len(window) < len(block):
            ends.pop()  # the window's last sentence may go on: the next one begins with it
        yield from (start + end for end in ends)
        start += ends[-1] if ends else len(window)


def _before_opening(block: str, cut: int) -> int:
    """Move a cut in front of an opening mark that was left with the sentence before."""
    match = LEFT_OPEN.search(block, max(0, cut - 5), cut)
    return match.start() if match else cut


def _missed(block: str, language: str) -> Iterator[int]:
    """Cuts behind a final abbreviation, an ellipsis or a bracketed sentence."""
    closing_bracket = r"(?<=[.!?…])[)\]]"
    choices = [ELLIPSIS, closing_bracket, *filter(None, [MAY_BE_LAST.get(language)])]
    pattern = rf"(?:{'|'.join(choices)})[”»\"’]?\s+(?=[{re.escape(OPENING)}]*(\w))"
    for match in re.finditer(pattern, block):
        head = block[max(0, match.end() - LOOK_BACK) : match.end()]
        is_sentence = match.group()[0] not in ")]" or BRACKETED.search(head)
        if match.group(1).isupper() and is_sentence and _is_closed(head):
            yield match.end()


def _is_closed(head: str) -> bool:
    """Whether all quotation marks before a cut are closed."""
    angles = head.count("«") == head.count("»")
    return angles and sum(head.count(mark) for mark in '„“”"') % 2 == 0


def _goes_on(block: str, start: int, cut: int, language: str) -> bool:
    """Whether the sentence that began at `start` goes on behind `cut`."""
    head = block[max(start, cut - LOOK_BACK) : cut]
    if MARKER.fullmatch(head):
        return True
    abbreviation = ABBREVIATION.search(head[-40:])
    if abbreviation and abbreviation[1] in NEVER_LAST.get(language, "").split():
        return True
    is_hyphen = block[cut] in DASHES and not head[-1].isspace()
    if is_hyphen or HYPHENATED_INITIALS.search(head[-10:]):
        return True
    if language == "de" and GERMAN_ORDINAL.search(head[-40:]):
        return True
    # Texts written in small letters throughout have no other boundaries than their stops.
    following, first = FIRST_WORD.match(block, cut), FIRST_WORD.match(block, start)
    starts_small = first is not None and first[1].islower()
    return following is not None and following[1].islower() and not starts_small
