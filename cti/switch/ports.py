"""What the switch adapter needs of others, named by what they do for it."""

from collections.abc import Sequence
from typing import Protocol

from acd.commands import OfferCall, ShowAgentState
from acd.facts import AcdFact
from cti.call_facts import CallFact
from cti.ids import AgentId, CallId, DeviceId, OfferId, PartyKey, QueueName
from protocols.ami.messages import AmiEvent, AmiResponse


class FactInbox(Protocol):
    """The writer."""

    def post(self, *facts: AcdFact | CallFact) -> None:
        """Take facts, in this order and with nothing between them."""


class AmiPort(Protocol):
    """The AMI link."""

    async def action(
        self, name: str, fields: Sequence[tuple[str, str]] = (), *, deadline_s: float | None = None
    ) -> AmiResponse:
        """Send an action and return its answer."""

    async def action_list(
        self,
        name: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        complete: str | None = None,
        deadline_s: float | None = None,
    ) -> list[AmiEvent]:
        """Send an action that answers with a list of events and return them."""


class PartyBook(Protocol):
    """Where callers' numbers and names are kept, apart from everything else."""

    def remember_party(self, key: PartyKey, number: str, name: str) -> None:
        """Keep a caller's number and name under this key."""


class CallerWatch(Protocol):
    """Who wants to know of a caller early, such as who looks up his customer's record."""

    def caller_arrived(self, call: CallId, service: str, number: str, name: str) -> None:
        """Learn of a new caller; returns at once."""


class Floor(Protocol):
    """The core's picture, read only."""

    def queue_of(self, call: CallId) -> QueueName | None:
        """Return the queue in which the call waits, or None."""

    def agent_state(self, agent: AgentId) -> ShowAgentState | None:
        """Return what the core last said of an agent, or None."""

    def agent_at(self, device: DeviceId) -> AgentId | None:
        """Return the agent who is logged on at this phone, or None."""

    def live_offers(self) -> Sequence["RestoredOffer"]:
        """Return the offers and talks that the core believes in."""


class RestoredOffer(Protocol):
    """An offer that the core believes in after a restart."""

    @property
    def offer(self) -> OfferId:
        """Its id."""

    @property
    def call(self) -> CallId:
        """The call offered."""

    @property
    def agent(self) -> AgentId:
        """The agent who was rung."""

    @property
    def device(self) -> DeviceId:
        """The phone that was rung."""

    @property
    def answered(self) -> bool:
        """Whether it has become a talk."""


__all__ = [
    "AmiPort",
    "CallerWatch",
    "FactInbox",
    "Floor",
    "OfferCall",
    "PartyBook",
    "RestoredOffer",
]
