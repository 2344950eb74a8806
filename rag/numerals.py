"""One numeral: digits by the convention of a language, and Roman ranks.

`1.190` is 1190 in German, French and Russian and 1.19 in English; blanks (narrow ones,
too) and apostrophes part thousands everywhere.
"""

import re
from decimal import Decimal

_POINT = frozenset({"en", "zh", "ja", "ko", "th", "he", "hi"})
"""Languages that write a decimal point; the others write a comma."""
_DIGITS = 40
"""A longer row of digits is no number that a sentence is about."""
_ROMAN_ONES = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX")
_ROMAN = re.compile(r"(X{0,3})(IX|IV|V?I{0,3})(?:e|ème)?")


def canonical(amount: Decimal) -> str:
    """The one way to write an amount: `4300000000`, `0.5`."""
    text = format(amount, "f")
    return (text.rstrip("0").rstrip(".") if "." in text else text) or "0"


def numeral(text: str, language: str) -> Decimal | None:
    """A numeral by the convention of a language; None for what is no number (`1.2.3`)."""
    text = re.sub(r"[ \u00a0\u2009\u202f'’]", "", text)
    if len(text) > _DIGITS:
        return None
    marks = [mark for mark in text if mark in ".,"]
    if not marks:
        return Decimal(text)
    point = "." if language in _POINT else ","
    last = text.rpartition(marks[-1])[2]
    if len(set(marks)) == 2:
        point = marks[-1] if marks.count(marks[-1]) == 1 else ""
    elif len(marks) > 1 or (marks[0] != point and len(last) == 3):
        point = ""
    else:
        point = marks[0]
    whole, _, part = text.partition(point) if point else (text, "", "")
    groups = re.split(r"[.,]", whole)
    if any(len(group) != 3 for group in groups[1:]) or (groups[1:] and len(groups[0]) > 3):
        return None
    return Decimal("".join(groups) + ("." + part if part else ""))


def roman(word: str) -> int | None:
    """The rank a Roman numeral from II to XXXIX tells, as in `XIX век`, `Philipp II`."""
    match = _ROMAN.fullmatch(word) if len(word) > 1 else None
    if match is None:
        return None
    return 10 * len(match[1]) + (_ROMAN_ONES.index(match[2]) if match[2] else 0)
