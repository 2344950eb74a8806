"""What `eval.new` promises: a golden case that holds, or a file that stays as it was."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.append import append, cases_in, json_row, yaml_row
from eval.cases import BUNDLED, Case, read_cases
from eval.new import DROP, Given, agree, new
from eval.propose import (
    check_pattern,
    chosen,
    proposed_id,
    proposed_patterns,
    proposed_tags,
    sentences_of,
)
from rag.cldr import Names
from rag.domain import Article, Exchange, Sentence
from rag.errors import UsageError
from rag.settings import Settings
from rag.understand import LANGUAGES

NAMES = Names(LANGUAGES)
MILL = (
    "---\nlanguage: en\n---\nThe mill\n\nThe mill was sold to Anna Keller on 3 March 2021 for "
    "250,000 euros. Its wheel\nstill turns, and four   people work there. It stands in Bern.\n\n"
    "It was built in 1836 for Anna Keller's family; 36 windows look south.\n\n"
    "Leave a Reply\n\nYour name *\n"
)
ARTICLE = Article(
    id="mill.txt",
    title="The mill",
    language="en",
    text=MILL,
    sha256="",
    body_start=MILL.index("The mill"),
)
SENTENCES = sentences_of(ARTICLE)
WHOLE = Given(question="Who bought the mill?", answer="Anna Keller", quote="2")
CASE = Case(
    id="en-mill-bought-mill",
    set="cases",
    language="en",
    question="Who bought the mill?",
    answer="Anna Keller",
    expect=("Anna Keller",),
    sources=("mill.txt",),
    tags=("lookup",),
)
OTHER = '# Ours\n- {id: other, language: en, question: "Why?", answerable: false}'


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "mill.txt").write_text(MILL, "utf-8")
    return Settings(corpus=folder)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "cases.yaml"


class Person:
    """Replies in turn, and remembers what was asked and said."""

    def __init__(self, *replies: str | None) -> None:
        self._replies = iter(replies)
        self.asked: list[tuple[str, str]] = []
        self.told: list[str] = []

    def ask(self, prompt: str, proposal: str) -> str:
        self.asked.append((prompt, proposal))
        reply = next(self._replies)
        return proposal if reply is None else reply

    def say(self, line: str) -> None:
        self.told.append(line)


def nobody(prompt: str, proposal: str) -> str:
    raise AssertionError(f"asked for {prompt}")


def silent(_line: str) -> None:
    pass


# --- Sentences and quotes ----------------------------------------------------------------------


def test_sentences_are_those_that_may_be_cited() -> None:
    """Every sentence of the body is offered with its place, front matter and furniture are not."""
    assert [sentence.text for sentence in SENTENCES] == [
        "The mill",
        "The mill was sold to Anna Keller on 3 March 2021 for 250,000 euros.",
        "Its wheel\nstill turns, and four   people work there.",
        "It stands in Bern.",
        "It was built in 1836 for Anna Keller's family; 36 windows look south.",
    ]
    assert all(MILL[one.start : one.end] == one.text for one in SENTENCES)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("2", [2]),
        (" 3, 2 ", [3, 2]),
        ("2 2 4", [2, 4]),
        ("sold to Anna Keller", [2]),
        ("Its wheel still turns", [3]),
        ("  Its wheel\tstill\nturns, and four people ", [3]),
        ("work there. It stands", [3, 4]),
        ("The mill was", [2]),
    ],
)
def test_sentences_are_chosen_by_number_or_words(text: str, numbers: list[int]) -> None:
    """Numbers name sentences, and so do words from them, however their white space is."""
    assert chosen(text, ARTICLE, SENTENCES) == tuple(SENTENCES[n - 1] for n in numbers)


@given(st.data())
def test_any_piece_of_the_article_finds_its_sentence(data: st.DataObject) -> None:
    """A sentence pasted with any white space between its words is found at its place."""
    sentence = data.draw(st.sampled_from(SENTENCES[1:]))
    words = sentence.text.split()
    gaps = data.draw(st.lists(st.sampled_from([" ", "\n", "\t ", "\u00a0"]), min_size=len(words)))
    pasted = "".join(word + gap for word, gap in zip(words, gaps, strict=False))
    assert chosen(pasted, ARTICLE, SENTENCES) == (sentence,)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0", "There is no sentence 0: the article has 5."),
        ("2, 6", "There is no sentence 6: the article has 5."),
        ("9" * 5000, "There is no sentence 999999999"),
        ("", "No sentence was chosen"),
        (" \n", "No sentence was chosen"),
        ("The mill was bought", "The quote does not stand in mill.txt"),
        ("the mill was", "The quote does not stand in mill.txt"),
        ("Anna Keller", "The quote stands in several places"),
        ("Your name", "The quote stands beside"),
        ("language: en", "The quote stands beside"),
    ],
)
def test_choice_of_nothing_is_one_sentence(text: str, says: str) -> None:
    """A number out of range, words that stand nowhere, in several places or in furniture."""
    with pytest.raises(UsageError, match=f"^{re.escape(says)}"):
        chosen(text, ARTICLE, SENTENCES)


# --- Proposals ---------------------------------------------------------------------------------


def sentence(text: str) -> Sentence:
    return Sentence(article_id="a.txt", start=0, end=len(text), text=text, key="k")


@pytest.mark.parametrize(
    ("answer", "language", "text", "written_in", "patterns"),
    [
        ("Anna Keller", "en", "It was sold to Anna Keller.", "en", ("Anna Keller",)),
        ("anna keller.", "en", "It was sold to Anna Keller.", "en", ("anna keller",)),
        ("Anna Keller", "en", "It was sold to Anna\nKeller.", "en", (r"Anna\s+Keller",)),
        ("BTC.com", "en", "Canaan and BTC.com moved.", "en", (r"BTC\.com",)),
        ("36", "en", "They closed 36 of them.", "en", (r"\b36\b",)),
        ("36", "en", "The year was 2036.", "en", ()),
        ("5%", "en", "It has 5% of it.", "en", (r"\b5%",)),
        ("X", "en", "She said so on X.", "en", (r"\bX\b",)),
        ("X", "en", "The export grew.", "en", ()),
        (
            "4,8 миллиона долларов",
            "ru",
            "They took $4.8 million in USDT.",
            "en",
            (r"\$4\.8 million|\b4,8 миллиона долларов",),
        ),
        (
            "Le 26 septembre",
            "fr",
            "Der Startschuss fiel am 26. September.",
            "de",
            (r"\b26\. September|\b26 septembre",),
        ),
        (
            "Садыр Жапаров",
            "ru",
            "Das sagte Sadyr Zhaparov.",
            "de",
            ("Zhaparov|Жапаров",),
        ),
        ("Это был Жапаров", "ru", "So said Sadyr Zhaparov.", "en", ("Sadyr Zhaparov|Жапаров",)),
        ("36 биржи и 5 %", "ru", "There were 36, or 5%.", "en", (r"\b36\b", r"\b5%|\b5 %")),
        ("0A²", "en", "A 0A², 1", "en", (r"\b0A²",)),
        ("Ja, sehr", "de", "They closed 36 of them.", "en", ()),
    ],
)
def test_patterns_are_the_answer_or_its_facts(
    answer: str, language: str, text: str, written_in: str, patterns: tuple[str, ...]
) -> None:
    """The answer where the sentence has it, else what both state as a fact, each in its words."""
    found = proposed_patterns(answer, language, [sentence(text)], written_in, NAMES)
    assert found == patterns
    for pattern in found:
        assert check_pattern(pattern, [sentence(text)]) == pattern


@given(st.text(min_size=1), st.text(), st.text())
def test_proposed_patterns_match_the_sentence(answer: str, before: str, after: str) -> None:
    """Whatever the answer is, a pattern proposed for it matches what was chosen."""
    text = [sentence(f"{before} {answer} {after}")]
    for pattern in proposed_patterns(answer, "en", text, "en", NAMES):
        assert check_pattern(pattern, text) == pattern


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(", "/(/ is no pattern: missing )"),
        ("Brandt", "/Brandt/ does not match what was chosen"),
        ("(a|aa)+$", "/(a|aa)+$/ takes too long"),
        ("a\nb", "/a b/ does not match"),
    ],
)
def test_pattern_that_cannot_be_met_is_one_sentence(pattern: str, says: str) -> None:
    """No pattern, one that matches nothing chosen, and one that never ends."""
    with pytest.raises(UsageError) as caught:
        check_pattern(pattern, [sentence("a" * 40 + "! Keller")])
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_patterns_may_match_any_chosen_sentence() -> None:
    """Of two chosen sentences each may carry its own part, in any case."""
    assert check_pattern("KELLER", SENTENCES[1:4]) == "KELLER"
    assert check_pattern("bern", SENTENCES[1:4]) == "bern"


@pytest.mark.parametrize(
    ("answer", "language", "answerable", "tags"),
    [
        ("Anna Keller", "en", True, ("lookup",)),
        ("Анна Келлер", "ru", True, ("crosslingual", "lookup")),
        ("Am 3. März 2021", "de", True, ("crosslingual", "date")),
        ("For 250,000 euros", "en", True, ("numeric",)),
        ("On 3 March for 5%", "en", True, ("date", "numeric")),
        ("", "de", False, ("unanswerable",)),
    ],
)
def test_tags_are_proposed_by_languages_and_facts(
    answer: str, language: str, tags: tuple[str, ...], *, answerable: bool
) -> None:
    """Another language, a date and a number are told by their tags; so is what has no answer."""
    assert proposed_tags(answer, language, "en", NAMES, answerable=answerable) == tags


@pytest.mark.parametrize(
    ("question", "language", "article", "proposed"),
    [
        ("Who bought the mill?", "en", "mill.txt", "en-mill-bought-mill"),
        ("Wen schult Binance?", "de", "000_37ff15793ee2fd8d.txt", "de-000-schult-binance"),
        ("Кто купил мельницу?", "ru", "news/mill.md", "ru-mill-kupil-mel-nitsu"),
        ("Who bought the mill?", "en", None, "en-none-bought-mill"),
        ("Who was it?", "en", "mill.txt", "en-mill"),
        ("Donaudampfschifffahrtsgesellschaft?", "de", "a.txt", "de-a-donaudampfschifffahrtsge"),
    ],
)
def test_id_is_language_article_and_question(
    question: str, language: str, article: str | None, proposed: str
) -> None:
    """An id is readable in ASCII, and numbered where it is taken."""
    assert proposed_id(question, language, article, ()) == proposed
    taken = {proposed, f"{proposed}-2"}
    assert proposed_id(question, language, article, taken) == f"{proposed}-3"


# --- The way of a case -------------------------------------------------------------------------


def test_case_by_options_alone_asks_nobody_for_what_was_given(
    settings: Settings, file: Path
) -> None:
    """With all options given nothing is asked, and the file has just that case."""
    whole = Given(
        question=" Who bought the mill? ",
        language="en",
        answer="Anna Keller",
        quote="2",
        expect=("keller", "2021"),
        tags=("lookup", "date"),
        id="mine",
    )
    case = new("mill.txt", settings=settings, to=file, given=whole, ask=nobody, say=silent)
    assert file.read_text("utf-8") == (
        '- {id: mine, language: en, question: "Who bought the mill?", answer: "Anna Keller", '
        'expect: ["keller", "2021"], sources: [mill.txt], tags: [date, lookup]}\n'
    )
    assert read_cases([file]) == (case,)


def test_script_takes_every_proposal(settings: Settings, file: Path) -> None:
    """`agree` needs question, answer and quote; the rest is proposed."""
    assert new("mill.txt", settings=settings, to=file, given=WHOLE, ask=agree, say=silent) == CASE


def test_person_sees_the_sentences_and_is_asked_in_turn(settings: Settings, file: Path) -> None:
    """Each prompt comes with its proposal, and what is replied becomes the case."""
    person = Person(
        "Wer kaufte die Mühle?", None, "Anna Keller", "2", "Keller", "2021", "", None, "x"
    )
    case = new(
        "mill.txt", settings=settings, to=file, given=Given(), ask=person.ask, say=person.say
    )
    assert person.told[:4] == [
        "mill.txt: The mill",
        "  1  The mill",
        f"  2  {SENTENCES[1].text}",
        "  3  Its wheel still turns, and four people work there.",
    ]
    assert person.told[-1] == f"Written to {file}: x"
    assert [proposal for _, proposal in person.asked] == [
        "", "de", "", "", "Anna Keller", "", "", "crosslingual, lookup", "de-mill-kaufte-muhle",
    ]  # fmt: skip
    assert (case.language, case.expect, case.id) == ("de", ("Keller", "2021"), "x")
    assert case.tags == ("crosslingual", "lookup")


def test_person_may_drop_what_is_proposed(settings: Settings, file: Path) -> None:
    """A dash drops a pattern or all tags; a pattern of one's own takes its place."""
    person = Person(DROP, "sold", "", DROP, None)
    case = new(
        "mill.txt",
        settings=settings,
        to=file,
        given=replace(WHOLE, language="en"),
        ask=person.ask,
        say=person.say,
    )
    assert (case.expect, case.tags) == (("sold",), ())


