"""
The names things go by.

Legs and devices are named together with their PBX from the first day, so that a second PBX can
come. A call has our own UUID: Asterisk's Uniqueid can repeat after a restart (it is
`systemname-seconds.counter`, and the counter begins anew in every process).
"""

from dataclasses import dataclass
from typing import NewType

CallId = NewType("CallId", str)
"""Our own UUID of a call, lower case, with hyphens."""
OfferId = NewType("OfferId", int)
"""One presentation of one call to one agent; counted up by the decision core."""
AgentId = NewType("AgentId", str)
QueueName = NewType("QueueName", str)
SkillName = NewType("SkillName", str)
Skills = tuple[tuple[SkillName, int], ...]
"""Skills with levels, in the order of their names; a skill that is not there has level 0."""
PbxId = NewType("PbxId", str)
PartyKey = NewType("PartyKey", str)
"""Stands for a party's number and name, which live in a table of their own that can be erased."""


@dataclass(frozen=True, slots=True, order=True)
class LegId:
    """One party's connection to a call: the Asterisk channel with this Uniqueid on this PBX."""

    pbx: PbxId
    uniqueid: str

    def __str__(self) -> str:
        """Return `pbx/uniqueid`, for logs and messages."""
        return f"{self.pbx}/{self.uniqueid}"


@dataclass(frozen=True, slots=True, order=True)
class DeviceId:
    """An endpoint that can be rung, such as the phone `PJSIP/a1` on PBX `main`."""

    pbx: PbxId
    name: str

    def __str__(self) -> str:
        """Return `pbx/name`, for logs and messages."""
        return f"{self.pbx}/{self.name}"
