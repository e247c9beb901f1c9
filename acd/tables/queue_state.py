"""
A queue: its rules, its waiting calls, its agents, and who of these is first in line for which call.

An agent's figure is read when he gets in line; for strategies that look back, again at the end of
each slot of five minutes. This module changes no agent and no call.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from acd.policy import FIRST_RING, QueuePolicy, Strategy
from acd.tables.agent_state import Agent, Standing
from acd.tables.calibration import NO_CASES, Calibration
from acd.tables.chance import exponential
from acd.tables.lanes import ATTENDANCE, Attendance, Lane
from acd.tables.members import Members
from acd.tables.observed import NOTHING_OBSERVED, Observed
from acd.tables.opening import UNSAID, Opening
from acd.tables.outcomes import Outcomes
from acd.tables.presence import Presence
from acd.tables.reach import Reach, reach_at
from acd.tables.waiting import Call, Place, WaitingCalls
from acd.ways import Cause, ChainRule, Target, TargetKind
from cti.ids import AgentId, CallId, OfferId, Skills
from cti.instants import Time

LOOKING_BACK: Final = frozenset({Strategy.FEWEST_CALLS, Strategy.LEAST_OCCUPIED})
"""The strategies that look at what agents did within a window."""
NOT_DERIVABLE: Final = LOOKING_BACK | {Strategy.WEIGHTED_RANDOM}
"""The strategies whose figures are of the moment at which they were read, and are kept as such."""
LANES_KEPT = 16
"""How many lanes a queue has before those without calls are forgotten, the longest unused first."""
NEVER = 1 << 62
"""The ring of agents who are in no ring, but only added at a step."""


@dataclass(slots=True, kw_only=True, eq=False)
class Queue:
    """
    One queue: its rules, its waiting calls, its agents.

    `removed`: no longer in the policy. It takes no new calls, keeps its last rules and agents for
    those that wait, and is forgotten when the last of them has left. `opening` is what was said of
    whether it is open; `causes` since when the causes of its leave rules hold, and `leave_at` when
    these are judged next; `look_at` is when is looked whom to dial ahead of his turn. `entered` are
    its calls in the order in which they came in, `chain` the rules of its overflow that lead
    anywhere. `turns` are the offers that agents had last, for taking turns; `draws` counts the
    draws of chance, and `clock` is the last winner's, from which on counts who gets in line anew;
    `kept` are figures that a snapshot brought, for agents who are not in line yet. `handled` is
    how long its calls take an agent, and `rang` how long it rings until one answers; `calibration`
    is how right estimates were. `reserves` are agents who do not serve it, but are added at a step.
    """

    rules: QueuePolicy
    removed: bool = False
    opening: Opening = UNSAID
    causes: dict[Cause, Time] = field(default_factory=dict)
    leave_at: Time | None = None
    look_at: Time | None = None
    outcomes: Outcomes = field(default_factory=Outcomes)
    reserves: frozenset[AgentId] = frozenset()
    waiting: WaitingCalls = field(default_factory=WaitingCalls)
    entered: dict[CallId, None] = field(default_factory=dict)
    members: Members = field(default_factory=Members)
    presence: Presence = field(default_factory=Presence)
    turns: dict[AgentId, int] = field(default_factory=dict)
    draws: int = 0
    clock: int = 0
    kept: dict[AgentId, tuple[int, int]] = field(default_factory=dict)
    handled: Observed = NOTHING_OBSERVED
    rang: Observed = NOTHING_OBSERVED
    calibration: Calibration = NO_CASES
    chain: tuple[ChainRule, ...] = field(init=False)
    _lanes: dict[Reach, Lane] = field(default_factory=dict)
    _plain: list[Reach] = field(init=False)
    _positions: dict[AgentId, int] = field(init=False)
    _weights: dict[AgentId, int] = field(init=False)
    _rings: dict[AgentId, int] = field(init=False)

    def __post_init__(self) -> None:
        self.put_rules(self.rules)

    def put_rules(self, rules: QueuePolicy) -> None:
        """Have other rules from now on; whoever changes what calls ask for makes the lanes anew."""
        self.rules = rules
        self.chain = _chain(rules)
        self._positions = {agent: place for place, agent in enumerate(rules.order)}
        self._weights = dict(rules.weights)
        self._rings = dict(rules.rings)
        self._plain = [reach_at(rules, (), step) for step in range(len(rules.steps) + 1)]
        if rules.strategy is not Strategy.ROUND_ROBIN:
            self.turns.clear()
        if rules.strategy is not Strategy.WEIGHTED_RANDOM:
            self.draws = self.clock = 0

    def holds(self, call: Call) -> bool:
        """Return whether a call stands here in all orders, where its place and state have it."""
        return call.call in self.entered and self.waiting.holds(call)

    def position(self, agent: AgentId) -> int:
        """Return an agent's place in the order of the rules; the last for who is not in it."""
        return self._positions.get(agent, len(self._positions))

    def weight(self, agent: AgentId) -> int:
        """Return an agent's weight."""
        return self._weights.get(agent, 1)

    def ring(self, agent: AgentId) -> int:
        """Return an agent's ring."""
        return NEVER if agent in self.reserves else self._rings.get(agent, FIRST_RING)

    def put(self, agent: Agent, standing: Standing, now: Time) -> None:
        """Have an agent stand so from now on; a ready one gets in line where the strategy wants."""
        before, after = ATTENDANCE[self.members.put(agent, standing)], ATTENDANCE[standing]
        if before is after:
            if after is Attendance.READY:
                self.line_up(agent, now)
            return
        figures = self._take_figures(agent, now) if after is Attendance.READY else None
        ring = self.ring(agent.agent)
        for lane in self._lanes.values():
            lane.move(agent, ring, before, after, figures)

    def drop(self, agent: Agent) -> None:
        """Have an agent serve this queue no longer."""
        before, ring = ATTENDANCE[self.members.standing(agent.agent)], self.ring(agent.agent)
        for lane in self._lanes.values():
            lane.move(agent, ring, before, Attendance.AWAY)
        self.members.drop(agent.agent)

    def line_up(self, agent: Agent, now: Time) -> None:
        """Put a ready agent in line, where the strategy wants him by now."""
        figures = self._take_figures(agent, now)
        ring = self.ring(agent.agent)
        for lane in self._lanes.values():
            lane.line_up(agent, ring, figures)

    def reach(self, own: Skills, step: int) -> Reach:
        """Return whom a call with skills of its own reaches when so many steps have been taken."""
        return reach_at(self.rules, own, step) if own else self._plain[step]

    def lane(self, reach: Reach) -> Lane:
        """Return the lane of the calls that reach these."""
        lane = self._lanes.pop(reach, None)
        if lane is None:
            lane = self._make_lane(reach)
        self._lanes[reach] = lane  # the last is the one used last
        return lane

    def lanes(self) -> tuple[Lane, ...]:
        """Return the lanes that are there just now."""
        return tuple(self._lanes.values())

    def forget_lanes(self) -> None:
        """Make all lanes anew when they are needed; no call may be open in any."""
        self._lanes.clear()

    def first_for(self, agent: AgentId, calls: Mapping[CallId, Call]) -> Place | None:
        """Return the place of the first call that may be offered to an agent in line, or None."""
        best: Place | None = None
        for lane in self._lanes.values():
            place = lane.first_for(agent, calls)
            if place is not None and (best is None or place < best):
                best = place
        return best

    def has_in_place(self, agent: Agent) -> bool:
        """Return whether an agent stands here as his state says, and in all lines where he may."""
        standing = agent.standing_in(self.rules.name)
        is_ready = standing is Standing.READY
        if self.members.standing(agent.agent) is not standing:
            return False
        if (agent.agent in self.members.ready) is not is_ready:
            return False
        ring = self.ring(agent.agent)
        return all(
            lane.has_in_line(agent.agent) is (is_ready and lane.bar(agent, ring) is None)
            for lane in self._lanes.values()
        )

    def has_open(self, call: Call) -> bool:
        """Return whether a call is open in the lane of its reach."""
        lane = None if call.reach is None else self._lanes.get(call.reach)
        return lane is not None and lane.has_open(call.place)

    def count_open(self) -> int:
        """Return how many calls are open in lanes."""
        return sum(lane.count_open() for lane in self._lanes.values())

    def note_offer(self, agent: AgentId) -> None:
        """Note that an agent in line is offered a call now."""
        if self.rules.strategy is Strategy.WEIGHTED_RANDOM and agent in self.members.ready:
            self.clock = max(self.clock, self.members.ready[agent][0])

    def note_turn(self, agent: AgentId, offer: OfferId) -> None:
        """Note that an agent has had his turn by this offer, where agents take turns."""
        if self.rules.strategy is Strategy.ROUND_ROBIN:
            self.turns[agent] = offer

    def _take_figures(self, agent: Agent, now: Time) -> tuple[int, int]:
        """Return a ready agent's figures, and keep them."""
        kept = self.kept.pop(agent.agent, None)
        figures = self._figures(agent, now) if kept is None else kept
        self.members.ready[agent.agent] = figures
        return figures

    def _make_lane(self, reach: Reach) -> Lane:
        unused = [known for known, lane in self._lanes.items() if not lane.is_used()]
        for known in unused[: max(0, len(self._lanes) + 1 - LANES_KEPT)]:
            del self._lanes[known]
        lane = Lane(reach)
        for agent in self.members.present.values():
            ring = self.ring(agent.agent)
            figures = self.members.ready.get(agent.agent)
            after = Attendance.PRESENT if figures is None else Attendance.READY
            lane.move(agent, ring, Attendance.AWAY, after, figures)
        return lane

    def _figures(self, agent: Agent, now: Time) -> tuple[int, int]:
        """Return an agent's figure, the smaller the better, and what decides between equals."""
        rules = self.rules
        match rules.strategy:
            case Strategy.LONGEST_IDLE | Strategy.MOST_SKILLED:  # how skilled, his lane knows
                return agent.idle_since, 0
            case Strategy.ROUND_ROBIN:
                return self.turns.get(agent.agent, 0), self.position(agent.agent)
            case Strategy.FEWEST_CALLS:
                return agent.workload.calls(now, rules.window), agent.idle_since
            case Strategy.LEAST_OCCUPIED:
                return agent.workload.occupancy(now, rules.window), agent.idle_since
            case Strategy.ORDERED | Strategy.RING_ALL | Strategy.RING_PROGRESSIVELY:
                return self.position(agent.agent), agent.idle_since
            case Strategy.WEIGHTED_RANDOM:
                self.draws += 1
                draw = exponential(rules.seed, self.draws) // self.weight(agent.agent)
                return self.clock + draw, 0
            case _ as unreachable:
                assert_never(unreachable)


def _chain(rules: QueuePolicy) -> tuple[ChainRule, ...]:
    """Return a queue's overflow chain, without what would lead back into the queue itself."""
    short = rules.overflow
    chain = rules.chain
    if short is not None:
        target = Target(kind=TargetKind.QUEUE, name=short.to)
        chain = (*chain, ChainRule(wait=short.wait, target=target))
    return tuple(
        rule
        for rule in chain
        if (rule.target.kind, rule.target.name) != (TargetKind.QUEUE, rules.name)
    )
