"""What `rag.rewrite` promises: a question in other words, or an error; nothing unfit."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

import pytest

import rag.rewrite
from prompts import load
from rag.domain import Exchange, Question, Usage
from rag.errors import ModelError
from rag.ledger import Ledger
from rag.ports import Ending
from rag.rewrite import Rewriter
from tests.fakes import SAID, FakeModel
from tests.library import question

MOST = 100
FOLLOW_UP = replace(
    question("And who bought it?"),
    history=(
        Exchange(question="Is there a mill?", reply="There is a mill by the river. [1]"),
        Exchange(question="Was it sold?", reply="It was sold in 2021. [1]"),
    ),
)
MILL = question("Who bought the mill?")


def broken(text: str, finish: str = "broken") -> tuple[str, Ending]:
    return text, Ending(finish=finish, usage=Usage())


async def standalone(*replies: str | ModelError | tuple[str, Ending]) -> str:
    return await Rewriter(FakeModel(*replies), most=MOST).standalone(FOLLOW_UP, Ledger())


# --- Follow-ups --------------------------------------------------------------------------------


async def test_follow_up_is_put_with_its_history() -> None:
    """The conversation and the question in fences, the oldest first; the ledger knows of it."""
    model, ledger = FakeModel('{"question": "Who bought the mill?"}'), Ledger()
    wording = await Rewriter(model, most=MOST).standalone(FOLLOW_UP, ledger)
    assert wording == "Who bought the mill?"
    (((system, user), shape),) = model.asked
    boundary = user.text.split()[1]
    assert system.text == load("rewrite").fill(boundary=boundary, language="English")
    labels = [line.split(" ", 2)[2] for line in user.text.split("\n") if line.startswith("begin ")]
    assert labels == ["earlier question", "earlier reply"] * 2 + ["question"]
    assert user.text.index("Is there a mill?") < user.text.index("Was it sold?")
    assert shape.schema["required"] == ["question"]
    assert ledger.provenance.usage == SAID.usage
    assert list(ledger.provenance.prompts) == ["rewrite"]


async def test_endless_conversation_is_cut() -> None:
    """Of a long conversation the end is told, of a long reply the beginning."""
    history = tuple(Exchange(question=f"Question {n}?", reply="x" * 10**6) for n in range(500))
    model = FakeModel('{"question": "Who?"}')
    await Rewriter(model, most=MOST).standalone(replace(FOLLOW_UP, history=history), Ledger())
    (((_, user), _),) = model.asked
    assert len(user.text) < 50_000
    assert "Question 499?" in user.text


@pytest.mark.parametrize(
    "wording", [" Who bought the mill? ", "Who bought the mill?\n", "```Who```", "7", "Кто?"]
)
async def test_wording_is_trimmed(wording: str) -> None:
    """What is fit as a question is taken as one would type it."""
    assert await standalone(json.dumps({"question": wording})) == wording.strip()


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "Who bought the mill?",
        "{}",
        '{"question": ""}',
        '{"question": "?!"}',
        '{"question": null}',
        '{"question": ["Who?"]}',
        '{"query": "Who?"}',
        '{"question": "Who\\u0000?"}',
        '{"question": "Who\\ud800?"}',
        '{"question": "Who\ud800?"}',
        json.dumps({"question": "x" * (MOST + 1)}),
        ModelError("The model is away."),
        broken('{"question": "Who?"}'),
        broken('{"question": "Who?"}', "length"),
        broken("", "content_filter"),
    ],
)
async def test_unfit_wording_is_an_error(reply: str | ModelError | tuple[str, Ending]) -> None:
    """What could not be typed as a question does not become one."""
    with pytest.raises(ModelError):
        await standalone(reply)


# --- Languages ---------------------------------------------------------------------------------


async def test_question_is_put_into_the_other_languages() -> None:
    """Asked for are the languages of the articles but its own, in any order of theirs."""
    model, ledger = FakeModel('{"de": "Wer kaufte die Mühle?", "fr": "Qui ?"}'), Ledger()
    found = await Rewriter(model, most=MOST).wordings(MILL, ["fr", "en", "de"], ledger)
    assert found == {"de": "Wer kaufte die Mühle?", "fr": "Qui ?"}
    (((system, user), shape),) = model.asked
    assert "German (`de`), French (`fr`)" in system.text
    assert "It is in English." in system.text
    assert "Who bought the mill?" in user.text
    assert shape.schema["required"] == ["de", "fr"]
    assert ledger.provenance.usage == SAID.usage


async def test_a_follow_up_is_translated_as_it_is_meant() -> None:
    """The wording that needs no history is what is put into other languages."""
    model = FakeModel('{"de": "Wer kaufte die Mühle?"}')
    asked = replace(FOLLOW_UP, standalone="Who bought the mill?")
    await Rewriter(model, most=MOST).wordings(asked, ["de"], Ledger())
    (((_, user), _),) = model.asked
    assert "Who bought the mill?" in user.text
    assert "And who" not in user.text


@pytest.mark.parametrize("languages", [[], ["en"], ("en", "en")])
async def test_nothing_is_asked_where_there_is_nothing_to_translate(languages: list[str]) -> None:
    """Articles in the question's own language need no model."""
    model, ledger = FakeModel(ModelError("must not be asked")), Ledger()
    assert await Rewriter(model, most=MOST).wordings(MILL, languages, ledger) == {}
    assert model.asked == []
    assert ledger.provenance.prompts == {}


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        ({"de": "Wer?", "fr": "", "xx": "Who?"}, {"de": "Wer?"}),
        ({"de": "Wer?", "fr": None}, {"de": "Wer?"}),
        ({"de": " Wer? ", "fr": "x" * (MOST + 1)}, {"de": "Wer?"}),
        ({"de": "Wer\u0000?", "fr": "\ud800?"}, {}),
        ({}, {}),
        ({"en": "Who?"}, {}),
    ],
)
async def test_what_is_no_fit_wording_is_left_out(
    reply: Mapping[str, object], kept: Mapping[str, str]
) -> None:
    """A language that is missing or unfit is searched with the question as it stands."""
    rewriter = Rewriter(FakeModel(json.dumps(reply)), most=MOST)
    assert await rewriter.wordings(MILL, ["de", "fr"], Ledger()) == kept


