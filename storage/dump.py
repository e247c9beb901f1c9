"""
Reading the whole database as it was at one moment, while it is used.

By COPY in one transaction that sees one snapshot, and not by `pg_dump`: what is restored has to go
through our own migrations, so that a newer program can take an older archive; and a server of the
administrator's may be newer than any `pg_dump` at hand, which then refuses. COPY's text format is
the same on every server, and rows can be counted in it.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from cti.language import _
from storage.archive import Spool
from storage.archive_manifest import Sequence
from storage.catalogue import Connection, own_schema, quoted, sequences_in, tables_in
from storage.errors import ArchiveError, StorageError, StorageUnavailableError
from storage.migrate import read_migrations

PARTIES = "parties"
"""Callers' numbers and names: read last of all, so that none comes back that was erased."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseView:
    """A database at one moment; `copy` reads a table of it."""

    connection: asyncpg.Connection
    schema: int
    tables: dict[str, list[str]]
    sequences: list[Sequence]

    async def copy(self, table: str, spool: Spool, tell: Callable[[int], None]) -> int:
        """Write a table's rows into the spool, in COPY's text format, and return how many."""

        async def put(data: bytes) -> None:
            spool.write(data)
            tell(len(data))

        columns = ", ".join(quoted(column) for column in self.tables[table])
        status = await self.connection.copy_from_query(
            f"SELECT {columns} FROM {quoted(table)}",  # noqa: S608 - quoted
            output=put,
        )
        return int(status.split()[-1])

    async def needed_from(self, journal: str) -> int:
        """Return from which record on this database needs a journal; 1: from its beginning."""
        found = await self.connection.fetchval(
            "SELECT fold_from FROM shipping WHERE journal = $1", journal
        )
        return 1 if found is None else int(found)


@asynccontextmanager
async def database_view(address: str) -> AsyncIterator[DatabaseView]:
    """
    Lend a view of the database at this address; nobody has to wait for it but migrations.

    Raises:
        ArchiveError: it is not one of Cordboard's, or a table may not be read.
        StorageUnavailableError, ServerTooOldError: it cannot be reached or used.
    """
    try:
        async with (
            Connection(address) as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield await _view(connection)
    except (ConnectionError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError) as error:
        raise StorageUnavailableError(
            _("the database went away: {reason}").format(reason=error)
        ) from error
    except asyncpg.PostgresError as error:
        raise ArchiveError(
            _("the database cannot be read: {reason}").format(reason=error)
        ) from error


async def _view(connection: asyncpg.Connection) -> DatabaseView:
    tables = await tables_in(connection, await own_schema(connection))
    if "schema_migrations" not in tables:
        raise ArchiveError(_("the database holds nothing of Cordboard's: there is nothing to keep"))
    schema = await connection.fetchval("SELECT max(number) FROM schema_migrations") or 0
    if schema > (known := len(read_migrations())):
        # No restore by this program could take it, and what it means is not known here.
        raise ArchiveError(
            _(
                "the database has schema {schema}, and this program knows those up to {known}: back"
                " it up with the newer Cordboard that has used it"
            ).format(schema=schema, known=known)
        )
    # As pg_dump does: what was listed stays as it is until it has been read.
    names = ", ".join(quoted(table) for table in tables)
    await connection.execute(f"LOCK TABLE {names} IN ACCESS SHARE MODE")
    return DatabaseView(
        connection=connection,
        schema=schema,
        tables=tables,
        # A sequence may be behind a table that is not copied: an extension's, or a partition.
        sequences=[
            sequence
            for sequence in await sequences_in(connection, await own_schema(connection))
            if sequence.column in tables.get(sequence.table, ())
        ],
    )


async def rows_in(address: str) -> dict[str, int]:
    """
    Return how many rows each table of a database has, but for those that only tell its schema.

    Raises:
        StorageError: it cannot be asked.
    """
    async with Connection(address) as connection:
        counts = {}
        try:
            for table in await tables_in(connection, await own_schema(connection)):
                if table != "schema_migrations":
                    counts[table] = await connection.fetchval(
                        f"SELECT count(*) FROM {quoted(table)}"  # noqa: S608 - quoted
                    )
        except asyncpg.PostgresError as error:
            raise StorageError(
                _("the database cannot be asked: {reason}").format(reason=error)
            ) from error
    return counts
