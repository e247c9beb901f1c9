"""
What must stand before the first call: Asterisk, the daemon, Postgres with customers, the agents.

Everything runs on loopback and on the example configuration, of which only ports, paths and the
secret are changed: what is shown is what an administrator can have.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from cti.daemon import JOURNAL_FILE
from cti.ids import AgentId
from lab.asterisk_errors import AsteriskLabError
from lab.asterisk_fetch import find_or_fetch
from lab.asterisk_installation import Installation
from lab.demo.cast import PEOPLE
from lab.demo.errors import DemoError
from lab.demo.terminal import Steps
from lab.desk import Desk, DeskError
from lab.phone.phone import Phone
from lab.serving import ServingError
from lab.site import Site, SitePlan, agents_of
from storage.journal_reader import JournalReader

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
LINES_MAX = 200
"""How many callers the one phone outside stands for at once."""
FETCH_STEPS = {
    "wait": "waiting for another fetch",
    "lists": "reading package lists",
    "download": "downloading",
    "unpack": "unpacking",
}
POSTGRES_ENDS_S_MAX = 3.0
POLL_S = 0.02
MEGABYTE = 1_000_000

_ADD_CUSTOMER = """
WITH added AS (INSERT INTO customers (name, company, note) VALUES ($1, $2, $3) RETURNING id)
INSERT INTO customer_numbers (number, customer) SELECT $4, id FROM added
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A site that stands: its agents signed in and ready, and a phone for everybody outside."""

    site: Site
    desks: dict[AgentId, Desk]
    names: dict[AgentId, str]
    outside: Phone
    journal: JournalReader


def find_asterisk(steps: Steps) -> Installation:
    """
    Return Asterisk 22, fetched where this machine has none; blocks for as long as that takes.

    Raises:
        AsteriskMissingError: there is none and none can be had; the text says what to do.
    """
    steps.begin("Asterisk")

    def tell(step: str, done: int, total: int) -> None:
        figures = f"{done} of {total}"
        if step == "download":
            figures = f"{done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB"
        steps.advance(done, total, f"{FETCH_STEPS[step]}: {figures}")

    installation = find_or_fetch(tell)
    steps.done(f"{re.split('[+~]', installation.version)[0]} found")
    return installation


@asynccontextmanager
async def set_up(installation: Installation, folder: Path, steps: Steps) -> AsyncIterator[Stage]:
    """
    Lend a stage; all of it ends with the context.

    Raises:
        DemoError: a part of it did not come up; the text says which and why.
    """
    plan = SitePlan(agents=agents_of(EXAMPLES), examples=EXAMPLES)
    titles = {"asterisk": "private Asterisk", "daemon": "Cordboard"}
    results = {"asterisk": "on loopback", "daemon": "takes calls"}
    present = ""

    def next_step(step: str) -> None:
        nonlocal present
        if present:
            steps.done(results[present])
        present = step
        steps.begin(titles[step])

    try:
        async with Site(installation, folder, plan, on_step=next_step) as site:
            steps.done(results["daemon"])
            await _fill_database(site, steps)
            desks = await _sign_in(site, steps)
            async with await Phone.start("outside", server=site.server, lines=LINES_MAX) as outside:
                yield Stage(
                    site=site,
                    desks=desks,
                    names={AgentId(a.name): a.spoken_name for a in plan.agents},
                    outside=outside,
                    journal=JournalReader(site.data / JOURNAL_FILE),
                )
    except (AsteriskLabError, ServingError) as error:
        raise DemoError(in_one_line(str(error))) from error
    finally:
        await _outlive_postgres(folder)


def in_one_line(said: str) -> str:
    """Return what a program said as one line: what happened, and its last word on it."""
    happened, _, words = said.partition(": ")
    *_, last = words.strip().splitlines() or [""]
    return f"{happened}: {last}" if last else happened


async def _fill_database(site: Site, steps: Steps) -> None:
    """Wait for the embedded Postgres and put the customers there whom agents are to know."""
    steps.begin("embedded Postgres")
    known = [person for person in PEOPLE if person.known]
    try:
        for person in known:
            await site.query(_ADD_CUSTOMER, person.name, person.company, person.note, person.number)
    except (TimeoutError, OSError, asyncpg.PostgresError) as error:
        said = [line for line in site.daemon.log_text().splitlines() if "database" in line]
        raise DemoError(
            "the embedded Postgres did not come up: " + (said[-1] if said else str(error))
        ) from error
    steps.done(f"{len(known)} customers on record")


async def _outlive_postgres(folder: Path) -> None:
    """Wait for the Postgres of a daemon that crashed: it ends by itself, a moment later."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(POSTGRES_ENDS_S_MAX):
            while _holds_postgres(folder):
                await asyncio.sleep(POLL_S)


def _holds_postgres(folder: Path) -> bool:
    return any(folder.glob("config/var/postgres/data/postmaster.pid"))


async def _sign_in(site: Site, steps: Steps) -> dict[AgentId, Desk]:
    steps.begin("agents")
    agents = site.plan.agents
    desks = {}
    try:
        for agent in agents:
            desks[AgentId(agent.name)] = await site.desk(agent.name)
            steps.advance(len(desks), len(agents), agent.spoken_name)
    except (DeskError, TimeoutError, OSError) as error:
        raise DemoError(f"{agent.spoken_name} cannot sign in: {error}") from error
    steps.done(f"{len(desks)} signed in and ready")
    return desks
