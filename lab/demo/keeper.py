"""The one who starts the daemon again when it was killed, as systemd does for an administrator."""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from cti.clock import Clock
from cti.ids import CallId
from cti.language import _
from lab.demo.errors import DemoError
from lab.demo.promise import Outage, Promise
from lab.serving import ServingDaemon, ServingError

USUALLY_AWAY_S: Final = 2.0
"""How long the daemon is away when somebody kills it by hand: systemd's RestartSec=2."""
ASKED_FOR: Final = frozenset({-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, 0})
"""Exit codes of a daemon that somebody ended; with any other it has ended by itself: a fault."""
OUTAGES_MAX: Final = 1000

log = structlog.get_logger(__name__)


class Keeper:
    """
    Watches the daemon and starts it again.

    `present` tells who is there when it ends; `came_back` is called when it takes calls again.
    """

    def __init__(
        self,
        daemon: ServingDaemon,
        clock: Clock,
        *,
        present: Callable[[], frozenset[CallId]],
        came_back: Callable[[], None],
    ) -> None:
        self._daemon = daemon
        self._clock = clock
        self._present = present
        self._came_back = came_back
        self._away_s = USUALLY_AWAY_S
        self.promise = Promise()
        self.outages: list[Outage] = []

    @property
    def outage(self) -> Outage | None:
        """The outage that lasts just now."""
        return self.outages[-1] if self.outages and not self.outages[-1].over else None

    @property
    def pid(self) -> int | None:
        """The daemon's process, where there is one."""
        return None if self.outage else self._daemon.pid

    def kill(self, away_s: float = USUALLY_AWAY_S) -> None:
        """Kill the daemon with SIGKILL, as a crash does; it comes back after so long."""
        if self.outage is None:
            self._away_s = away_s
            os.kill(self._daemon.pid, signal.SIGKILL)

    async def keep(self) -> None:
        """
        Start the daemon again whenever it was ended.

        Raises:
            DemoError: it ended by itself, or does not come back.
        """
        while True:
            code = await self._daemon.wait_ended()
            if code not in ASKED_FOR:
                raise DemoError(
                    _("the daemon ended by itself, with status {code}: {words}").format(
                        code=code, words=last_line(self._daemon.last_words())
                    )
                )
            began = Outage(at=self._clock.now(), present=self._present())
            self.promise.killed(began.present)
            log.info("demo_daemon_killed", code=code, calls=len(began.present))
            self.outages = [*self.outages[-OUTAGES_MAX:], began]
            await asyncio.sleep(self._away_s)
            self._away_s = USUALLY_AWAY_S
            try:
                await self._daemon.start()
            except ServingError as error:
                raise DemoError(
                    _("the daemon does not come back: {words}").format(words=last_line(str(error)))
                ) from error
            self.outages[-1] = replace(began, back_at=self._clock.now())
            self._came_back()


def last_line(said: str) -> str:
    """Return the last line of what a program said."""
    return (said.strip().splitlines() or [""])[-1]
