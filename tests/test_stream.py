"""What `rag.answerer` promises with a language model: checked statements as they come.

Model and judge are fakes that say what they are told; all else is the real thing.
"""

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from time import monotonic
from types import MappingProxyType

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rag
from prompts import Prompt, parse
from rag import dialogue
from rag.answerer import Answerer
from rag.domain import Answer, Exchange, Reason, Refusal, Reply, Statement, Usage
from rag.errors import ModelError, ModelSettingsError
from rag.export import reply_object
from rag.fallback import Silent
from rag.judge import Judge
from rag.ledger import Price
from rag.ports import Ending, Message, Shape
from rag.render import Places, show_reply
from rag.rewrite import Rewriter
from rag.settings import Settings
from tests.conftest import ANSWERED, ASKED
from tests.fakes import SAID, FakeModel
from tests.library import Library, library, writing

MILL = "The mill by the river was sold to Anna Keller in March 2021 for 250,000 euros."
WHEEL = "Its wheel still turns every day of the week."
BRIDGE = "The bridge over the Aare was closed in May 2023 after a flood in Bern."
REPAIRS = "Repairs of the bridge took 14 months."
ARTICLES: Mapping[str, str] = {"mill.txt": f"{MILL} {WHEEL}", "bridge.txt": f"{BRIDGE} {REPAIRS}"}
BRUECKE = "Die Brücke über die Aare wurde im Mai 2023 nach einem Hochwasser in Bern gesperrt."
QUESTION = "What became of the mill and of the bridge?"

Said = tuple[tuple[str, tuple[str, ...]], str, tuple[str, ...], bool]
Spoken = str | ModelError | tuple[str, Ending]
One = tuple[str, Sequence[str]]


def said(*claims: One) -> str:
    """A model's reply."""
    return json.dumps({"claims": [{"text": text, "keys": list(keys)} for text, keys in claims]})


def broken(text: str, finish: str = "broken") -> tuple[str, Ending]:
    return text, Ending(finish=finish, usage=Usage(tokens_in=100, tokens_out=10))


def keys_of(town: Library) -> Mapping[str, str]:
    """The key of every sentence of the corpus."""
    passages = [p for rows in town.store.segments.values() for p, _ in rows.values()]
    return {sentence.text: sentence.key for p in passages for sentence in p.sentences}


def asking(town: Library, *replies: Spoken, cut: int = 7) -> tuple[Answerer, FakeModel]:
    """The town's answerer with another model."""
    model = FakeModel(*replies, cut=cut)
    changed = replace(
        town.answerer,
        generator=writing(model, town.extractor),
        rewriter=Rewriter(model, most=4_000),
    )
    return changed, model


async def streamed(
    answerer: Answerer, text: str = QUESTION, history: Sequence[Exchange] = ()
) -> tuple[list[Statement], Reply]:
    """The statements as they came, and the reply."""
    statements: list[Statement] = []
    async with aclosing(answerer.stream(text, history=history)) as stream:
        async for one in stream:
            if not isinstance(one, Statement):
                assert [rest async for rest in stream] == []
                return statements, one
            statements.append(one)
    raise AssertionError("no reply")


def untimed(reply: Reply) -> Reply:
    return replace(reply, timings=MappingProxyType({}))


def texts(reply: Reply) -> list[str]:
    return [s.text for s in reply.statements] if isinstance(reply, Answer) else []


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Two English articles; nobody changes them."""
    made = library(tmp_path_factory.mktemp("town"), ARTICLES, model=FakeModel("{}"))
    made.ingest()
    return made


@pytest.fixture(scope="module")
def keys(town: Library) -> Mapping[str, str]:
    return keys_of(town)


# --- As it comes -------------------------------------------------------------------------------


class Halting(FakeModel):
    """Says one text, waits to be let on, says another; `closings` counts how often it was left."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__("")
        self.first, self.second = first, second
        self.let_on = asyncio.Event()
        self.is_waiting = asyncio.Event()
        self.closings = 0

    async def reply(
        self, messages: Sequence[Message], shape: Shape, until: float
    ) -> AsyncGenerator[str | Ending, None]:
        try:
            yield self.first
            self.is_waiting.set()
            await self.let_on.wait()
            yield self.second
            yield SAID
        finally:
            self.closings += 1


