"""
A queue: its rules, its waiting calls, its agents, and who of these is first in line.

An agent's figure is read when he gets in line; for strategies that look back, again at the end of
each slot of five minutes. This module changes no agent and no call.
"""

from dataclasses import dataclass, field
from typing import Final, assert_never

from acd.agent_state import Agent
from acd.calibration import NO_CASES, Calibration
from acd.chance import exponential
from acd.members import Members
from acd.observed import NOTHING_OBSERVED, Observed
from acd.opening import UNSAID, Opening
from acd.outcomes import Outcomes
from acd.policy import QueuePolicy, Strategy
from acd.presence import Presence
from acd.waiting import Call, WaitingCalls
from acd.ways import Cause, ChainRule, Target, TargetKind
from cti.ids import AgentId, CallId, OfferId
from cti.instants import Time

LOOKING_BACK: Final = frozenset({Strategy.FEWEST_CALLS, Strategy.LEAST_OCCUPIED})
"""The strategies that look at what agents did within a window."""
NOT_DERIVABLE: Final = LOOKING_BACK | {Strategy.WEIGHTED_RANDOM}
"""The strategies whose figures are of the moment at which they were read, and are kept as such."""


@dataclass(slots=True, kw_only=True, eq=False)
class Queue:
    """
    One queue: its rules, its waiting calls, its agents.

    `removed`: no longer in the policy. It takes no new calls, keeps its last rules and agents for
    those that wait, and is forgotten when the last of them has left. `opening` is what was said of
    whether it is open; `causes` since when the causes of its leave rules hold, and `leave_at` when
    these are judged next. `entered` are its calls in the order in which they came in, `chain` the
    rules of its overflow that lead anywhere. `turns` are the offers that
    agents had last, for taking turns; `draws` counts the draws of chance, and `clock` is the last
    winner's, from which on counts who gets in line anew; `kept` are figures that a snapshot
    brought, for agents who are not in line yet. `handled` is how long its calls take an agent, and
    `rang` how long it rings until one answers; `calibration` is how right estimates were.
    """

    rules: QueuePolicy
    removed: bool = False
    opening: Opening = UNSAID
    causes: dict[Cause, Time] = field(default_factory=dict)
    leave_at: Time | None = None
    outcomes: Outcomes = field(default_factory=Outcomes)
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
    _positions: dict[AgentId, int] = field(init=False)
    _weights: dict[AgentId, int] = field(init=False)

    def __post_init__(self) -> None:
        self.put_rules(self.rules)

    def put_rules(self, rules: QueuePolicy) -> None:
        """Have other rules from now on."""
        self.rules = rules
        self.chain = _chain(rules)
        self._positions = {agent: place for place, agent in enumerate(rules.order)}
        self._weights = dict(rules.weights)
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

    def line_up(self, agent: Agent, now: Time) -> None:
        """Put a ready agent in line, where the strategy wants him."""
        kept = self.kept.pop(agent.agent, None)
        self.members.line_up(agent.agent, self._figures(agent, now) if kept is None else kept)

    def note_offer(self, figure: int) -> None:
        """Note the figure by which an agent is offered a call now."""
        if self.rules.strategy is Strategy.WEIGHTED_RANDOM:
            self.clock = max(self.clock, figure)

    def note_turn(self, agent: AgentId, offer: OfferId) -> None:
        """Note that an agent has had his turn by this offer, where agents take turns."""
        if self.rules.strategy is Strategy.ROUND_ROBIN:
            self.turns[agent] = offer

    def _figures(self, agent: Agent, now: Time) -> tuple[int, int]:
        """Return an agent's figure, the smaller the better, and what decides between equals."""
        rules = self.rules
        match rules.strategy:
            case Strategy.LONGEST_IDLE:
                return agent.idle_since, 0
            case Strategy.ROUND_ROBIN:
                return self.turns.get(agent.agent, 0), self.position(agent.agent)
            case Strategy.FEWEST_CALLS:
                return agent.workload.calls(now, rules.window), agent.idle_since
            case Strategy.LEAST_OCCUPIED:
                return agent.workload.occupancy(now, rules.window), agent.idle_since
            case Strategy.ORDERED:
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
