"""
The daemon as a process of its own, as an administrator runs it: `cordboard serve --config DIR`.

It can be stopped, killed, frozen and started again; its log stands in a file. It dies with the
process that started it, and its Postgres with it, even when that one is killed.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

import aiohttp

READY_S_MAX = 30.0
STOP_S_MAX = 20.0
POLL_S = 0.02
LAST_LINES = 15


class ServingError(Exception):
    """The daemon did not do what it was asked; the message holds its last words."""


class ServingDaemon:
    """A daemon for the configuration in `folder`, whose web server listens on `web_port`."""

    def __init__(
        self, folder: Path, *, web_port: int, log: Path, environment: Mapping[str, str]
    ) -> None:
        self._folder = folder
        self._log = log
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None
        self.web = f"http://127.0.0.1:{web_port}"

    @property
    def pid(self) -> int:
        """The id of the running process. Raises ServingError where there is none."""
        if self._process is None:
            raise ServingError("the daemon is not running")
        return self._process.pid

    async def start(self, *, wait: bool = True) -> None:
        """Start it and, if `wait`, return when it takes calls (`/readyz`)."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *("setpriv", "--pdeathsig", "KILL"),
                sys.executable,
                "-m",
                "cti",
                "serve",
                "--config",
                str(self._folder),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **self._environment},
                start_new_session=True,  # a terminal's Ctrl-C is for whoever runs us
            )
        if wait:
            await self.wait_ready()

    async def wait_ready(self) -> None:
        """Wait until it takes calls."""
        await self._wait_for("readyz")

    async def wait_alive(self) -> None:
        """Wait until its web server answers, whether or not its links are up."""
        await self._wait_for("healthz")

    async def is_ready(self) -> bool:
        """Ask whether it takes calls."""
        async with aiohttp.ClientSession() as client:
            return await self._says_yes(client, "readyz")

    async def _wait_for(self, page: str) -> None:
        try:
            async with asyncio.timeout(READY_S_MAX), aiohttp.ClientSession() as client:
                while not await self._says_yes(client, page):
                    if self._process is None or self._process.returncode is not None:
                        raise ServingError(f"the daemon ended: {self.last_words()}")
                    await asyncio.sleep(POLL_S)
        except TimeoutError as error:
            raise ServingError(
                f"the daemon was not ready after {READY_S_MAX:.0f} s: {self.last_words()}"
            ) from error

    async def _says_yes(self, client: aiohttp.ClientSession, page: str) -> bool:
        try:
            async with client.get(f"{self.web}/{page}") as answer:
                return answer.status == 200  # noqa: PLR2004 - OK
        except aiohttp.ClientError:
            return False

    async def stop(self) -> int:
        """End it as an administrator does, by SIGTERM, and return its exit code."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> int:
        """End it as a crash does."""
        return await self._end(signal.SIGKILL)

    def send_signal(self, number: signal.Signals) -> None:
        """Send it a signal, such as SIGSTOP."""
        os.kill(self.pid, number)

    async def wait_ended(self) -> int:
        """Wait until it has ended, and return its exit code."""
        if self._process is None:
            raise ServingError("the daemon is not running")
        return await self._process.wait()

    async def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_S_MAX):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
            raise ServingError(f"the daemon did not stop: {self.last_words()}") from None
        self._process = None
        return code

    def log_text(self) -> str:
        """Return all that it has logged."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log_text().splitlines()[-LAST_LINES:]) or "it said nothing"
