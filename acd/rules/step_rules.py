"""
To whom a waiting call is open, and how that widens: preferred agents first, then step by step.

A call has one place in its queue whatever happens here; only who may take it changes. A step that
nobody who is logged on could meet is passed at once, and never taken back. Where nobody is logged
on for any of them, none is passed: the time of each tells, until somebody comes.
"""

from acd.commands import Wish
from acd.policy import RINGS_SEVERAL, Strategy
from acd.tables.floor import Floor
from acd.tables.queue_state import Queue
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call, CallState
from cti.ids import AgentId
from cti.instants import later


def begin(floor: Floor, call: Call) -> None:
    """Begin with the first step of the queue that a call has just entered."""
    call.step = 0
    rules = floor.queues[call.queue].rules
    if call.preferred and call.preferred_until is None:
        if rules.preferred_wait > 0:
            call.preferred_until = later(floor.now, rules.preferred_wait)
            timer = Timer(TimerKind.PREFERRED, call=call.call)
            floor.timers.start(timer, call.preferred_until)
        else:
            call.preferred = ()
    _await_step(floor, call)


def resume(floor: Floor, call: Call) -> None:
    """Go on with a call that a snapshot brought, whatever it says."""
    call.step = max(0, min(call.step, len(floor.queues[call.queue].rules.steps)))
    if call.ring_next_at is not None:
        floor.timers.start(Timer(TimerKind.RING_NEXT, call=call.call), call.ring_next_at)
    if not call.preferred or call.preferred_until is None:
        call.preferred, call.preferred_until = (), None
    else:
        timer = Timer(TimerKind.PREFERRED, call=call.call)
        floor.timers.start(timer, call.preferred_until)
    _await_step(floor, call)
    open_up(floor, call)


def end(floor: Floor, call: Call) -> None:
    """Await no further step in a queue that a call is about to leave."""
    stop_ringing_on(floor, call)
    call.step_at = None
    floor.timers.cancel(Timer(TimerKind.STEP, call=call.call))


def may_be_offered(floor: Floor, call: Call) -> bool:
    """
    Return whether a call is to be open to agents: it waits, or rings and may ring at one more.

    One that was sent on while it rang is not, until the phones of its former queue are silent.
    """
    if call.state is not CallState.OFFERED:
        return call.state is CallState.WAITING
    if floor.queues[call.queue].rules.strategy not in RINGS_SEVERAL:
        return False
    offers = [floor.offers.get(offer) for offer in call.offers]
    return call.ring_next_at is None and all(
        offer is not None and offer.queue == call.queue for offer in offers
    )


def ring_on(floor: Floor, call: Call) -> None:
    """Have a call that has just been offered be open on, later again, or to nobody else."""
    rules = floor.queues[call.queue].rules
    if rules.strategy is Strategy.RING_ALL:
        return
    shut(floor, call)
    if rules.strategy is Strategy.RING_PROGRESSIVELY:
        call.ring_next_at = later(floor.now, rules.ring_next_after)
        floor.timers.start(Timer(TimerKind.RING_NEXT, call=call.call), call.ring_next_at)


def go_on(floor: Floor, call: Call, kind: TimerKind) -> None:
    """Have a call be open to more agents: to one more at whom it rings, or by what is due."""
    if kind is TimerKind.RING_NEXT:
        call.ring_next_at = None
        open_up(floor, call)
    else:
        widen(floor, call)


def stop_ringing_on(floor: Floor, call: Call) -> None:
    """Have a call be offered to nobody else, now or after a pause."""
    shut(floor, call)
    call.ring_next_at = None
    floor.timers.cancel(Timer(TimerKind.RING_NEXT, call=call.call))


