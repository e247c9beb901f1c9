"""The shape of `cordboard.yaml`, but for what is told about the PBX (`config.pbx`)."""

import ipaddress
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    model_validator,
)
from pydantic.config import JsonDict

from config.addresses import IpAddress, ListeningPort, WebOrigin, with_port
from config.durations import MINUTE, SECOND
from config.hours import TimeZone
from config.pbx import Pbx
from config.section import SecretSource, Section
from config.values import (
    Editors,
    FilePath,
    Means,
    Name,
    Region,
    Within,
    database_url_fault,
    has_password,
    rule,
    unique,
)
from cti.instants import Duration, seconds
from cti.language import _

METRICS_PEERS_MAX = 50
ORIGINS_MAX = 50


def _safe_web() -> JsonDict:
    """Return what editors can know of the two files: both, or neither; beyond loopback both."""
    certificate: JsonDict = {
        "required": ["certificate"],
        "properties": {"certificate": {"not": {"type": "null"}}},
    }
    key: JsonDict = {"required": ["key"], "properties": {"key": {"not": {"type": "null"}}}}
    plain: JsonDict = {
        "required": ["allow_plain_beyond_loopback"],
        "properties": {"allow_plain_beyond_loopback": {"const": True}},
    }
    beyond: JsonDict = {
        "required": ["listen"],
        "properties": {"listen": {"pattern": r"^(::|(?!127\.)[0-9]+\.[0-9.]+)$"}},
    }
    return {
        "allOf": [
            {"if": certificate, "then": key},
            {"if": key, "then": certificate},
            {"if": beyond, "then": {"anyOf": [certificate, plain]}},
        ]
    }


class Web(Section):
    """The server for agents' desks."""

    model_config = ConfigDict(json_schema_extra=_safe_web())

    listen: IpAddress = "127.0.0.1"
    """The address on which desks connect; beyond loopback, certificate and key are needed."""
    port: ListeningPort = 8400
    """The port on which desks connect; 0 takes any free one."""
    certificate: FilePath | None = None
    """A PEM file, relative to the configuration's folder."""
    key: FilePath | None = None
    """The certificate's key, a PEM file without a password."""
    allow_plain_beyond_loopback: Annotated[bool, Means(_("true or false"))] = False
    """true only where a proxy before us speaks TLS."""
    origins: Annotated[
        tuple[WebOrigin, ...],
        Field(max_length=ORIGINS_MAX, strict=False),
        AfterValidator(unique),
        Editors({"uniqueItems": True}),
        Means(
            _("a list of up to {most} web origins such as https://desk.example.com").format(
                most=ORIGINS_MAX
            )
        ),
    ] = ()
    """Web pages of other servers that may connect."""
    metrics_peers: Annotated[
        tuple[IpAddress, ...],
        Field(max_length=METRICS_PEERS_MAX, strict=False),
        AfterValidator(unique),
        Editors({"uniqueItems": True}),
        Means(_("a list of up to {most} IP addresses").format(most=METRICS_PEERS_MAX)),
    ] = ("127.0.0.1", "::1")
    """The addresses that may read /metrics."""

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


_DATABASE_URL = Editors(
    {
        "pattern": "^postgres(ql)?://",
        "not": {"pattern": "^[a-z]+://[^/?#]*:[^/?#]*@|^[^#?]*[?]([^#]*&)?password(=|&|#|$)"},
    }
)


class Database(Section):
    """Postgres: a server of yours, or the embedded one."""

    url: Annotated[
        Annotated[
            Annotated[str, AfterValidator(_database_url), _DATABASE_URL, Tag("text")]
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
    """null: the embedded PostgreSQL; else where your server is."""


class Telephony(Section):
    """How numbers and opening hours are read."""

    country: Region
    """Numbers without a country code are read as numbers of this country; its holidays are PH."""
    time_zone: TimeZone | None = None
    """Whose clock opening hours are read by; null: this machine's."""


class Log(Section):
    """What the daemon tells about its work."""

    format: Annotated[Literal["console", "json"], Means(_("console or json"))] = "console"
    """console, or json for log collectors."""
    level: Annotated[
        Literal["debug", "info", "warning", "error"], Means(_("debug, info, warning or error"))
    ] = "info"
    """The least important messages that are told."""


class Watchdog(Section):
    """How long the daemon may be stuck before it ends itself."""

    limit: Annotated[Duration, Within(SECOND, Duration(10 * MINUTE))] = seconds(5)
    """A daemon that is stuck for longer ends itself, to be started again."""


def _one_pbx(value: dict[str, Pbx]) -> dict[str, Pbx]:
    if len(value) != 1:
        raise rule(_("must hold exactly one PBX for now"))
    return value


class MainFile(Section):
    """`cordboard.yaml`."""

    pbx: Annotated[
        dict[Name, Pbx],
        AfterValidator(_one_pbx),
        Editors({"minProperties": 1, "maxProperties": 1}),
        Means(_("a mapping of one PBX")),
    ]
    """The PBX by its name, as it appears in logs."""
    web: Web = Web()
    """The server for agents' desks."""
    database: Database = Database()
    """Where calls are kept."""
    data: FilePath = "var/lib"
    """The folder of the journal and of the embedded database."""
    telephony: Telephony
    """How numbers are read."""
    log: Log = Log()
    """What the daemon tells about its work."""
    watchdog: Watchdog = Watchdog()
    """How long the daemon may be stuck."""

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
