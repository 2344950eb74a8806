"""The optional head of an article: YAML between two lines of three hyphens.

    ---
    title: The mill by the river
    outlet: The Miller's Post
    url: https://example.org/mill
    published_on: 2025-04-03
    language: en
    ---

All of it is optional, and other keys are allowed and ignored.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime

import yaml

from rag.errors import ArticleError

KEYS = ("title", "outlet", "url", "published_on", "language")

LONGEST_HEAD = 10_000
"""Characters in which the head must close. YAML is read slowly, and no real head is longer."""

OPENING = re.compile(r"---[ \t]*(?:\r\n|\n|\r)")
CLOSING = re.compile(r"(?:(?<=\n)|(?<=\r))(?:---|\.\.\.)[ \t]*(?:\r\n|\n|\r|\Z)")
OWN_KEY = re.compile(rf"(?:^|(?<=[\r\n]))(?:{'|'.join(KEYS)})[ \t]*:")
PLAIN_KEY = re.compile(r"[A-Za-z_][\w-]*")
LANGUAGE = re.compile(r"([A-Za-z]{2})(?:[-_][A-Za-z]{2,4})?")
WEB_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontMatter:
    """What a head says; `end` is the offset behind it, 0 when there is none."""

    end: int = 0
    title: str | None = None
    outlet: str | None = None
    url: str | None = None
    published_on: date | None = None
    language: str | None = None


def front_matter(text: str, name: str) -> FrontMatter:
    """Read the head of the article `name`.

    Three hyphens over ordinary text are a rule on the page, not a head. Raises ArticleError
    for a head that names one of our keys but does not close or is no YAML, and for a value of
    the wrong type.
    """
    opening = OPENING.match(text)
    if not opening:
        return FrontMatter()
    closing = CLOSING.search(text, opening.end(), opening.end() + LONGEST_HEAD)
    if not closing:
        if OWN_KEY.match(text, opening.end()):
            raise ArticleError(
                f"{name} begins with front matter that does not end: close it with a line of "
                "three hyphens."
            )
        return FrontMatter()
    head = text[opening.end() : closing.start()]
    values = _mapping(head, name)
    return FrontMatter() if values is None else _front_matter(values, closing.end(), name)


def _mapping(head: str, name: str) -> dict[str, object] | None:
    """The keys and values of a head; None when it is not meant as one."""
    try:
        loaded: object = yaml.safe_load(head)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        loaded = None
        # A mark counts from the head's first line, which is the second of the file.
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark else ""
    else:
        where = ""
        if loaded is None and not head.strip():
            return {}
    if isinstance(loaded, dict) and all(PLAIN_KEY.fullmatch(str(key)) for key in loaded):
        return {str(key): value for key, value in loaded.items()}
    if OWN_KEY.search(head):
        raise ArticleError(
            f"{name} has front matter that is no valid YAML{where}: write one `key: value` per "
            "line, and put values with special characters in quotes."
        )
    return None


def _front_matter(values: dict[str, object], end: int, name: str) -> FrontMatter:
    url = _text(values, "url", name)
    if url and not WEB_ADDRESS.fullmatch(url):
        raise _wrong(name, "url", "must be a web address that begins with http:// or https://")
    return FrontMatter(
        end=end,
        title=_text(values, "title", name),
        outlet=_text(values, "outlet", name),
        url=url,
        published_on=_date(values, name),
        language=_language(values, name),
    )


def _wrong(name: str, key: str, what: str) -> ArticleError:
    return ArticleError(f"In the front matter of {name}, `{key}` {what}.")


def _text(values: dict[str, object], key: str, name: str) -> str | None:
    """A value that must be text, on one line; empty counts as absent."""
    value = values.get(key)
    if value is None:
        return None
    if not isinstance(value, str):
        raise _wrong(name, key, "must be text: put it in quotes")
    return " ".join(value.split()) or None


def _date(values: dict[str, object], name: str) -> date | None:
    value = values.get("published_on")
    if isinstance(value, str) and value.strip():
        try:
            value = datetime.fromisoformat(value.strip())
        except ValueError:
            value = False
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    if value == "" or (isinstance(value, str) and not value.strip()):
        return None
    raise _wrong(name, "published_on", "must be a date such as 2025-04-03")


def _language(values: dict[str, object], name: str) -> str | None:
    if values.get("language") is False:
        raise _wrong(name, "language", 'was read as "false": write "no" in quotes for Norwegian')
    value = _text(values, "language", name)
    match = LANGUAGE.fullmatch(value) if value else None
    if value and not match:
        raise _wrong(name, "language", "must be a code of two letters such as en")
    return match[1].lower() if match else None
