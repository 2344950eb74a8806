"""Golden claims: true sentences and the quotes that carry them, to measure the check of claims.

`golden/claims.yaml` says what its fields mean.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from rag.errors import UsageError

FILE = Path(__file__).parent / "golden" / "claims.yaml"
"""The bundled claims."""

_Text = Annotated[str, Field(pattern=r"\S")]


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenClaim:
    """A true sentence, and what it rests on."""

    id: _Text
    part: Literal["calibration", "heldout"]
    """What may be tuned on, and what is only measured."""
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}$")]
    """Of the claim, ISO 639-1."""
    article: _Text
    """The file that all quotes are from."""
    claim: _Text
    quotes: Annotated[tuple[_Text, ...], Field(min_length=1)]
    """Sentences of the article as they stand there; all of them together carry the claim."""


_CLAIMS = TypeAdapter(Annotated[tuple[GoldenClaim, ...], Field(min_length=1)])


def read(path: Path | None = None) -> tuple[GoldenClaim, ...]:
    """The claims of a file, of the bundled one if none is given, in order.

    Raises `UsageError` that names the first fault.
    """
    path = path or FILE
    try:
        claims = _CLAIMS.validate_python(
            yaml.safe_load(path.read_text("utf-8-sig")), extra="forbid"
        )
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}).") from None
    except ValidationError as error:
        raise UsageError(f"{path.name}{_fault(error)}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise UsageError(f"{path.name} is no YAML: {' '.join(str(error).split())}.") from None
    name, count = Counter(claim.id for claim in claims).most_common(1)[0]
    if count > 1:
        raise UsageError(f"{path.name}: `{name}` stands {count} times; an id is used once.")
    return claims


def _fault(error: ValidationError) -> str:
    """Where the first fault is, counting claims from 1, and what it is."""
    problem = error.errors()[0]
    if not problem["loc"]:
        return ": it is no list of claims"
    number, *names = problem["loc"]
    where = " ".join(str(name) for name in names)
    return f", claim {int(number) + 1}{where and f', {where}'}: {problem['msg']}"
