"""
The watchdog: a hung event loop ends the process within seconds, with a dump of all its stacks.

Asterisk never notices a hung daemon: new callers would hear music for ever, and callers whose talk
has ended silence. A dead daemon is noticed at once, and the dialplan keeps the callers until the
next one comes. So hanging is turned into dying. The timer is `faulthandler`'s own thread, which
needs no interpreter lock: it fires even while a C function holds it.
"""

import asyncio
import faulthandler
import sys
from typing import TextIO

BEATS_PER_LIMIT = 4


async def keep_watch(limit_s: float, *, dump_to: TextIO = sys.stderr) -> None:
    """
    Beat until cancelled; a beat that is late by `limit_s` seconds ends the process, exit code 1.

    Args:
        limit_s: How long the loop may stand still.
        dump_to: A real file (with a descriptor) that receives the stacks of all threads.
    """
    try:
        while True:
            faulthandler.dump_traceback_later(limit_s, exit=True, file=dump_to)
            await asyncio.sleep(limit_s / BEATS_PER_LIMIT)
    finally:
        faulthandler.cancel_dump_traceback_later()
