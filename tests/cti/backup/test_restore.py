"""A restore touches nothing that is there, puts it aside if forced, and bears being broken off."""

import asyncio
import json
import os
import pwd
import re
import signal
from pathlib import Path

import asyncpg
import pytest

from storage.errors import RestoreUnfinishedError
from storage.journal_file import RESTORE_MARK
from tests.cti.backup.conftest import Whole
from tests.cti.backup.machines import (
    Machine,
    backed_up,
    configured,
    done,
    execute,
    fill,
    journal_files,
    journal_rows,
    program,
    restored,
    rows_of,
    run,
    take_call,
)

POINTS = {
    "before the database's commit": "storage.load._drop_empty",
    "before the journal is put in its place": "cti.backup.restore._place_journal",
    "before the journal of before is put aside": "cti.backup.restore._holds_something",
    "before the files are put in their places": "cti.backup.restore.place",
}
KILL_AT = """
import importlib, os, signal
def kill(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)
module, _, name = {point!r}.rpartition(".")
setattr(importlib.import_module(module), name, kill)
"""
KILL_WHEN = """
import os, signal, sys
def look(event, arguments):
    if event == "{event}" and str(arguments[{at}]).endswith("{name}"):
        os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(look)
"""


@pytest.fixture
def other(tmp_path: Path, database: str) -> Machine:
    """A machine with a configuration, and with records of its own."""
    parent = tmp_path / "other"
    parent.mkdir()
    machine = configured(parent, database)
    asyncio.run(fill(machine, calls=3, open_calls=0))
    return machine


@pytest.fixture
def made(tmp_path: Path, whole: Whole) -> Path:
    """An archive that is there already."""
    path = tmp_path / "made.tar"
    path.write_bytes(whole.archive)
    return path


def killed(machine: Machine, archive: Path, first: str, *options: str) -> None:
    process = program(machine, "restore", "--from", str(archive), *options, first=first)
    output, _ = process.communicate(timeout=60)

    assert process.returncode == -signal.SIGKILL, output.decode()


KILLS = {
    **{when: KILL_AT.format(point=point) for when, point in POINTS.items()},
    "when the journal comes to its place": KILL_WHEN.format(
        event="os.rename", name="/var/lib/journal.sqlite", at=1
    ),
    "within the files": KILL_WHEN.format(event="os.rename", name="/prompts/welcome.wav", at=1),
    "before the mark goes": KILL_WHEN.format(event="os.remove", name=RESTORE_MARK, at=0),
}


@pytest.mark.parametrize("first", KILLS.values(), ids=KILLS)
def test_a_restore_that_is_killed_lets_no_daemon_begin_and_is_finished_by_the_next(
    whole: Whole, empty: Machine, made: Path, first: str
) -> None:
    killed(empty, made, first)
    with pytest.raises(RestoreUnfinishedError):
        empty.open_journal()
    said = restored(empty, made)

    assert "aside" not in said
    assert whole.rows == rows_of(empty)
    assert whole.journal == journal_rows(empty.journal)
    assert run(empty, "check").exit_code == 0
    assert sorted(file.name for file in empty.data.iterdir() if "postgres" not in file.name) == [
        "journal.sqlite",
        "journal.sqlite.lock",
    ]
    empty.open_journal().close()


@pytest.mark.parametrize("first", KILLS.values(), ids=KILLS)
def test_a_forced_restore_that_is_killed_is_finished_and_loses_nothing_of_before(
    whole: Whole, other: Machine, made: Path, first: str
) -> None:
    (other.configuration / "prompts" / "welcome.wav").unlink()
    before = journal_rows(other.journal)
    options = ("--force", "--yes", "--replace-files")
    killed(other, made, first, *options)
    restored(other, made, "--replace-files")

    assert whole.rows == rows_of(other)
    assert whole.journal == journal_rows(other.journal)
    (aside,) = other.data.glob("journal.sqlite.before-restore-*[0-9]")
    assert before == journal_rows(aside)
    assert asyncio.run(schemas(other)) == 1


def test_a_restore_that_is_killed_while_it_verifies_leaves_the_machine_empty(
    whole: Whole, empty: Machine, made: Path
) -> None:
    killed(empty, made, KILL_AT.format(point="cti.backup.inspection._check_journal"))

    assert not (empty.data / RESTORE_MARK).exists()
    assert not empty.journal.exists()
    assert rows_of(empty) == {"sequences": []}
    restored(empty, made)
    assert whole.rows == rows_of(empty)


