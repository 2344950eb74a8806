"""What `rag.extract` promises: the right sentences, as few as will do, or a refusal."""

import asyncio
import math
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.domain import Material, Reason
from rag.evidence import Evidence
from rag.extract import parts
from rag.weights import FILE as WEIGHTS
from rag.weights import Weights, confidence_features
from tests.library import Library, drafted, library, question, weights_of

ARTICLES: Mapping[str, str] = {
    "mill.txt": (
        "The mill by the river was sold to Anna Keller in March 2021 for 250,000 euros. "
        "Its wheel still turns every day of the week."
    ),
    "bridge.txt": (
        "The bridge over the Aare was closed in May 2023 after a flood in Bern. "
        "Repairs of the bridge took 14 months and were paid by Switzerland."
    ),
    "kiln.txt": "A kiln makes bricks out of clay. Peter Brandt has fired it since 1999.",
}
SAID_TWICE: Mapping[str, str] = {
    "one.txt": "The mill by the river was sold to Anna Keller. The weather was fine that day.",
    "two.txt": "By the river the mill was sold to Anna Keller! A dog barked in the yard there.",
}
LEVEL = weights_of()
"""Every sentence is as likely as any other."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Library:
    made = library(tmp_path_factory.mktemp("town"), ARTICLES)
    made.ingest()
    return made


# --- The file of weights -----------------------------------------------------------------------


def test_file_of_weights_names_every_feature(town: Library) -> None:
    """The bundled file has the features of the code: all of them, in order, and no others."""
    table = tomllib.loads(WEIGHTS.read_text("utf-8"))
    features = [field.name for field in fields(Evidence)]
    ranked = town.extractor.ranked("Who bought the mill?", "en", town.hits("Who bought the mill?"))
    assert list(table["same"]) == features
    assert list(table["across"]) == features
    assert table["other"].keys() == {"bias", "strength"}
    assert table["confidence"].keys() == confidence_features(ranked).keys()


def test_file_of_weights_is_read_as_it_stands() -> None:
    """Every weight is a finite number, under its own name."""
    table = tomllib.loads(WEIGHTS.read_text("utf-8"))
    weights = Weights.read()
    assert weights.same == tuple(table["same"].values())
    assert weights.across == tuple(table["across"].values())
    assert (weights.bias, weights.strength) == (table["other"]["bias"], table["other"]["strength"])
    assert dict(weights.confidence) == table["confidence"]
    assert all(map(math.isfinite, (*weights.same, *weights.across, *weights.confidence.values())))


# --- What is shown -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("Who bought the mill by the river?", "Anna Keller"),
        ("When was the bridge closed?", "May 2023"),
        ("How long did repairs of the bridge take?", "14 months"),
        ("Who has fired the kiln?", "Peter Brandt"),
    ],
)
def test_best_sentence_comes_first(town: Library, asked: str, shown: str) -> None:
    """The first claim holds the answer, and rests on the sentence that it repeats."""
    claim = town.draft(asked).claims[0]
    sentences = {s.key: s for hit in town.hits(asked) for s in hit.passage.sentences}
    assert shown in claim.text
    assert [sentences[key].text for key in claim.keys] == [claim.text]


@pytest.mark.parametrize("most", [1, 2, 3, 5])
def test_doubt_shows_more_sentences_up_to_the_limit(tmp_path: Path, most: int) -> None:
    """Where every sentence is as likely, as many are shown as the setting allows."""
    town = library(tmp_path, ARTICLES, weights=LEVEL, statements=most)
    town.ingest()
    assert len(town.shown("Who bought the mill by the bridge of the kiln?")) == most


def test_certainty_shows_one(tmp_path: Path) -> None:
    """Where one sentence is far likelier than all others, it stands alone."""
    town = library(tmp_path, ARTICLES, weights=weights_of(coverage=100.0))
    town.ingest()
    assert town.shown("When was the bridge closed after a flood?") == [
        "The bridge over the Aare was closed in May 2023 after a flood in Bern."
    ]


@pytest.mark.parametrize("asked", ["Who bought the mill by the river?", "Was the mill sold?"])
def test_nothing_is_said_twice(tmp_path: Path, asked: str) -> None:
    """Two sentences with the same words are one, even if they stand in different files."""
    town = library(tmp_path, SAID_TWICE, weights=LEVEL, statements=3)
    town.ingest()
    shown = town.shown(asked)
    assert len(shown) == 3
    assert sum("Anna Keller" in text for text in shown) == 1


def test_two_questions_in_one_are_answered_from_two_files(town: Library) -> None:
    """Each part of a question has its own best sentence shown, in the order asked."""
    draft = town.draft("Who has fired the kiln, and when was the bridge over the Aare closed?")
    first, second, *_ = (claim.text for claim in draft.claims)
    assert "Peter Brandt" in first
    assert "May 2023" in second


def test_both_parts_may_rest_on_one_sentence(town: Library) -> None:
    """What answers both parts is shown once."""
    shown = town.shown("Who bought the mill by the river, and when was the mill by the river sold?")
    assert sum("Anna Keller" in text for text in shown) == 1


def test_line_breaks_of_a_file_are_not_shown(tmp_path: Path) -> None:
    """A claim is one line, however the file wraps it; its sentence is as in the file."""
    wrapped = (
        "The old mill by the river, which nobody had wanted for years and years, was sold\r\n"
        "  at last to\tAnna Keller and her brother, who mean to run it as a small museum again."
    )
    town = library(tmp_path, {"mill.txt": wrapped})
    town.ingest()
    assert town.shown("Who bought the mill?") == [" ".join(wrapped.split())]


def test_same_question_has_the_same_answer(town: Library, tmp_path: Path) -> None:
    """Asked again, or of an index made anew from the same files, the draft is the same."""
    other = library(tmp_path, dict(reversed(list(ARTICLES.items()))))
    other.ingest()
    for asked in ("Who bought the mill?", "When was the bridge closed?", "Is it old?"):
        assert town.draft(asked) == town.draft(asked) == other.draft(asked)


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        (
            "Who sold the mill, and what was paid for it?",
            ["Who sold the mill", "what was paid for it?"],
        ),
        (
            "Who sold the mill and in which year did it burn?",
            ["Who sold the mill", "in which year did it burn?"],
        ),
        (
            "Wer kaufte die Mühle und wann wurde sie gebaut?",
            ["Wer kaufte die Mühle", "wann wurde sie gebaut?"],
        ),
        (
            "Qui a acheté le moulin et combien a-t-il payé ?",
            ["Qui a acheté le moulin", "combien a-t-il payé ?"],
        ),
        (
            "Кто купил мельницу, а когда её построили?",
            ["Кто купил мельницу", "когда её построили?"],
        ),
        ("Who sold the mill and the kiln?", ["Who sold the mill and the kiln?"]),
        ("Who and what?", ["Who and what?"]),
        ("Brandt und Welchert", ["Brandt und Welchert"]),
        ("and who sold the mill?", ["and who sold the mill?"]),
    ],
)
def test_question_is_cut_where_another_begins(text: str, cut: list[str]) -> None:
    """`and` before a question word parts two questions; between things it does not."""
    assert parts(text) == cut


@given(st.lists(st.sampled_from("who and , what und was mill ? et qui".split()), max_size=12))
def test_parts_are_words_of_the_question(words: list[str]) -> None:
    """However a question is cut, there is a part, and each is a piece of the question."""
    text = " ".join(words) or "who"
    assert parts(text)
    assert all(part in text for part in parts(text))


# --- What is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "strange"),
    [
        ("Was the mill by the river sold to Ludwig?", ("Ludwig",)),
        ("Was the mill by the river sold in Kazakhstan?", ("Kazakhstan",)),
        ("Was the mill by the river sold in 1987?", ("1987",)),
        ("Was the mill by the river sold for yen?", ("yen",)),
        ("Was the mill sold to Ludwig, and when did Igor close the bridge?", ("Ludwig", "Igor")),
        ("Was the mill by the river sold to Anna in 2021 for euros?", ()),
        ("Was the bridge closed in Switzerland by a hurricane?", ()),
    ],
)
def test_what_no_article_names_is_refused(
    town: Library, asked: str, strange: tuple[str, ...]
) -> None:
    """A name, country, currency or year that nothing found speaks of is named in the refusal."""
    draft = town.draft(asked)
    assert draft.unknown == strange
    assert bool(draft.claims) is not bool(strange)


def test_exchanges_are_no_currency(town: Library) -> None:
    """A word of the lexicon never counts as one of CLDR's names, whatever its concept is called."""
    assert town.draft("Was the mill by the river sold on exchanges?").unknown == ()


