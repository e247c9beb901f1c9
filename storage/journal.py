"""
The local journal: the order of everything that was decided and why, on this machine's disk.

It keeps what it is given and gives it back in order; it knows nothing of Postgres and draws no
conclusions. One process writes it, from one thread. Numbers and names stand in a table of their
own beside the records, from which they can be erased; no record holds them.
"""

import asyncio
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from acd.facts import PolicyApplied
from cti.call_facts import CallArrived
from cti.ids import PartyKey
from cti.instants import Time
from storage import journal_file
from storage.codec import RecordCodec
from storage.journal_file import RecordKind, translated
from storage.journal_reader import READ_RECORDS_MAX, JournalReader, Party, fetch

SNAPSHOTS_KEPT = 3
SNAPSHOT_RECORDS = 20_000
"""Besides the newest, one snapshot in so many records is kept: to replay from, and to explain."""
PRUNE_RECORDS_MAX = 1_000
"""One call of `prune` removes so many at most: a few milliseconds of the writer's time."""
PARTY_TEXT_MAX = 512
"""A longer number or name is cut."""

_FORGET_ARRIVED = (
    "DELETE FROM parties WHERE key IN (SELECT json_extract(CAST(body AS TEXT), '$.party')"
    " FROM records WHERE position < ? AND name = ? AND json_valid(CAST(body AS TEXT)))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRecord:
    """One thing that happened or was decided, and the versions that it was decided by."""

    position: int
    at: Time
    kind: RecordKind
    body: object
    core_version: str
    policy_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The core's state as it was after the record at `position`."""

    position: int
    at: Time
    core_version: str
    data: bytes


class Journal:
    """
    The journal, opened for writing. Close it, or use it as a context.

    Every method may raise `JournalUnavailableError` (disk full, read-only, …) and
    `JournalCorruptError`; what failed to be appended is not in the journal, and later appends may
    succeed. All methods belong to the thread that opened it; they block for microseconds.
    """

    def __init__(
        self,
        path: Path,
        codec: RecordCodec,
        connection: sqlite3.Connection,
        lock: int,
        core_version: str,
    ) -> None:
        self._path = path
        self._codec = codec
        self._connection = connection
        self._lock = lock
        self._core_version = core_version
        self._appended = asyncio.Event()
        (self.id,) = self._row("SELECT value FROM meta WHERE name = 'journal'")
        last = self._row(
            "SELECT position, at, policy FROM records JOIN versions ON versions.id = version"
            " ORDER BY position DESC LIMIT 1"
        )
        self.last_position: int
        self._policy_version: str
        self.last_position, at, self._policy_version = last or (0, None, "")
        self._last_time: Time | None = at
        self._version = self._version_id(self._policy_version)

    @classmethod
    def open(cls, path: Path, codec: RecordCodec, *, core_version: str = "") -> Self:
        """
        Open the journal at `path`, or begin one; `core_version` is kept with every record.

        Raises:
            JournalLockedError: another process has it open.
            JournalTooNewError: a newer program has written it; it is left untouched.
            RestoreUnfinishedError: a restore into its folder has to be finished first.
            JournalUnavailableError, JournalCorruptError: as the class says.
        """
        with translated(path):
            journal_file.create_private(path)
            lock = journal_file.lock(path)
            connection = None
            try:
                connection = journal_file.open_writer(path, core_version=core_version)
                return cls(path, codec, connection, lock, core_version)
            except Exception:
                if connection is not None:
                    connection.close()
                os.close(lock)
                raise

    def close(self) -> None:
        """Close the file; the last of its users moves what the WAL holds into it."""
        self._connection.close()
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def appended(self) -> asyncio.Event:
        """Set by every append; who waits for records clears it before he reads."""
        return self._appended

    def append(self, records: Sequence[tuple[Time, RecordKind, object]]) -> int:
        """
        Append all of these or none, and return the last position in the journal.

        When this returns, they survive SIGKILL of this process, though not yet a power failure
        (`synced` sees to that).

        Raises:
            UnencodableError: one of them cannot be written; none is.
        """
        rows = []
        position, policy, version = self.last_position, self._policy_version, self._version
        with self._transaction():
            for at, kind, body in records:
                position += 1
                if isinstance(body, PolicyApplied) and body.policy.version != policy:
                    policy = body.policy.version
                    version = self._version_id(policy)
                rows.append((position, at, kind, *self._codec.encode(body), version))
            self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)", rows)
        self._policy_version, self._version = policy, version
        if records:
            self.last_position, self._last_time = position, records[-1][0]
            self._appended.set()
        return position

    def read(self, after: int = 0, limit: int | None = None) -> Iterator[JournalRecord]:
        """
        Give the records that follow position `after`, `limit` of them at most, in order.

        Records appended while reading are read too.

        Raises:
            JournalCorruptError: a record in the middle is missing.
            UndecodableRecordError: one cannot be read by this program.
        """
        remaining = sys.maxsize if limit is None else limit
        while remaining > 0:
            stored = fetch(self._connection, self._path, after, min(remaining, READ_RECORDS_MAX))
            for record in stored:
                yield JournalRecord(
                    position=record.position,
                    at=record.at,
                    kind=record.kind,
                    body=self._codec.decode(record.name, record.body, position=record.position),
                    core_version=record.core_version,
                    policy_version=record.policy_version,
                )
                after = record.position
            if not stored:
                return
            remaining -= len(stored)

    def last_time(self) -> Time | None:
        """Return the last record's time; None in an empty journal."""
        return self._last_time

    async def synced(self) -> None:
        """Wait until everything appended so far is on the disk, and survives a power failure."""
        with translated(self._path):
            await asyncio.to_thread(journal_file.sync_wal, self._path)

    def reader(self) -> JournalReader:
        """Return a reader of this journal for other threads."""
        return JournalReader(self._path)

    def save_snapshot(self, position: int, at: Time, data: bytes) -> None:
        """
        Keep the core's state after the record at `position`.

        The last three are kept, and of those before, one in `SNAPSHOT_RECORDS` records.
        """
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)",
                (position, at, self._core_version, data),
            )
            self._connection.execute(
                "DELETE FROM snapshots WHERE position NOT IN"
                " (SELECT position FROM snapshots ORDER BY position DESC LIMIT ?)"
                " AND position NOT IN (SELECT min(position) FROM snapshots GROUP BY position / ?)",
                (SNAPSHOTS_KEPT, SNAPSHOT_RECORDS),
            )

    def latest_snapshot(self) -> Snapshot | None:
        """Return the newest snapshot; None where there is none yet."""
        row = self._row(
            "SELECT position, at, core, data FROM snapshots ORDER BY position DESC LIMIT 1"
        )
        if row is None:
            return None
        position, at, core, data = row
        return Snapshot(position=position, at=at, core_version=core, data=data)

    def remember_party(self, key: PartyKey, number: str, name: str) -> None:
        """Keep a caller's number and name; text that is no Unicode is made so."""
        with self._transaction():
            self._connection.execute(
                "INSERT OR REPLACE INTO parties VALUES (?, ?, ?)", (key, _kept(number), _kept(name))
            )

    def party(self, key: PartyKey) -> Party | None:
        """Return what is known of a party; None where it is unknown or erased."""
        row = self._row("SELECT number, name FROM parties WHERE key = ?", key)
        return None if row is None else Party(key=key, number=row[0], name=row[1])

    def forget_party(self, key: PartyKey) -> None:
        """
        Erase a party's number and name here, and have the shipper erase them in Postgres.

        The bytes are overwritten in the file, and leave the WAL unless somebody is reading just
        now: then with one of the next checkpoints.
        """
        with self._transaction():
            self._connection.execute("DELETE FROM parties WHERE key = ?", (key,))
            self._connection.execute("INSERT OR IGNORE INTO erasures VALUES (?)", (key,))
        self._appended.set()
        with translated(self._path):
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def note_erased(self, keys: Iterable[PartyKey]) -> None:
        """Note that Postgres has erased these parties too."""
        with self._transaction():
            self._connection.executemany(
                "DELETE FROM erasures WHERE key = ?", [(key,) for key in keys]
            )

    def prune(self, before_position: int) -> int:
        """
        Remove the oldest records before this position, and return how many.

        With the record of a caller's arrival goes what was remembered of him: nothing here names
        him any more, and Postgres has it. At most `PRUNE_RECORDS_MAX` go in one call: call again
        while it returns as many. The last record always stays, as it says where the journal goes
        on.
        """
        end = min(before_position, self.last_position)
        with self._transaction():
            (oldest,) = self._connection.execute("SELECT min(position) FROM records").fetchone()
            if oldest is None:
                return 0
            # Positions have no holes.
            end = min(end, oldest + PRUNE_RECORDS_MAX)
            self._connection.execute(_FORGET_ARRIVED, (end, CallArrived.__name__))
            # No record that stays follows one of these.
            self._connection.execute(
                "DELETE FROM snapshots WHERE position < ? AND position NOT IN"
                " (SELECT position FROM snapshots ORDER BY position DESC LIMIT ?)",
                (end - 1, SNAPSHOTS_KEPT),
            )
            return self._connection.execute(
                "DELETE FROM records WHERE position < ?", (end,)
            ).rowcount

    def _version_id(self, policy: str) -> int:
        with translated(self._path):
            self._connection.execute(
                "INSERT OR IGNORE INTO versions (core, policy) VALUES (?, ?)",
                (self._core_version, policy),
            )
        (version,) = self._row(
            "SELECT id FROM versions WHERE core = ? AND policy = ?", self._core_version, policy
        )
        return int(version)

    def _row(self, query: str, *arguments: str) -> Any:  # noqa: ANN401 - a row's columns differ
        with translated(self._path):
            return self._connection.execute(query, arguments).fetchone()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with translated(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")


def _kept(text: str) -> str:
    """Return a text from outside as the journal keeps it: bounded, and Unicode."""
    return text[:PARTY_TEXT_MAX].encode("utf-8", "replace").decode("utf-8")
