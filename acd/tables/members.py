"""
The agents of a queue: how each stands towards it, and by what figure the ready ones line up.

The counts are kept with every change, so that telling how many are ruled out by what never scans
the list of agents. This module changes no agent and no call.
"""

from typing import Final

from acd.tables.agent_state import Agent, Standing
from cti.ids import AgentId

_RULING_OUT: Final = tuple(
    (standing, standing.value) for standing in Standing if standing is not Standing.READY
)


class Members:
    """
    The agents of one queue.

    `present` are those who are logged on; `ready` the figures of those who may have a call, as
    their strategy reads them: (the smaller the better, what decides between equal ones).
    """

    __slots__ = ("_counts", "_standings", "present", "ready")

    def __init__(self) -> None:
        self._counts = dict.fromkeys(Standing, 0)
        self._standings: dict[AgentId, Standing] = {}
        self.present: dict[AgentId, Agent] = {}
        self.ready: dict[AgentId, tuple[int, int]] = {}

    def standing(self, agent: AgentId) -> Standing | None:
        """Return how an agent stands towards this queue; None if he does not serve it."""
        return self._standings.get(agent)

    def put(self, agent: Agent, standing: Standing) -> Standing | None:
        """Have an agent stand so from now on; return how he stood before."""
        name = agent.agent
        before = self._standings.get(name)
        if before is not None:
            self._counts[before] -= 1
        self._standings[name] = standing
        self._counts[standing] += 1
        if standing is Standing.LOGGED_OFF:
            self.present.pop(name, None)
        else:
            self.present[name] = agent
        if standing is not Standing.READY:
            self.ready.pop(name, None)
        return before

    def drop(self, agent: AgentId) -> None:
        """Have an agent serve this queue no longer."""
        before = self._standings.pop(agent, None)
        if before is not None:
            self._counts[before] -= 1
            self.present.pop(agent, None)
            self.ready.pop(agent, None)

    def knows(self, agent: AgentId) -> bool:
        """Return whether an agent serves this queue, as far as is seen here."""
        return agent in self._standings

    def counts(self) -> dict[Standing, int]:
        """Return how many agents stand how."""
        return dict(self._counts)

    def ruled_out(self) -> list[tuple[str, int]]:
        """Return how many agents are not ready, by what keeps them."""
        counts = self._counts
        return [(name, counts[standing]) for standing, name in _RULING_OUT if counts[standing]]
