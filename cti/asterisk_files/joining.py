"""From the configuration, and the passwords that phones have already, to a plan of the files."""

import ipaddress
import re
import secrets
from collections.abc import Mapping

from config.settings import Configuration, PbxSettings
from cti.asterisk_files.plan import FilesPlan, ManagerUser, Phone, SafetyNet, Trunk
from cti.asterisk_files.values import NAME, UnfitValueError
from cti.instants import as_seconds
from cti.language import _

PASSWORD_LENGTH = 20
_TYPED_WELL = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Without those that are taken for one another where a password is typed in at a desk phone."""

_LOOPBACK = ("127.0.0.1", "::1")
_SECTION = re.compile(r"\[([^\]]+)\]")


def files_plan(
    configuration: Configuration, passwords: Mapping[str, str], folder: str
) -> FilesPlan:
    """
    Return the plan for the configuration's PBX.

    `passwords` are those of earlier; a phone that has none gets one. `folder` is where the files
    are to lie on the PBX.

    Raises:
        UnfitValueError: something cannot stand in Asterisk's files.
    """
    (pbx,) = configuration.pbxs.values()
    net = pbx.safety_net
    return FilesPlan(
        net=SafetyNet(
            services=tuple(configuration.services),
            agi=pbx.agi.address,
            music=pbx.music,
            fallback="" if net.fallback is None else f"PJSIP/{net.fallback}",
            fallback_ring_s=max(1, round(as_seconds(net.ring_time))),
            fallbacks_max=net.rounds,
            tries_max=net.tries,
            sorry=net.sorry,
        ),
        user=ManagerUser(
            name=pbx.ami.username, secret=pbx.ami.secret.reveal(), peers=manager_peers(pbx)
        ),
        phones=tuple(
            Phone(
                name=phone.name,
                kind=phone.kind,
                password=passwords.get(phone.name) or new_password(),
            )
            for phone in pbx.phones.values()
        ),
        trunks=tuple(
            Trunk(name=trunk.name, addresses=trunk.addresses) for trunk in pbx.trunks.values()
        ),
        folder=folder,
    )


def manager_peers(pbx: PbxSettings) -> tuple[str, ...]:
    """
    Return the addresses from which the daemon comes to AMI.

    They are not configured: on one machine it is loopback, and otherwise the address at which
    Asterisk reaches the daemon.

    Raises:
        UnfitValueError: the configuration tells of no such address.
    """
    if _is_loopback(pbx.ami.host):
        return _LOOPBACK
    host = pbx.agi.address.rpartition(":")[0].strip("[]")
    if _is_loopback(host) or not _is_address(host):
        raise UnfitValueError(
            _(
                "Asterisk is at {pbx}, and how it reaches the daemon is not known: write the "
                "daemon's IP address and port, such as 192.0.2.10:4573, as `address` under `agi` "
                "in cordboard.yaml"
            ).format(pbx=pbx.ami.host)
        )
    return (host,)


def new_password() -> str:
    """Return a password that nobody can guess and everybody can type."""
    return "".join(secrets.choice(_TYPED_WELL) for _letter in range(PASSWORD_LENGTH))


def phone_passwords(text: str) -> dict[str, str]:
    """Return the passwords by phone that stand in an earlier `cordboard-pjsip.conf`."""
    passwords = {}
    section: str | None = None
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if found := _SECTION.match(line):
            section = found[1] if NAME.fullmatch(found[1]) else None
        elif section is not None and equals and key.strip() == "password":
            passwords[section] = value.strip()
    return passwords


def _is_loopback(host: str) -> bool:
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host
