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
from cti.language import _, ngettext
from lab.asterisk_errors import AsteriskLabError
from lab.asterisk_fetch import find_or_fetch
from lab.asterisk_installation import Installation
from lab.demo.addresses import Addresses
from lab.demo.cast import PEOPLE
from lab.demo.errors import DemoError
from lab.demo.guest import GUEST, SPOKEN_NAME, give_phone_password, with_guest
from lab.demo.terminal import Steps
from lab.desk import Desk, DeskError
from lab.phone.phone import Phone
from lab.serving import ServingError
from lab.site import PASSWORD, Site, SitePlan, agents_of
from storage.journal_reader import JournalReader

EXAMPLES = Path(__file__).parents[2] / "config" / "examples"
LINES_MAX = 200
"""How many callers the one phone outside stands for at once."""
FETCH_STEPS = {
    "wait": _("waiting for another fetch"),
    "lists": _("reading package lists"),
    "download": _("downloading"),
    "unpack": _("unpacking"),
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
    addresses: Addresses


def find_asterisk(steps: Steps) -> Installation:
    """
    Return Asterisk 22, fetched where this machine has none; blocks for as long as that takes.

    Raises:
        AsteriskMissingError: there is none and none can be had; the text says what to do.
    """
    steps.begin("Asterisk")

    def tell(step: str, done: int, total: int) -> None:
        figures = _("{done} of {total}").format(done=done, total=total)
        if step == "download":
            figures = _("{done:.1f} of {total:.1f} MB").format(
                done=done / MEGABYTE, total=total / MEGABYTE
            )
        steps.advance(done, total, f"{FETCH_STEPS[step]}: {figures}")

    installation = find_or_fetch(tell)
    version = re.split("[+~]", installation.version)[0]
    steps.done(_("{version} found").format(version=version))
    return installation


@asynccontextmanager
async def set_up(installation: Installation, folder: Path, steps: Steps) -> AsyncIterator[Stage]:
    """
    Lend a stage; all of it ends with the context.

    Raises:
        DemoError: a part of it did not come up; the text says which and why.
    """
    plan = SitePlan(
        agents=agents_of(EXAMPLES),
        examples=with_guest(EXAMPLES, folder / "examples"),
        guest_phones=[GUEST],
    )
    titles = {"asterisk": _("private Asterisk"), "daemon": "Cordboard"}
    results = {"asterisk": _("on loopback"), "daemon": _("takes calls")}
    present = ""

    def next_step(step: str) -> None:
        nonlocal present
        if present:
            steps.done(results[present])
        present = step
        steps.begin(titles[step])

    try:
        lent = Site(installation, folder, plan, on_step=next_step)
        give_phone_password(lent.asterisk_files)
        async with lent as site:
            steps.done(results["daemon"])
            await _fill_database(site, steps)
            desks = await _sign_in(site, steps)
            async with await Phone.start("outside", server=site.server, lines=LINES_MAX) as outside:
                yield Stage(
                    site=site,
                    desks=desks,
                    names=_names(plan),
                    outside=outside,
                    journal=JournalReader(site.data / JOURNAL_FILE),
                    addresses=_addresses(site),
                )
    except (AsteriskLabError, ServingError) as error:
        raise DemoError(in_one_line(str(error))) from error
    finally:
        await _outlive_postgres(folder)


def _names(plan: SitePlan) -> dict[AgentId, str]:
    names = {AgentId(agent.name): agent.spoken_name for agent in plan.agents}
    return names | {AgentId(GUEST): SPOKEN_NAME}


def _addresses(site: Site) -> Addresses:
    host, port = site.server
    return Addresses(
        sip=f"{host}:{port}",
        web=site.desk_url,
        agents=[agent.name for agent in site.plan.agents],
        password=PASSWORD,
        guest=GUEST,
        manager=f"{host}:{site.ports.manager}",
        folder=site.folder,
        database=site.data / "postgres.address",
        journal=site.data / JOURNAL_FILE,
    )


def in_one_line(said: str) -> str:
    """Return what a program said as one line: what happened, and its last word on it."""
    happened, _colon, words = said.partition(": ")
    *_others, last = words.strip().splitlines() or [""]
    return f"{happened}: {last}" if last else happened


async def _fill_database(site: Site, steps: Steps) -> None:
    """Wait for the embedded Postgres and put the customers there whom agents are to know."""
    steps.begin(_("embedded Postgres"))
    known = [person for person in PEOPLE if person.known]
    try:
        for person in known:
            await site.query(_ADD_CUSTOMER, person.name, person.company, person.note, person.number)
    except (TimeoutError, OSError, asyncpg.PostgresError) as error:
        said = [line for line in site.daemon.log_text().splitlines() if "database" in line]
        raise DemoError(
            _("the embedded Postgres did not come up: {words}").format(
                words=said[-1] if said else error
            )
        ) from error
    steps.done(
        ngettext("{count} customer on record", "{count} customers on record", len(known)).format(
            count=len(known)
        )
    )


async def _outlive_postgres(folder: Path) -> None:
    """Wait for the Postgres of a daemon that crashed: it ends by itself, a moment later."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(POSTGRES_ENDS_S_MAX):
            while _holds_postgres(folder):
                await asyncio.sleep(POLL_S)


def _holds_postgres(folder: Path) -> bool:
    return any(folder.glob("config/var/postgres/data/postmaster.pid"))


async def _sign_in(site: Site, steps: Steps) -> dict[AgentId, Desk]:
    steps.begin(_("agents"))
    agents = site.plan.agents
    desks = {}
    try:
        for agent in agents:
            desks[AgentId(agent.name)] = await site.desk(agent.name)
            steps.advance(len(desks), len(agents), agent.spoken_name)
    except (DeskError, TimeoutError, OSError) as error:
        raise DemoError(
            _("{agent} cannot sign in: {error}").format(agent=agent.spoken_name, error=error)
        ) from error
    steps.done(
        ngettext("{count} signed in and ready", "{count} signed in and ready", len(desks)).format(
            count=len(desks)
        )
    )
    return desks
