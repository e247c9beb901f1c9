"""Callers on a switch adapter: a real FastAGI server, channels that behave like Asterisk's."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cti.call_facts import CallArrived
from cti.ids import CallId
from cti.switch.attach import SESSION_ARGUMENTS
from cti.switch.conversation import Announcements
from cti.switch.reception import Service
from cti.switch.switch import Switch
from protocols.agi.server import AgiServer
from tests.cti.switchboard import PBX, WAIT_S, Facts, Floor, ManagerLink, Parties, event
from tests.fakes.agi_client import FakeChannel, environment
from tests.ivr.flows import flow

UNIQUEID = "pbx1-1795337574.0"
CHANNEL = "PJSIP/trunk-00000001"
LEG, LEG_CHANNEL = "pbx1-1795337574.1", "PJSIP/a1-00000002"
WAITS = "WAIT FOR DIGIT -1"


@dataclass(kw_only=True)
class Caller:
    """
    One caller's channel, and how the Dials that it runs end.

    A Dial waits for `dial_ends`; then `DIALSTATUS` and `HANGUPCAUSE` are what `dial_tells` says.
    """

    uniqueid: str = UNIQUEID
    channel: FakeChannel = field(default_factory=FakeChannel)
    dial_tells: tuple[str, str] = ("NOANSWER", "19")
    dial_ends: asyncio.Event = field(default_factory=asyncio.Event)
    dialling: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.channel = FakeChannel(variables=self.channel.variables, on_execute=self._execute)

    async def _execute(self, application: str, options: str) -> int:
        if application == "MSet":
            for setting in options.split(","):
                name, _, value = setting.partition("=")
                self.channel.variables[name] = value
        elif application == "Dial":
            self.dialling.set()
            await self.dial_ends.wait()
            self.dial_ends.clear()
            status, cause = self.dial_tells
            self.channel.variables |= {"DIALSTATUS": status, "HANGUPCAUSE": cause}
        return 0

    def commands(self, beginning: str = "") -> list[str]:
        """Return the commands that begin so, in order."""
        return [command for command in self.channel.commands if command.startswith(beginning)]

    async def told(self, beginning: str, count: int = 1) -> None:
        """Wait until so many commands began so."""
        async with asyncio.timeout(WAIT_S):
            await self.channel.started(beginning, count)

    def end_dial(self, status: str, cause: int | str) -> None:
        self.dial_tells = (status, str(cause))
        self.dial_ends.set()


@dataclass(kw_only=True)
class Board:
    """The adapter of one PBX, and all that stands around it."""

    switch: Switch
    facts: Facts
    ami: ManagerLink
    floor: Floor
    parties: Parties
    port: int
    tasks: asyncio.TaskGroup
    life: asyncio.Task[None]

    def comes(
        self,
        caller: Caller,
        *,
        arguments: Mapping[str, str] | None = None,
        script: str = "call",
        changes: Mapping[str, str] | None = None,
    ) -> asyncio.Task[None]:
        """Let a channel come to us, with what the dialplan tells; a new caller unless told."""
        told = {"CORD_SERVICE": "8000"} if arguments is None else arguments
        fields = environment(
            script=script,
            arguments=[told.get(name, "") for name in SESSION_ARGUMENTS] if told else [],
            changes={"agi_uniqueid": caller.uniqueid, "agi_channel": CHANNEL, **(changes or {})},
        )
        return self.tasks.create_task(caller.channel.run(self.port, fields))

    async def waiting(self, caller: Caller, **arguments: str) -> CallId:
        """Bring a caller into the queue sales, by what stands on his channel."""
        count = len(self.facts.of(CallArrived))
        self.comes(caller, arguments={"CORD_SERVICE": "8000", "CORD_QUEUE": "sales", **arguments})
        arrived = await self.facts.wait_for(CallArrived, count + 1)
        await caller.told(WAITS)
        return arrived.call

    def exists(self, *, leg_of: tuple[CallId, int] | None = None, state: str = "Ringing") -> None:
        """Let the switch's picture show the caller's channel, and his agent's leg."""
        self.ami.channels = [
            event(
                "Status",
                Uniqueid=UNIQUEID,
                Channel=CHANNEL,
                ChannelStateDesc="Up",
                Variable=f"CORD_CALL={call}",
            )
            for call in (arrived.call for arrived in self.facts.of(CallArrived))
        ]
        if leg_of is not None:
            call, offer = leg_of
            self.ami.channels.append(
                event(
                    "Status",
                    Uniqueid=LEG,
                    Channel=LEG_CHANNEL,
                    ChannelStateDesc=state,
                    Variable=[f"CORD_CALL={call}", f"CORD_OFFER={offer}"],
                )
            )

    def rings(self, call: CallId, offer: int = 7) -> None:
        """Let AMI tell that the agent's phone is dialled and rings."""
        self.dial_begins(call, offer)
        self.switch.on_event(
            event(
                "Newstate",
                Uniqueid=LEG,
                Channel=LEG_CHANNEL,
                ChannelStateDesc="Ringing",
                ChanVariable=f"CORD_CALL={call}",
            )
        )

    def dial_begins(self, call: CallId, offer: int = 7) -> None:
        self.switch.on_event(
            event(
                "DialBegin",
                Uniqueid=UNIQUEID,
                ChanVariable=f"CORD_CALL={call}",
                DestUniqueid=LEG,
                DestChannel=LEG_CHANNEL,
                DestChanVariable=[f"CORD_CALL={call}", f"CORD_OFFER={offer}"],
            )
        )

    def answers(self, call: CallId) -> None:
        """Let AMI tell that the agent has answered."""
        self.switch.on_event(
            event(
                "DialEnd",
                DialStatus="ANSWER",
                DestUniqueid=LEG,
                DestChanVariable=f"CORD_CALL={call}",
            )
        )

    def hangs_up(self, call: CallId, uniqueid: str = UNIQUEID, *, cause: int = 16) -> None:
        """Let AMI tell that a channel is gone."""
        self.ami.channels = [
            found for found in self.ami.channels if found.get("Uniqueid") != uniqueid
        ]
        self.switch.on_event(
            event(
                "Hangup",
                Uniqueid=uniqueid,
                Cause=str(cause),
                ChanVariable=f"CORD_CALL={call}",
            )
        )


@asynccontextmanager
async def board(
    folder: Path = Path("/prompts"), *, before: Callable[[Switch, Floor], None] | None = None
) -> AsyncIterator[Board]:
    """Run an adapter; `before` prepares it before anybody comes."""
    facts, ami, floor, parties = Facts(), ManagerLink(), Floor(), Parties()
    switch = Switch(
        PBX,
        inbox=facts,
        ami=ami,
        floor=floor,
        parties=parties,
        watch=parties,
        services={"8000": Service(number="8000", flow="welcome")},
        flows={"welcome": flow()},
        announcements=Announcements(music="default", prompts=folder),
    )
    if before is not None:
        before(switch, floor)
    server = AgiServer(switch.serve, allowed_peers=["127.0.0.1"])
    port = await server.start("127.0.0.1", 0)
    try:
        async with asyncio.TaskGroup() as tasks:
            life = tasks.create_task(switch.run())
            await asyncio.sleep(0)
            yield Board(
                switch=switch,
                facts=facts,
                ami=ami,
                floor=floor,
                parties=parties,
                port=port,
                tasks=tasks,
                life=life,
            )
            life.cancel()
            await server.close()
        assert server.counts.handler_failures == 0
    finally:
        await server.close()
