"""
A promise is made, or taken back: what a confirmed number does to a call that waits, or to none.

A call that waits becomes one without a leg where it stands. One that does not wait is an arrival of
its queue, at whose door nobody asks: a promise takes no line, and a closed or full queue is where
people are promised a call. Where there is an older promise to the same number in the queue, that
one stands and the new one is refused: nobody loses a place by asking again.
"""

from typing import Final

from acd.call_backs import (
    AcknowledgeCallBack,
    CallBackPromised,
    CallBackWithdrawn,
    PromiseEnd,
    RefusalCause,
    RefuseCallBack,
)
from acd.commands import WithdrawCause
from acd.rules import (
    agent_rules,
    announcing,
    attempt_rules,
    call_back_rules,
    call_rules,
    step_rules,
)
from acd.rules.placing import judge_overflow_at, place, stop
from acd.tables.floor import Floor
from acd.tables.promises import Asked, Promise
from acd.tables.queue_state import Queue
from acd.tables.timers import TimerKind
from acd.tables.waiting import Call, CallState
from cti.instants import later

PROMISES_MAX: Final = 10_000
"""How many promises stand at once, over all queues."""


def promise(floor: Floor, fact: CallBackPromised) -> None:
    """Make a promise, or refuse it; one that was made already is told twice, and stands."""
    call = floor.calls.get(fact.call)
    if call is not None and call.promise is not None:
        return
    name = fact.queue if call is None else call.queue
    queue = None if name is None else floor.queues.get(name)
    refused = _refusal(floor, fact, call, queue)
    if refused is not None or queue is None:
        cause = RefusalCause.QUEUE_UNKNOWN if refused is None else refused
        floor.tell(RefuseCallBack(call=fact.call, cause=cause))
        if call is not None and call.asked in (Asked.NOW, Asked.GONE):
            call_rules.give_back(floor, call)
        return
    made = Promise(
        party=fact.party,
        promised_at=floor.now,
        expires_at=later(floor.now, queue.rules.call_back.expires_after),
    )
    floor.promises.add(fact.party, fact.call)
    if call is None:
        call = _come_in(floor, fact, queue, made)
    else:
        _lose_leg(floor, call, made)
    floor.tell(
        AcknowledgeCallBack(
            call=call.call,
            queue=call.queue,
            party=fact.party,
            entered_at=call.entered_at,
            expires_at=made.expires_at,
        )
    )
    call_back_rules.go_on(floor, call)


def withdraw(floor: Floor, fact: CallBackWithdrawn) -> None:
    """End a promise that a person takes back; once the customer is reached it is kept."""
    call = floor.calls.get(fact.call)
    if call is None or call.has_leg:
        return
    if call.state is CallState.DIALLING:
        attempt_rules.stop(floor, call)
        attempt_rules.release(floor, call)
    _ring_no_longer(floor, call)
    call_back_rules.end(floor, call, PromiseEnd.WITHDRAWN)


def _refusal(
    floor: Floor, fact: CallBackPromised, call: Call | None, queue: Queue | None
) -> RefusalCause | None:
    has_ended = fact.call in floor.departed if call is None else call.state is CallState.TALKING
    if has_ended:
        return RefusalCause.CALL_ENDED
    if queue is None or (call is None and queue.removed):
        return RefusalCause.QUEUE_UNKNOWN
    others = [floor.calls[name] for name in floor.promises.of(fact.party)]
    if any(other.queue == queue.rules.name and not other.has_leg for other in others):
        return RefusalCause.ALREADY_PROMISED
    return RefusalCause.TOO_MANY if len(floor.promises) >= PROMISES_MAX else None


def _come_in(floor: Floor, fact: CallBackPromised, queue: Queue, made: Promise) -> Call:
    entered_at = floor.now if fact.entered_at is None else min(fact.entered_at, floor.now)
    call = Call(
        call=fact.call,
        queue=queue.rules.name,
        entered_at=entered_at,
        priority=fact.priority,
        sequence=0,
        queued_at=floor.now,
        state=CallState.PROMISED,
        skills=tuple(sorted(fact.skills)),
        preferred=tuple(dict.fromkeys(fact.preferred)),
        promise=made,
    )
    floor.calls[call.call] = call
    place(floor, call, queue)
    return call


def _lose_leg(floor: Floor, call: Call, made: Promise) -> None:
    """Have a call that waits go on without its leg: nothing is said to it, no rule moves it."""
    _ring_no_longer(floor, call)
    stop(floor, call, TimerKind.HELD)
    call.held_until = None
    call.asked = Asked.BEFORE
    announcing.end(floor, call)
    judge_overflow_at(floor, call, None)
    call.promise = made
    call.become(CallState.PROMISED)


def _ring_no_longer(floor: Floor, call: Call) -> None:
    step_rules.stop_ringing_on(floor, call)
    agent_rules.withdraw_call(floor, call, WithdrawCause.PROMISE_ENDED)
    call.offers = ()
