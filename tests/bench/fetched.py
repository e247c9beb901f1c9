"""Asterisk for figures that need it; where it has to be fetched, that is told on stderr."""

import asyncio
import sys

from lab.asterisk_fetch import STEP_TITLES, find_or_fetch
from lab.asterisk_installation import Installation


async def fetched_asterisk() -> Installation:
    """
    Return the machine's Asterisk 22, or one fetched into the user's cache.

    Raises:
        AsteriskMissingError: there is none and none can be had; the message says what to do.
    """
    told: set[str] = set()

    def tell(step: str, _done: int, _total: int) -> None:
        if step not in told:
            told.add(step)
            print(f"  {STEP_TITLES[step]}", file=sys.stderr, flush=True)

    return await asyncio.to_thread(find_or_fetch, tell)
