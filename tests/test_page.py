"""What the report does in a real browser: by mouse, by keyboard, in the dark, and on a phone."""

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from eval.compare import compare
from eval.report import write_report
from tests.browser import PHONE, WIDE, Scheme, faults, missing, open_all, opened, started
from tests.trial import (
    BRIDGE,
    HOSTILE,
    PAID,
    SOLD,
    attempt,
    case,
    earlier,
    everything,
    refusal,
    scored,
)

TALL = (1200, 8000)
"""A window that holds far more than a box of text shows."""

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """One for all; it ends with this file, because asyncio cannot run beside it."""
    with started() as browser:
        yield browser


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a run with every kind of reply."""
    file = tmp_path_factory.mktemp("report") / "everything.html"
    write_report(file, everything(), gates=[("citations.exact: at least 100 %", False)])
    return file


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the same run beside an earlier one."""
    file = tmp_path_factory.mktemp("report") / "comparison.html"
    now = everything()
    write_report(file, now, comparison=compare(earlier(), now))
    return file


def opener(page: "Page", name: str) -> "Locator":
    """The button of a case."""
    return page.locator(".open").filter(has=page.get_by_text(f", {name}?"))


def in_window(place: "Locator") -> bool:
    """Whether the first line of an element is to be seen: in the window, and in its own box."""
    found = place.first.evaluate(
        """node => {
          const line = node.getClientRects()[0];
          const box = node.closest('.text').getBoundingClientRect();
          const top = Math.max(0, box.top), bottom = Math.min(innerHeight, box.bottom);
          return line.top >= top && line.bottom <= bottom && line.left >= 0
            && line.left < innerWidth;
        }"""
    )
    return bool(found)


