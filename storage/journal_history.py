"""
Reading a journal from the outside and from anywhere in it: for replay, and for explaining.

The file may be the one that a daemon writes just now, or a copy; nothing in it is changed, and the
writer is not held up: each call reads by itself. What was pruned while it was read is said so.
"""

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from cti.ids import CallId
from cti.instants import Time
from storage.errors import JournalCorruptError, JournalTooNewError, JournalUnavailableError
from storage.journal import Snapshot
from storage.journal_file import APPLICATION_ID, READER_BUSY_MS, SCHEMA_VERSION, translated
from storage.journal_reader import READ_RECORDS_MAX, StoredRecord, fetch


@dataclass(frozen=True, slots=True, kw_only=True)
class HistorySpan:
    """The first and the last record, by position and time."""

    first: int
    last: int
    first_at: Time
    last_at: Time


class JournalHistory:
    """
    A journal, opened for reading only. Use it as a context.

    Every method may raise `JournalUnavailableError` and `JournalCorruptError`.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self._path = path
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Self:
        """
        Open the journal at `path`, of whatever program version its records are.

        Raises:
            JournalTooNewError: its tables are those of a newer program.
            JournalUnavailableError: it is not there, or may not be read.
            JournalCorruptError: it is damaged, or no journal.
        """
        with translated(path):
            if not path.is_file():
                raise JournalUnavailableError(f"the journal {path} is not there")
            connection = sqlite3.connect(
                _address(path), uri=True, isolation_level=None, timeout=READER_BUSY_MS / 1000
            )
            try:
                connection.execute("PRAGMA query_only = ON")
                connection.execute("PRAGMA trusted_schema = OFF")
                _check(connection, path)
            except Exception:
                connection.close()
                raise
        return cls(path, connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._connection.close()

    def span(self) -> HistorySpan | None:
        """Return what it holds just now; None where it has no record."""
        rows = self._rows(
            "SELECT position, at FROM records WHERE position IN"
            " ((SELECT min(position) FROM records), (SELECT max(position) FROM records))"
            " ORDER BY position"
        )
        if not rows:
            return None
        (first, first_at), (last, last_at) = rows[0], rows[-1]
        return HistorySpan(first=first, last=last, first_at=first_at, last_at=last_at)

    def last_by(self, moment: Time, span: HistorySpan) -> int:
        """Return the position of the last record that is not later; before the first: its - 1."""
        low, high = span.first - 1, span.last  # times do not run back, so it can be halved
        while low < high:
            middle = (low + high + 1) // 2
            rows = self._rows("SELECT at FROM records WHERE position = ?", middle)
            if not rows or rows[0][0] <= moment:
                low = middle
            else:
                high = middle - 1
        return low

    def snapshots_by(self, position: int) -> list[int]:
        """Return the snapshots up to a position from which the records go on, the newest first."""
        return [
            place
            for (place,) in self._rows(
                "SELECT position FROM snapshots WHERE position <= ? AND position >="
                " (SELECT min(position) - 1 FROM records) ORDER BY position DESC",
                position,
            )
        ]

    def snapshot(self, position: int) -> Snapshot | None:
        """Return the snapshot of a position, unless it was removed meanwhile."""
        for at, core, data in self._rows(
            "SELECT at, core, data FROM snapshots WHERE position = ?", position
        ):
            return Snapshot(position=position, at=at, core_version=core, data=data)
        return None

    def read(self, after: int, until: int) -> Iterator[StoredRecord]:
        """
        Give the records after one position, up to and with another.

        Raises:
            JournalCorruptError: one in the middle is missing.
            JournalUnavailableError: they were pruned meanwhile.
        """
        while after < until:
            page = fetch(self._connection, self._path, after, min(until - after, READ_RECORDS_MAX))
            if not page or page[0].position != after + 1:
                raise JournalUnavailableError(
                    f"the journal {self._path} no longer holds record {after + 1}: try again"
                )
            yield from page
            after = page[-1].position

    def calls(self, beginning: str, limit: int) -> list[tuple[CallId, Time]]:
        """
        Return the calls whose ids begin so, and when each is first named; `limit` at most.

        Goes through the whole journal: there is no index of calls.
        """
        return [
            (CallId(call), at)
            for call, at in self._rows(
                "SELECT json_extract(CAST(body AS TEXT), '$.call') AS called, min(at) FROM records"
                " WHERE instr(body, ?) > 0 AND called IS NOT NULL"
                " GROUP BY called ORDER BY min(position) LIMIT ?",
                _named(beginning)[:-1],
                limit,
            )
        ]

    def span_of(self, call: CallId) -> tuple[int, int] | None:
        """Return the first and the last record that name a call; None where none does."""
        ((first, last),) = self._rows(
            "SELECT min(position), max(position) FROM records WHERE instr(body, ?) > 0",
            _named(call),
        )
        return None if first is None else (first, last)

    def _rows(self, query: str, *arguments: object) -> list[Any]:
        with translated(self._path):
            return self._connection.execute(query, arguments).fetchall()


def _named(call: str) -> bytes:
    """Return how a record names a call: within a text, quotes would be escaped."""
    return b'"call":' + orjson.dumps(call)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables:
        raise JournalUnavailableError(f"the journal {path} is empty")
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise JournalCorruptError(f"{path} is a database, but not a journal of ours")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise JournalTooNewError(
            f"the journal {path} has format {version}, and this program knows formats up to"
            f" {SCHEMA_VERSION}: a newer Cordboard has written it"
        )


def _address(path: Path) -> str:
    mode = "mode=ro&immutable=1" if _lies_alone(path) else "mode=ro"
    return f"{path.absolute().as_uri()}?{mode}"


def _lies_alone(path: Path) -> bool:
    """Tell whether a file of WAL mode lies where nobody writes it: SQLite alone refuses it."""
    return not Path(f"{path}-wal").exists() and not Path(f"{path}.lock").exists()
