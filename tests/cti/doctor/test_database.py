"""Databases that the daemon cannot use, or not yet: on a real Postgres."""

import asyncio
import socket
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from config.load import load
from config.secrets import Secret
from cti.doctor.database import look_at_database
from cti.doctor.findings import Examination, Finding, Verdict
from storage.migrate import migrate
from tests.cti.doctor.patients import ENVIRONMENT, EXAMPLES


async def looked_at(url: str | None, data: Path = Path("/nowhere")) -> list[Finding]:
    configuration = replace(
        load(EXAMPLES, ENVIRONMENT),
        database_url=None if url is None else Secret(url),
        data=data,
    )
    return await look_at_database(Examination(configuration=configuration))


async def execute(address: str, *statements: str) -> None:
    connection = await asyncpg.connect(address)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def test_a_database_with_the_schema_is_in_order(migrated_database: str) -> None:
    (finding,) = await looked_at(migrated_database)

    assert finding.verdict is Verdict.OK
    assert "Postgres 18" in finding.sentence


async def test_an_empty_one_and_one_that_is_behind_are_brought_up_by_the_daemon(
    database: str,
) -> None:
    empty = await looked_at(database)
    await migrate(database)
    await execute(database, "DELETE FROM schema_migrations WHERE number = 1")
    behind = await looked_at(database)
    after = await looked_at(database)

    assert {finding.verdict for finding in (*empty, *behind)} == {Verdict.OK}
    assert "it is empty" in empty[1].sentence
    assert "behind" in behind[1].sentence
    assert behind[1] == after[1]  # nothing was brought up by looking


async def test_one_of_a_newer_program_and_one_of_another_are_wrong(migrated_database: str) -> None:
    await execute(migrated_database, "INSERT INTO schema_migrations VALUES (9999, 'x.sql', 'y')")
    (newer,) = await looked_at(migrated_database)
    await execute(
        migrated_database,
        "DELETE FROM schema_migrations WHERE number = 9999",
        "UPDATE schema_migrations SET sha256 = 'other' WHERE number = 1",
    )
    (edited,) = await looked_at(migrated_database)

    assert (newer.verdict, "migration 9999" in newer.sentence) == (Verdict.WRONG, True)
    assert "restore" in newer.remedy
    assert (edited.verdict, "not this program's" in edited.sentence) == (Verdict.WRONG, True)


async def test_one_that_is_down_is_wrong_and_its_password_is_not_shown() -> None:
    (finding,) = await looked_at("postgresql://ann:hunter2@127.0.0.1:1/calls")

    assert finding.verdict is Verdict.WRONG
    assert "127.0.0.1:1/calls cannot be reached" in finding.sentence
    assert "database.url" in finding.remedy
    assert "hunter2" not in finding.sentence + finding.remedy


async def test_one_that_takes_connections_and_says_nothing_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with asyncio.timeout(10):
            (finding,) = await looked_at(f"postgresql://ann@127.0.0.1:{port}/calls")

    assert "cannot be reached: no answer within" in finding.sentence


async def test_one_that_does_not_exist_is_told_so(postgres_address: str) -> None:
    (finding,) = await looked_at(postgres_address.replace("@/cordboard?", "@/nobodys?"))

    assert "does not exist" in finding.sentence
    assert "createdb" in finding.remedy


@pytest.mark.parametrize(
    ("statement", "told", "remedy"),
    [
        (
            "ALTER DATABASE {name} SET default_transaction_read_only = on",
            "takes no changes",
            "primary",
        ),
        ("ALTER DATABASE {name} SET search_path = nobodys", "may not make tables", "GRANT CREATE"),
    ],
)
async def test_one_that_cannot_be_written_is_wrong(
    database: str, statement: str, told: str, remedy: str
) -> None:
    name = database.partition("@/")[2].partition("?")[0]
    await execute(database, statement.format(name=name))
    findings = [finding for finding in await looked_at(database) if finding.remedy]

    assert [told in finding.sentence for finding in findings] == [True]
    assert remedy in findings[0].remedy


async def test_another_encoding_is_wrong(postgres_address: str) -> None:
    await execute(
        postgres_address,
        "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0",
    )
    address = postgres_address.replace("@/cordboard?", "@/latin?")
    try:
        findings = [finding for finding in await looked_at(address) if finding.remedy]
    finally:
        await execute(postgres_address, "DROP DATABASE latin WITH (FORCE)")

    assert ["LATIN1" in finding.sentence for finding in findings] == [True]


async def test_the_embedded_server_is_not_started_to_be_looked_at(tmp_path: Path) -> None:
    findings = await looked_at(None, tmp_path / "data")

    assert {finding.verdict for finding in findings} == {Verdict.OK}
    assert "Postgres 18" in findings[-1].sentence
    assert not (tmp_path / "data").exists()


async def test_a_data_folder_of_another_postgres_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("14\n")
    findings = [finding for finding in await looked_at(None, tmp_path) if finding.remedy]

    assert ["was made by Postgres 14" in finding.sentence for finding in findings] == [True]
