"""
The floor as people look at it: who waits where, who works how.

Only for showing: nothing decides by a picture, and drawing one changes nothing.
"""

from dataclasses import dataclass

from acd.commands import Occupation, Wish
from acd.misses import MissCause
from acd.rules.estimating import OBSERVED_MIN
from acd.tables.agent_state import Agent, Standing
from acd.tables.floor import Floor
from acd.tables.opening import UNSAID, Opening
from acd.tables.queue_state import Queue
from acd.tables.waiting import Call, CallState
from cti.ids import AgentId, CallId, DeviceId, OfferId, QueueName
from cti.instants import Duration, Time


@dataclass(frozen=True, slots=True, kw_only=True)
class PromisePicture:
    """
    A promise to call back: the attempts begun, and until when it holds.

    `is_dialled`: one is under way; `not_before`: when the next may be, after a rest.
    """

    attempts: int
    is_dialled: bool
    not_before: Time | None
    expires_at: Time


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingPicture:
    """
    A waiting call: since when, with what head start, and at whose phones it rings just now.

    `promise` is what stands with one that has no leg.
    """

    call: CallId
    since: Time
    priority: Duration
    offered_to: tuple[AgentId, ...]
    promise: PromisePicture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCounts:
    """How many of a queue's agents stand how towards new calls; each counts once."""

    ready: int
    logged_off: int
    not_ready: int
    offered: int
    busy: int
    busy_elsewhere: int
    wrapping_up: int
    resting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimatesPicture:
    """
    What a queue that tells callers their wait has learnt of it.

    `handle_time` is how long a call takes an agent, `ring_time` how long it rings until one
    answers; None: too few calls. Of the last `cases` callers `right` millionths were answered
    within what they were told, `bias` later than expected. `told`: the estimates are said aloud.
    """

    handle_time: Duration | None
    ring_time: Duration | None
    cases: int
    right: int | None
    bias: Duration | None
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuePicture:
    """A queue: its waiting calls in the order of service, its agents, and whether it is open."""

    name: QueueName
    removed: bool
    waiting: tuple[WaitingPicture, ...]
    agents: AgentCounts
    opening: Opening = UNSAID
    estimates: EstimatesPicture | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentPicture:
    """
    An agent: what he wishes and does, and what keeps him from calls.

    `until` is when his wrap-up ends, or his rest where he is idle; `until_max` to when the wrap-up
    may be extended.
    """

    agent: AgentId
    queues: tuple[QueueName, ...]
    wish: Wish
    reason: str | None
    occupation: Occupation
    device: DeviceId | None
    call: CallId | None
    offer: OfferId | None
    since: Time
    until: Time | None
    idle_since: Time
    misses: tuple[tuple[MissCause, int], ...]
    until_max: Time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FloorPicture:
    """The whole floor at an instant; queues and agents in the order of their names."""

    at: Time
    policy_version: str
    queues: tuple[QueuePicture, ...]
    agents: tuple[AgentPicture, ...]
    talks: tuple[tuple[CallId, AgentId], ...]


def draw(floor: Floor, now: Time) -> FloorPicture:
    """Return the picture of a floor."""
    return FloorPicture(
        at=max(floor.now, now),
        policy_version=floor.policy_version,
        queues=tuple(
            _draw_queue(floor, name, queue) for name, queue in sorted(floor.queues.items())
        ),
        agents=tuple(_draw_agent(agent) for _, agent in sorted(floor.agents.items())),
        talks=tuple(
            (call.call, call.agent)
            for _, call in sorted(floor.calls.items())
            if call.agent is not None and call.state is CallState.TALKING
        ),
    )


def _draw_queue(floor: Floor, name: QueueName, queue: Queue) -> QueuePicture:
    counts = queue.members.counts()
    return QueuePicture(
        name=name,
        removed=queue.removed,
        waiting=tuple(_draw_waiting(floor, call) for call in queue.waiting),
        agents=AgentCounts(**{standing.value: counts[standing] for standing in Standing}),
        opening=queue.opening,
        estimates=_draw_estimates(queue),
    )


def _draw_estimates(queue: Queue) -> EstimatesPicture | None:
    policy = None if queue.rules.announce is None else queue.rules.announce.estimate
    if policy is None:
        return None
    is_known = queue.handled.cases >= OBSERVED_MIN
    return EstimatesPicture(
        handle_time=queue.handled.mean if is_known else None,
        ring_time=queue.rang.mean if is_known else None,
        cases=len(queue.calibration.cases),
        right=queue.calibration.share,
        bias=queue.calibration.bias,
        told=queue.calibration.is_trusted(policy),
    )


def _draw_waiting(floor: Floor, call: Call) -> WaitingPicture:
    return WaitingPicture(
        call=call.call,
        since=call.entered_at,
        priority=call.priority,
        offered_to=tuple(floor.offers[offer].agent for offer in call.offers),
        promise=None if call.has_leg else _draw_promise(call),
    )


def _draw_promise(call: Call) -> PromisePicture:
    promise = call.promised
    return PromisePicture(
        attempts=promise.attempt,
        is_dialled=promise.dial_until is not None,
        not_before=promise.not_before,
        expires_at=promise.expires_at,
    )


def _draw_agent(agent: Agent) -> AgentPicture:
    resting = agent.standing() is Standing.RESTING
    shown = agent.shown()
    return AgentPicture(
        agent=agent.agent,
        queues=agent.queues,
        wish=agent.wish,
        reason=agent.reason,
        occupation=agent.occupation,
        device=agent.device,
        call=agent.call,
        offer=agent.offer,
        since=agent.since,
        until=agent.rests_until if resting else shown.until,
        idle_since=agent.idle_since,
        misses=tuple((cause, agent.misses[cause]) for cause in MissCause if cause in agent.misses),
        until_max=shown.until_max,
    )
