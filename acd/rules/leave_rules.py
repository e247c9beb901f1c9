"""
What moves a call on that waits: the overflow chain of its queue, and the queue's leave rules.

A chain is judged call by call, at the instants at which its waits are over. Leave rules are judged
queue by queue, when something has stirred the queue: an agent's wish, its opening, its length. So
no step goes through calls that need not move. A ringing call is not taken from its agent; it is
judged when the ringing is over. Where the target refuses, the next rule is tried, and else the call
stays and tries again.
"""

from typing import Final

from acd.commands import DivertCall, OverflowCall, TurnAwayCall, TurnAwayCause
from acd.rules import call_back_rules
from acd.rules.placing import (
    OVERFLOW_WAIT_MIN,
    judge_overflow_at,
    leave_waiting,
    overflow_due_at,
    place,
    vacate,
)
from acd.rules.way_finding import Step, applies, holds, refuses
from acd.tables.floor import Floor
from acd.tables.outcomes import TURNED_AWAY_BY, Outcome
from acd.tables.promises import Asked
from acd.tables.queue_state import Queue
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call, CallState
from acd.ways import Cause, LeaveRule, Target, TargetKind
from cti.ids import CallId, QueueName
from cti.instants import Duration, Time, later, seconds

LOOK_AGAIN: Final = seconds(5)
"""
When a rule is judged again whose wait is over and whose other conditions did not hold, or a leave
rule whose target refused.
"""
TURN_AWAY_CAUSES: Final = {
    Cause.CLOSED: TurnAwayCause.QUEUE_CLOSED,
    Cause.FULL: TurnAwayCause.QUEUE_FULL,
    Cause.NO_AGENTS: TurnAwayCause.NO_AGENTS,
    Cause.ALL_NOT_READY: TurnAwayCause.ALL_NOT_READY,
    Cause.OVERFLOW: TurnAwayCause.OVERFLOW,
    Cause.KEY: TurnAwayCause.KEY,
}


def overflow(floor: Floor, call: Call) -> None:
    """Judge a call by its queue's chain, now or when nobody rings for it any longer."""
    call.overflow_due = call.state is not CallState.WAITING
    if call.overflow_due:
        return
    queue = floor.queues[call.queue]
    again: list[Time] = []
    for rule in queue.chain:
        if rule.wait is None or not _concerns(rule.target, call):
            continue
        due = overflow_due_at(call, rule.wait)
        if due > floor.now:
            again.append(due)
        elif not applies(floor, queue, rule, call):
            again.append(later(floor.now, LOOK_AGAIN))
        elif refuses(floor, rule.target):
            again.append(later(floor.now, max(rule.wait, OVERFLOW_WAIT_MIN)))
        else:
            go(floor, call, Step(from_queue=call.queue, cause=Cause.OVERFLOW, target=rule.target))
            call.overflow_due = call.state is CallState.HELD  # who is asked is judged afterwards
            return
    judge_overflow_at(floor, call, min(again, default=None))


def judge_stirred(floor: Floor) -> None:
    """Judge the leave rules of all queues that something has stirred."""
    while (queue := floor.take_stirred()) is not None:
        _judge(floor, queue)


def tell_step(floor: Floor, call: CallId, step: Step, waited: Duration) -> Outcome:
    """Tell of one step of a call's way, and return its outcome in the queue that it leaves."""
    queue, target, cause = step.from_queue, step.target, step.cause
    if target.kind is TargetKind.BUSY:
        floor.tell(TurnAwayCall(call=call, queue=queue, cause=TURN_AWAY_CAUSES[cause]))
        return TURNED_AWAY_BY[cause]
    if target.kind is TargetKind.QUEUE:
        to_queue = QueueName(target.name)
        floor.tell(
            OverflowCall(call=call, from_queue=queue, to_queue=to_queue, waited=waited, cause=cause)
        )
        return Outcome.OVERFLOWED
    floor.tell(DivertCall(call=call, from_queue=queue, cause=cause, target=target, waited=waited))
    return Outcome.DIVERTED


def _judge(floor: Floor, queue: Queue) -> None:
    """Send those away who are to leave by now, and set when the next are."""
    rules = queue.rules.leave
    causes = dict.fromkeys(rule.cause for rule in rules if holds(queue, rule.cause))
    queue.causes = {cause: queue.causes.get(cause, floor.now) for cause in causes}
    instants = [_send_away(floor, queue, rule) for rule in rules if rule.cause in causes]
    next_at = min((instant for instant in instants if instant is not None), default=None)
    name = queue.rules.name
    if floor.queues.get(name) is not queue:  # it was removed, and the last has left it
        return
    queue.leave_at = next_at
    if next_at is None:
        floor.timers.cancel(Timer(TimerKind.LEAVE, queue=name))
    else:
        floor.timers.start(Timer(TimerKind.LEAVE, queue=name), next_at)


def _send_away(floor: Floor, queue: Queue, rule: LeaveRule) -> Time | None:
    """Send those away whom a rule concerns by now; return when it is to be judged again."""
    since = queue.causes[rule.cause]
    first = next(iter(queue.entered), None)
    if first is None:
        return None
    if refuses(floor, rule.target):  # it refuses one as it refuses all
        due = _leaves_at(floor.calls[first], rule, since)
        return max(due, later(floor.now, LOOK_AGAIN))
    due_now: list[Call] = []
    next_at: Time | None = None
    for call_id in queue.entered:
        call = floor.calls[call_id]
        due = _leaves_at(call, rule, since)
        if due > floor.now:
            next_at = due
            break
        if call.state is CallState.WAITING and _concerns(rule.target, call):
            due_now.append(call)
    step = Step(from_queue=queue.rules.name, cause=rule.cause, target=rule.target)
    for call in due_now:
        if not holds(queue, rule.cause):
            break
        if refuses(floor, rule.target):
            return later(floor.now, LOOK_AGAIN)
        go(floor, call, step)
    return next_at


def _leaves_at(call: Call, rule: LeaveRule, since: Time) -> Time:
    """
    Return when a call leaves by a rule whose cause holds since then.

    Calls leave in the order in which they came into the queue, so the first not due is the last to
    be looked at.
    """
    both = max(since, call.queued_at)
    return max(later(both, rule.after), later(call.queued_at, OVERFLOW_WAIT_MIN))


def _concerns(target: Target, call: Call) -> bool:
    """Return whether a rule may move a call: no promise, and nobody is asked for a number twice."""
    is_asked_again = target.kind is TargetKind.CALL_BACK and call.asked is not Asked.NEVER
    return call.promise is None and not is_asked_again


def go(floor: Floor, call: Call, step: Step) -> None:
    """Have a call that waits take a step, to a target that takes it, or ask for its number."""
    if step.target.kind is TargetKind.CALL_BACK:
        call_back_rules.ask(floor, call, step)
        return
    waited = Duration(floor.now - call.entered_at)
    outcome = tell_step(floor, call.call, step, waited)
    if step.target.kind is not TargetKind.QUEUE:
        leave_waiting(floor, call, outcome)
        floor.forget_call(call)
        return
    vacate(floor, call, outcome)
    call.queue = QueueName(step.target.name)
    if not step.target.keeps_age:
        call.entered_at = floor.now
    place(floor, call, floor.queues[call.queue])
