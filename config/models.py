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
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from config.addresses import IpAddress, ListeningPort, WebOrigin, with_port
from config.durations import HOUR, MINUTE, SECOND
from config.pbx import Pbx
from config.section import SecretSource, Section
from config.values import (
    ChoiceName,
    FilePath,
    Key,
    Means,
    Name,
    PasswordHash,
    PhoneName,
    Region,
    ServiceNumber,
    SpokenName,
    Within,
    database_url_fault,
    has_password,
    rule,
    unique,
)
from cti.instants import Duration, seconds
from cti.language import _
from ivr.flow import TRIES_MAX

PHONES_MAX = 8
"""Phones of one agent."""
QUEUES_OF_AGENT_MAX = 100
PROMPTS_IN_ROW_MAX = 20
METRICS_PEERS_MAX = 50
ORIGINS_MAX = 50
WAITING_MAX = 10_000
"""Callers who may wait in one queue; each holds a channel and a session."""

Prompts = Annotated[
    tuple[Name, ...],
    Field(max_length=PROMPTS_IN_ROW_MAX, strict=False),
    Means(_("a list of up to {most} prompts").format(most=PROMPTS_IN_ROW_MAX)),
]
Greeting = Annotated[
    tuple[Name, ...],
    Field(min_length=1, max_length=PROMPTS_IN_ROW_MAX, strict=False),
    Means(_("a list of 1 to {most} prompts").format(most=PROMPTS_IN_ROW_MAX)),
]


class Web(Section):
    """The server for agents' desks."""

    listen: IpAddress = "127.0.0.1"
    port: ListeningPort = 8400
    certificate: FilePath | None = None
    key: FilePath | None = None
    allow_plain_beyond_loopback: Annotated[bool, Means(_("true or false"))] = False
    origins: Annotated[
        tuple[WebOrigin, ...],
        Field(max_length=ORIGINS_MAX, strict=False),
        AfterValidator(unique),
        Means(
            _("a list of up to {most} web origins such as https://desk.example.com").format(
                most=ORIGINS_MAX
            )
        ),
    ] = ()
    metrics_peers: Annotated[
        tuple[IpAddress, ...],
        Field(max_length=METRICS_PEERS_MAX, strict=False),
        AfterValidator(unique),
        Means(_("a list of up to {most} IP addresses").format(most=METRICS_PEERS_MAX)),
    ] = ("127.0.0.1", "::1")

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            raise rule(_("certificate and key belong together: give both, or neither"))
        loopback = ipaddress.ip_address(self.listen).is_loopback
        if self.certificate is None and not loopback and not self.allow_plain_beyond_loopback:
            raise rule(
                _(
                    "passwords would cross the network in plain text on {address}: give "
                    "certificate and key, listen on 127.0.0.1, or, where a proxy speaks TLS, set "
                    "allow_plain_beyond_loopback: true"
                ).format(address=self.listen)
            )
        return self


def _database_url(url: str) -> str:
    """Check a URL that stands in the file itself; one from outside is checked when it is read."""
    wrong = database_url_fault(url)
    if wrong is not None:
        raise rule(wrong)
    if has_password(url):
        raise rule(
            _(
                "a URL with a password does not stand in this file: "
                "write {env: NAME} or {file: PATH}"
            )
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
            _(
                "null (the embedded server), a postgresql:// URL without a password, "
                "{env: NAME} or {file: PATH}"
            ),
            secret=True,
        ),
    ] = None


class Telephony(Section):
    """How numbers are read."""

    country: Region


class Log(Section):
    """What the daemon tells about its work."""

    format: Annotated[Literal["console", "json"], Means(_("console or json"))] = "console"
    level: Annotated[
        Literal["debug", "info", "warning", "error"], Means(_("debug, info, warning or error"))
    ] = "info"


class Watchdog(Section):
    """How long the daemon may be stuck before it ends itself."""

    limit: Annotated[Duration, Within(SECOND, Duration(10 * MINUTE))] = seconds(5)


def _one_pbx(value: dict[str, Pbx]) -> dict[str, Pbx]:
    if len(value) != 1:
        raise rule(_("must hold exactly one PBX for now"))
    return value


