"""The command line: `python -m rag`."""

import gc
import sys

# Importing makes many objects and no garbage; looking for it took a tenth of a cold `ask`.
gc.set_threshold(50_000, 20, 20)

from rag.cli import main  # noqa: E402 - after the line above, which is for the imports

status = main()
# So did looking for it once more at the end, when all is about to go.
gc.freeze()
sys.exit(status)
