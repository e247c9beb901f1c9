"""
What the switch adapter holds of each caller: his line, the orders for it, and its live offer.

A line outlives its sessions: when the daemon's session with a caller's channel ends (Redirect,
restart) the line stays, and the next session takes the orders up. An offer outlives them too, and
ends exactly once: whoever reports its end first settles it, later reports find it settled.
"""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from enum import Enum

from acd.commands import DivertCall, OfferCall, PlaceCall, TurnAwayCall
from cti.call_facts import HungUpBy
from cti.ids import AgentId, CallId, DeviceId, LegId, OfferId, PartyKey
from protocols.agi.session import AgiSession


@dataclass(slots=True, kw_only=True)
class LiveOffer:
    """
    An offer that has not had its final fact, or whose talk goes on.

    `rang` is None until its leg exists, then whether the phone has said that it rings; `up` whether
    the switch's picture has shown it answered, if not yet bridged. `answered` turns the offer into
    a talk, which ends with the agent's leg.
    """

    offer: OfferId
    call: CallId
    agent: AgentId
    device: DeviceId
    leg: LegId | None = None
    channel: str = ""
    rang: bool | None = None
    up: bool = False
    answered: bool = False
    withdrawn: bool = False
    dialling: bool = False
    agent_hung_up: bool = False


class LineState(Enum):
    """Where a caller's line is, as far as we know."""

    ATTACHED = "attached"
    """A session of ours has it."""
    DETACHED = "detached"
    """No session: it is in the dialplan's net, in a Dial that outlived its session, or gone."""
    GONE = "gone"
    """The channel is gone; nothing more will be reported of it."""


Order = OfferCall | PlaceCall | DivertCall | TurnAwayCall


@dataclass(slots=True, kw_only=True)
class CallerLine:
    """One caller's channel and what is to be done with it."""

    call: CallId
    leg: LegId
    channel: str
    state: LineState = LineState.DETACHED
    party: PartyKey | None = None
    session: AgiSession | None = None
    sessions: int = 0
    offer: LiveOffer | None = None
    ended_by: HungUpBy | None = None
    hangup_seen: bool = False
    hangup_cause: int = 0
    in_fallback: bool = False
    caller_hung_up: bool = False
    session_hung_up: bool = False
    orders: deque[Order] = field(default_factory=deque)
    ordered: asyncio.Event = field(default_factory=asyncio.Event)

    def order(self, order: Order) -> None:
        """Give an order; the session that has the line, or the next one, carries it out."""
        self.orders.append(order)
        self.ordered.set()

    def take_order(self) -> Order | None:
        """Return the next order, or None after marking that the line waits for one."""
        if self.orders:
            return self.orders.popleft()
        self.ordered.clear()
        return None

    @property
    def is_sent_away(self) -> bool:
        """Whether the core has sent him elsewhere, and nobody has carried it out yet."""
        return any(isinstance(order, DivertCall | TurnAwayCall) for order in self.orders)

    def drop_offer_order(self, offer: OfferId) -> bool:
        """Take back the order to dial this offer; say whether it had not been begun."""
        for order in self.orders:
            if isinstance(order, OfferCall) and order.offer == offer:
                self.orders.remove(order)
                return True
        return False
