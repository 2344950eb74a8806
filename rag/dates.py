"""Dates and times of day in a text, as ISO 8601 with what is not said left out.

`2024-04-03`, `2024-04`, `--04-03` (day and month), `--04` (month), `weekday-3`
(Monday is 1), `14:30`. A lone year is a number until `rag.facts` makes it a date;
`2001/02` is its first year.
`03/04/2025` is read day first unless that is impossible. Quarters, seasons and relative
dates (`yesterday`) are not seen.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from rag.cldr import Name
from rag.inflect import fold
from rag.numbers import joined
from rag.words import Words

_NUMERIC = (
    re.compile(r"(?<![\w.-])(?P<y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})(?![\w-])"),
    re.compile(
        r"(?<![\w.,])(?P<d>[0-9]{1,2})\.[ \u00a0]?(?P<m>[0-9]{1,2})\.[ \u00a0]?"
        r"(?P<y>[0-9]{4}|[0-9]{2})(?!\w)"
    ),
    re.compile(r"(?<![\w/])(?P<d>[0-9]{1,2})/(?P<m>[0-9]{1,2})/(?P<y>[0-9]{4})(?![\w/])"),
)
_GERMAN_SHORT = re.compile(r"(?<![\w.,])(?P<d>[0-9]{1,2})\.(?P<m>[0-9]{1,2})\.(?!\w)")
_YEAR_PAIR = re.compile(r"(?<![\w.,])([12][0-9]{3})([-/\u2013\u2014])([0-9]{2})(?![\w-]|[.,][0-9])")
_DAY_BEFORE = re.compile(
    r"(?<![\w.,])([0-9]{1,2})(?:\.|st|nd|rd|th|er|-?го|-е)?(?:\s(?:of|de))?\s{0,2}\Z"
)
_DAY_BEFORE_THAT = re.compile(r"(?<![\w.,])([0-9]{1,2})(?:\.|st|nd|rd|th|er|-?го|-е)?\Z")
_DAY_AFTER = re.compile(
    r"\.?\s([0-9]{1,2})(?:st|nd|rd|th)?(?![\w%]|[.,:][0-9]|\s?(?:%|per|million|billion))"
)
_YEAR_AFTER = re.compile(
    r"\.?,?\s(?:of\s|de\s|des Jahres\s)?([12][0-9]{3})(?!\w|[.,][0-9])(?:\s(?:году|года|год|г\.))?"
)
_TIMES = (
    re.compile(
        r"(?<![\w:.,])(?P<h>[0-9]{1,2})(?:[:.](?P<m>[0-9]{2}))?\s?(?P<half>[ap])\.?m\b\.?",
        re.IGNORECASE,
    ),
    re.compile(r"(?<![\w:.,])(?P<h>[0-9]{1,2})(?::|\s?h\s?)(?P<m>[0-9]{2})(?![\w:])(?: Uhr\b)?"),
    re.compile(r"(?<![\w:.,])(?P<h>[0-9]{1,2})(?:\.(?P<m>[0-9]{2}))? Uhr\b"),
)
_WORD = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or a time of day at its place in a text."""

    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Date:
    start: int
    end: int
    year: int | None = None
    month: int | None = None
    day: int | None = None


def dates(text: str, words: Words, names: Sequence[Name]) -> list[Moment]:
    """The dates of a text, in order; `names` are its names (months and weekdays)."""
    found = list(_numeric(text, words))
    for start, end, month, full in sorted(_months(text, words, names)):
        found.extend(_around(text, words, start, end, month, full=full))
    found = _years_shared(text, sorted(found, key=lambda date: (date.start, -date.end)), words)
    moments = [Moment(_iso(date), date.start, date.end) for date in found]
    moments += [Moment(n.id, n.start, n.end) for n in names if n.id.startswith("weekday")]
    return sorted(moments, key=lambda moment: moment.start)


def times(text: str) -> list[Moment]:
    """The times of day of a text, in 24 hours."""
    found = []
    for pattern in _TIMES:
        for match in pattern.finditer(text):
            hour, minute = int(match["h"]), int(match["m"] or 0)
            if "half" in pattern.groupindex:
                hour = hour % 12 + (12 if match["half"] in "pP" else 0)
            if hour < 24 and minute < 60:
                found.append(Moment(f"{hour:02}:{minute:02}", *match.span()))
    return found


