"""How an agent stands, in a sentence: what ruled him out, or by which figure he was in line."""

from acd.explaining import Candidate, Competitors
from acd.facts import NotReadyReason
from acd.tables.agent_state import Standing
from acd.tables.reach import MISSED_THIS_CALL, PREFERRED, RING, SKILLS
from cti.explaining.moments import as_clock, as_length
from cti.ids import AgentId
from cti.instants import Duration, Time
from cti.language import _, ngettext

_MILLIONTHS_PER_PERCENT = 10_000
_RULES = {
    "longest_idle": _("the agent who has been idle longest"),
    "round_robin": _("the agents in turn"),
    "fewest_calls": _("the agent with the fewest calls"),
    "least_occupied": _("the least occupied agent"),
    "most_skilled": _("the most skilled agent"),
    "ordered": _("the first of an ordered list"),
    "weighted_random": _("by chance, in proportion to weights"),
    "ring_all": _("all agents at once"),
    "ring_progressively": _("one agent more after each pause"),
    PREFERRED: _("the agent for whom the call was kept"),
}
_SYSTEM_REASONS = {
    NotReadyReason.RING_NO_ANSWER.value: _("he had let too many calls ring (ring_no_answer)"),
    NotReadyReason.CALLS_REJECTED.value: _("he had rejected too many calls (calls_rejected)"),
    NotReadyReason.PHONE_BUSY.value: _("his phone had been busy too often (phone_busy)"),
    NotReadyReason.CONNECTION_LOST.value: _("his desktop's connection was lost (connection_lost)"),
    NotReadyReason.LOGGED_ON.value: _("he had logged on and not asked for calls yet (logged_on)"),
    NotReadyReason.PHONE_UNREACHABLE.value: _("his phone could not be reached (phone_unreachable)"),
}


def rule_in_words(rule: str) -> str:
    """Return what a queue's rule looks for."""
    return _RULES.get(rule, rule)


def figure_in_words(rule: str, figure: int, now: Time) -> str:
    """Return an agent's figure by a rule."""
    if rule == "round_robin" and not figure:
        return _("had no call of this queue yet")
    template = {
        "longest_idle": _("idle since {time}, for {length}"),
        "round_robin": _("had his last turn with offer {figure}"),
        "fewest_calls": ngettext("had {figure} call lately", "had {figure} calls lately", figure),
        "least_occupied": _("was occupied for {percent} % of his time"),
        "ordered": _("is number {place} of the list"),
        "most_skilled": _("has the skill levels {levels} in all"),
        "ring_all": _("is rung in the same moment"),
        "ring_progressively": _("is rung after a later pause"),
        PREFERRED: _("is number {place} of those for whom the call was kept"),
    }.get(rule, _("has the figure {figure}"))
    idle = rule == "longest_idle"  # other figures are no times
    return template.format(
        figure=figure,
        levels=-figure,
        place=figure + 1,
        percent=f"{figure / _MILLIONTHS_PER_PERCENT:.1f}",
        time=as_clock(Time(figure)) if idle else "",
        length=as_length(Duration(now - figure)) if idle else "",
    )


def candidate_lines(competitors: Competitors, now: Time) -> list[str]:
    """Return a line for each agent of the queue, those in line first."""
    return [
        _in_line(candidate, competitors.rule, now)
        if candidate.ruled_out is None
        else ruled_out(candidate)
        for candidate in competitors.agents
    ]


def _in_line(candidate: Candidate, rule: str, now: Time) -> str:
    figure = "" if candidate.figure is None else figure_in_words(rule, candidate.figure, now)
    return _("{agent} was ready, and number {place} in line: {figure}").format(
        agent=candidate.agent, place=candidate.line, figure=figure
    )


def ruled_out(candidate: Candidate) -> str:
    """Return the first thing that ruled an agent out."""
    values = {
        "agent": candidate.agent,
        "since": as_clock(candidate.since),
        "until": "" if candidate.until is None else as_clock(candidate.until),
        "call": candidate.call,
        "reason": reason_in_words(candidate.reason, candidate.row),
        "cause": candidate.ruled_out,
    }
    return _template(candidate.ruled_out or "").format(**values)


