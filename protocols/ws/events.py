"""
What the server tells without being asked: one model for each event's data, one table of them all.

An event is `{"type": "event", "seq": ..., "at": ..., "event": ..., "data": {...}}`. `seq` counts an
agent's events from 1 within one `stream` (one run of the server); `at` is when it was sent. The
event, not the answer to a command, is the truth about an agent's state.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cti.ids import AgentId, CallId, OfferId, QueueName
from protocols.ws.codes import SignOutReason, WithdrawReason
from protocols.ws.fields import Moment, NoteText, ShownText


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, strict=True, hide_input_in_errors=True, defer_build=False
    )


class AgentState(_Model):
    """
    An agent's state: what he wishes, what he is doing, since when, and until when where it is set.

    The lists of `wish` and `occupation` are the decision core's. `call` is there while he is
    offered a call, talks, or wraps up. `until` is there while he has paperwork to do, also where he
    uses his phone meanwhile; `until_max` is to when it may be extended.
    """

    wish: Literal["logged_off", "not_ready", "ready"]
    reason: ShownText | None = None
    occupation: Literal["idle", "offered", "busy", "busy_elsewhere", "wrapping_up"]
    phone: str | None = None
    call: CallId | None = None
    since: Moment
    until: Moment | None = None
    until_max: Moment | None = None


class Caller(_Model):
    """
    Who calls, as the telephone network has it.

    `verified` is false: anybody can send any number, so it proves nothing about who is calling.
    """

    number: ShownText | None = None
    name: ShownText | None = None
    verified: Literal[False] = False


class Customer(_Model):
    """The record found under the caller's number."""

    id: str
    name: ShownText
    company: ShownText | None = None
    numbers: tuple[ShownText, ...] = ()
    note: NoteText | None = None


class ScreenPop(_Model):
    """
    The call that is about to ring at the agent's phone, and what is known about its caller.

    `choices` are the branches chosen in menus, by name and in order; `customer` is null until a
    record is found, which `screen_pop_updated` may tell later.
    """

    offer: OfferId
    call: CallId
    queue: QueueName
    waited_s: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    service: ShownText
    choices: tuple[ShownText, ...] = ()
    caller: Caller
    customer: Customer | None = None


class Snapshot(_Model):
    """All that a desk needs to begin, right after sign-in; `stream` names this run of `seq`."""

    stream: str
    agent: AgentId
    name: ShownText
    phones: tuple[str, ...]
    queues: tuple[QueueName, ...]
    state: AgentState | None
    screen_pop: ScreenPop | None


class ScreenPopWithdrawn(_Model):
    """The offer ended without a talk: close its pop."""

    offer: OfferId
    call: CallId
    why: WithdrawReason


class CallAnswered(_Model):
    """The agent and the caller are connected."""

    offer: OfferId
    call: CallId


class CallEnded(_Model):
    """The talk is over; `hung_up_by` is who ended it, as far as it is known."""

    call: CallId
    hung_up_by: Literal["caller", "agent", "system", "unknown"]
    talked_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class SignedOut(_Model):
    """The system signs this client out; the connection is closed next."""

    reason: SignOutReason


EventData = (
    Snapshot | AgentState | ScreenPop | ScreenPopWithdrawn | CallAnswered | CallEnded | SignedOut
)


class _Event(_Model):
    type: Literal["event"] = "event"
    seq: Annotated[int, Field(ge=0)]
    at: Moment


class SnapshotEvent(_Event):
    """Sent once after sign-in; `seq` is the last number given before it."""

    event: Literal["snapshot"] = "snapshot"
    data: Snapshot


class AgentStateChanged(_Event):
    """The agent's own state has changed."""

    event: Literal["agent_state_changed"] = "agent_state_changed"
    data: AgentState


class ScreenPopped(_Event):
    """A call is offered: show who calls. The phone rings next."""

    event: Literal["screen_pop"] = "screen_pop"
    data: ScreenPop


class ScreenPopUpdated(_Event):
    """More is known about the caller of the pop that is shown; the whole pop again."""

    event: Literal["screen_pop_updated"] = "screen_pop_updated"
    data: ScreenPop


class ScreenPopWithdrawnEvent(_Event):
    """The offer is over without a talk."""

    event: Literal["screen_pop_withdrawn"] = "screen_pop_withdrawn"
    data: ScreenPopWithdrawn


class CallAnsweredEvent(_Event):
    """The offer was answered."""

    event: Literal["call_answered"] = "call_answered"
    data: CallAnswered


class CallEndedEvent(_Event):
    """The agent's talk is over."""

    event: Literal["call_ended"] = "call_ended"
    data: CallEnded


class SignedOutEvent(_Event):
    """This client is signed out by the system."""

    event: Literal["signed_out"] = "signed_out"
    data: SignedOut


Event = (
    SnapshotEvent
    | AgentStateChanged
    | ScreenPopped
    | ScreenPopUpdated
    | ScreenPopWithdrawnEvent
    | CallAnsweredEvent
    | CallEndedEvent
    | SignedOutEvent
)

EVENTS: Final[Mapping[str, type[Event]]] = MappingProxyType(
    {
        "snapshot": SnapshotEvent,
        "agent_state_changed": AgentStateChanged,
        "screen_pop": ScreenPopped,
        "screen_pop_updated": ScreenPopUpdated,
        "screen_pop_withdrawn": ScreenPopWithdrawnEvent,
        "call_answered": CallAnsweredEvent,
        "call_ended": CallEndedEvent,
        "signed_out": SignedOutEvent,
    }
)
"""Every event by its name: what the documents are made from."""
