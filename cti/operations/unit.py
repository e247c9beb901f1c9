"""
The systemd unit of this installation, as text.

It names this installation's own paths, so that nothing has to be filled in, and takes away from the
daemon whatever it does not need: what it may reach is its data, the network, and files to read.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final, Literal

from cti.language import _

STATE_ROOT: Final = PurePosixPath("/var/lib")
_HOMES: Final = ("/home", "/root", "/run/user")
_TEMPORARY: Final = ("/tmp", "/var/tmp")  # noqa: S108 - where the sandbox has a folder of its own
SHOWN_MAX: Final = 200
_WATCHDOG_S_MIN: Final = 10
_PORT_FREE: Final = 1024
"""Below it a port needs a capability."""

Setting = Literal["program", "config", "data", "secrets", "user"]
_SETTINGS: Final[Mapping[Setting, str]] = {
    "program": _("the path of this program"),
    "config": "--config",
    "data": _("data (cordboard.yaml)"),
    "secrets": "--secrets",
    "user": "--user",
}
"""What is set, as whoever makes a unit knows it."""


class UnfitTextError(Exception):
    """A path or name cannot stand in a unit; the message says what is set so, and why."""

    def __init__(self, setting: Setting, text: str, character: str) -> None:
        shown = repr(text) if len(text) <= SHOWN_MAX else repr(text[:SHOWN_MAX] + "…")
        said = (
            _("{setting} is empty")
            if not text
            else _("{setting}: {character} cannot stand in a systemd unit: {text}")
        )
        super().__init__(
            said.format(setting=_SETTINGS[setting], character=repr(character), text=shown)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """
    What a unit is made of.

    `command` runs the daemon, without its arguments; `reads` are further paths that it needs.
    `variables` are those of the environment that hold secrets, `secrets_file` is where they stand.
    """

    command: tuple[str, ...]
    config: Path
    data: Path
    reads: tuple[Path, ...]
    user: str
    variables: tuple[str, ...]
    secrets_file: Path
    watchdog_limit_s: float
    web_port: int
    embedded_database: bool


def unit(installation: Installation) -> str:
    """
    Return the unit.

    Raises:
        UnfitTextError: a path or name holds what no unit can.
    """
    sections = (
        _head(installation),
        _unit_section(),
        _service_section(installation),
        _sandbox(installation),
        "[Install]\nWantedBy=multi-user.target\n",
    )
    return "\n".join(sections)


def _head(installation: Installation) -> str:
    lines = [
        "# Cordboard's service, made by `cordboard systemd-unit` for this installation: make it",
        "# anew when a path changes. It goes to /etc/systemd/system/cordboard.service; then:",
        "#   systemctl daemon-reload && systemctl enable --now cordboard",
    ]
    if installation.variables:
        names = ", ".join(installation.variables)
        secrets = _plain(installation.secrets_file, "secrets")
        lines += [
            f"# Secrets stand in {secrets}, one NAME=value a line,",
            "# for root alone (chmod 600); systemd reads them before it gives up its rights:",
            f"#   {names}",
        ]
    if not _state_directory(installation.data):
        lines += [
            "# The data folder has to be there before the first start:",
            f"#   install -d -m 711 -o {installation.user} {_plain(installation.data, 'data')}",
        ]
    return "".join(f"{line}\n" for line in lines)


def _unit_section() -> str:
    return """\
[Unit]
Description=Cordboard call routing for Asterisk
Documentation=man:systemd.exec(5)
Wants=network-online.target
After=network-online.target asterisk.service postgresql.service
# Callers wait for it: systemd never gives up starting it, however often it ends.
StartLimitIntervalSec=0
"""


def _service_section(installation: Installation) -> str:
    program = " ".join(_quoted(part, "program") for part in installation.command)
    command = f"{program} serve --config {_quoted(str(installation.config), 'config')}"
    watchdog_s = max(_WATCHDOG_S_MIN, math.ceil(2 * installation.watchdog_limit_s))
    secrets = (
        f"EnvironmentFile={_plain(installation.secrets_file, 'secrets')}\n"
        if installation.variables
        else ""
    )
    # The embedded server ends itself, in order, when the daemon ends or dies; to kill it with a
    # daemon that crashed would cost a recovery and gain nothing.
    kill = "process" if installation.embedded_database else "mixed"
    why = (
        "# The embedded Postgres ends with the daemon, in order, whatever the daemon died of.\n"
        if installation.embedded_database
        else ""
    )
    return f"""\
