"""What these tests stand on: a machine with everything, and one with nothing."""

from pathlib import Path

import pytest

from storage.migrate import migrate
from tests.cti.backup.machines import Machine, configured, fill


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


@pytest.fixture
async def migrated(tmp_path: Path, database: str) -> Machine:
    """A machine with nothing but empty tables."""
    await migrate(database)
    return Machine(configuration=tmp_path / "migrated" / "configuration", database=database)
