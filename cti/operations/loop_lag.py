"""
How late the event loop is: everything here runs on it, so its lag is everybody's.

A task sleeps for a tenth of a second and sees how much longer it took. A stall that is shorter than
the sleep may hide in it, so the distribution tells less than all; the longest ones it always sees.
"""

import asyncio
import time
from collections import deque

from cti.buckets import Buckets

EVERY_S = 0.1
LAG_BOUNDS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SLOT_S = 10.0
SLOTS = 6
"""The longest lag is that of the last minute, in slots of ten seconds."""


class LoopLag:
    """What was measured since the start; `run` measures."""

    def __init__(self) -> None:
        self.spread = Buckets(LAG_BOUNDS_S)
        self._slots: deque[float] = deque([0.0], maxlen=SLOTS)
        self._slot_ends = time.monotonic() + SLOT_S

    @property
    def longest(self) -> float:
        """The longest lag of the last minute or so, in seconds."""
        return max(self._slots)

    async def run(self) -> None:
        """Measure until cancelled."""
        while True:
            due = time.monotonic() + EVERY_S
            await asyncio.sleep(EVERY_S)
            self.note(time.monotonic(), due)

    def note(self, now: float, due: float) -> None:
        """Take note of what was due at `due` and happened `now`."""
        lag = max(0.0, now - due)
        self.spread.observe(lag)
        while now >= self._slot_ends:
            self._slots.append(0.0)
            # After a long stall no more slots than there are.
            self._slot_ends = max(self._slot_ends + SLOT_S, now - SLOT_S * SLOTS)
        self._slots[-1] = max(self._slots[-1], lag)
