"""The words of the interface: the same things are said in every language, and all of them."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from importlib import resources
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st

import bot
from bot.domain import Fault, Interface, Lapse, Limit, Objection, Trouble
from bot.markup import Bold, Text
from bot.pages import ADMINISTRATORS_COMMANDS, COMMANDS
from bot.phrases import Phrases, interface, words
from rag.changes import Kind
from rag.domain import Reason

LANGUAGES = pytest.mark.parametrize("language", list(Interface))
MODULES = sorted(Path(bot.__file__).parent.glob("*.py"))
ASKING = {"phrase", "tokens", "block", "heading"}
"""What takes a key."""

FAMILIES = {
    "command": {*COMMANDS, *ADMINISTRATORS_COMMANDS},
    "refusal": set(Reason),
    "fault": set(Fault),
    "limit": set(Limit),
    "lapse": set(Lapse),
    "trouble": set(Trouble),
    "objection": set(Objection),
    "changes": set(Kind),
}
"""Sections with a phrase for each value; their keys are put together when they are asked for."""


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def places_of(phrases: Phrases) -> Mapping[str, set[str]]:
    return {
        key: set().union(*map(places, forms.values())) for key, forms in phrases.phrases.items()
    }


def strings() -> set[str]:
    """All the strings in the bot's code."""
    trees = [ast.parse(module.read_text("utf-8")) for module in MODULES]
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {one.value for one in nodes if isinstance(one, ast.Constant) and type(one.value) is str}


def asked() -> Iterator[tuple[str, set[str], bool]]:
    """Keys that the bot's code asks for by name, with the values, and whether these are all."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in ASKING or not node.args:
                continue
            values = {keyword.arg or "**" for keyword in node.keywords} - {"gap"}
            first = node.args[0]
            options = [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]
            for option in options:
                if isinstance(option, ast.Constant) and isinstance(option.value, str):
                    yield option.value, values, len(options) == 1


@LANGUAGES
def test_every_language_says_the_same_things(language: Interface) -> None:
    """No key is missing in a language, and none is there too many."""
    phrases = words(language)
    assert phrases.phrases.keys() == words(Interface.EN).phrases.keys()


@LANGUAGES
def test_every_language_has_its_plural_forms(language: Interface) -> None:
    """A phrase with a number has every plural form of its language, in each language."""
    phrases = words(language)
    forms = frozenset({*phrases.locale.plural_form.tags, "other"})
    english = words(Interface.EN).phrases

    for key, said in phrases.phrases.items():
        assert set(said) == (forms if len(english[key]) > 1 else {"other"}), key


@LANGUAGES
def test_every_form_has_the_same_places(language: Interface) -> None:
    """What is filled in is the same in every language and in every plural form."""
    phrases = words(language)
    english = places_of(words(Interface.EN))

    for key, forms in phrases.phrases.items():
        for text in forms.values():
            assert places(text) == english[key], key


def test_every_key_is_there() -> None:
    """What the code asks for by name exists, and gets just the values that it has places for."""
    known = places_of(words(Interface.EN))
    for key, values, is_alone in asked():
        assert key in known
        assert known[key] <= values or "**" in values or not is_alone, key
        assert values <= known[key] | {"**"} or not is_alone, key


def test_no_key_is_unused() -> None:
    """Every phrase is asked for somewhere in the code, or belongs to a value that is."""
    unnamed = words(Interface.EN).phrases.keys() - strings()
    assert {key for key in unnamed if key.partition(".")[0] not in FAMILIES} == set()


@pytest.mark.parametrize("family", FAMILIES)
def test_every_value_has_its_phrase(family: str) -> None:
    """For each reason, limit and the like there is a phrase, and no other."""
    keys = [key.partition(".") for key in words(Interface.EN).phrases]
    assert {rest for section, _, rest in keys if section == family} == FAMILIES[family]


@LANGUAGES
def test_no_language_speaks_another(language: Interface) -> None:
    """No phrase is the English one, but for words that are the same in both, and signs."""
    phrases = words(language)
    if phrases.language is Interface.EN:
        return
    english = words(Interface.EN).phrases
    same = {key for key, forms in phrases.phrases.items() if forms == english[key]}
    assert same <= {"status.passages", "status.articles", "stats.good", "stats.bad"}


@LANGUAGES
def test_letters_are_of_one_script(language: Interface) -> None:
    """Russian and Kazakh words are Cyrillic, the others Latin: no letter only looks right."""
    phrases = words(language)
    cyrillic = phrases.language in {Interface.RU, Interface.KK}
    for key, forms in phrases.phrases.items():
        for text in forms.values():
            words_said = "".join(piece for piece, _, _, _ in Formatter().parse(text)).split()
            for word in words_said:
                kinds = {"а" <= letter.lower() <= "ӿ" for letter in word if letter.isalpha()}
                assert len(kinds) < 2, (key, word)
                assert cyrillic or True not in kinds, (key, word)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("de", "de"),
        ("de-AT", "de"),
        ("fr_CA", "fr"),
        ("RU", "ru"),
        ("kk-Cyrl-KZ", "kk"),
        ("en-GB", "en"),
        ("uk", "en"),
        ("gsw", "en"),
        ("", "en"),
        (None, "en"),
        ("../de", "en"),
    ],
)
def test_which_language_is_spoken(code: str | None, expected: str) -> None:
    """Telegram's language code names the interface's language; English stands in for others."""
    assert interface(code) == expected


@pytest.mark.parametrize(
    ("language", "count", "expected"),
    [
        ("de", 1, "nach 1 Tag gelöscht"),
        ("de", 30, "nach 30 Tagen"),
        ("en", 1, "after 1 day."),
        ("en", 2, "after 2 days."),
        ("fr", 0, "au bout de 0 jour."),
        ("fr", 2, "au bout de 2 jours."),
        ("fr", 1_000_000, "de 1\u202f000\u202f000 de jours."),
        ("ru", 1, "через 1 день."),
        ("ru", 3, "через 3 дня."),
        ("ru", 11, "через 11 дней."),
        ("ru", 21, "через 21 день."),
        ("kk", 1, "1 күннен кейін"),
        ("kk", 1_234, "1\u00a0234 күннен кейін"),
    ],
)
def test_numbers_have_their_form(language: str, count: int, expected: str) -> None:
    """A number is written as the language does, and so is what is counted."""
    assert expected in words(Interface(language)).phrase("privacy.days", count=count)


@pytest.mark.parametrize(
    ("language", "seconds", "expected"),
    [
        ("en", 0, "in 1 second"),
        ("en", 60, "in 60 seconds"),
        ("en", 91, "in 2 minutes"),
        ("en", 3_601, "in 61 minutes"),
        ("de", 5_401, "in 2 Stunden"),
        ("fr", 86_400, "dans 24 heures"),
        ("ru", 121.5, "через 3 минуты"),
        ("kk", 300, "5 минуттан кейін"),
        ("ru", 200_000, "через 3 дня"),
    ],
)
def test_how_long_to_wait(language: str, seconds: float, expected: str) -> None:
    """A wait is said in the largest unit that is not too rough."""
    assert words(Interface(language)).wait(timedelta(seconds=seconds)) == expected


@given(st.floats(0, 10_000_000))
def test_no_wait_is_too_short(seconds: float) -> None:
    """Who waits as long as was said does not come too early."""
    said = words(Interface.EN).wait(timedelta(seconds=seconds)).split()
    lengths = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
    assert int(said[1].replace(",", "")) * lengths[said[2].rstrip("s")] >= seconds - 1e-6


@pytest.mark.parametrize(
    ("language", "day", "size", "name", "names"),
    [
        ("de", "3. April 2025", "20 MB", "Französisch", "a, b und c"),
        ("en", "April 3, 2025", "20 MB", "French", "a, b, and c"),
        ("fr", "3 avril 2025", "20\u202fMo", "français", "a, b et c"),
        ("ru", "3 апреля 2025\u202fг.", "20 МБ", "французский", "a, b и c"),
        ("kk", "2025\u202fж. 3 сәуір", "20 MБ", "француз тілі", "a, b, c"),
    ],
)
def test_values_are_written_as_the_language_does(
    language: str, day: str, size: str, name: str, names: str
) -> None:
    """Dates, sizes, languages and lists are written as people of the interface's language do."""
    phrases = words(Interface(language))

    assert phrases.date(date(2025, 4, 3)) == day
    assert phrases.size(20_000_000).replace("\u00a0", " ") == size
    assert phrases.name("fr") == name
    assert phrases.listed(["a", "b", "c"]) == names


