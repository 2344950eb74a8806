"""What `rag.plain` promises: what is shown is words on one line, and no word is taken away."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rag.plain import JOINERS, LONGEST, blemish, plain


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("It was sold [1].", "It was sold."),
        ("It was sold. [1][2]", "It was sold."),
        ("It was sold [1, 2; 3].", "It was sold."),
        ("It was sold [1-3].", "It was sold."),
        ("It was sold [^1].", "It was sold."),
        ("It was [ 1 ] sold.", "It was sold."),
        ("It was sold【3】.", "It was sold."),
        ("It was sold 【4:0†mill.txt】.", "It was sold."),
        ("It was sold (kq3x7ab).", "It was sold."),
        ("It was sold [kq3x7ab, kabc2de].", "It was sold."),
        ("It was [1[2]] sold.", "It was sold."),
        ("It was **sold** to *Anna* for ***2*** euros.", "It was sold to Anna for 2 euros."),
        ("__It__ was _sold_ `here` ~~now~~.", "It was sold here now."),
        ("# It was sold", "It was sold"),
        ("> It was sold", "It was sold"),
        ("- It was sold", "It was sold"),
        ("• It was sold", "It was sold"),
        (" It\twas\r\n sold\u2028here\u00a0now. ", "It was sold here now."),
        ("Cafe\u0301", "Café"),
        ("Cafe*\u0301*", "Café"),
        ("Müh\u00adle", "Mühle"),
    ],
)
def test_marks_go(text: str, words: str) -> None:
    """Typed citations, emphasis, lead characters and odd blanks go; the words stay."""
    assert plain(text) == words
    assert blemish(words) is None


@pytest.mark.parametrize(
    "text",
    [
        "5 < 6 and 6 > 5.",
        "R&D at AT&T costs 5 % more.",
        "He said it [sic] twice.",
        "The language is C# or C++.",
        "Am 1. September um 10:30 Uhr.",
        "In 2024/25 it was 2*5 or 2**5.",
        "E.g. this, i.e. that, z. B. dies.",
        "It is $5 - $6, or −5 °C.",
        "The room (kitchen) and (1) the hall [2024].",
        "Firms (5, 6) and [kursiv] stay.",
        "a_b and a__b are names.",
        "It cost 1,000.50 € (3 %).",
        "According to the data: 36 countries.",
        "Crypto.com and Gate.io are exchanges.",
        "«Да», — сказал он; “yes”, „ja“.",
        "- 5 degrees were measured.",
        "می\u200cخواهم and 👨\u200d👩\u200d👧.",
        "Quote: 'It was “sold”.'",
        "Was it? Yes! No…",
        "Kraków, Ürümqi, 北京.",
        "He wrote: [the mill] was sold.",
    ],
)
def test_words_stay_as_they_are(text: str) -> None:
    """What only looks like a mark is left alone, and may be shown."""
    assert plain(text) == text
    assert blemish(text) is None


def test_what_looks_like_a_key_goes_where_it_is_one() -> None:
    """A word of seven letters in brackets is taken for a key only if the claim names it."""
    assert plain("The room (kitchen).", ["kabc2de"]) == "The room (kitchen)."
    assert plain("It was sold (kabcdef).", ["kabcdef"]) == "It was sold."
    assert plain("It was sold [kabcdef, 1].", ["kabcdef"]) == "It was sold."


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no words"),
        ("… – !", "no words"),
        ("[]", "no words"),
        ("x" * (LONGEST + 1), "longer than 1,000 characters"),
        ("It was <b>sold</b>.", "markup"),
        ("It was sold.<br/>", "markup"),
        ("It was < script>sold.", "markup"),
        ("<!-- It was sold -->", "markup"),
        ("It was sold &lt;here&gt;.", "markup"),
        ("It was &#x3c;sold.", "markup"),
        ("It was [sold](here).", "markup"),
        ("It was ![sold] (here).", "markup"),
        ("[sold]: here", "markup"),
        ("It was sold on https://x.example.", "address"),
        ("It was sold on HTTP://x.", "address"),
        ("It was sold on www.x.example.", "address"),
        ("Write to anna@x.example.", "address"),
        ("See t.me/anna for more.", "address"),
        ("See пример.рф/мельница.", "address"),
        ("See javascript:alert(1).", "address"),
        ("See data:text/html,x.", "address"),
        ("It was\nsold.", "not seen"),
        ("It was\x1b[31m sold.", "not seen"),
        ("It was\x00 sold.", "not seen"),
        ("It was\x85 sold.", "not seen"),
        ("It was \u202esold.", "not seen"),
        ("It was \u2066sold.", "not seen"),
        ("It was \u200fsold.", "not seen"),
        ("It was s\u200bold.", "not seen"),
        ("It was s\u2060old.", "not seen"),
        ("It was sold\ufeff.", "not seen"),
        ("It was sold\U000e0041.", "not seen"),
        ("It was sold\ue000.", "not seen"),
        ("It was sold\ud83d.", "not seen"),
        ("It was sold\uffff.", "not seen"),
        ("It was sold [1].", "not plain"),
        ("It was **sold**.", "not plain"),
        ("It  was sold.", "not plain"),
        ("Cafe\u0301", "not plain"),
    ],
)
def test_what_is_not_plain_is_told(text: str, why: str) -> None:
    """Markup, addresses, marks, and characters that are not seen keep a text from being shown."""
    said = blemish(text)
    assert said is not None
    assert why in said


ODD = st.text(
    st.one_of(
        st.sampled_from("[]【】()<>*_`~#-–•&;:/@.,^ \n\t\u0301\u00ad\u200d\u202e12k7abcd"),
        st.characters(exclude_categories=[]),
    ),
    max_size=40,
)


@given(ODD, st.lists(st.sampled_from(["kabcdab", "k2abcda", "1", ""]), max_size=2))
@example("[" * 900 + "1" + "]" * 900, [])
@example("*" * 3000, [])
@example("_a" * 400, [])
@example("e*\u0301*", [])
@example("# # #", [])
@example("[1[1]][kabcd[1]ab]", ["kabcdab"])
def test_cleaning_again_changes_nothing(text: str, keys: list[str]) -> None:
    """A text that was made plain is plain."""
    once = plain(text, keys)
    assert plain(once, keys) == once
    assert plain(once) == once


@given(ODD)
@example("a\u2028b")
def test_what_has_no_blemish_is_words_on_one_line(text: str) -> None:
    """It can be printed, needs no composing, has no blank too many, and holds a letter or digit."""
    line = plain(text)
    if blemish(line):
        return
    assert all(c.isprintable() or c in JOINERS for c in line)
    assert line == " ".join(line.split()) == unicodedata.normalize("NFC", line) == plain(line)
    assert any(map(str.isalnum, line))
    assert len(line) <= LONGEST


@given(
    st.text(
        st.characters(categories=["L", "Nd", "Zs", "Po"], exclude_characters="*@&/"), max_size=60
    )
)
def test_letters_and_digits_are_never_taken_away(text: str) -> None:
    """Of a text without brackets and marks all stays but the blanks around and between."""
    assert plain(text).split() == unicodedata.normalize("NFC", text).split()
