"""What the switch adapter stands between, in small: inbox, manager link, floor, callers."""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from acd.commands import Occupation, OfferCall, OfferReason, ShowAgentState, Wish
from acd.facts import AcdFact
from cti.call_facts import CallFact
from cti.ids import AgentId, CallId, DeviceId, OfferId, PartyKey, PbxId, QueueName
from cti.instants import Time, seconds
from protocols.ami.errors import AmiError
from protocols.ami.messages import AmiEvent, AmiResponse, HeaderValue

PBX = PbxId("main")
CALL = CallId("0b0e3a34-6a1c-4f5e-9a37-0d6a2d1c9f11")
ANN = AgentId("ann")
ANNS_PHONE = DeviceId(PBX, "PJSIP/a1")
SALES = QueueName("sales")
OFFER = OfferId(7)
WAIT_S = 5.0

Fact = AcdFact | CallFact
F = TypeVar("F", bound=Fact)


def event(name: str, **headers: HeaderValue) -> AmiEvent:
    """Return an event as the codec gives it."""
    return AmiEvent(name=name, headers={"Event": name, **headers})


def offer_of(call: CallId, *, offer: OfferId = OFFER, ring_s: float = 15) -> OfferCall:
    return OfferCall(
        offer=offer,
        call=call,
        agent=ANN,
        device=ANNS_PHONE,
        queue=SALES,
        ring_time=seconds(ring_s),
        reason=OfferReason(
            rule="longest_idle",
            sort_key=(0, ANN),
            next_best=None,
            ready=1,
            excluded=(),
            waited=seconds(2.5),
            policy_version="v1",
        ),
    )


class Facts:
    """The writer's inbox, which only keeps what it is given."""

    def __init__(self) -> None:
        self.all: list[Fact] = []
        self._news = asyncio.Event()

    def post(self, *facts: Fact) -> None:
        self.all.extend(facts)
        self._news.set()

    def of(self, kind: type[F]) -> list[F]:
        return [fact for fact in self.all if isinstance(fact, kind)]

    def kinds(self) -> list[str]:
        return [type(fact).__name__ for fact in self.all]

    async def wait_for(self, kind: type[F], count: int = 1) -> F:
        """Return the fact of this kind that was posted as the so manyth, now or later."""
        async with asyncio.timeout(WAIT_S):
            while len(found := self.of(kind)) < count:
                self._news.clear()
                await self._news.wait()
        return found[count - 1]


@dataclass(slots=True)
class ManagerLink:
    """The AMI port: answers lists from what it was given, and keeps what it was asked."""

    channels: list[AmiEvent] = field(default_factory=list)
    devices: dict[str, str] = field(default_factory=dict)
    trouble: AmiError | None = None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    news: asyncio.Event = field(default_factory=asyncio.Event)

    async def action(
        self,
        name: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        deadline_s: float | None = None,  # noqa: ARG002 - the port's signature
    ) -> AmiResponse:
        self._note(name, fields)
        return AmiResponse(headers={}, status="Success")

    async def action_list(
        self,
        name: str,
        fields: Sequence[tuple[str, str]] = (),
        *,
        complete: str | None = None,  # noqa: ARG002 - the port's signature
        deadline_s: float | None = None,  # noqa: ARG002 - the same
    ) -> list[AmiEvent]:
        self._note(name, fields)
        if name == "DeviceStateList":
            return [event(name, Device=who, State=state) for who, state in self.devices.items()]
        return list(self.channels)

    def _note(self, name: str, fields: Sequence[tuple[str, str]]) -> None:
        self.asked.append((name, dict(fields)))
        self.news.set()
        if self.trouble is not None:
            raise self.trouble

    async def until_asked(self, name: str) -> dict[str, str]:
        """Return the fields of the first question or order of this name, now or later."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for asked, fields in self.asked:
                    if asked == name:
                        return fields
                self.news.clear()
                await self.news.wait()


@dataclass(frozen=True, slots=True)
class Remembered:
    """An offer that the core believes in after a restart."""

    offer: OfferId
    call: CallId
    agent: AgentId
    device: DeviceId
    answered: bool


@dataclass(slots=True)
class Floor:
    """The core's picture: Ann at her phone, unless the test says otherwise."""

    queues: dict[CallId, QueueName] = field(default_factory=dict)
    agents: dict[DeviceId, AgentId] = field(default_factory=lambda: {ANNS_PHONE: ANN})
    occupation: Occupation = Occupation.IDLE
    offers: list[Remembered] = field(default_factory=list)

    def queue_of(self, call: CallId) -> QueueName | None:
        return self.queues.get(call)

    def agent_state(self, agent: AgentId) -> ShowAgentState | None:
        return shown(agent, self.occupation)

    def agent_at(self, device: DeviceId) -> AgentId | None:
        return self.agents.get(device)

    def live_offers(self) -> Sequence[Remembered]:
        return self.offers


def shown(
    agent: AgentId,
    occupation: Occupation = Occupation.IDLE,
    *,
    wish: Wish = Wish.READY,
    device: DeviceId | None = ANNS_PHONE,
) -> ShowAgentState:
    return ShowAgentState(
        agent=agent,
        wish=wish,
        reason=None,
        occupation=occupation,
        device=device,
        call=None,
        since=Time(1),
    )


class Parties:
    """Remembers callers, and who was told of them early."""

    def __init__(self) -> None:
        self.known: dict[PartyKey, tuple[str, str]] = {}
        self.arrivals: deque[tuple[CallId, str, str, str]] = deque()

    def remember_party(self, key: PartyKey, number: str, name: str) -> None:
        self.known[key] = (number, name)

    def caller_arrived(self, call: CallId, service: str, number: str, name: str) -> None:
        self.arrivals.append((call, service, number, name))
