"""What `rag.answerer` promises: a question goes in, a checked answer or a refusal comes out."""

import asyncio
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rag
from rag.answerer import Answerer
from rag.domain import Answer, Claim, Exchange, Reason, Refusal, Reply
from rag.errors import CorpusError, QuestionError, StorageError
from rag.lookup import TRIES, Lookup
from rag.ports import Segment, Vectors
from rag.question import checked
from rag.settings import Settings
from tests.conftest import ANSWERED, ASKED
from tests.fakes import FakeGenerator, FakeStore
from tests.library import ASKED_AT, Library, library

MILL = "The mill by the river was sold to Anna Keller in March 2021 for 250,000 euros."
BRIDGE = "The bridge over the Aare was closed in May 2023 after a flood in Bern."
ARTICLES: Mapping[str, str] = {
    "mill.txt": f"{MILL} Its wheel still turns every day of the week.",
    "bridge.txt": f"{BRIDGE} Repairs of the bridge took 14 months.",
}
STAGES = {"understand", "retrieve", "generate", "verify"}


@pytest.fixture
def town(tmp_path: Path) -> Library:
    return library(tmp_path, ARTICLES)


def answered(reply: Reply) -> Answer:
    assert isinstance(reply, Answer), reply
    return reply


def refused(reply: Reply) -> Refusal:
    assert isinstance(reply, Refusal), reply
    return reply


def untimed(replies: Iterable[Reply]) -> list[Reply]:
    """Replies by all that they say: the seconds they took differ every time."""
    return [replace(reply, timings=MappingProxyType({})) for reply in replies]


# --- The question ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("  \n\t ", "empty"),
        ("?! …", "empty"),
        ("\u200b\u00a0", "empty"),
        ("x" * 12_001, "12,001 characters, more than the 12,000 allowed"),
        ("who " * 5_000, "CITEBOT_MAX_QUESTION_CHARACTERS"),
        ("Who\0?", "control characters"),
        ("Who\x1b[31m?", "control characters"),
        ("Who\x7f?", "control characters"),
        ("Who\x85?", "control characters"),
        ("Who \ud83d?", "control characters"),
        ("\udcff", "control characters"),
    ],
)
def test_what_cannot_be_a_question_is_an_error(town: Library, text: str, says: str) -> None:
    """Blank, too long, or not text: one sentence that says which, and no index is built."""
    with pytest.raises(QuestionError, match=says) as caught:
        town.ask(text)
    assert "\n" not in str(caught.value)
    assert not town.answerer.indexer.manifest.begun
    with pytest.raises(QuestionError, match=says):
        asyncio.run(town.answerer.search(text))


@pytest.mark.parametrize(
    ("text", "fit"),
    [
        ("  Who bought it?\r\n", "Who bought it?"),
        ("Who\tbought\nit?", "Who\tbought\nit?"),
        ("Cafe\u0301?", "Café?"),
        ("7", "7"),
        ("Кто?", "Кто?"),
        ("誰", "誰"),
        ("Who 🦆?", "Who 🦆?"),
        ("x" * 4_000, "x" * 4_000),
    ],
)
def test_question_is_trimmed_and_composed(text: str, fit: str) -> None:
    """Tabs and line breaks inside stay, those around go, and accents join their letters."""
    assert checked(text, most=4_000) == fit


@given(st.text(st.characters(exclude_categories=[]), max_size=50))
def test_checking_a_question_again_changes_nothing(text: str) -> None:
    """What passes once passes again as it is; all else is a `QuestionError`."""
    try:
        fit = checked(text, most=50)
    except QuestionError:
        return
    assert checked(fit, most=len(fit)) == fit == unicodedata.normalize("NFC", fit).strip()


def test_question_is_kept_with_its_clock_and_history(town: Library) -> None:
    """The reply has the question as understood: text, language, time, and the turns before."""
    earlier = [Exchange(question="Is there a mill?", reply="Yes.")]
    reply = asyncio.run(town.answerer.answer("  Who bought the mill? ", history=earlier))
    asked = reply.question
    assert (asked.text, asked.language) == ("Who bought the mill?", "en")
    assert (asked.asked_at, asked.history) == (ASKED_AT, tuple(earlier))


# --- The index ---------------------------------------------------------------------------------


def test_first_question_builds_the_index(town: Library) -> None:
    """Where there is no index the first question makes it; the second one does not."""
    assert MILL in town.ask("Who bought the mill?").text  # type: ignore[union-attr]
    town.write({"kiln.txt": "A kiln makes bricks out of clay."})
    town.ask("Who bought the mill?")
    with town.answerer.indexer.manifest.reading() as snapshot:
        assert snapshot.generation == 1
        assert list(snapshot.entries) == ["bridge.txt", "mill.txt"]


