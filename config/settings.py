"""The configuration as the daemon reads it: frozen, complete, free of files and YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from acd.policy import Policy
from config.errors import Problem
from config.opening import OpeningTimes
from config.secrets import Secret
from cti.ids import AgentId, DeviceId, PbxId, QueueName, Skills
from cti.instants import Duration
from ivr.actions import NO_HEAD_START
from ivr.flow import Flow

ECHO_EXTENSION: Final = "*43"
"""What an agent's phone dials to hear itself; the number that FreePBX has for it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """How to reach Asterisk's manager interface."""

    host: str
    port: int
    username: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiSettings:
    """
    Where calls are handed to us (port 0: any free one), and by which addresses.

    `address` is where Asterisk's dialplan reaches us, `host:port`.
    """

    listen: str
    port: int
    peers: tuple[str, ...]
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrunkSettings:
    """A provider whose calls come in, and the addresses and networks that it calls from."""

    name: str
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    """A phone of the PBX: one on a desk, or the web page of an agent."""

    name: str
    kind: Literal["desk", "web"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyNetSettings:
    """
    What happens to callers while no daemon is there.

    After `tries` quick tries, about one a second, the phone `fallback` is rung `rounds` times for
    `ring_time` each; `sorry` is the name of one of Asterisk's sounds, said at the very end. None
    leaves that part out.
    """

    fallback: str | None
    ring_time: Duration
    rounds: int
    tries: int
    sorry: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSettings:
    """
    One Asterisk; `music` is the class of music on hold that waiting callers hear.

    `phones` are all that agents, the list of phones or the safety net name.
    """

    pbx: PbxId
    ami: AmiSettings
    agi: AgiSettings
    music: str
    trunks: Mapping[str, TrunkSettings]
    phones: Mapping[str, PhoneSettings]
    safety_net: SafetyNetSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """
    Where agents' desks connect (port 0: any free one); both TLS files, or neither.

    `metrics_peers` are the addresses that may read the daemon's figures.
    """

    listen: str
    port: int
    certificate: Path | None
    key: Path | None
    allow_plain_beyond_loopback: bool
    origins: tuple[str, ...]
    metrics_peers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """`format` is `console` or `json`; `level` is `debug`, `info`, `warning` or `error`."""

    format: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    A number that callers dial, and the flow that they are led through.

    `priority` is its callers' head start in whatever queue, in time; `skills` are asked for beside
    those of the queue.
    """

    number: str
    name: str
    flow: str
    priority: Duration = NO_HEAD_START
    skills: Skills = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueHours:
    """When a queue is open; `name` is that of named hours, or their text where they have none."""

    name: str
    times: OpeningTimes


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentSettings:
    """An agent; `phones` are the devices he may log on at, by name, his usual one first."""

    agent: AgentId
    name: str
    password_hash: str = field(repr=False)
    phones: Mapping[str, DeviceId]
    queues: tuple[QueueName, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """
    Everything the administrators decided.

    All paths are absolute. `database_url` is None for the embedded server, which lives in `data`
    beside the journal. `country` is the region in which numbers without a country code are read.
    `services` go by number; a queue without `hours` is always open. `warnings` are worth a line in
    the log each.
    """

    folder: Path
    pbxs: Mapping[PbxId, PbxSettings]
    web: WebSettings
    database_url: Secret | None
    data: Path
    country: str
    log: LogSettings
    watchdog_limit: Duration
    policy: Policy
    hours: Mapping[QueueName, QueueHours]
    flows: Mapping[str, Flow]
    services: Mapping[str, Service]
    agents: Mapping[AgentId, AgentSettings]
    prompts_folder: Path
    warnings: tuple[Problem, ...]
