"""Rough days on both cores: each in a process of its own, so that one cannot disturb another."""

import signal
from collections.abc import Iterator, Sequence
from multiprocessing import get_context
from traceback import extract_tb
from typing import Final

from tests.simulation.rough import RoughWorld

WORKERS: Final = 2
"""Processes at a time, each with one day: more would only wait for the two cores that are there."""
MESSAGE_MAX: Final = 300
"""Characters told of what failed."""

Day = tuple[int, int]
"""(seed, steps)."""
Outcome = tuple[int, int, str]
"""(seed, callers who came, what failed)."""


def outcomes(days: Sequence[Day]) -> Iterator[Outcome]:
    """Give the outcome of each day as it ends; the processes end with the one who asks."""
    with get_context("fork").Pool(min(WORKERS, len(days)), leave_ctrl_c_to_the_first) as pool:
        yield from pool.imap_unordered(day, days)


def leave_ctrl_c_to_the_first() -> None:
    """Ignore Ctrl-C, which every process of a terminal gets: the first ends the others."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def day(asked: Day) -> Outcome:
    """Return how a day went."""
    seed, steps = asked
    try:
        world = RoughWorld(seed)
        world.run(steps)
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to this seed
        last = extract_tb(error.__traceback__)[-1]
        what = str(error) or last.line
        return seed, 0, f"{type(error).__name__} in {last.name}: {what}"[:MESSAGE_MAX]
    return seed, world.ledger.arrivals.total(), ""
