import asyncio
import json
import os
import random
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from acd.facts import CallQueued
from cti.ids import PartyKey
from storage.errors import (
    JournalCorruptError,
    JournalLockedError,
    JournalTooNewError,
    JournalUnavailableError,
    StorageError,
    UndecodableRecordError,
    UnencodableError,
)
from storage.journal import PRUNE_RECORDS_MAX, Journal
from storage.records import TimersAdvanced, journal_codec
from tests.storage.builders import PARTY, START, at, offer_of, policy, queued

REPOSITORY = Path(__file__).parents[2]


def opened(path: Path, core_version: str = "1") -> Journal:
    return Journal.open(path, journal_codec(), core_version=core_version)


def bodies(journal: Journal) -> list[object]:
    return [record.body for record in journal.read()]


def filled(path: Path, count: int) -> Journal:
    journal = opened(path)
    for number in range(1, count + 1):
        journal.append([(at(number), "fact", queued(number))])
    return journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "journal.db"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    with opened(path) as journal:
        yield journal


def test_records_are_read_in_the_order_in_which_they_were_appended(journal: Journal) -> None:
    last = journal.append(
        [(at(0), "fact", queued(1)), (at(0), "command", offer_of())],
    )
    journal.append([(at(1), "timer", TimersAdvanced(to=at(1)))])

    assert last == 2
    assert [
        (1, at(0), "fact", queued(1)),
        (2, at(0), "command", offer_of()),
        (3, at(1), "timer", TimersAdvanced(to=at(1))),
    ] == [(record.position, record.at, record.kind, record.body) for record in journal.read()]


def test_an_empty_journal_has_no_record_no_time_and_no_snapshot(journal: Journal) -> None:
    assert (
        list(journal.read()),
        journal.last_time(),
        journal.latest_snapshot(),
        journal.last_position,
    ) == ([], None, None, 0)


def test_a_reopened_journal_goes_on_where_it_was(path: Path) -> None:
    with filled(path, 3) as first:
        identity = first.id
    with opened(path) as second:
        assert (3, at(3), identity) == (second.last_position, second.last_time(), second.id)
        assert second.append([(at(4), "fact", queued(4))]) == 4
        assert bodies(second) == [queued(number) for number in range(1, 5)]


def test_reading_begins_after_a_position_and_ends_at_the_limit(path: Path) -> None:
    with filled(path, 10) as journal:
        assert [record.position for record in journal.read(4, 3)] == [5, 6, 7]
        assert list(journal.read(10)) == []
        assert list(journal.read(3, 0)) == []


def test_a_batch_with_one_record_that_cannot_be_written_is_not_written_at_all(
    journal: Journal,
) -> None:
    with pytest.raises(UnencodableError):
        journal.append([(at(0), "fact", queued(1)), (at(0), "fact", object())])

    assert journal.append([(at(1), "fact", queued(2))]) == 1
    assert bodies(journal) == [queued(2)]


def test_appending_nothing_changes_nothing(journal: Journal) -> None:
    assert journal.append([]) == 0
    assert not journal.appended.is_set()


def test_every_record_carries_the_core_and_the_policy_it_was_decided_by(path: Path) -> None:
    with opened(path, "core-1") as journal:
        journal.append([(at(0), "fact", queued(1)), (at(1), "fact", policy("p1"))])
        journal.append([(at(2), "fact", queued(2))])
    with opened(path, "core-2") as journal:
        journal.append([(at(3), "fact", queued(3)), (at(4), "fact", policy("p2"))])

        assert [(record.core_version, record.policy_version) for record in journal.read()] == [
            ("core-1", ""),
            ("core-1", "p1"),
            ("core-1", "p1"),
            ("core-2", "p1"),
            ("core-2", "p2"),
        ]


