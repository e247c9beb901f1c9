import asyncio
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from acd.facts import AgentMadeNotReady
from cti.call_facts import CallCleared, HungUpBy
from cti.ids import CallId, PartyKey
from cti.instants import Time
from storage import shipper as shipper_module
from storage.embedded import EmbeddedPostgres
from storage.journal import Journal
from storage.migrate import migrate
from storage.records import journal_codec
from storage.shipper import BATCH_RECORDS_MAX, Shipper
from tests.storage.builders import ANN, CALL, PARTY, at, queued
from tests.storage.test_call_log import ANSWERED_CALL

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal.open(tmp_path / "journal.db", journal_codec(), core_version="1") as journal:
        yield journal


@asynccontextmanager
async def shipping(journal: Journal, address: str) -> AsyncIterator[Shipper]:
    """A shipper at work, ended as the daemon ends it."""
    shipper = Shipper(journal, journal_codec(), address)
    task = asyncio.create_task(shipper.run())
    try:
        yield shipper
    finally:
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled(), task.exception()


async def ship_all(journal: Journal, address: str) -> Shipper:
    async with shipping(journal, address) as shipper:
        await caught_up(shipper)
        return shipper


async def caught_up(shipper: Shipper) -> None:
    async with asyncio.timeout(30):
        await shipper.caught_up()


