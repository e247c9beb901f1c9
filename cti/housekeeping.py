"""
Keeping the journal in order: snapshots of the state now and then, and old records removed.

A restart needs the newest snapshot and the records after it; Postgres needs those that it has not
got, and those of calls that are still open. Everything older is kept for two reasons: a program of
another version may not be able to read the snapshot, and replays the records instead; and calls
are explained from them (`cti.explaining`), for which the journal keeps a snapshot now and then. So
the last `RECORDS_KEPT` stay in any case: about 50,000 calls of some 20 records each, more than any
call, talk or shift lasts; measured, that is some 400 MB, and 16 s of replay.
"""

import asyncio
from collections.abc import Callable

import structlog

from acd.distributor import Distributor
from cti.calls import CallBook
from cti.clock import Clock
from cti.recovery import save
from cti.writer import Writer
from storage.codec import RecordCodec
from storage.errors import JournalError, StorageError
from storage.journal import PRUNE_RECORDS_MAX, Journal

SNAPSHOT_EVERY_S = 180.0
RECORDS_KEPT = 1_000_000
PRUNE_PAUSE_S = 0.05
"""Between two steps of pruning: the calls go first."""

log = structlog.get_logger(__name__)


class Housekeeping:
    """
    Snapshots and pruning of one journal.

    `needed_from` says from which position on the records are still wanted elsewhere, such as by
    Postgres: 1 for all of them.
    """

    def __init__(
        self,
        *,
        journal: Journal,
        codec: RecordCodec,
        core: Distributor,
        calls: CallBook,
        clock: Clock,
        writer: Writer,
        needed_from: Callable[[], int],
        records_kept: int = RECORDS_KEPT,
    ) -> None:
        self._journal = journal
        self._codec = codec
        self._core = core
        self._calls = calls
        self._clock = clock
        self._writer = writer
        self._needed_from = needed_from
        self._records_kept = records_kept
        self._snapshot_at = 0

    def keep_state(self) -> bool:
        """Keep the state for the next start; False where the journal cannot be written now."""
        if self._writer.journal_failing:
            # The state is ahead of the journal. The records that wait come after the snapshot when
            # they are written, and would be applied twice.
            return False
        try:
            save(self._journal, self._codec, self._core, self._calls, self._clock.now())
        except StorageError as error:
            log.exception("state_not_kept", reason=str(error))
            return False
        self._snapshot_at = self._journal.last_position
        return True

    def unneeded_before(self) -> int:
        """Return the position before which no record is needed any more."""
        return min(
            self._needed_from(),
            self._snapshot_at + 1,
            self._journal.last_position - self._records_kept + 1,
        )

    async def prune(self) -> int:
        """Remove what is not needed any more, step by step, and return how many records went."""
        removed = 0
        try:
            while (step := self._journal.prune(self.unneeded_before())) > 0:
                removed += step
                if step < PRUNE_RECORDS_MAX:
                    break
                await asyncio.sleep(PRUNE_PAUSE_S)
        except JournalError as error:
            log.warning("journal_not_pruned", reason=str(error))
        if removed:
            log.info("journal_pruned", records=removed)
        return removed

    async def run(self, every_s: float = SNAPSHOT_EVERY_S) -> None:
        """Do it all now and then, until cancelled."""
        while True:
            await asyncio.sleep(every_s)
            self.keep_state()
            await self.prune()
