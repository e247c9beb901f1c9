"""
What the decision core asks for: one frozen value per command, imperatives all.

The shell carries a command out and answers each `OfferCall` with exactly one final fact
(`OfferAnswered` or `OfferEnded`) within its deadline, in success and in failure.
"""

from dataclasses import dataclass
from enum import Enum

from acd.call_backs import (
    AcknowledgeCallBack,
    AskCallBack,
    DialCustomer,
    EndCallBack,
    RefuseCallBack,
    StopDialling,
)
from acd.ways import Cause, Target
from cti.ids import AgentId, CallId, DeviceId, OfferId, QueueName
from cti.instants import Duration, Time


class WithdrawCause(Enum):
    """Why an offer is taken back."""

    OVERDUE = "overdue"
    CALLER_LEFT = "caller_left"
    AGENT_LOST = "agent_lost"
    CALL_MOVED = "call_moved"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    """Another agent answered whose phone rang for the same call."""
    PROMISE_ENDED = "promise_ended"
    """He is not to be called back now: the promise has ended, or was only just made."""
    HEALED = "healed"
    """What the core knew of it did not hold together (`InvariantBroken`)."""


class TurnAwayCause(Enum):
    """Why a queue does not take a call."""

    QUEUE_UNKNOWN = "queue_unknown"
    QUEUE_FULL = "queue_full"
    QUEUE_CLOSED = "queue_closed"
    NO_AGENTS = "no_agents"
    ALL_NOT_READY = "all_not_ready"
    OVERFLOW = "overflow"
    KEY = "key"


class Wish(Enum):
    """What an agent wants."""

    __hash__ = object.__hash__  # as Standing has it

    LOGGED_OFF = "logged_off"
    NOT_READY = "not_ready"
    READY = "ready"


class Occupation(Enum):
    """What an agent is doing."""

    __hash__ = object.__hash__  # as Standing has it

    IDLE = "idle"
    OFFERED = "offered"
    BUSY = "busy"
    BUSY_ELSEWHERE = "busy_elsewhere"
    WRAPPING_UP = "wrapping_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferReason:
    """
    Why this call went to this agent.

    `sort_key` is the winner's place in the rule's order (for longest idle: the instant since which
    he is idle, then his id); `next_best` is who would have got it otherwise; `ready` counts the
    agents who could have taken it, the winner included; `excluded` counts the queue's other agents
    by what ruled them out (`logged_off`, `not_ready`, `offered`, `busy`, `busy_elsewhere`,
    `wrapping_up`, `resting`, and of the ready ones `skills`, `ring` and `missed_this_call`);
    `waited` is the caller's wait so far. `step` counts the queue's steps that had been taken. A
    call that was kept for its preferred agents goes to the first of them who is ready; `rule` is
    `preferred` then.
    """

    rule: str
    sort_key: tuple[int, AgentId]
    next_best: AgentId | None
    ready: int
    excluded: tuple[tuple[str, int], ...]
    waited: Duration
    policy_version: str
    step: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferCall:
    """
    Present this call to this agent: pop his screen, then ring his phone for `ring_time`.

    `attempt`: nobody is on the line. When the agent has answered, the customer is dialled by
    `DialCustomer` for this attempt to call him back.
    """

    offer: OfferId
    call: CallId
    agent: AgentId
    device: DeviceId
    queue: QueueName
    ring_time: Duration
    reason: OfferReason
    attempt: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawOffer:
    """Stop the ringing. The offer lives until its final fact comes: an answer may be under way."""

    offer: OfferId
    call: CallId
    agent: AgentId
    cause: WithdrawCause


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceCall:
    """
    Write the call's place on its channel: queue, since when, head start, order of arrival.

    `regained`: the caller had hung up while he waited, and has the age that he had.
    """

    call: CallId
    queue: QueueName
    entered_at: Time
    priority: Duration
    sequence: int
    regained: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OverflowCall:
    """
    Tell everybody that a rule moved the call on; a `PlaceCall` for the new queue follows.

    At the door of a queue that a newcomer does not come into, `waited` is nothing.
    """

    call: CallId
    from_queue: QueueName
    to_queue: QueueName
    waited: Duration
    cause: Cause = Cause.OVERFLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class DivertCall:
    """
    Send the call to a target that is no queue; the core does not know it any more.

    A call that comes back from there (the number was busy, the flow led into a queue) is queued
    anew, with the age that `CallQueued` states for it.
    """

    call: CallId
    from_queue: QueueName
    cause: Cause
    target: Target
    waited: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnAwayCall:
    """The queue does not take this call, or keeps it no longer: tell the caller and end it."""

    call: CallId
    queue: QueueName
    cause: TurnAwayCause