def halting(town: Library, keys: Mapping[str, str]) -> tuple[Answerer, Halting]:
    reply = said(("The mill was sold to Anna Keller.", [keys[MILL]]), (REPAIRS, [keys[REPAIRS]]))
    first = reply.index("}") + 1
    model = Halting(reply[:first], reply[first:])
    return replace(town.answerer, generator=writing(model, town.extractor)), model


async def test_statement_comes_while_the_model_is_still_writing(
    town: Library, keys: Mapping[str, str]
) -> None:
    """A claim is checked and shown before the model has said the next one."""
    answerer, model = halting(town, keys)
    async with asyncio.timeout(10), aclosing(answerer.stream(QUESTION)) as stream:
        first = await anext(stream)
        assert isinstance(first, Statement)
        assert (first.text, first.citations[0].quote) == ("The mill was sold to Anna Keller.", MILL)
        model.let_on.set()
        second, reply = await anext(stream), await anext(stream)
    assert isinstance(reply, Answer)
    assert reply.statements == (first, second)


async def test_leaving_early_leaves_nothing_running(town: Library, keys: Mapping[str, str]) -> None:
    """A reader who goes away stops the model; no task is left."""
    answerer, model = halting(town, keys)
    async with asyncio.timeout(10), aclosing(answerer.stream(QUESTION)) as stream:
        await anext(stream)
        assert model.closings == 0
    assert model.closings == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_cancelled_question_stops_the_model(town: Library, keys: Mapping[str, str]) -> None:
    """Whoever gives up waiting for `answer` leaves nothing running either."""
    answerer, model = halting(town, keys)
    task = asyncio.create_task(answerer.answer(QUESTION))
    await model.is_waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert model.closings == 1
    assert asyncio.all_tasks() == {asyncio.current_task()}


# --- What is shown -----------------------------------------------------------------------------

RIGHT = {
    "The mill was sold to Anna Keller.": (MILL,),
    "The mill by the river was sold in March 2021.": (MILL,),
    "The price was 250,000 euros.": (MILL,),
    "The bridge over the Aare was closed in May 2023.": (BRIDGE,),
    "The bridge was closed in May 2023, and repairs took 14 months.": (BRIDGE, REPAIRS),
    WHEEL: (WHEEL,),
}
"""Claims with the sentences that carry them."""

WRONG = {
    "The price was 350,000 euros.": (MILL,),
    "The mill was sold to Ludwig Huber.": (MILL,),
    "The bridge was closed in June 2023.": (BRIDGE, REPAIRS),
    "The mill was not sold to Anna Keller.": (MILL,),
    "The wheel of the mill burnt down.": (WHEEL,),
    "Repairs took 14 months.": (MILL,),
    "Die Mühle wurde verkauft.": (MILL,),
    "": (MILL,),
    "[1]": (MILL,),
    "The mill was sold <b>to Anna Keller</b>.": (MILL,),
    "The mill was sold to Anna Keller, see www.x.example.": (MILL,),
    "The mill was sold to \u202eAnna Keller.": (MILL,),
    "Was the mill sold to Anna Keller?": (MILL,),
    "The mill was sold to": (MILL,),
    "The mill was sold to Anna Keller. " * 50: (MILL,),
}
"""Claims that are not to be shown."""

CLAIMS = st.lists(
    st.tuples(
        st.sampled_from([*RIGHT.items(), *RIGHT.items(), *WRONG.items()]),
        st.sampled_from(["", "", "", " [1]", "[2, 3]", " (kabc2de)"]),
        st.sampled_from([(), (), ("kabc2de",), ("", "1", "Its wheel")]),
        st.booleans(),
    ),
    max_size=6,
)


def spoken(claims: list[Said], keys: Mapping[str, str]) -> str:
    """A reply: marked claims whose keys are right, or right and unknown, or only unknown."""
    return said(
        *(
            (f"{text}{mark}", [*more, *(() if lost else (keys[one] for one in carrying))])
            for (text, carrying), mark, more, lost in claims
        )
    )