HANGING = """
import asyncio
import {module} as module
async def hang(*_):
    print("hanging", flush=True)
    await asyncio.Event().wait()
module.{name} = hang
"""


@pytest.mark.parametrize(
    ("module", "name"),
    [("cti.backup.inspection", "_verify_table"), ("storage.load", "_set_sequences")],
)
def test_a_restore_that_is_told_to_end_leaves_the_machine_as_it_was(
    whole: Whole, empty: Machine, made: Path, module: str, name: str
) -> None:
    first = HANGING.format(module=module, name=name)
    # a folder of its own: what somebody's killed restore has left in the common one is told of
    temporary = str(made.parent)
    process = program(empty, "restore", "--from", str(made), first=first, TMPDIR=temporary)
    assert process.stdout is not None
    while b"hanging" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=30)

    assert (process.returncode, output) == (130, b"broken off; nothing was changed\n")
    assert not empty.configuration.exists()
    assert rows_of(empty) == {"sequences": []}
    restored(empty, made)
    assert whole.rows == rows_of(empty)


async def schemas(machine: Machine) -> int:
    connection = await asyncpg.connect(machine.database)
    try:
        query = "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'before_restore_%'"
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


def test_what_is_there_is_not_touched_and_is_named(
    site: Machine, other: Machine, archive: Path
) -> None:
    backed_up(site, archive)
    rows, files = rows_of(other), journal_files(other.data)
    code, said = done(other, "restore", "--from", str(archive))

    assert code == 1
    assert f"the journal {other.journal} with 8 records" in said
    assert "the table calls with 3 rows" in said
    assert "--force" in said
    assert (rows, files) == (rows_of(other), journal_files(other.data))


def test_an_empty_journal_beside_a_filled_database_is_something_too(
    whole: Whole, empty: Machine, made: Path
) -> None:
    restored(empty, made)
    again = Machine(configuration=made.parent / "again", database=empty.database)
    code, said = done(again, "restore", "--from", str(made))

    assert code == 1
    assert "the table calls with 20 rows" in said
    assert not again.journal.exists()


def test_with_force_it_is_said_what_is_there_asked_and_put_aside(
    whole: Whole, other: Machine, made: Path
) -> None:
    before, files = journal_rows(other.journal), journal_files(other.data)
    arguments = ("restore", "--from", str(made), "--force")
    refused = run(other, *arguments, typed="n\n")

    assert refused.exit_code == 1
    assert "the table calls with 3 rows" in refused.stderr
    assert files == journal_files(other.data)
    agreed = run(other, *arguments, typed="y\n")
    (aside,) = other.data.glob("journal.sqlite.before-restore-*[0-9]")
    schema = "before_restore_" + aside.name.rpartition("-")[2]
    assert agreed.exit_code == 0
    assert f"the journal that was there is {aside} now" in agreed.stdout
    assert f"DROP SCHEMA {schema} CASCADE" in agreed.stdout
    assert before == journal_rows(aside)
    assert whole.rows == rows_of(other)
    assert whole.journal == journal_rows(other.journal)
    counted = asyncio.run(count(other, f"{schema}.calls"))
    assert counted == 3


async def count(machine: Machine, table: str) -> int:
    connection = await asyncpg.connect(machine.database)
    try:
        return int(await connection.fetchval("SELECT count(*) FROM " + table))  # noqa: S608 - ours
    finally:
        await connection.close()


def test_where_nobody_can_be_asked_nothing_is_changed_and_the_way_is_named(
    other: Machine, made: Path
) -> None:
    before = sorted(other.data.iterdir())
    code, said = done(other, "restore", "--from", str(made), "--force")

    assert code == 1
    assert said.splitlines()[-1] == (
        "cordboard: nothing was changed, as nobody could be asked; --yes restores without asking"
    )
    assert sorted(other.data.iterdir()) == before


def test_ctrl_c_at_the_question_changes_nothing_and_says_so(other: Machine, made: Path) -> None:
    first = ASKED.format(point="click.termui.visible_prompt_func")
    code, said = done(other, "restore", "--from", str(made), "--force", first=first)

    assert code == 130
    assert said.splitlines()[-1] == "broken off; nothing was changed"


