"""Datagrams of the lab's phone: when they came, and what becomes of those that cannot go."""

import asyncio
import time

import pytest

from lab.phone.datagrams import Address, DatagramSocket

SOON_S = 5.0
BUSY_S = 0.2


async def test_a_datagram_arrived_when_the_kernel_had_it_and_not_when_it_was_read() -> None:
    arrivals: asyncio.Queue[tuple[bytes, int]] = asyncio.Queue()

    def take(data: bytes, _sender: Address, arrived_ns: int) -> None:
        arrivals.put_nowait((data, arrived_ns))

    ear, mouth = DatagramSocket("127.0.0.1", 0, take), DatagramSocket("127.0.0.1", 0, take)
    sent_ns = time.monotonic_ns()
    mouth.send(b"one", ("127.0.0.1", ear.port))
    time.sleep(BUSY_S)  # noqa: ASYNC251 - the loop is busy with something else
    data, arrived_ns = await asyncio.wait_for(arrivals.get(), SOON_S)
    assert data == b"one"
    assert 0 <= arrived_ns - sent_ns + 1_000_000 < BUSY_S * 1e9 / 2
    assert time.monotonic_ns() - sent_ns >= BUSY_S * 1e9
    ear.close()
    mouth.close()
    mouth.close()


async def test_what_the_kernel_refuses_is_lost_and_counted() -> None:
    mouth = DatagramSocket("127.0.0.1", 0, lambda _data, _sender, _at: None)
    mouth.send(b"to nobody", ("127.0.0.1", 0))
    assert mouth.unsent == 1
    mouth.close()
    mouth.send(b"from nobody", ("127.0.0.1", 9))
    assert mouth.unsent == 1


async def test_a_port_that_is_taken_is_an_error_and_rtp_ports_are_even() -> None:
    ear = DatagramSocket("127.0.0.1", 0, lambda _data, _sender, _at: None, even_port=True)
    assert ear.port % 2 == 0
    with pytest.raises(OSError, match="in use"):
        DatagramSocket("127.0.0.1", ear.port, lambda _data, _sender, _at: None)
    ear.close()
