"""A backup holds everything, whatever goes on meanwhile, and a restore gives back every record."""

import asyncio
import io
import os
import pwd
import signal
import stat
import subprocess
import sys
import tarfile
import zlib
from contextlib import suppress
from pathlib import Path

import pytest

from cti.backup.progress import Work, shown
from storage.archive import MANIFEST
from storage.journal_file import RESTORE_MARK
from tests.config.folders import ENVIRONMENT
from tests.cti.backup.machines import (
    Machine,
    backed_up,
    configured,
    done,
    execute,
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


def test_what_is_no_file_is_not_replaced_by_force_either(site: Machine, archive: Path) -> None:
    os.mkfifo(archive)
    code, said = done(site, "backup", "--out", str(archive), "--force")

    assert (code, archive.is_fifo()) == (1, True)
    assert said == f"cordboard: {archive} is no file: name one, or - for standard output\n"


@pytest.mark.parametrize("there", [True, False])
def test_a_link_is_neither_replaced_nor_followed_and_its_file_is_named(
    site: Machine, archive: Path, tmp_path: Path, there: bool
) -> None:
    target = tmp_path / "elsewhere.tar"
    if there:
        target.write_text("older")
    archive.symlink_to(target)
    code, said = done(site, "backup", "--out", str(archive), "--force")

    assert (code, archive.is_symlink(), target.exists()) == (1, True, there)
    assert said == f"cordboard: {archive} is a symbolic link: name the file itself, {target}\n"


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


def test_a_database_that_is_newer_than_this_program_is_not_backed_up_by_it(
    site: Machine, archive: Path
) -> None:
    later = "INSERT INTO schema_migrations (number, name, sha256) VALUES (99, '0099_x.sql', '')"
    asyncio.run(execute(site.database, later))
    code, said = done(site, "backup", "--out", str(archive))

    assert code == 1
    assert "the database has schema 99, and this program knows those up to " in said
    assert not archive.exists()


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


def test_half_a_restore_is_not_backed_up(site: Machine, archive: Path) -> None:
    (site.data / RESTORE_MARK).touch()
    code, said = done(site, "backup", "--out", str(archive))

    assert code == 1
    assert "was broken off: finish it first" in said
    assert not archive.exists()


@pytest.mark.parametrize("name", ["a\nb.wav", "a\\b.wav"])
def test_what_no_restore_would_take_is_told_when_it_is_backed_up(
    site: Machine, archive: Path, name: str
) -> None:
    (site.configuration / "prompts" / name).touch()
    code, said = done(site, "backup", "--out", str(archive))

    assert code == 1
    assert f"{'prompts/' + name!r} is no name for a member" in said
    assert not archive.exists()


def test_a_folder_that_is_not_there_is_named(site: Machine, archive: Path) -> None:
    folder = archive / "none"
    code, said = done(site, "backup", "--out", str(folder / "site.tar"))

    assert (code, said) == (
        1,
        f"cordboard: there is no folder {folder} for the archive: make it first, with mode 0700\n",
    )


def test_each_commands_help_says_what_it_takes(site: Machine) -> None:
    words = {
        "backup": ["--out", "--force", "--with-secrets", "--verify", "manifest.json"],
        "restore": ["--from", "--dry-run", "--replace-files", "--force", "--yes"],
    }
    for command, expected in words.items():
        told = run(site, command, "--help")

        assert told.exit_code == 0
        assert [word for word in expected if word not in told.stdout] == []


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

    assert (process.returncode, output.decode()) == (code, "broken off; no backup was made\n")
    assert sorted(file.name for file in archive.parent.iterdir()) == ["site"]


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


def test_somebody_else_than_the_daemons_user_is_told_who_he_has_to_be(
    site: Machine, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What he would leave in the data folder, the daemon could not use."""
    owner = pwd.getpwuid(os.geteuid()).pw_name
    backed_up(site, archive)
    monkeypatch.setattr("cti.backup.site.os.geteuid", lambda: 54_321)
    for arguments in (("backup", "--force", "--out"), ("restore", "--from")):
        result = run(site, *arguments, str(archive))

        assert result.exit_code == 1
        assert f"belongs to the user {owner}: run this as that user" in result.stderr
