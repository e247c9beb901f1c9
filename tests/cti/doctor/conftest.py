"""What doctor's tests stand on: a real Postgres."""

from tests.postgres import database, migrated_database, postgres_address

__all__ = ["database", "migrated_database", "postgres_address"]