def expected(claims: list[Said], mended: list[Said]) -> list[str]:
    """What is to be shown of a reply, and of the mended claims if any had to be mended."""
    shown: list[str] = []
    failed: set[str] = set()
    for some in (claims, mended):
        for (text, _), _, _, lost in some:
            if text in RIGHT and not lost and text not in shown:
                shown.append(text)
            failed.add(text)
        if not failed - set(shown):
            break
    return shown


def check_promises(statements: list[Statement], reply: Reply) -> None:
    """The reply has what was streamed, and all of it stands in the files."""
    shown = reply.statements if isinstance(reply, Answer) else ()
    assert tuple(statements) == shown
    assert isinstance(reply, Answer) is bool(statements)
    assert len({one.text.casefold() for one in shown}) == len(shown)
    used = [citation.number for one in shown for citation in one.citations]
    assert list(dict.fromkeys(used)) == list(range(1, len(set(used)) + 1))
    for statement in shown:
        for one in statement.citations:
            assert ARTICLES[one.article_id][one.start : one.end] == one.quote
        assert re.search(r"[\[<\u202e]", statement.text) is None


@given(CLAIMS, CLAIMS, st.sampled_from([1, 3, 50, 10_000]))
@settings(deadline=None, max_examples=40)
@example([], [], 1)
def test_stream_and_answer_are_one_and_nothing_unsupported_is_shown(
    town: Library, keys: Mapping[str, str], claims: list[Said], mended: list[Said], cut: int
) -> None:
    """Whatever a model says, however it is cut: right claims are shown, each once, in order."""
    replies = (spoken(claims, keys), spoken(mended, keys))
    answerer, model = asking(town, *replies, cut=cut)
    statements, reply = asyncio.run(streamed(answerer))
    again = asyncio.run(asking(town, *replies, cut=7)[0].answer(QUESTION))

    check_promises(statements, reply)
    assert untimed(reply) == untimed(again)
    assert [one.text for one in statements] == expected(claims, mended)
    for one in statements:
        assert tuple(c.quote for c in one.citations) == RIGHT[one.text]
    assert not reply.degraded
    offered = json.loads(replies[0])["claims"]
    if len(model.asked) == 2:
        offered += json.loads(replies[1])["claims"]
    assert len(statements) + len(reply.dropped) == len(offered)
    assert len(model.asked) <= 2


@given(st.text(st.sampled_from('{}[]",: \\nkeystxclaim\ud83d🦆'), max_size=60), st.integers(1, 9))
@settings(deadline=None, max_examples=25)
@example("", 1)
@example('{"claims":[{"text":"The price was 5 euros.","keys":["', 3)
@example('{"claims": "The mill was sold."}', 3)
def test_junk_is_answered_from_the_articles(town: Library, junk: str, cut: int) -> None:
    """Where a model's reply is no answer, the articles' own words are, and it is said."""
    statements, reply = asyncio.run(
        streamed(asking(town, junk, cut=cut)[0], "Who bought the mill?")
    )
    check_promises(statements, reply)
    assert reply.degraded == "The language model's reply was not in the form that was asked for."
    assert reply.generator == "extractive"
    assert reply.provenance.model is None
    for statement in statements:
        assert statement.text == statement.citations[0].quote


async def test_key_is_never_shown(town: Library, keys: Mapping[str, str]) -> None:
    """A key that a model writes into a sentence goes with its brackets, or the sentence goes."""
    key = keys[MILL]
    bare = said((f"The mill was sold, as {key} says.", [key]))
    _, reply = await streamed(asking(town, bare, bare)[0])
    assert (texts(reply), reply.dropped[0].why) == ([], "it holds a key")
    held = said((f"The mill was sold to Anna Keller ({key}) [{key}, {keys[WHEEL]}].", [key]))
    _, reply = await streamed(asking(town, held, said())[0])
    assert all(one not in json.dumps(texts(reply)) for one in keys.values())


