"""The promise of the whole: every quote of every answer stands in its file, where it says.

Once over made-up corpora full of what makes offsets go wrong, and once over all golden
questions, on the sample articles and, where they are, on the originals. Files are read and
decoded here without any of the library's own reading.
"""

import asyncio
import codecs
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from eval.cases import BUNDLED, Case, read_cases
from rag.build import Parts
from rag.domain import Answer, Citation, Reply
from rag.settings import SAMPLE_CORPUS, Settings
from tests.library import library, weights_of

ORIGINALS = Path(__file__).parents[2] / "shared" / "seeds"
CASES = read_cases(BUNDLED)
EVERYTHING = weights_of(grams=1.0)
"""Weights under which many sentences are about as likely, so that many are quoted."""

LINE_BREAK = re.compile(r"\r\n|\r|\n")


def decoded(data: bytes) -> str:
    """The text of a file by its byte order mark, else UTF-8."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding)
    return data.removeprefix(codecs.BOM_UTF8).decode("utf-8")


def check(corpus: Path, reply: Reply) -> tuple[Citation, ...]:
    """See that each quote of a reply is the slice of its file, on the line that is named."""
    if not isinstance(reply, Answer):
        return ()
    assert reply.statements
    assert [c.number for c in reply.citations] == list(range(1, len(reply.citations) + 1))
    for citation in reply.citations:
        text = decoded((corpus / citation.article_id).read_bytes())
        assert citation.quote.strip()
        assert citation.quote == text[citation.start : citation.end]
        assert citation.line == len(LINE_BREAK.split(text[: citation.start]))
    for statement in reply.statements:
        quotes = {" ".join(citation.quote.split()) for citation in statement.citations}
        assert quotes == {statement.text}
    return reply.citations


# --- Made-up corpora ---------------------------------------------------------------------------

PIECES = [
    "The mill was sold to Anna Keller in March 2021.",
    "The mill was sold to Anna Keller in March 2021.",
    "«Die Mühle», sagte Frau Dr. Müller, „kostet 1,5 Mio. Euro“.",
    "Мельница у реки – „старая“ – была продана в 2021 году!",
    "Le moulin, d'après M. Dupont, vaut « 250 000 € ».",
    "🦆🏳️\u200d🌈 The mill has 3 ducks 🦆, she said: “Quack.”",
    "Cafe\u0301 Mu\u0308hle opened on 3. April 2024 \u2014 again\u2026",
    "The\u00a0mill\u2009stands; it\u00adself is old.",
    "\U0001d400\U0001d401 mill of two\u2028lines was closed.",
    "# The mill",
    "Leave a Reply",
    "36",
    "...",
    "\u202eThe llim turns.\u202c",
]
GAPS = [" ", "\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "\t", "  \n \n", "\u00a0", "\u2029"]
TEXTS = st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(GAPS)), min_size=1, max_size=8)
ODD = st.text(st.sampled_from("aB .\n\r\"'«»„“🦆e\u0301\u2026мЖ1,\u200b"), max_size=60)
ENCODINGS = st.sampled_from(
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ]
)
HEADS = st.sampled_from(
    ["", "", "---\ntitle: Mill\nlanguage: en\n---\n", "---\r\nlanguage: de\r\n---\r\n"]
)


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A file of odd text, in some encoding, with a sentence that can be read for sure."""
    head, (mark, encoding) = draw(HEADS), draw(ENCODINGS)
    body = "".join(piece + gap for piece, gap in draw(TEXTS))
    return mark + (head + draw(ODD) + body + draw(ODD)).encode(encoding)


QUESTIONS = st.one_of(
    st.sampled_from(
        [
            "Who bought the mill?",
            "Wann wurde die Mühle verkauft, und wer sagte was?",
            "Кому была продана мельница?",
            "Combien vaut le moulin ?",
            "mill Mühle 2021 🦆 café",
            "36",
        ]
    ),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=40).map("mill {}".format),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(files(), min_size=1, max_size=3), st.lists(QUESTIONS, min_size=1, max_size=3))
def test_quote_is_a_slice_of_its_file(contents: Sequence[bytes], asked: Sequence[str]) -> None:
    """Whatever the files hold and whatever is asked, what is quoted stands there."""
    with tempfile.TemporaryDirectory() as folder:
        town = library(Path(folder), {}, weights=EVERYTHING, statements=10)
        for number, content in enumerate(contents):
            (town.corpus / f"{number}.txt").write_bytes(content)
        cited = [len(check(town.corpus, town.ask(text))) for text in asked]
    event(f"quoted: {sum(cited) > 0}")


def test_made_up_files_are_quoted() -> None:
    """The property is not empty: of every piece that is a sentence something is quoted."""
    with tempfile.TemporaryDirectory() as folder:
        town = library(Path(folder), {}, weights=EVERYTHING, statements=10)
        for number, piece in enumerate(PIECES[:9]):
            (town.corpus / f"{number}.txt").write_bytes(f"\ufeff{piece}\r\n".encode())
        found: Counter[str] = Counter()
        for piece in PIECES[:9]:
            found.update(c.article_id for c in check(town.corpus, town.ask(piece)))
    assert len(found) >= 7


# --- Golden questions --------------------------------------------------------------------------


async def _replies(parts: Parts, cases: Sequence[Case]) -> list[Reply]:
    return [await parts.answerer.answer(case.question, history=case.history) for case in cases]


def replies(corpus: Path, data: Path) -> list[Reply]:
    """The replies to all golden questions, quoting even where they would rather refuse."""
    parts = Parts(Settings(corpus=corpus, data=data, threshold=0.0))
    return asyncio.run(_replies(parts, CASES))


def test_golden_questions_quote_the_sample_articles(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Over all golden questions every quote stands in its sample article; nothing is dropped."""
    _check_all(SAMPLE_CORPUS, tmp_path_factory.mktemp("sample"))


@pytest.mark.skipif(not ORIGINALS.is_dir(), reason="the original articles are not here")
def test_golden_questions_quote_the_original_articles(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The same over the originals."""
    _check_all(ORIGINALS, tmp_path_factory.mktemp("originals"))


def _check_all(corpus: Path, data: Path) -> None:
    found = replies(corpus, data)
    quoted = [citation for reply in found for citation in check(corpus, reply)]
    assert len(quoted) > len(CASES) / 2
    assert {citation.article_id for citation in quoted} == {p.name for p in corpus.glob("*.txt")}
    # The extractive generator proposes sentences as they stand: no check may fail on them.
    assert [dropped for reply in found for dropped in reply.dropped] == []
