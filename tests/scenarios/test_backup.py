"""A backup while calls go on, and a machine that goes on from it: on the real switch."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from lab.phone.outgoing import OutgoingCall
from lab.site import AGENT_HZ, MANAGER_SECRET, Site, settled
from storage.embedded import EmbeddedPostgres
from tests.cti.backup.machines import Rows, database_rows, journal_rows
from tests.scenarios.sites import ANN, MUSIC_HZ, OpenSite, dial_and_choose

pytestmark = pytest.mark.scenario

CALLS = 3


async def cordboard(site: Site, *arguments: str, configuration: Path | None = None) -> str:
    """Run a command as an administrator does, and return what it said."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti", *arguments),
        *("--config", str(configuration or site.configuration)),
        env={**os.environ, "CORDBOARD_AMI_SECRET": MANAGER_SECRET},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()

    assert process.returncode == 0, said.decode()
    return said.decode()


async def talk(site: Site) -> None:
    """Take a call from its beginning to its end."""
    call = await dial_and_choose(await site.caller())
    await call.hears(AGENT_HZ, within_s=5)
    await call.hang_up()


async def waiting(site: Site, name: str) -> OutgoingCall:
    call = await dial_and_choose(await site.caller(name), key="2", from_user=name)
    await call.hears(MUSIC_HZ, within_s=5, for_s=0.3)
    return call


async def everything(site: Site) -> tuple[Rows, Rows]:
    """Return every row of the database and of the journal."""
    return await database_rows(site.database_address()), journal_rows(site.data / "journal.sqlite")


async def add_customers(site: Site) -> None:
    connection = await asyncpg.connect(site.database_address())
    try:
        insert = "INSERT INTO customers (name) VALUES ('Carla'), ('陈晓') RETURNING id"
        for (customer,) in await connection.fetch(insert):
            number = f"+493012345{customer}"
            await connection.execute(
                "INSERT INTO customer_numbers VALUES ($1, $2)", number, customer
            )
    finally:
        await connection.close()


@pytest.fixture
async def other_server(site_folder: Path) -> AsyncIterator[str]:
    """A server that is not the daemon's, for `database.url`."""
    server = EmbeddedPostgres(site_folder / "other-server")
    yield await server.start()
    await server.stop()


def into(configuration: Path, data: Path, site: Site, url: str | None) -> None:
    """Write a main file that differs from the site's in where its data and its database are."""
    text = (site.configuration / "cordboard.yaml").read_text()
    assert text.count(str(site.data)) == 1
    configuration.mkdir()
    configuration.chmod(0o711)
    database = "" if url is None else f"database: {{url: '{url}'}}\n"
    (configuration / "cordboard.yaml").write_text(
        text.replace(str(site.data), str(data)) + database
    )


@pytest.mark.parametrize("server", ["embedded", "external"])
async def test_a_restore_on_another_machine_gives_back_every_record_and_goes_on_with_new_calls(
    open_site: OpenSite, site_folder: Path, other_server: str, server: str
) -> None:
    archive = site_folder / "site.tar"
    async with open_site(ANN) as site:
        site.phones["a1"].answers()
        await site.desk("ann")
        for _ in range(CALLS):
            await talk(site)
        await settled(site, CALLS)
        await add_customers(site)
        await site.daemon.stop()
        said = await cordboard(site, "backup", "--out", str(archive))
        owner = EmbeddedPostgres(site.data)
        await owner.start()
        database, journal = await everything(site)
        await owner.stop()

        # The other machine: the same PBX's new daemon, with nothing but a main file of its own.
        new = site_folder / "new"
        into(new, new / "var", site, other_server if server == "external" else None)
        await cordboard(site, "restore", "--from", str(archive), configuration=new)
        moved = await _moved(site, new, other_server if server == "external" else None)
        assert moved == (database, journal)
        assert f"{CALLS} calls, 2 customers" in said

        # A site is what its folder holds: the new one takes the old one's place.
        site.configuration.rename(site_folder / "old")
        new.rename(site.configuration)
        main = site.configuration / "cordboard.yaml"
        main.write_text(main.read_text().replace(str(new / "var"), str(site.data)))
        if server == "external":
            (site.data / "postgres.address").write_text(other_server)
        await site.daemon.start()
        await site.desk("ann")
        await talk(site)
        records = await settled(site, CALLS + 1)
        rows, after = await everything(site)

    positions = sorted(int(row.split(",")[0].strip("(")) for row in after["records"])
    assert len(records) == CALLS + 1
    assert rows["shipping"][0].split(",")[0].strip("(") in after["meta"][0]
    assert len(rows["shipping"]) == 1  # the same journal goes on
    assert set(journal["records"]) < set(after["records"])
    assert set(database["journal"]) < set(rows["journal"])
    assert positions == list(range(1, len(positions) + 1))


async def _moved(site: Site, configuration: Path, url: str | None) -> tuple[Rows, Rows]:
    """Return every row of the other machine."""
    journal = journal_rows(configuration / "var" / "journal.sqlite")
    if url is not None:
        return await database_rows(url), journal
    server = EmbeddedPostgres(configuration / "var")
    try:
        return await database_rows(await server.start()), journal
    finally:
        await server.stop()


async def test_a_backup_while_calls_go_on_disturbs_nobody_and_brings_them_back(
    open_site: OpenSite, site_folder: Path
) -> None:
    """The machine is lost after it; on the new one the callers who wait are still known."""
    archive = site_folder / "site.tar"
    async with open_site(ANN) as site:
        phone = site.phones["a1"]
        phone.answers(hang_up_after_s=0.5)
        desk = await site.desk("ann")
        await talk(site)
        await settled(site, 1)
        await desk.not_ready("lunch")
        callers = [await waiting(site, name) for name in ("4001", "4002")]
        began = asyncio.get_running_loop().time()
        said = await cordboard(site, "backup", "--out", str(archive))
        now = asyncio.get_running_loop().time()
        gaps = [call.heard.longest_gap_of(MUSIC_HZ, began, now) for call in callers]
        await site.daemon.kill()
        site.data.rename(site_folder / "lost")
        await cordboard(site, "restore", "--from", str(archive))
        await site.daemon.start()
        await (await site.desk("ann", ready=False)).ready()
        for call in callers:
            await call.hears(AGENT_HZ, within_s=15)
            await call.ends(within_s=5)
        records = await settled(site, 3)

    assert "1 call," in said
    assert max(gaps) < 0.5
    assert [record["outcome"] for record in records] == ["answered"] * 3
