"""What can be wrong with where calls may go: circles, rules in vain, targets not there yet."""

from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from acd.policy import RINGS_SEVERAL, Strategy
from acd.ways import TargetKind
from config.doubts import QUEUES, Read
from config.errors import Problem, Severity
from config.models import FlowsFile, QueueSection
from config.nodes import KeyPath, problem_at, value_position
from config.ways import CAUSES, ChainSection, Overflow, TargetSection
from cti.instants import Duration
from cti.language import _

NOT_YET: Final = frozenset({TargetKind.VOICEMAIL, TargetKind.NUMBER, TargetKind.CALL_BACK})
"""The targets that the core knows, and the daemon does not carry out."""
Place = tuple[str, str]
"""A queue or a flow: its kind and its name."""


class Way(NamedTuple):
    """A way out of a queue: where it stands below the queue, and where it leads."""

    path: KeyPath
    kind: TargetKind
    name: str


def ways_of(queue: QueueSection) -> Iterator[Way]:
    """Yield all ways out of a queue."""
    for key, section in (("join", queue.join), ("leave", queue.leave)):
        for cause in CAUSES:
            target: TargetSection | None = getattr(section, cause)
            if target is not None:
                yield _way((key, cause), target)
    if isinstance(queue.overflow, Overflow):
        yield Way(("overflow", "to"), TargetKind.QUEUE, queue.overflow.to)
    else:
        for number, one in enumerate(queue.overflow or ()):
            yield _way(("overflow", number), one)


def keys_of(queue: QueueSection) -> Iterator[Way]:
    """Yield where a queue's keys lead: no rule takes anybody there against his will."""
    for key, target in queue.keys.items():
        yield _way(("keys", key), target)


def waits(queue: QueueSection) -> Iterator[tuple[KeyPath, Duration]]:
    """Yield each wait after which a rule sends callers on whatever else holds."""
    if isinstance(queue.overflow, Overflow):
        yield ("overflow", "after"), queue.overflow.after
        return
    for number, one in enumerate(queue.overflow or ()):
        others = (one.waiting, one.calls_per_agent, one.estimated_wait)
        if one.wait is not None and others == (None, None, None):
            yield ("overflow", number, "wait"), one.wait


def circles(read: Read) -> Iterator[Problem]:
    """Yield each circle that callers may be sent round by rules alone, with all that are in it."""
    if read.queues is None:
        return
    queues = read.queues.queues
    told: set[frozenset[Place]] = set()
    for name, queue in queues.items():
        for way in ways_of(queue):
            if way.kind not in (TargetKind.QUEUE, TargetKind.FLOW):
                continue
            back = _way_back((way.kind.value, way.name), ("queue", name), queues, read.flows)
            if back is None or frozenset(back) in told:
                continue
            told.add(frozenset(back))
            around = " → ".join(place for _kind, place in (("queue", name), *back))
            message = _("callers may be sent round and round: {circle}").format(circle=around)
            yield read.doubt(QUEUES, ("queues", name, *way.path), message)


def never_reached(read: Read) -> Iterator[Problem]:
    """Yield each rule of a chain before which another one has taken every call already."""
    for name, queue in read.queues.queues.items() if read.queues is not None else ():
        chain = () if isinstance(queue.overflow, Overflow) else queue.overflow or ()
        for number, one in enumerate(chain):
            for other, before in enumerate(chain):
                if other != number and _takes_all(before, one, is_first=other < number):
                    line = read.line(QUEUES, ("queues", name, "overflow", other))
                    message = _("is never reached: the rule in line {line} takes every call first")
                    path = ("queues", name, "overflow", number)
                    yield read.doubt(QUEUES, path, message.format(line=line))
                    break


def not_carried_out(read: Read, severity: Severity) -> Iterator[Problem]:
    """Yield what the daemon cannot do yet: ring at several, send callers to some targets."""
    for name, queue in read.queues.queues.items() if read.queues is not None else ():
        if Strategy(queue.strategy) in RINGS_SEVERAL:
            path: KeyPath = ("queues", name, "strategy")
            message = _(
                "the daemon cannot ring at several agents at once yet, and does not start with "
                "{strategy} (cordboard simulate knows it)"
            ).format(strategy=queue.strategy)
            position = value_position(read.trees[QUEUES], path)
            yield problem_at(QUEUES, position, path, message, severity)
        for way in ways_of(queue):
            if way.kind in NOT_YET:
                path = ("queues", name, *way.path, way.kind.value)
                message = _(
                    "the daemon cannot send callers to {target} yet, and does not start with this; "
                    "take queue, flow or busy (cordboard simulate knows them all)"
                ).format(target=way.kind.value)
                position = value_position(read.trees[QUEUES], path)
                yield problem_at(QUEUES, position, path, message, severity)


def _way(path: KeyPath, target: TargetSection) -> Way:
    return Way(path, target.kind, target.target.name)


def _way_back(
    start: Place, goal: Place, queues: Mapping[str, QueueSection], flows: FlowsFile | None
) -> list[Place] | None:
    """Return the shortest way to the goal by rules alone, with both ends; None: there is none."""
    before: dict[Place, Place | None] = {start: None}
    ahead = [start]
    while ahead:
        place = ahead.pop(0)
        if place == goal:
            way: list[Place] = []
            step: Place | None = place
            while step is not None:
                way.append(step)
                step = before[step]
            return way[::-1]
        for onward in _onward(place, queues, flows):
            if onward not in before:
                before[onward] = place
                ahead.append(onward)
    return None


def _onward(
    place: Place, queues: Mapping[str, QueueSection], flows: FlowsFile | None
) -> Iterator[Place]:
    kind, name = place
    if kind == TargetKind.FLOW.value:
        flow = None if flows is None else flows.flows.get(name)
        if flow is not None and flow.menu.otherwise.queue is not None:
            yield TargetKind.QUEUE.value, flow.menu.otherwise.queue
        return
    for way in ways_of(queues[name]) if name in queues else ():
        if way.kind in (TargetKind.QUEUE, TargetKind.FLOW):
            yield way.kind.value, way.name


def _takes_all(before: ChainSection, one: ChainSection, *, is_first: bool) -> bool:
    """Return whether a rule has taken every call when another would; only queues ever refuse."""
    if before.kind is TargetKind.QUEUE or (before.wait is None) != (one.wait is None):
        return False
    if not is_first and (before.wait is None or one.wait is None or before.wait >= one.wait):
        return False
    return all(
        least is None or (other is not None and least <= other)
        for least, other in (
            (before.wait, one.wait),
            (before.waiting, one.waiting),
            (before.calls_per_agent_parts, one.calls_per_agent_parts),
            (before.estimated_wait, one.estimated_wait),
        )
    )
