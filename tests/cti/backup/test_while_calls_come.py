"""Whatever goes on while a backup is made: database and journal have all between them."""

import asyncio
import io
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import asyncpg
import pytest

from cti.backup import take
from cti.backup.archives import archive_at
from cti.backup.progress import shown
from cti.backup.site import find_site
from cti.backup.take import back_up
from cti.ids import PartyKey
from storage import journal_copy
from storage.errors import ArchiveError
from storage.journal import Journal
from storage.journal_copy import JournalSpan
from storage.records import journal_codec
from storage.shipper import Shipper
from tests.cti.backup.machines import (
    Machine,
    backed_up,
    database_rows,
    execute,
    journal_rows,
    restored,
    ship,
    take_call,
)


@pytest.fixture
def room(tmp_path: Path) -> Path:
    (tmp_path / "room").mkdir()
    return tmp_path / "room"


@pytest.fixture
async def busy(site: Machine) -> AsyncIterator[Machine]:
    """The machine, on which calls come, are shipped, and are pruned as soon as that is possible."""
    with site.open_journal() as journal:
        shipper = Shipper(journal, journal_codec(), site.database)
        lives = [asyncio.create_task(life) for life in (shipper.run(), calls(journal, shipper))]
        yield site
        for life in lives:
            life.cancel()
        await asyncio.wait(lives)


async def calls(journal: Journal, shipper: Shipper) -> None:
    number = 0
    while True:
        number += 1
        take_call(journal, f"busy{number}", ends=number % 50 > 0 or number > 500)
        if number % 20 == 0:
            journal.prune(shipper.state.fold_from)
        await asyncio.sleep(0.001)


async def test_no_record_and_no_caller_is_missing_in_a_backup_that_is_made_while_calls_come(
    busy: Machine, postgres_address: str, tmp_path: Path
) -> None:
    lasts = []
    for number in range(4):
        archive = tmp_path / f"{number}.tar"
        await asyncio.to_thread(backed_up, busy, archive)
        name = f"busy_{number}"
        await execute(postgres_address, f"CREATE DATABASE {name}")
        target = Machine(
            configuration=tmp_path / str(number) / "configuration",
            database=postgres_address.replace("@/cordboard?", f"@/{name}?"),
        )
        try:
            await asyncio.to_thread(restored, target, archive)
            lasts.append(await nothing_is_missing(target))
        finally:
            await execute(postgres_address, f"DROP DATABASE {name} WITH (FORCE)")

    assert lasts == sorted(set(lasts))  # it was written while the backups were made


async def nothing_is_missing(machine: Machine) -> int:
    """See that database and journal have all between them; return the journal's last position."""
    with closing(sqlite3.connect(machine.journal)) as journal:
        local = {position for (position,) in journal.execute("SELECT position FROM records")}
        callers = {key for (key,) in journal.execute("SELECT key FROM parties")}
        arrivals = "SELECT json_extract(CAST(body AS TEXT), '$.party') FROM records WHERE name = ?"
        named = {key for (key,) in journal.execute(arrivals, ("CallArrived",))}
    connection = await asyncpg.connect(machine.database)
    try:
        shipped = {row[0] for row in await connection.fetch("SELECT position FROM journal")}
        ((position, fold_from),) = await connection.fetch(
            "SELECT position, fold_from FROM shipping"
        )
        callers |= {row[0] for row in await connection.fetch("SELECT key FROM parties")}
        query = "SELECT body->>'party' FROM journal WHERE name = 'CallArrived'"
        named |= {row[0] for row in await connection.fetch(query)}
    finally:
        await connection.close()

    last: int = max(local)
    assert shipped | local == set(range(1, last + 1))
    assert position == max(shipped) <= last
    assert min(local) <= fold_from
    assert named - callers == {"p-c0"}  # who was erased
    return last


Copy = Callable[..., JournalSpan]