def test_the_three_newest_snapshots_are_kept_and_of_older_ones_one_in_many_records(
    path: Path,
) -> None:
    with filled(path, 5) as journal:
        for position in (1, 2, 3, 4, 5):
            journal.save_snapshot(position, at(position), b"state %d" % position)
        newest = journal.latest_snapshot()
        kept = sqlite3.connect(path).execute("SELECT position FROM snapshots ORDER BY 1").fetchall()

    assert newest is not None
    assert (5, at(5), "1", b"state 5") == (
        newest.position,
        newest.at,
        newest.core_version,
        newest.data,
    )
    assert kept == [(1,), (3,), (4,), (5,)]


def test_a_party_is_remembered_changed_and_forgotten(journal: Journal) -> None:
    journal.remember_party(PARTY, "+49301234567", "Zoë 王")
    journal.remember_party(PARTY, "+49301234568", "Zoë 王")
    party = journal.party(PARTY)
    journal.forget_party(PARTY)

    assert party is not None
    assert (party.number, party.name) == ("+49301234568", "Zoë 王")
    assert journal.party(PARTY) is None


@pytest.mark.parametrize("name", ["bad \udcff byte", "nul \0 char", "x" * 10_000, ""])
def test_a_hostile_name_is_remembered_as_text(journal: Journal, name: str) -> None:
    journal.remember_party(PARTY, "1", name)
    party = journal.party(PARTY)

    assert party is not None
    assert party.name == name[:512].replace("\udcff", "?")


def test_an_erased_number_is_in_none_of_the_files(path: Path) -> None:
    with filled(path, 3) as journal:
        journal.remember_party(PARTY, "+4930777777", "Canary Bird")
        journal.append([(at(4), "fact", queued(4))])
        journal.forget_party(PARTY)
        contents = b"".join(file.read_bytes() for file in path.parent.iterdir())

    assert b"call-4" in contents
    assert b"4930777777" not in contents
    assert b"Canary" not in contents


async def test_an_erasure_waits_until_postgres_has_done_it_too(journal: Journal) -> None:
    other = PartyKey("p-2")
    journal.forget_party(PARTY)
    journal.forget_party(other)
    reader = journal.reader()
    before = await reader.erasures()
    journal.note_erased([PARTY])

    assert ([PARTY, other], [other]) == (before, await reader.erasures())


def test_a_second_opening_is_refused_and_told_who_has_it(path: Path) -> None:
    with opened(path), pytest.raises(JournalLockedError, match=f"process {os.getpid()}") as raised:
        opened(path)

    assert raised.value.pid == os.getpid()
    opened(path).close()


def test_pruning_takes_the_oldest_a_bounded_number_at_a_time(path: Path) -> None:
    with opened(path) as journal:
        count = PRUNE_RECORDS_MAX + 10
        journal.append([(at(number), "fact", queued(number)) for number in range(count)])

        assert journal.prune(count) == PRUNE_RECORDS_MAX
        assert journal.prune(count) == 9
        assert journal.prune(count) == 0
        assert [count] == [record.position for record in journal.read()]


def test_a_wholly_pruned_journal_counts_on(path: Path) -> None:
    with filled(path, 5) as journal:
        journal.prune(1_000)
    with opened(path) as journal:
        assert journal.last_time() == at(5)
        assert journal.append([(at(6), "fact", queued(6))]) == 6


def test_a_hole_between_records_is_reported_not_skipped(path: Path) -> None:
    filled(path, 5).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM records WHERE position = 3")
    with opened(path) as journal, pytest.raises(JournalCorruptError, match="lacks records 3 to 3"):
        list(journal.read())


def test_a_record_of_an_unknown_type_is_named_with_its_position(path: Path) -> None:
    filled(path, 3).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE records SET name = 'Later' WHERE position = 2")
    with opened(path) as journal, pytest.raises(UndecodableRecordError) as raised:
        list(journal.read())

    assert (raised.value.position, raised.value.name) == (2, "Later")


