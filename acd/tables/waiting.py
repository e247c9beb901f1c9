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

from acd.errors import IllegalTransitionError, InvariantError
from acd.tables.hearing import NOTHING_HEARD, Hearing
from acd.tables.promises import Asked, Promise
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
    PROMISED = "promised"
    """Without a leg, and open to no agent just now."""
    DIALLING = "dialling"
    TALKING = "talking"


CALL_STATES: dict[tuple[CallState, CallState], str] = {
    (CallState.WAITING, CallState.OFFERED): "it is offered to an agent",
    (CallState.OFFERED, CallState.WAITING): "the last offer ended without a talk",
    (CallState.OFFERED, CallState.TALKING): "an agent answered",
    (CallState.OFFERED, CallState.HELD): "an offer ended: the caller is said to have left",
    (CallState.HELD, CallState.WAITING): "the caller is still here",
    (CallState.WAITING, CallState.HELD): "he is asked for a number to be called back",
    (CallState.HELD, CallState.PROMISED): "he will be called back",
    (CallState.WAITING, CallState.PROMISED): "he will be called back, and not just now",
    (CallState.OFFERED, CallState.PROMISED): "he will be called back, as it rings",
    (CallState.PROMISED, CallState.WAITING): "he may be called back now, the agent first",
    (CallState.PROMISED, CallState.DIALLING): "it is his turn, and he is first",
    (CallState.OFFERED, CallState.DIALLING): "an agent answered, and he is dialled",
    (CallState.DIALLING, CallState.PROMISED): "he was not reached",
    (CallState.DIALLING, CallState.WAITING): "he was reached, and waits for an agent",
    (CallState.DIALLING, CallState.TALKING): "he was reached",
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

    `promise` is what stands with a caller who is to be called back; `is_in_turn`: he is dialled
    when it is his turn. `asked`: whether he was asked if he wants to be.
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
    asked: Asked = Asked.NEVER
    promise: Promise | None = None
    is_in_turn: bool = False

    @property
    def place(self) -> Place:
        """Return its place among all waiting calls, of whatever queue."""
        ahead = self.entered_at - self.priority - self.weight
        return (ahead, self.entered_at, self.sequence, self.call)

    @property
    def is_open(self) -> bool:
        """Return whether it may go to an agent now, to one more where it rings already."""
        return self.is_kept or self.reach is not None

    @property
    def has_leg(self) -> bool:
        """Return whether the caller is on the line."""
        return self.promise is None or self.promise.is_reached

    @property
    def is_promised_perhaps(self) -> bool:
        """Return whether the caller is not on the line: promised, or he may prove to be so."""
        return not self.has_leg or self.asked is Asked.GONE

    @property
    def is_attended(self) -> bool:
        """Return whether a promise is being kept just now, so that its number is in use."""
        return self.promise is not None and (
            self.promise.is_reached or self.state in (CallState.OFFERED, CallState.DIALLING)
        )

    @property
    def promised(self) -> Promise:
        """
        Return its promise.

        Raises:
            InvariantError: there is none: our bug.
        """
        if self.promise is None:
            raise InvariantError(f"nothing is promised by call {self.call}")
        return self.promise

    @property
    def promise_due(self) -> Time | None:
        """Return when something is due for its promise, which no fact tells."""
        promise = self.promise
        if promise is None or promise.is_reached or self.state is CallState.OFFERED:
            return None
        return promise.dial_until if self.state is CallState.DIALLING else promise.rests_until

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
    """The calls that wait in one queue, offered ones too, and who of them is dialled in turn."""

    __slots__ = ("_calls", "_in_turn", "_places")

    def __init__(self) -> None:
        self._calls: dict[CallId, Call] = {}
        self._places: SortedIndex[Place] = SortedIndex()
        self._in_turn: SortedIndex[Place] = SortedIndex()

    def add(self, call: Call) -> None:
        """Give a call its place here."""
        self._calls[call.call] = call
        self._places.add(call.place)
        if call.is_in_turn:
            self._in_turn.add(call.place)

    def remove(self, call: Call) -> None:
        """Take a call out of here, before anything of its place is changed."""
        del self._calls[call.call]
        self._places.remove(call.place)
        if call.is_in_turn:
            self._in_turn.remove(call.place)

    def put_in_turn(self, call: Call, *, is_in_turn: bool) -> None:
        """Have a call that waits here be dialled in its turn, or no longer."""
        if call.is_in_turn:
            self._in_turn.remove(call.place)
        call.is_in_turn = is_in_turn
        if is_in_turn:
            self._in_turn.add(call.place)

    def in_turn(self) -> Iterator[Call]:
        """Go through those dialled in their turn, in order; nothing may be changed meanwhile."""
        return (self._calls[place[3]] for place in self._in_turn)

    def count_in_turn(self) -> int:
        """Return how many are dialled in their turn."""
        return len(self._in_turn)

    def __contains__(self, call: Call) -> bool:
        """Return whether a call waits here."""
        return self._calls.get(call.call) is call

    def holds(self, call: Call) -> bool:
        """Return whether a call that waits here has its place, also among those in turn."""
        in_turn = call.place in self._in_turn
        return call.place in self._places and in_turn is call.is_in_turn

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
