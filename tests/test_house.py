"""The shape of the project: what loads what, what is handed out, what must not be in a file."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import rag

ROOT = Path(__file__).parent.parent
FOLDERS = ("bot", "eval", "prompts", "rag", "tests")
MODULES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


def loaded_by(statement: str) -> set[str]:
    """The modules that a new interpreter has loaded after a statement."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, check=True, text=True)
    return set(done.stdout.split())


def tracked() -> list[Path]:
    """The files that git has, or none where this is no clone."""
    listing = ["git", "ls-files", "-z"]
    try:
        done = subprocess.run(listing, cwd=ROOT, capture_output=True, check=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError):
        return []
    paths = (ROOT / name for name in done.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def imports(module: Path) -> Iterator[str]:
    """The names that a module imports as a whole, at any depth."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.asname or alias.name for alias in node.names)


@pytest.mark.parametrize(
    ("statement", "heavy"),
    [
        ("import rag", {"chromadb", "llama_index", "numpy", "openai", "pydantic"}),
        ("import rag.cli", {"chromadb", "llama_index", "numpy", "openai"}),
    ],
)
def test_what_is_imported_first_is_light(statement: str, heavy: set[str]) -> None:
    """Importing the library, or asking its command line for help, loads no heavy library."""
    assert not heavy & loaded_by(statement)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_builtin_eval_is_left_alone(module: Path) -> None:
    """`import eval` would hide the builtin; `from eval.golden import ...` does not."""
    assert not [name for name in imports(module) if name.partition(".")[0] == "eval"]


def test_all_names_are_handed_out() -> None:
    """`rag.__all__` is sorted, each of its names is there, and no public name is missing."""
    public = {
        name
        for name, value in vars(rag).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("rag")
    }

    assert rag.__all__ == sorted(rag.__all__)
    assert all(hasattr(rag, name) for name in rag.__all__)
    assert public <= set(rag.__all__)


def test_types_are_published() -> None:
    """Programs that use the library are checked against its annotations."""
    assert (Path(rag.__file__).parent / "py.typed").is_file()


HOME = re.compile(r"(?<![\w.~-])/(?:home|root|Users)/(?!me\b|you\b|user\b)\w")
"""A path below somebody's home folder, unless it is an example's."""

REGISTRY = re.compile(
    r"(?:files[.]p[y]thonh[o]sted|p[y]pi|test[.]p[y]pi)[.]org|--(?:extra-)?index-url\b"
)
"""Where packages come from is for the machine to say, not for the project."""


@pytest.mark.parametrize("pattern", [HOME, REGISTRY], ids=["home", "registry"])
def test_no_file_tells_of_a_machine(pattern: re.Pattern[str]) -> None:
    """No file names a home folder or a package index."""
    told = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        for match in [pattern.search(path.read_text("utf-8", "replace"))]
        if match
    ]
    assert not told
