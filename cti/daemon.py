"""
The daemon: what was built (`cti.house`) is started, lives, and is ended in order.

Start: the journal is replayed, then callers, agents and the switch are let in; Postgres comes up
beside them. Stop: the callers are given back to the dialplan, which keeps them, and everything
that was decided is on the disk. Being killed at any moment is a stop too, only less tidy. SIGHUP
means to read the configuration and the certificate again; in a terminal, which sends it when it is
closed, it is a stop.
"""

import asyncio
import gc
import importlib.metadata
import os
import signal
from collections.abc import Awaitable, Iterator, Mapping, MutableMapping
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar

import structlog

from agents.errors import CertificateError, PlainBeyondLoopbackError
from config.load import FILES
from config.settings import Configuration
from cti.calls import CallBook
from cti.clock import Clock
from cti.control import Control
from cti.database import Database, open_database
from cti.house import House, build_house
from cti.housekeeping import Housekeeping
from cti.instants import Time, as_seconds
from cti.operations import addresses
from cti.operations.service_manager import ServiceManager
from cti.operations.tally import Past
from cti.recovery import recover
from cti.reload import Reloaded
from cti.switch.switch import Switch
from cti.watchdog import keep_watch
from protocols.ami.link import LinkPhase, LinkState, SwitchProcess
from storage.codec import RecordCodec
from storage.errors import JournalError, UndecodableRecordError
from storage.journal import Journal
from storage.records import journal_codec

JOURNAL_FILE = "journal.sqlite"
LOOK_EVERY_S = 30.0
WATCH_S = 1.0
"""So often `serve --watch` looks whether a file was saved."""

_Stamps = tuple[tuple[int, int] | None, ...]

log = structlog.get_logger(__name__)


class StartError(Exception):
    """The daemon cannot start; the message is for the administrator."""


