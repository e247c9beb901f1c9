"""Loading goes through our own migrations: an archive of an older schema becomes a newer one."""

import asyncio
import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from storage.archive import Spool
from storage.archive_manifest import DatabasePart, JournalPart, Manifest, Member, Table
from storage.dump import DatabaseView, database_view
from storage.errors import (
    ArchiveDamagedError,
    ArchiveError,
    ArchiveTooNewError,
    StorageUnavailableError,
)
from storage.load import Loaded, load, restored_by
from storage.migrate import Migration, migrate

REPOSITORY = Path(__file__).parents[2]
FIRST = Migration(
    number=1,
    name="0001_a.sql",
    sql="CREATE TABLE b (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n text NOT NULL);"
    "CREATE TABLE a (b bigint NOT NULL REFERENCES b, PRIMARY KEY (b));"
    "CREATE TABLE seeded (n int); INSERT INTO seeded VALUES (1)",
)
SECOND = Migration(
    number=2,
    name="0002_b.sql",
    sql="ALTER TABLE b ADD twice text GENERATED ALWAYS AS (n || n) STORED;"
    "CREATE TABLE later AS SELECT count(*) AS n FROM b",
)
THIRD = Migration(
    number=3,
    name="0003_c.sql",
    sql="-- no-transaction\nCREATE INDEX CONCURRENTLY b_n ON b (n);\n",
)