async def backup_with(
    monkeypatch: pytest.MonkeyPatch, machine: Machine, room: Path, copy: Callable[[Copy], Copy]
) -> Path:
    """Make a backup in which the copying of the journal is changed, and return it."""
    monkeypatch.setattr(take, "copy", copy(journal_copy.copy))
    site = find_site(machine.configuration, machine.environment)
    archive = room / "site.tar"
    with archive.open("wb") as file, shown(io.StringIO()) as work:
        await back_up(site, file, room, work, with_secrets=False)
    return archive


def in_another_program(work: Callable[[], object]) -> None:
    """Run something asynchronous from within a thread."""
    asyncio.run(work())  # type: ignore[arg-type]


@pytest.mark.parametrize("times", [2, 3])
async def test_a_journal_that_is_pruned_before_it_is_copied_is_looked_at_again(
    site: Machine, room: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    """What had just been shipped would be in neither of the two."""
    left = times

    async def prune() -> None:
        with site.open_journal() as journal:
            for name in ("c20", "c21"):
                take_call(journal, f"again-{name}-{left}", ends=True)
            await execute(site.database, "UPDATE shipping SET fold_from = position + 1")
            await ship(site, journal)
            await execute(site.database, "UPDATE shipping SET fold_from = position + 1")
            journal.prune(journal.last_position)

    def pruning(copy: Copy) -> Copy:
        def pruned_first(*arguments: object, **options: object) -> JournalSpan:
            nonlocal left
            if left > 0:
                left -= 1
                in_another_program(prune)
            return copy(*arguments, **options)

        return pruned_first

    if times >= take.ATTEMPTS_MAX:
        with pytest.raises(ArchiveError, match="pruned faster"):
            await backup_with(monkeypatch, site, room, pruning)
        return
    archive = await backup_with(monkeypatch, site, room, pruning)
    with archive_at(archive) as read:
        part = read.manifest.journal
        (rows,) = [m.rows for m in read.manifest.members if m.name == "database/journal.copy.gz"]

    assert left == 0
    assert (part.first_position, part.last_position) == (52, 52)
    assert rows == 52


async def test_what_is_shipped_after_the_journal_was_copied_does_not_put_the_database_ahead(
    site: Machine, empty: Machine, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A database that is ahead of its journal is taken for another machine's, and gets nothing."""

    async def take_and_ship() -> None:
        with site.open_journal() as journal:
            take_call(journal, "late", ends=True)
            await ship(site, journal)

    def shipped_afterwards(copy: Copy) -> Copy:
        def copied(*arguments: object, **options: object) -> JournalSpan:
            found = copy(*arguments, **options)
            in_another_program(take_and_ship)
            return found

        return copied

    archive = await backup_with(monkeypatch, site, room, shipped_afterwards)
    await asyncio.to_thread(restored, empty, archive)

    assert await nothing_is_missing(empty) == 44
    with empty.open_journal() as journal:
        take_call(journal, "new", ends=True)
        await ship(empty, journal)
    assert len((await database_rows(empty.database))["journal"]) == 46


async def test_who_is_erased_while_a_backup_is_made_is_not_in_it(
    site: Machine, empty: Machine, room: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def erase() -> None:
        with site.open_journal() as journal:
            journal.forget_party(PartyKey("p-c1"))
            await ship(site, journal)
            while await journal.reader().erasures():
                await asyncio.sleep(0.01)

    def erasing(copy: Copy) -> Copy:
        def erased_first(*arguments: object, **options: object) -> JournalSpan:
            in_another_program(erase)
            return copy(*arguments, **options)

        return erased_first

    archive = await backup_with(monkeypatch, site, room, erasing)
    await asyncio.to_thread(restored, empty, archive)

    parties = (await database_rows(empty.database))["parties"]
    assert [row for row in parties if "p-c1," in row] == []
    assert len([row for row in parties if "p-c2," in row]) == 1
    assert not any("p-c1'" in row for row in journal_rows(empty.journal)["parties"])
