"""What every scenario stands on: a real Asterisk 22."""

import pytest

from lab.asterisk_fetch import find_or_fetch
from lab.asterisk_installation import Installation


@pytest.fixture(scope="session")
def asterisk_installation() -> Installation:
    """The machine's Asterisk 22, or one fetched into the user's cache."""
    return find_or_fetch()
