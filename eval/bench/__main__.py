"""Run a benchmark: `python -m eval.bench NAME`; without a name, list them."""

import importlib
import sys
from collections.abc import Sequence

BENCHMARKS = {
    "answers": "answers by a language model: our time beside LlamaIndex, a crowd, first statements",
    "cold": "the wall time of a cold `ask` beside a plain LlamaIndex and Chroma script",
    "indexes": "lexical indexes: speed, size, recall (needs --data, a folder of public sets)",
    "scoring": "the time to score 10,000 stored answers, bootstrap included",
    "splitters": "sentence splitters on hard cases",
}
"""What each module of this folder that is a benchmark measures."""


def main(arguments: Sequence[str]) -> int:
    """Hand the arguments behind the name to the benchmark; 2 for a name that is none."""
    name = next(iter(arguments), "--help")
    if name in BENCHMARKS:
        status = importlib.import_module(f"eval.bench.{name}").main(arguments[1:])
        return status or 0
    print("usage: python -m eval.bench NAME [options], NAME one of")
    for known, what in BENCHMARKS.items():
        print(f"  {known:12}{what}")
    return 0 if name in {"-h", "--help"} else 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