@pytest.mark.parametrize(
    ("bytes_", "expected"),
    [(0, "0 kB"), (1, "0.1 kB"), (1_050, "1.1 kB"), (1_000_000, "1 MB"), (19_990_000, "20 MB")],
)
def test_sizes(bytes_: int, expected: str) -> None:
    """A size is rounded up to one digit behind the point."""
    assert words(Interface.EN).size(bytes_) == expected


def test_a_language_nobody_knows_is_its_code() -> None:
    """A language that CLDR does not name is called by its code."""
    assert words(Interface.EN).name("xx") == "xx"


def test_values_may_be_marked_up() -> None:
    """A value keeps its markup, and the words around it are plain text."""
    tokens = words(Interface.EN).tokens("unanswered.looked", question=Bold("<b>"))
    assert tokens == (Text("I looked for: "), Bold("<b>"))


def test_a_value_is_no_template() -> None:
    """Places in what is filled in are left alone."""
    said = words(Interface.EN).phrase("unanswered.looked", question="{count} {0} {")
    assert said == "I looked for: {count} {0} {"


@pytest.mark.parametrize("key", ["no.such", "unanswered.looked", "limit.minute"])
def test_what_is_missing_is_an_error(key: str) -> None:
    """A phrase or a value that is not there is never left out silently."""
    with pytest.raises(KeyError):
        words(Interface.EN).phrase(key, count=1)


@pytest.mark.parametrize(
    ("lines", "why"),
    [
        ("a = 1", "a is no sentence"),
        ('a = ""', "a is no sentence"),
        ('a = " x"', "a is no sentence"),
        ('[a]\nb = ["x"]', "a.b is no sentence"),
        ('a.one = "x"', "a needs the plural forms few, many, one, other"),
        ('a = {one = "x", two = "x", other = "x"}', "a needs the plural forms"),
        ('a = "{0}"', "a has a place"),
        ('a = "{}"', "a has a place"),
        ('a = "{b!r}"', "a has a place"),
        ('a = "{b:>9}"', "a has a place"),
        ('a = "{b.c}"', "a has a place"),
        ('a = "{b"', "expected '}'"),
    ],
)
def test_files_are_read_strictly(
    lines: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with anything but sentences, whole plural forms and plain names is refused."""
    (tmp_path / "locales").mkdir()
    (tmp_path / "locales" / "ru.toml").write_text(lines, "utf-8")
    tomllib.loads(lines)
    monkeypatch.setattr(resources, "files", lambda _: tmp_path)

    with pytest.raises(ValueError, match=why):
        words.__wrapped__(Interface.RU)
