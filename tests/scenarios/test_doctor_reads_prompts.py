"""`cordboard doctor` and prompts that Asterisk's account may not read: what is closed is named."""

import os
import shutil
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from lab.asterisk_installation import Installation
from tests.cti.doctor.patients import Patient, not_well, only, patient
from tests.scenarios.other_account import account, give, run_as_account, take, within_reach

pytestmark = pytest.mark.scenario

CLASS = "u" if os.getuid() else "o"
"""As whom a mode means Asterisk's account: the files are ours, and it is we unless we are root."""


@asynccontextmanager
async def asterisk_of_another(
    installation: Installation, folder: Path
) -> AsyncIterator[tuple[Patient, Path]]:
    """Run an Asterisk as its account, with the prompts in two folders of their own."""

    def give_all(out: Path) -> None:
        for path in (out, *out.rglob("*")):
            give(path)

    reached = within_reach(installation, folder)
    async with patient(reached, folder, spoil=give_all, spoil_etc=run_as_account) as one:
        prompts = folder / "the office's" / "prompts"
        prompts.parent.mkdir(mode=0o755)
        shutil.copytree(one.configuration / "prompts", prompts)
        yield one, prompts


def closed(folder: Path) -> None:
    folder.chmod(0o700 if os.getuid() == 0 else 0o600)


async def test_the_folders_that_asterisk_may_not_enter_are_named_and_the_remedy_opens_them(
    asterisk_installation: Installation, site_folder: Path
) -> None:
    async with asterisk_of_another(asterisk_installation, site_folder) as (one, prompts):
        well = not_well(await one.examined(prompts=prompts))
        # one alone: what lies in a closed folder of our own we cannot see either
        shut = (prompts, prompts.parent) if os.getuid() == 0 else (prompts.parent,)
        for folder in shut:
            closed(folder)
        finding = only(await one.examined(prompts=prompts), "prompts")
        subprocess.run(finding.remedy, shell=True, check=True)  # noqa: ASYNC221, S602 - as told
        mended = not_well(await one.examined(prompts=prompts))

    assert well == mended == {}
    assert "Asterisk cannot play: " in finding.sentence
    assert f"its account {account().pw_name} may not enter {prompts.parent}" in finding.sentence
    assert finding.remedy.startswith(f"chmod {CLASS}+x ")
    for folder in shut:
        assert str(folder) in finding.sentence
    assert ".wav" not in finding.remedy


async def test_the_files_that_asterisk_may_not_read_are_named_and_the_remedy_opens_them(
    asterisk_installation: Installation, site_folder: Path
) -> None:
    async with asterisk_of_another(asterisk_installation, site_folder) as (one, prompts):
        take(prompts / "welcome.wav")
        (finding,) = not_well(await one.examined(prompts=prompts))["prompts"]
        subprocess.run(finding.remedy, shell=True, check=True)  # noqa: ASYNC221, S602 - as told
        mended = not_well(await one.examined(prompts=prompts))

    assert "Asterisk cannot play: welcome" in finding.sentence
    assert f"may not read {prompts / 'welcome.wav'}" in finding.sentence
    assert finding.remedy.startswith(f"chmod {CLASS}+r ")
    assert mended == {}


async def test_prompts_that_lie_elsewhere_on_asterisks_machine_are_told_with_their_folder(
    asterisk_installation: Installation, site_folder: Path
) -> None:
    async with asterisk_of_another(asterisk_installation, site_folder) as (one, prompts):
        shutil.rmtree(prompts)
        finding = only(await one.examined(prompts=prompts), "prompts")

    assert f"must lie in {prompts} on Asterisk's machine" in finding.remedy
