"""
What a waiting caller hears, and when: place, wait, comfort messages, and nothing while it rings.

Each call has one timer, for the next that is due. What falls due is said after everybody who may
match has matched, so that nobody is told to wait in the moment in which he is offered; what falls
due while a call is offered or held is said when it waits again. An announcement that would tell
nothing better than the last is not made. This module decides nothing about who gets which call.
"""

from dataclasses import replace

from acd.announce_policy import AnnouncePolicy, EstimatePolicy
from acd.commands import Announce, EstimateOutcome, JudgeEstimate
from acd.rules.estimating import outlook
from acd.tables.floor import Floor
from acd.tables.hearing import NOTHING_HEARD, Estimate, Hearing, Said
from acd.tables.queue_state import Queue
from acd.tables.timers import Timer, TimerKind
from acd.tables.waiting import Call, CallState
from cti.instants import Duration, Time, later, seconds

PAUSE_MIN = seconds(10)
"""The least time between two announcements to a caller, whatever the rules say."""
ESTIMATES_MAX = 64
"""Estimates kept of one call until it is known what happened; the first and the last ones stay."""


def begin(floor: Floor, call: Call) -> None:
    """Let a call hear what its queue has to say from its coming on; what it heard is remembered."""
    _expect(floor, call, _heard(call.hearing, *_first(floor.queues[call.queue], call)))


def end(floor: Floor, call: Call) -> None:
    """Let a call hear nothing more of its queue; estimates not judged yet end with its moving."""
    judge(floor, call, EstimateOutcome.MOVED)
    _expect(floor, call, _heard(call.hearing, None, None))


def begin_anew(floor: Floor, queue: Queue) -> None:
    """
    Have the calls of a queue hear what its new rules say, as if they had always been so.

    What would have been said before is not made up for: all would hear it in the same moment.
    """
    rules = queue.rules.announce
    for call in (one for one in queue.waiting if one.has_leg):
        place_at, comfort_at = _first(queue, call)
        if rules is not None and place_at is not None:
            place_at = _next(place_at, _pause(rules.every), floor.now)
        if rules is not None and rules.comfort is not None and comfort_at is not None:
            comfort_at = _next(comfort_at, _pause(rules.comfort.every), floor.now)
        _expect(floor, call, _heard(call.hearing, place_at, comfort_at))


def put_right(floor: Floor, call: Call) -> None:
    """Have a call whose state was put right hear what it is to hear; without a leg, nothing."""
    if call.state is CallState.TALKING or not call.has_leg:
        _expect(floor, call, NOTHING_HEARD)
    elif call.hearing.next_at is None:
        begin(floor, call)
    resume(floor, call)


def fall_due(floor: Floor, call: Call) -> None:
    """Note that something is due to be said to a caller; it is said when he waits."""
    call.hearing = replace(call.hearing, is_due=True)
    resume(floor, call)


def resume(floor: Floor, call: Call) -> None:
    """Have what fell due be said after this step, to a caller who waits again."""
    if call.hearing.is_due and call.state is CallState.WAITING:
        floor.may_hear(call)


def speak(floor: Floor) -> None:
    """Say what is due to those who still wait now that all have matched."""
    for call in floor.take_hearers():
        if call.hearing.is_due and call.state is CallState.WAITING:
            _announce(floor, call)


def judge(floor: Floor, call: Call, outcome: EstimateOutcome) -> None:
    """Put the estimates made of a call beside what happened, and have the queue learn from it."""
    estimates = call.hearing.estimates
    if not estimates:
        return
    for made in estimates:
        floor.tell(
            JudgeEstimate(
                call=call.call,
                queue=call.queue,
                at=made.at,
                expected=made.expected,
                said=made.said,
                is_more=made.is_more,
                aloud=made.aloud,
                actual=Duration(floor.now - made.at),
                outcome=outcome,
            )
        )
    call.hearing = replace(call.hearing, estimates=())
    _learn(floor, floor.queues[call.queue], estimates[0], outcome)


def _learn(floor: Floor, queue: Queue, made: Estimate, outcome: EstimateOutcome) -> None:
    policy = None if queue.rules.announce is None else queue.rules.announce.estimate
    if policy is None or made.is_more:
        return
    actual = floor.now - made.at
    is_answered = outcome is EstimateOutcome.ANSWERED
    if is_answered or actual > made.said:
        case = (is_answered and actual <= made.said, actual - made.expected)
        queue.calibration = queue.calibration.after(case, policy)