async def fetch(address: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


async def value(address: str, query: str, *arguments: object) -> object:
    ((found,),) = await fetch(address, query, *arguments)
    return found


def append_answered_call(journal: Journal) -> None:
    for second, body in ANSWERED_CALL:
        journal.append([(at(second), "fact", body)])


async def test_journal_and_call_log_arrive_in_postgres(
    journal: Journal, migrated_database: str
) -> None:
    journal.remember_party(PARTY, "+49301234567", "Zoë 王")
    append_answered_call(journal)
    shipper = await ship_all(journal, migrated_database)
    rows = await fetch(migrated_database, "SELECT * FROM journal ORDER BY position")
    (call,) = await fetch(
        migrated_database,
        "SELECT call, outcome, agent, queue, service, hung_up_by,"
        " extract(epoch FROM waited)::float8 AS waited,"
        " extract(epoch FROM talked)::float8 AS talked,"
        " number, parties.name, offers->0->>'agent' AS offered_to,"
        " (offers->0->>'answered_at')::timestamptz = answered_at AS same_answer"
        " FROM calls JOIN parties ON parties.key = party",
    )

    assert [row["position"] for row in rows] == list(range(1, 14))
    assert (rows[5]["name"], rows[5]["kind"], rows[5]["core_version"]) == ("OfferCall", "fact", "1")
    assert dict(call) == {
        "call": CALL,
        "outcome": "answered",
        "agent": "ann",
        "queue": "sales",
        "service": "hotline",
        "hung_up_by": "agent",
        "waited": 9.0,
        "talked": 50.0,
        "number": "+49301234567",
        "name": "Zoë 王",
        "offered_to": "ann",
        "same_answer": True,
    }
    assert (shipper.state.position, shipper.state.fold_from, shipper.behind) == (13, 14, 0)


async def test_times_are_exact_to_the_microsecond(journal: Journal, migrated_database: str) -> None:
    moment = Time(1_700_000_000_123_457)
    journal.append([(moment, "fact", queued(1))])
    await ship_all(journal, migrated_database)

    assert (
        await value(
            migrated_database, "SELECT (extract(epoch FROM at) * 1000000)::bigint FROM journal"
        )
        == moment
    )


async def test_records_appended_while_shipping_follow_by_themselves(
    journal: Journal, migrated_database: str
) -> None:
    async with shipping(journal, migrated_database) as shipper:
        await caught_up(shipper)
        for _ in range(3):
            journal.append([(at(0), "fact", queued(1))])
            await caught_up(shipper)

    assert await value(migrated_database, "SELECT count(*) FROM journal") == 3


async def test_many_records_go_in_several_bounded_batches(
    journal: Journal, migrated_database: str
) -> None:
    count = 3 * BATCH_RECORDS_MAX + 7
    journal.append([(at(number), "fact", queued(number)) for number in range(count)])
    await ship_all(journal, migrated_database)

    assert await value(migrated_database, "SELECT count(DISTINCT position) FROM journal") == count


async def test_a_second_shipper_goes_on_where_the_first_ended(
    journal: Journal, migrated_database: str
) -> None:
    """The call is open when the first ends; the second folds its beginning anew."""
    for moment, body in ANSWERED_CALL[:-1]:
        journal.append([(at(moment), "fact", body)])
    first = await ship_all(journal, migrated_database)
    journal.append([(at(65), "fact", ANSWERED_CALL[-1][1])])
    second = await ship_all(journal, migrated_database)

    assert (first.state.fold_from, second.state.fold_from) == (1, 14)
    assert await value(migrated_database, "SELECT outcome FROM calls") == "answered"


async def test_a_call_cleared_twice_has_one_record_and_the_first_end(
    journal: Journal, migrated_database: str
) -> None:
    append_answered_call(journal)
    await ship_all(journal, migrated_database)
    # A new process does not remember the call: the table does.
    again = CallCleared(call=CALL, hung_up_by=HungUpBy.SYSTEM, cause=0)
    journal.append([(at(99), "fact", again)])
    await ship_all(journal, migrated_database)

    assert await value(migrated_database, "SELECT hung_up_by FROM calls") == "agent"


async def test_nul_and_odd_characters_do_not_stop_a_batch(
    journal: Journal, migrated_database: str
) -> None:
    reason = 'a\0b \\u0000 \\\0 "\u2028\x1b[31m 王'
    journal.remember_party(PARTY, "1\0002", "x\0y")
    append_answered_call(journal)
    journal.append([(at(66), "fact", AgentMadeNotReady(agent=ANN, reason=reason))])
    shipper = await ship_all(journal, migrated_database)

    assert shipper.state.set_aside == 0
    assert await value(
        migrated_database, "SELECT body->>'reason' FROM journal WHERE name = 'AgentMadeNotReady'"
    ) == reason.replace("\0", "\ufffd")
    assert await value(migrated_database, "SELECT name FROM parties") == "x\ufffdy"


def damaged(journal: Journal, position: int, change: str) -> None:
    journal._connection.execute(f"UPDATE records SET {change} WHERE position = {position}")  # noqa: S608 - literals of the tests


@pytest.mark.parametrize(
    ("change", "reason", "copied"),
    [
        ("body = X'7B7D'", "UndecodableRecordError.*missing", 1),
        ("name = 'Later'", "UndecodableRecordError.*unknown record type", 1),
        ("body = X'FF00'", "JSONDecodeError", 0),
        ("at = 9000000000000000000", "OverflowError", 0),
        ("kind = NULL", "NotNullViolation", 0),
    ],
)
async def test_a_poison_record_is_set_aside_and_the_others_arrive(
    tmp_path: Path, migrated_database: str, change: str, reason: str, copied: int
) -> None:
    path = tmp_path / "journal.db"
    with Journal.open(path, journal_codec()) as journal:
        journal.append([(at(number), "fact", queued(number)) for number in range(1, 201)])
    with sqlite3.connect(path) as connection:
        # As a disk or a bug might leave it, against all constraints.
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("UPDATE sqlite_schema SET sql = replace(sql, 'TEXT NOT NULL', 'TEXT')")
    with Journal.open(path, journal_codec()) as journal:
        damaged(journal, 77, change)
        shipper = await ship_all(journal, migrated_database)
    (failure,) = await fetch(migrated_database, "SELECT position, reason FROM shipping_failures")

    assert failure["position"] == 77
    assert re.search(reason, failure["reason"])
    assert shipper.state.set_aside == 1
    assert shipper.state.last_error is None
    assert await value(migrated_database, "SELECT count(*) FROM journal") == 199 + copied


async def test_an_erased_party_is_erased_in_postgres_too(
    journal: Journal, migrated_database: str
) -> None:
    other = PartyKey("p-2")
    journal.remember_party(PARTY, "+49301234567", "Ann")
    append_answered_call(journal)
    async with shipping(journal, migrated_database) as shipper:
        await caught_up(shipper)
        before = await value(migrated_database, "SELECT count(*) FROM parties")
        journal.forget_party(PARTY)
        journal.forget_party(other)
        async with asyncio.timeout(10):
            while await journal.reader().erasures():
                await asyncio.sleep(0.02)

    assert (before, await value(migrated_database, "SELECT count(*) FROM parties")) == (1, 0)
    assert await value(migrated_database, "SELECT party FROM calls") == PARTY


async def test_the_wal_is_moved_away_while_shipping(
    journal: Journal, migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipper_module, "CHECKPOINT_RECORDS", 50)
    wal = journal._path.with_name("journal.db-wal")
    async with shipping(journal, migrated_database) as shipper, asyncio.timeout(20):
        grows, batch = True, 0
        # Without a checkpoint each append makes the WAL longer; after one it is written anew.
        while grows:
            before = wal.stat().st_size
            batch += 1
            journal.append([(at(batch), "fact", queued(number)) for number in range(100)])
            grows = wal.stat().st_size > before
            await caught_up(shipper)


async def test_an_old_copy_of_the_journal_is_refused_visibly(
    journal: Journal, migrated_database: str
) -> None:
    append_answered_call(journal)
    await ship_all(journal, migrated_database)
    await fetch(migrated_database, "UPDATE shipping SET position = 500")
    async with shipping(journal, migrated_database) as shipper:
        error = await first_error(shipper)

    assert "old copy" in error


async def first_error(shipper: Shipper) -> str:
    async with asyncio.timeout(10):
        while shipper.state.last_error is None:
            shipper._moved.clear()
            await shipper._moved.wait()
    return shipper.state.last_error


async def test_without_a_database_the_state_says_so_and_the_journal_goes_on(
    journal: Journal, tmp_path: Path
) -> None:
    async with shipping(journal, f"postgresql://x@/x?host={tmp_path}") as shipper:
        append_answered_call(journal)
        error = await first_error(shipper)
        journal.append([(at(99), "fact", queued(1))])

    assert error.startswith("FileNotFoundError")
    assert shipper.behind == 14


async def test_an_address_that_is_none_is_an_error_to_see_not_a_busy_loop(
    journal: Journal,
) -> None:
    async with shipping(journal, "nonsense://") as shipper:
        error = await first_error(shipper)

    assert "scheme" in error or "DSN" in error


async def test_a_database_that_hangs_is_given_up_and_tried_again(
    journal: Journal, migrated_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipper_module, "COMMAND_S_MAX", 0.3)
    locker = await asyncpg.connect(migrated_database)
    await locker.execute("BEGIN; LOCK TABLE journal IN ACCESS EXCLUSIVE MODE")
    append_answered_call(journal)
    async with shipping(journal, migrated_database) as shipper:
        error = await first_error(shipper)
        await locker.close()
        await caught_up(shipper)

    assert "Timeout" in error
    assert await value(migrated_database, "SELECT count(*) FROM calls") == 1


async def test_connections_cut_at_random_lose_and_double_nothing(
    journal: Journal, migrated_database: str
) -> None:
    chance = random.Random(11)  # noqa: S311 - moments, not secrets
    killer = await asyncpg.connect(migrated_database)
    calls = 0
    async with shipping(journal, migrated_database) as shipper:
        for _ in range(15):
            for _ in range(chance.randint(1, 40)):
                calls += 1
                append_short_call(journal, calls)
            await asyncio.sleep(chance.uniform(0, 0.15))
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'cordboard shipper'"
                " AND datname = current_database()"
            )
        await caught_up(shipper)
    await killer.close()

    assert await value(migrated_database, "SELECT count(*) FROM calls") == calls
    assert await value(migrated_database, "SELECT count(*) FROM journal") == 2 * calls