def overflows(page: "Page") -> bool:
    """Whether the page itself scrolls sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth > innerWidth"))


# --- Cases -------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, TALL, PHONE], ids=["wide", "tall", "phone"])
def test_a_quote_is_marked_where_it_stands(
    browser: "Browser", report: Path, size: tuple[int, int]
) -> None:
    """A click opens a case with its first quote in view; a citation leads to any other one."""
    with opened(browser, report, size=size) as page:
        button = page.locator("#list .open").nth(1)
        button.click()
        assert button.get_attribute("aria-expanded") == "true"
        assert page.locator(".opened mark").all_text_contents() == [BRIDGE]
        # On a phone the article stands below the reply.
        assert in_window(page.locator(".opened mark")) or size == PHONE

        page.locator("#list .open", has_text="follow").click()
        first, second = page.locator(".opened mark").all()
        assert (first.text_content(), second.text_content()) == (SOLD, BRIDGE)
        assert not in_window(second)
        page.get_by_role("button", name="Quote 2, in town.txt").click()
        assert in_window(second)
        assert page.locator(".opened .article .text").get_attribute("lang") == "en"
        assert not overflows(page)


def test_a_case_is_opened_by_keyboard(browser: "Browser", report: Path) -> None:
    """Tab, Enter, Tab, Enter lead to the words in the article, and the focus is seen."""
    with opened(browser, report) as page:
        page.locator("#filter-q").focus()
        page.keyboard.type("plain")
        page.locator("#list .open").first.wait_for()
        while "open" not in (page.evaluate("document.activeElement.className") or ""):
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        mark = page.locator(".opened mark")

        assert mark.all_text_contents() == [SOLD]
        assert in_window(mark)
        assert mark.evaluate("node => node === document.activeElement")
        assert mark.evaluate("node => getComputedStyle(node).outlineStyle") == "solid"


def test_quotes_that_overlap_are_all_marked(browser: "Browser", report: Path) -> None:
    """Quotes that touch, overlap or lie in each other are each marked to the character."""
    wanted = {"1": SOLD, "2": "Anna Keller. She paid", "3": "sold to Anna", "4": PAID}
    with opened(browser, report, "q=overlap&case=overlap") as page:
        marks = [
            (mark.text_content() or "", (mark.get_attribute("data-quotes") or "").split())
            for mark in page.locator(".opened mark").all()
        ]
        found = {
            number: "".join(text for text, numbers in marks if number in numbers)
            for number in wanted
        }
        whole = page.locator(".opened .article .text").text_content() or ""

        assert found == wanted
        assert whole.startswith("😀 The mill")
        assert BRIDGE in whole


def test_quotes_that_are_not_exact_are_shown_as_such(browser: "Browser", report: Path) -> None:
    """A quote that is not at its place is not marked as one; both wordings are told."""
    with opened(browser, report, "case=inexact") as page:
        opened_case = page.locator(".opened")
        words = opened_case.inner_text()

        assert opened_case.locator("mark").count() == 0
        assert opened_case.locator(".place").all_text_contents() == [SOLD]
        assert "Quote [1] is not exact" in words
        assert f"{SOLD} Twice." in words
        assert words.count("The article has no such place.") == 2
        assert "The run does not hold this article." in words


TOLD = {
    "refused": ["none of them answers it", "Keller", "no such key", "Wanted, not cited"],
    "failed": ["Error: the model did not answer in time"],
    "follow": ["Said before", "Is there a mill?", "Yes."],
    "unsaid": ["a refusal: the articles do not say", "right · abstained"],
    "judged": ["A model finds it carried", "correct"],
    "plain": ["/Keller/", "town.txt · en · 2021-04-01 · Town Paper", "Confidence"],
}
"""By case, some of what its page has to say."""


def test_a_case_tells_what_became_of_it(browser: "Browser", report: Path) -> None:
    """An open case says what was expected, what came, and why; another address opens another."""
    with opened(browser, report) as page:
        for name, words in TOLD.items():
            page.goto(f"{report.as_uri()}#case={name}")
            page.locator(".opened", has_text=name).wait_for()
            text = page.locator(".opened").inner_text()

            assert [word for word in words if word not in text] == []


def test_hits_and_times_are_there_to_open(browser: "Browser", report: Path) -> None:
    """The hits have scores, shares and their passages; times, model and prompts are named."""
    with opened(browser, report, "case=judged") as page:
        open_all(page)
        text = page.locator(".opened .rest").inner_text()

        assert "0.500" in text
        assert SOLD[:30] in page.locator(".hits .under").inner_text()
        assert "125 ms" in text
        assert "scripted-1" in text
        assert "d" * 64 in text


def test_hostile_text_is_shown_as_it_is(browser: "Browser", report: Path) -> None:
    """Text that would like to be markup runs nothing and is to be read to the character."""
    with opened(browser, report, "outcome=incorrect") as page:
        page.locator("#list .open").click()
        open_all(page)

        assert page.locator(".opened mark").text_content() == HOSTILE
        assert page.locator(".opened .statements span").first.text_content() == HOSTILE
        assert page.locator("#list img, #list script").count() == 0


# --- Filter and address ------------------------------------------------------------------------


def test_filters_count_and_stay_in_the_address(browser: "Browser", report: Path) -> None:
    """A filter lists what it should, says how many, and a shared address shows the same."""
    with opened(browser, report) as page:
        status = page.get_by_role("status")
        assert status.inner_text() == "11 of 11 cases: 8 right, 3 wrong"

        page.get_by_label("Verdict").select_option("wrong")
        assert status.inner_text() == "3 of 11 cases: 0 right, 3 wrong"
        assert "refused" in page.locator("#list").inner_text()
        assert "abstained (1)" in page.get_by_label("Outcome").inner_text()

        page.get_by_label("Words of the question or id").fill("FAILED mill")
        assert status.inner_text() == "1 of 11 cases: 0 right, 1 wrong"
        page.locator("#list .open").click()
        address = page.url

    with opened(browser, report, address.partition("#")[2]) as page:
        assert page.get_by_role("status").inner_text() == "1 of 11 cases: 0 right, 1 wrong"
        assert page.get_by_label("Verdict").input_value() == "wrong"
        assert "did not answer in time" in page.locator(".opened").inner_text()

        page.get_by_role("button", name="Show all").click()
        assert page.get_by_role("status").inner_text().startswith("11 of 11")
        assert page.url.endswith(".html")


FILTERS = (
    ("Set", "town", 10),
    ("Tag", "date", 1),
    ("Question in", "de", 1),
    ("Question → articles", "de→de", 1),
    ("Outcome", "failed", 1),
    ("Group", "follow-ups", 1),
    ("Verdict", "right", 8),
)
"""Label, value, and how many cases have it."""


def test_every_filter_filters(browser: "Browser", report: Path) -> None:
    """Each list of the form leaves the cases that have the value, as many as it told."""
    with opened(browser, report) as page:
        for label, value, count in FILTERS:
            choice = page.get_by_label(label, exact=True)
            assert f"{value} ({count})" in choice.inner_text()
            choice.select_option(value)
            assert page.locator("#list > li").count() == count
            page.get_by_role("button", name="Show all").click()

        page.get_by_label("Verdict").select_option("wrong")
        page.get_by_label("Question in").select_option("de")
        assert page.locator("#list > li").count() == 0
        assert "right (1)" in page.get_by_label("Verdict").inner_text()


def test_tables_lead_to_their_cases(browser: "Browser", report: Path) -> None:
    """A cell of the matrix lists its cases; back leads to all of them."""
    with opened(browser, report) as page:
        page.locator("#languages a", has_text="de→de").click()
        assert page.get_by_role("status").inner_text().startswith("1 of 11")
        assert "Fluss" in page.locator("#list").inner_text()

        page.go_back()
        assert page.get_by_role("status").inner_text().startswith("11 of 11")


SENSELESS = ("case=nobody", "tag=nothing", "page=99", "q=%E0%A4%A", "outcome=failed&case=plain")


def test_an_address_that_makes_no_sense_does_no_harm(browser: "Browser", report: Path) -> None:
    """Unknown names and values list something or say that nothing is like this."""
    with opened(browser, report) as page:
        for query in SENSELESS:
            page.goto(f"{report.as_uri()}#{query}")
            assert page.get_by_role("status").inner_text()
        assert "plain" in page.locator(".opened").inner_text()


# --- Comparison, rounds, size ------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
def test_a_flip_shows_both_replies(
    browser: "Browser", comparison: Path, size: tuple[int, int]
) -> None:
    """A flipped case opens from its list, with both replies side by side, or stacked on a phone."""
    with opened(browser, comparison, size=size) as page:
        page.locator("#comparison .flips a", has_text="plain").click()
        runs = page.locator(".opened .run")
        before, now = runs.all()
        first, second = before.bounding_box(), now.bounding_box()

        assert "Refused." in before.inner_text()
        assert SOLD in now.inner_text()
        assert first
        assert second
        assert (first["y"] == second["y"]) is (size == WIDE)
        assert (first["x"] == second["x"]) is (size == PHONE)
        assert not overflows(page)

        page.get_by_label("Since the run before").select_option("gained")
        assert page.get_by_role("status").inner_text().startswith("1 of 11")


def test_rounds_are_chosen(browser: "Browser", tmp_path: Path) -> None:
    """Every round of a repeated case is to be seen, and the chosen one stays in the address."""
    rounds = [attempt("one", SOLD), refusal("one", round=1), attempt("one", SOLD, round=2)]
    file = tmp_path / "rounds.html"
    write_report(file, scored([case("one")], rounds, repeat=3))
    with opened(browser, file, "right=differs+between+rounds") as page:
        assert "right in 2 of 3 rounds" in page.locator("#list").inner_text()
        page.locator("#list .open").click()
        page.get_by_role("button", name="Round 2").click()
        address = page.url
        assert "Refused." in page.locator(".opened").inner_text()

    with opened(browser, file, address.partition("#")[2]) as page:
        assert "Refused." in page.locator(".opened").inner_text()


def test_ten_thousand_cases_load(browser: "Browser", tmp_path: Path) -> None:
    """A large run is there in a few seconds, and lists a page of its cases at a time."""
    small = scored([case("one")], [attempt("one", SOLD, PAID)])
    (one,) = small.graded
    many = tuple(
        replace(one, case=replace(one.case, id=f"case {number}")) for number in range(10_000)
    )
    file = tmp_path / "large.html"
    write_report(file, replace(small, graded=many))
    begun = time.monotonic()
    with opened(browser, file, "case=case+7777") as page:
        assert page.locator(".opened mark").count() == 2
        assert time.monotonic() - begun < 10
        assert page.locator("#list > li").count() == 50
        assert "Page 156 of 200" in page.locator("#pager").inner_text()

        page.get_by_role("button", name="Next").click()
        assert "Page 157 of 200" in page.locator("#pager").inner_text()
        page.locator("#filter-q").fill("4321")
        assert page.get_by_role("status").inner_text() == "1 of 10,000 cases: 1 right, 0 wrong"


# --- For everybody -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("compared", "size", "scheme"),
    [
        (False, WIDE, "light"),
        (False, PHONE, "dark"),
        (True, WIDE, "dark"),
        (True, PHONE, "light"),
    ],
    ids=["run, wide, light", "run, phone, dark", "both, wide, dark", "both, phone, light"],
)
def test_nobody_is_shut_out(
    browser: "Browser",
    report: Path,
    comparison: Path,
    compared: bool,
    size: tuple[int, int],
    scheme: Scheme,
) -> None:
    """axe-core finds no serious fault with everything open, in light and dark, wide and narrow."""
    file, query = (comparison, "case=plain") if compared else (report, "case=inexact")
    with opened(browser, file, query, size=size, scheme=scheme) as page:
        open_all(page)

        assert faults(page) == []
        assert not overflows(page)


def test_what_is_wide_scrolls_by_keyboard(browser: "Browser", report: Path) -> None:
    """On a phone a wide table scrolls in its own box, which has a name and takes the focus."""
    with opened(browser, report, size=PHONE) as page:
        boxes = page.locator(".wide:visible").all()
        assert boxes
        for box in boxes:
            assert box.get_attribute("tabindex") == "0"
            assert box.get_attribute("aria-label") or box.get_attribute("aria-labelledby")
