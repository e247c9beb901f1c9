"""
The daemon: the only place that builds things, passes them to one another, and ends them in order.

Start: the journal is replayed, then callers, agents and the switch are let in; Postgres comes up
beside them. Stop: the callers are given back to the dialplan, which keeps them, and everything that
was decided is on the disk. Being killed at any moment is a stop too, only less tidy.
"""

import asyncio
import importlib.metadata
import signal
from collections.abc import Awaitable, Iterable, Iterator, Mapping
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import TypeVar

import structlog

from acd.distributor import Distributor
from acd.facts import PolicyApplied
from agents.auth import Authenticator
from agents.errors import CertificateError, PlainBeyondLoopbackError
from agents.ports import AgentEntry
from agents.server import AgentServer
from agents.sessions import AgentSessions
from agents.settings import AttemptSettings, SessionSettings, WebSettings
from config.settings import AgentSettings, Configuration
from cti.calls import CallBook
from cti.clock import Clock
from cti.database import Database, open_database
from cti.floor import FloorMirror
from cti.housekeeping import Housekeeping
from cti.ids import AgentId
from cti.instants import Time, as_seconds
from cti.recovery import recover
from cti.screens import Screens
from cti.switch.conversation import Announcements
from cti.switch.dialplan import WANTED_EVENTS
from cti.switch.reception import Service
from cti.switch.switch import Switch
from cti.watchdog import keep_watch
from cti.writer import Writer
from protocols.agi.server import AgiServer
from protocols.ami.client import AmiClient
from protocols.ami.link import AmiSettings, LinkPhase, LinkState, SwitchProcess
from protocols.ami.messages import AmiEvent
from storage.codec import RecordCodec
from storage.errors import JournalError, UndecodableRecordError
from storage.journal import Journal
from storage.records import journal_codec

JOURNAL_FILE = "journal.sqlite"
LOOK_EVERY_S = 30.0

log = structlog.get_logger(__name__)


class StartError(Exception):
    """The daemon cannot start; the message is for the administrator."""


class Directory:
    """The agents of a configuration, as the agents' package wants them."""

    def __init__(self, agents: Iterable[AgentSettings]) -> None:
        self._entries = {
            settings.agent: AgentEntry(
                agent=settings.agent,
                name=settings.name,
                password_hash=settings.password_hash,
                phones=settings.phones,
                queues=settings.queues,
            )
            for settings in agents
        }

    def entry(self, agent: AgentId) -> AgentEntry | None:
        """Return one agent, or None where there is no such agent."""
        return self._entries.get(agent)

    def entries(self) -> Iterable[AgentEntry]:
        """Return all agents."""
        return self._entries.values()


class ClientInbox:
    """The agents' way to the writer."""

    def __init__(self, writer: Writer) -> None:
        self.post = writer.post_client


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """Everything that was built, each part with what it needs of the others."""

    writer: Writer
    switch: Switch
    screens: Screens
    sessions: AgentSessions
    floor: FloorMirror
    ami: AmiClient
    agi: AgiServer
    web: AgentServer


