"""
Restoring a site from an archive, into a machine where there is nothing yet.

First everything is verified, and nothing touched. Then a mark is put beside the journal: while it
is there no daemon starts, so that whatever breaks the restore off (power, SIGKILL), it can be run
again and goes on; what ends before that takes away what it has made (`workplace`). The database is
filled in one transaction, which also leaves the restore's name in it; the journal is put in its
place by one rename; files follow, those that are there are kept. The mark goes last.
"""

import asyncio
import os
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import orjson

from config.load import MAIN_FILE
from cti.backup.files import files_of, place, put
from cti.backup.inspection import Archive, verify
from cti.backup.progress import Work
from cti.backup.rooms import archive_room
from cti.backup.site import (
    Site,
    check_owner,
    check_place,
    database_of,
    find_site,
    user_name,
)
from cti.backup.workplace import Workplace, workplace
from cti.language import _, ngettext
from storage import journal_file
from storage.archive import sync_folder
from storage.dump import rows_in
from storage.errors import ArchiveError, JournalError, StorageError
from storage.journal_copy import span
from storage.load import load, restored_by


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """
    What the administrator wants.

    `agreed` is what may be put aside with `force`, as he was told it; None: whatever is there.
    """

    force: bool = False
    replace_files: bool = False
    dry_run: bool = False
    agreed: list[str] | None = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A restore that has begun: its name, and which archive it is of."""

    restore: str
    archive: str
    begun: str

    @property
    def schema(self) -> str:
        """The schema that the database's tables of before are put into."""
        return f"before_restore_{self.begun}"

    def journal_aside(self, journal: Path) -> Path:
        """Return what the journal of before is called."""
        return journal.with_name(f"{journal.name}.before-restore-{self.begun}")


@dataclass(slots=True, kw_only=True)
class Outcome:
    """
    What a restore has done, for people.

    `there` is what has to be agreed to first: then nothing was done.
    """

    site: Site
    notes: list[str] = field(default_factory=list)
    there: list[str] = field(default_factory=list)


async def restore(
    archive: Archive, folder: Path, environment: Mapping[str, str], wishes: Wishes, work: Work
) -> Outcome:
    """
    Restore the site whose configuration is in `folder` (an absolute path), or in the archive.

    Raises:
        StorageError: it cannot be done; what was done says the message.
        ConfigError: the configuration cannot be used.
        OSError: a file cannot be read or written.
    """
    site = _site(archive, folder, environment, replace=wishes.replace_files)
    check_owner(site)
    check_place(site)
    if wishes.dry_run:
        with archive_room() as room:
            try:
                await verify(archive, room, work)
            except asyncio.CancelledError:
                work.note(_("broken off; nothing was changed"))
                raise
        return Outcome(site=site)
    with workplace(site, work) as here:
        outcome = await _restore(archive, wishes, here, work)
    if here.made and here.done:
        words = _(
            "{folder} was made; it belongs to the user {owner}, as whom the daemon has to run"
        )
        owner = user_name(os.geteuid())
        outcome.notes.append(words.format(folder=site.data, owner=owner))
    return outcome


async def _restore(archive: Archive, wishes: Wishes, here: Workplace, work: Work) -> Outcome:
    """Restore into a data folder that is there and locked."""
    site = here.site
    mark = _mark(site)
    resumed = mark is not None and mark.archive == archive.digest
    if mark is not None and not resumed and not wishes.force:
        raise ArchiveError(
            _("a restore of another archive into {folder} was broken off: run it again").format(
                folder=site.data
            )
        )
    here.begun = resumed
    journal = await verify(archive, here.room, work)
    async with database_of(site) as address:
        if mark is None or not resumed:
            there = await _what_is_there(site, address)
            if there and not _may_go_on(there, wishes):
                return Outcome(site=site, there=there)
            mark = _new_mark(site, archive)
            here.begun = True
        notes = await _fill_database(archive, site, address, mark, work)
    work.begin(_("journal"))
    notes += _place_journal(site, journal, mark)
    work.begin(_("configuration and prompts"))
    notes += place(archive, files_of(archive, site.folder), replace=wishes.replace_files)
    here.mark.unlink()
    sync_folder(site.data)
    here.done = True
    return Outcome(site=site, notes=notes)


def _site(archive: Archive, folder: Path, environment: Mapping[str, str], *, replace: bool) -> Site:
    """Find the site by the files that there will be, before they are put in their places."""
    with archive_room() as room:
        trial = room / "site"
        trial.mkdir()
        for file in files_of(archive, folder):
            if file.kind == "prompts":
                continue
            if replace or not file.path.exists():
                put(trial / file.path.relative_to(folder), archive.content(file.member), 0o600)
        for entry in folder.iterdir() if folder.is_dir() else ():
            if not (trial / entry.name).exists():
                (trial / entry.name).symlink_to(entry)
        if not (trial / MAIN_FILE).exists():
            raise ArchiveError(
                _("there is no {file}, neither in {folder} nor in the archive").format(
                    file=MAIN_FILE, folder=folder
                )
            )
        return find_site(folder, environment, files=trial)


