"""
Whether a queue's estimates have proved right lately, and whether they are said aloud.

A call is judged by the first estimate made of it: the one that the caller decides by, and the
hardest. Who was answered tells; who left or was moved tells only if more time had passed than was
said, since the estimate was wrong then whatever would have come. Estimates that said "more than"
promise nothing and are not judged here. Silence ends by itself: estimates go on being made and
judged while nobody hears them.
"""

from dataclasses import dataclass

from acd.announce_policy import EstimatePolicy
from acd.tables.observed import PARTS
from cti.instants import Duration

KEPT = 200
"""
So many calls are looked back at: those of one rush are wrong together, and must not silence a queue
whose estimates are right (of 50, that happened to them for up to 15 % of the time; measured).
"""
RECOVERY = 50_000
"""So many millionths above the least share a silent queue speaks again: it does not flutter."""

Case = tuple[bool, int]
"""Whether a caller was answered within what was said, and how much later than expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The last cases, the newest last, and whether estimates are said aloud."""

    cases: tuple[Case, ...] = ()
    trusted: bool = True

    @property
    def share(self) -> int | None:
        """Return for how many millionths of the calls it was right; None: there is none yet."""
        if not self.cases:
            return None
        return sum(right for right, _ in self.cases) * PARTS // len(self.cases)

    @property
    def bias(self) -> Duration | None:
        """Return how much later than expected calls were answered, on average; None: no call."""
        if not self.cases:
            return None
        return Duration(sum(late for _, late in self.cases) // len(self.cases))

    def after(self, case: Case, policy: EstimatePolicy) -> "Calibration":
        """Return it with one case more, and what follows from that for trusting it."""
        known = Calibration(cases=(*self.cases[1 - KEPT :], case), trusted=self.trusted)
        return Calibration(cases=known.cases, trusted=known.is_trusted(policy))

    def is_trusted(self, policy: EstimatePolicy) -> bool:
        """Return whether estimates are said aloud by such rules."""
        share = self.share
        if share is None or len(self.cases) < policy.cases:
            return True
        least = policy.trusted if self.trusted else min(PARTS, policy.trusted + RECOVERY)
        return share >= least


NO_CASES = Calibration()
