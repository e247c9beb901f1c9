"""Builds the frozen settings from checked files; nothing can be wrong any more here."""

import hashlib
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from operator import attrgetter
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo

from acd.call_backs import CALL_BACK
from acd.misses import MissCause, MissRule
from acd.policy import AgentPolicy, OverflowRule, Policy, QueuePolicy, Step, Strategy
from acd.ways import Cause, ChainRule, JoinRule, KeyRule, LeaveRule
from config.addresses import with_port
from config.announce import announce_policy
from config.call_back import call_back_policy
from config.errors import Problem
from config.hours import HoursSection, machine_zone
from config.main_file import MainFile, Telephony, Web
from config.models import (
    AgentSection,
    AgentsFile,
    FlowSection,
    FlowsFile,
    Leads,
    QueueSection,
    QueuesFile,
    ServicesFile,
)
from config.nodes import KeyPath
from config.opening import OpeningTimes
from config.pbx import Agi, Pbx
from config.prompts import PROMPTS_FOLDER
from config.secrets import Secret
from config.section import SecretSource
from config.settings import (
    AgentSettings,
    AgiSettings,
    AmiSettings,
    Configuration,
    LogSettings,
    PbxSettings,
    PhoneSettings,
    QueueHours,
    SafetyNetSettings,
    Service,
    TrunkSettings,
    WebSettings,
)
from config.ways import CAUSES, ChainSection, Overflow
from cti.ids import AgentId, DeviceId, PbxId, QueueName, SkillName, Skills
from ivr.flow import Choice, Destination, Flow, Menu, ToHangUp, ToQueue

VERSION_DIGITS = 12
IPV4 = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedFiles:
    """All five files, each right by itself and with the others."""

    main: MainFile
    services: ServicesFile
    flows: FlowsFile
    queues: QueuesFile
    agents: AgentsFile


def configuration(
    files: CheckedFiles,
    *,
    folder: Path,
    secrets: Mapping[KeyPath, Secret],
    warnings: tuple[Problem, ...],
) -> Configuration:
    """Return the configuration that the files describe; `folder` is absolute."""
    main = files.main
    (pbx_name,) = main.pbx
    pbx = PbxId(pbx_name)
    return Configuration(
        folder=folder,
        pbxs=MappingProxyType({pbx: _pbx(pbx, main.pbx[pbx_name], secrets, files.agents)}),
        web=_web(main.web, folder),
        database_url=_database_url(main, secrets),
        data=folder / main.data,
        country=main.telephony.country,
        log=LogSettings(format=main.log.format, level=main.log.level),
        watchdog_limit=main.watchdog.limit,
        policy=policy(files.queues, files.agents),
        hours=MappingProxyType(hours_of(files.queues, main.telephony)),
        flows=MappingProxyType(
            {name: _flow(name, section) for name, section in files.flows.flows.items()}
        ),
        services=MappingProxyType(
            {
                item.number: Service(
                    number=item.number,
                    name=item.name,
                    flow=item.flow,
                    priority=item.priority,
                    skills=_skills(item.skills),
                )
                for item in files.services.services
            }
        ),
        agents=MappingProxyType(
            {
                AgentId(name): _agent(AgentId(name), section, pbx)
                for name, section in files.agents.agents.items()
            }
        ),
        prompts_folder=folder / PROMPTS_FOLDER,
        warnings=warnings,
    )


def _pbx(
    pbx: PbxId, section: Pbx, secrets: Mapping[KeyPath, Secret], agents: AgentsFile
) -> PbxSettings:
    net = section.safety_net
    return PbxSettings(
        pbx=pbx,
        ami=AmiSettings(
            host=section.ami.host,
            port=section.ami.port,
            username=section.ami.username,
            secret=secrets["pbx", pbx, "ami", "secret"],
        ),
        agi=AgiSettings(
            listen=section.agi.listen,
            port=section.agi.port,
            peers=section.agi.peers,
            address=section.agi.address or _reached_at(section.agi),
        ),
        music=section.music,
        trunks=MappingProxyType(
            {
                name: TrunkSettings(name=name, addresses=trunk.addresses)
                for name, trunk in section.trunks.items()
            }
        ),
        phones=MappingProxyType(_phones(section, agents)),
        safety_net=SafetyNetSettings(
            fallback=net.fallback,
            ring_time=net.ring_time,
            rounds=net.rounds,
            tries=net.tries,
            sorry=net.sorry,
        ),
    )


