"""What systemd is told, by a socket that plays systemd's."""

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from cti.operations.service_manager import ServiceManager


@pytest.fixture(params=["path", "abstract"])
def manager_socket(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[socket.socket]:
    address = str(tmp_path / "notify") if request.param == "path" else f"\0cordboard-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.settimeout(5)
        yield listening


def address_of(listening: socket.socket) -> str:
    name = listening.getsockname()
    return "@" + name[1:].decode() if isinstance(name, bytes) else str(name)


def heard(listening: socket.socket) -> list[str]:
    return listening.recv(4096).decode().splitlines()


def test_each_word_reaches_the_manager(manager_socket: socket.socket) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": address_of(manager_socket)})
    said = []
    manager.ready("takes calls")
    said.append(heard(manager_socket))
    manager.status("waits\nREADY=0")
    said.append(heard(manager_socket))
    manager.reloading()
    said.append(heard(manager_socket))
    manager.stopping()
    said.append(heard(manager_socket))

    assert said[0] == ["READY=1", "STATUS=takes calls"]
    assert said[1] == ["STATUS=waits READY=0"]
    assert said[2][0] == "RELOADING=1"
    assert said[2][1].removeprefix("MONOTONIC_USEC=").isdigit()
    assert said[3] == ["STOPPING=1", "STATUS=stopping"]


def test_our_children_are_not_told_of_the_manager(manager_socket: socket.socket) -> None:
    environment = {
        "NOTIFY_SOCKET": address_of(manager_socket),
        "WATCHDOG_USEC": "1000000",
        "WATCHDOG_PID": str(os.getpid()),
        "PATH": "/bin",
    }
    ServiceManager(environment)

    assert environment == {"PATH": "/bin"}


async def test_it_hears_of_a_loop_that_turns_at_least_twice_in_its_limit(
    manager_socket: socket.socket,
) -> None:
    environment = {"NOTIFY_SOCKET": address_of(manager_socket), "WATCHDOG_USEC": "300000"}
    alive = asyncio.ensure_future(ServiceManager(environment).keep_alive())
    began = asyncio.get_running_loop().time()
    pings = [await asyncio.to_thread(heard, manager_socket) for _ in range(4)]
    took_s = asyncio.get_running_loop().time() - began
    alive.cancel()

    assert pings == [["WATCHDOG=1"]] * 4
    assert took_s < 3


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"WATCHDOG_USEC": "1000"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "often"},
        {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "0"},
        {"NOTIFY_SOCKET": "somewhere", "WATCHDOG_USEC": "1000"},
    ],
)
async def test_without_a_watchdog_of_the_managers_there_is_nothing_to_keep_alive(
    environment: dict[str, str],
) -> None:
    async with asyncio.timeout(5):
        await ServiceManager(environment).keep_alive()


def test_a_manager_that_is_gone_costs_one_line_of_log(tmp_path: Path) -> None:
    manager = ServiceManager({"NOTIFY_SOCKET": str(tmp_path / "gone")})
    with capture_logs() as logs:
        manager.ready("takes calls")
        manager.status("takes calls")

    assert [line["event"] for line in logs] == ["service_manager_not_told"]


def test_nobody_is_told_where_nobody_asked() -> None:
    with capture_logs() as logs:
        ServiceManager({}).ready("takes calls")

    assert logs == []
