"""What `rag.evidence` promises: what each sentence that was found says about a question."""

from collections.abc import Sequence
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.domain import Hit
from rag.evidence import Assessor, Candidate, Evidence
from tests.fakes import passage_of
from tests.library import ANALYSER, rows_of

ASSESSOR = Assessor(ANALYSER)
MILL = (
    "The mill by the river was sold in March. Anna Keller paid 300 euros. "
    "Its old wheel still turns today."
)
WORDS = st.sampled_from("mill river sold wheel Keller 2024 Zürich the who of".split())
SENTENCES = st.lists(st.lists(WORDS, min_size=1, max_size=6), min_size=1, max_size=4)


def candidates(
    asked: str, text: str = MILL, *, language: str = "en", written: str = "en"
) -> list[Candidate]:
    passage = passage_of(text, language=written)
    hit = Hit(passage=passage, score=0.5, arms=MappingProxyType({"words": 0.25, "grams": 0.5}))
    with rows_of((written, text)) as rows:
        return ASSESSOR.candidates(ASSESSOR.inquiry(asked, language, rows), [hit])


def evidence(asked: str, text: str = MILL) -> list[Evidence]:
    return [candidate.evidence for candidate in candidates(asked, text)]


def text_of(sentences: Sequence[Sequence[str]]) -> str:
    return " ".join(f"{' '.join(words).capitalize()} again." for words in sentences)


def test_every_sentence_of_a_hit_is_a_candidate() -> None:
    """Candidates come in the order of the text, and know their passage and its score."""
    found = candidates("Who bought the mill?")
    assert [c.sentence.start for c in found] == sorted(c.sentence.start for c in found)
    assert len(found) == 3
    assert {(c.strength, c.evidence.fused) for c in found} == {(0.5, 0.75)}
    assert {c.passage for c in found} == {passage_of(MILL).id}


@given(SENTENCES, st.lists(WORDS, max_size=8))
def test_shares_add_up_to_1_at_most(sentences: list[list[str]], asked: list[str]) -> None:
    """A sentence, the one before it and the rest of the passage share the question's weight."""
    found = evidence(" ".join(asked), text_of(sentences))
    wholes = [one.coverage + one.before + one.rest for one in found]
    for one, whole in zip(found, wholes, strict=True):
        assert min(one.coverage, one.before, one.rest) >= 0
        assert whole <= 1 + 1e-9
        assert 0 <= one.grams <= 1 + 1e-9
    # The passage as a whole speaks of as much, whichever sentence is looked at.
    assert wholes == pytest.approx([wholes[0]] * len(wholes))


def test_question_repeated_is_covered_wholly() -> None:
    """A sentence with all words of a question has the whole share, and leaves none to others."""
    first = evidence("mill river sold March")[0]
    assert (first.coverage, first.before, first.rest) == (1.0, 0.0, 0.0)
    assert first.grams == pytest.approx(1.0)


def test_sentence_before_adds_what_it_speaks_of() -> None:
    """What only the sentence before says counts as `before`; what others say as `rest`."""
    sold, paid, wheel = evidence("Did Keller buy the mill?")
    assert paid.before > 0
    assert sold.before == 0
    assert sold.rest > 0
    assert wheel.before > 0
    assert wheel.rest > 0


def test_first_sentence_has_none_before_it() -> None:
    """Nothing from another passage, or from the end of this one, stands before the first."""
    text = "It turns again now and then. The mill is very old and grey."
    first, second = evidence("mill", text)
    assert (first.before, first.rest) == (0.0, 1.0)
    assert (second.coverage, second.before) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("asked", "kinds"),
    [
        ("Who bought the mill?", [-1.0, 1.0, -1.0]),
        ("When was the mill sold?", [1.0, -1.0, -1.0]),
        ("How much was paid?", [-1.0, 1.0, -1.0]),
        ("Why was the mill sold?", [0.0, 0.0, 0.0]),
        ("How much more than 300 euros was paid?", [-1.0, -1.0, -1.0]),
    ],
)
def test_kind_says_whether_an_answer_can_be_there(asked: str, kinds: list[float]) -> None:
    """1 with a fact of the kind that is asked for, -1 without, 0 if no kind is known."""
    assert [one.kind for one in evidence(asked)] == kinds


@pytest.mark.parametrize(
    ("text", "heading"),
    [
        ("A sentence with quite enough words ends here.", 0.0),
        ("A sentence with quite enough words ends here…", 0.0),
        ("“A sentence with quite enough words ends here.”", 0.0),
        ("Does a question with enough words end here?", 0.0),
        ("A line with quite enough words but no stop", 1.0),
        ("Tighter rules ahead.", 1.0),
    ],
)
def test_headings_are_told(text: str, heading: float) -> None:
    """A line of a few words, or without a stop at its end, is a heading."""
    assert [one.heading for one in evidence("mill", text)] == [heading]


def test_language_of_question_and_passage_are_compared() -> None:
    """A candidate knows whether it is in the question's language."""
    assert all(c.same_language for c in candidates("Who?"))
    assert not any(c.same_language for c in candidates("Wer?", language="de"))


def test_stop_words_alone_are_no_question() -> None:
    """A question without a topic gives every share 0, and divides by nothing."""
    for one in evidence("Who was it then?"):
        assert (one.coverage, one.before, one.rest, one.grams) == (0.0, 0.0, 0.0, 0.0)


def test_vector_has_a_number_for_every_feature() -> None:
    """The features come in the order in which they are declared."""
    one = Evidence(coverage=1, before=2, rest=3, grams=4, fused=5, kind=6, heading=7)
    assert one.vector() == (1, 2, 3, 4, 5, 6, 7)
