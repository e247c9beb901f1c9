"""The words of the journal: the daemon's facts and commands, and timer advances."""

from dataclasses import dataclass

from acd.commands import AcdCommand
from acd.facts import AcdFact
from cti.call_facts import CallFact
from cti.instants import Time
from storage.codec import RecordCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class TimersAdvanced:
    """The core was told that it is `to` now, and timers that were due went off."""

    to: Time


def journal_codec() -> RecordCodec:
    """Return a codec for everything that the writer journals."""
    return RecordCodec(AcdFact, CallFact, AcdCommand, TimersAdvanced)
