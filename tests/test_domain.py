"""What `rag.domain` promises: values that never change and are equal when their content is."""

from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from datetime import UTC, datetime

import pytest

from rag import domain
from rag.domain import Answer, Article, Citation, Claim, Draft, Hit, Question, Reason, Statement
from tests.fakes import article_of, passage_of

VALUES = [
    value for value in vars(domain).values() if isinstance(value, type) and is_dataclass(value)
]
QUESTION = Question(text="Who?", language="en", asked_at=datetime(2025, 4, 3, tzinfo=UTC))


def citation(number: int, quote: str = "It turns.") -> Citation:
    return Citation(
        number=number, article_id="a.txt", title="A", line=1, start=0, end=len(quote), quote=quote
    )


def answer(*statements: Statement) -> Answer:
    return Answer(question=QUESTION, statements=statements, generator="fake")


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_values_are_frozen_and_named(value: type) -> None:
    """Every value is frozen, without a dictionary of its own, and made by names only."""
    parameters = value.__dataclass_params__  # type: ignore[attr-defined]
    assert parameters.frozen
    assert "__dict__" not in dir(value)
    assert all(field.kw_only for field in fields(value))


def test_values_cannot_be_changed() -> None:
    """Setting a field raises, also on values that others hold."""
    passage = passage_of("The mill turns.")
    with pytest.raises(FrozenInstanceError):
        passage.text = "The mill burns."  # type: ignore[misc]
    with pytest.raises(TypeError):
        Hit(passage=passage, score=1.0).arms["words"] = 1.0  # type: ignore[index]
    with pytest.raises(TypeError):
        answer().timings["verify"] = 1.0  # type: ignore[index]


def test_values_are_equal_by_content() -> None:
    """Two values of the same content are equal, and nothing but content counts."""
    one, other = article_of("The mill turns."), article_of("The mill turns.")
    assert one == other
    assert hash(one) == hash(other)
    assert replace(one, text="The mill burns.") != other
    assert isinstance(one, Article)


def test_statement_needs_a_citation() -> None:
    """A statement that rests on nothing cannot be made."""
    with pytest.raises(ValueError, match="needs a citation"):
        Statement(text="The mill turns.", citations=())


def test_answer_shows_the_numbers_behind_each_statement() -> None:
    """Statements stand in order, each followed by the numbers of its citations."""
    reply = answer(
        Statement(text="It turns.", citations=(citation(1), citation(2))),
        Statement(text="It was sold.", citations=(citation(3), citation(1))),
    )
    assert reply.text == "It turns. [1][2] It was sold. [3][1]"


def test_citations_come_once_and_by_number() -> None:
    """A citation that several statements share is listed once, at its number."""
    reply = answer(
        Statement(text="It was sold.", citations=(citation(3), citation(1))),
        Statement(text="It turns.", citations=(citation(2), citation(1))),
    )
    assert [c.number for c in reply.citations] == [1, 2, 3]
    assert answer().citations == ()
    assert answer().text == ""


def test_draft_without_claims_says_not_supported() -> None:
    """A generator that claims nothing and gives no reason says that the articles do not answer."""
    assert Draft(claims=()).reason is Reason.NOT_SUPPORTED
    assert Draft(claims=(Claim(text="So.", keys=("k",)),)).unknown == ()
