"""
What a new policy changes on the running floor, and what it leaves alone.

Only differences are applied: places, counters, wrap-ups, talks and offers are untouched. A queue
that is no longer in the policy takes no new calls; those that wait in it keep its last rules and
the agents who served it, until the last has left. An agent who is no longer in the policy is logged
off, after his call if he has one.
"""

from acd import agent_rules, announcing
from acd.agent_state import Agent
from acd.floor import Floor
from acd.placing import start_overflow
from acd.policy import Policy, QueuePolicy
from acd.queue_state import Queue
from cti.ids import AgentId, QueueName


def apply(floor: Floor, policy: Policy) -> None:
    """Put a policy in force."""
    floor.policy_version = policy.version
    rules = {queue.name: queue for queue in policy.queues}
    for queue_rules in rules.values():
        _apply_queue(floor, queue_rules)
    for queue_name, present in floor.queues.items():
        present.removed = queue_name not in rules
    serving = {agent.agent: agent.queues for agent in policy.agents}
    for name, queues in serving.items():
        _apply_agent(floor, name, tuple(queue for queue in queues if queue in rules))
    for agent in policy.agents:
        floor.agents[agent.agent].own_wrap_up = agent.wrap_up
        floor.agents[agent.agent].own_wrap_ups = agent.wrap_ups
    for name in sorted(floor.agents.keys() - serving.keys()):
        agent_rules.remove(floor, floor.agents[name])
    removed = [name for name, queue in floor.queues.items() if queue.removed]
    floor.forget_queues([name for name in removed if len(floor.queues[name].waiting) == 0])
    floor.look_back()


def _apply_queue(floor: Floor, rules: QueuePolicy) -> None:
    queue = floor.queues.get(rules.name)
    if queue is None:
        queue = floor.queues[rules.name] = Queue(rules=rules)
        floor.stir(queue)
        return
    chain = queue.chain
    spoken = queue.rules.announce != rules.announce
    reordered = _ordering(queue.rules) != _ordering(rules)
    queue.put_rules(rules)
    if chain != queue.chain:
        for call in queue.waiting:
            start_overflow(floor, call)
    floor.stir(queue)
    if spoken:
        announcing.begin_anew(floor, queue)
    if reordered:
        floor.line_up_anew(queue)


def _ordering(rules: QueuePolicy) -> tuple[object, ...]:
    """Return what of a queue's rules the order of its line depends on."""
    return rules.strategy, rules.window, rules.order, rules.weights, rules.seed


def _apply_agent(floor: Floor, agent_id: AgentId, queues: tuple[QueueName, ...]) -> None:
    agent = floor.agents.get(agent_id)
    if agent is None:
        queues = tuple(dict.fromkeys(queues))
        floor.add_agent(Agent(agent=agent_id, queues=queues, since=floor.now, idle_since=floor.now))
        return
    kept = [name for name in agent.queues if floor.queues[name].removed]
    queues = tuple(dict.fromkeys([*queues, *kept]))
    agent.leaving = False
    if queues != agent.queues:
        floor.assign(agent, queues)
