"""
Filling a database from an archive, in one transaction: all of it, or nothing.

The tables are made by our own migrations up to the archive's schema, filled, and brought onward to
this program's. Tables that were there before are put aside, into a schema of their own, so that
nothing is thrown away; of these, empty ones that are made anew go.
"""

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import asyncpg

from cti.language import _
from storage.archive_manifest import DatabasePart, Manifest, Table
from storage.catalogue import Connection, own_schema, quoted, referred_first, tables_in
from storage.errors import (
    ArchiveDamagedError,
    ArchiveError,
    ArchiveTooNewError,
    StorageUnavailableError,
)
from storage.migrate import Migration, build_within, migration_lock, read_migrations

_MARK = "cordboard restore "


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """
    What was done: the schema that the tables of before are in (None: none), foreign tables.

    `foreign` are tables in the archive that are not Cordboard's; they were left out.
    """

    aside: str | None
    foreign: list[str]


async def restored_by(address: str) -> str | None:
    """Return the name of the restore that has filled this database; None where none has."""
    async with Connection(address) as connection:
        comment = await connection.fetchval(
            "SELECT obj_description(to_regclass('schema_migrations'), 'pg_class')"
        )
    return comment.removeprefix(_MARK) if comment and comment.startswith(_MARK) else None


async def load(
    address: str,
    manifest: Manifest,
    rows: Callable[[str], Iterator[bytes]],
    *,
    restore: str,
    aside: str,
    tell: Callable[[int], None],
    migrations: list[Migration] | None = None,
) -> Loaded:
    """
    Fill the database at this address; `rows` gives a member's bytes unpacked.

    `restore` names this restore, for `restored_by`; `aside` the schema for what is there already.

    Raises:
        ArchiveTooNewError: its schema is newer than this program's.
        ArchiveDamagedError: what it holds does not fit the tables.
        ArchiveError: the database does not take it.
        StorageUnavailableError, MigrationError, ServerTooOldError: as they say.
    """
    wanted = read_migrations() if migrations is None else migrations
    part = manifest.database
    if part.schema > len(wanted):
        raise ArchiveTooNewError(
            _(
                "its database has schema {schema}, and this program knows those up to {known}:"
                " restore it with the version that has made it, {maker}"
            ).format(schema=part.schema, known=len(wanted), maker=manifest.program)
        )
    try:
        async with Connection(address) as connection:
            await migration_lock(connection)
            async with connection.transaction():
                schema = await own_schema(connection)
                before = list(await tables_in(connection, schema))
                await _put_aside(connection, before, aside)
                await build_within(connection, wanted[: part.schema])
                foreign = await _fill(connection, schema, manifest, rows, tell)
                await _check_migrations(connection, wanted[: part.schema])
                await _set_sequences(connection, part)
                await build_within(connection, wanted[part.schema :])
                kept = await _drop_empty(connection, schema, before, aside)
                await connection.execute(
                    f"COMMENT ON TABLE schema_migrations IS '{_MARK}{restore}'"
                )
    except (ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise StorageUnavailableError(
            _("the database went away: {reason}").format(reason=error)
        ) from error
    except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
        raise ArchiveDamagedError(
            _("its rows do not fit the database: {reason}").format(reason=error)
        ) from error
    except asyncpg.PostgresError as error:
        raise ArchiveError(
            _("the database does not take it: {reason}").format(reason=error)
        ) from error
    return Loaded(aside=aside if kept else None, foreign=foreign)


async def _put_aside(connection: asyncpg.Connection, tables: list[str], aside: str) -> None:
    if not tables:
        return
    try:
        await connection.execute(f"CREATE SCHEMA {quoted(aside)}")
        for table in tables:
            await connection.execute(f"ALTER TABLE {quoted(table)} SET SCHEMA {quoted(aside)}")
    except asyncpg.InsufficientPrivilegeError as error:
        raise ArchiveError(
            _(
                "the tables that are there cannot be put aside ({reason}): let the role make a"
                " schema (GRANT CREATE ON DATABASE), or name an empty database in database.url"
            ).format(reason=error)
        ) from error


async def _fill(
    connection: asyncpg.Connection,
    schema: str,
    manifest: Manifest,
    rows: Callable[[str], Iterator[bytes]],
    tell: Callable[[int], None],
) -> list[str]:
    """Fill the tables that there are, and return those of the archive that are not ours."""
    ours = await tables_in(connection, schema)
    given = {table.name: table for table in manifest.database.tables}
    if missing := sorted(ours.keys() - given.keys()):
        raise ArchiveDamagedError(
            _("it lacks the tables {tables}").format(tables=", ".join(missing))
        )
    await connection.execute(f"TRUNCATE {', '.join(quoted(table) for table in ours)}")
    for name in await referred_first(connection, schema, list(ours)):
        table = given[name]
        if sorted(table.columns) != sorted(ours[name]):
            raise ArchiveDamagedError(
                _("its table {table} has other columns than the schema").format(table=name)
            )
        await _copy(connection, table, manifest, rows, tell)
    return sorted(given.keys() - ours.keys())


async def _copy(
    connection: asyncpg.Connection,
    table: Table,
    manifest: Manifest,
    rows: Callable[[str], Iterator[bytes]],
    tell: Callable[[int], None],
) -> None:
    async def source() -> AsyncIterator[bytes]:
        for block in rows(table.member):
            tell(len(block))
            yield block

    status = await connection.copy_to_table(table.name, source=source(), columns=table.columns)
    promised = manifest.member(table.member).rows
    if int(status.split()[-1]) != promised:
        raise ArchiveDamagedError(
            _("its table {table} has not the {count} rows that it promises").format(
                table=table.name, count=promised
            )
        )


async def _check_migrations(connection: asyncpg.Connection, wanted: list[Migration]) -> None:
    found = await connection.fetch("SELECT number, sha256 FROM schema_migrations ORDER BY number")
    expected = [(migration.number, migration.sha256) for migration in wanted]
    if [tuple(row) for row in found] != expected:
        raise ArchiveDamagedError(_("its schema was made by other migrations than this program's"))


async def _set_sequences(connection: asyncpg.Connection, part: DatabasePart) -> None:
    for sequence in part.sequences:
        await connection.fetchval(
            "SELECT setval(pg_get_serial_sequence(quote_ident(t.relname), $2), $3, $4)"
            " FROM pg_class t WHERE t.relname = $1 AND pg_table_is_visible(t.oid)",
            sequence.table,
            sequence.column,
            sequence.last,
            sequence.called,
        )


async def _drop_empty(
    connection: asyncpg.Connection, schema: str, before: list[str], aside: str
) -> bool:
    """Drop what was put aside and is nothing but an empty table of ours; tell if any is left."""
    if not before:
        return False
    place, anew = quoted(aside), await tables_in(connection, schema)
    filled = [
        table
        for table in before
        if table not in anew
        or (
            table != "schema_migrations"
            and await connection.fetchval(f"SELECT EXISTS (SELECT FROM {place}.{quoted(table)})")  # noqa: S608 - quoted
        )
    ]
    if not filled:
        # Two steps: should somebody's view need one of them, Postgres says so, and nothing is done.
        names = ", ".join(f"{place}.{quoted(table)}" for table in before)
        await connection.execute(f"DROP TABLE {names}")
        await connection.execute(f"DROP SCHEMA {place}")
    return bool(filled)
