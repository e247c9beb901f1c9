"""The files of a site that an archive holds: configuration, prompts, secrets, and their places."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from config.prompts import PROMPTS_FOLDER
from cti.backup.inspection import Archive
from cti.language import _
from storage.archive import sync_folder

_MODES = {"configuration": 0o640, "prompts": 0o644, "secrets": 0o600}
"""Asterisk reads prompts too; the configuration holds hashes of passwords."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file in the archive, and where it belongs."""

    member: str
    kind: str
    path: Path


def files_of(archive: Archive, folder: Path) -> Iterator[File]:
    """Give the archive's files with their places in a configuration's folder."""
    for member in archive.manifest.members:
        if member.kind not in _MODES:
            continue
        inner = PurePosixPath(*PurePosixPath(member.name).parts[1:])
        home = folder / PROMPTS_FOLDER if member.kind == "prompts" else folder
        yield File(member=member.name, kind=member.kind, path=home / inner)


def place(archive: Archive, files: Iterator[File], *, replace: bool) -> list[str]:
    """Put files where there are none yet, or with `replace` in any case; say what was kept."""
    notes = []
    for file in files:
        content = archive.content(file.member)
        if file.path.exists():
            if file.path.read_bytes() == content:
                continue
            if not replace:
                notes.append(
                    _("kept, though it differs from the archive's: {path}").format(path=file.path)
                )
                continue
        put(file.path, content, _MODES[file.kind])
    return notes


def put(path: Path, content: bytes, mode: int) -> None:
    """
    Write a file, whole or not at all, and onto the disk.

    On its way it always has the same name: what a killed restore left, the next one removes.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:16]
    unfinished = path.with_name(f".cordboard-{digest}")
    unfinished.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(unfinished, flags, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.chmod(mode)
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink()
        raise
    sync_folder(path.parent)
