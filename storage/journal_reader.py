"""
Reading the journal beside its writer, from other threads: what the shipper copies.

WAL mode lets readers work while the writer appends, and neither waits for the other. Each call
opens the file anew (about 0.2 ms), so that nothing is shared between threads.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from cti.ids import PartyKey
from cti.instants import Time
from storage import journal_file
from storage.errors import JournalCorruptError
from storage.journal_file import RecordKind, translated

T = TypeVar("T")

READ_RECORDS_MAX = 1_000
"""So many records are held in memory at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRecord:
    """A record as it stands in the file; `body` is the JSON that the codec wrote."""

    position: int
    at: Time
    kind: RecordKind
    name: str
    body: bytes
    core_version: str
    policy_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A caller's number and name, as the switch gave them: unverified."""

    key: PartyKey
    number: str
    name: str


_RECORDS = (
    "SELECT position, at, kind, name, body, core, policy FROM records"
    " JOIN versions ON versions.id = version WHERE position > ? ORDER BY position LIMIT ?"
)


def fetch(connection: sqlite3.Connection, path: Path, after: int, limit: int) -> list[StoredRecord]:
    """
    Return the records that follow position `after`; those before the first were pruned.

    Raises:
        JournalCorruptError: there is a hole between two of them.
    """
    records: list[StoredRecord] = []
    with translated(path):
        for position, at, kind, name, body, core, policy in connection.execute(
            _RECORDS, (after, limit)
        ):
            if records and position != records[-1].position + 1:
                raise JournalCorruptError(
                    f"the journal {path} lacks records {records[-1].position + 1} to {position - 1}"
                )
            records.append(
                StoredRecord(
                    position=position,
                    at=at,
                    kind=kind,
                    name=name,
                    body=body.encode() if isinstance(body, str) else body,  # a hand's edit
                    core_version=core,
                    policy_version=policy,
                )
            )
    return records


class JournalReader:
    """
    Reads a journal that this or another process writes.

    Every method may raise `JournalUnavailableError` and `JournalCorruptError`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def read(self, after: int, limit: int = READ_RECORDS_MAX) -> list[StoredRecord]:
        """Return the records that follow position `after`, `limit` at most."""
        return await self._in_thread(
            lambda connection: fetch(connection, self._path, after, min(limit, READ_RECORDS_MAX))
        )

    async def parties(self, keys: Iterable[PartyKey]) -> list[Party]:
        """Return what is known of these parties; those that were erased are left out."""
        wanted = tuple(keys)

        def look_up(connection: sqlite3.Connection) -> list[Party]:
            found = []
            for key in wanted:
                found += connection.execute(
                    "SELECT key, number, name FROM parties WHERE key = ?", (key,)
                ).fetchall()
            return [
                Party(key=PartyKey(key), number=number, name=name) for key, number, name in found
            ]

        return await self._in_thread(look_up) if wanted else []

    async def erasures(self) -> list[PartyKey]:
        """Return the parties that were erased here and may still stand in Postgres."""
        return await self._in_thread(
            lambda connection: [
                PartyKey(key) for (key,) in connection.execute("SELECT key FROM erasures")
            ]
        )

    async def checkpoint(self) -> None:
        """
        Move what the WAL holds into the database and sync both, without stopping the writer.

        Done from time to time it keeps the WAL small and the writer free of the disk's pace.
        """
        await self._in_thread(
            lambda connection: connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        )

    async def _in_thread(self, query: Callable[[sqlite3.Connection], T]) -> T:
        def run() -> T:
            with translated(self._path), closing(self._connected()) as connection:
                return query(connection)

        return await asyncio.to_thread(run)

    def _connected(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            isolation_level=None,
            timeout=journal_file.READER_BUSY_MS / 1000,
        )
        connection.execute("PRAGMA query_only = ON")
        return connection
