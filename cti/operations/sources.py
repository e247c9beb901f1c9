"""Which parts of the daemon the figures come from."""

import importlib.metadata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from acd.distributor import Distributor
from agents.server import AgentServer
from config.settings import Configuration
from cti.calls import CallBook
from cti.clock import Clock
from cti.database import Database
from cti.instants import as_seconds
from cti.operations.floor_figures import FloorFigures
from cti.operations.loop_lag import LoopLag
from cti.operations.metrics import Source
from cti.operations.part_figures import DaemonFigures, JournalFigures, PbxFigures, WebFigures
from cti.operations.tally import Tally
from cti.switch.switch import Switch
from cti.writer import Writer
from protocols.agi.server import AgiServer
from protocols.ami.client import AmiClient
from storage.journal import Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Every part of a daemon that has something to tell."""

    configuration: Configuration
    core: Distributor
    calls: CallBook
    clock: Clock
    writer: Writer
    journal: Journal
    journal_path: Path
    database: Database
    ami: AmiClient
    agi: AgiServer
    switch: Switch
    web: AgentServer
    tally: Tally
    lag: LoopLag


def new_tally(configuration: Configuration) -> Tally:
    """Return a tally that counts what is configured."""
    return Tally(
        services=configuration.services.keys(),
        queues=[queue.name for queue in configuration.policy.queues],
    )


def know(sources: Iterable[Source], tally: Tally, configuration: Configuration) -> None:
    """Have the figures tell of what this configuration names from now on."""
    services = {number: service.name for number, service in configuration.services.items()}
    queues = [queue.name for queue in configuration.policy.queues]
    tally.know(services=services, queues=queues)
    for source in sources:
        if isinstance(source, DaemonFigures):
            source.policy_version = configuration.policy.version
        elif isinstance(source, FloorFigures):
            source.services, source.queues = services, queues


def sources(parts: Parts) -> Iterator[Source]:
    """Give who writes which figures."""
    configuration = parts.configuration
    yield DaemonFigures(
        version=importlib.metadata.version("cordboard"),
        policy_version=configuration.policy.version,
        lag=parts.lag,
        watchdog_limit_s=as_seconds(configuration.watchdog_limit),
    )
    yield FloorFigures(
        services={number: service.name for number, service in configuration.services.items()},
        queues=[queue.name for queue in configuration.policy.queues],
        tally=parts.tally,
        picture=lambda: parts.core.picture(parts.clock.now()),
        living=parts.calls.living,
    )
    yield JournalFigures(
        journal=parts.journal,
        path=parts.journal_path,
        writer=parts.writer,
        database=parts.database,
        now=parts.clock.now,
    )
    for pbx in configuration.pbxs:
        yield PbxFigures(pbx=pbx, ami=parts.ami, agi=parts.agi, switch=parts.switch)
    yield WebFigures(state=lambda: parts.web.state)
