"""Journals of other versions: older ones are brought up, newer ones refused and left untouched."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from config.main_file import Watchdog
from cti.call_facts import CallArrived
from cti.ids import CallId, LegId, PartyKey
from storage import journal_file
from storage.errors import (
    JournalCorruptError,
    JournalError,
    JournalTooNewError,
    JournalUnavailableError,
    RestoreUnfinishedError,
)
from storage.journal import PRUNE_RECORDS_MAX, Journal
from storage.records import journal_codec
from tests.storage.builders import CALL, PBX, at, offer_of, policy, queued

GOLDEN = Path(__file__).parent / "journals"
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.db"


def opened(path: Path, core_version: str = "0.1.0") -> Journal:
    return Journal.open(path, journal_codec(), core_version=core_version)


def contents(path: Path) -> dict[str, bytes]:
    """What is in the journal's files; the lock and SQLite's shared memory hold nothing of it."""
    return {
        file.name: file.read_bytes()
        for file in path.parent.iterdir()
        if not file.name.endswith((".lock", "-shm"))
    }


def arrived(number: int) -> CallArrived:
    return CallArrived(
        call=CallId(f"call-{number}"),
        leg=LegId(PBX, f"u-{number}"),
        service="8000",
        party=PartyKey(f"p-{number}"),
    )


def with_killed_writer(path: Path, core_version: str) -> None:
    """Leave a journal whose records are still in its WAL, as a killed writer does."""
    live = path.parent.parent / "live" / "journal.db"
    with opened(live, core_version) as journal:
        journal.append([(at(1), "fact", queued(1))])
        path.parent.mkdir()
        for suffix in ("", "-wal"):
            shutil.copy(f"{live}{suffix}", f"{path}{suffix}")


def golden(path: Path, version: int) -> None:
    path.parent.mkdir()
    script = (GOLDEN / f"format{version}.sql").read_text(encoding="utf-8")
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def test_there_is_a_journal_of_each_format_to_test_against() -> None:
    formats = range(1, journal_file.SCHEMA_VERSION + 1)

    assert sorted(file.name for file in GOLDEN.iterdir()) == [f"format{n}.sql" for n in formats]
    assert sorted(journal_file.UPGRADES) == list(formats)[:-1]


@pytest.mark.parametrize("version", range(1, journal_file.SCHEMA_VERSION + 1))
def test_a_journal_of_each_format_is_brought_up_and_read_whole(path: Path, version: int) -> None:
    golden(path, version)
    with opened(path) as journal:
        records = [(record.kind, record.body) for record in journal.read()]
        party = journal.party(PartyKey("p-1"))
        snapshot = journal.latest_snapshot()
        (format_,) = journal._connection.execute("PRAGMA user_version").fetchone()

        assert journal.append([(at(9), "fact", queued(9))]) == 5
        assert journal.id == "0123456789abcdef0123456789abcdef"
    assert format_ == journal_file.SCHEMA_VERSION
    assert records == [
        ("fact", policy("v1")),
        ("fact", arrived(1)),
        ("fact", queued(1)),
        ("command", offer_of(CALL)),
    ]
    assert party is not None
    assert (party.number, party.name) == ("+4930123456", "陈晓")
    assert snapshot is not None
    assert (snapshot.position, snapshot.data) == (3, b"state")


@pytest.mark.parametrize("version", range(1, journal_file.SCHEMA_VERSION + 1))
def test_an_upgraded_journal_has_the_tables_of_a_new_one(path: Path, version: int) -> None:
    def tables(journal: Journal) -> set[tuple[str, str]]:
        query = "SELECT name, replace(replace(sql, char(10), ''), ' ', '') FROM sqlite_schema"
        return set(journal._connection.execute(query))

    golden(path, version)
    with opened(path) as old, opened(path.with_name("new.db")) as new:
        assert tables(old) == tables(new)


def next_format(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    now = journal_file.SCHEMA_VERSION
    monkeypatch.setattr(journal_file, "UPGRADES", {**journal_file.UPGRADES, now: step})
    monkeypatch.setattr(journal_file, "SCHEMA_VERSION", now + 1)


def test_a_step_to_the_next_format_is_taken_once(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(path).close()
    next_format(monkeypatch, "CREATE TABLE later (a); INSERT INTO later VALUES (7)")
    for _ in range(2):
        with opened(path) as journal:
            assert journal._connection.execute("SELECT a FROM later").fetchall() == [(7,)]


def test_a_step_that_fails_leaves_the_old_format(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path) as journal:
        journal.append([(at(1), "fact", queued(1))])
    with monkeypatch.context() as later:
        next_format(later, "CREATE TABLE later (a); INSERT INTO nowhere VALUES (7)")
        with pytest.raises(JournalUnavailableError, match="nowhere"):
            opened(path)
    with opened(path) as journal:
        assert [record.body for record in journal.read()] == [queued(1)]


UPGRADE_SLOWLY = """
import sys
from pathlib import Path
from storage import journal_file
from storage.journal import Journal
from storage.records import journal_codec
rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000000)"
journal_file.UPGRADES = {
    journal_file.SCHEMA_VERSION:
        f"CREATE TABLE later (a); SELECT 'begun'; INSERT INTO later {rows} SELECT i FROM n"
}
journal_file.SCHEMA_VERSION += 1
Journal.open(Path(sys.argv[1]), journal_codec())
"""


def test_an_upgrade_that_is_killed_in_its_middle_is_begun_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(path) as journal:
        journal.append([(at(1), "fact", queued(1))])
    wal = Path(f"{path}-wal")
    with subprocess.Popen(
        [sys.executable, "-c", UPGRADE_SLOWLY, str(path)], cwd=REPOSITORY
    ) as process:
        # What the step has written spills into the WAL long before its end.
        deadline = time.monotonic() + 60
        while not (wal.exists() and wal.stat().st_size > 5_000_000):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.kill()

    assert process.returncode == -signal.SIGKILL
    next_format(monkeypatch, "CREATE TABLE later (a)")
    with opened(path) as journal:
        assert journal._connection.execute("SELECT a FROM later").fetchall() == []
        assert [record.body for record in journal.read()] == [queued(1)]


def test_a_journal_of_a_newer_format_is_refused_untouched_and_the_way_back_is_told(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as later:
        next_format(later, "SELECT 1")
        with_killed_writer(path, "0.2.0")
    before = contents(path)
    with pytest.raises(JournalTooNewError, match=r"has format \d+, .* restoring a backup"):
        opened(path)

    assert before == contents(path)
    assert f"{path.name}-wal" in before


def test_a_journal_that_a_newer_program_has_written_is_refused_untouched(path: Path) -> None:
    with_killed_writer(path, "0.10.0")
    before = contents(path)
    with pytest.raises(JournalTooNewError, match=r"by Cordboard 0\.10\.0, and this is 0\.9\.1\."):
        opened(path, "0.9.1")

    assert before == contents(path)


@pytest.mark.parametrize("program", ["0.9.1", "0.9.2", "0.9.1.dev3", "0.10", "1.0.0rc1"])
def test_a_journal_of_an_equal_or_older_program_is_taken(path: Path, program: str) -> None:
    opened(path, "0.9.1").close()
    opened(path, program).close()


def test_a_journal_of_a_format_that_never_was_is_refused(path: Path) -> None:
    opened(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 0")
    with pytest.raises(JournalCorruptError, match="format is 0"):
        opened(path)


def test_a_journal_beside_a_broken_off_restore_is_refused(path: Path) -> None:
    opened(path).close()
    before = contents(path)
    path.with_name(journal_file.RESTORE_MARK).touch()
    with pytest.raises(RestoreUnfinishedError, match="run the same cordboard restore again"):
        opened(path)
    path.with_name(journal_file.RESTORE_MARK).unlink()

    assert before == contents(path)


def test_a_locked_file_holds_the_writer_for_less_than_the_smallest_watchdog_limit(
    path: Path,
) -> None:
    with opened(path) as journal, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        with pytest.raises(JournalUnavailableError, match="locked"):
            journal.append([(at(1), "fact", queued(1))])
        stood_still_s = time.monotonic() - began
        other.execute("ROLLBACK")

        assert journal.append([(at(1), "fact", queued(1))]) == 1
    assert stood_still_s < 0.5
    with pytest.raises(ValueError, match="limit"):
        Watchdog.model_validate({"limit": "999ms"})


def test_an_erasure_does_not_wait_for_a_long_read(path: Path) -> None:
    with opened(path) as journal, closing(sqlite3.connect(path, isolation_level=None)) as other:
        journal.append([(at(1), "fact", queued(1))])
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM records").fetchone()
        journal.append([(at(2), "fact", queued(2))])
        began = time.monotonic()
        journal.forget_party(PartyKey("p-1"))

        assert time.monotonic() - began < 0.5


def test_with_the_record_of_his_arrival_goes_what_is_remembered_of_a_caller(path: Path) -> None:
    with opened(path) as journal:
        for number in range(1, 6):
            journal.remember_party(PartyKey(f"p-{number}"), f"+49{number}", "")
            journal.append([(at(number), "fact", arrived(number)), (at(number), "fact", queued(1))])
        journal.prune(7)
        kept = [n for n in range(1, 6) if journal.party(PartyKey(f"p-{n}")) is not None]

        assert kept == [4, 5]
        assert [record.position for record in journal.read()] == [7, 8, 9, 10]


def test_a_step_of_pruning_forgets_no_more_callers_than_it_removes_records(path: Path) -> None:
    count = PRUNE_RECORDS_MAX + 10
    with opened(path) as journal:
        journal.append([(at(number), "fact", arrived(number)) for number in range(1, count + 1)])
        for number in (1, PRUNE_RECORDS_MAX, PRUNE_RECORDS_MAX + 1):
            journal.remember_party(PartyKey(f"p-{number}"), "+49", "")
        journal.prune(count)

        assert journal.party(PartyKey(f"p-{PRUNE_RECORDS_MAX}")) is None
        assert journal.party(PartyKey(f"p-{PRUNE_RECORDS_MAX + 1}")) is not None


def test_a_record_that_is_no_json_does_not_keep_the_others_from_being_pruned(path: Path) -> None:
    with opened(path) as journal:
        journal.append([(at(number), "fact", arrived(number)) for number in range(1, 4)])
        journal._connection.execute("UPDATE records SET body = X'7B00' WHERE position = 1")

        assert journal.prune(3) == 2


def test_every_refusal_is_an_error_of_the_journal() -> None:
    kinds = (JournalTooNewError, RestoreUnfinishedError, JournalCorruptError)

    assert all(issubclass(kind, JournalError) for kind in kinds)
