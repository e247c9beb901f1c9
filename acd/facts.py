"""
What the decision core is told: one frozen value per fact, past participles all.

Any fact may come in any state, twice, or too late. An offer's facts name the offer, so that a late
answer is recognised and not guessed.
"""

from dataclasses import dataclass
from enum import Enum

from acd.call_backs import (
    CallBackPromised,
    CallBackWithdrawn,
    CustomerNotReached,
    CustomerReached,
)
from acd.policy import Policy
from cti.ids import AgentId, CallId, DeviceId, OfferId, QueueName, Skills
from cti.instants import Duration, Time

NO_HEAD_START = Duration(0)


class OfferOutcome(Enum):
    """How an offer ended without a talk; `acd.misses.MissCause` has those that are a miss."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    WITHDRAWN = "withdrawn"
    CALLER_LEFT = "caller_left"
    FAILED = "failed"


class NotReadyReason(Enum):
    """Why the system (not the agent) made an agent not ready. Agents' own reasons are text."""

    RING_NO_ANSWER = "ring_no_answer"
    CALLS_REJECTED = "calls_rejected"
    PHONE_BUSY = "phone_busy"
    PHONE_UNREACHABLE = "phone_unreachable"
    CONNECTION_LOST = "connection_lost"
    LOGGED_ON = "logged_on"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyApplied:
    """A new policy is in force from now on."""

    policy: Policy


class SaidBy(Enum):
    """Who says that a queue is open or closed; a person's word stands above the calendar's."""

    CALENDAR = "calendar"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueOpened:
    """
    A queue is open, says its calendar or a person; `note` is why: a day's name, a person's.

    A queue that the policy does not know hears nothing: after a policy that brings a queue, its
    calendar's word is told anew.
    """

    queue: QueueName
    said_by: SaidBy
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueClosed:
    """A queue is closed, says its calendar or a person: it takes no newcomers."""

    queue: QueueName
    said_by: SaidBy
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueLeftToCalendar:
    """A person takes his word back: the calendar's last word stands again."""

    queue: QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQueued:
    """
    A caller waits in a queue.

    `entered_at` is when he began to wait (now, where None: a recovered or requeued call states its
    own); `priority` is a head start that counts as if he had come that much earlier. `skills` are
    asked for beside those of the queue. `preferred` are agents for whom it is kept at first, the
    most wanted one first. `party` is an opaque key by which a caller is known who
    calls again.
    """

    call: CallId
    queue: QueueName
    entered_at: Time | None = None
    priority: Duration = NO_HEAD_START
    skills: Skills = ()
    preferred: tuple[AgentId, ...] = ()
    party: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPrioritised:
    """Somebody gave a waiting call another head start; it keeps its age."""

    call: CallId
    priority: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerPressed:
    """A caller who waits pressed a key: one of 0 to 9, * and #."""

    call: CallId
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerLeft:
    """The caller's leg is gone, wherever the call was: waiting, offered or talking."""

    call: CallId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferAnswered:
    """The agent answered and is connected to the caller."""

    offer: OfferId


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferEnded:
    """The offer ended without a talk; the call still waits unless `CallerLeft` says otherwise."""

    offer: OfferId
    outcome: OfferOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkEnded:
    """The agent's leg of an answered call is gone: his wrap-up begins."""

    call: CallId
    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLoggedOn:
    """An agent works at this device from now on; not ready until he says so."""

    agent: AgentId
    device: DeviceId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLoggedOff:
    """An agent stops working; during a call it takes effect when the call has ended."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMadeReady:
    """An agent wants calls; with `queue`, of this queue again."""

    agent: AgentId
    queue: QueueName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentMadeNotReady:
    """
    An agent wants no calls, or the system keeps them from him; `reason` says why.

    With `queue` he wants none of this queue, and goes on with the others.
    """

    agent: AgentId
    reason: str
    by_system: bool = False
    queue: QueueName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEndedWrapUp:
    """An agent has done his paperwork before its time ran out."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentExtendedWrapUp:
    """An agent needs so much more time for his paperwork than he has left."""

    agent: AgentId
    by: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentOccupiedElsewhere:
    """The agent's phone is in use by something that is not an offer or call of ours."""

    agent: AgentId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFreedElsewhere:
    """The agent's phone is no longer in use by something of its own."""

    agent: AgentId


AcdFact = (
    PolicyApplied
    | QueueOpened
    | QueueClosed
    | QueueLeftToCalendar
    | CallQueued
    | CallPrioritised
    | CallerPressed
    | CallerLeft
    | OfferAnswered
    | OfferEnded
    | TalkEnded
    | CallBackPromised
    | CallBackWithdrawn
    | CustomerReached
    | CustomerNotReached
    | AgentLoggedOn
    | AgentLoggedOff
    | AgentMadeReady
    | AgentMadeNotReady
    | AgentEndedWrapUp
    | AgentExtendedWrapUp
    | AgentOccupiedElsewhere
    | AgentFreedElsewhere
)
