"""
The shape of every configuration file.

Pydantic checks one value, or one section, at a time; what needs another file or the world outside
(a queue that must exist, a sound file, a secret) is checked by `config.references`,
`config.prompts`, `config.secrets` and `config.certificates`.
"""

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from config.durations import HOUR, MINUTE, SECOND
from config.values import (
    ChoiceName,
    FilePath,
    Hostname,
    IpAddress,
    Key,
    ListeningPort,
    ManagerUser,
    Means,
    MusicClass,
    Name,
    PasswordHash,
    PhoneName,
    Port,
    Region,
    ServiceNumber,
    SpokenName,
    VariableName,
    WebOrigin,
    Within,
    database_url_fault,
    has_password,
    rule,
    unique,
)
from cti.instants import Duration, seconds
from ivr.flow import TRIES_MAX

PHONES_MAX = 8
"""Phones of one agent."""
QUEUES_OF_AGENT_MAX = 100
PROMPTS_IN_ROW_MAX = 20
PEERS_MAX = 50
ORIGINS_MAX = 50
WAITING_MAX = 10_000
"""Callers who may wait in one queue; each holds a channel and a session."""

Prompts = Annotated[
    tuple[Name, ...],
    Field(max_length=PROMPTS_IN_ROW_MAX, strict=False),
    Means(f"a list of up to {PROMPTS_IN_ROW_MAX} prompts"),
]
Greeting = Annotated[
    tuple[Name, ...],
    Field(min_length=1, max_length=PROMPTS_IN_ROW_MAX, strict=False),
    Means(f"a list of 1 to {PROMPTS_IN_ROW_MAX} prompts"),
]


class Section(BaseModel):
    """A mapping of the configuration: its keys are known, and it is never changed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class SecretSource(Section):
    """Where a secret comes from: an environment variable or a file, never the configuration."""

    env: VariableName | None = None
    file: Annotated[FilePath, Means("a file's path", secret=True)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.env is None) == (self.file is None):
            raise rule("needs one of the two: {env: NAME} or {file: PATH}")
        return self


class Ami(Section):
    """Asterisk's manager interface."""

    host: Hostname = "127.0.0.1"
    port: Port = 5038
    username: ManagerUser
    secret: Annotated[
        SecretSource, Means("{env: NAME} or {file: PATH}; secrets do not stand in this file")
    ]


class Agi(Section):
    """Where calls are handed to us: our FastAGI server."""

    listen: IpAddress = "127.0.0.1"
    port: ListeningPort = 4573
    peers: Annotated[
        tuple[IpAddress, ...],
        Field(min_length=1, max_length=PEERS_MAX, strict=False),
        AfterValidator(unique),
        Means(f"a list of 1 to {PEERS_MAX} IP addresses of Asterisk"),
    ] = ("127.0.0.1",)


class Pbx(Section):
    """One Asterisk."""

    ami: Ami
    agi: Agi = Agi()
    music: MusicClass = "default"


class Web(Section):
    """The server for agents' desks."""

    listen: IpAddress = "127.0.0.1"
    port: ListeningPort = 8400
    certificate: FilePath | None = None
    key: FilePath | None = None
    allow_plain_beyond_loopback: Annotated[bool, Means("true or false")] = False
    origins: Annotated[
        tuple[WebOrigin, ...],
        Field(max_length=ORIGINS_MAX, strict=False),
        AfterValidator(unique),
        Means(f"a list of up to {ORIGINS_MAX} web origins such as https://desk.example.com"),
    ] = ()

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise rule("certificate and key belong together: give both, or neither")
        loopback = ipaddress.ip_address(self.listen).is_loopback
        if self.certificate is None and not loopback and not self.allow_plain_beyond_loopback:
            raise rule(
                f"passwords would cross the network in plain text on {self.listen}: give "
                "certificate and key, listen on 127.0.0.1, or, where a proxy speaks TLS, set "
                "allow_plain_beyond_loopback: true"
            )
        return self


def _database_url(url: str) -> str:
    """Check a URL that stands in the file itself; one from outside is checked when it is read."""
    wrong = database_url_fault(url)
    if wrong is not None:
        raise rule(wrong)
    if has_password(url):
        raise rule(
            "a URL with a password does not stand in this file: write {env: NAME} or {file: PATH}"
        )
    return url


class Database(Section):
    """Postgres: a server of yours, or the embedded one."""

    url: Annotated[
        Annotated[
            Annotated[str, AfterValidator(_database_url), Tag("text")]
            | Annotated[SecretSource, Tag("source")],
            Discriminator(lambda value: "source" if isinstance(value, dict) else "text"),
        ]
        | None,
        Means(
            "null (the embedded server), a postgresql:// URL without a password, "
            "{env: NAME} or {file: PATH}",
            secret=True,
        ),
    ] = None


class Telephony(Section):
    """How numbers are read."""

    country: Region


class Log(Section):
    """What the daemon tells about its work."""

    format: Annotated[Literal["console", "json"], Means("console or json")] = "console"
    level: Annotated[
        Literal["debug", "info", "warning", "error"], Means("debug, info, warning or error")
    ] = "info"


