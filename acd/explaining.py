"""
Why a call is offered to one agent and not to each of the others: the complete list, off the floor.

Deciding keeps counts and an order, and never goes through all agents; this goes through all of
them, and is for whoever asks afterwards. It reads the floor as it is at the moment of a decision,
and changes nothing. A `Witness` is a distributor that lets others look at that moment.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from acd.call_backs import NotReached
from acd.commands import AcdCommand, OfferCall, Wish
from acd.distributor import Distributor
from acd.rules.call_back_rules import bar, is_at_rest
from acd.snapshot import DistributorState, load
from acd.tables.agent_state import Agent, Standing
from acd.tables.floor import Floor
from acd.tables.opening import Opening
from acd.tables.promises import Asked, Bar
from acd.tables.queue_state import Queue
from acd.tables.reach import MISSED_THIS_CALL, PREFERRED
from acd.tables.waiting import Call, CallState, Place
from cti.ids import AgentId, CallId, DeviceId, OfferId, QueueName
from cti.instants import Time

ASKED: Final = "asked"
"""What keeps a call from agents whose caller is just being asked for a number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """
    An agent of a call's queue, and how he stands towards that call.

    `ruled_out` is the first thing against him, by the names that `OfferReason` counts; None: he is
    in line, at place `line` (from 1), by this `figure` of the queue's rule. `reason` is what he or
    the system gave for being not ready, and `row` how many misses in a row were the system's cause;
    `until` when what rules him out ends by itself; `call` what he is offered, talks with or wraps
    up.
    """

    agent: AgentId
    ruled_out: str | None
    line: int | None
    figure: int | None
    reason: str | None
    since: Time
    until: Time | None
    call: CallId | None
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Competitors:
    """All agents of a call's queue, those in line first; and who does not serve that queue."""

    queue: QueueName
    rule: str
    agents: tuple[Candidate, ...]
    others: tuple[AgentId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """An offer at the moment at which it was decided; the winner is not among the competitors."""

    offer: OfferCall
    competitors: Competitors


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseStay:
    """
    What stands with a promise to call back: the attempts begun, and how the last one ended.

    `kept_by` is what keeps it from being attended to, whoever is free, and `until` when that ends
    by itself.
    """

    attempts: int
    last: NotReached | None
    expires_at: Time
    is_in_turn: bool
    kept_by: Bar | None
    until: Time | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """
    A call that the core knows: where it stands, and who could take it.

    `agents` are those at whom it rings, or the one who talks with it. `is_asked`: its caller was
    just being asked for a number; `promise` is what stands with one who has no leg.
    """

    call: CallId
    state: CallState
    queue: QueueName
    since: Time
    ahead: int
    waiting: int
    agents: tuple[AgentId, ...]
    competitors: Competitors
    is_asked: bool = False
    promise: PromiseStay | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallAtHand:
    """A call of an agent's queue that waits, and the first thing that keeps it from him."""

    call: CallId
    queue: QueueName
    kept_by: str
    agents: tuple[AgentId, ...]
    until: Time | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Doing:
    """
    An agent at a moment: what he wished and did, and what waited.

    `row` is how many misses in a row made him not ready, where it was the system. `waiting` are the
    calls that wait in his queues; `elsewhere` counts those that wait in queues which he does not
    serve.
    """

    agent: AgentId
    standing: Standing
    wish: Wish
    reason: str | None
    since: Time
    idle_since: Time
    until: Time | None
    device: DeviceId | None
    call: CallId | None
    queues: tuple[QueueName, ...]
    waiting: tuple[CallAtHand, ...]
    elsewhere: tuple[tuple[QueueName, int], ...]
    row: int = 0


class _WatchedFloor(Floor):
    """A floor that shows itself with each command, at the moment of the command."""

    def __init__(self, look: Callable[[Floor, AcdCommand], None]) -> None:
        super().__init__(Time(0))
        self._look = look

    def tell(self, command: AcdCommand) -> None:
        self._look(self, command)
        super().tell(command)


class Witness(Distributor):
    """A distributor that decides as any other, and notes each offer as it is decided."""

    def __init__(self, state: DistributorState | None = None) -> None:
        super().__init__()
        floor = _WatchedFloor(self._look)
        if state is not None:
            vars(floor).update(vars(load(state)))  # all that a floor is, and it goes on watching
        self._floor: Floor = floor
        self.watched: CallId | None = None
        self.decisions: dict[OfferId, Decision] = {}

    @property
    def policy_version(self) -> str:
        """Return the version of the policy in force."""
        return self._floor.policy_version

    def agents(self) -> tuple[AgentId, ...]:
        """Return all agents of the policy in force."""
        return tuple(sorted(self._floor.agents))

    def candidate(self, call: CallId, agent: AgentId) -> Candidate | None:
        """Return how an agent stands towards a call; None where either is unknown."""
        known, who = self._floor.calls.get(call), self._floor.agents.get(agent)
        if known is None or who is None:
            return None
        queue = self._floor.queues.get(known.queue)
        return _candidate(who, known, None, queue, is_kept=known.is_kept)

    def stay(self, call: CallId) -> Stay | None:
        """Return where a call stands; None where the core does not know it."""
        known = self._floor.calls.get(call)
        return None if known is None else _stay(self._floor, known)

    def opening(self, queue: QueueName) -> Opening | None:
        """Return what was said of whether a queue is open; None where the queue is unknown."""
        known = self._floor.queues.get(queue)
        return None if known is None else known.opening

    def doing(self, agent: AgentId) -> Doing | None:
        """Return what an agent does; None where the core does not know him."""
        known = self._floor.agents.get(agent)
        return None if known is None else _doing(self._floor, known)

    def _look(self, floor: Floor, command: AcdCommand) -> None:
        """Note the decision; of what it changes, only the winner and the call are changed yet."""
        if isinstance(command, OfferCall) and command.call == self.watched:
            call = floor.calls[command.call]
            is_kept = command.reason.rule == PREFERRED
            found = _competitors(floor, call, winner=command.agent, is_kept=is_kept)
            self.decisions[command.offer] = Decision(offer=command, competitors=found)


def _competitors(
    floor: Floor, call: Call, *, is_kept: bool, winner: AgentId | None = None
) -> Competitors:
    queue = floor.queues[call.queue]
    line = queue.lane(queue.reach(call.skills, call.step)).line()
    if is_kept:
        line = {name: place for place, name in enumerate(call.preferred)}
    places = {name: place for place, name in enumerate(line)}
    serving = [
        agent
        for agent in floor.agents.values()
        if call.queue in agent.queues or (is_kept and agent.agent in call.preferred)
    ]
    candidates = [
        _candidate(agent, call, line.get(agent.agent), queue, is_kept=is_kept)
        for agent in serving
        if agent.agent != winner
    ]
    in_line = sorted(
        (candidate for candidate in candidates if candidate.ruled_out is None),
        key=lambda candidate: places[candidate.agent],
    )
    ruled_out = sorted(
        (candidate for candidate in candidates if candidate.ruled_out is not None),
        key=lambda candidate: candidate.agent,
    )
    first = 1 if winner is None else 2
    placed = [replace(candidate, line=place) for place, candidate in enumerate(in_line, first)]
    return Competitors(
        queue=call.queue,
        rule=PREFERRED if is_kept else queue.rules.strategy.value,
        agents=(*placed, *ruled_out),
        others=tuple(sorted(floor.agents.keys() - {agent.agent for agent in serving})),
    )


def _candidate(
    agent: Agent, call: Call, figure: int | None, queue: Queue | None, *, is_kept: bool
) -> Candidate:
    standing = agent.standing_in(call.queue)
    ruled_out = None if standing is Standing.READY else standing.value
    until = _until(agent, standing)
    if ruled_out is None:
        ruled_out, until = _barred(agent, call, queue, is_kept=is_kept)
    return Candidate(
        agent=agent.agent,
        ruled_out=ruled_out,
        line=None,
        figure=figure,
        reason=agent.not_ready_in.get(call.queue, agent.reason),
        since=agent.since,
        until=until,
        call=agent.call,
        row=agent.row,
    )


def _barred(
    agent: Agent, call: Call, queue: Queue | None, *, is_kept: bool
) -> tuple[str | None, Time | None]:
    """Return what keeps a call from a ready agent, and until when; nothing, if he may have it."""
    if is_kept and agent.agent not in call.preferred:
        return PREFERRED, call.preferred_until
    if queue is not None and not is_kept:
        lane = queue.lane(queue.reach(call.skills, call.step))
        against = lane.bar(agent, queue.ring(agent.agent))
        if against is not None:
            return against, call.step_at
    if agent.agent in call.spared:
        return MISSED_THIS_CALL, call.spared[agent.agent]
    return None, None


def _until(agent: Agent, standing: Standing) -> Time | None:
    if standing is Standing.WRAPPING_UP:
        return agent.wrap_up_ends
    return agent.rests_until if standing is Standing.RESTING else None


def _stay(floor: Floor, call: Call) -> Stay:
    if call.state is CallState.TALKING:  # he is in no queue any more
        places: list[Place] = []
        competitors = Competitors(queue=call.queue, rule="", agents=(), others=())
    else:
        places = [other.place for other in floor.queues[call.queue].waiting]
        competitors = _competitors(floor, call, is_kept=call.is_kept)
    return Stay(
        call=call.call,
        state=call.state,
        queue=call.queue,
        since=call.entered_at,
        ahead=sum(place < call.place for place in places),
        waiting=len(places),
        agents=_rung(floor, call) if call.agent is None else (call.agent,),
        competitors=competitors,
        is_asked=call.asked in (Asked.NOW, Asked.GONE),
        promise=None if call.has_leg else _promise(floor, call),
    )


def _promise(floor: Floor, call: Call) -> PromiseStay:
    kept_by = bar(floor, call) if is_at_rest(call) else None
    return PromiseStay(
        attempts=call.promised.attempt,
        last=call.promised.last,
        expires_at=call.promised.expires_at,
        is_in_turn=call.is_in_turn,
        kept_by=kept_by,
        until=call.promised.not_before if kept_by is Bar.RESTING else None,
    )


def _doing(floor: Floor, agent: Agent) -> Doing:
    standing = agent.standing()
    return Doing(
        agent=agent.agent,
        standing=standing,
        wish=agent.wish,
        reason=agent.reason,
        since=agent.since,
        idle_since=agent.idle_since,
        until=_until(agent, standing),
        device=agent.device,
        call=agent.call,
        queues=agent.queues,
        row=agent.row,
        waiting=tuple(
            _at_hand(floor, call, agent)
            for name in agent.queues
            for call in floor.queues[name].waiting
        ),
        elsewhere=tuple(
            (name, len(queue.waiting))
            for name, queue in sorted(floor.queues.items())
            if name not in agent.queues and len(queue.waiting)
        ),
    )


def _at_hand(floor: Floor, call: Call, agent: Agent) -> CallAtHand:
    """Return why a waiting call is not this agent's: a ready one has none that is open to him."""
    until: Time | None = None
    if call.offers and not call.is_open:
        kept_by = CallState.OFFERED.value
    elif call.state is CallState.HELD:
        is_asked = call.asked in (Asked.NOW, Asked.GONE)
        kept_by, until = ASKED if is_asked else CallState.HELD.value, call.held_until
    elif call.state in (CallState.PROMISED, CallState.DIALLING):
        kept_by = call.state.value
    elif (standing := agent.standing_in(call.queue)) is not Standing.READY:
        kept_by = standing.value
    else:
        queue = floor.queues[call.queue]
        against, until = _barred(agent, call, queue, is_kept=call.is_kept)
        kept_by = against or Standing.READY.value
    return CallAtHand(
        call=call.call,
        queue=call.queue,
        kept_by=kept_by,
        agents=_rung(floor, call),
        until=until,
    )


def _rung(floor: Floor, call: Call) -> tuple[AgentId, ...]:
    """Return at whom a call rings, in the order in which they were rung."""
    return tuple(floor.offers[offer].agent for offer in call.offers)
