"""
Puts the files into their folder: whole or not at all, and only those that changed.

Only files of ours are written. Each is written under another name, brought to the disk, and put in
the place of the one before it, so that Asterisk, which may read it at any moment, sees the old one
or the new one. Files with passwords are never readable by others, not even while they are written.
"""

import contextlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.settings import Configuration
from cti.asterisk_files.files import asterisk_files
from cti.asterisk_files.joining import files_plan, phone_passwords
from cti.asterisk_files.melody import melody
from cti.asterisk_files.notes import MUSIC_FOLDER, PHONES, SECRET_FILES, first_words
from cti.asterisk_files.plan import OUR_MUSIC
from cti.asterisk_files.values import SECRET, UnfitValueError
from cti.language import _

MELODY = "cordboard.wav"
FILE_BYTES_MAX = 16_777_216
"""More than ten thousand phones take; a file of ours that is longer is none of ours."""

_SECRET_MODE = 0o600
_MODE = 0o644
_FOLDER_MODE = 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What became of one file; `name` is below the folder."""

    name: str
    changed: bool


def join(configuration: Configuration, out: Path, on_pbx: str | None = None) -> list[Written]:
    """
    Write all that the configuration's PBX needs into `out`; blocks.

    `on_pbx` is the folder's path on the PBX, where that is not the same. Phones keep the passwords
    that they have in an earlier file.

    Raises:
        UnfitValueError: something cannot stand in Asterisk's files; nothing was written.
        OSError: a file cannot be read or written.
    """
    passwords = phone_passwords(_earlier(out / PHONES))
    for phone, password in passwords.items():
        if not SECRET.fullmatch(password):
            raise UnfitValueError(
                _(
                    "{path}: the password of phone {phone} must be 1 to 200 visible characters of "
                    "ASCII, no blank and no semicolon; delete its line to get a new one"
                ).format(path=out / PHONES, phone=phone)
            )
    plan = files_plan(configuration, passwords, on_pbx or str(out.absolute()))
    written = write_files(out, asterisk_files(plan))
    if plan.net.music == OUR_MUSIC:
        written.append(write_music(out))
    return written


def write_files(out: Path, files: Mapping[str, str]) -> list[Written]:
    """
    Write the files, in a folder that is made if it is not there; say of each if it changed.

    Raises:
        UnfitValueError: a file of that name is there and is not ours; nothing was written.
        OSError: a file cannot be read or written.
    """
    _make_folder(out)
    for name in files:
        _earlier(out / name)
    return [
        Written(
            name=name,
            changed=_put(
                out / name, text.encode(), _SECRET_MODE if name in SECRET_FILES else _MODE
            ),
        )
        for name, text in files.items()
    ]


def write_music(out: Path) -> Written:
    """Write our music, unless the folder holds any: his own music is left alone in it."""
    folder = out / MUSIC_FOLDER
    _make_folder(folder)
    empty = not any(path.suffix for path in folder.iterdir() if path.is_file())
    changed = empty and _put(folder / MELODY, melody(), _MODE)
    return Written(name=f"{MUSIC_FOLDER}/{MELODY}", changed=changed)


def _earlier(path: Path) -> str:
    """Return what a file of ours says so far: nothing where there is none."""
    content = b""
    plain = path.is_file()
    if plain:
        with path.open("rb") as file:
            content = file.read(FILE_BYTES_MAX + 1)
    elif not path.exists():
        return ""
    ours = plain and (not content or content.startswith(first_words(path.name).encode()))
    if not ours or len(content) > FILE_BYTES_MAX:
        raise UnfitValueError(
            _(
                "{path} is not one of Cordboard's files: move it away, or name another folder"
            ).format(path=path)
        )
    return content.decode(errors="replace")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(mode=_FOLDER_MODE, parents=True)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return
    _own_like(folder, folder.parent)


def _put(path: Path, content: bytes, mode: int) -> bool:
    """Put a file in its place if it is not there already, word for word; tell whether it was."""
    with contextlib.suppress(FileNotFoundError):
        there = path.lstat()
        same = path.is_file() and not path.is_symlink() and there.st_mode & 0o777 == mode
        if same and there.st_size == len(content) and path.read_bytes() == content:
            return False
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            _own_like(beside, path if path.exists() else path.parent)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _sync(path.parent)
    return True


def _own_like(path: Path, other: Path) -> None:
    """Let root's new files belong to whoever the old ones belong to: to Asterisk's account."""
    if os.geteuid() == 0:
        owner = other.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _sync(folder: Path) -> None:
    """Bring a folder's list of names to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
