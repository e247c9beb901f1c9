"""
How long an agent may be without a desk: a lease that runs from the moment his connection is lost.

A lease that runs out is told once, by the agent's id; one that ends earlier is never heard of.
"""

from collections.abc import Callable
from functools import partial

from agents.ports import Timer, Timers
from cti.ids import AgentId


class Leases:
    """
    The running leases, one for each agent at most.

    `run_out` answers whether what it had to do was taken; where not, it is asked again after
    `retry_s` for as long as the agent stays away.
    """

    def __init__(
        self,
        timers: Timers,
        run_out: Callable[[AgentId], bool],
        *,
        lease_s: float,
        retry_s: float,
    ) -> None:
        self._timers = timers
        self._run_out = run_out
        self._lease_s = lease_s
        self._retry_s = retry_s
        self._running: dict[AgentId, Timer] = {}

    def start(self, agent: AgentId) -> None:
        """Begin an agent's lease, anew where one was running."""
        self._arm(agent, self._lease_s)

    def run_out_now(self, agent: AgentId) -> None:
        """Let an agent's lease run out at once: he said that he goes."""
        self.end(agent)
        self._expire(agent)

    def end(self, agent: AgentId) -> None:
        """End an agent's lease, if one is running: he is back."""
        timer = self._running.pop(agent, None)
        if timer is not None:
            timer.cancel()

    def close(self) -> None:
        """End all leases; none runs out any more."""
        for timer in self._running.values():
            timer.cancel()
        self._running.clear()

    def __contains__(self, agent: AgentId) -> bool:
        return agent in self._running

    def _arm(self, agent: AgentId, delay_s: float) -> None:
        self.end(agent)
        self._running[agent] = self._timers.call_later(delay_s, partial(self._expire, agent))

    def _expire(self, agent: AgentId) -> None:
        self._running.pop(agent, None)
        if not self._run_out(agent):
            self._arm(agent, self._retry_s)
