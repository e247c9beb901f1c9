"""
The link to one Asterisk as its users see it: its settings, its states, its pauses.

Pure values; what moves a link from state to state is in `client`.
"""

import random
from dataclasses import dataclass, field
from enum import Enum

from cti.instants import Time
from protocols.ami.codec import encode_action

ATTEMPTS_COUNTED_MAX = 32
"""The pauses stop growing long before; 2 ** attempts must stay a sensible number."""


class LinkPhase(Enum):
    """How far the link is."""

    CONNECTING = "connecting"
    LOGGING_IN = "logging_in"
    BOOTING = "booting"
    UP = "up"
    DOWN = "down"


class DownReason(Enum):
    """Why the link is not up."""

    NOT_STARTED = "not_started"
    STOPPED = "stopped"
    CONNECT_FAILED = "connect_failed"
    LOGIN_REFUSED = "login_refused"
    LOGIN_TIMED_OUT = "login_timed_out"
    BOOT_TIMED_OUT = "boot_timed_out"
    IDENTITY_UNKNOWN = "identity_unknown"
    SWITCH_SHUT_DOWN = "switch_shut_down"
    CONNECTION_LOST = "connection_lost"
    SILENT = "silent"
    NOT_AMI = "not_ami"
    OVERLOADED = "overloaded"


@dataclass(frozen=True, slots=True, kw_only=True)
class SwitchProcess:
    """
    Which Asterisk process is at the other end, so that a restart is noticed after a reconnect.

    `started_at` is CoreStatus' startup date and time as Asterisk writes them, to the second, in its
    own time zone: to be compared, not computed with. Two processes share it only where one lived
    for less than a second.
    """

    system_name: str
    started_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkState:
    """
    The state of a link: `phase` since `since`.

    `reason` and `detail` say why it is not up (the last failure, while the next attempt is under
    way) and are None and "" when it is. `attempts` counts the attempts since the link was last up
    for a stable while, the running one included. `boot` is known when the link is up.
    """

    phase: LinkPhase
    since: Time
    attempts: int = 0
    reason: DownReason | None = None
    detail: str = ""
    boot: SwitchProcess | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AmiSettings:
    """
    Where one Asterisk's manager interface is, how to log in, and how long to wait for what.

    The manager user needs `read` and `write` to include `system` or `reporting` (FullyBooted and
    CoreStatus). All times are seconds.

    Raises:
        HeaderRefusedError, LineTooLongError: the name or the secret cannot be sent.
        ValueError: a time is not positive.
    """

    host: str
    port: int = 5038
    username: str
    secret: str = field(repr=False)
    connect_deadline_s: float = 5.0
    login_deadline_s: float = 5.0  # Asterisk takes its time, 1 s, to refuse a login
    boot_deadline_s: float = 5.0
    action_deadline_s: float = 5.0
    ping_interval_s: float = 5.0
    ping_deadline_s: float = 5.0
    backoff_first_s: float = 0.2
    backoff_max_s: float = 5.0
    refused_pause_s: float = 30.0
    stable_after_s: float = 10.0

    def __post_init__(self) -> None:
        encode_action("Login", self.login_fields(), "0")
        for name in self.__slots__:
            if name.endswith("_s") and not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive")

    def login_fields(self) -> list[tuple[str, str]]:
        """Return the headers of the login."""
        return [("Username", self.username), ("Secret", self.secret), ("Events", "on")]


def pause_before_attempt(
    settings: AmiSettings, chance: random.Random, attempts: int, reason: DownReason
) -> float:
    """
    Return how many seconds to wait after `attempts` attempts, the last of which ended so.

    Exponential with full jitter, so that many daemons do not come back in step. A refused login is
    asked again slowly: it is a matter for a person, and Asterisk logs each one.
    """
    if reason is DownReason.LOGIN_REFUSED:
        return chance.uniform(settings.refused_pause_s / 2, settings.refused_pause_s)
    doublings = min(max(attempts - 1, 0), ATTEMPTS_COUNTED_MAX)
    return chance.uniform(0, min(settings.backoff_max_s, settings.backoff_first_s * 2**doublings))