class Dump:
    """A database in memory, as an archive holds it."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.part: DatabasePart
        self.rows: dict[str, int] = {}

    async def take(self, view: DatabaseView) -> None:
        for table in view.tables:
            file = io.BytesIO()
            spool = Spool(file, packed=False)
            self.rows[table] = await view.copy(table, spool, lambda _: None)
            spool.finish()
            self.contents[table] = file.getvalue()
        self.part = DatabasePart(
            schema=view.schema,
            tables=[Table(name=t, member=t, columns=c) for t, c in view.tables.items()],
            sequences=view.sequences,
        )

    @property
    def manifest(self) -> Manifest:
        return Manifest(
            program="0.1.0",
            core="0.1.0",
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            kinds=["database"],
            database=self.part,
            journal=JournalPart(member="", journal="", format=1, first_position=0, last_position=0),
            members=[
                Member(name=t, kind="database", size=0, sha256="", unpacked=0, rows=self.rows[t])
                for t in self.contents
            ],
        )

    def blocks(self, name: str) -> Iterator[bytes]:
        yield self.contents[name]

    async def load_into(self, address: str, migrations: list[Migration]) -> Loaded:
        return await load(
            address,
            self.manifest,
            self.blocks,
            restore="r1",
            aside="aside",
            tell=lambda _: None,
            migrations=migrations,
        )


@pytest.fixture
async def older(migrated_database: str) -> Dump:
    """The dump of a database of the first schema, with rows."""
    await execute(migrated_database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await migrate(migrated_database, [FIRST])
    await execute(
        migrated_database,
        "INSERT INTO b (n) VALUES ('x'), ('y'), ('z'); INSERT INTO a VALUES (1), (3);"
        "DELETE FROM b WHERE id = 2; UPDATE seeded SET n = 7",
    )
    dump = Dump()
    async with database_view(migrated_database) as view:
        await dump.take(view)
    return dump


async def execute(address: str, statement: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


async def rows(address: str, query: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(address)
    try:
        return [tuple(row) for row in await connection.fetch(query)]
    finally:
        await connection.close()


async def test_an_older_archive_is_loaded_into_its_own_schema_and_migrated_onward(
    older: Dump, database: str
) -> None:
    loaded = await older.load_into(database, [FIRST, SECOND, THIRD])

    assert loaded == Loaded(aside=None, foreign=[])
    assert await rows(database, "SELECT * FROM b ORDER BY 1") == [(1, "x", "xx"), (3, "z", "zz")]
    assert await rows(database, "SELECT * FROM a ORDER BY 1") == [(1,), (3,)]
    assert await rows(database, "SELECT * FROM seeded") == [(7,)]
    assert await rows(database, "SELECT n FROM later") == [(2,)]
    assert await rows(database, "SELECT to_regclass('b_n') IS NULL") == [(False,)]
    assert await rows(database, "INSERT INTO b (n) VALUES ('w') RETURNING id") == [(4,)]
    assert await restored_by(database) == "r1"
    assert await migrate(database, [FIRST, SECOND, THIRD]) == 0


async def test_an_archive_of_a_newer_schema_is_refused(older: Dump, database: str) -> None:
    with pytest.raises(ArchiveTooNewError, match="schema 1, and this program knows those up to 0"):
        await older.load_into(database, [])


async def test_an_archive_made_by_other_migrations_is_refused_whole(
    older: Dump, database: str
) -> None:
    edited = Migration(number=1, name="0001_a.sql", sql=f"{FIRST.sql}; SELECT 1")
    with pytest.raises(ArchiveDamagedError, match="other migrations"):
        await older.load_into(database, [edited])

    assert await rows(database, "SELECT to_regclass('schema_migrations') IS NULL") == [(True,)]
    assert await restored_by(database) is None


async def test_tables_of_others_are_left_out_and_told(older: Dump, database: str) -> None:
    older.part.tables.append(Table(name="theirs", member="theirs", columns=["n"]))
    older.contents["theirs"], older.rows["theirs"] = b"1\n", 1

    assert (await older.load_into(database, [FIRST])).foreign == ["theirs"]


async def test_rows_that_refer_to_nothing_are_refused_whole(older: Dump, database: str) -> None:
    older.contents["a"] = b"1\n99\n"
    with pytest.raises(ArchiveDamagedError, match="foreign key"):
        await older.load_into(database, [FIRST])

    assert await rows(database, "SELECT to_regclass('b') IS NULL") == [(True,)]


async def test_what_was_there_is_put_aside_with_its_rows(older: Dump, database: str) -> None:
    await migrate(database, [FIRST, SECOND])
    await execute(database, "INSERT INTO b (n) VALUES ('old'); CREATE TABLE theirs (n int)")
    loaded = await older.load_into(database, [FIRST])

    assert loaded.aside == "aside"
    assert await rows(database, "SELECT n FROM aside.b") == [("old",)]
    assert await rows(database, "SELECT count(*) FROM aside.theirs") == [(0,)]
    assert await rows(database, "SELECT n FROM b ORDER BY 1") == [("x",), ("z",)]


async def test_a_plain_role_is_enough_but_to_put_something_aside_it_may_need_more(
    older: Dump, database: str
) -> None:
    await execute(database, "CREATE ROLE plain LOGIN; GRANT CREATE ON SCHEMA public TO plain")
    plain = database.replace("//cordboard@", "//plain@")
    try:
        await migrate(plain, [FIRST])
        with pytest.raises(ArchiveError, match=r"GRANT CREATE ON DATABASE"):
            await older.load_into(plain, [FIRST])
        assert await rows(plain, "SELECT n FROM seeded") == [(1,)]

        await execute(database, "DROP OWNED BY plain CASCADE")
        await execute(database, "GRANT CREATE ON SCHEMA public TO plain")
        await older.load_into(plain, [FIRST, SECOND, THIRD])
        assert await rows(plain, "SELECT n FROM seeded") == [(7,)]
    finally:
        await execute(database, "DROP OWNED BY plain CASCADE; DROP ROLE plain")


async def test_a_database_that_is_none_of_ours_is_not_dumped(database: str, tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="nothing of Cordboard's"):
        async with database_view(database):
            pass
    with pytest.raises(StorageUnavailableError):
        async with database_view(f"postgresql://nobody@/none?host={tmp_path}"):
            pass


async def test_a_dump_is_of_one_moment_whatever_is_written_meanwhile(database: str) -> None:
    await migrate(database, [FIRST])
    dump = Dump()
    async with database_view(database) as view:
        await execute(database, "INSERT INTO b (n) VALUES ('late'); INSERT INTO a VALUES (1)")
        await dump.take(view)

    assert (dump.contents["a"], dump.contents["b"]) == (b"", b"")


MIGRATE_SLOWLY = """
import asyncio, sys
from storage.migrate import Migration, migrate
slow = Migration(number=1, name="0001_a.sql", sql="CREATE TABLE a (n int); SELECT pg_sleep(600)")
asyncio.run(migrate(sys.argv[1], [slow]))
"""


def test_a_migration_that_is_killed_in_its_middle_is_begun_anew(database: str) -> None:
    async def sleeping() -> None:
        query = (
            "SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%'"
            " AND state = 'active' AND pid <> pg_backend_pid()"
        )
        async with asyncio.timeout(30):
            while not (found := await rows(database, query)):
                await asyncio.sleep(0.01)
        process.kill()
        # The server notices that its client is gone when it has something to tell it.
        await execute(database, f"SELECT pg_terminate_backend({found[0][0]})")

    process = subprocess.Popen([sys.executable, "-c", MIGRATE_SLOWLY, database], cwd=REPOSITORY)
    with process:
        asyncio.run(sleeping())

    assert process.returncode == -signal.SIGKILL
    again = Migration(number=1, name="0001_a.sql", sql="CREATE TABLE a (n int)")
    assert asyncio.run(migrate(database, [again])) == 1
    assert asyncio.run(rows(database, "SELECT count(*) FROM a")) == [(0,)]
