"""
Running one Postgres server as a child: made, started, waited for, stopped, cleared away.

The server listens on a Unix socket in a private folder and nowhere else. It asks the kernel for
SIGINT (a fast, clean shutdown) should this process die. What an earlier process left behind, a
server still stopping or a stale `postmaster.pid`, is cleared away before the next start.
"""

import asyncio
import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import asyncpg
import structlog

from storage.embedded_place import MAJOR_VERSION, Account, Place
from storage.errors import DataVersionError, EmbeddedPostgresError, ServerEndedError

DATABASE = "cordboard"
USER = "cordboard"
CONNECTIONS_MAX = 50

INITDB_S_MAX = 60.0
READY_S_MAX = 10.0
"""A server that recovers after a crash answers within this, or the start fails."""
STOP_S_MAX = 10.0
"""A fast shutdown may take so long; then follow an immediate one, and SIGKILL."""
POLL_S = 0.02

_PR_SET_PDEATHSIG = 1
_LOG_TAIL_BYTES = 2_000
_SERVER_GONE = (ConnectionError, FileNotFoundError, asyncpg.CannotConnectNowError, TimeoutError)

_log = structlog.get_logger(__name__)


def address(place: Place, database: str) -> str:
    """Return the address of one of the server's databases, as asyncpg reads it."""
    return f"postgresql://{USER}@/{database}?host={quote(str(place.socket), safe='')}"


async def clear_away_leftovers(place: Place) -> bool:
    """
    Stop the server that a killed owner left, and remove what would keep a new one from starting.

    Called with the owner's lock held, so that no living process of ours uses that server. Tells
    whether there was anything of one.
    """
    for unfinished in place.folder.glob("new-*"):
        # Its initdb may have outlived the killed daemon by a moment and still write into it.
        await asyncio.to_thread(shutil.rmtree, unfinished, ignore_errors=True)
    pid = _postmaster_pid(place.data)
    if pid is None:
        return False
    for farewell in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        if not _is_postmaster(pid, place.data):
            break
        _log.warning("embedded_postgres_left_behind", pid=pid, signal=farewell.name)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, farewell)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S_MAX):
                while _is_postmaster(pid, place.data):  # noqa: ASYNC110 - no event tells of another's child
                    await asyncio.sleep(POLL_S)
    _forget_postmaster(pid, place.data)
    return True


def _forget_postmaster(pid: int, data: Path) -> None:
    """
    Remove `postmaster.pid` where another process has got its pid, as happens in containers.

    Postgres would take that one for a living server. A dead server's file it clears away itself,
    with more checks than we could make.
    """
    if Path(f"/proc/{pid}").exists():
        (data / "postmaster.pid").unlink(missing_ok=True)


def _postmaster_pid(data: Path) -> int | None:
    try:
        first, *_ = (data / "postmaster.pid").read_text().splitlines() or [""]
    except FileNotFoundError:
        return None
    return int(first) if first.isdigit() else None


def _is_postmaster(pid: int, data: Path) -> bool:
    """Tell whether this process is a server of ours on this data folder, by its command line."""
    try:
        arguments = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return os.fsencode(data) in arguments