ASKED = """
import importlib
def interrupt(*arguments):
    raise KeyboardInterrupt
module, _, name = {point!r}.rpartition(".")
setattr(importlib.import_module(module), name, interrupt)
"""


@pytest.mark.parametrize("parent", ["configuration", "configuration/var"])
def test_a_restore_that_fails_takes_away_what_it_has_made(
    other: Machine, tmp_path: Path, made: Path, parent: str
) -> None:
    """The folders, the locks, and the embedded Postgres, which it has started for nothing."""
    again = Machine(configuration=tmp_path / "again" / "configuration", database="")
    (tmp_path / "again" / parent).mkdir(parents=True)
    main = other.configuration / "cordboard.yaml"
    text = main.read_text().replace("url: {env: DATABASE}", "url: null")
    (again.configuration / "cordboard.yaml").write_text(text)
    first = FAILS.format(point="storage.load._set_sequences")
    code, said = done(again, "restore", "--from", str(made), first=first)
    files = sorted(path.relative_to(tmp_path / "again") for path in again.configuration.rglob("*"))

    assert code == 1
    assert said.splitlines()[-1] == f"cordboard: {made} was not restored: on purpose"
    assert [str(path) for path in files if path.name != "cordboard.yaml"] == (
        ["configuration/var"] if parent.endswith("var") else []
    )


FAILS = """
import importlib
async def fail(*arguments):
    raise OSError("on purpose")
module, _, name = {point!r}.rpartition(".")
setattr(importlib.import_module(module), name, fail)
"""


def test_a_restore_that_is_told_to_end_half_done_says_what_to_do(
    whole: Whole, empty: Machine, made: Path
) -> None:
    """After the database's commit: what was filled stays, and the same restore goes on."""
    code, said = done(empty, "restore", "--from", str(made), first=FAILS_IN_FILES)

    assert code == 1
    assert (
        "the restore is half done: run the same command again, and it goes on; until then no"
        f" daemon starts on {empty.data}\n"
    ) in said
    assert (empty.data / RESTORE_MARK).exists()
    restored(empty, made)
    assert whole.rows == rows_of(empty)


FAILS_IN_FILES = """
import cti.backup.restore as restore
def fail(*arguments, **options):
    raise OSError("on purpose")
restore.place = fail
"""


def test_a_file_that_a_killed_restore_was_writing_does_not_stay(
    whole: Whole, empty: Machine, made: Path
) -> None:
    first = KILL_WHEN.format(event="os.rename", name="/prompts/welcome.wav", at=1)
    killed(empty, made, first)
    prompts = empty.configuration / "prompts"
    left = [file.name for file in prompts.iterdir() if file.name.startswith(".cordboard-")]
    restored(empty, made)

    assert len(left) == 1
    assert [file.name for file in prompts.iterdir() if file.name.startswith(".")] == []


