"""
Making a backup of a site, while its daemon runs or not.

The order matters. The database is looked at first and the journal copied after that: what reached
the database later is still in the journal, so that each record is in one of the two, or in both.
The other way round the database would be ahead of its journal, which the shipper refuses. Should
the journal have been pruned in between, it is all begun anew. Callers' numbers are read last: then
none comes back that was erased while the backup was made.
"""

import asyncio
import importlib.metadata
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from config.prompts import PROMPTS_FOLDER
from cti.backup.inspection import JOURNAL_MEMBER
from cti.backup.progress import Work
from cti.backup.site import (
    CONFIG_BYTES_MAX,
    PROMPT_BYTES_MAX,
    SECRET_BYTES_MAX,
    Site,
    configuration_files,
    database_of,
    prompt_files,
    secret_files,
)
from cti.language import _
from storage.archive import ArchiveWriter, Sink, Spool
from storage.archive_manifest import (
    DatabasePart,
    JournalPart,
    Manifest,
    Member,
    Table,
    written,
)
from storage.dump import PARTIES, DatabaseView, database_view
from storage.errors import ArchiveError, JournalUnavailableError
from storage.journal_copy import JournalSpan, copy, span
from storage.journal_file import RESTORE_MARK

ATTEMPTS_MAX = 3
PAGE_BYTES = 4_096


class _OvertakenError(Exception):
    """The journal was pruned between the look at the database and the copy."""


@dataclass(slots=True, kw_only=True)
class _Backup:
    """One backup on its way; `room` is a private folder for what is on its way too."""

    site: Site
    writer: ArchiveWriter
    room: Path
    work: Work
    program: str
    members: list[Member] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


async def back_up(
    site: Site, sink: Sink, room: Path, work: Work, *, with_secrets: bool
) -> Manifest:
    """
    Write a whole archive into the sink, and return what is in it.

    Raises:
        StorageError: one of its parts cannot be read.
        OSError: the archive cannot be written.
    """
    now = datetime.now(UTC).replace(microsecond=0)
    backup = _Backup(
        site=site,
        writer=ArchiveWriter(sink, made_at=int(now.timestamp())),
        room=room,
        work=work,
        program=importlib.metadata.version("cordboard"),
    )
    if (site.data / RESTORE_MARK).exists():
        raise ArchiveError(
            _("a restore into {folder} was broken off: finish it first").format(folder=site.data)
        )
    if await asyncio.to_thread(span, site.journal) is None:
        raise JournalUnavailableError(
            _("there is no journal in {folder}: no daemon has ever run there").format(
                folder=site.data
            )
        )
    _add_files(backup, with_secrets=with_secrets)
    async with database_of(site) as address:
        database, journal = await _add_records(backup, address)
    manifest = Manifest(
        program=backup.program,
        core=backup.program,
        created_at=now,
        kinds=["configuration", "prompts", "database", "journal"]
        + (["secrets"] if with_secrets else []),
        database=database,
        journal=JournalPart(
            member=JOURNAL_MEMBER,
            journal=journal.journal,
            format=journal.format,
            first_position=journal.first_position,
            last_position=journal.last_position,
        ),
        members=backup.members,
        left_out=backup.left_out,
    )
    backup.writer.finish(written(manifest))
    return manifest


def _add_files(backup: _Backup, *, with_secrets: bool) -> None:
    site = backup.site
    backup.work.begin(_("configuration and prompts"))
    for name, path in configuration_files(site).items():
        _add_file(backup, f"config/{name}", "configuration", path, CONFIG_BYTES_MAX)
    for name, path in prompt_files(site).items():
        _add_file(backup, f"{PROMPTS_FOLDER}/{name}", "prompts", path, PROMPT_BYTES_MAX)
    within, elsewhere = secret_files(site)
    if with_secrets:
        for name, path in within.items():
            if path.exists():
                _add_file(backup, f"secrets/{name}", "secrets", path, SECRET_BYTES_MAX)
    else:
        elsewhere = [*within, *elsewhere]
    backup.left_out += elsewhere