def is_initialised(place: Place) -> bool:
    """
    Tell whether the data folder is there.

    Raises:
        DataVersionError: it is there, but of another major version.
    """
    try:
        version = (place.data / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        if place.data.exists():
            raise EmbeddedPostgresError(f"{place.data} is no data folder of Postgres") from None
        return False
    if version != str(MAJOR_VERSION):
        raise DataVersionError(
            f"{place.data} was made by Postgres {version}; this program brings {MAJOR_VERSION}:"
            " back up with the older Cordboard, move the folder away, and restore;"
            " or set database.url"
        )
    return True


async def initialise(place: Place) -> None:
    """Make the data folder, whole or not at all."""
    unfinished = Path(tempfile.mkdtemp(prefix="new-", dir=place.folder))
    os.chown(unfinished, place.account.uid, place.account.gid)
    process = await _process(
        place,
        "initdb",
        f"--pgdata={unfinished}",
        f"--username={USER}",
        "--auth-local=trust",  # the socket's folder is private
        "--auth-host=reject",
        "--encoding=UTF8",
        "--locale-provider=builtin",
        "--locale=C.UTF-8",
        "--no-instructions",
        stderr=subprocess.STDOUT,
        stdout=subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(INITDB_S_MAX):
            output, _ = await process.communicate()
    except TimeoutError:
        raise EmbeddedPostgresError(f"initdb took more than {INITDB_S_MAX} s") from None
    finally:
        if process.returncode is None:
            await _killed(process)
    if process.returncode != 0:
        raise EmbeddedPostgresError(f"initdb failed: {output.decode(errors='replace').strip()}")
    os.rename(unfinished, place.data)  # noqa: PTH104 - a Path would be taken for slow work


async def _killed(process: asyncio.subprocess.Process) -> None:
    """End a program and those that it has started, which are its session and would write on."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()
    with contextlib.suppress(ProcessLookupError, TimeoutError):
        async with asyncio.timeout(READY_S_MAX):
            while True:
                os.killpg(process.pid, 0)
                await asyncio.sleep(POLL_S)


async def spawned(place: Place) -> asyncio.subprocess.Process:
    """Start the server; it does not take connections yet."""
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(place.socket),
        "unix_socket_permissions": "0700",
        "max_connections": str(CONNECTIONS_MAX),
        "io_method": "sync",  # three processes fewer; the load is small
        "jit": "off",
        "timezone": "UTC",
        # A week of warnings in seven files. No statements and no details: they hold numbers.
        "logging_collector": "on",
        "log_directory": str(place.folder / "log"),
        "log_filename": "postgres-%w.log",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        "log_min_messages": "warning",
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    options = [f"--{name}={value}" for name, value in settings.items()]
    startup_log = os.open(
        place.folder / "startup.log",
        os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW,
        0o600,
    )
    try:
        return await _process(
            place,
            "postgres",
            "-D",
            str(place.data),
            *options,
            stdout=startup_log,
            stderr=startup_log,
        )
    finally:
        os.close(startup_log)


async def _process(
    place: Place, program: str, *arguments: str, stdout: int, stderr: int
) -> asyncio.subprocess.Process:
    """Start one of the wheel's programs as the place's account, to end with this process."""
    try:
        return await asyncio.create_subprocess_exec(
            place.programs / program,
            *arguments,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
            # Ctrl-C in the terminal is for the daemon, which stops the server when it is done.
            start_new_session=True,
            preexec_fn=_before_postgres(place.account),
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedPostgresError(f"{program} cannot be run: {error}") from error


def _before_postgres(account: Account) -> Callable[[], None]:
    """
    Return what the child does before it becomes Postgres: become the account, be bound to us.

    subprocess could change the user itself, which uvloop's cannot. To be sent SIGINT when the
    parent dies is asked for last: the change of user would clear it. The kernel goes by the thread
    that forked (prctl(2)), so the server is to be started from the main thread.
    """
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def prepare() -> None:
        if account.switch:
            os.setgroups([])
            os.setgid(account.gid)
            os.setuid(account.uid)
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            os._exit(1)

    return prepare


async def ready(place: Place, server: asyncio.subprocess.Process | None) -> None:
    """Wait until the server takes connections, and see that our database is there."""
    try:
        async with asyncio.timeout(READY_S_MAX):
            while not await _answers(place):
                if server is not None and server.returncode is not None:
                    raise ServerEndedError(
                        f"the embedded Postgres ended at once ({server.returncode}):"
                        f" {_last_words(place)}"
                    )
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise EmbeddedPostgresError(
            f"the embedded Postgres did not answer within {READY_S_MAX} s; see {place.folder}/log"
        ) from None


async def _answers(place: Place) -> bool:
    try:
        connection = await asyncpg.connect(address(place, DATABASE))
    except asyncpg.InvalidCatalogNameError:
        await _create_database(place)
        return False
    except _SERVER_GONE:
        return False
    await connection.close()
    return True


async def _create_database(place: Place) -> None:
    connection = await asyncpg.connect(address(place, "postgres"))
    try:
        with contextlib.suppress(asyncpg.DuplicateDatabaseError):
            await connection.execute(f"CREATE DATABASE {DATABASE}")
    finally:
        await connection.close()


async def stopped(server: asyncio.subprocess.Process) -> None:
    """End the server: cleanly, else at once (it recovers at the next start), else by force."""
    for farewell in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            server.send_signal(farewell)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_S_MAX):
                await server.wait()
                return
        _log.warning("embedded_postgres_stops_slowly", signal=farewell.name)


def _last_words(place: Place) -> str:
    """Return the end of what the server wrote, before and after it opened its log."""
    logs = sorted((place.folder / "log").glob("*.log"), key=lambda log: log.stat().st_mtime)
    texts = (file.read_bytes() for file in (place.folder / "startup.log", *logs[-1:]))
    return b"".join(text[-_LOG_TAIL_BYTES:] for text in texts).decode(errors="replace").strip()