def test_person_is_asked_again_after_a_slip(settings: Settings, file: Path) -> None:
    """What does not fit is said, and asked again; the third time ends it."""
    person = Person("7", "Brandt", "2", None, "", None, None)
    known = Given(question="Who?", language="en", answer="Anna Keller")
    new("mill.txt", settings=settings, to=file, given=known, ask=person.ask, say=person.say)
    assert "There is no sentence 7: the article has 5." in person.told
    assert "The quote does not stand in mill.txt: copy it from there." in person.told
    file.unlink()
    hasty = Person("7", "8", "9")
    with pytest.raises(UsageError, match="no sentence 9"):
        new("mill.txt", settings=settings, to=file, given=known, ask=hasty.ask, say=hasty.say)
    assert not file.exists()


def test_proposal_that_does_not_fit_is_not_asked_for_twice(settings: Settings, file: Path) -> None:
    """A script that agrees with everything is told once what is missing."""
    person = Person(None)
    with pytest.raises(UsageError, match="The question is empty"):
        new("mill.txt", settings=settings, to=file, given=Given(), ask=person.ask, say=person.say)
    assert person.asked == [("Question", "")]


def test_question_without_an_answer(settings: Settings, file: Path) -> None:
    """What the articles do not answer has neither patterns nor sources."""
    case = new(
        "mill.txt",
        settings=settings,
        to=file,
        given=Given(question="Who built the dam?", answerable=False),
        ask=agree,
        say=silent,
    )
    assert file.read_text("utf-8") == (
        '- {id: en-none-built-dam, language: en, question: "Who built the dam?", '
        "answerable: false, tags: [unanswerable]}\n"
    )
    assert read_cases([file]) == (case,)