def test_first_questions_at_once_build_one_index(town: Library) -> None:
    """Of many first questions one builds the index, and the others wait for it."""

    async def ask() -> list[Reply]:
        return await asyncio.gather(*(town.answerer.answer("Who bought the mill?") for _ in "1234"))

    replies = asyncio.run(ask())
    assert all(MILL in answered(reply).text for reply in replies)
    assert list(town.store.segments) == ["citebot-000001"]


def test_first_questions_from_threads_build_one_index(town: Library) -> None:
    """The same holds where each question has a thread and an event loop of its own."""
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(town.ask, ["Who bought the mill?"] * 4))
    assert all(MILL in answered(reply).text for reply in replies)


def test_empty_folder_is_an_error(tmp_path: Path) -> None:
    """A folder without articles is no refusal but an error, and leaves no index."""
    town = library(tmp_path, {})
    with pytest.raises(CorpusError, match="holds no article"):
        town.ask("Who bought the mill?")
    assert not town.answerer.indexer.manifest.begun


def test_folder_that_went_away_is_an_error(town: Library) -> None:
    """An unmounted folder must not look like articles that do not say."""
    town.ask("Who bought the mill?")
    for name in ARTICLES:
        (town.corpus / name).unlink()
    with pytest.raises(CorpusError, match="holds no article any more"):
        town.ask("Who bought the mill?")


class FlakyStore(FakeStore):
    """Fails so many searches before it works."""

    failures = 0

    def search(
        self, vectors: Vectors, segments: Iterable[Segment], limit: int
    ) -> Sequence[Mapping[str, float]]:
        if self.failures:
            self.failures -= 1
            raise StorageError("The segment is gone.")
        return super().search(vectors, segments, limit)


@pytest.mark.parametrize("failures", [0, TRIES - 1, TRIES])
def test_generation_that_ends_under_a_question_is_looked_up_again(
    town: Library, failures: int
) -> None:
    """A segment dropped by a writer costs a second look; one that stays away is an error."""
    store = FlakyStore()
    indexer = replace(town.answerer.indexer, store=store)
    retriever = replace(town.answerer.lookup.retriever, store=store)
    lookup = Lookup(indexer=indexer, retriever=retriever)
    answerer = replace(town.answerer, indexer=indexer, lookup=lookup)
    indexer.run()
    store.failures = failures
    if failures < TRIES:
        assert MILL in answered(asyncio.run(answerer.answer("Who bought the mill?"))).text
    else:
        with pytest.raises(StorageError, match="segment is gone"):
            asyncio.run(answerer.answer("Who bought the mill?"))


# --- The reply ---------------------------------------------------------------------------------


def test_answer_says_all_about_itself(town: Library) -> None:
    """Statements with citations, who wrote them, how sure, what was found, and how long it took."""
    reply = answered(town.ask("Who bought the mill?"))
    first = reply.citations[0]
    assert reply.text.startswith(f"{MILL} [1]")
    assert (first.number, first.article_id, first.line, first.quote) == (1, "mill.txt", 1, MILL)
    assert reply.generator == "extractive"
    assert 0 < reply.confidence <= 1
    assert reply.hits[0].passage.article_id == "mill.txt"
    assert reply.dropped == ()
    assert reply.timings.keys() == STAGES
    assert all(seconds >= 0 for seconds in reply.timings.values())


def test_refusal_says_all_about_itself(town: Library) -> None:
    """Why, what the question names that no article does, and what came closest."""
    reply = refused(town.ask("Was the mill by the river sold to Ludwig?"))
    assert (reply.reason, reply.unknown) == (Reason.NOT_SUPPORTED, ("Ludwig",))
    assert reply.generator == "extractive"
    assert reply.nearest[0].passage.article_id == "mill.txt"
    assert reply.timings.keys() == STAGES


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda path: path.write_text(f"News: {path.read_text()}"), "run `ingest`"),
        (lambda path: path.write_text(path.read_text().replace("Anna", "Lena")), "run `ingest`"),
        (lambda path: path.write_text(path.read_text() + "\n"), "run `ingest`"),
        (lambda path: path.write_bytes(b"\xff\xfe\x00"), "mill.txt"),
        (lambda path: path.unlink(), "mill.txt"),
    ],
    ids=["longer", "other name", "line break", "no text", "deleted"],
)
def test_file_that_changed_is_never_quoted(town: Library, change: object, says: str) -> None:
    """Words of a file that is not the one indexed are left out, and the reason says so."""
    town.ask("Who bought the mill?")
    assert callable(change)
    change(town.corpus / "mill.txt")
    reply = town.ask("Who bought the mill by the river, and for how many euros?")
    assert any(says in why for why in reply.stale)
    citations = reply.citations if isinstance(reply, Answer) else ()
    assert all(citation.article_id != "mill.txt" for citation in citations)
    assert "Anna" not in (reply.text if isinstance(reply, Answer) else "")


