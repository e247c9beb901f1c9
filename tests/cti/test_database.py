"""Postgres may come late, go away and come back: it is asked when it is there, and gets it all."""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
from structlog.testing import capture_logs

from config.secrets import Secret
from config.settings import Configuration
from cti import database as module
from cti.call_facts import CallCleared, HungUpBy
from cti.database import ADDRESS_FILE, Database, open_database
from cti.ids import CallId
from cti.instants import Time
from storage.customers import CustomerBook
from storage.embedded import EmbeddedPostgres
from storage.errors import StorageUnavailableError
from storage.journal import Journal
from storage.migrate import migrate
from storage.pool import Pool
from storage.records import journal_codec
from tests.config.folders import Folder
from tests.cti.floors import arrived, open_journal

CODEC = journal_codec()
NUMBER = "030 1234567"
NOWHERE = "postgresql://cordboard@127.0.0.1:1/cordboard"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.02)
    monkeypatch.setattr(module, "RETRY_MAX_S", 0.05)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with open_journal(tmp_path) as opened:
        yield opened


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return Folder(tmp_path).load()


@asynccontextmanager
async def running(
    configuration: Configuration, journal: Journal, address: str | None
) -> AsyncIterator[Database]:
    url = None if address is None else Secret(address)
    database = Database(replace(configuration, database_url=url), journal, CODEC)
    async with asyncio.TaskGroup() as tasks:
        life = tasks.create_task(database.run())
        try:
            yield database
        finally:
            life.cancel()


async def until(database: Database, *, up: bool) -> None:
    async with asyncio.timeout(20):
        while database.up is not up:
            await asyncio.sleep(0.01)


async def add_customer(address: str) -> None:
    async with await Pool.open(address) as pool:
        await CustomerBook(pool, "DE").add(name="Carla Cole", numbers=(NUMBER,))


def name_of(address: str) -> str:
    return address.partition("@/")[2].partition("?")[0]


async def execute(server: str, statement: str, *arguments: str) -> None:
    connection = await asyncpg.connect(server)
    try:
        await connection.execute(statement, *arguments)
    finally:
        await connection.close()


