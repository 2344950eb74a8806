"""What gates and baselines promise: a run that got worse does not pass, and says by what."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from eval.baseline import (
    Baseline,
    baseline_for,
    baseline_of,
    changes,
    named,
    read_baselines,
    write_baseline,
)
from eval.cases import BUNDLED, read_cases
from eval.gates import Gate, Gates, Held, Loss, held, read_gates
from eval.metrics import fixed_metrics
from eval.score import Scores
from rag.domain import Exchange
from rag.errors import StorageError, UsageError
from rag.settings import SAMPLE_CORPUS
from tests.library import ANALYSER
from tests.trial import SOLD, attempt, case, refusal, scored


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The names of countries and months are read once, not for every run that is scored."""
    monkeypatch.setattr("eval.score.Names", lambda _languages: ANALYSER.names)


def run_of(right: str, wrong: str = "", **more: Any) -> Scores:
    """A run over cases of one letter each, some of them right and the others refused."""
    names = sorted(right + wrong)
    attempts = [attempt(name, SOLD) if name in right else refusal(name) for name in names]
    return scored([case(name) for name in names], attempts, **more)


def gated(scores: Scores, *gates: Gate) -> list[Held]:
    return list(held(scores, Gates(gate=gates)))


# --- Thresholds --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("figure", "bounds", "passes", "reached"),
    [
        ("answer.right", {"at_least": 0.6}, True, "at least 60.0%, reached 60.0% (3 of 5)"),
        ("answer.right", {"at_least": 0.61}, False, "at least 61.0%, reached 60.0% (3 of 5)"),
        ("answer.right", {"at_least": 0.0}, True, "at least 0.0%, reached 60.0% (3 of 5)"),
        ("refusals.over", {"at_most": 0.4}, True, "at most 40.0%, reached 40.0% (2 of 5)"),
        ("refusals.over", {"at_most": 0.39}, False, "at most 39.0%, reached 40.0% (2 of 5)"),
        ("answer.failed", {"at_most": 0.0}, True, "at most 0.0%, reached 0.0% (0 of 5)"),
        ("citations.exact", {"at_least": 1.0}, True, "at least 100.0%, reached 100.0% (3 of 3)"),
    ],
)
def test_gate_holds_at_its_threshold(
    figure: str, bounds: dict[str, float], passes: bool, reached: str
) -> None:
    """A figure falls short beyond the bound, not at it, and the sentence has the counts."""
    gate = Gate(figure=figure, **bounds)  # type: ignore[arg-type]
    (one,) = gated(run_of("abc", "de"), gate)
    assert one == Held(sentence=f"{figure} of all cases: {reached}", held=passes)


def slices() -> Scores:
    """Cases of two sets, groups, tags and languages; those of the second are not right."""
    return scored(
        [
            case("a"),
            case("b", set="city", tags=("crosslingual", "date"), language="de"),
            case("c", set="city", tags=("crosslingual",), language="de"),
        ],
        [attempt("a", SOLD), refusal("b"), refusal("c")],
    )


@pytest.mark.parametrize(
    ("where", "of"),
    [
        ({}, "1 of 3"),
        ({"set": "town"}, "1 of 1"),
        ({"set": "city"}, "0 of 2"),
        ({"group": "same language"}, "1 of 1"),
        ({"group": "across languages"}, "0 of 2"),
        ({"tag": "date"}, "0 of 1"),
        ({"tag": "lookup"}, "1 of 1"),
        ({"language": "de"}, "0 of 2"),
        ({"set": "city", "tag": "date"}, "0 of 1"),
    ],
)
def test_gate_counts_its_cases_alone(where: dict[str, str], of: str) -> None:
    """Set, group, tag and language say which cases; together they say fewer."""
    (one,) = gated(slices(), Gate(figure="answer.right", at_least=0.5, **where))  # type: ignore[arg-type]
    assert one.sentence.startswith(f"answer.right of {', '.join(where.values()) or 'all cases'}: ")
    assert one.sentence.endswith(f"({of})")
    assert one.held is (of[0] == "1" and of != "1 of 3")


