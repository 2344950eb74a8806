"""What a button says when it is pressed, as the at most 64 bytes that Telegram hands back.

    s:<answer>:<n>        show a source            a:<article>:<page>   show an article
    v:<answer>:<verdict>  judge an answer          l:<page>             list the articles
    w:<answer>:<fault>    say what is wrong        i:<language>         set the language
    u:<file>:<y or n>     add a file, or not       f:<y or n>           forget me, or not

Numbers are written to base 36. Anybody can send anything as a press, so what is read counts only
if writing it gives the same bytes; who may do what it asks for has to be looked up then.
"""

import hashlib
from dataclasses import dataclass

from bot.domain import Fault, Interface, Verdict

HIGHEST = 2**63 - 1
"""The highest number that a table holds."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowSource:
    """Show what an answer rests on."""

    answer_id: int
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Say what an answer was worth."""

    answer_id: int
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Blame:
    """Say what is wrong with an answer."""

    answer_id: int
    fault: Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowArticle:
    """Show a page of an article, from 0; `key` is `key_of` its id."""

    key: str
    page: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ListArticles:
    """Show a page of the list, from 0."""

    page: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLanguage:
    """Speak a language to this person."""

    language: Interface


@dataclass(frozen=True, slots=True, kw_only=True)
class AddFile:
    """Let a file join the articles, or not."""

    file_id: int
    is_sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMe:
    """Delete what is stored about this person, or not."""

    is_sure: bool


Press = ShowSource | Judge | Blame | ShowArticle | ListArticles | SetLanguage | AddFile | ForgetMe


def key_of(article_id: str) -> str:
    """A short name of an article, whatever its file is called: 16 hexadecimal digits."""
    return hashlib.sha256(article_id.encode()).hexdigest()[:16]


def data(press: Press) -> str:
    """A press as a button carries it."""
    match press:
        case ShowSource():
            return f"s:{_written(press.answer_id)}:{_written(press.number)}"
        case Judge():
            return f"v:{_written(press.answer_id)}:{press.verdict}"
        case Blame():
            return f"w:{_written(press.answer_id)}:{press.fault}"
        case ShowArticle():
            return f"a:{press.key}:{_written(press.page)}"
        case ListArticles():
            return f"l:{_written(press.page)}"
        case SetLanguage():
            return f"i:{press.language}"
        case AddFile():
            return f"u:{_written(press.file_id)}:{_yes_or_no(press.is_sure)}"
        case ForgetMe():
            return f"f:{_yes_or_no(press.is_sure)}"


def parse(said: str | None) -> Press | None:
    """The press that was meant; nothing for what no button of ours says."""
    try:
        press = _read((said or "").split(":"))
    except ValueError:
        return None
    return press if data(press) == said else None


def _read(said: list[str]) -> Press:
    """Raises `ValueError` for what no button says."""
    press: Press
    match said:
        case "s", answer, number:
            press = ShowSource(answer_id=_number(answer), number=_number(number))
        case "v", answer, verdict:
            press = Judge(answer_id=_number(answer), verdict=Verdict(verdict))
        case "w", answer, fault:
            press = Blame(answer_id=_number(answer), fault=Fault(fault))
        case "a", key, page:
            press = ShowArticle(key=_key(key), page=_number(page))
        case "l", page:
            press = ListArticles(page=_number(page))
        case "i", language:
            press = SetLanguage(language=Interface(language))
        case "u", file, sure:
            press = AddFile(file_id=_number(file), is_sure=sure == "y")
        case "f", sure:
            press = ForgetMe(is_sure=sure == "y")
        case _:
            raise ValueError("there is no such button")
    return press


def _written(number: int) -> str:
    digits = ""
    while number >= 36:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return _DIGITS[number] + digits


def _number(digits: str) -> int:
    number = int(digits, 36)
    if not 0 <= number <= HIGHEST:
        raise ValueError("there is no such number")
    return number


def _key(key: str) -> str:
    if len(key) != 16 or not set(key) <= set(_DIGITS[:16]):
        raise ValueError("there is no such key")
    return key


def _yes_or_no(is_sure: bool) -> str:  # noqa: FBT001
    return "y" if is_sure else "n"
