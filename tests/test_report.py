"""What the report promises: one file that holds everything, asks for nothing, believes nobody."""

import base64
import hashlib
import json
import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import plots
from eval.cases import Case
from eval.compare import compare
from eval.figures import Figure
from eval.grade import Outcome
from eval.payload import payload, safe_json
from eval.records import Attempt
from eval.report import UNPLOTTED, report, write_report
from eval.score import Scores
from eval.tables import NOTHING, between, duration, matrix, percent, told
from tests.trial import (
    HOSTILE,
    SOLD,
    TOWN,
    attempt,
    case,
    earlier,
    everything,
    inexact,
    refusal,
    scored,
)

ADDRESSES = {"src", "href", "xlink:href", "action", "formaction", "srcset", "poster", "data"}
"""Attributes that a browser follows."""


class Page(HTMLParser):
    """A page as its elements and texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        """The element last begun, and a text."""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements:
            self.texts.append((self.elements[-1][0], data))

    @property
    def words(self) -> str:
        """What a reader sees, on one line."""
        shown = (text for tag, text in self.texts if tag not in {"script", "style"})
        return " ".join(" ".join(shown).split())

    def inside(self, tag: str, number: int = 0) -> str:
        """The text of an element of a kind."""
        return [text for name, text in self.texts if name == tag and text.strip()][number]

    @property
    def data(self) -> Any:
        """What the scripts know."""
        return json.loads(self.inside("script"))


@pytest.fixture(scope="module")
def scores() -> Scores:
    return everything()


@pytest.fixture(scope="module")
def page(scores: Scores) -> Page:
    return Page(report(scores, gates=[("citations.exact: at least 100 %", False), ("more", True)]))


# --- One file ----------------------------------------------------------------------------------


@pytest.mark.parametrize("compared", [False, True], ids=["run", "comparison"])
def test_nothing_leads_outside(scores: Scores, compared: bool) -> None:
    """No attribute, style or script of the page names anything but places in the page."""
    page = Page(report(scores, comparison=compare(earlier(), scores) if compared else None))
    followed = [
        value
        for _, attributes in page.elements
        for name, value in attributes.items()
        if name in ADDRESSES and not (value or "").startswith(("#", "data:,"))
    ]
    own = page.inside("script", 1).replace("http://www.w3.org/2000/svg", "") + page.inside("style")

    assert not followed
    assert not re.search(r"https?:|//\w|url\(|@import|\bimport\b|fetch|XMLHttp", own)
    assert not [1 for _, attributes in page.elements if "style" in attributes]


def test_the_policy_allows_this_style_and_script_alone(page: Page) -> None:
    """The page forbids itself all but its own style and script, by their digests."""
    ((_, policy),) = ((tag, a["content"] or "") for tag, a in page.elements if a.get("http-equiv"))

    for text in (page.inside("style"), page.inside("script", 1)):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy


def test_hostile_text_stays_text() -> None:
    """Whatever a run holds, the page has its own elements only and the text is there unchanged."""
    hostile = everything(
        name=HOSTILE, generator=HOSTILE, corpus=HOSTILE, index=HOSTILE, code=HOSTILE,
        settings={HOSTILE: HOSTILE}, versions={HOSTILE: HOSTILE},
    )  # fmt: skip
    page = Page(report(hostile, gates=[(HOSTILE, True)], comparison=compare(hostile, hostile)))
    scripts = [attributes for tag, attributes in page.elements if tag == "script"]
    shown = page.data["cases"][-1]

    assert scripts == [{"type": "application/json", "id": "data"}, {}]
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert not [name for _, a in page.elements for name in a if name.startswith("on")]
    assert page.data["run"] == shown["question"] == shown["rounds"][0]["statements"][0]["text"]
    assert shown["question"] == HOSTILE


@given(text=st.text(st.characters()))
def test_json_is_never_markup(text: str) -> None:
    """Every text comes back from the page's JSON, which holds nothing that ends a script."""
    written = safe_json([text])

    # Two halves of a character that stand side by side are read as that character.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(written) == [whole]
    assert not set("<>&\u2028\u2029") & set(written)
    written.encode()


