"""What the tests of the import share."""

import pytest

from cti.commands import import_
from tests.config.asterisk_import.setups import quick_hash


@pytest.fixture
def quick_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Spare a test of many agents their hashes."""
    monkeypatch.setattr(import_, "hash_password", quick_hash)
