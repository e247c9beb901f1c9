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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileContent:
    """What a file holds, and whether everybody on this machine may read it."""

    data: bytes
    world_readable: bool


def read_file(path: Path, *, bytes_max: int) -> FileContent:
    """
    Return a regular file's content.

    Raises:
        UnreadableFileError: it is missing, no regular file, may not be read, or is too long.
    """
    try:
        # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError) as error:
        raise UnreadableFileError(_why(error)) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise UnreadableFileError(f"is {kind}; a file is needed")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(bytes_max + 1)
    except OSError as error:
        raise UnreadableFileError(_why(error)) from error
    finally:
        os.close(descriptor)
    if len(data) > bytes_max:
        raise UnreadableFileError(f"is too long; at most {bytes_max:,} bytes are allowed")
    return FileContent(data=data, world_readable=bool(status.st_mode & stat.S_IROTH))


def _why(error: OSError | ValueError) -> str:
    """Return the operating system's reason in words that follow a file's name."""
    if isinstance(error, FileNotFoundError):
        return "is missing"
    reason = error.strerror if isinstance(error, OSError) else str(error)
    return f"cannot be read: {reason}"
