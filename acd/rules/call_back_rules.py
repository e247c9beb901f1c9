"""
What becomes of a promise while nobody attends to it: open to agents, in turn, apart, or ended.

A promise is a call without a leg in its old place. With the agent first it is open as any call is;
with the customer first it lies until it is its turn; while its queue is closed, between attempts,
and while the same number is attended to for another promise it lies apart. Its expiry counts in all
of these, and waits for the end of an attempt. This module makes no attempt: `attempt_rules` does.
"""

from typing import Final

from acd.call_backs import AskCallBack, EndCallBack, First, PromiseEnd
from acd.rules import step_rules
from acd.rules.placing import leave_waiting, put_in_turn
from acd.rules.way_finding import Step
from acd.tables.floor import Floor
from acd.tables.outcomes import ENDED_BY
from acd.tables.promises import Asked, Bar
from acd.tables.queue_state import Queue
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call, CallState
from cti.instants import Duration, later, seconds

ASK_MAX: Final = seconds(120)
"""How long a caller is asked for a number before he goes on waiting."""
GRACE: Final = seconds(10)
"""How long a caller who hung up while he was asked may turn out to have confirmed it."""
LOOK_PAUSE: Final = seconds(5)
"""How often is looked who is to be dialled ahead of his turn."""


def ask(floor: Floor, call: Call, step: Step) -> None:
    """Ask a waiting caller for a number; he keeps his place and is offered to nobody meanwhile."""
    step_rules.stop_ringing_on(floor, call)
    call.offers = ()
    if call.state is not CallState.HELD:
        call.become(CallState.HELD)
    call.asked = Asked.NOW
    _hold_for(floor, call, ASK_MAX)
    waited = Duration(floor.now - call.entered_at)
    floor.tell(AskCallBack(call=call.call, queue=call.queue, cause=step.cause, waited=waited))


def outlives_leg(floor: Floor, call: Call) -> bool:
    """Return whether the end of a leg is not the end of its call: promised, or perhaps so."""
    if call.asked is Asked.NOW:
        call.asked = Asked.GONE
        _hold_for(floor, call, GRACE)
    return call.is_promised_perhaps


def bar(floor: Floor, call: Call) -> Bar | None:
    """Return what keeps a promise from being attended to now, whoever is free."""
    if not floor.queues[call.queue].opening.is_open:
        return Bar.CLOSED
    if call.promised.not_before is not None:
        return Bar.RESTING
    return None if in_use_by(floor, call) is None else Bar.NUMBER_IN_USE


def in_use_by(floor: Floor, call: Call) -> Call | None:
    """Return the other call for which the number of a promise is in use, if it is."""
    others = (floor.calls[name] for name in floor.promises.of(call.promised.party))
    return next((other for other in others if other is not call and other.is_attended), None)


def is_at_rest(call: Call) -> bool:
    """Return whether a call is a promise to which nobody attends just now."""
    return not call.has_leg and call.state in (CallState.WAITING, CallState.PROMISED)


def go_on(floor: Floor, call: Call) -> None:
    """Have a promise at rest stand where it may by now; one whose time is over ends."""
    if not is_at_rest(call):
        return
    if call.promised.expires_at <= floor.now:
        end(floor, call, PromiseEnd.EXPIRED)
    else:
        stand(floor, call)


def stand(floor: Floor, call: Call) -> None:
    """Have a promise at rest stand where it may by now: open to agents, in turn, or apart."""
    queue = floor.queues[call.queue]
    if bar(floor, call) is not None:
        shut_away(floor, call)
    elif queue.rules.call_back.first is First.CUSTOMER:
        shut_away(floor, call, is_in_turn=True)
        look_later(floor, queue)
    else:
        put_in_turn(floor, call, is_in_turn=False)
        if call.state is CallState.PROMISED:
            call.become(CallState.WAITING)
        if not call.is_open:
            step_rules.open_up(floor, call)
    time(floor, call)


def shut_away(floor: Floor, call: Call, *, is_in_turn: bool = False) -> None:
    """Have a promise at rest be open to nobody."""
    if call.state is CallState.WAITING:
        step_rules.shut(floor, call)
        call.become(CallState.PROMISED)
    put_in_turn(floor, call, is_in_turn=is_in_turn)


def time(floor: Floor, call: Call) -> None:
    """Have the timer run for what is due next for a promise."""
    timer = Timer(TimerKind.CALL_BACK, call=call.call)
    due = call.promise_due
    if due is None:
        floor.timers.cancel(timer)
    else:
        floor.timers.start(timer, due)


def look_later(floor: Floor, queue: Queue) -> None:
    """Look after a pause who is to be dialled ahead, where anybody may be."""
    may = queue.rules.call_back.ahead > 0 and queue.waiting.count_in_turn() > 0
    if may and queue.look_at is None:
        queue.look_at = later(floor.now, LOOK_PAUSE)
        floor.timers.start(Timer(TimerKind.TURN, queue=queue.rules.name), queue.look_at)


def settle(floor: Floor) -> None:
    """Have the promises go on whose numbers were in use and are not any more."""
    while parties := floor.promises.take_stirred():
        for party in parties:
            for name in floor.promises.of(party):
                go_on(floor, floor.calls[name])


def review(floor: Floor, queue: Queue) -> None:
    """Have all promises of a queue stand by what holds in it now."""
    for call in tuple(queue.waiting):
        go_on(floor, call)


def end(floor: Floor, call: Call, how: PromiseEnd) -> None:
    """End a promise whose customer was not reached."""
    attempts = call.promised.attempt
    floor.tell(EndCallBack(call=call.call, queue=call.queue, end=how, attempts=attempts))
    leave_waiting(floor, call, ENDED_BY[how])
    floor.remember_departed(call.call)
    floor.forget_call(call)


def _hold_for(floor: Floor, call: Call, pause: Duration) -> None:
    call.held_until = later(floor.now, pause)
    floor.timers.start(Timer(TimerKind.HELD, call=call.call), call.held_until)
