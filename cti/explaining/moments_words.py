"""What an agent did, and where a caller was, at one moment: in plain sentences."""

from collections.abc import Iterable

from acd.commands import Wish
from acd.explaining import ASKED, CallAtHand, Doing, Stay
from acd.tables.agent_state import Standing
from acd.tables.reach import MISSED_THIS_CALL, PREFERRED, RING, SKILLS
from acd.tables.waiting import CallState
from cti.explaining.agents_words import reason_in_words
from cti.explaining.moments import as_clock, as_length, as_typed
from cti.explaining.words import stay_lines
from cti.ids import AgentId
from cti.instants import Duration, Time
from cti.language import _, ngettext


def doing_lines(doing: Doing, now: Time) -> list[str]:
    """Return what an agent did, and why he had no call."""
    lines = [
        _("Agent {agent} at {time}").format(agent=doing.agent, time=as_typed(now)),
        _standing(doing, now),
    ]
    if doing.standing is not Standing.READY:
        return [*lines, *_wish(doing), *_elsewhere(doing)]
    if not doing.queues:
        return [*lines, _("He served no queue."), *_elsewhere(doing)]
    queues = ", ".join(doing.queues)
    if not doing.waiting:
        lines.append(
            _("He had no call because nobody waited in his queues: {queues}.").format(queues=queues)
        )
        return [*lines, *_elsewhere(doing)]
    count = len(doing.waiting)
    lines.append(
        ngettext(
            "{count} call waited in his queues ({queues}), and was not for him:",
            "{count} calls waited in his queues ({queues}), and none was for him:",
            count,
        ).format(count=count, queues=queues)
    )
    lines += [f"  {_kept(call)}" for call in doing.waiting]
    return [*lines, *_elsewhere(doing)]


def caller_lines(stay: Stay, now: Time) -> list[str]:
    """Return where a caller was, and why he waited."""
    lines = [_("Call {call} at {time}").format(call=stay.call, time=as_typed(now))]
    if stay.state is CallState.TALKING:
        return [*lines, _("He was talking with {agent}.").format(agent=_names(stay.agents))]
    lines.append(
        _("He had been waiting for {length}, in queue {queue}.").format(
            length=as_length(Duration(now - stay.since)), queue=stay.queue
        )
    )
    if stay.state is CallState.OFFERED:
        return [
            *lines,
            _("He was just being offered to {agent}.").format(agent=_names(stay.agents)),
        ]
    return [*lines, *stay_lines(stay, now)]


def _names(agents: Iterable[AgentId]) -> str:
    return ", ".join(agents)


def _standing(doing: Doing, now: Time) -> str:
    values = {
        "since": as_clock(doing.since),
        "length": as_length(Duration(now - doing.since)),
        "until": "" if doing.until is None else as_clock(doing.until),
        "call": doing.call,
        "reason": reason_in_words(doing.reason, doing.row),
        "idle": as_clock(doing.idle_since),
        "idle_length": as_length(Duration(now - doing.idle_since)),
    }
    return {
        Standing.READY: _("He was ready and idle since {idle}, for {idle_length}."),
        Standing.LOGGED_OFF: _("He was logged off, since {since}."),
        Standing.NOT_READY: _("He was not ready, since {since}; reason: {reason}."),
        Standing.OFFERED: _("He was being offered call {call}, since {since}."),
        Standing.BUSY: _("He was talking with call {call}, since {since}, for {length}."),
        Standing.BUSY_ELSEWHERE: _("He was using his phone for something else, since {since}."),
        Standing.WRAPPING_UP: _("He was wrapping up call {call}, since {since}, until {until}."),
        Standing.RESTING: _(
            "He was given no calls until {until}: he had not taken one, or his phone had refused"
            " it."
        ),
    }[doing.standing].format(**values)


def _wish(doing: Doing) -> list[str]:
    """Return what he wished, where what he did hides it."""
    if doing.standing in (Standing.LOGGED_OFF, Standing.NOT_READY):
        return []
    if doing.wish is Wish.LOGGED_OFF:
        return [_("He had logged off already: it takes effect when that is over.")]
    if doing.reason is None:
        return []
    return [
        _("He wanted no calls afterwards; reason: {reason}.").format(
            reason=reason_in_words(doing.reason, doing.row)
        )
    ]


def _kept(call: CallAtHand) -> str:
    until = "" if call.until is None else as_clock(call.until)
    template = {
        CallState.OFFERED.value: _("call {call} in {queue} was being offered to {agent}"),
        CallState.HELD.value: _("call {call} in {queue} was held: its caller is said to have left"),
        ASKED: _("call {call} in {queue}: its caller was being asked for a number"),
        CallState.PROMISED.value: _(
            "call {call} in {queue} was to be called back, but not just now"
        ),
        CallState.DIALLING.value: _("call {call} in {queue}: its customer was being dialled"),
        MISSED_THIS_CALL: _(
            "call {call} in {queue} had not been taken by him, and was spared him until {until}"
        ),
        SKILLS: _("call {call} in {queue} asked for a skill that he lacks, or has too little of"),
        RING: _("call {call} in {queue} had not come to the step at which his ring is open"),
        PREFERRED: _("call {call} in {queue} was kept for somebody else until {until}"),
        Standing.NOT_READY.value: _("call {call} waited in {queue}, and he wanted no calls of it"),
    }.get(call.kept_by, _("call {call} in {queue} was kept from him: {cause}"))
    return template.format(
        call=call.call, queue=call.queue, agent=_names(call.agents), until=until, cause=call.kept_by
    )


def _elsewhere(doing: Doing) -> list[str]:
    if not doing.elsewhere:
        return []
    queues = ", ".join(f"{name}: {count}" for name, count in doing.elsewhere)
    return [
        _("Calls that waited in queues which he does not serve: {queues}.").format(queues=queues)
    ]
