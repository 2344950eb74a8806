"""Messages: what is said arrives whole, in parts that Telegram takes."""

import itertools
import re
import sys

import pytest
import regex
from hypothesis import given
from hypothesis import strategies as st

from bot.markup import (
    MOST,
    Block,
    Bold,
    Button,
    Code,
    Italic,
    Page,
    Quote,
    Text,
    clean,
    parts,
    pieces,
    rows,
    shortened,
    units,
)
from rag.paths import is_bad
from tests.telegram_text import finished, parse

TAG = re.compile(r"<(/?)(b|i|code|blockquote)( expandable)?>")
ENTITIES = {"&lt;": "<", "&gt;": ">", "&amp;": "&"}


def strictly(html: str) -> str:
    """The text of HTML, which may hold our five tags, properly nested, and three references."""
    text, at = "", 0
    still_open: list[str] = []
    while at < len(html):
        if tag := TAG.match(html, at):
            closes, name, more = tag.groups()
            assert name == "blockquote" or not more
            if closes:
                assert not more
                assert still_open.pop() == name
            else:
                assert name not in still_open
                still_open.append(name)
            at = tag.end()
            continue
        reference = re.match(r"&[^;]{0,5};", html[at:])
        assert html[at] not in "<>&" or reference
        text += ENTITIES[reference.group()] if reference else html[at]
        at += len(reference.group()) if reference else 1
    assert not still_open
    return text


FLAGS = "🇩🇪🇫🇷🇰🇿"
SAID = st.text(
    st.sampled_from(f"ab. !?»\n  \t<>&\"'/;\u0301\u200d👩🏽\u00a0ы\r\x00\u202e\u2028\ud800{FLAGS}"),
    max_size=60,
) | st.text(max_size=20)
TOKENS = st.builds(lambda kind, text: kind(text), st.sampled_from([Text, Bold, Italic, Code]), SAID)
GAPS = st.sampled_from(["\n\n", "\n", " "])
BLOCKS = st.builds(
    lambda kind, tokens, gap: kind(tuple(tokens), gap),
    st.sampled_from([Block, Quote]),
    st.lists(TOKENS, max_size=4),
    GAPS,
)
BUTTON = Button(text="1", data="l:0")
PAGES = st.builds(
    lambda blocks: Page(blocks=tuple(blocks), buttons=((BUTTON,),)), st.lists(BLOCKS, max_size=5)
)
LENGTHS = st.integers(8, 80)


@given(PAGES, LENGTHS)
def test_nothing_is_lost(page: Page, most: int) -> None:
    """The parts hold all that a page says, in order, but for white space between them."""
    rest = page.text
    for part in parts(page, most=most):
        for line in part.text.split():
            before, found, rest = rest.partition(line)
            assert found
            assert not before.strip()
    assert not rest.strip()


@given(PAGES, LENGTHS)
def test_every_part_fits(page: Page, most: int) -> None:
    """No part is longer than it may be, and none is blank."""
    assert all(part.text.strip() and units(part.text) <= most for part in parts(page, most=most))


@given(PAGES, LENGTHS)
def test_every_part_parses(page: Page, most: int) -> None:
    """Every part is well-formed by itself, and says what it says without its markup."""
    assert all(strictly(part.html) == part.text for part in parts(page, most=most))


@given(PAGES, LENGTHS)
def test_every_part_arrives(page: Page, most: int) -> None:
    """Telegram takes every part, and changes no more of it than white space at its ends."""
    for part in parts(page, most=most):
        assert finished(parse(part.html)).text.strip(" \n") == part.text.strip(" \n")


@given(PAGES, LENGTHS)
def test_buttons_stand_under_the_last_part(page: Page, most: int) -> None:
    """A page's buttons are those of its last part, and of no other."""
    made = parts(page, most=most)
    assert [part.buttons for part in made] == [()] * (len(made) - 1) + [page.buttons] * bool(made)


@given(SAID, st.integers(8, 30))
def test_no_character_is_cut(text: str, most: int) -> None:
    """A text is never cut within what people take for one character, where that fits."""
    said, at = clean(text), 0
    characters = [match.span() for match in regex.finditer(r"\X", said)]
    edges = {0, len(said), *itertools.chain(*characters)}
    fits = all(units(said[start:end]) <= most for start, end in characters)
    for piece in pieces(text, most=most):
        start = said.index(piece, at)
        at = start + len(piece)
        assert not fits or {start, at} <= edges


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One two. Three four five", ["One two.", "Three four", "five"]),
        ("A. Then it goes on so", ["A. Then it", "goes on so"]),
        ("Is it so? “Yes.” It is.", ["Is it so?", "“Yes.”", "It is."]),
        ("line one\nline two", ["line one", "line two"]),
        ("a" * 25, ["a" * 12, "a" * 12, "a"]),
        ("😀" * 7, ["😀" * 6, "😀"]),
        ("a" * 11 + "😀b", ["a" * 11, "😀b"]),
        ("a" * 11 + "e\u0301" * 2, ["a" * 11, "e\u0301" * 2]),
        ("a" + "\u0301" * 20, ["a" + "\u0301" * 11, "\u0301" * 9]),
        ("👩\u200d👩\u200d👧" * 2, ["👩\u200d👩\u200d👧"] * 2),
        ("  padded   words    here  ", ["padded", "words", "here"]),
        ("aaaaaaaa  \u0301bbbbbb", ["aaaaaaaa", " \u0301bbbbbb"]),
        ("aaa bbbbbbb\u0600 ccc", ["aaa", "bbbbbbb\u0600 ccc"]),
        (" \n ", []),
    ],
)
def test_where_a_text_is_cut(text: str, expected: list[str]) -> None:
    """A cut comes behind a sentence, else behind a word, else between two characters."""
    assert list(pieces(text, most=12)) == expected


