"""The table behind `rag.cldr`: what CLDR calls things in one language, as word forms.

babel's data, in this order: territories, months and weekdays, currencies, adjectives.
The order decides between two names of the same words.
"""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from babel import Locale, UnknownLocaleError, localedata
from babel.core import get_global

from rag.inflect import Form, adjective, fold, noun
from rag.words import variants_of

CONNECTORS = frozenset({"and", "und", "et", "и"})
"""Left out of names, so that `&` and `and` are the same."""

_WORD = re.compile(r"[^\W\d_]+")
_NOT_COUNTRIES = frozenset({"ZZ", "XA", "XB", "QO", "EZ", "UN", "EU", "IO", "UM"})
_LANGUAGE_COUNTRY = {"pt": "PT", "ko": "KR", "fa": "IR"}
"""Where CLDR's likely country of a language is another one, or has another name."""
_DEFAULT_CURRENCIES = frozenset({"USD", "GBP", "RUB", "CHF", "INR", "TRY", "KGS", "RON", "CNY"})
"""The one that is meant where several currencies share a word: dollar, pound, franc."""
_NOT_CURRENCIES = frozenset(
    "livre won real rand sum mark sol lek gold new neu bond bonds peso gulden taler".split()
)
"""Ordinary words in one of the languages; the full names of these currencies are known."""


class Entry(NamedTuple):
    """A name as the forms of its words; `capital` where a small letter means another word."""

    id: str
    forms: tuple[Form, ...]
    capital: bool


Table = dict[str, list[Entry]]
"""Entries by the unchanging part of their first word."""

Pairs = Iterable[tuple[str, str]]
"""(name as written, id)"""


def table_of(language: str, countries: dict[str, str]) -> Table:
    """All names of one language; empty where CLDR does not have the language.

    `countries` is what `language_countries` returns.
    """
    try:
        locale = Locale.parse(language)
    except (UnknownLocaleError, ValueError, TypeError):
        return {}
    variants = variants_of(language)
    territories = _territories(locale)
    nouns = (*variants.names, *territories, *_times(locale))
    money = (*variants.currencies, *_currencies(locale, language))
    adjectives = (
        *variants.adjectives,
        *_currency_adjectives(locale, language, territories),
        *_language_adjectives(locale, countries),
        *_derived(territories, language),
    )
    peoples = tuple(_peoples(adjectives, language))
    table: Table = {}
    _add(table, nouns, language, capital=True)
    if language not in {"de", "en"}:
        _add(table, _times(locale), language, capital=False)
    _add(table, money, language, capital=False)
    _add(table, adjectives, language, capital=language == "en", adjectives=True)
    _add(table, peoples, language, capital=language != "ru")
    return table


def language_countries() -> dict[str, str]:
    """Language code to the country whose name it shares: `kk` to `KZ`, but not `hi` to `IN`.

    Told by CLDR's likely subtags, and by the first three letters of the two names in
    German or English.
    """
    likely = get_global("likely_subtags")
    found: dict[str, str] = {}
    for locale in (Locale("de"), Locale("en")):
        territories = locale.territories
        for code, name in locale.languages.items():
            if len(code) != 2:
                continue
            country = str(likely.get(code, "")).rpartition("_")[2]
            other = territories.get(country, "")
            if len(country) == 2 and fold(name)[:3] == fold(other)[:3]:
                found[code] = country
    return found | _LANGUAGE_COUNTRY


def currency_codes() -> dict[str, str]:
    """The ISO 4217 codes in use today with their ids."""
    return {code: f"currency-{code.lower()}" for code in sorted(_tender(current=True))}


def _tender(*, current: bool) -> frozenset[str]:
    """The codes of the currencies that are, or ever were, legal tender somewhere."""
    return frozenset(
        code
        for used in get_global("territory_currencies").values()
        for code, _start, end, tender in used
        if tender and (end is None or not current)
    )


def _add(
    table: Table, pairs: Pairs, language: str, *, capital: bool, adjectives: bool = False
) -> None:
    """Enters names under the unchanging part of their first word."""
    for name, identity in dict.fromkeys(pairs):
        forms = _forms(name, language, adjectives=adjectives)
        if forms and (len(forms) > 1 or len(forms[0].base) > 1):
            table.setdefault(forms[0].base, []).append(Entry(identity, forms, capital))