async def close(server: str, name: str) -> None:
    """Throw everybody out of a database, and let nobody in."""
    await execute(server, f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    await execute(
        server, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
    )


async def calls_in(address: str) -> list[str]:
    connection = await asyncpg.connect(address)
    try:
        return [row["call"] for row in await connection.fetch("SELECT call::text FROM calls")]
    finally:
        await connection.close()


def end_a_call(journal: Journal, name: str) -> None:
    cleared = CallCleared(call=CallId(name), hung_up_by=HungUpBy.CALLER, cause=16)
    journal.append([(Time(1), "fact", arrived(name)), (Time(2), "fact", cleared)])


async def test_a_customer_is_found_in_a_database_that_is_there(
    configuration: Configuration, journal: Journal, migrated_database: str
) -> None:
    await add_customer(migrated_database)
    async with running(configuration, journal, migrated_database) as database:
        found = await database.find_by_number(NUMBER)

        assert found is not None
        assert found.name == "Carla Cole"
        assert database.up


async def test_an_empty_database_gets_its_tables(
    configuration: Configuration, journal: Journal, database: str
) -> None:
    async with running(configuration, journal, database) as opened:
        assert await opened.find_by_number(NUMBER) is None


async def test_a_look_up_fails_in_bounded_time_while_the_database_is_away(
    configuration: Configuration, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "COME_UP_S_MAX", 0.05)
    async with running(configuration, journal, NOWHERE) as database:
        with pytest.raises(StorageUnavailableError, match="the database is away"):
            await database.find_by_number(NUMBER)

        assert not database.up
        assert database.needed_from == 1


async def test_a_look_up_waits_for_a_database_that_comes_up(
    configuration: Configuration, journal: Journal, postgres_address: str, migrated_database: str
) -> None:
    await add_customer(migrated_database)
    late = "late_for_look_ups"
    async with running(
        configuration, journal, migrated_database.replace(name_of(migrated_database), late)
    ) as database:
        looking_up = asyncio.ensure_future(database.find_by_number(NUMBER))
        await asyncio.sleep(0.1)
        assert not looking_up.done()

        await execute(
            postgres_address, f"CREATE DATABASE {late} TEMPLATE {name_of(migrated_database)}"
        )
        async with asyncio.timeout(10):
            found = await looking_up
    await execute(postgres_address, f"DROP DATABASE {late} WITH (FORCE)")

    assert found is not None


async def test_a_database_that_goes_away_is_not_up_and_gets_what_it_missed_when_it_is_back(
    configuration: Configuration, journal: Journal, postgres_address: str, migrated_database: str
) -> None:
    name = name_of(migrated_database)
    async with running(configuration, journal, migrated_database) as database:
        await until(database, up=True)
        end_a_call(journal, "c1")
        await database.drain()
        await close(postgres_address, name)
        end_a_call(journal, "c2")
        await until(database, up=False)
        with pytest.raises(StorageUnavailableError):
            await database.find_by_number(NUMBER)

        await execute(postgres_address, f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
        await until(database, up=True)
        await database.drain()

        assert sorted(await calls_in(migrated_database)) == ["c1", "c2"]
        assert database.needed_from == journal.last_position + 1


async def test_stopping_waits_until_everything_is_in_the_database(
    configuration: Configuration, journal: Journal, migrated_database: str
) -> None:
    configuration = replace(configuration, database_url=Secret(migrated_database))
    async with open_database(configuration, journal, CODEC) as database:
        await until(database, up=True)
        for number in range(50):
            end_a_call(journal, f"c{number}")

    assert len(await calls_in(migrated_database)) == 50


async def test_stopping_does_not_wait_for_a_database_that_never_came(
    configuration: Configuration, journal: Journal
) -> None:
    configuration = replace(configuration, database_url=Secret(NOWHERE))
    async with asyncio.timeout(2):
        async with open_database(configuration, journal, CODEC):
            end_a_call(journal, "c1")


async def test_stopping_waits_in_bounded_time_for_a_database_that_went_away(
    configuration: Configuration,
    journal: Journal,
    postgres_address: str,
    migrated_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "DRAIN_S_MAX", 0.05)
    name = name_of(migrated_database)
    async with running(configuration, journal, migrated_database) as database:
        await until(database, up=True)
        await close(postgres_address, name)
        end_a_call(journal, "c1")
        async with asyncio.timeout(2):
            await database.drain()


async def test_a_defect_on_the_way_up_is_tried_again_and_does_not_end_the_calls(
    configuration: Configuration,
    journal: Journal,
    migrated_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tries = 0

    async def defective(address: str) -> object:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise ZeroDivisionError
        return await migrate(address)

    monkeypatch.setattr(module, "migrate", defective)
    async with running(configuration, journal, migrated_database) as database:
        await until(database, up=True)

    assert tries == 3


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that another account can pass through: as root, the server is somebody else."""
    folder = Path(tempfile.mkdtemp(prefix="cordboard-test-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


def pid_in(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().split()[0])


async def test_an_embedded_server_that_dies_is_started_again(
    configuration: Configuration, journal: Journal, open_folder: Path
) -> None:
    configuration = replace(configuration, data=open_folder / "data")
    async with running(configuration, journal, None) as database:
        await until(database, up=True)
        address = (configuration.data / ADDRESS_FILE).read_text()
        connection = await asyncpg.connect(address)
        data = await connection.fetchval("SHOW data_directory")
        await connection.close()
        os.kill(pid_in(Path(data)), signal.SIGKILL)
        await until(database, up=False)

        await until(database, up=True)
        assert await database.find_by_number(NUMBER) is None


async def test_a_guest_goes_on_with_a_server_of_its_own_when_the_owner_ends(
    configuration: Configuration, journal: Journal, open_folder: Path
) -> None:
    """Such as a daemon that was started while a backup ran the server."""
    configuration = replace(configuration, data=open_folder / "data")
    owner = EmbeddedPostgres(configuration.data)
    address = await owner.start()
    async with running(configuration, journal, None) as database:
        await until(database, up=True)
        await add_customer(address)
        await owner.stop()
        await until(database, up=False)

        await until(database, up=True)
        assert await database.find_by_number(NUMBER) is not None


async def test_a_database_of_a_newer_program_is_refused_loudly_and_left_as_it_is(
    configuration: Configuration, journal: Journal, migrated_database: str
) -> None:
    later = "INSERT INTO schema_migrations (number, name, sha256) VALUES (99, '0099_x.sql', '')"
    await execute(migrated_database, later)
    with capture_logs() as logs:
        async with running(configuration, journal, migrated_database) as database:
            end_a_call(journal, "c1")
            async with asyncio.timeout(10):
                while not logs:
                    await asyncio.sleep(0.01)

            assert not database.up
    assert (logs[0]["event"], logs[0]["log_level"]) == ("database_refused", "error")
    assert "[99]" in logs[0]["reason"]
    assert "cordboard restore" in logs[0]["reason"]
    assert await calls_in(migrated_database) == []
