"""Snapshots are taken and old records go, and never a record that somebody still needs."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from cti import housekeeping
from cti.housekeeping import Housekeeping
from cti.ids import PartyKey
from cti.instants import Time
from cti.recovery import recover
from storage.errors import JournalUnavailableError
from storage.journal import PRUNE_RECORDS_MAX, Journal
from storage.journal_file import RecordKind
from storage.records import journal_codec
from tests.cti.floors import ANN, Desk, arrived, desk, queued, works

CODEC = journal_codec()


class BrittleJournal(Journal):
    """A journal whose disk can be full."""

    full = False

    def append(self, records: Sequence[tuple[Time, RecordKind, object]]) -> int:
        self._check()
        return super().append(records)

    def save_snapshot(self, position: int, at: Time, data: bytes) -> None:
        self._check()
        super().save_snapshot(position, at, data)

    def prune(self, before_position: int) -> int:
        self._check()
        return super().prune(before_position)

    def remember_party(self, key: PartyKey, number: str, name: str) -> None:
        self._check()
        super().remember_party(key, number, name)

    def _check(self) -> None:
        if self.full:
            raise JournalUnavailableError("disk full")


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[BrittleJournal]:
    with BrittleJournal.open(tmp_path / "journal.sqlite", CODEC) as opened:
        yield opened


def keeper(floor: Desk, *, needed_from: int = 10**9, kept: int = 0) -> Housekeeping:
    return Housekeeping(
        journal=floor.journal,
        codec=CODEC,
        core=floor.core,
        calls=floor.calls,
        clock=floor.hands.clock(),
        writer=floor.writer,
        needed_from=lambda: needed_from,
        records_kept=kept,
    )


def lived(journal: Journal, *, calls: int = 20) -> Desk:
    floor = desk(journal)
    floor.writer.post(*works(ANN), *(arrived(f"c{number}") for number in range(calls)))
    floor.writer.settle()
    return floor


def positions(journal: Journal) -> list[int]:
    return [record.position for record in journal.read()]


def test_a_snapshot_holds_all_that_was_known(journal: BrittleJournal) -> None:
    floor = lived(journal)

    assert keeper(floor).keep_state()

    kept = journal.latest_snapshot()
    assert kept is not None
    assert kept.position == journal.last_position
    core, calls = recover(journal, CODEC)
    assert (core.snapshot(), calls.snapshot()) == (floor.core.snapshot(), floor.calls.snapshot())


async def test_what_the_snapshot_and_postgres_have_goes(journal: BrittleJournal) -> None:
    keeping = keeper(lived(journal))
    keeping.keep_state()

    removed = await keeping.prune()

    assert positions(journal) == [journal.last_position]
    assert removed == journal.last_position - 1


async def test_what_postgres_has_not_got_stays(journal: BrittleJournal) -> None:
    keeping = keeper(lived(journal), needed_from=7)
    keeping.keep_state()

    await keeping.prune()

    assert positions(journal)[0] == 7


async def test_what_came_after_the_newest_snapshot_stays(journal: BrittleJournal) -> None:
    floor = lived(journal)
    keeping = keeper(floor)
    keeping.keep_state()
    saved = journal.last_position
    floor.writer.post(queued("c1"))
    floor.writer.settle()

    await keeping.prune()

    assert positions(journal)[0] == saved + 1
    core, _ = recover(journal, CODEC)
    assert core.snapshot() == floor.core.snapshot()


async def test_nothing_goes_before_there_is_a_snapshot(journal: BrittleJournal) -> None:
    assert await keeper(lived(journal)).prune() == 0
    assert positions(journal)[0] == 1


async def test_the_last_records_stay_for_a_program_that_cannot_read_the_snapshot(
    journal: BrittleJournal,
) -> None:
    keeping = keeper(lived(journal), kept=10)
    keeping.keep_state()

    await keeping.prune()

    assert len(positions(journal)) == 10


async def test_much_goes_in_steps_between_which_the_loop_breathes(
    journal: BrittleJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(housekeeping, "PRUNE_PAUSE_S", 0)
    keeping = keeper(lived(journal, calls=3 * PRUNE_RECORDS_MAX))
    keeping.keep_state()
    lengths = set()

    async with asyncio.TaskGroup() as tasks:
        pruning = tasks.create_task(keeping.prune())
        while not pruning.done():
            lengths.add(len(positions(journal)))
            await asyncio.sleep(0)

    assert len(lengths) >= 3
    assert len(positions(journal)) == 1


def test_no_snapshot_is_taken_while_records_wait_outside_the_journal(
    journal: BrittleJournal,
) -> None:
    floor = lived(journal)
    keeping = keeper(floor)
    journal.full = True
    floor.writer.post(queued("c1"))
    floor.writer.settle()
    journal.full = False

    assert not keeping.keep_state()

    floor.writer.settle()
    core, _ = recover(journal, CODEC)
    assert core.snapshot() == floor.core.snapshot()
    assert keeping.keep_state()


async def test_a_full_disk_costs_the_snapshot_and_nothing_else(journal: BrittleJournal) -> None:
    keeping = keeper(lived(journal))
    keeping.keep_state()
    journal.full = True

    assert not keeping.keep_state()
    assert await keeping.prune() == 0


async def test_it_is_all_done_now_and_then(journal: BrittleJournal) -> None:
    keeping = keeper(lived(journal))
    async with asyncio.timeout(5), asyncio.TaskGroup() as tasks:
        life = tasks.create_task(keeping.run(every_s=0.01))
        while len(positions(journal)) > 1:
            await asyncio.sleep(0.005)
        life.cancel()

    assert journal.latest_snapshot() is not None
