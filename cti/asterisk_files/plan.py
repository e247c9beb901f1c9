"""What the files are made from, checked: nothing in a plan can break out of its place in a file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from cti.asterisk_files.values import (
    DEVICE,
    FOLDER,
    NAME,
    NETWORKS_MAX,
    SECRET,
    SERVICE,
    SOUND,
    USER,
    UnfitValueError,
    daemon_address,
    fit,
    network,
)
from cti.language import _

OUR_MUSIC = "cordboard"
"""The one class of music that is ours to define."""

TRUNK_PREFIX = "cordboard-"
RING_S_MAX = 3_600
COUNT_MAX = 1_000_000

PhoneKind = Literal["desk", "web"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyNet:
    """
    What the dialplan is made from.

    `agi` and `standby_agi` are `host:port` of the daemon (the standby may be empty). While no
    daemon comes, each caller tries about once a second; after `tries_max` quick failures in a row
    `fallback` (a Dial target such as `PJSIP/desk`) is rung for `fallback_ring_s` seconds, at most
    `fallbacks_max` times; then the caller hears `sorry` (a sound of Asterisk's without its ending;
    None for no words) and is hung up with cause 34, so that his own network may go on elsewhere.

    Raises:
        UnfitValueError: a value cannot stand in a dialplan.
    """

    services: tuple[str, ...]
    agi: str
    standby_agi: str = ""
    music: str = OUR_MUSIC
    fallback: str = ""
    fallback_ring_s: int = 20
    fallbacks_max: int = 2
    tries_max: int = 30
    sorry: str | None = None

    def __post_init__(self) -> None:
        for service in self.services:
            fit(_("a service's number"), service, SERVICE)
        daemon_address("agi", self.agi)
        if self.standby_agi:
            daemon_address("agi", self.standby_agi)
        fit("music", self.music, NAME)
        fit("fallback", self.fallback, DEVICE)
        if self.sorry is not None:
            fit("sorry", self.sorry, SOUND)
        count("ring_time", self.fallback_ring_s, 1, RING_S_MAX)
        count("rounds", self.fallbacks_max, 0, COUNT_MAX)
        count("tries", self.tries_max, 0, COUNT_MAX)


@dataclass(frozen=True, slots=True, kw_only=True)
class ManagerUser:
    """
    The daemon's account at AMI, and the addresses that it may come from.

    Raises:
        UnfitValueError: a value cannot stand in manager.conf.
    """

    name: str
    secret: str = field(repr=False)
    peers: tuple[str, ...]

    def __post_init__(self) -> None:
        fit(_("the AMI user's name"), self.name, USER)
        if self.name.lower() == "general":
            refusal = _("the AMI user cannot be called {name}: manager.conf has such a section")
            raise UnfitValueError(refusal.format(name=self.name))
        fit(_("the AMI user's secret"), self.secret, SECRET)
        _networks(_("an address that the daemon comes from"), self.peers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """
    A phone that registers as `name` with `password`.

    Raises:
        UnfitValueError: a value cannot stand in pjsip.conf.
    """

    name: str
    kind: PhoneKind = "desk"
    password: str = field(repr=False)

    def __post_init__(self) -> None:
        fit(_("a phone's name"), self.name, NAME)
        fit(_("the password of phone {name}").format(name=self.name), self.password, SECRET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """
    A provider whose calls come from these addresses.

    Raises:
        UnfitValueError: a value cannot stand in pjsip.conf.
    """

    name: str
    addresses: tuple[str, ...]

    def __post_init__(self) -> None:
        fit(_("a trunk's name"), self.name, NAME)
        _networks(_("an address of trunk {name}").format(name=self.name), self.addresses)

    @property
    def endpoint(self) -> str:
        """What pjsip calls it."""
        return TRUNK_PREFIX + self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesPlan:
    """
    All of it; `folder` is where the files lie on the PBX.

    Raises:
        UnfitValueError: a value cannot stand in a file, or two things have one name.
    """

    net: SafetyNet
    user: ManagerUser
    phones: tuple[Phone, ...]
    trunks: tuple[Trunk, ...]
    folder: str

    def __post_init__(self) -> None:
        fit(_("the folder on the PBX"), self.folder, FOLDER)
        names = [phone.name for phone in self.phones] + [trunk.endpoint for trunk in self.trunks]
        seen: dict[str, str] = {}
        for name in names:
            # Sections of Asterisk's files differ by more than the size of their letters.
            earlier = seen.get(name.lower())
            seen[name.lower()] = name
            if earlier is not None:
                raise UnfitValueError(
                    _("pjsip cannot tell {one} from {other}: give one of them another name").format(
                        one=earlier, other=name
                    )
                )

    @property
    def has_web_phones(self) -> bool:
        """Tell whether one phone lives in a browser."""
        return any(phone.kind == "web" for phone in self.phones)

    @property
    def passwords(self) -> Mapping[str, str]:
        """The phones' passwords by their names."""
        return {phone.name: phone.password for phone in self.phones}


def count(what: str, value: int, least: int, most: int) -> int:
    """Return a number within its limits, or raise UnfitValueError."""
    if not least <= value <= most:
        raise UnfitValueError(
            _("{what} must be {least} to {most}: {value}").format(
                what=what, least=least, most=most, value=value
            )
        )
    return value


def _networks(what: str, values: tuple[str, ...]) -> None:
    if not 0 < len(values) <= NETWORKS_MAX:
        raise UnfitValueError(
            _("{what}: there must be 1 to {most} of them").format(what=what, most=NETWORKS_MAX)
        )
    for value in values:
        network(what, value)