def _add_file(backup: _Backup, name: str, kind: str, path: Path, bytes_max: int) -> None:
    if path.stat().st_size > bytes_max:
        raise ArchiveError(
            _("{path} has more than {count} bytes, and is no such file").format(
                path=path, count=bytes_max
            )
        )
    with path.open("rb") as file:
        stored = backup.writer.add(name, file)
    backup.members.append(
        Member(
            name=name,
            kind=kind,
            size=stored.size,
            sha256=stored.sha256,
            unpacked=stored.unpacked,
        )
    )


async def _add_records(backup: _Backup, address: str) -> tuple[DatabasePart, JournalSpan]:
    for attempt in range(1, ATTEMPTS_MAX + 1):
        try:
            async with database_view(address) as view:
                journal = await _add_journal(backup, view)
                tables = [
                    await _add_table(backup, view, table)
                    for table in view.tables
                    if table != PARTIES
                ]
            break
        except _OvertakenError:
            if attempt == ATTEMPTS_MAX:
                raise ArchiveError(
                    _("the journal is pruned faster than it can be copied; try again")
                ) from None
    async with database_view(address) as later:
        if later.schema != view.schema:
            raise ArchiveError(_("the database was upgraded meanwhile; try again"))
        if PARTIES in later.tables:
            tables.append(await _add_table(backup, later, PARTIES))
    part = DatabasePart(
        schema=view.schema,
        tables=sorted(tables, key=lambda table: table.name),
        sequences=view.sequences,
    )
    return part, journal


async def _add_journal(backup: _Backup, view: DatabaseView) -> JournalSpan:
    """Copy the journal, and put it into the archive if it begins where the database needs it."""
    site, work = backup.site, backup.work
    before = await asyncio.to_thread(span, site.journal)
    copied = backup.room / "journal"
    copied.unlink(missing_ok=True)
    work.begin(_("journal: a copy"))
    found = await _copied(site.journal, copied, backup.program)
    needed = await view.needed_from(found.journal)
    if before is None or found.first_position > max(before.first_position, needed):
        raise _OvertakenError
    work.begin(_("journal"), copied.stat().st_size)
    with (backup.room / "packed").open("w+b") as packed:
        spool = Spool(packed)
        with copied.open("rb") as source:
            while block := source.read(2**20):
                spool.write(block)
                work.advance(len(block))
                await asyncio.sleep(0)
        copied.unlink()
        _add_spool(backup, JOURNAL_MEMBER, "journal", packed, spool, rows=None)
    return found


async def _copied(path: Path, target: Path, program: str) -> JournalSpan:
    """Copy the journal in a thread, which ends when this task is cancelled."""
    given_up = threading.Event()

    def tell(_done: int, _of: int) -> None:
        if given_up.is_set():
            raise JournalUnavailableError("given up")

    copying = asyncio.ensure_future(
        asyncio.to_thread(copy, path, target, tell, core_version=program)
    )
    try:
        return await asyncio.shield(copying)
    except asyncio.CancelledError:
        given_up.set()
        await asyncio.wait([copying])
        raise


async def _add_table(backup: _Backup, view: DatabaseView, table: str) -> Table:
    name = f"database/{table}.copy.gz"
    backup.work.begin(_("table {table}").format(table=table))
    with (backup.room / "packed").open("w+b") as packed:
        spool = Spool(packed)
        rows = await view.copy(table, spool, backup.work.advance)
        _add_spool(backup, name, "database", packed, spool, rows=rows)
    return Table(name=table, member=name, columns=view.tables[table])


def _add_spool(
    backup: _Backup, name: str, kind: str, packed: BinaryIO, spool: Spool, *, rows: int | None
) -> None:
    unpacked = spool.finish()
    stored = backup.writer.add(name, packed, unpacked=unpacked)
    backup.members.append(
        Member(
            name=name,
            kind=kind,
            size=stored.size,
            sha256=stored.sha256,
            unpacked=unpacked,
            rows=rows,
        )
    )
