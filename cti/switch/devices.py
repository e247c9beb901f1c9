"""
Agents' phones: in use by a call of ours, or by something of their own.

Whoever talks on his phone privately is not rung. The device state is Asterisk's; a phone that is in
use while no offer or talk of ours has it is busy elsewhere. A `DeviceStateChange` carries nothing
that a hostile caller could not forge where his number is believed, and would so take every agent
away: it only makes us ask. After every reconnect all states are asked for anew.
"""

from typing import Final

from acd.commands import Occupation
from acd.facts import AgentFreedElsewhere, AgentOccupiedElsewhere
from cti.ids import AgentId, DeviceId, PbxId
from cti.switch.ledger import Ledger
from cti.switch.ports import AmiPort, FactInbox, Floor
from protocols.ami.messages import AmiEvent

IN_USE: Final = frozenset({"INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"})
"""Asterisk's words for a device that has a channel (`DEVICE_STATE()`)."""


class Devices:
    """The phones of one PBX at which agents are logged on."""

    def __init__(
        self, pbx: PbxId, ledger: Ledger, inbox: FactInbox, floor: Floor, ami: AmiPort
    ) -> None:
        self._pbx = pbx
        self._ledger = ledger
        self._inbox = inbox
        self._floor = floor
        self._ami = ami
        self._elsewhere: dict[DeviceId, AgentId] = {}
        self._looking = False
        self._doubted = False

    def state_changed(self, event: AmiEvent) -> bool:
        """Return whether the event denies what is believed of a phone: then `look`."""
        denied = self._news_of(event) is not None
        self._doubted = self._doubted or denied
        return denied

    async def look(self) -> None:
        """
        Ask for all states, once more if they are doubted meanwhile; one look at a time.

        Raises:
            AmiError: they cannot be had now.
        """
        self._doubted = True
        if self._looking:
            return
        self._looking = True
        try:
            while self._doubted:
                self._doubted = False
                for event in await self._ami.action_list("DeviceStateList"):
                    self._learn(event)
        finally:
            self._looking = False

    def _learn(self, event: AmiEvent) -> None:
        """Take Asterisk's own answer on one device."""
        device = self._device(event)
        news = self._news_of(event)
        if isinstance(news, AgentOccupiedElsewhere):
            self._elsewhere[device] = news.agent
        elif news is not None or self._floor.agent_at(device) is None:
            self._elsewhere.pop(device, None)
        if news is not None:
            self._inbox.post(news)

    def _news_of(self, event: AmiEvent) -> AgentOccupiedElsewhere | AgentFreedElsewhere | None:
        """Return what an event says of an agent that is not believed yet."""
        device = self._device(event)
        agent = self._floor.agent_at(device)
        if agent is None:
            return None
        occupied = self._elsewhere.get(device) == agent
        if event.get("State") in IN_USE:
            return None if occupied or self._ours(device) else AgentOccupiedElsewhere(agent=agent)
        return AgentFreedElsewhere(agent=agent) if occupied or self._believed_busy(agent) else None

    def _device(self, event: AmiEvent) -> DeviceId:
        return DeviceId(self._pbx, event.get("Device"))

    def _believed_busy(self, agent: AgentId) -> bool:
        """Whether the core believes it, from before a restart of ours."""
        shown = self._floor.agent_state(agent)
        return shown is not None and shown.occupation is Occupation.BUSY_ELSEWHERE

    def _ours(self, device: DeviceId) -> bool:
        return any(offer.device == device for offer in self._ledger.offers())
