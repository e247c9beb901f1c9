"""
The journal's file: its tables, how it is opened, locked and synced, and what its errors mean.

An SQLite database in WAL mode. A transaction that has returned is in the operating system's page
cache and survives SIGKILL of this process; a torn tail after a power failure is dropped by SQLite's
frame checksums, whole transactions at a time (https://www.sqlite.org/wal.html). Measured here: a
transaction of three records costs 18 µs, against 3 µs in a bare append-only file, which would leave
us to write torn tails, retention, party lookup and a second reader ourselves.
"""

import errno
import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from storage.errors import (
    JournalCorruptError,
    JournalLockedError,
    JournalTooNewError,
    JournalUnavailableError,
    RestoreUnfinishedError,
)
from storage.versions import is_newer, release

RecordKind = Literal["fact", "command", "timer"]

SCHEMA_VERSION = 1
APPLICATION_ID = 0x436F7264
"""`Cord`: says what the file is, to `file` and to us."""

RESTORE_MARK = "restore.unfinished"
"""The file that stands beside the journal while a restore is under way, or was broken off."""
GO_BACK = (
    "Install that version again; or go back by restoring a backup that was made before the upgrade"
    " (cordboard restore)."
)

WAL_PAGES_MAX = 16_000
"""A safety net of 64 MB: past it the writer checkpoints by itself and pays for the fsync."""
WRITER_BUSY_MS = 250
"""
So long the writer waits for another process that has the file locked: the daemon's loop stands
still meanwhile, and its watchdog may be set to one second. What could not be written then is tried
again (`cti.writer`).
"""
READER_BUSY_MS = 5_000
"""Readers wait in threads of their own."""

_TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE versions (
    id INTEGER PRIMARY KEY,
    core TEXT NOT NULL,
    policy TEXT NOT NULL,
    UNIQUE (core, policy)
);
CREATE TABLE records (
    position INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    version INTEGER NOT NULL REFERENCES versions
);
CREATE TABLE snapshots (
    position INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    core TEXT NOT NULL,
    data BLOB NOT NULL
);
CREATE TABLE parties (
    key TEXT PRIMARY KEY, number TEXT NOT NULL, name TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE erasures (key TEXT PRIMARY KEY) WITHOUT ROWID;
INSERT INTO meta VALUES ('journal', lower(hex(randomblob(16))));
"""

UPGRADES: dict[int, str] = {}
"""
What brings the tables of a format to the next one: the key is the format that it is applied to.

The tables above are those of `SCHEMA_VERSION`. Who changes them raises it, adds the step here, and
a file of the new format to `tests/storage/journals`.
"""

_CORRUPT_CODES = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_PRIMARY_CODE = 0xFF
"""SQLite's extended result codes keep the primary one in their low byte."""


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """
    Turn SQLite's errors into ours.

    Raises:
        JournalCorruptError: the file is damaged, or is no journal.
        JournalUnavailableError: anything else: full, read-only, no permission, I/O error.
    """
    try:
        yield
    except sqlite3.Error as error:
        code = getattr(error, "sqlite_errorcode", None)
        if code is not None and code & _PRIMARY_CODE in _CORRUPT_CODES:
            raise JournalCorruptError(f"the journal {path} is damaged: {error}") from error
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        raise JournalUnavailableError(f"the journal {path}: {error} ({name})") from error
    except OSError as error:
        raise JournalUnavailableError(f"the journal {path}: {error}") from error


def lock(path: Path) -> int:
    """
    Take the lock beside the journal, for as long as the returned descriptor is open.

    It has a file of its own: closing any descriptor of the database would drop SQLite's locks
    (POSIX record locks belong to the process). The kernel drops it when the process dies.

    Raises:
        JournalLockedError: another process holds it.
    """
    while True:
        descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = os.pread(descriptor, 20, 0).strip()
            os.close(descriptor)
            if error.errno not in {errno.EAGAIN, errno.EACCES}:
                raise
            raise JournalLockedError(
                str(path), int(holder) if holder.isdigit() else None
            ) from error
        if _is_at(descriptor, f"{path}.lock"):
            break
        os.close(descriptor)  # who had it has removed it meanwhile: a restore that was refused
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _is_at(descriptor: int, name: str) -> bool:
    """Tell whether an open file is still the one of this name."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(name))
    except FileNotFoundError:
        return False


def create_private(path: Path) -> None:
    """
    Make the journal's folder and empty file, both readable by their owner alone.

    Raises:
        RestoreUnfinishedError: what a restore has brought so far is not to be written to.
    """
    if path.with_name(RESTORE_MARK).exists():
        raise RestoreUnfinishedError(
            f"a restore into {path.parent} was broken off: run the same cordboard restore again"
        )
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))


def open_writer(path: Path, *, core_version: str = "") -> sqlite3.Connection:
    """
    Open the file for the one writer, lay out the tables in a new one, upgrade those of an old one.

    Raises:
        JournalTooNewError: a newer program has written it; it is left as it is.
        JournalCorruptError: it holds a database that is not a journal.
    """
    check_readable(path, core_version=core_version)
    connection = sqlite3.connect(path, isolation_level=None, timeout=WRITER_BUSY_MS / 1000)
    try:
        _lay_out(connection)
        _upgrade(connection)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        _check_mode(mode, path)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA wal_autocheckpoint = {WAL_PAGES_MAX}")
        # Numbers and names that were erased are overwritten, not only unlinked.
        connection.execute("PRAGMA secure_delete = ON")
    except Exception:
        connection.close()
        raise
    return connection


def _lay_out(connection: sqlite3.Connection) -> None:
    """Make the tables in an empty file, in one transaction: whole, or not at all."""
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if tables == 0:
        connection.executescript(
            f"BEGIN IMMEDIATE; {_TABLES}"
            f"PRAGMA application_id = {APPLICATION_ID};"
            f"PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
        )


def _check_mode(mode: str, path: Path) -> None:
    if mode != "wal":
        raise JournalUnavailableError(f"the journal {path}: its folder cannot hold a WAL")


def check_readable(path: Path, *, core_version: str = "") -> None:
    """
    See that a file is a journal that this program understands, without changing a byte of it.

    An empty file will be one. `core_version` is this program's; without it only the format counts.

    Raises:
        JournalTooNewError: a newer program has written it.
        JournalCorruptError: it holds a database that is not a journal.
    """
    with closing(open_reader(path)) as connection:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables == 0:
            return
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        if application != APPLICATION_ID:
            raise JournalCorruptError(f"{path} is a database, but not a journal of ours")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        writers = [core for (core,) in connection.execute("SELECT DISTINCT core FROM versions")]
    if version > SCHEMA_VERSION:
        raise JournalTooNewError(
            f"the journal {path} has format {version}, and this program knows formats up to"
            f" {SCHEMA_VERSION}: a newer Cordboard has written it. {GO_BACK}"
        )
    newer = [writer for writer in writers if is_newer(writer, core_version)]
    if newer:
        newest = max(newer, key=lambda writer: release(writer) or ())
        raise JournalTooNewError(
            f"the journal {path} was written by Cordboard {newest}, and this is {core_version}."
            f" {GO_BACK}"
        )


def open_reader(path: Path) -> sqlite3.Connection:
    """Open the file to read it only; blocks while another process has it locked."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode=ro",
        uri=True,
        isolation_level=None,
        timeout=READER_BUSY_MS / 1000,
    )


def _upgrade(connection: sqlite3.Connection) -> None:
    """Bring an older format up, each step in one transaction: killed in between, it goes on."""
    while True:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version >= SCHEMA_VERSION:
            return
        step = UPGRADES.get(version)
        if step is None:
            raise JournalCorruptError(
                f"the journal says that its format is {version}: there is none"
            )
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {step};PRAGMA user_version = {version + 1}; COMMIT;"
            )
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def sync_wal(path: Path) -> None:
    """
    Put everything that was appended so far on the disk; blocks for as long as the disk takes.

    What a checkpoint has moved out of the WAL meanwhile, the checkpoint itself has synced.
    """
    try:
        descriptor = os.open(f"{path}-wal", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
