"""What stands in a database: its tables with their columns, and the sequences behind them."""

from collections.abc import Sequence as Many
from contextlib import AbstractAsyncContextManager
from types import TracebackType

import asyncpg

from storage.archive_manifest import Sequence
from storage.errors import ServerTooOldError, StorageUnavailableError
from storage.migrate import SERVER_MAJOR_MIN

CONNECT_S_MAX = 10.0
_SETTINGS = {
    "application_name": "cordboard backup",
    # What COPY writes as text is read anywhere.
    "timezone": "UTC",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    # Its transactions may last.
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
}
_TABLES = """
SELECT c.relname AS table, array_agg(a.attname::text ORDER BY a.attnum) AS columns
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
WHERE c.relnamespace = $1::text::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition
    AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
GROUP BY c.relname ORDER BY c.relname
"""
_SEQUENCES = """
SELECT t.relname AS table, a.attname AS column, s.oid::regclass::text AS sequence
FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_class t ON t.oid = d.refobjid
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.deptype IN ('a', 'i') AND t.relnamespace = $1::text::regnamespace
ORDER BY 1, 2
"""
_REFERENCES = """
SELECT t.relname AS table, r.relname AS refers_to
FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid JOIN pg_class r ON r.oid = c.confrelid
WHERE c.contype = 'f' AND t.oid <> r.oid AND t.relnamespace = $1::text::regnamespace
"""


class Connection(AbstractAsyncContextManager[asyncpg.Connection]):
    """
    Lends a connection for a long piece of work.

    Raises:
        StorageUnavailableError: the database cannot be reached.
        ServerTooOldError: its server is older than we support.
    """

    def __init__(self, address: str) -> None:
        self._address = address
        self._connection: asyncpg.Connection | None = None

    async def __aenter__(self) -> asyncpg.Connection:
        try:
            connection = await asyncpg.connect(
                self._address, timeout=CONNECT_S_MAX, server_settings=_SETTINGS
            )
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            reason = str(error) or f"no answer within {CONNECT_S_MAX:.0f} s"
            raise StorageUnavailableError(f"the database cannot be reached: {reason}") from error
        major = connection.get_server_version().major
        if major < SERVER_MAJOR_MIN:
            connection.terminate()
            raise ServerTooOldError(
                f"the server is Postgres {major}; {SERVER_MAJOR_MIN} is the oldest that will do"
            )
        self._connection = connection
        return connection

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._connection is not None:
            # What was not committed is not wanted.
            self._connection.terminate()


def quoted(name: str) -> str:
    """Return a name as SQL has it, whatever characters are in it."""
    return '"' + name.replace('"', '""') + '"'


async def own_schema(connection: asyncpg.Connection) -> str:
    """Return the schema, quoted, in which our tables are, or would be made."""
    return str(await connection.fetchval("SELECT quote_ident(current_schema())"))


async def tables_in(connection: asyncpg.Connection, schema: str) -> dict[str, list[str]]:
    """Return the tables of a schema, by name, with the columns that a row is made of."""
    return {row["table"]: row["columns"] for row in await connection.fetch(_TABLES, schema)}


async def sequences_in(connection: asyncpg.Connection, schema: str) -> list[Sequence]:
    """Return where the sequences behind the tables' columns stand."""
    found = []
    for table, column, sequence in await connection.fetch(_SEQUENCES, schema):
        ((last, called),) = await connection.fetch(
            f"SELECT last_value, is_called FROM {sequence}"  # noqa: S608 - quoted by Postgres
        )
        found.append(Sequence(table=table, column=column, last=last, called=called))
    return found


async def referred_first(
    connection: asyncpg.Connection, schema: str, tables: Many[str]
) -> list[str]:
    """Return tables so that each comes after those that its rows refer to."""
    needs: dict[str, set[str]] = {table: set() for table in tables}
    for table, refers_to in await connection.fetch(_REFERENCES, schema):
        if table in needs and refers_to in needs:
            needs[table].add(refers_to)
    ordered: list[str] = []
    while needs:
        free = sorted(table for table, others in needs.items() if not others)
        # In a circle nobody can be first; Postgres then says what is missing.
        ordered += free or sorted(needs)
        needs = {
            table: others.difference(ordered)
            for table, others in needs.items()
            if table not in ordered
        }
    return ordered
