"""
Rough days by chance, as many as asked for: `python -m tests.simulation SEEDS [FIRST] [STEPS]`.

Each seed is a day of its own (`tests.simulation.rough`), and fails again by itself: the command for
that is printed. With one seed, what happened last is told, too. Exit code 0: none failed; 1: some
did, or so many that the rest was left; 130: interrupted.
"""

import sys
import traceback
from collections.abc import Sequence
from time import monotonic
from typing import Final

from tests.simulation.days import outcomes
from tests.simulation.rough import RoughWorld

STEPS: Final = 200
FAILURES_MAX: Final = 10
"""After so many the rest is left: they have one cause, most likely."""
TOLD: Final = 30
"""Lines of the story that are told of a single seed."""
TELL_EVERY_S: Final = 5.0
"""Between two lines of progress into a pipe."""
INTERRUPTED: Final = 130


def main(arguments: Sequence[str]) -> int:
    """Run the days that are asked for, and return the exit code."""
    try:
        seeds, first, steps = _asked(arguments)
    except ValueError:
        print((__doc__ or "").strip(), file=sys.stderr)
        return 2
    if seeds == 1:
        return _one(first, steps)
    days = [(seed, steps) for seed in range(first, first + seeds)]
    began, done, failed, callers = monotonic(), 0, 0, 0
    line = _Line(seeds)
    try:
        for seed, came, fault in outcomes(days):
            done, callers = done + 1, callers + came
            if fault:
                failed += 1
                line.clear()
                print(f"seed {seed}: {fault}\n  again: {_command(seed, steps)}", flush=True)
            if failed == FAILURES_MAX:
                print(f"{failed} have failed; the rest is left", flush=True)
                break
            line.tell(done, failed)
    except KeyboardInterrupt:
        line.clear()
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    line.clear()
    took = monotonic() - began
    print(f"{done} seeds of {steps} steps, {callers} callers, {failed} failed, {took:.0f} s")
    return 1 if failed else 0


def _asked(arguments: Sequence[str]) -> tuple[int, int, int]:
    numbers = [int(argument) for argument in arguments]
    seeds, first, steps = (numbers + [0, STEPS][len(numbers) - 1 :])[:3] if numbers else (0, 0, 0)
    if len(numbers) > 3 or seeds < 1 or first < 0 or steps < 1:
        raise ValueError
    return seeds, first, steps


def _command(seed: int, steps: int) -> str:
    return f"make simulate-faults SEEDS=1 FIRST={seed} STEPS={steps}"


def _one(seed: int, steps: int) -> int:
    """Run one day, and tell how it came to what failed."""
    world = RoughWorld.__new__(RoughWorld)
    try:
        world.__init__(seed)  # type: ignore[misc]
        world.run(steps)
    except Exception:  # noqa: BLE001 - whatever it is, it is what was asked for
        print("\n".join(getattr(world, "story", [])[-TOLD:]))
        traceback.print_exc()
        print(f"seed {seed} of {steps} steps failed; what led to it stands above")
        return 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    print(f"seed {seed} of {steps} steps: {world.ledger.arrivals.total()} callers, none failed")
    return 0


class _Line:
    """How far it is: one line that moves on a terminal, a line now and then into a pipe."""

    def __init__(self, seeds: int) -> None:
        self._seeds = seeds
        self._moves = sys.stderr.isatty()
        self._told = monotonic()

    def tell(self, done: int, failed: int) -> None:
        text = f"{done} of {self._seeds} seeds, {failed} failed"
        if self._moves:
            print(f"\r{text}", end="", file=sys.stderr, flush=True)
        elif monotonic() - self._told >= TELL_EVERY_S:
            self._told = monotonic()
            print(text, file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._moves:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
