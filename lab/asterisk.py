"""
Runs a private Asterisk on loopback: own folder, own ports, ready in about half a second.

An instance dies with the process that started it, even when that one is killed, and does not see
the Ctrl-C of its terminal, so that whoever runs it decides the order of the end. It can be stopped,
killed, and started again on the same ports with the same folder. Several run side by side.

    installation = find_or_fetch()
    async with AsteriskInstance(installation, AsteriskSettings(...)) as asterisk:
        print(asterisk.sip_port, asterisk.ami_port)
"""

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from lab import sound
from lab.asterisk_config import (
    OBSERVER,
    AsteriskSettings,
    Folders,
    PhoneAccount,
    write_configuration,
)
from lab.asterisk_errors import AsteriskStartError, ConsoleError
from lab.asterisk_installation import Installation
from lab.ports import LOOPBACK, PortLease, lease_ports

__all__ = ["AsteriskInstance", "AsteriskSettings", "PhoneAccount"]

START_S_MAX = 30.0
"""How long Asterisk may take to be ready; alone on a machine it takes half a second."""

STOP_S_MAX = 5.0
"""How long Asterisk may take to end its calls after SIGTERM; then it is killed."""

CONSOLE_S_MAX = 10.0
PROBE_PAUSE_S = 0.01
SOCKET_PATH_MAX = 100
"""A Unix socket's path ends at 107 bytes (unix(7)); Asterisk adds nothing to ours."""

LAST_WORDS_MAX = 5
_READY = b"Event: FullyBooted"


