"""
A real Postgres for tests: the embedded server, one for the whole run, and a database for each test.

A package's `conftest.py` takes the fixtures over by importing them. `database` is empty;
`migrated_database` has the schema.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import asyncpg
import pytest_asyncio

from storage.embedded import EmbeddedPostgres
from storage.migrate import migrate

_TEMPLATE = "migrated_template"
_numbers = count(1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_address() -> AsyncIterator[str]:
    """The server's address; no test changes the database it names."""
    folder = Path(tempfile.mkdtemp(prefix="cordboard-test-"))
    # Where the suite runs as root the server is somebody else, and has to pass through.
    await asyncio.to_thread(folder.chmod, 0o711)
    server = EmbeddedPostgres(folder / "data")
    try:
        address = await server.start()
        # What a test has written need not survive the machine.
        await _execute(address, "ALTER SYSTEM SET fsync = off")
        await _execute(address, "SELECT pg_reload_conf()")
        await _execute(address, f"CREATE DATABASE {_TEMPLATE}")
        await migrate(_renamed(address, _TEMPLATE))
        yield address
    finally:
        await server.stop()
        shutil.rmtree(folder)


@pytest_asyncio.fixture
async def database(postgres_address: str) -> AsyncIterator[str]:
    """The address of an empty database, which is dropped afterwards."""
    async for address in _database(postgres_address, "template1"):
        yield address


@pytest_asyncio.fixture
async def migrated_database(postgres_address: str) -> AsyncIterator[str]:
    """The address of a database with the schema, which is dropped afterwards."""
    async for address in _database(postgres_address, _TEMPLATE):
        yield address


async def _database(server: str, template: str) -> AsyncIterator[str]:
    name = f"test_{next(_numbers)}"
    await _execute(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield _renamed(server, name)
    await _execute(server, f"DROP DATABASE {name} WITH (FORCE)")


def _renamed(address: str, database: str) -> str:
    return address.replace("@/cordboard?", f"@/{database}?")


async def _execute(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