def _forms(name: str, language: str, *, adjectives: bool) -> tuple[Form, ...]:
    """The forms of each word of a name; what stands in brackets is left out."""
    words = _words(name)
    if len(words) == 1:
        return (adjective(words[0], language) if adjectives else noun(words[0], language),)
    words = [word for word in words if word.casefold() not in CONNECTORS]
    bends = {"de": ("e", "er", "es"), "fr": ("",)}.get(language, ())
    return tuple(
        adjective(word, language)
        if adjectives or (language == "fr" and len(words) > 1)
        or (bends and position < len(words) - 1 and word.endswith(bends))
        else noun(word, language)
        for position, word in enumerate(words)
    )  # fmt: skip


def _words(name: str) -> list[str]:
    """The words of a name without what stands in brackets."""
    return _WORD.findall(name.partition("(")[0])


def _territories(locale: Locale) -> tuple[tuple[str, str], ...]:
    """Countries and regions of the world, which itself is no region."""
    found = []
    for code, name in locale.territories.items():
        if code in {"EU", "UN"} or (code.isdigit() and code != "001"):
            found.append((name, f"region-{code.lower()}"))
        elif len(code) == 2 and code not in _NOT_COUNTRIES:
            found.append((name, f"country-{code.lower()}"))
    return tuple(found)


def _times(locale: Locale) -> Iterator[tuple[str, str]]:
    """Months and weekdays, in full."""
    for context in ("format", "stand-alone"):
        for number, name in locale.months[context]["wide"].items():
            yield name, f"month-{number}"
        for number, name in locale.days[context]["wide"].items():
            yield name, f"weekday-{number + 1}"


def _currencies(locale: Locale, language: str) -> Iterator[tuple[str, str]]:
    """Full names in singular and plural, then the one word that tells a currency."""
    current = _tender(current=True)
    plural_names = localedata.load(str(locale))["currency_names_plural"]
    heads: dict[str, list[str]] = {}
    for code, name in locale.currencies.items():
        if code not in current:
            continue
        for form in {fold(n): n for n in (name, *plural_names.get(code, {}).values())}.values():
            yield form, f"currency-{code.lower()}"
            head = _head(form, language)
            if code not in heads.setdefault(head, []):
                heads[head].append(code)
    for head, found in heads.items():
        usual = found if len(found) == 1 else [c for c in found if c in _DEFAULT_CURRENCIES]
        if len(usual) == 1 and len(head) > 2 and noun(head, language).base not in _NOT_CURRENCIES:
            yield head, f"currency-{usual[0].lower()}"


def _head(name: str, language: str) -> str:
    """The word of a currency's name that is the currency: `Dollar` of `US-Dollar`."""
    words = _words(name) or [""]
    if language == "fr" or (language == "ru" and len(words) > 1 and not words[-1].islower()):
        return words[0]
    return words[-1]


def _currency_adjectives(
    locale: Locale, language: str, territories: Pairs
) -> Iterator[tuple[str, str]]:
    """The adjective in a currency's name, where it begins like the country's name."""
    country_names = {identity: fold(name) for name, identity in territories}
    ever = _tender(current=False)
    for code, name in locale.currencies.items():
        identity = f"country-{code[:2].lower()}"
        words = _words(name)
        phrase = words[1:] if language == "fr" else words[:-1]
        if code not in ever or not phrase or identity not in country_names:
            continue
        folded = fold(" ".join(phrase))
        if folded[:3] == country_names[identity][:3] and not folded.startswith(("neu", "new t")):
            yield " ".join(phrase), identity


def _language_adjectives(locale: Locale, countries: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Names of languages: the country's id where there is one, else the language's own."""
    for code, name in locale.languages.items():
        if len(code) == 2 and len(_words(name)) == 1:
            country = countries.get(code)
            yield name, f"country-{country.lower()}" if country else f"language-{code}"


def _derived(territories: Pairs, language: str) -> Iterator[tuple[str, str]]:
    """Regular adjectives: German -isch, Russian -ский, English -i behind -stan and -n, -l, -q."""
    endings = {"de": ("isch", r"[nlrk]$"), "ru": ("ский", r"стан$"), "en": ("i", r"(stan|[lqt])$")}
    if language not in endings:
        return
    suffix, last = endings[language]
    for name, identity in territories:
        if identity.startswith("country") and len(_words(name)) == 1 and re.search(last, name):
            yield name + suffix, identity


def _peoples(adjectives: Pairs, language: str) -> Iterator[tuple[str, str]]:
    """Nouns for peoples where they follow the adjective: `Kasachen`, `казахи`."""
    suffix, least = {"de": ("isch", 4), "ru": ("ский", 5)}.get(language, ("", 0))
    for name, identity in adjectives:
        base = re.sub(f"{suffix}(?:e|er|es)?$", "", name)
        if (
            suffix
            and base != name
            and base[-1:] != "й"
            and len(base) >= least
            and identity.startswith("country")
        ):
            yield base.capitalize(), identity
