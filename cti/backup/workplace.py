"""
The data folder while a restore works in it: locked, and as it was if nothing comes of it.

What a restore makes there before it changes anything (the folder itself, locks, a new and empty
embedded Postgres) goes again when it is refused, fails or is told to end. From its mark on nothing
is taken away any more: then the same restore goes on with what is there.
"""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cti.backup.progress import Work
from cti.backup.site import Site
from cti.language import _
from storage import journal_file
from storage.errors import ArchiveError, JournalLockedError

_ROOM = "restore.new"
"""The folder within the data folder where the journal is unpacked."""


@dataclass(slots=True, kw_only=True)
class Workplace:
    """
    The locked data folder; `made`: it was not there before.

    `room` is an empty private folder on the journal's disk. The restore says how far it is:
    `begun` with its mark, `done` without it again.
    """

    site: Site
    made: bool
    room: Path
    begun: bool = False
    done: bool = False

    @property
    def mark(self) -> Path:
        """The file that lets no daemon start."""
        return self.site.data / journal_file.RESTORE_MARK

    @property
    def half_done(self) -> bool:
        """Whether this restore has to be run again."""
        return self.begun and self.mark.exists()


@contextmanager
def workplace(site: Site, work: Work) -> Iterator[Workplace]:
    """
    Lend the data folder of a site, made if need be, to one restore.

    Raises:
        ArchiveError: a daemon runs on it.
        OSError: it cannot be made.
    """
    missing = [folder for folder in (site.data, *site.data.parents) if not folder.exists()]
    site.data.mkdir(mode=0o711, parents=True, exist_ok=True)
    try:
        with _locked(site) as lock_was_there:
            place = Workplace(site=site, made=bool(missing), room=site.data / _ROOM)
            kept = {entry.name for entry in site.data.iterdir()}
            if not lock_was_there:
                kept.remove(_lock_file(site).name)
            try:
                _empty_room(place.room)
                with _told(place, work):
                    yield place
            finally:
                shutil.rmtree(place.room, ignore_errors=True)
                if not place.done and not place.mark.exists():
                    _remove_all_but(site.data, kept)
    finally:
        with suppress(OSError):  # not empty: something was restored
            for folder in missing:
                folder.rmdir()


@contextmanager
def _locked(site: Site) -> Iterator[bool]:
    """Hold the journal's lock, which a running daemon has; tell whether its file was there."""
    was_there = _lock_file(site).exists()
    try:
        lock = journal_file.lock(site.journal)
    except JournalLockedError as error:
        raise ArchiveError(
            _("the daemon is running (process {pid}): stop it first").format(pid=error.pid)
        ) from error
    try:
        yield was_there
    finally:
        os.close(lock)


def _lock_file(site: Site) -> Path:
    return Path(f"{site.journal}.lock")


def _empty_room(room: Path) -> None:
    shutil.rmtree(room, ignore_errors=True)
    room.mkdir(mode=0o700)


@contextmanager
def _told(place: Workplace, work: Work) -> Iterator[None]:
    """Say how a restore stands that has ended too early."""
    try:
        yield
    except asyncio.CancelledError:
        if place.half_done:
            work.note(_("broken off"))
            work.note(_half_done(place))
        else:
            work.note(_("broken off; nothing was changed"))
        raise
    except Exception:
        if place.half_done:
            work.note(_half_done(place))
        raise


def _half_done(place: Workplace) -> str:
    words = _(
        "the restore is half done: run the same command again, and it goes on; until then no daemon"
        " starts on {folder}"
    )
    return words.format(folder=place.site.data)


def _remove_all_but(folder: Path, kept: set[str]) -> None:
    for entry in folder.iterdir():
        if entry.name in kept:
            continue
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            entry.unlink(missing_ok=True)
