"""
How long something usually takes, and how much that varies: figures that forget.

The last `KEPT` cases or so count, the newest most: a mean over all time never learns that work has
changed. All of it in whole microseconds, so that the same cases give the same figures everywhere.
This module knows nothing of what is observed.
"""

from dataclasses import dataclass

from cti.instants import Duration

KEPT = 64
"""After so many cases each new one counts for this part of the mean."""
LONGEST = Duration(2 * 3_600 * 1_000_000)
"""What takes longer counts as this long: one talk that nobody hung up must not rule the mean."""
PARTS = 1_000_000
"""Shares are told in millionths."""
NO_TIME = Duration(0)
_EXPONENTIAL = 1_359_141
"""e/2 in millionths: where chance has no memory, the mean deviation is 2/e of the mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The mean of the last cases, their mean deviation from it, and how many they are."""

    mean: Duration = NO_TIME
    deviation: Duration = NO_TIME
    cases: int = 0

    def after(self, length: int) -> "Observed":
        """Return the figures with one case more."""
        seen = min(max(length, 0), LONGEST)
        cases = min(self.cases + 1, KEPT)
        mean = self.mean + (seen - self.mean) // cases
        off = self.deviation + (abs(seen - mean) - self.deviation) // cases
        return Observed(mean=Duration(mean), deviation=Duration(off), cases=cases)

    @property
    def spread(self) -> int:
        """Return, in millionths, where between always alike (0) and without memory (all) it is."""
        if self.mean <= 0:
            return PARTS
        return min(PARTS, self.deviation * _EXPONENTIAL // self.mean)


NOTHING_OBSERVED = Observed()
