"""All settings, in one frozen object.

A value comes from the argument, else the environment variable `CITEBOT_<NAME>`, else the
file `.env` in the working directory, else the default below.
"""

import os
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from rag.errors import SettingsError

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
    max_question_characters: int = Field(default=4_000, ge=1)
    """Longer questions are rejected."""
    hits: int = Field(default=12, ge=1, le=100)
    """How many passages a generator sees."""
    statements: int = Field(default=3, ge=1, le=10)
    """At most this many sentences in an extractive answer."""
    threshold: float = Field(default=0.12, ge=0.0, le=1.0)
    """Extractive answers with less confidence than this become refusals."""


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
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"The file .env cannot be read ({error}): make it readable UTF-8, or remove it."
            ) from None


def _sentence(error: ValidationError) -> str:
    problem = error.errors()[0]
    name = "_".join(str(part) for part in problem["loc"]).upper()
    why = problem["msg"].removeprefix("Value error, ")
    return f"The setting CITEBOT_{name} cannot be used: {why}."
