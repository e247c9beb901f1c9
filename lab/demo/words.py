"""
The words for what agents and callers do, as people say them; the code's own words are the keys.

Translated when this module is imported. Whoever lines them up measures them (`widest`).
"""

from collections.abc import Iterable, Mapping
from typing import Final

from rich.cells import cell_len

from acd.commands import Occupation, Wish
from acd.picture import AgentPicture
from cti.ids import AgentId
from cti.language import _

READY: Final = "ready"
RESTING: Final = "resting"
AWAY: Final = "logged_off"
WRONG_KEY: Final = "wrong_key"
NO_KEY: Final = "no_key"
ANONYMOUS: Final = _("Anonymous")
"""A caller whose number is withheld."""

STANDINGS: Final[Mapping[str, str]] = {
    READY: _("ready"),
    AWAY: _("not at work"),
    "not_ready": _("not ready"),
    "offered": _("ringing"),
    "busy": _("talking"),
    "busy_elsewhere": _("on the phone"),
    "wrapping_up": _("wrapping up"),
    RESTING: _("resting"),
    "missed_this_call": _("missed it"),
}
"""How an agent stands, in the core's words and in ours."""

PLACES: Final[Mapping[str, str]] = {
    "menu": _("in the menu"),
    "waiting": _("waiting"),
    "ringing": _("ringing"),
    "talking": _("talking"),
    "leaving": _("leaving"),
}
"""Where a caller is."""

OUTCOMES: Final[Mapping[str, str]] = {
    "answered": _("answered"),
    "abandoned": _("gave up"),
    "left_in_flow": _("left menu"),
    "turned_away": _("refused"),
    "flow_ended": _("menu end"),
    "fallback": _("fallback"),
    "ended_by_system": _("ended"),
    "lost_by_switch": _("lost"),
    "ended_unseen": _("unseen"),
}
"""How a call ended, as the call log says it."""

OFFER_OUTCOMES: Final[Mapping[str, str]] = {
    "no_answer": _("{agent} missed"),
    "busy": _("{agent} busy"),
    "rejected": _("{agent} declined"),
    "unreachable": _("{agent} no phone"),
    "withdrawn": _("{agent} withdrawn"),
    "caller_left": _("{agent} rang"),
    "failed": _("{agent} failed"),
}
"""How an offer of a finished call ended, shortest."""

HUNG_UP_BY: Final[Mapping[str, str]] = {
    "caller": _("caller"),
    "agent": _("agent"),
    "system": _("system"),
    "unknown": _("unknown"),
}

CHOICES: Final[Mapping[str, str]] = {
    WRONG_KEY: _("wrong key"),
    NO_KEY: _("no key"),
}
"""What the menu notes where nothing was chosen; choices have the names that the flow gives them."""

REASONS: Final[Mapping[str, str]] = {
    "ring_no_answer": _("did not answer"),
    "calls_rejected": _("rejected calls"),
    "phone_busy": _("phone was busy"),
    "phone_unreachable": _("phone unreachable"),
    "break": _("on a break"),
    "": _("no reason"),
}
"""Why an agent is not ready, where we know the word."""


def agent_state(agent: AgentPicture) -> str:
    """Return how an agent stands: a key of `STANDINGS`."""
    if agent.occupation is not Occupation.IDLE:
        return str(agent.occupation.value)
    if agent.wish is not Wish.READY:
        return str(agent.wish.value)
    return READY if agent.until is None else RESTING


def reason(why: str | None) -> str:
    """Return why an agent is not ready."""
    return REASONS.get(why or "", (why or "").replace("_", " "))


def choice(name: str) -> str:
    """Return what was chosen in a menu, or that nothing was."""
    return CHOICES.get(name, name.replace("_", " "))


def outcome(name: str) -> str:
    """Return what became of a call."""
    return OUTCOMES.get(name, name.replace("_", " "))


def short(agent: AgentId, names: Mapping[AgentId, str]) -> str:
    """Return the first of an agent's names: enough among a few."""
    return (names.get(agent) or agent).split()[0]


def listed(parts: Iterable[str]) -> str:
    """Return a few names in one breath."""
    return _(", ").join(parts)


def widest(words: Iterable[str]) -> int:
    """Return the cells of the widest of these words."""
    return max(map(cell_len, words), default=0)


def clock(passed_s: float) -> str:
    """Return a time that has passed, as clocks show it."""
    minutes, seconds = divmod(max(0, int(passed_s)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
