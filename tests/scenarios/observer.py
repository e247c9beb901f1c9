"""
An AMI client that shares nothing with the daemon's: pyst2, blocking, in a thread.

What a test does to the switch, or believes of it, does not go through the code that is tested.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, TypeVar

from asterisk.manager import Manager

from lab.site import MANAGER_SECRET, Site

T = TypeVar("T")


async def _with_manager(site: Site, work: Callable[[Any], T]) -> T:
    def run() -> T:
        manager = Manager()
        manager.connect("127.0.0.1", site.ports.manager)
        try:
            # No events: pyst2's reader ends at the first message that it cannot parse.
            manager.send_action(
                {
                    "Action": "Login",
                    "Username": "observer",
                    "Secret": MANAGER_SECRET,
                    "Events": "off",
                }
            )
            return work(manager)
        finally:
            # Logs off by itself; a second logoff would wait for ever. Its reading thread may see
            # Asterisk's goodbye and close the socket between its own write and flush.
            with contextlib.suppress(ValueError):
                manager.close()

    return await asyncio.to_thread(run)


async def live_channels(site: Site) -> int:
    """Return how many channels the switch has."""
    answer = await _with_manager(site, lambda manager: manager.command("core show channels count"))
    (line,) = [line for line in answer.response if "active channel" in line]
    return int(line.removeprefix("Output:").split()[0])


async def send_to_queue(site: Site, channel: str, queue: str) -> None:
    """Take a caller from where he is to a queue, as `CORD_NEXT` and a Redirect do it."""

    def send(manager: Any) -> None:  # noqa: ANN401 - pyst2 has no types
        manager.send_action(
            {
                "Action": "Setvar",
                "Channel": channel,
                "Variable": "CORD_NEXT",
                "Value": f"queue:{queue}",
            }
        )
        manager.redirect(channel, "requeue", context="cordboard")

    await _with_manager(site, send)


async def ring_privately(site: Site, phone: str) -> None:
    """Have the switch call a phone with something that is none of the daemon's business."""

    def ring(manager: Any) -> None:  # noqa: ANN401 - pyst2 has no types
        manager.send_action(
            {
                "Action": "Originate",
                "Channel": f"PJSIP/{phone}",
                "Application": "Wait",
                "Data": "60",
                "Async": "true",
            }
        )

    await _with_manager(site, ring)
