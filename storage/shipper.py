"""
Copying the journal to Postgres, and the call log with it.

Records go in batches. A batch, the records of the calls that ended in it, and the position that was
reached are one transaction: whatever is killed when, each journal record is there once, and so is
each call's. With Postgres away the journal keeps everything, and the shipper tries again. A record
that cannot be copied is set aside in `shipping_failures`, with the reason, and does not hold up
those behind it. No call ever waits for the shipper.
"""

import asyncio
import random
from dataclasses import dataclass, replace

import asyncpg
import structlog

from cti.ids import PartyKey
from storage.batch import Batch, Refusal, prepare, refold
from storage.call_log import CallLog
from storage.codec import RecordCodec
from storage.errors import JournalError, StorageConflictError
from storage.journal import Journal
from storage.journal_reader import Party, StoredRecord
from storage.rows import CALL_COLUMNS, JOURNAL_COLUMNS, party_row, without_nul

BATCH_RECORDS_MAX = 500
GATHER_S = 0.1
"""After waking, so long others may join the batch."""
BUSY_RECORDS = 50
"""With so many records at once, the next ones are waited for longer."""
GATHER_BUSY_S = 0.5
"""So long: what a batch costs besides its records is then paid twice a second, not ten times."""
STEP_RECORDS = 25
"""So many are made ready before the calls get their turn."""
COMMAND_S_MAX = 30.0
CONNECT_S_MAX = 5.0
RETRY_FIRST_S = 0.2
RETRY_MAX_S = 15.0
CHECKPOINT_RECORDS = 2_000
"""Each time so many records were appended, the journal's WAL is moved into its database."""

_REFUSED = (ValueError, OverflowError, asyncpg.DataError, asyncpg.IntegrityConstraintViolationError)
"""Postgres or asyncpg objects to the data itself; asyncpg's own data error is a ValueError."""
_FAILED = (
    OSError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a command on a connection that Postgres is just ending
    JournalError,
)
_INSERT_CALL = (
    f"INSERT INTO calls ({', '.join(CALL_COLUMNS)}) VALUES"  # noqa: S608 - constants of ours
    f" ({', '.join(f'${number}' for number in range(1, len(CALL_COLUMNS) + 1))})"
    " ON CONFLICT (call) DO NOTHING"
)
_INSERT_PARTY = (
    "INSERT INTO parties (key, number, name) VALUES ($1, $2, $3)"
    " ON CONFLICT (key) DO UPDATE SET number = excluded.number, name = excluded.name"
)
_INSERT_FAILURE = (
    "INSERT INTO shipping_failures (journal, position, kind, name, body, reason)"
    " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (journal, position) DO NOTHING"
)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShippingState:
    """
    How the copying stands.

    `position` is the last record in Postgres, `fold_from` the first that is still needed here:
    records before it may be pruned. `last_error` is None while all is well; `set_aside` counts the
    records that this process could not copy.
    """

    position: int
    fold_from: int
    last_error: str | None
    set_aside: int


