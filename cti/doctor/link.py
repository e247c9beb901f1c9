"""
The doctor's own manager link: one login, no reconnecting, every event of the test calls kept.

It uses the daemon's account, beside the daemon: Asterisk lets an account in several times, and its
filters hold for each.
"""

import asyncio
from collections.abc import Sequence

from cti.switch.dialplan import WANTED_EVENTS
from protocols.ami.connection import AmiConnection
from protocols.ami.connector import BOOTED_EVENT
from protocols.ami.counters import AmiCounters
from protocols.ami.errors import ActionRejectedError, SwitchUnavailableError
from protocols.ami.link import AmiSettings, DownReason
from protocols.ami.messages import AmiEvent, AmiResponse

ASK_S = 2.0
BOOTED_S = 1.5
"""Asterisk says FullyBooted at once after a login, if it has booted and may say it."""
TOGETHER_MAX = 50
"""Questions on their way at once; Asterisk answers one after the other."""
EVENTS_MAX = 5_000
"""Events kept of a busy PBX whose filters are missing; later ones are dropped."""

UNWANTED_EVENTS = (
    "AGIExecEnd",
    "AGIExecStart",
    "BridgeCreate",
    "BridgeDestroy",
    "BridgeEnter",
    "BridgeLeave",
    "Cdr",
    "ContactStatus",
    "DialState",
    "LocalBridge",
    "MusicOnHoldStart",
    "MusicOnHoldStop",
    "NewCallerid",
    "NewConnectedLine",
    "Newchannel",
    "Newexten",
    "PeerStatus",
    "RTCPReceived",
    "RTCPSent",
    "SoftHangupRequest",
    "SuccessfulAuth",
    "TestEvent",
    "VarSet",
)
"""Events that the filters keep out; a test call alone makes a dozen of them."""


class Manager:
    """One connection to Asterisk, logged in."""

    def __init__(self, connection: AmiConnection, peer: str) -> None:
        self._connection = connection
        self._slots = asyncio.Semaphore(TOGETHER_MAX)
        self.peer = peer
        """The address at which Asterisk answered."""
        self.may: frozenset[str] = frozenset()
        """The actions that this account may use."""
        self.events: list[AmiEvent] = []
        self._news = asyncio.Event()

    def note(self, event: AmiEvent) -> None:
        """Keep an event."""
        if event.name == BOOTED_EVENT and not self._connection.booted.done():
            self._connection.booted.set_result(None)
        if len(self.events) < EVENTS_MAX:
            self.events.append(event)
        self._news.set()

    @property
    def is_ami(self) -> bool:
        """Whether what answers may be Asterisk: it has not said anything that Asterisk does not."""
        ended = self._connection.ended
        return not (ended.done() and ended.result() is DownReason.NOT_AMI)

    def require_alive(self) -> None:
        """Raise SwitchUnavailableError where the link has ended: what is missing is its fault."""
        if self._connection.ended.done():
            raise SwitchUnavailableError("the link has ended")

    async def booted(self) -> bool:
        """Wait for FullyBooted, and tell whether it came."""
        await asyncio.wait({self._connection.booted}, timeout=BOOTED_S)
        return self._connection.booted.done()

    async def ask(self, action: str, *fields: tuple[str, str]) -> AmiResponse:
        """Do an action. Raises AmiError."""
        async with self._slots:
            return await self._connection.ask(action, fields, ASK_S)

    async def ask_list(self, action: str, *fields: tuple[str, str]) -> list[AmiEvent]:
        """Do an action that is answered by a list. Raises AmiError."""
        async with self._slots:
            return await self._connection.ask_list(action, fields, ASK_S, None)

    async def value(self, variable: str, channel: str = "") -> str:
        """Return a variable's or a function's value, of the whole PBX or of one channel."""
        where = [("Channel", channel)] if channel else []
        return (await self.ask("Getvar", *where, ("Variable", variable))).get("Value")

    async def values(self, variables: Sequence[str]) -> list[str]:
        """Return several values, asked for together."""
        return list(await asyncio.gather(*(self.value(variable) for variable in variables)))

    async def until_gone(self, uniqueids: frozenset[str], within_s: float) -> bool:
        """Wait for the Hangup of channels; tell whether all have come."""
        try:
            async with asyncio.timeout(within_s):
                while not uniqueids <= {
                    event.get("Uniqueid") for event in self.events if event.name == "Hangup"
                }:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        """Log off."""
        self._connection.close()
        await self._connection.closed


async def open_manager(settings: AmiSettings) -> Manager:
    """
    Connect, without logging in.

    Raises:
        OSError, TimeoutError: nobody answers there.
    """
    managers: list[Manager] = []
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(settings.connect_deadline_s):
        transport, connection = await loop.create_connection(
            lambda: AmiConnection(
                wanted=frozenset((*WANTED_EVENTS, *UNWANTED_EVENTS)),
                counters=AmiCounters(),
                on_event=lambda event: managers[0].note(event) if managers else None,
            ),
            settings.host,
            settings.port,
        )
    manager = Manager(connection, str(transport.get_extra_info("peername")[0]))
    managers.append(manager)
    return manager


async def log_in(manager: Manager, settings: AmiSettings) -> str | None:
    """
    Log in; return Asterisk's words if it refuses.

    Raises:
        AmiError: it did not answer, or is no Asterisk.
    """
    try:
        await manager.ask("Login", *settings.login_fields())
    except ActionRejectedError as error:
        return error.message
    return None