def holds(quoted: str, claimed: str) -> bool:
    """Whether a quoted date says all that a claimed one says; both as in `Moment.value`."""
    if quoted.startswith("weekday") or claimed.startswith("weekday"):
        return quoted == claimed
    return all(
        said is None or said == known
        for said, known in zip(_parts(claimed), _parts(quoted), strict=True)
    )


def _parts(value: str) -> tuple[str | None, str | None, str | None]:
    """Year, month and day of an ISO date."""
    year = None if value.startswith("--") else value[:4]
    rest = value[2:] if year is None else value[5:]
    month, _, day = rest.partition("-")
    return year, month or None, day or None


def _iso(date: _Date) -> str:
    """The date with what is not said left out."""
    text = "-" if date.year is None else f"{date.year:04}"
    if date.month is not None:
        text += f"-{date.month:02}"
    return text if date.day is None else f"{text}-{date.day:02}"


def _numeric(text: str, words: Words) -> Iterator[_Date]:
    """Dates in digits."""
    patterns = (*_NUMERIC, _GERMAN_SHORT) if words.language == "de" else _NUMERIC
    for pattern in patterns:
        for match in pattern.finditer(text):
            day, month = int(match["d"]), int(match["m"])
            year = int(match["y"]) if "y" in pattern.groupindex else None
            if year is not None and len(match["y"]) == 2:
                year += 2000 if year < 70 else 1900
            if "/" in match.group() and month > 12:
                day, month = month, day
            if 1 <= month <= 12 and 1 <= day <= 31:
                yield _Date(*match.span(), year, month, day)
    for match in _YEAR_PAIR.finditer(text):
        if int(match[3]) > int(match[1]) % 100 or match[2] == "/":
            yield _Date(*match.span(), int(match[1]))


def _months(text: str, words: Words, names: Sequence[Name]) -> Iterator[tuple[int, int, int, bool]]:
    """Start, end, number of each month; whether it is named in full."""
    full = {
        name.start: (name.start, name.end, int(name.id[6:]), True)
        for name in names
        if name.id.startswith("month-")
    }
    yield from full.values()
    for match in _WORD.finditer(text):
        month = words.months.get(fold(match.group()))
        if month is not None and match.start() not in full:
            yield *match.span(), month, False


def _around(
    text: str, words: Words, start: int, end: int, month: int, *, full: bool
) -> Iterator[_Date]:
    """The date around a month's name, and the days before it that share the month."""
    before = _DAY_BEFORE.search(text, max(0, start - 12), start)
    after = _DAY_AFTER.match(text, end)
    if before and 1 <= int(before[1]) <= 31:
        year = _YEAR_AFTER.match(text, end)
        stop = year.end() if year else end
        date = _Date(before.start(), stop, int(year[1]) if year else None, month, int(before[1]))
        yield date
        earlier = _day_before(text, date.start, words)
        if earlier:
            yield replace(date, start=earlier.start(), end=earlier.end(), day=int(earlier[1]))
        return
    if after and words.language == "en" and 1 <= int(after[1]) <= 31:
        year = _YEAR_AFTER.match(text, after.end())
        stop = year.end() if year else after.end()
        yield _Date(start, stop, int(year[1]) if year else None, month, int(after[1]))
        return
    year = _YEAR_AFTER.match(text, end)
    if year:
        yield _Date(start, year.end(), int(year[1]), month)
    elif full and not _doubtful(text, words, start, end):
        yield _Date(start, end, None, month)


def _day_before(text: str, start: int, words: Words) -> re.Match[str] | None:
    """The first day of `3.-5. April` or `3 and 5 April`, before the second."""
    for stop in range(start, max(0, start - 8), -1):
        match = _DAY_BEFORE_THAT.search(text, max(0, stop - 6), stop)
        if match and joined(text, stop, start, words) and 1 <= int(match[1]) <= 31:
            return match
    return None


def _doubtful(text: str, words: Words, start: int, end: int) -> bool:
    """Whether a month's name alone may be another word: `May`, `March`; not behind `in`."""
    if fold(text[start:end]) not in words.capital_only or words.language != "en":
        return False
    before = _WORD.findall(text[max(0, start - 12) : start])
    return not before or fold(before[-1]) not in words.before_month


def _years_shared(text: str, found: list[_Date], words: Words) -> list[_Date]:
    """Gives `April and May 2024` both the year."""
    for index in range(len(found) - 2, -1, -1):
        left, right = found[index], found[index + 1]
        shares = left.year is None and right.year is not None
        if shares and joined(text, left.end, right.start, words):
            found[index] = replace(left, year=right.year)
    return found
