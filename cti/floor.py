"""
What the core last said, kept where others may read it at no cost: agents' states, calls' queues.

It is filled once from the core's picture after a restart, then follows the commands as they are
handed out. It never asks the core on a call's path.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from acd.commands import (
    AcdCommand,
    DivertCall,
    Occupation,
    PlaceCall,
    ShowAgentState,
    TurnAwayCall,
    Wish,
)
from acd.distributor import Distributor
from cti.call_facts import CallCleared
from cti.calls import CallBook
from cti.ids import AgentId, CallId, DeviceId, OfferId, QueueName
from cti.instants import Time


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedOffer:
    """An offer, or the talk that it has become, that the core believes in."""

    offer: OfferId
    call: CallId
    agent: AgentId
    device: DeviceId
    answered: bool


class FloorMirror:
    """The floor as the core's commands tell it."""

    def __init__(self) -> None:
        self._agents: dict[AgentId, ShowAgentState] = {}
        self._at: dict[DeviceId, AgentId] = {}
        self._queues: dict[CallId, QueueName] = {}
        self._remembered: tuple[RememberedOffer, ...] = ()

    def fill(self, core: Distributor, calls: CallBook, now: Time) -> None:
        """Take over the core's picture after a restart."""
        picture = core.picture(now)
        for queue in picture.queues:
            for waiting in queue.waiting:
                self._queues[waiting.call] = queue.name
        remembered = []
        for agent in picture.agents:
            self._see(
                ShowAgentState(
                    agent=agent.agent,
                    wish=agent.wish,
                    reason=agent.reason,
                    occupation=agent.occupation,
                    device=agent.device,
                    call=agent.call,
                    since=agent.since,
                    # Nobody is shown until when his rest lasts.
                    until=None if agent.occupation is Occupation.IDLE else agent.until,
                    until_max=agent.until_max,
                )
            )
            if agent.call is None or agent.device is None:
                continue
            offer = agent.offer
            if agent.occupation is Occupation.BUSY:
                call = calls.call(agent.call)
                legs = () if call is None else call.agent_legs
                offer = legs[-1].offer if legs else None
            if offer is not None and agent.occupation in {Occupation.OFFERED, Occupation.BUSY}:
                remembered.append(
                    RememberedOffer(
                        offer=offer,
                        call=agent.call,
                        agent=agent.agent,
                        device=agent.device,
                        answered=agent.occupation is Occupation.BUSY,
                    )
                )
        self._remembered = tuple(remembered)

    def expect(self, agents: Iterable[AgentId], now: Time) -> None:
        """Show agents whom the core has not spoken of yet as what they are: logged off."""
        for agent in agents:
            if agent not in self._agents:
                self._see(
                    ShowAgentState(
                        agent=agent,
                        wish=Wish.LOGGED_OFF,
                        reason=None,
                        occupation=Occupation.IDLE,
                        device=None,
                        call=None,
                        since=now,
                        until=None,
                    )
                )

    def carry_out(self, command: AcdCommand) -> None:
        """Follow what the core decides."""
        match command:
            case ShowAgentState():
                self._see(command)
            case PlaceCall():
                self._queues[command.call] = command.queue
            case DivertCall() | TurnAwayCall():
                self._queues.pop(command.call, None)
            case _:
                pass

    def _see(self, shown: ShowAgentState) -> None:
        before = self._agents.get(shown.agent)
        left = None if before is None else before.device
        if left is not None and self._at.get(left) == shown.agent:
            del self._at[left]
        if shown.device is not None and shown.wish is not Wish.LOGGED_OFF:
            self._at[shown.device] = shown.agent
        self._agents[shown.agent] = shown

    def agent_at(self, device: DeviceId) -> AgentId | None:
        """Return the agent who is logged on at this phone, or None."""
        return self._at.get(device)

    def learn(self, _at: Time, fact: object) -> None:
        """Forget calls that have ended."""
        if isinstance(fact, CallCleared):
            self._queues.pop(fact.call, None)

    def agent_state(self, agent: AgentId) -> ShowAgentState | None:
        """Return what the core last said of an agent."""
        return self._agents.get(agent)

    def logged_on(self) -> tuple[AgentId, ...]:
        """Return the agents who work at a phone."""
        return tuple(
            agent for agent, shown in self._agents.items() if shown.wish is not Wish.LOGGED_OFF
        )

    def queue_of(self, call: CallId) -> QueueName | None:
        """Return the queue that the call was last placed in."""
        return self._queues.get(call)

    def live_offers(self) -> tuple[RememberedOffer, ...]:
        """Return the offers and talks that were going on when the floor was filled."""
        return self._remembered
