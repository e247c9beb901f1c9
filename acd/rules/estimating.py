"""
How long a waiting caller will go on waiting, worked out from what is on the floor now.

    expected = until an agent is free + work ahead / agents + ringing

Agents are those who work for the caller's queue (`acd.tables.teams`). Work ahead is what stands
before him by the one order of all calls, priorities included; a call counts with what calls of its
queue usually take an agent, from offer to end of paperwork. Calls that ring are no longer ahead,
but are somebody's present work; at whomever else they ring, he is as good as free. Agents shared
with other queues are counted by what their work is in fact, since they take the older call of
whichever queue:

    undivided = work of his queue  / agents whom no older call of another queue draws away
    pooled    = work of all queues / agents of all queues that share agents with his
    least     = work of his queue  / all agents of his queue
    wait      = max(least, min(undivided, pooled))

Where the undivided alone are through with his queue before the pool is through with all, the
others are busy with older calls meanwhile; else all queues come down together, as calls of one age
are served at one time. To count such an agent as 1/n in each of n queues, or by a share of the
past, as published formulas do, would be wrong in both cases.

Until an agent is free: of few agents the present work of each is looked at, of many the usual is
taken. Where lengths vary as chance without memory has it, the agents' rates add up; where they are
all alike, the agents become free one after the other, and so the k-th caller is served by the k-th
of them; what lies between is mixed. `likely` lies one standard deviation above what is expected, as
the sum of so many lengths has it, so that about five callers in six are answered within it.

None where nothing honest can be said: nobody works, or too little was observed. Not foreseen are
calls that come later with a head start, breaks, callers who give up, and that a call ahead may need
skills which others need not; that shows in the calibration.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isqrt

from acd.tables.agent_state import Agent, Standing
from acd.tables.floor import Floor
from acd.tables.observed import PARTS, Observed
from acd.tables.queue_state import Queue
from acd.tables.reach import has
from acd.tables.teams import Team
from acd.tables.waiting import Call
from cti.ids import AgentId, QueueName
from cti.instants import Duration

OBSERVED_MIN = 5
"""So many calls of a queue must have been handled before anything is said of their length."""
LOOKED_AT_MAX = 32
"""Of more agents the next one is free in a small part of the usual time, whatever each is doing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How much longer a caller waits: on average, and as it is likely not to be exceeded."""

    expected: Duration
    likely: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class _Crew:
    """Agents who serve a caller, and how much work comes before him for each of them."""

    teams: list[Mapping[AgentId, Agent]]
    work: int

    @property
    def agents(self) -> int:
        return sum(map(len, self.teams))


def estimate(floor: Floor, call: Call) -> Duration | None:
    """Return how much longer a waiting caller is expected to wait; None: it cannot be told."""
    found = outlook(floor, call)
    return None if found is None else found.expected


def outlook(floor: Floor, call: Call) -> Outlook | None:
    """Return how much longer a waiting caller will wait; None: it cannot be told."""
    queue = floor.queues[call.queue]
    teams = who_can_take(floor, call)
    if not teams or queue.handled.cases < OBSERVED_MIN:
        return None
    usual = queue.handled
    ahead = _work_ahead(floor, call, queue, teams)
    own = ahead.get(call.queue, 0)
    count = sum(map(len, teams.values()))
    everybody = list(teams.values())
    undivided = [
        agents
        for team, agents in teams.items()
        if not any(name in ahead for name in team.queues if name != call.queue)
    ]
    waits = [_wait(floor, queue, _Crew(teams=everybody, work=own // count))]
    if len(undivided) < len(everybody):
        pool = {team: len(agents) for name in ahead for team, agents in floor.teams.of(name)}
        pool |= {team: len(agents) for team, agents in teams.items()}
        pooled = sum(ahead.values()) // sum(pool.values())
        others = [_wait(floor, queue, _Crew(teams=everybody, work=pooled))]
        if undivided:
            crew = _Crew(teams=undivided, work=own // sum(map(len, undivided)))
            others.append(_wait(floor, queue, crew))
        waits.append(min(others))
    wait, calls = max(waits)
    margin = wait * usual.spread // isqrt((PARTS + calls) * PARTS)
    expected = wait + queue.rang.mean
    return Outlook(expected=Duration(expected), likely=Duration(expected + margin))


def who_can_take(floor: Floor, call: Call) -> dict[Team, Mapping[AgentId, Agent]]:
    """Return the teams whose agents can take a call at its present step; only here it is said."""
    queue = floor.queues[call.queue]
    reach = queue.reach(call.skills, call.step)
    able: dict[Team, Mapping[AgentId, Agent]] = {}
    for team, agents in floor.teams.of(call.queue):
        those: Mapping[AgentId, Agent] = agents
        if queue.rules.rings or queue.reserves:
            those = {
                name: agent
                for name, agent in agents.items()
                if name in reach.agents
                or (queue.ring(name) <= reach.ring and has(team.skills, reach.skills))
            }
        elif not has(team.skills, reach.skills):
            continue
        if those:
            able[team] = those
    return able


def _work_ahead(
    floor: Floor, call: Call, queue: Queue, teams: Iterable[Team]
) -> dict[QueueName, int]:
    """Return the microseconds of work that come before a call, of queues that have any."""
    ahead: dict[QueueName, int] = {}
    for name in {name: None for team in teams for name in team.queues}:
        other = floor.queues[name]
        attended = floor.teams.ringing(name) + floor.promises.attended[name]
        calls = other.waiting.ahead(call.place) - attended
        if calls > 0:
            ahead[name] = calls * _usual(other, queue).mean
    return ahead


def _usual(queue: Queue | None, instead: Queue) -> Observed:
    """Return what a queue's calls usually take; where too little is known, those of another."""
    known = queue is not None and queue.handled.cases >= OBSERVED_MIN
    return queue.handled if queue is not None and known else instead.handled


def _wait(floor: Floor, queue: Queue, crew: _Crew) -> tuple[int, int]:
    """Return how long it takes a crew to come to a caller, and the millionths of calls before."""
    usual = queue.handled
    agents = crew.agents
    calls = crew.work * agents * PARTS // max(usual.mean, 1)
    if agents > LOOKED_AT_MAX:
        return usual.mean // agents + crew.work, calls
    present = [
        _present(floor, queue, agent) for members in crew.teams for agent in members.values()
    ]
    rates = sum(PARTS * PARTS // max(length, 1) for length, _ in present)
    by_chance = PARTS * PARTS // rates + crew.work
    rounds, turn = divmod((calls + PARTS // 2) // PARTS, agents)
    in_turn = sorted(left for _, left in present)[turn] + rounds * usual.mean
    return (usual.spread * by_chance + (PARTS - usual.spread) * in_turn) // PARTS, calls


def _present(floor: Floor, queue: Queue, agent: Agent) -> tuple[int, int]:
    """Return how long an agent's present work lasts: on average from now on, and what is left."""
    ends = agent.rests_until if agent.wrap_up_ends is None else agent.wrap_up_ends
    if ends is not None:
        left = max(0, ends - floor.now)
        return left, left
    if floor.teams.rings_beside(agent):
        return 0, 0
    if agent.stint is not None:
        usual = _usual(floor.queues.get(agent.stint.queue), queue)
        return usual.mean, max(0, usual.mean - (floor.now - agent.stint.since))
    usual_length = 0 if agent.standing() is Standing.READY else queue.handled.mean
    return usual_length, usual_length
