"""Decisions as sentences: who got a call and why he, who was next, who was out and why."""

from rich.text import Text

from cti.ids import AgentId
from cti.instants import as_datetime, as_seconds
from lab.demo.columns import FAINT
from lab.demo.floor import Moved, NotTaken, Offered, Turn
from lab.demo.terminal import Signs

STANDINGS = {
    "logged_off": "logged off",
    "not_ready": "not ready",
    "offered": "ringing",
    "busy": "talking",
    "busy_elsewhere": "phone in use",
    "wrapping_up": "wrapping up",
    "resting": "resting",
    "missed_this_call": "missed it",
}
"""The core's words for how an agent stands, as people say it."""

REFUSALS = {
    "no_answer": "did not answer",
    "rejected": "declined",
    "busy": "was busy",
    "unreachable": "could not be reached",
    "failed": "could not be rung",
}


def tell(turn: Turn, *, caller: str, names: dict[AgentId, str], signs: Signs) -> Text:
    """Return a decision as one line, as long as it is; names are the agents' spoken ones."""
    line = Text(f"{as_datetime(turn.at).astimezone():%H:%M:%S} ", style=FAINT, no_wrap=True)
    caller = signs.shown(caller or "a caller")
    match turn:
        case Offered():
            winner = signs.shown(_short(turn.agent, names))
            line.append(f"{caller} {signs.arrow} {winner}", "default")
            line.append(f": {signs.shown(_why(turn, names))}")
        case NotTaken():
            winner = signs.shown(names.get(turn.agent, turn.agent))
            said = REFUSALS.get(turn.outcome.value, turn.outcome.value)
            line.append(f"{winner} {said}", "yellow")
            line.append(f": {caller} keeps his place")
        case Moved():
            line.append(f"{caller}: {_moved(turn, signs)}", "yellow")
    return line


def _why(turn: Offered, names: dict[AgentId, str]) -> str:
    """Return what spoke for the winner and against the others."""
    waited = f"idle {as_seconds(turn.idle):.0f} s"
    if turn.next_best is None:
        reasons = [f"{waited}, none else free"]
    else:
        reasons = [f"{waited}, next {_short(turn.next_best, names)}"]
    against: dict[str, list[str]] = {}
    for agent, why in turn.ruled_out:
        against.setdefault(why, []).append(_short(agent, names))
    if not against:
        against = {why: [str(count)] for why, count in turn.excluded}
    reasons += [f"{', '.join(who)} {STANDINGS.get(why, why)}" for why, who in against.items()]
    return "; ".join(reasons)


def _moved(turn: Moved, signs: Signs) -> str:
    if turn.to_queue is None:
        return f"turned away by {turn.from_queue}"
    return (
        f"after {as_seconds(turn.waited):.0f} s in {turn.from_queue}"
        f" {signs.arrow} {turn.to_queue}, by rule"
    )


def _short(agent: AgentId, names: dict[AgentId, str]) -> str:
    """Return the first of an agent's names: enough among five."""
    return names.get(agent, agent).split()[0]
