"""What `rag.clock` promises: seconds per stage, and spans for whoever has set up OpenTelemetry."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from rag.clock import Clock
from rag.domain import Answer, Statement
from rag.errors import ModelError
from tests.fakes import FakeModel
from tests.library import Library, library

ROOT = Path(__file__).parent.parent
MILL = "The mill by the river was sold to Anna Keller in March 2021 for 250,000 euros."
ARTICLES = {"mill.txt": MILL, "bruecke.de.txt": "Die Brücke über die Aare wurde 2023 gesperrt."}
ASKED = "Who bought the mill by the river?"
TRANSLATED = '{"de": "Wer kaufte die Mühle am Fluss?"}'


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """A program around that has configured OpenTelemetry, for this test only."""
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    yield exporter
    provider.shutdown()


def reply_of(town: Library, text: str) -> str:
    (key,) = {s.key for h in town.hits(text) for s in h.passage.sentences if s.text == text}
    claims = [
        {"text": "The mill was sold to Anna Keller.", "keys": [key]},
        {"text": "Anna Keller paid 350,000 euros.", "keys": [key]},
    ]
    return json.dumps({"claims": claims})


@pytest.fixture
def town(tmp_path: Path) -> Library:
    """A library whose model writes one claim that holds and one that does not."""
    model, judge = FakeModel("{}", name="m"), FakeModel('{"verdict": "supported"}')
    made = library(tmp_path, ARTICLES, model=model, judge=judge)
    made.ingest()
    model.replies = [TRANSLATED, reply_of(made, MILL), '{"claims": []}']
    return made


def named(exporter: InMemorySpanExporter) -> dict[str, list[ReadableSpan]]:
    found: dict[str, list[ReadableSpan]] = {}
    for span in exporter.get_finished_spans():
        found.setdefault(span.name, []).append(span)
    return found


# --- Seconds -----------------------------------------------------------------------------------


def test_seconds_of_a_stage_add_up() -> None:
    """A stage that comes back is counted on; one that fails is counted, too."""
    clock = Clock()
    with clock.stage("a"):
        pass
    first = clock.seconds["a"]
    with pytest.raises(ValueError, match="no"), clock.stage("a"):
        raise ValueError("no")
    with clock.stage("b"):
        pass
    assert clock.seconds["a"] > first >= 0
    assert list(clock.seconds) == ["a", "b"]


# --- Spans -------------------------------------------------------------------------------------


def test_every_stage_has_a_span_below_that_of_the_reply(
    town: Library, spans: InMemorySpanExporter
) -> None:
    """One trace for a question: a root, and each time that a stage is at work a child of it."""
    town.ask(ASKED)
    found = named(spans)
    (root,) = found.pop("citebot.answer")
    assert {name: len(some) for name, some in found.items()} == {
        "citebot.understand": 1,
        "citebot.translate": 1,
        "citebot.retrieve": 1,
        "citebot.generate": 3,
        "citebot.verify": 2,
        "citebot.judge": 1,
        "citebot.repair": 1,
    }
    assert root.parent is None
    assert root.context is not None
    for child in (span for some in found.values() for span in some):
        assert child.parent is not None
        assert child.parent.span_id == root.context.span_id
        assert child.start_time is not None
        assert root.start_time is not None
        assert child.start_time >= root.start_time


def test_span_holds_counts_and_no_text(town: Library, spans: InMemorySpanExporter) -> None:
    """How many statements and tokens, which model, in which language; no word of anybody."""
    reply = town.ask(ASKED)
    assert isinstance(reply, Answer)
    (root,) = named(spans)["citebot.answer"]
    assert dict(root.attributes or {}) == {
        "citebot.kind": "answer",
        "citebot.language": "en",
        "citebot.generator": "m",
        "citebot.statements": 1,
        "citebot.dropped": 1,
        "citebot.degraded": False,
        "gen_ai.usage.input_tokens": 400,
        "gen_ai.usage.output_tokens": 40,
        "gen_ai.request.model": "m",
    }
    told = "".join(span.to_json() for span in spans.get_finished_spans())
    assert "Anna" not in told
    assert "sold" not in told


def test_texts_are_told_where_they_are_asked_for(
    tmp_path: Path, spans: InMemorySpanExporter
) -> None:
    """With CITEBOT_TRACE_TEXT the root span holds the question and the reply."""
    town = library(tmp_path, ARTICLES, trace_text=True)
    reply = town.ask(ASKED)
    assert isinstance(reply, Answer)
    (root,) = named(spans)["citebot.answer"]
    attributes = dict(root.attributes or {})
    assert attributes["citebot.question"] == ASKED
    assert attributes["citebot.reply"] == reply.text


def test_refusal_without_a_model_is_told(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    """A refusal is a reply like others; no model stands there where none was asked."""
    town = library(tmp_path, ARTICLES)
    town.ask("Was the mill by the river sold to Ludwig?")
    (root,) = named(spans)["citebot.answer"]
    attributes = dict(root.attributes or {})
    assert attributes["citebot.kind"] == "refusal"
    assert attributes["citebot.statements"] == 0
    assert "gen_ai.request.model" not in attributes


def test_failure_is_marked_without_its_words(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    """The stage in which a model was away says so; its error's text is not told."""
    model = FakeModel(ModelError("Anna's server is away."))
    reply = library(tmp_path, ARTICLES, model=model).ask(ASKED)
    assert "away" in reply.degraded
    (root,) = named(spans)["citebot.answer"]
    assert (root.attributes or {})["citebot.degraded"] is True
    (translate,) = named(spans)["citebot.translate"]
    assert (translate.status.is_ok, translate.status.description) == (False, "ModelError")
    assert "Anna" not in "".join(span.to_json() for span in spans.get_finished_spans())


