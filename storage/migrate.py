"""
Bringing a database to this program's schema: numbered SQL files, each applied once, in order.

The files are `NNNN_what_it_does.sql` in `storage/migrations`. What was applied is kept, with a
hash, in the table `schema_migrations`. Several daemons may start at once: one applies, the others
wait. A file whose first line is `-- no-transaction` runs statement by statement outside of one
(CREATE INDEX CONCURRENTLY); its statements must bear being run again.
"""

import asyncio
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import structlog

from storage.errors import (
    DatabaseTooNewError,
    MigrationEditedError,
    MigrationError,
    MigrationFilesError,
    ServerTooOldError,
    StorageUnavailableError,
)
from storage.journal_file import GO_BACK

MIGRATIONS = Path(__file__).parent / "migrations"
SERVER_MAJOR_MIN = 15
WAIT_S_MAX = 60.0
"""So long we wait for another process that is migrating."""
POLL_S = 0.1

_LOCK = 0x436F726462
"""The advisory lock's number: `Cordb`."""
_NO_TRANSACTION = "-- no-transaction"
_CONCURRENTLY = re.compile(r"\bCONCURRENTLY\b", re.IGNORECASE)
_FILE_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")
_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    number integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One numbered file."""

    number: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """The hash by which an edited file is recognised."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def read_migrations(folder: Path = MIGRATIONS) -> list[Migration]:
    """
    Return the migrations of a folder in order.

    Raises:
        MigrationFilesError: their numbers are not 1, 2, 3, …, or a file's name is none of ours.
    """
    migrations = []
    for file in sorted(folder.glob("*.sql")):
        match = _FILE_NAME.fullmatch(file.name)
        if match is None:
            raise MigrationFilesError(f"{file.name} is not named NNNN_what_it_does.sql")
        migrations.append(
            Migration(number=int(match[1]), name=file.name, sql=file.read_text(encoding="utf-8"))
        )
    numbers = [migration.number for migration in migrations]
    if numbers != list(range(1, len(numbers) + 1)) or not numbers:
        raise MigrationFilesError(f"{folder} holds migrations {numbers}, not 1, 2, 3, …")
    return migrations


async def migrate(address: str, migrations: list[Migration] | None = None) -> int:
    """
    Apply what is missing to the database at this address, and return how many files that were.

    Raises:
        ServerTooOldError, DatabaseTooNewError, MigrationEditedError: see there.
        MigrationError: a statement failed, or another process migrates for too long.
        StorageUnavailableError: the database cannot be reached.
    """
    wanted = read_migrations() if migrations is None else migrations
    try:
        connection = await asyncpg.connect(address)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise StorageUnavailableError(f"the database cannot be reached: {error}") from error
    try:
        major = connection.get_server_version().major
        if major < SERVER_MAJOR_MIN:
            raise ServerTooOldError(
                f"the server is Postgres {major}; {SERVER_MAJOR_MIN} is the oldest that will do"
            )
        await migration_lock(connection)
        return await _apply_missing(connection, wanted)
    finally:
        # Ends the session, and with it the advisory lock.
        await connection.close()


async def migration_lock(connection: asyncpg.Connection) -> None:
    """
    Take the lock of whoever changes the schema, until the session ends; ask again and again.

    Waiting inside `pg_advisory_lock` would hold a snapshot, which CREATE INDEX CONCURRENTLY in the
    process that migrates waits for: a deadlock.
    """
    try:
        async with asyncio.timeout(WAIT_S_MAX):
            while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):  # noqa: ASYNC110 - see above
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise MigrationError(f"another process migrates for more than {WAIT_S_MAX} s") from None


async def _apply_missing(connection: asyncpg.Connection, wanted: list[Migration]) -> int:
    await connection.execute(_TABLE)
    applied = {
        row["number"]: row["sha256"]
        for row in await connection.fetch("SELECT number, sha256 FROM schema_migrations")
    }
    if unknown := sorted(applied.keys() - {migration.number for migration in wanted}):
        raise DatabaseTooNewError(
            f"the database has migrations {unknown}, and this program knows those up to"
            f" {len(wanted)}: it was used by a newer Cordboard. {GO_BACK}"
        )
    for migration in wanted:
        if applied.get(migration.number, migration.sha256) != migration.sha256:
            raise MigrationEditedError(f"{migration.name} was changed after it had been applied")
    missing = [migration for migration in wanted if migration.number not in applied]
    for migration in missing:
        try:
            await _apply(connection, migration)
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{migration.name} failed: {error}") from error
        _log.info("migration_applied", migration=migration.name)
    return len(missing)


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    if migration.sql.startswith(_NO_TRANSACTION):
        for statement in migration.sql.split(";\n"):
            if statement.strip():
                await connection.execute(statement)
        await _note(connection, migration)
        return
    async with connection.transaction():
        await connection.execute(migration.sql)
        await _note(connection, migration)


async def build_within(connection: asyncpg.Connection, migrations: list[Migration]) -> None:
    """
    Apply migrations within the caller's transaction, for tables that nobody else sees yet.

    What is built concurrently elsewhere is built at once here: the tables are locked, or new.

    Raises:
        MigrationError: a statement failed.
    """
    await connection.execute(_TABLE)
    for migration in migrations:
        sql = migration.sql
        if sql.startswith(_NO_TRANSACTION):
            sql = _CONCURRENTLY.sub("", sql)
        try:
            await connection.execute(sql)
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{migration.name} failed: {error}") from error
        await _note(connection, migration)


async def _note(connection: asyncpg.Connection, migration: Migration) -> None:
    await connection.execute(
        "INSERT INTO schema_migrations (number, name, sha256) VALUES ($1, $2, $3)",
        migration.number,
        migration.name,
        migration.sha256,
    )
