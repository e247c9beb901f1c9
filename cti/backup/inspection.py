"""
Looking an archive over before anything of it is used: it comes from outside.

Everything that the manifest says is compared with what is there, to the last byte; every member has
its place, and its kind its names; the journal is opened apart and looked through page by page.
"""

import asyncio
import hashlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from config.prompts import PROMPTS_FOLDER
from cti.backup.progress import Work
from cti.backup.site import CONFIG_BYTES_MAX, PROMPT_BYTES_MAX, SECRET_BYTES_MAX
from cti.language import _
from storage.archive import MANIFEST, ArchiveReader, Digest
from storage.archive_manifest import Manifest, Member, read_manifest
from storage.errors import (
    ArchiveDamagedError,
    ArchiveError,
    ArchiveTooNewError,
    JournalError,
    JournalTooNewError,
)
from storage.journal_copy import JournalSpan, checked
from storage.journal_file import SCHEMA_VERSION
from storage.migrate import read_migrations

PLACES = {
    "configuration": "config",
    "prompts": PROMPTS_FOLDER,
    "secrets": "secrets",
    "database": "database",
}
"""The folder of each kind within the archive; the journal stands by itself."""
JOURNAL_MEMBER = "journal.sqlite.gz"
PACKED = ".gz"
_SIZES_MAX = {
    "configuration": CONFIG_BYTES_MAX,
    "prompts": PROMPT_BYTES_MAX,
    "secrets": SECRET_BYTES_MAX,
}
_SPARE_BYTES = 64 * 2**20
"""So much of a disk is left free when an archive is unpacked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """An archive whose manifest has been read, and is fit for this program."""

    reader: ArchiveReader
    manifest: Manifest
    digest: str
    """The hash of the manifest, and so of everything."""

    def unpacked(self, name: str) -> Iterator[bytes]:
        """Give a packed member's bytes as they were."""
        return self.reader.unpacked(name, size=self.manifest.member(name).unpacked)

    def content(self, name: str) -> bytes:
        """
        Return a small member whole.

        Raises:
            ArchiveDamagedError: it is not what the manifest says.
        """
        digest = hashlib.sha256()
        content = b"".join(self.reader.blocks(name, digest))
        _check_hash(self.manifest.member(name), digest.hexdigest())
        return content


def opened(file: BinaryIO) -> Archive:
    """
    Read an archive's headers and manifest.

    Raises:
        ArchiveDamagedError: they are not what ours are.
        ArchiveTooNewError: a newer program has made it.
    """
    reader = ArchiveReader(file)
    data = reader.manifest()
    manifest = read_manifest(data, program=version("cordboard"))
    known = len(read_migrations())
    if manifest.database.schema > known or manifest.journal.format > SCHEMA_VERSION:
        raise ArchiveTooNewError(
            _(
                "it was made by a newer Cordboard: its database has schema {schema} and its journal"
                " format {format}, and this program knows schemas up to {known} and formats up to"
                " {format_known}; restore it with that version"
            ).format(
                schema=manifest.database.schema,
                format=manifest.journal.format,
                known=known,
                format_known=SCHEMA_VERSION,
            )
        )
    _check_members(reader, manifest)
    return Archive(reader=reader, manifest=manifest, digest=hashlib.sha256(data).hexdigest())


def _check_members(reader: ArchiveReader, manifest: Manifest) -> None:
    """Compare names and sizes; nothing is read yet."""
    there = {found.name: found.size for found in reader.members.values() if found.name != MANIFEST}
    told = {member.name: member.size for member in manifest.members}
    if len(told) != len(manifest.members) or there != told:
        raise ArchiveDamagedError(_("what is in it is not what its manifest says"))
    for member in manifest.members:
        _check_place(member)
    tables = {table.member for table in manifest.database.tables}
    rows = {member.name for member in manifest.of_kind("database")}
    journals = [member.name for member in manifest.of_kind("journal")]
    if tables != rows or len(tables) != len(manifest.database.tables):
        raise ArchiveDamagedError(_("its tables are not what its manifest says"))
    if journals != [manifest.journal.member]:
        raise ArchiveDamagedError(_("it holds no journal"))


