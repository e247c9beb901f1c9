import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest

from storage.customers import NUMBERS_MAX, Customer, CustomerBook, normalised
from storage.errors import StorageConflictError, StorageUnavailableError
from storage.pool import Pool

HOSTILE = "Robert'); DROP TABLE customers;-- % _ \\ \0 \udcff"


@pytest.fixture
async def pool(migrated_database: str) -> AsyncIterator[Pool]:
    async with await Pool.open(migrated_database) as pool:
        yield pool


@pytest.fixture
def book(pool: Pool) -> CustomerBook:
    return CustomerBook(pool, "DE")


@pytest.mark.parametrize(
    ("number", "country", "expected"),
    [
        ("030 1234567", "DE", "+49301234567"),
        ("+49 (30) 123-4567", "US", "+49301234567"),
        ("004930 1234567", "DE", "+49301234567"),
        ("2125551234", "US", "+12125551234"),
        ("13912345678", "CN", "+8613912345678"),
        ("0800 1234567", "DE", "+498001234567"),
        ("112", "DE", None),
        ("110", "DE", None),
        ("911", "US", None),
        ("+1911", "DE", None),
        ("+49112", "DE", None),
        ("00112", "DE", None),
        ("116117", "DE", None),
        ("8000", "DE", None),
        ("30", "DE", None),
        ("030 1234567 ext 12", "DE", None),
        ("anonymous", "DE", None),
        ("0800 FLOWERS", "US", None),
        ("", "DE", None),
        ("+", "DE", None),
        ("+99912345678", "DE", None),
        ("1" * 10_000, "DE", None),
        ("030 1234567\r\nAction: Originate", "DE", None),
        ("\0", "DE", None),
        ("'; DROP TABLE customers", "DE", None),
        ("030 1234567", "ZZ", None),
    ],
)
def test_only_full_numbers_become_e164(number: str, country: str, expected: str | None) -> None:
    assert normalised(number, country) == expected


async def test_a_customer_is_found_however_the_number_is_written(book: CustomerBook) -> None:
    added = await book.add(
        name="Wang Wei 王伟",
        numbers=("030 1234567", "+49 151 23456789", "+4930-1234567"),
        company="Kranich GmbH",
        note="prefers mornings",
        language="zh",
    )

    assert added.numbers == ("+4915123456789", "+49301234567")
    assert await book.find_by_number("0049 30 1234567") == added
    assert await book.find_by_number("0151 23456789") == added
    assert await book.find(added.id) == added


async def test_an_unknown_number_and_junk_find_nobody(book: CustomerBook) -> None:
    await book.add(name="Ann", numbers=("+49301234567",))

    assert [await book.find_by_number(number) for number in ("+49301234568", "anonymous", "%")] == [
        None,
        None,
        None,
    ]


async def test_of_two_who_share_a_number_the_older_record_is_shown(book: CustomerBook) -> None:
    first = await book.add(name="Ann", numbers=("+49301234567",))
    await book.add(name="Ben", numbers=("+49301234567",))

    assert await book.find_by_number("+49301234567") == first


async def test_an_update_replaces_texts_and_numbers(book: CustomerBook) -> None:
    added = await book.add(name="Ann", numbers=("+49301234567",), note="old")
    updated = await book.update(replace(added, note="new", numbers=("+49301234568",)))

    assert await book.find_by_number("+49301234567") is None
    assert await book.find_by_number("+49301234568") == updated
    assert updated.note == "new"


async def test_hostile_text_is_kept_as_text(book: CustomerBook) -> None:
    added = await book.add(name=HOSTILE, company=HOSTILE, note=HOSTILE, language=HOSTILE)
    found = await book.find(added.id)

    assert found == added
    assert added.name == HOSTILE.replace("\0", "\ufffd").replace("\udcff", "?")


@pytest.mark.parametrize("identity", [0, -1, 10**9, 2**31, 2**63 - 1, 2**63, 2**200])
async def test_an_id_of_any_size_finds_nobody_and_updates_nothing(
    book: CustomerBook, identity: int
) -> None:
    assert await book.find(identity) is None
    with pytest.raises(StorageConflictError):
        await book.update(Customer(id=identity, name="Nobody"))


@pytest.mark.parametrize(
    "numbers",
    [("112",), ("anonymous",), ("+49301234567", "junk"), ("+49301234567",) * (NUMBERS_MAX + 1)],
)
async def test_a_record_with_a_wrong_number_is_refused_whole(
    book: CustomerBook, pool: Pool, numbers: tuple[str, ...]
) -> None:
    with pytest.raises(ValueError, match="number"):
        await book.add(name="Ann", numbers=numbers)
    async with pool.connection() as connection:
        assert await connection.fetchval("SELECT count(*) FROM customers") == 0


async def test_a_text_without_end_is_refused(book: CustomerBook) -> None:
    with pytest.raises(ValueError, match="too long"):
        await book.add(name="x" * 5_000)


async def test_a_database_that_does_not_answer_is_given_up_at_the_deadline(
    migrated_database: str,
) -> None:
    locker = await asyncpg.connect(migrated_database)
    await locker.execute("BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE")
    async with await Pool.open(migrated_database, deadline_s=0.2) as pool:
        async with asyncio.timeout(5):
            with pytest.raises(StorageUnavailableError, match=r"within 0\.2 s"):
                await CustomerBook(pool, "DE").find_by_number("+49301234567")
        await locker.close()

        assert await CustomerBook(pool, "DE").find_by_number("+49301234567") is None


async def test_a_pool_survives_the_loss_of_its_connections(
    book: CustomerBook, migrated_database: str
) -> None:
    added = await book.add(name="Ann", numbers=("+49301234567",))
    killer = await asyncpg.connect(migrated_database)
    await killer.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await killer.close()
    found = None
    async with asyncio.timeout(20):
        while found is None:  # the lost connections are found out one by one
            with contextlib.suppress(StorageUnavailableError):
                found = await book.find_by_number("+49301234567")

    assert found == added


async def test_a_server_that_is_not_there_is_the_typed_error() -> None:
    with pytest.raises(StorageUnavailableError):
        await Pool.open("postgresql://cordboard@/cordboard?host=/nowhere")
