"""The daemon's own files and ports, spoilt one by one."""

import os
import shutil
import socket
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest

from config.load import load
from config.settings import Configuration
from cti.doctor.clock import compared, is_synchronised, look_at_own_clock
from cti.doctor.daemon_state import lock_holder, look_for_daemon
from cti.doctor.files import (
    look_at_configuration,
    look_at_data_folder,
    look_at_journal,
    look_at_permissions,
)
from cti.doctor.findings import Examination, Verdict
from storage.journal import Journal
from storage.records import journal_codec
from tests.cti.doctor.patients import ENVIRONMENT, EXAMPLES


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    folder = tmp_path / "config"
    shutil.copytree(EXAMPLES, folder)
    return replace(load(folder, ENVIRONMENT), data=tmp_path / "data")


def examined(configuration: Configuration) -> Examination:
    return Examination(configuration=configuration)


async def test_a_secret_that_everybody_may_read_is_a_warning(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    shutil.copytree(EXAMPLES, folder)
    secret, main = folder / "ami.secret", folder / "cordboard.yaml"
    secret.write_text("a-long-enough-secret")
    secret.chmod(0o644)
    text = main.read_text()
    main.write_text(text.replace("{env: CORDBOARD_AMI_SECRET}", "{file: ami.secret}"))
    findings = await look_at_configuration(examined(load(folder, {})))

    (finding,) = [finding for finding in findings if "may read it" in finding.sentence]
    assert finding.verdict is Verdict.WARNING
    assert finding.sentence.startswith("cordboard.yaml:")
    assert "chmod 600 ami.secret" in finding.sentence


async def test_a_configuration_that_everybody_may_change_is_wrong(
    configuration: Configuration,
) -> None:
    well = await look_at_permissions(examined(configuration))
    (configuration.folder / "queues.yaml").chmod(0o666)
    (finding,) = await look_at_permissions(examined(configuration))

    assert [one.verdict for one in well] == [Verdict.OK]
    assert finding.verdict is Verdict.WRONG
    assert finding.remedy == f"chmod o-w {configuration.folder / 'queues.yaml'}"


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(
    ("free", "verdict"),
    [(10**12, Verdict.OK), (500 * 2**20, Verdict.WARNING), (2**20, Verdict.WRONG)],
)
async def test_a_disk_that_fills_up_is_told_of(
    configuration: Configuration, free: int, verdict: Verdict
) -> None:
    with patch("shutil.disk_usage", return_value=Usage(2 * 10**12, 0, free)):
        (finding,) = await look_at_data_folder(examined(configuration))

    assert finding.verdict is verdict
    assert not configuration.data.exists()


async def test_a_data_folder_that_cannot_be_written_is_wrong(
    configuration: Configuration,
) -> None:
    configuration.data.mkdir()
    with patch("os.access", return_value=False):
        (finding,) = await look_at_data_folder(examined(configuration))

    assert finding.verdict is Verdict.WRONG
    assert f"{configuration.data} cannot be written" in finding.sentence


async def test_a_file_in_the_place_of_the_data_folder_is_wrong(
    configuration: Configuration,
) -> None:
    configuration.data.write_text("not a folder")
    (finding,) = await look_at_data_folder(examined(configuration))

    assert finding.verdict is Verdict.WRONG
    assert f"{configuration.data} is a file" in finding.sentence


def journal_of(configuration: Configuration, version: str) -> Journal:
    configuration.data.mkdir()
    return Journal.open(
        configuration.data / "journal.sqlite", journal_codec(), core_version=version
    )


async def test_a_journal_is_looked_at_and_left_as_it_is(configuration: Configuration) -> None:
    (none,) = await look_at_journal(examined(configuration))
    with journal_of(configuration, "0.1.0"):
        pass
    before = (configuration.data / "journal.sqlite").read_bytes()
    (empty,) = await look_at_journal(examined(configuration))

    assert {none.verdict, empty.verdict} == {Verdict.OK}
    assert "none yet" in none.sentence
    assert "holds nothing yet" in empty.sentence
    assert (configuration.data / "journal.sqlite").read_bytes() == before


async def test_a_damaged_journal_is_wrong(configuration: Configuration) -> None:
    configuration.data.mkdir()
    (configuration.data / "journal.sqlite").write_bytes(b"no journal" * 500)
    (finding,) = await look_at_journal(examined(configuration))

    assert finding.verdict is Verdict.WRONG
    assert "damaged" in finding.sentence
    assert "restore" in finding.remedy


async def test_the_daemons_lock_is_seen_and_not_touched(configuration: Configuration) -> None:
    path = configuration.data / "journal.sqlite"
    before = lock_holder(path)
    with journal_of(configuration, "0.1.0"):
        held = lock_holder(path)
        examination = examined(configuration)
        await look_for_daemon(examination)
    after = lock_holder(path)

    assert (before, held, after) == (None, os.getpid(), None)
    assert examination.daemon_runs


async def test_a_stranger_at_the_web_port_is_wrong(configuration: Configuration) -> None:
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        web = replace(configuration.web, port=stranger.getsockname()[1])
        examination = examined(replace(configuration, web=web))
        (finding,) = await look_for_daemon(examination)

    assert finding.verdict is Verdict.WRONG
    assert "not the daemon listens at the web port" in finding.sentence
    assert not examination.daemon_runs


async def test_a_web_address_of_another_machine_is_wrong(configuration: Configuration) -> None:
    web = replace(configuration.web, listen="192.0.2.1")
    (finding,) = await look_for_daemon(examined(replace(configuration, web=web)))

    assert finding.verdict is Verdict.WRONG
    assert "cannot listen at 192.0.2.1" in finding.sentence


@pytest.mark.parametrize(
    ("told", "verdict", "apart"),
    [
        (1000.0, Verdict.OK, ""),
        (999.0, Verdict.OK, ""),
        (990.0, Verdict.WARNING, "-9"),
        (1100.0, Verdict.WARNING, "+99"),
    ],
)
def test_clocks_that_are_apart_are_told_of(told: float, verdict: Verdict, apart: str) -> None:
    finding = compared("Asterisk", told, 1000.2, 1000.6, granularity_s=1.0)

    assert finding.verdict is verdict
    assert apart in finding.sentence


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [(True, Verdict.OK), (False, Verdict.WARNING), (None, Verdict.NOT_CHECKED)],
)
async def test_who_keeps_the_clock_right_is_told(
    configuration: Configuration, answer: bool | None, verdict: Verdict
) -> None:
    with patch("cti.doctor.clock.is_synchronised", return_value=answer):
        (finding,) = await look_at_own_clock(examined(configuration))

    assert finding.verdict is verdict
    assert is_synchronised() in {True, False, None}
