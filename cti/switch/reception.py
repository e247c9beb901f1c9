"""
Where callers come in: each FastAGI session is given to its caller's line, new or known.

A session begins where the dialplan's arguments say (`cti.switch.attach`): in the menu, in the queue
that the caller waited in, or at the end of a talk that outlived the session that had dialled it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import uuid4

import structlog

from config.settings import Configuration
from cti.call_facts import CallArrived, ClearReason, HungUpBy
from cti.ids import CallId, PartyKey, Skills
from cti.instants import Duration
from cti.switch.attach import Attachment, read_attachment
from cti.switch.caller_id import CallerId, clean_caller_id, read_from_header
from cti.switch.conversation import Announcements, Conversation
from cti.switch.known_callers import KnownCallers
from cti.switch.ledger import Ledger
from cti.switch.lines import CallerLine
from cti.switch.outcomes import outcome_of_dial
from cti.switch.ports import CallerWatch, FactInbox, Floor, PartyBook
from cti.switch.visit import DOCTOR_SCRIPT, answer_doctor
from ivr.actions import NO_HEAD_START
from ivr.flow import Flow
from protocols.agi import commands
from protocols.agi.errors import AgiError
from protocols.agi.session import AgiSession

CALLER_NAME_BYTES_MAX = 60
"""Asterisk cuts a caller's name at about 80 bytes, in the middle of a character."""

_FROM = "PJSIP_HEADER(read,From)"
_PART_BYTES = 900

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What a dialled number leads to."""

    number: str
    flow: str
    priority: Duration = NO_HEAD_START
    skills: Skills = ()


def services_of(configuration: Configuration) -> Mapping[str, Service]:
    """Return what the dialled numbers of a configuration lead to."""
    return {
        number: Service(
            number=number, flow=service.flow, priority=service.priority, skills=service.skills
        )
        for number, service in configuration.services.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """Serves the sessions of one PBX's callers; `line_left` hears of each that is without one."""

    ledger: Ledger
    inbox: FactInbox
    floor: Floor
    parties: PartyBook
    watch: CallerWatch
    services: Mapping[str, Service]
    flows: Mapping[str, Flow]
    announcements: Announcements
    callers: KnownCallers
    line_left: Callable[[CallerLine], None]

    async def serve(self, session: AgiSession) -> None:
        """Serve one FastAGI session, until it ends."""
        if session.request.script == DOCTOR_SCRIPT:
            await answer_doctor(session, self.flows, self.announcements.prompts)
            return
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
                self.line_left(line)

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
        caller = await self._ask_caller(session)
        await self._mark(session, call, caller)
        namesake = self.ledger.line_at(uniqueid)
        if namesake is not None:  # each Asterisk process counts anew, from the second it is in
            self.ledger.clear(namesake, reason=ClearReason.SWITCH_RESTARTED)
        line = self.ledger.open_line(call, uniqueid, channel)
        party = PartyKey(str(uuid4()))
        self.parties.remember_party(party, caller.number, caller.name)
        self.inbox.post(
            CallArrived(call=call, leg=line.leg, service=attachment.service, party=party)
        )
        line.party = self.callers.key_of(caller.number, party)
        self.ledger.attach(line, session, channel)
        self.watch.caller_arrived(call, attachment.service, caller.number, caller.name)
        log.info("call_arrived", call_id=call, service=attachment.service, altered=caller.altered)
        return line

    async def _ask_caller(self, session: AgiSession) -> CallerId:
        """Read who calls from the raw header."""
        if not session.request.channel.startswith("PJSIP/"):  # such as a Local channel
            return clean_caller_id(session.request.caller_number, session.request.caller_name)
        header = (await session.run(commands.get_variable(_FROM))).value
        if header:
            return read_from_header(header)
        # None, or too long to be told at once: an address behind a long name, or a long address.
        end = (await session.run(commands.get_part(_FROM, -_PART_BYTES))).value or ""
        if "<" in end:
            return read_from_header(end[end.rindex("<") :])
        beginning = (await session.run(commands.get_part(_FROM, 0, _PART_BYTES))).value or ""
        return read_from_header(f"{beginning}@")

    async def _mark(self, session: AgiSession, call: CallId, caller: CallerId) -> None:
        """Write our id on the channel, and the caller as agents' phones are to show him."""
        await session.run(
            commands.execute("MSet", f"__CORD_CALL={call},CALLERID(num)={caller.number}")
        )
        if caller.name:
            shown = caller.name.encode()[:CALLER_NAME_BYTES_MAX].decode(errors="ignore")
            await session.run(commands.set_variable("CALLERID(name)", shown))

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
            inbox=self.inbox,
            flows=self.flows,
            announcements=self.announcements,
        )
        if attachment.state == "post":
            if attachment.next_queue is None:
                await talk.finish(HungUpBy.AGENT)
            else:
                await talk.leave_for("requeue")
        elif attachment.next_queue is not None:
            await session.run(commands.set_variable("CORD_NEXT", ""))
            await talk.wait(attachment.next_queue)
        elif (queue := self.floor.queue_of(line.call) or attachment.queue) is not None:
            await talk.wait(queue, since=attachment.since, priority=attachment.priority)
        elif (service := self.services.get(attachment.service)) is not None:
            talk.priority, talk.skills = service.priority, service.skills
            await talk.begin(service.flow)
        else:
            log.warning("service_unknown", pii_service=attachment.service)
            await talk.turn_away()
