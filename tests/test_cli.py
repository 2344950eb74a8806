"""What the command line promises: what it prints, where, and how it ends."""

import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ANSWERED, ASKED, Run

ROOT = Path(__file__).parents[1]


@pytest.fixture
def refusing(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus that is never sure enough to answer from."""
    monkeypatch.setenv("CITEBOT_THRESHOLD", "1")
    return corpus


def test_ask_prints_the_answer_then_each_source_with_file_line_and_quote(
    corpus: Path, run: Run
) -> None:
    outcome = run("ask", ASKED)
    assert outcome.status == 0
    assert outcome.out == f'{ANSWERED}\n\n[1] mill.txt:3 "{ANSWERED.removesuffix(" [1]")}"\n'


def test_the_answer_alone_stands_on_standard_output(corpus: Path, run: Run) -> None:
    assert run("ask", ASKED).err == ""


def test_the_first_ask_builds_the_index(
    corpus: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CITEBOT_DATA", str(tmp_path / "new"))
    outcome = run("ask", ASKED)
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out.startswith(ANSWERED)


def test_the_first_ask_says_that_files_were_left_out(
    corpus: Path, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CITEBOT_DATA", str(tmp_path / "new"))
    (corpus / "picture.txt").write_bytes(b"\x89PNG\xff\xfe")
    outcome = run("ask", ASKED)
    assert outcome.status == 0
    assert outcome.err == "citebot: Files left out of the index: 1; `ingest` says why.\n"


def test_the_sample_corpus_is_asked_without_any_setting(run: Run) -> None:
    question = "Wie viele nicht lizenzierte Kryptobörsen hat Kasachstan 2024 geschlossen?"
    outcome = run("ask", question)
    assert outcome.status == 0
    assert "36" in outcome.out
    assert "002_ef4ca6520480b210.txt:" in outcome.out


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("Welches Medikament hilft am besten gegen Heuschnupfen?", "Die Artikel sagen das nicht."),
        ("Which medicine helps best against hay fever?", "The articles do not say."),
        ("Quel médicament soulage le mieux le rhume des foins ?", "Les articles ne le disent pas."),
        ("Какое лекарство лучше помогает от аллергии?", "В статьях об этом не сказано."),
    ],
)
def test_a_refusal_is_one_sentence_in_the_language_of_the_question(
    refusing: Path, run: Run, question: str, sentence: str
) -> None:
    outcome = run("ask", question)
    assert outcome.status == 3
    assert outcome.out.startswith(sentence)


def test_a_refusal_offers_the_nearest_articles_by_file_and_title(refusing: Path, run: Run) -> None:
    outcome = run("ask", "Which medicine did the mill owner take against hay fever?")
    assert outcome.status == 3
    assert "  mill.txt  The mill\n" in outcome.out


def test_a_refusal_over_a_changed_file_says_that_it_has_changed(refusing: Path, run: Run) -> None:
    (refusing / "mill.txt").write_text("The mill burned down.", "utf-8")
    outcome = run("ask", ASKED)
    assert outcome.status == 3
    assert outcome.err == "citebot: mill.txt has changed since it was indexed: run `ingest`.\n"


def test_an_answer_says_which_article_it_did_without(corpus: Path, run: Run) -> None:
    (corpus / "other.txt").write_text("The mill by the river has a wheel of oak.", "utf-8")
    run("ingest")
    (corpus / "other.txt").unlink()
    outcome = run("ask", ASKED)
    assert outcome.out.startswith(ANSWERED)
    assert "other.txt" in outcome.err


def test_a_refusal_says_that_there_are_new_articles(refusing: Path, run: Run) -> None:
    run("ingest")
    (refusing / "new.txt").write_text("The bakery closed in 1999.", "utf-8")
    os.utime(refusing / "new.txt", (time.time() + 60, time.time() + 60))
    outcome = run("ask", "Which medicine helps best against hay fever?")
    assert "new articles (1)" in outcome.err


def test_search_shows_no_deleted_article(corpus: Path, run: Run) -> None:
    run("ingest")
    (corpus / "mill.txt").unlink()
    assert "mill.txt" not in run("search", ASKED).out


def test_a_question_is_read_from_standard_input(
    corpus: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{ASKED}\n"))
    assert run("ask", "-").out.startswith(ANSWERED)


def test_why_shows_hits_with_arms_confidence_and_timings(corpus: Path, run: Run) -> None:
    out = run("ask", ASKED, "--why").out
    for part in ("confidence ", "hits\n", "mill.txt:1  ", "words ", "vectors ", "timings\n"):
        assert part in out


def test_json_is_one_object_with_the_answer_and_its_citations(corpus: Path, run: Run) -> None:
    reply = json.loads(run("ask", ASKED, "--json").out)
    assert (reply["kind"], reply["language"], reply["question"]) == ("answer", "en", ASKED)
    (statement,) = reply["statements"]
    (citation,) = statement["citations"]
    text = (corpus / "mill.txt").read_text("utf-8")
    assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert citation | {"start": 0, "end": 0} == {
        "number": 1,
        "file": "mill.txt",
        "title": "The mill",
        "line": 3,
        "start": 0,
        "end": 0,
        "quote": statement["text"],
        "published_on": None,
    }


def test_json_of_an_answer_and_of_a_refusal_have_the_same_names(
    corpus: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = json.loads(run("ask", ASKED, "--json").out)
    monkeypatch.setenv("CITEBOT_THRESHOLD", "1")
    refusal = json.loads(run("ask", ASKED, "--json").out)
    assert answer.keys() == refusal.keys()
    assert (answer["reason"], answer["nearest"]) == (None, [])
    assert (refusal["kind"], refusal["statements"]) == ("refusal", [])
    assert refusal["reason"] in {"no_evidence", "not_supported", "off_topic"}
    assert answer["hits"][0].keys() == {
        *("file", "line", "start", "end", "language", "score", "arms", "text"),
    }
    assert answer["timings"].keys() == {"understand", "retrieve", "generate", "verify"}


def test_ingest_names_the_files_of_each_kind_of_change(corpus: Path, run: Run) -> None:
    (corpus / "bridge.txt").write_text("The bridge was rebuilt in 2024.", "utf-8")
    (corpus / "mill.txt").rename(corpus / "wheel.txt")
    (corpus / "copy.txt").write_bytes((corpus / "wheel.txt").read_bytes())
    (corpus / "empty.txt").touch()
    (corpus / "ferry.txt").write_text("The ferry sank in 2019.", "utf-8")
    outcome = run("ingest")
    assert (outcome.status, outcome.err) == (0, "")
    assert outcome.out == (
        "added 1: ferry.txt\n"
        "changed 1: bridge.txt\n"
        "renamed 1: mill.txt → copy.txt\n"
        "duplicate 1: wheel.txt of copy.txt\n"
        "skipped 1:\n"
        "  empty.txt holds no text: write the article into it, or remove it.\n"
        "articles 4, unchanged 0, passages 3, generation 2\n"
    )


def test_ingest_says_what_was_removed(corpus: Path, run: Run) -> None:
    (corpus / "bridge.txt").unlink()
    assert "removed 1: bridge.txt\n" in run("ingest").out


def test_a_long_list_of_names_is_cut(corpus: Path, run: Run) -> None:
    for number in range(12):
        (corpus / f"n{number:02}.txt").write_text(f"House {number} was sold.", "utf-8")
    assert "added 12: n00.txt, n01.txt" in (out := run("ingest").out)
    assert "n09.txt and 2 more\n" in out


def test_ingest_without_changes_writes_no_generation(corpus: Path, run: Run) -> None:
    assert run("ingest").out == "articles 2, unchanged 2, passages 2, generation 1\n"


def test_ingest_rebuild_indexes_everything_anew(corpus: Path, run: Run) -> None:
    out = run("ingest", "--rebuild").out
    assert "Everything was indexed anew, as asked.\n" in out
    assert "generation 2" in out


def test_ingest_takes_a_folder_of_its_own(run: Run, built: Path) -> None:
    assert "added 2: bridge.txt, mill.txt\n" in run("ingest", str(built / "articles")).out


def test_status_describes_the_index(corpus: Path, run: Run) -> None:
    rows = dict(line.split(None, 1) for line in run("status").out.splitlines())
    assert rows["corpus"] == str(corpus)
    assert rows["articles"] == "2"
    assert rows["passages"] == "2 (en 2)"
    assert rows["generation"].startswith("1, written 20")
    assert rows["size"].endswith(" MB")
    assert rows["state"] == "up to date"


def test_status_says_when_the_folder_has_changed(corpus: Path, run: Run) -> None:
    (corpus / "mill.txt").write_text("The mill burned down.", "utf-8")
    outcome = run("status")
    assert outcome.status == 0
    assert "changed since in 1 files: run `ingest`" in outcome.out


def test_status_without_an_index_makes_none(run: Run, tmp_path: Path) -> None:
    assert "not built yet" in run("status").out
    assert not (tmp_path / "data").exists()


def test_show_marks_the_line(corpus: Path, run: Run) -> None:
    assert run("show", "mill.txt:3").out.splitlines() == [
        "  1  The mill",
        "  2  ",
        "> 3  The mill by the river was sold to Anna Keller in March 2021 for 250,000 euros. "
        "Its wheel still turns.",
    ]


def test_show_marks_exactly_the_quote_on_a_terminal(
    corpus: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    start = (corpus / "mill.txt").read_text("utf-8").index("Anna Keller")
    out = run("show", "mill.txt", "--quote", f"{start}:{start + 11}").out
    assert "\x1b[7mAnna Keller\x1b[0m" in out


@pytest.mark.parametrize("place", ["mill.txt:4", "mill.txt:0", "mill.txt:99999999999"])
def test_show_of_a_line_that_is_not_there_is_wrong_usage(
    corpus: Path, run: Run, place: str
) -> None:
    outcome = run("show", place)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("citebot: mill.txt has 3 lines, so none has the number ")


@pytest.mark.parametrize("quote", ["5:900", "9:5", "x:y", "7", "-1:3"])
def test_show_of_a_quote_that_is_not_there_is_wrong_usage(
    corpus: Path, run: Run, quote: str
) -> None:
    assert run("show", "mill.txt", f"--quote={quote}").status == 2


def test_search_lists_passages_with_scores_arms_and_places(corpus: Path, run: Run) -> None:
    outcome = run("search", "Aare flood", "--limit", "1")
    assert outcome.status == 0
    head, preview = outcome.out.splitlines()
    assert "  bridge.txt:1  " in head
    assert "words " in head
    assert preview.strip().startswith("The bridge")


def test_search_json_holds_the_hits(corpus: Path, run: Run) -> None:
    hits = json.loads(run("search", "Aare flood", "--json").out)["hits"]
    assert hits[0]["file"] == "bridge.txt"


@pytest.mark.parametrize("command", ["ask", "search", "ingest", "status", "show"])
def test_help_says_what_the_exit_status_means(run: Run, command: str) -> None:
    outcome = run(command, "--help")
    assert outcome.status == 0
    words = " ".join(outcome.out.split())
    assert "Exit status: 0 answered or done, 3 the articles do not say, 2 wrong usage" in words


@pytest.mark.parametrize(
    "arguments",
    [(), ("ask",), ("ask", "a", "b"), ("tell", "me"), ("ask", "--loud", "why"), ("--loud",)],
)
def test_wrong_usage_is_one_line_and_status_2(run: Run, arguments: tuple[str, ...]) -> None:
    outcome = run(*arguments)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("citebot: ")
    assert outcome.err.endswith(": see `--help`.\n")
    assert outcome.err.count("\n") == 1


def test_an_article_cannot_send_commands_to_the_terminal(corpus: Path, run: Run) -> None:
    evil = "The \x1b]0;owned\x07barn \x9b31mwas [bold]sold[/bold] to \u202eOtto\u202c in 1999."
    (corpus / "barn.txt").write_text(evil, "utf-8")
    assert run("ingest").status == 0
    outputs = [
        run("ask", "To whom was the barn sold in 1999?", "--why").out,
        run("ask", "To whom was the barn sold in 1999?", "--json").out,
        run("search", "barn").out,
        run("show", "barn.txt:1").out,
    ]
    for out in outputs:
        assert not set(out) & set("\x1b\x07\x9b\u202e\u202c")
        assert "[bold]sold[/bold]" in out
    assert json.loads(outputs[1])["hits"][0]["text"] == evil


def test_ctrl_c_ends_quietly_with_130(
    corpus: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rag.answerer.checked", interrupt)
    monkeypatch.setattr("rag.cli._words", interrupt)
    outcome = run("ask", ASKED)
    assert (outcome.status, outcome.out, outcome.err) == (130, "", "")


def test_a_reader_that_goes_away_is_no_error_message(corpus: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "rag", "show", "mill.txt"]
    ended = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, cwd=ROOT, check=False, text=True
    )
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_the_program_starts_without_its_heavy_libraries() -> None:
    code = (
        "import sys; from rag.cli import main; status = main(['ask', '--help']); "
        "heavy = {'chromadb', 'llama_index', 'numpy', 'rich', 'babel'}; "
        "print(status, sorted(heavy & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert ended.stdout.splitlines()[-1] == "0 []"


def test_ask_on_a_built_index_does_not_load_llama_index(corpus: Path) -> None:
    code = (
        "import sys; from rag.cli import main; "
        f"status = main(['ask', {ASKED!r}]); print(status, 'llama_index' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert ended.stdout.splitlines()[-1] == "0 False"
