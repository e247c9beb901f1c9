"""Where a connection leads: to this machine or over the network, and whether it is encrypted."""

import ipaddress
from urllib.parse import parse_qsl, urlsplit

from cti.language import _

ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
"""Values of Postgres' sslmode that do not fall back to plain text."""


def is_loopback(host: str) -> bool:
    """Return whether this is a name or an address of the machine itself."""
    if is_ip(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def is_open(url: str) -> bool:
    """Return whether a database's URL leads over the network without insisting on encryption."""
    parts = urlsplit(url)
    parameters = dict(parse_qsl(parts.query))
    hosts = [host.rpartition(":")[0] or host for host in parts.netloc.rpartition("@")[2].split(",")]
    if "host" in parameters:
        hosts = parameters["host"].split(",")
    remote = [
        host
        for host in hosts
        if host and not host.startswith("/") and not is_loopback(host.strip("[]"))
    ]
    return bool(remote) and parameters.get("sslmode") not in ENCRYPTED


def open_database() -> str:
    """Return what is said about such a URL; it does not repeat it."""
    return _(
        "the database is reached over the network and may answer unencrypted: "
        "add ?sslmode=verify-full, or require"
    )


def is_ip(host: str) -> bool:
    """Return whether this is an IP address and no name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
