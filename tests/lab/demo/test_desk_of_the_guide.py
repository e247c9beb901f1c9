"""The guide's desk says in a sentence why it cannot go on, whatever is wrong."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web

from tests.lab.demo.guide import desk_of_the_guide

ENDS_S_MAX = 20.0
CLOSED = (
    "The connection is closed: the demo has ended, its daemon was killed, or guest is signed in"
    " elsewhere now.\n"
)
Serve = Callable[[web.WebSocketResponse], Awaitable[None]]


async def said_by_the_desk(*arguments: str) -> tuple[int | None, str, str]:
    desk = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", desk_of_the_guide(), *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(ENDS_S_MAX):
            out, complaints = await desk.communicate()
    finally:
        if desk.returncode is None:
            desk.kill()
            await desk.wait()
    return desk.returncode, out.decode(), complaints.decode()


@pytest.fixture
async def served() -> AsyncIterator[Callable[[Serve], Awaitable[str]]]:
    """Lend something that serves the websocket as it is told, and returns its address."""
    runners = []

    async def serve(talk: Serve) -> str:
        async def handle(request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            await talk(socket)
            return socket

        application = web.Application()
        application.router.add_get("/ws/v1", handle)
        runner = web.AppRunner(application)
        runners.append(runner)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        host, port = runner.addresses[0][:2]
        return f"ws://{host}:{port}"

    yield serve
    for runner in runners:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((), "Give one address, as the demo shows it: desk.py ws://127.0.0.1:PORT/ws/v1\n"),
        (("desk",), "desk is no address such as ws://127.0.0.1:PORT/ws/v1.\n"),
        (("ftp://h/",), "ftp://h/ is no address such as ws://127.0.0.1:PORT/ws/v1.\n"),
    ],
)
async def test_a_desk_without_an_address_says_which_it_needs(
    arguments: tuple[str, ...], sentence: str
) -> None:
    assert await said_by_the_desk(*arguments) == (1, "", sentence)


async def test_a_desk_without_a_demonstration_says_so_in_one_line() -> None:
    code, out, complaints = await said_by_the_desk("ws://127.0.0.1:1/ws/v1")

    assert (code, out) == (1, "")
    assert complaints.startswith("There is no desk at ws://127.0.0.1:1/ws/v1: ")
    assert complaints.count("\n") == 1


async def test_an_address_of_something_else_is_no_desk(
    served: Callable[[Serve], Awaitable[str]],
) -> None:
    async def nothing(_socket: web.WebSocketResponse) -> None:
        raise AssertionError("nobody comes here")

    address = await served(nothing)
    code, out, complaints = await said_by_the_desk(f"{address}/metrics")

    assert (code, out) == (1, "")
    assert complaints.startswith(f"There is no desk at {address}/metrics: 404")
    assert complaints.count("\n") == 1


async def test_a_wrong_password_is_told_in_the_daemons_words(
    served: Callable[[Serve], Awaitable[str]],
) -> None:
    async def refuse(socket: web.WebSocketResponse) -> None:
        asked = await socket.receive_json()
        await socket.send_json(
            {"type": "refused", "id": asked["id"], "message": "agent or password is wrong"}
        )
        await socket.receive()

    code, out, complaints = await said_by_the_desk(f"{await served(refuse)}/ws/v1")

    assert (code, complaints) == (1, "Nobody is signed in: agent or password is wrong.\n")
    assert json.loads(out)["type"] == "refused"


@pytest.mark.parametrize("rudely", [True, False])
async def test_a_lost_connection_is_told_with_what_it_may_come_of(
    served: Callable[[Serve], Awaitable[str]], rudely: bool
) -> None:
    async def leave(socket: web.WebSocketResponse) -> None:
        for _command in range(3):
            await socket.receive_json()
        await socket.send_json({"type": "done", "id": "ready"})
        transport = socket._req.transport if socket._req is not None else None
        if rudely and transport is not None:
            transport.abort()

    code, out, complaints = await said_by_the_desk(f"{await served(leave)}/ws/v1")

    assert (code, complaints) == (1, CLOSED)
    assert json.loads(out) == {"type": "done", "id": "ready"}
