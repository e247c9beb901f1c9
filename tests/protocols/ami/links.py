"""A running client under test, with all that it said kept in order."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from protocols.ami.client import AmiClient
from protocols.ami.link import AmiSettings, LinkPhase, LinkState
from protocols.ami.messages import AmiEvent
from tests.fakes.ami_server import SECRET, AmiServer

WANTED = frozenset({"Newchannel", "Hangup", "OriginateResponse", "DeviceStateChange", "Shutdown"})


def quick(server: AmiServer) -> AmiSettings:
    """Return settings that make a fault show within a fraction of a second."""
    return AmiSettings(
        host="127.0.0.1",
        port=server.port,
        username="cordboard",
        secret=SECRET,
        connect_deadline_s=2,
        login_deadline_s=2,
        boot_deadline_s=2,
        action_deadline_s=2,
        ping_interval_s=30,
        ping_deadline_s=2,
        backoff_first_s=0.01,
        backoff_max_s=0.05,
        refused_pause_s=0.02,
        stable_after_s=30,
    )


@dataclass
class Heard:
    """What the client told, in the order of telling."""

    events: list[AmiEvent] = field(default_factory=list)
    states: list[LinkState] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def on_event(self, event: AmiEvent) -> None:
        self.events.append(event)
        self.order.append(event.name)
        self._news.set()

    def on_state(self, state: LinkState) -> None:
        self.states.append(state)
        self.order.append(state.phase.value)
        self._news.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until the condition holds; it is looked at whenever the client told something."""
        async with asyncio.timeout(10):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def until_events(self, count: int) -> list[AmiEvent]:
        await self.until(lambda: len(self.events) >= count)
        return self.events

    async def until_phase(self, phase: LinkPhase, times: int = 1) -> LinkState:
        """Wait until a phase was entered so many times, and return it."""
        await self.until(lambda: len(self.of(phase)) >= times)
        return self.of(phase)[times - 1]

    def of(self, phase: LinkPhase) -> list[LinkState]:
        return [state for state in self.states if state.phase is phase]


@asynccontextmanager
async def running_with(
    settings: AmiSettings,
    *,
    wanted: frozenset[str] = WANTED,
    on_event: Callable[[AmiEvent], None] | None = None,
    on_state: Callable[[LinkState], None] | None = None,
) -> AsyncIterator[tuple[AmiClient, Heard]]:
    """Run a client by these settings, and stop it."""
    heard = Heard()
    client = AmiClient(
        settings,
        wanted=wanted,
        on_event=on_event or heard.on_event,
        on_state=on_state or heard.on_state,
        chance=random.Random(7),  # noqa: S311 - makes pauses repeatable
    )
    task = asyncio.create_task(client.run())
    try:
        yield client, heard
    finally:
        task.cancel()
        await asyncio.wait({task})


@asynccontextmanager
async def running(
    server: AmiServer,
    *,
    on_event: Callable[[AmiEvent], None] | None = None,
    on_state: Callable[[LinkState], None] | None = None,
    **changes: float | str,
) -> AsyncIterator[tuple[AmiClient, Heard]]:
    """Run a client against the server; the settings that matter to the test are `changes`."""
    settings = replace(quick(server), **changes)  # type: ignore[arg-type]  # the settings check
    async with running_with(settings, on_event=on_event, on_state=on_state) as client_and_heard:
        yield client_and_heard


@asynccontextmanager
async def up(server: AmiServer, **changes: float | str) -> AsyncIterator[tuple[AmiClient, Heard]]:
    """Run a client and wait until its link is up."""
    async with running(server, **changes) as (client, heard):  # type: ignore[arg-type]  # the same
        await heard.until_phase(LinkPhase.UP)
        yield client, heard
