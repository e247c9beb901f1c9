"""The proxy that breaks connections: what each side sees of each way to break one."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from lab.ports import LOOPBACK
from lab.tcp_proxy import TcpProxy

WAIT_S = 5.0
QUIET_S = 0.1
"""Long enough for anything that would pass to have passed on loopback."""


class Greeter:
    """A server that says `hello` to whoever comes, and repeats what it is told."""

    def __init__(self) -> None:
        self.heard = bytearray()
        self.ended = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        try:
            while data := await reader.read(65536):
                self.heard += data
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            self.ended.set()
            writer.transport.abort()


@pytest.fixture
def greeter() -> Greeter:
    return Greeter()


@pytest.fixture
async def proxy(greeter: Greeter) -> AsyncIterator[TcpProxy]:
    server = await asyncio.start_server(greeter.serve, LOOPBACK, 0)
    async with TcpProxy(server.sockets[0].getsockname()[1]) as proxy:
        yield proxy
    server.close()
    await server.wait_closed()


async def said(reader: asyncio.StreamReader, count: int) -> bytes:
    async with asyncio.timeout(WAIT_S):
        return await reader.readexactly(count)


async def test_bytes_and_the_end_pass_both_ways(proxy: TcpProxy, greeter: Greeter) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    writer.write(b"ping")

    assert await said(reader, 9) == b"helloping"
    writer.close()
    async with asyncio.timeout(WAIT_S):
        await greeter.ended.wait()


async def test_a_stalled_stream_is_held_up_one_way_and_delivered_whole_later(
    proxy: TcpProxy, greeter: Greeter
) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    await said(reader, 5)
    proxy.stall()
    writer.write(b"ping" * 1000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(QUIET_S):
            await reader.read(1)

    assert bytes(greeter.heard) == b"ping" * 1000
    proxy.pass_on()
    assert await said(reader, 4000) == b"ping" * 1000
    writer.close()


async def test_a_reset_is_seen_by_both_sides_and_the_next_connection_is_carried(
    proxy: TcpProxy, greeter: Greeter
) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    await said(reader, 5)
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await said(reader, 1)
    async with asyncio.timeout(WAIT_S):
        await greeter.ended.wait()
    writer.close()

    again, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    assert await said(again, 5) == b"hello"
    writer.close()


async def test_while_it_refuses_new_connections_end_at_once(proxy: TcpProxy) -> None:
    proxy.refuse()
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
        await said(reader, 1)
    writer.close()


async def test_a_half_open_connection_says_nothing_any_more_and_new_ones_are_carried(
    proxy: TcpProxy, greeter: Greeter
) -> None:
    reader, writer = await asyncio.open_connection(LOOPBACK, proxy.port)
    await said(reader, 5)
    proxy.half_open()
    writer.write(b"anybody there?")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(QUIET_S):
            await reader.read(1)
    again, other = await asyncio.open_connection(LOOPBACK, proxy.port)

    assert await said(again, 5) == b"hello"
    assert bytes(greeter.heard) == b""
    assert not greeter.ended.is_set()
    writer.close()
    other.close()
