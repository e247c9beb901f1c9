"""A backup holds everything, whatever goes on meanwhile, and a restore gives back every record."""

import asyncio
import io
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tarfile
import zlib
from collections.abc import AsyncIterator, Callable
from contextlib import closing, suppress
from pathlib import Path

import asyncpg
import pytest

from cti.backup import take
from cti.backup.archives import archive_at
from cti.backup.progress import Work, shown
from cti.backup.site import find_site
from cti.backup.take import back_up
from cti.ids import PartyKey
from storage.archive import MANIFEST
from storage.errors import ArchiveError
from storage.journal import Journal
from storage.journal_copy import JournalSpan
from storage.records import journal_codec
from storage.shipper import Shipper
from tests.config.folders import ENVIRONMENT
from tests.cti.backups import (
    Machine,
    backed_up,
    configured,
    database_rows,
    done,
    execute,
    fill,
    journal_files,
    journal_rows,
    members,
    program,
    restored,
    rows_of,
    run,
    ship,
    take_call,
)


@pytest.fixture
async def site(tmp_path: Path, migrated_database: str) -> Machine:
    """A machine with calls, customers, and a journal that is ahead of its database."""
    parent = tmp_path / "site"
    parent.mkdir()
    machine = configured(parent, migrated_database)
    await fill(machine)
    return machine


@pytest.fixture
def empty(tmp_path: Path, database: str) -> Machine:
    """A machine with nothing, not even a configuration."""
    return Machine(configuration=tmp_path / "empty" / "configuration", database=database)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "site.tar"


def test_a_restore_into_an_empty_machine_gives_back_every_row_of_every_table(
    site: Machine, empty: Machine, archive: Path
) -> None:
    database, journal = rows_of(site), journal_rows(site.journal)
    backed_up(site, archive)
    said = restored(empty, archive)

    assert "20 calls, 2 customers, 44 journal records, 2 prompts" in said
    assert database == rows_of(empty)
    assert journal == journal_rows(empty.journal)
    assert {"calls", "journal", "parties", "customers", "shipping_failures"} <= database.keys()
    assert all(rows for rows in database.values())


def test_a_restore_gives_back_configuration_and_prompts(
    site: Machine, empty: Machine, archive: Path
) -> None:
    def files(machine: Machine) -> dict[str, bytes]:
        return {
            file.relative_to(machine.configuration).as_posix(): file.read_bytes()
            for file in sorted(machine.configuration.rglob("*"))
            if file.is_file() and "var" not in file.parts
        }

    backed_up(site, archive)
    restored(empty, archive)

    assert files(site) == files(empty)
    assert len(files(empty)) == 7
    assert run(empty, "check").exit_code == 0


def test_a_restored_machine_goes_on_where_the_other_one_was(
    site: Machine, empty: Machine, archive: Path
) -> None:
    backed_up(site, archive)
    restored(empty, archive)
    with empty.open_journal() as journal:
        last = journal.last_position
        take_call(journal, "new", ends=True)
        asyncio.run(ship(empty, journal))
        positions = [record.position for record in journal.read()]
    rows = rows_of(empty)
    insert = "INSERT INTO customers (name) VALUES ('New')"
    for machine in (site, empty):
        asyncio.run(execute(machine.database, insert))
    ids = [
        [row.split(",")[0] for row in (rows_of(machine))["customers"]] for machine in (site, empty)
    ]

    assert positions == list(range(1, last + 3))
    assert len(rows["calls"]) == 22  # the new one, and the one that had not been shipped
    assert len(rows["journal"]) == last + 2
    assert ids == [["(1", "(2", "(4"]] * 2


def test_an_archive_is_a_plain_tar_file_that_its_owner_alone_can_read(
    site: Machine, archive: Path
) -> None:
    said = backed_up(site, archive)
    listed = subprocess.run(
        ["/bin/tar", "-tf", archive], capture_output=True, text=True, check=True
    )
    calls = zlib.decompress(members(archive)["database/calls.copy.gz"], 16 + zlib.MAX_WBITS)

    assert listed.stdout.splitlines()[-1] == MANIFEST
    assert "database/customers.copy.gz" in listed.stdout
    assert calls.count(b"\n") == 20
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert f"{archive}: {archive.stat().st_size:,} bytes" in said
    assert [file.name for file in archive.parent.iterdir() if file.name.startswith(".")] == []


def test_an_archive_that_is_there_is_replaced_by_force_only(site: Machine, archive: Path) -> None:
    archive.write_text("older")
    code, said = done(site, "backup", "--out", str(archive))

    assert (code, archive.read_text()) == (1, "older")
    assert said == f"cordboard: {archive} is there already; --force replaces it\n"
    backed_up(site, archive, "--force")
    assert MANIFEST in members(archive)


async def test_an_archive_may_go_through_a_pipe(site: Machine, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cti", "backup", "--out", "-"),
        *("--config", str(site.configuration)),
        env={**os.environ, **ENVIRONMENT, **site.environment},
        stdout=subprocess.PIPE,
    )
    piped, _ = await process.communicate()

    with tarfile.open(fileobj=io.BytesIO(piped)) as tar:
        assert tar.getnames()[-1] == MANIFEST
    assert process.returncode == 0


