"""The database: whether it can be reached, is one that this program can use, and how fast."""

import asyncio
import os
import shutil
import statistics
import time
from urllib.parse import urlsplit

import asyncpg

from cti.database import ADDRESS_FILE
from cti.doctor.clock import compared
from cti.doctor.findings import Examination, Finding, not_checked, ok, warning, wrong
from cti.language import _, ngettext
from storage.embedded_place import SYSTEM_STATE, find_account, find_installation, reachable
from storage.errors import EmbeddedPostgresError
from storage.migrate import SERVER_MAJOR_MIN, read_migrations
from storage.pool import UNAVAILABLE

CONNECT_S = 2.5
STATEMENT_S = 1.5
ASKED_TIMES = 5
SLOW_MS = 50.0
"""A caller's record would come after his call's first offer; on one machine it is 0.2 ms."""
PROGRAM_S = 3.0
EMBEDDED_FREE_MIN = 524_288_000
"""An empty database with its write-ahead log takes some 40 MB, a year of calls a few hundred."""


async def look_at_database(examination: Examination) -> list[Finding]:
    """Look at the server of `database.url`, or at the embedded one."""
    url = examination.configuration.database_url
    if url is not None:
        return await _look_at_server(url.reveal(), _shown(url.reveal()), embedded=False)
    address_file = examination.configuration.data / ADDRESS_FILE
    if examination.daemon_runs and address_file.exists():
        address = await asyncio.to_thread(address_file.read_text)
        return await _look_at_server(address, _("the embedded server"), embedded=True)
    if examination.daemon_runs:
        return [not_checked(_("because the daemon has just begun to start the embedded server"))]
    return await _look_at_embedded(examination)


def _shown(url: str) -> str:
    """Return where a database is, without the password that its address may hold."""
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    return f"{host}:{parts.port}{parts.path}" if parts.port else f"{host}{parts.path}"


async def _look_at_server(address: str, shown: str, *, embedded: bool) -> list[Finding]:
    try:
        connection = await asyncpg.connect(address, timeout=CONNECT_S, command_timeout=STATEMENT_S)
    except (*UNAVAILABLE, asyncpg.PostgresError, ValueError) as error:
        return [_unreachable(error, shown, embedded=embedded)]
    try:
        found = [*await _server_faults(connection, shown), *await _schema(connection)]
        latency_ms = await _latency_ms(connection)
        if latency_ms > SLOW_MS:
            found.append(
                warning(
                    _("{place} takes {time} ms to answer").format(
                        place=shown, time=f"{latency_ms:.0f}"
                    ),
                    _("put the database nearer to the daemon, or see what loads it"),
                )
            )
        before = time.time()
        told = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8")
        clock = compared(_("the database's machine"), told, before, time.time())
        major = connection.get_server_version().major
    finally:
        connection.terminate()
    found += [clock] if clock.remedy else []
    if any(finding.remedy for finding in found):
        return found
    return [
        ok(
            _("Postgres {version} at {place} answers in {time} ms").format(
                version=major, place=shown, time=f"{max(latency_ms, 0.1):.1f}"
            )
        ),
        *found,
    ]


def _unreachable(error: BaseException, shown: str, *, embedded: bool) -> Finding:
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return wrong(
            _("the database {place} does not exist").format(place=shown),
            _("make it, on its server: createdb -E UTF8 -O OWNER {name}").format(
                name=shown.rpartition("/")[2]
            ),
        )
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return wrong(
            _("the database {place} refuses user and password").format(place=shown),
            _("put the right ones into the secret of `database.url`, or allow it in pg_hba.conf"),
        )
    if embedded:
        remedy = _("look into the daemon's log for database_away: journalctl -u cordboard")
    else:
        remedy = _("start it, or put the right address into `database.url`; pg_isready tries it")
    reason = str(error) or _("no answer within {seconds} seconds").format(seconds=CONNECT_S)
    return wrong(
        _("the database {place} cannot be reached: {reason}").format(place=shown, reason=reason),
        remedy,
    )


async def _server_faults(connection: asyncpg.Connection, shown: str) -> list[Finding]:
    found = []
    major = connection.get_server_version().major
    if major < SERVER_MAJOR_MIN:
        found.append(
            wrong(
                _("{place} is Postgres {version}; {oldest} is the oldest that will do").format(
                    place=shown, version=major, oldest=SERVER_MAJOR_MIN
                ),
                _("upgrade the server, or leave `database.url` out for the embedded one"),
            )
        )
    row = await connection.fetchrow(
        "SELECT current_setting('server_encoding') AS encoding, current_user AS account,"
        " current_database() AS name, current_schema() AS schema,"
        " pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on' AS fixed,"
        " coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS may_create"
    )
    if row is None:
        return found
    if row["encoding"] != "UTF8":
        found.append(
            wrong(
                _("the database {name} has the encoding {encoding}; names need UTF8").format(
                    name=row["name"], encoding=row["encoding"]
                ),
                f"createdb -E UTF8 -T template0 -O {row['account']} {row['name']}_utf8",
            )
        )
    if row["fixed"]:
        found.append(
            wrong(
                _("{place} takes no changes: it is a standby or read-only").format(place=shown),
                _("name the primary server in `database.url`"),
            )
        )
    elif not row["may_create"]:
        found.append(
            wrong(
                _("{account} may not make tables in {name}").format(
                    account=row["account"], name=row["name"]
                ),
                f"psql {row['name']} -c 'GRANT CREATE, USAGE ON SCHEMA "
                f"{row['schema'] or 'public'} TO {row['account']}'",
            )
        )
    return found