def open_up(floor: Floor, call: Call) -> None:
    """Have a call be offered to those whom it may go to now."""
    if not may_be_offered(floor, call):
        return
    floor.opened(call)
    if call.preferred and any(_may_come(floor, call, name) for name in call.preferred):
        call.is_kept = True
        for name in call.preferred:
            floor.keep(name, call.place)
        return
    end_preference(floor, call)
    queue = floor.queues[call.queue]
    _pass_steps(floor, call, queue)
    call.reach = queue.reach(call.skills, call.step)
    queue.lane(call.reach).open_up(call.place)


def shut(floor: Floor, call: Call) -> None:
    """Have a call be offered to nobody, before anything of its place or state is changed."""
    if call.is_kept:
        for name in call.preferred:
            floor.keep_no_longer(name, call.place)
        call.is_kept = False
    if call.reach is not None:
        floor.queues[call.queue].lane(call.reach).shut(call.place)
        call.reach = None


def spare(floor: Floor, call: Call, agent: AgentId) -> None:
    """Keep a call no longer for a preferred agent who did not take it."""
    rings_on = call.is_kept
    if rings_on:
        shut(floor, call)
    call.preferred = tuple(name for name in call.preferred if name != agent)
    if not call.preferred:
        end_preference(floor, call)
    if rings_on:
        open_up(floor, call)


def end_preference(floor: Floor, call: Call) -> None:
    """Keep a call no longer for anybody."""
    if call.preferred_until is not None:
        floor.timers.cancel(Timer(TimerKind.PREFERRED, call=call.call))
        call.preferred_until = None
    call.preferred = ()


def widen(floor: Floor, call: Call) -> None:
    """Take the steps that are due by now, and let others have what was kept long enough."""
    shut(floor, call)
    if call.preferred_until is not None and call.preferred_until <= floor.now:
        end_preference(floor, call)
    steps = floor.queues[call.queue].rules.steps
    while call.step < len(steps) and later(call.queued_at, steps[call.step].after) <= floor.now:
        call.step += 1
    _await_step(floor, call)
    open_up(floor, call)


def settle(floor: Floor) -> None:
    """Have calls go on whose agents have logged off, or for whom somebody has logged on."""
    restaffed, lost = floor.take_restaffed()
    for queue in restaffed:
        for lane in queue.lanes() if queue.rules.steps else ():
            if lane.staff == 0:
                for place in lane.places():
                    _open_anew(floor, floor.calls[place[3]])
    for name in lost:
        for place in floor.kept_for(name):
            call = floor.calls[place[3]]
            if not any(_may_come(floor, call, preferred) for preferred in call.preferred):
                _open_anew(floor, call)


def relane(floor: Floor, queue: Queue) -> None:
    """Make a queue's lanes anew by its present rules and what its agents know by now."""
    for call in queue.waiting:
        shut(floor, call)
    queue.forget_lanes()
    for call in queue.waiting:
        widen(floor, call)


def _open_anew(floor: Floor, call: Call) -> None:
    shut(floor, call)
    open_up(floor, call)


def _may_come(floor: Floor, call: Call, name: AgentId) -> bool:
    """Return whether a preferred agent wants calls, even if he has one now."""
    agent = floor.agents.get(name)
    return (
        agent is not None
        and agent.wish is Wish.READY
        and call.queue not in agent.not_ready_in
        and agent.agent not in call.spared
    )


def _pass_steps(floor: Floor, call: Call, queue: Queue) -> None:
    """Pass the steps that nobody who is logged on could meet, if somebody could meet a later."""
    for step in range(call.step, len(queue.rules.steps) + 1):
        if queue.lane(queue.reach(call.skills, step)).staff > 0:
            if step != call.step:
                call.step = step
                _await_step(floor, call)
            return


def _await_step(floor: Floor, call: Call) -> None:
    timer = Timer(TimerKind.STEP, call=call.call)
    steps = floor.queues[call.queue].rules.steps
    if call.step == len(steps):
        call.step_at = None
        floor.timers.cancel(timer)
    else:
        call.step_at = later(call.queued_at, steps[call.step].after)
        floor.timers.start(timer, call.step_at)
