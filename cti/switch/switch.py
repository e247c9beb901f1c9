"""
The switch adapter of one PBX: the core's commands carried out, the switch's doings reported.

A normal call costs no AMI action: it is driven by the caller's own FastAGI session, and AMI events
tell what the session cannot see (the agent's leg, the answer). AMI acts to withdraw an offer and to
make sure: an end that only one side tells of is confirmed by `Status`, because sessions end by a
Redirect too.

Where a switch believes callers' numbers, a line break in one forges whole events. A Uniqueid can be
guessed; the id of a call, which Asterisk writes beside it (`channelvars`), no caller knows: an
event without it is not about that call.
"""

import asyncio
from collections.abc import Coroutine, Iterable, Mapping

import structlog

from acd.commands import AcdCommand, DivertCall, OfferCall, PlaceCall, TurnAwayCall, WithdrawOffer
from acd.facts import OfferOutcome
from cti.calls import Call
from cti.ids import CallId, OfferId, PbxId
from cti.switch.conversation import Announcements
from cti.switch.devices import Devices
from cti.switch.known_callers import KnownCallers
from cti.switch.ledger import Ledger
from cti.switch.lines import CallerLine, LineState, LiveOffer
from cti.switch.outcomes import CAUSE_WITHDRAWN
from cti.switch.ports import AmiPort, CallerWatch, FactInbox, Floor, PartyBook
from cti.switch.reception import Reception, Service
from cti.switch.resync import Difference, Resync
from cti.switch.witness import Witness
from ivr.flow import Flow
from protocols.agi.session import AgiSession
from protocols.ami.errors import ActionRejectedError, AmiError
from protocols.ami.messages import AmiEvent

DOUBT_S = 3.0
"""When a doubt is looked at again: a caller in the dialplan's net is back with us before that."""
log = structlog.get_logger(__name__)