def _reached_at(agi: Agi) -> str:
    """Return where the dialplan finds us: an address that means all of them means this machine."""
    address = ipaddress.ip_address(agi.listen)
    if address.is_unspecified:
        return with_port("127.0.0.1" if address.version == IPV4 else "::1", agi.port)
    return with_port(agi.listen, agi.port)


def _phones(section: Pbx, agents: AgentsFile) -> dict[str, PhoneSettings]:
    """Return all phones by name: those listed first, then those that only agents name."""
    listed = {
        name: PhoneSettings(name=name, kind=phone.kind) for name, phone in section.phones.items()
    }
    named = (phone for agent in agents.agents.values() for phone in agent.phones)
    return listed | {
        phone: PhoneSettings(name=phone, kind="desk") for phone in named if phone not in listed
    }


def _web(section: Web, folder: Path) -> WebSettings:
    return WebSettings(
        listen=section.listen,
        port=section.port,
        certificate=None if section.certificate is None else folder / section.certificate,
        key=None if section.key is None else folder / section.key,
        allow_plain_beyond_loopback=section.allow_plain_beyond_loopback,
        origins=section.origins,
        metrics_peers=section.metrics_peers,
    )


def _database_url(main: MainFile, secrets: Mapping[KeyPath, Secret]) -> Secret | None:
    url = main.database.url
    if isinstance(url, SecretSource):
        return secrets["database", "url"]
    return None if url is None else Secret(url)


def hours_of(queues: QueuesFile, telephony: Telephony) -> dict[QueueName, QueueHours]:
    """Return the opening hours of each queue that has any; what many have is read once."""
    zone = ZoneInfo(telephony.time_zone) if telephony.time_zone else machine_zone()
    read: dict[str, QueueHours] = {}
    found = {}
    for queue, section in queues.queues.items():
        if section.hours is None:
            continue
        if section.hours not in read:
            named = queues.hours.get(section.hours, section.hours)
            text = named if isinstance(named, str) else named.open
            told = named if isinstance(named, HoursSection) else HoursSection(open=text)
            times = OpeningTimes(
                text,
                zone=ZoneInfo(told.time_zone) if told.time_zone else zone,
                country=told.country or telephony.country,
                special_days=told.special_days,
            )
            read[section.hours] = QueueHours(name=section.hours, times=times)
        found[QueueName(queue)] = read[section.hours]
    return found


def policy(queues: QueuesFile, agents: AgentsFile) -> Policy:
    """Return the core's policy; the same content has the same version on every machine."""
    queue_policies = tuple(_queue(name, section) for name, section in queues.queues.items())
    agent_policies = tuple(
        _agent_policy(AgentId(name), section) for name, section in agents.agents.items()
    )
    content = [[asdict(queue) for queue in queue_policies], [asdict(one) for one in agent_policies]]
    digest = hashlib.sha256(
        json.dumps(content, sort_keys=True, default=attrgetter("value")).encode()
    ).hexdigest()
    return Policy(version=digest[:VERSION_DIGITS], queues=queue_policies, agents=agent_policies)


