"""Thresholds that a run must hold: `eval/gates.toml`."""

import tomllib
from collections.abc import Mapping
from pathlib import Path

from eval.golden import Count, Group

FILE = Path(__file__).parent / "gates.toml"


def failures(name: str, reached: Mapping[Group, Count], file: Path = FILE) -> list[str]:
    """What falls short of the gates for the case file `name`, one sentence each."""
    gates: Mapping[str, float] = tomllib.loads(file.read_text("utf-8")).get(name, {})
    return [
        f"{name}, {group}: {reached[Group(group)].share:.1%} is below {least:.1%}"
        for group, least in gates.items()
        if Group(group) in reached and reached[Group(group)].share < least
    ]
