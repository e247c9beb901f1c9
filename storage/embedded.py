"""
The embedded Postgres: made, started, supervised and stopped by Cordboard itself.

One process owns the server of a data folder and holds a lock to say so. A process that finds a
living owner uses its server as a guest and leaves it running. How the server is run stands in
`embedded_server`, where it lives in `embedded_place`.
"""

import asyncio
import contextlib
import fcntl
import os
from pathlib import Path

from storage.embedded_place import SYSTEM_CACHE, SYSTEM_STATE, Place, find_place
from storage.embedded_server import (
    DATABASE,
    POLL_S,
    READY_S_MAX,
    address,
    clear_away_leftovers,
    initialise,
    is_initialised,
    ready,
    spawned,
    stopped,
)
from storage.errors import EmbeddedPostgresError, ServerEndedError

OWNER_POLL_S = 0.5


class EmbeddedPostgres:
    """
    The server of one data folder: `start` it, connect by the address it returns, `stop` it.

    Every method may raise `EmbeddedPostgresError` or one of its kinds.
    """

    def __init__(
        self,
        data_folder: Path,
        *,
        system_state: Path = SYSTEM_STATE,
        system_cache: Path = SYSTEM_CACHE,
    ) -> None:
        self._data_folder = data_folder
        self._system_state = system_state
        self._system_cache = system_cache
        self._lock: int | None = None
        self._server: asyncio.subprocess.Process | None = None

    async def start(self) -> str:
        """Start the server, made anew if need be, and return its address for asyncpg."""
        if self._server is not None:
            raise EmbeddedPostgresError("the embedded Postgres is started already")
        place = await asyncio.to_thread(
            find_place,
            self._data_folder,
            system_state=self._system_state,
            system_cache=self._system_cache,
        )
        if self._lock is None:
            self._lock = _try_lock(self._data_folder / "postgres.lock")
        async with contextlib.AsyncExitStack() as undo:
            undo.push_async_callback(self.stop)
            if self._lock is None:
                await ready(place, None)
            else:
                await self._run(place)
            undo.pop_all()
        return address(place, DATABASE)

    @property
    def is_ours(self) -> bool:
        """Whether the server is this process's own; a guest's may be another one's."""
        return self._server is not None

    async def _run(self, place: Place) -> None:
        """Start the server as our own, after what an earlier owner may have left."""
        left_behind = await clear_away_leftovers(place)
        if not is_initialised(place):
            await initialise(place)
        deadline = asyncio.get_running_loop().time() + READY_S_MAX
        while True:
            self._server = await spawned(place)
            try:
                return await ready(place, self._server)
            except ServerEndedError:
                # Sessions of a killed server die a little after it, and until then their shared
                # memory keeps a new one from starting.
                if not left_behind or asyncio.get_running_loop().time() > deadline:
                    raise
            await asyncio.sleep(POLL_S)

    async def stop(self) -> None:
        """Shut the server down cleanly; a guest leaves it running. Stopping twice is harmless."""
        server, self._server = self._server, None
        if server is not None:
            await stopped(server)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def wait_ended(self) -> int:
        """Wait until the server has ended, by `stop` or by itself, and return its exit code."""
        if self._server is None:
            raise EmbeddedPostgresError("the embedded Postgres is not ours, or not started")
        return await self._server.wait()

    async def wait_owner_gone(self) -> None:
        """As a guest, wait until the owner has ended and its server with it: `start` it anew."""
        while (lock := _try_lock(self._data_folder / "postgres.lock")) is None:  # noqa: ASYNC110 - no event tells of another's lock
            await asyncio.sleep(OWNER_POLL_S)
        os.close(lock)


def _try_lock(path: Path) -> int | None:
    """Take the owner's lock; None where another process has it, whose server we may use."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
