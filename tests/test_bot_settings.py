"""What `bot.settings` promises: one token, addresses that can be right, ids, no secrets."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from bot.settings import BotSettings
from rag.errors import SettingsError
from tests.telegram_world import TOKEN

PASSWORD = "postgresql://anna:hunter2-hunter2@127.0.0.1/citebot"  # noqa: S105 - nobody's


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory without a file `.env`, and an environment without settings."""
    for name in os.environ:
        if name.startswith("CITEBOT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_defaults_are_telegrams_own_server_and_a_file() -> None:
    """With a token and nothing else the bot polls Telegram, is open, and keeps a SQLite file."""
    settings = BotSettings(token=TOKEN)

    assert settings.base_url == "https://api.telegram.org/bot"
    assert settings.file_url == "https://api.telegram.org/file/bot"
    assert settings.webhook_url is None
    assert (settings.listen, settings.health_port) == ("127.0.0.1", 0)
    assert not settings.users | settings.chats | settings.admins
    assert settings.database(Path("data")) == Path(f"data/bot-{TOKEN.partition(':')[0]}.db")


@pytest.mark.parametrize("name", ["TOKEN", "TOKEN_FILE"])
@pytest.mark.parametrize("space", ["", " ", "\n", "\r\n"])
def test_the_token_is_a_variable_or_a_file(
    here: Path, monkeypatch: pytest.MonkeyPatch, name: str, space: str
) -> None:
    """The token comes from the environment or from a file, spaces around it or not."""
    path = here / "token"
    path.write_text(TOKEN + space, "utf-8")
    value = TOKEN + space if name == "TOKEN" else str(path)
    monkeypatch.setenv(f"CITEBOT_TELEGRAM_{name}", value)

    assert BotSettings().token.get_secret_value() == TOKEN


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "has no token"),
        ({"TOKEN": ""}, "has no token"),
        ({"TOKEN": TOKEN, "TOKEN_FILE": "token"}, "has two tokens"),
        ({"TOKEN": "hunter2-hunter2"}, "CITEBOT_TELEGRAM_TOKEN cannot be used"),
        ({"TOKEN": TOKEN.replace(":", " ")}, "CITEBOT_TELEGRAM_TOKEN cannot be used"),
        ({"TOKEN": TOKEN + "\nmore"}, "CITEBOT_TELEGRAM_TOKEN cannot be used"),
        ({"TOKEN_FILE": "missing"}, "CITEBOT_TELEGRAM_TOKEN_FILE cannot be used: missing cannot"),
        ({"TOKEN_FILE": "~nobody-of-that-name/token"}, "CITEBOT_TELEGRAM_TOKEN_FILE cannot be"),
        ({"TOKEN_FILE": "."}, "CITEBOT_TELEGRAM_TOKEN_FILE cannot be used: . cannot"),
        ({"TOKEN_FILE": "words"}, "CITEBOT_TELEGRAM_TOKEN_FILE cannot be used: words holds no"),
        ({"TOKEN_FILE": "bytes"}, "CITEBOT_TELEGRAM_TOKEN_FILE cannot be used: bytes cannot"),
    ],
)
def test_without_exactly_one_token_there_is_no_bot(
    here: Path, monkeypatch: pytest.MonkeyPatch, *, values: dict[str, str], told: str
) -> None:
    """No token, two, a wrong one, or a file without one: a sentence that says what to set."""
    (here / "words").write_text("hunter2-hunter2", "utf-8")
    (here / "bytes").write_bytes(b"\xff\xfe")
    for name, value in values.items():
        monkeypatch.setenv(f"CITEBOT_TELEGRAM_{name}", value)

    with pytest.raises(SettingsError) as caught:
        BotSettings()
    sentence = str(caught.value)
    assert told in sentence
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "hunter2" not in sentence
    assert TOKEN.partition(":")[2] not in sentence
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BASE_URL", "api.telegram.org/bot"),
        ("BASE_URL", "http://127.0.0.1:8081"),
        ("BASE_URL", "http://127.0.0.1:8081/bot/"),
        ("BASE_URL", "https://anna:hunter2-hunter2@127.0.0.1/bot"),
        ("FILE_URL", "ftp://127.0.0.1/file/bot"),
        ("WEBHOOK_URL", "http://example.org/hook"),
        ("WEBHOOK_URL", "http://10.0.0.1/hook"),
        ("WEBHOOK_URL", "https://anna@example.org/hook"),
        ("WEBHOOK_URL", "https:///hook"),
        ("WEBHOOK_SECRET", "hunter2 hunter2"),
        ("WEBHOOK_SECRET", "hunter2-" * 33),
        ("WEBHOOK_SECRET", "hunter2\n"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("ADMINS", "@anna"),
        ("ADMINS", "-5"),
        ("USERS", "1;2"),
        ("USERS", "0"),
        ("CHATS", "1.5"),
        ("PER_MINUTE", "0"),
        ("PER_DAY", "many"),
        ("DAILY_COST", "0"),
        ("DAILY_COST", "nan"),
        ("AT_ONCE", "1"),
        ("AT_ONCE", "1000"),
        ("STALE_MINUTES", "0"),
        ("STOP_SECONDS", "-1"),
        ("STOP_SECONDS", "inf"),
        ("HEALTH_PORT", "-1"),
        ("RETENTION_DAYS", "0"),
        ("INLINE", "perhaps"),
        ("MAX_UPLOAD_BYTES", "0"),
    ],
)
def test_a_wrong_value_names_its_setting(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """An impossible value is one sentence that names the setting and repeats no secret."""
    monkeypatch.setenv(f"CITEBOT_TELEGRAM_{name}", value)
    with pytest.raises(SettingsError) as caught:
        BotSettings(token=TOKEN)
    sentence = str(caught.value)
    assert sentence.startswith(f"The setting CITEBOT_TELEGRAM_{name} cannot be used: ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert "hunter2" not in sentence + str(caught.value.__context__)


@pytest.mark.parametrize(
    "value",
    ["https://example.org/hook", "http://127.0.0.1:8443/hook", "http://[::1]/hook"],
)
def test_a_webhook_is_https_or_on_this_machine(value: str) -> None:
    """Telegram posts over HTTPS only, a server on the same machine over HTTP, too."""
    settings = BotSettings(token=TOKEN, webhook_url=value)
    assert settings.webhook_url == value
    assert settings.webhook_path == "hook"


@pytest.mark.parametrize(
    ("given", "file_url"),
    [
        ({"base_url": "http://127.0.0.1:8081/bot"}, "http://127.0.0.1:8081/file/bot"),
        (
            {"base_url": "http://127.0.0.1:8081/bot", "file_url": "http://127.0.0.1:82/bot"},
            "http://127.0.0.1:82/bot",
        ),
    ],
)
def test_files_come_from_the_same_server(given: dict[str, str], file_url: str) -> None:
    """Who names a server of their own need not name where its files are."""
    assert BotSettings(token=TOKEN, **given).file_url == file_url


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("12345", {12345}),
        ("12345,67890", {12345, 67890}),
        (" 12345 ,\t67890, ", {12345, 67890}),
        ("-100987 5", {-100987, 5}),
        (",", set()),
        ("", set()),
    ],
)
def test_ids_are_a_list_with_commas(
    monkeypatch: pytest.MonkeyPatch, text: str, ids: set[int]
) -> None:
    """People and chats are named by their ids, with commas or spaces between them."""
    monkeypatch.setenv("CITEBOT_TELEGRAM_CHATS", text)
    assert BotSettings(token=TOKEN).chats == ids


