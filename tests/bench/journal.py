"""
Durable records a second: our journal, and Postgres with one commit for each record.

The journal appends batches as large as the writer's under load, and syncs the disk once for each,
so that either side's records survive a power failure when they are counted. Both write the records
of a call, coded alike, to the same disk; Postgres is the embedded server with its defaults, asked
by prepared statements over a local socket. Wall-clock time: what counts is waiting for the disk.
"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path
from time import perf_counter
from typing import Final

import asyncpg

from acd.commands import OfferCall, OfferReason
from acd.facts import CallQueued, OfferAnswered, TalkEnded
from cti.call_facts import AgentLegRang, CallCleared, HungUpBy, ScreenPopped
from cti.ids import AgentId, CallId, DeviceId, LegId, OfferId, PbxId, QueueName
from cti.instants import Time, seconds
from cti.writer import BATCH_FACTS_MAX
from storage.embedded import EmbeddedPostgres
from storage.journal import Journal
from storage.journal_file import RecordKind
from storage.records import journal_codec
from tests.bench.figure import Comparison, alternately

Record = tuple[Time, RecordKind, object]

_TABLE: Final = """
CREATE TABLE records (
    position bigint PRIMARY KEY,
    at bigint NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    body bytea NOT NULL,
    version integer NOT NULL
)
"""


async def measure(*, batches: int = 40, commits: int = 1_500, rounds: int = 7) -> Comparison:
    """Compare so many batches of the journal with so many commits of Postgres."""
    folder = Path(tempfile.mkdtemp(prefix="cordboard-bench-"))
    try:
        # Where root measures, the server is somebody else, and has to pass through.
        await asyncio.to_thread(folder.chmod, 0o711)
        ours, peer = await _measured(folder, batches, commits, rounds)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder)
    return Comparison(
        name="journal",
        ours=ours,
        peer=peer,
        peer_name="Postgres, one commit a record",
        unit="durable records per second",
    )


async def _measured(folder: Path, batches: int, commits: int, rounds: int) -> tuple[float, float]:
    batch = list(islice(cycle(_records_of_a_call()), BATCH_FACTS_MAX))
    singles = list(islice(cycle(batch), commits))
    with Journal.open(folder / "journal.db", journal_codec()) as journal:
        async with _postgres(folder / "postgres") as connection:
            return await alternately(
                lambda: _journalled(journal, batch, batches),
                lambda: _committed(connection, singles),
                rounds=rounds,
            )


async def _journalled(journal: Journal, batch: list[Record], batches: int) -> float:
    began = perf_counter()
    for _ in range(batches):
        journal.append(batch)
        await journal.synced()
    return batches * len(batch) / (perf_counter() - began)


async def _committed(connection: asyncpg.Connection, records: list[Record]) -> float:
    codec = journal_codec()
    last = await connection.fetchval("SELECT coalesce(max(position), 0) FROM records")
    insert = await connection.prepare("INSERT INTO records VALUES ($1, $2, $3, $4, $5, $6)")
    began = perf_counter()
    for position, (at, kind, body) in enumerate(records, start=last + 1):
        await insert.fetch(position, at, kind, *codec.encode(body), 1)
    return len(records) / (perf_counter() - began)


@asynccontextmanager
async def _postgres(folder: Path) -> AsyncIterator[asyncpg.Connection]:
    """Run a server with an empty table like the journal's, and connect to it."""
    server = EmbeddedPostgres(folder)
    try:
        connection = await asyncpg.connect(await server.start())
        try:
            await connection.execute(_TABLE)
            yield connection
        finally:
            await connection.close()
    finally:
        await server.stop()


def _records_of_a_call() -> list[Record]:
    now = Time(1_795_337_574_000_000)
    call, agent, queue = CallId("0199a1f3c0de7000"), AgentId("ann"), QueueName("sales")
    offer, leg = OfferId(17), LegId(PbxId("main"), "pbx1-1795337574.1")
    device = DeviceId(PbxId("main"), "a1")
    reason = OfferReason(
        rule="longest_idle",
        sort_key=(now, agent),
        next_best=AgentId("ben"),
        ready=2,
        excluded=(("busy", 3), ("not_ready", 1)),
        waited=seconds(7),
        policy_version="2f7d1c4b",
    )
    command = OfferCall(
        offer=offer,
        call=call,
        agent=agent,
        device=device,
        queue=queue,
        ring_time=seconds(15),
        reason=reason,
    )
    return [
        (now, "fact", CallQueued(call=call, queue=queue)),
        (now, "command", command),
        (now, "fact", ScreenPopped(call=call, offer=offer, found=True)),
        (now, "fact", AgentLegRang(call=call, offer=offer, leg=leg)),
        (now, "fact", OfferAnswered(offer=offer)),
        (now, "fact", TalkEnded(call=call, agent=agent)),
        (now, "fact", CallCleared(call=call, hung_up_by=HungUpBy.CALLER, cause=16)),
    ]
