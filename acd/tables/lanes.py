"""
A lane: the open calls of a queue that reach the same agents, beside the ready ones of these.

Calls that ask for the same at their present step share a lane, so that neither a freed agent nor a
new call ever looks at those who do not match. A lane is made when a call needs it, and holds
nothing that could not be worked out again. This module changes no agent and no call.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from acd.tables.agent_state import Agent, Standing
from acd.tables.reach import RING, SKILLS, Reach, has, score
from acd.tables.sorted_index import SortedIndex
from acd.tables.waiting import Call, Place
from cti.ids import AgentId, CallId

LineKey = tuple[int, int, AgentId]
"""An agent's place in line: the strategy's figure, what decides between equal ones, his id."""


class Attendance(Enum):
    """How an agent stands towards lanes: whatever else he does, they are not concerned."""

    AWAY = "away"
    """He is logged off, or does not serve the queue."""
    PRESENT = "present"
    READY = "ready"


ATTENDANCE: Final[Mapping[Standing | None, Attendance]] = {
    **dict.fromkeys(Standing, Attendance.PRESENT),
    Standing.READY: Attendance.READY,
    Standing.LOGGED_OFF: Attendance.AWAY,
    None: Attendance.AWAY,
}
"""How an agent attends who stands so; None: he does not serve the queue."""


class Lane:
    """
    The open calls of one reach, and the ready agents in line for them.

    `staff` counts the agents who are logged on and may take these calls, ready or not. `barred`
    counts the ready agents of the queue who may not, by what rules them out.
    """

    __slots__ = ("_keys", "_line", "_open", "barred", "reach", "staff")

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.staff = 0
        self.barred = {SKILLS: 0, RING: 0}
        self._line: SortedIndex[LineKey] = SortedIndex()
        self._keys: dict[AgentId, LineKey] = {}
        self._open: SortedIndex[Place] = SortedIndex()

    def bar(self, agent: Agent, ring: int) -> str | None:
        """Return what rules an agent of this ring out; None if he may take these calls."""
        reach = self.reach
        if agent.agent in reach.agents:
            return None
        if ring > reach.ring:
            return RING
        return None if not reach.skills or has(agent.skills, reach.skills) else SKILLS

    def move(
        self,
        agent: Agent,
        ring: int,
        before: Attendance,
        after: Attendance,
        figures: tuple[int, int] | None = None,
    ) -> None:
        """Have an agent of the queue attend otherwise; a ready one gets in line by his figures."""
        bar = self.bar(agent, ring)
        if bar is not None:
            self.barred[bar] += (after is Attendance.READY) - (before is Attendance.READY)
            return
        self.staff += (after is not Attendance.AWAY) - (before is not Attendance.AWAY)
        if before is Attendance.READY:
            self.step_out(agent.agent)
        if figures is not None:
            self._stand(agent, figures)

    def line_up(self, agent: Agent, ring: int, figures: tuple[int, int]) -> None:
        """Put a ready agent in line, or elsewhere in it, if he may take these calls."""
        self.step_out(agent.agent)
        if self.bar(agent, ring) is None:
            self._stand(agent, figures)

    def _stand(self, agent: Agent, figures: tuple[int, int]) -> None:
        wanted = self.reach.wanted
        first, second = figures
        if wanted is not None:  # of equally skilled ones, the queue's own figure decides
            first, second = -score(agent.skills, wanted), first
        key = (first, second, agent.agent)
        self._keys[agent.agent] = key
        self._line.add(key)

    def step_out(self, agent: AgentId) -> None:
        """Take an agent out of the line, if he stands in it."""
        key = self._keys.pop(agent, None)
        if key is not None:
            self._line.remove(key)

    def open_up(self, place: Place) -> None:
        """Have a call be offered to those in line."""
        self._open.add(place)

    def shut(self, place: Place) -> None:
        """Have a call be offered no longer."""
        self._open.remove(place)

    def places(self) -> tuple[Place, ...]:
        """Return the places of the open calls, in their order."""
        return tuple(self._open)

    def ahead(self, place: Place) -> int:
        """Return how many calls are open here before a place."""
        return self._open.rank(place)

    def is_used(self) -> bool:
        """Return whether any call is open here."""
        return len(self._open) > 0

    def count_open(self) -> int:
        """Return how many calls are open here."""
        return len(self._open)

    def has_open(self, place: Place) -> bool:
        """Return whether a call is open here."""
        return place in self._open

    def has_in_line(self, agent: AgentId) -> bool:
        """Return whether an agent is in line."""
        key = self._keys.get(agent)
        return key is not None and key in self._line

    def line(self) -> dict[AgentId, int]:
        """Return who is in line, with his figure, in the order of the line."""
        return {key[2]: key[0] for key in self._line}

    def first_for(self, agent: AgentId, calls: Mapping[CallId, Call]) -> Place | None:
        """Return the place of the first call that may be offered to an agent, if he is in line."""
        if agent not in self._keys:
            return None
        for place in self._open:
            if agent not in calls[place[3]].spared:
                return place
        return None

    def first_two_for(self, call: Call) -> tuple[LineKey | None, LineKey | None]:
        """Return who gets this call and who would get it otherwise."""
        first: LineKey | None = None
        for key in self._line:
            if key[2] in call.spared:
                continue
            if first is not None:
                return first, key
            first = key
        return first, None

    def spared(self, call: Call) -> int:
        """Return how many of those in line are spared this call."""
        return sum(agent in self._keys for agent in call.spared) if call.spared else 0

    def __len__(self) -> int:
        """Return how many agents are in line."""
        return len(self._line)
