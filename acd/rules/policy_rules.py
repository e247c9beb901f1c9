"""
What a new policy changes on the running floor, and what it leaves alone.

Only differences are applied: places, counters, wrap-ups, talks and offers are untouched. A queue
that is no longer in the policy takes no new calls; those that wait in it keep its last rules and
the agents who served it, until the last has left. An agent who is no longer in the policy is logged
off, after his call if he has one.
"""

from collections.abc import Mapping
from typing import Final

from acd.policy import RINGS_SEVERAL, AgentPolicy, Policy, QueuePolicy, Strategy
from acd.rules import agent_rules, announcing, call_back_rules, step_rules
from acd.rules.placing import start_overflow
from acd.tables.agent_state import Agent
from acd.tables.floor import Floor
from acd.tables.queue_state import Queue
from cti.ids import AgentId, QueueName

_REACHING: Final = RINGS_SEVERAL | {Strategy.MOST_SKILLED}
"""The strategies on which it depends how, or to how many, a call is open."""


def apply(floor: Floor, policy: Policy) -> None:
    """Put a policy in force."""
    floor.policy_version = policy.version
    widened = _apply_queues(floor, policy)
    widened |= _apply_agents(floor, policy)
    for queue_name in widened:
        step_rules.relane(floor, floor.queues[queue_name])
    removed = [name for name, queue in floor.queues.items() if queue.removed]
    floor.forget_queues([name for name in removed if len(floor.queues[name].waiting) == 0])
    floor.look_back()


def _apply_queues(floor: Floor, policy: Policy) -> dict[QueueName, None]:
    """Apply what is said of queues; return those whose calls may reach other agents by it."""
    rules = {queue.name: queue for queue in policy.queues}
    widened = [name for name in rules if _apply_queue(floor, rules[name])]
    for name, queue in floor.queues.items():
        queue.removed = name not in rules
    return dict.fromkeys(widened)


def _apply_agents(floor: Floor, policy: Policy) -> dict[QueueName, None]:
    """Apply what is said of agents; return the queues whose calls other agents may take by it."""
    agents = {agent.agent: agent for agent in policy.agents}
    widened: dict[QueueName, None] = {}
    helping: dict[AgentId, list[QueueName]] = {}
    for queue_name, reserves in _added(policy, agents).items():
        if floor.queues[queue_name].reserves != reserves:
            floor.queues[queue_name].reserves = reserves
            widened[queue_name] = None
        for name in sorted(reserves):
            helping.setdefault(name, []).append(queue_name)
    known = {queue.name for queue in policy.queues}
    for agent in agents.values():
        served = [name for name in agent.queues if name in known]
        queues = tuple(dict.fromkeys([*served, *helping.get(agent.agent, [])]))
        if _apply_agent(floor, agent, queues):  # removed ones that he keeps are his queues, too
            widened.update(dict.fromkeys(floor.agents[agent.agent].queues))
    for name in sorted(floor.agents.keys() - agents.keys()):
        agent_rules.remove(floor, floor.agents[name])
    return widened


def _added(
    policy: Policy, agents: Mapping[AgentId, AgentPolicy]
) -> dict[QueueName, frozenset[AgentId]]:
    """Return who is added to each queue at a step and does not serve it anyway."""
    return {
        queue.name: frozenset(
            name
            for step in queue.steps
            for name in step.agents
            if name in agents and queue.name not in agents[name].queues
        )
        for queue in policy.queues
    }


def _apply_queue(floor: Floor, rules: QueuePolicy) -> bool:
    """Apply the rules of a queue; return whether its calls may reach other agents by them."""
    queue = floor.queues.get(rules.name)
    if queue is None:
        queue = floor.queues[rules.name] = Queue(rules=rules)
        floor.stir(queue)
        return False
    if queue.rules == rules:
        return False
    chain = queue.chain
    spoken = queue.rules.announce != rules.announce
    called = queue.rules.call_back != rules.call_back
    reordered = _ordering(queue.rules) != _ordering(rules)
    widened = _reaching(queue.rules) != _reaching(rules)
    restarts = queue.rules.steps != rules.steps
    queue.put_rules(rules)
    for call in tuple(queue.waiting) if widened else ():
        step_rules.shut(floor, call)
        queue.waiting.remove(call)
        call.weight = rules.weight
        call.step = 0 if restarts else call.step
        queue.waiting.add(call)
    if chain != queue.chain:
        for call in queue.waiting:
            start_overflow(floor, call)
    floor.stir(queue)
    if called:
        call_back_rules.review(floor, queue)
    if spoken:
        announcing.begin_anew(floor, queue)
    if reordered:
        floor.line_up_anew(queue)
    return widened


def _ordering(rules: QueuePolicy) -> tuple[object, ...]:
    """Return what of a queue's rules the order of its line depends on."""
    return rules.strategy, rules.window, rules.order, rules.weights, rules.seed


def _reaching(rules: QueuePolicy) -> tuple[object, ...]:
    """Return what of a queue's rules it depends on whom its calls reach, and from what place."""
    strategy = rules.strategy if rules.strategy in _REACHING else None
    return rules.skills, rules.rings, rules.steps, rules.weight, strategy


def _apply_agent(floor: Floor, policy: AgentPolicy, queues: tuple[QueueName, ...]) -> bool:
    """Apply what is said of an agent; return whether he may take other calls of his queues."""
    skills = tuple(sorted(policy.skills))
    agent = floor.agents.get(policy.agent)
    if agent is None:
        agent = Agent(
            agent=policy.agent,
            queues=queues,
            since=floor.now,
            idle_since=floor.now,
            skills=skills,
            own_wrap_up=policy.wrap_up,
            own_wrap_ups=policy.wrap_ups,
        )
        floor.add_agent(agent)
        return False
    agent.own_wrap_up, agent.own_wrap_ups = policy.wrap_up, policy.wrap_ups
    kept = [name for name in agent.queues if floor.queues[name].removed]
    queues = tuple(dict.fromkeys([*queues, *kept]))
    agent.leaving = False
    if queues != agent.queues:
        floor.assign(agent, queues)
    if skills == agent.skills:
        return False
    agent.skills = skills
    floor.teams.follow(agent, floor.queues, floor.now)
    return True
