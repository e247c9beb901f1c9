"""
Whether the journal tells the truth: its facts, replayed, bring forth the very commands in it.

The core decides by facts and times alone, and both are journalled. So a difference means that the
core was fed something else than what stands there, that its state was not restored whole, or that
this program decides otherwise than the one that wrote the journal.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from acd.commands import AcdCommand
from acd.distributor import Distributor
from acd.facts import AcdFact
from cti.instants import Time
from storage.journal import JournalRecord
from storage.records import TimersAdvanced


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where replay and journal part: what the one decides at `position`, and the other holds."""

    position: int
    replayed: AcdCommand | None
    journalled: object | None


class Replay:
    """A journal's facts, taken into a core of our own one by one, and its commands compared."""

    def __init__(self) -> None:
        self.core = Distributor()
        self._decided: deque[AcdCommand] = deque()

    @property
    def decided(self) -> tuple[AcdCommand, ...]:
        """What was decided here and must stand in the journal next."""
        return tuple(self._decided)

    def take(self, position: int, at: Time, body: object) -> list[Difference]:
        """Take the next record; return where it parts from what was decided here."""
        if isinstance(body, AcdCommand):
            replayed = self._decided.popleft() if self._decided else None
            if replayed == body:
                return []
            return [Difference(position=position, replayed=replayed, journalled=body)]
        missing = self.missing(position)
        self._decided.clear()
        if isinstance(body, TimersAdvanced):
            self._decided.extend(self.core.advance(body.to))
        elif isinstance(body, AcdFact):
            self._decided.extend(self.core.handle(body, at))
        return missing

    def missing(self, position: int) -> list[Difference]:
        """Return what was decided here and does not stand in the journal up to this position."""
        return [
            Difference(position=position, replayed=command, journalled=None)
            for command in self._decided
        ]


def first_difference(records: Iterable[JournalRecord]) -> Difference | None:
    """Replay a journal from its first record; None where all its commands come out the same."""
    replay = Replay()
    position = 0
    for record in records:
        position = record.position
        for difference in replay.take(position, record.at, record.body):
            return difference
    return next(iter(replay.missing(position)), None)