class MainFile(Section):
    """`cordboard.yaml`."""

    pbx: Annotated[dict[Name, Pbx], AfterValidator(_one_pbx), Means(_("a mapping of one PBX"))]
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
                    _(
                        "agi and web cannot both listen at {address}: give one of them another port"
                    ).format(address=with_port(self.web.listen, self.web.port))
                )
        return self


class ServiceItem(Section):
    """One number that callers dial."""

    number: ServiceNumber
    name: Name
    flow: Name


class ServicesFile(Section):
    """`services.yaml`."""

    services: Annotated[
        tuple[ServiceItem, ...], Field(strict=False), Means(_("a list of services"))
    ]


class Leads(Section):
    """Where a branch of a menu leads."""

    queue: Name | None = None
    hang_up: Annotated[Literal[True] | None, Means(_("true"))] = None
    prompts: Prompts = ()

    @model_validator(mode="after")
    def _leads_somewhere(self) -> Self:
        if (self.queue is None) == (self.hang_up is None):
            raise rule(_("needs one of the two: queue: NAME or hang_up: true"))
        return self


class ChoiceSection(Leads):
    """What a key leads to, and what the call log calls it."""

    name: ChoiceName


class MenuSection(Section):
    """A menu; `ivr.flow.Menu` tells what each part does."""

    greeting: Greeting
    first_key: Annotated[Duration, Within(SECOND, MINUTE)] = seconds(5)
    tries: Annotated[
        int, Field(ge=1, le=TRIES_MAX), Means(_("1 to {most}").format(most=TRIES_MAX))
    ] = 3
    choices: Annotated[
        dict[Key, ChoiceSection],
        Field(min_length=1),
        Means(_("a mapping of one key at least to its choice")),
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
                    _(
                        "the choices of {first} and {second} are both called {name} "
                        "and lead to different places; give them two names"
                    ).format(first=first_key, second=key, name=choice.name)
                )
        return self


class FlowSection(Section):
    """What callers are led through; one menu for now."""

    menu: MenuSection


class FlowsFile(Section):
    """`flows.yaml`."""

    flows: Annotated[dict[Name, FlowSection], Means(_("a mapping of flows by name"))]


class Overflow(Section):
    """A call that has waited too long goes on to another queue; it keeps its age."""

    # a second at least: calls that circle between queues do so slowly
    after: Annotated[Duration, Within(SECOND, Duration(24 * HOUR))]
    to: Name


class QueueSection(Section):
    """One queue; `acd.policy.QueuePolicy` tells what each part does."""

    ring_time: Annotated[Duration, Within(SECOND, Duration(10 * MINUTE))] = seconds(15)
    wrap_up: Annotated[Duration, Within(Duration(0), HOUR)] = seconds(10)
    misses_max: Annotated[int, Field(ge=0, le=100), Means(_("0 (never) to 100"))] = 3
    waiting_max: Annotated[
        int, Field(ge=1, le=WAITING_MAX), Means(_("1 to {most}").format(most=WAITING_MAX))
    ] = 200
    overflow: Overflow | None = None


class QueuesFile(Section):
    """`queues.yaml`."""

    queues: Annotated[
        dict[Name, QueueSection], Field(min_length=1), Means(_("a mapping of one queue at least"))
    ]


class AgentSection(Section):
    """One agent. Phones may be shared: at a hot desk, whoever logs on there has it."""

    name: SpokenName
    password_hash: PasswordHash
    phones: Annotated[
        tuple[PhoneName, ...],
        Field(min_length=1, max_length=PHONES_MAX, strict=False),
        AfterValidator(unique),
        Means(_("a list of 1 to {most} phones").format(most=PHONES_MAX)),
    ]
    queues: Annotated[
        tuple[Name, ...],
        Field(max_length=QUEUES_OF_AGENT_MAX, strict=False),
        AfterValidator(unique),
        Means(_("a list of up to {most} queues").format(most=QUEUES_OF_AGENT_MAX)),
    ] = ()


class AgentsFile(Section):
    """`agents.yaml`."""

    agents: Annotated[dict[Name, AgentSection], Means(_("a mapping of agents by name"))]
