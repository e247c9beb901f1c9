import asyncio
from pathlib import Path

import asyncpg
import pytest

from storage.errors import (
    DatabaseTooNewError,
    MigrationEditedError,
    MigrationError,
    MigrationFilesError,
    ServerTooOldError,
    StorageUnavailableError,
)
from storage.migrate import Migration, migrate, read_migrations

FIRST = Migration(number=1, name="0001_a.sql", sql="CREATE TABLE a (n int)")
SECOND = Migration(number=2, name="0002_b.sql", sql="INSERT INTO a VALUES (1);\nSELECT 1")


async def value(address: str, query: str) -> object:
    connection = await asyncpg.connect(address)
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


async def test_the_projects_migrations_apply_once_to_an_empty_database(database: str) -> None:
    count = len(read_migrations())

    assert [count, 0] == [await migrate(database), await migrate(database)]
    assert await value(database, "SELECT count(*) FROM calls") == 0


async def test_only_what_is_missing_is_applied(database: str) -> None:
    assert await migrate(database, [FIRST]) == 1
    assert await migrate(database, [FIRST, SECOND]) == 1
    assert await value(database, "SELECT count(*) FROM a") == 1


async def test_of_four_that_start_at_once_one_migrates(database: str) -> None:
    slow = Migration(number=3, name="0003_c.sql", sql="SELECT pg_sleep(0.2)")
    counts = await asyncio.gather(*(migrate(database, [FIRST, SECOND, slow]) for _ in range(4)))

    assert sorted(counts) == [0, 0, 0, 3]
    assert await value(database, "SELECT count(*) FROM a") == 1


async def test_a_concurrent_index_is_built_while_others_wait(database: str) -> None:
    index = Migration(
        number=2,
        name="0002_i.sql",
        sql="-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS a_n ON a (n);\n",
    )
    counts = await asyncio.gather(*(migrate(database, [FIRST, index]) for _ in range(3)))

    assert sorted(counts) == [0, 0, 2]
    assert await value(database, "SELECT to_regclass('a_n') IS NOT NULL")


async def test_a_failing_migration_leaves_nothing_of_itself(database: str) -> None:
    broken = Migration(number=2, name="0002_x.sql", sql="CREATE TABLE b (n int); SELECT 1/0")
    with pytest.raises(MigrationError, match=r"0002_x\.sql failed: division by zero"):
        await migrate(database, [FIRST, broken])

    assert await value(database, "SELECT to_regclass('b') IS NULL")
    assert await value(database, "SELECT max(number) FROM schema_migrations") == 1


async def test_a_migration_edited_after_it_was_applied_is_refused(database: str) -> None:
    await migrate(database, [FIRST])
    edited = Migration(number=1, name="0001_a.sql", sql="CREATE TABLE a (n bigint)")
    with pytest.raises(MigrationEditedError, match=r"0001_a\.sql"):
        await migrate(database, [edited])


async def test_a_database_of_a_newer_program_is_refused(database: str) -> None:
    await migrate(database, [FIRST, SECOND])
    with pytest.raises(DatabaseTooNewError, match=r"\[2\]"):
        await migrate(database, [FIRST])


async def test_an_old_server_is_refused(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.migrate.SERVER_MAJOR_MIN", 99)
    with pytest.raises(ServerTooOldError, match="is Postgres 18; 99 is the oldest"):
        await migrate(database)


async def test_no_server_is_the_typed_error(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailableError):
        await migrate(f"postgresql://nobody@/none?host={tmp_path}")


async def test_a_lock_that_is_never_given_up_ends_the_wait(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("storage.migrate.WAIT_S_MAX", 0.2)
    holder = await asyncpg.connect(database)
    try:
        await holder.execute("SELECT pg_advisory_lock(x'436F726462'::bigint)")
        with pytest.raises(MigrationError, match="another process migrates"):
            await migrate(database)
    finally:
        await holder.close()


@pytest.mark.parametrize(
    "names",
    [[], ["0002_b.sql"], ["0001_a.sql", "0003_c.sql"], ["0001_a.sql", "0001_b.sql"], ["1_a.sql"]],
)
def test_a_gap_a_double_number_and_a_wrong_name_are_refused(
    tmp_path: Path, names: list[str]
) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationFilesError):
        read_migrations(tmp_path)
