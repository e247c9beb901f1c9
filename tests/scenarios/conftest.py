"""What every scenario stands on: a real Asterisk 22."""

from pathlib import Path

import pytest

from lab.asterisk_fetch import find_or_fetch
from lab.asterisk_installation import Installation
from tests.scenarios.sites import OpenSite, site_opener


@pytest.fixture(scope="session")
def asterisk_installation() -> Installation:
    """The machine's Asterisk 22, or one fetched into the user's cache."""
    return find_or_fetch()


@pytest.fixture
def open_site(asterisk_installation: Installation, tmp_path: Path) -> OpenSite:
    """What opens a site: `async with open_site(ANN, BEN, fallback=True) as site`."""
    return site_opener(asterisk_installation, tmp_path)
