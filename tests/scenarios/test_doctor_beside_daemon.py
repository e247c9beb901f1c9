"""`cordboard doctor` as a command: beside a running daemon, before one, and broken off."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from lab.asterisk_installation import Installation
from lab.site import AGENT_HZ, MANAGER_SECRET, settled
from tests.cti.doctor.certificates import new_certificate
from tests.cti.doctor.patients import ENVIRONMENT, edited, patient
from tests.scenarios.sites import ANN, MUSIC_HZ, OpenSite, dial_and_choose

pytestmark = pytest.mark.scenario

THIS_MACHINE = {"clock"}
"""What depends on the machine that the test runs on."""


async def started(configuration: Path, *options: str, secret: str) -> asyncio.subprocess.Process:
    """Start the command as an administrator does."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti", "doctor", "--config", str(configuration), *options),
        env={**os.environ, "CORDBOARD_AMI_SECRET": secret},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def told(
    configuration: Path, *options: str, secret: str = MANAGER_SECRET
) -> tuple[int | None, list[dict[str, str]]]:
    """Run the command, and return its exit code and its findings."""
    process = await started(configuration, "--format", "json", *options, secret=secret)
    said, errors = await process.communicate()
    assert errors == b""
    return process.returncode, [json.loads(line) for line in said.splitlines()]


def bad(findings: Sequence[dict[str, str]]) -> set[tuple[str, str]]:
    """Return what is not in order, apart from the lab's configuration and this machine."""
    return {
        (finding["check"], finding["verdict"])
        for finding in findings
        if finding["verdict"] != "ok" and finding["check"] not in {"configuration", *THIS_MACHINE}
    }


def sentence(findings: Sequence[dict[str, str]], check: str) -> str:
    (finding,) = [finding for finding in findings if finding["check"] == check]
    return finding["message"]


