"""What every scenario stands on: a real Asterisk 22."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from lab.asterisk_fetch import find_or_fetch
from lab.asterisk_installation import Installation
from tests.scenarios.sites import OpenSite, site_opener


@pytest.fixture(scope="session")
def asterisk_installation() -> Installation:
    """The machine's Asterisk 22, or one fetched into the user's cache."""
    return find_or_fetch()


@pytest.fixture
def site_folder() -> Iterator[Path]:
    """
    A folder for sites.

    Not below pytest's own folder: that is closed to the account that root's Postgres runs as.
    """
    with TemporaryDirectory(prefix="cordboard-") as folder:
        path = Path(folder)
        path.chmod(0o711)
        yield path


@pytest.fixture
def open_site(asterisk_installation: Installation, site_folder: Path) -> OpenSite:
    """What opens a site: `async with open_site(ANN, BEN, fallback=True) as site`."""
    return site_opener(asterisk_installation, site_folder)
