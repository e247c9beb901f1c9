"""Tells the log that a link is down: once, when the reason changes, and now and then meanwhile."""

from typing import Final

import structlog

from protocols.ami.link import DownReason

TOLD_AGAIN_AFTER_S: Final = 60.0
"""An Asterisk that is away all night is tried every few seconds and told of once a minute."""

_log = structlog.get_logger(__name__)


class DownLog:
    """What was told of one link's failures."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._told: tuple[DownReason, str] | None = None
        self._told_at_s = 0.0
        self._untold = 0

    def up(self) -> None:
        """Learn that the link is up: whatever ends it is news."""
        self._told = None

    def down(self, reason: DownReason, detail: str, *, attempts: int, at_s: float) -> None:
        """Tell of an attempt or link that ended, unless the same was told a moment ago."""
        if (reason, detail) == self._told and at_s - self._told_at_s < TOLD_AGAIN_AFTER_S:
            self._untold += 1
            return
        _log.warning(
            "ami_link_down",
            host=self._host,
            port=self._port,
            reason=reason.value,
            detail=detail,
            attempts=attempts,
            untold=self._untold,
        )
        self._told, self._told_at_s, self._untold = (reason, detail), at_s, 0
