"""
Calls, and the waiting ones of each queue in the order in which they are served.

A call's place is a tuple: (when he came less his head start, when he came, order of arrival, id).
His head start, in time, is his priority and the weight of his queue: it ages by itself and starves
nobody. A call keeps its place while it is offered, and is then not open to others, unless its
queue rings at several. This module knows no agent beyond those who are spared a call or wanted for
it, and no rule.

Odd cases: an offer may end with "the caller left" before, or without, the fact that he left; the
call is then held for a moment and not offered. A call whose overflow falls due while it is offered
or held goes on when that is over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from acd.errors import IllegalTransitionError
from acd.tables.hearing import NOTHING_HEARD, Hearing
from acd.tables.reach import Reach
from acd.tables.sorted_index import SortedIndex
from cti.ids import AgentId, CallId, OfferId, QueueName, Skills
from cti.instants import Duration, Time, seconds

Place = tuple[int, int, int, CallId]
"""(entered_at - priority - weight, entered_at, sequence, call): the smaller is served first."""

NO_WEIGHT = Duration(0)
HOLD_PAUSE = seconds(2)
"""How long a call is not offered after an offer ended with word that the caller left."""


class CallState(Enum):
    """Where a call stands: in exactly one of these, or unknown to the core."""

    __hash__ = object.__hash__  # as Standing has it

    WAITING = "waiting"
    OFFERED = "offered"
    HELD = "held"
    TALKING = "talking"


CALL_STATES: dict[tuple[CallState, CallState], str] = {
    (CallState.WAITING, CallState.OFFERED): "it is offered to an agent",
    (CallState.OFFERED, CallState.WAITING): "the last offer ended without a talk",
    (CallState.OFFERED, CallState.TALKING): "an agent answered",
    (CallState.OFFERED, CallState.HELD): "an offer ended: the caller is said to have left",
    (CallState.HELD, CallState.WAITING): "the caller is still here",
}


@dataclass(slots=True, kw_only=True, eq=False)
class Call:
    """
    One call that waits, is offered, or is talked with.

    `offers` are its live offers in the order in which they were made, of which there are several
    where a queue rings at several agents; where it rings at one after the other, the next is added
    at `ring_next_at`. `agent` is who talks with it; `party` is its caller's key. `spared` says
    until when which agents are not offered it again. `overflow_at` counts from when it entered its
    present queue; `overflow_due` says that this came while it could not be moved.

    `skills` are its own, beside those that its queue asks for; `step` counts the queue's steps that
    were taken, `step_at` is when the next is due. Until `preferred_until` it is kept for the agents
    `preferred`, the most wanted first. Where it is open just now follows from these: `is_kept` for
    them, or in the lane of `reach`. `weight` is its queue's.
    """

    call: CallId
    queue: QueueName
    entered_at: Time
    priority: Duration
    sequence: int
    queued_at: Time
    state: CallState = CallState.WAITING
    offers: tuple[OfferId, ...] = ()
    ring_next_at: Time | None = None
    agent: AgentId | None = None
    party: str | None = None
    overflow_at: Time | None = None
    overflow_due: bool = False
    held_until: Time | None = None
    spared: dict[AgentId, Time] = field(default_factory=dict)
    hearing: Hearing = NOTHING_HEARD
    weight: Duration = NO_WEIGHT
    skills: Skills = ()
    step: int = 0
    step_at: Time | None = None
    preferred: tuple[AgentId, ...] = ()
    preferred_until: Time | None = None
    is_kept: bool = False
    reach: Reach | None = None

    @property
    def place(self) -> Place:
        """Return its place among all waiting calls, of whatever queue."""
        ahead = self.entered_at - self.priority - self.weight
        return (ahead, self.entered_at, self.sequence, self.call)

    @property
    def is_open(self) -> bool:
        """Return whether it may go to an agent now, to one more where it rings already."""
        return self.is_kept or self.reach is not None

    def become(self, state: CallState) -> None:
        """
        Go on to another state.

        Raises:
            IllegalTransitionError: the table does not know this step: our bug.
        """
        if (self.state, state) not in CALL_STATES:
            raise IllegalTransitionError(f"call {self.call}", self.state.value, state.value)
        self.state = state


class WaitingCalls:
    """The calls that wait in one queue, offered ones too, in order."""

    __slots__ = ("_calls", "_places")

    def __init__(self) -> None:
        self._calls: dict[CallId, Call] = {}
        self._places: SortedIndex[Place] = SortedIndex()

    def add(self, call: Call) -> None:
        """Give a call its place here."""
        self._calls[call.call] = call
        self._places.add(call.place)

    def remove(self, call: Call) -> None:
        """Take a call out of here, before anything of its place is changed."""
        del self._calls[call.call]
        self._places.remove(call.place)

    def __contains__(self, call: Call) -> bool:
        """Return whether a call waits here."""
        return self._calls.get(call.call) is call

    def holds(self, call: Call) -> bool:
        """Return whether a call that waits here has its place."""
        return call.place in self._places

    def known(self) -> tuple[Call, ...]:
        """Return all calls that wait here, in no order and trusting no place."""
        return tuple(self._calls.values())

    def ahead(self, place: Place) -> int:
        """Return how many calls wait here before a place, offered ones too."""
        return self._places.rank(place)

    def __iter__(self) -> Iterator[Call]:
        """Go through all waiting calls, offered ones too, in the order of their places."""
        return (self._calls[place[3]] for place in self._places)

    def __len__(self) -> int:
        """Return how many calls wait here, offered ones too."""
        return len(self._places)
