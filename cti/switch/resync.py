"""
Believe, then check: what the ledger believes is compared with the switch's own picture.

One `Status` action lists every channel with our variables (3 ms for 70 channels on Asterisk 22). It
is asked after every restart and reconnect, and now and then. Asterisk is right about which channels
exist and who is connected; what it denies is closed with a named reason. A doubt about a talk or an
offer is acted on only when the next look confirms it: the picture and the events cross each other.
Where Asterisk has been restarted, the picture tells which calls are the new process's: some may
have come before our link to it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import structlog

from acd.facts import OfferOutcome
from cti.call_facts import ClearReason
from cti.ids import OfferId
from cti.switch.ledger import Ledger
from cti.switch.lines import CallerLine, LineState, LiveOffer
from cti.switch.ports import AmiPort
from protocols.ami.messages import AmiEvent

STATUS_VARIABLES = "CORD_CALL,CORD_OFFER,CORD_STATE"
STATUS_DEADLINE_S = 5.0
Difference = Literal["call_gone", "offer_gone"]
DIFFERENCES: tuple[Difference, ...] = get_args(Difference)
"""What Asterisk may turn out not to have."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveChannel:
    """One channel as the switch shows it; `bridge` is empty where it talks with nobody."""

    uniqueid: str
    name: str
    state: str
    bridge: str
    call: str
    offer: str
    cord_state: str


def read_channel(event: AmiEvent) -> LiveChannel:
    """Return what a Status event tells of a channel."""
    lines = (line.partition("=") for line in event.get_all("Variable"))
    variables = {name: value for name, equals, value in lines if equals}
    return LiveChannel(
        uniqueid=event.get("Uniqueid"),
        name=event.get("Channel"),
        state=event.get("ChannelStateDesc"),
        bridge=event.get("BridgeID"),
        call=variables.get("CORD_CALL", ""),
        offer=variables.get("CORD_OFFER", ""),
        cord_state=variables.get("CORD_STATE", ""),
    )


class Resync:
    """Compares one PBX's ledger with the switch."""

    def __init__(self, ledger: Ledger, ami: AmiPort) -> None:
        self._ledger = ledger
        self._ami = ami
        self._doubted: set[OfferId] = set()
        self._restarted = False
        self.differences: Counter[Difference] = Counter()
        """How often Asterisk did not have what we believed in."""

    def note_restart(self) -> None:
        """Learn that this is another Asterisk process: whom the next look misses died with it."""
        self._restarted = True

    async def look(self) -> bool:
        """
        Ask for the whole picture and put the ledger right; return whether a doubt is left.

        Raises:
            AmiError: the picture cannot be had now.
        """
        lines, offers = tuple(self._ledger.lines()), tuple(self._ledger.offers())
        found = await self._ami.action_list(
            "Status", [("Variables", STATUS_VARIABLES)], deadline_s=STATUS_DEADLINE_S
        )
        restarted, self._restarted = self._restarted, False
        channels = {channel.uniqueid: channel for channel in map(read_channel, found)}
        for line in lines:
            channel = channels.get(line.leg.uniqueid)
            if channel is not None and channel.call == line.call:
                line.channel = channel.name
                line.in_fallback = channel.cord_state == "fallback"
            elif restarted or line.state is LineState.DETACHED:
                self._differs("call_gone", call_id=line.call)
                self._ledger.clear(line, reason=_why_gone(line, restarted=restarted))
        self._compare_offers(offers, channels)
        return bool(self._doubted)

    def _compare_offers(
        self, offers: tuple[LiveOffer, ...], channels: Mapping[str, LiveChannel]
    ) -> None:
        legs = {(channel.call, channel.offer): channel for channel in channels.values()}
        doubted: set[OfferId] = set()
        for offer in offers:
            if self._ledger.offer(offer.offer) is not offer or not offer.dialling:
                continue
            leg = legs.get((offer.call, str(offer.offer)))
            if leg is not None:
                self._adopt(offer, leg)
                continue
            line = self._ledger.line(offer.call)
            if line is not None and line.state is LineState.ATTACHED:
                continue  # its own session tells how the Dial ends
            if offer.offer in self._doubted:
                self._differs("offer_gone", call_id=offer.call, offer_id=offer.offer)
                self._ledger.settle(offer, OfferOutcome.FAILED)
            else:
                doubted.add(offer.offer)
        self._doubted = doubted

    def _adopt(self, offer: LiveOffer, leg: LiveChannel) -> None:
        """Take up a leg that was dialled before we came, in the state that it is in now."""
        self._ledger.dialled(offer, leg.uniqueid, leg.name)
        offer.channel = leg.name
        offer.up = leg.state == "Up"
        if leg.state == "Ringing":
            offer.rang = True
        elif offer.up and leg.bridge:
            self._ledger.answer(offer)

    def _differs(self, what: Difference, **ids: object) -> None:
        self.differences[what] += 1
        log.warning("switch_differs", what=what, **ids)


def _why_gone(line: CallerLine, *, restarted: bool) -> ClearReason:
    """Return how a call ended whose channel is gone: what its session said goes first."""
    if line.session_hung_up or line.ended_by is not None:
        return ClearReason.HUNG_UP
    return ClearReason.SWITCH_RESTARTED if restarted else ClearReason.GONE_FROM_SWITCH