class Shipper:
    """Copies one journal to the database at one address; `run` it as a task of the daemon's."""

    def __init__(self, journal: Journal, codec: RecordCodec, address: str) -> None:
        self._journal = journal
        self._reader = journal.reader()
        self._codec = codec
        self._address = address
        self._call_log = CallLog()
        self._batch_max = BATCH_RECORDS_MAX
        self._pause_s = RETRY_FIRST_S
        self._checkpointed = 0
        self._moved = asyncio.Event()
        self._state = ShippingState(position=0, fold_from=1, last_error=None, set_aside=0)
        self.resumed = False
        """Whether Postgres has said how far it is; before that `behind` is no more than a bound."""

    @property
    def state(self) -> ShippingState:
        """How the copying stands now."""
        return self._state

    @property
    def behind(self) -> int:
        """How many records are not yet in Postgres, as far as this process knows."""
        return self._journal.last_position - self._state.position

    async def run(self) -> None:
        """Copy for ever. Errors of Postgres and of the journal are tried again, and shown."""
        while True:
            try:
                connection = await asyncpg.connect(
                    self._address,
                    timeout=CONNECT_S_MAX,
                    command_timeout=COMMAND_S_MAX,
                    server_settings={"application_name": "cordboard shipper", "timezone": "UTC"},
                )
                try:
                    await self._resume(connection)
                    await self._ship(connection)
                finally:
                    connection.terminate()
            except (*_REFUSED, *_FAILED, StorageConflictError) as error:
                if isinstance(error, _REFUSED):
                    # Smaller batches, down to the one record that is refused.
                    self._batch_max = max(1, self._batch_max // 8)
                self._show(replace(self._state, last_error=_explained(error)))
                _log.warning("shipping_failed", reason=_explained(error), behind=self.behind)
                await self._tend_journal()
                await asyncio.sleep(self._pause_s * random.uniform(0.5, 1))  # noqa: S311 - jitter
                self._pause_s = min(self._pause_s * 2, RETRY_MAX_S)

    async def caught_up(self) -> None:
        """Wait until every record that is in the journal now is in Postgres."""
        goal = self._journal.last_position
        while self._state.position < goal:
            self._moved.clear()
            await self._moved.wait()

    async def _resume(self, connection: asyncpg.Connection) -> None:
        """
        Learn how far we were, and fold anew what the open calls need.

        Raises:
            StorageConflictError: Postgres has more of this journal than we: it is an old copy.
        """
        await connection.execute(
            "INSERT INTO shipping (journal, position, fold_from) VALUES ($1, 0, 1)"
            " ON CONFLICT (journal) DO NOTHING",
            self._journal.id,
        )
        ((position, fold_from),) = await connection.fetch(
            "SELECT position, fold_from FROM shipping WHERE journal = $1", self._journal.id
        )
        if position > self._journal.last_position:
            raise StorageConflictError(
                f"Postgres has this journal up to record {position}, and the file ends with"
                f" {self._journal.last_position}: it is an old copy; set it aside to begin anew"
            )
        self._call_log = CallLog()
        folded = fold_from - 1
        while folded < position:
            records = await self._reader.read(folded, min(BATCH_RECORDS_MAX, position - folded))
            if not records:
                break
            refold(records, self._codec, self._call_log)
            folded = records[-1].position
        self._show(replace(self._state, position=position, fold_from=fold_from))
        self.resumed = True

    async def _ship(self, connection: asyncpg.Connection) -> None:
        while True:
            self._journal.appended.clear()
            wanted = self._batch_max
            records = await self._reader.read(self._state.position, wanted)
            erased = await self._reader.erasures()
            if records or erased:
                await self._ship_batch(connection, records, erased)
                self._batch_max = min(self._batch_max * 2, BATCH_RECORDS_MAX)
            self._show(replace(self._state, last_error=None))
            self._pause_s = RETRY_FIRST_S
            await self._tend_journal()
            if len(records) < wanted:
                await self._journal.appended.wait()
                await asyncio.sleep(GATHER_BUSY_S if len(records) >= BUSY_RECORDS else GATHER_S)

    async def _ship_batch(
        self,
        connection: asyncpg.Connection,
        records: list[StoredRecord],
        erased: list[PartyKey],
    ) -> None:
        # Postgres must never have what a power failure could take from us: the positions would be
        # given again, to other records.
        await self._journal.synced()
        batch = Batch()
        for begin in range(0, len(records), STEP_RECORDS):
            step = records[begin : begin + STEP_RECORDS]
            prepare(batch, self._journal.id, step, self._codec, self._call_log)
            await asyncio.sleep(0)
        parties = await self._reader.parties(batch.parties)
        last = records[-1].position if records else self._state.position
        try:
            fold_from = await self._write(connection, batch, parties, erased, last)
        except _REFUSED as error:
            if len(records) != 1:
                raise
            # This is the one. It goes aside as it is; the connection is still good, as the
            # transaction was rolled back.
            refusal = Refusal(record=records[0], reason=_explained(error))
            batch = Batch(refusals=[refusal])
            fold_from = await self._write(connection, batch, [], erased, last)
        self._journal.note_erased(erased)
        for refusal in batch.refusals:
            _log.error("record_set_aside", position=refusal.record.position, reason=refusal.reason)
        self._show(
            ShippingState(
                position=last,
                fold_from=fold_from,
                last_error=None,
                set_aside=self._state.set_aside + len(batch.refusals),
            )
        )

    async def _write(
        self,
        connection: asyncpg.Connection,
        batch: Batch,
        parties: list[Party],
        erased: list[PartyKey],
        last: int,
    ) -> int:
        """Write a batch in one transaction, and return the position to fold from."""
        fold_from = self._call_log.oldest_position() or last + 1
        async with connection.transaction():
            if batch.journal_rows:
                await connection.copy_records_to_table(
                    "journal", records=batch.journal_rows, columns=JOURNAL_COLUMNS
                )
            await connection.executemany(_INSERT_CALL, batch.call_rows)
            await connection.executemany(_INSERT_PARTY, [party_row(party) for party in parties])
            await connection.execute("DELETE FROM parties WHERE key = ANY($1)", erased)
            await connection.executemany(
                _INSERT_FAILURE, [_failure_row(self._journal.id, it) for it in batch.refusals]
            )
            moved = await connection.execute(
                "UPDATE shipping SET position = $3, fold_from = $4, shipped_at = now()"
                " WHERE journal = $1 AND position = $2",
                self._journal.id,
                self._state.position,
                last,
                fold_from,
            )
            if moved != "UPDATE 1":
                raise StorageConflictError("somebody else ships this journal")
        return fold_from

    async def _tend_journal(self) -> None:
        """Keep the journal's WAL small, off the writer's thread; also while Postgres is away."""
        if self._journal.last_position - self._checkpointed < CHECKPOINT_RECORDS:
            return
        self._checkpointed = self._journal.last_position
        try:
            await self._reader.checkpoint()
        except JournalError as error:
            _log.warning("journal_checkpoint_failed", reason=_explained(error))

    def _show(self, state: ShippingState) -> None:
        self._state = state
        self._moved.set()


def _failure_row(journal: str, refusal: Refusal) -> tuple[object, ...]:
    """Return a row that Postgres cannot refuse, whatever stands in the record."""
    record = refusal.record
    return (
        journal,
        record.position,
        without_nul(str(record.kind)),
        without_nul(str(record.name)),
        record.body if isinstance(record.body, bytes) else repr(record.body).encode(),
        without_nul(refusal.reason),
    )


def _explained(error: Exception) -> str:
    """Return an error's first line: Postgres' further ones quote the row, numbers included."""
    first_line, *_ = str(error).splitlines() or [""]
    return f"{type(error).__name__}: {first_line}".removesuffix(": ")
