"""
Everything that a daemon is made of, wired: each part gets what it needs of the others.

Nothing runs when it is built; the daemon gives the parts their life, and ends them.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from acd.distributor import Distributor
from acd.facts import PolicyApplied
from agents.auth import Authenticator
from agents.ports import Health
from agents.server import AgentServer
from agents.sessions import AgentSessions
from agents.settings import AttemptSettings, SessionSettings, WebSettings
from config.settings import Configuration
from cti.calendar import Calendar
from cti.calls import CallBook
from cti.clock import Clock, wall_clock
from cti.database import Database
from cti.directory import ClientInbox, Directory
from cti.floor import FloorMirror
from cti.operations.defects import Defects
from cti.operations.loop_lag import LoopLag
from cti.operations.metrics import Metrics
from cti.operations.sources import Parts, know, new_tally, sources
from cti.operations.tally import Tally
from cti.reload import Around, Reloader
from cti.screens import Screens
from cti.switch.conversation import Announcements
from cti.switch.dialplan import WANTED_EVENTS
from cti.switch.reception import services_of
from cti.switch.switch import Switch
from cti.writer import Writer
from protocols.agi.server import AgiServer
from protocols.ami.client import AmiClient
from protocols.ami.link import AmiSettings, LinkState
from protocols.ami.messages import AmiEvent
from storage.journal import Journal


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
    tally: Tally
    lag: LoopLag
    calendar: Calendar
    reloader: Reloader


def build_house(
    configuration: Configuration,
    *,
    journal: Journal,
    journal_path: Path,
    database: Database,
    core: Distributor,
    calls: CallBook,
    clock: Clock,
    health: Health,
    on_link: Callable[[Switch, LinkState], None],
    environment: Mapping[str, str],
) -> House:
    """Wire everything; nothing runs yet, but what the journal told is known to all."""
    loop = asyncio.get_running_loop()
    pbx_name, pbx = next(iter(configuration.pbxs.items()))
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
        on_link(switch, state)

    ami = AmiClient(
        AmiSettings(
            host=pbx.ami.host,
            port=pbx.ami.port,
            username=pbx.ami.username,
            secret=pbx.ami.secret.reveal(),
        ),
        wanted=frozenset(WANTED_EVENTS),
        on_event=tell_switch,
        on_state=tell_state,
        now=clock.now,
    )
    switch = Switch(
        pbx_name,
        inbox=writer,
        ami=ami,
        floor=mirror,
        parties=writer,
        watch=screens,
        services=services_of(configuration),
        flows=configuration.flows,
        announcements=Announcements(music=pbx.music, prompts=configuration.prompts_folder),
    )
    defects = Defects()
    writer.sinks.extend((mirror, screens, switch, defects))
    tally = new_tally(configuration)
    writer.watchers.extend((mirror.learn, screens.learn, tally.learn))
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
    calendar = Calendar(writer, wall=wall_clock)
    calendar.recall(core.picture(clock.now()))
    calendar.put(configuration.hours, (queue.name for queue in configuration.policy.queues))
    writer.settle()
    agi = AgiServer(switch.serve, allowed_peers=pbx.agi.peers)
    metrics, lag = Metrics(), LoopLag()
    metrics.sources.append(defects)
    web = _web(configuration, sessions, directory, health, metrics)
    metrics.sources.extend(
        sources(
            Parts(
                configuration=configuration,
                core=core,
                calls=calls,
                clock=clock,
                writer=writer,
                journal=journal,
                journal_path=journal_path,
                database=database,
                ami=ami,
                agi=agi,
                switch=switch,
                web=web,
                tally=tally,
                lag=lag,
            )
        )
    )
    return House(
        writer=writer,
        switch=switch,
        screens=screens,
        sessions=sessions,
        floor=mirror,
        ami=ami,
        agi=agi,
        web=web,
        tally=tally,
        lag=lag,
        calendar=calendar,
        reloader=Reloader(
            configuration,
            environment,
            Around(
                inbox=writer,
                clock=clock,
                mirror=mirror,
                directory=directory,
                sessions=sessions,
                leading=switch,
                calendar=calendar,
                count=lambda found: know(metrics.sources, tally, found),
            ),
        ),
    )


def _web(
    configuration: Configuration,
    sessions: AgentSessions,
    directory: Directory,
    health: Health,
    metrics: Metrics,
) -> AgentServer:
    web, timers = configuration.web, asyncio.get_running_loop()
    return AgentServer(
        settings=WebSettings(
            listen=web.listen,
            port=web.port,
            certificate=web.certificate,
            key=web.key,
            allow_plain_beyond_loopback=web.allow_plain_beyond_loopback,
            origins=frozenset(web.origins),
            metrics_peers=frozenset(web.metrics_peers),
        ),
        sessions=sessions,
        authenticator=Authenticator(directory, AttemptSettings(), timers=timers),
        health=health,
        timers=timers,
        figures=metrics,
    )
