"""The configuration as the daemon reads it: frozen, complete, free of files and YAML."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from acd.policy import Policy
from config.errors import Problem
from config.secrets import Secret
from cti.ids import AgentId, DeviceId, PbxId, QueueName
from cti.instants import Duration
from ivr.flow import Flow


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """How to reach Asterisk's manager interface."""

    host: str
    port: int
    username: str
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class AgiSettings:
    """Where calls are handed to us (port 0: any free one), and by which addresses."""

    listen: str
    port: int
    peers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSettings:
    """One Asterisk; `music` is the class of music on hold that waiting callers hear."""

    pbx: PbxId
    ami: AmiSettings
    agi: AgiSettings
    music: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where agents' desks connect (port 0: any free one); both TLS files, or neither."""

    listen: str
    port: int
    certificate: Path | None
    key: Path | None
    allow_plain_beyond_loopback: bool
    origins: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """`format` is `console` or `json`; `level` is `debug`, `info`, `warning` or `error`."""

    format: str
    level: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A number that callers dial, and the flow that they are led through."""

    number: str
    name: str
    flow: str


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
    `services` go by number. `warnings` are worth a line in the log each.
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
    flows: Mapping[str, Flow]
    services: Mapping[str, Service]
    agents: Mapping[AgentId, AgentSettings]
    prompts_folder: Path
    warnings: tuple[Problem, ...]
