"""`cordboard serve` as a process: it starts or says why not, shows its health, and stops."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from acd.facts import PolicyApplied
from cti.daemon import JOURNAL_FILE
from storage.journal import Journal
from storage.records import journal_codec
from tests.agents.pems import pem
from tests.agents.test_certificates import anybody, shown_by
from tests.config.folders import Folder
from tests.cti.operations.scraped import Scrape

START_S_MAX = 30.0
STOP_S_MAX = 10.0
NOWHERE = "postgresql://cordboard@127.0.0.1:1/cordboard"


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A configuration whose daemon listens at free ports, and whose PBX and database are away."""
    folder = Folder(tmp_path)
    folder.replace("cordboard.yaml", "port: 4573", "port: 0")
    folder.replace("cordboard.yaml", "port: 8400", "port: 0")
    folder.replace("cordboard.yaml", "url: null", "url: {env: DATABASE}")
    folder.replace("cordboard.yaml", "format: console", "format: json")
    folder.replace("cordboard.yaml", "username: cordboard", "username: cordboard\n      port: 1")
    return folder


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken.getsockname()[1]


class Serving:
    """A daemon's process and what it says."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []

    async def until(self, event: str) -> dict[str, Any]:
        """Read the log until this event, and return it."""
        assert self.process.stderr is not None
        async with asyncio.timeout(START_S_MAX):
            while True:
                line = await self.process.stderr.readline()
                assert line, f"the daemon ended before {event}: {self.events}"
                self.events.append(json.loads(line))
                if self.events[-1]["event"] == event:
                    return self.events[-1]

    async def ended(self) -> tuple[int, str]:
        """Wait for the end; return the exit code and what was still said."""
        async with asyncio.timeout(START_S_MAX):
            _, said = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, said.decode()


@asynccontextmanager
async def serving(
    folder: Folder, stdin: int = asyncio.subprocess.DEVNULL, /, **environment: str
) -> AsyncIterator[Serving]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti", "serve", "--config", str(folder.path)),
        stdin=stdin,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "AMI_SECRET": "canary-secret", "DATABASE": NOWHERE, **environment},
    )
    try:
        yield Serving(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def refusal(folder: Folder, **environment: str) -> str:
    """Return the last line of a daemon that does not start; the others are its log."""
    async with serving(folder, **environment) as daemon:
        code, said = await daemon.ended()

    assert code == 1
    assert "Traceback" not in said
    *logged, last = said.splitlines()
    assert all(json.loads(line)["event"] for line in logged)
    return last


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_when_told_to_in_time_and_with_code_0(
    folder: Folder, number: signal.Signals
) -> None:
    async with serving(folder) as daemon:
        await daemon.until("daemon_started")
        daemon.process.send_signal(number)
        daemon.process.send_signal(number)  # as an impatient administrator does
        async with asyncio.timeout(STOP_S_MAX):
            code, said = await daemon.ended()

    assert code == 0
    assert [json.loads(line)["event"] for line in said.splitlines()][-1] == "daemon_stopped"


async def test_in_a_terminal_it_stops_when_that_is_closed(folder: Folder) -> None:
    ours, its = os.openpty()
    try:
        async with serving(folder, its) as daemon:
            await daemon.until("daemon_started")
            daemon.process.send_signal(signal.SIGHUP)
            code, said = await daemon.ended()
    finally:
        os.close(ours)
        os.close(its)

    assert code == 0
    assert json.loads(said.splitlines()[-1])["event"] == "daemon_stopped"


@pytest.fixture
def secure_folder(folder: Folder) -> Folder:
    """The same, with a certificate."""
    pem("old").put(folder.path / "cert.pem", folder.path / "key.pem")
    (folder.path / "key.pem").chmod(0o600)
    pair = "origins: []\n  certificate: cert.pem\n  key: key.pem"
    folder.replace("cordboard.yaml", "origins: []", pair)
    return folder


async def test_sighup_has_it_show_a_new_certificate_at_once_and_drops_nobody(
    secure_folder: Folder,
) -> None:
    async with serving(secure_folder) as daemon:
        port = (await daemon.until("web_listening"))["port"]
        await daemon.until("daemon_started")
        _, staying = await asyncio.open_connection("127.0.0.1", port, ssl=anybody())
        before = await shown_by(port)
        pem("new").put(secure_folder.path / "cert.pem", secure_folder.path / "key.pem")
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.until("reload_done")
        after = await shown_by(port)
        stays = not staying.is_closing()
        staying.transport.abort()

    assert (before, after, stays) == ("CN=old", "CN=new", True)


async def test_sighup_with_a_broken_pair_keeps_the_old_one_and_shows_that(
    secure_folder: Folder,
) -> None:
    async with serving(secure_folder) as daemon:
        port = (await daemon.until("web_listening"))["port"]
        await daemon.until("daemon_started")
        (secure_folder.path / "cert.pem").write_bytes(pem("new").certificate)
        daemon.process.send_signal(signal.SIGHUP)
        refused = await daemon.until("certificate_refused")
        after = await shown_by(port)
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"https://127.0.0.1:{port}/metrics", ssl=False) as answer,
        ):
            figures = Scrape(await answer.text())

    assert refused["reason"] == "the key belongs to another certificate"
    assert after == "CN=old"
    assert figures.value("cordboard_tls_certificate_refused") == 1
    assert figures.value("cordboard_tls_certificate_expiry_timestamp_seconds") > time.time()


async def test_at_the_start_it_says_which_queues_are_open(folder: Folder) -> None:
    folder.replace("queues.yaml", "ring_time: 15s", "ring_time: 15s\n    hours: 24/7")
    async with serving(folder) as daemon:
        opened = await daemon.until("queue_opened")
        await daemon.until("daemon_started")
        daemon.process.send_signal(signal.SIGTERM)
        await daemon.ended()

    assert (opened["queue"], opened["hours"], opened["until"]) == ("sales", "24/7", None)


async def test_sighup_before_it_has_started_does_no_harm(folder: Folder) -> None:
    async with serving(folder) as daemon:
        await daemon.until("daemon_starting")
        daemon.process.send_signal(signal.SIGHUP)
        await daemon.until("daemon_started")


async def test_its_first_lines_say_where_everything_is(folder: Folder) -> None:
    async with serving(folder) as daemon:
        starting = await daemon.until("daemon_starting")
        addresses = await daemon.until("web_addresses")
        agi = await daemon.until("agi_listening")
        started = await daemon.until("daemon_started")

    assert (starting["pbx"], starting["ami"]) == ("main", "127.0.0.1:1")
    assert starting["config"] == str(folder.path)
    assert addresses["desks"].startswith("ws://127.0.0.1:")
    assert addresses["desks"].endswith("/ws/v1")
    assert addresses["metrics"].endswith("/metrics")
    assert agi["port"] > 0
    assert started["level"] == "info"


@pytest.fixture
def manager_socket(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(START_S_MAX)
        yield listening


async def test_systemd_is_told_of_its_life_from_the_start_to_the_end(
    folder: Folder, manager_socket: socket.socket
) -> None:
    async def told(word: str) -> list[str]:
        while True:
            lines = (await asyncio.to_thread(manager_socket.recv, 4096)).decode().splitlines()
            if word in lines:
                return lines

    address = str(manager_socket.getsockname())
    async with serving(folder, NOTIFY_SOCKET=address, WATCHDOG_USEC="900000") as daemon:
        ready = await told("READY=1")
        await told("WATCHDOG=1")
        daemon.process.send_signal(signal.SIGHUP)
        await told("RELOADING=1")
        ready_again = await told("READY=1")
        await told("WATCHDOG=1")
        daemon.process.terminate()
        await told("STOPPING=1")
        code, _ = await daemon.ended()

    assert ready[1].startswith("STATUS=waits for Asterisk main at 127.0.0.1:1")
    assert ready_again[1].startswith("STATUS=waits for Asterisk main at 127.0.0.1:1")
    assert code == 0


async def test_a_policy_is_journalled_once_and_the_state_is_kept_over_two_lives(
    folder: Folder,
) -> None:
    for _ in range(2):
        async with serving(folder) as daemon:
            await daemon.until("daemon_started")
            daemon.process.terminate()
            await daemon.ended()

    with Journal.open(folder.path / "var" / "lib" / JOURNAL_FILE, journal_codec()) as journal:
        bodies = [type(record.body) for record in journal.read()]
        snapshot = journal.latest_snapshot()
    assert bodies == [PolicyApplied]
    assert snapshot is not None
    assert snapshot.position == 1


async def test_a_killed_daemon_starts_again(folder: Folder) -> None:
    async with serving(folder) as daemon:
        await daemon.until("daemon_started")
        daemon.process.kill()
        await daemon.ended()
    async with serving(folder) as daemon:
        replayed = await daemon.until("journal_replayed")
        await daemon.until("daemon_started")

    assert replayed["snapshot"] == 1


async def health_of(port: int, page: str) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"http://127.0.0.1:{port}/{page}") as answer,
    ):
        return answer.status, await answer.json()


async def test_without_pbx_and_database_it_is_alive_and_not_ready(folder: Folder) -> None:
    async with serving(folder) as daemon:
        port = (await daemon.until("web_listening"))["port"]
        await daemon.until("daemon_started")

        assert await health_of(port, "healthz") == (200, {"status": "ok"})
        assert await health_of(port, "readyz") == (
            503,
            {
                "status": "not ready",
                "parts": {"journal": True, "switch": False},
                "beside": {"database": False},
            },
        )


async def test_a_database_that_is_there_is_shown_to_be(
    folder: Folder, migrated_database: str
) -> None:
    async with serving(folder, DATABASE=migrated_database) as daemon:
        port = (await daemon.until("web_listening"))["port"]
        await daemon.until("database_up")
        _, health = await health_of(port, "readyz")

    assert health["beside"] == {"database": True}


async def test_the_configurations_warnings_stand_in_the_log(folder: Folder) -> None:
    folder.write("notes.yml", "a: 1\n")
    async with serving(folder) as daemon:
        warning = await daemon.until("configuration_doubtful")

    assert warning["problem"].startswith("notes.yml:1:1: warning: is not read")


@pytest.mark.parametrize("place", ["peers: [127.0.0.1]", "origins: []"], ids=["agi", "web"])
async def test_a_port_that_is_taken_is_told_in_one_line(
    folder: Folder, taken_port: int, place: str
) -> None:
    at_agi = place.startswith("peers")
    folder.replace(
        "cordboard.yaml",
        "port: 0, peers" if at_agi else "port: 0\n",
        f"port: {taken_port}, peers" if at_agi else f"port: {taken_port}\n",
    )

    line = await refusal(folder)

    assert line.startswith(f"cordboard: cannot listen on 127.0.0.1:{taken_port}: ")
    assert "address already in use" in line


async def test_a_journal_that_another_daemon_has_is_told_in_one_line(folder: Folder) -> None:
    path = folder.path / "var" / "lib" / JOURNAL_FILE
    with Journal.open(path, journal_codec()):
        line = await refusal(folder)

    assert line.startswith("cordboard: the journal in ")
    assert f"is in use by process {os.getpid()}" in line


async def test_a_journal_that_is_none_is_told_in_one_line(folder: Folder) -> None:
    folder.write(f"var/lib/{JOURNAL_FILE}", b"this is no journal, whatever its name says" * 99)

    assert (await refusal(folder)).startswith("cordboard: the journal in ")


async def test_a_journal_of_a_newer_program_is_told_in_one_line(folder: Folder) -> None:
    path = folder.path / "var" / "lib" / JOURNAL_FILE
    async with serving(folder) as daemon:
        await daemon.until("daemon_started")
        daemon.process.kill()
        await daemon.ended()
    with Journal.open(path, journal_codec()) as journal:
        journal._connection.execute("DELETE FROM snapshots")
        journal._connection.execute("UPDATE records SET name = 'CallBeamed'")

    line = await refusal(folder)

    assert line.startswith("cordboard: the journal cannot be replayed: record 1 (CallBeamed)")


async def test_a_data_folder_that_cannot_be_made_is_told_in_one_line(folder: Folder) -> None:
    folder.write("var", "a file where a folder should be")

    assert (await refusal(folder)).startswith("cordboard: the journal in ")
