"""Thresholds that a run must hold: `eval/gates.toml`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from eval.golden import Count, Group
from rag.errors import UsageError

FILE = Path(__file__).parent / "gates.toml"


def failures(name: str, reached: Mapping[Group, Count], file: Path = FILE) -> list[str]:
    """What falls short of the gates for the case file `name`, one sentence each.

    A gate without a single case falls short, too. Raises `UsageError` for a gate of a group
    that does not exist.
    """
    gates: Mapping[str, float] = tomllib.loads(file.read_text("utf-8")).get(name, {})
    unknown = sorted(gates.keys() - set(Group))
    if unknown:
        raise UsageError(f"{file.name} has a gate for {', '.join(unknown)}: no such group exists.")
    found: list[str] = []
    for group, least in gates.items():
        count = reached.get(Group(group), Count(good=0, of=0))
        if not count.of:
            found.append(f"{name}, {group}: no case, so nothing holds the gate of {least:.1%}")
        elif count.share < least:
            found.append(f"{name}, {group}: {count.share:.1%} is below {least:.1%}")
    return found