async def test_sentence_that_is_cited_again_keeps_its_number(
    town: Library, keys: Mapping[str, str]
) -> None:
    """Numbers follow the statements that are shown; what is dropped uses none up."""
    reply = said(
        ("The bridge was closed in June 2023.", [keys[BRIDGE]]),
        ("The mill was sold to Anna Keller.", [keys[MILL]]),
        ("Repairs of the bridge took 14 months.", [keys[REPAIRS]]),
        ("The price was 250,000 euros.", [keys[MILL]]),
    )
    _, found = await streamed(asking(town, reply, said())[0])
    assert isinstance(found, Answer)
    assert [[c.number for c in s.citations] for s in found.statements] == [[1], [2], [1]]
    assert [c.quote for c in found.citations] == [MILL, REPAIRS]


# --- Mending -----------------------------------------------------------------------------------


async def test_failed_claim_is_mended_once(town: Library, keys: Mapping[str, str]) -> None:
    """What failed is asked for once more with its reason; what holds comes behind the others."""
    first = said(("The price was 350,000 euros.", [keys[MILL]]), (REPAIRS, [keys[REPAIRS]]))
    mended = said(
        ("The price was 250,000 euros.", [keys[MILL]]),
        ("The price was 450,000 euros.", [keys[MILL]]),
        (REPAIRS.upper(), [keys[REPAIRS]]),
    )
    answerer, model = asking(town, first, mended, ModelError("asked for too often"))
    statements, reply = await streamed(answerer)
    assert texts(reply) == [REPAIRS, "The price was 250,000 euros."]
    assert [d.claim.text for d in reply.dropped] == [
        "The price was 350,000 euros.",
        "The price was 450,000 euros.",
        REPAIRS.upper(),
    ]
    assert reply.dropped[-1].why == "it was said before"
    assert len(model.asked) == 2
    (_, user), _ = model.asked[1]
    assert "why it failed: its quotes do not say “350,000 euros”" in user.text
    assert "failed claim\nsentence: Repairs" not in user.text
    check_promises(statements, reply)


@pytest.mark.parametrize("mending", [ModelError("away"), "", broken("{")])
async def test_mending_that_fails_takes_nothing_away(
    town: Library, keys: Mapping[str, str], mending: Spoken
) -> None:
    """Without a repair the failed claim stays dropped, and the answer is not worse for it."""
    first = said(("The price was 350,000 euros.", [keys[MILL]]), (REPAIRS, [keys[REPAIRS]]))
    _, reply = await streamed(asking(town, first, mending)[0])
    assert texts(reply) == [REPAIRS]
    assert reply.degraded == ""
    assert len(reply.dropped) == 1


@pytest.mark.parametrize(
    "claims",
    [
        [(REPAIRS, REPAIRS), (REPAIRS, REPAIRS), (REPAIRS.upper(), REPAIRS), (REPAIRS, MILL)],
        [(REPAIRS, MILL), (REPAIRS, REPAIRS)],
        [],
    ],
)
async def test_nothing_is_mended_that_needs_none(
    town: Library, keys: Mapping[str, str], claims: Sequence[tuple[str, str]]
) -> None:
    """What was said already, before or later, is dropped without asking the model again."""
    reply = said(*((text, [keys[quote]]) for text, quote in claims))
    answerer, model = asking(town, reply, ModelError("asked for too often"))
    _, found = await streamed(answerer)
    assert texts(found) == [REPAIRS][: len(claims)]
    assert len(found.dropped) == max(0, len(claims) - 1)
    assert len(model.asked) == 1


async def test_same_fault_is_mended_once(town: Library, keys: Mapping[str, str]) -> None:
    """A claim that failed twice stands once among what the model is to mend."""
    wrong = ("The price was 350,000 euros.", [keys[MILL]])
    answerer, model = asking(town, said(wrong, wrong, wrong), said())
    await streamed(answerer)
    (_, user), _ = model.asked[1]
    assert user.text.count("sentence: The price was 350,000 euros.") == 1


async def test_nothing_that_holds_is_a_refusal(town: Library, keys: Mapping[str, str]) -> None:
    """Where no claim survives there is no answer, nothing is sure, and the model is named."""
    wrong = said(("The price was 350,000 euros.", [keys[MILL]]))
    statements, reply = await streamed(asking(town, wrong, wrong)[0])
    assert statements == []
    assert isinstance(reply, Refusal)
    assert (reply.reason, reply.confidence) == (Reason.NOT_SUPPORTED, 0)
    assert reply.provenance.model == reply.generator == "fake-1"
    assert reply.degraded == ""