def reason_in_words(reason: str | None, row: int = 0) -> str:
    """Return why somebody is not ready: his own words, or what the system says, of so many."""
    if reason is None:
        return _("none was given")
    counted = _after_misses(row).get(reason) if row else None
    return counted.format(count=row) if counted else _SYSTEM_REASONS.get(reason, reason)


def _after_misses(row: int) -> dict[str, str]:
    return {
        NotReadyReason.RING_NO_ANSWER.value: ngettext(
            "by the system, after {count} unanswered call (ring_no_answer)",
            "by the system, after {count} unanswered calls in a row (ring_no_answer)",
            row,
        ),
        NotReadyReason.CALLS_REJECTED.value: ngettext(
            "by the system, after {count} rejected call (calls_rejected)",
            "by the system, after {count} rejected calls in a row (calls_rejected)",
            row,
        ),
        NotReadyReason.PHONE_BUSY.value: ngettext(
            "by the system, after his phone was busy for {count} call (phone_busy)",
            "by the system, after his phone was busy for {count} calls in a row (phone_busy)",
            row,
        ),
        NotReadyReason.PHONE_UNREACHABLE.value: ngettext(
            "by the system, after his phone could not be reached for {count} call"
            " (phone_unreachable)",
            "by the system, after his phone could not be reached for {count} calls in a row"
            " (phone_unreachable)",
            row,
        ),
    }


def _template(cause: str) -> str:
    return {
        Standing.LOGGED_OFF.value: _("{agent} was logged off, since {since}"),
        Standing.NOT_READY.value: _("{agent} was not ready, since {since}; reason: {reason}"),
        Standing.OFFERED.value: _("{agent} was being offered call {call}, since {since}"),
        Standing.BUSY.value: _("{agent} was talking, since {since}, with call {call}"),
        Standing.BUSY_ELSEWHERE.value: _(
            "{agent} was using his phone for something else, since {since}"
        ),
        Standing.WRAPPING_UP.value: _(
            "{agent} was wrapping up call {call}, since {since}, until {until} at most"
        ),
        Standing.RESTING.value: _(
            "{agent} was given no calls until {until}: he had not taken one, or his phone had"
            " refused it"
        ),
        MISSED_THIS_CALL: _(
            "{agent} had not taken this call, and was not to be offered it again before {until}"
        ),
        SKILLS: _(
            "{agent} lacked a skill that was asked for at that step, or had too little of it"
        ),
        RING: _("{agent} was in a ring that was not open at that step"),
        PREFERRED: _("{agent} was ready, but the call was kept for somebody else until {until}"),
    }.get(cause, _("{agent} was ruled out: {cause}"))


def became_free(before: Candidate | None, agent: AgentId) -> str | None:
    """Return what had kept the winner from the call until just then; None where nothing had."""
    if before is None or before.ruled_out is None:
        return None
    return {
        Standing.LOGGED_OFF.value: _("{agent} had logged on"),
        Standing.NOT_READY.value: _("{agent} had just become ready"),
        Standing.OFFERED.value: _("another offer to {agent} had just ended"),
        Standing.BUSY.value: _("a talk of {agent} had just ended"),
        Standing.BUSY_ELSEWHERE.value: _("the phone of {agent} had just become free"),
        Standing.WRAPPING_UP.value: _("{agent} had just finished wrapping up"),
        Standing.RESTING.value: _("the pause after a call that {agent} did not take was over"),
        MISSED_THIS_CALL: _("the pause was over in which {agent} was not to be offered it again"),
        SKILLS: _("a step had just been taken that asks for skills which {agent} has"),
        RING: _("a step had just been taken that opened the ring of {agent}"),
        PREFERRED: _("the time was over for which the call was kept from {agent}"),
    }.get(before.ruled_out, _("{agent} had just become free")).format(agent=agent)