def _mark(site: Site) -> Mark | None:
    """Return the mark of a restore that was broken off; None where there is none."""
    try:
        data = (site.data / journal_file.RESTORE_MARK).read_bytes()
    except FileNotFoundError:
        return None
    try:
        return Mark(**orjson.loads(data))
    except (ValueError, TypeError):
        # It is renamed into its place when it is whole; this one is nobody's.
        return Mark(restore="", archive="", begun="")


def _new_mark(site: Site, archive: Archive) -> Mark:
    mark = Mark(
        restore=secrets.token_hex(16),
        archive=archive.digest,
        begun=datetime.now(UTC).strftime("%Y%m%d_%H%M%S"),
    )
    put(site.data / journal_file.RESTORE_MARK, orjson.dumps(asdict(mark)), 0o600)
    return mark


async def _what_is_there(site: Site, address: str) -> list[str]:
    """Say in a line each what would be put aside."""
    there = []
    try:
        found = span(site.journal)
    except JournalError as error:
        there.append(str(error))
    else:
        if found is not None and found.records:
            there.append(
                ngettext(
                    "the journal {path} with {count} record",
                    "the journal {path} with {count} records",
                    found.records,
                ).format(path=site.journal, count=f"{found.records:,}")
            )
    for table, count in (await rows_in(address)).items():
        if count:
            there.append(
                ngettext(
                    "the table {table} with {count} row",
                    "the table {table} with {count} rows",
                    count,
                ).format(table=table, count=f"{count:,}")
            )
    return there


def _may_go_on(there: list[str], wishes: Wishes) -> bool:
    """
    Tell whether what is there may be put aside.

    Raises:
        ArchiveError: that was not wished for.
    """
    if not wishes.force:
        told = "\n".join(f"  {line}" for line in there)
        raise ArchiveError(
            _(
                "there is something already:\n{told}\nRestore into an empty data folder and"
                " database; or use --force, which puts these aside"
            ).format(told=told)
        )
    return wishes.agreed is None or wishes.agreed == there


async def _fill_database(
    archive: Archive, site: Site, address: str, mark: Mark, work: Work
) -> list[str]:
    if await restored_by(address) == mark.restore:
        return []
    packed = sum(member.unpacked for member in archive.manifest.of_kind("database"))
    work.begin(_("database"), packed)
    try:
        loaded = await load(
            address,
            archive.manifest,
            archive.unpacked,
            restore=mark.restore,
            aside=mark.schema,
            tell=work.advance,
        )
    except BaseException:
        await _unmark_if_nothing_was_done(site, address, mark)
        raise
    notes = []
    if loaded.aside is not None:
        notes.append(
            _(
                "the tables that were there are in the schema {schema}; when they are not wanted"
                " any more: DROP SCHEMA {schema} CASCADE"
            ).format(schema=loaded.aside)
        )
    if loaded.foreign:
        notes.append(
            _("left out, as they are not Cordboard's: the tables {tables}").format(
                tables=", ".join(loaded.foreign)
            )
        )
    return notes


async def _unmark_if_nothing_was_done(site: Site, address: str, mark: Mark) -> None:
    """Take the mark away if the machine is as it was; if that cannot be known, it stays."""
    try:
        done = await restored_by(address) == mark.restore
    except StorageError:
        return
    if not done:
        (site.data / journal_file.RESTORE_MARK).unlink()


def _place_journal(site: Site, fresh: Path, mark: Mark) -> list[str]:
    """Put the journal into its place, and the one that is there aside. Bears being run again."""
    target, notes = site.journal, []
    aside = mark.journal_aside(target)
    if not _is_same(fresh, target):
        if _holds_something(target):
            # Its WAL goes first: with the file gone, it would be of no use to anybody.
            for suffix in ("-wal", ""):
                if Path(f"{target}{suffix}").exists():
                    os.replace(f"{target}{suffix}", f"{aside}{suffix}")  # noqa: PTH105 - names with a suffix
        for suffix in ("-wal", "-shm"):
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        with fresh.open("rb") as file:
            os.fsync(file.fileno())
        sync_folder(target.parent)
        fresh.replace(target)
        sync_folder(target.parent)
    if aside.exists():
        notes.append(_("the journal that was there is {path} now").format(path=aside))
    return notes


def _holds_something(journal: Path) -> bool:
    try:
        found = span(journal)
    except JournalError:
        return True
    return found is not None and found.records > 0


def _is_same(one: Path, other: Path) -> bool:
    """Tell whether two files are the same, byte by byte; a WAL beside the other one changes it."""
    if not other.exists() or Path(f"{other}-wal").exists():
        return False
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while block := first.read(2**20):
            if block != second.read(2**20):
                return False
    return True