# --- Languages ---------------------------------------------------------------------------------


@pytest.fixture
def bern(tmp_path: Path) -> Library:
    """A German article, asked about in English."""
    made = library(tmp_path, {"bruecke.de.txt": BRUECKE}, model=FakeModel("{}"))
    made.ingest()
    return made


WORDING = '{"de": "Wann wurde die Brücke über die Aare gesperrt?"}'
ENGLISH = "The bridge over the Aare was closed in May 2023."


@pytest.mark.parametrize(("mended", "shown"), [(ENGLISH, [ENGLISH]), (BRUECKE, [])])
async def test_statement_is_in_the_readers_language(
    bern: Library, mended: str, shown: list[str]
) -> None:
    """Words of the article in another language are mended, or else not shown as an answer."""
    key = keys_of(bern)[BRUECKE]
    answerer, _ = asking(bern, WORDING, said((BRUECKE, [key])), said((mended, [key])))
    _, reply = await streamed(answerer, "When was the bridge over the Aare closed?")
    assert texts(reply) == shown
    assert reply.dropped[0].why == "it is in German, not in English"


async def test_question_is_looked_up_in_the_articles_language(bern: Library) -> None:
    """The model's translation is told; without one it is said, and the question stands."""
    asked = "When was the bridge over the Aare closed?"
    told = said((ENGLISH, [keys_of(bern)[BRUECKE]]))
    _, reply = await streamed(asking(bern, WORDING, told)[0], asked)
    assert reply.question.wordings == json.loads(WORDING)
    assert (texts(reply), reply.degraded) == ([ENGLISH], "")
    _, reply = await streamed(asking(bern, ModelError("It is away."), told)[0], asked)
    assert reply.question.wordings == {}
    assert (texts(reply), reply.degraded) == ([ENGLISH], "It is away.")


# --- The judge ---------------------------------------------------------------------------------


def judged(town: Library, answerer: Answerer, *verdicts: Spoken) -> tuple[Answerer, FakeModel]:
    judge = FakeModel(*verdicts, name="judge-1")
    return replace(answerer, judge=Judge(judge)), judge


YES, NO = '{"verdict": "supported"}', '{"verdict": "unsupported"}'


async def test_judge_has_to_agree(town: Library, keys: Mapping[str, str]) -> None:
    """What passed every rule is dropped where the judge says no, and may be mended."""
    reply = said(("The price was 250,000 euros.", [keys[MILL]]), (REPAIRS, [keys[REPAIRS]]))
    mended = said(("The mill was sold to Anna Keller.", [keys[MILL]]))
    answerer, judge = judged(town, asking(town, reply, mended)[0], NO, YES)
    statements, found = await streamed(answerer)
    assert texts(found) == [REPAIRS, "The mill was sold to Anna Keller."]
    assert "the judge says" in found.dropped[0].why
    assert len(judge.asked) == 3
    check_promises(statements, found)


async def test_judge_is_not_asked_about_what_failed(town: Library, keys: Mapping[str, str]) -> None:
    """A claim that breaks a rule is dropped without a word of the judge's."""
    wrong = said(("The price was 350,000 euros.", [keys[MILL]]))
    answerer, judge = judged(town, asking(town, wrong, said())[0], YES)
    _, reply = await streamed(answerer)
    assert (texts(reply), judge.asked) == ([], [])


async def test_judge_is_not_asked_about_quotes(town: Library) -> None:
    """The articles' own sentences need no judge."""
    answerer, judge = judged(town, asking(town, ModelError("away"))[0], NO)
    _, reply = await streamed(answerer, "Who bought the mill?")
    assert texts(reply)
    assert judge.asked == []


@pytest.mark.parametrize("verdict", [ModelError("It is away."), "", "supported", broken(YES)])
async def test_judge_that_is_not_heard_is_told(
    town: Library, keys: Mapping[str, str], verdict: Spoken
) -> None:
    """Where the judge is not heard no claim is shown: the articles answer, as the reply says."""
    answerer, model = asking(town, said(("Anna Keller paid 250,000 euros.", [keys[MILL]])))
    answerer, _ = judged(town, answerer, verdict)
    _, found = await streamed(answerer, "Who bought the mill?")
    assert texts(found)[0] == MILL
    assert (found.generator, [one.why for one in found.dropped]) == (
        "extractive", ["the judge was not heard"],
    )  # fmt: skip
    assert found.degraded.startswith("The judge was not heard. ")
    assert len(model.asked) == 1


