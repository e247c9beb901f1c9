"""
The section `pbx` of `cordboard.yaml`: how Asterisk is reached, and what its own settings need.

Trunks, phones and the safety net are not the daemon's: `cordboard asterisk-config` writes
Asterisk's files from them.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.addresses import (
    HostAndPort,
    Hostname,
    IpAddress,
    ListeningPort,
    Port,
    TrunkAddress,
)
from config.durations import MINUTE, SECOND
from config.section import SecretSource, Section
from config.values import (
    Editors,
    ManagerUser,
    Means,
    MusicClass,
    PhoneName,
    SoundName,
    TrunkName,
    Within,
    unique,
)
from cti.instants import Duration, seconds
from cti.language import _

PEERS_MAX = 50
TRUNKS_MAX = 100
TRUNK_ADDRESSES_MAX = 100
PHONES_LISTED_MAX = 10_000
"""Phones with settings of their own: twice as many as there may be agents."""
ROUNDS_MAX = 100
SAFETY_TRIES_MAX = 600
"""About ten minutes, in which a caller hears music and nobody is rung."""


class Ami(Section):
    """Asterisk's manager interface."""

    host: Hostname = "127.0.0.1"
    """Asterisk's host name or address."""
    port: Port = 5038
    """The manager interface's port (manager.conf)."""
    username: ManagerUser
    """The user of manager.conf."""
    secret: Annotated[
        SecretSource, Means(_("{env: NAME} or {file: PATH}; secrets do not stand in this file"))
    ]
    """Where the user's secret is."""


class Agi(Section):
    """Where calls are handed to us: our FastAGI server."""

    listen: IpAddress = "127.0.0.1"
    """The address on which calls are taken; 0.0.0.0 for all."""
    port: ListeningPort = 4573
    """The port on which calls are taken; 0 takes any free one."""
    peers: Annotated[
        tuple[IpAddress, ...],
        Field(min_length=1, max_length=PEERS_MAX, strict=False),
        AfterValidator(unique),
        Editors({"uniqueItems": True}),
        Means(_("a list of 1 to {most} IP addresses of Asterisk").format(most=PEERS_MAX)),
    ] = ("127.0.0.1",)
    """Asterisk's addresses; nobody else is let in."""
    address: HostAndPort | None = None
    """host:port at which Asterisk reaches us, where it is not listen and port."""


class Trunk(Section):
    """A provider whose calls come in; only from these addresses."""

    addresses: Annotated[
        tuple[TrunkAddress, ...],
        Field(min_length=1, max_length=TRUNK_ADDRESSES_MAX, strict=False),
        AfterValidator(unique),
        Editors({"uniqueItems": True}),
        Means(_("a list of 1 to {most} IP addresses or networks").format(most=TRUNK_ADDRESSES_MAX)),
    ]
    """The IP addresses and networks that the provider calls from; wide networks are refused."""


class Phone(Section):
    """What kind of phone it is: one with SIP on the desk, or the web page of an agent."""

    kind: Annotated[Literal["desk", "web"], Means(_("desk or web"))] = "desk"
    """desk: a phone with SIP; web: the phone in an agent's browser (WebRTC)."""


class SafetyNet(Section):
    """What happens to callers while no daemon is there."""

    fallback: PhoneName | None = None
    """The name of a phone that is rung when no daemon comes back."""
    ring_time: Annotated[Duration, Within(SECOND, Duration(10 * MINUTE))] = seconds(20)
    """How long the fallback is rung each time."""
    rounds: Annotated[
        int, Field(ge=1, le=ROUNDS_MAX), Means(_("1 to {most}").format(most=ROUNDS_MAX))
    ] = 2
    """How often the fallback is rung."""
    tries: Annotated[
        int, Field(ge=1, le=SAFETY_TRIES_MAX), Means(_("1 to {most}").format(most=SAFETY_TRIES_MAX))
    ] = 30
    """Quick tries to reach a daemon, about one a second, before the fallback."""
    sorry: SoundName | None = None
    """A sound of Asterisk's, said at the very end; null hangs up without words."""


class Pbx(Section):
    """One Asterisk."""

    ami: Ami
    """How we reach Asterisk."""
    agi: Agi = Agi()
    """How Asterisk reaches us."""
    music: MusicClass = "cordboard"
    """The class of music on hold (musiconhold.conf) for waiting callers."""
    trunks: Annotated[
        dict[TrunkName, Trunk],
        Field(max_length=TRUNKS_MAX),
        Means(_("a mapping of up to {most} trunks by name").format(most=TRUNKS_MAX)),
    ] = Field(default_factory=dict)
    """Whose calls come in, by name."""
    phones: Annotated[
        dict[PhoneName, Phone],
        Field(max_length=PHONES_LISTED_MAX),
        Means(_("a mapping of up to {most} phones by name").format(most=PHONES_LISTED_MAX)),
    ] = Field(default_factory=dict)
    """Phones that are no desk phones, or that no agent names."""
    safety_net: SafetyNet = SafetyNet()
    """What happens to callers while no daemon is there."""
