"""
Figures: how fast the parts are beside their peers, measured here and now.

    python -m tests.bench [NAME]      (make bench, make bench ONLY=NAME)

Each figure is one line of JSON on stdout, what is going on a line on stderr. Where nothing waits
for a disk it counts CPU time, so that other work on the machine changes little.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from time import monotonic
from typing import Final

from tests.bench import acd, acd_growth, ami_unwanted, ami_wanted, fastagi, journal
from tests.bench.figure import Figure

FIGURES: Final[dict[str, Callable[[], Coroutine[None, None, Figure]]]] = {
    "ami_wanted": ami_wanted.measure,
    "ami_unwanted": ami_unwanted.measure,
    "fastagi": fastagi.measure,
    "journal": journal.measure,
    "acd": acd.measure,
    "acd_growth": acd_growth.measure,
}


def main(arguments: Sequence[str]) -> int:
    """Print the figures that are asked for, and return the exit code."""
    names = arguments or list(FIGURES)
    for name in names:
        if name not in FIGURES:
            known = ", ".join(FIGURES)
            print(f"There is no figure {name!r}. The figures are: {known}.", file=sys.stderr)
            return 2
    for number, name in enumerate(names, start=1):
        print(f"{name} ({number} of {len(names)}) ...", file=sys.stderr, flush=True)
        began = monotonic()
        print(asyncio.run(FIGURES[name]()).line(), flush=True)
        print(f"{name} took {monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