@pytest.mark.parametrize(
    "where",
    [
        {"tag": "numeric"},
        {"language": "ru"},
        {"group": "follow-ups"},
        {"set": "town", "tag": "date"},
    ],
)
def test_gate_without_a_case_does_not_hold(where: dict[str, str]) -> None:
    """Cases that nothing was measured of must not look like ones that are good enough."""
    (one,) = gated(slices(), Gate(figure="answer.right", at_least=0.0, **where))  # type: ignore[arg-type]
    assert one.sentence.endswith("but there is no case to hold it")
    assert not one.held


def test_gate_on_everything_holds_where_nothing_was_shown() -> None:
    """A run of refusals shows no quote that could be wrong."""
    (one,) = gated(run_of("", "ab"), Gate(figure="citations.exact", at_least=1.0))
    assert one.sentence.endswith("and nothing was shown that it counts")
    assert one.held


def test_gate_on_a_slice_does_not_hold_where_nothing_was_shown() -> None:
    """Somebody named these cases: that nothing speaks for them is told."""
    (one,) = gated(run_of("", "ab"), Gate(figure="citations.exact", at_least=1.0, set="town"))
    assert not one.held


def test_gate_applies_to_runs_over_its_set() -> None:
    """A gate that names a set says nothing about a run over other cases."""
    gates = [Gate(figure="answer.right", at_least=1.0, set=name) for name in ("town", "heldout")]
    found = gated(run_of("a"), *gates)
    assert [one.sentence[:20] for one in found] == ["answer.right of town"]


def test_every_round_counts() -> None:
    """A gate counts replies: a case that is right in one of two rounds is half right."""
    attempts = [attempt("a", SOLD), refusal("a", round=1)]
    scores = scored([case("a")], attempts, repeat=2)
    (one,) = gated(scores, Gate(figure="answer.right", at_least=0.6))
    assert one.sentence.endswith("reached 50.0% (1 of 2)")


@pytest.mark.parametrize("figure", ["answer.wrong", "latency.p96", ""])
def test_gate_on_no_figure_is_told(figure: str) -> None:
    """A misspelt figure must not look like one that holds."""
    with pytest.raises(UsageError, match=rf"A gate is on {figure}, which is no figure of this"):
        gated(run_of("a"), Gate(figure=figure, at_least=0.0))


def test_gate_may_be_on_what_only_a_whole_run_has() -> None:
    """Seconds are gated like shares, over all cases only."""
    (one,) = gated(run_of("a"), Gate(figure="latency.p95", at_most=60))
    assert one == Held(sentence="latency.p95 of all cases: at most 60, reached 0.25", held=True)
    with pytest.raises(UsageError, match="no figure of this run"):
        gated(run_of("a"), Gate(figure="latency.p95", at_most=60, tag="date"))


# --- The gates file ----------------------------------------------------------------------------


def test_gates_are_read(tmp_path: Path) -> None:
    """Thresholds in their order, and how much may be lost; nothing may be when left out."""
    file = tmp_path / "gates.toml"
    file.write_text(
        '[[gate]]\nfigure = "answer.right"\nset = "town"\nat_least = 1\n'
        '[[gate]]\nfigure = "answer.failed"\nat_most = 0.0\n',
        "utf-8",
    )
    gates = read_gates(file)
    assert gates == Gates(
        gate=(
            Gate(figure="answer.right", set="town", at_least=1.0),
            Gate(figure="answer.failed", at_most=0.0),
        ),
        baseline=Loss(net_loss=0),
    )
    file.write_text("[baseline]\nnet_loss = 3\n", "utf-8")
    assert read_gates(file) == Gates(baseline=Loss(net_loss=3))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[gate]", r"gates\.toml is no TOML: "),
        ("\xff".encode("latin-1"), r"gates\.toml is no TOML: "),
        ("[[gate]]\nat_least = 1.0\n", r"gates\.toml, gate 0 figure: "),
        ('[[gate]]\nfigure = "answer.right"\n', "either at_least or at_most"),
        (
            '[[gate]]\nfigure = "answer.right"\nat_least = 0.5\nat_most = 0.5\n',
            "either at_least or at_most",
        ),
        ('[[gate]]\nfigure = "answer.right"\nat_last = 0.5\n', "gate 0 at_last: "),
        ('[[gate]]\nfigure = "answer.right"\nat_least = "high"\n', "gate 0 at_least: "),
        ("[gates]\n", "gates: "),
        ("[baseline]\nnet_loss = 0.5\n", "baseline net_loss: "),
        ("[baseline]\nloss = 1\n", "baseline loss: "),
        ("[heldout]\nunanswerable = 0.75\n", "heldout: "),
    ],
)
def test_faulty_gates_file_is_one_sentence(tmp_path: Path, text: str | bytes, says: str) -> None:
    """A gate that could never fail, or that nobody meant, is told with its place."""
    file = tmp_path / "gates.toml"
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(UsageError, match=says) as told:
        read_gates(file)
    assert "\n" not in str(told.value)
    assert str(told.value).endswith(".")


