"""A private Asterisk, started and ended in all the ways that tests and the demo need."""

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from lab.asterisk import AsteriskInstance, AsteriskSettings, PhoneAccount
from lab.asterisk_errors import AsteriskStartError, ConsoleError
from lab.asterisk_fetch import find_or_fetch
from lab.asterisk_installation import Installation
from lab.ports import LOOPBACK

EXTENSIONS = "[from-trunk]\nexten => 1000,1,Answer()\n"
END_S_MAX = 5.0


@pytest.fixture(scope="session")
def installation() -> Installation:
    return find_or_fetch()


def settings(folder: Path, **more: object) -> AsteriskSettings:
    return AsteriskSettings(folder=folder, extensions=EXTENSIONS, **more)  # type: ignore[arg-type]


def program(folder: Path, script: str) -> Installation:
    """Return something that is started as if it were Asterisk."""
    path = folder / "program"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Installation(command=(str(path),), version="22.0.0")


async def process_ended(pid: int) -> bool:
    """Tell whether a process is gone within a while; it need not be our child."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    gone = asyncio.Event()
    asyncio.get_running_loop().add_reader(handle, gone.set)
    try:
        async with asyncio.timeout(END_S_MAX):
            await gone.wait()
    except TimeoutError:
        return False
    finally:
        asyncio.get_running_loop().remove_reader(handle)
        os.close(handle)
    return True


async def test_it_boots_without_a_complaint(installation: Installation, tmp_path: Path) -> None:
    phones = [PhoneAccount(name="a1", port=5062), PhoneAccount(name="a2", password="secret")]
    async with AsteriskInstance(
        installation, settings(tmp_path, phones=phones, web_phones=True)
    ) as asterisk:
        endpoints = await asterisk.console("pjsip show endpoints")
        log = (asterisk.log_folder / "messages").read_text()

    assert "Objects found: 3" in endpoints
    assert [line for line in log.splitlines() if "WARNING" in line or "ERROR" in line] == []


async def test_two_run_side_by_side(installation: Installation, tmp_path: Path) -> None:
    async with (
        AsteriskInstance(installation, settings(tmp_path / "one", system_name="one")) as one,
        AsteriskInstance(installation, settings(tmp_path / "two", system_name="two")) as two,
    ):
        names = [await a.console("core show settings") for a in (one, two)]

    assert ["one" in names[0], "two" in names[1]] == [True, True]
    assert one.sip_port != two.sip_port


async def test_stopping_leaves_no_process_and_no_port(
    installation: Installation, tmp_path: Path
) -> None:
    asterisk = AsteriskInstance(installation, settings(tmp_path))
    await asterisk.start()
    pid = asterisk.pid
    await asterisk.stop()

    assert not asterisk.running
    assert await process_ended(pid)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((LOOPBACK, asterisk.sip_port))
        assert free.getsockname()[1] == asterisk.sip_port
    await asterisk.close()


async def test_a_killed_one_starts_again_on_the_same_ports(
    installation: Installation, tmp_path: Path
) -> None:
    async with AsteriskInstance(installation, settings(tmp_path)) as asterisk:
        before = (asterisk.sip_port, asterisk.ami_port)
        first = asterisk.pid
        await asterisk.kill()
        assert not asterisk.running
        await asterisk.start()

        assert asterisk.pid != first
        assert (asterisk.sip_port, asterisk.ami_port) == before
        assert "Asterisk 22" in await asterisk.console("core show version")


async def test_one_that_crashed_can_be_stopped_and_started(
    installation: Installation, tmp_path: Path
) -> None:
    async with AsteriskInstance(installation, settings(tmp_path)) as asterisk:
        crashed = asterisk.pid
        os.kill(crashed, signal.SIGKILL)
        await asyncio.to_thread(os.waitid, os.P_PID, crashed, os.WEXITED | os.WNOWAIT)
        await asterisk.restart()

        assert "Asterisk 22" in await asterisk.console("core show version")


async def test_it_ends_when_the_process_that_started_it_is_killed(
    installation: Installation, tmp_path: Path
) -> None:
    script = f"""
import asyncio
from pathlib import Path
from lab.asterisk import AsteriskInstance, AsteriskSettings
from lab.asterisk_fetch import find_or_fetch

async def main():
    settings = AsteriskSettings(folder=Path({str(tmp_path)!r}), extensions="")
    asterisk = AsteriskInstance(find_or_fetch(), settings)
    await asterisk.start()
    print(asterisk.pid, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    pid = int(await parent.stdout.readline())
    parent.send_signal(signal.SIGKILL)
    await parent.communicate()

    assert await process_ended(pid)


async def test_a_program_that_ends_is_reported_with_its_last_words(tmp_path: Path) -> None:
    broken = program(tmp_path, "echo no such module; exit 3")

    with pytest.raises(AsteriskStartError, match="status 3: no such module"):
        async with AsteriskInstance(broken, settings(tmp_path / "run")):
            pass


async def test_a_cancelled_start_leaves_no_process(tmp_path: Path) -> None:
    silent = program(tmp_path, f"echo $$ > {tmp_path}/pid; exec sleep 60")
    asterisk = AsteriskInstance(silent, settings(tmp_path / "run"))

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await asterisk.start()

    assert not asterisk.running
    assert await process_ended(int((tmp_path / "pid").read_text()))
    await asterisk.close()


async def test_a_program_that_ignores_sigterm_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lab.asterisk.STOP_S_MAX", 0.2)
    deaf = program(tmp_path, f"trap '' TERM; touch {tmp_path}/deaf; while :; do sleep 0.05; done")
    asterisk = AsteriskInstance(deaf, settings(tmp_path / "run"))
    asterisk._prepare()
    asterisk._process = asterisk._spawn()
    pid = asterisk.pid
    while not (tmp_path / "deaf").exists():
        await asyncio.sleep(0.01)

    await asterisk.close()

    assert await process_ended(pid)


async def test_a_folder_too_deep_for_a_socket_still_has_a_console(
    installation: Installation, tmp_path: Path
) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    async with AsteriskInstance(installation, settings(deep)) as asterisk:
        run_folder = asterisk._run_folder
        assert "Asterisk 22" in await asterisk.console("core show version")

    assert not run_folder.exists()


async def test_the_console_of_one_that_does_not_run_is_an_error(
    installation: Installation, tmp_path: Path
) -> None:
    async with AsteriskInstance(installation, settings(tmp_path)) as asterisk:
        await asterisk.stop()

        with pytest.raises(ConsoleError, match="core show version"):
            await asterisk.console("core show version")


@pytest.mark.parametrize("name", ["", "a\nb", "a b", "a]", "x" * 41, "a;b"])
def test_a_name_that_would_break_the_configuration_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not 1 to 40 letters"):
        PhoneAccount(name=name)
