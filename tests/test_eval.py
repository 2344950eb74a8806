"""What measuring and fitting promise: public sets by their parts, and a fit that finds weights."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy
import pytest

from eval.fit import EVIDENCE, Trial, _conditional_logit, _logistic, fit, settings_of, trials, write
from eval.measure import open_parts, recall, sentences
from eval.publicsets import Passage, dealt, read_set, write_corpus
from rag.corpus import article_files, read_article
from rag.errors import UsageError
from rag.evidence import Candidate, Evidence, Inquiry
from rag.weights import Weights
from tests.fakes import passage_of
from tests.library import DETECTOR

# --- Public sets -------------------------------------------------------------------------------

TEXTS = {
    ("en", 0): "The mill by the river was sold to Anna Keller. Its wheel turns every day.",
    ("de", 0): "Die Mühle am Fluss wurde an Anna Keller verkauft. Ihr Rad dreht sich jeden Tag.",
    ("ru", 0): "Мельница у реки была продана Анне Келлер. Её колесо вращается каждый день.",
    ("en", 1): "The kiln in the valley was fired by Peter Brandt. It makes bricks out of clay.",
    ("de", 1): "Den Ofen im Tal befeuerte Peter Brandt. Er macht Ziegel aus Lehm und Ton.",
    ("ru", 1): "Печь в долине топил Петер Брандт. В ней делают кирпичи из местной глины.",
}
ASKED = {
    ("en", 0): ("Who bought the mill by the river?", "Anna Keller"),
    ("de", 0): ("An wen wurde die Mühle am Fluss verkauft?", "Anna Keller"),
    ("ru", 0): ("Кому была продана мельница у реки?", "Анне Келлер"),
    ("en", 1): ("Who fired the kiln in the valley?", "Peter Brandt"),
    ("de", 1): ("Wer befeuerte den Ofen im Tal?", "Peter Brandt"),
    ("ru", 1): ("Кто топил печь в долине?", "Петер Брандт"),
}


def write_set(folder: Path, passages: Sequence[Mapping[str, object]], questions: object) -> None:
    folder.mkdir(parents=True)
    for name, rows in (("passages", passages), ("questions", questions)):
        assert isinstance(rows, Sequence)
        lines = "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, "utf-8")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny sets under the names of the public ones."""
    folder = tmp_path_factory.mktemp("public")
    passages = [
        {"pid": f"xq-00{n}-000", "lang": lang, "title": "T", "text": text}
        for (lang, n), text in TEXTS.items()
    ]
    questions = [
        {
            "qid": f"q{n}",
            "lang": lang,
            "pid": f"xq-00{n}-000",
            "question": asked,
            "answers": [answer, answer],
            "answerable": True,
        }
        for (lang, n), (asked, answer) in ASKED.items()
    ]
    write_set(folder / "xquad", passages, questions)
    write_set(folder / "piaf_fr", [], [])
    unanswered = {**questions[0], "qid": "q9", "answers": ["plausible"], "answerable": False}
    write_set(folder / "squad2_dev_half", passages[:1], [questions[0], unanswered])
    return folder


def test_set_is_read(data: Path) -> None:
    """Passages and questions with their languages; answers once each; none where none is right."""
    xquad, squad = read_set(data, "xquad"), read_set(data, "squad2_dev_half")
    assert [(p.pid, p.article) for p in squad.passages] == [("xq-000-000", 0)]
    assert {(q.qid, q.held_out) for q in xquad.questions} == {("q0", False), ("q1", True)}
    assert xquad.answers["q0", "ru"] == ("Анне Келлер",)
    assert [q.answers for q in squad.questions] == [("Anna Keller",), ()]


@pytest.mark.parametrize("missing", ["passages", "questions"])
def test_missing_set_is_told(tmp_path: Path, missing: str) -> None:
    """A set of which a file is missing is no set."""
    write_set(tmp_path / "half", [], [])
    (tmp_path / "half" / f"{missing}.jsonl").unlink()
    with pytest.raises(UsageError, match="There is no set half"):
        read_set(tmp_path, "half")


def test_set_becomes_a_corpus(tmp_path: Path) -> None:
    """Every passage is an article of its own, in its language, its text as in the set."""
    passages = [
        Passage(pid="xq-000-000", language="de", text="Die Mühle steht.\r\n\nSie ist alt."),
        Passage(pid="xq-000-001", language="ru", text="Мельница стоит."),
    ]
    write_corpus(passages, tmp_path / "corpus")
    for passage, path in zip(passages, article_files(tmp_path / "corpus").files, strict=True):
        found = read_article(tmp_path / "corpus", path, max_bytes=10_000, detector=DETECTOR)
        assert (found.id, found.language) == (f"{passage.pid}.txt", passage.language)
        assert found.text[found.body_start :] == passage.text


def test_parallel_passages_are_dealt_out(data: Path) -> None:
    """Of a passage in several languages one is kept."""
    xquad = read_set(data, "xquad")
    mixed = dealt(xquad.passages, lambda passage: ("en", "ru")[passage.article])
    assert {(p.pid, p.language) for p in mixed} == {("xq-000-000", "en"), ("xq-001-000", "ru")}


