"""
A pool of connections to Postgres, whose every use has a deadline.

Nobody who asks the database waits longer than that: a screen pop without the customer's record
comes in time, one with it may come too late.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import asyncpg

from storage.errors import StorageUnavailableError

CONNECTIONS_MAX = 5
CONNECT_S_MAX = 5.0
DEADLINE_S = 2.0
"""For waiting for a connection and using it, together."""
CLOSE_S_MAX = 5.0

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a command on a connection that Postgres is just ending
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.ObjectNotInPrerequisiteStateError,  # the database takes no connections for now
    asyncpg.ReadOnlySQLTransactionError,
)
"""What it looks like when Postgres is away, stopping, overloaded, full, or not ours to use."""


class Pool:
    """An open pool. Close it, or use it as a context."""

    def __init__(self, pool: asyncpg.Pool, deadline_s: float) -> None:
        self._pool = pool
        self._deadline_s = deadline_s

    @classmethod
    async def open(cls, address: str, *, deadline_s: float = DEADLINE_S) -> Self:
        """
        Open a pool on the database at this address.

        Raises:
            StorageUnavailableError: it cannot be reached.
        """
        try:
            pool = await asyncpg.create_pool(
                address,
                min_size=1,
                max_size=CONNECTIONS_MAX,
                timeout=CONNECT_S_MAX,
                reset=_leave_as_it_is,
                server_settings={"application_name": "cordboard", "timezone": "UTC"},
            )
        except UNAVAILABLE as error:
            raise StorageUnavailableError(f"the database cannot be reached: {error}") from error
        return cls(pool, deadline_s)

    async def close(self) -> None:
        """Close all connections; those that do not end in time are cut."""
        try:
            async with asyncio.timeout(CLOSE_S_MAX):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        """
        Lend a connection, in a transaction.

        Raises:
            StorageUnavailableError: Postgres is away, or the deadline passed.
        """
        async with self.single_statement() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def single_statement(self) -> AsyncIterator[asyncpg.pool.PoolConnectionProxy]:
        """
        Lend a connection for one statement, which is a transaction by itself.

        To begin and end one besides would be two more journeys to the server and back.

        Raises:
            StorageUnavailableError: Postgres is away, or the deadline passed.
        """
        try:
            async with (
                asyncio.timeout(self._deadline_s),
                self._pool.acquire() as connection,
            ):
                yield connection
        except UNAVAILABLE as error:
            reason = str(error) or f"no answer within {self._deadline_s} s"
            raise StorageUnavailableError(f"the database failed: {reason}") from error


async def _leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """Give a connection back: nobody here sets anything in a session, to be undone behind him."""
