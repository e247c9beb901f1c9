"""
How fast people act in a show: `--speed`.

People are sped up, machines are not: prompts last as long as they last, a phone that nobody answers
rings for its queue's ring time, and a daemon that comes back needs the time that it needs.
"""

from dataclasses import dataclass
from typing import Final

SPEED_MIN: Final = 0.2
SPEED_MAX: Final = 10.0
TALK_S_MIN: Final = 0.8
"""Shorter talks would end before the two have heard each other: a voice is known after 0.3 s."""
THINK_S_MIN: Final = 0.4
"""Who presses a key sooner presses it before the menu is there."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Turns the times of a script into those of the show; the factor is as `--speed` has it."""

    factor: float = 1.0

    def lasts_s(self, written_s: float) -> float:
        """Return how long it lasts what people do in so many seconds at their usual pace."""
        return written_s / self.factor

    def talks_s(self, written_s: float) -> float:
        """Return the same for a talk, which is never too short to be one."""
        return max(min(TALK_S_MIN, written_s), written_s / self.factor)

    def thinks_s(self, written_s: float) -> float:
        """Return the same for the time before a key is pressed."""
        return max(min(THINK_S_MIN, written_s), written_s / self.factor)
