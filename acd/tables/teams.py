"""
Who works for which queues: the agents who want calls, by their queues and what they know.

Who wants calls works, whatever he is doing just now; who asked for a break during his talk, or is
logged off, does not. Agents with the same queues and skills are a team; there are few of these even
where there are many agents, so a question about a queue goes through its teams and not its agents.
Kept with every change of an agent, and derived from the agents alone. This module decides nothing.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from acd.commands import Occupation, Wish
from acd.tables.agent_state import Agent
from acd.tables.queue_state import Queue
from acd.tables.stints import Stint
from acd.tables.waiting import Call
from cti.ids import AgentId, CallId, QueueName, Skills
from cti.instants import Time


class Team(NamedTuple):
    """What its agents have in common: the queues of which they want calls, and what they know."""

    queues: tuple[QueueName, ...]
    skills: Skills


class Teams:
    """The agents who work, and at whom calls ring."""

    def __init__(self) -> None:
        self._teams: dict[Team, dict[AgentId, Agent]] = {}
        self._team_of: dict[AgentId, Team] = {}
        self._of_queue: dict[QueueName, dict[Team, None]] = {}
        self._ringing: dict[QueueName, dict[CallId, set[AgentId]]] = {}

    def follow(self, agent: Agent, queues: Mapping[QueueName, Queue], now: Time) -> None:
        """Note what has become of an agent who was changed."""
        self._follow_stint(agent, queues, now)
        before = self._team_of.get(agent.agent)
        if _is_still_in(before, agent):
            return
        team = _team(agent)
        if team != before:
            self._leave(agent, before)
            self._join(agent, team)

    def add(self, agent: Agent) -> None:
        """Get to know an agent as he is."""
        self._ring(agent)
        self._join(agent, _team(agent))

    def forget(self, agent: Agent) -> None:
        """Know an agent no longer."""
        self._ring_off(agent)
        self._leave(agent, self._team_of.get(agent.agent))

    def begin_stint(self, agent: Agent, call: Call, now: Time) -> None:
        """Note that an agent is offered a call."""
        agent.stint = Stint(queue=call.queue, since=now, call=call.call)
        self._ring(agent)

    def drop_stint(self, agent: Agent) -> None:
        """Note that an agent's work for a call came to nothing: it says nothing of such work."""
        self._ring_off(agent)
        agent.stint = None

    def knows(self, agent: Agent) -> bool:
        """Return whether an agent is in the team in which his state has him, or in none."""
        return self._team_of.get(agent.agent) == _team(agent)

    def of(self, queue: QueueName) -> Iterator[tuple[Team, Mapping[AgentId, Agent]]]:
        """Go through the teams that serve a queue, in no order that means anything."""
        return ((team, self._teams[team]) for team in self._of_queue.get(queue, ()))

    def ringing(self, queue: QueueName) -> int:
        """Return how many calls of a queue are on offer to agents."""
        return len(self._ringing.get(queue, ()))

    def rings_beside(self, agent: Agent) -> bool:
        """
        Return whether an agent is one too many of those at whom his call rings.

        One of them will have it; it is as good to take the first by name for that one.
        """
        stint = agent.stint
        if stint is None or stint.answered_at is not None:
            return False
        return min(self._ringing[stint.queue][stint.call]) != agent.agent

    def _follow_stint(self, agent: Agent, queues: Mapping[QueueName, Queue], now: Time) -> None:
        stint = agent.stint
        busy = agent.occupation in (Occupation.BUSY, Occupation.OFFERED)
        if stint is not None and not busy and agent.wrap_up_ends is None:
            self._end_stint(agent, stint, queues, now)
        elif agent.occupation is Occupation.BUSY and stint is not None:
            self._answer(agent, stint, queues, now)

    def _answer(
        self, agent: Agent, stint: Stint, queues: Mapping[QueueName, Queue], now: Time
    ) -> None:
        if stint.answered_at is not None:
            return
        self._ring_off(agent)
        agent.stint = Stint(queue=stint.queue, since=stint.since, answered_at=now, call=stint.call)
        queue = queues.get(stint.queue)
        if queue is not None:
            queue.rang = queue.rang.after(now - stint.since)

    def _end_stint(
        self, agent: Agent, stint: Stint, queues: Mapping[QueueName, Queue], now: Time
    ) -> None:
        self._ring_off(agent)
        agent.stint = None
        queue = queues.get(stint.queue)
        if queue is not None and stint.answered_at is not None:
            queue.handled = queue.handled.after(now - stint.since)

    def _ring(self, agent: Agent) -> None:
        stint = agent.stint
        if stint is not None and stint.answered_at is None:
            calls = self._ringing.setdefault(stint.queue, {})
            calls.setdefault(stint.call, set()).add(agent.agent)

    def _ring_off(self, agent: Agent) -> None:
        stint = agent.stint
        if stint is None or stint.answered_at is not None:
            return
        calls = self._ringing[stint.queue]
        calls[stint.call].discard(agent.agent)
        if not calls[stint.call]:
            del calls[stint.call]

    def _join(self, agent: Agent, team: Team | None) -> None:
        if team is None:
            return
        self._team_of[agent.agent] = team
        members = self._teams.setdefault(team, {})
        if not members:
            for name in team.queues:
                self._of_queue.setdefault(name, {})[team] = None
        members[agent.agent] = agent

    def _leave(self, agent: Agent, team: Team | None) -> None:
        if team is None:
            return
        del self._team_of[agent.agent]
        members = self._teams[team]
        del members[agent.agent]
        if not members:
            del self._teams[team]
            for name in team.queues:
                of_queue = self._of_queue[name]
                del of_queue[team]
                if not of_queue:
                    del self._of_queue[name]


def _is_still_in(team: Team | None, agent: Agent) -> bool:
    """Return whether it is seen at a glance that an agent stays in his team."""
    return (
        team is not None
        and agent.wish is Wish.READY
        and team.queues is agent.queues
        and team.skills is agent.skills
        and not agent.not_ready_in
    )


def _team(agent: Agent) -> Team | None:
    """Return the team of an agent who works; here alone it is said who does."""
    if agent.wish is not Wish.READY:
        return None
    queues = agent.queues
    if agent.not_ready_in:
        queues = tuple(name for name in queues if name not in agent.not_ready_in)
    return Team(queues, agent.skills)
