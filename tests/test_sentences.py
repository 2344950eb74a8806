"""What `rag.sentences` promises about the boundaries of sentences."""

import subprocess
import sys
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eval.bench.splitters import Case, expected_spans, load_cases
from rag.sentences import WINDOW, sentence_spans

CASES = load_cases()
LANGUAGES = ("de", "en", "fr", "ru")

FRAGMENTS = st.sampled_from(
    [
        *("Am 3. April", "Dr. Müller", "M. Dupont", "U.S.", "т. д.", "etc.", "J.-P.", "1. ", "- "),
        *("«", "»", "„", "“", "”", '"', "'", "(", ")", ".", "!", "?", "…", "...", ",", ":"),
        *(" ", "  ", "\n", "\r\n", "\r", "\n\n", "\t", "\u00a0", "\u2028", "\ufeff", "\x00"),
        *("🎉", "👩‍👩‍👧", "e\u0301", "й", "i\u0307", "İ", "中文。", "\ud800"),
        *("Alle", "gehen", "Word"),
    ]
)
TEXTS = st.lists(st.one_of(FRAGMENTS, st.text(max_size=5)), max_size=40).map("".join)


def sentences(text: str, language: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text, language)]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.language} {case.about}" for case in CASES])
def test_hard_case(case: Case) -> None:
    """Every hard case of the comparison of splitters comes out right."""
    assert sentence_spans(case.text, case.language) == expected_spans(case)


def test_there_are_enough_hard_cases() -> None:
    """The table holds at least twenty cases in each of the four languages."""
    for language in LANGUAGES:
        assert sum(case.language == language for case in CASES) >= 20


@given(text=TEXTS, language=st.sampled_from([*LANGUAGES, "", "xx", "zh"]))
@example(text="", language="en")
@example(text=" \n ", language="en")
@settings(max_examples=400, deadline=None)
def test_spans_partition_the_text(text: str, language: str) -> None:
    """Spans are in order, apart, without white space around, and leave only white space out."""
    end = 0
    for start, following in sentence_spans(text, language):
        assert end <= start < following <= len(text)
        assert not text[end:start].strip()
        assert text[start:following] == text[start:following].strip()
        end = following
    assert not text[end:].strip()


@given(text=TEXTS)
@settings(deadline=None)
def test_blank_lines_always_divide(text: str) -> None:
    """Two paragraphs have the sentences each of them has alone."""
    first, second = f"A {text} z", "Another one. And more."
    shift = len(first) + 2
    expected = sentence_spans(first, "en") + [
        (start + shift, end + shift) for start, end in sentence_spans(second, "en")
    ]
    assert sentence_spans(f"{first}\n\n{second}", "en") == expected


@pytest.mark.parametrize("language", ["de", "DE", "de-AT", "de_CH", " de "])
def test_region_and_case_of_the_language_do_not_matter(language: str) -> None:
    """A language with a region or in capitals is the language itself."""
    text = "Am 3. April kam er. Im 2. Stock war Licht."
    assert sentences(text, language) == ["Am 3. April kam er.", "Im 2. Stock war Licht."]


@pytest.mark.parametrize("language", ["", "xx", "qaa", "la", "??"])
def test_unknown_language_falls_back(language: str) -> None:
    """A language nobody knows is still divided at its stops."""
    text = "Gallia est omnis divisa. Partes sunt tres! Quae sunt?"
    assert len(sentences(text, language)) == 3


@pytest.mark.parametrize(
    ("language", "text", "count"),
    [
        ("zh", "你好。再见。", 2),
        ("hi", "वह आया। वह गया।", 2),
        ("ar", "هل جئت؟ نعم.", 2),
        ("kk", "Ол келді. Содан кетті.", 2),
    ],
)
def test_other_languages_have_their_own_stops(language: str, text: str, count: int) -> None:
    """Languages without rules of ours are divided by the library's."""
    assert len(sentences(text, language)) == count


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\u2028"])
def test_every_kind_of_line_break_counts(break_: str) -> None:
    """A heading ends at the line break, whichever kind of break the file uses."""
    text = f"A short heading{break_}{break_}It rained. It stopped."
    assert sentences(text, "en") == ["A short heading", "It rained.", "It stopped."]


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r"])
def test_wrapped_lines_stay_together(break_: str) -> None:
    """A sentence over three wrapped lines is one span that contains the breaks."""
    lines = (
        "The committee that was asked to look into the collapse of the old bridge",
        "has found that nobody had painted it since the year in which the river",
        "froze over for the last time.",
    )
    assert sentences(break_.join(lines), "en") == [break_.join(lines)]


def test_long_line_is_not_wrapped() -> None:
    """A heading above a paragraph that is one long line stays on its own."""
    heading = "The Committee Reports on the Collapse of the Old Bridge near the Mill"
    paragraph = "The committee has found that nobody had painted the bridge. " * 5
    assert sentences(f"{heading}\n{paragraph}", "en")[0] == heading


@pytest.mark.parametrize("unit", ["“a ", "« a. B ", '"', "It rained. ", "Ms. ", "1. ", "… A", "«"])
def test_time_grows_with_the_text_and_no_faster(unit: str) -> None:
    """Text without line breaks or with marks that never close does not take quadratic time."""
    text = unit * (200_000 // len(unit))
    started = time.perf_counter()
    sentence_spans(text, "en")
    assert time.perf_counter() - started < 5


def test_windows_leave_no_trace() -> None:
    """A block longer than the library's window has the sentences it would have in pieces."""
    sentence = "Am 3. April kam Dr. Müller mit 1,5 Mio. Euro, z. B. in bar."
    count = 3 * WINDOW // len(sentence)
    assert sentences(" ".join([sentence] * count), "de") == [sentence] * count


def test_import_is_light() -> None:
    """Importing the module loads neither numpy nor YAML."""
    program = "import sys, rag.sentences; assert not {'numpy', 'yaml'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
