"""A site for each scenario: real Asterisk, real Postgres, the daemon as a process."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from asyncpg import Record

from lab.asterisk_installation import Installation
from lab.phone.outgoing import OutgoingCall
from lab.phone.phone import Phone
from lab.site import GREETING_HZ, AgentPlan, Site, SitePlan

MUSIC_HZ = 300
MUSIC_GAP_S_MAX = 1.0
"""How long the music of a waiting caller may pause, whatever happens."""

OpenSite = Callable[..., AbstractAsyncContextManager[Site]]

ANN = AgentPlan(name="ann", phone="a1", queues=("sales", "support"))
BEN = AgentPlan(name="ben", phone="a2", queues=("sales", "support"))
CHEN = AgentPlan(name="chen", phone="a3", queues=("sales", "support"), spoken_name="陈晓")


def site_opener(installation: Installation, folder: Path) -> OpenSite:
    """Return what opens sites, each in a folder of its own below this one."""
    opened = 0

    def open_site(*agents: AgentPlan, **changes: Any) -> Site:  # noqa: ANN401 - a plan's fields
        nonlocal opened
        opened += 1
        plan = replace(SitePlan(agents=agents), **changes)
        return Site(installation, folder / f"site{opened}", plan)

    return open_site


async def dial_and_choose(phone: Phone, key: str = "1", **dialling: Any) -> OutgoingCall:  # noqa: ANN401
    """Call the hotline, hear the greeting, and press a key."""
    call = await phone.dial("8000", within_s=5, **dialling)
    await call.hears(GREETING_HZ, within_s=5)
    await call.send_digit(key)
    return call


def offers_of(record: Record) -> list[dict[str, Any]]:
    """Return the offers of a call's record."""
    offers: list[dict[str, Any]] = json.loads(record["offers"])
    return offers


def outcomes_of(record: Record) -> list[tuple[str, str | None]]:
    """Return who was offered the call, and what came of it (None: answered)."""
    return [(offer["agent"], offer["outcome"]) for offer in offers_of(record)]


async def heard_music_all_along(call: OutgoingCall, *, since: float) -> None:
    """Assert that a waiting caller's music never paused for longer than is allowed."""
    gap = call.heard.longest_gap_of(MUSIC_HZ, since, asyncio.get_running_loop().time())

    assert gap < MUSIC_GAP_S_MAX
