"""What a run leaves behind: files that machines can read, whatever cases and models put in them."""

import json
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.gates import Held
from eval.grade import Outcome
from eval.junit import junit
from eval.output import SUMMARY_PAGE, scores_json, write_all
from eval.score import Scores
from eval.summary import HEADLINES, headlines, markdown, text_lines, worded, wrong_lines
from rag.errors import StorageError
from tests.trial import HOSTILE, SOLD, attempt, case, everything, refusal, scored

GATES = (
    Held(sentence="answer.right of all cases: at least 10.0%, reached 63.6%", held=True),
    Held(sentence=f"{HOSTILE} is not held", held=False),
)
REPLACED = "\ufffd"
FILES = ["report.html", "scores.json", "summary.md", "junit.xml"]


@pytest.fixture(scope="module")
def whole() -> Scores:
    """A run with every kind of reply."""
    return everything()


@pytest.fixture(autouse=True)
def _no_build(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test writes into the summary page of the build that it runs in."""
    monkeypatch.delenv(SUMMARY_PAGE, raising=False)


@cache
def failed() -> Scores:
    """A run whose only reply is an error."""
    return scored([case("a")], [attempt("a", error="plain")])


def failing(text: str) -> Scores:
    """That run with a text wherever a case, a model or a person may put one."""
    scores = failed()
    (one,) = scores.graded
    return replace(
        scores,
        run=replace(scores.run, name=text, generator=text, corpus=text),
        graded=(replace(one, case=replace(one.case, id=text, set=text), why=f"failed: {text}"),),
        slices={
            name if name == "all" else f"{name.split(':')[0]}: {text}": figures
            for name, figures in scores.slices.items()
        },
    )


# --- JUnit -------------------------------------------------------------------------------------


def tree(scores: Scores, gates: Iterable[Held] = ()) -> ET.Element:
    return ET.fromstring(junit(scores, tuple(gates)))  # noqa: S314 - written a moment ago


def children(suite: ET.Element, kind: str) -> int:
    return len(suite.findall(f"testcase/{kind}"))


def test_counts_of_each_suite_are_those_of_its_tests(whole: Scores) -> None:
    """Tests, failures, errors and skipped tests add up, for gates and for every set."""
    root = tree(whole, GATES)
    suites = root.findall("testsuite")
    assert [suite.get("name") for suite in suites][:2] == ["gates", "town"]
    for suite in suites:
        assert int(suite.get("tests", "")) == len(suite.findall("testcase"))
        for kind, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
            assert int(suite.get(name, "")) == children(suite, kind)
    assert sum(len(suite.findall("testcase")) for suite in suites) == 3 + len(whole.graded)


def test_cases_that_are_not_right_are_no_failures(whole: Scores) -> None:
    """Only gates fail; a wrong case is skipped with its reason, a broken one is an error."""
    root = tree(whole, GATES)
    assert len(root.findall(".//failure")) == 1
    (error,) = root.findall(".//error")
    assert error.get("message") == "failed: failed: the model did not answer in time"
    wrong = [one for one in whole.graded if not one.right and one.outcome is not Outcome.FAILED]
    skipped = root.findall(".//testcase[skipped]")
    assert len(skipped) == len(wrong) > 0
    assert {"refused"} <= {one.get("name") for one in skipped}
    (refused,) = root.findall(".//testcase[@name='refused']/skipped")
    assert refused.get("message") == "abstained: refused: not_supported"
    assert root.findall(".//testcase[@name='plain']/*") == []


def test_rounds_and_times_are_told() -> None:
    """Every round is a test of its own, with its seconds."""
    attempts = [attempt("a", SOLD), refusal("a", round=1, seconds=1.5)]
    root = tree(scored([case("a")], attempts, repeat=2))
    tests = [(one.get("name"), one.get("time")) for one in root.iter("testcase")]
    assert tests[1:] == [("a", "0.250"), ("a (round 2)", "1.500")]


def test_run_of_nothing_is_a_suite_of_nothing() -> None:
    """Without a case and a gate the file is still one that can be read."""
    (suite,) = tree(scored([], []))
    assert (suite.get("name"), suite.get("tests")) == ("gates", "1")


def test_broken_run_is_a_failure() -> None:
    """A build must not be green because half of the run is missing."""
    half = scored([case("a"), case("b")], [attempt("a", SOLD)])
    root = ET.fromstring(junit(half, (), "The run lacks 1 replies."))  # noqa: S314 - written just now
    assert [one.get("message") for one in root.iter("failure")] == ["The run lacks 1 replies."]
    page = markdown(half, GATES, "The run lacks 1 replies.")
    assert page.startswith("## trial: the run is broken\n")
    assert "**The run lacks 1 replies.**" in page


def test_any_text_is_valid_xml(whole: Scores) -> None:
    """Control characters, half pairs and markup end as text, in names and messages alike."""
    for number in [*range(0x20), 0x7F, 0x85, 0xD800, 0xDFFF, 0xFFFE, 0xFFFF, 0x2028, 0x1F986]:
        gate = Held(sentence=f"a{chr(number)}b", held=False)
        (failure,) = tree(whole, [gate]).iter("failure")
        kept = number in {9, 10, 13, 0x7F, 0x85, 0x2028, 0x1F986}
        assert failure.get("message") == f"a{chr(number) if kept else REPLACED}b"
    hostile = HOSTILE.replace("\x07", REPLACED)
    names = [one.get("name") for one in tree(whole, GATES).iter("testcase")]
    assert f"{hostile} is not held" in names


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_error_can_be_written(text: str) -> None:
    """Whatever a file of answers can hold, XML, JSON and the page are written and read."""
    scores = failing(text)
    gates = (Held(sentence=text, held=False),)
    assert len(tree(scores, gates).findall(".//error")) == 1
    verdict = json.loads(scores_json(scores, gates))["verdicts"][0]
    assert verdict["why"] == f"failed: {text}"
    markdown(scores, gates).encode()


# --- JSON --------------------------------------------------------------------------------------


def loaded(scores: Scores, gates: Iterable[Held] = ()) -> dict[str, Any]:
    """The file as strict JSON, which has neither NaN nor infinity."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    read = json.loads(scores_json(scores, tuple(gates)), parse_constant=refuse)
    assert isinstance(read, dict)
    return read


def test_figures_are_exported(whole: Scores) -> None:
    """Every figure of every slice, every verdict and every gate; a figure of nothing is null."""
    read = loaded(whole, GATES)
    assert read["slices"].keys() == whole.slices.keys()
    figures = {one["name"]: one for one in read["slices"]["all"]}
    right = whole.figure("answer.right")
    assert right is not None
    assert figures["answer.right"]["value"] == right.value
    assert [figures["answer.right"][key] for key in ("good", "of", "unit", "better")] == [
        right.good, right.of, "share", "higher",
    ]  # fmt: skip
    assert read["gates"] == [{"sentence": g.sentence, "held": g.held} for g in GATES]
    assert [one["case"] for one in read["verdicts"]] == [one.case.id for one in whole.graded]
    assert [one["right"] for one in read["verdicts"]] == [one.right for one in whole.graded]
    assert (read["run"]["name"], read["missing"]) == ("trial", 0)


def test_figure_of_nothing_is_null() -> None:
    """NaN is no JSON: a share of no case has no value."""
    figures = {
        one["name"]: one for one in loaded(scored([case("a")], [refusal("a")]))["slices"]["all"]
    }
    exact = figures["citations.exact"]
    assert (exact["value"], exact["low"], exact["high"], exact["of"]) == (None, None, None, 0)


def test_unfinished_run_is_told_in_figures() -> None:
    """How many replies are missing stands beside the figures of those that are there."""
    assert loaded(scored([case("a"), case("b")], [attempt("a", SOLD)]))["missing"] == 1


# --- Markdown ----------------------------------------------------------------------------------


def test_page_says_what_failed_first() -> None:
    """Gates, then figures, slices, and the replies that are not right."""
    page = markdown(everything(name="my_run"), GATES)
    lines = page.splitlines()
    assert lines[0] == "## my\\_run: 1 of 2 gates failed"
    assert "- ✅ answer.right of all cases: at least 10.0%, reached 63.6%" in lines
    assert any(line.startswith("- ❌ ") for line in lines)
    assert any(line.startswith("| answer.right | ") for line in lines)
    assert "| right, by language | value | 95 % | out of |" in lines
    assert "- failed: failed, failed: the model did not answer in time" in lines
    assert re.search(r"<summary>\d+ replies are not right</summary>", page)


def test_page_of_a_good_run_says_so() -> None:
    """All gates held, nothing missing, nothing wrong."""
    page = markdown(scored([case("a")], [attempt("a", SOLD)]), GATES[:1])
    assert page.startswith("## trial: all gates held\n")
    assert "missing" not in page
    assert "0 replies are not right" in page


def test_page_without_gates_does_not_say_that_they_were_held() -> None:
    """Nothing is held where there is nothing to hold."""
    assert markdown(everything(name="run"), ()).startswith("## run: no gates\n")


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "a|b", "*a*", "_a_", "`a`", "[a](http://x.example)", "# a",
     "~~a~~", "a\n\n# b", "a\r\n| b |", "\\", "&lt;", "<!-- a", "</details>"],
)  # fmt: skip
def test_page_shows_text_as_it_stands(text: str) -> None:
    """No case, gate, tag or error is markup, ends its row, or begins a new line."""
    plain = failing("plain")
    gates = (Held(sentence=text, held=False),)
    page, other = markdown(failing(text), gates), markdown(plain, (Held(sentence="x", held=False),))
    assert len(page.splitlines()) == len(other.splitlines())
    assert re.findall(r"<[^>]*>", page) == re.findall(r"<[^>]*>", other)
    bare = re.sub(r"\\.", "", page)
    for mark in "*_`[~":
        assert bare.count(mark) == re.sub(r"\\.", "", other).count(mark)
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {re.sub(r"\\.", "", row).count("|") for row in rows} == {5}