def test_data_that_are_not_there_yet_have_to_be_brought_by_the_user_whose_folder_it_is(
    whole: Whole, empty: Machine, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    empty.configuration.mkdir(parents=True)
    monkeypatch.setattr("cti.backup.site._owner", lambda _path: 54_321)
    result = run(empty, "restore", "--from", str(made))

    assert result.exit_code == 1
    assert (
        f"{empty.data} is not there yet, and {empty.configuration} belongs to the user 54321: run"
        " this as that user (sudo -u 54321 …), or make "
    ) in result.stderr
    assert list(empty.configuration.iterdir()) == []


def test_a_data_folder_that_was_made_says_whose_it_is(
    whole: Whole, empty: Machine, made: Path
) -> None:
    owner = pwd.getpwuid(os.geteuid()).pw_name

    assert (
        f"{empty.data} was made; it belongs to the user {owner}, as whom the daemon has to run\n"
    ) in restored(empty, made)


def test_a_database_that_a_newer_program_has_used_is_the_way_back_from_an_upgrade(
    whole: Whole, other: Machine, made: Path
) -> None:
    later = "INSERT INTO schema_migrations (number, name, sha256) VALUES (99, '0099_x.sql', '')"
    asyncio.run(execute(other.database, later))
    asyncio.run(execute(other.database, "CREATE TABLE of_the_newer_one (a int)"))
    restored(other, made, "--force", "--yes")

    assert whole.rows == rows_of(other)


def test_empty_tables_are_no_reason_to_refuse_and_none_is_left_aside(
    whole: Whole, migrated: Machine, made: Path
) -> None:
    said = restored(migrated, made)

    assert "DROP SCHEMA" not in said
    assert asyncio.run(schemas(migrated)) == 0
    assert whole.rows == rows_of(migrated)


def test_a_running_daemon_is_refused_and_named(site: Machine, archive: Path) -> None:
    backed_up(site, archive)
    with site.open_journal():
        code, said = done(site, "restore", "--from", str(archive), "--force", "--yes")

    assert code == 1
    assert f"the daemon is running (process {os.getpid()}): stop it first" in said


def test_files_that_are_there_are_kept_unless_they_are_to_be_replaced(
    site: Machine, empty: Machine, archive: Path, tmp_path: Path
) -> None:
    backed_up(site, archive)
    queues = empty.configuration / "queues.yaml"
    queues.parent.mkdir(parents=True)
    queues.write_text("queues: {}\n")
    said = restored(empty, archive)

    assert f"kept, though it differs from the archive's: {queues}" in said
    assert queues.read_text() == "queues: {}\n"
    options = ("--force", "--yes", "--replace-files")
    restored(empty, archive, *options)
    assert queues.read_bytes() == (site.configuration / "queues.yaml").read_bytes()


def test_another_archive_does_not_go_on_where_one_was_broken_off(
    site: Machine, empty: Machine, archive: Path
) -> None:
    backed_up(site, archive)
    killed(empty, archive, KILL_AT.format(point="cti.backup.restore.place"))
    with site.open_journal() as journal:
        take_call(journal, "later", ends=True)
    another = archive.with_name("another.tar")
    backed_up(site, another)
    code, said = done(empty, "restore", "--from", str(another))

    assert code == 1
    assert "was broken off: run it again" in said
    restored(empty, another, "--force", "--yes")
    assert journal_rows(site.journal) == journal_rows(empty.journal)


def test_a_database_that_fails_in_the_middle_leaves_the_machine_as_it_was(
    whole: Whole, migrated: Machine, made: Path
) -> None:
    """A trigger of somebody's: what the database does not take is not half taken."""
    statement = """
    CREATE FUNCTION no() RETURNS event_trigger LANGUAGE plpgsql AS
        $$BEGIN RAISE 'not on this server'; END$$;
    CREATE EVENT TRIGGER no ON ddl_command_end WHEN TAG IN ('COMMENT') EXECUTE FUNCTION no();
    """
    asyncio.run(execute(migrated.database, statement))
    before = rows_of(migrated)
    code, said = done(migrated, "restore", "--from", str(made))

    assert code == 1
    assert "the database does not take it: not on this server" in said
    assert before == rows_of(migrated)
    assert not (migrated.data / RESTORE_MARK).exists()
    assert not migrated.journal.exists()
    asyncio.run(execute(migrated.database, "DROP EVENT TRIGGER no; DROP FUNCTION no"))
    restored(migrated, made)
    assert whole.rows == rows_of(migrated)


def test_a_restore_without_the_databases_secret_says_which_is_missing(
    site: Machine, empty: Machine, archive: Path
) -> None:
    backed_up(site, archive)
    result = run(empty, "restore", "--from", str(archive), DATABASE="")

    assert result.exit_code == 1
    assert "database.url" in result.stderr
    assert not empty.configuration.exists()


def test_a_variable_that_is_not_set_is_an_error_with_its_name_and_line(
    site: Machine, empty: Machine, archive: Path
) -> None:
    backed_up(site, archive)
    result = run(empty, "restore", "--from", str(archive), DATABASE=None)

    assert result.exit_code == 1
    assert re.search(
        r"^cordboard\.yaml:\d+:\d+: database\.url.*DATABASE", result.stderr, re.MULTILINE
    )
    assert "warning" not in result.stderr
    assert not empty.configuration.exists()


def test_the_mark_tells_which_archive_it_is_of(
    site: Machine, empty: Machine, archive: Path
) -> None:
    backed_up(site, archive)
    killed(empty, archive, KILL_AT.format(point="cti.backup.restore.place"))
    mark = json.loads((empty.data / RESTORE_MARK).read_text())

    assert sorted(mark) == ["archive", "begun", "restore"]
