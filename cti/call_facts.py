"""
What happened to calls and their legs, as the switch adapter reports it: past participles all.

These facts build the call model (`cti.calls`) and, with the core's, the call log. They hold keys
and ids only: numbers, names and digits never enter the journal.
"""

from dataclasses import dataclass
from enum import Enum

from cti.ids import CallId, LegId, OfferId, PartyKey, QueueName


class HungUpBy(Enum):
    """Who ended a call."""

    CALLER = "caller"
    AGENT = "agent"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class ClearReason(Enum):
    """How it is known that a call has ended."""

    HUNG_UP = "hung_up"
    FALLBACK = "fallback"
    SWITCH_RESTARTED = "switch_restarted"
    GONE_FROM_SWITCH = "gone_from_switch"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived:
    """A caller's leg came to us for the first time, by this service number or name."""

    call: CallId
    leg: LegId
    service: str
    party: PartyKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAttached:
    """A caller's leg is in a session of ours (again): `session` counts them, from 1."""

    call: CallId
    session: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowEntered:
    """The caller hears this IVR flow."""

    call: CallId
    flow: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceMade:
    """The caller chose in a menu; `choice` is the branch's name as configured, not the digits."""

    call: CallId
    flow: str
    choice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowLeft:
    """The flow ended: `outcome` is `queue`, `hang_up` or `caller_left`."""

    call: CallId
    flow: str
    outcome: str
    queue: QueueName | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreenPopped:
    """The pop for this offer was handed to the agent's connection; `found`: a customer's record."""

    call: CallId
    offer: OfferId
    found: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLegRang:
    """The agent's leg for this offer exists on the switch and rings (or is about to)."""

    call: CallId
    offer: OfferId
    leg: LegId


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentLegEnded:
    """The agent's leg is gone; `cause` is Asterisk's hangup cause (Q.850), 0 where unknown."""

    call: CallId
    leg: LegId
    cause: int
    hung_up_by: HungUpBy


@dataclass(frozen=True, slots=True, kw_only=True)
class CallCleared:
    """The caller's leg is gone, confirmed by its session or by the switch: the call has ended."""

    call: CallId
    hung_up_by: HungUpBy
    cause: int
    reason: ClearReason = ClearReason.HUNG_UP


CallFact = (
    CallArrived
    | CallAttached
    | FlowEntered
    | ChoiceMade
    | FlowLeft
    | ScreenPopped
    | AgentLegRang
    | AgentLegEnded
    | CallCleared
)
