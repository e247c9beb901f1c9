"""
Puts the files into their folder: all of them, or none.

Each is written under another name and brought to the disk; only when all are there do they get
their names. Files with passwords are never readable by others, not even while they are written.
"""

import os
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from config.asterisk_import.errors import ImportRefusedError
from cti.language import _

FOLDER_MODE = 0o755
MODE = 0o644
HASHES_MODE = 0o640
SECRET_MODE = 0o600
FIRST_LINE_MAX = 200
"""Of a file that may be ours; its first line is shorter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a file will hold; one that is `kept` is not written where it is there already."""

    data: bytes
    mode: int = MODE
    kept: bool = False


def refuse_folder(folder: Path, *, force: bool) -> None:
    """
    Check that we may write into a folder.

    Raises:
        ImportRefusedError: it is no folder, or not empty and not forced.
    """
    try:
        holds = next(folder.iterdir(), None)
    except FileNotFoundError:
        return
    except NotADirectoryError:
        raise ImportRefusedError(_("{folder} is no folder").format(folder=folder)) from None
    except OSError as error:
        raise ImportRefusedError(
            _("{folder} cannot be read: {reason}").format(folder=folder, reason=error.strerror)
        ) from error
    if holds is not None and not force:
        raise ImportRefusedError(
            _(
                "{folder} is not empty: name another folder, or say --force to write over the "
                "files of an earlier import"
            ).format(folder=folder)
        )


def refuse_files_of_others(folder: Path, names: Iterable[str], mark: str) -> None:
    """
    Check that each of these files is not there yet, or has the mark in its first line.

    Raises:
        ImportRefusedError: one has not; nothing may be written over it.
        OSError: one cannot be read.
    """
    for path in (folder / name for name in names):
        if os.path.lexists(path) and not _is_marked(path, mark.encode()):
            raise ImportRefusedError(
                _(
                    "{path} was not written by an import, and is not written over: move it away, "
                    "or name another folder"
                ).format(path=path)
            )


def _is_marked(path: Path, mark: bytes) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        return mark in file.readline(FIRST_LINE_MAX)


def write_files(folder: Path, files: Mapping[str, Content]) -> None:
    """
    Write all files into a folder, which is made if it is not there.

    Raises:
        OSError: a file cannot be written; nothing was changed, unless the disk failed between two
            names.
    """
    made: list[Path] = []
    beside: dict[Path, Path] = {}
    try:
        _make_folder(folder, made)
        for name, content in files.items():
            path = folder / name
            _make_folder(path.parent, made)
            if content.kept and path.exists():
                continue
            beside[path] = _write_beside(path, content)
        for path, written in beside.items():
            written.replace(path)
    except BaseException:
        for written in beside.values():
            written.unlink(missing_ok=True)
        for one in reversed(made):
            _remove_empty(one)
        raise
    for one in {path.parent for path in beside}:
        _sync(one)


def _make_folder(folder: Path, made: list[Path]) -> None:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    for one in reversed(missing):
        one.mkdir(mode=FOLDER_MODE)
        made.append(one)
        _own_like(one, one.parent)


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _write_beside(path: Path, content: Content) -> Path:
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.data)
            file.flush()
            _own_like(beside, path.parent)
            os.fchmod(file.fileno(), content.mode)
            os.fsync(file.fileno())
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return beside


def _own_like(path: Path, other: Path) -> None:
    """Let root's new files belong to whoever the folder belongs to: to the daemon's account."""
    if os.geteuid() == 0:
        owner = other.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
