"""
The agents of a queue: who is ready, in the order of its strategy, and how many stand how.

The order is an index and the counts are kept with every change, so that neither choosing an agent
nor telling why ever scans the list of agents. This module changes no agent and no call.
"""

from acd.agent_state import Standing
from acd.commands import OfferReason
from acd.policy import Strategy
from acd.sorted_index import SortedIndex
from acd.waiting import Call
from cti.ids import AgentId
from cti.instants import Duration, Time

LineKey = tuple[int, int, AgentId]
"""An agent's place in line: the strategy's figure, what decides between equal ones, his id."""


class Members:
    """The agents of one queue: the ready ones in line, and how many stand how."""

    __slots__ = ("_counts", "_keys", "_line")

    def __init__(self) -> None:
        self._counts = dict.fromkeys(Standing, 0)
        self._line: SortedIndex[LineKey] = SortedIndex()
        self._keys: dict[AgentId, LineKey] = {}

    def enter(self, standing: Standing) -> None:
        """Count an agent who stands so; `line_up` puts a ready one in line."""
        self._counts[standing] += 1

    def line_up(self, agent: AgentId, figures: tuple[int, int]) -> None:
        """Put a ready agent in line, or elsewhere in it."""
        self._step_out(agent)
        key = (*figures, agent)
        self._keys[agent] = key
        self._line.add(key)

    def leave(self, agent: AgentId, standing: Standing) -> None:
        """Count an agent no longer, who had entered as standing so."""
        self._counts[standing] -= 1
        self._step_out(agent)

    def in_line(self) -> dict[AgentId, tuple[int, int]]:
        """Return who is in line, with his figures, in the order of the line."""
        return {key[2]: key[:2] for key in self._line}

    def _step_out(self, agent: AgentId) -> None:
        key = self._keys.pop(agent, None)
        if key is not None:
            self._line.remove(key)

    def knows(self, agent: AgentId) -> bool:
        """Return whether an agent serves this queue, as far as is seen here."""
        return agent in self._keys

    def is_in_line(self, agent: AgentId) -> bool:
        """Return whether an agent is in line."""
        key = self._keys.get(agent)
        return key is not None and key in self._line

    def __len__(self) -> int:
        """Return how many agents are in line."""
        return len(self._line)

    def counts(self) -> dict[Standing, int]:
        """Return how many agents stand how."""
        return dict(self._counts)

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

    def reason(
        self, call: Call, rule: Strategy, now: Time, policy_version: str
    ) -> OfferReason | None:
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
            rule=rule.value,
            sort_key=(first[0], first[2]),
            next_best=None if second is None else second[2],
            ready=self._counts[Standing.READY] - spared,
            excluded=tuple(excluded),
            waited=Duration(now - call.entered_at),
            policy_version=policy_version,
        )
