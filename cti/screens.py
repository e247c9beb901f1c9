"""
What agents see of calls: the caller's record on the screen before the phone rings.

The customer's record is looked up while the caller listens to the menu and waits. The pop is
written before `EXEC Dial` is (the daemon hands each command to this sink first), and a record that
comes later follows as an update. Nothing here delays a call: a slow database or a slow client costs
the agent the record, never the caller his agent.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

import structlog

from acd.commands import AcdCommand, OfferCall, ShowAgentState
from acd.facts import CallerLeft, OfferAnswered, OfferEnded, TalkEnded
from agents.sessions import AgentSessions
from cti.call_facts import AgentLegEnded, CallCleared, HungUpBy, ScreenPopped
from cti.calls import CallBook
from cti.ids import CallId, OfferId
from cti.instants import MICROSECONDS_PER_SECOND, Time
from cti.switch.ports import FactInbox
from protocols.ws.codes import WithdrawReason
from protocols.ws.events import CallEnded, Caller, Customer, ScreenPop
from storage.customers import Customer as CustomerRecord
from storage.errors import StorageError

log = structlog.get_logger(__name__)


class CustomerBook(Protocol):
    """Where customers are looked up; bounded in time by itself."""

    async def find_by_number(self, number: str) -> CustomerRecord | None:
        """Return the customer with this number, or None."""


@dataclass(slots=True)
class _Card:
    """What is known of one caller, and what is shown of it now."""

    service: str
    number: str
    name: str
    customer: Customer | None = None
    offer: OfferCall | None = None
    answered_at: Time | None = None
    left: bool = False
    agent_hung_up: bool = False


class Screens:
    """Pops, updates and withdraws what agents see of calls. `run` owns the look-ups."""

    def __init__(
        self,
        *,
        sessions: AgentSessions,
        customers: CustomerBook,
        calls: CallBook,
        inbox: FactInbox,
    ) -> None:
        self._sessions = sessions
        self._customers = customers
        self._calls = calls
        self._inbox = inbox
        self._cards: dict[CallId, _Card] = {}
        self._call_of_offer: dict[OfferId, CallId] = {}
        self._tasks: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Look customers up until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                for call, card in self._cards.items():
                    self._begin_look_up(call, card.number)
                await asyncio.get_running_loop().create_future()
            finally:
                self._tasks = None  # a group that ends takes no more

    def caller_arrived(self, call: CallId, service: str, number: str, name: str) -> None:
        """Begin a caller's card, and look for his record."""
        self._cards[call] = _Card(service=service, number=number, name=name)
        self._begin_look_up(call, number)

    def carry_out(self, command: AcdCommand) -> None:
        """Show what the core decided, before the switch does it."""
        match command:
            case ShowAgentState():
                self._sessions.show_state(command)
            case OfferCall():
                self._pop(command)
            case _:
                pass

    def learn(self, at: Time, fact: object) -> None:
        """Follow what happens to the calls on the screens; facts of other calls mean nothing."""
        match fact:
            case OfferAnswered(offer=offer):
                self._answered(offer, at)
            case OfferEnded(offer=offer, outcome=outcome):
                self._withdraw(offer, WithdrawReason(outcome.value))
            case AgentLegEnded(call=call, hung_up_by=HungUpBy.AGENT) if call in self._cards:
                self._cards[call].agent_hung_up = True
            case CallerLeft(call=call) if call in self._cards:
                self._cards[call].left = True
            case TalkEnded(call=call):
                self._talk_ended(call, at)
            case CallCleared(call=call):
                self._cards.pop(call, None)
            case _:
                pass

    def _begin_look_up(self, call: CallId, number: str) -> None:
        if number and self._tasks is not None:
            self._tasks.create_task(self._look_up(call, number))

    async def _look_up(self, call: CallId, number: str) -> None:
        try:
            found = await self._customers.find_by_number(number)
        except StorageError as error:
            log.warning("customer_not_looked_up", call_id=call, reason=str(error))
            return
        except Exception:  # a defect here costs one record, not all calls
            log.exception("customer_look_up_failed", call_id=call)
            return
        card = self._cards.get(call)
        if found is None or card is None:
            return
        card.customer = _shown(found)
        if card.offer is not None:
            self._sessions.update_pop(card.offer.agent, self._pop_of(card, card.offer))

    def _pop(self, offer: OfferCall) -> None:
        card = self._cards.get(offer.call)
        if card is None:
            return
        card.offer = offer
        self._call_of_offer[offer.offer] = offer.call
        if self._sessions.pop(offer.agent, self._pop_of(card, offer)):
            self._inbox.post(
                ScreenPopped(call=offer.call, offer=offer.offer, found=card.customer is not None)
            )

    def _pop_of(self, card: _Card, offer: OfferCall) -> ScreenPop:
        call = self._calls.call(offer.call)
        return ScreenPop(
            offer=offer.offer,
            call=offer.call,
            queue=offer.queue,
            waited_s=offer.reason.waited / MICROSECONDS_PER_SECOND,
            service=card.service,
            choices=() if call is None else call.choices,
            caller=Caller(number=card.number or None, name=card.name or None),
            customer=card.customer,
        )

    def _card_of(self, offer: OfferId) -> _Card | None:
        call = self._call_of_offer.get(offer)
        return None if call is None else self._cards.get(call)

    def _answered(self, offer: OfferId, at: Time) -> None:
        card = self._card_of(offer)
        if card is not None and card.offer is not None:
            card.answered_at = at
            self._sessions.call_answered(card.offer.agent, offer, card.offer.call)

    def _withdraw(self, offer: OfferId, why: WithdrawReason) -> None:
        card = self._card_of(offer)
        self._call_of_offer.pop(offer, None)
        if card is not None and card.offer is not None and card.offer.offer == offer:
            self._sessions.withdraw_pop(card.offer.agent, offer, why)
            card.offer = None

    def _talk_ended(self, call: CallId, at: Time) -> None:
        card = self._cards.get(call)
        if card is None or card.offer is None:
            return
        by = HungUpBy.AGENT if card.agent_hung_up else HungUpBy.UNKNOWN
        if card.left and not card.agent_hung_up:
            by = HungUpBy.CALLER
        talked = None if card.answered_at is None else at - card.answered_at
        self._sessions.call_ended(
            card.offer.agent,
            CallEnded(
                call=call,
                hung_up_by=by.value,
                talked_s=None if talked is None else talked / MICROSECONDS_PER_SECOND,
            ),
        )
        self._call_of_offer.pop(card.offer.offer, None)
        card.offer = card.answered_at = None
        card.agent_hung_up = False


def _shown(record: CustomerRecord) -> Customer:
    return Customer(
        id=str(record.id),
        name=record.name,
        company=record.company or None,
        numbers=tuple(record.numbers),
        note=record.note or None,
    )
