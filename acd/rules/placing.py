"""
A call's place in a queue: given, told, timed and taken away.

What the rules share that move calls: it decides nothing.
"""

from acd.commands import EstimateOutcome, PlaceCall
from acd.rules import announcing, step_rules
from acd.tables.floor import Floor
from acd.tables.outcomes import Outcome
from acd.tables.queue_state import Queue
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call
from cti.instants import Duration, Time, later, seconds

OVERFLOW_WAIT_MIN = seconds(1)
"""The least wait in a queue before a rule moves a call on: no circle of queues can spin."""

_ESTIMATED = {
    Outcome.ANSWERED: EstimateOutcome.ANSWERED,
    Outcome.ABANDONED: EstimateOutcome.LEFT,
}
"""What an outcome says of an estimated wait; any other: the caller was moved."""


def place(floor: Floor, call: Call, queue: Queue, *, regained: bool = False) -> None:
    """Give a call its place in the queue that it names, and have it written on its channel."""
    floor.last_sequence += 1
    call.sequence = floor.last_sequence
    call.queued_at = floor.now
    call.weight = queue.rules.weight
    queue.waiting.add(call)
    queue.entered[call.call] = None
    queue.outcomes.arrived()
    tell_place(floor, call, regained=regained)
    start_overflow(floor, call)
    if call.has_leg:
        announcing.begin(floor, call)
    floor.stir(queue)
    step_rules.begin(floor, call)
    step_rules.open_up(floor, call)


def tell_place(floor: Floor, call: Call, *, regained: bool = False) -> None:
    """Have a call's place written on its channel, if it has one."""
    if not call.has_leg:
        return
    floor.tell(
        PlaceCall(
            call=call.call,
            queue=call.queue,
            entered_at=call.entered_at,
            priority=call.priority,
            sequence=call.sequence,
            regained=regained,
        )
    )


def vacate(floor: Floor, call: Call, outcome: Outcome) -> None:
    """Take a call's place away, for this outcome; a removed queue ends with its last call."""
    queue = floor.queues[call.queue]
    announcing.end(floor, call)
    step_rules.end(floor, call)
    put_in_turn(floor, call, is_in_turn=False)
    queue.waiting.remove(call)
    del queue.entered[call.call]
    queue.outcomes.count(outcome)
    floor.stir(queue)
    stop(floor, call, TimerKind.OVERFLOW)
    stop(floor, call, TimerKind.CALL_BACK)
    call.overflow_at = None
    call.overflow_due = False
    if queue.removed and len(queue.waiting) == 0:
        floor.forget_queues([call.queue])


def leave_waiting(floor: Floor, call: Call, outcome: Outcome) -> None:
    """End the waiting of a call, and the timers that go with it."""
    if outcome in _ESTIMATED:
        announcing.judge(floor, call, _ESTIMATED[outcome])
    vacate(floor, call, outcome)
    step_rules.end_preference(floor, call)
    stop(floor, call, TimerKind.HELD)
    for agent in call.spared:
        floor.timers.cancel(Timer(TimerKind.SPARED, call=call.call, agent=agent))
    call.spared.clear()


def start_overflow(floor: Floor, call: Call) -> None:
    """
    Have a call judged by its queue's chain when the first wait that the chain names is over.

    A promise is not: it was made instead.
    """
    if call.promise is not None:
        judge_overflow_at(floor, call, None)
        return
    waits = (rule.wait for rule in floor.queues[call.queue].chain if rule.wait is not None)
    wait = min(waits, default=None)
    judge_overflow_at(floor, call, None if wait is None else overflow_due_at(call, wait))


def overflow_due_at(call: Call, wait: Duration) -> Time:
    """Return when a wait in its present queue is over for a call."""
    return later(call.queued_at, max(wait, OVERFLOW_WAIT_MIN))


def judge_overflow_at(floor: Floor, call: Call, instant: Time | None) -> None:
    """Have a call judged by its queue's chain at an instant, or not at all."""
    stop(floor, call, TimerKind.OVERFLOW)
    call.overflow_due = False
    call.overflow_at = instant
    if instant is not None:
        floor.timers.start(Timer(TimerKind.OVERFLOW, call=call.call), instant)


def put_in_turn(floor: Floor, call: Call, *, is_in_turn: bool) -> None:
    """Have a customer be dialled when it is his turn, or not."""
    if call.is_in_turn is not is_in_turn:
        floor.promises.in_turn[call.queue] += 1 if is_in_turn else -1
        floor.queues[call.queue].waiting.put_in_turn(call, is_in_turn=is_in_turn)


def stop(floor: Floor, call: Call, kind: TimerKind) -> None:
    """Stop a timer of a call, if it runs."""
    floor.timers.cancel(Timer(kind, call=call.call))
