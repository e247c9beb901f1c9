"""
The Asterisk Manager Interface: panoramisk behind our own port, with its faults put right.

`AmiClient` keeps one link to one Asterisk alive and says so by `LinkState`; `AmiEvent` and
`AmiResponse` are what it hands out. The codec beside it is pure and can be used alone.
"""

from protocols.ami.client import AmiClient
from protocols.ami.counters import AmiCounters
from protocols.ami.errors import (
    ActionRejectedError,
    ActionTimeoutError,
    AmiError,
    HeaderRefusedError,
    LineTooLongError,
    LinkLostError,
    LocalProtocolError,
    RemoteProtocolError,
    SwitchUnavailableError,
    TooManyHeadersError,
)
from protocols.ami.link import AmiSettings, DownReason, LinkPhase, LinkState, SwitchProcess
from protocols.ami.messages import AmiEvent, AmiMessage, AmiResponse

__all__ = [
    "ActionRejectedError",
    "ActionTimeoutError",
    "AmiClient",
    "AmiCounters",
    "AmiError",
    "AmiEvent",
    "AmiMessage",
    "AmiResponse",
    "AmiSettings",
    "DownReason",
    "HeaderRefusedError",
    "LineTooLongError",
    "LinkLostError",
    "LinkPhase",
    "LinkState",
    "LocalProtocolError",
    "RemoteProtocolError",
    "SwitchProcess",
    "SwitchUnavailableError",
    "TooManyHeadersError",
]
