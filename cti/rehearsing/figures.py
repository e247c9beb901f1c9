"""The figures of a rehearsal: those of a simulated scenario, as recorded and as rehearsed."""

from typing import Any

from cti.explaining.moments import as_iso
from cti.instants import Duration, as_seconds
from cti.rehearsing.fates import Change, Fate, counted
from cti.rehearsing.run import Rehearsed
from cti.rehearsing.stays import WatchedCore
from cti.simulation.figures import figures
from cti.simulation.tally import BATCHES, Batch, Tally


def both(done: Rehearsed, level: Duration) -> dict[str, Any]:
    """Return the figures of both, of the same queues."""
    came = {
        queue
        for tally in (done.recorded, done.rehearsed)
        for queue, batches in tally.queues.items()
        if any(batch.arrivals for batch in batches)
    }
    told = {}
    for name, tally, core in (
        ("recorded", done.recorded, done.recording.core),
        ("rehearsed", done.rehearsed, done.core),
    ):
        tally.queues = {
            queue: tally.queues.get(queue) or [Batch() for _at in range(BATCHES)]
            for queue in sorted(came)
        }
        _employ(tally, core, done)
        told[name] = figures(tally, level)
    return told


def changed(found: Change) -> dict[str, Any]:
    """Return a changed fate as plain values."""
    return {
        "call": found.call,
        "stay": found.number,
        "came": as_iso(found.came),
        "queue": found.queue,
        "change": found.kind.value,
        "recorded": _plain(found.recorded),
        "rehearsed": _plain(found.rehearsed),
    }


def summary(done: Rehearsed) -> dict[str, int]:
    """Return how many fates change, in all and in which way."""
    return {"fates": len(done.changes), **counted(done.changes)}


def _plain(fate: Fate | None) -> dict[str, Any] | None:
    if fate is None:
        return None
    return {
        "outcome": fate.outcome,
        "queue": fate.queue,
        "agent": fate.agent,
        "wait_s": as_seconds(fate.wait),
    }


def _employ(tally: Tally, core: WatchedCore, done: Rehearsed) -> None:
    """Say who serves which queue, and leave out who did not work at all."""
    serves = {shown.agent: shown.queues for shown in core.picture(done.recording.ended).agents}
    tally.agents = {
        agent: record
        for agent, record in sorted(tally.agents.items())
        if any(record.working) or record.answered
    }
    for agent, record in tally.agents.items():
        record.queues = tuple(serves.get(agent, ()))