def test_the_same_scores_make_the_same_bytes(tmp_path: Path) -> None:
    """Two processes that hash differently write the same file."""
    code = (
        "import sys, pathlib; from eval.report import write_report;"
        "from eval.compare import compare; from tests.trial import earlier, everything;"
        "now = everything();"
        "write_report(pathlib.Path(sys.argv[1]), now, comparison=compare(earlier(), now))"
    )
    files = [tmp_path / "one.html", tmp_path / "two.html"]
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(file)], env=os.environ | {"PYTHONHASHSEED": str(seed)}
        )
        for seed, file in enumerate(files)
    ]
    assert [process.wait() for process in started] == [0, 0]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_the_page_is_package_data() -> None:
    """Style and scripts come from files that the package ships."""
    written = Path(write_report.__code__.co_filename).parent / "page"

    assert {"report.html", "report.css", "main.js"} <= {file.name for file in written.iterdir()}


# --- Everything is told ------------------------------------------------------------------------


def test_every_figure_is_told(scores: Scores, page: Page) -> None:
    """Every figure of all cases is in the page with what it counts, those of nothing, too."""
    for figure in scores.slices["all"]:
        assert " ".join(figure.name.split()) in page.words
        assert " ".join(figure.counts.split()) in page.words
    assert any(math.isnan(figure.value) for figure in scores.slices["all"])
    assert NOTHING in page.words


def test_gates_are_told(page: Page) -> None:
    """Each gate is in the page with whether it holds, and how many do not stands above."""
    assert "1 of 2 failed" in page.words
    assert "failed citations.exact: at least 100 %" in page.words
    assert "held more" in page.words


def test_what_is_missing_stands_at_the_top() -> None:
    """Failed, unscored and missing attempts are named in words before any figure."""
    run = scored(
        [case("one"), case("two"), case("three"), case("four")],
        [attempt("one", SOLD), attempt("two", error="too late"), attempt("three", SOLD)],
        repeat=2,
    )
    last = replace(run.graded[-1], outcome=Outcome.UNSCORED, right=False)
    words = Page(report(replace(run, graded=(*run.graded[:-1], last)))).words
    top = words[: words.index("Figures")]

    assert "The run is unfinished: 5 of 8 attempts are missing" in top
    assert "1 of 3 attempts failed" in top
    assert "1 of 3 attempts are unscored" in top


def test_a_whole_run_has_no_notice(page: Page) -> None:
    """A run that lacks nothing says nothing of it."""
    whole = Page(report(scored([case("one")], [attempt("one", SOLD)])))

    assert [a for _, a in page.elements if a.get("class") == "notices"]
    assert not [a for _, a in whole.elements if a.get("class") == "notices"]


UNSAID = case("one", answerable=False, expect=(), sources=(), answer="")


@pytest.mark.parametrize(
    ("cases", "attempts", "says"),
    [
        ([], [], ["No reply was recorded", "There is no case", "There is no reply to plot"]),
        ([case("one")], [], ["The run is unfinished: 1 of 1 attempts are missing"]),
        (
            [case("one")],
            [attempt("one", error="too late")],
            ["1 of 1 attempts failed", "There is no reply to plot", "0 %"],
        ),
        ([UNSAID], [refusal("one")], ["No case of this run names an article", "Time.", "100 %"]),
    ],
    ids=["nothing", "unasked", "failed", "no pair, no curve"],
)
def test_a_run_of_nothing_says_so(
    cases: list[Case], attempts: list[Attempt], says: list[str]
) -> None:
    """A run without attempts, replies, pairs or answers has a page that says what is not there."""
    page = Page(report(scored(cases, attempts)))

    assert all(sentence in page.words for sentence in says)
    assert NOTHING in page.words
    assert "nan" not in page.words.lower().split()
    assert len(page.data.get("cases", [])) == len(attempts)


def test_languages_stand_in_a_table(scores: Scores) -> None:
    """The matrix has a row per language of questions and a column per language of articles."""
    table = matrix(scores)
    (german,) = [slices for language, slices in table.rows if language == "de"]

    assert table.columns == ("de", "en")
    assert german[0]
    assert german[0].figures[0].of == "1 of 1"
    assert german[0].link == "pair=de%E2%86%92de"
    assert german[1] is None


def test_a_comparison_is_told(scores: Scores) -> None:
    """The verdict, every flip, and the cases that are not compared are in the page."""
    comparison = compare(earlier(), scores)
    page = Page(report(scores, comparison=comparison))
    changes = {one["id"]: one["change"] for one in page.data["cases"]}

    assert comparison.verdict in page.words
    assert [changes[name] for name in ("plain", "far", "refused", "follow", "german")] == [
        "gained", "same", "lost", "asks something else", "only in this run",
    ]  # fmt: skip
    assert "Not compared: only in the run before (1) gone" in page.words
    assert "no difference seen" in page.words


# --- The data of the cases ---------------------------------------------------------------------


