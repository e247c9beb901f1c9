"""A short round of chaos; `make chaos` plays long ones."""

from pathlib import Path

import pytest

from lab.asterisk_installation import Installation
from tests.scenarios.chaos import Round, play

pytestmark = [pytest.mark.scenario, pytest.mark.alone]


async def test_whatever_fails_no_caller_is_lost_and_every_call_has_one_record(
    asterisk_installation: Installation, site_folder: Path
) -> None:
    tale, broken = await play(asterisk_installation, site_folder, Round(seed=1, load_s=15.0))

    assert broken == []
    assert tale.faults
    assert any(story.answered for story in tale.stories)
