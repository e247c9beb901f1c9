"""What these tests stand on: a machine with everything, and one with nothing."""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from storage.migrate import migrate
from tests.cti.backup.machines import (
    Machine,
    Rows,
    backed_up,
    configured,
    execute,
    fill,
    journal_rows,
    rows_of,
)


@pytest.fixture
async def site(tmp_path: Path, migrated_database: str) -> Machine:
    """A machine with calls, customers, and a journal that is ahead of its database."""
    parent = tmp_path / "site"
    parent.mkdir()
    machine = configured(parent, migrated_database)
    await fill(machine)
    return machine


@pytest.fixture
def empty(tmp_path: Path, database: str) -> Machine:
    """A machine with nothing, not even a configuration."""
    return Machine(configuration=tmp_path / "empty" / "configuration", database=database)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "site.tar"


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """An archive that is in order, and every row of the machine that it is of."""

    archive: bytes
    rows: Rows
    journal: Rows


@pytest.fixture(scope="session")
def whole(postgres_address: str, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    name = "backed_up_once"
    asyncio.run(execute(postgres_address, f"CREATE DATABASE {name}"))
    folder = tmp_path_factory.mktemp("whole")
    machine = configured(folder, postgres_address.replace("@/cordboard?", f"@/{name}?"))
    asyncio.run(fill(machine))
    backed_up(machine, folder / "site.tar")
    found = Whole(
        archive=(folder / "site.tar").read_bytes(),
        rows=rows_of(machine),
        journal=journal_rows(machine.journal),
    )
    asyncio.run(execute(postgres_address, f"DROP DATABASE {name} WITH (FORCE)"))
    return found


@pytest.fixture
async def migrated(tmp_path: Path, database: str) -> Machine:
    """A machine with nothing but empty tables."""
    await migrate(database)
    return Machine(configuration=tmp_path / "migrated" / "configuration", database=database)
