"""What `python -m eval` promises: a status that scripts can trust, and one sentence that helps."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from eval import cases as golden_cases
from eval.cases import Case
from eval.cli import main
from eval.records import (
    ArticleLine,
    Attempt,
    CaseLine,
    Judgement,
    Line,
    lines,
    read_answers,
)
from rag.domain import Question
from rag.errors import CitebotError
from rag.extract import Extractor
from tests.conftest import Outcome, index_of
from tests.oracle import RUN
from tests.test_bad_input import _obey
from tests.trial import HOSTILE, SOLD, TOWN, attempt, case, refusal

ROOT = Path(__file__).parents[1]
GOOD = """
- {id: mill, language: en, question: "Who bought the mill by the river?", expect: [Keller],
   sources: [mill.txt], tags: [lookup]}
- {id: bridge, language: en, question: "When was the bridge over the Aare closed?",
   expect: ["2023"], sources: [bridge.txt], tags: [date]}
"""

Evaluate = Callable[..., Outcome]


@pytest.fixture
def evaluate(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Evaluate:
    """Runs a command in this process, from a folder with good cases."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    (tmp_path / "cases.yaml").write_text(GOOD, "utf-8")

    def evaluate(*arguments: str) -> Outcome:
        capsys.readouterr()
        status = main(list(arguments))
        out, err = capsys.readouterr()
        return Outcome(status=status, out=out, err=err)

    return evaluate


def answers(file: Path, attempts: Iterable[Attempt], cases: Iterable[Case] = ()) -> Path:
    """An answers file, as if its cases had been asked."""
    made = tuple(attempts)
    head: list[Line] = [RUN, ArticleLine(article=TOWN)]
    head += [CaseLine(case=one) for one in cases or [case(one.case) for one in made]]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(b"".join(lines([*head, *made])))
    return file


