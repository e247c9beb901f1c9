"""
The core's whole state as frozen plain values, to be written down and to go on from.

Only what cannot be derived is kept: timers follow from the instants that stand with agents, calls
and offers, and the indexes from all of these. A snapshot lists everything in the order of its
names, so that equal states give equal snapshots. This module writes no bytes: a codec does.
"""

from dataclasses import dataclass
from operator import attrgetter

from acd.commands import Occupation, Wish, WithdrawCause
from acd.errors import SnapshotRefusedError
from acd.misses import MissCause, MissRule
from acd.policy import WRAP_UP_MAX, QueuePolicy
from acd.rules import call_back_rules, step_rules
from acd.tables.agent_state import NO_WRAP_UP, Agent
from acd.tables.calibration import NO_CASES, Calibration
from acd.tables.floor import Floor
from acd.tables.hearing import NOTHING_HEARD, Hearing
from acd.tables.observed import NOTHING_OBSERVED, Observed
from acd.tables.offer_state import Offer, OfferState
from acd.tables.opening import UNSAID, Opening
from acd.tables.outcomes import Outcome, Outcomes
from acd.tables.promises import Asked, Promise
from acd.tables.queue_state import NOT_DERIVABLE, Queue
from acd.tables.regaining import KeptPlace, KeptPlaces
from acd.tables.stints import Stint
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call, CallState
from acd.tables.workload import SlotRecord, Workload
from acd.ways import Cause
from cti.ids import AgentId, CallId, DeviceId, OfferId, QueueName, Skills
from cti.instants import Duration, Time