class Watchdog(Section):
    """How long the daemon may be stuck before it ends itself."""

    limit: Annotated[Duration, Within(SECOND, Duration(10 * MINUTE))] = seconds(5)


def _one_pbx(value: dict[str, Pbx]) -> dict[str, Pbx]:
    if len(value) != 1:
        raise rule("must hold exactly one PBX for now")
    return value


class MainFile(Section):
    """`cordboard.yaml`."""

    pbx: Annotated[dict[Name, Pbx], AfterValidator(_one_pbx), Means("a mapping of one PBX")]
    web: Web = Web()
    database: Database = Database()
    data: FilePath = "var/lib"
    telephony: Telephony
    log: Log = Log()
    watchdog: Watchdog = Watchdog()

    @model_validator(mode="after")
    def _listens_at_two_ports(self) -> Self:
        for pbx in self.pbx.values():
            if pbx.agi.port and (pbx.agi.listen, pbx.agi.port) == (self.web.listen, self.web.port):
                raise rule(
                    f"agi and web cannot both listen at {self.web.listen}:{self.web.port}: "
                    "give one of them another port"
                )
        return self


class ServiceItem(Section):
    """One number that callers dial."""

    number: ServiceNumber
    name: Name
    flow: Name


class ServicesFile(Section):
    """`services.yaml`."""

    services: Annotated[tuple[ServiceItem, ...], Field(strict=False), Means("a list of services")]


class Leads(Section):
    """Where a branch of a menu leads."""

    queue: Name | None = None
    hang_up: Annotated[Literal[True] | None, Means("true")] = None
    prompts: Prompts = ()

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if (self.queue is None) == (self.hang_up is None):
            raise rule("needs one of the two: queue: NAME or hang_up: true")
        return self


class ChoiceSection(Leads):
    """What a key leads to, and what the call log calls it."""

    name: ChoiceName


class MenuSection(Section):
    """A menu; `ivr.flow.Menu` tells what each part does."""

    greeting: Greeting
    first_key: Annotated[Duration, Within(SECOND, MINUTE)] = seconds(5)
    tries: Annotated[int, Field(ge=1, le=TRIES_MAX), Means(f"1 to {TRIES_MAX}")] = 3
    choices: Annotated[
        dict[Key, ChoiceSection],
        Field(min_length=1),
        Means("a mapping of one key at least to its choice"),
    ]
    wrong_key: Prompts = ()
    no_key: Prompts = ()
    otherwise: Leads

    @model_validator(mode="after")
    def _names_say_where(self) -> Self:
        """Refuse one name for two places: the call log could not tell them apart."""
        by_name: dict[str, tuple[str, Leads]] = {}
        for key, choice in self.choices.items():
            first_key, first = by_name.setdefault(choice.name, (key, choice))
            if (first.queue, first.hang_up) != (choice.queue, choice.hang_up):
                raise rule(
                    f"the choices of {first_key} and {key} are both called {choice.name} "
                    "and lead to different places; give them two names"
                )
        return self


class FlowSection(Section):
    """What callers are led through; one menu for now."""

    menu: MenuSection


class FlowsFile(Section):
    """`flows.yaml`."""

    flows: Annotated[dict[Name, FlowSection], Means("a mapping of flows by name")]


class Overflow(Section):
    """A call that has waited too long goes on to another queue; it keeps its age."""

    # a second at least: calls that circle between queues do so slowly
    after: Annotated[Duration, Within(SECOND, Duration(24 * HOUR))]
    to: Name


class QueueSection(Section):
    """One queue; `acd.policy.QueuePolicy` tells what each part does."""

    ring_time: Annotated[Duration, Within(SECOND, Duration(10 * MINUTE))] = seconds(15)
    wrap_up: Annotated[Duration, Within(Duration(0), HOUR)] = seconds(10)
    misses_max: Annotated[int, Field(ge=0, le=100), Means("0 (never) to 100")] = 3
    waiting_max: Annotated[int, Field(ge=1, le=WAITING_MAX), Means(f"1 to {WAITING_MAX}")] = 200
    overflow: Overflow | None = None


class QueuesFile(Section):
    """`queues.yaml`."""

    queues: Annotated[
        dict[Name, QueueSection], Field(min_length=1), Means("a mapping of one queue at least")
    ]


class AgentSection(Section):
    """One agent. Phones may be shared: at a hot desk, whoever logs on there has it."""

    name: SpokenName
    password_hash: PasswordHash
    phones: Annotated[
        tuple[PhoneName, ...],
        Field(min_length=1, max_length=PHONES_MAX, strict=False),
        AfterValidator(unique),
        Means(f"a list of 1 to {PHONES_MAX} phones"),
    ]
    queues: Annotated[
        tuple[Name, ...],
        Field(max_length=QUEUES_OF_AGENT_MAX, strict=False),
        AfterValidator(unique),
        Means(f"a list of up to {QUEUES_OF_AGENT_MAX} queues"),
    ] = ()


class AgentsFile(Section):
    """`agents.yaml`."""

    agents: Annotated[dict[Name, AgentSection], Means("a mapping of agents by name")]
