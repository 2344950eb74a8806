"""Compare sentence splitters on hard cases: `python -m eval.bench.splitters`.

Prints, per splitter, the right cases per language, the time for 100,000 characters, the time
of its import in a fresh interpreter, and its installed size. A case is right when every
sentence of `splitter_cases.yaml` comes out, at the right offsets, and nothing else. Libraries
that are not installed are left out.
"""

import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import yaml

from rag.sentences import sentence_spans

Span = tuple[int, int]
Splitter = Callable[[str, str], Iterable[Span]]
"""Takes a text and its language, gives offsets; white space around a span does not count."""

LANGUAGES = ("de", "en", "fr", "ru")
TIMED_CHARACTERS = 100_000
IMPORT_RUNS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One hard text, what is hard about it, and its sentences as a reader would mark them."""

    language: str
    about: str
    text: str
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A splitter and the module it imports."""

    name: str
    module: str
    split: Splitter


def load_cases() -> list[Case]:
    """Read the cases. Raises ValueError for one whose sentences are not in its text."""
    path = resources.files("eval.bench") / "splitter_cases.yaml"
    cases = [
        Case(
            language=entry["language"],
            about=entry["about"],
            text=entry["text"],
            sentences=tuple(entry["sentences"]),
        )
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]
    for case in cases:
        expected_spans(case)
    return cases


def expected_spans(case: Case) -> list[Span]:
    """The offsets of the case's sentences; they must cover all but white space."""
    spans: list[Span] = []
    end = 0
    for sentence in case.sentences:
        start = case.text.find(sentence, end)
        if start < 0 or case.text[end:start].strip():
            raise ValueError(f"{case.about}: {sentence!r} does not follow in {case.text!r}")
        end = start + len(sentence)
        spans.append((start, end))
    if case.text[end:].strip():
        raise ValueError(f"{case.about}: {case.text[end:]!r} is in no sentence")
    return spans


def trimmed(text: str, spans: Iterable[Span]) -> list[Span]:
    """The spans without the white space at their ends; empty ones go."""
    result: list[Span] = []
    for start, end in spans:
        inner = text[start:end].strip()
        if inner:
            left = text.index(inner, start)
            result.append((left, left + len(inner)))
    return result


def split_sentencex(text: str, language: str) -> list[Span]:
    """Offsets by sentencex, which knows every language and falls back by itself."""
    import sentencex

    boundaries = sentencex.get_sentence_boundaries(language, text)
    return [(found["start_index"], found["end_index"]) for found in boundaries]


def split_pysbd(text: str, language: str) -> list[Span]:
    """Offsets by pysbd."""
    import pysbd

    segmenter = pysbd.Segmenter(language=language, clean=False, char_span=True)
    return [(found.start, found.end) for found in segmenter.segment(text)]


def split_syntok(text: str, _language: str) -> list[Span]:
    """Offsets by syntok, which has one set of rules for all languages."""
    from syntok import segmenter

    return [
        (tokens[0].offset, tokens[-1].offset + len(tokens[-1].value))
        for paragraph in segmenter.analyze(text)
        for tokens in paragraph
    ]


CANDIDATES = (
    Candidate(name="citebot", module="rag.sentences", split=sentence_spans),
    Candidate(name="sentencex", module="sentencex", split=split_sentencex),
    Candidate(name="pysbd", module="pysbd", split=split_pysbd),
    Candidate(name="syntok", module="syntok.segmenter", split=split_syntok),
)


def is_right(candidate: Candidate, case: Case) -> bool:
    """Whether the splitter marks exactly the expected sentences."""
    return trimmed(case.text, candidate.split(case.text, case.language)) == expected_spans(case)


def milliseconds_per_text(candidate: Candidate, cases: Sequence[Case]) -> float:
    """Time for 100,000 characters of the cases as paragraphs, each language on its own."""
    seconds = 0.0
    for language in LANGUAGES:
        paragraphs = "\n\n".join(case.text for case in cases if case.language == language)
        wanted = TIMED_CHARACTERS // len(LANGUAGES)
        text = (paragraphs + "\n\n") * (wanted // len(paragraphs) + 1)
        started = time.perf_counter()
        list(candidate.split(text[:wanted], language))
        seconds += time.perf_counter() - started
    return seconds * 1000


def import_milliseconds(module: str) -> float:
    """The best of three imports, each in a fresh interpreter."""
    program = (
        "import importlib, time; started = time.perf_counter(); "
        f"importlib.import_module({module!r}); print(time.perf_counter() - started)"
    )
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
        for _ in range(IMPORT_RUNS)
    ]
    return min(float(run.stdout) for run in runs) * 1000


def installed_bytes(module: str) -> int:
    """The size of the package's files without compiled Python."""
    spec = importlib.util.find_spec(module.partition(".")[0])
    if spec is None or not spec.submodule_search_locations:
        return 0
    folders = [Path(folder) for folder in spec.submodule_search_locations]
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return sum(path.stat().st_size for path in files if path.suffix != ".pyc")


def is_installed(candidate: Candidate) -> bool:
    """Whether the candidate's package can be imported here."""
    return importlib.util.find_spec(candidate.module.partition(".")[0]) is not None


def print_table(candidates: Sequence[Candidate], cases: Sequence[Case]) -> None:
    """One row per splitter."""
    totals = [f"{name}/{sum(case.language == name for case in cases)}" for name in LANGUAGES]
    heads = [*totals, f"all/{len(cases)}", "ms/100k", "import ms", "MB"]
    print(f"{'':10}" + "".join(f"{head:>10}" for head in heads))
    for candidate in candidates:
        right = [case.language for case in cases if is_right(candidate, case)]
        cells = [
            *(str(right.count(name)) for name in LANGUAGES),
            str(len(right)),
            f"{milliseconds_per_text(candidate, cases):.0f}",
            f"{import_milliseconds(candidate.module):.0f}",
            f"{installed_bytes(candidate.module) / 1e6:.1f}",
        ]
        print(f"{candidate.name:10}" + "".join(f"{cell:>10}" for cell in cells))


def print_wrong(candidate: Candidate, cases: Sequence[Case]) -> None:
    """What a splitter makes of the cases that it gets wrong."""
    for case in cases:
        if not is_right(candidate, case):
            spans = trimmed(case.text, candidate.split(case.text, case.language))
            found = [case.text[start:end] for start, end in spans]
            print(f"{case.language} {case.about}: {found}")


def main(arguments: Sequence[str]) -> None:
    """Print the table; with `--wrong NAME`, what that splitter makes of its wrong cases."""
    cases = load_cases()
    candidates = [candidate for candidate in CANDIDATES if is_installed(candidate)]
    if arguments[:1] == ["--wrong"]:
        for candidate in candidates:
            if candidate.name in arguments[1:]:
                print_wrong(candidate, cases)
        return
    print_table(candidates, cases)


if __name__ == "__main__":
    main(sys.argv[1:])
