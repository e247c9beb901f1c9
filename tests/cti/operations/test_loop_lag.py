"""How late the loop is."""

import asyncio
import time

import pytest

from cti.operations.loop_lag import EVERY_S, SLOT_S, SLOTS, LoopLag


def test_the_longest_lag_is_that_of_the_last_minute() -> None:
    lag, start = LoopLag(), time.monotonic()
    lag.note(start + 1.5, start + 1.0)
    lag.note(start + 3, start + 2.9)
    within = lag.longest
    lag.note(start + SLOT_S * (SLOTS - 1), start + SLOT_S * (SLOTS - 1))
    still = lag.longest
    lag.note(start + SLOT_S * (SLOTS + 1), start + SLOT_S * (SLOTS + 1) - 0.2)

    assert [within, still] == pytest.approx([0.5, 0.5])
    assert lag.longest == pytest.approx(0.2)
    assert sum(lag.spread.counts) == 4


def test_a_stall_of_hours_is_one_lag_and_ends_in_time() -> None:
    lag, start = LoopLag(), time.monotonic()
    lag.note(start + 1_000_000, start)

    assert lag.longest == pytest.approx(1_000_000)


async def test_a_loop_that_stands_still_is_seen() -> None:
    lag = LoopLag()
    measuring = asyncio.ensure_future(lag.run())
    await asyncio.sleep(0)
    time.sleep(3 * EVERY_S)  # noqa: ASYNC251 - the fault itself
    while not any(lag.spread.counts):
        await asyncio.sleep(0)
    measuring.cancel()

    assert lag.longest >= 1.5 * EVERY_S
