"""
What can go wrong in storage.

    StorageError
    ├── UnencodableError            a value that no journal record can hold: our bug or dirty text
    ├── UndecodableRecordError      a stored record that this program cannot read (position, name)
    ├── JournalError
    │   ├── JournalUnavailableError disk full, read-only, gone: it cannot be written or read
    │   ├── JournalCorruptError     the file is damaged, or records are missing in its middle
    │   ├── JournalLockedError      another process has it open (pid)
    │   ├── JournalTooNewError      written by a newer program
    │   └── RestoreUnfinishedError  a restore was broken off before its end
    ├── ArchiveError                a backup cannot be written or read, or does not fit here
    │   ├── ArchiveDamagedError     it is cut off, changed, or no archive of ours
    │   └── ArchiveTooNewError      it was made by a newer program
    ├── EmbeddedPostgresError       the embedded server cannot be set up or started
    │   ├── BinariesMissingError    no Postgres binaries for this machine
    │   ├── AccountMissingError     there is no account that the server can run as
    │   ├── SocketPathTooLongError  the data folder leaves no room for a socket's path
    │   ├── DataVersionError        the data folder was made by another major version
    │   └── ServerEndedError        the server ended instead of taking connections
    ├── MigrationError
    │   ├── MigrationFilesError     a gap, a double number, or a name that is none
    │   ├── MigrationEditedError    a file that was applied has changed since
    │   ├── DatabaseTooNewError     the database was migrated by a newer program
    │   └── ServerTooOldError       the server is older than we support
    ├── StorageUnavailableError     Postgres cannot be reached, or did not answer in time
    └── StorageConflictError        the row was changed meanwhile, or the number is taken
"""


class StorageError(Exception):
    """Everything that storage raises on its own account."""


class UnencodableError(StorageError):
    """A value that no journal record can hold."""


class UndecodableRecordError(StorageError):
    """A stored record that this program cannot read; `position` is 0 outside a journal."""

    def __init__(self, name: str, reason: str, *, position: int = 0) -> None:
        self.name = name
        self.reason = reason
        self.position = position
        super().__init__(f"record {position} ({name}) cannot be read: {reason}")


class JournalError(StorageError):
    """The local journal fails."""


class JournalUnavailableError(JournalError):
    """The journal cannot be written or read now: disk full, read-only, permission, I/O error."""


class JournalCorruptError(JournalError):
    """The journal's file is damaged, or records are missing in its middle."""


class JournalLockedError(JournalError):
    """Another process has the journal open; `pid` is None where it did not say."""

    def __init__(self, path: str, pid: int | None) -> None:
        self.pid = pid
        holder = "another process" if pid is None else f"process {pid}"
        super().__init__(f"the journal {path} is in use by {holder}")


class JournalTooNewError(JournalError):
    """The journal was written by a newer program."""


class RestoreUnfinishedError(JournalError):
    """A restore into the journal's folder was broken off before its end."""


class ArchiveError(StorageError):
    """A backup cannot be written or read, or does not fit here."""


class ArchiveDamagedError(ArchiveError):
    """The archive is cut off, was changed, or is none of ours."""


class ArchiveTooNewError(ArchiveError):
    """The archive was made by a newer program."""


class EmbeddedPostgresError(StorageError):
    """The embedded Postgres cannot be set up or started."""


class BinariesMissingError(EmbeddedPostgresError):
    """There are no Postgres binaries for this machine."""


class AccountMissingError(EmbeddedPostgresError):
    """There is no account that the server can run as."""


class SocketPathTooLongError(EmbeddedPostgresError):
    """No folder for the server's socket has a path that is short enough."""


class DataVersionError(EmbeddedPostgresError):
    """The data folder was made by another major version of Postgres."""


class ServerEndedError(EmbeddedPostgresError):
    """The server ended instead of taking connections."""


class MigrationError(StorageError):
    """The database cannot be brought to this program's schema."""


class MigrationFilesError(MigrationError):
    """The migration files are not numbered 1, 2, 3, …: the installation is broken."""


class MigrationEditedError(MigrationError):
    """A migration that this database has applied reads differently now."""


class DatabaseTooNewError(MigrationError):
    """The database was migrated by a newer program."""


class ServerTooOldError(MigrationError):
    """The Postgres server is older than we support."""


class StorageUnavailableError(StorageError):
    """Postgres cannot be reached, or did not answer in time."""


class StorageConflictError(StorageError):
    """The row was changed or taken by somebody else meanwhile."""
