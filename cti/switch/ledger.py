"""
Callers' lines and live offers, and how each of them ends: exactly once, by whoever knows first.

AGI sessions and AMI events tell of the same things and are not ordered relative to each other; a
restart and a lost link add snapshots and silence. All of them report here, and here alone the final
facts are posted. It does no input or output and knows no time.
"""

from collections.abc import Iterator

from acd.commands import OfferCall
from acd.facts import CallerLeft, OfferAnswered, OfferEnded, OfferOutcome, TalkEnded
from cti.call_facts import (
    AgentLegEnded,
    AgentLegRang,
    CallAttached,
    CallCleared,
    ClearReason,
    HungUpBy,
)
from cti.ids import CallId, LegId, OfferId, PbxId
from cti.switch.lines import CallerLine, LineState, LiveOffer
from cti.switch.ports import FactInbox, RestoredOffer
from protocols.agi.session import AgiSession

RINGING_MAX = 200
"""Channels remembered that ring before it is known for whom; the oldest is forgotten first."""


class Ledger:
    """The lines and offers of one PBX; posts their facts to `inbox`."""

    def __init__(self, pbx: PbxId, inbox: FactInbox) -> None:
        self.pbx = pbx
        self._inbox = inbox
        self._lines: dict[CallId, CallerLine] = {}
        self._lines_by_uniqueid: dict[str, CallerLine] = {}
        self._offers: dict[OfferId, LiveOffer] = {}
        self._offers_by_uniqueid: dict[str, LiveOffer] = {}
        self._ringing: dict[str, bool] = {}

    # Lines

    def open_line(self, call: CallId, uniqueid: str, channel: str) -> CallerLine:
        """Return the line of a call, new or known."""
        line = self._lines.get(call)
        if line is None:
            line = CallerLine(call=call, leg=LegId(self.pbx, uniqueid), channel=channel)
            self._lines[call] = line
            self._lines_by_uniqueid[uniqueid] = line
        return line

    def line(self, call: CallId) -> CallerLine | None:
        """Return the line of a call that lives."""
        return self._lines.get(call)

    def line_at(self, uniqueid: str) -> CallerLine | None:
        """Return the line whose channel has this Uniqueid."""
        return self._lines_by_uniqueid.get(uniqueid)

    def lines(self) -> Iterator[CallerLine]:
        """Give all lines that live, in the order of their arrival."""
        yield from tuple(self._lines.values())

    def attach(self, line: CallerLine, session: AgiSession, channel: str) -> None:
        """Let a session have the line; one that had it before has lost it."""
        line.session = session
        line.channel = channel
        line.state = LineState.ATTACHED
        line.sessions += 1
        line.caller_hung_up = line.session_hung_up = line.hangup_seen = False
        self._inbox.post(CallAttached(call=line.call, session=line.sessions))

    def detach(self, line: CallerLine, session: AgiSession) -> bool:
        """Take the line from a session that has ended; False where another has it already."""
        if line.session is not session:
            return False
        line.session = None
        if line.state is LineState.ATTACHED:
            line.state = LineState.DETACHED
        return True

    def clear(
        self,
        line: CallerLine,
        *,
        cause: int = 0,
        reason: ClearReason = ClearReason.HUNG_UP,
    ) -> None:
        """
        End a call whose caller's channel is gone for certain.

        `CallerLeft` goes first, so that the offer's end does not offer the call again; the call's
        own end goes last, when all else of it is told.
        """
        if line.state is LineState.GONE:
            return
        line.state = LineState.GONE
        del self._lines[line.call]
        del self._lines_by_uniqueid[line.leg.uniqueid]
        line.orders.clear()
        self._inbox.post(CallerLeft(call=line.call))
        if line.offer is not None:
            self.settle(line.offer, OfferOutcome.CALLER_LEFT)
        self._inbox.post(
            CallCleared(
                call=line.call,
                hung_up_by=_who_hung_up(line, reason),
                cause=cause or line.hangup_cause,
                reason=reason,
            )
        )

    # Offers

    def begin(self, command: OfferCall) -> LiveOffer:
        """Take note of an offer that is to be dialled."""
        offer = LiveOffer(
            offer=command.offer, call=command.call, agent=command.agent, device=command.device
        )
        self._keep(offer)
        return offer

    def restore(self, known: RestoredOffer) -> LiveOffer:
        """Take note of an offer or talk that the core remembers from before a restart."""
        offer = LiveOffer(
            offer=known.offer,
            call=known.call,
            agent=known.agent,
            device=known.device,
            answered=known.answered,
            dialling=True,
        )
        self._keep(offer)
        return offer

    def _keep(self, offer: LiveOffer) -> None:
        self._offers[offer.offer] = offer
        line = self._lines.get(offer.call)
        if line is not None:
            line.offer = offer

    def offer(self, offer: OfferId) -> LiveOffer | None:
        """Return an offer or talk that goes on."""
        return self._offers.get(offer)

    def offer_at(self, uniqueid: str) -> LiveOffer | None:
        """Return the offer or talk whose agent's channel has this Uniqueid."""
        return self._offers_by_uniqueid.get(uniqueid)

    def offers(self) -> Iterator[LiveOffer]:
        """Give all offers and talks that go on."""
        yield from tuple(self._offers.values())

    def dialled(self, offer: LiveOffer, uniqueid: str, channel: str) -> None:
        """Learn which channel rings the agent."""
        if offer.leg is not None or offer.offer not in self._offers:
            return
        offer.leg = LegId(self.pbx, uniqueid)
        offer.channel = channel
        offer.rang = self._ringing.pop(uniqueid, False)
        self._offers_by_uniqueid[uniqueid] = offer
        self._inbox.post(AgentLegRang(call=offer.call, offer=offer.offer, leg=offer.leg))

    def rings(self, uniqueid: str, offer: LiveOffer | None) -> None:
        """
        Learn that a channel rings; of one that no offer is known to have, remember it for a while.

        A phone that is near says that it rings before Asterisk tells for whom the channel was made.
        """
        if offer is not None:
            offer.rang = True
            return
        self._ringing[uniqueid] = True
        if len(self._ringing) > RINGING_MAX:
            del self._ringing[next(iter(self._ringing))]

    def answer(self, offer: LiveOffer) -> None:
        """Learn that the agent is connected to the caller."""
        if offer.answered or offer.offer not in self._offers:
            return
        offer.answered = True
        self._inbox.post(OfferAnswered(offer=offer.offer))

    def settle(self, offer: LiveOffer, outcome: OfferOutcome, *, cause: int = 0) -> None:
        """End an offer, or the talk that it has become; the first report wins."""
        if self._offers.pop(offer.offer, None) is None:
            return
        line = self._lines.get(offer.call)
        if line is not None and line.offer is offer:
            line.offer = None
        if offer.leg is not None:
            self._offers_by_uniqueid.pop(offer.leg.uniqueid, None)
            by = HungUpBy.AGENT if offer.agent_hung_up else HungUpBy.UNKNOWN
            self._inbox.post(
                AgentLegEnded(call=offer.call, leg=offer.leg, cause=cause, hung_up_by=by)
            )
        if offer.answered:
            self._inbox.post(TalkEnded(call=offer.call, agent=offer.agent))
        else:
            self._inbox.post(OfferEnded(offer=offer.offer, outcome=outcome))


def _who_hung_up(line: CallerLine, reason: ClearReason) -> HungUpBy:
    """Return who ended the call: what was done on purpose goes before what was seen."""
    if line.ended_by is not None:
        return line.ended_by
    if line.caller_hung_up:
        return HungUpBy.CALLER
    if reason is ClearReason.SWITCH_RESTARTED:
        return HungUpBy.SYSTEM
    if reason is ClearReason.FALLBACK:
        return HungUpBy.UNKNOWN
    return HungUpBy.CALLER if reason is ClearReason.HUNG_UP else HungUpBy.UNKNOWN
