"""All settings, in one frozen object.

A value comes from the argument, else the environment variable `CITEBOT_<NAME>`, else the
file `.env` in the working directory, else the default below.
"""

import os
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError as SourceError

from rag.errors import SettingsError
from rag.ledger import Price

SAMPLE_CORPUS = Path(__file__).parent / "articles"
"""The five sample articles that come with the package."""


def _default_data() -> Path:
    from platformdirs import user_data_path

    return user_data_path("citebot")


def _absolute(path: Path) -> Path:
    try:
        # One folder, one index, however it was named; links stay, for they are names, too.
        return Path(os.path.normpath(path.expanduser().absolute()))
    except RuntimeError:
        raise ValueError(f"{path} names the home folder of nobody known here") from None


def _without_password(url: str) -> str:
    if urlsplit(url).password:
        raise ValueError("it holds a password: put the token into CITEBOT_CHROMA_TOKEN")
    return url


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("it holds a name or a password: put the key into OPENAI_API_KEY")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("it is no address: write one such as http://127.0.0.1:8080/v1")
    return url


def _none(value: object) -> object:
    """Nothing for the word `none`, which no environment variable could say otherwise."""
    return None if isinstance(value, str) and value.strip().lower() == "none" else value


Folder = Annotated[Path, AfterValidator(_absolute)]


class _Fields(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="CITEBOT_",
        env_file=".env",
        env_file_encoding="utf-8",
        # `CITEBOT_CORPUS=` means the default, not the working directory.
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        # The two settings with names of OpenAI's are arguments under their own names, too.
        populate_by_name=True,
        # A rejected value is named by its setting; repeating it might show a secret.
        hide_input_in_errors=True,
    )

    corpus: Folder = SAMPLE_CORPUS
    """The folder of articles."""
    data: Folder = Field(default_factory=_default_data)
    """Where the indexes live, one folder per corpus."""
    chroma_url: Annotated[str, AfterValidator(_without_password)] | None = None
    """A Chroma server such as `http://127.0.0.1:8000`; without one Chroma runs embedded."""
    chroma_token: SecretStr | None = None
    """Bearer token for that server."""
    passage_characters: int = Field(default=1_000, ge=100, le=10_000)
    """Upper bound of a passage's length; a longer sentence is a passage of its own."""
    dimension: int = Field(default=2048, ge=64, le=16_384)
    """Dimension of the built-in embedder."""
    max_article_bytes: int = Field(default=20_000_000, ge=1)
    """Larger files are not read."""
    max_question_characters: int = Field(default=12_000, ge=1)
    """Longer questions are rejected."""
    hits: int = Field(default=12, ge=1, le=100)
    """How many passages a generator sees."""
    statements: int = Field(default=3, ge=1, le=10)
    """At most this many sentences in an extractive answer."""
    threshold: float = Field(default=0.12, ge=0.0, le=1.0)
    """Extractive answers with less confidence than this become refusals."""

    model: str | None = None
    """The language model that writes answers; without one they are the articles' sentences."""
    judge: str | None = None
    """A language model that has to agree with every statement another model wrote."""
    openai_api_key: SecretStr | None = Field(default=None, validation_alias="OPENAI_API_KEY")
    """The key of its server, `OPENAI_API_KEY`; a server of one's own may need none."""
    openai_base_url: Annotated[str, AfterValidator(_address)] | None = Field(
        default=None, validation_alias="OPENAI_BASE_URL"
    )
    """The address of its server, `OPENAI_BASE_URL`; without one it is OpenAI's."""
    context_tokens: int = Field(default=12_000, ge=500, le=2_000_000)
    """How much of the articles a model reads for one question, rather less than more."""
    answer_tokens: int = Field(default=2_000, ge=50, le=200_000)
    """The longest reply of a model."""
    temperature: Annotated[float | None, BeforeValidator(_none)] = Field(
        default=0.0, ge=0.0, le=2.0
    )
    """What a model is asked with; `none` leaves it to the server."""
    model_seconds: float = Field(default=60.0, gt=0.0, le=3_600.0)
    """How long models may take for one question, all tries and waits included."""
    model_tries: int = Field(default=3, ge=1, le=10)
    """How many times a request is made that the server cannot answer for the moment."""
    model_concurrency: int = Field(default=8, ge=1, le=1_000)
    """Requests to a model that are under way at once."""
    prices: dict[str, Price] = Field(default_factory=dict)
    """By model, what a million tokens cost; JSON such as
    `{"MODEL": {"tokens_in": 0.5, "tokens_out": 2, "cached": 0.1}}`."""
    trace_text: bool = False
    """Whether spans of OpenTelemetry hold questions and replies."""


class Settings(_Fields):
    """The settings of one installation. Raises `SettingsError` for an impossible value."""

    def __init__(self, **values: Any) -> None:
        for name in values.keys() - type(self).model_fields.keys():
            if not name.startswith("_"):  # `_env_file` and the like are pydantic's own.
                raise SettingsError(f"There is no setting {name}: the README lists them.")
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from None
        except SourceError:
            # Only `prices` is read as JSON.
            raise SettingsError(
                "The setting CITEBOT_PRICES cannot be used: it is not JSON."
            ) from None
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"The file .env cannot be read ({error}): make it readable UTF-8, or remove it."
            ) from None


def _sentence(error: ValidationError) -> str:
    problem = error.errors()[0]
    setting, *inside = (str(part) for part in problem["loc"])
    name = setting.upper()
    why = problem["msg"].removeprefix("Value error, ")
    prefix = "" if name.startswith("OPENAI_") else "CITEBOT_"
    place = f"{', '.join(inside)}: " if inside else ""
    return f"The setting {prefix}{name} cannot be used: {place}{why}."