def _announce(floor: Floor, call: Call) -> None:
    """Say what is due, the place before comfort, and expect what comes next."""
    now = floor.now
    queue = floor.queues[call.queue]
    rules = queue.rules.announce
    hearing = call.hearing
    position: Said | None = None
    wait: Said | None = None
    place_at, comfort_at = hearing.place_at, hearing.comfort_at
    if rules is not None and place_at is not None and place_at <= now:
        place_at = later(now, _pause(rules.every))
        position = _position(queue, call, rules)
        wait = _wait(floor, queue, call, rules)
    message = None
    comforted = hearing.comforted
    comfort = None if rules is None else rules.comfort
    if comfort is not None and comfort_at is not None and comfort_at <= now:
        if position is None and wait is None:
            message = comfort.prompts[comforted % len(comfort.prompts)]
            comforted += 1
            comfort_at = later(now, _pause(comfort.every))
        else:
            comfort_at = later(now, PAUSE_MIN)
    call.hearing = replace(
        call.hearing,
        comforted=comforted,
        position=hearing.position if position is None else position,
        wait=hearing.wait if wait is None else wait,
    )
    if position is not None or wait is not None or message is not None:
        call.hearing = replace(call.hearing, heard_at=now)
        floor.tell(
            Announce(
                call=call.call,
                queue=queue.rules.name,
                position=None if position is None else position[0],
                position_is_more=position is not None and position[1],
                estimate=None if wait is None else Duration(wait[0]),
                estimate_is_more=wait is not None and wait[1],
                message=message,
            )
        )
    _expect(floor, call, _heard(call.hearing, place_at, comfort_at))


def _position(queue: Queue, call: Call, rules: AnnouncePolicy) -> Said | None:
    """Return the position to be said now, or None."""
    if rules.position is None:
        return None
    position = queue.waiting.ahead(call.place) + 1
    most = rules.position.at_most
    said = (most, True) if position > most else (position, False)
    return said if _is_better(said, call.hearing.position, rules) else None


def _wait(floor: Floor, queue: Queue, call: Call, rules: AnnouncePolicy) -> Said | None:
    """
    Return the wait to be said now, or None; keep the estimate, to be judged.

    In a queue that is silent as its estimates proved wrong, those that would have been said are
    kept all the same.
    """
    found = None if rules.estimate is None else outlook(floor, call)
    if rules.estimate is None or found is None:
        return None
    said = _rounded(found.likely, rules.estimate)
    hearing = call.hearing
    aloud = queue.calibration.is_trusted(rules.estimate)
    last = hearing.wait
    if not aloud and hearing.estimates:
        last = (hearing.estimates[-1].said, hearing.estimates[-1].is_more)
    if not _is_better(said, last, rules):
        return None
    made = Estimate(
        at=floor.now,
        expected=found.expected,
        said=Duration(said[0]),
        is_more=said[1],
        aloud=aloud,
    )
    kept = hearing.estimates
    if len(kept) == ESTIMATES_MAX:
        kept = (kept[0], *kept[2:])
    call.hearing = replace(hearing, estimates=(*kept, made))
    return said if aloud else None


def _rounded(wait: Duration, rules: EstimatePolicy) -> Said:
    """Return a wait as it is said: in full multiples, one at least, or more than the most."""
    step = max(rules.round_to, 1)
    said = max(1, -(-wait // step)) * step
    return (rules.at_most, True) if said > rules.at_most else (said, False)


def _is_better(said: Said, last: Said | None, rules: AnnouncePolicy) -> bool:
    return last is None or not rules.only_improved or said < last


def _first(queue: Queue, call: Call) -> tuple[Time | None, Time | None]:
    """Return when a call is first told its place, and when it is first comforted."""
    rules = queue.rules.announce
    place_at = comfort_at = None
    if rules is not None and (rules.position is not None or rules.estimate is not None):
        place_at = later(call.queued_at, rules.first_after)
    if rules is not None and rules.comfort is not None:
        comfort_at = later(call.queued_at, rules.comfort.first_after)
    return place_at, comfort_at


def _pause(every: Duration) -> Duration:
    return max(every, PAUSE_MIN)


def _next(at: Time, every: Duration, now: Time) -> Time:
    """Return the first of instants that lie so far apart which is still to come."""
    return at if at > now else Time(at + ((now - at) // every + 1) * every)


def _heard(hearing: Hearing, place_at: Time | None, comfort_at: Time | None) -> Hearing:
    """Return what a caller has heard, with the times of what comes next: never too soon."""
    if hearing.heard_at is not None:
        soonest = later(hearing.heard_at, PAUSE_MIN)
        place_at = None if place_at is None else max(place_at, soonest)
        comfort_at = None if comfort_at is None else max(comfort_at, soonest)
    times = [at for at in (place_at, comfort_at) if at is not None]
    next_at = min(times, default=None)
    return replace(hearing, next_at=next_at, place_at=place_at, comfort_at=comfort_at, is_due=False)


def _expect(floor: Floor, call: Call, hearing: Hearing) -> None:
    """Have the timer run for what comes next."""
    call.hearing = hearing
    timer = Timer(TimerKind.ANNOUNCE, call=call.call)
    if hearing.next_at is None:
        floor.timers.cancel(timer)
    else:
        floor.timers.start(timer, hearing.next_at)
