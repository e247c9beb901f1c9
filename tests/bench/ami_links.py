"""
One stream of AMI events through two manager links: ours, and panoramisk's.

Both get the same bytes in the same pieces, and have the same callback for the same event names. No
socket and no task is involved: what is counted is the CPU time from bytes to callbacks.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time
from typing import Final

from panoramisk import Manager
from panoramisk.ami_protocol import AMIProtocol

from cti.switch.dialplan import WANTED_EVENTS
from protocols.ami.connector import Connector
from protocols.ami.counters import AmiCounters
from protocols.ami.link import AmiSettings
from tests.bench.figure import Comparison, alternately
from tests.fakes.ami_server import BANNER, message

EVENT: Final = "BridgeEnter"
"""An event of 27 headers."""
CHUNK_BYTES: Final = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """So many events, in pieces as TCP might deliver them."""

    events: int
    chunks: list[bytes]


class Callback:
    """What is registered for an event name: it counts."""

    def __init__(self) -> None:
        self.called = 0

    def __call__(self, _manager: Manager, _event: object) -> None:
        """Take an event."""
        self.called += 1


async def compare(name: str, *, wanted: bool, events: int, rounds: int) -> Comparison:
    """Compare the links for a stream of events that are, or are not, among those with callbacks."""
    stream = stream_of(events)
    names = (*WANTED_EVENTS, EVENT) if wanted else WANTED_EVENTS
    expected = events if wanted else 0
    ours, peer = await alternately(
        lambda: _ours(stream, names, expected),
        lambda: _panoramisk(stream, names, expected),
        rounds=rounds,
    )
    return Comparison(
        name=name, ours=ours, peer=peer, peer_name="panoramisk", unit="events per CPU second"
    )


def stream_of(events: int) -> Stream:
    """Return a stream of events about as many channels, Asterisk's greeting first."""
    data = BANNER + b"".join(_event(number) for number in range(events))
    chunks = [data[at : at + CHUNK_BYTES] for at in range(0, len(data), CHUNK_BYTES)]
    return Stream(events=events, chunks=chunks)


async def _ours(stream: Stream, names: tuple[str, ...], expected: int) -> float:
    settings = AmiSettings(host="127.0.0.1", username="bench", secret="bench")
    link = Connector(settings, frozenset(names), AmiCounters())
    callback = _registered(link, names)
    connection = link._new_connection()
    connection.connection_made(asyncio.Transport())
    return _rate(connection.data_received, stream, callback, expected)


async def _panoramisk(stream: Stream, names: tuple[str, ...], expected: int) -> float:
    link = Manager()
    callback = _registered(link, names)
    connection = AMIProtocol()
    connection.connection_made(asyncio.Transport())
    connection.factory = link
    connection.encoding = link.config["encoding"]
    return _rate(connection.data_received, stream, callback, expected)


def _registered(link: Manager, names: tuple[str, ...]) -> Callback:
    callback = Callback()
    for name in names:
        link.register_event(name, callback)
    return callback


def _rate(
    receive: Callable[[bytes], None], stream: Stream, callback: Callback, expected: int
) -> float:
    """Return the events a CPU second that a link takes."""
    began = process_time()
    for chunk in stream.chunks:
        receive(chunk)
    took = process_time() - began
    if callback.called != expected:
        raise RuntimeError(f"{callback.called} events were delivered, not {expected}")
    return stream.events / took


def _event(number: int) -> bytes:
    """Return a BridgeEnter as Asterisk 22 writes it, three configured channel variables with it."""
    return message(
        f"Event: {EVENT}",
        "Privilege: call,all",
        "SystemName: pbx1",
        "BridgeUniqueid: 5f0c1d8a-3b7e-4d55-9c57-0a4c1f4e2b11",
        "BridgeType: basic",
        "BridgeTechnology: simple_bridge",
        "BridgeCreator: <unknown>",
        "BridgeName: <unknown>",
        "BridgeNumChannels: 2",
        "BridgeVideoSourceMode: none",
        f"Channel: PJSIP/trunk-{number:08x}",
        "ChannelState: 6",
        "ChannelStateDesc: Up",
        "CallerIDNum: 4930123456",
        "CallerIDName: Ann Caller",
        "ConnectedLineNum: <unknown>",
        "ConnectedLineName: <unknown>",
        "Language: en",
        "AccountCode: ",
        "Context: cordboard",
        "Exten: 8000",
        "Priority: 7",
        f"Uniqueid: pbx1-1795337574.{number}",
        f"Linkedid: pbx1-1795337574.{number}",
        "ChanVariable: CORD_CALL=0199a1f3c0de7000",
        "ChanVariable: CORD_OFFER=0199a1f3c0de7000-1",
        "ChanVariable: CORD_STATE=queued:support:1795337574",
    )