def test_set_is_measured(data: Path, tmp_path: Path) -> None:
    """Where the article stood, and whether what would be shown holds the answer."""
    xquad = read_set(data, "xquad")
    english = [p for p in xquad.passages if p.language == "en"]
    questions = [q for q in xquad.questions if q.language == "en"]
    parts = open_parts(english, tmp_path)
    assert recall(parts, questions) == [0, 0]
    found = sentences(parts, xquad, questions)
    assert [(one.place, one.shown) for one in found] == [(0, True), (0, True)]
    assert all(one.sentences >= 1 for one in found)


# --- The fit -----------------------------------------------------------------------------------


def test_fit_uses_nothing_held_out(data: Path, tmp_path: Path) -> None:
    """Only questions of even articles are put; every trial knows what holds its answer."""
    found = list(settings_of(data, every=1))
    assert {q.held_out for setting in found for q in setting.questions} == {False}
    assert {"xquad en", "xquad de", "xquad ru", "squad2_dev_half"} <= {s.name for s in found}
    (trial,) = trials(found[0], tmp_path)
    texts = [
        c.sentence.text for c, holds in zip(trial.candidates, trial.holds, strict=True) if holds
    ]
    assert texts == ["The mill by the river was sold to Anna Keller."]
    assert [c.sentence.article_id == "xq-000-000.txt" for c in trial.candidates] == list(trial.gone)


def test_choice_recovers_what_decided() -> None:
    """The feature that decided outweighs one that is noise and one that never differs."""
    random = numpy.random.default_rng(7)
    inputs = [random.random((6, 3)) for _ in range(200)]
    for rows in inputs:
        rows[:, 2] = 5.0
    utilities = [rows @ [6.0, 0.0, 0.0] + random.gumbel(size=6) for rows in inputs]
    targets = [(utility == utility.max()).astype(float) for utility in utilities]
    decided, noise, constant = _conditional_logit(inputs, targets)
    assert decided == pytest.approx(6.0, abs=1.5)
    assert abs(noise) < 0.2 * decided
    assert abs(constant) < 1e-3


def test_probability_is_recovered() -> None:
    """Logistic regression finds the planted constant and slope; a second constant does no harm."""
    random = numpy.random.default_rng(7)
    rows = numpy.column_stack([numpy.ones(4_000), random.normal(size=4_000), numpy.ones(4_000)])
    chance = 1 / (1 + numpy.exp(-(rows @ [-1.0, 2.0, 0.0])))
    constant, slope, second = _logistic(rows, (random.random(4_000) < chance).astype(float))
    assert slope == pytest.approx(2.0, abs=0.3)
    assert constant + second == pytest.approx(-1.0, abs=0.3)


def candidate(number: int, *, same_language: bool, **evidence: float) -> Candidate:
    (sentence, *_) = passage_of(f"Sentence number {number} says something.").sentences
    nothing = dict.fromkeys(EVIDENCE, 0.0)
    return Candidate(
        sentence=sentence,
        evidence=Evidence(**{**nothing, **evidence}),
        passage=f"p{number}",
        same_language=same_language,
        strength=0.5,
        spoken=(),
        words=frozenset(),
        inquiry=Inquiry(text="", language="en", units=(), grams={}, ask=None, known=frozenset()),
    )


def planted(count: int = 60) -> list[Trial]:
    """Trials in which `grams` decides within a language, and `coverage` over languages."""
    random = numpy.random.default_rng(7)
    found = []
    for number in range(count):
        same = number % 2 == 0
        rows = [
            candidate(
                n, same_language=same, coverage=float(c), grams=float(g), heading=float(n == 0)
            )
            for n, (c, g) in enumerate(random.random((5, 2)))
        ]
        best = max(rows, key=lambda c: c.evidence.grams if same else c.evidence.coverage)
        holds = tuple(row is best for row in rows)
        found.append(Trial(candidates=tuple(rows), holds=holds, gone=holds))
    return found


def test_fit_recovers_a_planted_preference(tmp_path: Path) -> None:
    """What decided in the trials weighs most, per kind of sentence, and survives the file."""
    weights = fit(planted())
    assert EVIDENCE[numpy.argmax(weights.same)] == "grams"
    assert EVIDENCE[numpy.argmax(weights.across)] == "coverage"
    assert all(map(numpy.isfinite, (*weights.same, *weights.across, *weights.confidence.values())))
    write(weights, tmp_path / "weights.toml")
    read = Weights.read(tmp_path / "weights.toml")
    assert read.same == pytest.approx(weights.same, abs=0.001)
    assert read.across == pytest.approx(weights.across, abs=0.001)
    assert read.confidence == pytest.approx(weights.confidence, abs=0.001)


def test_fit_is_repeatable() -> None:
    """The same trials give the same weights."""
    assert fit(planted(20)) == fit(planted(20))
