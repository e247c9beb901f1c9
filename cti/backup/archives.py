"""Archives as files: opened, verified, and described to people."""

import asyncio
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cti.backup.inspection import Archive, opened, verify
from cti.backup.progress import Work
from cti.backup.rooms import archive_room
from cti.language import _, ngettext
from storage.archive_manifest import Manifest
from storage.errors import ArchiveDamagedError


@contextmanager
def archive_at(path: Path) -> Iterator[Archive]:
    """
    Lend the archive in a file.

    Raises:
        ArchiveDamagedError, ArchiveTooNewError: it is none, or not for this program.
        OSError: it cannot be read.
    """
    # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ArchiveDamagedError(_("it is not a regular file"))
        yield opened(file)


async def verified(path: Path, work: Work) -> Manifest:
    """Verify the archive in a file, wholly, and return its manifest; raises as `verify` does."""
    with archive_at(path) as archive, archive_room() as room:
        try:
            await verify(archive, room, work)
        except asyncio.CancelledError:
            work.note(_("broken off"))
            raise
        return archive.manifest


def describe(manifest: Manifest) -> str:
    """Say in a line what is in an archive."""
    counts = {
        table.name: manifest.member(table.member).rows or 0 for table in manifest.database.tables
    }
    calls, prompts = counts.get("calls", 0), len(manifest.of_kind("prompts"))
    customers = counts.get("customers", 0)
    span = manifest.journal
    records = span.last_position - span.first_position + 1 if span.last_position else 0
    parts = [
        ngettext("{count} call", "{count} calls", calls).format(count=f"{calls:,}"),
        ngettext("{count} customer", "{count} customers", customers).format(count=f"{customers:,}"),
        ngettext("{count} journal record", "{count} journal records", records).format(
            count=f"{records:,}"
        ),
        ngettext("{count} prompt", "{count} prompts", prompts).format(count=f"{prompts:,}"),
    ]
    made = _("made by Cordboard {program} at {time}").format(
        program=manifest.program, time=f"{manifest.created_at:%Y-%m-%d %H:%M:%S} UTC"
    )
    return f"{', '.join(parts)}; {made}"


def told(error: Exception) -> str:
    """Return an error's reason without Python's numbers and quotes."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error)
