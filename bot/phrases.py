"""The words of the interface, language by language: the files `bot/locales/*.toml`.

A phrase is a sentence with places for values (`{title}`), or one sentence per plural form, as
CLDR has them for the language (babel). Dates, numbers and names of languages are CLDR's, too.
"""

import functools
import math
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from importlib import resources
from string import Formatter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from bot.domain import Interface
from bot.markup import Block, Bold, Text

if TYPE_CHECKING:
    from babel import Locale

FORMS = frozenset({"zero", "one", "two", "few", "many", "other"})
"""The plural forms that there are in any language (CLDR)."""

_UNITS = (("second", 1, 90), ("minute", 60, 90), ("hour", 3_600, 48), ("day", 86_400, math.inf))
"""Units of time, their seconds, and up to how many of them they are said."""


def interface(code: str | None) -> Interface:
    """The interface's language for a language code of Telegram's (`de-AT`); English for others."""
    language = (code or "").replace("_", "-").partition("-")[0].lower()
    return Interface(language) if language in set(Interface) else Interface.EN


@functools.cache
def words(language: Interface) -> "Phrases":
    """The words of a language, read when first asked for.

    Raises `ValueError` where its file is not as the module says.
    """
    from babel import Locale

    file = resources.files("bot") / "locales" / f"{language}.toml"
    locale = Locale.parse(language)
    forms = frozenset({*locale.plural_form.tags, "other"})
    phrases = dict(_phrases(tomllib.loads(file.read_text("utf-8")), forms))
    return Phrases(language=language, locale=locale, phrases=MappingProxyType(phrases))


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """What the bot says in one language."""

    language: Interface
    locale: "Locale"
    phrases: Mapping[str, Mapping[str, str]] = field(repr=False)
    """By key, and by plural form; a phrase without a number has the form `other` only."""

    def phrase(self, key: str, *, count: int | None = None, **values: str) -> str:
        """A phrase with its values; `count` chooses the plural form and is a value itself.

        Raises `KeyError` for a phrase or a value that is missing.
        """
        return "".join(token.text for token in self.tokens(key, count=count, **values))

    def tokens(
        self, key: str, *, count: int | None = None, **values: str | Text
    ) -> tuple[Text, ...]:
        """The same, where values may be bold or the like."""
        forms = self.phrases[key]
        form = "other" if count is None else self.locale.plural_form(count)
        if count is not None:
            values["count"] = self.number(count)
        return tuple(_filled(forms[form] if len(forms) > 1 else forms["other"], values))

    def block(
        self, key: str, *, gap: str = "\n\n", count: int | None = None, **values: str | Text
    ) -> Block:
        """The same as a paragraph."""
        return Block(self.tokens(key, count=count, **values), gap=gap)

    def heading(self, key: str, *, count: int | None = None, **values: str) -> Block:
        """The same as a paragraph in bold."""
        return Block((Bold(self.phrase(key, count=count, **values)),))

    def number(self, value: float) -> str:
        """A number, at most two digits behind the point."""
        from babel.numbers import format_decimal

        return format_decimal(round(value, 2), locale=self.locale)

    def date(self, day: date) -> str:
        """A day with the name of its month."""
        from babel.dates import format_date

        return format_date(day, "long", locale=self.locale)

    def wait(self, time: timedelta) -> str:
        """When something will be, never too early: `in 5 minutes`."""
        return self._time(time, add_direction=True)

    def duration(self, time: timedelta) -> str:
        """How long something lasts: `5 minutes`."""
        return self._time(time, add_direction=False)

    def size(self, count: int) -> str:
        """A size of a file, of `count` bytes."""
        from babel.units import format_unit

        unit, size = ("megabyte", 1_000_000) if count >= 1_000_000 else ("kilobyte", 1_000)
        value = math.ceil(10 * count / size) / 10
        return format_unit(value, f"digital-{unit}", length="short", locale=self.locale)

    def name(self, language: str) -> str:
        """What a language is called; its code where CLDR does not know it."""
        return str(self.locale.languages.get(language, language))

    def listed(self, names: Iterable[str]) -> str:
        """Names in a row: `a, b and c`."""
        from babel.lists import format_list

        return format_list(list(names), locale=self.locale)

    def _time(self, time: timedelta, *, add_direction: bool) -> str:
        from babel.dates import format_timedelta

        seconds = max(1, math.ceil(time.total_seconds()))
        unit, length = next((unit, size) for unit, size, most in _UNITS if seconds <= size * most)
        rounded = timedelta(seconds=math.ceil(seconds / length) * length)
        # No larger unit is ever taken: ours is the one that does not round down.
        return format_timedelta(
            rounded,
            granularity=unit,  # type: ignore[arg-type]
            threshold=math.inf,
            add_direction=add_direction,
            locale=self.locale,
        )


def _phrases(
    table: Mapping[str, Any], forms: frozenset[str], prefix: str = ""
) -> Iterator[tuple[str, Mapping[str, str]]]:
    """The phrases of a table and of those in it, each with its key."""
    for name, value in table.items():
        key = f"{prefix}{name}"
        if isinstance(value, dict) and FORMS.isdisjoint(value):
            yield from _phrases(value, forms, f"{key}.")
            continue
        said = value if isinstance(value, dict) else {"other": value}
        if isinstance(value, dict) and said.keys() != forms:
            raise ValueError(f"{key} needs the plural forms {', '.join(sorted(forms))}")
        yield key, MappingProxyType({form: _checked(key, text) for form, text in said.items()})


def _checked(key: str, text: object) -> str:
    """A sentence whose places have plain names."""
    if not isinstance(text, str) or not text.strip() or text != text.strip():
        raise ValueError(f"{key} is no sentence")
    for _literal, name, form, conversion in Formatter().parse(text):
        if name is not None and (not name.isidentifier() or form or conversion):
            raise ValueError(f"{key} has a place that is no name")
    return text


def _filled(template: str, values: Mapping[str, str | Text]) -> Iterator[Text]:
    """A sentence in which values stand for their names."""
    for literal, name, _form, _conversion in Formatter().parse(template):
        if literal:
            yield Text(literal)
        if name is not None:
            value = values[name]
            yield value if isinstance(value, Text) else Text(value)
