"""A journal read from the outside: while it is written, as a copy, and when it is none."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from cti.ids import CallId
from cti.instants import Time
from storage.errors import JournalCorruptError, JournalTooNewError, JournalUnavailableError
from storage.journal import PRUNE_RECORDS_MAX, SNAPSHOT_RECORDS, Journal
from storage.journal_history import HistorySpan, JournalHistory
from storage.records import TimersAdvanced, journal_codec
from tests.storage.builders import queued


def at(position: int) -> Time:
    return Time(position * 1_000)


def filled(path: Path, count: int) -> Journal:
    journal = Journal.open(path, journal_codec(), core_version="1")
    journal.append([(at(n), "timer", TimersAdvanced(to=at(n))) for n in range(1, count + 1)])
    return journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite"


def test_it_is_read_while_it_is_written(path: Path) -> None:
    with filled(path, 3) as journal, JournalHistory.open(path) as history:
        before = history.span()
        journal.append([(at(4), "timer", TimersAdvanced(to=at(4)))])
        after = history.span()
        read = [record.position for record in history.read(1, 4)]

    assert before == HistorySpan(first=1, last=3, first_at=at(1), last_at=at(3))
    assert after == HistorySpan(first=1, last=4, first_at=at(1), last_at=at(4))
    assert read == [2, 3, 4]


def test_nothing_of_the_file_is_changed(path: Path, tmp_path: Path) -> None:
    filled(path, 3).close()
    copy = tmp_path / "alone" / "copy.sqlite"
    copy.parent.mkdir()
    shutil.copy(path, copy)
    with JournalHistory.open(copy) as history:
        span = history.span()

    assert span is not None
    assert (copy.read_bytes(), list(copy.parent.iterdir())) == (path.read_bytes(), [copy])


@pytest.mark.parametrize(("asked", "position"), [(999, 0), (1_000, 1), (1_999, 1), (9_000, 3)])
def test_the_last_record_by_a_moment_is_found(path: Path, asked: int, position: int) -> None:
    with filled(path, 3), JournalHistory.open(path) as history:
        span = history.span()
        assert span is not None
        assert position == history.last_by(Time(asked), span)


def test_calls_are_found_by_the_beginning_of_their_ids(path: Path) -> None:
    with filled(path, 1) as journal, JournalHistory.open(path) as history:
        journal.append([(at(n), "fact", queued(n)) for n in (2, 3, 20)])

        assert history.calls("call-2", 10) == [
            (CallId("call-2"), at(2)),
            (CallId("call-20"), at(20)),
        ]
        assert history.calls("c", 1) == [(CallId("call-2"), at(2))]
        assert history.calls('"', 10) == []
        assert history.span_of(CallId("call-2")) == (2, 2)
        assert history.span_of(CallId("call")) is None


def test_what_was_pruned_meanwhile_is_said(path: Path) -> None:
    with filled(path, 5) as journal, JournalHistory.open(path) as history:
        journal.prune(3)

        with pytest.raises(JournalUnavailableError, match="no longer holds record 1"):
            list(history.read(0, 5))


def test_snapshots_are_kept_as_long_as_the_records_that_follow_them(path: Path) -> None:
    first, last = PRUNE_RECORDS_MAX // 2, PRUNE_RECORDS_MAX
    with filled(path, last + 5) as journal, JournalHistory.open(path) as history:
        for position in (first, last, last + 1, last + 2, last + 3):
            journal.save_snapshot(position, at(position), b"{}")
        kept = history.snapshots_by(last + 5)
        journal.prune(first + 2)
        left = history.snapshots_by(last + 5)

    assert last + 5 < SNAPSHOT_RECORDS
    assert kept == [last + 3, last + 2, last + 1, first]
    assert left == [last + 3, last + 2, last + 1]


def test_a_file_that_is_no_journal_is_refused(path: Path) -> None:
    path.write_bytes(b"nothing of that kind" * 100)
    with pytest.raises(JournalCorruptError):
        JournalHistory.open(path)


def test_a_database_of_others_is_refused(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE records (position)")
    connection.close()
    with pytest.raises(JournalCorruptError, match="not a journal of ours"):
        JournalHistory.open(path)


def test_a_file_that_is_cut_off_is_refused(path: Path) -> None:
    filled(path, 3_000).close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(JournalCorruptError), JournalHistory.open(path) as history:
        list(history.read(0, 3_000))


def test_an_empty_file_and_none_are_refused(path: Path) -> None:
    with pytest.raises(JournalUnavailableError, match="is not there"):
        JournalHistory.open(path)
    path.touch()
    with pytest.raises(JournalUnavailableError, match="is empty"):
        JournalHistory.open(path)


def test_tables_of_a_newer_program_are_refused(path: Path) -> None:
    filled(path, 1).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(JournalTooNewError):
        JournalHistory.open(path)
