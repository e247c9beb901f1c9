"""
A changed configuration, put in force while calls go on.

It is read and checked beside the loop, in a thread; whatever is wrong with it changes nothing. What
is right is put in force in one step: the core's policy as one fact, and what stands around the core
(who may sign in, where numbers lead, opening hours, figures) with it. What takes a restart stays as
it is and is named.
"""

import asyncio
import gc
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import structlog

from acd.facts import PolicyApplied
from agents.sessions import AgentSessions
from config.errors import ConfigError, Severity
from config.load import load
from config.settings import Configuration, PbxSettings
from cti.calendar import Calendar
from cti.clock import Clock
from cti.directory import Directory
from cti.floor import FloorMirror
from cti.switch.ports import FactInbox
from cti.switch.reception import Service, services_of
from ivr.flow import Flow

POLICY: Final = "queues and agents"
HOURS: Final = "opening hours"
SIGN_IN: Final = "names, passwords and phones"
SERVICES: Final = "services"
FLOWS: Final = "flows"

log = structlog.get_logger(__name__)


class Leading(Protocol):
    """Who leads callers in."""

    def lead(self, services: Mapping[str, Service], flows: Mapping[str, Flow]) -> None:
        """Lead callers in like this from now on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """
    What became of a configuration that was read again.

    `problems`: it cannot be used, and nothing has changed. Else `changed` is in force from now on,
    `restart` are the keys that need the daemon to be started anew, and `asterisk` says whether
    Asterisk's files are to be written anew.
    """

    folder: str
    version: str
    problems: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    asterisk: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around the core and follows the configuration."""

    inbox: FactInbox
    clock: Clock
    mirror: FloorMirror
    directory: Directory
    sessions: AgentSessions
    leading: Leading
    calendar: Calendar
    count: Callable[[Configuration], None]


class Reloader:
    """Holds the configuration in force, and puts the one in its folder in its place."""

    def __init__(
        self, configuration: Configuration, environment: Mapping[str, str], around: Around
    ) -> None:
        self._running = configuration
        self._environment = environment
        self._around = around
        self._one_at_a_time = asyncio.Lock()

    async def reload(self) -> Reloaded:
        """Read the folder's files, put in force what they say, and return what became of it."""
        async with self._one_at_a_time:
            folder = self._running.folder
            try:
                found = await asyncio.to_thread(_read, folder, self._environment)
            except ConfigError as error:
                return self._refused(error)
            return self._put(found)

    def _refused(self, error: ConfigError) -> Reloaded:
        wrong = [one for one in error.problems if one.severity is Severity.ERROR]
        for problem in wrong:
            log.error("configuration_refused", problem=str(problem))
        return Reloaded(
            folder=str(self._running.folder),
            version=self._running.policy.version,
            problems=tuple(str(one) for one in wrong),
        )

    def _put(self, found: Configuration) -> Reloaded:
        """Put in force what can be, in one step: nothing happens between its parts."""
        running, around = self._running, self._around
        changed = tuple(_changed(running, found))
        for warning in found.warnings:
            if warning not in running.warnings:
                log.warning("configuration_doubtful", problem=str(warning))
        self._running = replace(
            running,
            policy=found.policy,
            hours=found.hours,
            flows=found.flows,
            services=found.services,
            agents=found.agents,
            warnings=found.warnings,
        )
        if POLICY in changed:
            around.inbox.post(PolicyApplied(policy=found.policy))
        if POLICY in changed or SIGN_IN in changed:
            around.directory.put(found.agents.values())
            around.mirror.expect(found.agents, around.clock.now())
            around.sessions.look_up_again()
        if SERVICES in changed or FLOWS in changed:
            around.leading.lead(services_of(found), found.flows)
        # After the policy: what it brings anew has heard nothing yet.
        around.calendar.put(found.hours, (queue.name for queue in found.policy.queues))
        around.count(self._running)
        restart = tuple(_needs_restart(running, found))
        asterisk = _asterisk_files(running) != _asterisk_files(found)
        log.info(
            "configuration_reloaded",
            policy=found.policy.version,
            changed=list(changed),
            restart=list(restart),
        )
        return Reloaded(
            folder=str(running.folder),
            version=found.policy.version,
            changed=changed,
            restart=restart,
            asterisk=asterisk,
        )


def _read(folder: Path, environment: Mapping[str, str]) -> Configuration:
    """
    Read a configuration without Python's search for circles, which would stop the loop.

    What was read is not searched later either: among 2,000 agents one search took 240 ms. It goes
    away as everything does that nobody holds any more; there are no circles in it.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        found = load(folder, environment)
        gc.freeze()
        return found
    finally:
        if was:
            gc.enable()


def _changed(running: Configuration, found: Configuration) -> Iterator[str]:
    """Yield what is different of what can be put in force."""
    if found.policy.version != running.policy.version:
        yield POLICY
    if found.hours != running.hours:
        yield HOURS
    if found.agents != running.agents:
        yield SIGN_IN
    if found.services != running.services:
        yield SERVICES
    if found.flows != running.flows:
        yield FLOWS


def _needs_restart(running: Configuration, found: Configuration) -> Iterator[str]:
    """Yield the keys of `cordboard.yaml` that are different and count at the next start."""
    if running.pbxs.keys() != found.pbxs.keys():
        yield "pbx"
    for name in running.pbxs.keys() & found.pbxs.keys():
        before, after = running.pbxs[name], found.pbxs[name]
        # (the address stands in the dialplan only)
        where = replace(after.agi, address=before.agi.address)
        parts = {
            "ami": before.ami != after.ami,
            "agi": before.agi != where,
            "music": before.music != after.music,
        }
        yield from (f"pbx.{name}.{part}" for part, differs in parts.items() if differs)
    keys = {
        "web": running.web != found.web,
        "database.url": running.database_url != found.database_url,
        "data": running.data != found.data,
        "telephony.country": running.country != found.country,
        "log": running.log != found.log,
        "watchdog.limit": running.watchdog_limit != found.watchdog_limit,
    }
    yield from (key for key, differs in keys.items() if differs)


def _asterisk_files(configuration: Configuration) -> list[tuple[object, ...]]:
    """Return what only Asterisk's files are made of."""

    def parts(pbx: PbxSettings) -> tuple[object, ...]:
        return pbx.trunks, pbx.phones, pbx.safety_net, pbx.agi.address

    services = tuple(configuration.services)
    return [(*parts(pbx), services) for pbx in configuration.pbxs.values()]