def test_the_database_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """`CITEBOT_DATABASE_URL` goes before the file in the data folder; an argument, before both."""
    monkeypatch.setenv("CITEBOT_DATABASE_URL", PASSWORD)
    assert BotSettings(token=TOKEN).database(Path("data")) == PASSWORD
    other = BotSettings(token=TOKEN, database_url="sqlite:///other.db")
    assert other.database(Path("data")) == "sqlite:///other.db"


def test_secrets_are_not_shown() -> None:
    """Neither token nor webhook's secret nor the database's password is in the settings' text."""
    settings = BotSettings(token=TOKEN, webhook_secret="hunter2-hunter2", database_url=PASSWORD)  # noqa: S106
    shown = repr(settings) + str(settings) + settings.model_dump_json()
    assert "hunter2" not in shown
    assert TOKEN.partition(":")[2] not in shown


def test_settings_cannot_be_changed_or_invented() -> None:
    """Settings are one frozen object, and a name that is none of them is told."""
    settings = BotSettings(token=TOKEN)
    with pytest.raises(ValidationError, match="frozen"):
        settings.port = 1
    with pytest.raises(SettingsError, match="no setting proxy"):
        BotSettings(token=TOKEN, proxy="x")


def test_the_file_env_is_read_with_others_variables_in_it(here: Path) -> None:
    """The bot's settings stand in the same `.env` as all others."""
    lines = [f"CITEBOT_TELEGRAM_TOKEN={TOKEN}", "CITEBOT_HITS=3", "CITEBOT_TELEGRAM_ADMINS=1,2"]
    (here / ".env").write_text("\n".join(lines), "utf-8")
    assert BotSettings().admins == {1, 2}
