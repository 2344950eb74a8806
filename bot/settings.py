"""The settings of the bot, in one frozen object, beside those of `rag.settings`.

A value comes from the argument, else the environment variable `CITEBOT_TELEGRAM_<NAME>`, else the
file `.env` in the working directory, else the default below. The database's address is
`CITEBOT_DATABASE_URL`, for not only Telegram may need it one day.
"""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from rag.errors import SettingsError

PREFIX = "CITEBOT_TELEGRAM_"

TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")
"""What BotFather gives out: the bot's id, a colon, letters and digits."""

SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
"""What Telegram takes as a webhook's secret (Bot API, `setWebhook`)."""

NO_TOKEN = (
    f"The bot has no token: set {PREFIX}TOKEN to the one that BotFather gave you, or "
    f"{PREFIX}TOKEN_FILE to a file that holds it."
)
TWO_TOKENS = f"The bot has two tokens: set {PREFIX}TOKEN or {PREFIX}TOKEN_FILE, and not both."


def _token(secret: SecretStr) -> SecretStr:
    token = secret.get_secret_value().strip()
    if not TOKEN.fullmatch(token):
        raise ValueError("it is no token: BotFather gives one such as 123456789:AA, and 33 more")
    return SecretStr(token)


def _secret(secret: SecretStr) -> SecretStr:
    if not SECRET.fullmatch(secret.get_secret_value()):
        raise ValueError("it has 1 to 256 letters (a to z, A to Z), digits, _ and -")
    return secret


def _address(url: str) -> SplitResult:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("it holds a name or a password")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it is no address such as https://example.org/bot")
    return parts


def _server(url: str) -> str:
    if not _address(url).path.endswith("/bot"):
        raise ValueError("it has to end with /bot, which the token is written after")
    return url


def _webhook(url: str) -> str:
    parts = _address(url)
    if parts.scheme != "https" and not _is_loopback(parts.hostname or ""):
        raise ValueError("it has to begin with https: Telegram calls no other")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _ids(value: object) -> object:
    """Ids from a list such as `12345, -100987`."""
    if not isinstance(value, str):
        return value
    try:
        return frozenset(int(word) for word in value.replace(",", " ").split())
    except ValueError:
        raise ValueError("it is a list of numbers with commas, such as 12345,67890") from None


def _people(ids: frozenset[int]) -> frozenset[int]:
    if any(one <= 0 for one in ids):
        raise ValueError(f"ids of people are above 0; groups belong into {PREFIX}CHATS")
    return ids


# A number is meant as itself, not as the JSON that pydantic-settings reads elsewhere.
Ids = Annotated[frozenset[int], NoDecode, BeforeValidator(_ids)]
People = Annotated[Ids, AfterValidator(_people)]
Server = Annotated[str, AfterValidator(_server)]