NO_QUEUE = QueueName("")
STATE_VERSION = 1
"""Counts the shapes that this state has had; a snapshot of another is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSnapshot:
    """
    A queue's rules in force; `removed`: it lives on for those that wait in it.

    `line` has the figures of who is in line, where they are of the moment at which they were read.
    """

    rules: QueuePolicy
    removed: bool
    turns: tuple[tuple[AgentId, int], ...] = ()
    draws: int = 0
    clock: int = 0
    line: tuple[tuple[AgentId, int, int], ...] = ()
    opening: Opening = UNSAID
    handled: Observed = NOTHING_OBSERVED
    rang: Observed = NOTHING_OBSERVED
    calibration: Calibration = NO_CASES
    causes: tuple[tuple[Cause, Time], ...] = ()
    leave_at: Time | None = None
    arrivals: int = 0
    outcomes: tuple[tuple[Outcome, int], ...] = ()
    reserves: tuple[AgentId, ...] = ()
    look_at: Time | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSnapshot:
    """
    An agent; the fields are those of `acd.tables.agent_state.Agent`.

    Of his rows of misses, `misses` is that of unanswered rings and `other_misses` are the rest.
    """

    agent: AgentId
    queues: tuple[QueueName, ...]
    wish: Wish
    reason: str | None
    occupation: Occupation
    since: Time
    idle_since: Time
    device: DeviceId | None
    holds_device: bool
    call: CallId | None
    offer: OfferId | None
    in_use_elsewhere: bool
    wrap_up: Duration
    wrap_up_ends: Time | None
    rests_until: Time | None
    misses: int
    leaving: bool
    work: tuple[SlotRecord, ...] = ()
    busy_since: Time | None = None
    available_since: Time | None = None
    other_misses: tuple[tuple[MissCause, int], ...] = ()
    row: int = 0
    wrap_up_max: Duration = NO_WRAP_UP
    wrap_up_latest: Time | None = None
    own_wrap_up: Duration | None = None
    own_wrap_ups: tuple[tuple[QueueName, Duration], ...] = ()
    stint: Stint | None = None
    skills: Skills = ()
    not_ready_in: tuple[tuple[QueueName, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSnapshot:
    """
    A call; the fields are those of `acd.tables.waiting.Call`.

    `offer` is the first of its offers, `other_offers` are those beside it.
    """

    call: CallId
    queue: QueueName
    entered_at: Time
    priority: Duration
    sequence: int
    queued_at: Time
    state: CallState
    offer: OfferId | None
    agent: AgentId | None
    overflow_at: Time | None
    overflow_due: bool
    held_until: Time | None
    spared: tuple[tuple[AgentId, Time], ...]
    party: str | None = None
    hearing: Hearing = NOTHING_HEARD
    skills: Skills = ()
    step: int = 0
    step_at: Time | None = None
    preferred: tuple[AgentId, ...] = ()
    preferred_until: Time | None = None
    other_offers: tuple[OfferId, ...] = ()
    ring_next_at: Time | None = None
    asked: Asked = Asked.NEVER
    promise: Promise | None = None

    @property
    def offers(self) -> tuple[OfferId, ...]:
        """Return all its offers, in the order in which they were made."""
        return self.other_offers if self.offer is None else (self.offer, *self.other_offers)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferSnapshot:
    """A live offer; the fields are those of `acd.tables.offer_state.Offer`."""

    offer: OfferId
    call: CallId
    agent: AgentId
    wrap_up: Duration
    misses_max: int
    overdue_at: Time
    state: OfferState
    withdrawn_for: WithdrawCause | None
    queue: QueueName = NO_QUEUE
    misses: tuple[MissRule, ...] = ()
    wrap_up_max: Duration = WRAP_UP_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributorState:
    """Everything the core knows at `now`."""

    state_version: int
    now: Time
    policy_version: str
    last_offer: int
    last_sequence: int
    queues: tuple[QueueSnapshot, ...]
    agents: tuple[AgentSnapshot, ...]
    calls: tuple[CallSnapshot, ...]
    offers: tuple[OfferSnapshot, ...]
    departed: tuple[CallId, ...]
    kept_places: tuple[KeptPlace, ...] = ()
    slot_ends: Time | None = None


def save(floor: Floor) -> DistributorState:
    """Return the state of a floor between two steps."""
    return DistributorState(
        state_version=STATE_VERSION,
        now=floor.now,
        policy_version=floor.policy_version,
        last_offer=floor.last_offer,
        last_sequence=floor.last_sequence,
        queues=tuple(_save_queue(queue) for _, queue in sorted(floor.queues.items())),
        agents=tuple(_save_agent(floor, agent) for _, agent in sorted(floor.agents.items())),
        calls=tuple(_save_call(call) for _, call in sorted(floor.calls.items())),
        offers=tuple(_save_offer(offer) for _, offer in sorted(floor.offers.items())),
        departed=tuple(floor.departed),
        kept_places=floor.kept_places.saved(),
        slot_ends=floor.slot_ends,
    )


def load(state: DistributorState) -> Floor:
    """
    Return the floor that a snapshot was taken of.

    Raises:
        SnapshotRefusedError: it has the state of another core version.
    """
    if state.state_version != STATE_VERSION:
        raise SnapshotRefusedError(state.state_version, STATE_VERSION)
    floor = Floor(state.now)
    floor.policy_version = state.policy_version
    floor.last_offer = state.last_offer
    floor.last_sequence = state.last_sequence
    floor.departed = dict.fromkeys(state.departed)
    floor.kept_places = KeptPlaces(state.kept_places)
    for queue in state.queues:
        floor.queues[queue.rules.name] = Queue(
            rules=queue.rules,
            removed=queue.removed,
            turns=dict(queue.turns),
            draws=queue.draws,
            clock=queue.clock,
            kept={agent: (figure, tie) for agent, figure, tie in queue.line},
            opening=queue.opening,
            handled=queue.handled,
            rang=queue.rang,
            calibration=queue.calibration,
            causes=dict(queue.causes),
            leave_at=queue.leave_at,
            outcomes=Outcomes(queue.arrivals, dict(queue.outcomes)),
            reserves=frozenset(queue.reserves),
            look_at=queue.look_at,
        )
        if queue.look_at is not None:
            floor.timers.start(Timer(TimerKind.TURN, queue=queue.rules.name), queue.look_at)
        if queue.leave_at is not None:
            floor.timers.start(Timer(TimerKind.LEAVE, queue=queue.rules.name), queue.leave_at)
    floor.slot_ends = state.slot_ends
    if floor.slot_ends is not None:
        floor.timers.start(Timer(TimerKind.SLOT), floor.slot_ends)
        floor.window = floor.longest_window()
    for agent in state.agents:
        _load_agent(floor, agent)
    for offer in state.offers:  # before the calls: whether these are open depends on them
        _load_offer(floor, offer)
    for call in sorted(state.calls, key=attrgetter("sequence")):  # as they came into their queues
        _load_call(floor, call)
    _load_promises(floor)
    _count_arrivals(floor)
    while floor.take_stirred() is not None:  # what was to be judged had been
        pass
    floor.take_candidates()  # whoever could match had matched before the snapshot was taken
    floor.take_restaffed()
    return floor


def _count_arrivals(floor: Floor) -> None:
    """Count those who wait where nobody has arrived: a core that did not count yet wrote it."""
    for queue in floor.queues.values():
        if not queue.outcomes.arrivals:
            queue.outcomes.arrivals = len(queue.waiting)


def _save_queue(queue: Queue) -> QueueSnapshot:
    kept = queue.members.ready if queue.rules.strategy in NOT_DERIVABLE else {}
    return QueueSnapshot(
        rules=queue.rules,
        removed=queue.removed,
        turns=tuple(sorted(queue.turns.items())),
        draws=queue.draws,
        clock=queue.clock,
        line=tuple((agent, figure, tie) for agent, (figure, tie) in sorted(kept.items())),
        opening=queue.opening,
        handled=queue.handled,
        rang=queue.rang,
        calibration=queue.calibration,
        causes=tuple(sorted(queue.causes.items(), key=_by_value)),
        leave_at=queue.leave_at,
        arrivals=queue.outcomes.arrivals,
        outcomes=tuple(sorted(queue.outcomes.counts.items(), key=_by_value)),
        reserves=tuple(sorted(queue.reserves)),
        look_at=queue.look_at,
    )


def _by_value(item: tuple[Cause | Outcome, int]) -> str:
    return str(item[0].value)


def _save_agent(floor: Floor, agent: Agent) -> AgentSnapshot:
    holder = None if agent.device is None else floor.devices.get(agent.device)
    return AgentSnapshot(
        agent=agent.agent,
        queues=agent.queues,
        wish=agent.wish,
        reason=agent.reason,
        occupation=agent.occupation,
        since=agent.since,
        idle_since=agent.idle_since,
        device=agent.device,
        holds_device=holder == agent.agent,
        call=agent.call,
        offer=agent.offer,
        in_use_elsewhere=agent.in_use_elsewhere,
        wrap_up=agent.wrap_up,
        wrap_up_ends=agent.wrap_up_ends,
        rests_until=agent.rests_until,
        misses=agent.misses.get(MissCause.NO_ANSWER, 0),
        leaving=agent.leaving,
        work=agent.workload.saved(),
        busy_since=agent.workload.busy_since,
        available_since=agent.workload.available_since,
        other_misses=tuple(
            (cause, agent.misses[cause])
            for cause in MissCause
            if cause is not MissCause.NO_ANSWER and cause in agent.misses
        ),
        row=agent.row,
        wrap_up_max=agent.wrap_up_max,
        wrap_up_latest=agent.wrap_up_latest,
        own_wrap_up=agent.own_wrap_up,
        own_wrap_ups=agent.own_wrap_ups,
        stint=agent.stint,
        skills=agent.skills,
        not_ready_in=tuple(sorted(agent.not_ready_in.items())),
    )


def _load_agent(floor: Floor, state: AgentSnapshot) -> None:
    agent = Agent(
        agent=state.agent,
        queues=state.queues,
        wish=state.wish,
        reason=state.reason,
        occupation=state.occupation,
        since=state.since,
        idle_since=state.idle_since,
        device=state.device,
        call=state.call,
        offer=state.offer,
        in_use_elsewhere=state.in_use_elsewhere,
        wrap_up=state.wrap_up,
        wrap_up_ends=state.wrap_up_ends,
        rests_until=state.rests_until,
        misses=_rows(state),
        row=state.row,
        wrap_up_max=state.wrap_up_max,
        wrap_up_latest=state.wrap_up_latest,
        own_wrap_up=state.own_wrap_up,
        own_wrap_ups=state.own_wrap_ups,
        leaving=state.leaving,
        stint=state.stint,
        skills=state.skills,
        not_ready_in=dict(state.not_ready_in),
        workload=Workload(
            slots={number: (calls, busy, free) for number, calls, busy, free in state.work},
            busy_since=state.busy_since,
            available_since=state.available_since,
        ),
    )
    floor.add_agent(agent)
    if agent.device is not None and state.holds_device:
        floor.devices[agent.device] = agent.agent
    if agent.wrap_up_ends is not None:
        floor.timers.start(Timer(TimerKind.WRAP_UP, agent=agent.agent), agent.wrap_up_ends)
    if agent.rests_until is not None:
        floor.timers.start(Timer(TimerKind.REST, agent=agent.agent), agent.rests_until)


def _rows(state: AgentSnapshot) -> dict[MissCause, int]:
    rows = dict(state.other_misses)
    if state.misses:
        rows[MissCause.NO_ANSWER] = state.misses
    return rows


def _save_call(call: Call) -> CallSnapshot:
    return CallSnapshot(
        call=call.call,
        queue=call.queue,
        entered_at=call.entered_at,
        priority=call.priority,
        sequence=call.sequence,
        queued_at=call.queued_at,
        state=call.state,
        offer=next(iter(call.offers), None),
        other_offers=call.offers[1:],
        ring_next_at=call.ring_next_at,
        agent=call.agent,
        overflow_at=call.overflow_at,
        overflow_due=call.overflow_due,
        held_until=call.held_until,
        spared=tuple(sorted(call.spared.items())),
        party=call.party,
        hearing=call.hearing,
        skills=call.skills,
        step=call.step,
        step_at=call.step_at,
        preferred=call.preferred,
        preferred_until=call.preferred_until,
        asked=call.asked,
        promise=call.promise,
    )


def _load_call(floor: Floor, state: CallSnapshot) -> None:
    call = Call(
        call=state.call,
        queue=state.queue,
        entered_at=state.entered_at,
        priority=state.priority,
        sequence=state.sequence,
        queued_at=state.queued_at,
        state=state.state,
        offers=state.offers,
        ring_next_at=state.ring_next_at,
        agent=state.agent,
        overflow_at=state.overflow_at,
        overflow_due=state.overflow_due,
        held_until=state.held_until,
        spared=dict(state.spared),
        party=state.party,
        hearing=state.hearing,
        skills=state.skills,
        step=state.step,
        step_at=state.step_at,
        preferred=state.preferred,
        preferred_until=state.preferred_until,
        asked=state.asked,
        promise=state.promise,
    )
    floor.calls[call.call] = call
    if call.state is not CallState.TALKING:
        queue = floor.queues[call.queue]
        call.weight = queue.rules.weight
        queue.waiting.add(call)
        queue.entered[call.call] = None
        step_rules.resume(floor, call)
    if call.overflow_at is not None and not call.overflow_due:
        floor.timers.start(Timer(TimerKind.OVERFLOW, call=call.call), call.overflow_at)
    if call.held_until is not None:
        floor.timers.start(Timer(TimerKind.HELD, call=call.call), call.held_until)
    if call.hearing.next_at is not None and call.hearing.is_awaited:
        floor.timers.start(Timer(TimerKind.ANNOUNCE, call=call.call), call.hearing.next_at)
    for agent, until in call.spared.items():
        floor.timers.start(Timer(TimerKind.SPARED, call=call.call, agent=agent), until)


def _load_promises(floor: Floor) -> None:
    """Note what is promised, and have each promise stand where it may: that is in no snapshot."""
    promised = [call for _, call in sorted(floor.calls.items()) if call.promise is not None]
    for call in promised:
        floor.promises.add(call.promised.party, call.call)
        if call.state is CallState.DIALLING:
            floor.promises.dial(call.queue, for_agent=call.agent is not None, change=1)
    for call in promised:
        if call_back_rules.is_at_rest(call):
            call_back_rules.stand(floor, call)
        else:
            call_back_rules.time(floor, call)


def _save_offer(offer: Offer) -> OfferSnapshot:
    return OfferSnapshot(
        offer=offer.offer,
        call=offer.call,
        agent=offer.agent,
        wrap_up=offer.wrap_up,
        misses_max=offer.misses_max,
        overdue_at=offer.overdue_at,
        state=offer.state,
        withdrawn_for=offer.withdrawn_for,
        queue=offer.queue,
        misses=offer.misses,
        wrap_up_max=offer.wrap_up_max,
    )


def _load_offer(floor: Floor, state: OfferSnapshot) -> None:
    offer = Offer(
        offer=state.offer,
        call=state.call,
        queue=state.queue,
        agent=state.agent,
        wrap_up=state.wrap_up,
        misses_max=state.misses_max,
        misses=state.misses,
        wrap_up_max=state.wrap_up_max,
        overdue_at=state.overdue_at,
        state=state.state,
        withdrawn_for=state.withdrawn_for,
    )
    floor.offers[offer.offer] = offer
    if offer.state is OfferState.RINGING:
        floor.timers.start(Timer(TimerKind.OFFER_OVERDUE, offer=offer.offer), offer.overdue_at)