@pytest.mark.parametrize(
    ("name", "changes", "says"),
    [
        ("kiln.txt", {}, "There is no article kiln.txt"),
        ("../cases.yaml", {}, '"../cases.yaml" is no article'),
        ("mill.txt", {"question": None}, "The question is empty"),
        ("mill.txt", {"question": "W\x1bho?"}, "The question holds control characters"),
        ("mill.txt", {"question": "Who \ud800?"}, "The question holds control characters"),
        ("mill.txt", {"language": "English"}, '"English" is no language'),
        ("mill.txt", {"answer": " "}, "The answer is empty"),
        ("mill.txt", {"answer": "\ud800"}, "The answer holds control characters"),
        ("mill.txt", {"quote": "6"}, "There is no sentence 6"),
        ("mill.txt", {"quote": None}, "No sentence was chosen"),
        ("mill.txt", {"quote": "the mill was bought"}, "The quote does not stand"),
        ("mill.txt", {"answer": "Nobody"}, "The case has no pattern"),
        ("mill.txt", {"expect": ()}, "The case has no pattern"),
        ("mill.txt", {"expect": ("Keller", "Bern")}, "/Bern/ does not match"),
        ("mill.txt", {"expect": ("[",)}, "/[/ is no pattern"),
        ("mill.txt", {"id": "other"}, "The id other already stands in"),
        ("mill.txt", {"id": "two words"}, '"two words" is no id'),
        ("mill.txt", {"id": ""}, '"" is no id'),
        ("mill.txt", {"answerable": False}, "What the articles do not answer has no answer"),
    ],
)
def test_bad_input_is_one_sentence_and_changes_nothing(
    settings: Settings, file: Path, name: str, changes: dict[str, Any], says: str
) -> None:
    """Whatever does not fit is said in one sentence, and the file stays as it was."""
    file.write_text(OTHER, "utf-8")
    with pytest.raises(UsageError) as caught:
        new(
            name,
            settings=settings,
            to=file,
            given=replace(WHOLE, **changes),
            ask=agree,
            say=silent,
        )
    told = str(caught.value)
    assert told.startswith(says)
    assert told.endswith(".")
    assert "\n" not in told
    assert file.read_text("utf-8") == OTHER
    assert [path.name for path in file.parent.iterdir()] == ["articles", "cases.yaml"]