class _Fields(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        populate_by_name=True,
        # A rejected value is named by its setting; repeating it might show a secret.
        hide_input_in_errors=True,
    )

    token: Annotated[SecretStr, AfterValidator(_token)]
    """What BotFather gave out; from `token_file`, if that is set instead."""
    token_file: Path | None = None
    """A file that holds the token, as systemd and Docker hand out secrets."""
    base_url: Server = "https://api.telegram.org/bot"
    """The Bot API, up to the token (`base_url` of python-telegram-bot)."""
    file_url: Server = "https://api.telegram.org/file/bot"
    """Its files (`base_file_url`); without one it is `base_url`'s, /file/bot instead of /bot."""

    webhook_url: Annotated[str, AfterValidator(_webhook)] | None = None
    """Where Telegram posts updates to; without one the bot asks for them."""
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] | None = None
    """What Telegram sends along with every post; without one it is made anew at each start."""
    listen: str = "127.0.0.1"
    """Where posts are taken: behind a proxy on the same machine."""
    port: int = Field(default=8443, ge=1, le=65_535)
    """The port of that."""

    admins: People = frozenset()
    """Ids of the people who may do what only administrators may."""
    users: People = frozenset()
    """Ids of the people who may ask; empty, as long as `chats` is, too: everybody."""
    chats: Ids = frozenset()
    """Ids of the groups in which everybody may ask."""
    per_minute: int = Field(default=6, ge=1)
    """Questions of a person in a minute."""
    per_day: int = Field(default=100, ge=1)
    """Questions of a person in a day."""
    daily_cost: float | None = Field(default=None, gt=0.0)
    """What everybody's questions may cost in a day, in the currency of `CITEBOT_PRICES`."""

    at_once: int = Field(default=32, ge=2, le=256)
    """Updates in work at once, and connections to Telegram."""
    stale_minutes: int = Field(default=15, ge=1)
    """Older questions are apologised for instead of answered."""
    stop_seconds: float = Field(default=20.0, ge=0.0, le=600.0)
    """How long the end of what is in work is waited for at SIGTERM."""
    health_port: int = Field(default=0, ge=0, le=65_535)
    """The port of 127.0.0.1 where health and metrics are served; 0 for none."""

    retention_days: int = Field(default=30, ge=1)
    """Answers are kept for so long."""
    inline: bool = True
    """Whether `@bot question` is answered in any chat."""
    max_upload_bytes: int = Field(default=10_000_000, ge=1)
    """Larger files of administrators are refused; Telegram itself hands out 20 MB at most."""
    database_url: SecretStr | None = Field(default=None, validation_alias="CITEBOT_DATABASE_URL")
    """A PostgreSQL server, such as `postgresql://NAME:PASSWORD@HOST/DATABASE`; without one it is
    a SQLite file in `CITEBOT_DATA`."""

    @model_validator(mode="before")
    @classmethod
    def _complete(cls, values: dict[str, Any]) -> dict[str, Any]:
        """Token from its file, address of files from that of the server."""
        token, file, base = (values.get(name) for name in ("token", "token_file", "base_url"))
        if not token and not file:
            raise ValueError(NO_TOKEN)
        if token and file:
            raise ValueError(TWO_TOKENS)
        if file:
            values = values | {"token": _read(Path(file))}
        if isinstance(base, str) and base.endswith("/bot") and not values.get("file_url"):
            values = values | {"file_url": f"{base.removesuffix('bot')}file/bot"}
        return values

    @property
    def webhook_path(self) -> str:
        """The path of `webhook_url` without its first slash."""
        return urlsplit(self.webhook_url or "").path.removeprefix("/")

    def database(self, data: Path) -> str | Path:
        """What `bot.database.Database.open` opens, for the folder of `rag.settings.data`."""
        if self.database_url:
            return self.database_url.get_secret_value()
        # Each bot counts its updates by itself: another's numbers are not to be taken for known.
        return data / f"bot-{self.token.get_secret_value().partition(':')[0]}.db"


def _read(file: Path) -> str:
    """The token in a file; raises `ValueError` with a whole sentence."""
    try:
        token = file.expanduser().read_text("utf-8").strip()
    except (OSError, RuntimeError, UnicodeDecodeError):
        why = f"{file} cannot be read: name a text file that the bot may read"
    else:
        if TOKEN.fullmatch(token):
            return token
        why = f"{file} holds no token: it has to hold the one that BotFather gave you, alone"
    raise ValueError(f"The setting {PREFIX}TOKEN_FILE cannot be used: {why}.")


class BotSettings(_Fields):
    """The settings of one bot. Raises `SettingsError` for an impossible value."""

    def __init__(self, **values: Any) -> None:
        for name in values.keys() - type(self).model_fields.keys():
            if not name.startswith("_"):  # `_env_file` and the like are pydantic's own.
                raise SettingsError(
                    f"There is no setting {name} of the bot: the README lists them."
                )
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"The file .env cannot be read ({error}): make it readable UTF-8, or remove it."
            ) from None


def _sentence(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_context=False)[0]
    why = problem["msg"].removeprefix("Value error, ")
    if not problem["loc"]:
        return why
    name = str(problem["loc"][0]).upper()
    prefix = "" if name.startswith("CITEBOT_") else PREFIX
    return f"The setting {prefix}{name} cannot be used: {why}."
