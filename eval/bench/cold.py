"""The wall time of a cold `ask` beside a plain LlamaIndex and Chroma script.

    python -m eval.bench cold [--runs 9] [--corpus DIR] [--question TEXT] [--json]

Both answer one question from one index, built afresh: the script searches the same Chroma
collection with the same embedder and prints five passages, `ask` retrieves, answers, cites and
verifies. Every run is a process of its own, the two in turn, after one of each that does not
count; so files are in the page cache and modules compiled. Times depend on the machine, their
ratio hardly does. Needs a Unix system, whose kernel reports the peak memory of a process.
"""

import argparse
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import distributions
from pathlib import Path

QUESTION = "Wie viele nicht lizenzierte Kryptobörsen hat Kasachstan 2024 geschlossen?"
"""Both sample corpora answer it."""

TARGET = 0.6
"""The ratio of the medians, `ask` to script, should not be above this."""

FINE = (0, 3)
"""Exit statuses of `ask`: answered, refused."""

UNIT = 1 if sys.platform == "darwin" else 1024
"""Bytes per unit of `ru_maxrss`."""

PLAIN = """\
import sys

import chromadb
from llama_index.core import VectorStoreIndex
from llama_index.core.embeddings import BaseEmbedding
from llama_index.vector_stores.chroma import ChromaVectorStore

from rag.embed import HashEmbedder


class Hashed(BaseEmbedding):
    dimension: int

    def _get_text_embedding(self, text):
        return HashEmbedder(self.dimension).embed_question(text)[0].tolist()

    def _get_query_embedding(self, query):
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query):
        return self._get_text_embedding(query)


folder, question = sys.argv[1:]
client = chromadb.PersistentClient(folder, chromadb.Settings(anonymized_telemetry=False))
[collection] = client.list_collections()
index = VectorStoreIndex.from_vector_store(
    ChromaVectorStore(chroma_collection=collection),
    embed_model=Hashed(dimension=collection.metadata["dimension"]),
)
for found in index.as_retriever(similarity_top_k=5).retrieve(question):
    print(found.score, found.node.metadata["article_id"], found.node.get_content())
"""
"""The script that `ask` is compared with."""

INGEST = """\
from rag.build import Parts
from rag.settings import Settings

Parts(Settings()).indexer.run()
"""
"""Builds the index without the command line."""

ANSWER = "import sys; from rag import answer; print(answer(sys.argv[1]))"
"""Stands in for `ask` where the command line is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One process: wall and processor seconds, peak resident bytes."""

    wall: float
    processor: float
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the runs of one program come to: seconds, and the bytes of the hungriest run."""

    program: str
    median: float
    least: float
    most: float
    processor: float
    memory: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What is installed: bytes of all files in site-packages, and how many packages."""

    size: int
    packages: int


def measure(command: Sequence[str], environment: dict[str, str], folder: Path) -> Run:
    """Run a command to its end in a folder. Raises `RuntimeError` if it fails."""
    with tempfile.TemporaryFile() as output:
        begun = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in FINE:
            output.seek(0)
            raise RuntimeError(output.read().decode(errors="replace")[-2000:])
    return Run(wall=wall, processor=usage.ru_utime + usage.ru_stime, memory=usage.ru_maxrss * UNIT)


def compare(runs: int, corpus: Path | None, question: str) -> tuple[Figures, Figures]:
    """Build an index and ask it in both ways, in turn: the figures of `ask`, of the script."""
    with tempfile.TemporaryDirectory(prefix="bench-cold-") as name:
        folder = Path(name)
        environment = _environment(folder, corpus)
        measure([sys.executable, "-c", INGEST], environment, folder)
        [chroma] = folder.glob("data/*/chroma")
        script = folder / "plain.py"
        script.write_text(PLAIN, encoding="utf-8")
        programs = {
            _ask()[0]: [sys.executable, *_ask()[1], question],
            "LlamaIndex + Chroma": [sys.executable, str(script), str(chroma), question],
        }
        taken: dict[str, list[Run]] = {program: [] for program in programs}
        for _ in range(runs + 1):
            for program, command in programs.items():
                taken[program].append(measure(command, environment, folder))
    ours, theirs = (_figures(program, rows[1:]) for program, rows in taken.items())
    return ours, theirs


def installed() -> Environment:
    """The size of the environment that this runs in."""
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    files = [path for folder in folders for path in Path(folder).rglob("*") if path.is_file()]
    return Environment(
        size=sum(path.stat().st_size for path in files),
        packages=len({distribution.name for distribution in distributions()}),
    )


def _ask() -> tuple[str, list[str]]:
    """What to call our side, and the arguments of the interpreter before the question."""
    if importlib.util.find_spec("rag.__main__"):
        return "python -m rag ask", ["-m", "rag", "ask"]
    return "rag.answer", ["-c", ANSWER]


def _environment(folder: Path, corpus: Path | None) -> dict[str, str]:
    """The variables of the children: the settings are these and no others."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CITEBOT_")}
    kept |= {"CITEBOT_DATA": str(folder / "data"), "PYTHONPATH": str(Path(__file__).parents[2])}
    return kept | ({"CITEBOT_CORPUS": str(corpus.absolute())} if corpus else {})


def _figures(program: str, runs: Sequence[Run]) -> Figures:
    walls = [run.wall for run in runs]
    return Figures(
        program=program,
        median=statistics.median(walls),
        least=min(walls),
        most=max(walls),
        processor=statistics.median(run.processor for run in runs),
        memory=max(run.memory for run in runs),
    )


def _print_table(ours: Figures, theirs: Figures, environment: Environment) -> None:
    print(f"{'cold process':22}{'median s':>10}{'min-max s':>14}{'CPU s':>8}{'peak MB':>9}")
    for one in (ours, theirs):
        spread = f"{one.least:.2f}-{one.most:.2f}"
        print(
            f"{one.program:22}{one.median:>10.2f}{spread:>14}{one.processor:>8.2f}"
            f"{one.memory / 1e6:>9.0f}"
        )
    ratio = ours.median / theirs.median
    verdict = "met" if ratio <= TARGET else "missed"
    print(f"\nratio {ratio:.2f} (target: at most {TARGET}, {verdict})")
    print(
        f"environment: {environment.size / 1e6:.0f} MB in site-packages, {environment.packages} "
        f"packages; Python {sys.version.partition(' ')[0]}, {os.cpu_count()} processors"
    )


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    summary = (__doc__ or "").partition("\n")[0]
    parser = argparse.ArgumentParser(prog="python -m eval.bench cold", description=summary)
    parser.add_argument("--runs", type=int, default=9, help="processes of each kind (default 9)")
    parser.add_argument("--corpus", type=Path, help="folder of articles (default: the sample)")
    parser.add_argument("--question", default=QUESTION, help="what to ask")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args(arguments)
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    return options


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 0 whether or not the target is met, for a machine may be busy."""
    options = _arguments(arguments)
    ours, theirs = compare(options.runs, options.corpus, options.question)
    environment = installed()
    if options.json:
        figures = {
            "ratio": ours.median / theirs.median,
            "target": TARGET,
            "runs": options.runs,
            "ours": asdict(ours),
            "theirs": asdict(theirs),
            "environment": asdict(environment),
        }
        print(json.dumps(figures, indent=2))
    else:
        _print_table(ours, theirs, environment)
    return 0


if __name__ == "__main__":
    sys.exit(main())