async def test_beside_a_running_daemon_all_is_green_and_no_call_is_disturbed(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        await site.database_up()
        await site.desk("ann")
        site.phones["a1"].answers()
        talk = await dial_and_choose(await site.caller("talks"))
        await talk.hears(AGENT_HZ, within_s=5)
        waits = await dial_and_choose(await site.caller("waits"))
        await waits.hears(MUSIC_HZ, within_s=5)
        began = asyncio.get_running_loop().time()
        code, findings = await told(site.configuration)
        ended = asyncio.get_running_loop().time()
        gaps = (
            talk.heard.longest_gap_of(AGENT_HZ, began, ended),
            waits.heard.longest_gap_of(MUSIC_HZ, began, ended),
        )
        await waits.hang_up()
        await talk.hang_up()
        records = await settled(site, 2)
        log = site.daemon.log_text()

    assert (code, bad(findings)) == (0, set())
    assert "reaches the daemon" in sentence(findings, "agi")
    assert "the daemon runs" in sentence(findings, "daemon")
    assert "embedded server" in sentence(findings, "database")
    assert max(gaps) < 0.3
    assert len(records) == 2
    assert '"level": "error"' not in log


async def test_a_daemon_with_an_older_secret_is_named_by_a_doctor_with_the_right_one(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        await site.daemon.stop()
        site.daemon._environment = {"CORDBOARD_AMI_SECRET": "the-secret-of-last-year"}
        await site.daemon.start(wait=False)
        await site.daemon.wait_alive()
        code, findings = await told(site.configuration)

    assert code == 1
    assert ("ready", "wrong") in bad(findings)
    assert "not logged in to Asterisk" in sentence(findings, "ready")


async def test_a_daemon_that_refuses_asterisk_is_named_beside_it(open_site: OpenSite) -> None:
    async with open_site(ANN) as site:
        await site.daemon.stop()
        edited("cordboard.yaml", "peers:\n      - 127.0.0.1", "peers:\n      - 127.0.0.7")(
            site.configuration
        )
        await site.daemon.start()
        code, findings = await told(site.configuration)

    assert code == 1
    assert bad(findings) - {("database", "not checked")} == {
        ("agi", "wrong"),
        ("prompts", "not checked"),
    }
    assert "comes from 127.0.0.1" in sentence(findings, "agi")


async def test_a_standby_that_is_not_there_is_wrong_while_the_daemon_runs(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        await site.asterisk.console("dialplan set global CORD_AGI1 127.0.0.7:4573")
        code, findings = await told(site.configuration)

    assert code == 1
    assert bad(findings) - {("database", "not checked")} == {
        ("agi", "wrong"),
        ("prompts", "not checked"),
    }
    assert "to 127.0.0.7:4573, where no daemon answers" in sentence(findings, "agi")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_broken_off_it_leaves_no_call_behind(
    asterisk_installation: Installation, tmp_path: Path, number: signal.Signals
) -> None:
    async with patient(asterisk_installation, tmp_path, phones=()) as one:
        secret = ENVIRONMENT["CORDBOARD_AMI_SECRET"]
        process = await started(one.configuration, secret=secret)
        while "cordboard-doctor" not in await one.asterisk.console("core show channels concise"):
            assert process.returncode is None
        process.send_signal(number)
        _said, errors = await process.communicate()
        channels = await one.channels()

    assert process.returncode == 128 + number
    assert b"Traceback" not in errors
    assert channels == "0 active channels"


async def test_killed_it_leaves_a_call_that_ends_by_itself(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path, phones=()) as one:
        secret = ENVIRONMENT["CORDBOARD_AMI_SECRET"]
        process = await started(one.configuration, secret=secret)
        while "cordboard-doctor" not in await one.asterisk.console("core show channels concise"):
            assert process.returncode is None
        process.kill()
        await process.wait()
        async with asyncio.timeout(12):
            while await one.channels() != "0 active channels":
                await asyncio.sleep(0.1)


async def test_a_configuration_with_errors_ends_with_them(tmp_path: Path) -> None:
    (tmp_path / "cordboard.yaml").write_text("pbx: {main: {ami: {host: 1}}}\n")
    code, findings = await told(tmp_path)

    assert code == 1
    assert {finding["check"] for finding in findings} == {"configuration"}
    assert any("cordboard.yaml:1:" in finding["message"] for finding in findings)


async def test_a_prompt_that_is_missing_is_an_error_of_the_configuration(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    async with patient(asterisk_installation, tmp_path, starts=False) as one:
        (one.configuration / "prompts" / "welcome.wav").unlink()
        code, findings = await told(one.configuration, secret=ENVIRONMENT["CORDBOARD_AMI_SECRET"])

    assert code == 1
    assert "prompts/welcome.wav is missing" in sentence(
        [finding for finding in findings if finding["verdict"] == "wrong"][:1], "configuration"
    )


async def test_a_key_that_does_not_fit_its_certificate_is_an_error_of_the_configuration(
    asterisk_installation: Installation, tmp_path: Path
) -> None:
    certificate, _key = new_certificate(tmp_path)
    _other, key = new_certificate(tmp_path, called="other")
    files = {"certificate": str(certificate), "key": str(key)}
    async with patient(asterisk_installation, tmp_path, starts=False) as one:
        one.change_main(lambda main: main["web"].update(files))
        code, findings = await told(one.configuration, secret=ENVIRONMENT["CORDBOARD_AMI_SECRET"])

    assert code == 1
    assert "certificate and key cannot be used together" in sentence(findings, "configuration")


async def test_a_daemon_that_hangs_is_told_and_waited_for_no_longer_than_a_few_seconds(
    open_site: OpenSite,
) -> None:
    async with open_site(ANN) as site:
        site.daemon.send_signal(signal.SIGSTOP)
        async with asyncio.timeout(15):
            code, findings = await told(site.configuration)
        await site.daemon.kill()

    assert code == 1
    assert ("agi", "wrong") in bad(findings)
    assert ("daemon", "warning") in bad(findings)
    assert "takes Asterisk's connection and says nothing" in sentence(findings, "agi")
