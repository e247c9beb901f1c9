"""
Which timers run, and which is due next.

A timer is named by what it is for, so that setting it again moves it and ending what it was for
cancels it. Timers due at the same instant come in the order of their names, which makes every run
of the same facts alike. This module reads no clock and knows no rule.
"""

from enum import IntEnum
from typing import NamedTuple

from acd.tables.sorted_index import SortedIndex
from cti.instants import Time


class TimerKind(IntEnum):
    """What ends when the timer is due; of those due at once, the order in which they come."""

    WRAP_UP = 1
    """An agent's paperwork."""
    REST = 2
    """An agent's rest after his phone refused a call or could not be reached."""
    SPARED = 3
    """The pause before an agent is offered the same call again."""
    HELD = 4
    """The moment in which a caller said to have left is not offered."""
    OFFER_OVERDUE = 5
    """The time within which an offer should have had its final fact."""
    OVERFLOW = 6
    """The wait after which a call goes on to another queue."""
    SLOT = 7
    """The slot at whose end the windows slide in which agents' work is counted."""
    LEAVE = 8
    """The time after which those who wait leave a queue, as a cause for it holds."""
    ANNOUNCE = 10
    """The pause before a waiting caller is told something."""
    STEP = 11
    """The wait after which a call asks for less, or asks more agents."""
    PREFERRED = 12
    """The time for which a call is kept for its preferred agents."""
    RING_NEXT = 13
    """The pause before one more agent's phone rings for a call."""
    CALL_BACK = 14
    """A promise's next instant: an attempt should have ended, a rest is over, it expires."""
    TURN = 15
    """The pause before the customers of a queue are looked at who are dialled ahead."""


class Timer(NamedTuple):
    """A timer's name: what it is for, and whom it concerns."""

    kind: TimerKind
    agent: str = ""
    call: str = ""
    offer: int = 0
    queue: str = ""


class Timers:
    """The running timers in the order in which they are due."""

    __slots__ = ("_by_due", "_due")

    def __init__(self) -> None:
        self._due: dict[Timer, Time] = {}
        self._by_due: SortedIndex[tuple[Time, Timer]] = SortedIndex()

    def start(self, timer: Timer, due: Time) -> None:
        """Let a timer run until `due`; if it runs already, it is moved."""
        self.cancel(timer)
        self._due[timer] = due
        self._by_due.add((due, timer))

    def cancel(self, timer: Timer) -> None:
        """Stop a timer, if it runs."""
        due = self._due.pop(timer, None)
        if due is not None:
            self._by_due.remove((due, timer))

    def runs(self, timer: Timer) -> bool:
        """Return whether a timer runs, and is in its place."""
        due = self._due.get(timer)
        return due is not None and (due, timer) in self._by_due

    def __len__(self) -> int:
        """Return how many timers run."""
        return len(self._by_due)

    def next_due(self) -> Time | None:
        """Return when the next timer is due, or None if none runs."""
        first = self._by_due.first()
        return None if first is None else first[0]

    def take_due(self, now: Time) -> Timer | None:
        """Stop and return the first timer due by `now`, or None; the caller asks again."""
        first = self._by_due.first()
        if first is None or first[0] > now:
            return None
        self.cancel(first[1])
        return first[1]
