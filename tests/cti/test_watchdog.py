"""A hung loop ends its process within seconds, with a dump of its stacks."""

import subprocess
import sys

HANGING = """
import asyncio, time
from cti.watchdog import keep_watch

def hang_here():
    while True:
        pass

async def main():
    watch = asyncio.ensure_future(keep_watch(0.5))
    await asyncio.sleep(0.2)
    hang_here()

asyncio.run(main())
"""

HEALTHY = """
import asyncio
from cti.watchdog import keep_watch

async def main():
    watch = asyncio.ensure_future(keep_watch(0.4))
    await asyncio.sleep(1.0)
    watch.cancel()
    await asyncio.sleep(0.6)

asyncio.run(main())
"""


def test_a_hung_loop_ends_the_process_with_a_dump_of_its_stacks() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HANGING], capture_output=True, text=True, timeout=30, check=False
    )

    assert ended.returncode == 1
    assert "hang_here" in ended.stderr


def test_a_loop_that_beats_is_left_alone_and_so_is_one_that_is_no_longer_watched() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", HEALTHY], capture_output=True, text=True, timeout=30, check=False
    )

    assert (ended.returncode, ended.stderr) == (0, "")
