"""
A load on one Asterisk: a plan of calls is dialled, answered, and told of in exact times.

Whoever is behind that Asterisk, the calls are the same: the same moments, numbers, keys and talks.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Final, Self

from lab.load.agents import Agents
from lab.load.callers import Callers
from lab.load.times import LoadTimes, PlannedCall

ANSWER_S: Final = 0.02
"""How long a phone rings."""
KEY_AFTER_S: Final = 0.3
"""How long a caller listens to the menu before he presses his key."""
DRAIN_S: Final = 10.0
"""How long the calls may take to end after the last was begun, besides their talks."""
TALK_SPREAD: Final = 0.5
"""Talks last from half their mean to half as long again."""


def planned_calls(
    *, rate: float, seconds: float, talk_s: float, key: str, seed: int
) -> list[PlannedCall]:
    """Return calls that come by chance, `rate` a second on average, the same for the same seed."""
    return list(_chance(rate, seconds, talk_s, key, seed))


def _chance(
    rate: float, seconds: float, talk_s: float, key: str, seed: int
) -> Iterator[PlannedCall]:
    chance = random.Random(seed)
    at_s = chance.expovariate(rate)
    number = 0
    while at_s < seconds:
        number += 1
        yield PlannedCall(
            at_s=at_s,
            number=f"30{seed:04d}{number:06d}",
            key=key,
            talk_s=talk_s * chance.uniform(1 - TALK_SPREAD, 1 + TALK_SPREAD),
        )
        at_s += chance.expovariate(rate)


class Load:
    """Callers and agents' phones at one Asterisk; `async with` registers and closes them."""

    def __init__(
        self, server: tuple[str, int], *, service: str, passwords: Mapping[str, str]
    ) -> None:
        self._server = server
        self._service = service
        self._passwords = passwords
        self._talks: dict[str, float] = {}
        self._agents = Agents(server, answer_s=ANSWER_S, talk_s=self._talk_s)

    async def __aenter__(self) -> Self:
        self._agents.link.open()
        await self._agents.register(self._passwords)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._agents.close()

    async def run(self, plan: Sequence[PlannedCall]) -> LoadTimes:
        """Make the calls of a plan, wait until all are over, and tell what was seen."""
        agents = self._agents
        visits_before, repeated_before = len(agents.visits), self._agents_repeated()
        self._talks = {planned.number: planned.talk_s for planned in plan}
        callers = Callers(self._server, service=self._service, key_after_s=KEY_AFTER_S)
        callers.link.open()
        try:
            await callers.dial(plan)
            longest = max((planned.talk_s for planned in plan), default=0.0)
            await callers.all_over(DRAIN_S + longest)
        finally:
            callers.close()
        return LoadTimes(
            calls=callers.calls,
            visits=agents.visits[visits_before:],
            repeated=callers.link.repeated
            + callers.repeated_to_us
            + self._agents_repeated()
            - repeated_before,
            late_s=callers.late_s,
        )

    def _agents_repeated(self) -> int:
        return self._agents.link.repeated + self._agents.repeated_to_us

    def _talk_s(self, number: str) -> float:
        """Return how long the talk with a number lasts; a stranger's is over at once."""
        return self._talks.get(number, 0.0)