def _check_place(member: Member) -> None:
    """See that a member lies where its kind does, and is no longer than such files are."""
    path = PurePosixPath(member.name)
    if member.kind == "journal":
        right = member.name == JOURNAL_MEMBER
    else:
        right = path.parts[0] == PLACES[member.kind] and len(path.parts) > 1
    if member.kind == "configuration":
        right = right and len(path.parts) == 2 and path.suffix in {".yaml", ".yml"}  # noqa: PLR2004 - folder and name
    if member.kind == "database":
        right = right and path.suffix == PACKED and member.rows is not None
    else:
        right = right and member.rows is None
    if not right:
        raise ArchiveDamagedError(_("{name} is not in its place").format(name=repr(member.name)))
    if member.size > _SIZES_MAX.get(member.kind, member.size):
        raise ArchiveDamagedError(_("{name} is too long").format(name=repr(member.name)))


async def verify(archive: Archive, room: Path, work: Work) -> Path:
    """
    Read everything once, compare it with the manifest, and return the journal, unpacked in `room`.

    It goes block by block, and can be cancelled in between.

    Raises:
        ArchiveDamagedError, ArchiveTooNewError: it is not whole, or was changed.
        ArchiveError: the disk has no room for its journal.
        OSError: it cannot be read, or the journal not be written.
    """
    manifest = archive.manifest
    needed = manifest.member(manifest.journal.member).unpacked
    free = shutil.disk_usage(room).free
    if needed + _SPARE_BYTES > free:
        raise ArchiveError(
            _("its journal needs {needed} bytes, and {folder} has {free} free").format(
                needed=needed, folder=room, free=free
            )
        )
    journal = room / "journal.sqlite"
    work.begin(_("verifying"), sum(member.unpacked for member in manifest.members))
    for member in manifest.members:
        digest = hashlib.sha256()
        if member.kind == "journal":
            with journal.open("xb") as file:
                journal.chmod(0o600)
                await _read(_packed(archive, member, digest), work, file.write)
        elif member.kind == "database":
            await _verify_table(archive, member, digest, work)
        else:
            await _read(archive.reader.blocks(member.name, digest), work, len)
        _check_hash(member, digest.hexdigest())
    await asyncio.to_thread(_check_journal, manifest, journal)
    return journal


async def _read(blocks: Iterator[bytes], work: Work, take: Callable[[bytes], object]) -> None:
    for block in blocks:
        take(block)
        work.advance(len(block))
        await asyncio.sleep(0)


def _packed(archive: Archive, member: Member, digest: Digest) -> Iterator[bytes]:
    return archive.reader.unpacked(member.name, size=member.unpacked, digest=digest)


async def _verify_table(archive: Archive, member: Member, digest: Digest, work: Work) -> None:
    lines = 0

    def count(block: bytes) -> None:
        nonlocal lines
        lines += block.count(b"\n")

    await _read(_packed(archive, member, digest), work, count)
    if lines != member.rows:
        raise ArchiveDamagedError(
            _("{name} has {lines} rows, and should have {rows}").format(
                name=member.name, lines=lines, rows=member.rows
            )
        )


def _check_hash(member: Member, digest: str) -> None:
    if digest != member.sha256:
        raise ArchiveDamagedError(
            _("{name} was changed: its hash is another").format(name=member.name)
        )


def _check_journal(manifest: Manifest, journal: Path) -> None:
    told = manifest.journal
    try:
        found = checked(journal, core_version=version("cordboard"))
    except JournalTooNewError as error:
        raise ArchiveTooNewError(str(error)) from error
    except JournalError as error:
        raise ArchiveDamagedError(str(error)) from error
    if found != JournalSpan(
        journal=told.journal,
        format=told.format,
        first_position=told.first_position,
        last_position=told.last_position,
    ):
        raise ArchiveDamagedError(_("its journal is not the one that its manifest tells of"))