def test_spans_end_when_the_reader_leaves(town: Library, spans: InMemorySpanExporter) -> None:
    """A stream that is closed early leaves no span open, and none without its parent."""

    async def first() -> None:
        async with aclosing(town.answerer.stream(ASKED)) as stream:
            assert isinstance(await anext(stream), Statement)

    asyncio.run(first())
    assert len(named(spans)["citebot.answer"]) == 1
    assert not named(spans)["citebot.answer"][0].attributes


def test_search_has_a_span_of_its_own(town: Library, spans: InMemorySpanExporter) -> None:
    """Searching is a trace that ends, too, and is no answer."""
    asyncio.run(town.answerer.search("the mill"))
    found = named(spans)
    assert found.keys() == {"citebot.search", "citebot.understand", "citebot.retrieve"}
    (root,) = found["citebot.search"]
    assert root.context is not None
    parents = {span.parent and span.parent.span_id for span in spans.get_finished_spans()}
    assert parents == {None, root.context.span_id}


def test_spans_of_questions_at_once_do_not_mix(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    """Each question has a trace; the program's own span around them is the parent of all."""
    town = library(tmp_path, ARTICLES)
    town.ingest()

    async def ask() -> None:
        with trace.get_tracer("program").start_as_current_span("program"):
            await asyncio.gather(*(town.answerer.answer(ASKED) for _ in range(4)))

    asyncio.run(ask())
    found = named(spans)
    (around,) = found["program"]
    roots = found["citebot.answer"]
    assert around.context is not None
    assert [root.parent and root.parent.span_id for root in roots] == [around.context.span_id] * 4
    for name in ("understand", "retrieve", "verify"):
        parents = {span.parent and span.parent.span_id for span in found[f"citebot.{name}"]}
        assert parents == {root.context.span_id for root in roots if root.context}


# --- Without it --------------------------------------------------------------------------------


def said_by(code: str, folder: Path) -> str:
    before = f"import sys\nfrom pathlib import Path\nfolder = Path({str(folder)!r})\n"
    run = [sys.executable, "-c", before + code]
    return subprocess.run(run, cwd=ROOT, capture_output=True, check=True, text=True).stdout.strip()


ASK = f"""
from tests.library import library
town = library(folder, {ARTICLES!r})
town.ask({ASKED!r})
"""


def test_nothing_is_loaded_for_who_has_not_loaded_it(tmp_path: Path) -> None:
    """Answering loads nothing of OpenTelemetry by itself."""
    loaded = "print(*[name for name in sys.modules if name.startswith('opentelemetry')])"
    assert said_by(ASK + loaded, tmp_path) == ""


def test_a_program_sets_it_up_as_usual(tmp_path: Path) -> None:
    """A provider that is set for the whole program gets the spans."""
    code = """
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter = InMemorySpanExporter()
trace.set_tracer_provider(TracerProvider())
trace.get_tracer_provider().add_span_processor(SimpleSpanProcessor(exporter))
"""
    told = "print(*{span.name for span in exporter.get_finished_spans()})"
    assert "citebot.answer" in said_by(code + ASK + told, tmp_path).split()


LOADING = """
import sys, threading, time
sys.path.insert(0, sys.argv[1])
loading = threading.Thread(target=__import__, args=("opentelemetry.trace",))
loading.start()
while "opentelemetry.trace" not in sys.modules:
    time.sleep(0.001)
from rag.clock import Clock
print(Clock().finish)
"""

SLOW = """
import time
time.sleep(0.2)
class Span:
    def start_span(self, name): return self
def get_tracer(name): return Span()
"""


def test_who_is_still_loading_it_is_waited_for(tmp_path: Path) -> None:
    """A question that comes while another thread loads OpenTelemetry is answered all the same."""
    (tmp_path / "opentelemetry").mkdir()
    (tmp_path / "opentelemetry" / "__init__.py").touch()
    (tmp_path / "opentelemetry" / "trace.py").write_text(SLOW, "utf-8")

    run = [sys.executable, "-c", LOADING, str(tmp_path)]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, check=False, text=True)

    assert done.returncode == 0, done.stderr
