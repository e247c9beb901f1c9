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
from dataclasses import dataclass
from uuid import uuid4

import structlog

from acd.commands import AcdCommand, OfferCall, PlaceCall, TurnAwayCall, WithdrawOffer
from acd.facts import OfferOutcome
from cti.call_facts import CallArrived, ClearReason, HungUpBy
from cti.calls import Call
from cti.ids import CallId, OfferId, PartyKey, PbxId
from cti.switch.attach import Attachment, read_attachment
from cti.switch.caller_id import CallerId, clean_caller_id, read_from_header
from cti.switch.conversation import Announcements, Conversation
from cti.switch.devices import Devices
from cti.switch.ledger import Ledger
from cti.switch.lines import CallerLine, LineState, LiveOffer
from cti.switch.outcomes import CAUSE_WITHDRAWN, outcome_of_cause, outcome_of_dial
from cti.switch.ports import AmiPort, CallerWatch, FactInbox, Floor, PartyBook
from cti.switch.resync import Resync
from ivr.flow import Flow
from protocols.agi import commands
from protocols.agi.errors import AgiError
from protocols.agi.session import AgiSession
from protocols.ami.errors import ActionRejectedError, AmiError
from protocols.ami.messages import AmiEvent

CONFIRM_AFTER_S = 0.2
"""How long the second witness of an end may take before the switch is asked."""
DOUBT_S = 3.0
"""When a doubt is looked at again: a caller in the dialplan's net is back with us before that."""
ASKED_S_MAX = 1.0
"""How long the switch may take to say whether one channel lives; it takes a millisecond."""
RETURN_S = 2.0
"""How long a caller may take to come to a new session, if his old one ended while he lives."""
CALLER_NAME_BYTES_MAX = 60
"""Asterisk cuts a caller's name at about 80 bytes, in the middle of a character."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a dialled number leads to."""

    number: str
    flow: str


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
        self._inbox = inbox
        self._ami = ami
        self._floor = floor
        self._parties = parties
        self._watch = watch
        self._services = services
        self._flows = flows
        self._announcements = announcements
        self.ledger = Ledger(pbx, inbox)
        self._resync = Resync(self.ledger, ami)
        self._devices = Devices(pbx, self.ledger, inbox, floor, ami)
        self._tasks: asyncio.TaskGroup | None = None

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

    # Commands of the core

    def carry_out(self, command: AcdCommand) -> None:
        """Do what the core asks; what does not concern the switch is passed over."""
        match command:
            case OfferCall():
                self._offer(command)
            case WithdrawOffer():
                self._withdraw(command)
            case PlaceCall() | TurnAwayCall():
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

    # Sessions

    async def serve(self, session: AgiSession) -> None:
        """Serve one FastAGI session, until it ends."""
        attachment = read_attachment(session.request.arguments)
        channel, uniqueid = session.request.channel, session.request.uniqueid
        line: CallerLine | None = None
        try:
            line = await self._take_line(session, attachment, uniqueid, channel)
            with structlog.contextvars.bound_contextvars(call_id=line.call):
                await self._converse(session, line, attachment)
        except AgiError as error:
            log.debug("session_over", pii_channel=channel, reason=str(error))
        finally:
            if line is not None and self.ledger.detach(line, session):
                line.session_hung_up = session.hung_up
                line.caller_hung_up = line.caller_hung_up or session.hung_up
                self._spawn(self._confirm_line(line))

    async def _take_line(
        self, session: AgiSession, attachment: Attachment, uniqueid: str, channel: str
    ) -> CallerLine:
        call = attachment.call
        known = None if call is None else self.ledger.line(call)
        if known is not None and known.leg.uniqueid == uniqueid:
            self.ledger.attach(known, session, channel)
            self._settle_dial(known, attachment)
            return known
        # A new caller; or a call's id on another channel, such as an agent's leg sent to us, which
        # must not get hold of the caller's line; or the id of a call that has ended for us, under
        # which nothing would be done for him any more.
        call = CallId(str(uuid4()))
        await session.run(commands.set_variable("__CORD_CALL", call))
        namesake = self.ledger.line_at(uniqueid)
        if namesake is not None:  # each Asterisk process counts anew, from the second it is in
            self.ledger.clear(namesake, reason=ClearReason.SWITCH_RESTARTED)
        line = self.ledger.open_line(call, uniqueid, channel)
        caller = await self._ask_caller(session)
        party = PartyKey(str(uuid4()))
        self._parties.remember_party(party, caller.number, caller.name)
        self._inbox.post(
            CallArrived(call=call, leg=line.leg, service=attachment.service, party=party)
        )
        self.ledger.attach(line, session, channel)
        self._watch.caller_arrived(call, attachment.service, caller.number, caller.name)
        log.info("call_arrived", call_id=call, service=attachment.service, altered=caller.altered)
        return line

    async def _ask_caller(self, session: AgiSession) -> CallerId:
        """Read who calls from the raw header, and give the agent's phone a clean name to show."""
        header = (await session.run(commands.get_variable("PJSIP_HEADER(read,From)"))).value
        if header:
            caller = read_from_header(header)
        else:  # no SIP leg, such as a Local channel
            caller = clean_caller_id(session.request.caller_number, session.request.caller_name)
        if caller.name:
            shown = caller.name.encode()[:CALLER_NAME_BYTES_MAX].decode(errors="ignore")
            await session.run(commands.set_variable("CALLERID(name)", shown))
        return caller

    def _settle_dial(self, line: CallerLine, attachment: Attachment) -> None:
        """
        A channel that comes to us runs no Dial: end the offer or talk that it had.

        The Dial outlived the session that began it (the daemon died, or somebody moved the
        caller), and the dialplan kept what became of it.
        """
        offer = line.offer
        if offer is None or not offer.dialling:
            return
        if attachment.dialed == "ANSWER":
            offer.agent_hung_up = attachment.state == "post"
            self.ledger.answer(offer)
        outcome = outcome_of_dial(attachment.dialed, attachment.cause, rang=offer.rang)
        self.ledger.settle(offer, outcome, cause=attachment.cause)

    async def _converse(
        self, session: AgiSession, line: CallerLine, attachment: Attachment
    ) -> None:
        talk = Conversation(
            session=session,
            line=line,
            ledger=self.ledger,
            inbox=self._inbox,
            flows=self._flows,
            announcements=self._announcements,
        )
        if attachment.state == "post":
            if attachment.next_queue is None:
                await talk.finish(HungUpBy.AGENT)
            else:
                await talk.leave_for("requeue")
        elif attachment.next_queue is not None:
            await session.run(commands.set_variable("CORD_NEXT", ""))
            await talk.wait(attachment.next_queue)
        elif (queue := self._floor.queue_of(line.call) or attachment.queue) is not None:
            await talk.wait(queue, since=attachment.since, priority=attachment.priority)
        elif (service := self._services.get(attachment.service)) is not None:
            await talk.begin(service.flow)
        else:
            log.warning("service_unknown", pii_service=attachment.service)
            await talk.turn_away()

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
                offer = self._offer_in(event)
                if offer is not None and event.get("ChannelStateDesc") == "Ringing":
                    offer.rang = True
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
            self._spawn(self._confirm_line(line))
        elif offer is not None:
            self._spawn(self._confirm_leg(offer, cause))

    async def _confirm_line(self, line: CallerLine) -> None:
        """
        Make sure of a caller's end: his session has ended, and the switch says that he is gone.

        Either alone proves nothing, and a line without a session since a restart has had none to
        tell. The second witness mostly comes at once; else it is asked for.
        """
        if not line.hangup_seen or line.state is LineState.ATTACHED:
            await asyncio.sleep(CONFIRM_AFTER_S)
        if line.state is not LineState.DETACHED:
            line.hangup_seen = False  # he lives: forged, or another session has him already
            return
        session_told = line.session_hung_up or line.ended_by is not None
        if not (line.hangup_seen and session_told):
            exists = await self._exists(line.channel, line.leg.uniqueid)
            if exists is None and session_told:
                # His session said so, and nobody can be asked: one who lives comes to us again.
                await asyncio.sleep(RETURN_S)
                exists = line.state is not LineState.DETACHED
            if exists or exists is None:
                line.hangup_seen = False
                return
        reason = ClearReason.FALLBACK if line.in_fallback else ClearReason.HUNG_UP
        self.ledger.clear(line, reason=reason)

    async def _confirm_leg(self, offer: LiveOffer, cause: int) -> None:
        """Make sure of an agent's leg that AMI says is gone, when no session tells its end."""
        line = self.ledger.line(offer.call)
        if line is not None and line.state is LineState.ATTACHED:
            await asyncio.sleep(CONFIRM_AFTER_S)
        if self.ledger.offer(offer.offer) is not offer or offer.leg is None:
            return
        if await self._exists(offer.channel, offer.leg.uniqueid) is False:
            self.ledger.settle(offer, outcome_of_cause(cause, rang=offer.rang), cause=cause)

    async def _exists(self, channel: str, uniqueid: str) -> bool | None:
        """Ask the switch whether a channel lives; None while it cannot be asked."""
        try:
            found = await self._ami.action_list(
                "Status", [("Channel", channel)], deadline_s=ASKED_S_MAX
            )
        except ActionRejectedError:
            return False
        except AmiError:
            return None
        return any(event.get("Uniqueid") == uniqueid for event in found)

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
