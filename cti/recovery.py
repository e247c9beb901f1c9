"""
How the daemon finds its place again: the newest snapshot, then the journal's facts after it.

Replay applies facts and timer advances and throws the commands away: they have been carried out,
or the switch will show that they were not (`cti.switch.resync`).
"""

from dataclasses import dataclass

import structlog

from acd.distributor import Distributor
from acd.errors import SnapshotRefusedError
from acd.facts import AcdFact, PolicyApplied
from acd.policy import Policy
from acd.snapshot import DistributorState
from cti.call_facts import CallFact
from cti.calls import CallBook, CallBookState
from cti.instants import Time
from storage.codec import RecordCodec
from storage.errors import UndecodableRecordError
from storage.journal import Journal
from storage.records import TimersAdvanced

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedState:
    """What a snapshot holds."""

    core: DistributorState
    calls: CallBookState


def save(
    journal: Journal, codec: RecordCodec, core: Distributor, calls: CallBook, now: Time
) -> None:
    """Keep the state as it is after the journal's last record."""
    state = SavedState(core=core.snapshot(), calls=calls.snapshot())
    journal.save_snapshot(journal.last_position, now, codec.pack(state))


def recover(
    journal: Journal, codec: RecordCodec, policy: Policy | None = None
) -> tuple[Distributor, CallBook]:
    """
    Return core and call book as they were when the journal's last record was written.

    A snapshot of another program version that cannot be read is passed over: the journal alone
    tells as much, only slower. Where its beginning has been pruned, the policy that was in force
    then may have gone with it, and no agent would be known; the replay begins with `policy`.

    Raises:
        JournalError, UndecodableRecordError: the journal cannot be read.
    """
    core, calls, position = Distributor(), CallBook(), 0
    snapshot = journal.latest_snapshot()
    if snapshot is not None:
        try:
            saved = codec.unpack(SavedState, snapshot.data)
            core, calls = Distributor.restore(saved.core), CallBook.restore(saved.calls)
        except (UndecodableRecordError, SnapshotRefusedError) as error:
            log.warning("snapshot_unreadable", position=snapshot.position, reason=str(error))
        else:
            position = snapshot.position
    replayed = 0
    for record in journal.read(after=position):
        if position == 0 and replayed == 0 and record.position > 1 and policy is not None:
            core.handle(PolicyApplied(policy=policy), record.at)
        replayed += 1
        body = record.body
        if isinstance(body, TimersAdvanced):
            core.advance(body.to)
        elif isinstance(body, AcdFact):
            core.handle(body, record.at)
        elif isinstance(body, CallFact):
            calls.handle(body, record.at)
    log.info("journal_replayed", snapshot=position, records=replayed, calls=len(calls.living()))
    return core, calls
