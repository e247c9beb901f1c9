"""
The words for where a call may go instead of waiting on: causes, targets, and the rules of a queue.

Frozen values of a policy, as those of `acd.policy`; that module holds them together. What they
mean is decided in `acd.rules.way_finding`.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from cti.instants import Duration

NOW: Final = Duration(0)
PARTS: Final = 1_000_000
"""A fraction is counted in parts per million: the core knows no floating point."""


class Cause(Enum):
    """Why a rule sends a call elsewhere."""

    CLOSED = "closed"
    """The queue is closed, by its calendar's word or a person's."""
    FULL = "full"
    """As many callers wait as may wait."""
    NO_AGENTS = "no_agents"
    """None of its agents is logged on."""
    ALL_NOT_READY = "all_not_ready"
    """Some are logged on, and none of those wants calls."""
    OVERFLOW = "overflow"
    """A rule of the queue's overflow chain: never the cause of a join or leave rule."""
    KEY = "key"
    """The caller pressed a key: never the cause of a join or leave rule."""


class TargetKind(Enum):
    """What a call may be sent to."""

    QUEUE = "queue"
    VOICEMAIL = "voicemail"
    NUMBER = "number"
    FLOW = "flow"
    CALL_BACK = "call_back"
    BUSY = "busy"
    """Nowhere: the caller is told that nobody can take his call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    Where a call is sent: a queue, box, number or flow by its `name`.

    `keeps_age`: in another queue it counts as having waited as long as it has; else it begins anew.
    """

    kind: TargetKind
    name: str = ""
    keeps_age: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRule:
    """A newcomer who finds the cause is sent to the target and does not come in."""

    cause: Cause
    target: Target


@dataclass(frozen=True, slots=True, kw_only=True)
class LeaveRule:
    """Who waits while the cause holds, and has held for `after`, is sent to the target."""

    cause: Cause
    target: Target
    after: Duration = NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainRule:
    """
    A rule of an overflow chain; whatever it names must hold.

    `wait`: the call has been in this queue for so long; a rule without it is for newcomers.
    `waiting`: so many wait at least. `calls_per_agent`: so many wait at least for each agent who is
    logged on, in parts per million. `estimated_wait`: so much longer at least is he expected to
    wait; where that cannot be told, it does not hold.
    """

    target: Target
    wait: Duration | None = None
    waiting: int | None = None
    calls_per_agent: int | None = None
    estimated_wait: Duration | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRule:
    """Who waits and presses the key is sent to the target."""

    key: str
    target: Target
