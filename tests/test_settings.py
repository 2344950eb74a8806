"""What `rag.settings` promises: where a value comes from, and what an impossible one is told."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from rag.errors import SettingsError
from rag.ledger import Price
from rag.settings import SAMPLE_CORPUS, Settings

SECRET = "hunter2-hunter2"  # noqa: S105 - nobody's


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a file `.env`, and an environment without settings."""
    import os

    for name in os.environ:
        if name.startswith(("CITEBOT_", "OPENAI_")):
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


# --- The language model ------------------------------------------------------------------------

ADDRESS = "http://127.0.0.1:8080/v1"


def test_without_a_setting_there_is_no_model() -> None:
    """Neither model, key nor address is made up; what they would be asked with is bounded."""
    settings = Settings()
    assert settings.model is settings.judge is None
    assert settings.openai_api_key is None
    assert settings.openai_base_url is None
    assert settings.temperature == 0
    assert settings.prices == {}
    assert settings.trace_text is False


@pytest.mark.parametrize(
    ("argument", "environment", "file", "used"),
    [
        ("a", "b", "c", "a"),
        ("a", None, "c", "a"),
        ("a", "b", None, "a"),
        (None, "b", "c", "b"),
        (None, None, "c", "c"),
        (None, "", "c", "c"),
        (None, "", None, None),
        (None, None, None, None),
    ],
)
def test_key_and_address_have_the_names_that_everybody_uses(
    here: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    argument: str | None,
    environment: str | None,
    file: str | None,
    used: str | None,
) -> None:
    """`OPENAI_API_KEY` and `OPENAI_BASE_URL` come from where all settings come from."""
    if environment is not None:
        monkeypatch.setenv("OPENAI_API_KEY", environment)
        monkeypatch.setenv("OPENAI_BASE_URL", environment and f"http://{environment}/v1")
    if file is not None:
        lines = f"OPENAI_API_KEY={file}\nOPENAI_BASE_URL=http://{file}/v1\n"
        (here / ".env").write_text(lines)
    arguments = {"openai_api_key": argument, "openai_base_url": f"http://{argument}/v1"}
    settings = Settings(**(arguments if argument else {}))
    key = settings.openai_api_key
    assert (key.get_secret_value() if key else None) == used
    assert settings.openai_base_url == (used and f"http://{used}/v1")


@pytest.mark.parametrize("source", ["argument", "environment", "file"])
def test_key_is_never_shown(here: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """A key stands in no repr, dump or error, wherever it came from."""
    if source == "environment":
        monkeypatch.setenv("OPENAI_API_KEY", SECRET)
    if source == "file":
        (here / ".env").write_text(f"OPENAI_API_KEY={SECRET}\n")
    arguments = {"openai_api_key": SECRET} if source == "argument" else {}
    settings = Settings(**arguments)
    shown = f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"
    assert SECRET not in shown
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == SECRET
    with pytest.raises(SettingsError) as caught:
        Settings(**arguments, hits=0)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("OPENAI_BASE_URL", "nonsense", "it is no address"),
        ("OPENAI_BASE_URL", "ftp://127.0.0.1/v1", "it is no address"),
        ("OPENAI_BASE_URL", "http://", "it is no address"),
        ("OPENAI_BASE_URL", "http://[::1", "URL"),
        ("OPENAI_BASE_URL", f"http://me:{SECRET}@127.0.0.1/v1", "OPENAI_API_KEY"),
        ("OPENAI_BASE_URL", f"http://{SECRET}@127.0.0.1/v1", "OPENAI_API_KEY"),
        ("CITEBOT_TEMPERATURE", "hot", "number"),
        ("CITEBOT_TEMPERATURE", "2.1", "less than or equal"),
        ("CITEBOT_TEMPERATURE", "-1", "greater than or equal"),
        ("CITEBOT_TEMPERATURE", "nan", "equal"),
        ("CITEBOT_CONTEXT_TOKENS", "499", "greater than or equal"),
        ("CITEBOT_ANSWER_TOKENS", "0", "greater than or equal"),
        ("CITEBOT_MODEL_SECONDS", "0", "greater than"),
        ("CITEBOT_MODEL_SECONDS", "inf", "less than or equal"),
        ("CITEBOT_MODEL_SECONDS", "nan", "equal"),
        ("CITEBOT_MODEL_TRIES", "0", "greater than or equal"),
        ("CITEBOT_MODEL_CONCURRENCY", "0", "greater than or equal"),
        ("CITEBOT_TRACE_TEXT", "perhaps", "boolean"),
        ("CITEBOT_PRICES", "{", "not JSON"),
        ("CITEBOT_PRICES", f"{SECRET}", "not JSON"),
        ("CITEBOT_PRICES", "[]", "dictionary"),
        ("CITEBOT_PRICES", "5", "dictionary"),
        ("CITEBOT_PRICES", '{"m": 5}', "m: "),
        ("CITEBOT_PRICES", '{"m": {"tokens_in": 1}}', "m, tokens_out: "),
        ("CITEBOT_PRICES", '{"m": {"tokens_in": "dear", "tokens_out": 1}}', "m, tokens_in: "),
        ("CITEBOT_PRICES", '{"m": {"tokens_in": -1, "tokens_out": 1}}', "m: a price is"),
        ("CITEBOT_PRICES", '{"m": {"tokens_in": NaN, "tokens_out": 1}}', "m: a price is"),
    ],
)
@pytest.mark.parametrize("in_file", [False, True])
def test_wrong_value_for_a_model_names_its_variable(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str, *, in_file: bool
) -> None:
    """One sentence that names the variable as one sets it, and repeats no value."""
    if in_file:
        (here / ".env").write_text(f"{name}='{value}'\n")
    else:
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as caught:
        Settings()
    sentence = str(caught.value)
    assert sentence.startswith(f"The setting {name} cannot be used: ")
    assert says in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert SECRET not in sentence
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("word", ["none", "None", " NONE "])
def test_temperature_can_be_left_to_the_server(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    """The word `none` is nothing; without a word it is 0."""
    monkeypatch.setenv("CITEBOT_TEMPERATURE", word)
    assert Settings().temperature is None
    assert Settings(temperature=None).temperature is None
    assert Settings(temperature=0.5).temperature == 0.5


@pytest.mark.parametrize("in_file", [False, True])
def test_prices_are_json(here: Path, monkeypatch: pytest.MonkeyPatch, *, in_file: bool) -> None:
    """A price by the model's name; what the server has kept has its own where it is given."""
    table = '{"a": {"tokens_in": 0.5, "tokens_out": 2, "cached": 0.1}, "b/c:1": {"tokens_in": 1, '
    table += '"tokens_out": 0}}'
    if in_file:
        (here / ".env").write_text(f"CITEBOT_PRICES='{table}'\n")
    else:
        monkeypatch.setenv("CITEBOT_PRICES", table)
    prices = {
        "a": Price(tokens_in=0.5, tokens_out=2, cached=0.1),
        "b/c:1": Price(tokens_in=1, tokens_out=0),
    }
    assert Settings().prices == prices
    assert Settings(prices=prices).prices == prices


def test_address_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of one's own needs an address and nothing else."""
    monkeypatch.setenv("OPENAI_BASE_URL", ADDRESS)
    assert Settings(model="m").openai_base_url == ADDRESS
