"""
Ends made sure of: a caller's or an agent's leg is gone when two witnesses say so.

AGI sessions end by a Redirect too, and events can be forged or lost; so what one side tells is
confirmed by the other, or by the switch itself (`Status`).
"""

import asyncio

from acd.facts import OfferOutcome
from cti.call_facts import ClearReason
from cti.switch.ledger import Ledger
from cti.switch.lines import CallerLine, LineState, LiveOffer
from cti.switch.outcomes import outcome_of_cause
from cti.switch.ports import AmiPort
from protocols.ami.errors import ActionRejectedError, AmiError

CONFIRM_AFTER_S = 0.2
"""How long the second witness of an end may take before the switch is asked."""
ASKED_S_MAX = 1.0
"""How long the switch may take to say whether one channel lives; it takes a millisecond."""
RETURN_S = 2.0
"""How long a caller may take to come to a new session, if his old one ended while he lives."""


class Witness:
    """Settles the ends of one PBX's ledger."""

    def __init__(self, ledger: Ledger, ami: AmiPort) -> None:
        self._ledger = ledger
        self._ami = ami

    async def line_ended(self, line: CallerLine) -> None:
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
        self._ledger.clear(line, reason=reason)

    async def leg_ended(self, offer: LiveOffer, cause: int) -> None:
        """
        Make sure of an agent's leg that AMI says is gone, when no session tells its end.

        A caller who hangs up takes the leg with him, whose end AMI tells first: where his session
        has said so, the offer ended by that and by no fault of the agent's or his phone's.
        """
        line = self._ledger.line(offer.call)
        if line is not None:
            await asyncio.sleep(CONFIRM_AFTER_S)
        if self._ledger.offer(offer.offer) is not offer or offer.leg is None:
            return
        if await self._exists(offer.channel, offer.leg.uniqueid) is False:
            left = line is not None and line.state is LineState.DETACHED and line.session_hung_up
            outcome = OfferOutcome.CALLER_LEFT if left else outcome_of_cause(cause, rang=offer.rang)
            self._ledger.settle(offer, outcome, cause=cause)

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