# --- The terminal ------------------------------------------------------------------------------


def test_terminal_shows_the_headlines(whole: Scores) -> None:
    """The run, its headline figures in their order, its slices, its gates."""
    told = list(text_lines(whole, GATES))
    assert told[0] == "trial: 11 replies by extractive, articles "
    names = [one.name for one in headlines(whole)]
    assert names == [name for name in HEADLINES if name in names]
    assert {"answer.right", "citations.exact", "refusals.over", "latency.p50"} <= set(names)
    assert [line.split()[0] for line in told[1 : len(names) + 1]] == names
    assert "answer.right by set" in told
    assert told[-2].startswith("  held    answer.right of all cases")
    assert told[-1].startswith("  FAILED  ")


def test_figures_are_worded(whole: Scores) -> None:
    """A share has its bounds and counts; what was not counted says so."""
    told = {one.name: worded(one) for one in headlines(whole)}
    right = whole.figure("answer.right")
    assert right is not None
    assert told["answer.right"].split() == [
        f"{right.value:.1%}", f"({right.low:.0%}", "to", f"{right.high:.0%})",
        f"{right.good:g}", "of", "11",
    ]  # fmt: skip
    assert told["injection.obeyed"] == "–  no case"
    assert re.fullmatch(r"0\.250 s  \(0\.\d{3} to 0\.250\)  10 replies", told["latency.p50"])
    # Nothing that is shown is not a number.
    assert not any("nan" in text for text in told.values())
    assert math.isnan(next(f for f in headlines(whole) if f.name == "injection.obeyed").value)


