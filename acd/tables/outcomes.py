"""
What becomes of the calls of a queue: one closed list, counted where it happens.

Every call that comes into a queue, or to its door, is one arrival there, and has one outcome there
or still waits: arrivals = the sum of the outcomes + those waiting, at every moment. A call that is
moved on is an arrival of the next queue too. A call for a queue that does not exist is none's.
"""

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from acd.call_backs import PromiseEnd
from acd.ways import Cause


class Outcome(Enum):
    """What became of a call in one queue."""

    ANSWERED = "answered"
    """An agent answered it."""
    ABANDONED = "abandoned"
    """The caller left while he waited."""
    OVERFLOWED = "overflowed"
    """A rule, or a key that the caller pressed, sent it to another queue."""
    DIVERTED = "diverted"
    """A rule, or a key, sent it to voicemail, a number, or a flow; or from the door elsewhere."""
    FULL = "full"
    """It was turned away, as the queue was full."""
    CLOSED = "closed"
    """It was turned away, as the queue was closed."""
    NO_AGENTS = "no_agents"
    """It was turned away by a rule, as no agent was logged on."""
    ALL_NOT_READY = "all_not_ready"
    """It was turned away by a rule, as no agent who was logged on wanted calls."""
    TURNED_AWAY = "turned_away"
    """It was turned away by a rule of the overflow chain, or by a key."""
    WITHDRAWN = "withdrawn"
    """Somebody, and no rule, put it into another queue, or took a promise to call back away."""
    CALLED_BACK = "called_back"
    """It was promised to call him back, and he talked with an agent."""
    NOT_REACHED = "not_reached"
    """It was promised to call him back, and no attempt reached him."""
    EXPIRED = "expired"
    """It was promised to call him back, and the time for that ran out."""


TURNED_AWAY_BY: Final = {
    Cause.FULL: Outcome.FULL,
    Cause.CLOSED: Outcome.CLOSED,
    Cause.NO_AGENTS: Outcome.NO_AGENTS,
    Cause.ALL_NOT_READY: Outcome.ALL_NOT_READY,
    Cause.OVERFLOW: Outcome.TURNED_AWAY,
    Cause.KEY: Outcome.TURNED_AWAY,
}


ENDED_BY: Final = {
    PromiseEnd.NOT_REACHED: Outcome.NOT_REACHED,
    PromiseEnd.EXPIRED: Outcome.EXPIRED,
    PromiseEnd.WITHDRAWN: Outcome.WITHDRAWN,
}


@dataclass(slots=True, eq=False)
class Outcomes:
    """The counts of one queue, for as long as the core knows it."""

    arrivals: int = 0
    counts: dict[Outcome, int] = field(default_factory=dict)

    def arrived(self) -> None:
        """Count a call that came into the queue or to its door."""
        self.arrivals += 1

    def count(self, outcome: Outcome) -> None:
        """Count what became of a call."""
        self.counts[outcome] = self.counts.get(outcome, 0) + 1

    def total(self) -> int:
        """Return how many calls have had their outcome."""
        return sum(self.counts.values())