class Switch:
    """One PBX, as the rest of the daemon sees it. `run` must be running while it works."""

    def __init__(
        self,
        pbx: PbxId,
        *,
        inbox: FactInbox,
        ami: AmiPort,
        floor: Floor,
        parties: PartyBook,
        watch: CallerWatch,
        services: Mapping[str, Service],
        flows: Mapping[str, Flow],
        announcements: Announcements,
    ) -> None:
        self._pbx = pbx
        self._ami = ami
        self._floor = floor
        self._services, self._flows = dict(services), dict(flows)
        self.ledger = Ledger(pbx, inbox)
        self._reception = Reception(
            ledger=self.ledger,
            inbox=inbox,
            floor=floor,
            parties=parties,
            watch=watch,
            services=self._services,
            flows=self._flows,
            announcements=announcements,
            callers=KnownCallers(),
            line_left=self._make_sure,
        )
        self._witness = Witness(self.ledger, ami)
        self._resync = Resync(self.ledger, ami)
        self._devices = Devices(pbx, self.ledger, inbox, floor, ami)
        self._tasks: asyncio.TaskGroup | None = None

    @property
    def differences(self) -> Mapping[Difference, int]:
        """How often Asterisk did not have a call or an offer that we believed in."""
        return self._resync.differences

    async def run(self) -> None:
        """Own the small tasks that make sure of things, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self._tasks = None  # a group that ends takes no more

    async def look_now_and_then(self, every_s: float) -> None:
        """Compare belief and switch every `every_s` seconds, until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            await self._look_again()

    def restore(self, calls: Iterable[Call]) -> None:
        """Take up the calls and offers of before a restart."""
        for call in calls:
            line = self.ledger.open_line(call.call, call.leg.uniqueid, "")
            line.sessions = call.sessions
        for known in self._floor.live_offers():
            self.ledger.restore(known)

    def lead(self, services: Mapping[str, Service], flows: Mapping[str, Flow]) -> None:
        """
        Lead callers like this from now on; whoever is in a flow goes on in it.

        In place: a caller who waits already may be sent into a flow that is new.
        """
        self._services.clear()
        self._services.update(services)
        self._flows.clear()
        self._flows.update(flows)

    # Commands of the core

    def carry_out(self, command: AcdCommand) -> None:
        """Do what the core asks; what does not concern the switch is passed over."""
        match command:
            case OfferCall():
                self._offer(command)
            case WithdrawOffer():
                self._withdraw(command)
            case PlaceCall() | DivertCall() | TurnAwayCall():
                line = self.ledger.line(command.call)
                if line is not None:
                    line.order(command)
            case _:
                pass

    def _offer(self, command: OfferCall) -> None:
        offer = self.ledger.begin(command)
        line = self.ledger.line(command.call)
        if line is None or command.device.pbx != self._pbx:
            self.ledger.settle(offer, OfferOutcome.FAILED)
        elif line.state is LineState.DETACHED and line.session_hung_up:
            # He has left, it seems. The core offers his call again after a moment if not.
            self.ledger.settle(offer, OfferOutcome.CALLER_LEFT)
        else:
            line.order(command)

    def _withdraw(self, command: WithdrawOffer) -> None:
        offer = self.ledger.offer(command.offer)
        if offer is None or offer.answered:
            return
        offer.withdrawn = True
        line = self.ledger.line(offer.call)
        if line is None or line.drop_offer_order(offer.offer) or not offer.dialling:
            self.ledger.settle(offer, OfferOutcome.WITHDRAWN)
            return
        self._spawn(self._look_again())

    async def _stop_ringing(self) -> None:
        """
        Hang up the legs of withdrawn offers that still ring, as the look before has shown.

        An answer may be known to Asterisk and not yet to us, where the link is slow or was down:
        a talk is not hung up because its offer was believed to be overdue.
        """
        for offer in self.ledger.offers():
            if not offer.withdrawn or offer.answered or offer.up or not offer.channel:
                continue
            try:
                await self._ami.action(
                    "Hangup", [("Channel", offer.channel), ("Cause", str(CAUSE_WITHDRAWN))]
                )
            except ActionRejectedError:
                continue  # it is gone already: the Dial's own end tells how

    async def serve(self, session: AgiSession) -> None:
        """Serve one FastAGI session, until it ends."""
        await self._reception.serve(session)

    def _make_sure(self, line: CallerLine) -> None:
        self._spawn(self._witness.line_ended(line))

    # What AMI tells

    def on_event(self, event: AmiEvent) -> None:
        """Take one event, in the order in which they come; strangers' channels change nothing."""
        match event.name:
            case "DialBegin":
                self._dial_began(event)
            case "DialEnd":
                offer = self._offer_in(event, "Dest")
                if offer is not None and event.get("DialStatus") == "ANSWER":
                    self.ledger.answer(offer)
            case "Newstate":
                if event.get("ChannelStateDesc") == "Ringing":
                    self.ledger.rings(event.get("Uniqueid"), self._offer_in(event))
            case "HangupRequest":
                self._hangup_requested(event)
            case "Hangup":
                self._hung_up(event)
            case "DeviceStateChange":
                if self._devices.state_changed(event):
                    self._spawn(self._look_at_phones())
            case _:
                pass

    def _line_in(self, event: AmiEvent) -> CallerLine | None:
        """Return the line of which an event speaks, if it knows the id of that call."""
        line = self.ledger.line_at(event.get("Uniqueid"))
        return line if line is not None and _carries(event, "", line.call) else None

    def _offer_in(self, event: AmiEvent, role: str = "") -> LiveOffer | None:
        """Return the offer of whose leg an event speaks, if it knows the id of its call."""
        offer = self.ledger.offer_at(event.get(f"{role}Uniqueid"))
        return offer if offer is not None and _carries(event, role, offer.call) else None

    def _dial_began(self, event: AmiEvent) -> None:
        line = self._line_in(event)
        told = event.channel_variables_of("Dest").get("CORD_OFFER", "")
        if line is None or line.offer is None or not told.isdecimal():
            return
        offer = self.ledger.offer(OfferId(int(told)))
        if offer is not None and offer.call == line.call:
            self.ledger.dialled(offer, event.get("DestUniqueid"), event.get("DestChannel"))
            if offer.withdrawn:  # between the order to dial it and now
                self._spawn(self._look_again())

    def _hangup_requested(self, event: AmiEvent) -> None:
        offer, line = self._offer_in(event), self._line_in(event)
        if offer is not None:
            offer.agent_hung_up = True
        if line is not None:
            line.caller_hung_up = True

    def _hung_up(self, event: AmiEvent) -> None:
        cause_text = event.get("Cause")
        cause = int(cause_text) if cause_text.isdecimal() else 0
        line, offer = self._line_in(event), self._offer_in(event)
        if line is not None:
            line.hangup_seen, line.hangup_cause = True, cause
            line.in_fallback = event.channel_variables.get("CORD_STATE") == "fallback"
            self._make_sure(line)
        elif offer is not None:
            self._spawn(self._witness.leg_ended(offer, cause))

    async def _look_again(self) -> None:
        """Compare belief and switch until no doubt is left, and stop what should not ring."""
        try:
            while await self._resync.look():
                await self._stop_ringing()
                await asyncio.sleep(DOUBT_S)
            await self._stop_ringing()
            await self._devices.look()
        except AmiError as error:
            log.warning("switch_not_seen", pbx=self._pbx, reason=str(error))

    async def _look_at_phones(self) -> None:
        try:
            await self._devices.look()
        except AmiError as error:
            log.warning("phones_not_seen", pbx=self._pbx, reason=str(error))

    def link_is_up(self, *, other_process: bool) -> None:
        """Learn that the AMI link works again; `other_process`: Asterisk has been restarted."""
        if other_process:
            self._resync.note_restart()
        self._spawn(self._look_again())

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        if self._tasks is None:  # not begun, or ended: the next daemon's first look tells as much
            work.close()
            return
        self._tasks.create_task(work)


def _carries(event: AmiEvent, role: str, call: CallId) -> bool:
    return event.channel_variables_of(role).get("CORD_CALL") == call