def test_missing_gates_file_is_told(tmp_path: Path) -> None:
    """Without its file no gate is held."""
    with pytest.raises(UsageError, match=r"none\.toml cannot be read \(No such file"):
        read_gates(tmp_path / "none.toml")


def test_bundled_gates_can_hold_and_fail() -> None:
    """Every gate is on a figure that there is; those of bundled sets are of groups they have."""
    gates = read_gates()
    assert {gate.figure for gate in gates.gate} <= {one.name for one in fixed_metrics()}
    cases = read_cases(BUNDLED)
    bundled = [gate for gate in gates.gate if gate.set in {path.stem for path in BUNDLED}]
    assert {gate.set for gate in bundled} == {path.stem for path in BUNDLED}
    nothing = scored(cases, [refusal(one.id) for one in cases])
    found = list(held(nothing, Gates(gate=tuple(bundled))))
    assert len(found) == len(bundled)
    assert all("reached" in one.sentence for one in found)
    # A run that refuses everything is right wherever refusing is.
    assert [one.held for one in found] == [gate.group == "unanswerable" for gate in bundled]
    promised = {gate.figure for gate in gates.gate if gate.anywhere}
    assert promised >= {"citations.exact", "citations.supported", "answer.failed"}


# --- Baselines ---------------------------------------------------------------------------------


def kept(scores: Scores, baseline: Scores, net_loss: int = 0) -> Held:
    (one,) = held(scores, Gates(baseline=Loss(net_loss=net_loss)), baseline_of(baseline))
    return one


@pytest.mark.parametrize(
    ("before", "after", "net_loss", "passes", "told"),
    [
        ("abc", "abc", 0, True, "0 cases lost, 0 cases gained, of 4"),
        ("abc", "ab", 0, False, "1 case lost, 0 cases gained, of 4 (lost: c)"),
        ("abc", "ab", 1, True, "1 case lost, 0 cases gained, of 4 (lost: c)"),
        ("abc", "a", 1, False, "2 cases lost, 0 cases gained, of 4 (lost: b, c)"),
        ("ab", "bc", 0, True, "1 case lost, 1 case gained, of 4 (lost: a)"),
        ("a", "abcd", 0, True, "0 cases lost, 3 cases gained, of 4"),
        ("abc", "d", 1, False, "3 cases lost, 1 case gained, of 4 (lost: a, b, c)"),
    ],
)
def test_loss_against_the_baseline_is_held(
    before: str, after: str, net_loss: int, passes: bool, told: str
) -> None:
    """Cases lost, less those gained, may be so many and no more; the lost ones are named."""
    first, second = (run_of(right, "".join(set("abcd") - set(right))) for right in (before, after))
    assert kept(second, first, net_loss) == Held(sentence=f"baseline: {told}", held=passes)


def test_without_a_baseline_nothing_is_held_to_one() -> None:
    """A run over other articles, or by another generator, has nothing to be compared with."""
    assert held(run_of("a"), Gates(), None) == ()