def _queue(name: str, section: QueueSection) -> QueuePolicy:
    overflow = section.overflow
    chain = () if overflow is None or isinstance(overflow, Overflow) else overflow
    return QueuePolicy(
        name=QueueName(name),
        ring_time=section.ring_time,
        wrap_up=section.wrap_up,
        wrap_up_max=section.wrap_up_max,
        misses_max=section.unanswered_max,
        misses=_misses(section),
        waiting_max=section.waiting_max,
        overflow=OverflowRule(wait=overflow.after, to=QueueName(overflow.to))
        if isinstance(overflow, Overflow)
        else None,
        chain=tuple(_chain_rule(one) for one in chain),
        join=tuple(
            JoinRule(cause=Cause(cause), target=sent.target)
            for cause in CAUSES
            if (sent := getattr(section.join, cause)) is not None
        ),
        leave=tuple(
            LeaveRule(cause=Cause(cause), target=sent.target, after=sent.after)
            for cause in CAUSES
            if (sent := getattr(section.leave, cause)) is not None
        ),
        strategy=Strategy(section.strategy),
        window=section.window,
        order=tuple(AgentId(name) for name in section.order),
        weights=tuple((AgentId(name), weight) for name, weight in section.weights.items()),
        seed=section.seed,
        ring_next_after=section.ring_next_after,
        regain=section.regain,
        skills=_skills(section.skills),
        rings=tuple((AgentId(name), ring) for name, ring in section.rings.items()),
        steps=tuple(
            Step(
                after=one.after,
                skills=_skills(one.skills),
                any_skills=one.any_skills,
                ring=one.ring or 0,
                agents=tuple(AgentId(name) for name in one.agents),
            )
            for one in section.steps
        ),
        weight=section.weight,
        announce=announce_policy(section.announce),
        keys=tuple(KeyRule(key=key, target=sent.target) for key, sent in section.keys.items()),
        keys_while_ringing=section.keys_while_ringing,
        call_back=CALL_BACK if section.call_back is None else call_back_policy(section.call_back),
    )


def _skills(levels: Mapping[str, int]) -> Skills:
    return tuple(sorted((SkillName(name), level) for name, level in levels.items()))


def _misses(section: QueueSection) -> tuple[MissRule, ...]:
    """Return the rules for the causes of which a queue says something."""
    misses = section.misses
    rules = {
        MissCause.NO_ANSWER: (section.unanswered_max, misses.no_answer.delay),
        MissCause.REJECTED: (misses.rejected.limit, misses.rejected.delay),
        MissCause.BUSY: (misses.busy.limit, misses.busy.delay),
        MissCause.UNREACHABLE: (misses.unreachable.limit, misses.unreachable.delay),
    }
    return tuple(
        MissRule(cause=cause, limit=limit, delay=delay)
        for cause, (limit, delay) in rules.items()
        if cause.value in misses.model_fields_set
    )


def _chain_rule(section: ChainSection) -> ChainRule:
    return ChainRule(
        target=section.target,
        wait=section.wait,
        waiting=section.waiting,
        calls_per_agent=section.calls_per_agent_parts,
        estimated_wait=section.estimated_wait,
    )


def _agent_policy(agent: AgentId, section: AgentSection) -> AgentPolicy:
    own = section.wrap_up
    by_queue = own if isinstance(own, dict) else {}
    return AgentPolicy(
        agent=agent,
        queues=tuple(QueueName(queue) for queue in section.queues),
        wrap_up=None if isinstance(own, dict) else own,
        wrap_ups=tuple((QueueName(queue), lasts) for queue, lasts in by_queue.items()),
        skills=_skills(section.skills),
    )


def _agent(agent: AgentId, section: AgentSection, pbx: PbxId) -> AgentSettings:
    return AgentSettings(
        agent=agent,
        name=section.name,
        password_hash=section.password_hash,
        phones=MappingProxyType(
            {phone: DeviceId(pbx=pbx, name=f"PJSIP/{phone}") for phone in section.phones}
        ),
        queues=tuple(QueueName(queue) for queue in section.queues),
    )


def _flow(name: str, section: FlowSection) -> Flow:
    menu = section.menu
    choices = tuple(
        Choice(key=key, name=choice.name, to=_destination(choice))
        for key, choice in menu.choices.items()
    )
    step = Menu(
        name="menu",
        greeting=menu.greeting,
        first_key=menu.first_key,
        tries=menu.tries,
        choices=choices,
        otherwise=_destination(menu.otherwise),
        wrong_key=menu.wrong_key,
        no_key=menu.no_key,
    )
    return Flow(name=name, steps=(step,))


def _destination(leads: Leads) -> Destination:
    if leads.queue is None:
        return ToHangUp(prompts=leads.prompts)
    return ToQueue(
        queue=QueueName(leads.queue),
        prompts=leads.prompts,
        priority=leads.priority,
        skills=_skills(leads.skills),
    )
