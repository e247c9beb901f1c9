"""What this package needs of others, as they must look to it; the daemon passes them in."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from acd.commands import ShowAgentState
from acd.facts import (
    AgentEndedWrapUp,
    AgentExtendedWrapUp,
    AgentLoggedOff,
    AgentLoggedOn,
    AgentMadeNotReady,
    AgentMadeReady,
)
from cti.ids import AgentId, DeviceId, QueueName
from cti.instants import Time

AgentFact = (
    AgentLoggedOn
    | AgentLoggedOff
    | AgentMadeReady
    | AgentMadeNotReady
    | AgentEndedWrapUp
    | AgentExtendedWrapUp
)
"""What agents do, as the core is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentEntry:
    """
    One agent as the configuration has him.

    `phones` maps the names that he may log on at to the devices that are rung; the first is his
    usual one. `password_hash` is argon2's, in its own notation.
    """

    agent: AgentId
    name: str
    password_hash: str
    phones: Mapping[str, DeviceId]
    queues: tuple[QueueName, ...]


class AgentDirectory(Protocol):
    """All agents there are."""

    def entry(self, agent: AgentId) -> AgentEntry | None:
        """Return one agent, or None where there is no such agent."""

    def entries(self) -> Iterable[AgentEntry]:
        """Return all agents, in the configuration's order."""


class FactInbox(Protocol):
    """The clients' way to the one writer; bounded, and apart from the switch's."""

    def post(self, fact: AgentFact) -> bool:
        """Take a fact in, in order; False where the inbox is full and the fact was shed."""


class FloorView(Protocol):
    """What the core last said of each agent."""

    def agent_state(self, agent: AgentId) -> ShowAgentState | None:
        """Return the agent's state, or None where the core has not spoken of him yet."""


class Clock(Protocol):
    """The shell's clock."""

    def now(self) -> Time:
        """Return the instant it is."""


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Make it not happen."""


class Timers(Protocol):
    """Who calls back later: the event loop is one."""

    def time(self) -> float:
        """Return monotonic seconds."""

    def call_later(self, delay: float, callback: Callable[[], object], /) -> Timer:
        """Call `callback` after `delay` seconds."""


class Health(Protocol):
    """How the daemon is: what must be well for it to take calls, and what should be."""

    def readiness(self) -> Mapping[str, bool]:
        """Return each part by its name and whether it is well; names hold no secrets."""

    def beside(self) -> Mapping[str, bool]:
        """Return, likewise, the parts without which calls go on all the same."""