async def test_translations_are_remembered() -> None:
    """The same question is asked for once; another language, text or set of languages anew."""
    model = FakeModel('{"de": "Wer?", "fr": "Qui ?"}')
    rewriter, ledger = Rewriter(model, most=MOST), Ledger()
    first = await rewriter.wordings(MILL, ["de", "fr"], Ledger())
    assert await rewriter.wordings(MILL, ["fr", "de", "en"], ledger) == first
    assert len(model.asked) == 1
    assert ledger.provenance.usage == Usage()
    for asked, languages in [
        (MILL, ["de"]),
        (replace(MILL, language="ru"), ["de", "fr"]),
        (replace(MILL, standalone="Who bought it?"), ["de", "fr"]),
    ]:
        await rewriter.wordings(asked, languages, Ledger())
    assert len(model.asked) == 4


async def test_what_is_remembered_cannot_be_changed() -> None:
    """A reader of a wording cannot write into those of others."""
    found = await Rewriter(FakeModel('{"de": "Wer?"}'), most=MOST).wordings(MILL, ["de"], Ledger())
    assert isinstance(found, MappingProxyType)


@pytest.mark.parametrize("reply", ["", "Wer?", ModelError("away"), broken('{"de": "Wer?"}')])
async def test_failure_is_not_remembered(reply: str | ModelError | tuple[str, Ending]) -> None:
    """What could not be translated is asked for again the next time."""
    rewriter = Rewriter(FakeModel(reply, '{"de": "Wer?"}'), most=MOST)
    with pytest.raises(ModelError):
        await rewriter.wordings(MILL, ["de"], Ledger())
    assert await rewriter.wordings(MILL, ["de"], Ledger()) == {"de": "Wer?"}


async def test_half_a_translation_is_not_remembered() -> None:
    """Languages that the model left out are asked for again the next time."""
    rewriter = Rewriter(FakeModel('{"de": "Wer?"}', '{"de": "Wer?", "fr": "Qui ?"}'), most=MOST)
    assert await rewriter.wordings(MILL, ["de", "fr"], Ledger()) == {"de": "Wer?"}
    assert await rewriter.wordings(MILL, ["de", "fr"], Ledger()) == {"de": "Wer?", "fr": "Qui ?"}


async def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only so many questions are remembered, the latest ones; tasks at once do no harm."""
    monkeypatch.setattr(rag.rewrite, "REMEMBERED", 3)
    model = FakeModel('{"de": "Wer?"}')
    rewriter = Rewriter(model, most=MOST)

    def asked(number: int) -> Question:
        return question(f"Who bought mill {number}?")

    many = (rewriter.wordings(asked(n), ["de"], Ledger()) for n in range(20))
    assert await asyncio.gather(*many) == [{"de": "Wer?"}] * 20
    for number in (19, 18, 17):
        await rewriter.wordings(asked(number), ["de"], Ledger())
    assert len(model.asked) == 20
    await rewriter.wordings(asked(0), ["de"], Ledger())
    assert len(model.asked) == 21