def test_blocks_are_kept_whole() -> None:
    """A block that fits a message is not cut, even where the message before has room left."""
    page = Page(blocks=tuple(Block((Text(f"{letter * 4} {letter * 4}"),)) for letter in "abc"))
    assert [part.text for part in parts(page, most=20)] == ["aaaa aaaa\n\nbbbb bbbb", "cccc cccc"]


def test_a_heading_stays_with_what_it_is_about() -> None:
    """A block that is too long for any message begins where the one before has room."""
    page = Page(blocks=(Block((Bold("Title"),)), Block((Text("word " * 9),))))
    assert [part.text for part in parts(page, most=20)] == [
        "Title\n\nword word",
        "word word word word",
        "word word word",
    ]


def test_a_long_block_does_not_begin_at_the_very_end() -> None:
    """A block that is too long for any message begins a new one behind one that is rather full."""
    page = Page(blocks=(Block((Text("A full one."),)), Block((Text("word " * 6),))))
    assert [part.text for part in parts(page, most=20)] == [
        "A full one.",
        "word word word word",
        "word word",
    ]


def test_markup_goes_on_in_the_next_part() -> None:
    """What is cut has its markup in each part."""
    page = Page(blocks=(Quote((Text("before "), Bold("bold words here"), Text(" & after"))),))
    assert [part.html for part in parts(page, most=17)] == [
        "<blockquote expandable>before <b>bold words</b></blockquote>",
        "<blockquote expandable><b>here</b> &amp; after</blockquote>",
    ]


@pytest.mark.parametrize(
    ("block", "html"),
    [
        (Block((Text("<b>&amp;</b>"),)), "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
        (Block((Italic("so"), Code("a.md"), Bold(""))), "<i>so</i><code>a.md</code>"),
        (Quote((Text("x"),), is_expandable=False), "<blockquote>x</blockquote>"),
        (Block((Text("a\x1b[31m\x00b\x7f"),)), "a\\x1b[31m\\x00b\\x7f"),
        (Block((Text("fdp\u202etxt.exe\u2066"),)), "fdp\\u202etxt.exe\\u2066"),
        (Block((Text("a\r\nb\rc\u2028d\te\udc80"),)), "a\nb\nc\nd e\\x80"),
    ],
)
def test_what_comes_from_outside_is_harmless(block: Block, html: str) -> None:
    """Markup means nothing, control characters and what turns the writing around are escapes."""
    assert parts(Page(blocks=(block,)))[0].html == html


def test_the_same_characters_are_bad_as_on_a_terminal() -> None:
    """A character is shown as it is where the terminal shows it so, and line breaks are."""
    every = [chr(code) for code in range(sys.maxunicode + 1)]
    good = "".join(character for character in every if not is_bad(character))
    bad = [character for character in every if is_bad(character)]

    assert clean(good) == good
    assert [character for character in bad if clean(character) == character] == ["\n"]


@given(st.text())
def test_cleaning_once_is_enough(text: str) -> None:
    """What was made harmless is not changed again, so that parts of it may be taken."""
    assert clean(clean(text)) == clean(text)


@pytest.mark.parametrize(
    ("text", "length"), [("", 0), ("abc", 3), ("ы", 1), ("😀", 2), ("e\u0301", 2), ("\ud800", 1)]
)
def test_lengths_are_in_utf_16(text: str, length: int) -> None:
    """A character beyond the basic plane counts twice."""
    assert units(text) == length


@given(SAID, st.integers(4, 40))
def test_short_texts_are_short(text: str, most: int) -> None:
    """A shortened text is one line that fits, and says that it was cut."""
    line = shortened(text, most)
    whole = " ".join(clean(text).split())
    assert units(line) <= most
    assert "\n" not in line
    assert line == whole or (line.endswith("…") and whole.startswith(line[:-1].rstrip()))


def test_a_part_is_as_long_as_telegram_allows() -> None:
    """Without another bound a text of 4096 units is one message, and one of 4097 two."""
    pages = [Page(blocks=(Block((Text("a" * (MOST + more)),)),)) for more in (0, 1)]
    assert [len(parts(page)) for page in pages] == [1, 2]


@pytest.mark.parametrize(
    ("text", "data"), [("", "l:0"), ("1", ""), ("1", "x" * 65), ("1", "ы" * 33)]
)
def test_buttons_that_telegram_refuses(text: str, data: str) -> None:
    """A button without a label, or with data of no or too many bytes, cannot be made."""
    with pytest.raises(ValueError, match="button"):
        Button(text=text, data=data)


def test_rows_of_buttons() -> None:
    """Buttons fill one row after the other, in order."""
    buttons = [Button(text=str(number), data="l:0") for number in range(5)]
    assert [[one.text for one in row] for row in rows(buttons, 2)] == [
        ["0", "1"],
        ["2", "3"],
        ["4"],
    ]