def test_articles_are_written_once(scores: Scores) -> None:
    """An article stands once in the data, unless two runs saw two versions of it."""
    alone = json.loads(payload(scores))
    beside = json.loads(payload(scores, compare(earlier(), scores)))

    names = [article["id"] for article in alone["articles"]]
    assert len(names) == len(set(names))
    assert [article["id"] for article in beside["articles"]].count("town.txt") == 2


def test_quotes_that_are_not_exact_are_said_to_be(scores: Scores) -> None:
    """A quote that is not at its place keeps its own words; an exact one is a place alone."""
    run = scored([case("one"), case("two")], [attempt("one", SOLD), inexact("two")])
    one, two = (each["rounds"][0]["quotes"] for each in json.loads(payload(run))["cases"])

    assert [quote.get("exact", False) for quote in (*one, *two)] == [True, False, False, False]
    assert "text" not in one[0]
    assert TOWN.text[one[0]["start"] : one[0]["end"]] == SOLD
    assert [quote["text"] for quote in two] == [f"{SOLD} Twice.", "Far away.", "Lost."]


def test_rounds_are_kept_apart() -> None:
    """A case that was asked twice stands once in the data, with both rounds."""
    rounds = [attempt("one", SOLD), refusal("one", round=1)]
    data = json.loads(payload(scored([case("one")], rounds, repeat=2)))

    assert data["repeat"] == 2
    assert [each["outcome"] for each in data["cases"][0]["rounds"]] == ["correct", "abstained"]


# --- Plots -------------------------------------------------------------------------------------


def test_plots_tell_their_numbers(page: Page) -> None:
    """Each plot has a name, a sentence and a table, and its colours are the page's."""
    drawn = [attributes for tag, attributes in page.elements if attributes.get("role") == "img"]
    svg = [attributes for tag, attributes in page.elements if tag == "svg"]

    assert len(drawn) == 2
    assert all(attributes["aria-label"] for attributes in drawn)
    assert "confidence from answered right, of those" in page.words
    assert svg
    assert not [a for _, a in page.elements if re.match("#0[1-5]", a.get("fill") or "")]


def test_without_matplotlib_the_numbers_stay(
    scores: Scores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where matplotlib is missing, a sentence stands for the drawings; their tables are there."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    page = Page(report(scores))

    assert UNPLOTTED in page.words
    assert "confidence from answered right, of those" in page.words
    assert not [a for _, a in page.elements if a.get("role") == "img"]


@pytest.mark.parametrize(
    "seconds", [[0.1], [0.0, 0.0], [0.001, 90.0], [0.2] * 5000], ids=["one", "none", "far", "many"]
)
def test_times_of_any_kind_are_drawn(seconds: list[float]) -> None:
    """One reply, no time at all, times far apart, and many equal ones make a small drawing."""
    drawn = plots.latency({"answers": seconds}, {"p50": seconds[0], "p95": seconds[-1]})

    assert drawn.startswith("<svg viewBox=")
    assert len(drawn) < 40_000
    assert drawn == plots.latency({"answers": seconds}, {"p50": seconds[0], "p95": seconds[-1]})


# --- Figures in words --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.9999999999999999, "100 %"),
        (0.9997, "99.9 %"),
        (0.0001, "< 0.1 %"),
        (0.5, "50.0 %"),
        (-1e-12, "0 %"),
        (math.nan, "–"),
    ],
)
def test_shares_in_words(share: float, words: str) -> None:
    """Only all is 100 per cent and only nothing is 0; one decimal stands between."""
    assert percent(share) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0891, "89.1 ms"), (0.9999, "1 s"), (2.345, "2.35 s"), (0.0, "0 ms"), (math.nan, "–")],
)
def test_times_in_words(seconds: float, words: str) -> None:
    """Times below a second are milliseconds."""
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        ((0.42, 0.581, "share"), "42.0 to 58.1 %"),
        ((0.0, 1.0, "share"), "0 to 100 %"),
        ((0.5, 1.5, "seconds"), "500 ms to 1.5 s"),
        ((0.1, 0.2, "kappa"), "0.1 to 0.2"),
    ],
)
def test_intervals_in_words(ends: tuple[float, float, str], words: str) -> None:
    """A unit is named once where both ends have it."""
    assert between(*ends) == words


def test_a_figure_of_nothing_says_so() -> None:
    """NaN is told as no case, with what would have been counted."""
    nothing = told(Figure(name="a", value=math.nan, low=0, high=1, of=0, counts="Things."))

    assert (nothing.value, nothing.interval, nothing.bar) == (NOTHING, "", None)
    assert nothing.counts == "Things."
