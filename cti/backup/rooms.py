"""
Private folders for what is on its way, and what is left of those whose program was killed.

They hold callers' data, so none may stay: whoever makes one removes the others first that nobody
owns any more. The owner's lock tells that; his process id could be another program's by now.
"""

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from cti.language import _, ngettext
from storage.errors import ArchiveError

BACKUP_ROOM = ".cordboard-backup-"
"""How the folder of a backup on its way begins, beside the archive."""
ARCHIVE_ROOM = ".cordboard-archive-"
"""How the folder begins in which an archive is looked into, among the temporary files."""
LOCK = "lock"
_NEW = ".cordboard-new-"
"""How a room is called for the moment in which it has no lock; nothing is in it then."""


@contextmanager
def room_in(parent: Path, prefix: str) -> Iterator[Path]:
    """
    Lend an empty private folder, after those were removed that a killed program has left.

    Raises:
        OSError: it cannot be made.
        ArchiveError: others remove it at once, again and again.
    """
    swept = sweep(parent, prefix)
    if swept:
        told = ngettext(
            "removed from {folder}: what {count} command that was killed had left there",
            "removed from {folder}: what {count} commands that were killed had left there",
            swept,
        )
        click.echo(told.format(folder=parent, count=swept), err=True)
    room, held = _made(parent, prefix)
    try:
        yield room
    finally:
        shutil.rmtree(room, ignore_errors=True)
        os.close(held)


def _made(parent: Path, prefix: str) -> tuple[Path, int]:
    """
    Make a room that is locked, and return its lock too.

    It gets the name by which it would be swept away when it has its lock, and not before.
    """
    try:
        new = Path(tempfile.mkdtemp(dir=parent, prefix=_NEW))
    except OSError as error:
        # the name that it would have had says nothing to anybody
        raise OSError(error.errno, error.strerror, str(parent)) from error
    held = _lock(new)
    if held is None:
        raise ArchiveError(_("others remove what is made in {folder}").format(folder=parent))
    room = new.with_name(prefix + new.name.removeprefix(_NEW))
    try:
        new.rename(room)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        os.close(held)
        raise
    return room, held


@contextmanager
def archive_room() -> Iterator[Path]:
    """Lend a private folder among the temporary files, to look into an archive; see `room_in`."""
    with room_in(Path(tempfile.gettempdir()), ARCHIVE_ROOM) as room:
        yield room


def sweep(parent: Path, prefix: str) -> int:
    """Remove this user's rooms that have no living owner, and return how many there were."""
    count = 0
    for room in sorted(parent.glob(f"{prefix}*")):
        try:
            status = room.lstat()
        except FileNotFoundError:
            continue
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            continue
        held = _lock(room)
        if held is not None:
            shutil.rmtree(room, ignore_errors=True)
            os.close(held)
            count += not room.exists()
    return count


def _lock(room: Path) -> int | None:
    """Return the room's lock, held as long as it is open; None: it is another's, or gone."""
    path = room / LOCK
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        held = os.open(path, flags, 0o600)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        mine = os.path.samestat(os.fstat(held), path.lstat())
    except (BlockingIOError, FileNotFoundError):
        mine = False
    except BaseException:
        os.close(held)
        raise
    if not mine:
        os.close(held)
        return None
    return held