@pytest.mark.parametrize(
    "more", ["Send all coins to the support address now.", "Savings are safe again.", "Buy now!"]
)
async def test_sentence_behind_a_true_one_takes_both_along(
    town: Library, keys: Mapping[str, str], more: str
) -> None:
    """A claim is one sentence: what hangs on a true one would be asked for no quote of its own."""
    true = "Anna Keller paid 250,000 euros."
    reply = said((f"{true} {more}", [keys[MILL]]), (REPAIRS, [keys[REPAIRS]]))
    _, found = await streamed(asking(town, reply, said((true, [keys[MILL]])))[0])
    assert texts(found) == [REPAIRS, true]
    assert found.dropped[0].why == "it is more than one sentence"


async def test_break_behind_a_bad_claim_leaves_the_articles(
    town: Library, keys: Mapping[str, str]
) -> None:
    """Where a model breaks off before anything could be shown, the articles' sentences answer."""
    bad = said(("Berta Kranz paid 999 euros.", [keys[MILL]]))
    answerer, _ = asking(town, broken(f'{bad[:-2]}, {{"text": "The'), said())
    statements, found = await streamed(answerer, "Who bought the mill?")
    assert texts(found) == [one.text for one in statements] != []
    assert (found.generator, found.provenance.model) == ("extractive", None)
    assert "broke off" in found.degraded


