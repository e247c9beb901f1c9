"""
Instants on both clocks: when something happened at this phone.

Monotonic time orders and measures (it is the clock of the event loop, so differences with
`loop.time()` are meant to be taken); wall time stands beside it to be compared with the logs of
other processes. This module knows nothing of calls.
"""

import time
from dataclasses import dataclass

NANOSECONDS_PER_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """One instant, in nanoseconds on the monotonic clock and on the wall clock."""

    monotonic_ns: int
    wall_ns: int

    @classmethod
    def now(cls) -> "Moment":
        """Return the present instant."""
        return cls(time.monotonic_ns(), time.time_ns())

    @classmethod
    def at(cls, monotonic_ns: int) -> "Moment":
        """Return the recent instant `monotonic_ns`, its wall time reckoned back from now."""
        return cls(monotonic_ns, time.time_ns() - (time.monotonic_ns() - monotonic_ns))

    @property
    def monotonic_s(self) -> float:
        """The instant in seconds on the event loop's clock."""
        return self.monotonic_ns / NANOSECONDS_PER_SECOND
