"""
A day by chance that goes rougher still: bursts, crossed facts, crashes, a clock that runs back.

Beside all that goes wrong in `tests.simulation.chance`, facts of two calls overtake one another,
many facts come at one instant, the clock is set back, and the program dies between two facts: it
goes on from its last snapshot and the journal after that, must decide in the replay as it had
decided, and what it had decided last was perhaps never carried out.
"""

from heapq import heappop, heappush

from acd.commands import AcdCommand, OfferCall
from acd.distributor import Distributor
from acd.facts import AcdFact, OfferEnded, OfferOutcome
from cti.instants import Time, seconds
from tests.simulation.chance import World

TAIL_MAX = 60
"""Steps after which a snapshot is taken at the latest."""
BURST_MAX = 15
"""Facts that come at one instant."""
SET_BACK_MAX_S = 30.0
FAULTS = (0.05, 0.1, 0.2, 0.4)
"""How likely things go wrong, by the seed."""


class RoughWorld(World):
    """Everybody around a core that dies now and then; `crashes` counts how often."""

    def __init__(self, seed: int) -> None:
        self.crashes = 0
        self._tail: list[tuple[AcdFact | None, Time, list[AcdCommand]]] = []
        self._saved = Distributor().snapshot()
        self._lost = False
        super().__init__(seed, faults=FAULTS[seed % len(FAULTS)])

    def _happen(self, fact: AcdFact) -> None:
        """Have a fact happen, and now and then many at one instant."""
        super()._happen(fact)
        if self.chance.random() < self.faults / 5:
            for _ in range(self.chance.randrange(BURST_MAX)):
                super()._happen(self._something())

    def _happen_as_told(self, fact: AcdFact, *, may_be_lost: bool) -> None:
        """Have the fact that follows come first now and then."""
        if self._coming and self.chance.random() < self.faults:
            _, number, following = heappop(self._coming)
            super()._happen_as_told(following, may_be_lost=number > 0)
        super()._happen_as_told(fact, may_be_lost=may_be_lost)

    def _step(self, fact: AcdFact | None) -> list[AcdCommand]:
        """Take the step at the time that the clock tells, note it, and die now and then."""
        at = self.now
        if self.chance.random() < self.faults / 10:
            at = Time(at - seconds(self.chance.uniform(0, SET_BACK_MAX_S)))
        core = self.distributor
        commands = core.advance(at) if fact is None else core.handle(fact, at)
        self._tail.append((fact, at, commands))
        self._lost = self.chance.random() < self.faults / 10
        if self._lost:
            self._crash()
        if len(self._tail) > self.chance.randrange(1, TAIL_MAX):
            self._saved = self.distributor.snapshot()
            self._tail.clear()
        return commands

    def _crash(self) -> None:
        """Go on from the last snapshot and the journal after it."""
        self.crashes += 1
        again = Distributor.restore(self._saved)
        for fact, at, commands in self._tail:
            repeated = again.advance(at) if fact is None else again.handle(fact, at)

            assert commands == repeated
        assert self.distributor.snapshot() == again.snapshot()
        self.distributor = again

    def _carry_out(self, command: AcdCommand) -> None:
        """Carry a command out, unless the program died before: the switch knows no such offer."""
        if not self._lost:
            super()._carry_out(command)
        elif isinstance(command, OfferCall):
            unknown = OfferEnded(offer=command.offer, outcome=OfferOutcome.FAILED)
            due = self.now + seconds(self.chance.uniform(0, 2))
            heappush(self._coming, (due, -int(command.offer), unknown))