def test_a_full_disk_refuses_the_append_and_the_next_one_succeeds(path: Path) -> None:
    with filled(path, 3) as journal:
        (pages,) = journal._connection.execute("PRAGMA page_count").fetchone()
        journal._connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(JournalUnavailableError, match="full"):
            journal.append([(at(4), "fact", queued(number)) for number in range(500)])
        journal._connection.execute("PRAGMA max_page_count = 100000")

        assert journal.append([(at(4), "fact", queued(4))]) == 4
        assert bodies(journal) == [queued(number) for number in range(1, 5)]


def test_a_write_beyond_the_limit_of_files_is_refused_by_the_typed_error(path: Path) -> None:
    script = """
import resource, signal, sys
from pathlib import Path
from storage.errors import JournalUnavailableError
from storage.journal import Journal
from storage.records import journal_codec
from tests.storage.builders import at, queued
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
journal = Journal.open(Path(sys.argv[1]), journal_codec())
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))
try:
    while True:
        journal.append([(at(0), "fact", queued(n)) for n in range(20)])
except JournalUnavailableError:
    print(journal.last_position, flush=True)
"""
    done = run(script, path)
    assert done.returncode == 0, done.stderr
    with opened(path) as journal:
        assert int(done.stdout) == journal.last_position == len(bodies(journal)) > 0


