"""
Where a call may go: which causes hold, which rules apply, and which targets take it.

It reads the floor and changes nothing; `call_rules` and `leave_rules` do what it finds.

A target that is a queue refuses where it is unknown, closed or full; every other target takes all.
At a door the way is followed through further doors, never twice through the same: a newcomer is
sent only where he comes in.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

from acd.facts import CallQueued
from acd.rules.estimating import estimate
from acd.tables.floor import Floor
from acd.tables.queue_state import Queue
from acd.tables.waiting import Call
from acd.ways import PARTS, Cause, ChainRule, Target, TargetKind
from cti.ids import QueueName


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a way: from a queue, for a cause, to a target."""

    from_queue: QueueName
    cause: Cause
    target: Target


def way_in(floor: Floor, queue: Queue, fact: CallQueued) -> tuple[Step, ...] | Cause:
    """
    Return the steps of a newcomer who comes to the door of a queue.

    None where he comes in; the last leads to another queue, or to a target that is none. Or, where
    there is no way, the cause for which he is turned away.
    """
    return _way_in(floor, queue, fact, frozenset())


def holds(queue: Queue, cause: Cause) -> bool:
    """Return whether a cause for join and leave rules holds in a queue now."""
    match cause:
        case Cause.CLOSED:
            return not queue.opening.is_open
        case Cause.FULL:
            return len(queue.waiting) >= queue.rules.waiting_max
        case Cause.NO_AGENTS:
            return queue.presence.logged_on == 0
        case Cause.ALL_NOT_READY:
            return queue.presence.logged_on > 0 and queue.presence.wanting == 0
        case Cause.OVERFLOW | Cause.KEY:
            return False
        case _ as unreachable:
            assert_never(unreachable)


def refuses(floor: Floor, target: Target) -> bool:
    """Return whether a target takes no call that has waited elsewhere."""
    if target.kind is not TargetKind.QUEUE:
        return False
    queue = floor.queues.get(QueueName(target.name))
    return queue is None or queue.removed or _shut(queue) is not None


def applies(floor: Floor, queue: Queue, rule: ChainRule, call: Call) -> bool:
    """Return whether all holds for a call that a rule of a chain names beside the wait."""
    waiting = len(queue.waiting)
    if rule.waiting is not None and waiting < rule.waiting:
        return False
    least = rule.calls_per_agent
    if least is not None and waiting * PARTS < least * queue.presence.logged_on:
        return False
    if rule.estimated_wait is None:
        return True
    expected = estimate(floor, call)
    return expected is not None and expected >= rule.estimated_wait


def _way_in(
    floor: Floor, queue: Queue, fact: CallQueued, seen: frozenset[QueueName]
) -> tuple[Step, ...] | Cause:
    name = queue.rules.name
    for cause, target in _ways_at_the_door(floor, queue, fact):
        onward = _onward(floor, target, fact, seen | {name})
        if onward is not None:
            return (Step(from_queue=name, cause=cause, target=target), *onward)
    shut = _shut(queue)
    return () if shut is None else shut


def _ways_at_the_door(
    floor: Floor, queue: Queue, fact: CallQueued
) -> Iterator[tuple[Cause, Target]]:
    for join in queue.rules.join:
        if holds(queue, join.cause):
            yield join.cause, join.target
    doors = [rule for rule in queue.chain if rule.wait is None]
    if not doors:
        return
    newcomer = Call(
        call=fact.call,
        queue=queue.rules.name,
        entered_at=floor.now,
        priority=fact.priority,
        sequence=floor.last_sequence + 1,
        queued_at=floor.now,
    )
    for rule in doors:
        if applies(floor, queue, rule, newcomer):
            yield Cause.OVERFLOW, rule.target


def _onward(
    floor: Floor, target: Target, fact: CallQueued, seen: frozenset[QueueName]
) -> tuple[Step, ...] | None:
    """Return the steps from a target on, None where it refuses."""
    if target.kind is not TargetKind.QUEUE:
        return ()
    queue = floor.queues.get(QueueName(target.name))
    if queue is None or queue.removed or queue.rules.name in seen:
        return None
    onward = _way_in(floor, queue, fact, seen)
    return None if isinstance(onward, Cause) else onward


def _shut(queue: Queue) -> Cause | None:
    """Return why a queue takes nobody now, None where it does."""
    for cause in (Cause.CLOSED, Cause.FULL):
        if holds(queue, cause):
            return cause
    return None