class Daemon:
    """One daemon for one configuration; `run` is its life."""

    def __init__(self, configuration: Configuration) -> None:
        self._configuration = configuration
        self._pbx_name, self._pbx = next(iter(configuration.pbxs.items()))
        self._stopping = asyncio.Event()
        self._boot: SwitchProcess | None = None
        self._house: House | None = None
        self._database: Database | None = None

    def stop(self) -> None:
        """Ask the daemon to end itself; `run` returns when it has."""
        self._stopping.set()

    def readiness(self) -> Mapping[str, bool]:
        """Return what must be well for calls to be taken, for `/readyz`."""
        house = self._house
        return {
            "journal": house is not None and not house.writer.journal_failing,
            "switch": house is not None and house.ami.state.phase is LinkPhase.UP,
        }

    def beside(self) -> Mapping[str, bool]:
        """Return what calls do not need, for `/readyz`."""
        return {"database": self._database is not None and self._database.up}

    async def run(self) -> None:
        """
        Live until `stop`, SIGTERM, SIGINT or SIGHUP.

        Raises:
            StartError: it could not begin; everything begun is ended again.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, self.stop)
        log.info("daemon_starting", version=importlib.metadata.version("cordboard"))
        try:
            with _journal(self._configuration) as journal:
                codec = journal_codec()
                async with open_database(self._configuration, journal, codec) as database:
                    await self._live(journal, codec, database)
        except BaseExceptionGroup as errors:
            # Not `except*`: some releases of Python 3.11 wrap what is raised there in a new group.
            cannot_start, others = errors.split(StartError)
            if cannot_start is None or others is not None:
                raise
            raise _first(cannot_start) from None
        log.info("daemon_stopped")

    async def _live(self, journal: Journal, codec: RecordCodec, database: Database) -> None:
        try:
            core, calls = recover(journal, codec, self._configuration.policy)
        except (JournalError, UndecodableRecordError) as error:
            raise StartError(f"the journal cannot be replayed: {error}") from error
        clock = Clock(not_before=journal.last_time() or Time(0))
        house = self._build(journal, database, core, calls, clock)
        self._house, self._database = house, database
        housekeeping = Housekeeping(
            journal=journal,
            codec=codec,
            core=core,
            calls=calls,
            clock=clock,
            writer=house.writer,
            needed_from=lambda: database.needed_from,
        )
        housekeeping.keep_state()
        limit_s = as_seconds(self._configuration.watchdog_limit)
        async with asyncio.TaskGroup() as tasks:
            lives = [
                tasks.create_task(life)
                for life in (
                    keep_watch(limit_s),
                    house.writer.run(),
                    house.screens.run(),
                    house.switch.run(),
                    house.ami.run(),
                    house.switch.look_now_and_then(LOOK_EVERY_S),
                    housekeeping.run(),
                )
            ]
            try:
                async with AsyncExitStack() as doors:
                    await self._open(house, doors)
                    log.info("daemon_started")
                    await self._stopping.wait()
                    log.info("daemon_stopping")
            finally:
                for life in lives:
                    life.cancel()
        house.writer.settle()
        housekeeping.keep_state()

    def _build(
        self, journal: Journal, database: Database, core: Distributor, calls: CallBook, clock: Clock
    ) -> House:
        """Wire everything; nothing runs yet, but what the journal told is known to all."""
        configuration, loop = self._configuration, asyncio.get_running_loop()
        writer = Writer(clock=clock, journal=journal, distributor=core, calls=calls)
        mirror = FloorMirror()
        mirror.fill(core, calls, clock.now())
        directory = Directory(configuration.agents.values())
        sessions = AgentSessions(
            directory=directory,
            inbox=ClientInbox(writer),
            floor=mirror,
            clock=clock,
            timers=loop,
            settings=SessionSettings(),
        )
        screens = Screens(sessions=sessions, customers=database, calls=calls, inbox=writer)

        # The link and the adapter need each other: these are called when both are there.
        def tell_switch(event: AmiEvent) -> None:
            switch.on_event(event)

        def tell_state(state: LinkState) -> None:
            self._link_changed(switch, state)

        ami = AmiClient(
            AmiSettings(
                host=self._pbx.ami.host,
                port=self._pbx.ami.port,
                username=self._pbx.ami.username,
                secret=self._pbx.ami.secret.reveal(),
            ),
            wanted=frozenset(WANTED_EVENTS),
            on_event=tell_switch,
            on_state=tell_state,
            now=clock.now,
        )
        switch = Switch(
            self._pbx_name,
            inbox=writer,
            ami=ami,
            floor=mirror,
            parties=writer,
            watch=screens,
            services={
                number: Service(number=number, flow=service.flow)
                for number, service in configuration.services.items()
            },
            flows=configuration.flows,
            announcements=Announcements(
                music=self._pbx.music, prompts=configuration.prompts_folder
            ),
        )
        writer.sinks.extend((mirror, screens, switch))
        writer.watchers.extend((mirror.learn, screens.learn))
        for call in calls.living():
            party = journal.party(call.party)
            number, name = ("", "") if party is None else (party.number, party.name)
            screens.caller_arrived(call.call, call.service, number, name)
        switch.restore(calls.living())
        writer.on_overfull = ami.drop
        if core.picture(clock.now()).policy_version != configuration.policy.version:
            writer.post(PolicyApplied(policy=configuration.policy))
            writer.settle()
            mirror.fill(core, calls, clock.now())  # agents who are new have not been shown yet
        return House(
            writer=writer,
            switch=switch,
            screens=screens,
            sessions=sessions,
            floor=mirror,
            ami=ami,
            agi=AgiServer(switch.serve, allowed_peers=self._pbx.agi.peers),
            web=self._web(sessions, directory),
        )

    def _web(self, sessions: AgentSessions, directory: Directory) -> AgentServer:
        web, timers = self._configuration.web, asyncio.get_running_loop()
        return AgentServer(
            settings=WebSettings(
                listen=web.listen,
                port=web.port,
                certificate=web.certificate,
                key=web.key,
                allow_plain_beyond_loopback=web.allow_plain_beyond_loopback,
                origins=frozenset(web.origins),
            ),
            sessions=sessions,
            authenticator=Authenticator(directory, AttemptSettings(), timers=timers),
            health=self,
            timers=timers,
        )

    async def _open(self, house: House, doors: AsyncExitStack) -> None:
        """Let agents and callers in; `doors` closes in reverse."""
        web, agi = self._configuration.web, self._pbx.agi
        doors.push_async_callback(house.web.close)
        await _listening(house.web.start(), web.listen, web.port)
        house.sessions.start_leases(house.floor.logged_on())
        # Callers come last: whoever is let in is not dropped again because a port was taken.
        doors.push_async_callback(house.agi.close)
        port = await _listening(house.agi.start(agi.listen, agi.port), agi.listen, agi.port)
        log.info("agi_listening", host=agi.listen, port=port)

    def _link_changed(self, switch: Switch, state: LinkState) -> None:
        """When the link comes up, look at what there really is, and whether it is the same PBX."""
        if state.phase is not LinkPhase.UP:
            return
        other = self._boot is not None and self._boot != state.boot
        self._boot = state.boot
        switch.link_is_up(other_process=other)


def _first(errors: BaseExceptionGroup[StartError]) -> StartError:
    """Return one error of a group, however deep it stands: each says enough."""
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return StartError(str(error))


T = TypeVar("T")


async def _listening(start: Awaitable[T], host: str, port: int) -> T:
    try:
        return await start
    except (OSError, PlainBeyondLoopbackError, CertificateError) as error:
        raise StartError(f"cannot listen on {host}:{port}: {error}") from error


@contextmanager
def _journal(configuration: Configuration) -> Iterator[Journal]:
    """Open the journal, and close it last of all."""
    folder = configuration.data
    try:
        # What is in it is private by itself; the embedded Postgres of root is another account.
        folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        journal = Journal.open(
            folder / JOURNAL_FILE,
            journal_codec(),
            core_version=importlib.metadata.version("cordboard"),
        )
    except (OSError, JournalError) as error:
        raise StartError(f"the journal in {folder} cannot be used: {error}") from error
    with journal:
        yield journal