@pytest.mark.parametrize(
    ("change", "same"),
    [({}, True), ({"generator": "other"}, False), ({"index": "other"}, False),
     ({"corpus": "other"}, True), ({"code": "other"}, True), ({"settings": {"hits": 3}}, True)],
)  # fmt: skip
def test_baseline_is_of_a_generator_and_its_articles(change: dict[str, Any], same: bool) -> None:
    """Another generator or other articles make another baseline; folder and code do not."""
    baseline = baseline_of(run_of("a", index="abc"))
    scores = run_of("a", **({"index": "abc"} | change))
    assert baseline_for(scores, (baseline,)) == (baseline if same else None)


@pytest.mark.parametrize(
    "change",
    [
        {"question": "Who sold it?"},
        {"expect": ("Brandt",)},
        {"forbid": ("Keller",)},
        {"answer": "Brandt"},
        {"sources": ("fluss.txt",)},
        {"any_source": True},
        {"language": "de"},
        {"history": (Exchange(question="Is there a mill?", reply="Yes."),)},
    ],
)
def test_rewritten_case_is_not_compared(change: dict[str, Any]) -> None:
    """A case that asks or wants something else is neither lost nor gained."""
    scores = scored([case("a", **change), case("b")], [refusal("a"), attempt("b", SOLD)])
    assert changes(scores, baseline_of(run_of("ab")))[:2] == ((), ())


@pytest.mark.parametrize("change", [{"tags": ("date",)}, {"set": "city"}])
def test_case_may_be_counted_elsewhere(change: dict[str, Any]) -> None:
    """Tags and files say where a case is counted, not what it asks."""
    scores = scored([case("a", **change)], [refusal("a")])
    assert changes(scores, baseline_of(run_of("a")))[:2] == (("a",), ())


def test_case_of_one_run_alone_is_not_compared() -> None:
    """New cases are no gain, and cases that were not asked no loss."""
    assert changes(run_of("ax", "y"), baseline_of(run_of("ab", "c")))[:2] == ((), ())


def test_rounds_count_by_majority() -> None:
    """A baseline holds a case as right where most of its rounds are."""
    attempts = [
        attempt("a", SOLD, round=n) if n < right else refusal("a", round=n)
        for right in (2,)
        for n in range(3)
    ]
    assert set(baseline_of(scored([case("a")], attempts, repeat=3)).right.values()) == {True}
    two = scored([case("a")], [attempts[0], replace(attempts[2], round=1)], repeat=2)
    assert set(baseline_of(two).right.values()) == {False}


def test_unfinished_run_is_no_baseline() -> None:
    """What was not asked is not known; nor is it held against the run."""
    unfinished = scored([case("a"), case("b")], [refusal("a")])
    with pytest.raises(UsageError, match="lacks 1 attempts: finish it first"):
        baseline_of(unfinished)
    assert changes(unfinished, baseline_of(run_of("ab")))[:2] == ((), ())


def test_run_of_errors_alone_is_no_baseline() -> None:
    """It would let every later run pass; held to a baseline, it has lost what was right."""
    errors = scored([case("a")], [attempt("a", error="away")])
    with pytest.raises(UsageError, match="Every reply of the run is an error"):
        baseline_of(errors)
    assert kept(errors, run_of("a")).sentence.endswith("(lost: a)")
    assert not kept(errors, run_of("a")).held


@pytest.mark.parametrize("name", ["mill", "the mill", "mill 0123abcd", "a  b", "Mühle 🦆"])
def test_case_keeps_its_whole_name(name: str) -> None:
    """An id may hold anything: what is lost is named by all of it."""
    before = scored([case(name)], [attempt(name, SOLD)])
    after = scored([case(name)], [refusal(name)])
    assert changes(after, baseline_of(before))[:2] == ((name,), ())
    assert named(case(name)).startswith(f"{name} ")


# --- The file of baselines ---------------------------------------------------------------------