@pytest.mark.parametrize(
    ("text", "strange"),
    [
        ("В 2024 году закрыли биржи. Директор ушёл со своего поста.", ()),
        ("36 бирж закрыли в том году. „Директор ушёл“, — сказали там.", ()),
        ("В 2024 году закрыли биржи. Wilson ушёл со своего поста тогда.", ("Keller",)),
    ],
)
def test_name_must_be_known_only_in_its_own_script(
    tmp_path: Path, text: str, strange: tuple[str, ...]
) -> None:
    """Sentences in another script may spell a name in a way that is not recognised."""
    town = library(tmp_path, {"a.ru.txt": text})
    town.ingest()
    assert town.draft("Did director Keller close the exchanges?").unknown == strange


def test_low_confidence_refuses(tmp_path: Path) -> None:
    """Below the threshold nothing is claimed, at it something is; the estimate is told."""
    drafts = []
    for name, constant in (("sure", 0.0), ("unsure", -1.0)):
        weights = weights_of(coverage=8, confidence=constant)
        town = library(tmp_path / name, ARTICLES, weights=weights, threshold=0.5)
        town.ingest()
        drafts.append(town.draft("Who bought the mill by the river?"))
    answered, refused = drafts
    assert answered.claims
    assert answered.confidence == 0.5
    assert refused.claims == ()
    assert refused.confidence == pytest.approx(1 / (1 + math.e))
    assert refused.reason is Reason.NOT_SUPPORTED


