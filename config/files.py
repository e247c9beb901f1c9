"""
Reading a file that somebody else may have put there.

Only regular files are read, and only up to a limit, so that a folder, a pipe, a device or a file
without end in the configuration is an error message and never a hang.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from config.errors import UnreadableFileError
from cti.language import _


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """What a file holds, and who may read and write it."""

    data: bytes
    mode: int

    @property
    def world_readable(self) -> bool:
        """Whether everybody on this machine may read it."""
        return bool(self.mode & stat.S_IROTH)


def read_file(path: Path, *, bytes_max: int) -> FileContent:
    """
    Return a regular file's content.

    Raises:
        UnreadableFileError: it is missing, no regular file, may not be read, or is too long.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever;
        # O_NOCTTY: a terminal in a file's place must not become ours.
        flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
        descriptor = os.open(path, flags)
    except (OSError, ValueError) as error:
        raise UnreadableFileError(_why(error)) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            is_folder = stat.S_ISDIR(status.st_mode)
            raise UnreadableFileError(
                _("is a folder; a file is needed")
                if is_folder
                else _("is not a regular file; a file is needed")
            )
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(bytes_max + 1)
    except OSError as error:
        raise UnreadableFileError(_why(error)) from error
    finally:
        os.close(descriptor)
    if len(data) > bytes_max:
        most = f"{bytes_max:,}"
        raise UnreadableFileError(
            _("is too long; at most {most} bytes are allowed").format(most=most)
        )
    return FileContent(data=data, mode=stat.S_IMODE(status.st_mode))


def _why(error: OSError | ValueError) -> str:
    """Return the operating system's reason in words that follow a file's name."""
    if isinstance(error, FileNotFoundError):
        return _("is missing")
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return _("cannot be read: {reason}").format(reason=reason)
