"""
An offer: one presentation of one call to one agent, from its command to its one final fact.

Asking to withdraw does not end an offer: an answer may be on its way, and it counts. Until the
final fact has come the agent gets no other call and the call no other agent. What comes after the
final fact, or for an offer that never was, has no effect. This module knows neither queues nor the
line of agents.

Odd cases: the caller may leave, or be moved to another queue, while the offer lives (`call` is then
no longer this offer's to give back); the limits of its queue are kept as they were when it was
made, so that a change of policy does not reach into it.
"""

from dataclasses import dataclass
from enum import Enum

from acd.commands import WithdrawCause
from acd.errors import IllegalTransitionError
from acd.facts import NotReadyReason, OfferOutcome
from acd.misses import RETRY_PAUSE, MissCause, MissRule
from acd.policy import WRAP_UP_MAX
from cti.ids import AgentId, CallId, OfferId, QueueName
from cti.instants import Duration, Time, seconds


class OfferState(Enum):
    """Where an offer stands."""

    __hash__ = object.__hash__  # as Standing has it

    RINGING = "ringing"
    WITHDRAWING = "withdrawing"
    ANSWERED = "answered"
    ENDED = "ended"


OFFER_STATES: dict[tuple[OfferState, OfferState], str] = {
    (OfferState.RINGING, OfferState.ANSWERED): "the agent answered",
    (OfferState.RINGING, OfferState.ENDED): "the offer ended without a talk",
    (OfferState.RINGING, OfferState.WITHDRAWING): "the core asked to withdraw it",
    (OfferState.WITHDRAWING, OfferState.ANSWERED): "the answer was already on its way",
    (OfferState.WITHDRAWING, OfferState.ENDED): "it ended without a talk",
}

OVERDUE_MARGIN = seconds(2)
"""How long after the ring time the switch, which owns the ringing, may take to report its end."""
NO_PAUSE = Duration(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """
    What an outcome means for the agent.

    `miss`: it counts in the row of this cause, and its rule says how long he is offered no call at
    all. `loses_turn`: he goes to the end of the line, so that every other agent comes before him.
    `spared`: for how long he is not offered this call again. `rest`: for how long he is offered no
    call at all, where it is no miss.
    """

    miss: MissCause | None = None
    loses_turn: bool = True
    spared: Duration = RETRY_PAUSE
    rest: Duration = NO_PAUSE


CONSEQUENCES: dict[OfferOutcome, Consequence] = {
    OfferOutcome.NO_ANSWER: Consequence(miss=MissCause.NO_ANSWER),
    OfferOutcome.BUSY: Consequence(miss=MissCause.BUSY),
    OfferOutcome.REJECTED: Consequence(miss=MissCause.REJECTED),
    OfferOutcome.UNREACHABLE: Consequence(miss=MissCause.UNREACHABLE),
    # The switch's doing, or nobody knows whose.
    OfferOutcome.FAILED: Consequence(rest=RETRY_PAUSE),
    # Not his doing: he keeps his place in the line.
    OfferOutcome.WITHDRAWN: Consequence(loses_turn=False, spared=NO_PAUSE),
    OfferOutcome.CALLER_LEFT: Consequence(loses_turn=False, spared=NO_PAUSE),
}

MISS_REASONS: dict[MissCause, NotReadyReason] = {
    MissCause.NO_ANSWER: NotReadyReason.RING_NO_ANSWER,
    MissCause.REJECTED: NotReadyReason.CALLS_REJECTED,
    MissCause.BUSY: NotReadyReason.PHONE_BUSY,
    MissCause.UNREACHABLE: NotReadyReason.PHONE_UNREACHABLE,
}
"""With which reason a row of misses makes an agent not ready."""


@dataclass(slots=True, kw_only=True, eq=False)
class Offer:
    """One offer that has not had its final fact yet."""

    offer: OfferId
    call: CallId
    queue: QueueName
    agent: AgentId
    wrap_up: Duration
    misses_max: int
    misses: tuple[MissRule, ...] = ()
    wrap_up_max: Duration = WRAP_UP_MAX
    overdue_at: Time
    state: OfferState = OfferState.RINGING
    withdrawn_for: WithdrawCause | None = None

    def become(self, state: OfferState) -> None:
        """
        Go on to another state.

        Raises:
            IllegalTransitionError: the table does not know this step: our bug.
        """
        if (self.state, state) not in OFFER_STATES:
            raise IllegalTransitionError(f"offer {self.offer}", self.state.value, state.value)
        self.state = state

    def judged(self, outcome: OfferOutcome) -> OfferOutcome:
        """
        Return the outcome that counts, given why the core had asked to withdraw the offer.

        An offer withdrawn because it was overdue rang in vain, or the switch lost it: not held
        against the agent as a miss, but he must not be next again, or nobody else ever would be.
        Ringing that was cut short for another cause is never a miss, even where the ring time ran
        out just then, or the agent rejected what was gone already.
        """
        if self.withdrawn_for is WithdrawCause.OVERDUE:
            return OfferOutcome.FAILED if outcome is OfferOutcome.WITHDRAWN else outcome
        if self.withdrawn_for is not None and CONSEQUENCES[outcome].miss is not None:
            return OfferOutcome.WITHDRAWN
        return outcome