def test_secrets_are_put_in_only_when_that_is_wished_for(
    site: Machine, empty: Machine, archive: Path
) -> None:
    main = site.configuration / "cordboard.yaml"
    text = main.read_text().replace("{env: AMI_SECRET}", "{file: keys/ami}")
    main.write_text(text.replace("{env: DATABASE}", f"{{file: {archive.parent}/url}}"))
    (site.configuration / "keys").mkdir()
    (site.configuration / "keys" / "ami").write_text("canary-ami")
    (archive.parent / "url").write_text(site.database)
    said = backed_up(site, archive)

    assert "not in it, as it is a secret: keys/ami" in said
    assert f"not in it, as it is a secret: {archive.parent}/url" in said
    assert b"canary" not in archive.read_bytes()
    said = backed_up(site, archive, "--with-secrets", "--force")
    assert "keys/ami" not in said
    assert f"not in it, as it is a secret: {archive.parent}/url" in said
    (archive.parent / "url").write_text(empty.database)
    restored(empty, archive)
    secret = empty.configuration / "keys" / "ami"
    assert (secret.read_text(), stat.S_IMODE(secret.stat().st_mode)) == ("canary-ami", 0o600)


def test_a_backup_needs_neither_the_pbxs_secret_nor_faultless_queues(
    site: Machine, archive: Path
) -> None:
    (site.configuration / "queues.yaml").write_text("queues: [oh: dear")
    main = site.configuration / "cordboard.yaml"
    main.write_text(main.read_text().replace("{env: AMI_SECRET}", "{env: NOT_SET_HERE}"))
    backed_up(site, archive)

    assert members(archive)["config/queues.yaml"] == b"queues: [oh: dear"


def test_a_database_that_is_away_leaves_no_archive(site: Machine, archive: Path) -> None:
    nowhere = Machine(
        configuration=site.configuration, database="postgresql://cordboard@127.0.0.1:1/cordboard"
    )
    code, said = done(nowhere, "backup", "--out", str(archive))

    assert code == 1
    assert "cordboard: no backup was made: the database cannot be reached" in said
    assert sorted(file.name for file in archive.parent.iterdir()) == ["site"]


def test_where_no_daemon_ever_ran_there_is_nothing_to_back_up(
    tmp_path: Path, database: str, archive: Path
) -> None:
    machine = configured(tmp_path, database)
    code, said = done(machine, "backup", "--out", str(archive))

    assert code == 1
    assert f"there is no journal in {machine.data}: no daemon has ever run there" in said
    assert not archive.exists()
    assert not machine.data.exists()


def test_a_journal_that_is_damaged_is_told_of_and_not_backed_up(
    site: Machine, archive: Path
) -> None:
    content = bytearray(site.journal.read_bytes())
    content[5_000:12_000] = b"\xff" * 7_000
    site.journal.write_bytes(content)
    code, said = done(site, "backup", "--out", str(archive))

    assert code == 1
    assert "no backup was made: the journal" in said
    assert not archive.exists()


FULL_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
"""


def test_a_disk_that_is_full_leaves_nothing(site: Machine, archive: Path) -> None:
    process = program(site, "backup", "--out", str(archive), first=FULL_DISK)
    output, _ = process.communicate()

    assert process.returncode == 1, output
    assert b"Traceback" not in output
    assert sorted(file.name for file in archive.parent.iterdir()) == ["site"]


HANGING = """
import asyncio
from storage import dump
async def hang(*_):
    print("hanging", flush=True)
    await asyncio.Event().wait()
dump.DatabaseView.copy = hang
"""


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_a_backup_that_is_told_to_end_leaves_nothing(
    site: Machine, archive: Path, number: signal.Signals, code: int
) -> None:
    process = program(site, "backup", "--out", str(archive), first=HANGING)
    assert process.stdout is not None
    while b"hanging" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(number)
    output, _ = process.communicate()

    assert (process.returncode, b"Traceback" in output) == (code, False)
    assert sorted(file.name for file in archive.parent.iterdir()) == ["site"]


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

    last = max(local)
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
    monkeypatch.setattr(take, "copy", copy(take.copy))
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


def test_an_archive_is_checked_without_a_configuration(
    site: Machine, archive: Path, tmp_path: Path
) -> None:
    with suppress(KeyError):
        del os.environ["CORDBOARD_CONFIG"]
    assert run(site, "backup", "--out", str(archive)).exit_code == 0
    checked = subprocess.run(
        [sys.executable, "-m", "cti", "backup", "--verify", archive],
        capture_output=True,
        text=True,
        check=True,
    )
    dry = run(site, "restore", "--from", str(archive), "--dry-run")

    assert checked.stdout.startswith(f"{archive}: in order\n20 calls, 2 customers")
    assert dry.exit_code == 0
    assert dry.stdout.startswith(f"{archive}: in order; nothing was changed\n")
    assert "journal.sqlite.before" not in "".join(journal_files(site.data))


def test_a_bar_is_shown_on_a_terminal_and_lines_elsewhere() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def worked(work: Work) -> None:
        work.begin("table calls", 100)
        work.advance(50)
        work.note("[kept] a file")

    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        with shown(stream) as work:
            worked(work)

    assert pipe.getvalue() == "table calls\n[kept] a file\n"
    assert "[kept] a file" in terminal.getvalue()
    assert "table calls" in terminal.getvalue()
