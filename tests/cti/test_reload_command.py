"""`cordboard reload`, SIGHUP and `serve --watch`, with a daemon as a process."""

import asyncio
import os
import signal
import socket
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

import cti.reload
from cti import control
from cti.control import PATH_BYTES_MAX, SOCKET, Control, NoDaemonError, ask_to_reload
from cti.daemon import Daemon
from cti.reload import Reloaded
from tests.config.folders import Folder
from tests.cti.test_serve import NOWHERE, START_S_MAX, Serving, serving

ANSWER = Reloaded(folder="/etc/cordboard", version="1234", changed=("flows",), restart=("web",))


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


async def cordboard_reload(folder: Folder) -> tuple[int | None, list[str]]:
    """Run the command without the daemon's secrets; return its exit code and what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti", "reload", "--config", str(folder.path)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={name: value for name, value in os.environ.items() if name != "AMI_SECRET"},
    )
    async with asyncio.timeout(START_S_MAX):
        said, _ = await process.communicate()
    return process.returncode, said.decode().splitlines()


async def test_the_command_puts_in_force_what_it_can_and_names_what_takes_a_restart(
    folder: Folder,
) -> None:
    async with serving(folder) as daemon:
        await daemon.until("daemon_started")
        folder.replace("queues.yaml", "ring_time: 15s", "ring_time: 16s\n    hours: 24/7")
        folder.replace("cordboard.yaml", "limit: 5s", "limit: 6s")
        code, said = await cordboard_reload(folder)
        reloaded = await daemon.until("configuration_reloaded")
        code_again, said_again = await cordboard_reload(folder)

    assert (code, code_again) == (0, 0)
    assert said == [
        f"in force, policy {reloaded['policy']}: queues and agents, opening hours",
        "these take a restart of the daemon: watchdog.limit",
    ]
    assert said_again[0] == f"nothing has changed, policy {reloaded['policy']}"
    assert reloaded["restart"] == ["watchdog.limit"]


async def test_the_command_refuses_an_invalid_file_and_the_daemon_goes_on(folder: Folder) -> None:
    async with serving(folder) as daemon:
        await daemon.until("daemon_started")
        folder.replace("queues.yaml", "ring_time: 15s", "ring_time: 15")
        code, said = await cordboard_reload(folder)
        daemon.process.send_signal(signal.SIGHUP)
        refused = await daemon.until("configuration_refused")
        await daemon.until("reload_done")

    problem = (
        "queues.yaml:3:16: queues.sales.ring_time: "
        "needs a unit: write 15s for seconds or 15m for minutes"
    )
    assert (code, said) == (1, [problem, "nothing has changed: 1 error"])
    assert refused["problem"] == problem


async def test_what_only_the_daemon_lacks_is_told_by_the_daemon(folder: Folder) -> None:
    async with serving(folder) as daemon:
        await daemon.until("daemon_started")
        folder.replace("cordboard.yaml", "AMI_SECRET", "OTHER_SECRET")
        code, said = await cordboard_reload(folder)

    assert code == 1
    assert said[-1] == "nothing has changed: 1 error"
    assert "OTHER_SECRET is not set" in said[0]


async def test_without_a_daemon_the_command_says_so(folder: Folder) -> None:
    code, said = await cordboard_reload(folder)

    assert code == 1
    (line,) = said
    place = folder.path / "var/lib"
    assert line.startswith(f"cordboard: no daemon of yours answers in {place} (No such file ")


async def test_sighup_reads_the_configuration_again(folder: Folder) -> None:
    async with serving(folder) as daemon:
        await daemon.until("daemon_started")
        folder.replace("queues.yaml", "ring_time: 15s", "ring_time: 16s")
        daemon.process.send_signal(signal.SIGHUP)
        reloaded = await daemon.until("configuration_reloaded")

    assert reloaded["changed"] == ["queues and agents"]


async def test_the_socket_is_its_users_alone_and_one_of_a_dead_daemon_is_replaced(
    folder: Folder,
) -> None:
    path = folder.path / "var/lib" / SOCKET
    async with serving(folder) as daemon:
        await daemon.until("daemon_started")
        mode = stat.S_IMODE(path.stat().st_mode)
        daemon.process.kill()
        await daemon.ended()
    left = path.exists()
    async with serving(folder) as daemon:
        await daemon.until("daemon_started")
        code, _ = await cordboard_reload(folder)
        daemon.process.send_signal(signal.SIGTERM)
        await daemon.ended()

    assert (mode, left, code, path.exists()) == (0o600, True, 0, False)


async def test_a_watching_daemon_reads_what_is_saved(folder: Folder) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti", "serve", "--watch", "--config", str(folder.path)),
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "AMI_SECRET": "canary-secret", "DATABASE": NOWHERE},
    )
    daemon = Serving(process)
    try:
        await daemon.until("daemon_started")
        folder.replace("queues.yaml", "ring_time: 15s", "ring_time: 15")
        refused = await daemon.until("configuration_refused")
        folder.replace("queues.yaml", "ring_time: 15", "ring_time: 16s")
        reloaded = await daemon.until("configuration_reloaded")
    finally:
        process.kill()
        await process.communicate()

    assert "needs a unit" in refused["problem"]
    assert reloaded["changed"] == ["queues and agents"]


async def test_a_defect_while_reloading_is_logged_and_the_daemon_goes_on(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise RuntimeError("a defect")

    environment = {"AMI_SECRET": "canary-secret", "DATABASE": NOWHERE}
    begun = Daemon(folder.load(environment), environment)
    living = asyncio.create_task(begun.run())
    async with asyncio.timeout(START_S_MAX):
        while not begun.readiness()["journal"]:
            await asyncio.sleep(0)
        monkeypatch.setattr(cti.reload, "load", fail)
        with capture_logs() as logs:
            begun.reload()
            while not any(line["event"] == "reload_failed" for line in logs):
                await asyncio.sleep(0)
        alive = not living.done()
        begun.stop()
        await living

    assert alive
    assert "reload_done" not in [line["event"] for line in logs]


class TestTheSocket:
    """The daemon's side in this process, and the command's in a thread."""

    @staticmethod
    async def asked(data: Path, ask: Callable[[Path], object] = ask_to_reload) -> object:
        async def reload() -> Reloaded:
            return ANSWER

        door = Control(data, reload)
        await door.open()
        try:
            return await asyncio.to_thread(ask, data)
        finally:
            await door.close()

    async def test_the_answer_arrives_whole(self, tmp_path: Path) -> None:
        assert await self.asked(tmp_path) == ANSWER

    async def test_a_long_path_is_gone_round(self, tmp_path: Path) -> None:
        deep = tmp_path / ("d" * PATH_BYTES_MAX)
        deep.mkdir()

        assert await self.asked(deep) == ANSWER
        assert list(deep.iterdir()) == []

    async def test_a_stranger_gets_no_answer(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(control, "_user_of", lambda _writer: 12_345_678)

        with pytest.raises(NoDaemonError):
            await self.asked(tmp_path)

    @pytest.mark.parametrize("line", [b"stop\n", b"reload", b"x" * 5_000 + b"\n", b""])
    async def test_what_it_does_not_know_gets_no_answer(self, tmp_path: Path, line: bytes) -> None:
        def ask(data: Path) -> bytes:
            with socket.socket(socket.AF_UNIX) as asking:
                asking.settimeout(START_S_MAX)
                asking.connect(str(data / SOCKET))
                asking.sendall(line)
                asking.shutdown(socket.SHUT_WR)
                try:
                    return asking.recv(1_000)
                except ConnectionResetError:
                    return b""

        assert await self.asked(tmp_path, ask) == b""

    async def test_where_it_cannot_be_the_daemon_works_without(self, tmp_path: Path) -> None:
        (tmp_path / SOCKET).mkdir()
        door = Control(tmp_path, lambda: asyncio.sleep(0, ANSWER))
        await door.open()
        await door.close()

        assert (tmp_path / SOCKET).is_dir()

    async def test_who_waits_when_it_closes_gets_none(self, tmp_path: Path) -> None:
        begun = asyncio.Event()

        async def never() -> Reloaded:
            begun.set()
            await asyncio.Event().wait()
            return ANSWER

        door = Control(tmp_path, never)
        await door.open()
        asking = asyncio.create_task(asyncio.to_thread(ask_to_reload, tmp_path))
        await begun.wait()
        await door.close()

        with pytest.raises(NoDaemonError):
            await asking

    @pytest.mark.parametrize("answer", [b"[]\n", b"{}\n", b"\xff\n", b'{"folder": 1}'])
    async def test_an_answer_that_is_none_is_no_daemon(self, tmp_path: Path, answer: bytes) -> None:
        async def visit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readline()
            writer.write(answer)
            writer.close()

        server = await asyncio.start_unix_server(visit, tmp_path / SOCKET)
        async with server:
            with pytest.raises(NoDaemonError, match="no answer"):
                await asyncio.to_thread(ask_to_reload, tmp_path)
