"""A site with records, and what has to be the same after a restore: every row of every table."""

import asyncio
import io
import os
import sqlite3
import subprocess
import sys
import tarfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import orjson
from click.testing import CliRunner, Result

from cti.call_facts import CallCleared, HungUpBy
from cti.commands import main
from cti.ids import CallId, PartyKey
from cti.instants import Time, seconds
from storage.archive import MANIFEST, ArchiveWriter
from storage.customers import CustomerBook
from storage.journal import Journal
from storage.migrate import migrate
from storage.pool import Pool
from storage.records import journal_codec
from storage.shipper import Shipper
from tests.config.folders import ENVIRONMENT, Folder
from tests.cti.floors import arrived

Rows = dict[str, list[str]]
START = seconds(1_700_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A configuration's folder, its data folder, and the address of its database."""

    configuration: Path
    database: str

    @property
    def data(self) -> Path:
        return self.configuration / "var" / "lib"

    @property
    def journal(self) -> Path:
        return self.data / "journal.sqlite"

    def open_journal(self) -> Journal:
        return Journal.open(self.journal, journal_codec(), core_version="0.1.0")

    @property
    def environment(self) -> dict[str, str]:
        return {"DATABASE": self.database}


def configured(parent: Path, database: str) -> Machine:
    """Return a machine with a configuration and nothing else."""
    folder = Folder(parent)
    folder.replace("cordboard.yaml", "url: null", "url: {env: DATABASE}")
    return Machine(configuration=folder.path, database=database)


async def fill(machine: Machine, *, calls: int = 20, open_calls: int = 2) -> None:
    """Bring calls and customers to a machine, as a daemon does."""
    await migrate(machine.database)
    with machine.open_journal() as journal:
        for number in range(calls + open_calls):
            take_call(journal, f"c{number}", ends=number < calls)
        journal.save_snapshot(journal.last_position, Time(START), b"state")
        await ship(machine, journal)
        # One more, which the database has not got.
        take_call(journal, "unshipped", ends=True)
        journal.forget_party(PartyKey("p-c0"))
    async with await Pool.open(machine.database) as pool:
        book = CustomerBook(pool, "DE")
        await book.add(name="Carla Cole", numbers=("030 1234567",))
        await book.add(name="陈\t晓\\N\n;", numbers=("030 7654321",))
        gone = await book.add(name="Gone", numbers=())
    await execute(machine.database, "DELETE FROM customers WHERE id = $1", gone.id)
    failure = "INSERT INTO shipping_failures VALUES ('j', 1, 'fact', 'Odd', $1, 'why')"
    await execute(machine.database, failure, bytes(range(256)))


def take_call(journal: Journal, name: str, *, ends: bool) -> None:
    at = Time(START + journal.last_position)
    journal.remember_party(PartyKey(f"p-{name}"), f"+49301{name}", f"Näme of {name}")
    journal.append([(at, "fact", arrived(name))])
    if ends:
        ended = CallCleared(call=CallId(name), hung_up_by=HungUpBy.CALLER, cause=16)
        journal.append([(at, "fact", ended)])


async def ship(machine: Machine, journal: Journal) -> None:
    shipper = Shipper(journal, journal_codec(), machine.database)
    shipping = asyncio.create_task(shipper.run())
    async with asyncio.timeout(20):
        await shipper.caught_up()
    shipping.cancel()
    await asyncio.wait([shipping])


async def execute(address: str, statement: str, *arguments: object) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement, *arguments)
    finally:
        await connection.close()


async def database_rows(address: str) -> Rows:
    """Return every row of every table, and the place of every sequence."""
    connection = await asyncpg.connect(address)
    try:
        tables = await connection.fetch(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        )
        rows = {
            table: [
                text
                for (text,) in await connection.fetch(
                    "SELECT t::text FROM " + table + " t ORDER BY 1"  # noqa: S608 - a table's name
                )
            ]
            for (table,) in tables
        }
        sequences = await connection.fetch(
            "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public'"
        )
        rows["sequences"] = sorted(str(tuple(row)) for row in sequences)
        return rows
    finally:
        await connection.close()


def journal_rows(path: Path) -> Rows:
    """Return every row of every table of a journal."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        names = [
            name
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name"
            )
        ]
        return {
            name: sorted(repr(row) for row in connection.execute("SELECT * FROM " + name))  # noqa: S608 - a table's name
            for name in names
        }


def rows_of(machine: Machine) -> Rows:
    """Return what a machine's database holds, where no loop is running."""
    return asyncio.run(database_rows(machine.database))


def journal_files(folder: Path) -> dict[str, bytes]:
    """Return what is in a journal's files; the lock and SQLite's shared memory hold nothing."""
    return {
        file.name: content
        for file in sorted(folder.glob("journal.sqlite*"))
        if not file.name.endswith((".lock", "-shm")) and (content := file.read_bytes())
    }


def run(machine: Machine, *arguments: str, typed: str = "", **environment: str | None) -> Result:
    """Run a command for a machine, in this process."""
    result = CliRunner().invoke(
        main,
        [*arguments, "--config", str(machine.configuration)],
        input=typed,
        env={**ENVIRONMENT, **machine.environment, **environment},
        catch_exceptions=False,
    )

    assert "Traceback" not in result.output
    return result


def program(
    machine: Machine, *arguments: str, first: str = "", **environment: str
) -> "subprocess.Popen[bytes]":
    """Start a command as a process; `first` is run in it before."""
    script = f"{first}\nfrom cti.commands import main\nmain()"
    return subprocess.Popen(
        [sys.executable, "-c", script, *arguments, "--config", str(machine.configuration)],
        env={**os.environ, **ENVIRONMENT, **machine.environment, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def done(machine: Machine, *arguments: str, first: str = "", **environment: str) -> tuple[int, str]:
    """Run a command as a process to its end; return its exit code and what it said."""
    process = program(machine, *arguments, first=first, **environment)
    output, _ = process.communicate(timeout=60)

    assert b"Traceback" not in output, output.decode()
    return process.returncode, output.decode()


def backed_up(machine: Machine, archive: Path, *options: str) -> str:
    code, said = done(machine, "backup", "--out", str(archive), *options)

    assert code == 0, said
    return said


def restored(machine: Machine, archive: Path, *options: str) -> str:
    code, said = done(machine, "restore", "--from", str(archive), *options)

    assert code == 0, said
    return said


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {
            member.name: file.read()
            for member in tar.getmembers()
            if (file := tar.extractfile(member)) is not None
        }


def written_anew(archive: Path, changed: dict[str, bytes | None], **manifest: object) -> None:
    """Write an archive anew with other members (None: left out) and another manifest."""
    old = members(archive)
    told = orjson.loads(old.pop(MANIFEST)) | manifest
    with archive.open("wb") as file:
        writer = ArchiveWriter(file, made_at=0)
        for name, content in (old | changed).items():
            if content is not None:
                writer.add(name, io.BytesIO(content))
        writer.finish(orjson.dumps(told))
