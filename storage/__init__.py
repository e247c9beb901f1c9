"""The journal on local disk; Postgres: call log, customers, migrations, the embedded server."""
