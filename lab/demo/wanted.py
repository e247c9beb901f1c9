"""What was asked of a show, and whether its end was."""

import asyncio
from dataclasses import dataclass

from lab.demo.pace import Pace
from lab.demo.script import Script


class Ending:
    """Whether somebody asked for the end, and by which signal."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.signal: int | None = None

    def ask(self, number: int) -> None:
        """Ask for the end; only the first counts."""
        if self.signal is None:
            self.signal = number
        self.asked.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """
    What was asked for: a script, or callers by chance from this seed, and how fast.

    `calls` is how many there are to be: None for no end, 0 for nobody.
    """

    calls: int | None
    seed: int
    pace: Pace
    script: Script | None = None

    @property
    def calls_to_end(self) -> int | None:
        """After how many calls the show ends by itself; None: never."""
        if self.script is not None:
            return self.script.calls
        return self.calls or None
