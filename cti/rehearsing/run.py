"""A rehearsal in one piece: a recording is gone through anew, and the two are compared."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from acd.snapshot import DistributorState
from cti.instants import Duration, Time
from cti.rehearsing.chances import Chances
from cti.rehearsing.fates import Change, changes
from cti.rehearsing.recorded import Recording
from cti.rehearsing.rehearsal import Rehearsal, Settings
from cti.rehearsing.stays import WatchedCore
from cti.simulation.tally import Tally

QUEUES_FROM_RECORD: tuple[()] = ()
"""A tally of a record gets to know its queues as calls come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """What came of it; `core` is as it stands at the end."""

    core: WatchedCore
    recording: Recording
    chances: Chances
    returned: int
    recorded: Tally
    rehearsed: Tally
    changes: tuple[Change, ...]


def restored(state: DistributorState) -> WatchedCore:
    """
    Return a core that goes on from a snapshot.

    Raises:
        SnapshotRefusedError: it was written by a core with another state.
    """
    return cast("WatchedCore", WatchedCore.restore(state))  # restore makes one of its own class


def record(core: WatchedCore, began: Time, ended: Time, level: Duration) -> Recording:
    """Return a recording of a core as it stands, to be told what was recorded."""
    ended = max(began, ended)
    just_after = Time(ended + 1)  # what comes at the last instant is counted too
    tally = Tally(began, just_after, QUEUES_FROM_RECORD)
    return Recording(core, (began, ended), tally, level)


def rehearse(
    recording: Recording,
    state: DistributorState,
    settings: Settings,
    tell: Callable[[Time], None],
) -> Rehearsed:
    """Go through a recording anew from the state in which it began."""
    end = recording.tally.edges[-1]
    recording.eyes.pass_until(end)
    core = restored(state)
    chances = Chances(recording, settings.seed)
    tally = Tally(recording.began, end, QUEUES_FROM_RECORD)
    rehearsal = Rehearsal(recording, core, tally, settings, chances)
    rehearsal.run(tell)
    rehearsal.eyes.pass_until(end)
    found = changes(recording.eyes.stays, rehearsal.eyes.stays, recording.ended, settings.bound)
    return Rehearsed(
        core=core,
        recording=recording,
        chances=chances,
        returned=rehearsal.returned,
        recorded=recording.tally,
        rehearsed=tally,
        changes=tuple(found),
    )