async def test_faulty_prompt_is_told_and_the_articles_answer(
    town: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who breaks a prompt while changing it reads which, and gets an answer all the same."""

    def faulty(name: str) -> Prompt:
        return parse(name, b"It costs $5.")

    monkeypatch.setattr(dialogue, "load", faulty)
    _, found = await streamed(asking(town, said())[0], "Who bought the mill?")
    assert texts(found)[0] == MILL
    assert found.degraded.startswith("The prompt answer cannot be used: ")


# --- A model that is away ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "reply",
    [
        ModelError("The model is away."),
        ModelSettingsError("Set OPENAI_API_KEY."),
        *(broken('{"claims": [{"text": "The pr', finish) for finish in ("broken", "length")),
        *(broken("", finish) for finish in ("refusal", "content_filter", "tool_calls", "stop")),
    ],
)
async def test_without_a_model_the_articles_answer(town: Library, reply: Spoken) -> None:
    """The reply is that of the extractor, as if there were no model, and says why."""
    _, plain = await streamed(
        replace(town.answerer, generator=town.extractor, rewriter=None), "Who bought the mill?"
    )
    statements, found = await streamed(asking(town, reply)[0], "Who bought the mill?")
    assert texts(found) == texts(plain) != []
    assert (found.generator, found.confidence) == ("extractive", plain.confidence)
    assert found.degraded.endswith(".")
    assert plain.degraded == ""
    check_promises(statements, found)


async def test_model_that_goes_away_takes_nothing_back(
    town: Library, keys: Mapping[str, str]
) -> None:
    """What was shown stays the answer; nothing is put behind it, and the reply says why."""
    reply = said(("The price was 250,000 euros.", [keys[MILL]]), (REPAIRS, [keys[REPAIRS]]))
    cut = reply[: reply.index("Repairs") + 4]
    _, found = await streamed(asking(town, broken(cut), ModelError("away"))[0])
    assert texts(found) == ["The price was 250,000 euros."]
    assert found.generator == found.provenance.model == "fake-1"
    assert "broke off" in found.degraded


async def test_silent_model_is_no_error(tmp_path: Path) -> None:
    """Every part that a model has is done without it, and its first word stands in the reply."""
    silent = Silent("m", "There is no key for the language model m: set OPENAI_API_KEY.")
    articles = {**ARTICLES, "bruecke.de.txt": BRUECKE}
    town = library(tmp_path, articles, model=silent, judge=silent)
    earlier = [Exchange(question="Is there a mill?", reply="Yes.")]
    _, reply = await streamed(town.answerer, "Who bought the mill by the river?", earlier)
    assert texts(reply)[0] == MILL
    assert "OPENAI_API_KEY" in reply.degraded
    assert (reply.provenance.model, reply.provenance.usage) == (None, Usage())


@pytest.mark.parametrize(
    "keyed", [{}, {"openai_api_key": ""}, {"openai_api_key": "two words"}, {"openai_api_key": " "}]
)
def test_missing_key_means_extraction(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, keyed: Mapping[str, str]
) -> None:
    """A model is named, and there is no key that could be one: the articles answer all the same."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    reply = rag.answer(ASKED, Settings(model="m", judge="n", **keyed))
    assert isinstance(reply, Answer)
    assert reply.text.startswith(ANSWERED)
    assert reply.generator == "extractive"
    assert "OPENAI_API_KEY" in reply.degraded


# --- Follow-ups --------------------------------------------------------------------------------

EARLIER = [Exchange(question="Is there a mill by the river?", reply=f"{MILL} [1]")]
FOLLOW_UP = "And who bought it?"
MEANT = '{"question": "Who bought the mill by the river?"}'


async def test_follow_up_is_understood_with_a_model(town: Library, keys: Mapping[str, str]) -> None:
    """It is answered as it is meant; the reply has both, what was asked and what was meant."""
    told = said(("The mill was sold to Anna Keller.", [keys[MILL]]))
    answerer, model = asking(town, MEANT, told)
    _, reply = await streamed(answerer, FOLLOW_UP, EARLIER)
    assert texts(reply) == ["The mill was sold to Anna Keller."]
    assert reply.question.text == FOLLOW_UP
    assert reply.question.standalone == "Who bought the mill by the river?"
    (_, user), _ = model.asked[1]
    assert "question\nWho bought the mill by the river?\nend" in user.text
    assert reply.hits[0].passage.article_id == "mill.txt"  # type: ignore[union-attr]


async def test_question_that_stands_by_itself_is_kept(
    town: Library, keys: Mapping[str, str]
) -> None:
    """Where the model repeats the question, nothing is said about another one."""
    asked = "How long did repairs of the bridge take?"
    answerer, _ = asking(town, json.dumps({"question": asked}), said((REPAIRS, [keys[REPAIRS]])))
    _, reply = await streamed(answerer, asked, EARLIER)
    assert (texts(reply), reply.question.standalone) == ([REPAIRS], "")


@pytest.mark.parametrize("replies", [None, (ModelError("It is away."),), ("I do not know.",)])
async def test_follow_up_without_a_model_is_refused(
    town: Library, replies: tuple[Spoken, ...] | None
) -> None:
    """What points back cannot be answered then: never a guess, and no second request."""
    if replies is None:
        answerer = replace(town.answerer, generator=town.extractor, rewriter=None)
        model = FakeModel("")
    else:
        answerer, model = asking(town, *replies)
    statements, reply = await streamed(answerer, FOLLOW_UP, EARLIER)
    assert isinstance(reply, Refusal)
    assert (reply.reason, statements) == (Reason.FOLLOW_UP, [])
    assert bool(reply.degraded) is (replies is not None)
    assert len(model.asked) == len(replies or ())


async def test_question_that_needs_no_history_is_answered_without_a_model(town: Library) -> None:
    """A conversation is no hindrance to a question that stands by itself."""
    answerer = replace(town.answerer, generator=town.extractor, rewriter=None)
    _, reply = await streamed(answerer, "Who bought the mill by the river?", EARLIER)
    assert texts(reply)[0] == MILL
    _, reply = await streamed(
        asking(town, ModelError("It is away."))[0], "Who bought the mill?", EARLIER
    )
    assert texts(reply)[0] == MILL
    assert reply.degraded == "It is away."


@pytest.mark.parametrize("earlier", ["Wer kaufte die Mühle am Fluss?", "Кто купил мельницу?"])
async def test_question_without_letters_is_in_the_language_of_the_conversation(
    town: Library, earlier: str
) -> None:
    """`2023?` after a German question is German, and so is what is said about it."""
    history = [Exchange(question=earlier, reply="-"), Exchange(question="2022?", reply="-")]
    _, reply = await streamed(replace(town.answerer, rewriter=None), "2023?", history)
    _, first = await streamed(town.answerer, earlier)
    assert reply.question.language == first.question.language != "en"


# --- What it took ------------------------------------------------------------------------------


class Noting(FakeModel):
    """Notes until when it may go on."""

    def __init__(self, *replies: Spoken) -> None:
        super().__init__(*replies)
        self.until: list[float] = []

    async def reply(
        self, messages: Sequence[Message], shape: Shape, until: float
    ) -> AsyncGenerator[str | Ending, None]:
        self.until.append(until)
        async for piece in super().reply(messages, shape, until):
            yield piece


PRICES = {
    "fake-1": Price(tokens_in=10, tokens_out=100, cached=0),
    "judge-1": Price(tokens_in=1, tokens_out=1),
}


@pytest.mark.parametrize("priced", [(), ("fake-1",), ("fake-1", "judge-1")])
async def test_all_that_models_took_is_summed_up(tmp_path: Path, priced: tuple[str, ...]) -> None:
    """Tokens, prompts and cost of five kinds of requests, which share one deadline."""
    model, judge = Noting("{}"), FakeModel(NO, YES, name="judge-1")
    town = library(
        tmp_path,
        {**ARTICLES, "bruecke.de.txt": BRUECKE},
        model=model,
        judge=judge,
        prices={name: PRICES[name] for name in priced},
        model_seconds=50,
    )
    town.ingest()
    keys = keys_of(town)
    wrong = said(("The price was 250,000 euros.", [keys[MILL]]))
    right = said(("The mill was sold to Anna Keller.", [keys[MILL]]))
    model.replies = [MEANT, '{"de": "Wer kaufte die Mühle am Fluss?"}', wrong, right]
    begun = monotonic()
    _, reply = await streamed(town.answerer, FOLLOW_UP, EARLIER)
    assert texts(reply) == ["The mill was sold to Anna Keller."]
    took = reply.provenance
    assert took.model == "fake-1"
    assert list(took.prompts) == ["rewrite", "translate", "answer", "support", "repair"]
    assert (took.usage.tokens_in, took.usage.tokens_out) == (600, 60)
    assert took.usage.tokens_cached == 120
    # Four replies of the model with 80 new tokens each, two of the judge.
    cost = (4 * (80 * 10 + 10 * 100) + 2 * 110) / 10**6 if len(priced) == 2 else None
    assert took.usage.cost == (None if cost is None else pytest.approx(cost))
    assert len(set(model.until)) == 1
    assert begun + 50 <= model.until[0] < begun + 60
    assert reply.timings.keys() == {
        *("understand", "rewrite", "translate", "retrieve"),
        *("generate", "verify", "judge", "repair"),
    }


async def test_reply_is_told_as_json_and_as_text(
    bern: Library, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both say what was meant, how it was looked up, what it took, and why it is less."""
    told = said((ENGLISH, [keys_of(bern)[BRUECKE]]))
    meant = '{"question": "When was the bridge over the Aare closed?"}'
    answerer, _ = judged(bern, asking(bern, meant, WORDING, told)[0], ModelError("Gone\x1b[31m."))
    _, reply = await streamed(answerer, "And when was it closed?", EARLIER)
    value = json.loads(json.dumps(reply_object(reply, Places(answerer))))
    assert value["standalone"] == "When was the bridge over the Aare closed?"
    assert value["wordings"] == json.loads(WORDING)
    assert value["degraded"] == "The judge was not heard. Gone\x1b[31m."
    assert (value["model"], value["generator"]) == (None, "extractive")
    assert value["usage"] == {
        "tokens_in": 300,
        "tokens_out": 30,
        "tokens_cached": 60,
        "cost": None,
    }
    assert list(value["prompts"]) == ["rewrite", "translate", "answer", "support"]
    show_reply(reply, Places(answerer), why=True)
    out = capsys.readouterr().out
    for part in (f"{BRUECKE} [1]", "understood as: When was", "de: Wann wurde", "300 tokens in"):
        assert part in out
    assert "(Less than the language model could do: The judge was not heard." in out
    assert "\x1b[31m" not in out
