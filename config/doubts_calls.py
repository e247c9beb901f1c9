"""Warnings about where calls go: services, flows, queues."""

from collections.abc import Iterator, Mapping

from acd.ways import TargetKind
from config.doubts import FLOWS, QUEUES, SERVICES, Read
from config.durations import MINUTE, SECOND, duration_text
from config.errors import Problem
from config.models import FlowsFile, Leads, MenuSection, QueueSection
from config.nodes import KeyPath
from config.settings import ECHO_EXTENSION
from config.ways_check import keys_of, waits, ways_of
from cti.instants import Duration
from cti.language import _

RING_TIME_SHORT = Duration(5 * SECOND)
RING_TIME_LONG = MINUTE
WRAP_UP_LONG = Duration(10 * MINUTE)
FEW_WAITING = 20
"""Who is rung counts as waiting; that more are rung at once than this is rare."""
FIRST_KEY_SHORT = Duration(2 * SECOND)
_USED_BY: Mapping[str, tuple[str, ...]] = {
    "order": ("ordered", "round_robin", "ring_all", "ring_progressively"),
    "weights": ("weighted_random",),
    "seed": ("weighted_random",),
}
"""What only some strategies look at."""


def unreached(read: Read) -> Iterator[Problem]:
    """Yield what no caller can get to: flows without a service, queues without a flow."""
    if read.services is None or read.flows is None:
        return
    if not read.services.services:
        message = _("there is no service: no number leads callers in")
        yield read.doubt(SERVICES, ("services",), message)
        return
    queues = {} if read.queues is None else read.queues.queues
    entered = {service.flow for service in read.services.services}
    entered |= {
        way.name
        for queue in queues.values()
        for way in (*ways_of(queue), *keys_of(queue))
        if way.kind is TargetKind.FLOW
    }
    for name in read.flows.flows:
        if name not in entered:
            message = _("no service leads into this flow, and no rule of a queue")
            yield read.doubt_key(FLOWS, ("flows", name), message)
    for name in queues.keys() - _reached(read.flows, queues):
        message = _("nothing leads into this queue: no flow, and no rule of a queue in use")
        yield read.doubt_key(QUEUES, ("queues", name), message)


def odd_numbers(read: Read) -> Iterator[Problem]:
    """Yield a warning for a service at the number of the phones' echo test."""
    for index, service in enumerate(read.services.services if read.services is not None else ()):
        if service.number == ECHO_EXTENSION:
            message = _("is the echo test of the phones that asterisk-config writes; take another")
            yield read.doubt(SERVICES, ("services", index, "number"), message)


def _reached(flows: FlowsFile, queues: Mapping[str, QueueSection]) -> set[str]:
    """Return the queues that callers get into, by flows or by rules."""
    reached: set[str] = set()
    ahead = [to for flow in flows.flows.values() for to in _queues_of(flow.menu)]
    while ahead:
        name = ahead.pop()
        if name in reached or name not in queues:
            continue
        reached.add(name)
        ways = (*ways_of(queues[name]), *keys_of(queues[name]))
        ahead += [way.name for way in ways if way.kind is TargetKind.QUEUE]
    return reached


def odd_queues(read: Read) -> Iterator[Problem]:
    """Yield what makes a queue work badly."""
    if read.queues is None:
        return
    serving: dict[str, int] = {}
    for agent in read.agents.agents.values() if read.agents is not None else ():
        for served in agent.queues:
            serving[served] = serving.get(served, 0) + 1
    for name, queue in read.queues.queues.items():
        for key, message in _odd_queue(queue, serving.get(name, 0)):
            yield read.doubt(QUEUES, ("queues", name, *key), message)