def append_short_call(journal: Journal, number: int) -> None:
    call = CallId(f"call-{number}")
    journal.append([(at(number), "fact", queued(number))])
    journal.append(
        [(at(number), "fact", CallCleared(call=call, hung_up_by=HungUpBy.CALLER, cause=16))]
    )


async def test_postgres_killed_and_started_again_gets_everything_once(journal: Journal) -> None:
    folder = Path(tempfile.mkdtemp(prefix="cb-"))
    await asyncio.to_thread(folder.chmod, 0o711)
    server = EmbeddedPostgres(folder / "data")
    try:
        address = await server.start()
        await migrate(address)
        async with shipping(journal, address) as shipper:
            append_answered_call(journal)
            await caught_up(shipper)
            assert server._server is not None
            server._server.send_signal(signal.SIGQUIT)
            await server.wait_ended()
            await server.stop()
            for number in range(1, 101):
                append_short_call(journal, number)
            error = await first_error(shipper)
            behind = shipper.behind
            await server.start()
            await caught_up(shipper)
        counted = await value(address, "SELECT count(*) FROM calls")
    finally:
        await server.stop()
        shutil.rmtree(folder)

    assert error
    assert (behind, counted, shipper.state.last_error) == (200, 101, None)


APPEND_AND_SHIP = """
import asyncio, sys
from pathlib import Path
from cti.call_facts import CallCleared, HungUpBy
from cti.ids import CallId
from storage.journal import Journal
from storage.records import journal_codec
from storage.shipper import Shipper
from tests.storage.builders import at, queued

async def main():
    with Journal.open(Path(sys.argv[1]), journal_codec()) as journal:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(Shipper(journal, journal_codec(), sys.argv[2]).run())
            while True:
                # Each call stays open over the next 40 records.
                number = journal.last_position // 2 + 1
                journal.append([(at(number), "fact", queued(number))])
                end = CallCleared(
                    call=CallId(f"call-{number - 20}"), hung_up_by=HungUpBy.CALLER, cause=16
                )
                print(journal.append([(at(number), "fact", end)]), flush=True)
                await asyncio.sleep(0.002)

asyncio.run(main())
"""


async def test_a_daemon_killed_again_and_again_leaves_one_record_per_call(
    tmp_path: Path, migrated_database: str
) -> None:
    path = tmp_path / "journal.db"
    chance = random.Random(13)  # noqa: S311 - moments, not secrets
    for _ in range(4):
        daemon = await asyncio.create_subprocess_exec(
            sys.executable,
            "-c",
            APPEND_AND_SHIP,
            path,
            migrated_database,
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
        )
        assert daemon.stdout is not None
        for _ in range(chance.randint(50, 250)):
            await daemon.stdout.readline()
        daemon.kill()
        await daemon.wait()
    with Journal.open(path, journal_codec()) as journal:
        await ship_all(journal, migrated_database)
        last = journal.last_position
        ended = {
            record.body.call for record in journal.read() if isinstance(record.body, CallCleared)
        }
    rows = await fetch(migrated_database, "SELECT call, waited > '0' AS waited FROM calls")

    assert await value(migrated_database, "SELECT count(*) FROM journal") == last
    assert sorted(row["call"] for row in rows) == sorted(ended)
    assert all(row["waited"] for row in rows if int(row["call"].removeprefix("call-")) > 0)
