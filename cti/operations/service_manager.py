"""
How the daemon talks to the service manager that started it: sd_notify(3), in a few lines.

systemd is told when calls are taken, what is going on, and, as long as the event loop turns, that
it does: a loop that hangs stops telling, and systemd ends the process. Where nobody listens nothing
is told, and nothing that goes wrong here costs a call.
"""

import asyncio
import os
import socket
import time
from collections.abc import MutableMapping

import structlog

PINGS_PER_LIMIT = 3
MICROSECONDS = 1_000_000

log = structlog.get_logger(__name__)


class ServiceManager:
    """Who started us, if it wants to be told."""

    def __init__(self, environment: MutableMapping[str, str]) -> None:
        """
        Take what it said about itself out of the environment.

        It is meant for this process alone; the embedded Postgres knows the same protocol.
        """
        self._address = _address(environment.pop("NOTIFY_SOCKET", ""))
        limit = environment.pop("WATCHDOG_USEC", "")
        pid = environment.pop("WATCHDOG_PID", str(os.getpid()))
        ours = limit.isdigit() and pid == str(os.getpid())
        self._limit_s = int(limit) / MICROSECONDS if ours else 0.0
        self._failed = False

    def ready(self, status: str) -> None:
        """Say that the start, or a reload, is done."""
        self._tell("READY=1", f"STATUS={_one_line(status)}")

    def status(self, status: str) -> None:
        """Say what is going on, for `systemctl status`."""
        self._tell(f"STATUS={_one_line(status)}")

    def reloading(self) -> None:
        """Say that a reload has begun; `ready` says that it is done."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1_000}")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self._tell("STOPPING=1", "STATUS=stopping")

    async def keep_alive(self) -> None:
        """Say that the loop turns, as often as is asked for, until cancelled."""
        while self._address and self._limit_s > 0:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._limit_s / PINGS_PER_LIMIT)

    def _tell(self, *lines: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as outlet:
                outlet.setblocking(False)  # noqa: FBT003 - the socket's own name for it
                outlet.connect(self._address)
                outlet.send("\n".join(lines).encode())
        except OSError as error:
            if not self._failed:
                log.warning("service_manager_not_told", reason=str(error))
            self._failed = True
        else:
            self._failed = False


def _address(text: str) -> str:
    """Return the socket's address; an abstract one begins with a zero byte, written as `@`."""
    if text.startswith("@"):
        return "\0" + text[1:]
    return text if text.startswith("/") else ""


def _one_line(text: str) -> str:
    return " ".join(text.split())