class AsteriskInstance:
    """
    One private Asterisk.

    `start()` returns when Asterisk says FullyBooted and raises AsteriskStartError if it does not.
    `stop()` ends it in order, `kill()` as a crash would; both may be called at any time, and
    `start()` may follow. `close()` stops it and gives its ports back; `async with` does both ends.
    Start it from a thread that lives on: the kernel ends it with the thread that started it.
    """

    def __init__(
        self,
        installation: Installation,
        settings: AsteriskSettings,
        *,
        ports: PortLease | None = None,
    ) -> None:
        self._installation = installation
        self._settings = settings
        self._own_ports = ports is None
        self.ports = ports or lease_ports()
        self._run_folder = _run_folder(settings.folder)
        self._folders = Folders(root=settings.folder.absolute(), run=self._run_folder)
        self._process: subprocess.Popen[bytes] | None = None
        self.boot_s = 0.0

    @property
    def sip_port(self) -> int:
        """The UDP port that calls come to."""
        return self.ports.sip

    @property
    def ami_port(self) -> int:
        """The TCP port of the manager interface."""
        return self.ports.manager

    @property
    def http_port(self) -> int:
        """The TCP port of websockets, when web phones are wanted."""
        return self.ports.http

    @property
    def log_folder(self) -> Path:
        """Where `messages` (the log) and `console` (what was printed) are."""
        return self._folders.log

    @property
    def pid(self) -> int:
        """The id of the running process. Raises AsteriskStartError when there is none."""
        if self._process is None:
            raise AsteriskStartError("this Asterisk is not running")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Tell whether the process lives."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Write the configuration, start the program and wait until it can be used."""
        if self.running:
            raise AsteriskStartError("this Asterisk is running already")
        began = time.monotonic()
        self._prepare()
        self._process = self._spawn()
        ready = False
        try:
            async with asyncio.timeout(START_S_MAX):
                await self._wait_until_ready(self._process)
            ready = True
        except TimeoutError as error:
            raise AsteriskStartError(
                f"Asterisk was not ready after {START_S_MAX:.0f} s: {self._last_words()}"
            ) from error
        finally:
            if not ready:
                self._process.kill()
                self._process.wait()
                self._process = None
        self.boot_s = time.monotonic() - began

    async def stop(self) -> None:
        """End it in order: its calls get a BYE. Killed when it takes longer than STOP_S_MAX."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as a crash would: no BYE, no goodbye on any connection."""
        await self._end(signal.SIGKILL)

    async def restart(self) -> None:
        """Stop it and start it on the same ports with the same folder."""
        await self.stop()
        await self.start()

    async def close(self) -> None:
        """Stop it and give back what it holds. The files in its folder stay, for reading."""
        await self.stop()
        if self._own_ports:
            self.ports.release()
        if self._run_folder.parent != self._folders.root:
            shutil.rmtree(self._run_folder, ignore_errors=True)

    async def console(self, command: str) -> str:
        """Run a command of the console and return what it printed."""
        arguments = ["-C", str(self._folders.main_file), "-rx", command]
        try:
            ended = await asyncio.to_thread(
                subprocess.run,
                [*self._installation.command, *arguments],
                capture_output=True,
                check=True,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                timeout=CONSOLE_S_MAX,
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise ConsoleError(f"console command {command!r} failed: {error}") from error
        return ended.stdout.decode(errors="replace")

    async def __aenter__(self) -> Self:
        ready = False
        try:
            await self.start()
            ready = True
        finally:
            if not ready:
                await self.close()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _prepare(self) -> None:
        """Write every file that Asterisk reads. A socket left by a killed one is removed."""
        music = self._settings.music
        if music is None and self._settings.joined is not None:
            music = self._settings.joined
        elif music is None:
            music = self._folders.root / "music"
            sound.write_wav(music / "tone.wav", sound.tone(sound.MUSIC_HZ, 10.0))
        write_configuration(
            self._settings, self._installation, self._folders, self.ports, music.absolute()
        )
        self._run_folder.mkdir(parents=True, exist_ok=True)
        (self._run_folder / "asterisk.ctl").unlink(missing_ok=True)

    def _spawn(self) -> subprocess.Popen[bytes]:
        """Start the program so that it dies with us and does not see our terminal's signals."""
        command = ["setpriv", "--pdeathsig", "KILL", *self._installation.command]
        with (self._folders.log / "console").open("wb") as printed:
            try:
                return subprocess.Popen(
                    [*command, "-C", str(self._folders.main_file), "-f"],
                    cwd=self._folders.root,
                    env=self._environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=printed,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise AsteriskStartError(f"Asterisk cannot be started: {error}") from error

    def _environment(self) -> dict[str, str]:
        """Return what Asterisk sees of our environment: nothing that could change what it does."""
        kept = {name: os.environ[name] for name in ("PATH", "TZ") if name in os.environ}
        return {**kept, "HOME": str(self._folders.root), "LC_ALL": "C.UTF-8"}

    async def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        """Try to log in until Asterisk says that all its modules are loaded."""
        while not await self._is_booted():
            if process.poll() is not None:
                raise AsteriskStartError(
                    f"Asterisk ended with status {process.returncode}: {self._last_words()}"
                )
            await asyncio.sleep(PROBE_PAUSE_S)

    async def _is_booted(self) -> bool:
        """
        Log in as the observer and wait for FullyBooted, which is also sent after a late login.

        A port that is not open yet, or a connection that ends, is a no.
        """
        try:
            reader, writer = await asyncio.open_connection(LOOPBACK, self.ami_port)
        except OSError:
            return False
        try:
            writer.write(
                f"Action: Login\r\nUsername: {OBSERVER}\r\n"
                f"Secret: {self._settings.manager_secret}\r\n\r\n".encode()
            )
            async for line in reader:
                if line.startswith(_READY):
                    return True
        except OSError:
            return False
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        return False

    async def _end(self, how: signal.Signals) -> None:
        """Send the signal and wait until nothing of the process is left."""
        process = self._process
        if process is None:
            return
        try:
            await _signalled(process, how)
        except TimeoutError:
            await _signalled(process, signal.SIGKILL)
        self._process = None

    def _last_words(self) -> str:
        """Return the end of what Asterisk printed and logged, on one line."""
        lines: list[str] = []
        for name in ("console", "messages"):
            with contextlib.suppress(OSError):
                text = (self._folders.log / name).read_text(errors="replace")
                lines += [line.strip() for line in text.splitlines() if line.strip()]
        return " | ".join(lines[-LAST_WORDS_MAX:]) or "it said nothing"


async def _signalled(process: subprocess.Popen[bytes], how: signal.Signals) -> None:
    """
    Send a signal and wait for the end; raises TimeoutError when it does not come.

    Needs no thread and no child watcher, so a process may outlive the event loop it was started in.
    """
    if process.poll() is not None:
        return
    handle = os.pidfd_open(process.pid)
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(handle, gone.set)
    try:
        signal.pidfd_send_signal(handle, how)
        async with asyncio.timeout(STOP_S_MAX):
            await gone.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    process.wait()


def _run_folder(folder: Path) -> Path:
    """Return a folder for the console's socket: ours, or a short one where ours is too deep."""
    ours = folder.absolute() / "run"
    if len(os.fsencode(ours / "asterisk.ctl")) <= SOCKET_PATH_MAX:
        return ours
    return Path(tempfile.mkdtemp(prefix="cordboard-"))