def run(script: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, str(path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_place_that_cannot_be_written_is_the_typed_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(JournalUnavailableError):
        opened(tmp_path / "file" / "journal.db")
    with pytest.raises(JournalUnavailableError):
        opened(tmp_path)


def test_a_journal_that_became_read_only_refuses_appends(path: Path) -> None:
    with filled(path, 2) as journal:
        journal._connection.execute("PRAGMA query_only = ON")
        with pytest.raises(JournalUnavailableError, match="readonly"):
            journal.append([(at(3), "fact", queued(3))])
        journal._connection.execute("PRAGMA query_only = OFF")

        assert bodies(journal) == [queued(1), queued(2)]


@pytest.mark.parametrize(
    "content", [b"not a database" * 100, b"SQLite format 3\0" + b"\xff" * 5000]
)
def test_a_file_that_is_no_journal_is_reported_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(JournalCorruptError):
        opened(path)

    assert content == path.read_bytes()


def test_somebody_elses_database_is_reported_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    content = path.read_bytes()
    with pytest.raises(JournalCorruptError, match="not a journal"):
        opened(path)

    assert content == path.read_bytes()


def test_a_journal_of_a_newer_program_is_refused(path: Path) -> None:
    filled(path, 1).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(JournalTooNewError, match="99"):
        opened(path)


def test_the_journal_and_its_folder_are_their_owners_alone(journal: Journal, path: Path) -> None:
    journal.append([(at(0), "fact", queued(1))])
    modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert ({0o600}, 0o700) == (modes, stat.S_IMODE(path.parent.stat().st_mode))


APPEND_FOR_EVER = """
import sys
from pathlib import Path
from storage.journal import Journal
from storage.records import journal_codec
from tests.storage.builders import at, queued
journal = Journal.open(Path(sys.argv[1]), journal_codec())
number = journal.last_position
while True:
    batch = [(at(n), "fact", queued(n)) for n in range(number + 1, number + 1 + number % 4 + 1)]
    number = journal.append(batch)
    sys.stdout.write(f"{number}\\n")
    sys.stdout.flush()
"""


def test_every_position_that_was_reported_survives_sigkill(path: Path) -> None:
    """Killed three times at random moments; each run goes on after the last."""
    chance = random.Random(5)  # noqa: S311 - moments, not secrets
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", APPEND_FOR_EVER, str(path)],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            read = [process.stdout.readline() for _ in range(chance.randrange(1, 2_000))]
            process.kill()
            lines = "".join((*read, process.stdout.read())).split("\n")
        # The last piece is an unfinished line, or nothing.
        promised = int(lines[-2])
        with opened(path) as journal:
            positions = [record.position for record in journal.read()]

        assert process.returncode == -signal.SIGKILL
        assert positions == list(range(1, len(positions) + 1))
        assert len(positions) >= promised > 0


def test_a_torn_tail_costs_only_the_transactions_that_it_tears(tmp_path: Path) -> None:
    """The WAL is cut at every 397th byte of its last 20 kB, as a power failure may cut it."""
    live, copy = tmp_path / "live.db", tmp_path / "copy.db"
    journal = opened(live)
    sizes = []
    for number in range(1, 31):
        journal.append(
            [(at(number), "fact", queued(number)), (at(number), "fact", queued(-number))]
        )
        sizes.append(Path(f"{live}-wal").stat().st_size)
    whole = Path(f"{live}-wal").read_bytes()[: sizes[-1]]
    for cut in range(max(sizes[3], len(whole) - 20_000), len(whole) + 1, 397):
        shutil.copy(live, copy)
        Path(f"{copy}-wal").write_bytes(whole[:cut])
        with opened(copy) as torn:
            found = [record.position for record in torn.read()]
            complete = sum(size <= cut for size in sizes)

            assert found == list(range(1, 2 * complete + 1))
        Path(f"{copy}-wal").unlink(missing_ok=True)
    journal.close()


def test_garbage_behind_the_last_transaction_is_not_read(path: Path, tmp_path: Path) -> None:
    journal = filled(path, 10)
    copy = tmp_path / "copy.db"
    shutil.copy(path, copy)
    chance = random.Random(7)  # noqa: S311 - noise, not secrets
    wal = Path(f"{path}-wal").read_bytes()
    Path(f"{copy}-wal").write_bytes(wal + chance.randbytes(10_000))
    journal.close()
    with opened(copy) as torn:
        assert bodies(torn) == [queued(number) for number in range(1, 11)]


async def test_a_reader_in_another_thread_sees_a_growing_unbroken_journal(journal: Journal) -> None:
    reader = journal.reader()
    seen: list[int] = []

    async def follow() -> None:
        while len(seen) < 500:
            seen.extend(
                record.position for record in await reader.read(seen[-1] if seen else 0, 50)
            )
            await reader.checkpoint()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(follow())
        for number in range(1, 501):
            journal.append([(at(number), "fact", queued(number))])
            await asyncio.sleep(0)

    assert seen == list(range(1, 501))


async def test_the_reader_gives_the_bytes_that_the_codec_wrote(journal: Journal) -> None:
    journal.append([(START, "command", offer_of())])
    (record,) = await journal.reader().read(0)

    assert (
        record.position,
        record.at,
        record.kind,
        record.name,
    ) == (1, START, "command", "OfferCall")
    assert json.loads(record.body)["agent"] == "ann"


async def test_the_reader_cannot_write_and_needs_an_existing_journal(
    journal: Journal, tmp_path: Path
) -> None:
    reader = journal.reader()
    with pytest.raises(JournalUnavailableError, match="readonly"):
        await reader._in_thread(lambda connection: connection.execute("DELETE FROM records"))
    with pytest.raises(JournalUnavailableError):
        await type(reader)(tmp_path / "none.db").read(0)


async def test_synced_returns_when_the_wal_is_on_the_disk_or_was_moved_away(path: Path) -> None:
    with filled(path, 3) as journal:
        await journal.synced()
        journal.forget_party(PARTY)
        await journal.synced()
        os.unlink(f"{path}-wal")  # noqa: PTH108 - a Path here would be taken for blocking work
        await journal.synced()
        assert bodies(journal)[0] == CallQueued(call=queued(1).call, queue=queued(1).queue)


def test_appending_wakes_who_waits_for_records(journal: Journal) -> None:
    journal.append([(START, "fact", queued(1))])

    assert journal.appended.is_set()


def test_every_error_of_the_journal_is_a_storage_error() -> None:
    assert all(
        issubclass(kind, StorageError)
        for kind in (JournalCorruptError, JournalLockedError, JournalUnavailableError)
    )
