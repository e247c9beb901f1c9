"""What the tests of the configuration share."""

import sys
from pathlib import Path

import pytest

from tests.config.folders import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return a configuration folder that is right."""
    return Folder(tmp_path)


@pytest.fixture
def patience() -> float:
    """Return the seconds of CPU time that no file may exceed; measuring coverage costs more."""
    return 2.0 if sys.gettrace() is None else 10.0
