"""What `rag.settings` promises: where a value comes from, and what an impossible one is told."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.errors import SettingsError
from rag.settings import SAMPLE_CORPUS, Settings

SECRET = "hunter2-hunter2"  # noqa: S105 - nobody's


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a file `.env`, and an environment without settings."""
    import os

    for name in os.environ:
        if name.startswith("CITEBOT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_defaults_are_the_sample_corpus_and_the_users_folder() -> None:
    """Without any setting the sample articles are asked, and the index is the user's own."""
    settings = Settings()
    assert settings.corpus == SAMPLE_CORPUS
    assert settings.data.is_absolute()
    assert settings.chroma_url is None


@pytest.mark.parametrize(
    ("argument", "environment", "file", "hits"),
    [
        (1, "2", "3", 1),
        (1, None, "3", 1),
        (None, "2", "3", 2),
        (None, "2", None, 2),
        (None, None, "3", 3),
        (None, "", "3", 3),
        (None, None, None, Settings.model_fields["hits"].default),
        (None, "", None, Settings.model_fields["hits"].default),
    ],
)
def test_argument_goes_before_environment_before_file(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    argument: int | None,
    environment: str | None,
    file: str | None,
    hits: int,
) -> None:
    """An argument counts first, then the environment, then `.env`, then the default."""
    if environment is not None:
        monkeypatch.setenv("CITEBOT_HITS", environment)
    if file is not None:
        (here / ".env").write_text(f"CITEBOT_HITS={file}\nSOMETHING_ELSE=1\n")
    arguments = {} if argument is None else {"hits": argument}
    assert Settings(**arguments).hits == hits


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HITS", "0"),
        ("HITS", "many"),
        ("STATEMENTS", "11"),
        ("THRESHOLD", "1.5"),
        ("THRESHOLD", "high"),
        ("DIMENSION", "-1"),
        ("PASSAGE_CHARACTERS", "99"),
        ("MAX_QUESTION_CHARACTERS", "0"),
        ("MAX_ARTICLE_BYTES", "1.5"),
        ("CORPUS", "~nobody-of-that-name/articles"),
    ],
)
def test_wrong_value_names_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """An impossible value is one sentence that names the setting as one sets it."""
    monkeypatch.setenv(f"CITEBOT_{name}", value)
    with pytest.raises(SettingsError) as caught:
        Settings()
    sentence = str(caught.value)
    assert sentence.startswith(f"The setting CITEBOT_{name} cannot be used: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert caught.value.__cause__ is None


def test_wrong_argument_is_told_the_same_way() -> None:
    """A wrong argument is named as the setting that it is."""
    with pytest.raises(SettingsError, match="CITEBOT_HITS"):
        Settings(hits=1_000)


def test_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the error about a token nor the settings themselves show it."""
    with pytest.raises(SettingsError, match="CITEBOT_CHROMA_TOKEN") as caught:
        Settings(chroma_token=[SECRET])
    assert SECRET not in str(caught.value)
    monkeypatch.setenv("CITEBOT_CHROMA_TOKEN", SECRET)
    settings = Settings()
    assert SECRET not in repr(settings) + str(settings) + settings.model_dump_json()
    assert settings.chroma_token is not None
    assert settings.chroma_token.get_secret_value() == SECRET


def test_settings_cannot_be_changed() -> None:
    """Settings are one frozen object."""
    settings = Settings()
    with pytest.raises(ValidationError, match="frozen"):
        settings.hits = 3


def test_settings_that_do_not_exist_are_named() -> None:
    """A misspelt argument is an error that names it, not a default in its place."""
    with pytest.raises(SettingsError, match="no setting corpse"):
        Settings(corpse="articles")


def test_passwords_do_not_belong_into_the_address_of_the_server() -> None:
    """An address with a password is refused without repeating it."""
    with pytest.raises(SettingsError, match="CITEBOT_CHROMA_URL") as caught:
        Settings(chroma_url=f"http://me:{SECRET}@127.0.0.1:8000")
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("folder", ["articles", "~/articles", "./a/../articles"])
def test_folders_do_not_depend_on_where_one_is(
    here: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    """A folder is made absolute once, so that it stays the same after a change of directory."""
    monkeypatch.setenv("HOME", str(here))
    assert Settings(corpus=folder, data=folder).corpus.is_absolute()
    assert Settings(corpus=folder) == Settings(corpus=folder)


@pytest.mark.parametrize("content", [b"CITEBOT_HITS=\xff\xfe", None])
def test_unreadable_file_is_an_error(here: Path, content: bytes | None) -> None:
    """A `.env` that is no UTF-8 is told by name; a folder of that name is no file at all."""
    if content is None:
        (here / ".env").mkdir()
        assert Settings().hits
        return
    (here / ".env").write_bytes(content)
    with pytest.raises(SettingsError, match=r"\.env cannot be read"):
        Settings()
