"""
The agents of a queue: who is ready, in the order of its strategy, and how many stand how.

The order is an index and the counts are kept with every change, so that neither choosing an agent
nor telling why ever scans the list of agents. This module changes no agent and no call.
"""

from collections.abc import Callable
from dataclasses import dataclass

from acd.agent_state import Agent, Standing
from acd.commands import OfferReason
from acd.sorted_index import SortedIndex
from acd.waiting import Call
from cti.ids import AgentId
from cti.instants import Duration, Time

SortKey = tuple[int, AgentId]
"""An agent's place in the line of a queue: the strategy's figure, then his id for a tie."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy:
    """A rule's name, and the figure by which it orders the ready agents, the smallest first."""

    name: str
    figure: Callable[[Agent], int]


def _idle_since(agent: Agent) -> int:
    return agent.idle_since


LONGEST_IDLE = Strategy(name="longest_idle", figure=_idle_since)
"""The agent who has waited longest for a call, whatever queue his last one came from."""


class Members:
    """The agents of one queue: the ready ones in line, and how many stand how."""

    __slots__ = ("_counts", "_keys", "_line", "_strategy")

    def __init__(self, strategy: Strategy = LONGEST_IDLE) -> None:
        self._strategy = strategy
        self._counts = dict.fromkeys(Standing, 0)
        self._line: SortedIndex[SortKey] = SortedIndex()
        self._keys: dict[AgentId, SortKey] = {}

    def enter(self, agent: Agent, standing: Standing) -> None:
        """Count an agent who stands so; a ready one gets in line."""
        self._counts[standing] += 1
        if standing is Standing.READY:
            key = (self._strategy.figure(agent), agent.agent)
            self._keys[agent.agent] = key
            self._line.add(key)

    def leave(self, agent: Agent, standing: Standing) -> None:
        """Count an agent no longer, who had entered as standing so."""
        self._counts[standing] -= 1
        if standing is Standing.READY:
            self._line.remove(self._keys.pop(agent.agent))

    def counts(self) -> dict[Standing, int]:
        """Return how many agents stand how."""
        return dict(self._counts)

    def first_two_for(self, call: Call) -> tuple[SortKey | None, SortKey | None]:
        """Return who gets this call and who would get it otherwise."""
        first: SortKey | None = None
        for key in self._line:
            if key[1] in call.spared:
                continue
            if first is not None:
                return first, key
            first = key
        return first, None

    def reason(self, call: Call, now: Time, policy_version: str) -> OfferReason | None:
        """Return why this call goes to the agent first in line for it; None if nobody is."""
        first, second = self.first_two_for(call)
        if first is None:
            return None
        spared = sum(agent in self._keys for agent in call.spared)
        excluded = [
            (standing.value, count)
            for standing, count in self._counts.items()
            if count and standing is not Standing.READY
        ]
        if spared:
            excluded.append(("missed_this_call", spared))
        return OfferReason(
            rule=self._strategy.name,
            sort_key=first,
            next_best=None if second is None else second[1],
            ready=self._counts[Standing.READY] - spared,
            excluded=tuple(excluded),
            waited=Duration(now - call.entered_at),
            policy_version=policy_version,
        )
