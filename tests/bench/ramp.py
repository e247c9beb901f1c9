"""How many calls a second somebody sustains: steps of more and more, until one is too many."""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from lab.load.load import Load, planned_calls
from lab.load.sides import MANY
from lab.load.times import LoadTimes

REPEATED_SHARE_MAX: Final = 0.01
"""Of so many calls a message may have to be sent again; more of that, and it piles up."""
WAIT_MEAN_S_MAX: Final = 0.25
"""Agents are free all the time: callers who wait longer than this are not kept up with."""
LATE_S_MAX: Final = 0.2
"""A load that is later than this with a call is not the load that was meant."""
TALK_S: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Ramp:
    """
    Steps of `seconds` each, from `first` calls a second, each `factor` times the one before.

    Between two steps is a pause, for what the first has left behind.
    """

    first: float = 40.0
    factor: float = 1.15
    steps_max: int = 14
    seconds: float = 6.0
    tries: int = 2
    pause_s: float = 2.0

    async def sustained(self, loads: Mapping[str, Load]) -> dict[str, float]:
        """
        Return each one's calls a second of the last step in which none was lost; 0: not even one.

        They climb side by side, so that whoever else is on this machine is there for all.
        """
        best = dict.fromkeys(loads, 0.0)
        climbing = dict(loads)
        for step in range(self.steps_max):
            rate = self.first * self.factor**step
            for who, load in tuple(climbing.items()):
                if await self._holds(load, who, rate):
                    best[who] = rate
                else:
                    del climbing[who]
        return best

    async def _holds(self, load: Load, who: str, rate: float) -> bool:
        """Tell whether a step is sustained in one of its tries: others share this machine."""
        for attempt in range(self.tries):
            plan = planned_calls(
                rate=rate,
                seconds=self.seconds,
                talk_s=TALK_S,
                key=MANY,
                seed=round(rate) * 10 + attempt,
            )
            times = await load.run(plan)
            fault = too_much(times)
            print(f"  {who}: {rate:.0f} calls/s: {fault or 'sustained'}", file=sys.stderr)
            await asyncio.sleep(self.pause_s)
            if not fault:
                return True
        return False


def too_much(times: LoadTimes) -> str:
    """Say what shows that a load was too much; empty where it was not."""
    if times.lost:
        return f"{times.lost} of {len(times.calls)} calls lost"
    if times.late_s > LATE_S_MAX:
        return f"the load itself was {times.late_s:.2f} s late"
    if times.repeated > REPEATED_SHARE_MAX * len(times.calls):
        return f"{times.repeated} messages sent again"
    mean = sum(times.waits_s) / max(1, len(times.calls))
    return f"callers waited {mean:.2f} s" if mean > WAIT_MEAN_S_MAX else ""
