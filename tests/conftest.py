"""Fixtures that several test modules share: a small corpus, and an index of it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rag.cli import main

pytest_plugins = ["tests.databases"]

MILL = (
    "The mill\n\nThe mill by the river was sold to Anna Keller in March 2021 for 250,000 euros. "
    "Its wheel still turns.\n"
)
BRIDGE = (
    "The bridge\n\nThe bridge over the Aare was closed in May 2023 after a flood. "
    "Repairs took 14 months.\n"
)
ASKED = "Who bought the mill by the river?"
ANSWERED = "The mill by the river was sold to Anna Keller in March 2021 for 250,000 euros. [1]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


Run = Callable[..., Outcome]


@pytest.fixture(autouse=True)
def _isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the installation of whoever runs it."""
    monkeypatch.setenv("CITEBOT_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CITEBOT_CORPUS", raising=False)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a corpus, `articles`, and a finished index of it, `data`."""
    folder = tmp_path_factory.mktemp("built")
    (folder / "articles").mkdir()
    (folder / "articles" / "mill.txt").write_text(MILL, "utf-8")
    (folder / "articles" / "bridge.txt").write_text(BRIDGE, "utf-8")
    arguments = ["ingest", str(folder / "articles"), "--data", str(folder / "data")]
    assert main(arguments) == 0
    return folder


@pytest.fixture
def corpus(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus of this test's own, indexed, that the settings of the environment name."""
    folder = tmp_path / "articles"
    shutil.copytree(built / "articles", folder)
    monkeypatch.setenv("CITEBOT_CORPUS", str(folder))
    # Whether to answer is calibrated elsewhere; these tests are not about that.
    monkeypatch.setenv("CITEBOT_THRESHOLD", "0")
    data = tmp_path / "data"
    shutil.copytree(built / "data", data)
    # The folder of an index is named by the path of its corpus.
    index_of(data).rename(data / _name(folder))
    return folder


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process, from a folder without a file `.env`."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> Outcome:
        capsys.readouterr()
        status = main(list(arguments))
        out, err = capsys.readouterr()
        return Outcome(status=status, out=out, err=err)

    return run


def index_of(data: Path) -> Path:
    """The one index in a data directory."""
    (folder,) = data.iterdir()
    return folder


def _name(corpus: Path) -> str:
    from rag.build import index_folder
    from rag.settings import Settings

    return index_folder(Settings(corpus=corpus)).name
