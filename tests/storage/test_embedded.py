import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest

from storage.embedded import EmbeddedPostgres
from storage.embedded_place import (
    DISTRIBUTION,
    SOCKET_NAME,
    SOCKET_PATH_BYTES_MAX,
    Account,
    _may_enter,
    _reachable_programs,
    find_account,
    find_installation,
    find_place,
    reachable,
)
from storage.errors import (
    AccountMissingError,
    DataVersionError,
    EmbeddedPostgresError,
    ServerEndedError,
    SocketPathTooLongError,
)

REPOSITORY = Path(__file__).parents[2]
PRIVATE = Account(uid=4321, gid=4321, switch=True)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's account may pass through, also where the suite runs as root."""
    folder = Path(tempfile.mkdtemp(prefix="cb-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
async def server(folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    server = embedded(folder / "data", folder)
    yield server
    await server.stop()


def embedded(data: Path, folder: Path) -> EmbeddedPostgres:
    return EmbeddedPostgres(data, system_state=folder / "state", system_cache=folder / "cache")


async def ask(address: str, query: str) -> object:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def remember(address: str) -> None:
    await ask(address, "CREATE TABLE memory AS SELECT 42 AS answer")


async def test_data_survives_a_stop_and_a_start(server: EmbeddedPostgres) -> None:
    await remember(await server.start())
    await server.stop()

    assert await ask(await server.start(), "SELECT answer FROM memory") == 42


async def test_the_database_is_utf_8_by_code_point_and_in_utc(server: EmbeddedPostgres) -> None:
    address = await server.start()

    assert (
        await ask(
            address,
            "SELECT concat_ws(' ', current_setting('server_encoding'), datlocale,"
            " current_setting('TimeZone')) FROM pg_database WHERE datname = 'cordboard'",
        )
        == "UTF8 C.UTF-8 UTC"
    )


async def test_the_server_listens_on_no_network(server: EmbeddedPostgres) -> None:
    address = await server.start()

    assert await ask(address, "SELECT current_setting('listen_addresses')") == ""


async def test_the_servers_folder_is_private(server: EmbeddedPostgres, folder: Path) -> None:
    await server.start()

    assert (folder / "data" / "postgres").stat().st_mode & 0o777 == 0o700


async def test_stopping_twice_or_before_the_start_is_harmless(server: EmbeddedPostgres) -> None:
    await server.stop()
    await server.start()
    await server.stop()
    await server.stop()


async def test_starting_twice_is_refused(server: EmbeddedPostgres) -> None:
    await server.start()
    with pytest.raises(EmbeddedPostgresError, match="started already"):
        await server.start()


async def test_the_servers_end_can_be_awaited_and_it_starts_again(
    server: EmbeddedPostgres, folder: Path
) -> None:
    await remember(await server.start())
    os.kill(postmaster(folder), signal.SIGKILL)
    code = await server.wait_ended()
    await server.stop()

    assert code == -signal.SIGKILL
    assert await ask(await server.start(), "SELECT answer FROM memory") == 42


async def test_a_guest_uses_the_owners_server_and_leaves_it_running(
    server: EmbeddedPostgres, folder: Path
) -> None:
    await remember(await server.start())
    guest = embedded(folder / "data", folder)
    address = await guest.start()
    with pytest.raises(EmbeddedPostgresError, match="not ours"):
        await guest.wait_ended()
    await guest.stop()

    assert await ask(address, "SELECT answer FROM memory") == 42


OWNER = """
import asyncio, sys
from pathlib import Path
from storage.embedded import EmbeddedPostgres

async def main():
    folder = Path(sys.argv[1])
    server = EmbeddedPostgres(
        folder / "data", system_state=folder / "state", system_cache=folder / "cache"
    )
    print(await server.start(), flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def owner_process(folder: Path) -> tuple[asyncio.subprocess.Process, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", OWNER, folder, cwd=REPOSITORY, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    return process, (await process.stdout.readline()).decode().strip()


def postmaster(folder: Path) -> int:
    return int((folder / "data" / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


async def ended(pid: int) -> None:
    """Wait until another's process is gone; an orphan has no parent of ours to tell us."""
    async with asyncio.timeout(20):
        while state_of(pid) not in {"", "Z"}:
            await asyncio.sleep(0.01)


def state_of(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""


async def test_the_server_shuts_down_cleanly_when_its_owner_is_killed(folder: Path) -> None:
    owner, address = await owner_process(folder)
    await remember(address)
    pid = postmaster(folder)
    owner.kill()
    await owner.wait()
    await ended(pid)

    assert not (folder / "data" / "postgres" / "data" / "postmaster.pid").exists()


async def test_a_start_right_after_the_owner_was_killed_finds_the_data(
    server: EmbeddedPostgres, folder: Path
) -> None:
    owner, address = await owner_process(folder)
    await remember(address)
    owner.kill()
    await owner.wait()

    assert await ask(await server.start(), "SELECT answer FROM memory") == 42


async def test_a_server_that_outlived_its_owner_is_replaced(
    server: EmbeddedPostgres, folder: Path
) -> None:
    """It is stopped by SIGSTOP, so that the kernel's SIGINT does not end it first."""
    owner, address = await owner_process(folder)
    await remember(address)
    pid = postmaster(folder)
    os.kill(pid, signal.SIGSTOP)
    owner.kill()
    await owner.wait()
    os.kill(pid, signal.SIGCONT)

    assert await ask(await server.start(), "SELECT answer FROM memory") == 42
    assert postmaster(folder) != pid


async def test_a_killed_server_and_owner_leave_a_database_that_starts(
    server: EmbeddedPostgres, folder: Path
) -> None:
    owner, address = await owner_process(folder)
    await remember(address)
    os.kill(postmaster(folder), signal.SIGKILL)
    owner.kill()
    await owner.wait()

    assert await ask(await server.start(), "SELECT answer FROM memory") == 42


async def test_a_stale_pid_that_another_process_has_now_does_not_matter(
    server: EmbeddedPostgres, folder: Path
) -> None:
    """As after a container's restart, where pids begin anew: here it is this very process."""
    await remember(await server.start())
    pid_file = folder / "data" / "postgres" / "data" / "postmaster.pid"
    content = pid_file.read_text()
    await server.stop()
    pid_file.write_text(content.replace(content.split()[0], str(os.getpid()), 1))
    pid_file.chmod(0o644)

    assert await ask(await server.start(), "SELECT answer FROM memory") == 42


async def test_an_unfinished_initdb_is_cleared_away(server: EmbeddedPostgres, folder: Path) -> None:
    unfinished = folder / "data" / "postgres" / "new-half"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    await server.start()

    assert not unfinished.exists()


async def test_a_data_folder_of_another_version_is_refused_and_left_alone(
    server: EmbeddedPostgres, folder: Path
) -> None:
    data = folder / "data" / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("16\n")
    with pytest.raises(DataVersionError, match=r"made by Postgres 16.*brings 18"):
        await server.start()

    assert [file.name for file in data.iterdir()] == ["PG_VERSION"]


async def test_a_folder_that_is_no_database_is_refused(
    server: EmbeddedPostgres, folder: Path
) -> None:
    (folder / "data" / "postgres" / "data").mkdir(parents=True)
    with pytest.raises(EmbeddedPostgresError, match="no data folder"):
        await server.start()


async def test_a_server_that_ends_at_once_says_why(server: EmbeddedPostgres, folder: Path) -> None:
    await server.start()
    await server.stop()
    (folder / "data" / "postgres" / "data" / "postgresql.conf").write_text("nonsense = 1\n")
    with pytest.raises(ServerEndedError, match="nonsense"):
        await server.start()


async def test_a_long_or_odd_path_gets_its_socket_elsewhere(folder: Path) -> None:
    for name in ("x" * 120, "a,b:c"):
        server = embedded(folder / name, folder)
        address = await server.start()
        try:
            assert await ask(address, "SELECT 42") == 42
        finally:
            await server.stop()
        place = find_place(folder / name, system_state=folder, system_cache=folder)
        assert name not in str(place.socket)
        assert len(os.fsencode(place.socket / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX
        assert place.socket.stat().st_mode & 0o777 == 0o700
        shutil.rmtree(place.socket)


def test_no_room_for_a_socket_is_its_own_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.embedded_place.SOCKET_PATH_BYTES_MAX", 10)
    with pytest.raises(SocketPathTooLongError):
        find_place(folder / "data", system_state=folder, system_cache=folder)


def test_a_user_without_an_entry_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4321)
    with pytest.raises(AccountMissingError, match=r"user 4321 .*database\.url"):
        find_account()


def test_root_without_an_account_for_postgres_is_told_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(AccountMissingError, match="no account nowhere or never"):
        find_account(("nowhere", "never"))


def test_an_account_reaches_what_every_parent_lets_it_pass_to(folder: Path) -> None:
    inner = folder / "closed" / "inner"
    inner.mkdir(parents=True)
    inner.chmod(0o755)
    (folder / "closed").chmod(0o700)
    own = Account(uid=os.geteuid(), gid=os.getegid(), switch=True)

    assert [reachable(Path("/"), PRIVATE), reachable(inner, PRIVATE), reachable(inner, own)] == [
        True,
        False,
        True,
    ]


def test_an_account_passes_by_the_rights_of_its_group(folder: Path) -> None:
    folder.chmod(0o710)
    status = folder.stat()

    assert _may_enter(status, Account(uid=4321, gid=status.st_gid, switch=True))
    assert not _may_enter(status, PRIVATE)


def test_programs_below_a_private_folder_are_copied_to_where_they_run(folder: Path) -> None:
    """As for root with a virtualenv below his home: here `PRIVATE` stands for the account."""
    private = folder / "home" / "site-packages"
    shutil.copytree(find_installation(), private / DISTRIBUTION / find_installation().name)
    libraries = f"{DISTRIBUTION}.libs"
    shutil.copytree(find_installation().parent.with_name(libraries), private / libraries)
    (folder / "home").chmod(0o700)
    installation = private / DISTRIBUTION / find_installation().name
    programs = _reachable_programs(installation, PRIVATE, folder / "cache")
    again = _reachable_programs(installation, PRIVATE, folder / "cache")
    done = subprocess.run(
        [programs / "initdb", "--version"], check=False, capture_output=True, text=True
    )

    assert programs == again
    assert programs.is_relative_to(folder / "cache")
    assert "18." in done.stdout
