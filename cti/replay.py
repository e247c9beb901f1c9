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
from storage.journal import JournalRecord
from storage.records import TimersAdvanced


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where replay and journal part: what the one decides at `position`, and the other holds."""

    position: int
    replayed: AcdCommand | None
    journalled: object | None


def first_difference(records: Iterable[JournalRecord]) -> Difference | None:
    """Replay a journal from its first record; None where all its commands come out the same."""
    core = Distributor()
    decided: deque[AcdCommand] = deque()
    position = 0
    for record in records:
        position = record.position
        if record.kind == "command":
            replayed = decided.popleft() if decided else None
            if replayed != record.body:
                return Difference(position=position, replayed=replayed, journalled=record.body)
            continue
        if decided:
            break
        if isinstance(record.body, TimersAdvanced):
            decided.extend(core.advance(record.body.to))
        elif isinstance(record.body, AcdFact):
            decided.extend(core.handle(record.body, record.at))
    if decided:
        return Difference(position=position, replayed=decided[0], journalled=None)
    return None