@dataclass(frozen=True, slots=True, kw_only=True)
class Announce:
    """
    Tell a waiting caller his position, how long it will take, or a comfort message.

    `position` counts him too: the next one has 1. With `position_is_more` or `estimate_is_more` it
    is more than that. `message` names a prompt.
    """

    call: CallId
    queue: QueueName
    position: int | None = None
    position_is_more: bool = False
    estimate: Duration | None = None
    estimate_is_more: bool = False
    message: str | None = None


class EstimateOutcome(Enum):
    """What became of a caller whose wait was estimated."""

    ANSWERED = "answered"
    LEFT = "left"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeEstimate:
    """
    Keep an estimate beside what happened.

    It was made `at`; `expected` is what was worked out, `said` what the caller was told, or would
    have been if his queue were not silent (`aloud`); with `is_more`, more than that. `actual` is
    how long it took from then until the outcome.
    """

    call: CallId
    queue: QueueName
    at: Time
    expected: Duration
    said: Duration
    is_more: bool
    aloud: bool
    actual: Duration
    outcome: EstimateOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowAgentState:
    """
    Show an agent's state, which has just changed, to him and to whoever watches him.

    `until` is when his wrap-up ends, and `until_max` to when it may be extended. `not_ready_in`
    are queues of which he wants no calls, with his reasons.
    """

    agent: AgentId
    wish: Wish
    reason: str | None
    occupation: Occupation
    device: DeviceId | None
    call: CallId | None
    since: Time
    until: Time | None = None
    until_max: Time | None = None
    not_ready_in: tuple[tuple[QueueName, str], ...] = ()


class Invariant(Enum):
    """What must hold between two steps."""

    ONE_OFFER = "one_offer_per_agent"
    """An agent has at most one live offer, and that offer is his."""
    ONE_WINNER = "one_winner_per_call"
    """A call is offered to one agent, or talked with by one."""
    ONE_PLACE = "one_place_per_caller"
    """A caller waits at one place, or talks, and in no two."""
    NO_VAIN_WAIT = "no_ready_agent_beside_call"
    """No ready agent stands beside a call that he may take by the rules in force."""
    ACCOUNTED = "every_arrival_accounted_for"
    """Who came is waiting, talking, or has one outcome."""
    AGENT_WHOLE = "agent_whole"
    """What an agent wishes, does and works at goes together."""
    INDEXED = "indexed"
    """Lines, counts and places are those of the tables."""
    ONE_ATTEMPT = "one_attempt_per_number"
    """Of the promises to one number at most one is attended to."""
    TIMED = "timed"
    """What ends at an instant has its timer."""
    STEP_TAKEN = "step_taken"
    """A fact or a timer is dealt with by the rules, without an error."""


class Healing(Enum):
    """What was done about something that did not hold."""

    REBUILT = "rebuilt"
    """Lines, counts, places and timers were made anew from the tables."""
    MATCHED = "matched"
    """Calls and agents were matched anew."""
    RECALLED = "recalled"
    """What one table had lost was taken from the others."""
    PUT_BACK = "put_back"
    """The caller waits again, at his old place."""
    FREED = "freed"
    """The agent is free of what he was thought to do."""
    WITHDRAWN = "withdrawn"
    """The ringing was asked to stop."""
    PUT_RIGHT = "put_right"
    """What contradicted the rest was made to agree with it."""
    PUT_OFF = "put_off"
    """It could not be dealt with even then, and was dropped; a timer is tried again later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InvariantBroken:
    """
    Something did not hold that must: a defect of ours. It has been healed already; tell people.

    `about` names the agent, call, offer or queue, or what went wrong in which step.
    """

    name: Invariant
    about: str
    healed_by: Healing


AcdCommand = (
    OfferCall
    | WithdrawOffer
    | PlaceCall
    | OverflowCall
    | DivertCall
    | TurnAwayCall
    | Announce
    | JudgeEstimate
    | ShowAgentState
    | AskCallBack
    | AcknowledgeCallBack
    | RefuseCallBack
    | DialCustomer
    | StopDialling
    | EndCallBack
    | InvariantBroken
)
