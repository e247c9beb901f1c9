"""
Customers and their phone numbers: who is calling.

Numbers are compared in E.164 (`+49301234567`), to which they are brought by the rules of the
numbering plan. What is no full number of a person (an emergency or short number, an extension,
`anonymous`, junk) is never made into one: a wrong record on an agent's screen is worse than none.
"""

from dataclasses import dataclass

import asyncpg
import phonenumbers

from storage.errors import StorageConflictError
from storage.pool import Pool
from storage.rows import without_nul

NUMBER_CHARACTERS_MAX = 40
NUMBERS_MAX = 20
"""A customer has no more numbers than that."""
TEXT_CHARACTERS_MAX = 4_000
ID_MAX = 2**63 - 1

_SELECT = """
SELECT id, name, company, note, language,
    ARRAY(SELECT number FROM customer_numbers WHERE customer = id ORDER BY number) AS numbers
FROM customers
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """Somebody whom we know; `numbers` are E.164, `language` is a tag such as `de`, or empty."""

    id: int
    name: str
    company: str = ""
    note: str = ""
    language: str = ""
    numbers: tuple[str, ...] = ()


def normalised(number: str, country: str) -> str | None:
    """
    Return a number in E.164, as seen from `country` (`DE`); None where it is no full number.

    Letters are not read as digits: `0800 FLOWERS` in a caller's number is junk, not a number.
    """
    text = number.strip()
    if len(text) > NUMBER_CHARACTERS_MAX or any(character.isalpha() for character in text):
        return None
    try:
        parsed = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    # 110, 112, 911: the parser takes them for subscribers' numbers of the country. Whether a number
    # is *possibly* short is not asked: every Chinese mobile number is.
    if phonenumbers.is_valid_short_number(parsed) or not phonenumbers.is_valid_number(parsed):
        return None
    if parsed.extension:
        return None
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)


class CustomerBook:
    """
    The customers in Postgres; `country` is where numbers without a country code belong.

    Every method may raise `StorageUnavailableError`, within the pool's deadline.
    """

    def __init__(self, pool: Pool, country: str) -> None:
        self._pool = pool
        self._country = country

    async def find_by_number(self, number: str) -> Customer | None:
        """Return the customer with this number; of several who share it, the oldest record."""
        wanted = normalised(number, self._country)
        if wanted is None:
            return None
        async with self._pool.single_statement() as connection:
            row = await connection.fetchrow(
                f"{_SELECT} WHERE id IN"  # noqa: S608 - a constant of ours
                " (SELECT customer FROM customer_numbers WHERE number = $1) ORDER BY id LIMIT 1",
                wanted,
            )
        return None if row is None else _customer(row)

    async def find(self, customer: int) -> Customer | None:
        """Return the customer with this id."""
        if not 0 < customer <= ID_MAX:
            return None
        async with self._pool.single_statement() as connection:
            row = await connection.fetchrow(f"{_SELECT} WHERE id = $1", customer)
        return None if row is None else _customer(row)

    async def add(
        self,
        *,
        name: str,
        numbers: tuple[str, ...] = (),
        company: str = "",
        note: str = "",
        language: str = "",
    ) -> Customer:
        """
        Add a customer and return his record.

        Raises:
            ValueError: a number is none, there are too many, or a text is too long.
        """
        texts = _checked(name, company, note, language)
        wanted = self._all_normalised(numbers)
        async with self._pool.connection() as connection:
            identity = await connection.fetchval(
                "INSERT INTO customers (name, company, note, language) VALUES ($1, $2, $3, $4)"
                " RETURNING id",
                *texts,
            )
            await _set_numbers(connection, identity, wanted)
        return _made(identity, texts, wanted)

    async def update(self, customer: Customer) -> Customer:
        """
        Replace the record with this id, its numbers included, and return it as it stands now.

        Raises:
            StorageConflictError: it is not there any more.
            ValueError: as in `add`.
        """
        texts = _checked(customer.name, customer.company, customer.note, customer.language)
        wanted = self._all_normalised(customer.numbers)
        if not 0 < customer.id <= ID_MAX:
            raise StorageConflictError(f"there is no customer {customer.id}")
        async with self._pool.connection() as connection:
            changed = await connection.execute(
                "UPDATE customers SET name = $2, company = $3, note = $4, language = $5,"
                " changed_at = now() WHERE id = $1",
                customer.id,
                *texts,
            )
            if changed != "UPDATE 1":
                raise StorageConflictError(f"there is no customer {customer.id} any more")
            await _set_numbers(connection, customer.id, wanted)
        return _made(customer.id, texts, wanted)

    def _all_normalised(self, numbers: tuple[str, ...]) -> tuple[str, ...]:
        if len(numbers) > NUMBERS_MAX:
            raise ValueError(f"{len(numbers)} numbers are more than {NUMBERS_MAX}")
        wanted = set()
        for number in numbers:
            known = normalised(number, self._country)
            if known is None:
                raise ValueError(f"{number!r} is no full phone number")
            wanted.add(known)
        return tuple(sorted(wanted))


async def _set_numbers(
    connection: asyncpg.pool.PoolConnectionProxy, customer: int, numbers: tuple[str, ...]
) -> None:
    await connection.execute("DELETE FROM customer_numbers WHERE customer = $1", customer)
    await connection.execute(
        "INSERT INTO customer_numbers (number, customer) SELECT unnest($1::text[]), $2",
        numbers,
        customer,
    )


def _checked(*texts: str) -> tuple[str, ...]:
    """Return texts as Postgres can hold them."""
    for text in texts:
        if len(text) > TEXT_CHARACTERS_MAX:
            raise ValueError(f"a text of {len(text)} characters is too long")
    return tuple(without_nul(text).encode("utf-8", "replace").decode() for text in texts)


def _made(identity: int, texts: tuple[str, ...], numbers: tuple[str, ...]) -> Customer:
    name, company, note, language = texts
    return Customer(
        id=identity, name=name, company=company, note=note, language=language, numbers=numbers
    )


def _customer(row: asyncpg.Record) -> Customer:
    return Customer(
        id=row["id"],
        name=row["name"],
        company=row["company"],
        note=row["note"],
        language=row["language"],
        numbers=tuple(row["numbers"]),
    )
