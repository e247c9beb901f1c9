"""
Copies of a journal: taken while it is written, and checked before they are believed.

The copy is SQLite's own online backup, read from one snapshot: the writer is not held up, and
nothing that it writes meanwhile makes the copying begin anew.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from storage.errors import JournalCorruptError, JournalUnavailableError
from storage.journal_file import APPLICATION_ID, check_readable, open_reader, translated

PAGES_PER_STEP = 2_000
_FAULTS_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalSpan:
    """Which journal it is, in which format, and the records that it has (0 and 0: none)."""

    journal: str
    format: int
    first_position: int
    last_position: int

    @property
    def records(self) -> int:
        """How many records there are: positions have no holes."""
        return self.last_position - self.first_position + 1 if self.last_position else 0


def span(path: Path) -> JournalSpan | None:
    """
    Return what a journal holds; None where there is no file, or nothing in it yet.

    Raises:
        JournalCorruptError, JournalUnavailableError: it is damaged, or cannot be read.
    """
    if not path.exists():
        return None
    with translated(path), closing(open_reader(path)) as connection:
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables == 0:
            return None
        if application != APPLICATION_ID:
            raise JournalCorruptError(f"{path} is a database, but not a journal of ours")
        return _span(connection)


def _span(connection: sqlite3.Connection) -> JournalSpan:
    journal = connection.execute("SELECT value FROM meta WHERE name = 'journal'").fetchone()
    if journal is None:
        raise JournalCorruptError("the journal has no id")
    (format_,) = connection.execute("PRAGMA user_version").fetchone()
    first, last = connection.execute("SELECT min(position), max(position) FROM records").fetchone()
    return JournalSpan(
        journal=journal[0], format=format_, first_position=first or 0, last_position=last or 0
    )


def copy(
    path: Path, target: Path, tell: Callable[[int, int], None], *, core_version: str
) -> JournalSpan:
    """
    Copy a journal that may be in use to a new file, and return what the copy holds.

    `tell` is told after each step how many pages are done, and of how many; what it raises ends
    the copying. Blocks: for a thread.

    Raises:
        JournalUnavailableError, JournalCorruptError, JournalTooNewError: it cannot be read whole.
    """

    def step(_status: int, remaining: int, total: int) -> None:
        tell(total - remaining, total)

    if not path.exists():
        raise JournalUnavailableError(f"the journal {path} is not there")
    with translated(path):
        check_readable(path, core_version=core_version)
        with closing(open_reader(path)) as source, closing(_new(target)) as copied:
            # One snapshot for all steps: without it each write of the daemon's would begin anew.
            source.execute("BEGIN")
            source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            source.backup(copied, pages=PAGES_PER_STEP, progress=step)
            # A file of its own, without a WAL beside it.
            copied.execute("PRAGMA journal_mode = DELETE").fetchone()
    return checked(target, core_version=core_version)


def _new(target: Path) -> sqlite3.Connection:
    target.touch(mode=0o600, exist_ok=False)
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")  # whoever keeps the file syncs it
    return connection


def checked(path: Path, *, core_version: str) -> JournalSpan:
    """
    Return what a copy holds that nobody writes, after looking at every page of it.

    It may come from anywhere: nothing in it is run, and it may hold nothing but tables.

    Raises:
        JournalCorruptError: it is damaged, or is no journal.
        JournalTooNewError: a newer program has written it.
    """
    address = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    with translated(path):
        with closing(sqlite3.connect(address, uri=True, isolation_level=None)) as connection:
            connection.execute("PRAGMA trusted_schema = OFF")
            (others,) = connection.execute(
                "SELECT count(*) FROM sqlite_schema WHERE type NOT IN ('table', 'index')"
                " OR sql LIKE 'CREATE VIRTUAL%'"
            ).fetchone()
            (application,) = connection.execute("PRAGMA application_id").fetchone()
            if others or application != APPLICATION_ID:
                raise JournalCorruptError(f"{path} is not a journal of ours")
            faults = connection.execute(f"PRAGMA integrity_check({_FAULTS_SHOWN})").fetchall()
            if faults != [("ok",)]:
                raise JournalCorruptError(
                    f"the journal {path} is damaged: {'; '.join(str(fault) for (fault,) in faults)}"
                )
            found = _span(connection)
            (count,) = connection.execute("SELECT count(*) FROM records").fetchone()
        if count != found.records:
            raise JournalCorruptError(f"the journal {path} lacks records in its middle")
        check_readable(path, core_version=core_version)
    return found
