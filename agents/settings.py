"""The limits of clients and their connections. Durations in seconds, sizes in bytes."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptSettings:
    """
    How guessing passwords is slowed down.

    After `free_per_agent` wrong passwords for one agent, or `free_per_address` from one address,
    each further one doubles the pause before the next is looked at, from `pause_first_s` up to
    `pause_max_s`. The longest pause is short on purpose: whoever wants to keep an agent out by
    guessing wrongly delays him by that much and no more. `forget_after_s` without a new wrong
    password clears the count. At most `tracked_max` agents and addresses each are remembered; the
    ones longest untouched are forgotten first.
    """

    free_per_agent: int = 5
    free_per_address: int = 50
    pause_first_s: float = 1.0
    pause_max_s: float = 30.0
    forget_after_s: float = 900.0
    tracked_max: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """
    How long an agent's desk may be gone, and how many of his commands are remembered.

    `lease_s` after his connection was lost an agent is made not ready; where that fact is shed, it
    is tried again every `lease_retry_s`. The last `remembered_commands` ids of each agent are kept
    with their answers.
    """

    lease_s: float = 15.0
    lease_retry_s: float = 1.0
    remembered_commands: int = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionSettings:
    """
    What one connection may cost.

    A connection that has not signed in `sign_in_s` after it was accepted, TLS handshake included,
    is closed, and at most `strangers_max` such connections are open at once,
    `strangers_per_address_max` of one address; one more is dropped at once. `backlog_bytes_max` may
    wait for a client that reads slowly; one byte more and it is dropped. Commands beyond
    `command_rate_per_s` (after a burst of `command_burst`) are refused; frames beyond
    `frame_rate_per_s` (after `frame_burst`) close the connection. A client that answers no ping for
    `heartbeat_s` and half as much again is dropped.
    """

    sign_in_s: float = 10.0
    strangers_max: int = 256
    strangers_per_address_max: int = 64
    backlog_bytes_max: int = 256 * 1024
    socket_buffer_bytes: int = 64 * 1024
    command_rate_per_s: float = 20.0
    command_burst: int = 40
    frame_rate_per_s: float = 100.0
    frame_burst: int = 400
    heartbeat_s: float = 20.0
    close_s: float = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """
    Where the server listens, and whom it trusts.

    `origins` are the web origins (`https://desk.example`) beside the server's own whose pages may
    connect. Without `certificate` and `key` it speaks plain text, which is refused beyond loopback
    unless `allow_plain_beyond_loopback` says that a proxy speaks TLS before it. Both files are
    looked at every `certificate_look_s`. The addresses in `metrics_peers` may read `/metrics`.
    """

    listen: str = "127.0.0.1"
    port: int = 8400
    certificate: Path | None = None
    key: Path | None = None
    certificate_look_s: float = 5.0
    allow_plain_beyond_loopback: bool = False
    origins: frozenset[str] = frozenset()
    metrics_peers: frozenset[str] = frozenset({"127.0.0.1", "::1"})
    connection: ConnectionSettings = ConnectionSettings()
