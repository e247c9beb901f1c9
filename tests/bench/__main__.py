"""
Figures: how fast the parts are beside their peers, measured here and now.

    python -m tests.bench [NAME ...]      (make bench, make bench ONLY=NAME)

Each figure is one line of JSON on stdout, what is going on a line on stderr; one name may give
several figures, NAME.PART. All of them take about twenty minutes, of which `soak_short` takes ten
and `calls_vs_app_queue` five. Where nothing waits for a disk or for calls it is CPU time that
counts, so that other work on the machine changes little. docs/figures.md says what each means.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Sequence
from time import monotonic
from typing import Final

from lab.asterisk_errors import AsteriskMissingError
from tests.bench import (
    agent_free,
    ami_unwanted,
    ami_wanted,
    calls_vs_app_queue,
    decision,
    decision_growth,
    fastagi,
    journal,
    memory,
    reload,
    simulate,
    soak_short,
    world,
)
from tests.bench.figure import Figures, MeasureError, each

INTERRUPTED: Final = 130
"""The exit status of a command that ended by Ctrl-C, as shells have it."""

FIGURES: Final[dict[str, Callable[[], Coroutine[None, None, Figures]]]] = {
    "ami_wanted": ami_wanted.measure,
    "ami_unwanted": ami_unwanted.measure,
    "fastagi": fastagi.measure,
    "journal": journal.measure,
    "decision": decision.measure,
    "decision_growth": decision_growth.measure,
    "agent_free": agent_free.measure,
    "memory": memory.measure,
    "world": world.measure,
    "reload": reload.measure,
    "simulate": simulate.measure,
    "calls_vs_app_queue": calls_vs_app_queue.measure,
    "soak_short": soak_short.measure,
}

MINUTES: Final = {"calls_vs_app_queue": 6, "soak_short": 11}
"""Those that take minutes, and about how many."""


def main(arguments: Sequence[str]) -> int:
    """Print the figures that are asked for, and return the exit code."""
    if {"-h", "--help"} & set(arguments):
        print(f"{(__doc__ or '').strip()}\n\nThe figures are: {', '.join(FIGURES)}.")
        return 0
    names = arguments or list(FIGURES)
    for name in names:
        if name not in FIGURES:
            known = ", ".join(FIGURES)
            print(f"There is no figure {name!r}. The figures are: {known}.", file=sys.stderr)
            return 2
    minutes = sum(MINUTES.get(name, 0) for name in names)
    if minutes:
        print(f"This takes about {minutes} minutes; Ctrl-C ends it.", file=sys.stderr, flush=True)
    try:
        for number, name in enumerate(names, start=1):
            _measure(name, f"{number} of {len(names)}")
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except (MeasureError, AsteriskMissingError) as error:
        print(f"It cannot be measured: {error}.", file=sys.stderr)
        return 1
    return 0


def _measure(name: str, place: str) -> None:
    print(f"{name} ({place}) ...", file=sys.stderr, flush=True)
    began = monotonic()
    for figure in each(asyncio.run(FIGURES[name]())):
        print(figure.line(), flush=True)
    print(f"{name} took {monotonic() - began:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
