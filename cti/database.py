"""
Postgres beside the daemon: started, migrated, fed and asked, and never waited for by a call.

It comes up in the background and may go away at any time: the journal keeps everything until it is
back, and whoever looks a customer up meanwhile finds nobody.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from config.settings import Configuration
from storage.codec import RecordCodec
from storage.customers import Customer, CustomerBook
from storage.embedded import EmbeddedPostgres
from storage.errors import (
    EmbeddedPostgresError,
    MigrationError,
    StorageError,
    StorageUnavailableError,
)
from storage.journal import Journal
from storage.migrate import migrate
from storage.pool import Pool
from storage.shipper import Shipper

RETRY_FIRST_S = 0.5
RETRY_MAX_S = 15.0
DRAIN_S_MAX = 5.0
"""How long a stopping daemon waits for what is not yet in Postgres; the rest goes there later."""
COME_UP_S_MAX = 10.0
"""How long a look-up waits for a database that is away; the caller does not wait for it at all."""
ADDRESS_FILE = "postgres.address"
"""Where the embedded server's address stands, for `psql` and reports; it holds no password."""

log = structlog.get_logger(__name__)


class Database:
    """The database at `database.url`, or the embedded one; `run` keeps it at hand."""

    def __init__(self, configuration: Configuration, journal: Journal, codec: RecordCodec) -> None:
        self._url = configuration.database_url
        self._data: Path = configuration.data
        self._country = configuration.country
        self._journal = journal
        self._codec = codec
        self._customers: CustomerBook | None = None
        self._answering = asyncio.Event()
        self._shipper: Shipper | None = None

    @property
    def up(self) -> bool:
        """Whether the database can be asked, and gets what the journal holds."""
        shipper = self._shipper
        return shipper is not None and self._answering.is_set() and shipper.state.last_error is None

    @property
    def needed_from(self) -> int:
        """Return the first record that Postgres has not got, or still needs; 1 until it says so."""
        return 1 if self._shipper is None else self._shipper.state.fold_from

    @property
    def shipped(self) -> int | None:
        """Return the last record that Postgres has; None until it has said so."""
        shipper = self._shipper
        return shipper.state.position if shipper is not None and shipper.resumed else None

    @property
    def set_aside(self) -> int:
        """How many records this process' present shipper could not copy."""
        return 0 if self._shipper is None else self._shipper.state.set_aside

    async def find_by_number(self, number: str) -> Customer | None:
        """
        Return the customer with this number; a database that is coming up is waited for.

        Raises:
            StorageUnavailableError: the database is away.
        """
        try:
            async with asyncio.timeout(COME_UP_S_MAX):
                await self._answering.wait()
        except TimeoutError as error:
            raise StorageUnavailableError("the database is away") from error
        if self._customers is None:
            raise StorageUnavailableError("the database went away")
        return await self._customers.find_by_number(number)

    async def run(self) -> None:
        """Bring the database up, and up again, until cancelled."""
        pause_s = RETRY_FIRST_S
        while True:
            try:
                async with self._address() as (address, server):
                    await migrate(address)
                    await asyncio.to_thread(self._publish, address, server)
                    pause_s = RETRY_FIRST_S
                    await self._serve(address, server)
            except MigrationError as error:
                # Calls are taken and journalled; the database is left as it is.
                log.error("database_refused", reason=str(error), retry_in_s=pause_s)  # noqa: TRY400 - the sentence says it all
            except StorageError as error:
                log.warning("database_away", reason=str(error), retry_in_s=pause_s)
            except Exception:  # a defect here must not end the calls; it is seen and tried again
                log.exception("database_failed", retry_in_s=pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, RETRY_MAX_S)

    async def drain(self) -> None:
        """Wait, for a bounded time, until all that was journalled is in the database."""
        if self._shipper is None:
            return
        try:
            async with asyncio.timeout(DRAIN_S_MAX):
                await self._shipper.caught_up()
        except TimeoutError:
            log.warning("records_not_shipped", waiting=self._shipper.behind)

    def _publish(self, address: str, server: EmbeddedPostgres | None) -> None:
        """Write the embedded server's address down when its tables are there to be asked."""
        if server is not None:
            fresh = self._data / f"{ADDRESS_FILE}.new"
            fresh.write_text(address)
            fresh.replace(self._data / ADDRESS_FILE)  # whole, or not there

    @asynccontextmanager
    async def _address(self) -> AsyncIterator[tuple[str, EmbeddedPostgres | None]]:
        if self._url is not None:
            yield self._url.reveal(), None
            return
        server = EmbeddedPostgres(self._data)
        try:
            address = await server.start()
            yield address, server
        finally:
            await server.stop()

    async def _serve(self, address: str, server: EmbeddedPostgres | None) -> None:
        """
        Ship and answer while the server lives.

        Raises:
            EmbeddedPostgresError: the embedded server ended by itself, or with its owner.
        """
        async with await Pool.open(address) as pool:
            self._customers = CustomerBook(pool, self._country)
            self._answering.set()
            self._shipper = Shipper(self._journal, self._codec, address)
            log.info("database_up", embedded=server is not None)
            try:
                if server is None:
                    await self._shipper.run()
                    return
                async with asyncio.TaskGroup() as tasks:
                    shipping = tasks.create_task(self._shipper.run())
                    reason = await _ended(server)
                    shipping.cancel()
            finally:
                self._customers = None
                self._answering.clear()
        raise EmbeddedPostgresError(reason)


async def _ended(server: EmbeddedPostgres) -> str:
    """Wait until an embedded server is no more, and say how it ended."""
    if server.is_ours:
        return f"the server ended by itself, status {await server.wait_ended()}"
    await server.wait_owner_gone()
    return "the process whose server it was has ended"


@asynccontextmanager
async def open_database(
    configuration: Configuration, journal: Journal, codec: RecordCodec
) -> AsyncIterator[Database]:
    """Lend a database that runs beside its user, and ends when what was journalled is in it."""
    database = Database(configuration, journal, codec)
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(database.run())
        try:
            yield database
            await database.drain()
        finally:
            life.cancel()