class Daemon:
    """One daemon for one configuration; `run` is its life."""

    def __init__(
        self,
        configuration: Configuration,
        environment: MutableMapping[str, str] | None = None,
        *,
        in_terminal: bool = False,
        watch: bool = False,
    ) -> None:
        self._configuration = configuration
        self._environment = os.environ if environment is None else environment
        self._watched = _stamps(configuration.folder) if watch else None
        self._manager = ServiceManager({} if environment is None else environment)
        self._in_terminal = in_terminal
        self._reloads: set[asyncio.Task[None]] = set()
        self._pbx_name, self._pbx = next(iter(configuration.pbxs.items()))
        self._stopping = asyncio.Event()
        self._boot: SwitchProcess | None = None
        self._house: House | None = None
        self._database: Database | None = None

    def stop(self) -> None:
        """Ask the daemon to end itself; `run` returns when it has."""
        self._stopping.set()

    def reload(self) -> None:
        """Have the configuration read again and the certificate looked at; calls go on."""
        reloading = asyncio.get_running_loop().create_task(self._reload_unless_stopping())
        self._reloads.add(reloading)
        reloading.add_done_callback(self._reloads.discard)

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
        Live until `stop`, SIGTERM or SIGINT.

        Raises:
            StartError: it could not begin; everything begun is ended again.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stop)
        loop.add_signal_handler(signal.SIGHUP, self.stop if self._in_terminal else self.reload)
        log.info(
            "daemon_starting",
            version=importlib.metadata.version("cordboard"),
            config=str(self._configuration.folder),
            data=str(self._configuration.data),
            pbx=self._pbx_name,
            ami=addresses.joined(self._pbx.ami.host, self._pbx.ami.port),
        )
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
        house = build_house(
            self._configuration,
            journal=journal,
            journal_path=self._configuration.data / JOURNAL_FILE,
            database=database,
            core=core,
            calls=calls,
            clock=clock,
            health=self,
            on_link=self._link_changed,
            environment=self._environment,
        )
        self._house, self._database = house, database
        gc.collect()
        gc.freeze()  # what is here now stays: to search it for circles would stop calls for long
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
        past = _past(journal, calls)
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
                    house.calendar.run(),
                    house.lag.run(),
                    house.tally.run(past),
                )
            ]
            try:
                async with AsyncExitStack() as doors:
                    await self._open(house, doors)
                    log.info("daemon_started")
                    self._manager.ready(self._status())
                    lives.append(tasks.create_task(self._manager.keep_alive()))
                    if self._watched is not None:
                        lives.append(tasks.create_task(self._watch(self._watched)))
                    await self._stopping.wait()
                    log.info("daemon_stopping")
                    self._manager.stopping()
            finally:
                for life in lives:
                    life.cancel()
        house.writer.settle()
        housekeeping.keep_state()

    async def _open(self, house: House, doors: AsyncExitStack) -> None:
        """Let agents and callers in; `doors` closes in reverse."""
        web, agi = self._configuration.web, self._pbx.agi
        control = Control(self._configuration.data, partial(self._reload, house))
        doors.push_async_callback(control.close)
        await control.open()
        doors.push_async_callback(house.web.close)
        port = await _listening(house.web.start(), web.listen, web.port)
        secure = web.certificate is not None
        log.info(
            "web_addresses",
            desks=addresses.url(web.listen, port, "/ws/v1", websocket=True, secure=secure),
            metrics=addresses.url(web.listen, port, "/metrics", secure=secure),
            metrics_peers=list(web.metrics_peers),
        )
        house.sessions.start_leases(house.floor.logged_on())
        # Callers come last: whoever is let in is not dropped again because a port was taken.
        doors.push_async_callback(house.agi.close)
        port = await _listening(house.agi.start(agi.listen, agi.port), agi.listen, agi.port)
        log.info(
            "agi_listening",
            host=agi.listen,
            port=port,
            dialplan_address=agi.address if agi.port else addresses.joined(agi.listen, port),
        )

    def _link_changed(self, switch: Switch, state: LinkState) -> None:
        """When the link comes up, look at what there really is, and whether it is the same PBX."""
        if self._house is not None and not self._stopping.is_set():
            self._manager.status(self._status())
        if state.phase is not LinkPhase.UP:
            return
        other = self._boot is not None and self._boot != state.boot
        self._boot = state.boot
        switch.link_is_up(other_process=other)

    async def _reload_unless_stopping(self) -> None:
        """Reload, for SIGHUP; one that comes before there is anything to reload is passed over."""
        house = self._house
        if house is None or self._stopping.is_set():
            return
        try:
            await self._reload(house)
        except Exception:  # a defect here leaves everything as it was, and costs no call
            log.exception("reload_failed")

    async def _reload(self, house: House) -> Reloaded:
        log.info("reload_begun")
        self._manager.reloading()
        try:
            reloaded = await house.reloader.reload()
            await house.web.look_at_certificate()
        finally:
            if not self._stopping.is_set():
                self._manager.ready(self._status())
        log.info("reload_done")
        return reloaded

    async def _watch(self, before: _Stamps) -> None:
        """Reload whenever one of the files was saved, until cancelled."""
        seen = before
        while True:
            await asyncio.sleep(WATCH_S)
            now = _stamps(self._configuration.folder)
            if now == seen != before:  # what is just being written is left alone for a moment
                before = now
                self.reload()
            seen = now

    def _status(self) -> str:
        """Say in one line how it is, for whoever started us."""
        house, ami = self._house, self._pbx.ami
        asterisk = f"Asterisk {self._pbx_name} at {addresses.joined(ami.host, ami.port)}"
        if house is not None and house.ami.state.phase is LinkPhase.UP:
            return f"takes calls of {asterisk}"
        reason = None if house is None else house.ami.state.reason
        return f"waits for {asterisk}" + ("" if reason is None else f": {reason.value}")


def _stamps(folder: Path) -> _Stamps:
    """Return when each of the files was last written, and how long it is."""

    def stamp(path: Path) -> tuple[int, int] | None:
        try:
            status = path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    return tuple(stamp(folder / name) for name in FILES)


def _past(journal: Journal, calls: CallBook) -> Past | None:
    """Return where the calls that live began, if any does."""
    since = min((call.arrived_at for call in calls.living()), default=None)
    return None if since is None else Past(journal=journal, end=journal.last_position, since=since)


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