def _odd_queue(queue: QueueSection, agents: int) -> Iterator[tuple[KeyPath, str]]:
    if queue.ring_time < RING_TIME_SHORT:
        yield ("ring_time",), _("is short: an agent has hardly time to take the call")
    elif queue.ring_time > RING_TIME_LONG:
        yield ("ring_time",), _("is long: a caller waits so long for one agent who is not there")
    if queue.wrap_up > WRAP_UP_LONG:
        yield ("wrap_up",), _("is long: after each call an agent takes no other for so long")
    if 0 < queue.wrap_up_max < queue.wrap_up and "wrap_up_max" in queue.model_fields_set:
        message = _("is shorter than wrap_up ({wrap_up}): no wrap-up can be extended").format(
            wrap_up=duration_text(queue.wrap_up)
        )
        yield ("wrap_up_max",), message
    if queue.unanswered_max == 0 and agents > 1:
        said_there = queue.misses.no_answer.limit is not None
        message = _("an agent who has left his phone will be rung again and again")
        yield ("misses", "no_answer", "limit") if said_there else ("misses_max",), message
    if queue.waiting_max < min(agents, FEW_WAITING):
        message = _(
            "{count} agents serve this queue: callers are turned away while agents are free"
        ).format(count=agents)
        yield ("waiting_max",), message
    yield from _odd_strategy(queue)
    for path, wait in waits(queue):
        if wait < queue.ring_time:
            message = _(
                "is shorter than ring_time ({ring_time}): a caller is offered to one agent at most"
            ).format(ring_time=duration_text(queue.ring_time))
            yield path, message


def _odd_strategy(queue: QueueSection) -> Iterator[tuple[tuple[str, ...], str]]:
    """Yield what of a queue's strategy is said for nothing, or is missing."""
    if queue.strategy == "ordered" and not queue.order:
        yield ("strategy",), _("has no order: name the agents in it, the first to be rung first")
    for key, users in _USED_BY.items():
        if getattr(queue, key) and queue.strategy not in users:
            message = _("has no effect: the strategy is {strategy}, and only {users} look at it")
            yield (key,), message.format(strategy=queue.strategy, users=", ".join(users))
    if queue.strategy != "ring_progressively":
        if "ring_next_after" in queue.model_fields_set:
            message = _("has no effect: the strategy is {strategy}, not ring_progressively")
            yield ("ring_next_after",), message.format(strategy=queue.strategy)
    elif queue.ring_next_after >= queue.ring_time:
        yield (
            ("ring_next_after",),
            _(
                "is not shorter than ring_time ({ring_time}): one phone is silent before the next "
                "one rings"
            ).format(ring_time=duration_text(queue.ring_time)),
        )


def agents_of_other_queues(read: Read) -> Iterator[Problem]:
    """Yield agents who stand in a queue's order or weights and do not serve it."""
    if read.queues is None or read.agents is None:
        return
    for name, queue in read.queues.queues.items():
        listed: list[tuple[tuple[str | int, ...], str]] = [
            *((("order", place), agent) for place, agent in enumerate(queue.order)),
            *((("weights", agent), agent) for agent in queue.weights),
        ]
        for key, agent in listed:
            found = read.agents.agents.get(agent)
            if found is not None and name not in found.queues:
                message = _("{agent} does not serve this queue").format(agent=agent)
                yield read.doubt(QUEUES, ("queues", name, *key), message)


def odd_menus(read: Read) -> Iterator[Problem]:
    """Yield what makes a menu useless."""
    for name, flow in read.flows.flows.items() if read.flows is not None else ():
        for key, message in _odd_menu(flow.menu):
            yield read.doubt(FLOWS, ("flows", name, "menu", *key), message)


def _odd_menu(menu: MenuSection) -> Iterator[tuple[tuple[str, ...], str]]:
    if menu.first_key < FIRST_KEY_SHORT:
        yield ("first_key",), _("is short: callers have hardly time to press a key")
    ends = {_end(choice) for choice in menu.choices.values()}
    if len(menu.choices) > 1 and len(ends) == 1:
        yield ("choices",), _("all keys lead to the same place")
    elif ends == {_end(menu.otherwise)}:
        message = _("the key leads to the same place as no key (otherwise)")
        yield ("choices",), message
    if menu.tries == 1:
        for key in ("wrong_key", "no_key"):
            if getattr(menu, key):
                message = _("is never heard: with tries: 1 the greeting is not repeated")
                yield (key,), message


def _end(leads: Leads) -> tuple[str | None, tuple[str, ...]]:
    """Return where a branch ends, and what is heard before."""
    return leads.queue, leads.prompts


def _queues_of(menu: MenuSection) -> Iterator[str]:
    """Yield the queues that a menu leads into."""
    for leads in (*menu.choices.values(), menu.otherwise):
        if leads.queue is not None:
            yield leads.queue