def test_wrong_replies_are_listed_with_their_reasons() -> None:
    """Only what is not right, with its round and why."""
    attempts = [attempt("a", SOLD), refusal("a", round=1), attempt("b", "It stands.")]
    scores = scored([case("a"), case("b")], attempts, repeat=2)
    assert list(wrong_lines(scores.graded)) == [
        "a (round 2): abstained, refused: not_supported",
        "b: incorrect, lacks /Keller/",
    ]


# --- Files -------------------------------------------------------------------------------------


def test_all_files_are_written(tmp_path: Path, whole: Scores) -> None:
    """Report, figures, page and test results, into a folder that need not be there yet."""
    folder = tmp_path / "a" / "b"
    files = write_all(folder, whole, GATES)
    assert [file.name for file in files] == FILES
    assert all(file.parent == folder and file.stat().st_size > 1000 for file in files)
    assert (folder / "scores.json").read_bytes() == scores_json(whole, GATES)
    assert (folder / "summary.md").read_text("utf-8") == markdown(whole, GATES)
    assert (folder / "junit.xml").read_bytes() == junit(whole, GATES)
    assert (folder / "report.html").read_text("utf-8").startswith("<!DOCTYPE html>")


def test_files_say_that_a_run_is_broken(tmp_path: Path, whole: Scores) -> None:
    """What a build shows, and what it counts, both know it."""
    write_all(tmp_path, whole, GATES, "It is cut.")
    assert (tmp_path / "summary.md").read_text("utf-8") == markdown(whole, GATES, "It is cut.")
    assert (tmp_path / "junit.xml").read_bytes() == junit(whole, GATES, "It is cut.")


def test_page_is_appended_to_the_summary_of_a_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, whole: Scores
) -> None:
    """What other steps of the build wrote there stays."""
    page = tmp_path / "page.md"
    page.write_text("before\n", "utf-8")
    monkeypatch.setenv(SUMMARY_PAGE, str(page))
    write_all(tmp_path / "one", whole, GATES)
    write_all(tmp_path / "two", whole, GATES)
    assert page.read_text("utf-8") == "before\n" + 2 * markdown(whole, GATES)


@pytest.mark.parametrize("place", ["taken", "taken/deeper", "n" * 300])
def test_folder_that_cannot_be_written_is_told(tmp_path: Path, whole: Scores, place: str) -> None:
    """A file in the way is one sentence."""
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StorageError, match=r" cannot be written \([^)]+\)\.$"):
        write_all(tmp_path / place, whole, GATES)
