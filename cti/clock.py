"""
The shell's clock: UTC read once, then carried forward by the monotonic clock.

So time never runs back, whatever is done to the machine's clock, and two readings differ by what
really passed. It is never less than the last journalled instant either, so that a replay and the
life that follows it are one story.
"""

import time
from collections.abc import Callable

from cti.instants import Time

_NANOSECONDS_PER_MICROSECOND = 1_000


def wall_clock() -> Time:
    """Return what the machine's clock shows now; somebody may put it forward or back."""
    return Time(time.time_ns() // _NANOSECONDS_PER_MICROSECOND)


class Clock:
    """Instants for the whole daemon; `wall_ns` and `monotonic_ns` are the sources it reads."""

    def __init__(
        self,
        *,
        not_before: Time = Time(0),  # noqa: B008 - a NewType of int, immutable
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self._start = max(wall_ns() // _NANOSECONDS_PER_MICROSECOND, not_before)
        self._monotonic_start = monotonic_ns()

    def now(self) -> Time:
        """Return the present instant; never less than any it returned before."""
        passed = self._monotonic_ns() - self._monotonic_start
        return Time(self._start + passed // _NANOSECONDS_PER_MICROSECOND)