# --- The file ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("cases.txt", b"", "name one that ends in .yaml or .jsonl"),
        ("cases.yaml", b"just words", "is no case file (cases.yaml:1: it is no list of cases)"),
        ("cases.yaml", b"- {id: [", "is no case file (cases.yaml:1: it is no YAML"),
        ("cases.yaml", b"\xff\xfe\x00", "is no case file (cases.yaml: it is not UTF-8)"),
        ("cases.yaml", b"- {id: a}\n- {id: b}", "is no case file (cases.yaml:1:"),
        ("cases.jsonl", b"# ours", "is no case file (cases.jsonl:1: it is no JSON object"),
        ("cases.jsonl", b"- {id: a}", "is no case file (cases.jsonl:1: it is no JSON object"),
        (
            "cases.yaml",
            b'[{id: a, language: en, question: "?", answerable: false}]',
            "cannot stand",
        ),
        (
            "cases.yaml",
            b"  - {id: a, language: en, question: Q, answerable: false}",
            "cannot stand",
        ),
    ],
)
def test_file_that_cannot_take_a_case_is_left_alone(
    tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    """A file that is no case file, or none that a line can be added to, is one sentence."""
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(UsageError, match=re.escape(says)) as caught:
        append(replace(CASE, set=file.stem), file)
    assert "\n" not in str(caught.value)
    assert file.read_bytes() == content
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("place", ["folder.yaml", "missing/cases.yaml"])
def test_place_that_takes_no_file_is_one_sentence(tmp_path: Path, place: str) -> None:
    """A folder, and a file in a folder that is not there, cannot be written."""
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(UsageError, match=r"cannot be (read|written) \("):
        append(replace(CASE, set=Path(place).stem), tmp_path / place)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.yaml"]


def test_new_case_stands_behind_the_others(file: Path) -> None:
    """What was in the file stays, byte for byte; a missing last line break is made up for."""
    for before in (OTHER, f"{OTHER}\n", f"\ufeff{OTHER}\n\n# The end", OTHER.replace("\n", "\r\n")):
        file.write_bytes(before.encode())
        append(CASE, file)
        after = file.read_bytes().decode()
        assert after.startswith(before)
        line_end = "\r\n" if "\r\n" in before else "\n"
        assert after.endswith(yaml_row(CASE) + line_end)
        assert [case.id for case in read_cases([file])] == ["other", CASE.id]


@pytest.mark.parametrize("before", ["", "\n", "# Nothing yet\n", "\ufeff# Nothing yet\n"])
def test_empty_file_takes_its_first_case(file: Path, before: str) -> None:
    """A file of comments has no cases yet, and gets one."""
    file.write_text(before, "utf-8")
    assert cases_in(file) == ()
    append(CASE, file)
    assert file.read_text("utf-8") == f"{before}{yaml_row(CASE)}\n"


def test_json_lines_take_json(tmp_path: Path) -> None:
    """A file that ends in .jsonl is one object per line."""
    file = tmp_path / "cases.jsonl"
    append(CASE, file)
    append(replace(CASE, id="second"), file)
    lines = file.read_text("utf-8").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [CASE.id, "second"]
    assert lines[0] == json_row(CASE)


def test_id_that_is_taken_is_refused_by_the_file_too(file: Path) -> None:
    """The same case does not go in twice."""
    append(CASE, file)
    before = file.read_bytes()
    with pytest.raises(UsageError, match=r"already stands in cases\.yaml:1"):
        append(CASE, file)
    assert file.read_bytes() == before


def test_failure_in_the_middle_leaves_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A system that fails when the new file should take its place leaves the old one."""
    file.write_text(OTHER, "utf-8")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(UsageError, match=r"cannot be written \(no space left on device\)"):
        append(CASE, file)
    assert file.read_text("utf-8") == OTHER
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="modes and links are those of Unix")
def test_link_and_mode_survive(tmp_path: Path, file: Path) -> None:
    """A link goes on being one, and a private file stays private."""
    real = tmp_path / "real.yaml"
    real.write_text(OTHER, "utf-8")
    real.chmod(0o600)
    file.symlink_to(real)
    append(CASE, file)
    assert file.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o600
    assert real.read_text("utf-8") == f"{OTHER}\n{yaml_row(CASE)}\n"


@pytest.mark.parametrize("bundled", BUNDLED, ids=lambda file: file.stem)
def test_rows_are_those_of_the_bundled_files(bundled: Path) -> None:
    """Each bundled case is written as it stands in its file, but for the order of its tags."""
    lines = [line for line in bundled.read_text("utf-8").splitlines() if line.startswith("- ")]
    rows = map(yaml_row, read_cases([bundled]))
    assert list(map(_without_tags, rows)) == list(map(_without_tags, lines))


def _without_tags(row: str) -> str:
    return re.sub(r"tags: \[.*?\]", "", row)


ODD = st.one_of(
    st.text(),
    st.text(
        st.sampled_from("\"'\\:{}[],#&*!|>%@`-? \n\r\t\0\x7f\x85\u00a0\u2028\u2029\ufeff\uffff😀é")
    ),
    st.sampled_from(
        ["no", "null", "~", "2024-13-45", "2024-01-01", "1_0", "0x1", "1e3", "=", "<<"]
    ),
).filter(str.strip)
"""Texts that mean something else in YAML, or break its lines."""


@given(
    odd=st.lists(ODD, min_size=8, max_size=8),
    language=st.sampled_from(["en", "no", "on", "y"]),
    any_source=st.booleans(),
    suffix=st.sampled_from(["yaml", "yml", "jsonl"]),
)
def test_every_text_reads_back(
    tmp_path_factory: pytest.TempPathFactory,
    odd: list[str],
    language: str,
    suffix: str,
    *,
    any_source: bool,
) -> None:
    """Whatever stands in a case is the same when the file is read, and on one line."""
    file = tmp_path_factory.mktemp("odd") / f"cases.{suffix}"
    case = replace(
        CASE,
        id=odd[0],
        language=language,
        question=odd[1],
        answer=odd[2],
        expect=(re.escape(odd[3]),),
        forbid=(re.escape(odd[4]),),
        sources=(odd[5], "b.txt"),
        any_source=any_source,
        history=(Exchange(question=odd[6], reply=odd[7]),),
        tags=tuple(sorted({odd[0], odd[7]})),
    )
    append(case, file)
    append(replace(case, id=f"{odd[0]}2"), file)
    assert read_cases([file]) == (case, replace(case, id=f"{odd[0]}2"))
    assert file.read_bytes().count(b"\n") == 2


def test_half_a_character_is_refused(tmp_path: Path) -> None:
    """What no file can hold is said, and no file is made."""
    for name in ("cases.yaml", "cases.jsonl"):
        with pytest.raises(UsageError, match="half a character"):
            append(replace(CASE, answer="a\ud800"), tmp_path / name)
    assert list(tmp_path.iterdir()) == []
