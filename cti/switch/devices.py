"""
Agents' phones: in use by a call of ours, or by something of their own.

Whoever talks on his phone privately is not rung. The device state is Asterisk's
(`DeviceStateChange`); a phone that is in use while no offer or talk of ours has it is busy
elsewhere. Events and offers cross each other for milliseconds; the next event puts it right, and
after every reconnect all states are asked for anew.
"""

from collections.abc import Iterable
from typing import Final

from acd.commands import Occupation
from acd.facts import AgentFreedElsewhere, AgentOccupiedElsewhere
from cti.ids import AgentId, DeviceId, PbxId
from cti.switch.ledger import Ledger
from cti.switch.ports import FactInbox, Floor
from protocols.ami.messages import AmiEvent

IN_USE: Final = frozenset({"INUSE", "BUSY", "RINGING", "RINGINUSE", "ONHOLD"})
"""Asterisk's words for a device that has a channel (`DEVICE_STATE()`)."""


class Devices:
    """The phones of one PBX at which agents are logged on."""

    def __init__(self, pbx: PbxId, ledger: Ledger, inbox: FactInbox, floor: Floor) -> None:
        self._pbx = pbx
        self._ledger = ledger
        self._inbox = inbox
        self._floor = floor
        self._elsewhere: dict[DeviceId, AgentId] = {}

    def state_changed(self, event: AmiEvent) -> None:
        """Take Asterisk's word on one device."""
        device = DeviceId(self._pbx, event.get("Device"))
        agent = self._floor.agent_at(device)
        if agent is None:
            self._elsewhere.pop(device, None)
            return
        occupied = self._elsewhere.get(device) == agent
        if event.get("State") in IN_USE:
            if not occupied and not self._ours(device):
                self._elsewhere[device] = agent
                self._inbox.post(AgentOccupiedElsewhere(agent=agent))
        elif occupied or self._believed_busy(agent):
            self._elsewhere.pop(device, None)
            self._inbox.post(AgentFreedElsewhere(agent=agent))

    def all_states(self, events: Iterable[AmiEvent]) -> None:
        """Take Asterisk's word on all devices, after a reconnect."""
        for event in events:
            self.state_changed(event)

    def _believed_busy(self, agent: AgentId) -> bool:
        """Whether the core believes it, from before a restart of ours."""
        shown = self._floor.agent_state(agent)
        return shown is not None and shown.occupation is Occupation.BUSY_ELSEWHERE

    def _ours(self, device: DeviceId) -> bool:
        return any(offer.device == device for offer in self._ledger.offers())