def test_other_topic_is_told_from_a_missing_answer(tmp_path: Path) -> None:
    """Where hardly a word of the question occurs, it is about something else."""
    town = library(tmp_path, ARTICLES, threshold=1.0)
    town.ingest()
    elsewhere = "Which football team scored goals against opponents after halftime?"
    assert town.draft(elsewhere).reason is Reason.OFF_TOPIC
    assert town.draft("Why was the mill by the river sold?").reason is Reason.NOT_SUPPORTED


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        ("How many wheels turn every day of the week?", False),
        ("When does its wheel turn every day of the week?", False),
        ("Why does its wheel turn every day of the week?", True),
        ("How many months took the repairs of the bridge paid by Switzerland?", True),
        ("Who bought the mill by the river, and when was the mill by the river sold?", True),
        ("Who bought the mill by the river, and how often does its wheel turn every day?", False),
    ],
)
def test_figure_that_is_asked_for_must_be_said(
    tmp_path: Path, asked: str, *, answered: bool
) -> None:
    """Where a part asks for a number or a date and no sentence shown has one, it is refused."""
    town = library(tmp_path, ARTICLES, weights=weights_of(coverage=100.0))
    town.ingest()
    assert bool(town.draft(asked).claims) is answered


def test_weakest_part_decides(tmp_path: Path) -> None:
    """A question whose second part cannot be answered is refused as a whole."""
    unsure = replace(LEVEL, confidence=defaultdict(float, constant=-5.0, grams=10.0))
    town = library(tmp_path, ARTICLES, weights=unsure, threshold=0.5)
    town.ingest()
    known, other = "Who bought the mill by the river", "why did neighbours complain loudly?"
    assert town.draft(f"{known}, and {other}").claims == ()
    assert town.draft(f"{known}, and {other}").confidence == town.draft(other).confidence
    assert town.draft(known).confidence > town.draft(other).confidence


def test_no_hits_are_no_evidence(town: Library) -> None:
    """Without a passage there is nothing to be sure of."""
    draft = asyncio.run(drafted(town.extractor, question("Who bought the mill?"), Material()))
    assert (draft.claims, draft.reason, draft.confidence) == ((), Reason.NO_EVIDENCE, 0.0)
