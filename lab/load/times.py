"""What a load saw: each call's moments at the caller and at the agent. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCall:
    """A call to be made: when, by which number, to what the menu's key leads, how long the talk."""

    at_s: float
    number: str
    key: str
    talk_s: float


@dataclass(slots=True, kw_only=True)
class CallTimes:
    """
    One call at its caller, in nanoseconds of `time.time_ns`; 0 for what has not happened.

    `keyed_ns` is when his key was pressed: from then on he waits for an agent.
    """

    plan: PlannedCall
    dialled_ns: int = 0
    answered_ns: int = 0
    keyed_ns: int = 0
    ended_ns: int = 0
    refused: int = 0


@dataclass(slots=True, kw_only=True)
class Visit:
    """One call at an agent's phone: rung, answered, and left by one of the two."""

    agent: str
    number: str
    rung_ns: int
    answered_ns: int = 0
    left_ns: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadTimes:
    """
    All that a load saw.

    `repeated` counts messages of either side that had to be sent again; `late_s` is by how much
    this process was late with a call at worst.
    """

    calls: Sequence[CallTimes]
    visits: Sequence[Visit]
    repeated: int
    late_s: float

    @property
    def served(self) -> list[tuple[CallTimes, Visit]]:
        """The calls that were talked through to their end, each with its talk."""
        talks = {visit.number: visit for visit in self.visits if visit.answered_ns}
        return [
            (call, talks[call.plan.number])
            for call in self.calls
            if call.ended_ns and call.plan.number in talks
        ]

    @property
    def lost(self) -> int:
        """How many calls were refused, never came to an agent, or did not end."""
        return len(self.calls) - len(self.served)

    @property
    def waits_s(self) -> list[float]:
        """How long each served caller waited from his key to the ringing of his agent's phone."""
        return [(visit.rung_ns - call.keyed_ns) / NS for call, visit in self.served]
