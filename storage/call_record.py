"""
The call log's words: what is kept of a call that has ended.

Times are instants, waits and talks are durations. Parties stand by their key; numbers and names
are elsewhere.
"""

from dataclasses import dataclass
from enum import Enum

from acd.facts import OfferOutcome
from cti.call_facts import ClearReason, HungUpBy
from cti.ids import AgentId, CallId, OfferId, PartyKey, QueueName
from cti.instants import Duration, Time


class CallOutcome(Enum):
    """
    What became of a call, once; the first that applies, in this order.

    A call that an agent has answered stays answered, whatever came afterwards: its later waits are
    told by its queues.
    """

    ANSWERED = "answered"
    """An agent talked with the caller."""
    FALLBACK = "fallback"
    """The dialplan's safety net took the caller, as no daemon did."""
    LOST_BY_SWITCH = "lost_by_switch"
    """The switch restarted, and the call ended with it."""
    ENDED_UNSEEN = "ended_unseen"
    """It ended while no daemon was there to see how: nothing says that anything was lost."""
    TURNED_AWAY = "turned_away"
    """A queue did not take the caller, or kept him no longer, by a rule or as it is unknown."""
    DIVERTED = "diverted"
    """A rule sent the caller from a queue to voicemail, a number, or for a call-back."""
    ENDED_BY_SYSTEM = "ended_by_system"
    """Cordboard ended the waiting of the caller."""
    ABANDONED = "abandoned"
    """The caller left while he waited or an agent's phone rang."""
    FLOW_ENDED = "flow_ended"
    """The menu ended the call, as it is configured to."""
    LEFT_IN_FLOW = "left_in_flow"
    """The caller left before he came to a queue."""


class QueueExit(Enum):
    """How a call left a queue."""

    ANSWERED = "answered"
    OVERFLOWED = "overflowed"
    DIVERTED = "diverted"
    MOVED = "moved"
    TURNED_AWAY = "turned_away"
    LEFT = "left"
    """The call ended: the call's outcome says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathStep:
    """A flow that the caller entered, or (with `choice`) a choice that he made in it."""

    at: Time
    flow: str
    choice: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueStay:
    """A call's stay in one queue; `policy_version` are the rules under which it came in."""

    queue: QueueName
    entered_at: Time
    left_at: Time
    exit: QueueExit
    policy_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRecord:
    """
    One presentation of the call to one agent.

    `outcome` is None where he answered; then `ended_at` is the end of the talk. `pop_found` says
    whether the customer was known; None where no pop was handed out. `policy_version` are the rules
    by which it was decided.
    """

    offer: OfferId
    agent: AgentId
    queue: QueueName
    offered_at: Time
    popped_at: Time | None
    pop_found: bool | None
    rang_at: Time | None
    answered_at: Time | None
    ended_at: Time
    outcome: OfferOutcome | None
    policy_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """
    The one final record of a call.

    `answered_at` is the first answer; `talk_ended_at`, `agent` and `queue` are those of the last
    talk and the last queue. `waited` and `talked` are sums over all waits and talks; a wait lasts
    until an agent answers, ringing included. `clear_reason` is None where the end was never
    reported and the call was closed for its age. `position` is the journal record that ended it.
    """

    call: CallId
    service: str | None
    party: PartyKey | None
    arrived_at: Time
    answered_at: Time | None
    talk_ended_at: Time | None
    cleared_at: Time
    outcome: CallOutcome
    queue: QueueName | None
    agent: AgentId | None
    hung_up_by: HungUpBy
    clear_reason: ClearReason | None
    cause: int
    waited: Duration
    talked: Duration
    path: tuple[PathStep, ...]
    queues: tuple[QueueStay, ...]
    offers: tuple[OfferRecord, ...]
    position: int