[Service]
Type=notify
NotifyAccess=main
User={_name(installation.user)}
ExecStart={command}
# Looks at certificate and key again; calls and connections go on.
ExecReload=/bin/kill -HUP $MAINPID
{secrets}{why}KillMode={kill}
Restart=always
RestartSec=1
# A long journal is replayed before calls are taken.
TimeoutStartSec=300
TimeoutStopSec=45
# The daemon's own watchdog ({installation.watchdog_limit_s:g} s) dumps its stacks and ends it.
# This one is for what that cannot see, such as a stopped process, so there is nothing to dump.
WatchdogSec={watchdog_s}
WatchdogSignal=SIGKILL
SyslogIdentifier=cordboard
LimitNOFILE=65536
UMask=0077
"""


def _sandbox(installation: Installation) -> str:
    used = (installation.config, installation.data, *installation.reads)
    state = _state_directory(installation.data)
    if state:
        data = f"StateDirectory={_plain(state, 'data')}\nStateDirectoryMode=0711\n"
    else:
        data = f"ReadWritePaths={_plain(installation.data, 'data')}\n"
    home = "read-only" if _any_below(used, _HOMES) else "yes"
    temporary = "no" if _any_below(used, _TEMPORARY) else "yes"
    low = 0 < installation.web_port < _PORT_FREE
    capability = "CAP_NET_BIND_SERVICE" if low else ""
    return f"""\
# What it may do and reach.
{data}NoNewPrivileges=yes
CapabilityBoundingSet={capability}
AmbientCapabilities={capability}
ProtectSystem=strict
ProtectHome={home}
PrivateTmp={temporary}
PrivateDevices=yes
DevicePolicy=closed
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# The embedded Postgres is given its folder, by the account that has it already.
SystemCallFilter=@chown
SystemCallErrorNumber=EPERM
"""


def _state_directory(data: Path) -> str:
    """Return the data folder as systemd makes it by itself, below /var/lib; empty if elsewhere."""
    path = PurePosixPath(data)
    below = path.is_relative_to(STATE_ROOT) and path != STATE_ROOT
    return str(path.relative_to(STATE_ROOT)) if below else ""


def _any_below(paths: Iterable[Path], roots: tuple[str, ...]) -> bool:
    return any(path.is_relative_to(root) for path in paths for root in roots)


def _plain(path: Path | str, setting: Setting) -> str:
    """Return a path as settings take it that read more than one."""
    text = str(path)
    _check(text, setting, allowed=lambda one: one.isprintable() and one not in " \t;\"'\\:")
    return text.replace("%", "%%")


def _quoted(argument: str, setting: Setting) -> str:
    """Return an argument as a command's line takes it (systemd.service(5))."""
    _check(argument, setting, allowed=str.isprintable)
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    escaped = escaped.replace("$", "$$")
    simple = all(character.isalnum() or character in "/._-+=@,%" for character in escaped)
    return escaped if simple else f'"{escaped}"'


def _name(user: str) -> str:
    _check(user, "user", allowed=lambda one: one.isascii() and (one.isalnum() or one in "_-"))
    if user.startswith("-") or not user:
        raise UnfitTextError("user", user, user[:1])
    return user


def _check(text: str, setting: Setting, *, allowed: Callable[[str], bool]) -> None:
    for character in text:
        if not allowed(character):
            raise UnfitTextError(setting, text, character)