def test_changed_file_is_quoted_after_ingest(town: Library) -> None:
    """As soon as the index knows the new text, that is what is quoted."""
    town.ask("Who bought the mill?")
    path = town.corpus / "mill.txt"
    path.write_text(path.read_text().replace("Anna", "Lena"))
    town.ingest()
    assert "Lena Keller" in answered(town.ask("Who bought the mill?")).citations[0].quote


def sentence_key(town: Library, text: str) -> str:
    hits = town.hits(text)
    (key,) = {s.key for hit in hits for s in hit.passage.sentences if s.text == text}
    return key


def with_claims(town: Library, *claims: Claim) -> Answerer:
    return replace(town.answerer, generator=FakeGenerator(*claims))


def test_claim_that_its_quotes_do_not_carry_is_dropped(town: Library) -> None:
    """Of a generator's claims those stay that their quotes carry; the others say why not."""
    town.ingest()
    key = sentence_key(town, MILL)
    right = Claim(text="Anna Keller paid 250,000 euros.", keys=(key,))
    wrong = Claim(text="Anna Keller paid 350,000 euros.", keys=(key,))
    unknown = Claim(text="It was cheap.", keys=("kzzzzzz",))
    reply = answered(
        asyncio.run(with_claims(town, wrong, unknown, right).answer("Who bought the mill?"))
    )
    assert reply.text == "Anna Keller paid 250,000 euros. [1]"
    assert {dropped.claim for dropped in reply.dropped} == {wrong, unknown}
    assert any("350,000" in dropped.why for dropped in reply.dropped)
    assert reply.generator == "fake"


def test_nothing_left_is_a_refusal(town: Library) -> None:
    """Where no claim survives there is no answer, and what was dropped is told."""
    town.ingest()
    invented = Claim(text="The mill burnt down in 1950.", keys=(sentence_key(town, MILL),))
    reply = refused(asyncio.run(with_claims(town, invented).answer("Who bought the mill?")))
    assert reply.reason is Reason.NOT_SUPPORTED
    assert [dropped.claim for dropped in reply.dropped] == [invented]


def test_generator_is_not_asked_without_hits(town: Library) -> None:
    """An index in which nothing is found gives a refusal, whatever the generator would say."""
    town.ingest()
    for rows in town.store.segments.values():
        rows.clear()
    generator = FakeGenerator(Claim(text="Yes.", keys=("k",)))
    reply = refused(asyncio.run(replace(town.answerer, generator=generator).answer("Who?")))
    assert (reply.reason, generator.asked) == (Reason.NO_EVIDENCE, [])


def test_questions_at_once_are_answered_as_one_by_one(town: Library) -> None:
    """Tasks that share an answerer get the replies that each would get alone."""
    town.ingest()
    questions = [
        "Who bought the mill?",
        "When was the bridge closed?",
        "Was the mill sold to Ludwig?",
        "Wer kaufte die Mühle?",
        "Кто купил мельницу?",
        "zzzz qqqq",
    ] * 3

    async def ask() -> list[Reply]:
        return await asyncio.gather(*map(town.answerer.answer, questions))

    assert untimed(asyncio.run(ask())) == untimed(map(town.ask, questions))


def test_search_finds_passages_up_to_a_limit(town: Library) -> None:
    """Searching builds the index, too, and gives the nearest passages, best first."""
    town.write({"aare.de.txt": "Die Aare fließt durch die Stadt Bern und weiter."})
    found = asyncio.run(town.answerer.search("the bridge over the Aare", limit=1))
    assert [hit.passage.article_id for hit in found] == ["bridge.txt"]
    assert len(asyncio.run(town.answerer.search("the bridge over the Aare"))) == 3


def test_article_is_read_with_and_without_an_index(town: Library) -> None:
    """An article is shown from its file, whether or not it is indexed."""
    before = town.answerer.read("mill.txt")
    town.ingest()
    assert town.answerer.read("mill.txt") == before
    assert before.text == ARTICLES["mill.txt"]


# --- The function ------------------------------------------------------------------------------


def test_function_answers_a_script(corpus: Path) -> None:
    """`rag.answer` takes a question and gives a reply, with the settings of the environment."""
    assert answered(rag.answer(ASKED)).text.startswith(ANSWERED)


def test_function_answers_inside_an_event_loop(corpus: Path) -> None:
    """A notebook's event loop is running already: the function works there, too."""

    async def notebook() -> Reply:
        return rag.answer(ASKED, Settings(statements=1))

    assert answered(asyncio.run(notebook())).text == ANSWERED


def test_function_raises_what_the_answerer_raises(corpus: Path) -> None:
    """Errors come out of the function as they are."""
    with pytest.raises(QuestionError, match="empty"):
        rag.answer(" ")