async def _schema(connection: asyncpg.Connection) -> list[Finding]:
    """Compare the tables with this program's, and change nothing."""
    wanted = await asyncio.to_thread(read_migrations)
    if await connection.fetchval("SELECT to_regclass('schema_migrations')") is None:
        return [ok(_("it is empty; the daemon makes its tables when it starts"))]
    try:
        rows = await connection.fetch("SELECT number, sha256 FROM schema_migrations")
    except asyncpg.InsufficientPrivilegeError:
        return [
            wrong(
                _("the tables in the database belong to another user"),
                _("connect as the user who made them, or give them to this one: REASSIGN OWNED"),
            )
        ]
    applied = {row["number"]: row["sha256"] for row in rows}
    known = {migration.number: migration.sha256 for migration in wanted}
    if unknown := sorted(applied.keys() - known.keys()):
        return [
            wrong(
                _(
                    "the database was used by a newer Cordboard: it has migration {number}, and "
                    "this program knows {count}"
                ).format(number=unknown[-1], count=len(wanted)),
                _(
                    "install that version again, or restore a backup of before the upgrade: "
                    "cordboard restore --help"
                ),
            )
        ]
    if [number for number, sha256 in applied.items() if known[number] != sha256]:
        return [
            wrong(
                _("the database was brought up by migrations that are not this program's"),
                _("install the version of Cordboard that was used with it"),
            )
        ]
    if behind := len(known.keys() - applied.keys()):
        return [
            ok(
                ngettext(
                    "it is {count} migration behind; the daemon brings it up when it starts",
                    "it is {count} migrations behind; the daemon brings it up when it starts",
                    behind,
                ).format(count=behind)
            )
        ]
    return []


async def _latency_ms(connection: asyncpg.Connection) -> float:
    times = []
    for _asked in range(ASKED_TIMES):
        began = time.perf_counter()
        await connection.fetchval("SELECT 1")
        times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


async def _look_at_embedded(examination: Examination) -> list[Finding]:
    """See that the embedded server could be started; nothing is started or made."""
    remedy = _("run the daemon as an ordinary user, or set `database.url` to a server of yours")
    folder = examination.configuration.data
    existing = next(path for path in (folder, *folder.parents) if path.is_dir())
    try:
        installation = await asyncio.to_thread(find_installation)
        account = find_account()
    except EmbeddedPostgresError as error:
        return [wrong(str(error), remedy)]
    program = installation / "bin" / "postgres"
    told = await _version_of(str(program))
    if told is None:
        return [
            wrong(
                _("the embedded Postgres does not start: {program}").format(program=program),
                _("see what {program} --version says; or set `database.url`").format(
                    program=program
                ),
            )
        ]
    found = []
    if not reachable(existing, account):
        found.append(
            ok(
                _(
                    "the embedded server of root runs as another account, which cannot enter "
                    "{folder}: it keeps its files in {place}"
                ).format(folder=existing, place=SYSTEM_STATE)
            )
        )
    if shutil.disk_usage(existing).free < EMBEDDED_FREE_MIN:
        found.append(
            wrong(
                _("too little room for the embedded server in {folder}").format(folder=existing),
                _("make room on that disk: df -h {folder}").format(folder=existing),
            )
        )
    data = folder / "postgres" / "data" / "PG_VERSION"
    if os.access(data, os.R_OK) and data.read_text().strip() != told:
        found.append(
            wrong(
                _("{folder} was made by Postgres {old}, and this is {new}").format(
                    folder=data.parent, old=data.read_text().strip(), new=told
                ),
                _("go by docs/backup.md: back up with the old program, restore with the new one"),
            )
        )
    if any(finding.remedy for finding in found):
        return found
    return [
        *found,
        ok(
            _("the embedded server, Postgres {version}, is started with the daemon").format(
                version=told
            )
        ),
    ]


async def _version_of(program: str) -> str | None:
    """Return the major version that a Postgres tells, or None where it cannot be run."""
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            "--version",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        async with asyncio.timeout(PROGRAM_S):
            said, _errors = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return None
    words = said.decode(errors="replace").split()
    return words[2].partition(".")[0] if len(words) > 2 else None  # noqa: PLR2004 - "postgres (PostgreSQL) 18.1"