def process(
    *arguments: str, limited: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A real process; where it is limited, permissions of files count for it, even for root."""
    return subprocess.run(
        [sys.executable, "-m", "eval", *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        check=False,
        capture_output=True,
        text=True,
        preexec_fn=_obey if limited and os.geteuid() == 0 else None,
    )


# --- Exit statuses -----------------------------------------------------------------------------


def test_run_that_holds_its_gates_has_status_0(
    corpus: Path, tmp_path: Path, evaluate: Evaluate
) -> None:
    """Asked, scored, written: everything is in the folder, and the folder is named."""
    outcome = evaluate("golden", "--cases", "cases.yaml", "--output", "out")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith("cases: 2 replies by extractive, articles articles\n")
    assert "FAILED" not in outcome.out
    names = {"answers.jsonl", "report.html", "scores.json", "summary.md", "junit.xml"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == names
    assert {f"Written: out/{name}" for name in names} <= set(outcome.out.splitlines())
    assert all(one.answered for one in read_answers(tmp_path / "out" / "answers.jsonl").attempts)


def test_golden_is_what_is_done_without_a_command(
    corpus: Path, tmp_path: Path, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Options alone, or nothing at all, ask the golden questions; results have a folder."""
    monkeypatch.setattr(golden_cases, "BUNDLED", (tmp_path / "cases.yaml",))
    for arguments in ((), ("--concurrency", "2")):
        assert evaluate(*arguments).out.startswith("golden: 2 replies")
    (folder,) = (tmp_path / "eval-results").iterdir()
    assert folder.name.startswith("golden-")
    evaluate("--repeat", "2")
    assert len(list((tmp_path / "eval-results").iterdir())) == 2


def test_gate_that_fails_has_status_1(tmp_path: Path, evaluate: Evaluate) -> None:
    """A run below a gate is whole, but not good enough."""
    file = answers(tmp_path / "out" / "answers.jsonl", [attempt("a", SOLD), refusal("b")])
    gates = tmp_path / "gates.toml"
    for least, status in ((0.5, 0), (0.6, 1)):
        gates.write_text(f'[[gate]]\nfigure = "answer.right"\nat_least = {least}\n')
        outcome = evaluate("score", str(file), "--gates", str(gates))
        assert (outcome.status, outcome.err) == (status, "")
        assert ("  FAILED  answer.right" in outcome.out) is bool(status)
    assert (tmp_path / "out" / "report.html").is_file()


def test_run_with_an_error_fails_its_gate(
    corpus: Path, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One case without a reply is listed and fails a gate; the next run asks only for it."""
    draft = Extractor.draft

    async def away(self: Extractor, question: Question, *more: Any) -> AsyncGenerator[Any, None]:
        if "bridge" in str(question):
            raise CitebotError("The model is away.")
        async for one in draft(self, question, *more):
            yield one

    with monkeypatch.context() as patched:
        patched.setattr(Extractor, "draft", away)
        outcome = evaluate("golden", "--cases", "cases.yaml", "--output", "out", "--failed")
    assert (outcome.status, outcome.err) == (1, "")
    assert "  bridge: failed, failed: The model is away." in outcome.out
    assert "  FAILED  answer.failed of all cases: at most 0.0%, reached 50.0%" in outcome.out
    assert evaluate("golden", "--cases", "cases.yaml", "--output", "out").status == 0


@pytest.mark.parametrize("several", [1, 2])
def test_several_are_asked_at_once(
    corpus: Path, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch, several: int
) -> None:
    """As many as were named, and one after the other unless any were."""
    draft, at_work, most = Extractor.draft, 0, 0

    async def slow(self: Extractor, *asked: Any) -> AsyncGenerator[Any, None]:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0.3)
        at_work -= 1
        async for one in draft(self, *asked):
            yield one

    monkeypatch.setattr(Extractor, "draft", slow)
    more = ("--concurrency", str(several)) if several > 1 else ()
    assert evaluate("run", "--cases", "cases.yaml", "--output", "out", *more).status == 0
    assert most == several


def test_run_of_errors_alone_is_broken(
    corpus: Path, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing was answered nothing was measured: status 2, with the first error."""

    async def away(*_: object) -> AsyncGenerator[Any, None]:
        for word in ("The model is away.\nReally.",):
            raise CitebotError(word)
        yield

    monkeypatch.setattr(Extractor, "draft", away)
    outcome = evaluate("golden", "--cases", "cases.yaml", "--output", "out")
    assert outcome.status == 2
    assert outcome.err == "citebot: Every reply is an error: The model is away. Really.\n"


def test_pattern_that_never_ends_fails_its_gate(
    corpus: Path, tmp_path: Path, evaluate: Evaluate
) -> None:
    """Such a case is unscored, and the run comes to its end."""
    endless = GOOD.replace("[Keller]", r"['^(\w|\w\w|\s|,)+$']")
    (tmp_path / "cases.yaml").write_text(endless, "utf-8")
    outcome = evaluate("golden", "--cases", "cases.yaml", "--output", "out", "--failed")
    assert (outcome.status, outcome.err) == (1, "")
    assert r"mill: unscored, the pattern /^(\w|\w\w|\s|,)+$/ takes too long" in outcome.out
    assert "  FAILED  answer.unscored of all cases: at most 0.0%, reached 50.0%" in outcome.out


@pytest.mark.parametrize(
    ("size", "told"),
    [
        (-30, "citebot: The run is cut in the middle and lacks 1 replies: run it again, and "),
        (None, "citebot: The run lacks 1 replies: run it again, and it goes on.\n"),
    ],
)
def test_unfinished_run_is_broken(
    tmp_path: Path, evaluate: Evaluate, size: int | None, told: str
) -> None:
    """What is there is scored and shown, but its gates are not to be relied on."""
    cases = [case("a"), case("b")]
    made = [attempt("a", SOLD), refusal("b")]
    file = answers(tmp_path / "out" / "answers.jsonl", made[: 2 if size else 1], cases)
    file.write_bytes(file.read_bytes()[:size])
    outcome = evaluate("score", str(file))
    assert outcome.status == 2
    assert outcome.err.startswith(told)
    assert outcome.out.startswith("oracle: 1 replies")
    assert outcome.err.count("\n") == 1
    page = (tmp_path / "out" / "summary.md").read_text("utf-8")
    assert page.startswith("## oracle: the run is broken\n")


def test_file_that_is_cut_in_a_judgement_is_broken(tmp_path: Path, evaluate: Evaluate) -> None:
    """No reply is missing, but something is."""
    file = answers(tmp_path / "a.jsonl", [attempt("a", SOLD)])
    file.write_bytes(file.read_bytes() + b'{"kind":"judg')
    outcome = evaluate("score", str(file))
    assert outcome.status == 2
    assert outcome.err.startswith("citebot: The answers file is cut in its last line: run it again")
    assert outcome.err.count("\n") == 1


def test_fault_of_our_own_is_no_failed_gate(
    evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody has thought of is told with its traceback, and never has status 1."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(golden_cases, "read_cases", fail)
    outcome = evaluate("golden", "--cases", "cases.yaml")
    assert outcome.status == 2
    assert "Traceback" in outcome.err
    assert outcome.err.endswith("(ZeroDivisionError('by zero')): please report it.\n")


@pytest.mark.parametrize(
    ("place", "error"),
    [("asking", KeyboardInterrupt), ("reading", KeyboardInterrupt), ("reading", EOFError)],
)
def test_interrupt_has_status_130(
    corpus: Path,
    evaluate: Evaluate,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    error: type[BaseException],
) -> None:
    """Ctrl-C and Ctrl-D end without a traceback, whatever was being done."""

    def interrupt(*_: object) -> None:
        raise error

    if place == "reading":
        monkeypatch.setattr(golden_cases, "read_cases", interrupt)
    else:
        monkeypatch.setattr(Extractor, "draft", interrupt)
    outcome = evaluate("golden", "--cases", "cases.yaml", "--output", "out")
    assert outcome.status == 130
    if place == "asking":
        told = "citebot: Stopped. What is answered is in out/answers.jsonl; the same command {}.\n"
        assert outcome.err == told.format("goes on")
        outcome = evaluate("golden", "--cases", "cases.yaml", "--output", "out", "--fresh")
        assert outcome.err == told.format("begins anew")
    assert "Traceback" not in outcome.err


def test_name_of_a_case_file_evades_no_gate(
    corpus: Path, tmp_path: Path, evaluate: Evaluate
) -> None:
    """Cases in a file that is called like a public set are held to the gates, and repeated."""
    (tmp_path / "expertqa.yaml").write_text(GOOD, "utf-8")
    outcome = evaluate("golden", "--cases", "expertqa.yaml", "--output", "out")
    assert "citations.exact of all cases" in outcome.out
    outcome = evaluate("repeat", "out/answers.jsonl", "--output", "again")
    assert "2 of 2 replies are the same" in outcome.out


# --- Bad input ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """One thing that goes wrong, and what its sentence must say."""

    name: str
    command: Sequence[str]
    says: Sequence[str]
    cases: str | bytes = GOOD
    file: str = "cases.yaml"
    settings: tuple[str, str] = ("CITEBOT_HITS", "12")
    listed: int = 0
    """Lines that name what is wrong with the cases, below the sentence."""


GOLDEN = ("golden", "--cases", "cases.yaml", "--output", "out")
JSONL = ("golden", "--cases", "cases.jsonl", "--output", "out")
UNUSABLE = "Some cases cannot be used:"
ROW = '{"id": "a", "language": "en", "question": "Who?", "answerable": false}'

BAD = [
    Bad(name="cases missing", command=("golden", "--cases", "none.yaml"), listed=1,
        says=(UNUSABLE, "none.yaml: it cannot be read (No such file or directory)")),
    Bad(name="cases are no YAML", command=GOLDEN, cases="- {id: [", listed=1,
        says=(UNUSABLE, "cases.yaml:1: it is no YAML (")),
    Bad(name="cases are no list", command=GOLDEN, cases="id: mill\n", listed=1,
        says=(UNUSABLE, "cases.yaml:1: it is no list of cases")),
    Bad(name="cases are no text", command=GOLDEN, cases=b"\xff\xfe\x00", listed=1,
        says=(UNUSABLE, "it is not UTF-8")),
    Bad(name="no case", command=GOLDEN, cases="", says=("There is no case in these files",)),
    Bad(name="row is no JSON", command=JSONL, file="cases.jsonl", cases=f"{ROW}\n{{\n", listed=1,
        says=(UNUSABLE, "cases.jsonl:2: it is no JSON object (")),
    Bad(name="question is no text", command=JSONL, file="cases.jsonl", listed=1,
        cases=ROW.replace("Who?", r"Who \ud800?"), says=("cases.jsonl:1: `question` is missing",)),
    Bad(name="duplicate id", command=GOLDEN, cases=GOOD.replace("bridge,", "mill,"), listed=1,
        says=(UNUSABLE, "cases.yaml:4: `mill` already stands in cases.yaml:2")),
    Bad(name="unknown name", command=GOLDEN, cases=GOOD.replace("tags:", "tag:"), listed=2,
        says=("cases.yaml:3: a case has no `tag`", "cases.yaml:5: a case has no `tag`")),
    Bad(name="invalid pattern", command=GOLDEN, cases=GOOD.replace("[Keller]", "['(']"), listed=1,
        says=(UNUSABLE, "cases.yaml:2: `expect` has no valid pattern /(/: ")),
    Bad(name="unknown article", command=GOLDEN, cases=GOOD.replace("bridge.txt", "x.txt"),
        listed=1, says=(UNUSABLE, "cases, case bridge: the corpus has no article x.txt")),
    Bad(name="corpus missing", command=(*GOLDEN, "--corpus", "nowhere"),
        says=("nowhere does not exist",)),
    Bad(name="impossible setting", command=GOLDEN, settings=("CITEBOT_HITS", "many"),
        says=("CITEBOT_HITS",)),
    Bad(name="output is a file", command=("run", "--cases", "cases.yaml", "--output", "cases.yaml"),
        says=("cases.yaml/answers.jsonl cannot be written (",)),
    Bad(name="output too long", command=("run", "--cases", "cases.yaml", "--output", "n" * 300),
        says=("answers.jsonl cannot be written (File name too long)",)),
    Bad(name="answers missing", command=("score", "none.jsonl"),
        says=("none.jsonl cannot be read (No such file or directory)",)),
    Bad(name="answers are cases", command=("score", "cases.yaml"),
        says=("cases.yaml is no answers file of this version", "python -m eval run")),
    Bad(name="answers damaged", command=("score", "damaged.jsonl"),
        says=("damaged.jsonl:3 is damaged (", "): run it again.")),
    Bad(name="gates missing", command=("score", "a.jsonl", "--gates", "none.toml"),
        says=("none.toml cannot be read (",)),
    Bad(name="gates are no TOML", command=("score", "a.jsonl", "--gates", "cases.yaml"),
        says=("cases.yaml is no TOML: ",)),
    Bad(name="comparison of other cases", command=("compare", "a.jsonl", "b.jsonl"),
        says=("The two runs share no case: compare runs over the same case files.",)),
    Bad(name="comparison with nothing", command=("compare", "a.jsonl", "none.jsonl"),
        says=("none.jsonl cannot be read",)),
    Bad(name="baseline of half a run", command=("baseline", "half.jsonl", "--to", "base.json"),
        says=("The run lacks 1 attempts: finish it first.",)),
    Bad(name="baseline into no file", command=("baseline", "a.jsonl", "--to", "cases.yaml"),
        says=("cases.yaml is no file of baselines (",)),
    Bad(name="baseline without a folder", command=("baseline", "a.jsonl", "--to", "no/base.json"),
        says=("no/base.json cannot be written (No such file or directory)",)),
    Bad(name="repetition of nothing", command=("repeat", "none.jsonl"),
        says=("none.jsonl cannot be read",)),
    Bad(name="repetition that leads out", command=("repeat", "out.jsonl"),
        says=("The article ../town.txt would be written outside of its folder.",)),
    Bad(name="repetition over itself",
        command=("repeat", "same/answers.jsonl", "--output", "same"),
        says=("same/answers.jsonl is what is to be repeated: name another folder.",)),
    *(Bad(name=f"repetition of {name}", command=("repeat", f"{name}.jsonl"),
          says=(f"This run has parts of its own: `python -m eval {name}` makes it again.",))
      for name in ("bipia", "expertqa")),
    Bad(name="judge of a cut file", command=("judge", "cut.jsonl", "--model", "m"),
        says=("cut.jsonl is cut in the middle: run it again first.",)),
    Bad(name="judge without a key", command=("judge", "a.jsonl", "--model", "m"),
        says=("OPENAI_API_KEY",)),
    Bad(name="public sets missing", command=("public", "--data", "nowhere"),
        says=("There is no set xquad in nowhere",)),
    Bad(name="public sets missing for a fit", command=("fit", "--data", "nowhere"),
        says=("There is no set xquad in nowhere",)),
    *(Bad(name=f"{name} missing", command=(name, "--data", "nowhere", "--output", "out"),
          says=(f"There is no set {folder} in nowhere (",))
      for name, folder in (("xquad", "xquad"), ("piaf", "piaf_fr"), ("squad2", "squad2_dev_half"),
                           ("expertqa", "expertqa"), ("bipia", "bipia"))),
    Bad(name="unknown command", command=("silver",), says=("No such command 'silver'", "--help")),
    Bad(name="unknown option", command=("golden", "--every-other"),
        says=("No such option: --every-other", "--help")),
    Bad(name="unknown option alone", command=("--every-other",), says=("No such option",)),
    Bad(name="file left out", command=("score",), says=("Missing argument", "--help")),
    Bad(name="no round", command=(*GOLDEN, "--repeat", "0"), says=("--repeat",)),
    Bad(name="several is no number", command=(*GOLDEN, "--concurrency", "many"),
        says=("--concurrency",)),
]  # fmt: skip


def prepare(folder: Path) -> None:
    """The files that bad input names."""
    answers(folder / "a.jsonl", [attempt("a", SOLD)])
    answers(folder / "b.jsonl", [attempt("b", SOLD)])
    answers(folder / "half.jsonl", [refusal("a")], [case("a"), case("b")])
    answers(folder / "same" / "answers.jsonl", [attempt("a", SOLD)])
    data = (folder / "a.jsonl").read_bytes()
    rows = data.splitlines(keepends=True)
    for name in ("bipia", "expertqa"):
        head = next(lines([replace(RUN, name=name)]))
        (folder / f"{name}.jsonl").write_bytes(b"".join([head, *rows[1:]]))
    (folder / "cut.jsonl").write_bytes(data[:-20])
    (folder / "damaged.jsonl").write_bytes(b"".join([*rows[:2], b"{\n", *rows[2:]]))
    away = ArticleLine(article=replace(TOWN, id="../town.txt"))
    (folder / "out.jsonl").write_bytes(b"".join([rows[0], *lines([away]), *rows[2:]]))


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
def test_bad_input_ends_in_one_sentence(
    bad: Bad, corpus: Path, tmp_path: Path, evaluate: Evaluate, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What cannot be run is no failed gate: status 2, and a sentence on standard error."""
    data = bad.cases.encode() if isinstance(bad.cases, str) else bad.cases
    (tmp_path / bad.file).write_bytes(data)
    prepare(tmp_path)
    kept = {path: path.read_bytes() for path in tmp_path.glob("*.*") if path.is_file()}
    monkeypatch.setenv(*bad.settings)
    outcome = evaluate(*bad.command)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("citebot: ")
    assert outcome.err.count("\n") == 1 + bad.listed
    assert bad.listed or outcome.err.endswith((".\n", ": free space?\n"))
    assert "Traceback" not in outcome.err
    for part in bad.says:
        assert part in outcome.err
    assert {path: path.read_bytes() for path in kept} == kept
    assert not (tmp_path / "out" / "answers.jsonl").exists()


def test_file_of_another_run_is_not_written_over(
    corpus: Path, tmp_path: Path, evaluate: Evaluate
) -> None:
    """A folder that was named twice for unlike runs is told, unless it may be overwritten."""
    arguments = ("run", "--cases", "cases.yaml", "--output", "out")
    assert evaluate(*arguments).out == "Written: out/answers.jsonl\n"
    (corpus / "mill.txt").write_text("The mill by the river burnt.", "utf-8")
    outcome = evaluate(*arguments)
    assert outcome.status == 2
    assert outcome.err.startswith("citebot: out/answers.jsonl is of another run (other articles, ")
    assert outcome.err.count("\n") == 1
    assert evaluate(*arguments, "--fresh").status == 0


# --- The other commands ------------------------------------------------------------------------


def test_comparison_is_shown_and_reported(tmp_path: Path, evaluate: Evaluate) -> None:
    """Flips and differences on the terminal; the report where it is asked for."""
    cases = [case("a"), case("b")]
    before = answers(tmp_path / "1.jsonl", [attempt("a", SOLD), refusal("b")], cases)
    after = answers(tmp_path / "2.jsonl", [refusal("a"), refusal("b")], cases)
    outcome = evaluate("compare", str(before), str(after), "--report", "x.html")
    assert (outcome.status, outcome.err) == (0, "")
    assert "  Lost: a (refused: not_supported)\n" in outcome.out
    assert outcome.out.endswith("Written: x.html\n")
    assert (tmp_path / "x.html").read_text("utf-8").startswith("<!DOCTYPE html>")
    outcome = evaluate("compare", str(before), str(after), "--report", "none/x.html")
    assert outcome.status == 2
    assert outcome.err.startswith(
        "citebot: The system refused ([Errno 2] No such file or directory"
    )
    assert outcome.err.count("\n") == 1


def test_baseline_is_written_where_it_is_wanted(tmp_path: Path, evaluate: Evaluate) -> None:
    """A run becomes what the next ones are compared with."""
    file = answers(tmp_path / "a.jsonl", [attempt("a", SOLD)])
    outcome = evaluate("baseline", str(file), "--to", "base.json")
    assert (outcome.status, outcome.out) == (0, "Written: base.json\n")
    (baseline,) = json.loads((tmp_path / "base.json").read_bytes())
    assert list(baseline["right"].values()) == [True]


def test_repetition_is_told(corpus: Path, tmp_path: Path, evaluate: Evaluate) -> None:
    """How many replies are the same, which are not, and where they are."""
    evaluate("run", "--cases", "cases.yaml", "--output", "out")
    outcome = evaluate("repeat", "out/answers.jsonl", "--output", "again")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == "2 of 2 replies are the same.\nWritten: again/answers.jsonl\n"
    values = read_answers(tmp_path / "out" / "answers.jsonl")
    other = replace(values.attempts[0], statements=(), reason="off_topic")
    with (tmp_path / "out" / "answers.jsonl").open("ab") as out:
        out.writelines(lines([other]))
    outcome = evaluate("repeat", "out/answers.jsonl", "--output", "third")
    assert "1 of 2 replies are the same.\n  not the same: mill\n" in outcome.out


def test_repetition_stays_in_the_folder_of_results(
    corpus: Path, tmp_path: Path, evaluate: Evaluate
) -> None:
    """The name of a run is from its file, and leads nowhere else."""
    evaluate("run", "--cases", "cases.yaml", "--output", "out")
    file = tmp_path / "out" / "answers.jsonl"
    head, *rest = file.read_bytes().splitlines(keepends=True)
    named = head.replace(b'"name":"cases"', b'"name":"../../away/x"')
    assert named != head
    file.write_bytes(b"".join([named, *rest]))
    outcome = evaluate("repeat", "out/answers.jsonl")
    assert outcome.status == 0
    (folder,) = (tmp_path / "eval-results").iterdir()
    assert folder.name.startswith("x-")
    assert f"Written: eval-results/{folder.name}/answers.jsonl\n" in outcome.out


def test_judgements_count_in_the_score(tmp_path: Path, evaluate: Evaluate) -> None:
    """What a model said stands in the file, and needs nobody to be asked again."""
    file = answers(tmp_path / "a.jsonl", [attempt("a", SOLD)])
    with file.open("ab") as out:
        judgement = Judgement(case="a", about="statement 0", verdict="supported", model="m")
        out.writelines(lines([judgement]))
    evaluate("score", str(file))
    figures = json.loads((tmp_path / "scores.json").read_bytes())["slices"]["all"]
    recall = {one["name"]: one["value"] for one in figures}["citations.judged_recall"]
    assert recall == 1.0


def test_terminal_is_not_written_to_by_cases(tmp_path: Path, evaluate: Evaluate) -> None:
    """Control characters of cases, articles and errors are shown as escapes."""
    one = replace(case(HOSTILE), tags=(HOSTILE,))
    file = answers(tmp_path / "a.jsonl", [attempt(HOSTILE, error=f"\x1b[2J{HOSTILE}")], [one])
    outcome = evaluate("score", str(file), "--failed")
    assert outcome.status == 2
    assert not {"\x1b", "\x07", "\u202e", "\u2028", "\r"} & set(outcome.out + outcome.err)
    assert r"\x1b[2J" in outcome.out


# --- Real processes ----------------------------------------------------------------------------


def test_help_is_quick() -> None:
    """Asking for help loads no heavy library; every command is named."""
    code = "import eval.cli, sys; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    )
    heavy = {"chromadb", "llama_index", "numpy", "openai", "jinja2", "matplotlib", "yaml", "regex"}
    assert not heavy & set(loaded.stdout.split())
    done = process("--help")
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("golden", "run", "score", "compare", "judge", "baseline", "repeat"):
        assert f"  {command} " in done.stdout


def test_terminal_of_few_letters_is_served(tmp_path: Path) -> None:
    """What a terminal cannot show stands there as an escape; the status is that of the run."""
    file = answers(tmp_path / "a.jsonl", [attempt("ä", SOLD)])
    done = process("score", str(file), "--failed", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"\u2013  no case" in done.stdout


def test_output_that_nobody_takes_is_no_traceback(tmp_path: Path) -> None:
    """A reader that goes away, such as `head`, ends the program quietly."""
    file = answers(tmp_path / "a.jsonl", [attempt("a", SOLD)])
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "eval", "score", str(file)],
        cwd=ROOT,
        check=False,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        restore_signals=False,
    )
    os.close(writing)
    assert done.returncode in {2, -signal.SIGPIPE}
    assert done.stderr == ""


def test_folder_that_may_not_be_written_is_told(corpus: Path, tmp_path: Path) -> None:
    """Permissions are told in one sentence, before the first question."""
    (tmp_path / "cases.yaml").write_text(GOOD, "utf-8")
    (tmp_path / "shut").mkdir(mode=0)
    place = str(tmp_path / "shut" / "out")
    arguments = ("--cases", str(tmp_path / "cases.yaml"), "--output", place)
    done = process("run", *arguments, limited=True)
    (tmp_path / "shut").chmod(0o755)
    assert (done.returncode, done.stdout) == (2, "")
    assert "answers.jsonl cannot be written (Permission denied)" in done.stderr
    assert done.stderr.count("\n") == 1


def test_replies_that_may_not_be_kept_do_no_harm(corpus: Path, tmp_path: Path) -> None:
    """A folder of replies that may only be read is left as it is."""
    (tmp_path / "cases.yaml").write_text(GOOD, "utf-8")
    replies = index_of(tmp_path / "data") / "replies"
    replies.mkdir(mode=0o555)
    arguments = ("--cases", str(tmp_path / "cases.yaml"), "--output", str(tmp_path / "out"))
    done = process("run", *arguments, limited=True)
    replies.chmod(0o755)
    assert (done.returncode, done.stderr) == (0, "")
    assert read_answers(tmp_path / "out" / "answers.jsonl").missing == 0
    assert list(replies.iterdir()) == []
