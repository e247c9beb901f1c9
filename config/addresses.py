"""What a network address, a port or a web origin of the configuration may be."""

import ipaddress
import re
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from config.values import Editors, Means, Textual, rule
from cti.language import _

PORT_MAX = 65_535
_DEFAULT_PORTS = frozenset({"80", "443"})
ORIGIN = r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:([1-9][0-9]{0,4}))?"
# an interface of Linux has at most 15 characters; others would get into dialplan and logs
_ZONE = re.compile(r"[A-Za-z0-9_.-]{1,15}", re.ASCII)
HOST = r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}"
HOST_AND_PORT = re.compile(
    rf"({HOST}|\[(?P<v6>[0-9A-Fa-f:.]{{2,45}})\]):(?P<port>[1-9][0-9]{{0,4}})"
)

TRUNK_BITS_MIN = {4: 8, 6: 16}
"""A trunk's network with fewer bits than these lets a large part of the world in."""
MAPPED_BITS = 96
"""Before the IPv4 address in an IPv6 address such as ::ffff:203.0.113.7."""
_BROADCAST = ipaddress.IPv4Address("255.255.255.255")

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _ip_address(text: str) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    zone = getattr(address, "scope_id", None)
    if address is None or (zone is not None and not _ZONE.fullmatch(zone)):
        raise rule(_("must be an IP address such as 127.0.0.1, 0.0.0.0 or ::1"))
    return str(address)


def _trunk_address(text: str) -> str:
    """Take what a provider calls from, and nothing that would let the whole world in."""
    try:
        network = ipaddress.ip_network(text)
    except ValueError as error:
        if "host bits" in str(error):
            right = ipaddress.ip_network(text, strict=False)
            raise rule(
                _(
                    "is an address within a network; write the network, {network}, or the address"
                ).format(network=right)
            ) from None
        network = None
    if network is None or "%" in text:
        raise rule(_("must be an IP address or a network such as 203.0.113.7 or 203.0.113.8/29"))
    mapped = getattr(network.network_address, "ipv4_mapped", None)
    if mapped is not None and network.prefixlen >= MAPPED_BITS:
        network = ipaddress.ip_network((mapped, network.prefixlen - MAPPED_BITS))
    if network.prefixlen == 0:
        raise rule(_("is everybody's address; name the provider's own"))
    if network.prefixlen < TRUNK_BITS_MIN[network.version]:
        raise rule(
            _(
                "holds a large part of all addresses there are; name the provider's own, "
                "/{bits} at the widest"
            ).format(bits=TRUNK_BITS_MIN[network.version])
        )
    if (
        network.is_multicast
        or network.network_address.is_unspecified
        or network.network_address == _BROADCAST
    ):
        raise rule(_("is nobody's address; name the provider's own"))
    return str(network if "/" in text else network.network_address)


def _host_and_port(text: str) -> str:
    match = HOST_AND_PORT.fullmatch(text)
    if match is not None and int(match["port"]) <= PORT_MAX:
        try:
            ipaddress.IPv6Address(match["v6"] or "::1")
        except ValueError:
            match = None
    else:
        match = None
    if match is None:
        raise rule(
            _(
                "must be a host and a port, such as 192.0.2.10:4573, pbx.example.com:4573 "
                "or [::1]:4573"
            )
        )
    return text


def _origin(text: str) -> str:
    """Take only what a browser can send: it leaves default ports out and writes small letters."""
    match = re.fullmatch(ORIGIN, text)
    if match is None or int(match[3] or 0) > PORT_MAX or match[3] in _DEFAULT_PORTS:
        raise rule(
            _(
                "must be a web origin as browsers send it, such as https://desk.example.com or "
                "http://localhost:8080: small letters, no path, no slash at the end, "
                "no default port"
            )
        )
    return text


def with_port(host: str, port: int) -> str:
    """Return `host:port` as URLs and dialplans have it: an IPv6 address goes into brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


_PORT = "([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = rf"{_OCTET}(\.{_OCTET}){{3}}"
_V6 = r"[0-9A-Fa-f.]*:[0-9A-Fa-f:.]+"
_BITS_V4 = "0*([89]|[12][0-9]|3[0-2])"
_BITS_V6 = "0*(1[6-9]|[2-9][0-9]|1[01][0-9]|12[0-8])"
"""From the fewest bits of a trunk's network (`TRUNK_BITS_MIN`) to those of one address."""
Hostname = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9.:_-]{0,254}$"),
    Textual,
    Editors({"minimum": 0}),
    Means(_("a host name or IP address")),
]
IpAddress = Annotated[
    str,
    AfterValidator(_ip_address),
    Editors({"pattern": rf"^({_V4}|{_V6}(%[A-Za-z0-9_.-]{{1,15}})?)$"}),
    Means(_("an IP address in text")),
]
TrunkAddress = Annotated[
    str,
    AfterValidator(_trunk_address),
    Editors({"pattern": rf"^({_V4}(/({_BITS_V4}|{_V4}))?|{_V6}(/{_BITS_V6})?)$"}),
    Means(
        _("an IP address, or a network of /{v4} (IPv6: /{v6}) at the widest, in text").format(
            v4=TRUNK_BITS_MIN[4], v6=TRUNK_BITS_MIN[6]
        )
    ),
]
HostAndPort = Annotated[
    str,
    AfterValidator(_host_and_port),
    Editors({"pattern": rf"^({HOST}|\[{_V6}\]):{_PORT}$"}),
    Means(_("a host and a port, host:port, in text")),
]
WebOrigin = Annotated[
    str,
    AfterValidator(_origin),
    Editors({"pattern": rf"^{ORIGIN}$", "not": {"pattern": rf":(80|443)$|:(?!{_PORT}$)[0-9]+$"}}),
    Means(_("a web origin in text")),
]
Port = Annotated[int, Field(ge=1, le=PORT_MAX), Means(_("a port: 1 to 65535"))]
ListeningPort = Annotated[
    int, Field(ge=0, le=PORT_MAX), Means(_("a port: 1 to 65535, or 0 for any free one"))
]