def test_baseline_is_written_and_read(tmp_path: Path) -> None:
    """What is right in a run is what the next one is compared with."""
    file = tmp_path / "baseline.json"
    assert read_baselines(file) == ()
    write_baseline(run_of("ab", "c", index="abc", corpus="town"), file)
    (baseline,) = read_baselines(file)
    assert (baseline.corpus, baseline.generator, baseline.index) == ("town", "extractive", "abc")
    assert {name.split()[0]: right for name, right in baseline.right.items()} == {
        "a": True,
        "b": True,
        "c": False,
    }


def test_baselines_are_merged(tmp_path: Path) -> None:
    """Newly asked cases take the place of their own; the others, and other articles, stay."""
    file = tmp_path / "baseline.json"
    write_baseline(run_of("ab", "c", index="1"), file)
    write_baseline(run_of("", "ab", index="2"), file)
    rewritten = case("c", question="Who sold it?")
    attempts = [refusal("b"), attempt("c", SOLD), attempt("d", SOLD)]
    write_baseline(scored([case("b"), rewritten, case("d")], attempts, index="1"), file)
    first, second = read_baselines(file)
    assert (first.index, second.index) == ("1", "2")
    assert first.right == {
        named(case("a")): True,
        named(case("b")): False,
        named(rewritten): True,
        named(case("d")): True,
    }
    assert set(second.right.values()) == {False}


def test_cases_of_like_names_are_not_merged(tmp_path: Path) -> None:
    """A case whose name begins as another's does not take its place."""
    file = tmp_path / "baseline.json"
    for name in ("the mill", "the bridge", "the"):
        write_baseline(scored([case(name)], [attempt(name, SOLD)]), file)
    (baseline,) = read_baselines(file)
    assert len(baseline.right) == 3


def test_file_of_baselines_is_the_same_however_it_grew(tmp_path: Path) -> None:
    """Order of runs and cases leaves no trace, so that a change to the file is a change."""
    runs = [run_of("ab", index="1"), run_of("cd", "e", index="2"), run_of("a", generator="z")]
    for file, order in (("x.json", runs), ("y.json", [*reversed(runs), runs[0]])):
        for scores in order:
            write_baseline(scores, tmp_path / file)
    assert (tmp_path / "x.json").read_bytes() == (tmp_path / "y.json").read_bytes()
    for file, parts in (("v.json", ("ab", "c")), ("w.json", ("c", "ab"))):
        for right in parts:
            write_baseline(run_of(right), tmp_path / file)
    assert (tmp_path / "v.json").read_bytes() == (tmp_path / "w.json").read_bytes()


@pytest.mark.parametrize("text", ["", "{", "{}", '[{"corpus": 3}]', "[1, 2]", "\0"])
def test_damaged_file_of_baselines_is_one_sentence(tmp_path: Path, text: str) -> None:
    """A damaged file is told, and not written over."""
    file = tmp_path / "baseline.json"
    file.write_text(text, "utf-8")
    for use in (lambda: read_baselines(file), lambda: write_baseline(run_of("a"), file)):
        with pytest.raises(UsageError, match=r"baseline\.json is no file of baselines") as told:
            use()
        assert "\n" not in str(told.value)
    assert file.read_text("utf-8") == text


def test_file_of_baselines_that_cannot_be_used_is_told(tmp_path: Path) -> None:
    """A folder in its place, and a folder that is missing, are one sentence each."""
    with pytest.raises(UsageError, match=r"cannot be read \(Is a directory\)"):
        read_baselines(tmp_path)
    with pytest.raises(StorageError, match=r"cannot be written \(No such file or directory\)"):
        write_baseline(run_of("a"), tmp_path / "none" / "baseline.json")


def test_bundled_baseline_is_of_the_sample_articles_and_the_bundled_cases() -> None:
    """The sample articles of today have a baseline, and it knows every bundled case as it is."""
    files = sorted(SAMPLE_CORPUS.glob("*.txt"))
    digests = [[file.name, hashlib.sha256(file.read_bytes()).hexdigest()] for file in files]
    index = hashlib.sha256(json.dumps(digests).encode()).hexdigest()
    found: list[Baseline] = [one for one in read_baselines() if one.index == index]
    assert [one.generator for one in found] == ["extractive"]
    assert {named(one) for one in read_cases(BUNDLED)} <= found[0].right.keys()
